//! What a comparison promises: it refuses what is not comparable with both values, finds what moved, claims nothing that one run
//! cannot know, and stands for any two runs.

#[path = "support/html.rs"]
mod html_rules;
mod support;

use std::path::Path;

use html_rules::{balanced, self_contained};
use reports::{Comparison, compare, compare_html, compare_markdown, compare_text};
use run_record::*;

/// Set to rewrite the golden file from what is written now.
const BLESS: &str = "SPINEBENCH_BLESS";

/// The sample run with every time longer by a part.
fn slower(by: f64) -> Measured {
    let mut run = support::peak();
    for named in &mut run.histograms {
        let mut longer = new_histogram();
        for step in named.histogram.iter_recorded() {
            let ns = (step.value_iterated_to() as f64 * (1.0 + by)) as u64;
            longer.record_n(ns, step.count_at_value()).unwrap();
        }
        named.histogram = longer;
    }
    run.interactions = interaction_rows(&run.histograms, &Default::default());
    run.record.hub.as_mut().unwrap().cpu_seconds *= 1.0 + by;
    run.record.started = "2026-01-06T09:30:00Z".into();
    run
}

fn of<'a>(a: &'a Measured, b: &'a Measured) -> Comparison<'a> {
    compare(("before", a), ("after", b)).expect("comparable")
}

fn change(comparison: &Comparison<'_>, interaction: &str, metric: &str) -> f64 {
    let row = comparison.rows.iter().find(|r| r.interaction == interaction && r.metric == metric);
    row.and_then(|row| row.change).unwrap_or_else(|| panic!("{interaction} {metric}")).value
}

#[test]
fn a_run_against_itself_has_not_moved() {
    let run = support::peak();
    let comparison = of(&run, &run);
    assert!(comparison.rows.len() > 300, "{} rows", comparison.rows.len());
    for row in &comparison.rows {
        assert!(!row.stands_out(), "{row:?}");
        assert_eq!(row.change.map(|c| c.value), Some(0.0), "{row:?}");
    }
    assert_eq!(comparison.rows[0].interaction, "all");
}

#[test]
fn a_tenth_slower_is_found_where_there_are_samples_enough() {
    let (a, b) = (support::peak(), slower(0.1));
    let comparison = of(&a, &b);
    for metric in ["response-mean", "response-p50", "service-p99", "response-max", "cpu-per-transaction"] {
        let change = change(&comparison, "all", metric);
        assert!((change - 0.1).abs() < 0.003, "{metric}: {change}");
    }
    let row = |interaction: &str, metric: &str| {
        comparison.rows.iter().find(|r| r.interaction == interaction && r.metric == metric)
    };
    assert!(row("all", "response-p50").unwrap().stands_out());
    assert!(row("pds-retrieve", "response-p50").unwrap().stands_out());
    // Some 54 samples: p95 has no upper bound, p99.9 is the maximum under another name.
    let rare = row("mesh-handshake", "response-p95").expect("has a p95");
    assert!(rare.change.unwrap().within.is_none(), "{rare:?}");
    assert!(row("mesh-handshake", "response-p99.9").is_none());
    assert!(
        row("all", "cpu-per-transaction").unwrap().change.unwrap().within.is_none(),
        "one figure has no interval"
    );
}

#[test]
fn what_is_not_comparable_is_refused_with_both_values() {
    type Spoil = fn(&mut RunRecord);
    let spoils: [(&str, Spoil, &str, &str); 7] = [
        ("format version", |r| r.format_version = 7, "1", "7"),
        ("scenario", |r| r.scenario.sha256 = "4e".into(), "3f3f", "4e"),
        (
            "changes to the scenario",
            |r| r.scenario.changes = vec!["rate is 5/s".into()],
            "none",
            "rate is 5/s",
        ),
        ("model", |r| r.model = "users".into(), "open", "users"),
        ("kind of target", |r| r.target.kind = "url".into(), "embedded", "url"),
        ("store", |r| r.hub.as_mut().unwrap().store = Some("memory".into()), "fjall", "memory"),
        ("machine class", |r| r.host.cores = 4, "2 cores, 8 GiB", "4 cores, 8 GiB"),
    ];
    let (a, mut all) = (support::peak(), support::peak());
    for (what, spoil, of_a, of_b) in spoils {
        let mut b = support::peak();
        spoil(&mut b.record);
        spoil(&mut all.record);
        let refused = compare(("before", &a), ("after", &b)).expect_err(what).to_string();
        assert!(refused.contains("before and after are not comparable"), "{refused}");
        let line = refused.lines().nth(1).expect("a line for the difference");
        assert!(
            line.contains(&format!("{what}: got")) && line.contains(of_a) && line.contains(of_b),
            "{line}"
        );
        assert_eq!(refused.lines().count(), 2, "{refused}");
    }
    let refused = compare(("before", &a), ("after", &all)).expect_err("all").to_string();
    assert_eq!(refused.lines().count(), 8, "all differences at once: {refused}");
}

