//! Quantiles of the distributions that assumptions may have. Called by the draws, the tornado and the reports. Parameters
//! that contradict each other are refused by the reader; here they give no number, and never a panic.

use statrs::function::beta::checked_beta_reg;
use statrs::function::erf::erfc_inv;

use crate::model::Distribution;

/// Weight of the most likely value against each end: what makes a beta a PERT.
const PERT_SHAPE: f64 = 4.0;
/// Points of a tabulated cumulative distribution: between two of them a straight line is within a millionth of the range.
const TABLE_POINTS: usize = 4096;
/// Halvings that take an interval of 1 below the last digit.
const HALVINGS: usize = 60;

/// A distribution prepared for many draws.
#[derive(Debug, Clone, PartialEq)]
pub struct Sampler {
    distribution: Distribution,
    /// Of a PERT: the probability of lying below each point of [`grid`].
    below: Vec<f64>,
}

impl Distribution {
    /// The value, in the assumption's unit, below which the share `u` of all draws lies; `u` from 0 to 1. No number where
    /// `u` is outside or the parameters contradict each other.
    pub fn quantile(&self, u: f64) -> f64 {
        if !(0.0..=1.0).contains(&u) || !self.holds_together() {
            return f64::NAN;
        }
        match self {
            // At the ends the curve is flat, so that no halving finds them.
            Distribution::Pert(low, ..) if u == 0.0 => *low,
            Distribution::Pert(.., high) if u == 1.0 => *high,
            Distribution::Pert(low, mode, high) => {
                let (a, b) = pert_shape(*low, *mode, *high);
                let (mut left, mut right) = (0.0, 1.0);
                for _ in 0..HALVINGS {
                    let middle = f64::midpoint(left, right);
                    match beta_below(a, b, middle) < u {
                        true => left = middle,
                        false => right = middle,
                    }
                }
                within(*low, *high, f64::midpoint(left, right))
            }
            Distribution::Triangular(low, mode, high) => {
                let range = high - low;
                let left = mode - low;
                match u * range <= left {
                    true => low + (u * range * left).sqrt(),
                    false => high - ((1.0 - u) * range * (high - mode)).sqrt(),
                }
            }
            Distribution::Uniform(low, high) => within(*low, *high, u),
            Distribution::Normal(mean, sd) if *sd == 0.0 => *mean,
            Distribution::Normal(mean, sd) => mean + sd * standard_normal(u),
            Distribution::Lognormal(median, p90) if median == p90 => *median,
            Distribution::Lognormal(median, p90) => {
                median * (log_sd(*median, *p90) * standard_normal(u)).exp()
            }
            Distribution::Seen(values) => between(&sorted(values), u),
        }
    }

    /// The 10th and the 90th percentile, in the assumption's unit.
    pub fn p10_p90(&self) -> (f64, f64) {
        (self.quantile(0.1), self.quantile(0.9))
    }

    /// The mean, in the assumption's unit.
    pub fn mean(&self) -> f64 {
        if !self.holds_together() {
            return f64::NAN;
        }
        match self {
            Distribution::Pert(low, mode, high) => (low + PERT_SHAPE * mode + high) / (PERT_SHAPE + 2.0),
            Distribution::Triangular(low, mode, high) => (low + mode + high) / 3.0,
            Distribution::Uniform(low, high) => f64::midpoint(*low, *high),
            Distribution::Normal(mean, _) => *mean,
            Distribution::Lognormal(median, p90) => median * (log_sd(*median, *p90).powi(2) / 2.0).exp(),
            Distribution::Seen(values) => match values[..] {
                [only] => only,
                _ => {
                    let lines = sorted(values);
                    let middles = lines.windows(2).map(|ends| f64::midpoint(ends[0], ends[1]));
                    middles.sum::<f64>() / (lines.len() - 1) as f64
                }
            },
        }
    }

    /// The lowest and the highest value that it can give; infinite where it has no end.
    pub fn bounds(&self) -> (f64, f64) {
        (self.quantile(0.0), self.quantile(1.0))
    }

