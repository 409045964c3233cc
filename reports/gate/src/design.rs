//! What a gate is to decide and by which rules, fixed before its first block and stored with its result.

use crate::fault::Faults;
use crate::metric::Metric;
use crate::plan::{self, BLOCKS_MAX, BLOCKS_MIN};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The design of a gate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Design {
    /// What is compared, in the order of every block's cells.
    pub metrics: Vec<Metric>,
    /// After how many blocks it looks, ascending; the last is the most blocks.
    pub looks: Vec<usize>,
    /// Probability that equal builds are called regressed, over the whole gate.
    pub alpha: f64,
    /// The same for builds that differ by the floors, which matters less.
    pub alpha_beyond_floor: f64,
    /// Probability, metric by metric, that a regression as large as the margin is called unchanged.
    pub beta: f64,
    /// How many redrawn coins are the yardstick.
    pub flips: usize,
}

/// Probability of a false alarm over a whole gate.
pub const ALPHA: f64 = 0.01;
/// The level against the floors; not the bound on false alarms, so power may count.
pub const ALPHA_BEYOND_FLOOR: f64 = 0.05;
/// Probability of passing a regression as large as the margin.
pub const BETA: f64 = 0.05;
/// Redrawn coins: at 1 % the p-values are good to 0.1 points, and a whole gate is judged in a few milliseconds.
pub const FLIPS: usize = 8_000;
/// Most redrawn coins: beyond, the test costs seconds and changes nothing.
const FLIPS_MAX: usize = 1_000_000;

impl Design {
    /// The usual rules for at most `blocks_max` blocks.
    ///
    /// # Errors
    /// As [`Design::check`].
    pub fn new(metrics: Vec<Metric>, blocks_max: usize) -> Result<Design, Faults> {
        let design = Design {
            metrics,
            looks: plan::looks(blocks_max),
            alpha: ALPHA,
            alpha_beyond_floor: ALPHA_BEYOND_FLOOR,
            beta: BETA,
            flips: FLIPS,
        };
        design.check()?;
        Ok(design)
    }

    /// The most blocks.
    pub fn blocks_max(&self) -> usize {
        self.looks.last().copied().unwrap_or(0)
    }

    /// Whether it can be judged by.
    ///
    /// # Errors
    /// All faults: no metrics, two of one name, a margin not above its floor, looks that do not ascend from 15 to at most 120,
    /// a level or a number of redraws out of bounds.
    pub fn check(&self) -> Result<(), Faults> {
        let mut faults: Vec<String> = self.metrics.iter().flat_map(Metric::faults).collect();
        if self.metrics.is_empty() {
            faults.push("metrics: got none, allowed one or more".to_owned());
        }
        let mut names = BTreeSet::new();
        for metric in self.metrics.iter().filter(|m| !names.insert(m.name.as_str())) {
            faults.push(format!("metrics: got {:?} twice, allowed once", metric.name));
        }
        let within = |look: &usize| (BLOCKS_MIN..=BLOCKS_MAX).contains(look);
        let ascending = self.looks.windows(2).all(|pair| pair[0] < pair[1]);
        if self.looks.is_empty() || !ascending || !self.looks.iter().all(within) {
            faults.push(format!(
                "looks: got {:?}, allowed one or more, ascending, from {BLOCKS_MIN} to {BLOCKS_MAX}",
                self.looks
            ));
        }
        for (key, level) in
            [("alpha", self.alpha), ("alpha_beyond_floor", self.alpha_beyond_floor), ("beta", self.beta)]
        {
            if !(level > 0.0 && level < 0.5) {
                faults.push(format!("{key}: got {level}, allowed more than 0 and less than 0.5"));
            }
        }
        if !(1..=FLIPS_MAX).contains(&self.flips) {
            faults.push(format!("flips: got {}, allowed 1 to {FLIPS_MAX}", self.flips));
        }
        Faults::end(faults, ())
    }
}
