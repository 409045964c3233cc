//! The page.

use cost_model::appraisal::Spread;
use reports::cost::{CostResults, page};

use crate::html_rules::{balanced, self_contained};
use crate::support::{measurement, model, results, results_of};
use crate::{HOSTILE, with_text};

/// Where a text stands first.
#[track_caller]
fn at(page: &str, text: &str) -> usize {
    page.find(text).unwrap_or_else(|| panic!("the page lacks {text:?}"))
}

/// A part of the page.
#[track_caller]
fn part<'a>(page: &'a str, id: &str) -> &'a str {
    let from = &page[at(page, &format!("<section id=\"{id}\""))..];
    &from[..at(from, "</section>")]
}

#[track_caller]
fn sound(page: &str) {
    self_contained(page);
    balanced(page);
    for nonsense in ["NaN", "inf\"", ">inf<", "-0.00<"] {
        assert!(!page.contains(nonsense), "the page holds {nonsense:?}");
    }
}

#[test]
fn the_page_is_self_contained_balanced_and_fit_for_a_phone() {
    let page = page(&results());
    sound(&page);
    assert!(page.contains("width=device-width"));
    let tables = page.matches("<table>").count();
    let boxed = page.matches("tabindex=\"0\"><table>").count();
    assert_eq!(tables, boxed, "every table scrolls inside its own box");
    assert!(page.contains("prefers-color-scheme: dark") && page.contains("@media print"));
}

#[test]
fn limits_and_every_estimate_stand_before_any_result() {
    let results = results();
    let page = page(&results);
    let answer = at(&page, "<section id=\"headline\"");
    for limit in &results.appraisal.model.limits {
        assert!(at(&page, limit) < answer, "{limit}");
    }
    let before = &page[..answer];
    for a in &results.appraisal.model.assumptions {
        let estimate = a.provenance.evidence == cost_model::Evidence::Estimate;
        assert_eq!(before.contains(&format!("<li>{}: ", a.label)), estimate, "{}", a.label);
    }
    assert!(!before.contains("million"), "no result stands before the limits");
}

#[test]
fn every_option_line_assumption_and_source_is_there() {
    let results = results();
    let page = page(&results);
    let model = &results.appraisal.model;
    for option in &model.options {
        for id in ["options", "costs", "waterfall"] {
            assert!(part(&page, id).contains(&option.label), "{id}: {}", option.label);
        }
    }
    for line in &model.costs {
        assert!(part(&page, "costs").contains(&line.label), "{}", line.label);
    }
    let (assumptions, sources) = (part(&page, "assumptions"), part(&page, "sources"));
    for a in &model.assumptions {
        assert!(assumptions.contains(&a.label), "{}", a.label);
        let source = a.provenance.source.replace('"', "&quot;");
        assert!(assumptions.contains(&source) && sources.contains(&source), "{source}");
    }
    assert_eq!(assumptions.matches("class=\"estimate\"").count(), 8);
    assert!(part(&page, "costs").contains("Open source: nothing is licensed."));
    assert!(
        part(&page, "costs").contains("Nodes × Power of a node with its share of cooling × Hours in a year")
    );
    for sentence in &results.appraisal.substituted {
        assert!(part(&page, "substituted").contains(sentence));
    }
    for (part_of, words) in [
        ("measured", "AMD EPYC 9V74"),
        ("measured", "The machine was shared with others."),
        ("benefits", "People trust a record that is there when they look."),
        ("bias", "153.6 %"),
        ("scenarios", "Three times the traffic"),
        ("claims", "GBP in the first year"),
        ("checks", "agree to the penny"),
        ("manifest", "spinebench cost made-up.toml --run runs/latest --out out"),
        ("manifest", "abababab"),
    ] {
        assert!(part(&page, part_of).contains(words), "{part_of}: {words}");
    }
}

#[test]
fn cash_and_what_releases_none_are_never_one_headline() {
    let results = results();
    let page = page(&results);
    let headline = part(&page, "headline");
    for option in results.appraisal.options.iter().skip(1) {
        let money = |id| reports::units::money("GBP", results.appraisal.values.one(id));
        assert!(headline.contains(&money(option.npsv_cash)));
        assert!(headline.contains(&money(option.pv_by_class[1])));
        assert!(!headline.contains(&money(option.npsv_all)), "the sum of all classes is in the headline");
    }
    for words in page.split("all classes").skip(1) {
        let near: String = words.chars().take(40).collect();
        assert!(near.contains("never a headline") || near.contains("at the"), "{near}");
    }
}

