//! MESH, versions 1 and 2: store-and-forward messages between mailboxes, as published.
//!
//! Called by the listener through [`INTERFACE`] and by the seed through [`seed`]. Decisions are functions of the view,
//! the request, the time and the ids, and of one thing more: the [`replay::ReplayGuard`] of this process, which lets a
//! token be used once. It is asked inside `decide`, after the token's hash was found right (only there are the mailbox
//! and the time known), under the request's own identity, so that deciding again after a conflict is not a replay.
//!
//! A message's life after it was sent is in `lifecycle`: undelivered after 5 days, deleted after 30. The sandbox's
//! administration is in `admin`; outside the sandbox its paths do not exist.

mod admin;
mod admin_views;
mod body_fields;
mod chunk_range;
mod download;
mod fault;
mod inbox;
mod lifecycle;
mod lookup;
mod mex_headers;
pub mod operations;
mod outbox;
mod parameters;
mod purge;
mod recipient;
pub mod record;
pub mod replay;
mod report;
mod reset;
pub mod seed;
mod token;
mod tracking;
mod version;

#[cfg(test)]
mod tests;

pub use token::{SANDBOX_SHARED_KEY, shared_key};

use crate::domain::{Context, Decision, Interface};
use crate::message::{Answer, Body, Request};
use fault::{Fault, Field, Refused};
use hub_store::{Table, Txn};
use hyper::Method;
use record::Mailbox;
use replay::ReplayGuard;
use serde_json::json;
use version::Version;

/// This interface's row.
pub const INTERFACE: Interface = Interface {
    // The sandbox's administration and pings are published at the root too.
    roots: &["messageexchange", "admin", "_ping", "healthcheck"],
    operations: operations::OPERATIONS,
    routes: operations::ROUTES,
    route,
    decide,
    tend: Some(lifecycle::tend),
};

/// Tokens used in this process. Two hubs in one process share it, which can only refuse, never admit.
static GUARD: ReplayGuard = ReplayGuard::new(replay::TOKENS_MAX);

/// A request whose token was accepted.
pub(crate) struct Call<'a> {
    ctx: &'a Context<'a>,
    request: &'a Request,
    version: Version,
    mailbox: Mailbox,
}

impl Call<'_> {
    /// The path segment `n`, empty when there is none.
    fn segment(&self, n: usize) -> &str {
        segment(self.request, n)
    }

    /// The message id in path segment 3, upper case.
    fn message_id(&self) -> String {
        self.segment(3).to_ascii_uppercase()
    }

    fn read(&self, answer: Answer) -> Decision {
        Decision::read(answer, self.mailbox.id.clone())
    }

    fn write(&self, answer: Answer, txn: Txn) -> Decision {
        Decision::write(answer, txn, self.mailbox.id.clone())
    }
}

fn segment(request: &Request, n: usize) -> &str {
    request.segments.get(n).map_or("", String::as_str)
}

/// The path below `/messageexchange`, or the whole path of what is published at the root too.
fn path(request: &Request) -> Vec<&str> {
    let below = usize::from(request.segments.first().is_some_and(|s| s == "messageexchange"));
    request.segments.iter().skip(below).map(String::as_str).collect()
}

fn route(request: &Request) -> Result<&'static str, Box<Answer>> {
    let (get, post, delete) = (Method::GET, Method::POST, Method::DELETE);
    let below = request.segments.first().is_some_and(|s| s == "messageexchange");
    let path = path(request);
    let found: &[(Method, &'static str)] = match path.as_slice() {
        ["_ping" | "deepping" | "healthcheck"] => &[(get, "mesh-ping")],
        ["admin", "reset"] | ["admin", "reset", _] => &[(delete, "mesh-admin-reset")],
        ["admin", "report"] => &[(post, "mesh-admin-report")],
        ["admin", "message", _] => &[(get, "mesh-admin-message")],
        ["admin", "message", _, "event"] => &[(post, "mesh-admin-event")],
        ["admin", "mailbox"] => &[(post, "mesh-admin-create-mailbox")],
        ["admin", "mailbox", _] | ["mailbox", _] => &[(get, "mesh-admin-mailbox")],
        _ if !below => &[],
        ["endpointlookup", _, _] => &[(get, "mesh-endpoint-lookup")],
        ["workflowsearch", _] => &[(get, "mesh-workflow-search")],
        [""] | [] => &[],
        [_] => &[(post, "mesh-handshake"), (get, "mesh-handshake")],
        [_, "inbox"] => &[(get, "mesh-inbox")],
        [_, "count"] => &[(get, "mesh-count")],
        [_, "outbox"] => &[(post, "mesh-send")],
        [_, "outbox", "tracking"] | [_, "outbox", "tracking", _] => &[(get, "mesh-track")],
        [_, "outbox", _, _] => &[(post, "mesh-send-chunk")],
        [_, "inbox", _] => &[(get, "mesh-download"), (Method::HEAD, "mesh-head")],
        [_, "inbox", _, "status", "acknowledged"] => &[(Method::PUT, "mesh-acknowledge")],
        [_, "inbox", _, _] => &[(get, "mesh-download-chunk")],
        _ => &[],
    };
    if let Some((_, operation)) = found.iter().find(|(method, _)| *method == request.method) {
        return Ok(operation);
    }
    let version = Version::of_refusal(request);
    if found.is_empty() {
        return Err(Box::new(Fault::plain(404, "Not Found").answer(version, "")));
    }
    let allow: Vec<&str> = found.iter().map(|(method, _)| method.as_str()).collect();
    let answer = Fault::plain(405, "Method Not Allowed").answer(version, "");
    Err(Box::new(answer.with("allow", allow.join(", "))))
}

