//! How many answers the hub gave, by operation and by status, and how long they took. Each I/O thread adds to counters of
//! its own, so the hot path shares no cache line; `/_status` and `/metrics` add them up. Called by the listener; never
//! resets. `cargo bench -p reference-hub --bench counts` measures what this costs an answer: 21 ns for count and time, 84 ns
//! for the two clock readings, on a shared virtual core under load.

use crate::metrics::{Observed, TIME_BOUNDS_NS, cells_of, record};
use crate::operation::{OPERATIONS, Operation};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Statuses with a counter of their own: all that the interfaces publish. Any other is counted as its class
/// (`2xx`, …), so that the sum always holds.
const STATUSES: &[u16] = &[
    200, 201, 202, 204, 206, 300, 304, 400, 401, 403, 404, 405, 406, 408, 409, 410, 412, 413, 415, 417, 420,
    422, 423, 425, 429, 500, 501, 502, 503, 504,
];
/// The classes 1xx to 5xx follow the named statuses.
const SLOTS: usize = STATUSES.len() + 5;

/// The name under which requests that no interface took are counted.
pub const OTHER: &str = "other";

/// An operation's place in the counters: its row in [`OPERATIONS`], or beyond them for [`OTHER`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OperationIndex(usize);

impl OperationIndex {
    /// A request that no interface took.
    pub const OTHER: OperationIndex = OperationIndex(usize::MAX);

    /// The row of that name; [`OperationIndex::OTHER`] for a name that is not a row.
    pub fn of(name: &str) -> Self {
        OperationIndex(OPERATIONS.iter().position(|o| o.name == name).unwrap_or(usize::MAX))
    }

    /// The row; `None` for [`OperationIndex::OTHER`].
    pub fn row(self) -> Option<&'static Operation> {
        OPERATIONS.get(self.0).copied()
    }

    /// The stable name.
    pub fn name(self) -> &'static str {
        self.row().map_or(OTHER, |o| o.name)
    }
}

/// One thread's counters.
#[derive(Debug)]
pub struct Shard {
    cells: Box<[AtomicU64]>,
    /// A histogram of service times for each operation, one after another.
    times: Box<[AtomicU64]>,
}

/// Cells of one operation's times.
const TIME_CELLS: usize = cells_of(TIME_BOUNDS_NS);

impl Shard {
    fn new() -> Self {
        let zeros = |n: usize| (0..n).map(|_| AtomicU64::new(0)).collect();
        let rows = OPERATIONS.len() + 1;
        Shard { cells: zeros(rows * SLOTS), times: zeros(rows * TIME_CELLS) }
    }

    /// An answer of that operation took so long, in nanoseconds.
    pub fn took(&self, operation: OperationIndex, ns: u64) {
        let from = operation.0.min(OPERATIONS.len()) * TIME_CELLS;
        record(&self.times[from..from + TIME_CELLS], TIME_BOUNDS_NS, ns);
    }

    /// One more answer of that operation and status.
    pub fn add(&self, operation: OperationIndex, status: u16) {
        let slot = match STATUSES.iter().position(|s| *s == status) {
            Some(slot) => slot,
            None => STATUSES.len() + usize::from(status / 100).clamp(1, 5) - 1,
        };
        self.cells[operation.0.min(OPERATIONS.len()) * SLOTS + slot].fetch_add(1, Relaxed);
    }
}

/// The sum over all threads at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Totals {
    /// All answers.
    pub total: u64,
    /// Answers by operation; only those with any.
    pub by_operation: BTreeMap<String, u64>,
    /// Answers by status; only those with any.
    pub by_status: BTreeMap<String, u64>,
}

/// The counters of all threads.
#[derive(Debug, Clone)]
pub struct Counts {
    shards: Arc<[Arc<Shard>]>,
}

impl Counts {
    /// Counters for `threads` threads.
    pub fn new(threads: usize) -> Self {
        Counts { shards: (0..threads.max(1)).map(|_| Arc::new(Shard::new())).collect() }
    }

    /// The counters of thread `i` (modulo the number of threads).
    pub fn shard(&self, i: usize) -> Arc<Shard> {
        Arc::clone(&self.shards[i % self.shards.len()])
    }

    /// The sum over all threads.
    pub fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        for (operation, status, n) in self.cells() {
            totals.total += n;
            *totals.by_operation.entry(operation.to_owned()).or_default() += n;
            *totals.by_status.entry(status).or_default() += n;
        }
        totals
    }

    /// Answers by operation and status, over all threads; only those with any.
    pub fn cells(&self) -> Vec<(&'static str, String, u64)> {
        let mut out = Vec::new();
        for i in 0..(OPERATIONS.len() + 1) * SLOTS {
            let n = self.shards.iter().map(|shard| shard.cells[i].load(Relaxed)).sum();
            if n > 0 {
                let status = match STATUSES.get(i % SLOTS) {
                    Some(status) => status.to_string(),
                    None => format!("{}xx", i % SLOTS - STATUSES.len() + 1),
                };
                out.push((OperationIndex(i / SLOTS).name(), status, n));
            }
        }
        out
    }

    /// Service times by operation, in nanoseconds, over all threads; only those with any.
    pub fn times(&self) -> Vec<(&'static str, Observed)> {
        let mut out = Vec::new();
        for i in 0..=OPERATIONS.len() {
            let mut observed = Observed::empty(TIME_BOUNDS_NS);
            for shard in self.shards.iter() {
                observed.add(&shard.times[i * TIME_CELLS..(i + 1) * TIME_CELLS]);
            }
            if observed.count() > 0 {
                out.push((OperationIndex(i).name(), observed));
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_answer_is_counted_once_by_operation_and_by_status() {
        let counts = Counts::new(2);
        for (thread, operation, status) in
            [(0, "pds-retrieve", 200), (1, "pds-retrieve", 200), (0, "mesh-send", 202), (1, "nonsense", 418)]
        {
            counts.shard(thread).add(OperationIndex::of(operation), status);
            counts.shard(thread).took(OperationIndex::of(operation), 60_000);
        }
        let times = counts.times();
        assert_eq!(times.len(), 3);
        let (name, retrieve) = times.iter().find(|(name, _)| *name == "pds-retrieve").unwrap();
        assert_eq!((*name, retrieve.count(), retrieve.counts[2]), ("pds-retrieve", 2, 2));
        let totals = counts.totals();
        assert_eq!(totals.total, 4);
        assert_eq!(totals.by_operation.get("pds-retrieve"), Some(&2));
        assert_eq!(totals.by_operation.get(OTHER), Some(&1));
        assert_eq!(totals.by_status.get("4xx"), Some(&1));
        assert_eq!(totals.by_status.values().sum::<u64>(), 4);
        assert_eq!(totals.by_operation.values().sum::<u64>(), 4);
    }
}
