//! What a gate says: the verdict, and metric by metric what was seen and what could have been seen. Serialised in this order,
//! with finite numbers only: where there is none, it is null and `note` says why.

use crate::estimate::{estimate, median};
use crate::judge::{Gate, Observed};
use crate::metric::{Metric, Worse};
use crate::noise;
use serde::{Deserialize, Serialize};

/// A gate's verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// At least one metric is worse, by more than its floor.
    Regressed,
    /// Every metric is less than its margin worse.
    Unchanged,
    /// Neither could be shown.
    Inconclusive,
}

impl Verdict {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Regressed => "regressed",
            Verdict::Unchanged => "unchanged",
            Verdict::Inconclusive => "inconclusive",
        }
    }
}

/// A metric's verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MetricVerdict {
    /// Worse, by more than its floor.
    Regressed,
    /// Better, by more than its floor; never changes the gate's verdict.
    Improved,
    /// Less than its margin worse.
    Unchanged,
    /// Neither could be shown.
    Inconclusive,
}

/// Why something is inconclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The blocks were not enough, and more could help.
    Budget,
    /// The noise is so large that more than twice the most blocks would be needed.
    Noise,
    /// A trial has too few samples for the quantile.
    FewSamples,
    /// The gate stopped because another metric had regressed.
    Stopped,
}

impl MetricVerdict {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            MetricVerdict::Regressed => "regressed",
            MetricVerdict::Improved => "improved",
            MetricVerdict::Unchanged => "unchanged",
            MetricVerdict::Inconclusive => "inconclusive",
        }
    }
}

impl Reason {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Reason::Budget => "budget",
            Reason::Noise => "noise",
            Reason::FewSamples => "few-samples",
            Reason::Stopped => "stopped",
        }
    }
}

/// A gate's result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GateResult {
    /// The verdict.
    pub verdict: Verdict,
    /// Why, when it is inconclusive.
    pub reason: Option<Reason>,
    /// Whether it may go on: no verdict yet, and blocks left.
    pub open: bool,
    /// Blocks that were judged.
    pub blocks: usize,
    /// The most there could have been.
    pub blocks_max: usize,
    /// After how many blocks it looked, or would have.
    pub looks: Vec<usize>,
    /// Probability that equal builds are called regressed.
    pub alpha: f64,
    /// Probability that a regression as large as the margin is called unchanged.
    pub beta: f64,
    /// Redrawn coins.
    pub flips: usize,
    /// What was compared, in the design's order.
    pub metrics: Vec<MetricResult>,
}

/// What is said of one metric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetricResult {
    /// Its name.
    pub name: String,
    /// The verdict at the last look.
    pub verdict: MetricVerdict,
    /// Why, when it is inconclusive.
    pub reason: Option<Reason>,
    /// Median over the baseline's trials, in the metric's own unit.
    pub baseline: Option<f64>,
    /// Median over the candidate's trials.
    pub candidate: Option<f64>,
    /// Estimated change of the metric from baseline to candidate: a fraction of the baseline, or points.
    pub change: Option<f64>,
    /// Lower end of its 95 % interval.
    pub change_low: Option<f64>,
    /// Upper end.
    pub change_high: Option<f64>,
    /// Probability, over all metrics together, of a statistic as bad as this if nothing were worse; at the last look.
    pub p_adj: Option<f64>,
    /// The same for one as good as this if nothing were better.
    pub p_adj_better: Option<f64>,
    /// Smallest worsening that would have been found with 95 % power, as a positive fraction or points.
    pub detectable: Option<f64>,
    /// Blocks that telling the margin from the floor would have needed.
    pub blocks_needed: Option<f64>,
    /// Samples that a trial would need, when it has too few.
    pub samples_needed: Option<u64>,
    /// What must not pass, what must not fail.
    pub margin: f64,
    /// See `margin`.
    pub floor: f64,
    /// Why numbers are missing, or why a change does not count.
    pub note: Option<String>,
}

