//! From a rate to a run and from a run to its outcome: the scenario of a probe, and whose fault it is when one is invalid.
//! Called by `spinebench limit`. Pure; it runs nothing.

use super::Outcome;
use run_record::{ALL, Kind, Measured, Verdict, Who, find_histogram};
use scenarios::{Phase, Piece, Rate, Scenario};
use std::time::Duration;

/// The name of a probe's phase that is not measured.
const WARM_UP: &str = "warm-up";
/// The name of its measured phase.
const STEP: &str = "probe";

/// The scenario with its phases replaced by two flat ones at `rate_per_s`: a warm-up and a measured one. Mix, load,
/// population and budgets stay; a budget on the rate itself goes, for the search sets the rate, and so do the events, which
/// belong to the moments of the phases replaced. Journeys' pauses run as fast as in the fastest measured phase.
pub fn at_rate(scenario: &Scenario, rate_per_s: f64, warm_up: Duration, step: Duration) -> Scenario {
    let lapse = scenario.phases.iter().filter(|p| p.measured).map(|p| p.lapse).fold(1.0, f64::max);
    let flat = |name: &str, duration: Duration, measured: bool| Phase {
        name: name.to_owned(),
        duration,
        pieces: vec![Piece { duration, rate: Rate { from_per_s: rate_per_s, to_per_s: rate_per_s } }],
        lapse,
        shape: format!("{rate_per_s:.1}/s"),
        measured,
    };
    let warm = (!warm_up.is_zero()).then(|| flat(WARM_UP, warm_up, false));
    let mut probe = scenario.clone();
    probe.phases = warm.into_iter().chain([flat(STEP, step, true)]).collect();
    probe.budgets.retain(|b| b.metric != "rate");
    probe.events.clear();
    probe
}

/// Processor that a side used while the probe was measured, in cores; `None` when it was not watched.
pub fn cores(measured: &Measured, who: Who) -> Option<f64> {
    let from = measured.record.phases.iter().find(|p| p.measured).map_or(0.0, |p| p.start_s);
    let rows = measured.resources.iter().filter(|r| r.who == who && f64::from(r.second) >= from);
    let shares: Vec<f64> = rows.map(|r| r.cpu_share).filter(|s| s.is_finite()).collect();
    (!shares.is_empty()).then(|| shares.iter().sum::<f64>() / shares.len() as f64)
}

