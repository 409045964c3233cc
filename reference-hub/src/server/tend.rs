//! Housekeeping that time itself brings about: asks every interface what is due and commits it, on a thread of its own.
//!
//! Called by start-up. Each thing done is a transaction with an audit event, like a client's.

use crate::audit::Event;
use crate::domain::{Context, Ids, Tended};
use crate::limits::{TEND_BATCHES_MAX, TEND_PERIOD};
use crate::message::{Body, Request};
use crate::server::blob_sweep;
use crate::server::service::Hub;
use hub_store::{Outcome, Txn};
use hyper::{HeaderMap, Method};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering::Relaxed;

/// Tends until the hub drains. Wakes early when the clock was moved.
pub fn run(hub: &Hub) {
    let mut seen_ahead_ms = hub.clock.ahead_ms();
    while !hub.draining.load(Relaxed) {
        tend_all(hub);
        blob_sweep::run(hub);
        let watch = crate::clock::Stopwatch::start();
        while watch.elapsed() < TEND_PERIOD && !hub.draining.load(Relaxed) {
            std::thread::park_timeout(crate::limits::TICK_PERIOD);
            let ahead_ms = hub.clock.ahead_ms();
            if ahead_ms != seen_ahead_ms {
                seen_ahead_ms = ahead_ms;
                break;
            }
        }
    }
}

/// Asks every interface until nothing is due, at most [`TEND_BATCHES_MAX`] times.
fn tend_all(hub: &Hub) {
    for interface in hub.interfaces {
        let Some(tend) = interface.tend else { continue };
        for batch in 0..TEND_BATCHES_MAX {
            let ids = Ids::new(hub.tend_nonce(batch));
            let context = Context::new(hub.view.as_ref(), hub.clock.now_ms(), &ids, hub.sandbox);
            let Ok(due) = catch_unwind(AssertUnwindSafe(|| tend(&context))) else {
                eprintln!("hub: housekeeping failed unexpectedly; it is tried again later");
                break;
            };
            if due.is_empty() || !commit(hub, context.now_ms, due) {
                break;
            }
        }
    }
}

/// Commits what is due; false when nothing of it could be, so that asking again at once would be in vain.
fn commit(hub: &Hub, now_ms: u64, due: Vec<Tended>) -> bool {
    let nobody = Request {
        method: Method::POST,
        segments: Vec::new(),
        query: Vec::new(),
        headers: HeaderMap::new(),
        body: Body::EMPTY,
    };
    let mut waiting = Vec::with_capacity(due.len());
    for Tended { what, subject, txn } in due {
        let event = Event {
            at_ms: now_ms,
            operation: what,
            organisation: "",
            subject: &subject,
            status: 200,
            write: true,
        };
        let txn = Txn { audit: hub.auditor.line(&event, &nobody), ..txn };
        match hub.queue.submit(txn) {
            Ok(outcome) => waiting.push(outcome),
            Err(_) => break, // clients come first; the next round takes it up
        }
    }
    let outcomes = waiting.into_iter().map(tokio::sync::oneshot::Receiver::blocking_recv);
    outcomes.fold(false, |any, outcome| any | matches!(outcome, Ok(Outcome::Committed { .. })))
}
