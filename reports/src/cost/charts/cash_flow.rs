//! The cash flow by year of an option: what the baseline costs, what the option costs, and the net cash of the year.

use super::rows::against;
use super::{CostResults, HEIGHT, money_axis, year_axis};
use crate::charts::canvas::{BLUE, Fill, GREY, LEFT, ORANGE, Sheet};

/// Draws it for one option; `None` when there is no such option.
pub(crate) fn cash_flow(results: &CostResults, option: usize) -> Option<String> {
    let of = results.options().get(option)?;
    let (before, after) = (results.yearly(results.baseline().cost), results.yearly(of.cost));
    let net = results.yearly(of.net_cash);
    let values: Vec<f64> = before.iter().chain(&after).chain(&net).copied().collect();
    let y = money_axis(results, "cash a year", &values);
    let (first, last) = (net.first().copied().unwrap_or(f64::NAN), net.last().copied().unwrap_or(f64::NAN));
    let title = format!("Cash flow by year: {}", against(results, option));
    let alt = format!(
        "Bar chart of the costs by year with a line of the net cash, which is {} in {} and {} in {}.",
        results.money(first),
        results.year(0),
        results.money(last),
        results.year(net.len().saturating_sub(1))
    );
    let sheet = Sheet { title, alt, height: HEIGHT, left: LEFT, x: year_axis(results), y };
    sheet.draw(|canvas| {
        for (year, (before, after)) in before.iter().zip(&after).enumerate() {
            let x = year as f64;
            // A year without cost has no bar: a thin one would look like a little money.
            if *before != 0.0 {
                canvas.bar((x - 0.34, x - 0.02), (0.0, *before), GREY, Fill::Pale)?;
            }
            if *after != 0.0 {
                canvas.bar((x + 0.02, x + 0.34), (0.0, *after), BLUE, Fill::Full)?;
            }
        }
        canvas.zero()?;
        canvas.line(net.iter().enumerate().map(|(year, v)| (year as f64, *v)), ORANGE, 6)?;
        for (year, value) in net.iter().enumerate() {
            canvas.dot(year as f64, *value, ORANGE, false)?;
        }
        canvas.legend(&[
            ("cost of the baseline (left bars)", GREY),
            ("cost of the option (right bars)", BLUE),
            ("net cash (line)", ORANGE),
        ])
    })
}
