//! A fixed limit judged over several trials by order statistics: no shape of noise is assumed. Called for each absolute budget
//! with one value a trial; knows no baseline. Trials that shared the machine with another build's must not be handed in.

use crate::estimate::median;
use crate::fault::Faults;
use crate::quantile::samples_absolute;
use serde::{Deserialize, Serialize};
use statrs::distribution::{Binomial, DiscreteCDF};

/// Fewest trials whose order says anything at 95 %: below, only the median is compared, with a warning.
pub const TRIALS_MIN: usize = 7;
/// How often a bound on the median over all possible trials may be wrong, a side.
const BOUND_ERROR: f64 = 0.05;

/// A fixed limit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Limit {
    /// Times, shares, costs.
    AtMost(f64),
    /// Throughput.
    AtLeast(f64),
}

/// What is said of a budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Kept.
    Pass,
    /// Not kept.
    Fail,
    /// The trials have too few samples to have this quantile.
    FewSamples,
}

/// A budget, judged. Numbers are finite or null.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judged {
    /// The outcome.
    pub outcome: Outcome,
    /// Whether the bound lies on the same side of the limit; else the value alone decided, and `note` says so.
    pub certain: bool,
    /// Trials.
    pub trials: usize,
    /// What was compared: the median over the trials, or the pooled share.
    pub value: Option<f64>,
    /// Lower bound of 95 %, where there is one.
    pub low: Option<f64>,
    /// Upper bound of 95 %.
    pub high: Option<f64>,
    /// What is to be known beside it.
    pub note: Option<String>,
}

/// What one trial's quantile rests on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Basis {
    /// The quantile, between 0 and 1.
    pub quantile: f64,
    /// Samples of the trial with the fewest.
    pub samples: u64,
}

/// Judges `values`, one a trial, infinite where the quantile lies among failed requests. `basis` says what a quantile
/// rests on; nothing for figures that are none.
///
/// # Errors
/// No trial, or a value that is no number.
pub fn judge(values: &[f64], basis: Option<Basis>, limit: Limit) -> Result<Judged, Faults> {
    if values.is_empty() || values.iter().any(|v| v.is_nan()) {
        return Err(Faults::one(format!("trials: got {values:?}, allowed one or more numbers")));
    }
    let finite = |x: f64| x.is_finite().then_some(x);
    let trials = values.len();
    let value = median(values);
    if let Some(needed) = basis.and_then(|b| Some(samples_absolute(b.quantile)).filter(|n| b.samples < *n)) {
        let note = format!(
            "too few samples for this quantile, got {} in a trial, allowed {needed} or more",
            basis.map_or(0, |b| b.samples)
        );
        return Ok(Judged {
            outcome: Outcome::FewSamples,
            certain: false,
            trials,
            value: finite(value),
            low: None,
            high: None,
            note: Some(note),
        });
    }
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let bounds = rank_of_bound(trials).map(|j| (sorted[j - 1], sorted[trials - j]));
    let kept = |v: f64| match limit {
        Limit::AtMost(most) => v <= most,
        Limit::AtLeast(least) => v >= least,
    };
    let certain = bounds.is_some_and(|(low, high)| kept(low) == kept(high));
    let note = match bounds {
        _ if trials == 1 => Some("single trial: run-to-run variance unknown".to_owned()),
        None => Some(format!("{trials} trials: decided by their median, {TRIALS_MIN} needed for a bound")),
        Some(_) if !certain => {
            Some("borderline: the limit lies within the bounds, decided by the median".to_owned())
        }
        Some(_) => None,
    };
    Ok(Judged {
        outcome: if kept(value) { Outcome::Pass } else { Outcome::Fail },
        certain,
        trials,
        value: finite(value),
        low: bounds.and_then(|(low, _)| finite(low)),
        high: bounds.and_then(|(_, high)| finite(high)),
        note,
    })
}

/// Which of `trials` sorted values, from 1, bounds the median of all possible trials from below with 95 %: the largest `j`
/// with P(Bin(trials, ½) < j) ≤ 0.05. Nothing with fewer than [`TRIALS_MIN`].
fn rank_of_bound(trials: usize) -> Option<usize> {
    let heads = Binomial::new(0.5, trials as u64).ok().filter(|_| trials >= TRIALS_MIN)?;
    (1..=trials).take_while(|j| heads.cdf(*j as u64 - 1) <= BOUND_ERROR).last()
}

#[cfg(test)]
mod tests {
    use super::rank_of_bound;

    #[test]
    fn the_bound_is_that_of_the_sign_test() {
        let ranks: Vec<Option<usize>> = [1, 6, 7, 8, 10, 11, 13, 20].map(rank_of_bound).to_vec();
        assert_eq!(ranks, [None, None, Some(1), Some(2), Some(2), Some(3), Some(4), Some(6)]);
    }
}