    /// The same distribution, prepared for many draws.
    pub fn sampler(&self) -> Sampler {
        let distribution = match self {
            Distribution::Seen(values) => Distribution::Seen(sorted(values)),
            other => other.clone(),
        };
        let below = match self {
            Distribution::Pert(low, mode, high) if self.holds_together() && low < high => {
                let (a, b) = pert_shape(*low, *mode, *high);
                (0..=TABLE_POINTS).map(|point| beta_below(a, b, grid(point))).collect()
            }
            _ => Vec::new(),
        };
        Sampler { distribution, below }
    }

    /// Whether the parameters do not contradict each other.
    fn holds_together(&self) -> bool {
        match self {
            Distribution::Pert(low, mode, high) | Distribution::Triangular(low, mode, high) => {
                low <= mode && mode <= high && (high - low).is_finite()
            }
            Distribution::Uniform(low, high) => low <= high && (high - low).is_finite(),
            Distribution::Normal(mean, sd) => mean.is_finite() && (0.0..f64::INFINITY).contains(sd),
            Distribution::Lognormal(median, p90) => *median > 0.0 && median <= p90 && p90.is_finite(),
            Distribution::Seen(values) => !values.is_empty() && values.iter().all(|value| value.is_finite()),
        }
    }
}

impl Sampler {
    /// As [`Distribution::quantile`]; of a PERT within a millionth of its range.
    pub fn quantile(&self, u: f64) -> f64 {
        match &self.distribution {
            Distribution::Pert(low, _, high) if !self.below.is_empty() && u > 0.0 && u < 1.0 => {
                let after = self.below.partition_point(|below| *below < u).clamp(1, TABLE_POINTS);
                let (left, right) = (self.below[after - 1], self.below[after]);
                let part = if right > left { (u - left) / (right - left) } else { 0.0 };
                within(*low, *high, within(grid(after - 1), grid(after), part))
            }
            Distribution::Seen(values) if self.distribution.holds_together() => between(values, u),
            other => other.quantile(u),
        }
    }
}

/// Where a point of the table lies between 0 and 1: close together at both ends, where the curve bends most.
fn grid(point: usize) -> f64 {
    (point as f64 / TABLE_POINTS as f64 * std::f64::consts::FRAC_PI_2).sin().powi(2)
}

/// A value this share of the way from one end to the other.
fn within(low: f64, high: f64, share: f64) -> f64 {
    low + (high - low) * share
}

/// The two shapes of the beta behind a PERT; of a range without width, those of an even one.
fn pert_shape(low: f64, mode: f64, high: f64) -> (f64, f64) {
    let range = high - low;
    match range > 0.0 {
        true => (1.0 + PERT_SHAPE * (mode - low) / range, 1.0 + PERT_SHAPE * (high - mode) / range),
        false => (1.0, 1.0),
    }
}

/// The probability that a beta lies below `x`.
fn beta_below(a: f64, b: f64, x: f64) -> f64 {
    // The series loses the last digits at the very end, where the answer is known.
    if x >= 1.0 { 1.0 } else { checked_beta_reg(a, b, x.max(0.0)).unwrap_or(f64::NAN) }
}

/// The standard normal's quantile.
fn standard_normal(u: f64) -> f64 {
    -std::f64::consts::SQRT_2 * erfc_inv(2.0 * u)
}

/// Standard deviation of the logarithm, from the median and the 90th percentile.
fn log_sd(median: f64, p90: f64) -> f64 {
    (p90 / median).ln() / standard_normal(0.9)
}

/// In ascending order.
pub(crate) fn sorted(values: &[f64]) -> Vec<f64> {
    let mut values = values.to_vec();
    values.sort_unstable_by(f64::total_cmp);
    values
}

/// The quantile of sorted values, straight lines between them (type 7 of Hyndman and Fan 1996, as in R and spreadsheets).
pub(crate) fn between(sorted: &[f64], u: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    if !(0.0..=1.0).contains(&u) {
        return f64::NAN;
    }
    let at = u * last as f64;
    let below = at.floor() as usize;
    match at.fract() {
        0.0 => sorted[below],
        part => within(sorted[below], sorted[below + 1], part),
    }
}
