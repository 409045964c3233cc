//! The page and the summary of a search for the limit, from the golden `limit.json`.

use std::path::Path;

use run_record::{LimitRecord, LimitedBy, read_limit};

fn golden() -> LimitRecord {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("run-record/tests/golden");
    read_limit(&folder).expect("the golden file is read")
}

#[test]
fn the_page_shows_the_rate_the_knee_the_budget_and_every_probe_with_its_record() {
    let page = reports::limit_html(&golden());
    for word in [
        "1,414.2/s",
        "Peak &lt;of&gt; a day",
        "response p99.9",
        "budget response p99 250ms",
        "confirmed: 1,414.2/s",
        "requests a second, as planned",
        "milliseconds (logarithmic)",
        "probes/10-1681.8-per-s/report.html",
        "prefers-color-scheme",
    ] {
        assert!(page.contains(word), "{word}");
    }
    assert!(!page.contains("Peak <of>") && !page.contains("<script"), "texts are escaped");
}

#[test]
fn invalid_probes_are_drawn_hollow_and_keep_out_of_the_lines() {
    let hollow = |record: &LimitRecord| reports::limit_html(record).matches("fill=\"none\"").count();
    let record = golden();
    let mut valid = record.clone();
    valid.probes.retain(|p| p.verdict != run_record::ProbeVerdict::GeneratorLate);
    // One invalid probe, one hollow dot for each of three percentiles.
    let circles = |r: &LimitRecord| reports::limit_html(r).matches("<circle").count();
    assert_eq!((circles(&record), circles(&valid)), (30, 27));
    assert!(hollow(&record) >= hollow(&valid) + 3, "{} {}", hollow(&record), hollow(&valid));
}

#[test]
fn the_summary_says_who_was_the_limit() {
    let mut record = golden();
    let told = reports::limit_summary(&record);
    assert!(told.contains("1,414.2/s kept every budget in 2 of 2 confirmation runs"), "{told}");
    assert!(told.contains("at 1,681.8/s the budgets broke") && told.contains("p99 45.0 ms"), "{told}");
    record.at_least = true;
    record.limited_by = LimitedBy::Generator;
    let told = reports::limit_summary(&record);
    assert!(
        told.contains("At least 1,414.2/s") && told.contains("the generator was the limit, not the hub"),
        "{told}"
    );
    record.capacity_per_s = None;
    for (by, word) in [
        (LimitedBy::BelowRange, "Even the lowest rate tried, 500/s, broke the budgets"),
        (LimitedBy::NothingValid, "No probe was valid"),
        (LimitedBy::Unsettled, "ended before a rate was confirmed"),
    ] {
        record.limited_by = by;
        let told = reports::limit_summary(&record);
        assert!(told.contains(word), "{word}: {told}");
        assert!(reports::limit_html(&record).contains(word), "{word}");
    }
}

#[test]
fn a_search_without_an_answered_probe_has_a_page_without_a_chart() {
    let mut record = golden();
    record.probes.clear();
    (record.capacity_per_s, record.at_capacity) = (None, None);
    record.limited_by = LimitedBy::NothingValid;
    let page = reports::limit_html(&record);
    assert!(!page.contains("<svg") && page.contains("No probe was valid"));
}

#[test]
fn each_probe_is_one_line_with_what_broke() {
    let lines: Vec<String> = golden().probes.iter().map(reports::probe_line).collect();
    assert!(lines[0].contains("grow") && lines[0].contains("500/s") && lines[0].contains("within budget"));
    assert!(lines[2].ends_with("all response-p99 410 ms, allowed 250ms"), "{}", lines[2]);
    assert!(lines.iter().all(|l| !l.contains('\n')));
}
