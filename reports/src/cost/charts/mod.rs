//! Charts of the cost report, on the same sheet as those of a run. Each is one file that draws SVG from the results, or
//! nothing when there is nothing to draw; odd figures (none, all zero, one year, huge) never end it.

mod cash_flow;
mod fan;
mod rows;
mod tornado;
mod waterfall;

pub(crate) use cash_flow::cash_flow;
pub(crate) use fan::fan;
pub(crate) use tornado::{BARS_MAX, tornado};
pub(crate) use waterfall::waterfall;

use super::CostResults;
use crate::charts::axis::Axis;
use crate::units;

/// Year labels along the bottom at most: more would run into each other.
const YEAR_LABELS_MAX: usize = 11;
/// Height of the charts over years.
const HEIGHT: i32 = 700;

/// The axis's title and labels, in the unit of money that keeps them short.
fn money_labels(results: &CostResults, what: &str, values: &[f64]) -> (String, impl Fn(f64) -> String) {
    let most = values.iter().copied().filter(|v| v.is_finite()).map(f64::abs).fold(0.0, f64::max);
    let (divisor, word) = match most {
        m if m >= 2e9 => (1e9, " billion"),
        m if m >= 2e6 => (1e6, " million"),
        m if m >= 2e4 => (1e3, " thousand"),
        _ => (1.0, ""),
    };
    let currency = match results.model().currency.as_str() {
        "GBP" => "£",
        other => other,
    };
    let title = format!("{what}, {currency}{word}, {}", results.prices());
    (title, move |value| units::plain(value / divisor).replace('-', "\u{2212}"))
}

/// An axis of money that holds 0 and all values.
fn money_axis(results: &CostResults, what: &str, values: &[f64]) -> Axis {
    let (title, label) = money_labels(results, what, values);
    Axis::around_zero(&title, values.iter().copied(), label)
}

/// An axis of money that holds all values, but not 0 where that is far away.
fn money_axis_near(results: &CostResults, what: &str, values: &[f64]) -> Axis {
    let (title, label) = money_labels(results, what, values);
    Axis::covering(&title, values.iter().copied(), label)
}

/// An axis of years with room for bars: year `at` lies at `at`.
fn year_axis(results: &CostResults) -> Axis {
    let years = results.years();
    let step = years.len().div_ceil(YEAR_LABELS_MAX).max(1);
    let ticks = years.iter().enumerate().step_by(step).map(|(at, year)| (at as f64, year.clone())).collect();
    Axis::fixed("financial year, April to March", -0.5, years.len() as f64 - 0.5, ticks)
}
