//! What judging promises: exact limits are kept, nothing is met without samples, and invalid outranks everything.

mod support;

use reports::{complete, judge, verdict};
use run_record::*;

fn line(interaction: &str, metric: &str, limit: f64) -> BudgetLine {
    BudgetLine {
        interaction: interaction.into(),
        metric: metric.into(),
        limit,
        limit_text: "as written".into(),
    }
}

fn row(interaction: &str, kind: Kind, count: u64, failed: u64) -> InteractionRow {
    InteractionRow {
        interaction: interaction.into(),
        kind,
        count,
        failed,
        mean_ns: 5,
        p50_ns: 50,
        p90_ns: 90,
        p99_ns: 99,
        p99_9_ns: 999,
        p99_99_ns: 9_999,
        max_ns: 10_000,
    }
}

fn run() -> Measured {
    let mut run = support::peak();
    run.record.counts = Counts { planned: 1_010, sent: 1_000, dropped: 10, answered: 995, failed: 5 };
    run.record.rate_per_s = RatePerS { planned: 101.0, achieved: 99.5 };
    run.interactions = vec![
        row("all", Kind::Response, 1_000, 5),
        row("all", Kind::Service, 1_000, 5),
        row("a", Kind::Response, 200, 5),
        row("a", Kind::Service, 200, 5),
        row("b", Kind::Response, 0, 0),
    ];
    run.interactions[3].p99_ns = 42;
    run
}

#[track_caller]
fn judged(interaction: &str, metric: &str, limit: f64) -> (Option<f64>, bool) {
    let verdicts = judge(&run(), &[line(interaction, metric, limit)]);
    assert_eq!(verdicts.len(), 1);
    (verdicts[0].measured, verdicts[0].met)
}

#[test]
fn every_metric_reads_its_own_figure() {
    for (metric, wanted) in [
        ("response-p50", 50.0),
        ("response-p90", 90.0),
        ("response-p99", 99.0),
        ("response-p99.9", 999.0),
        ("response-p99.99", 9_999.0),
        ("response-max", 10_000.0),
    ] {
        assert_eq!(judged("a", metric, 1e9), (Some(wanted), true), "{metric}");
    }
    assert_eq!(judged("a", "service-p99", 1e9), (Some(42.0), true), "service is not response");
}

#[test]
fn a_limit_reached_exactly_is_kept_and_one_unit_more_is_not() {
    assert_eq!(judged("all", "response-p99", 99.0), (Some(99.0), true));
    assert_eq!(judged("all", "response-p99", 98.9), (Some(99.0), false));
    assert_eq!(judged("all", "errors", 0.005), (Some(0.005), true));
    assert_eq!(judged("all", "errors", 0.0049), (Some(0.005), false));
    assert_eq!(judged("all", "rate", 99.5), (Some(99.5), true), "a rate is a floor");
    assert_eq!(judged("all", "rate", 99.6), (Some(99.5), false));
}

#[test]
fn errors_and_rate_of_one_interaction_are_its_own() {
    assert_eq!(judged("a", "errors", 0.03), (Some(0.025), true));
    let (rate, met) = judged("a", "rate", 19.0);
    assert!((rate.unwrap() - 19.5).abs() < 1e-9 && met, "195 of 995 answers at 99.5/s");
}

#[test]
fn nothing_is_met_without_samples() {
    for (interaction, metric) in [
        ("b", "response-p99"),
        ("b", "errors"),
        ("b", "rate"),
        ("nobody", "response-p50"),
        ("a", "response-p12"),
        ("a", "send_lag-p99"),
        ("a", "nonsense"),
        ("a", ""),
    ] {
        assert_eq!(judged(interaction, metric, f64::MAX), (None, false), "{interaction} {metric}");
    }
    let mut nothing = run();
    nothing.record.counts = Counts::default();
    assert_eq!(judge(&nothing, &[line("all", "errors", 1.0)])[0].measured, None, "no share of nothing");
}

#[test]
fn limits_that_are_no_numbers_are_never_met() {
    assert_eq!(judged("all", "response-p99", f64::NAN), (Some(99.0), false));
    assert_eq!(judged("all", "rate", f64::NAN), (Some(99.5), false));
}

#[test]
fn verdicts_keep_the_order_of_the_scenario() {
    let lines = [line("all", "errors", 1.0), line("a", "response-max", 1.0), line("all", "rate", 0.0)];
    let verdicts = judge(&run(), &lines);
    let order: Vec<&str> = verdicts.iter().map(|v| v.metric.as_str()).collect();
    assert_eq!(order, ["errors", "response-max", "rate"]);
    assert!(verdicts.iter().all(|v| v.limit_text == "as written"));
}

#[test]
fn an_invalid_run_is_invalid_whatever_its_budgets_say() {
    let kept = judge(&run(), &[line("all", "response-p99", 1e9)]);
    let broken = judge(&run(), &[line("all", "response-p99", 1.0)]);
    let valid = Validity { valid: true, ..Validity::default() };
    let invalid = Validity { valid: false, reasons: vec!["The hub was not ours.".into()], warnings: vec![] };
    assert_eq!(verdict(&valid, &kept), Verdict::Pass);
    assert_eq!(verdict(&valid, &[]), Verdict::Pass, "no budget is no broken budget");
    assert_eq!(verdict(&valid, &broken), Verdict::OverBudget);
    assert_eq!(verdict(&invalid, &kept), Verdict::Invalid);
    assert_eq!(verdict(&invalid, &broken), Verdict::Invalid);
}

#[test]
fn completing_fills_budgets_hours_and_verdict() {
    let run = support::peak();
    assert_eq!(run.record.verdict, Verdict::Pass);
    assert_eq!(run.record.budgets.len(), 4);
    let hours = run.record.hours_per_day.expect("the mix has attended rows with a baseline");
    assert!(hours.linear > 500.0 && hours.linear < 750.0, "{}", hours.linear);
    assert!(hours.above_1s > 0.0 && hours.tapered > 0.0);
    let sum: f64 = hours.lines.iter().map(|line| line.linear).sum();
    assert!((sum - hours.linear).abs() < 1e-9);
    assert!(hours.basis[0].contains("47.5 % of 13,150,685 messages a day"), "{}", hours.basis[0]);
    assert!(
        hours.lines.iter().all(|line| line.source.starts_with("estimate")),
        "the baseline says it is an estimate"
    );
}

#[test]
fn hours_are_left_out_when_nobody_waits() {
    let mut run = support::peak();
    run.record.mix.iter_mut().for_each(|row| row.attended = false);
    complete(&mut run, &[], Some(&support::case()));
    assert_eq!(run.record.hours_per_day, None);
}

#[test]
fn an_interaction_of_the_users_own_takes_its_baseline_from_the_mix() {
    let mut run = support::peak();
    run.record.mix.truncate(1);
    run.record.mix[0].interaction = "all".into();
    run.record.mix[0].legacy_ms = Some(1_000.0);
    run.record.mix[0].source = "own measurement of 2024".into();
    complete(&mut run, &[], Some(&support::case()));
    let hours = run.record.hours_per_day.unwrap();
    assert_eq!(hours.lines.len(), 1);
    assert_eq!(hours.lines[0].source, "as the mix states it: own measurement of 2024");
}
