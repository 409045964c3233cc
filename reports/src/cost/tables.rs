//! The report as CSV for machines and spreadsheets: every yearly figure, every result, every assumption, a row each. Numbers
//! are bare and in full; a text that a spreadsheet would run as a formula is made inert. Pure.

use serde::Serialize;

use super::CostResults;
use super::facts::facts;
use super::view::{class, distribution, spending};

/// A yearly figure.
#[derive(Serialize)]
struct Yearly {
    option: String,
    part: &'static str,
    line: String,
    label: String,
    year: String,
    basis: &'static str,
    unit: String,
    value: f64,
}

/// `costs.csv`: cost lines, benefits, hours and totals of every option, year by year.
pub fn costs_csv(results: &CostResults) -> String {
    let mut table = Table::new();
    let years = results.years();
    let currency = &results.model().currency;
    for option in results.options() {
        let mut add = |part: &'static str, line: &str, label: &str, basis: &'static str, unit: &str, id| {
            for (year, value) in years.iter().zip(results.yearly(id)) {
                table.row(Yearly {
                    option: inert(&option.name),
                    part,
                    line: inert(line),
                    label: inert(label),
                    year: year.clone(),
                    basis,
                    unit: inert(unit),
                    value,
                });
            }
        };
        for nodes in &option.costs {
            let line = results.cost_line(nodes);
            let part = match spending(line.spending) {
                "capital" => "cost, capital",
                _ => "cost, running",
            };
            add(part, &line.id, &line.label, "real", currency, nodes.cost);
            add(part, &line.id, &line.label, "nominal", currency, nodes.nominal);
        }
        for nodes in &option.benefits {
            let (line, label) = results.benefit_name(nodes);
            let part = class(nodes.class);
            add(part, &line, &label, "real", currency, nodes.value);
            if let Some(full) = nodes.value_full {
                add("benefit at full unit cost, sensitivity", &line, &label, "real", currency, full);
            }
            for (rule, id) in cost_model::Rule::EACH.into_iter().zip(nodes.hours.into_iter().flatten()) {
                add(
                    "hours before realisation",
                    &format!("{line}.{}", rule.words().0),
                    &label,
                    "",
                    "h/yr",
                    id,
                );
            }
        }
        let totals = [
            ("cost", "All costs", "real", option.cost),
            ("cost", "All costs as paid, with VAT", "nominal", option.cost_nominal),
            ("vat", "Of these, VAT", "nominal", option.vat_nominal),
            ("saving", "Costs saved against the baseline", "real", option.saving),
            ("saving", "Costs saved against the baseline, with VAT", "nominal", option.saving_nominal),
            ("cash_releasing", "Cash-releasing benefits", "real", option.by_class[0]),
            ("not_cash_releasing", "Benefits that release no cash", "real", option.by_class[1]),
            ("society", "Benefits to society", "real", option.by_class[2]),
            ("net_cash", "Net cash", "real", option.net_cash),
            ("net_cash_running", "Running sum of discounted net cash", "real", option.net_cash_running),
        ];
        for (line, label, basis, id) in totals {
            add("total", line, label, basis, currency, id);
        }
    }
    table.end()
}

/// A result.
#[derive(Serialize)]
struct ResultRow {
    option: String,
    result: String,
    label: String,
    unit: String,
    value: f64,
}

