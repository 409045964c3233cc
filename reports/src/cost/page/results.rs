//! The options side by side, the steps between their costs, their cash by year, their metrics.

use cost_model::NodeId;
use cost_model::appraisal::OptionNodes;

use super::CostResults;
use super::cells::{few, heading, small, whole};
use crate::cost::charts;
use crate::cost::view::DAYS_PER_YEAR;
use crate::html::escape;
use crate::html::parts::Column::{self, Figures, Words};
use crate::html::parts::{figure, none, table_raw, tag};
use crate::units;

/// What a row of the table shows of an option.
#[derive(Clone, Copy)]
enum Cell {
    Kind,
    Money(fn(&OptionNodes) -> NodeId),
    /// The sum over the years.
    Total(fn(&OptionNodes) -> NodeId),
    /// Money that the baseline, compared with itself, has none of.
    Compared(fn(&OptionNodes) -> NodeId),
    Payback,
    BenefitCostRatio,
}

/// A row: whether it must not be overlooked, its name, what it means, its cells.
type Row = (bool, &'static str, &'static str, Cell);

const ROWS: [Row; 15] = [
    (false, "Kind of option", "", Cell::Kind),
    (false, "Whole-life cost", "undiscounted, real", Cell::Money(|o| o.whole_life_cost)),
    (false, "Present value of all costs (NPSC)", "real, discounted", Cell::Money(|o| o.npsc)),
    (false, "Equivalent annual net cost (EANC)", "the NPSC as an even yearly sum", Cell::Money(|o| o.eanc)),
    (false, "All costs as paid", "nominal, with value-added tax", Cell::Total(|o| o.cost_nominal)),
    (false, "Of these, value-added tax", "", Cell::Total(|o| o.vat_nominal)),
    (true, "NPSV on cash alone", "costs saved and cash released", Cell::Compared(|o| o.npsv_cash)),
    (false, "NPSV on cash alone at 3.0 %", "sensitivity", Cell::Compared(|o| o.npsv_cash_low_rate)),
    (
        false,
        "Cash-releasing benefits (CRB)",
        "present value, within the NPSV on cash",
        Cell::Money(|o| o.pv_by_class[0]),
    ),
    (false, "Payback on cash", "discounted", Cell::Payback),
    (
        true,
        "Benefits that release no cash (nCRB)",
        "present value, apart from the cash",
        Cell::Money(|o| o.pv_by_class[1]),
    ),
    (
        false,
        "Benefits to society (SB)",
        "present value, apart from the cash",
        Cell::Money(|o| o.pv_by_class[2]),
    ),
    (
        false,
        "NPSV with these two classes",
        "for completeness, never a headline",
        Cell::Compared(|o| o.npsv_all),
    ),
    (false, "The same at 3.0 %", "sensitivity", Cell::Compared(|o| o.npsv_all_low_rate)),
    (false, "Benefit-cost ratio", "all benefits over extra cost", Cell::BenefitCostRatio),
];

/// All results, an option a column.
pub(super) fn options(results: &CostResults) -> String {
    let mut rows: Vec<Vec<String>> = ROWS
        .iter()
        .map(|(strong, name, meaning, cell)| {
            let name = if *strong { format!("<b>{name}</b>") } else { (*name).to_owned() };
            let mut row = vec![format!("{name}{}", small(meaning))];
            row.extend(results.options().iter().map(|option| escape(&shown(results, option, *cell))));
            row
        })
        .collect();
    rows.extend(hours(results));
    let caption = format!("Results in {}, {}", results.model().currency, results.prices());
    table_raw(&caption, &columns(results, "result"), &rows, |row| row[0].starts_with("<b>"))
}

fn shown(results: &CostResults, option: &OptionNodes, cell: Cell) -> String {
    let baseline = option.name == results.baseline().name;
    match cell {
        Cell::Kind => {
            let of = results.model().options.iter().find(|of| of.name == option.name);
            of.map_or(String::new(), |of| of.kind.replace('-', " "))
        }
        Cell::Money(of) => whole(results.one(of(option))),
        Cell::Total(of) => whole(results.total(of(option))),
        Cell::Compared(_) | Cell::Payback | Cell::BenefitCostRatio if baseline => "baseline".to_owned(),
        Cell::Compared(of) => whole(results.one(of(option))),
        Cell::Payback => results.payback(option),
        Cell::BenefitCostRatio if results.costs_more(option) => units::number(results.one(option.bcr), 2),
        Cell::BenefitCostRatio => "none: costs less".to_owned(),
    }
}

fn columns<'a>(results: &'a CostResults, first: &'a str) -> Vec<Column<'a>> {
    let options = results.options().iter().map(|option| Figures(&option.label));
    std::iter::once(Words(first)).chain(options).collect()
}

