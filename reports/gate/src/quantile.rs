//! How many samples a quantile needs, and which sample it is. Called before trials to size them and after them to refuse what
//! is too few. Never interpolates, and never reads past the largest sample.

/// Samples above a quantile that a trial needs to be compared by it. Fewer bias it when the builds have different numbers of
/// samples: simulated +14 % at one, under 0.5 % from five on; ten leave room.
pub const EXCEEDANCES_MIN: f64 = 10.0;
/// The chance that an upper bound may be wrong.
const BOUND_ERROR: f64 = 0.05;
/// What rounding may add to a whole number: `10/(1 − 0.99)` is 1000.0000000000009.
const ROUNDING: f64 = 1e-6;

fn ceil(x: f64) -> u64 {
    (x - ROUNDING).ceil().max(1.0) as u64
}

/// Samples of a trial above the quantile `p`: `n·(1 − p)`.
pub fn exceedances(samples: u64, p: f64) -> f64 {
    samples as f64 * (1.0 - p)
}

/// Samples that a trial needs to be compared by its quantile `p`: 20 for p50, 1,000 for p99, 10,000 for p99.9.
pub fn samples_relative(p: f64) -> u64 {
    ceil(EXCEEDANCES_MIN / (1.0 - p))
}

/// Samples from which a 95 % upper bound of the quantile `p` exists within one trial: `ln 0.05 / ln p`, 299 for p99 and 2,995
/// for p99.9. With fewer, the largest sample may well lie below the true quantile.
pub fn samples_absolute(p: f64) -> u64 {
    ceil(BOUND_ERROR.ln() / p.ln())
}

/// Which of `n` sorted samples, from 1, the quantile `p` is: the smallest at which at least the share `p` has been reached.
pub fn rank(n: usize, p: f64) -> usize {
    ((p * n as f64 - ROUNDING).ceil() as usize).clamp(1, n.max(1))
}

/// The quantile `p` of answered times, sorted ascending, beside `failed` requests that count as longer than any: infinite when
/// it lies among those, nothing without any request.
pub fn of(sorted: &[f64], failed: usize, p: f64) -> Option<f64> {
    let n = sorted.len() + failed;
    (n > 0).then(|| sorted.get(rank(n, p) - 1).copied().unwrap_or(f64::INFINITY))
}

/// What can be done about too few samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Samples {
    /// Every trial has enough.
    Enough,
    /// The histograms of so many consecutive blocks, merged arm by arm, have enough: what was blocks is then one block.
    Merge(usize),
    /// There are not blocks enough to merge; a trial would have to have this many samples.
    TooFew(u64),
}

/// Whether trials of at least `samples` give the quantile `p`, merging blocks where `blocks` are planned and 15 must remain.
pub fn enough(samples: u64, p: f64, blocks: usize) -> Samples {
    let needed = samples_relative(p);
    if samples >= needed {
        return Samples::Enough;
    }
    match needed.div_ceil(samples.max(1)) as usize {
        merged if samples > 0 && blocks / merged >= crate::plan::BLOCKS_MIN => Samples::Merge(merged),
        _ => Samples::TooFew(needed),
    }
}
