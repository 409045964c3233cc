//! From a run record, or a search for the limit, to what a model is given.

use crate::{built_in, support};
use cost_model::{Evidence, METRICS, build};
use reports::cost::{confirming, limit_measurement, measurement};
use run_record::{LimitRecord, LimitedBy, Measured, ProbeVerdict, Verdict, read_limit};
use std::path::Path;

fn sealed() -> Measured {
    let mut run = support::peak();
    run.record.seal = "ab".repeat(32);
    run
}

fn limit() -> LimitRecord {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("run-record/tests/golden");
    read_limit(&golden).unwrap_or_else(|e| panic!("{e}"))
}

#[test]
fn a_run_gives_every_metric_in_its_unit_with_the_spread_of_its_parts() {
    let found = measurement("runs/peak", &sealed()).unwrap();
    for (name, unit, _) in METRICS {
        let metric = found.metrics.get(name).unwrap_or_else(|| panic!("{name} is missing"));
        assert_eq!(metric.unit, unit, "{name}");
        assert!(metric.value > 0.0 && !metric.how.is_empty(), "{name}: {metric:?}");
    }
    for name in ["capacity_per_s", "hub_cpu_s_per_message", "hub_cores_used", "response_mean_s"] {
        let metric = &found.metrics[name];
        assert_eq!(metric.seen.len(), 10, "{name}");
        let (low, high) = metric.seen.iter().fold((f64::MAX, 0.0_f64), |(l, h), v| (l.min(*v), h.max(*v)));
        assert!(low <= metric.value * 1.000_1 && metric.value <= high * 1.000_1, "{name}: {metric:?}");
    }
    assert!(found.metrics["capacity_per_s"].how.starts_with("at least"));
    // The made-up hub uses 0.31 of a core at 1,800 messages a second.
    let each = found.metrics["hub_cpu_s_per_message"].value;
    assert!((each / (0.31 / 1_800.0) - 1.0).abs() < 0.05, "{each}");
    assert_eq!((found.date.as_str(), found.cores, found.store.as_str()), ("2026-01-05", 2, "fjall"));
    assert_eq!(found.sha256, "ab".repeat(32));
}

#[test]
fn waits_come_from_whole_histograms_of_attended_interactions_and_from_the_mixs_baseline() {
    let run = sealed();
    let found = measurement("runs/peak", &run).unwrap();
    let attended = run.record.mix.iter().filter(|row| row.attended).count();
    assert_eq!(found.waits.len(), attended);
    let first = &found.waits[0];
    assert_eq!(first.interaction, "pds-retrieve");
    assert_eq!(first.share, 0.355031, "as the mix states it, not as it was replayed");
    let before = first.before_s.unwrap();
    assert!((before[0] - 0.245).abs() < 1e-12 && before[1] == 0.0 && before[2] < before[0], "{before:?}");
    assert!(first.now_s[0] > 0.0 && first.now_s[1] == 0.0, "{:?}", first.now_s);
}

#[test]
fn an_invalid_run_is_refused_with_its_reasons() {
    let mut run = sealed();
    run.record.validity.valid = false;
    run.record.validity.reasons = vec!["The generator was late.".into()];
    let sentence = measurement("runs/peak", &run).unwrap_err();
    assert!(sentence.contains("runs/peak") && sentence.contains("The generator was late."), "{sentence}");
}

#[test]
fn a_run_over_budget_gives_no_capacity_and_says_so() {
    let mut run = sealed();
    run.record.verdict = Verdict::OverBudget;
    let found = measurement("runs/peak", &run).unwrap();
    assert!(!found.metrics.contains_key("capacity_per_s"));
    assert!(found.warnings.iter().any(|w| w.contains("spinebench limit")), "{:?}", found.warnings);
    assert!(found.metrics.contains_key("hub_cpu_s_per_message"));
}

#[test]
fn what_could_not_be_watched_is_absent_and_not_zero() {
    let mut run = sealed();
    run.record.hub = None;
    run.resources.retain(|row| row.who == run_record::Who::Harness);
    run.record.target.kind = "url".into();
    run.record.target.url = "https://elsewhere.example".into();
    let found = measurement("runs/peak", &run).unwrap();
    let mut names: Vec<&str> = found.metrics.keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["capacity_per_s", "response_mean_s"]);
    assert_eq!((found.cpu.as_str(), found.cores), ("unknown", 0));
}

#[test]
fn a_data_folder_that_shrank_says_nothing_of_a_message() {
    let mut run = sealed();
    let hub = run.record.hub.as_mut().unwrap();
    (hub.data_bytes_before, hub.data_bytes) = (Some(9), Some(8));
    assert!(!measurement("runs/peak", &run).unwrap().metrics.contains_key("disk_bytes_per_message"));
}

#[test]
fn a_plan_that_rises_and_falls_lends_its_shape_to_no_capacity() {
    let mut run = sealed();
    run.record.phases[1].to_per_s = 900.0;
    assert_eq!(measurement("runs/peak", &run).unwrap().metrics["capacity_per_s"].seen, Vec::<f64>::new());
}

