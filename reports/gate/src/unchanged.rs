//! Whether a metric is shown to be less than its margin worse. Called at each look for each metric.

use crate::normal;
use crate::ranks::SignedRanks;
use crate::sequential::alpha_spent;

/// How far below zero the statistic of differences less the margin must lie at a look: the normal quantile of what β has to
/// spend since the look before (`blocks_before`, 0 at the first).
///
/// Every metric must pass by itself, so the number of metrics needs no correction: that all pass although one is worse by its
/// margin is no likelier than that this one does.
pub fn boundary(beta: f64, blocks_before: usize, blocks: usize, blocks_max: usize) -> f64 {
    let spend = alpha_spent(beta, blocks, blocks_max) - alpha_spent(beta, blocks_before, blocks_max);
    normal::quantile(1.0 - spend)
}

/// Whether differences lie below the shift `margin` by more than the boundary.
pub fn below(differences: &[f64], margin: f64, boundary: f64) -> bool {
    SignedRanks::of(differences.iter().copied(), margin).statistic() < -boundary
}
