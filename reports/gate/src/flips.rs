//! Redrawn coins: what the largest statistic would have been, had the coins of the blocks fallen otherwise. Called by each
//! look; deterministic, the same coins in every gate, and more blocks only add coins.

use crate::plan::BLOCKS_MAX;
use crate::ranks::SignedRanks;

/// Where the coins start. Any number would do; this one is part of the format, for another gives other verdicts at the edge.
const SEED: u64 = 0x5EED;
/// Blocks whose signs are looked up together: 16 patterns of 24 metrics stay in the first-level cache.
const CHUNK: usize = 4;
const PATTERNS: usize = 1 << CHUNK;
const CHUNKS_MAX: usize = BLOCKS_MAX.div_ceil(CHUNK);

/// A set of redrawn coins.
#[derive(Debug, Clone)]
pub struct Flips {
    /// A redraw each: the signs of four blocks a byte, first block lowest.
    patterns: Vec<[u8; CHUNKS_MAX]>,
}

/// A redraw each: the largest statistic over the metrics.
pub type Maxima = Vec<f64>;

/// SplitMix64's output for the state `x`.
fn split_mix_64(x: u64) -> u64 {
    let z = x.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

impl Flips {
    /// `count` redraws for up to [`BLOCKS_MAX`] blocks: the sign of block `k` in redraw `b` is the top bit of
    /// `SplitMix64(0x5EED ⊕ (b << 32 | k))`.
    pub fn new(count: usize) -> Flips {
        let bit = |b: usize, k: usize| (split_mix_64(SEED ^ ((b as u64) << 32 | k as u64)) >> 63) as u8;
        let chunk = |b: usize, c: usize| (0..CHUNK).fold(0, |byte, i| byte | bit(b, c * CHUNK + i) << i);
        Flips { patterns: (0..count).map(|b| std::array::from_fn(|c| chunk(b, c))).collect() }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.patterns.len()
    }

    /// For each redraw the largest normalised sum of signed ranks over `metrics`, all of the same number of blocks: a whole
    /// block changes its sign together, so that what metrics have in common stays. Negative infinity without metrics.
    pub fn maxima(&self, metrics: &[&SignedRanks]) -> Maxima {
        let blocks = metrics.first().map_or(0, |m| m.signed.len());
        let width = metrics.len();
        let scales: Vec<f64> = metrics.iter().map(|m| m.scale).collect();
        let tables: Vec<Vec<i16>> =
            (0..blocks.div_ceil(CHUNK)).map(|c| sums_by_pattern(metrics, c * CHUNK)).collect();
        let mut sums = vec![0i16; width];
        let largest = |pattern: &[u8; CHUNKS_MAX]| {
            sums.fill(0);
            for (table, signs) in tables.iter().zip(pattern) {
                let row = &table[usize::from(*signs) * width..][..width];
                sums.iter_mut().zip(row).for_each(|(sum, r)| *sum += r);
            }
            let normalised = sums.iter().zip(&scales).map(|(sum, scale)| f64::from(*sum) * scale);
            normalised.fold(f64::NEG_INFINITY, |most, n| if n > most { n } else { most })
        };
        self.patterns.iter().map(largest).collect()
    }
}

/// The sums of the ranks of [`CHUNK`] blocks from `first` on under each pattern of their signs: a row a pattern, a column a
/// metric. Blocks that are not there weigh nothing.
fn sums_by_pattern(metrics: &[&SignedRanks], first: usize) -> Vec<i16> {
    let mut sums = Vec::with_capacity(PATTERNS * metrics.len());
    for pattern in 0..PATTERNS {
        for metric in metrics {
            let ranks = metric.signed[first..].iter().take(CHUNK).enumerate();
            sums.push(ranks.map(|(i, r)| if pattern >> i & 1 == 1 { *r } else { -r }).sum());
        }
    }
    sums
}
