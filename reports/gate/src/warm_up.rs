//! Whether trials were still warming up while they were measured. Called with each trial's p50, second by second; gives a warning
//! and never invalidates a trial, for a check that stands in the way is switched off.

/// From here on times that only fall, or only rise, count as a trend.
const TREND: f64 = 0.8;
/// Share of a side's trials with a trend from which it is the side's and not chance.
const TRIALS: f64 = 0.5;

/// Whether more than half of a side's trials have a trend. `trials` has a series each; series of fewer than three seconds
/// have none.
pub fn still_warming<S: AsRef<[f64]>>(trials: &[S]) -> bool {
    let trending =
        trials.iter().filter(|t| spearman(t.as_ref()).is_some_and(|rho| rho.abs() > TREND)).count();
    trending as f64 > TRIALS * trials.len() as f64
}

/// Spearman's rank correlation of a series with time, equal values sharing their ranks; nothing for fewer than three values or
/// when all are equal. NaN ranks last.
pub fn spearman(series: &[f64]) -> Option<f64> {
    let n = series.len();
    if n < 3 {
        return None;
    }
    let rank = |v: f64| {
        let below = series.iter().filter(|o| o.total_cmp(&v).is_lt()).count();
        let equal = series.iter().filter(|o| o.total_cmp(&v).is_eq()).count();
        below as f64 + (equal as f64 + 1.0) / 2.0
    };
    let mean = (n as f64 + 1.0) / 2.0;
    let away: Vec<(f64, f64)> =
        series.iter().enumerate().map(|(i, v)| (i as f64 + 1.0 - mean, rank(*v) - mean)).collect();
    let sum = |of: fn(&(f64, f64)) -> f64| away.iter().map(of).sum::<f64>();
    let scale = (sum(|(t, _)| t * t) * sum(|(_, r)| r * r)).sqrt();
    (scale > 0.0).then(|| sum(|(t, r)| t * r) / scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_side_that_falls_in_most_trials_is_still_warming() {
        let (falls, level) = (vec![9.0, 7.0, 6.0, 5.0], vec![5.0, 6.0, 4.0, 5.5]);
        assert_eq!(spearman(&falls), Some(-1.0));
        assert_eq!(spearman(&[5.0; 4]), None);
        assert_eq!(spearman(&[1.0, 2.0]), None);
        // Ranks 1 2.5 2.5 4 against 1 2 3 4: 4.5 over the root of 5 times 4.5.
        assert!((spearman(&[1.0, 2.0, 2.0, 3.0]).unwrap() - 0.9f64.sqrt()).abs() < 1e-12);
        assert!(still_warming(&[falls.clone(), falls.clone(), level.clone()]));
        assert!(!still_warming(&[falls, level]));
    }
}
