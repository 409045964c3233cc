//! What the reports promise: the page is whole, self-contained, safe against hostile text, and stands for any run; the
//! terminal's summary is as it was.

mod support;

use std::path::Path;

use reports::{CHARTS, RENDERERS, html, summary, summary_at};
use run_record::*;

/// Set to rewrite the golden file from what is written now.
const BLESS: &str = "SPINEBENCH_BLESS";

#[track_caller]
fn self_contained(page: &str) {
    // Addresses may stand in the text; nothing may be loaded from one.
    for loader in [
        "<script",
        "<link",
        "<img",
        "<iframe",
        "<object",
        "src=",
        "@import",
        "url(",
        "href=\"http",
        "xlink",
        "xmlns",
    ] {
        assert!(!page.contains(loader), "the page holds {loader:?}");
    }
}

#[track_caller]
fn balanced(page: &str) {
    for name in [
        "section", "table", "figure", "svg", "dl", "ul", "main", "header", "body", "html", "div", "p", "text",
    ] {
        let open = page.matches(&format!("<{name}>")).count() + page.matches(&format!("<{name} ")).count();
        let close = page.matches(&format!("</{name}>")).count();
        assert_eq!(open, close, "<{name}> opens {open} times and closes {close} times");
    }
}

#[test]
fn the_page_has_every_part_and_every_chart() {
    let page = html(&support::peak());
    for id in
        ["budgets", "validity", "ran", "times", "seconds", "resources", "mix", "hours", "errors", "machine"]
    {
        assert!(page.contains(&format!("<section id=\"{id}\"")), "{id}");
    }
    for chart in CHARTS {
        assert!(page.contains(&format!("<figure id=\"{}\"", chart.id)), "{}", chart.id);
    }
    for words in [
        "\u{2713}</span> PASS",
        "spinebench run scenarios/national-peak.toml",
        "Hub and harness shared 2 cores",
        "e-Referral Service",
        "under assumptions",
        "tuned",
        "Above one second",
        "99.999 %",
        "3f3f3f3f",
        "Example 2-core processor",
        "No request failed",
    ] {
        assert!(page.contains(words), "{words}");
    }
}

#[test]
fn the_verdict_comes_before_everything_else() {
    let page = html(&support::peak());
    let body = &page[page.find("<body>").unwrap()..];
    assert!(body.find("class=\"verdict").unwrap() < body.find("<section").unwrap());
    let text = summary(&support::peak());
    assert!(text.starts_with("PASS: National peak"), "{text}");
}

#[test]
fn the_page_loads_nothing_and_closes_what_it_opens() {
    let page = html(&support::peak());
    self_contained(&page);
    balanced(&page);
    assert!(page.len() < 400_000, "{} bytes", page.len());
}

#[test]
fn every_chart_tells_readers_who_cannot_see_it_what_it_shows() {
    let run = support::peak();
    for chart in CHARTS {
        let svg = (chart.draw)(&run).expect("the sample run has data for every chart");
        assert!(
            svg.starts_with("<svg viewBox=") && svg.contains("role=\"img\" aria-label=\""),
            "{}",
            chart.id
        );
        assert!(!svg.contains("#000000"), "{}: black does not stand on dark ground", chart.id);
    }
}

#[test]
fn hostile_text_stays_text() {
    let evil = "<script>alert('x')</script>\"&\u{0}=cmd|' /C calc'!A0";
    let mut run = support::peak();
    let record = &mut run.record;
    let spoil = |place: &mut String| *place = evil.to_owned();
    spoil(&mut record.scenario.title);
    spoil(&mut record.scenario.path);
    spoil(&mut record.scenario.text);
    spoil(&mut record.command);
    spoil(&mut record.target.url);
    spoil(&mut record.host.cpu);
    spoil(&mut record.phases[0].name);
    spoil(&mut record.mix[0].interaction);
    spoil(&mut record.mix[0].source);
    spoil(&mut record.not_replayed[0].row);
    spoil(&mut record.budgets[0].limit_text);
    spoil(&mut record.budgets[0].metric);
    spoil(&mut record.validity.warnings[0]);
    spoil(&mut record.arrivals);
    spoil(&mut record.started);
    spoil(&mut record.hours_per_day.as_mut().unwrap().basis[0]);
    spoil(&mut record.hours_per_day.as_mut().unwrap().lines[0].source);
    spoil(&mut run.interactions[3].interaction);
    spoil(&mut run.histograms[3].interaction);
    run.errors.push(ErrorRow {
        interaction: evil.into(),
        kind: evil.into(),
        detail: evil.into(),
        count: 1,
        first_at_s: 0.0,
    });
    let page = html(&run);
    self_contained(&page);
    balanced(&page);
    assert!(!page.contains('\u{0}') && page.contains("&lt;script&gt;"));
    summary(&run);
}

