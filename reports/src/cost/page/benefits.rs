//! Benefits by class, and staff hours by the three rules always together.

use cost_model::appraisal::{BenefitNodes, OptionNodes};
use cost_model::model::{Benefit, BenefitClass, BenefitKind};
use cost_model::{NodeId, Rule, Source};

use super::CostResults;
use super::cells::{few, heading, how, small, whole};
use crate::cost::view::class;
use crate::html::escape;
use crate::html::parts::Column::{Figures, Words};
use crate::html::parts::{list, table_raw, tag};
use crate::units;

/// All benefits, an option at a time, then those in words only.
pub(super) fn benefits(results: &CostResults) -> String {
    let mut html = tag(
        "p",
        "Hours = waits a year × (seconds before − seconds now) ÷ 3600, from the whole distribution of measured times. The three \
         rules value seconds differently and none is right by itself, so all three always stand together. A slower system gives \
         negative hours. Hours stand before, money after the share that is really put to use.",
    );
    if results.options().iter().all(|option| option.benefits.is_empty()) {
        html += &tag("p", "No option brings a benefit that has a figure.");
    }
    for option in results.options().iter().filter(|option| !option.benefits.is_empty()) {
        html += &heading(&option.label);
        html += &money(results, option);
        html += &hours(results, option);
    }
    html + &unmonetised(results)
}

fn benefit<'a>(results: &'a CostResults, nodes: &BenefitNodes) -> &'a Benefit {
    &results.model().benefits[nodes.benefit]
}

/// Value of each benefit; the rows of one that counts many interactions are told once.
fn money(results: &CostResults, option: &OptionNodes) -> String {
    let mut rows = Vec::new();
    let mut told = None;
    for nodes in &option.benefits {
        let of = benefit(results, nodes);
        let (_, label) = results.benefit_name(nodes);
        let words = match told == Some(nodes.benefit) {
            true => String::new(),
            false => how(&results.words_in(option, nodes.value)),
        };
        let evidence = match of.cash_evidence.is_empty() {
            true => String::new(),
            false => small(&format!("evidence that cash is released: {}", of.cash_evidence)),
        };
        let comment = if told == Some(nodes.benefit) { String::new() } else { small(&of.comment) };
        told = Some(nodes.benefit);
        let last = |id: NodeId| results.yearly(id).last().copied().unwrap_or(f64::NAN);
        rows.push(vec![
            format!("{}{words}{evidence}{comment}", escape(&label)),
            class(nodes.class).to_owned(),
            whole(last(nodes.value)),
            whole(results.one(nodes.present)),
            nodes.value_full.map_or("-".to_owned(), |id| whole(last(id))),
        ]);
    }
    for (class, name) in
        [(0, "All cash-releasing (CRB)"), (1, "All that release no cash (nCRB)"), (2, "All to society (SB)")]
    {
        let yearly = results.yearly(option.by_class[class]).last().copied().unwrap_or(f64::NAN);
        rows.push(vec![
            name.to_owned(),
            String::new(),
            whole(yearly),
            whole(results.one(option.pv_by_class[class])),
            "-".to_owned(),
        ]);
    }
    let columns = [
        Words("benefit"),
        Words("class"),
        Figures("value in the last year"),
        Figures("present value"),
        Figures("last year at full unit cost, sensitivity"),
    ];
    let caption = format!(
        "{}: benefits in {}, {}; classes are never added",
        option.label,
        results.model().currency,
        results.prices()
    );
    table_raw(&caption, &columns, &rows, |row| row[0].starts_with("All "))
}

/// Waits and hours of each staff-time row, the three rules side by side.
fn hours(results: &CostResults, option: &OptionNodes) -> String {
    let years = results.model().horizon.max(1) as f64;
    let mean = |id: NodeId| results.total(id) / years;
    let mut rows: Vec<Vec<String>> = option
        .benefits
        .iter()
        .filter_map(|nodes| {
            let hours = nodes.hours?;
            let (_, label) = results.benefit_name(nodes);
            let role = match &benefit(results, nodes).kind {
                BenefitKind::StaffTime(staff) => small(&staff.role),
                BenefitKind::Amount(_) | BenefitKind::Unmonetised(_) => String::new(),
            };
            let [waits, before, now] = parts(results, hours[0]).map(|part| part.map(mean));
            let said = |value: Option<f64>| value.map_or("-".to_owned(), units::significant);
            let mut row = vec![
                format!("{}{role}", escape(&label)),
                waits.map_or("-".to_owned(), whole),
                said(before),
                said(now),
            ];
            row.extend(hours.map(|id| few(mean(id))));
            Some(row)
        })
        .collect();
    let Some(by_rule) = results.hours_per_year(option) else { return String::new() };
    let mut all = vec!["All".to_owned(), String::new(), String::new(), String::new()];
    all.extend(by_rule.map(|(_, hours)| few(hours)));
    rows.push(all);
    let said: Vec<String> = Rule::EACH.iter().map(|rule| format!("hours, {}", rule.words().1)).collect();
    let mut columns =
        vec![Words("waits of"), Figures("waits a year"), Figures("seconds before"), Figures("seconds now")];
    columns.extend(said.iter().map(|name| Figures(name)));
    let caption = format!("{}: staff hours a year, mean over the years, before realisation", option.label);
    table_raw(&caption, &columns, &rows, |row| row[0] == "All")
}

/// Waits, seconds before and seconds now behind the hours of a row: what its formula rests on, in its order.
fn parts(results: &CostResults, hours: NodeId) -> [Option<NodeId>; 3] {
    let mut references = Vec::new();
    if let Source::Formula(tree) = &results.appraisal.graph.node(hours).source {
        tree.references(&mut references);
    }
    [0, 1, 2].map(|at| references.get(at).filter(|_| references.len() == 3).map(|id| **id))
}

fn unmonetised(results: &CostResults) -> String {
    let words: Vec<String> = results
        .model()
        .benefits
        .iter()
        .filter_map(|benefit| match &benefit.kind {
            BenefitKind::Unmonetised(words) => Some(format!("{}: {words}", benefit.label)),
            BenefitKind::Amount(_) | BenefitKind::StaffTime(_) => None,
        })
        .collect();
    match words.is_empty() {
        true => String::new(),
        false => heading(&format!("In words only: {}", class(BenefitClass::Ub))) + &list(&words),
    }
}
