//! A gate, fed block by block: judges at its looks and says whether to go on. Called by whoever runs the trials, and by
//! whoever judges stored blocks; the verdict depends on the blocks alone.

use crate::design::Design;
use crate::direction::{Column, Direction, Seen};
use crate::estimate::{estimate, median};
use crate::fault::Faults;
use crate::flips::Flips;
use crate::metric::{Metric, Scale};
use crate::plan::BLOCKS_MIN;
use crate::reading::Cell;
use crate::result::{GateResult, MetricVerdict, Reason, Verdict};
use crate::{noise, unchanged};

/// Before a gate may stop for noise it has looked so often: spreads from fewer blocks are too rough.
const LOOKS_BEFORE_NOISE: usize = 2;
/// A metric that needs more than so many times the most blocks is called hidden by noise: the chance to find a regression as
/// large as its margin is then six in ten or less.
const HOPELESS: f64 = 2.0;
/// Stopping for noise is for the first half of the blocks only. Later the rest costs less than what is spent, and still decides
/// often: in simulation on a noisy machine six in ten gates of equal builds end as unchanged so, four in ten if they may stop
/// late.
const EARLY: f64 = 0.5;

/// What to do after a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Measure on; the next look is so many blocks away.
    Continue(usize),
    /// The verdict stands.
    Done(Verdict),
}

/// A gate under way.
#[derive(Debug, Clone)]
pub struct Gate {
    pub(crate) design: Design,
    pub(crate) columns: Vec<Observed>,
    pub(crate) blocks: usize,
    pub(crate) verdict: Option<Verdict>,
    flips: Flips,
    worse: Direction,
    better: Direction,
    looks_done: usize,
}

/// What has been seen of one metric so far.
#[derive(Debug, Clone)]
pub(crate) struct Observed {
    pub(crate) differences: Vec<f64>,
    pub(crate) baseline: Vec<f64>,
    pub(crate) candidate: Vec<f64>,
    pub(crate) samples_least: u64,
    pub(crate) few_samples: bool,
    pub(crate) verdict: MetricVerdict,
    pub(crate) reason: Option<Reason>,
    pub(crate) improved: bool,
    pub(crate) p_adj: Option<f64>,
    pub(crate) p_adj_better: Option<f64>,
    pub(crate) too_small: bool,
}

impl Observed {
    fn new() -> Observed {
        Observed {
            differences: Vec::new(),
            baseline: Vec::new(),
            candidate: Vec::new(),
            samples_least: u64::MAX,
            few_samples: false,
            verdict: MetricVerdict::Inconclusive,
            reason: Some(Reason::Budget),
            improved: false,
            p_adj: None,
            p_adj_better: None,
            too_small: false,
        }
    }

    /// Whether it can stand out at all. Shares need as many blocks in which they differ as a gate needs blocks: with fewer,
    /// only a limit can judge them. How many differ does not depend on the coins.
    fn testable(&self, metric: &Metric) -> bool {
        let differing = || self.differences.iter().filter(|d| **d != 0.0).count();
        !self.few_samples && (metric.scale == Scale::Ratio || differing() >= BLOCKS_MIN)
    }

    /// Whether the estimated change is as large as the metric's least effect; without levels, or when one side failed, it is.
    fn large_enough(&self, metric: &Metric) -> bool {
        if self.baseline.is_empty() {
            return true;
        }
        let level = median(&self.baseline);
        let least = metric.effect_min(level);
        let change = metric.change(estimate(&self.differences).shift);
        least == 0.0
            || match metric.scale {
                Scale::Ratio => change.abs() * level >= least,
                Scale::Points => change.abs() >= least,
            }
    }
}

impl Gate {
    /// A gate without blocks.
    ///
    /// # Errors
    /// As [`Design::check`].
    pub fn new(design: Design) -> Result<Gate, Faults> {
        design.check()?;
        let direction = || Direction::new(design.alpha, design.alpha_beyond_floor, design.flips);
        Ok(Gate {
            columns: design.metrics.iter().map(|_| Observed::new()).collect(),
            blocks: 0,
            verdict: None,
            flips: Flips::new(design.flips),
            worse: direction(),
            better: direction(),
            looks_done: 0,
            design,
        })
    }

    /// Judges a complete table, as far as the verdict needs it.
    ///
    /// # Errors
    /// As [`Gate::new`] and [`Gate::push`].
    pub fn judge<B: AsRef<[Cell]>>(
        design: Design,
        blocks: impl IntoIterator<Item = B>,
    ) -> Result<GateResult, Faults> {
        let mut gate = Gate::new(design)?;
        for block in blocks {
            if let Step::Done(_) = gate.push(block.as_ref())? {
                break;
            }
        }
        Ok(gate.result())
    }

    /// Takes one block, a cell for each of the design's metrics in its order, and looks if it is time.
    ///
    /// # Errors
    /// A block after the verdict, another number of cells, readings that are no numbers. The gate is then as it was.
    pub fn push(&mut self, block: &[Cell]) -> Result<Step, Faults> {
        let place = format!("block {}", self.blocks + 1);
        if let Some(verdict) = self.verdict {
            return Err(Faults::one(format!(
                "{place}: the gate has ended as {}, allowed none more",
                verdict.as_str()
            )));
        }
        let metrics = &self.design.metrics;
        if block.len() != metrics.len() {
            return Err(Faults::one(format!(
                "{place}: got {} cells, allowed {}",
                block.len(),
                metrics.len()
            )));
        }
        let mut faults = Vec::new();
        let differences: Vec<f64> = block
            .iter()
            .zip(metrics)
            .map(|(cell, metric)| {
                let difference = cell.difference(metric);
                difference.unwrap_or_else(|fault| {
                    faults.push(format!("{place}: {fault}"));
                    0.0
                })
            })
            .collect();
        Faults::end(faults, ())?;
        for ((seen, cell), difference) in self.columns.iter_mut().zip(block).zip(differences) {
            let (baseline, candidate) = cell.values();
            seen.differences.push(difference);
            seen.baseline.extend(baseline);
            seen.candidate.extend(candidate);
            seen.samples_least = seen.samples_least.min(cell.samples().unwrap_or(u64::MAX));
        }
        self.blocks += 1;
        if self.design.looks.get(self.looks_done) == Some(&self.blocks) {
            self.look();
        }
        Ok(self.step())
    }

