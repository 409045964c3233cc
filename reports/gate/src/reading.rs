//! What a block says about a metric, and the difference that follows from it. Failed and missing readings count as the worst
//! there is, so that no build looks better for what it did not answer.

use crate::metric::{Metric, Scale, Worse};
use serde::{Deserialize, Serialize};

/// What one trial reads.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reading {
    /// A number in the metric's own unit, 0 or more.
    Value(f64),
    /// The quantile lies among requests that failed or were never answered: longer than any time.
    Failed,
    /// The trial has no such metric: the interaction did not run.
    Missing,
}

/// One metric in one block.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cell {
    /// What both trials read.
    Pair {
        /// The baseline's trial.
        baseline: Reading,
        /// The candidate's.
        candidate: Reading,
        /// Requests planned in the trial that had fewer, failed ones among them; 0 when the metric is no quantile.
        samples: u64,
    },
    /// Only the difference is known: on the metric's scale, positive is worse, infinite when one side failed.
    Difference(f64),
}

impl Cell {
    /// The difference on the metric's scale, positive when the candidate is worse; never NaN. When both sides are equally
    /// bad, and when both failed, it is 0.
    ///
    /// # Errors
    /// A sentence when a value is negative or no number.
    pub fn difference(&self, metric: &Metric) -> Result<f64, String> {
        match *self {
            Cell::Difference(d) if d.is_nan() => {
                Err(format!("{}: difference: got NaN, allowed a number", metric.name))
            }
            Cell::Difference(d) => Ok(d),
            Cell::Pair { baseline, candidate, .. } => {
                let (b, c) = (badness(metric, baseline)?, badness(metric, candidate)?);
                Ok(if b == c { 0.0 } else { c - b })
            }
        }
    }

    /// The values of baseline and candidate, where they are numbers.
    pub(crate) fn values(&self) -> (Option<f64>, Option<f64>) {
        let value = |reading| match reading {
            Reading::Value(v) => Some(v),
            Reading::Failed | Reading::Missing => None,
        };
        match *self {
            Cell::Pair { baseline, candidate, .. } => (value(baseline), value(candidate)),
            Cell::Difference(_) => (None, None),
        }
    }

    /// Samples behind it, when it says so.
    pub(crate) fn samples(&self) -> Option<u64> {
        match *self {
            Cell::Pair { samples, .. } => Some(samples),
            Cell::Difference(_) => None,
        }
    }
}

/// A reading on a scale where more is worse.
fn badness(metric: &Metric, reading: Reading) -> Result<f64, String> {
    let value = match reading {
        Reading::Failed | Reading::Missing => return Ok(f64::INFINITY),
        Reading::Value(v) if v >= 0.0 && v.is_finite() => v,
        Reading::Value(v) => {
            return Err(format!("{}: reading: got {v}, allowed a number of 0 or more", metric.name));
        }
    };
    let level = match metric.scale {
        Scale::Ratio => value.ln(),
        Scale::Points => value,
    };
    Ok(match metric.worse {
        Worse::Higher => level,
        Worse::Lower => -level,
    })
}
