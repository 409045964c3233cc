//! The savings waterfall: from the whole-life cost of the baseline to that of an option, a step a category.

use super::rows::{Rows, against, with_room};
use super::{CostResults, money_axis};
use crate::charts::canvas::{BLUE, Fill, GREEN, GREY, ORANGE};
use crate::units;

/// A bar: its name, from where to where, its colour, what stands beside it.
type Step = (String, f64, f64, Kind);

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Baseline,
    Option,
    Less,
    More,
}

/// Draws it for one option; `None` when neither costs anything.
pub(crate) fn waterfall(results: &CostResults, option: usize) -> Option<String> {
    let of = results.options().get(option)?;
    let steps = steps(results, option)?;
    let ends: Vec<f64> = steps.iter().flat_map(|(_, from, to, _)| [*from, *to]).collect();
    let mut values = with_room(&ends, 0.2);
    values.extend(ends.iter().filter(|v| v.is_finite()));
    let x = money_axis(results, "whole-life cost", &values);
    let rows = Rows::new(steps.iter().map(|(name, ..)| name.clone()));
    let title = format!("Savings waterfall: {}", against(results, option));
    let alt = format!(
        "Bar chart. Whole-life cost goes from {} ({}) to {} ({}). {}",
        results.money(results.one(results.baseline().whole_life_cost)),
        results.baseline().label,
        results.money(results.one(of.whole_life_cost)),
        of.label,
        said(results, &steps)
    );
    rows.sheet(title, alt, "category of cost", x).draw(|canvas| {
        for (row, (_, from, to, kind)) in steps.iter().enumerate() {
            let (colour, fill) = match kind {
                Kind::Baseline => (GREY, Fill::Full),
                Kind::Option => (BLUE, Fill::Full),
                Kind::Less => (GREEN, Fill::Pale),
                Kind::More => (ORANGE, Fill::Full),
            };
            canvas.bar((*from, *to), rows.span(row), colour, fill)?;
            canvas.beside(from.max(*to), rows.y(row), &beside(results, *from, *to, *kind))?;
        }
        rows.draw(canvas)?;
        let entries = [("baseline", GREY), ("saves", GREEN), ("costs more", ORANGE), ("option", BLUE)];
        canvas.legend(&entries)
    })
}

/// Baseline, each category that differs, option.
fn steps(results: &CostResults, option: usize) -> Option<Vec<Step>> {
    let of = &results.options()[option];
    let (before, after) = (results.by_category(results.baseline()), results.by_category(of));
    let start: f64 = results.one(results.baseline().whole_life_cost);
    let end: f64 = results.one(of.whole_life_cost);
    if start == 0.0 && end == 0.0 {
        return None;
    }
    let cost = |list: &[(&str, f64)], category: &str| {
        list.iter().find(|(name, _)| *name == category).map_or(0.0, |(_, cost)| *cost)
    };
    let mut steps = vec![(results.baseline().label.clone(), 0.0, start, Kind::Baseline)];
    let mut at = start;
    for (category, _) in cost_model::model::CATEGORIES {
        let change = cost(&after, category) - cost(&before, category);
        // Less than a hundredth of a penny is rounding, not a step.
        if change.abs() >= 1e-4 {
            let kind = if change < 0.0 { Kind::Less } else { Kind::More };
            steps.push((category.replace('-', " "), at, at + change, kind));
            at += change;
        }
    }
    steps.push((of.label.clone(), 0.0, end, Kind::Option));
    Some(steps)
}

fn beside(results: &CostResults, from: f64, to: f64, kind: Kind) -> String {
    match kind {
        Kind::Baseline | Kind::Option => results.money(to),
        Kind::Less | Kind::More => signed(&results.model().currency, to - from),
    }
}

fn signed(currency: &str, change: f64) -> String {
    format!("{}{}", if change > 0.0 { "+" } else { "" }, units::money(currency, change))
}

fn said(results: &CostResults, steps: &[Step]) -> String {
    let changes = steps.iter().filter(|(.., kind)| matches!(kind, Kind::Less | Kind::More));
    let changes: Vec<String> = changes
        .map(|(name, from, to, _)| format!("{name} {}", signed(&results.model().currency, to - from)))
        .collect();
    format!("Changes by category: {}.", changes.join(", "))
}