    /// Where the gate stands.
    pub fn step(&self) -> Step {
        match self.verdict {
            Some(verdict) => Step::Done(verdict),
            None => Step::Continue(self.design.looks[self.looks_done] - self.blocks),
        }
    }

    /// What is known so far; complete once [`Step::Done`] was said.
    pub fn result(&self) -> GateResult {
        crate::result::of(self)
    }

    /// How many metrics have samples enough: fixed at the first look.
    pub(crate) fn metrics_judged(&self) -> usize {
        self.columns.iter().filter(|seen| !seen.few_samples).count()
    }

    fn look(&mut self) {
        let (blocks, blocks_max) = (self.blocks, self.design.blocks_max());
        if self.looks_done == 0 {
            for (seen, metric) in self.columns.iter_mut().zip(&self.design.metrics) {
                seen.few_samples = seen.samples_least < metric.samples_min();
            }
        }
        let before = self.looks_done.checked_sub(1).map_or(0, |i| self.design.looks[i]);
        self.looks_done += 1;
        let boundary = unchanged::boundary(self.design.beta, before, blocks, blocks_max);
        let errors = noise::standard_errors(self.metrics_judged(), self.design.alpha_beyond_floor);
        let (worse, better) = (self.test(1.0), self.test(-1.0));
        for (i, metric) in self.design.metrics.iter().enumerate() {
            let seen = &mut self.columns[i];
            let counts = |side: Option<Seen>| side.is_some_and(|s| s.rejects);
            let (rejects_worse, rejects_better) = (counts(worse[i]), counts(better[i]));
            let large = !(rejects_worse || rejects_better) || seen.large_enough(metric);
            seen.too_small = !large;
            seen.improved |= rejects_better && large;
            seen.p_adj = worse[i].map(|s| s.p_adj);
            seen.p_adj_better = better[i].map(|s| s.p_adj);
            let (floor, margin) = (metric.shift(metric.floor), metric.shift(metric.margin));
            let needed = noise::blocks_needed(errors, noise::spread(&seen.differences), floor, margin);
            // A spread without end means failures in half of the blocks, which is no noise.
            let hidden = needed.is_finite() && needed > HOPELESS * blocks_max as f64;
            let hopeless = self.looks_done >= LOOKS_BEFORE_NOISE && hidden;
            (seen.verdict, seen.reason) = match () {
                () if rejects_worse && large => (MetricVerdict::Regressed, None),
                () if seen.few_samples => (MetricVerdict::Inconclusive, Some(Reason::FewSamples)),
                () if unchanged::below(&seen.differences, margin, boundary) => {
                    (MetricVerdict::Unchanged, None)
                }
                () if hopeless => (MetricVerdict::Inconclusive, Some(Reason::Noise)),
                () => (MetricVerdict::Inconclusive, Some(Reason::Budget)),
            };
        }
        self.decide(blocks as f64 <= EARLY * blocks_max as f64);
    }

    /// One direction's test at this look; nothing for metrics that cannot stand out.
    fn test(&mut self, sign: f64) -> Vec<Option<Seen>> {
        let (metrics, blocks_max) = (&self.design.metrics, self.design.blocks_max());
        let testable: Vec<bool> =
            self.columns.iter().zip(metrics).map(|(seen, m)| seen.testable(m)).collect();
        let columns: Vec<Column> = self
            .columns
            .iter()
            .zip(metrics)
            .zip(&testable)
            .filter(|(_, testable)| **testable)
            .map(|((seen, metric), _)| Column {
                differences: seen.differences.iter().map(|d| sign * d).collect(),
                floor: metric.shift(metric.floor),
            })
            .collect();
        let direction = if sign > 0.0 { &mut self.worse } else { &mut self.better };
        let mut seen = direction.look(self.blocks, blocks_max, &self.flips, &columns).into_iter();
        testable.iter().map(|testable| if *testable { seen.next() } else { None }).collect()
    }

    /// The gate's verdict after a look, if it has one now; what is still open when it stops for a regression says so. Too few
    /// samples stay too few, so that a gate with nothing else open always stops; noise stops it only early.
    fn decide(&mut self, early: bool) {
        let any = |wanted: MetricVerdict| self.columns.iter().any(|seen| seen.verdict == wanted);
        let hope = |seen: &Observed| match seen.reason {
            Some(Reason::Budget) => true,
            Some(Reason::Noise) => !early,
            Some(Reason::FewSamples | Reason::Stopped) | None => false,
        };
        let waiting = self.columns.iter().any(hope);
        self.verdict = match () {
            () if any(MetricVerdict::Regressed) => Some(Verdict::Regressed),
            () if !any(MetricVerdict::Inconclusive) => Some(Verdict::Unchanged),
            () if !waiting || self.looks_done == self.design.looks.len() => Some(Verdict::Inconclusive),
            () => None,
        };
        if self.verdict == Some(Verdict::Regressed) {
            for seen in self.columns.iter_mut().filter(|seen| seen.reason == Some(Reason::Budget)) {
                seen.reason = Some(Reason::Stopped);
            }
        }
    }
}
