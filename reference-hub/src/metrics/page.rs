//! `GET /metrics`: everything the hub measures of itself, in the Prometheus text format.
//!
//! Called by `server::status`. Reads counters; holds up nobody.

use super::text::{Kind, Page};
use crate::server::service::Hub;
use std::sync::atomic::Ordering::Relaxed;

/// Nanoseconds in a second: times are shown in seconds.
const NS_PER_S: f64 = 1e9;

/// The page.
pub fn page(hub: &Hub) -> String {
    let mut page = Page::default();
    answers(hub, &mut page);
    commits(hub, &mut page);
    state(hub, &mut page);
    bodies_and_cache(hub, &mut page);
    operating(hub, &mut page);
    page.finish()
}

fn answers(hub: &Hub, page: &mut Page) {
    let help = "Answers given, by operation and HTTP status.";
    let mut family = page.family("hub_answers_total", Kind::Counter, help);
    for (operation, status, count) in hub.counts.cells() {
        family.sample(&[("operation", operation), ("status", &status)], count);
    }
    let help = "Time from a request's header being read to its answer being ready to send, by operation.";
    let mut family = page.family("hub_service_seconds", Kind::Histogram, help);
    for (operation, observed) in hub.counts.times() {
        family.histogram(&[("operation", operation)], &observed, NS_PER_S);
    }
    let mut family = page.family("hub_refused_total", Kind::Counter, "Refusals because something was full.");
    for (cause, count) in hub.refused.causes() {
        family.sample(&[("cause", cause)], count);
    }
}

fn commits(hub: &Hub, page: &mut Page) {
    let times = hub.queue.meter().times();
    let help = "Time of a commit: staging, writing and fsync.";
    page.family("hub_commit_seconds", Kind::Histogram, help).histogram(&[], &times, NS_PER_S);
    let help = "Transactions in a commit, those that carry the audit events of reads included.";
    let sizes = hub.queue.meter().sizes();
    page.family("hub_commit_batch_transactions", Kind::Histogram, help).histogram(&[], &sizes, 1.0);
    let (jobs, read_audits) = hub.queue.depths();
    let mut family = page.family("hub_queue_depth", Kind::Gauge, "Entries waiting for the committer.");
    family.sample(&[("queue", "commit")], jobs);
    family.sample(&[("queue", "read-audit")], read_audits);
    let mut family = page.family("hub_queue_limit", Kind::Gauge, "Entries that a queue takes at most.");
    family.sample(&[("queue", "commit")], hub.limits.commit_queue_max);
    family.sample(&[("queue", "read-audit")], hub.limits.read_audit_queue_max);
    let help = "Sequence number of the last durable transaction.";
    page.one("hub_durable_sequence", Kind::Gauge, help, hub.store.head().seq);
}

fn state(hub: &Hub, page: &mut Page) {
    let (help, ready) = ("1 while the hub takes requests, 0 while it does not.", hub.not_ready().is_empty());
    page.one("hub_ready", Kind::Gauge, help, u8::from(ready));
    page.one("hub_connections", Kind::Gauge, "Open connections.", hub.connections.load(Relaxed));
    let help = "Connections served at a time at most.";
    page.one("hub_connections_limit", Kind::Gauge, help, hub.limits.connections_max);
    let help = "How far the hub's clock was moved ahead of the system's.";
    page.one("hub_clock_ahead_seconds", Kind::Gauge, help, hub.clock.ahead_ms() as f64 / 1e3);
    let mut family = page.family("hub_info", Kind::Gauge, "Version and store engine; always 1.");
    family.sample(&[("version", env!("CARGO_PKG_VERSION")), ("store", hub.store_name)], 1);
    let help = "Median fsync of the data folder's disk, measured at start; 0 for a store without a disk.";
    page.one("hub_start_fsync_seconds", Kind::Gauge, help, hub.fsync_ns_p50 as f64 / NS_PER_S);
    let help = "Time that filling the store took at this start.";
    page.one("hub_start_fill_seconds", Kind::Gauge, help, hub.seed_s);
}

fn bodies_and_cache(hub: &Hub, page: &mut Page) {
    let metrics = &hub.operating.metrics;
    let mut family = page.family("hub_blob_bytes_total", Kind::Counter, "Bytes of large bodies, on disk.");
    family.sample(&[("direction", "taken")], metrics.blob_bytes_taken.load(Relaxed));
    family.sample(&[("direction", "given")], metrics.blob_bytes_given.load(Relaxed));
    let (hits, misses) = hub.view.reads();
    let mut family =
        page.family("hub_cache_reads_total", Kind::Counter, "Reads of rows that the cache may hold.");
    family.sample(&[("outcome", "hit")], hits);
    family.sample(&[("outcome", "miss")], misses);
    page.one("hub_cache_rows", Kind::Gauge, "Rows in the read cache.", hub.view.cached_rows());
}

fn operating(hub: &Hub, page: &mut Page) {
    let operating = &hub.operating;
    let help = "Rounds in which interfaces were asked what time had brought about.";
    page.one("hub_housekeeping_rounds_total", Kind::Counter, help, hub.tended.load(Relaxed));
    let help = "Transactions of housekeeping, by what they did.";
    let mut family = page.family("hub_housekeeping_total", Kind::Counter, help);
    for (what, count) in operating.metrics.tended_totals() {
        family.sample(&[("what", what)], count);
    }
    let help = "Faults injected on purpose, by kind.";
    let mut family = page.family("hub_injected_total", Kind::Counter, help);
    for (fault, count) in operating.inject.totals() {
        family.sample(&[("fault", fault)], count);
    }
    let mut family = page.family("hub_access_log_total", Kind::Counter, "Lines of the access log, by fate.");
    let (written, dropped) = operating.access.totals();
    family.sample(&[("fate", "written")], written);
    family.sample(&[("fate", "dropped")], dropped);
    let help = "Backups made since the start, by outcome.";
    let mut family = page.family("hub_backups_total", Kind::Counter, help);
    let (made, failed) = operating.backups.totals();
    family.sample(&[("outcome", "made")], made);
    family.sample(&[("outcome", "failed")], failed);
}
