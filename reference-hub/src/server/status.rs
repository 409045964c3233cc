//! What the hub says of itself: `GET /_status` for the harness, `GET /metrics` for Prometheus, `GET /health…` for a
//! supervisor. Not counted and not audited, as none is a transaction.

use crate::message::{Answer, Request};
use crate::metrics::{page, text};
use crate::server::service::Hub;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::atomic::Ordering::Relaxed;

const JSON: &str = "application/json";

/// Furthest that the clock is moved at a time. 400 days: beyond every life cycle that is published.
pub const ADVANCE_MS_MAX: u64 = 400 * 24 * 3_600 * 1_000;

/// The answer when the request is for the hub itself, or `None` when it is for an interface.
pub fn answer(hub: &Hub, request: &Request) -> Option<Answer> {
    let path: Vec<&str> = request.segments.iter().map(String::as_str).collect();
    let answer = match path.as_slice() {
        ["_status"] => status(hub),
        ["health"] => health(hub),
        ["health", "live"] => Answer::new(200, JSON, r#"{"status":"live"}"#),
        ["health", "ready"] => ready(hub),
        ["metrics"] => Answer::new(200, text::CONTENT_TYPE, page::page(hub)),
        ["openapi.json"] => Answer::new(200, JSON, hub.openapi.clone()),
        ["_admin", "clock"] if hub.sandbox => return Some(clock(hub, request)),
        _ => return None,
    };
    let reads = request.method == hyper::Method::GET || request.method == hyper::Method::HEAD;
    Some(if reads { answer } else { Answer::empty(405).with("allow", "GET, HEAD") })
}

fn status(hub: &Hub) -> Answer {
    let totals = hub.counts.totals();
    let body = json!({
        "instance": hub.instance,
        "ready": !hub.draining.load(Relaxed),
        "answered": {
            "total": totals.total,
            "by_operation": totals.by_operation,
            "by_status": totals.by_status,
        },
        "head": {"seq": hub.store.head().seq},
        "store": hub.store_name,
        "fsync_ns_p50": hub.fsync_ns_p50,
        "commit_ns_p50": hub.queue.meter().ns_p50(),
        "commits": hub.queue.meter().commits(),
        "connections": hub.connections.load(Relaxed),
        "cached_rows": hub.view.cached_rows(),
        "seed_s": hub.seed_s,
        "refused": hub.refused.causes().collect::<BTreeMap<_, _>>(),
    });
    Answer::new(200, JSON, body.to_string())
}

/// `POST /_admin/clock?advance_ms=N`, in the sandbox only: moves the hub's clock ahead, so that what takes days can be
/// tested now.
fn clock(hub: &Hub, request: &Request) -> Answer {
    if request.method != hyper::Method::POST {
        return Answer::empty(405).with("allow", "POST");
    }
    let Some(ms) =
        request.query("advance_ms").and_then(|n| n.parse::<u64>().ok()).filter(|n| *n <= ADVANCE_MS_MAX)
    else {
        let problem =
            format!("advance_ms: not a whole number of milliseconds, allowed: 0 to {ADVANCE_MS_MAX}\n");
        return Answer::new(400, "text/plain", problem);
    };
    let ahead_ms = hub.clock.advance(ms);
    let body = json!({"now_ms": hub.clock.now_ms(), "ahead_ms": ahead_ms});
    Answer::new(200, JSON, body.to_string())
}

fn health(hub: &Hub) -> Answer {
    if hub.draining.load(Relaxed) {
        return Answer::new(503, JSON, r#"{"status":"stopping"}"#);
    }
    Answer::new(200, JSON, r#"{"status":"ok"}"#)
}

/// Whether to send requests here: not while the hub stops, and not while it would refuse them.
fn ready(hub: &Hub) -> Answer {
    let because = hub.not_ready();
    if because.is_empty() {
        return Answer::new(200, JSON, r#"{"status":"ready"}"#);
    }
    Answer::new(503, JSON, json!({"status": "not ready", "because": because}).to_string())
}

impl Hub {
    /// Why no request should be sent here now; empty when one may. While the store is being filled the port is not open,
    /// so nobody can ask.
    pub fn not_ready(&self) -> Vec<&'static str> {
        let (_, read_audits) = self.queue.depths();
        let reasons = [
            (self.draining.load(Relaxed), "stopping"),
            (self.queue.is_full(), "commit queue full"),
            (read_audits >= self.limits.read_audit_queue_max, "read-audit queue full"),
        ];
        reasons.into_iter().filter(|(holds, _)| *holds).map(|(_, why)| why).collect()
    }
}
