//! How many answers the hub gave, by operation and by status. Each I/O thread adds to counters of its own, so the hot
//! path shares no cache line; `/_status` adds them up. Called by the listener; never resets.

use crate::operation::OPERATIONS;
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

    /// The stable name.
    pub fn name(self) -> &'static str {
        OPERATIONS.get(self.0).map_or(OTHER, |o| o.name)
    }
}

/// One thread's counters.
#[derive(Debug)]
pub struct Shard {
    cells: Box<[AtomicU64]>,
}

impl Shard {
    fn new() -> Self {
        Shard { cells: (0..(OPERATIONS.len() + 1) * SLOTS).map(|_| AtomicU64::new(0)).collect() }
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
        for shard in self.shards.iter() {
            for (i, cell) in shard.cells.iter().enumerate() {
                let n = cell.load(Relaxed);
                if n == 0 {
                    continue;
                }
                totals.total += n;
                *totals.by_operation.entry(OperationIndex(i / SLOTS).name().to_owned()).or_default() += n;
                let status = match STATUSES.get(i % SLOTS) {
                    Some(status) => status.to_string(),
                    None => format!("{}xx", i % SLOTS - STATUSES.len() + 1),
                };
                *totals.by_status.entry(status).or_default() += n;
            }
        }
        totals
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
        }
        let totals = counts.totals();
        assert_eq!(totals.total, 4);
        assert_eq!(totals.by_operation.get("pds-retrieve"), Some(&2));
        assert_eq!(totals.by_operation.get(OTHER), Some(&1));
        assert_eq!(totals.by_status.get("4xx"), Some(&1));
        assert_eq!(totals.by_status.values().sum::<u64>(), 4);
        assert_eq!(totals.by_operation.values().sum::<u64>(), 4);
    }
}
