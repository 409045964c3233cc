//! Charts over the seconds of the run: planned and achieved rate, and response times.

use run_record::{Measured, SecondRow};

use super::axis::Axis;
use super::canvas::{self, BLUE, GREY, ORANGE, PURPLE, RED};
use super::events::backdrop;
use crate::units;

/// Most points a line is drawn with; longer runs are drawn in groups of seconds, worst of each group for times.
const POINTS_MAX: usize = 900;
const HEIGHT: i32 = 560;

/// Planned and achieved rate, and what was dropped or failed.
pub(super) fn rate(run: &Measured) -> Option<String> {
    let groups = groups(&run.series);
    let per_s = |of: fn(&SecondRow) -> u64| -> Vec<(f64, f64)> {
        let mean = |rows: &&[SecondRow]| rows.iter().map(of).sum::<u64>() as f64 / rows.len() as f64;
        groups.iter().map(|rows| (middle(rows), mean(rows))).collect()
    };
    let planned = per_s(|row| row.planned);
    let answered = per_s(|row| row.answered);
    let lost = per_s(|row| row.dropped + row.failed);
    let most = planned.iter().chain(&answered).map(|(_, rate)| *rate).fold(0.0, f64::max);
    let x = x_axis(&run.series)?;
    let y = Axis::even("requests a second", 0.0, most, rate_label);
    let any_lost = lost.iter().any(|(_, rate)| *rate > 0.0);
    let rates = run.record.rate_per_s;
    let alt = format!(
        "Line chart of requests a second: {} planned and {} achieved over the measured phases.",
        units::per_s(rates.planned),
        units::per_s(rates.achieved)
    );
    canvas::draw(&alt, HEIGHT, x, y, |canvas| {
        backdrop(canvas, run)?;
        canvas.line(planned.into_iter(), GREY, 9)?;
        canvas.line(answered.into_iter(), BLUE, 4)?;
        let mut legend = vec![("planned", GREY), ("answered", BLUE)];
        if any_lost {
            canvas.line(lost.into_iter(), RED, 4)?;
            legend.push(("dropped or failed", RED));
        }
        canvas.legend(&legend)
    })
}

fn rate_label(rate: f64) -> String {
    units::number(rate, if rate.fract() == 0.0 || rate >= 10.0 { 0 } else { 1 })
}

/// Median, 99th percentile and largest response time of each second, and the send lag.
pub(super) fn times(run: &Measured) -> Option<String> {
    let groups = groups(&run.series);
    let lines = [
        ("largest response", PURPLE, 3, (|row| row.response_max_ns) as fn(&SecondRow) -> u64),
        ("response p99", ORANGE, 5, |row| row.response_p99_ns),
        ("response p50", BLUE, 5, |row| row.response_p50_ns),
        ("send lag p99", GREY, 3, |row| row.send_lag_p99_ns),
    ];
    let worst = |of: fn(&SecondRow) -> u64| -> Vec<(f64, u64)> {
        let worst = |rows: &&[SecondRow]| rows.iter().map(of).max().unwrap_or(0);
        groups.iter().map(|rows| (middle(rows), worst(rows))).filter(|(_, ns)| *ns > 0).collect()
    };
    let drawn: Vec<Vec<(f64, u64)>> = lines.iter().map(|(_, _, _, of)| worst(*of)).collect();
    let y = Axis::log_ms(drawn.iter().flatten().map(|(_, ns)| (*ns).max(1_000)))?;
    let x = x_axis(&run.series)?;
    let measured = || run.series.iter().filter(|row| row.measured);
    let alt = format!(
        "Line chart of response times in each second: p99 between {} and {} ms over the measured phases.",
        units::ms(measured().map(|row| row.response_p99_ns).min().unwrap_or(0)),
        units::ms(measured().map(|row| row.response_p99_ns).max().unwrap_or(0)),
    );
    canvas::draw(&alt, HEIGHT, x, y, |canvas| {
        backdrop(canvas, run)?;
        for ((_, colour, width, _), points) in lines.iter().zip(&drawn) {
            canvas.line(points.iter().map(|(s, ns)| (*s, *ns as f64)), *colour, *width)?;
        }
        canvas.legend(&lines.map(|(name, colour, _, _)| (name, colour)))
    })
}

/// The x axis over all seconds of the run.
pub(super) fn x_axis(series: &[SecondRow]) -> Option<Axis> {
    let (first, last) = (series.first()?, series.last()?);
    Some(Axis::run_seconds(f64::from(first.second), f64::from(last.second) + 1.0))
}

fn groups(series: &[SecondRow]) -> Vec<&[SecondRow]> {
    series.chunks(series.len().div_ceil(POINTS_MAX).max(1)).collect()
}

fn middle(rows: &[SecondRow]) -> f64 {
    let ends = rows.first().zip(rows.last());
    ends.map_or(0.0, |(first, last)| (f64::from(first.second) + f64::from(last.second) + 1.0) / 2.0)
}
