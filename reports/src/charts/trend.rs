//! One metric over many runs: a dot a run, the median of each stretch, a mark where it changed. Pure.

use super::axis::Axis;
use super::canvas::{self, BLUE, ORANGE};
use crate::trend::{TrendSeries, change_words, figure};
use crate::units;

const HEIGHT: i32 = 560;
/// Dates along the bottom: as many as stand beside each other without touching.
const DATES: usize = 6;

/// Draws it, or nothing when there is no point.
pub(crate) fn trend_chart(series: &TrendSeries) -> Option<String> {
    let points = &series.points;
    let most = points.iter().map(|point| point.value).fold(0.0, f64::max);
    let last = points.len().checked_sub(1)?;
    let step = points.len().div_ceil(DATES).max(1);
    let date = |at: usize| points[at].started.get(..10).unwrap_or(&points[at].started).to_owned();
    let dates = (0..points.len()).step_by(step).map(|at| (at as f64, date(at))).collect();
    let x = Axis::fixed("runs in the order of time", -0.5, last as f64 + 0.5, dates);
    let (scale, title, label) = scale(series);
    // Room at the top for what the marks say.
    let room = if series.changes.is_empty() { 1.0 } else { 1.4 };
    let y = Axis::even(title, 0.0, most * scale * room, label);
    let alt = format!(
        "{} {} over {} runs; {}.",
        series.interaction,
        series.metric,
        points.len(),
        units::counted(series.changes.len() as u64, "change", "changes")
    );
    canvas::draw(&alt, HEIGHT, x, y, |canvas| {
        let mut from = 0;
        for (at, change) in series.changes.iter().enumerate() {
            let half = change.at as f64 - 0.5;
            canvas.line(
                [(from as f64 - 0.5, change.before * scale), (half, change.before * scale)].into_iter(),
                ORANGE,
                6,
            )?;
            canvas.moment(half, &format!("{} from {}", change_words(change), date(change.at)), at % 3)?;
            from = change.at;
        }
        if let Some(change) = series.changes.last() {
            let ends = [(from as f64 - 0.5, change.after * scale), (last as f64 + 0.5, change.after * scale)];
            canvas.line(ends.into_iter(), ORANGE, 6)?;
        }
        for (at, point) in points.iter().enumerate() {
            canvas.dot(at as f64, point.value * scale, BLUE, false)?;
        }
        let newest = format!("a run; the newest {}", figure(series, points[last].value));
        let mut legend = vec![(newest.as_str(), BLUE)];
        if !series.changes.is_empty() {
            legend.push(("median between changes", ORANGE));
        }
        canvas.legend(&legend)
    })
}

/// What to multiply by for the axis, the axis's title, its labels.
fn scale(series: &TrendSeries) -> (f64, &'static str, fn(f64) -> String) {
    let label: fn(f64) -> String = units::plain;
    match series.unit {
        "ns" if series.metric == "cpu-per-transaction" => (1e-3, "microseconds", label),
        "ns" => (1e-6, "milliseconds", label),
        "share" => (100.0, "per cent", label),
        "bytes" => (1.0 / 1_048_576.0, "MiB", label),
        _ => (1.0, "a second", label),
    }
}
