//! One direction of the test, worse or better: beyond nothing and beyond the floor at the same look. The gate has one of each.

use crate::flips::Flips;
use crate::ranks::SignedRanks;
use crate::sequential::Sequential;

/// A metric as a direction sees it.
pub(crate) struct Column {
    /// Differences, positive in this direction.
    pub(crate) differences: Vec<f64>,
    /// The floor as a shift.
    pub(crate) floor: f64,
}

/// What a look says of a metric.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen {
    /// Both tests reject.
    pub(crate) rejects: bool,
    /// Share of redraws, the observed one among them, with a statistic as large somewhere.
    pub(crate) p_adj: f64,
}

/// The two tests of a direction.
#[derive(Debug, Clone)]
pub(crate) struct Direction {
    beyond_nothing: Sequential,
    beyond_floor: Sequential,
}

impl Direction {
    pub(crate) fn new(alpha: f64, alpha_beyond_floor: f64, flips: usize) -> Direction {
        Direction {
            beyond_nothing: Sequential::new(alpha, flips),
            beyond_floor: Sequential::new(alpha_beyond_floor, flips),
        }
    }

    /// One look after `blocks` of `blocks_max` blocks; the answers in the order of the columns.
    pub(crate) fn look(
        &mut self,
        blocks: usize,
        blocks_max: usize,
        flips: &Flips,
        columns: &[Column],
    ) -> Vec<Seen> {
        let test = |sequential: &mut Sequential, shift: fn(&Column) -> f64| {
            let ranks: Vec<SignedRanks> =
                columns.iter().map(|c| SignedRanks::of(c.differences.iter().copied(), shift(c))).collect();
            let statistics: Vec<f64> = ranks.iter().map(SignedRanks::statistic).collect();
            let maxima = flips.maxima(&ranks.iter().collect::<Vec<_>>());
            let rejects = sequential.look(blocks, blocks_max, &maxima, &statistics);
            (rejects, maxima, statistics)
        };
        let (nothing, maxima, statistics) = test(&mut self.beyond_nothing, |_| 0.0);
        let (floor, ..) = test(&mut self.beyond_floor, |c| c.floor);
        let seen = |i: usize| {
            let as_large = maxima.iter().filter(|n| **n >= statistics[i]).count();
            let p_adj = (1 + as_large) as f64 / (maxima.len() + 1) as f64;
            Seen { rejects: nothing[i] && floor[i], p_adj }
        };
        (0..columns.len()).map(seen).collect()
    }
}