#[test]
fn a_reboot_and_a_new_version_do_not_make_runs_incomparable() {
    let (a, mut b) = (support::peak(), support::peak());
    b.record.host.kernel = "6.12.57-amd64".into();
    b.record.host.memory_bytes -= 40 << 20;
    b.record.tool.version = "0.9.0".into();
    let text = compare_text(&of(&a, &b));
    assert!(text.contains("differ in version of spinebench: 0.1.0 and 0.9.0"), "{text}");
}

#[test]
fn an_invalid_run_is_compared_under_a_warning() {
    let (a, mut b) = (support::peak(), support::peak());
    b.record.validity =
        Validity { valid: false, reasons: vec!["Send lag was long.".into()], warnings: vec![] };
    b.record.interrupted = true;
    let comparison = of(&a, &b);
    for text in [compare_text(&comparison), compare_markdown(&comparison), compare_html(&comparison)] {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            text.contains("after is an invalid run, so its figures must not be used: Send lag was long."),
            "{text}"
        );
        assert!(text.contains("after was stopped before its plan ended."), "{text}");
    }
}

#[test]
fn every_form_says_what_the_intervals_do_not_hold() {
    let (a, b) = (support::peak(), slower(0.1));
    let comparison = of(&a, &b);
    for text in [compare_text(&comparison), compare_markdown(&comparison), compare_html(&comparison)] {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains("They do not hold run-to-run variance"), "{text}");
    }
}

#[test]
fn the_text_is_as_it_was() {
    let (a, b) = (support::peak(), slower(0.1));
    let text = compare_text(&of(&a, &b));
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/compare.txt");
    if std::env::var_os(BLESS).is_some() {
        std::fs::write(&golden, &text).unwrap();
    }
    let wanted = std::fs::read_to_string(&golden).unwrap_or_default();
    assert!(
        text == wanted,
        "differs from tests/golden/compare.txt; if that is meant, run again with {BLESS}=1\n{text}"
    );
    let widest = text.lines().map(|line| line.chars().count()).max().unwrap();
    assert!(widest <= 110, "{widest} columns");
}

#[test]
fn the_page_is_whole_and_safe_against_hostile_text() {
    let evil = "<script>alert('x')</script>\"&\u{0}|`[x](http://y)";
    let (mut a, mut b) = (support::peak(), slower(0.02));
    for run in [&mut a, &mut b] {
        run.record.scenario.title = evil.into();
        run.record.scenario.path = evil.into();
        run.record.command = evil.into();
        run.record.host.cpu = evil.into();
        run.record.started = evil.into();
        run.interactions[3].interaction = evil.into();
        run.histograms[3].interaction = evil.into();
    }
    let comparison = compare((evil, &a), (evil, &b)).expect("alike in their evil");
    let page = compare_html(&comparison);
    self_contained(&page);
    balanced(&page);
    assert!(page.contains("&lt;script&gt;") && page.matches("<svg").count() > 3);
    assert!(page.len() < 400_000, "{} bytes", page.len());
    let markdown = compare_markdown(&comparison);
    assert!(!markdown.contains("<script") && !markdown.contains("|`"), "{markdown}");
    assert!(!compare_text(&comparison).contains('\u{0}'));
}

#[test]
fn empty_runs_compare_without_a_panic() {
    let mut empty = support::peak();
    empty.histograms.clear();
    empty.interactions.clear();
    empty.record.counts = Counts::default();
    empty.record.counts_all = Counts::default();
    empty.record.rate_per_s = RatePerS::default();
    let full = support::peak();
    for (a, b) in [(&empty, &empty), (&empty, &full), (&full, &empty)] {
        let comparison = of(a, b);
        balanced(&compare_html(&comparison));
        let text = compare_text(&comparison) + &compare_markdown(&comparison);
        assert!(!text.contains("NaN") && !text.contains("inf "), "{text}");
    }
}