/// How a judged probe came out. `hub_held_all`: at some time every connection that may be open waited for an answer of the
/// hub, so that it was not the harness that made arrivals wait.
pub fn outcome(scenario: &Scenario, measured: &Measured, hub_held_all: bool) -> Outcome {
    let record = &measured.record;
    match record.verdict {
        Verdict::Pass => return Outcome::Met,
        Verdict::OverBudget => return Outcome::OverBudget,
        Verdict::Invalid => {}
    }
    let counted = record.counts_all;
    let broken = record.interrupted
        || counted.planned == 0
        || counted.planned != counted.sent + counted.dropped
        || counted.sent != counted.answered + counted.failed;
    if broken {
        return Outcome::Failed;
    }
    let lag_ns = find_histogram(&measured.histograms, ALL, Kind::SendLag);
    let lag_ns = u128::from(lag_ns.map_or(0, |h| h.value_at_quantile(0.999)));
    let late = lag_ns > scenario.limits.send_lag_p99_9.as_nanos();
    let dropped = record.counts.dropped as f64 / record.counts.planned.max(1) as f64;
    let dropped = dropped > scenario.limits.dropped_share;
    let full = cores(measured, Who::Harness).is_some_and(|c| c > scenario.limits.harness_cpu_share);
    let over = record.budgets.iter().any(|b| !b.met);
    match (late || dropped, full) {
        (true, false) if hub_held_all && over => Outcome::OverBudget,
        (false, false) => Outcome::Failed,
        _ => Outcome::GeneratorLate,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use run_record::{BudgetVerdict, HeatMap, NamedHistogram, ResourceRow, RunRecord};
    use std::path::Path;

    fn smoke() -> Scenario {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/smoke.toml");
        scenarios::load(&path).unwrap_or_else(|faults| panic!("{faults}"))
    }

    #[test]
    fn a_probe_is_the_scenario_at_one_flat_rate_after_a_warm_up_at_the_same_rate() {
        let mut scenario = smoke();
        scenario.phases[1].lapse = 60.0;
        let mut rate = scenario.budgets[0].clone();
        rate.metric = "rate".into();
        scenario.budgets.push(rate);
        let second = Duration::from_secs(1);
        let probe = at_rate(&scenario, 450.0, second, 4 * second);
        let told: Vec<_> =
            probe.phases.iter().map(|p| (p.duration.as_secs(), p.measured, p.requests(), p.lapse)).collect();
        assert_eq!(told, [(1, false, 450.0, 60.0), (4, true, 1_800.0, 60.0)]);
        assert_eq!(probe.budgets.len(), scenario.budgets.len() - 1);
        assert_eq!((probe.seed, probe.sha256, probe.items), (scenario.seed, scenario.sha256, scenario.items));
        assert_eq!(at_rate(&smoke(), 450.0, Duration::ZERO, second).phases.len(), 1);
    }

    /// A measured probe that is invalid, with this send lag, harness processor use and budget kept or not.
    fn invalid(lag_ns: u64, harness: f64, met: bool) -> Measured {
        let text = r#"{"format_version":1,"tool":{"version":"0","profile":"release"},"command":"","started":"",
            "scenario":{"title":"","path":"","text":"","sha256":""},"seed":1,"model":"open","arrivals":"poisson",
            "connections":1,"target":{"kind":"embedded","url":"","authorised":null},
            "counts":{"planned":10,"sent":10,"dropped":0,"answered":10,"failed":0},
            "counts_all":{"planned":10,"sent":10,"dropped":0,"answered":10,"failed":0},
            "rate_per_s":{"planned":1.0,"achieved":1.0},"measured_s":1.0,"phases":[],"mix":[],"not_replayed":[],
            "validity":{"valid":false,"reasons":["x"],"warnings":[]},"budgets":[],"verdict":"invalid",
            "host":{"os":"","kernel":"","cpu":"","cores":2,"memory_bytes":1},"hub":null,
            "harness":{"cpu_seconds":0.0,"rss_bytes_peak":0,"workers":1,"clock_read_ns":null,
            "wake_late_ns_p50":null,"wake_late_ns_p99":null,"floor":null},"hours_per_day":null,"interrupted":false}"#;
        let mut record: RunRecord = serde_json::from_str(text).unwrap();
        record.budgets.push(BudgetVerdict {
            interaction: ALL.into(),
            metric: "response-p99".into(),
            limit: 1.0,
            limit_text: "1ns".into(),
            measured: Some(1.0),
            met,
        });
        let mut histogram = run_record::new_histogram();
        histogram.record(lag_ns).unwrap();
        let histograms = vec![NamedHistogram { interaction: ALL.into(), kind: Kind::SendLag, histogram }];
        let resources = vec![ResourceRow { second: 0, who: Who::Harness, cpu_share: harness, rss_bytes: 1 }];
        let heat_map = HeatMap::default();
        let (interactions, series, errors) = (vec![], vec![], vec![]);
        Measured { record, interactions, series, resources, errors, heat_map, histograms }
    }

    #[test]
    fn an_invalid_probe_is_the_hubs_fault_only_when_the_hub_held_every_connection() {
        let scenario = smoke();
        let late = 11_000_000;
        let of = |measured: &Measured, held| outcome(&scenario, measured, held);
        assert_eq!(of(&invalid(late, 0.4, false), true), Outcome::OverBudget);
        assert_eq!(of(&invalid(late, 0.4, false), false), Outcome::GeneratorLate);
        assert_eq!(of(&invalid(late, 0.4, true), true), Outcome::GeneratorLate);
        assert_eq!(of(&invalid(late, 0.95, false), true), Outcome::GeneratorLate, "the harness was full");
        assert_eq!(of(&invalid(1_000, 0.4, false), true), Outcome::Failed, "neither late nor full");
        let mut lost = invalid(late, 0.4, false);
        lost.record.counts_all.sent = 9;
        assert_eq!(of(&lost, false), Outcome::Failed);
    }

    #[test]
    fn a_valid_probe_is_judged_by_its_budgets_alone() {
        let scenario = smoke();
        let mut run = invalid(0, 0.1, true);
        run.record.verdict = Verdict::Pass;
        assert_eq!(outcome(&scenario, &run, true), Outcome::Met);
        run.record.verdict = Verdict::OverBudget;
        assert_eq!(outcome(&scenario, &run, false), Outcome::OverBudget);
    }
}