fn decide(operation: &'static str, ctx: &Context<'_>, request: &Request) -> Decision {
    decide_with(&GUARD, operation, ctx, request)
}

/// [`decide`] with the guard as an input: what tests call.
fn decide_with(
    guard: &ReplayGuard,
    operation: &'static str,
    ctx: &Context<'_>,
    request: &Request,
) -> Decision {
    decide_checked(guard, operation, ctx, request).unwrap_or_else(|fault| {
        let version = Version::of_refusal(request);
        let mut answer = fault.answer(version, &outbox::fresh_id(ctx));
        if request.method == Method::HEAD {
            answer.body = Body::EMPTY;
        }
        Decision::read(answer, mailbox_id(request))
    })
}

/// The mailbox id in the path, upper case.
fn mailbox_id(request: &Request) -> String {
    segment(request, 1).to_ascii_uppercase()
}

fn decide_checked(
    guard: &ReplayGuard,
    operation: &'static str,
    ctx: &Context<'_>,
    request: &Request,
) -> Result<Decision, Refused> {
    // Open to all: their protection is the client certificate.
    match operation {
        "mesh-ping" => return ping(request),
        "mesh-endpoint-lookup" => return lookup::endpoint(ctx, request),
        "mesh-workflow-search" => return lookup::workflow(ctx, request),
        name if name.starts_with("mesh-admin-") => return admin::decide(name, ctx, request),
        _ => {}
    }
    let mailbox = token::authorise(guard, ctx, request, &mailbox_id(request))?;
    let version = match operation {
        "mesh-download" | "mesh-download-chunk" | "mesh-head" => Version::of_content(request)?,
        _ => Version::of(request)?,
    };
    let call = Call { ctx, request, version, mailbox };
    match operation {
        "mesh-handshake" => handshake(&call),
        "mesh-send" => outbox::send(&call),
        "mesh-send-chunk" => outbox::send_chunk(&call),
        "mesh-inbox" => inbox::list(&call),
        "mesh-count" => inbox::count(&call),
        "mesh-download" => download::message(&call),
        "mesh-download-chunk" => download::chunk(&call),
        "mesh-head" => download::head(&call),
        "mesh-acknowledge" => inbox::acknowledge(&call),
        "mesh-track" => tracking::track(&call),
        _ => Err(Fault::plain(404, "Not Found")),
    }
}

fn ping(request: &Request) -> Result<Decision, Refused> {
    let body = json!({"status": "running", "outcome": "Yes"});
    Ok(Decision::read(Version::of(request)?.json(200, &body), ""))
}

/// A refusal that was made before this interface was asked, in the error shape of MESH; `None` when it is not one.
/// `accept` is the request's Accept header.
pub fn reshaped(accept: Option<&str>, refusal: &Answer) -> Option<Answer> {
    let is_fhir = |(name, value): &(&str, std::borrow::Cow<'static, str>)| {
        *name == "content-type" && value == crate::fhir::FHIR_JSON
    };
    if refusal.status < 400 || !refusal.headers.iter().any(is_fhir) {
        return None;
    }
    let text = match refusal.status {
        413 => "Request body too large",
        429 => "Too Many Requests",
        408 => "Request Timeout",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "An internal error occurred",
    };
    let version =
        if accept.is_some_and(|a| a.contains("vnd.mesh.v2+json")) { Version::V2 } else { Version::V1 };
    let mut answer = Fault::plain(refusal.status, text).answer(version, "");
    for (name, value) in &refusal.headers {
        if *name != "content-type" && !answer.headers.iter().any(|(known, _)| known == name) {
            answer.headers.push((name, value.clone()));
        }
    }
    Some(answer)
}

/// Validates a mailbox and remembers that it was alive, with which client.
fn handshake(call: &Call<'_>) -> Result<Decision, Refused> {
    let mut seen = json!({"at_ms": call.ctx.now_ms});
    let mut missing = Vec::new();
    for (name, required) in [
        ("user-agent", false),
        ("mex-clientversion", true),
        ("mex-osname", true),
        ("mex-osversion", true),
        ("mex-osarchitecture", false),
        ("mex-javaversion", false),
    ] {
        match call.request.header(name) {
            Some(value) => seen[name] = json!(value),
            None if required => missing.push(Field::missing_header(name)),
            None => {}
        }
    }
    if !missing.is_empty() {
        return Err(Fault::fields(missing));
    }
    let answer = match call.version {
        Version::V1 => call.version.json(200, &json!({"mailboxId": call.mailbox.id})),
        Version::V2 => Answer::empty(200),
    };
    let row = record::put(Table::Mailboxes, format!("{}|seen", call.mailbox.id), seen.to_string());
    Ok(call.write(answer, Txn { puts: vec![row], ..Txn::default() }))
}
