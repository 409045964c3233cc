//! Every assumption with its value in each option, its range, its source and its grade of evidence.

use cost_model::Evidence;
use cost_model::appraisal::AssumptionNodes;
use cost_model::model::Assumption;

use super::CostResults;
use super::cells::{grade, small};
use crate::cost::view::{distribution, with_unit};
use crate::html::escape;
use crate::html::parts::Column::{Figures, Words};
use crate::html::parts::{none, table_raw, tag};
use crate::units;

/// The table, and how many figures have which grade.
pub(super) fn assumptions(results: &CostResults) -> String {
    let all = &results.model().assumptions;
    let grades: Vec<String> = Evidence::EACH
        .into_iter()
        .map(|grade| (grade, all.iter().filter(|a| a.provenance.evidence == grade).count()))
        .filter(|(_, count)| *count > 0)
        .map(|(grade, count)| format!("{grade} {}", units::whole(count as u64)))
        .collect();
    let rows: Vec<Vec<String>> = results.assumptions().map(|(a, nodes)| row(results, a, nodes)).collect();
    let columns = [
        Words("assumption"),
        Figures("value"),
        Words("range"),
        Words("evidence"),
        Words("source"),
        Words("price base"),
        Words("owner, sign-off"),
    ];
    tag(
        "p",
        &format!("{} in all, by grade of evidence: {}.", units::whole(all.len() as u64), grades.join(", ")),
    ) + &table_raw("Assumptions in the order of the model", &columns, &rows, none)
}

fn row(results: &CostResults, a: &Assumption, nodes: &AssumptionNodes) -> Vec<String> {
    let mut value = escape(&with_unit(a.value, &a.unit_text));
    let live = results.one(nodes.live);
    if live != a.value && live.is_finite() {
        value += &small(&format!("{} in {}", units::significant(live), results.prices()));
    }
    for (option, given, _) in &nodes.by_option {
        let said = format!("{}: {}", results.option_label(*option), units::significant(results.one(*given)));
        value += &small(&said);
    }
    let from = &a.provenance;
    let mut source = escape(&from.source);
    source += &small(&from.url);
    if !from.accessed.is_empty() {
        source += &small(&format!("taken down {}", from.accessed));
    }
    if let Some(seal) = &from.run_sha256 {
        source += &format!("<small class=\"seal\">run {}</small>", escape(seal));
    }
    let mut answers = escape(if a.owner.is_empty() { "nobody named" } else { &a.owner });
    answers += &small(&match a.signed_off.as_str() {
        "" => "not signed off".to_owned(),
        who => format!("signed off: {who}"),
    });
    if !a.rag.is_empty() {
        answers += &small(&a.rag);
    }
    if !a.sunset.is_empty() {
        answers += &small(&format!("review by {}", a.sunset));
    }
    vec![
        format!("{}{}", escape(&a.label), small(&a.comment)),
        value,
        escape(&distribution(a.distribution.as_ref())),
        grade(from.evidence),
        source,
        escape(&from.price_base),
        answers,
    ]
}