/// Staff hours a day by the three rules, a row each.
fn hours(results: &CostResults) -> Vec<Vec<String>> {
    let by_option: Vec<_> = results.options().iter().map(|option| results.hours_per_year(option)).collect();
    if by_option.iter().all(Option::is_none) {
        return Vec::new();
    }
    let row = |rule: usize| {
        let said = cost_model::Rule::EACH[rule].words().1;
        let mut row = vec![format!("Staff hours a day, {}{}", escape(said), small("before realisation"))];
        row.extend(
            by_option
                .iter()
                .map(|hours| hours.map_or("-".to_owned(), |by_rule| few(by_rule[rule].1 / DAYS_PER_YEAR))),
        );
        row
    };
    [0, 1, 2].map(row).to_vec()
}

/// Savings waterfall of each option, with its table.
pub(super) fn waterfall(results: &CostResults) -> String {
    let mut html = String::new();
    for (at, option) in results.others() {
        let Some(svg) = charts::waterfall(results, at) else { continue };
        let note = "How to read it: from the top, each bar begins where the one before ended. Pale green goes down (cheaper \
                    than the baseline), full orange goes up (dearer).";
        html += &figure(&format!("waterfall-{at}"), &option.label, note, &svg);
    }
    let by_option: Vec<Vec<(&str, f64)>> =
        results.options().iter().map(|option| results.by_category(option)).collect();
    let mut rows: Vec<Vec<String>> = Vec::new();
    for (category, _) in cost_model::model::CATEGORIES {
        let cost =
            |of: &Vec<(&str, f64)>| of.iter().find(|(name, _)| *name == category).map(|(_, cost)| *cost);
        let costs: Vec<Option<f64>> = by_option.iter().map(cost).collect();
        if costs.iter().any(Option::is_some) {
            let mut row = vec![escape(&category.replace('-', " "))];
            row.extend(costs.into_iter().map(|cost| cost.map_or("-".to_owned(), whole)));
            rows.push(row);
        }
    }
    let mut total = vec!["All".to_owned()];
    total.extend(results.options().iter().map(|option| whole(results.one(option.whole_life_cost))));
    rows.push(total);
    let caption = format!(
        "Whole-life cost by category in {}, {}, with optimism bias",
        results.model().currency,
        results.prices()
    );
    html + &table_raw(&caption, &columns(results, "category"), &rows, |row| row[0] == "All")
}

/// Cash by year: charts in real terms, a table of each option in real and in nominal terms.
pub(super) fn cash_flow(results: &CostResults) -> String {
    let years = results.years();
    let mut html = String::new();
    for (at, option) in results.others() {
        if let Some(svg) = charts::cash_flow(results, at) {
            let note = "Real, undiscounted, with optimism bias. The line is the cost of the baseline less that of the option, plus \
                        cash released; below 0 the year costs more than the baseline would.";
            html += &figure(&format!("cash-flow-{at}"), &option.label, note, &svg);
        }
    }
    for option in results.options() {
        let all = [
            ("costs, real", option.cost),
            ("net cash against the baseline, real", option.net_cash),
            ("the same, discounted, running sum", option.net_cash_running),
            ("costs as paid, nominal with VAT", option.cost_nominal),
            ("of these, VAT", option.vat_nominal),
            ("costs saved as paid, nominal with VAT", option.saving_nominal),
        ];
        let yearly: Vec<Vec<f64>> = all.iter().map(|(_, id)| results.yearly(*id)).collect();
        let rows: Vec<Vec<String>> = years
            .iter()
            .enumerate()
            .map(|(at, year)| {
                let mut row = vec![escape(year)];
                row.extend(yearly.iter().map(|of| whole(of[at])));
                row
            })
            .collect();
        let columns: Vec<Column<'_>> =
            std::iter::once(Words("year")).chain(all.iter().map(|(name, _)| Figures(name))).collect();
        let caption = format!("{}: cash by year in {}", option.label, results.model().currency);
        html += &table_raw(&caption, &columns, &rows, none);
    }
    html
}

/// Every metric of the model, an option a column, with how it is worked out.
pub(super) fn metrics(results: &CostResults) -> String {
    let model = results.model();
    let rows: Vec<Vec<String>> =
        model
            .metrics
            .iter()
            .enumerate()
            .map(|(at, metric)| {
                let of = |option: &OptionNodes| {
                    option.metrics.iter().find(|(metric, _)| *metric == at).map(|(_, id)| *id)
                };
                let first = results.options().iter().find_map(|option| Some((option, of(option)?)));
                let words = first.map_or(String::new(), |(option, id)| results.words_in(option, id));
                let remark = if metric.comment.is_empty() { String::new() } else { small(&metric.comment) };
                let mut row = vec![
                    format!("{}{}{remark}", escape(&metric.label), super::cells::how(&words)),
                    escape(&metric.unit_text),
                ];
                row.extend(results.options().iter().map(|option| {
                    of(option).map_or("-".to_owned(), |id| units::significant(results.one(id)))
                }));
                row
            })
            .collect();
    if rows.is_empty() {
        return String::new();
    }
    let mut columns = columns(results, "metric");
    columns.insert(1, Words("unit"));
    let note = "Capacity is what the machines carry; demand is what is asked of them. The two differ by the ratio of peak to mean, so \
                a price for each transaction a second says nothing of a price for each message.";
    heading("At capacity and at demand")
        + &tag("p", note)
        + &table_raw("Metrics of each option", &columns, &rows, none)
}
