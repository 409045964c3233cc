//! What is fixed before the first block: how long a trial is, how many blocks there may be, and at which of them the gate looks.
//! Called with the budget's settings and the time that a discarded first block took.

use crate::fault::Faults;
use crate::quantile::samples_relative;

/// Fewest blocks that are ever judged: below, no outcome can be rejected at 1 % over 24 metrics.
pub const BLOCKS_MIN: usize = 15;
/// Most blocks. Ranks then sum to 7,260, which fits 16 bits, and more than this is a soak.
pub const BLOCKS_MAX: usize = 120;
/// How much later the next look is: five more looks from 15 to 80.
const LOOKS_APART: f64 = 1.42;
/// Shortest trial, seconds. The error of p99 after a fixed time is flat from 2 s to 4 s of a trial and grows from 8 s.
const TRIAL_S_MIN: f64 = 2.0;
/// Longest trial, seconds.
const TRIAL_S_MAX: f64 = 20.0;
/// Standard deviations of a random number of arrivals that are planned on top, so that a trial in a thousand falls short.
const HEADROOM: f64 = 3.0;

/// Seconds of a trial: long enough for the highest compared quantile at the slowest interaction's rate, with room for
/// arrivals that are drawn at random, and between 2 s and 20 s. At 20 s it may be too short: blocks are then merged, or the
/// metric is given up as having too few samples.
///
/// # Errors
/// A rate that is not positive, a quantile outside 0 to 1.
pub fn trial_s(quantile_highest: f64, rate_per_s_min: f64) -> Result<f64, Faults> {
    let mut faults = Vec::new();
    if !(rate_per_s_min > 0.0 && rate_per_s_min.is_finite()) {
        faults.push(format!("rate: got {rate_per_s_min} a second, allowed more than 0"));
    }
    if !(quantile_highest > 0.0 && quantile_highest < 1.0) {
        faults.push(format!("quantile: got {quantile_highest}, allowed between 0 and 1"));
    }
    Faults::end(faults, ())?;
    let needed = samples_relative(quantile_highest) as f64;
    Ok(((needed + HEADROOM * needed.sqrt()) / rate_per_s_min).clamp(TRIAL_S_MIN, TRIAL_S_MAX))
}

/// Blocks that fit: at most `blocks_allowed` and [`BLOCKS_MAX`], and as many as `time_s` holds at `block_s` each.
///
/// # Errors
/// Fewer than [`BLOCKS_MIN`]: says how many fit and how many seconds would do.
pub fn blocks_max(time_s: f64, block_s: f64, blocks_allowed: usize) -> Result<usize, Faults> {
    if !(block_s > 0.0 && block_s.is_finite() && time_s >= 0.0) {
        return Err(Faults::one(format!("block: got {block_s} s of {time_s} s, allowed more than 0 s")));
    }
    let fit = (time_s / block_s).floor().min(BLOCKS_MAX as f64) as usize;
    let blocks = fit.min(blocks_allowed);
    if blocks >= BLOCKS_MIN {
        return Ok(blocks);
    }
    let needed_s = (BLOCKS_MIN as f64 * block_s).ceil();
    Err(Faults::one(format!(
        "budget allows only {blocks} blocks of {block_s:.1} s, {BLOCKS_MIN} needed = {needed_s} s"
    )))
}

/// The looks of a gate of at most `blocks_max` blocks: 15, then each 1.42 times the one before, rounded up; the last is
/// `blocks_max`. For 80: 15, 22, 32, 46, 66, 80. Empty when there are fewer than [`BLOCKS_MIN`].
pub fn looks(blocks_max: usize) -> Vec<usize> {
    let next = |look: &usize| Some((*look as f64 * LOOKS_APART).ceil() as usize);
    let mut looks: Vec<usize> =
        std::iter::successors(Some(BLOCKS_MIN), next).take_while(|look| *look < blocks_max).collect();
    if blocks_max >= BLOCKS_MIN {
        looks.push(blocks_max);
    }
    looks
}
