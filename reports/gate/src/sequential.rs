//! The sequential test: which metrics stand out at a look, with α spent over the looks. One for each shift and direction; its
//! looks come in order. Knows ranks only through their statistics.

/// How fast α is spent: a share of `t^1.5` after the share `t` of the blocks. Early looks get little, so that a gate of noise
/// does not stop on it, and enough that a large regression is seen after 15 blocks.
const SPENDING: f64 = 1.5;

/// The part of `level` that may have been spent by a look at `blocks` of `blocks_max`.
pub fn alpha_spent(level: f64, blocks: usize, blocks_max: usize) -> f64 {
    level * (blocks as f64 / blocks_max as f64).powf(SPENDING)
}

/// The state of one test.
#[derive(Debug, Clone)]
pub struct Sequential {
    alpha: f64,
    alive: Vec<bool>,
    used: usize,
}

impl Sequential {
    /// A test at the level `alpha` over all its looks, against `flips` redraws.
    pub fn new(alpha: f64, flips: usize) -> Sequential {
        Sequential { alpha, alive: vec![true; flips], used: 0 }
    }

    /// One look after `blocks` of `blocks_max` blocks. `maxima` has the largest statistic of each redraw; the answer is, for
    /// each of `statistics`, whether it rejects that nothing is worse.
    ///
    /// A redraw that would have rejected is spent: it takes no part in later looks. What is observed counts as one of the
    /// redraws, and only those strictly above the boundary are spent, so that ties cost nothing.
    pub fn look(
        &mut self,
        blocks: usize,
        blocks_max: usize,
        maxima: &[f64],
        statistics: &[f64],
    ) -> Vec<bool> {
        let allowed =
            (alpha_spent(self.alpha, blocks, blocks_max) * (self.alive.len() + 1) as f64).floor() as usize;
        let left = allowed.saturating_sub(self.used);
        if left == 0 {
            return vec![false; statistics.len()];
        }
        let mut alive: Vec<f64> =
            maxima.iter().zip(&self.alive).filter(|(_, alive)| **alive).map(|(n, _)| *n).collect();
        // Above the boundary lie as many redraws as are left, ties aside. To reject is to exceed the least of those: what is
        // observed counts as one of them.
        let (mut boundary, mut exceeded) = (f64::NEG_INFINITY, f64::NEG_INFINITY);
        if alive.len() > left {
            let (above, at, _) = alive.select_nth_unstable_by(left, |a, b| b.total_cmp(a));
            boundary = *at;
            exceeded = above.iter().copied().fold(f64::INFINITY, f64::min);
        }
        let rejected = statistics.iter().map(|t| *t > exceeded).collect();
        for (alive, n) in self.alive.iter_mut().zip(maxima) {
            if *alive && *n > boundary {
                *alive = false;
                self.used += 1;
            }
        }
        rejected
    }
}
