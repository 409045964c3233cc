//! Intervals of what one run can know: percentiles by order statistics, shares by Wilson, and both set against another run by
//! MOVER (Zou and Donner 2008). Pure arithmetic on counts; it never looks past the largest sample.

use hdrhistogram::Histogram;

/// Two-sided 95 % of the normal distribution.
const Z: f64 = 1.959_964;

/// A value with its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Ranged {
    pub(super) value: f64,
    pub(super) low: f64,
    pub(super) high: f64,
}

/// A percentile with the order statistics that hold the true one in 95 of 100 cases; `None` when the samples have no such bounds,
/// that is when the upper one would lie past the largest sample or the lower one before the smallest.
pub(super) fn percentile(histogram: &Histogram<u64>, quantile: f64) -> Option<Ranged> {
    let n = histogram.len() as f64;
    let spread = Z * (n * quantile * (1.0 - quantile)).sqrt();
    let (low, high) = ((n * quantile - spread).floor(), (n * quantile + spread).ceil() + 1.0);
    if low < 1.0 || high > n {
        return None;
    }
    let at = |rank: f64| histogram.value_at_quantile(rank / n) as f64;
    Some(Ranged { value: histogram.value_at_quantile(quantile) as f64, low: at(low), high: at(high) })
}

/// A mean with its normal interval; `None` under 30 samples, where the normal is no approximation.
pub(super) fn mean(histogram: &Histogram<u64>) -> Option<Ranged> {
    const SAMPLES_MIN: u64 = 30;
    if histogram.len() < SAMPLES_MIN {
        return None;
    }
    let (value, half) = (histogram.mean(), Z * histogram.stdev() / (histogram.len() as f64).sqrt());
    Some(Ranged { value, low: (value - half).max(0.0), high: value + half })
}

/// A share with its Wilson interval; `None` of nothing.
pub(super) fn share(part: u64, of: u64) -> Option<Ranged> {
    if of == 0 {
        return None;
    }
    let (n, p) = (of as f64, part as f64 / of as f64);
    let middle = (p + Z * Z / (2.0 * n)) / (1.0 + Z * Z / n);
    let half = Z / (1.0 + Z * Z / n) * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    Some(Ranged { value: p, low: (middle - half).clamp(0.0, p), high: (middle + half).clamp(p, 1.0) })
}

/// `b - a` with its interval.
pub(super) fn difference(a: Ranged, b: Ranged) -> Ranged {
    let value = b.value - a.value;
    let below = ((b.value - b.low).powi(2) + (a.high - a.value).powi(2)).sqrt();
    let above = ((b.high - b.value).powi(2) + (a.value - a.low).powi(2)).sqrt();
    Ranged { value, low: value - below, high: value + above }
}

/// `b / a - 1` with its interval, computed on logarithms; `None` when one of them is not above zero.
pub(super) fn ratio(a: Ranged, b: Ranged) -> Option<Ranged> {
    if a.low <= 0.0 || b.low <= 0.0 {
        return None;
    }
    let ln = |r: Ranged| Ranged { value: r.value.ln(), low: r.low.ln(), high: r.high.ln() };
    let d = difference(ln(a), ln(b));
    Some(Ranged { value: d.value.exp_m1(), low: d.low.exp_m1(), high: d.high.exp_m1() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uniform(n: u64) -> Histogram<u64> {
        let mut histogram = run_record::new_histogram();
        (1..=n).for_each(|i| histogram.saturating_record(i * 1_000_000 / n * 1_000));
        histogram
    }

    #[test]
    fn a_percentile_has_bounds_only_where_samples_lie_beyond_them() {
        let p50 = percentile(&uniform(10_000), 0.5).unwrap();
        assert!((p50.value / 5e8 - 1.0).abs() < 0.002, "{p50:?}");
        // 1.96 * sqrt(n / 4) = 98 ranks of 10,000 to each side, and the histogram's own rounding.
        assert!(
            (p50.low / 4.902e8 - 1.0).abs() < 0.002 && (p50.high / 5.099e8 - 1.0).abs() < 0.002,
            "{p50:?}"
        );
        assert!(percentile(&uniform(300), 0.99).is_none(), "three samples beyond p99 bound nothing");
        assert!(percentile(&uniform(1_000), 0.99).is_some());
        assert!(percentile(&run_record::new_histogram(), 0.5).is_none());
    }

    #[test]
    fn wilson_agrees_with_the_published_example() {
        // Newcombe 1998, table I: 81 of 263 is 0.2553 to 0.3662; 0 of 20 is 0 to 0.1611.
        let of = share(81, 263).unwrap();
        assert!((of.low - 0.2553).abs() < 1e-4 && (of.high - 0.3662).abs() < 1e-4, "{of:?}");
        let none = share(0, 20).unwrap();
        assert!(none.low == 0.0 && (none.high - 0.1611).abs() < 1e-4, "{none:?}");
    }

    #[test]
    fn a_difference_of_shares_agrees_with_the_published_example() {
        // Newcombe 1998, table II, method 10: 56/70 - 48/80 is 0.2000, from 0.0524 to 0.3339.
        let d = difference(share(48, 80).unwrap(), share(56, 70).unwrap());
        assert!((d.value - 0.2).abs() < 1e-9, "{d:?}");
        assert!((d.low - 0.0524).abs() < 1e-4 && (d.high - 0.3339).abs() < 1e-4, "{d:?}");
    }

    #[test]
    fn a_ratio_is_turned_over_when_the_sides_change() {
        let (a, b) = (Ranged { value: 2.0, low: 1.8, high: 2.3 }, Ranged { value: 3.0, low: 2.5, high: 3.3 });
        let (there, back) = (ratio(a, b).unwrap(), ratio(b, a).unwrap());
        assert!(((1.0 + there.value) * (1.0 + back.value) - 1.0).abs() < 1e-12);
        assert!(((1.0 + there.low) * (1.0 + back.high) - 1.0).abs() < 1e-12);
        assert!(ratio(Ranged { value: 0.0, low: 0.0, high: 0.0 }, b).is_none());
    }
}
