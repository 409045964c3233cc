//! Redrawn coins: what the largest statistic would have been, had the coins of the blocks fallen otherwise. Called by each
//! look; deterministic, the same coins in every gate, and more blocks only add coins.

use crate::plan::BLOCKS_MAX;
use crate::ranks::SignedRanks;

/// Where the coins start. Any number would do; this one is part of the format, for another gives other verdicts at the edge.
const SEED: u64 = 0x5EED;
/// Metrics that are summed together: eight sums of 16 bits are one register of any processor.
const LANES: usize = 8;
type Lanes = [i16; LANES];
/// Blocks whose signs are looked up together: 16 patterns of eight metrics for 120 blocks stay in the first-level cache.
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
        let mut maxima = vec![f64::NEG_INFINITY; self.count()];
        for metrics in metrics.chunks(LANES) {
            let scales: [f64; LANES] = std::array::from_fn(|lane| lane_of(metrics, lane).scale);
            let blocks = metrics[0].signed.len();
            let tables: Vec<[Lanes; PATTERNS]> =
                (0..blocks).step_by(CHUNK).map(|first| sums_by_pattern(metrics, first)).collect();
            for (most, signs) in maxima.iter_mut().zip(&self.patterns) {
                let mut sums: Lanes = [0; LANES];
                for (table, signs) in tables.iter().zip(signs) {
                    let row = &table[usize::from(*signs) % PATTERNS];
                    sums.iter_mut().zip(row).for_each(|(sum, r)| *sum += r);
                }
                let normalised = sums.iter().zip(&scales).map(|(sum, scale)| f64::from(*sum) * scale);
                *most = normalised.fold(*most, |most, n| if n > most { n } else { most });
            }
        }
        maxima
    }
}

/// The metric of a lane; lanes without one repeat the first, which changes no maximum.
fn lane_of<'a>(metrics: &[&'a SignedRanks], lane: usize) -> &'a SignedRanks {
    metrics.get(lane).unwrap_or(&metrics[0])
}

/// The sums of the ranks of [`CHUNK`] blocks from `first` on under each pattern of their signs. Blocks that are not there weigh
/// nothing.
fn sums_by_pattern(metrics: &[&SignedRanks], first: usize) -> [Lanes; PATTERNS] {
    let signed = |rank: i16, set: bool| if set { rank } else { -rank };
    std::array::from_fn(|pattern| {
        std::array::from_fn(|lane| {
            let ranks = lane_of(metrics, lane).signed[first..].iter().take(CHUNK).enumerate();
            ranks.map(|(i, rank)| signed(*rank, pattern >> i & 1 == 1)).sum()
        })
    })
}
