//! What the hub measures of itself: histograms of fixed bounds and counters that threads share without sharing a cache
//! line. [`page`] shows them at `/metrics`, [`text`] is the Prometheus format.
//!
//! Called by the listener, the committer and the read cache. Adding costs a few nanoseconds and never waits; nothing is
//! ever reset.

pub mod page;
pub mod text;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

/// Upper bounds of the buckets for times, in nanoseconds: from a read out of the cache (25 µs) to the longest that a
/// client waits (10 s), three to a decade, so that a quantile is known to a factor of about 2.5.
pub const TIME_BOUNDS_NS: &[u64] = &[
    25_000,
    50_000,
    100_000,
    250_000,
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    25_000_000,
    50_000_000,
    100_000_000,
    250_000_000,
    500_000_000,
    1_000_000_000,
    2_500_000_000,
    5_000_000_000,
    10_000_000_000,
];

/// Upper bounds of the buckets for batch sizes, in transactions: doubling up to the largest batch
/// ([`crate::limits::BATCH_TXNS_MAX`]).
pub const BATCH_BOUNDS: &[u64] = &[1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024];

/// A histogram of fixed bounds.
#[derive(Debug)]
pub struct Histogram {
    bounds: &'static [u64],
    /// One for each bound, one above the last, and the sum of all values.
    cells: Box<[AtomicU64]>,
}

impl Histogram {
    /// An empty histogram with these upper bounds, ascending.
    pub fn new(bounds: &'static [u64]) -> Self {
        Histogram { bounds, cells: (0..bounds.len() + 2).map(|_| AtomicU64::new(0)).collect() }
    }

    /// One more value.
    pub fn record(&self, value: u64) {
        record(&self.cells, self.bounds, value);
    }

    /// What was recorded so far.
    pub fn observed(&self) -> Observed {
        let mut observed = Observed::empty(self.bounds);
        observed.add(&self.cells);
        observed
    }
}

/// Records `value` in cells laid out as a [`Histogram`]'s: so that many can lie in one allocation.
pub fn record(cells: &[AtomicU64], bounds: &'static [u64], value: u64) {
    let place = bounds.partition_point(|bound| *bound < value);
    cells[place].fetch_add(1, Relaxed);
    cells[bounds.len() + 1].fetch_add(value, Relaxed);
}

/// Cells that [`record`] needs for `bounds`.
pub const fn cells_of(bounds: &[u64]) -> usize {
    bounds.len() + 2
}

/// A histogram read at one moment, or the sum of several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    /// Upper bounds.
    pub bounds: &'static [u64],
    /// Values in each bucket, not cumulative; the last is above all bounds.
    pub counts: Vec<u64>,
    /// Sum of all values.
    pub sum: u64,
}

impl Observed {
    /// No value at all.
    pub fn empty(bounds: &'static [u64]) -> Self {
        Observed { bounds, counts: vec![0; bounds.len() + 1], sum: 0 }
    }

    /// Adds what cells laid out as a [`Histogram`]'s hold.
    pub fn add(&mut self, cells: &[AtomicU64]) {
        for (count, cell) in self.counts.iter_mut().zip(cells) {
            *count += cell.load(Relaxed);
        }
        self.sum += cells[self.bounds.len() + 1].load(Relaxed);
    }

    /// Values recorded.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }
}

/// Places of a [`Spread`] counter. 16: more threads than the hub has cores to run at a time on the machines it is meant
/// for; two threads on one place are slower, not wrong.
const PLACES: usize = 16;

/// One place, alone on its cache line (64 bytes on x86-64 and on most Arm; 128 keeps the neighbour's prefetch away too).
#[derive(Debug, Default)]
#[repr(align(128))]
struct Place(AtomicU64);

/// A counter that many threads add to.
#[derive(Debug, Default)]
pub struct Spread([Place; PLACES]);