/// `results.csv`: single figures of every option, what the draws gave, switching values, scenarios.
pub fn results_csv(results: &CostResults) -> String {
    let mut table = Table::new();
    let currency = results.model().currency.as_str();
    let mut add = |option: usize, result: &str, label: &str, unit: &str, value: f64| {
        table.row(ResultRow {
            option: inert(results.options().get(option).map_or("", |option| &option.name)),
            result: inert(result),
            label: inert(label),
            unit: inert(unit),
            value,
        });
    };
    for (at, option) in results.options().iter().enumerate() {
        for fact in facts(results, option) {
            add(at, &fact.name, &fact.label, &fact.unit, fact.value);
        }
    }
    for drawn in &results.monte_carlo.options {
        let hours = drawn.hours_per_day.as_ref();
        let spreads = [
            ("npsv_cash", currency, Some(&drawn.npsv_cash)),
            ("npsv_all", currency, Some(&drawn.npsv_all)),
            ("whole_life_cost", currency, Some(&drawn.whole_life_cost)),
            ("hours_per_day", "h/day", hours),
        ];
        for (name, unit, spread) in spreads {
            let Some(spread) = spread else { continue };
            let parts =
                [("mean", spread.mean), ("p10", spread.p10), ("p50", spread.p50), ("p90", spread.p90)];
            for (part, value) in parts {
                let label = "Of the draws, without optimism bias";
                add(drawn.option, &format!("monte_carlo.{name}.{part}"), label, unit, value);
            }
            let label = "Share of the draws above 0";
            let result = format!("monte_carlo.{name}.above_zero");
            add(drawn.option, &result, label, "fraction", spread.above_zero);
        }
    }
    for switching in &results.switching {
        let Some(assumption) = results.model().assumptions.get(switching.assumption) else { continue };
        if let Some(value) = switching.value {
            let label = format!("{} at which the NPSV on cash alone is 0", assumption.label);
            let result = format!("switching.{}", assumption.name);
            add(switching.option, &result, &label, &assumption.unit_text, value);
        }
    }
    for scenario in &results.scenarios {
        for (at, (npsc, cash, all)) in scenario.options.iter().enumerate() {
            for (name, value) in [("npsc", npsc), ("npsv_cash", cash), ("npsv_all", all)] {
                add(at, &format!("scenario.{}.{name}", scenario.name), &scenario.label, currency, *value);
            }
        }
    }
    table.end()
}

/// An assumption.
#[derive(Serialize)]
struct AssumptionRow {
    name: String,
    label: String,
    option: String,
    value: f64,
    unit: String,
    live_value: f64,
    spread: String,
    evidence: &'static str,
    source: String,
    url: String,
    accessed: String,
    price_base: String,
    run_sha256: String,
    owner: String,
    signed_off: String,
    rag: String,
    sunset: String,
    comment: String,
}

/// `assumptions.csv`: every assumption with its provenance, and a row more for each option that has another value.
pub fn assumptions_csv(results: &CostResults) -> String {
    let mut table = Table::new();
    for (assumption, nodes) in results.assumptions() {
        let common = [(String::new(), nodes.given, nodes.live)];
        let own = nodes.by_option.iter().map(|(option, given, live)| {
            (results.options().get(*option).map_or(String::new(), |o| o.name.clone()), *given, *live)
        });
        let from = &assumption.provenance;
        for (option, given, live) in common.into_iter().chain(own) {
            table.row(AssumptionRow {
                name: inert(&assumption.name),
                label: inert(&assumption.label),
                option: inert(&option),
                value: results.one(given),
                unit: inert(&assumption.unit_text),
                live_value: results.one(live),
                spread: inert(&distribution(assumption.distribution.as_ref())),
                evidence: from.evidence.word(),
                source: inert(&from.source),
                url: inert(&from.url),
                accessed: inert(&from.accessed),
                price_base: inert(&from.price_base),
                run_sha256: inert(from.run_sha256.as_deref().unwrap_or("")),
                owner: inert(&assumption.owner),
                signed_off: inert(&assumption.signed_off),
                rag: inert(&assumption.rag),
                sunset: inert(&assumption.sunset),
                comment: inert(&assumption.comment),
            });
        }
    }
    table.end()
}

/// A text that no spreadsheet takes for a formula: what begins like one gets an apostrophe before it.
pub(crate) fn inert(text: &str) -> String {
    let begins = text.trim_start_matches(|c: char| c.is_whitespace() || c.is_control());
    match begins.starts_with(['=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}']) {
        true => format!("'{text}"),
        false => text.to_owned(),
    }
}

/// A CSV in memory.
pub(crate) struct Table {
    csv: csv::Writer<Vec<u8>>,
}

impl Table {
    pub(crate) fn new() -> Table {
        Table { csv: csv::Writer::from_writer(Vec::new()) }
    }

    /// Adds a row; the first brings the names of the columns.
    pub(crate) fn row(&mut self, row: impl Serialize) {
        // Writing into memory fails only for rows of unequal length, and these are all of one type.
        let _ = self.csv.serialize(row);
    }

    pub(crate) fn end(self) -> String {
        // What was written is text, all of it in UTF-8.
        self.csv.into_inner().ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
    }
}
