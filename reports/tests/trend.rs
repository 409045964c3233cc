//! What a trend promises: runs are grouped by what makes them comparable and sorted by time, a step is found at its run, what cannot be
//! used is named, and nobody takes it for a gate.

#[path = "support/html.rs"]
mod html_rules;
mod support;

use std::sync::OnceLock;

use html_rules::{balanced, self_contained};
use reports::{Trend, trend, trend_html, trend_json, trend_run, trend_text};
use run_record::*;

const SEED: u64 = 42;

/// A run whose response times are `level` times those of the sample, with a little noise of its own.
fn run(day: u32, level: f64) -> (String, Measured) {
    // A trend reads no histograms, and they are most of what a record weighs.
    static LIGHT: OnceLock<Measured> = OnceLock::new();
    let light = || Measured { histograms: Vec::new(), ..support::peak() };
    let mut run = LIGHT.get_or_init(light).clone();
    let noise = 1.0 + 0.01 * ((f64::from(day) * 2.399).sin());
    for row in &mut run.interactions {
        row.p50_ns = (row.p50_ns as f64 * level * noise) as u64;
        row.p99_ns = (row.p99_ns as f64 * level * noise) as u64;
    }
    run.record.started = format!("2026-{:02}-{:02}T02:00:00Z", 1 + day / 28, 1 + day % 28);
    (format!("nightly-{day:03}"), run)
}

/// Thirty nights, slower by a fifth from the eighteenth on; told in any order.
fn nights() -> Vec<reports::TrendRun> {
    let mut runs: Vec<_> = (0..30)
        .map(|day| run(day, if day < 18 { 1.0 } else { 1.2 }))
        .map(|(name, run)| trend_run(&name, &run))
        .collect();
    runs.reverse();
    runs
}

fn found(trend: &Trend, interaction: &str, metric: &str) -> Vec<String> {
    let series = trend.groups[0].series.iter().find(|s| s.interaction == interaction && s.metric == metric);
    series.expect(metric).changes.iter().map(|change| change.run.clone()).collect()
}

#[test]
fn a_step_is_found_at_its_run_in_the_metrics_that_took_it() {
    let trend = trend(nights(), vec![], SEED);
    assert_eq!(trend.groups.len(), 1);
    assert_eq!(trend.groups[0].runs[0], "nightly-000", "sorted by time");
    for (interaction, metric) in
        [("all", "response-p50"), ("all", "response-p99"), ("pds-retrieve", "response-p50")]
    {
        assert_eq!(found(&trend, interaction, metric), ["nightly-018"], "{interaction} {metric}");
    }
    for metric in ["errors", "rate", "cpu-per-transaction", "hub-memory"] {
        assert!(found(&trend, "all", metric).is_empty(), "{metric} did not move");
    }
    let series = &trend.groups[0].series[0];
    let change = series.changes[0].change.unwrap();
    assert!((change - 0.2).abs() < 0.02, "{change}");
}

#[test]
fn runs_that_are_not_comparable_are_never_one_line() {
    let mut runs = nights();
    for day in 0..12 {
        let (name, mut run) = run(40 + day, 5.0);
        run.record.host.cores = 64;
        runs.push(trend_run(&name, &run));
    }
    let trend = trend(runs, vec![], SEED);
    assert_eq!(
        trend.groups.iter().map(|g| g.runs.len()).collect::<Vec<_>>(),
        [12, 30],
        "the newest group first"
    );
    assert!(trend.groups[0].agreed("machine class").contains("64 cores"));
}

#[test]
fn what_cannot_be_used_is_named_with_its_reason() {
    let mut runs = nights();
    let (name, mut bad) = run(50, 9.0);
    bad.record.validity =
        Validity { valid: false, reasons: vec!["Send lag was long.".into()], warnings: vec![] };
    runs.push(trend_run(&name, &bad));
    let (name, mut short) = run(51, 9.0);
    short.record.interrupted = true;
    runs.push(trend_run(&name, &short));
    let trend = trend(runs, vec!["broken: left out, record.json: truncated.".into()], SEED);
    assert_eq!(trend.groups[0].runs.len(), 30);
    for text in [trend_text(&trend), trend_html(&trend), trend_json(&trend)] {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for words in [
            "broken: left out, record.json: truncated.",
            "nightly-050: left out, the run is invalid: Send lag was long.",
            "nightly-051: left out, it was stopped before its plan ended.",
        ] {
            assert!(text.contains(words), "{words}: {text}");
        }
    }
}

#[test]
fn few_runs_say_how_many_are_needed_and_none_say_so() {
    let few = trend(nights().into_iter().take(9).collect(), vec![], SEED);
    assert!(trend_text(&few).contains("none can be found: 9 runs, 10 needed"), "{}", trend_text(&few));
    assert!(trend_html(&few).contains("No change can be found: 9 runs, 10 needed."));
    let none = trend(vec![], vec![], SEED);
    assert!(trend_text(&none).contains("No runs to follow"));
    balanced(&trend_html(&none));
    assert_eq!(
        trend_json(&none),
        "{\n  \"schema\": \"spinebench.trend/v1\",\n  \"groups\": [],\n  \"left_out\": []\n}\n"
    );
}

#[test]
fn every_form_says_that_it_is_no_gate_and_the_same_runs_give_the_same_bytes() {
    let (once, again) = (trend(nights(), vec![], SEED), trend(nights(), vec![], SEED));
    assert_eq!(trend_json(&once), trend_json(&again));
    assert!(trend_text(&once).starts_with("TREND: National peak"));
    for text in [trend_text(&once), trend_html(&once)] {
        assert!(text.contains("never as a gate"), "{text}");
    }
}

#[test]
fn the_page_has_a_chart_a_metric_and_is_safe_against_hostile_text() {
    let evil = "<script>alert('x')</script>\"&\u{0}";
    let runs = (0..30).map(|day| {
        let (_, mut run) = run(day, if day < 18 { 1.0 } else { 1.2 });
        run.record.scenario.title = evil.into();
        run.record.host.cpu = evil.into();
        run.interactions[3].interaction = evil.into();
        if day == 3 {
            run.record.started = evil.into();
        }
        trend_run(evil, &run)
    });
    let page = trend_html(&trend(runs.collect(), vec![evil.into()], SEED));
    self_contained(&page);
    balanced(&page);
    assert!(page.matches("<svg").count() >= 7 && !page.contains("NaN"));
}
