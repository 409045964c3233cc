//! The case of the reference hub at today's prices: it loads, builds with and without a run, and a figure that was computed
//! outside the engine comes out of it.

use cost_model::{Measurement, Metric, Wait, build, check_model, load_model};
use std::path::Path;

fn model() -> cost_model::Model {
    load_model(None, Path::new("cases/hub-today.toml")).unwrap_or_else(|faults| panic!("{faults}"))
}

fn measurement() -> Measurement {
    let metric = |value: f64, unit: &str, seen: Vec<f64>| Metric {
        value,
        unit: unit.to_owned(),
        seen,
        how: "made up for a test".to_owned(),
    };
    Measurement {
        origin: "runs/test".to_owned(),
        sha256: "00".repeat(32),
        date: "2026-11-26".to_owned(),
        scenario: "Test".to_owned(),
        valid: true,
        metrics: [
            ("capacity_per_s".to_owned(), metric(4_000.0, "message/s/node", vec![3_900.0, 4_000.0, 4_100.0])),
            ("hub_cpu_s_per_message".to_owned(), metric(250e-6, "s/message", vec![240e-6, 260e-6])),
        ]
        .into(),
        waits: vec![
            Wait {
                interaction: "pds-retrieve".to_owned(),
                share: 0.355,
                now_s: [0.001, 0.0, 0.0],
                before_s: Some([0.245, 0.0, 0.0]),
            },
            Wait {
                interaction: "pds-trace".to_owned(),
                share: 0.085,
                now_s: [0.002, 0.0, 0.0],
                before_s: None,
            },
        ],
        cpu: "AMD EPYC".to_owned(),
        cores: 2,
        store: "fjall".to_owned(),
        nodes: 1,
        warnings: Vec::new(),
    }
}

#[test]
fn it_passes_the_linter_on_the_day_it_was_made() {
    let faults = check_model(&model(), "2026-11-26");
    assert!(faults.is_empty(), "{faults:?}");
    assert!(!check_model(&model(), "2027-04-01").is_empty(), "it is past its sunset then");
}

#[test]
fn without_a_run_it_builds_and_says_that_nothing_was_measured() {
    let case = build(model(), None).unwrap_or_else(|faults| panic!("{faults}"));
    assert!(case.substituted[0].contains("Nothing was measured"), "{:?}", case.substituted);
    assert!(case.options.iter().all(|option| option.hours.is_none()));
}

#[test]
fn a_run_takes_the_place_of_the_fallbacks_and_brings_the_hours() {
    let (without, with) = (
        build(model(), None).unwrap_or_else(|f| panic!("{f}")),
        build(model(), Some(&measurement())).unwrap_or_else(|f| panic!("{f}")),
    );
    let ha =
        |case: &cost_model::Appraisal| case.options.iter().position(|o| o.name == "hub_ha").expect("there");
    let (at, before) = (ha(&with), ha(&without));
    let hours = with.options[at].hours.expect("the run brings waits");
    assert!(with.values.one(hours[0]) > 0.0);
    assert_eq!(
        with.options[at].benefits.iter().filter(|b| !b.interaction.is_empty()).count(),
        2,
        "a row each"
    );
    let bound = with.model.assumptions.iter().find(|a| a.name == "node_tps").expect("there");
    assert_eq!((bound.value, bound.provenance.evidence.word()), (4_000.0, "measured"));
    assert_eq!(bound.provenance.run_sha256.as_deref(), Some("00".repeat(32).as_str()));
    assert!(
        with.values.one(with.options[at].npsc) < without.values.one(without.options[before].npsc),
        "more messages a node need fewer nodes"
    );
    let mut other = measurement();
    other.store = "memory".to_owned();
    other.cores = 8;
    let case = build(model(), Some(&other)).unwrap_or_else(|f| panic!("{f}"));
    let said = case.substituted.join("\n");
    assert!(said.contains("Substituted configuration: the store engine") && said.contains("cores"), "{said}");
}

#[test]
fn an_invalid_run_and_a_wrong_unit_are_refused_together() {
    let mut bad = measurement();
    bad.valid = false;
    bad.metrics.get_mut("capacity_per_s").expect("there").unit = "s".to_owned();
    let faults = build(model(), Some(&bad)).expect_err("refused").to_string();
    assert!(faults.contains("the run is not valid") && faults.contains("units differ"), "{faults}");
}

#[test]
fn no_scenario_gives_a_figure_that_is_no_number() {
    let case = build(model(), Some(&measurement())).unwrap_or_else(|f| panic!("{f}"));
    for number in 0..=case.model.scenarios.len() {
        let values = case.graph.evaluate(&[(case.switches.scenario, number as f64)]);
        assert_eq!(values.not_finite().count(), 0, "scenario {number}");
        for (id, what) in &case.checks {
            assert!(values.one(*id).abs() < 1e-3, "{what}: {} in scenario {number}", values.one(*id));
        }
    }
}
