//! Response times per second in logarithmic buckets: what a percentile line hides. Filled by the harness's recorder,
//! drawn by `reports`; never holds more than [`HeatMap::BUCKETS`] counts a second.

/// Counts per second and bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HeatMap {
    /// The seconds of the rows, ascending.
    pub seconds: Vec<u32>,
    /// Bucket edges, nanoseconds, one more than buckets: bucket `i` holds `edges[i] <= time < edges[i + 1]`. What lies
    /// outside is counted in the first or the last bucket.
    pub bucket_edges_ns: Vec<u64>,
    /// One row per second, one count per bucket.
    pub counts: Vec<Vec<u32>>,
}

impl HeatMap {
    /// Buckets a decade: 8, so that one bucket is a third wider than the one before; finer than a reader can see.
    pub const BUCKETS_A_DECADE: usize = 8;
    /// From 10 µs to 100 s: what a loopback answer takes up to what a time-out may be.
    pub const DECADES: usize = 7;
    /// Buckets of the standard edges.
    pub const BUCKETS: usize = Self::BUCKETS_A_DECADE * Self::DECADES;
    /// The lowest standard edge, nanoseconds.
    pub const LOWEST_NS: u64 = 10_000;

    /// An empty map with the standard edges.
    pub fn new() -> HeatMap {
        HeatMap { seconds: Vec::new(), bucket_edges_ns: Self::standard_edges_ns(), counts: Vec::new() }
    }

    /// The standard edges, nanoseconds.
    pub fn standard_edges_ns() -> Vec<u64> {
        let edge = |i: usize| 10f64.powf(i as f64 / Self::BUCKETS_A_DECADE as f64) * Self::LOWEST_NS as f64;
        (0..=Self::BUCKETS).map(|i| edge(i).round() as u64).collect()
    }

    /// The bucket of a time under the given edges; times outside go to the first or the last bucket.
    pub fn bucket_of(edges_ns: &[u64], time_ns: u64) -> usize {
        let above = edges_ns.partition_point(|edge| *edge <= time_ns);
        above.saturating_sub(1).min(edges_ns.len().saturating_sub(2))
    }

    /// Adds `count` samples of `time_ns` to a second; seconds may come in any order.
    pub fn add(&mut self, second: u32, time_ns: u64, count: u32) {
        if self.bucket_edges_ns.len() < 2 {
            self.bucket_edges_ns = Self::standard_edges_ns();
        }
        let bucket = Self::bucket_of(&self.bucket_edges_ns, time_ns);
        let row = self.row(second);
        self.counts[row][bucket] = self.counts[row][bucket].saturating_add(count);
    }

    fn row(&mut self, second: u32) -> usize {
        match self.seconds.binary_search(&second) {
            Ok(row) => row,
            Err(row) => {
                self.seconds.insert(row, second);
                self.counts.insert(row, vec![0; self.bucket_edges_ns.len() - 1]);
                row
            }
        }
    }
}
