//! A limit on the share of failed requests, judged over several trials. Failures come in clumps, so that requests are not
//! independent: what trials differ by more than chance reduces how many requests count. Called for error budgets.

use crate::budget::{Judged, Outcome};
use crate::fault::Faults;
use statrs::function::beta::inv_beta_reg;

/// How often a bound may be wrong, a side.
const BOUND_ERROR: f64 = 0.05;

/// One trial's requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// How many failed.
    pub failed: u64,
    /// Of how many.
    pub of: u64,
}

/// Judges the pooled share of failures against `limit`, a share, by its bounds of 95 % a side: fails when the lower one is
/// above, passes when the upper one is not; between, the share itself decides, with a warning.
///
/// # Errors
/// No request, or more failures than requests.
pub fn judge(trials: &[Count], limit: f64) -> Result<Judged, Faults> {
    let (failed, of) = pooled(trials);
    if of == 0.0 || trials.iter().any(|t| t.failed > t.of) {
        return Err(Faults::one(format!(
            "failures: got {failed} of {of}, allowed at most all of one or more"
        )));
    }
    let effect = design_effect(trials);
    let (low, high) = bounds(failed / effect, of / effect);
    let share = failed / of;
    let certain = low > limit || high <= limit;
    let note = match certain {
        true => (trials.len() == 1).then(|| "single trial: run-to-run variance unknown".to_owned()),
        false if failed == 0.0 => Some(format!(
            "borderline: no failure in {of} requests, {} needed to be sure of this limit",
            requests_without_failure(limit).map_or("more than can be sent".to_owned(), |n| n.to_string())
        )),
        false => Some("borderline: the limit lies within the bounds, decided by the share".to_owned()),
    };
    Ok(Judged {
        outcome: if share <= limit { Outcome::Pass } else { Outcome::Fail },
        certain,
        trials: trials.len(),
        value: Some(share),
        low: Some(low),
        high: Some(high),
        note,
    })
}

/// How many times larger the variance between trials is than that of independent requests, at least 1: Pearson's X² of the
/// trials over its degrees of freedom. 1 for a single trial, which cannot know.
pub fn design_effect(trials: &[Count]) -> f64 {
    let (failed, of) = pooled(trials);
    let share = failed / of;
    let expected = share * (1.0 - share);
    let asked = || trials.iter().filter(|t| t.of > 0);
    if asked().count() < 2 || expected <= 0.0 {
        return 1.0;
    }
    let squares: f64 =
        asked().map(|t| (t.failed as f64 - t.of as f64 * share).powi(2) / (t.of as f64 * expected)).sum();
    (squares / (asked().count() - 1) as f64).max(1.0)
}

/// Clopper and Pearson's bounds, each of 95 %, for `failed` of `of`, which need not be whole numbers.
pub fn bounds(failed: f64, of: f64) -> (f64, f64) {
    let low = if failed > 0.0 { inv_beta_reg(failed, of - failed + 1.0, BOUND_ERROR) } else { 0.0 };
    let high = match failed {
        none if none <= 0.0 => 1.0 - BOUND_ERROR.powf(1.0 / of),
        some if some >= of => 1.0,
        some => inv_beta_reg(some + 1.0, of - some, 1.0 - BOUND_ERROR),
    };
    (low, high)
}

/// Requests without any failure from which a share is surely at most `limit`: 2,995 for 0.1 %. None for a limit of 0.
pub fn requests_without_failure(limit: f64) -> Option<u64> {
    let n = (BOUND_ERROR.ln() / (-limit).ln_1p()).ceil();
    (n.is_finite() && n > 0.0).then_some(n as u64)
}

fn pooled(trials: &[Count]) -> (f64, f64) {
    let sum = |of: fn(&Count) -> u64| trials.iter().map(|t| of(t) as f64).sum();
    (sum(|t| t.failed), sum(|t| t.of))
}
