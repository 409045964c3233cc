//! What a gate compares: one figure of one interaction, its margin and its floor. Named by the caller; holds no measurement.

use crate::quantile;
use serde::{Deserialize, Serialize};

/// A figure that is compared between two builds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metric {
    /// Its name in results, unique in a gate.
    pub name: String,
    /// On what scale two readings differ.
    pub scale: Scale,
    /// Which way is worse.
    pub worse: Worse,
    /// The quantile that it is, between 0 and 1, when it is one: decides how many samples a trial needs.
    pub quantile: Option<f64>,
    /// A worsening as large as this must not pass: a fraction of the baseline ([`Scale::Ratio`]) or points ([`Scale::Points`]).
    pub margin: f64,
    /// A worsening up to this must not fail; on the same scale, below the margin.
    pub floor: f64,
    /// A change must also be at least this large to count, in the metric's own unit; 0 for no such rule.
    pub min_effect: f64,
    /// Width of a histogram's bucket relative to its value, 0 where none is involved. A change must be at least two buckets.
    pub bucket: f64,
}

/// How readings are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scale {
    /// By their ratio: times, rates, costs.
    Ratio,
    /// By their difference: shares, which are often 0.
    Points,
}

/// The direction in which a metric gets worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Worse {
    /// More is worse: times, failures, cost.
    Higher,
    /// Less is worse: throughput.
    Lower,
}

/// Buckets that a change must span to be told from rounding.
const BUCKETS_MIN: f64 = 2.0;

impl Metric {
    /// A metric compared by ratio, where more is worse.
    pub fn ratio(name: impl Into<String>, margin: f64, floor: f64) -> Metric {
        Metric {
            name: name.into(),
            scale: Scale::Ratio,
            worse: Worse::Higher,
            quantile: None,
            margin,
            floor,
            min_effect: 0.0,
            bucket: 0.0,
        }
    }

    /// A share compared by difference, where more is worse: `margin` and `floor` are differences of shares (0.001 is 0.1
    /// percentage points).
    pub fn points(name: impl Into<String>, margin: f64, floor: f64) -> Metric {
        Metric { scale: Scale::Points, ..Metric::ratio(name, margin, floor) }
    }

    /// A worsening by `change` (fraction or points) as a shift of differences.
    pub fn shift(&self, change: f64) -> f64 {
        match self.scale {
            Scale::Ratio => change.ln_1p(),
            Scale::Points => change,
        }
    }

    /// A shift of differences as the worsening that it is, in the metric's own direction and positive: `+0.1` for times that
    /// are 10 % longer, `+0.1` for throughput that is 10 % lower.
    pub fn worsening(&self, shift: f64) -> f64 {
        match (self.scale, self.worse) {
            (Scale::Points, _) => shift,
            (Scale::Ratio, Worse::Higher) => shift.exp_m1(),
            (Scale::Ratio, Worse::Lower) => -(-shift).exp_m1(),
        }
    }

    /// A shift of differences as the change of the metric itself: `−0.1` for throughput that is 10 % lower.
    pub fn change(&self, shift: f64) -> f64 {
        match self.worse {
            Worse::Higher => self.worsening(shift),
            Worse::Lower => -self.worsening(shift),
        }
    }

    /// The least effect that counts at this level of the baseline, in the metric's own unit.
    pub fn effect_min(&self, baseline: f64) -> f64 {
        self.min_effect.max(BUCKETS_MIN * self.bucket * baseline.abs())
    }

    /// Samples that a trial needs for this metric, 0 when it is no quantile.
    pub fn samples_min(&self) -> u64 {
        self.quantile.map_or(0, quantile::samples_relative)
    }

    /// What is wrong with it, a sentence each.
    pub(crate) fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let mut say = |key: &str, got: f64, allowed: &str| {
            faults.push(format!("{}: {key}: got {got}, allowed {allowed}", self.name));
        };
        if !(self.floor >= 0.0 && self.floor.is_finite()) {
            say("floor", self.floor, "0 or more");
        }
        if !(self.margin > self.floor && self.margin.is_finite()) {
            say("margin", self.margin, &format!("more than the floor, which is {}", self.floor));
        }
        if !(self.min_effect >= 0.0 && self.min_effect.is_finite()) {
            say("min_effect", self.min_effect, "0 or more");
        }
        if !(0.0..1.0).contains(&self.bucket) {
            say("bucket", self.bucket, "0 up to 1");
        }
        if let Some(quantile) = self.quantile.filter(|q| !(*q > 0.0 && *q < 1.0)) {
            say("quantile", quantile, "between 0 and 1; a maximum is judged absolutely only");
        }
        faults
    }
}
