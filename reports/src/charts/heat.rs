//! The heat map of response times: seconds across, time bands upwards, darker where more requests were.

use run_record::Measured;

use super::axis::Axis;
use super::canvas::{self, BLUE};
use super::events::backdrop;
use super::seconds::x_axis;
use crate::units;

/// Most columns drawn: more would be narrower than a dot of a printer, and the page would grow with the run.
const COLUMNS_MAX: usize = 180;
/// What a single request shows as; less could not be seen.
const STRENGTH_MIN: f64 = 0.12;
const HEIGHT: i32 = 700;

/// The heat map over the whole run.
pub(super) fn map(run: &Measured) -> Option<String> {
    let map = &run.heat_map;
    let edges = &map.bucket_edges_ns;
    let used = |bucket: usize| map.counts.iter().any(|row| row.get(bucket).is_some_and(|count| *count > 0));
    let buckets: Vec<usize> = (0..edges.len().saturating_sub(1)).filter(|bucket| used(*bucket)).collect();
    let (low, high) = (*buckets.first()?, *buckets.last()?);
    let columns = columns(map);
    let most = columns.iter().flat_map(|(_, _, counts)| counts).copied().max()?;
    let x = x_axis(&run.series)?;
    let y = Axis::log_ms([edges[low], edges[high + 1]].into_iter())?;
    let strength = |count: u64| {
        let part = (count as f64).ln_1p() / (most as f64).ln_1p();
        STRENGTH_MIN + (1.0 - STRENGTH_MIN) * part
    };
    let alt = format!(
        "Heat map of response times per second, from {} to {} ms; the fullest cell holds {} requests.",
        units::ms(edges[low]),
        units::ms(edges[high + 1]),
        units::whole(most)
    );
    canvas::draw(&alt, HEIGHT, x, y, |canvas| {
        for (from, to, counts) in &columns {
            for bucket in low..=high {
                if let Some(count) = counts.get(bucket).filter(|count| **count > 0) {
                    let band = (edges[bucket] as f64, edges[bucket + 1] as f64);
                    canvas.cell((*from, *to), band, BLUE, strength(*count))?;
                }
            }
        }
        backdrop(canvas, run)?;
        let shown =
            [0.0, 0.25, 0.5, 0.75, 1.0].map(|power| strength((most as f64).powf(power).round() as u64));
        let high = format!("{} requests in one cell", units::whole(most));
        canvas.scale("few", &high, BLUE, &shown)
    })
}

/// Start, end and counts of each column.
fn columns(map: &run_record::HeatMap) -> Vec<(f64, f64, Vec<u64>)> {
    let group = map.seconds.len().div_ceil(COLUMNS_MAX).max(1);
    let column = |(seconds, rows): (&[u32], &[Vec<u32>])| {
        let mut sum = vec![0u64; map.bucket_edges_ns.len().saturating_sub(1)];
        for row in rows {
            row.iter().zip(&mut sum).for_each(|(count, sum)| *sum += u64::from(*count));
        }
        let (first, last) = (seconds.first().copied().unwrap_or(0), seconds.last().copied().unwrap_or(0));
        (f64::from(first), f64::from(last) + 1.0, sum)
    };
    map.seconds.chunks(group).zip(map.counts.chunks(group)).map(column).collect()
}
