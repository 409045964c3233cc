//! The fan: the running discounted net cash of an option over the years, as the draws spread it.

use super::rows::against;
use super::{CostResults, HEIGHT, money_axis, year_axis};
use crate::charts::canvas::{BLUE, LEFT, ORANGE, Sheet};

/// Draws it for one option; `None` without draws.
pub(crate) fn fan(results: &CostResults, option: usize) -> Option<String> {
    let drawn = results.monte_carlo.options.iter().find(|drawn| drawn.option == option)?;
    let of = results.options().get(option)?;
    let spreads = &drawn.net_cash_running;
    let last = spreads.last()?;
    let central = results.yearly(of.net_cash_running);
    let mut values: Vec<f64> = spreads.iter().flat_map(|s| [s.p10, s.p50, s.p90]).collect();
    values.extend(&central);
    let y = money_axis(results, "running net cash", &values);
    let title = format!("Running discounted net cash: {}", against(results, option));
    let alt = format!(
        "Fan chart. At the end of {}, nine in ten draws are above {}, half above {}, one in ten above {}; with optimism bias \
         the central case reaches {}.",
        results.year(spreads.len().saturating_sub(1)),
        results.money(last.p10),
        results.money(last.p50),
        results.money(last.p90),
        results.money(central.last().copied().unwrap_or(f64::NAN))
    );
    let at = |of: fn(&cost_model::appraisal::Spread) -> f64| -> Vec<(f64, f64)> {
        spreads.iter().enumerate().map(|(year, spread)| (year as f64, of(spread))).collect()
    };
    let sheet = Sheet { title, alt, height: HEIGHT, left: LEFT, x: year_axis(results), y };
    sheet.draw(|canvas| {
        let band: Vec<(f64, f64, f64)> =
            spreads.iter().enumerate().map(|(year, s)| (year as f64, s.p10, s.p90)).collect();
        canvas.band(&band, BLUE)?;
        canvas.line(at(|s| s.p10).into_iter(), BLUE, 3)?;
        canvas.line(at(|s| s.p90).into_iter(), BLUE, 3)?;
        canvas.line(at(|s| s.p50).into_iter(), BLUE, 7)?;
        canvas.zero()?;
        let central: Vec<(f64, f64)> = central.iter().enumerate().map(|(at, v)| (at as f64, *v)).collect();
        canvas.dashed(&central, ORANGE, 5)?;
        for (x, y) in central {
            canvas.dot(x, y, ORANGE, true)?;
        }
        canvas.legend(&[
            ("median of the draws, 10th to 90th percentile shaded", BLUE),
            ("central case with optimism bias (dashed)", ORANGE),
        ])
    })
}