#[test]
fn a_limit_gives_its_confirmed_rate_up_to_the_lowest_that_failed() {
    let limit = limit();
    let failed = limit.probes.iter().filter(|p| p.verdict == ProbeVerdict::OverBudget).map(|p| p.rate_per_s);
    let lowest = failed.fold(f64::MAX, f64::min);
    let found = limit_measurement("runs/limit", "cd", &limit, &[]).unwrap();
    let capacity = &found.metrics["capacity_per_s"];
    assert_eq!((capacity.value, &capacity.seen[..]), (1_414.25, &[1_414.25, lowest][..]));
    assert!(capacity.how.contains("2 of 2 runs") && !capacity.how.contains("at least"), "{}", capacity.how);
    // Their records are gone: processor time still stands in the rows, waits stand nowhere.
    assert!(found.metrics.contains_key("hub_cpu_s_per_message") && found.waits.is_empty());
    assert!(found.warnings.iter().any(|w| w.contains("are gone")));
}

#[test]
fn a_limit_takes_all_else_as_the_median_over_the_runs_that_confirmed_it() {
    let limit = limit();
    assert_eq!(confirming(&limit).count(), 2);
    let runs: Vec<Measured> = [1.0, 3.0, 2.0]
        .into_iter()
        .map(|times| {
            let mut run = sealed();
            run.resources.iter_mut().for_each(|row| row.cpu_share *= times);
            run
        })
        .collect();
    let found = limit_measurement("runs/limit", "cd", &limit, &runs).unwrap();
    let cores = &found.metrics["hub_cores_used"];
    let one = measurement("runs/peak", &runs[0]).unwrap().metrics["hub_cores_used"].value;
    assert!((cores.value / one - 2.0).abs() < 1e-9 && cores.seen.len() == 3, "{cores:?}");
    let alone = measurement("runs/peak", &runs[0]).unwrap().waits;
    assert_eq!(found.waits.len(), alone.len());
    for (all, one) in found.waits.iter().zip(&alone) {
        assert!((all.now_s[0] / one.now_s[0] - 1.0).abs() < 1e-9, "equal runs added up: {all:?} and {one:?}");
    }
}

#[test]
fn a_limit_that_something_else_ended_is_a_lower_bound_and_one_without_capacity_is_refused() {
    let mut limit = limit();
    (limit.at_least, limit.limited_by) = (true, LimitedBy::Generator);
    let found = limit_measurement("runs/limit", "cd", &limit, &[]).unwrap();
    let capacity = &found.metrics["capacity_per_s"];
    assert!(capacity.how.starts_with("at least") && capacity.how.contains("generator"), "{}", capacity.how);
    assert!(capacity.seen.is_empty());
    (limit.capacity_per_s, limit.limited_by) = (None, LimitedBy::BelowRange);
    let sentence = limit_measurement("runs/limit", "cd", &limit, &[]).unwrap_err();
    assert!(sentence.contains("below-range"), "{sentence}");
}

#[test]
fn the_shipped_case_takes_its_capacity_and_its_hours_from_a_run() {
    let found = measurement("runs/peak", &sealed()).unwrap();
    let hub = build(built_in("cases/hub-today.toml"), Some(&found)).unwrap_or_else(|f| panic!("{f}"));
    let measured: Vec<&str> = hub
        .model
        .assumptions
        .iter()
        .filter(|a| a.provenance.evidence == Evidence::Measured)
        .map(|a| a.from.as_ref().map_or("", |from| from.metric.as_str()))
        .collect();
    assert!(
        measured.contains(&"capacity_per_s") && measured.contains(&"disk_bytes_per_message"),
        "{measured:?}"
    );
    assert!(hub.options.iter().any(|option| option.hours.is_some_and(|by| hub.values.one(by[0]) > 0.0)));
    // The made-up processor is not the priced one.
    assert!(hub.substituted.iter().any(|s| s.contains("processor")), "{:?}", hub.substituted);
}

#[test]
fn an_assumption_that_names_its_own_run_takes_it_from_there_alone() {
    let mut model = built_in("cases/hub-today.toml");
    let bound = model.assumptions.iter_mut().find(|a| a.from.is_some()).expect("one is bound");
    let name = bound.name.clone();
    if let Some(from) = &mut bound.from {
        from.run = Some("runs/other".into());
    }
    let mut other = measurement("runs/other", &sealed()).unwrap();
    let metric = other.metrics.get_mut("capacity_per_s").expect("a capacity");
    (metric.value, metric.seen) = (4_321.0, Vec::new());
    let model = cost_model::bind_run(model, "runs/other", &other).unwrap_or_else(|f| panic!("{f}"));
    let given = measurement("runs/peak", &sealed()).unwrap();
    let built = build(model, Some(&given)).unwrap_or_else(|f| panic!("{f}"));
    assert_eq!(built.model.assumption(&name).map(|a| a.value), Some(4_321.0));
}
