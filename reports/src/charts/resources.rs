//! Processor and memory of hub and harness, apart: one may only judge the other when it had room itself.

use run_record::{Measured, ResourceRow, Who};

use super::axis::Axis;
use super::canvas::{self, BLUE, ORANGE};
use super::events::backdrop;
use super::seconds::x_axis;
use crate::units;

const HEIGHT: i32 = 480;
/// Most points a line is drawn with.
const POINTS_MAX: usize = 900;
const MIB: f64 = 1_048_576.0;

/// Processor use per second.
pub(super) fn processor(run: &Measured) -> Option<String> {
    let cores = |s: f64| units::percent(s, 0);
    draw(run, "Processor use", "share of one core", |row| row.cpu_share, cores)
}

/// Resident memory.
pub(super) fn memory(run: &Measured) -> Option<String> {
    let mib = |mib: f64| units::number(mib, 0);
    draw(run, "Resident memory in MiB", "MiB", |row| row.rss_bytes as f64 / MIB, mib)
}

fn draw(
    run: &Measured,
    what: &str,
    title: &str,
    of: fn(&ResourceRow) -> f64,
    label: fn(f64) -> String,
) -> Option<String> {
    let step = run.resources.len().div_ceil(2 * POINTS_MAX).max(1);
    let points = |who: Who| -> Vec<(f64, f64)> {
        let rows = run.resources.iter().filter(|row| row.who == who).step_by(step);
        rows.map(|row| (f64::from(row.second) + 0.5, of(row)))
            .filter(|(_, value)| value.is_finite())
            .collect()
    };
    let (hub, harness) = (points(Who::Hub), points(Who::Harness));
    let most = hub.iter().chain(&harness).map(|(_, value)| *value).reduce(f64::max)?;
    let peak = |points: &[(f64, f64)]| {
        points.iter().map(|(_, value)| *value).reduce(f64::max).map_or("none".into(), label)
    };
    let alt = format!("Line chart. {what}, highest: hub {}, harness {}.", peak(&hub), peak(&harness));
    let y = Axis::even(title, 0.0, most, label);
    canvas::draw(&alt, HEIGHT, x_axis(&run.series)?, y, |canvas| {
        backdrop(canvas, run)?;
        let mut legend = Vec::new();
        for (name, colour, points) in [("hub", BLUE, hub), ("harness", ORANGE, harness)] {
            if !points.is_empty() {
                canvas.line(points.into_iter(), colour, 5)?;
                legend.push((name, colour));
            }
        }
        canvas.legend(&legend)
    })
}
