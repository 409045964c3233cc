//! What an operator may ask of a running hub: a backup, and another injection plan. Answered to callers on this machine
//! only, and only when the hub was started with `--admin` or as a sandbox.
//!
//! Called by the service before a request is routed. Not counted and not audited, as neither is a transaction.

use crate::backup::{self, BackupError};
use crate::inject::grammar;
use crate::log;
use crate::message::{Answer, Request};
use crate::server::reply::blocking;
use crate::server::service::Hub;
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::Method;
use hyper::body::Incoming;
use serde_json::json;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

const JSON: &str = "application/json";
const TEXT: &str = "text/plain; charset=utf-8";

/// Addresses below `/_admin` that are answered here.
const PATHS: &[&str] = &["backup", "inject"];

/// True when the request is for here: then its body (of at most [`grammar::TEXT_BYTES_MAX`]) is read and [`answer`] asked.
pub fn is_for(hub: &Hub, request: &Request) -> bool {
    let open = hub.operating.admin || hub.sandbox;
    let [root, path] = request.segments.as_slice() else { return false };
    open && root == "_admin" && PATHS.contains(&path.as_str())
}

/// The body of a request for here.
///
/// # Errors
/// The refusal of a body that is too large or breaks off.
pub async fn body(incoming: Incoming) -> Result<Bytes, Box<Answer>> {
    match Limited::new(incoming, grammar::TEXT_BYTES_MAX).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) => {
            let status = if error.is::<LengthLimitError>() { 413 } else { 400 };
            let problem = format!("the body was not taken, allowed: {} bytes\n", grammar::TEXT_BYTES_MAX);
            Err(Box::new(Answer::new(status, TEXT, problem)))
        }
    }
}

/// The answer to a request from `from`.
pub async fn answer(hub: &Arc<Hub>, request: &Request, from: IpAddr) -> Answer {
    if !from.to_canonical().is_loopback() {
        return Answer::new(403, TEXT, "asked from another machine; allowed: this one\n");
    }
    match (request.segments[1].as_str(), &request.method) {
        ("backup", &Method::POST) => make_backup(hub, request).await,
        ("backup", _) => Answer::empty(405).with("allow", "POST"),
        (_, &Method::GET) => Answer::new(200, TEXT, format!("{}\n", hub.operating.inject.text())),
        (_, &Method::PUT) => set_injection(hub, request),
        (_, _) => Answer::empty(405).with("allow", "GET, PUT"),
    }
}

/// `PUT /_admin/inject`: the body is the new plan; an empty one ends all injection.
fn set_injection(hub: &Hub, request: &Request) -> Answer {
    let Ok(text) = std::str::from_utf8(request.bytes()) else {
        return Answer::new(400, TEXT, "/_admin/inject: the body is no text\n");
    };
    match grammar::parse("/_admin/inject", text) {
        Err(faults) => Answer::new(400, TEXT, faults.join("\n") + "\n"),
        Ok(plan) => {
            log::info("inject", &format!("faults to inject: {} rules", plan.rules.len()));
            hub.operating.inject.set(plan);
            Answer::empty(204)
        }
    }
}

/// `POST /_admin/backup?name=NAME`: answered when the backup is whole.
async fn make_backup(hub: &Arc<Hub>, request: &Request) -> Answer {
    let now_ms = crate::clock::now_ms();
    let name = request.query("name").map_or_else(|| backup::name_of(now_ms), str::to_owned);
    let (at, watch) = (Arc::clone(hub), crate::clock::Stopwatch::start());
    let made = blocking(move || {
        let stopping = || at.draining.load(Relaxed);
        let make = || backup::write::write(at.store.as_ref(), &at.data, &name, now_ms, &stopping);
        Ok(at.operating.backups.make(make))
    });
    match made.await {
        Ok(Ok(made)) => {
            // Whole, as the caller's working folder may be another.
            let folder = made.folder.canonicalize().unwrap_or(made.folder).display().to_string();
            let seconds = watch.elapsed_s();
            log::info(
                "backup",
                &format!("{folder}: backup up to transaction {} in {seconds:.1} s", made.seq),
            );
            let body = json!({
                "folder": folder,
                "seq": made.seq,
                "hash": made.hash,
                "rows": made.rows,
                "blobs": made.blobs,
                "bytes": made.bytes,
                "seconds": seconds,
            });
            Answer::new(201, JSON, body.to_string())
        }
        Ok(Err(error)) => {
            let status = match error {
                BackupError::Name(_) => 400,
                BackupError::Exists(_) | BackupError::Busy => 409,
                BackupError::Stopping => 503,
                _ => 500,
            };
            if status == 500 {
                log::error("backup-failed", &error.to_string());
            }
            Answer::new(status, TEXT, format!("{error}\n"))
        }
        Err(error) => {
            log::error("backup-failed", &error.to_string());
            Answer::new(500, TEXT, "the backup failed unexpectedly\n")
        }
    }
}
