//! Removes the files of blobs that no row names any more, as listed by `blob_list`.
//!
//! Called by the housekeeping thread, never by one that serves clients: it waits for the disk. The file goes first and
//! its row after it, so that a crash between them leaves a row to be worked off again and never a forgotten file.

use crate::audit::{Event, Kind};
use crate::blob_list;
use crate::message::{Body, Request};
use crate::server::service::Hub;
use hub_store::{Table, Txn, View};
use hyper::{HeaderMap, Method};

/// Files removed in one transaction. 256: some tens of milliseconds of disk.
const BLOBS_PER_TXN: usize = 256;

/// Transactions in one round: what 100 GB in chunks need is done in a few rounds, and the disk is not held up by one.
const TXNS_PER_ROUND: usize = 16;

/// Works off the list, or the first part of it.
pub fn run(hub: &Hub) {
    for _ in 0..TXNS_PER_ROUND {
        let (from, to) = blob_list::range();
        let rows = match hub.view.scan(Table::Timers, from, to, BLOBS_PER_TXN) {
            Ok(rows) if !rows.is_empty() => rows,
            _ => return,
        };
        let mut gone = Vec::with_capacity(rows.len());
        for id in rows.iter().filter_map(|row| blob_list::id(&row.key)) {
            match hub.blobs.blobs.delete(id) {
                Ok(_) => gone.push(blob_list::del(id)),
                Err(error) => {
                    crate::log::warn("blob-stays", &format!("a blob that is no longer needed stays: {error}"))
                }
            }
        }
        if gone.is_empty() || !commit(hub, gone) {
            return; // tried again in the next round
        }
    }
}

fn commit(hub: &Hub, dels: Vec<hub_store::Delete>) -> bool {
    let nobody = Request {
        method: Method::DELETE,
        segments: Vec::new(),
        query: Vec::new(),
        headers: HeaderMap::new(),
        body: Body::EMPTY,
    };
    let event = Event {
        at_ms: hub.clock.now_ms(),
        operation: "blobs-removed",
        organisation: "",
        subject: "",
        status: 200,
        kind: Kind::Tended,
        injected: false,
    };
    let txn = Txn { dels, audit: hub.auditor.line(&event, &nobody), ..Txn::default() };
    hub.queue.submit(txn).is_ok_and(|outcome| outcome.blocking_recv().is_ok())
}