impl Spread {
    /// One more.
    pub fn add(&self) {
        thread_local!(static PLACE: Cell<usize> = const { Cell::new(usize::MAX) });
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let mut place = PLACE.get();
        if place == usize::MAX {
            place = NEXT.fetch_add(1, Relaxed) % PLACES;
            PLACE.set(place);
        }
        self.0[place].0.fetch_add(1, Relaxed);
    }

    /// The sum.
    pub fn total(&self) -> u64 {
        self.0.iter().map(|place| place.0.load(Relaxed)).sum()
    }
}

/// Commit times kept for the median shown in `/_status`: the last 512.
const COMMIT_TIMES: usize = 512;

/// What the committer measures of its commits.
#[derive(Debug)]
pub struct CommitMeter {
    recent_ns: Box<[AtomicU64]>,
    commits: AtomicU64,
    times: Histogram,
    sizes: Histogram,
}

impl Default for CommitMeter {
    fn default() -> Self {
        CommitMeter {
            recent_ns: (0..COMMIT_TIMES).map(|_| AtomicU64::new(0)).collect(),
            commits: AtomicU64::new(0),
            times: Histogram::new(TIME_BOUNDS_NS),
            sizes: Histogram::new(BATCH_BOUNDS),
        }
    }
}

impl CommitMeter {
    /// One more commit: its time (staging, writing, fsync) in nanoseconds, and its transactions.
    pub fn record(&self, ns: u64, transactions: u64) {
        let nth = self.commits.fetch_add(1, Relaxed);
        self.recent_ns[nth as usize % COMMIT_TIMES].store(ns, Relaxed);
        self.times.record(ns);
        self.sizes.record(transactions);
    }

    /// Commits so far.
    pub fn commits(&self) -> u64 {
        self.commits.load(Relaxed)
    }

    /// Median time of the last commits, in nanoseconds; 0 before the first.
    pub fn ns_p50(&self) -> u64 {
        let n = usize::try_from(self.commits()).unwrap_or(COMMIT_TIMES).min(COMMIT_TIMES);
        let mut times: Vec<u64> = self.recent_ns[..n].iter().map(|t| t.load(Relaxed)).collect();
        times.sort_unstable();
        times.get(n / 2).copied().unwrap_or(0)
    }

    /// Times of all commits so far, in nanoseconds.
    pub fn times(&self) -> Observed {
        self.times.observed()
    }

    /// Transactions in each commit so far.
    pub fn sizes(&self) -> Observed {
        self.sizes.observed()
    }
}

/// What is counted besides answers: rare enough to share a line.
#[derive(Debug, Default)]
pub struct Metrics {
    /// Bytes of large request bodies that went to blob files.
    pub blob_bytes_taken: AtomicU64,
    /// Bytes of blob files sent as answers.
    pub blob_bytes_given: AtomicU64,
    /// Transactions of housekeeping by what they did.
    tended: Mutex<BTreeMap<&'static str, u64>>,
}

impl Metrics {
    /// One more transaction of housekeeping.
    pub fn tended(&self, what: &'static str) {
        *self.tended.lock().unwrap_or_else(PoisonError::into_inner).entry(what).or_default() += 1;
    }

    /// Transactions of housekeeping so far, by what they did.
    pub fn tended_totals(&self) -> BTreeMap<&'static str, u64> {
        self.tended.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_on_a_bound_belongs_to_it_and_one_above_all_is_kept_too() {
        let times = Histogram::new(BATCH_BOUNDS);
        for value in [1, 2, 3, 1_024, 1_025] {
            times.record(value);
        }
        let observed = times.observed();
        assert_eq!(observed.counts, [1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1]);
        assert_eq!((observed.count(), observed.sum), (5, 2_055));
    }

    #[test]
    fn a_spread_counter_loses_nothing_among_threads() {
        let counter = Spread::default();
        std::thread::scope(|scope| {
            for _ in 0..20 {
                scope.spawn(|| (0..1_000).for_each(|_| counter.add()));
            }
        });
        assert_eq!(counter.total(), 20_000);
    }
}