#[test]
fn an_empty_run_is_drawn_without_a_panic() {
    let mut run = support::peak();
    run.interactions.clear();
    run.histograms.clear();
    run.series.clear();
    run.resources.clear();
    run.heat_map = HeatMap::default();
    run.record.counts = Counts::default();
    run.record.counts_all = Counts::default();
    run.record.rate_per_s = RatePerS::default();
    run.record.hub = None;
    run.record.hours_per_day = None;
    run.record.mix.clear();
    run.record.not_replayed.clear();
    run.record.phases.clear();
    run.record.interrupted = true;
    run.record.validity = Validity {
        valid: false,
        reasons: vec!["The run was stopped by Ctrl-C after 0 s.".into()],
        warnings: vec![],
    };
    reports::complete(&mut run, &support::budget_lines(), None);
    let page = html(&run);
    self_contained(&page);
    balanced(&page);
    assert!(page.contains("No request was measured") && page.contains("stopped before its plan ended"));
    assert!(page.contains("INVALID"), "the verdict says so");
    let text = summary(&run);
    assert!(text.starts_with("INVALID: National peak") && text.contains("no samples"), "{text}");
}

#[test]
fn one_second_and_one_sample_are_drawn_too() {
    let mut run = support::peak();
    run.series.truncate(1);
    run.resources.truncate(1);
    run.heat_map.seconds.truncate(1);
    run.heat_map.counts.truncate(1);
    run.histograms.iter_mut().for_each(|named| {
        named.histogram.reset();
        named.histogram.saturating_record(1_234_567);
    });
    for chart in CHARTS {
        let svg = (chart.draw)(&run).unwrap_or_default();
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{}", chart.id);
    }
    balanced(&html(&run));
}

#[test]
fn extreme_figures_are_drawn_too() {
    let mut run = support::peak();
    for row in &mut run.series {
        row.planned = u64::from(u32::MAX);
        row.response_max_ns = HISTOGRAM_HIGHEST_NS;
        row.response_p50_ns = 1;
    }
    run.resources[0].cpu_share = f64::NAN;
    run.resources[1].cpu_share = 1e12;
    run.record.measured_s = f64::INFINITY;
    let page = html(&run);
    balanced(&page);
    assert!(!page.contains("NaN") && !page.contains("=\"inf"));
}

#[test]
fn a_day_long_run_does_not_grow_the_page() {
    let mut run = support::peak();
    let (rows, map) = (run.series.clone(), run.heat_map.clone());
    run.series =
        (0..86_400u32).map(|s| SecondRow { second: s, ..rows[20 + s as usize % 50].clone() }).collect();
    run.heat_map.seconds = (0..86_400).collect();
    run.heat_map.counts = (0..86_400).map(|s| map.counts[20 + s % 50].clone()).collect();
    assert!(html(&run).len() < 800_000);
}

#[test]
fn broken_budgets_and_errors_are_told_first() {
    let mut run = support::peak();
    run.record.counts.failed = 7;
    run.errors = (0..12)
        .map(|i| ErrorRow {
            interaction: "eps-claim".into(),
            kind: "status".into(),
            detail: format!("got 50{i}, allowed 200"),
            count: 7 - i.min(6),
            first_at_s: 12.25,
        })
        .collect();
    let lines = [BudgetLine {
        interaction: "all".into(),
        metric: "response-p99".into(),
        limit: 1e6,
        limit_text: "1ms".into(),
    }];
    reports::complete(&mut run, &lines, None);
    let text = summary(&run);
    assert!(text.starts_with("OVER BUDGET: National peak"), "{text}");
    assert!(text.contains("BROKEN all response-p99  at most 1ms"), "{text}");
    assert!(text.contains("7 x eps-claim status: got 500, allowed 200"), "{text}");
    assert!(text.contains("and 2 more kinds in errors.csv"), "{text}");
    let page = html(&run);
    assert!(page.contains("\u{2717} broken") && page.contains("got 500, allowed 200"));
}

#[test]
fn the_summary_ends_with_where_the_record_lies() {
    let text = summary_at(&support::peak(), Path::new("target/runs/x"));
    assert!(text.trim_end().ends_with("Record: target/runs/x"), "{text}");
}

#[test]
fn the_summary_is_as_it_was() {
    let text = summary(&support::peak());
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/summary.txt");
    if std::env::var_os(BLESS).is_some() {
        std::fs::write(&golden, &text).unwrap();
    }
    let wanted = std::fs::read_to_string(&golden).unwrap_or_default();
    assert!(
        text == wanted,
        "the summary differs from tests/golden/summary.txt; if that is meant, run again with {BLESS}=1\n{text}"
    );
    let widest = text.lines().map(|line| line.chars().count()).max().unwrap();
    assert!(widest <= 100, "{widest} columns");
}

#[test]
fn every_renderer_has_its_own_name_and_file() {
    for (i, renderer) in RENDERERS.iter().enumerate() {
        assert!(
            RENDERERS[..i].iter().all(|other| other.name != renderer.name && other.file != renderer.file)
        );
        assert!(!(renderer.render)(&support::peak()).is_empty());
    }
}

#[test]
fn a_written_record_draws_the_same_page() {
    let folder = tempfile::tempdir().unwrap();
    let run = support::peak();
    let record = write(folder.path(), "peak", &run, &[("report.html", html(&run).as_bytes())]).unwrap();
    let back = read(&record).unwrap();
    assert_eq!(html(&back), std::fs::read_to_string(record.join("report.html")).unwrap());
}
