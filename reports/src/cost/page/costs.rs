//! Every cost line of every option with the formula behind it, and the optimism bias on it.

use cost_model::appraisal::{CostNodes, OptionNodes};
use cost_model::expr::Expr;
use cost_model::model::{CostLine, Timing};
use cost_model::{NodeId, Source};

use super::CostResults;
use super::cells::{how, percent, small, whole};
use crate::cost::view::{spending, with_unit};
use crate::html::escape;
use crate::html::parts::Column::{Figures, Words};
use crate::html::parts::{none, table_raw, tag};

/// Every cost line, a table an option.
pub(super) fn costs(results: &CostResults) -> String {
    let mut html = tag(
        "p",
        "Cost of a year = quantity × price of one, in the years in which it falls, raised by optimism bias. Both stand below each line \
         with their value in the first year and how it comes about. Figures are sums over all years. A mandatory category without \
         cost says why.",
    );
    for option in results.options() {
        let mut rows: Vec<Vec<String>> =
            option.costs.iter().map(|nodes| row(results, option, nodes)).collect();
        rows.push(vec![
            "All".to_owned(),
            String::new(),
            String::new(),
            whole(results.one(option.whole_life_cost)),
            whole(results.one(option.npsc)),
            whole(results.total(option.cost_nominal)),
        ]);
        let columns = [
            Words("line, and how it is worked out"),
            Words("category"),
            Words("paid by"),
            Figures("real, undiscounted"),
            Figures("present value"),
            Figures("as paid, with VAT"),
        ];
        let caption =
            format!("{}: costs in {}, {}", option.label, results.model().currency, results.prices());
        html += &table_raw(&caption, &columns, &rows, |row| row[0] == "All");
    }
    html
}

fn row(results: &CostResults, option: &OptionNodes, nodes: &CostNodes) -> Vec<String> {
    let line = results.cost_line(nodes);
    let words = match line.zero_reason.is_empty() {
        false => format!("nothing: {}", line.zero_reason),
        true => format!(
            "{} \u{d7} {}; {}",
            factor(results, option, nodes.quantity),
            factor(results, option, nodes.unit_price),
            timing(line)
        ),
    };
    let vat = if line.vat > 0.0 { format!("VAT {}", percent(line.vat)) } else { "no VAT".to_owned() };
    vec![
        format!("{}{}{}", escape(&line.label), how(&words), small(&line.comment)),
        format!("{}{}", escape(&line.category.replace('-', " ")), small(spending(line.spending))),
        format!("{}{}", escape(&line.bearer), small(&vat)),
        whole(results.total(nodes.cost)),
        whole(results.one(nodes.present)),
        whole(results.total(nodes.nominal)),
    ]
}

/// A factor of a line: what it is worth in the first year, and in words where it is more than a number.
fn factor(results: &CostResults, option: &OptionNodes, id: NodeId) -> String {
    let node = results.appraisal.graph.node(id);
    let value = with_unit(results.one(id), &node.unit.to_string());
    match &node.source {
        Source::Formula(Expr::Number(..)) => value,
        Source::Formula(_) | Source::Input(_) => format!("{value} ({})", results.words_in(option, id)),
    }
}

/// When a line falls, with years counted from 1.
fn timing(line: &CostLine) -> String {
    match &line.timing {
        Timing::Every(1) => "every year".to_owned(),
        Timing::Every(years) => format!("in year 1 and every {years} years"),
        Timing::Span(from, to) if from == to => format!("in year {}", from + 1),
        Timing::Span(from, to) => format!("in years {} to {}", from + 1, to + 1),
        Timing::Years(years) => {
            let years: Vec<String> = years.iter().map(|year| (year + 1).to_string()).collect();
            format!("in {} {}", if years.len() == 1 { "year" } else { "years" }, years.join(", "))
        }
    }
}

/// The uplift of each line that has one, with what lowers it.
pub(super) fn bias(results: &CostResults) -> String {
    let mut rows = Vec::new();
    let mut sources: Vec<String> = Vec::new();
    for option in results.options() {
        for nodes in &option.costs {
            let line = results.cost_line(nodes);
            let Some(class) = &line.ob_class else { continue };
            let mitigation: Vec<String> = line
                .ob_mitigation
                .iter()
                .map(|(factor, contribution, share)| {
                    let factor = factor.replace('_', " ");
                    format!("{factor}: {} of the bias, {} mitigated", percent(*contribution), percent(*share))
                })
                .collect();
            rows.push(vec![
                format!("{}{}", escape(&line.label), small(&option.label)),
                escape(&class.replace('_', " ")),
                if mitigation.is_empty() { "none".to_owned() } else { escape(&mitigation.join("; ")) },
                percent(results.one(nodes.uplift)),
            ]);
            if let Some(published) = results.model().optimism_bias.classes.get(class) {
                let source = format!("{}: {}.", class.replace('_', " "), published.source);
                if !sources.contains(&source) {
                    sources.push(source);
                }
            }
        }
    }
    if rows.is_empty() {
        return tag("p", "No cost line is raised: none names a class of optimism bias.");
    }
    let columns = [Words("line"), Words("class"), Words("what lowers it"), Figures("uplift")];
    let caption = "Uplift of cost lines in the deterministic case; the draws go without";
    table_raw(caption, &columns, &rows, none) + &crate::html::parts::list(&sources)
}
