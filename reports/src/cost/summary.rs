//! The cost report for the terminal: each option's costs, net present value and hours, what moves it, and what the reader
//! must know first. Called at the end of `spinebench cost`. Cash and what releases no cash are never one figure here.

use cost_model::Rule;
use cost_model::appraisal::{DrawnOption, OptionNodes, Spread};

use super::CostResults;
use super::view::{DAYS_PER_YEAR, with_unit};
use crate::text::{figures, heading, line, wrapped};
use crate::units;

/// Assumptions of the tornado that the terminal shows; the report has all.
const BARS_SHOWN: usize = 5;
/// Limits that the terminal shows: the gravest stand first. The report has all.
const LIMITS_SHOWN: usize = 3;

/// The summary for people.
pub fn summary(results: &CostResults) -> String {
    let model = results.model();
    let mut text = String::new();
    line(&mut text, format!("{}: {}", model.title, model.what));
    let base = format!(
        "Over {} from {}, in {}, at the discount rates of {}; compared with: {}.",
        results.horizon(),
        results.year(0),
        results.prices(),
        model.schedule.id,
        results.baseline().label
    );
    wrapped(&mut text, "  ", &base);
    measured(&mut text, results);
    let of = |kind: &str, rows: Vec<[String; 2]>, text: &mut String| {
        heading(text, kind);
        figures(text, &rows);
    };
    let baseline = results.baseline();
    let rows = vec![
        ["whole-life cost".to_owned(), results.money(results.one(baseline.whole_life_cost))],
        ["present value of costs".to_owned(), results.money(results.one(baseline.npsc))],
    ];
    of(&format!("{} (baseline)", baseline.label), rows, &mut text);
    for (at, option) in results.others() {
        of(&option.label, rows_of(results, at, option), &mut text);
        tornado(&mut text, results, at);
    }
    limits(&mut text, results);
    text
}

fn measured(text: &mut String, results: &CostResults) {
    match &results.appraisal.measurement {
        None => line(text, "  Run: none".to_owned()),
        Some(m) => wrapped(
            text,
            "  Run: ",
            &format!(
                "{} ({}), {}, {} cores",
                m.origin,
                m.date,
                if m.cpu.is_empty() { "?" } else { &m.cpu },
                m.cores
            ),
        ),
    }
    for sentence in &results.appraisal.substituted {
        wrapped(text, "  ! ", sentence);
    }
}

fn rows_of(results: &CostResults, at: usize, option: &OptionNodes) -> Vec<[String; 2]> {
    let money = |id| results.money(results.one(id));
    let mut rows: Vec<[String; 2]> = Vec::new();
    let mut row = |name: &str, value: String| rows.push([name.to_owned(), value]);
    row("whole-life cost", money(option.whole_life_cost));
    row("present value of costs (NPSC)", money(option.npsc));
    row("net present value (NPSV) on cash alone", money(option.npsv_cash));
    row("  the same at 3.0 %", money(option.npsv_cash_low_rate));
    let drawn = results.monte_carlo.options.iter().find(|drawn| drawn.option == at);
    if let Some(drawn) = drawn {
        let (label, spread) = spread(results, drawn, |drawn| Some(&drawn.npsv_cash));
        row(&label, spread);
        let above = units::percent(drawn.npsv_cash.above_zero, 0);
        row("  draws in which it saves cash", above);
    }
    row("payback on cash, discounted", results.payback(option));
    row("equivalent annual cost", money(option.eanc));
    let apart = "benefits that release no cash, present value";
    row(apart, money(option.pv_by_class[1]));
    if results.one(option.pv_by_class[2]) != 0.0 {
        row("benefits to society, present value", money(option.pv_by_class[2]));
    }
    for (rule, hours) in results.hours_per_year(option).into_iter().flatten() {
        let named = match rule {
            Rule::Linear => "staff hours a day, before realisation, every second alike",
            Rule::Above1S => "  only above one second",
            Rule::Tapered => "  tapered from 0.1 s to 10 s",
        };
        row(named, units::number(hours / DAYS_PER_YEAR, 1));
    }
    for (metric, id) in results.metrics(option) {
        row(&metric.label, with_unit(results.one(id), &metric.unit_text));
    }
    rows
}

fn spread(
    results: &CostResults,
    drawn: &DrawnOption,
    of: impl Fn(&DrawnOption) -> Option<&Spread>,
) -> (String, String) {
    let said = of(drawn).map_or(String::new(), |spread| {
        [spread.p10, spread.p50, spread.p90].map(|value| results.money(value)).join(" / ")
    });
    let draws = units::whole(results.monte_carlo.draws as u64);
    (format!("  P10 / P50 / P90 of {draws} draws, no optimism bias"), said)
}

/// What moves the result most.
fn tornado(text: &mut String, results: &CostResults, at: usize) {
    let Some(tornado) = results.tornados.iter().find(|tornado| tornado.option == at) else { return };
    let shown: Vec<[String; 3]> = tornado
        .bars
        .iter()
        .filter(|bar| bar.npsv_cash.0 != bar.npsv_cash.1)
        .take(BARS_SHOWN)
        .filter_map(|bar| {
            let assumption = results.model().assumptions.get(bar.assumption)?;
            let unit = &assumption.unit_text;
            Some([
                assumption.label.clone(),
                format!("{} to {}", units::significant(bar.inputs.0), with_unit(bar.inputs.1, unit)),
                format!("{} to {}", results.money(bar.npsv_cash.0), results.money(bar.npsv_cash.1)),
            ])
        })
        .collect();
    if !shown.is_empty() {
        line(text, "  What moves the NPSV on cash most, each alone from its P10 to its P90:".to_owned());
        for [label, inputs, results] in shown {
            wrapped(text, "    ", &format!("{label}: {inputs}, NPSV {results}"));
        }
    }
}

fn limits(text: &mut String, results: &CostResults) {
    heading(text, "Before this is used");
    let limits = &results.model().limits;
    for sentence in limits.iter().take(LIMITS_SHOWN) {
        wrapped(text, "  - ", sentence);
    }
    let checks = &results.appraisal.checks;
    let held = checks.iter().filter(|(id, _)| results.holds(*id)).count();
    let estimates = results.estimates().len();
    let rest = limits.len().saturating_sub(LIMITS_SHOWN);
    wrapped(
        text,
        "  - ",
        &format!(
            "{estimates} of {} assumptions are estimates; {held} of {} checks hold; {} in the report.",
            results.model().assumptions.len(),
            checks.len(),
            units::counted(rest as u64, "more limit is", "more limits are")
        ),
    );
}
