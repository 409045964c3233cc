//! What the noise allows to be seen: the spread of a metric's differences, the smallest change that would be found, and how many
//! blocks its margin asks for. Called at each look and for every result; decides nothing.

use crate::estimate::median;
use crate::normal;

/// What makes the median absolute deviation a standard deviation, for normal noise.
const MAD_TO_SD: f64 = 1.4826;
/// Blocks that signed ranks and looking several times cost over a single t-test, as a factor of the standard error; from
/// simulation.
const LOOKS_AND_RANKS: f64 = 1.08;
/// The normal quantile of 95 %: the power at which a change counts as one that would be seen.
const POWER: f64 = 1.645;

/// The spread of differences that a few wild blocks do not move: 1.4826 times the median absolute deviation. Infinite when
/// half of them are.
pub fn spread(differences: &[f64]) -> f64 {
    let middle = median(differences);
    if !middle.is_finite() {
        return f64::INFINITY;
    }
    let away: Vec<f64> = differences.iter().map(|d| (d - middle).abs()).collect();
    MAD_TO_SD * median(&away)
}

/// How many standard errors a change must have to be found with 95 % power among `metrics`, tested at `alpha`: 4.4 for 6, 4.9
/// for 24, 5.2 for 60.
pub fn standard_errors(metrics: usize, alpha: f64) -> f64 {
    LOOKS_AND_RANKS * (normal::quantile(1.0 - alpha / metrics.max(1) as f64) + POWER)
}

/// Blocks needed to tell the shift `margin` from the shift `floor`.
pub fn blocks_needed(standard_errors: f64, spread: f64, floor: f64, margin: f64) -> f64 {
    (standard_errors * spread / (margin - floor)).powi(2)
}

/// The smallest shift that would be found with 95 % power after so many blocks.
pub fn detectable(standard_errors: f64, spread: f64, floor: f64, blocks: usize) -> f64 {
    floor + standard_errors * spread / (blocks as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_factor_is_that_of_the_simulation() {
        for (metrics, c) in [(6, 4.4), (24, 4.9), (60, 5.2)] {
            assert!(
                (standard_errors(metrics, 0.05) - c).abs() < 0.06,
                "{metrics}: {}",
                standard_errors(metrics, 0.05)
            );
        }
    }

    #[test]
    fn a_spread_is_not_moved_by_wild_blocks() {
        assert_eq!(spread(&[0.0, 1.0, 2.0, 3.0, f64::INFINITY]), MAD_TO_SD);
        assert_eq!(spread(&[0.0, f64::INFINITY, f64::INFINITY]), f64::INFINITY);
    }
}