/// The result of a gate as it stands.
pub(crate) fn of(gate: &Gate) -> GateResult {
    let errors = noise::standard_errors(gate.metrics_judged(), gate.design.alpha_beyond_floor);
    let pairs = gate.design.metrics.iter().zip(&gate.columns);
    let metrics: Vec<MetricResult> = pairs.map(|(metric, seen)| of_metric(metric, seen, errors)).collect();
    let verdict = gate.verdict.unwrap_or(Verdict::Inconclusive);
    let reasons = [Reason::Budget, Reason::Noise, Reason::FewSamples];
    let reason = reasons.into_iter().find(|r| gate.columns.iter().any(|seen| seen.reason == Some(*r)));
    GateResult {
        verdict,
        reason: reason.filter(|_| verdict == Verdict::Inconclusive),
        open: gate.verdict.is_none(),
        blocks: gate.blocks,
        blocks_max: gate.design.blocks_max(),
        looks: gate.design.looks.clone(),
        alpha: gate.design.alpha,
        beta: gate.design.beta,
        flips: gate.design.flips,
        metrics,
    }
}

fn of_metric(metric: &Metric, seen: &Observed, errors: f64) -> MetricResult {
    let finite = |x: f64| x.is_finite().then_some(x);
    let middle = |values: &[f64]| (!values.is_empty()).then(|| median(values)).and_then(finite);
    let estimate = (!seen.differences.is_empty()).then(|| estimate(&seen.differences));
    let change = |shift: f64| finite(shift).map(|s| metric.change(s)).and_then(finite);
    let (end_a, end_b) =
        estimate.and_then(|e| e.interval).map_or((None, None), |(a, b)| (change(a), change(b)));
    let (change_low, change_high) = match metric.worse {
        Worse::Higher => (end_a, end_b),
        Worse::Lower => (end_b, end_a),
    };
    let spread = estimate.map(|_| noise::spread(&seen.differences)).and_then(finite);
    let (floor, margin) = (metric.shift(metric.floor), metric.shift(metric.margin));
    let detectable = spread.map(|s| noise::detectable(errors, s, floor, seen.differences.len()));
    let verdict = match seen.verdict {
        MetricVerdict::Unchanged | MetricVerdict::Inconclusive if seen.improved => MetricVerdict::Improved,
        verdict => verdict,
    };
    MetricResult {
        name: metric.name.clone(),
        verdict,
        reason: seen.reason.filter(|_| verdict == MetricVerdict::Inconclusive),
        baseline: middle(&seen.baseline),
        candidate: middle(&seen.candidate),
        change: estimate.and_then(|e| change(e.shift)),
        change_low,
        change_high,
        p_adj: seen.p_adj,
        p_adj_better: seen.p_adj_better,
        detectable: detectable.map(|d| metric.worsening(d)).and_then(finite),
        blocks_needed: spread.map(|s| noise::blocks_needed(errors, s, floor, margin)),
        samples_needed: seen.few_samples.then(|| metric.samples_min()),
        margin: metric.margin,
        floor: metric.floor,
        note: note(metric, seen, estimate.map(|e| e.shift)),
    }
}

fn note(metric: &Metric, seen: &Observed, shift: Option<f64>) -> Option<String> {
    let name = &metric.name;
    match shift {
        None => Some(format!("{name}: no block was measured")),
        Some(f64::INFINITY) => Some(format!(
            "{name}: the candidate failed or gave no value in half of the blocks, so there is no estimate"
        )),
        Some(f64::NEG_INFINITY) => Some(format!(
            "{name}: the baseline failed or gave no value in half of the blocks, so there is no estimate"
        )),
        Some(_) if seen.few_samples => Some(format!(
            "{name}: too few samples, got {} in a trial, allowed {} or more",
            seen.samples_least,
            metric.samples_min()
        )),
        Some(_) if seen.too_small => {
            Some(format!("{name}: the change is real but smaller than the least effect that counts"))
        }
        Some(_) => None,
    }
}
