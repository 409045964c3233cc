//! Response times that still drift are a warm-up that was measured, or a system that fills up. Called by `validity`.

use super::Evidence;
use crate::steady::drifts;

/// What a reader should know of how steady the run was.
pub(super) fn warnings(e: &Evidence<'_>) -> Vec<String> {
    if !e.flat {
        return vec![
            "No measured phase has one unchanging rate, so whether response times were steady cannot be told.".to_owned(),
        ];
    }
    let Some(s) = e.steady.filter(|s| !s.steady) else { return Vec::new() };
    let (what, ratio, z) = if drifts(s.trend_z, s.p50_ratio) {
        ("medians", s.p50_ratio, s.trend_z)
    } else {
        ("99th percentiles", s.p99_ratio, s.p99_trend_z)
    };
    let since = match s.steady_after_s {
        Some(at_s) => format!("they were steady from second {at_s:.0} on, so a longer warm-up helps"),
        None => "they never came to rest, so the figures depend on how long the run was".to_owned(),
    };
    vec![format!(
        "Response times were not steady: the {what} of the last third of {} seconds were {ratio:.2} times those of the \
         first (trend z {z:+.1}); {since}.",
        s.seconds
    )]
}

#[cfg(test)]
mod tests {
    use super::super::good;
    use super::*;
    use run_record::SteadyFacts;

    #[test]
    fn a_drift_is_told_with_the_second_it_ended_or_that_it_never_did() {
        let drift = SteadyFacts {
            seconds: 60,
            p50_ratio: 0.5,
            trend_z: -4.2,
            p99_ratio: 1.0,
            p99_trend_z: 0.1,
            steady: false,
            steady_after_s: Some(25.0),
        };
        let told = |facts: &SteadyFacts| warnings(&Evidence { steady: Some(facts), ..good() }).join("");
        let said = told(&drift);
        assert!(
            said.contains("medians") && said.contains("0.50 times") && said.contains("second 25"),
            "{said}"
        );
        let tail = SteadyFacts {
            p50_ratio: 1.0,
            p99_ratio: 2.0,
            p99_trend_z: 4.0,
            steady_after_s: None,
            ..drift.clone()
        };
        let said = told(&tail);
        assert!(said.contains("99th percentiles") && said.contains("never came to rest"), "{said}");
        assert_eq!(told(&SteadyFacts { steady: true, ..drift }), "");
    }

    #[test]
    fn a_scenario_without_a_flat_phase_says_that_nothing_can_be_told() {
        let said = warnings(&Evidence { flat: false, ..good() });
        assert!(said.len() == 1 && said[0].contains("unchanging rate"), "{said:?}");
    }
}
