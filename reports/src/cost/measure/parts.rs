//! The measured seconds of a run in some ten parts, from which the spread of its figures is taken. Seconds follow one another
//! and are alike, so single ones would understate it; means of long parts do not.

use run_record::{Measured, SecondRow, Who};

/// Parts of a run: fewer say little of a spread, more are too short to be independent.
const PARTS: usize = 10;
const NS_PER_S: f64 = 1e9;

/// Sums over some seconds that follow one another.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Part {
    seconds: f64,
    answered: f64,
    /// Messages that reached the hub.
    messages: f64,
    /// Processor time of the hub, and the seconds for which it was seen.
    cpu_s: f64,
    seconds_seen: f64,
    /// Messages of the seconds for which it was seen.
    messages_seen: f64,
}

impl Part {
    pub(super) fn answered_per_s(&self) -> f64 {
        self.answered / self.seconds
    }
}

fn measured_seconds(run: &Measured) -> Vec<&SecondRow> {
    run.series.iter().filter(|row| row.measured).collect()
}

/// Groups of about equal length, in order; none where there are no measured seconds.
fn groups<T: Copy>(of: &[T]) -> Vec<Vec<T>> {
    let count = PARTS.min(of.len());
    let at = |part: usize| part * of.len() / count.max(1);
    (0..count).map(|part| of[at(part)..at(part + 1)].to_vec()).collect()
}

/// The measured seconds in parts.
pub(super) fn parts(run: &Measured) -> Vec<Part> {
    let cpu = |second: u32| {
        let row = run.resources.iter().find(|row| row.second == second && row.who == Who::Hub);
        row.map(|row| row.cpu_share)
    };
    let part = |rows: Vec<&SecondRow>| {
        let mut part = Part::default();
        for row in rows {
            part.seconds += 1.0;
            part.answered += row.answered as f64;
            part.messages += row.sent as f64;
            if let Some(share) = cpu(row.second) {
                part.cpu_s += share;
                part.seconds_seen += 1.0;
                part.messages_seen += row.sent as f64;
            }
        }
        part
    };
    groups(&measured_seconds(run)).into_iter().map(part).collect()
}

/// Processor time of the hub for each message; `None` when its process was not seen.
pub(super) fn cpu_s_per_message(parts: &[Part]) -> Option<f64> {
    let sum = |of: fn(&Part) -> f64| parts.iter().map(of).sum::<f64>();
    let messages = sum(|part| part.messages_seen);
    (messages > 0.0).then(|| sum(|part| part.cpu_s) / messages)
}

/// Mean processor use of the hub, cores; `None` when its process was not seen.
pub(super) fn mean_cores(parts: &[Part]) -> Option<f64> {
    let sum = |of: fn(&Part) -> f64| parts.iter().map(of).sum::<f64>();
    let seconds = sum(|part| part.seconds_seen);
    (seconds > 0.0).then(|| sum(|part| part.cpu_s) / seconds)
}

/// Mean response time of each part, seconds: from the buckets of the heat map, brought to the exact mean of the whole.
pub(super) fn response_means_s(run: &Measured, mean_s: f64) -> Vec<f64> {
    let map = &run.heat_map;
    let middles: Vec<f64> = map
        .bucket_edges_ns
        .windows(2)
        .map(|edge| (edge[0] as f64 + edge[1] as f64) / 2.0 / NS_PER_S)
        .collect();
    let of_second = |row: &SecondRow| {
        let at = map.seconds.iter().position(|second| *second == row.second)?;
        let counts = map.counts.get(at)?;
        let weighted = counts.iter().zip(&middles).map(|(count, middle)| f64::from(*count) * middle);
        Some((weighted.sum::<f64>(), counts.iter().map(|count| f64::from(*count)).sum::<f64>()))
    };
    let seconds: Vec<(f64, f64)> = measured_seconds(run).into_iter().filter_map(of_second).collect();
    let mean = |rows: &[(f64, f64)]| {
        let (sum, count) = rows.iter().fold((0.0, 0.0), |(sum, count), row| (sum + row.0, count + row.1));
        sum / count
    };
    let whole = mean(&seconds);
    let means = groups(&seconds).into_iter().map(|part| mean(&part) / whole * mean_s);
    means.filter(|mean| mean.is_finite()).collect()
}
