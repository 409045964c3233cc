//! The tornado: how far each assumption alone moves the cash result of an option, the widest first.

use cost_model::appraisal::Bar;

use super::rows::{Rows, against};
use super::{CostResults, money_axis_near};
use crate::charts::canvas::{BLUE, Fill, ORANGE};
use crate::cost::view::with_unit;
use crate::units;

/// Bars drawn at most, the widest: the rest would be too thin to be seen.
pub(crate) const BARS_MAX: usize = 12;

/// Draws it for one option; `None` when no assumption moves the result.
pub(crate) fn tornado(results: &CostResults, option: usize) -> Option<String> {
    let tornado = results.tornados.iter().find(|tornado| tornado.option == option)?;
    let bars: Vec<&Bar> = tornado.bars.iter().take(BARS_MAX).collect();
    if bars.is_empty() {
        return None;
    }
    let ends = bars.iter().flat_map(|bar| [bar.npsv_cash.0, bar.npsv_cash.1]);
    let mut values: Vec<f64> = ends.collect();
    values.push(tornado.central);
    let x = money_axis_near(results, "NPSV on cash alone", &values);
    let rows = Rows::new(bars.iter().map(|bar| label(results, bar)));
    let widest = bars.first().map(|bar| {
        format!(
            "The widest is {}: from {} to {}.",
            name(results, bar),
            results.money(bar.npsv_cash.0.min(bar.npsv_cash.1)),
            results.money(bar.npsv_cash.0.max(bar.npsv_cash.1))
        )
    });
    let title = format!("Tornado: {}", against(results, option));
    let alt = format!(
        "Bar chart of {} assumptions. Central NPSV on cash alone: {}. {}",
        bars.len(),
        results.money(tornado.central),
        widest.unwrap_or_default()
    );
    rows.sheet(title, alt, "assumption and its range", x).draw(|canvas| {
        for (row, bar) in bars.iter().enumerate() {
            let (low, high) = bar.npsv_cash;
            canvas.bar((tornado.central, low), rows.span(row), ORANGE, Fill::Pale)?;
            canvas.bar((tornado.central, high), rows.span(row), BLUE, Fill::Full)?;
        }
        rows.draw(canvas)?;
        canvas.upright(tornado.central, &format!("central {}", results.money(tornado.central)))?;
        canvas.legend(&[("10th percentile (pale)", ORANGE), ("90th percentile (full)", BLUE)])
    })
}

fn name<'a>(results: &'a CostResults, bar: &Bar) -> &'a str {
    results.model().assumptions.get(bar.assumption).map_or("", |a| &a.label)
}

fn label(results: &CostResults, bar: &Bar) -> String {
    let unit = results.model().assumptions.get(bar.assumption).map_or("", |a| &a.unit_text);
    let (low, high) = bar.inputs;
    format!("{}\n{} to {}", name(results, bar), units::significant(low), with_unit(high, unit))
}
