//! What the reports promise: the page is whole, self-contained, safe against hostile text, and stands for any run; the
//! terminal's summary is as it was.

#[path = "support/eventful.rs"]
mod eventful;
#[path = "support/pages.rs"]
mod pages;
mod support;

use std::path::Path;

use pages::{balanced, self_contained};
use reports::{CHARTS, RENDERERS, html, summary, summary_at};
use run_record::*;

/// Set to rewrite the golden file from what is written now.
const BLESS: &str = "SPINEBENCH_BLESS";

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

/// Parts of the page that stand only when there is something to say.
const OBSERVED_PARTS: [&str; 6] = ["events", "journeys", "users", "trace", "connections", "steadiness"];

#[test]
fn what_was_observed_stands_on_page_and_terminal() {
    let mut run = eventful::eventful();
    run.record.model = "users".into();
    let page = html(&run);
    self_contained(&page);
    balanced(&page);
    let text = summary(&run);
    let terminal: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for id in OBSERVED_PARTS {
        assert!(page.contains(&format!("<section id=\"{id}\"")), "{id}");
    }
    for words in [
        "Availability 98.5741 %",
        "longest time without a good answer was 1.21 s",
        "Of 24,512 acknowledged writes 24,400 were looked up again: 0 lost, 0 found more than once; 112 were not looked up",
        "Uploads to SCR were not looked up",
        "Event 3 (hub-stop 1s) did not go as written: the hub was still starting.",
        "not felt",
        "1.45 s",
        "1,540",
        "pds-update failed: 1 at step 2 (pds-retrieve), 11 at step 3 (pds-update).",
        "41.0 s",
        "receptionist",
        "coordinated omission cannot be seen",
        "119,996 of 120,000 rows sent at 2 times the recorded speed",
        "4.10 ms at most; 0 out of order",
        "28,040 connections at a time over mutual TLS from 4 source addresses, 28,000 client identities",
        "2,258 handshakes a second",
        "harness 21 KiB, hub 34 KiB",
        "the hypervisor gave away 0.4 %, other processes used 3.1 %",
        "1.03 times that before it",
        "Response times were steady: over 60 measured seconds",
    ] {
        assert!(page.contains(words), "the page lacks {words:?}");
        assert!(terminal.contains(words), "the summary lacks {words:?}:\n{text}");
    }
    let widest = text.lines().map(|line| line.chars().count()).max().unwrap();
    assert!(widest <= 100, "{widest} columns");
}

#[test]
fn what_was_not_observed_says_nothing() {
    let page = html(&support::peak());
    for id in OBSERVED_PARTS {
        assert!(!page.contains(&format!("id=\"{id}\"")), "{id}");
    }
    let text = summary(&support::peak());
    for words in ["Journeys", "Users", "Trace", "Connections", "Availability", "steady", "Events"] {
        assert!(!text.contains(words), "{words}:\n{text}");
    }
}

#[test]
fn events_are_marked_in_every_chart_over_the_seconds() {
    let lines = |run: &Measured, id: &str| {
        let chart = CHARTS.iter().find(|chart| chart.id == id).expect(id);
        let svg = (chart.draw)(run).expect(id);
        (svg.matches("<polyline").count(), svg.matches("<rect").count())
    };
    let run = eventful::eventful();
    let mut quiet = run.clone();
    quiet.record.observed.events.clear();
    for id in ["rate", "times-over-time", "heat-map", "processor", "memory"] {
        let (with, without) = (lines(&run, id), lines(&quiet, id));
        assert_eq!(with.0, without.0 + 3, "{id}: a line for each event");
        assert_eq!(with.1, without.1 + 2, "{id}: a ground for each that was felt");
    }
    let events = &mut quiet.record.observed.events;
    *events = (0..1_000)
        .map(|i| EventRow { text: "hub-kill".into(), began_s: f64::from(i) / 20.0, ..EventRow::default() })
        .collect();
    assert!(lines(&quiet, "rate").0 < 200, "a thousand events do not hide the chart");
}

#[test]
fn the_csv_holds_every_figure_as_a_bare_number() {
    let run = eventful::eventful();
    let text = (RENDERERS.iter().find(|r| r.name == "csv").expect("listed").render)(&run);
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("part,name,metric,unit,value"));
    for row in [
        "counts,all,answered,requests,108324",
        "budget limit,pds-retrieve,response-p99,ns,100000000.0",
        "resilience,all,writes_lost,,0",
        "resilience,all,longest_outage,s,1.21",
        "journeys,pds-update,failed,,12",
        "journeys,prescription,duration_p50,ns,41000000000",
        "users,clinician,think_mean,s,12.1",
        "events,2,text,,hub-kill",
        "connections,all,handshakes_per_s,1/s,2258.0",
        "noise,all,steal,share,0.004",
    ] {
        let number = row.strip_suffix(".0").unwrap_or(row);
        assert!(text.lines().any(|l| l == row || l == number), "{row}");
    }
    assert!(lines.clone().count() > 500, "{} rows", lines.count());
}

#[test]
fn a_written_record_draws_the_same_page() {
    let folder = tempfile::tempdir().unwrap();
    let run = support::peak();
    let record = write(folder.path(), "peak", &run, &[("report.html", html(&run).as_bytes())]).unwrap();
    let back = read(&record).unwrap();
    assert_eq!(html(&back), std::fs::read_to_string(record.join("report.html")).unwrap());
}
