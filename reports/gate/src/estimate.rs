//! How large a change is: the Hodges–Lehmann estimate and its interval from Walsh averages. Called for results; both may be
//! infinite where a side failed.

/// What infinite differences are while averages are formed: so large that an average with one is recognised, and small enough
/// that a sum of two does not overflow, so that two of opposite sign cancel.
const HUGE: f64 = 1e300;
/// From here on an average stems from an infinite difference.
const HUGE_FROM: f64 = 1e200;
/// The normal quantile of 97.5 %, for an interval of 95 %.
const TWO_SIDED_95: f64 = 1.96;

/// Fewest differences that get an interval: below, the normal approximation of its ends is wrong by a whole average.
const INTERVAL_MIN: usize = 7;

/// An estimate of a shift, with its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The median of all pairwise averages.
    pub shift: f64,
    /// Lower and upper end of the 95 % interval; none with fewer than seven blocks.
    pub interval: Option<(f64, f64)>,
}

/// Estimates the shift of at least one difference, none of them NaN.
pub fn estimate(differences: &[f64]) -> Estimate {
    let walsh = walsh_averages(differences);
    let pairs = walsh.len() as f64;
    let k = differences.len() as f64;
    let deviation = (k * (k + 1.0) * (2.0 * k + 1.0) / 24.0).sqrt();
    let outside = (pairs / 2.0 - TWO_SIDED_95 * deviation).floor();
    let interval = (differences.len() >= INTERVAL_MIN).then(|| {
        let outside = outside as usize;
        (finite_or_not(walsh[outside]), finite_or_not(walsh[walsh.len() - 1 - outside]))
    });
    Estimate { shift: finite_or_not(middle(&walsh)), interval }
}

/// The median of at least one number, none of them NaN; infinite when the middle is.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted: Vec<f64> = values.iter().map(|v| v.clamp(-HUGE, HUGE)).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    finite_or_not(middle(&sorted))
}

/// All averages of two differences, each also with itself, ascending.
fn walsh_averages(differences: &[f64]) -> Vec<f64> {
    let finite: Vec<f64> = differences.iter().map(|d| d.clamp(-HUGE, HUGE)).collect();
    let averages = |i: usize| finite[i..].iter().map(move |d| (d, i));
    let mut walsh: Vec<f64> =
        (0..finite.len()).flat_map(averages).map(|(d, i)| (finite[i] + d) / 2.0).collect();
    walsh.sort_unstable_by(f64::total_cmp);
    walsh
}

fn middle(sorted: &[f64]) -> f64 {
    let upper = sorted.len() / 2;
    match sorted.len() % 2 {
        0 => (sorted[upper - 1] + sorted[upper]) / 2.0,
        _ => sorted[upper],
    }
}

fn finite_or_not(average: f64) -> f64 {
    if average.abs() < HUGE_FROM { average } else { f64::INFINITY.copysign(average) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_estimate_is_the_median_of_walsh_averages() {
        let five = estimate(&[1.0, 2.0, 4.0, 8.0, 16.0]);
        // Averages: 1 1.5 2 2.5 3 4 4.5 5 6 8 8.5 9 10 12 16.
        assert_eq!(five.shift, 5.0);
        assert_eq!(five.interval, None);
    }

    #[test]
    fn the_interval_is_that_of_the_books() {
        // Hollander and Wolfe, table 3.1 (Hamilton depression scale), differences y − x of nine patients: the estimate is
        // −0.46, and with C = ⌊22.5 − 1.96·√71.25⌋ = 5 the interval reaches from the 6th to the 40th of 45 averages.
        let differences = [-0.952, 0.147, -1.022, -0.430, -0.620, -0.590, -0.490, 0.080, -0.010];
        let nine = estimate(&differences);
        assert!((nine.shift + 0.46).abs() < 1e-12, "{nine:?}");
        let (low, high) = nine.interval.expect("nine are enough");
        assert!((low + 0.786).abs() < 1e-9 && (high + 0.010).abs() < 1e-9, "{nine:?}");
    }

    #[test]
    fn infinite_differences_shift_the_estimate_and_never_make_it_nan() {
        let inf = f64::INFINITY;
        assert_eq!(estimate(&[0.1, 0.1, inf]).shift, inf);
        assert_eq!(estimate(&[inf, -inf]).shift, 0.0);
        assert_eq!(estimate(&[0.1, 0.1, 0.1, 0.1, inf]).shift, 0.1);
    }
}