#[test]
fn hours_stand_by_all_three_rules_wherever_they_stand() {
    let results = results();
    let page = page(&results);
    for id in ["headline", "options", "benefits"] {
        for rule in cost_model::Rule::EACH {
            assert!(part(&page, id).contains(rule.words().1), "{id}: {}", rule.words().1);
        }
    }
}

#[test]
fn every_chart_has_a_title_a_description_and_axes_with_units() {
    let page = page(&results());
    let charts: Vec<&str> =
        page.split("<svg ").skip(1).map(|c| c.split("</svg>").next().unwrap_or("")).collect();
    assert_eq!(charts.len(), 8, "waterfall, cash flow, fan and tornado of two options");
    for chart in charts {
        for words in
            ["role=\"img\"", "<title>", "<desc>", "£ million, prices of 2024-25", " against Legacy system"]
        {
            assert!(chart.contains(words), "a chart lacks {words:?}");
        }
    }
    assert!(page.contains("\u{2212}40"), "negative money is shown with its sign");
}

#[test]
fn hostile_text_stays_text() {
    let mut results = results_of(with_text(HOSTILE), Some(&measurement()));
    results.command = HOSTILE.into();
    results.tool_version = HOSTILE.into();
    results.made = HOSTILE.into();
    let page = page(&results);
    sound(&page);
    assert!(page.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&quot;&amp;"));
    assert!(!page.contains('\u{7}'));
}

fn spreads(results: &mut CostResults, with: f64) {
    let odd = Spread { mean: with, p10: with, p50: with, p90: with, above_zero: with, quantiles: vec![with] };
    for drawn in &mut results.monte_carlo.options {
        drawn.npsv_cash = odd.clone();
        drawn.net_cash_running.fill(odd.clone());
    }
    for bar in results.tornados.iter_mut().flat_map(|tornado| &mut tornado.bars) {
        (bar.inputs, bar.npsv_cash, bar.npsv_all) = ((with, with), (with, with), (with, with));
    }
    results.switching.iter_mut().for_each(|s| (s.central, s.value) = (with, Some(with)));
}

#[test]
fn odd_figures_never_end_the_page() {
    for with in [0.0, -1e-300, 1e18, -1e300, f64::MAX, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let mut results = results();
        spreads(&mut results, with);
        sound(&page(&results));
    }
    for factor in [0.0, -1.0, 1e-12, 1e20] {
        let mut model = model();
        for a in &mut model.assumptions {
            if a.unit_text.starts_with("GBP") {
                a.value *= factor;
                a.distribution = None;
            }
        }
        sound(&page(&results_of(model, Some(&measurement()))));
    }
}

#[test]
fn one_year_or_a_hundred_can_be_drawn() {
    for horizon in [1, 2, 100] {
        let mut model = model();
        model.horizon = horizon;
        let results = results_of(model, Some(&measurement()));
        let page = page(&results);
        sound(&page);
        assert_eq!(page.matches("<svg ").count(), 8, "{horizon} years");
    }
}

#[test]
fn a_page_without_run_draws_scenarios_or_benefits_says_so_and_stands() {
    let mut model = model();
    model.benefits.clear();
    model.scenarios.clear();
    model.metrics.clear();
    model.claims.clear();
    model.qa_log.clear();
    let mut results = results_of(model, None);
    results.monte_carlo.options.clear();
    results.tornados.clear();
    results.switching.clear();
    results.scenarios.clear();
    let page = page(&results);
    sound(&page);
    assert!(part(&page, "measured").contains("no run was given"));
    assert!(part(&page, "benefits").contains("No option brings a benefit"));
    assert!(part(&page, "checks").contains("names nobody who has checked it"));
}

#[test]
fn long_labels_are_broken_and_not_cut() {
    let long = "Support and maintenance of hardware and software around the clock, four hours to repair, spare parts held at both sites";
    let mut model = model();
    model.assumptions[8].label = long.into();
    let page = page(&results_of(model, Some(&measurement())));
    let chart = &page[at(&page, "<figure id=\"tornado-1\"")..];
    let chart = &chart[..at(chart, "</figure>")];
    for word in long.split_whitespace() {
        assert!(chart.contains(word), "{word}");
    }
    assert!(!chart.contains('\u{2026}'));
}

#[test]
fn every_shipped_case_makes_a_sound_page() {
    let cases = cost_model::BUILT_IN.iter().filter(|(name, _)| name.starts_with("cases/"));
    for (name, _) in cases {
        let model = cost_model::load_model(None, std::path::Path::new(name));
        let model = model.unwrap_or_else(|faults| panic!("{faults}"));
        let page = page(&results_of(model, Some(&measurement())));
        sound(&page);
        assert!(page.contains("<svg "), "{name}");
    }
}
