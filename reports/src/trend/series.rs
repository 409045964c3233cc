//! The series of a trend: which figures of a run are followed, and where each changed. Pure.

use run_record::{ALL, InteractionRow, Kind, Measured};
use serde::Serialize;

use super::TrendRun;
use super::divisive::{SIDE_MIN, change_points};
use crate::judge::cpu_ns_per_transaction;

/// One figure of one run.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Figure {
    interaction: String,
    metric: &'static str,
    unit: &'static str,
    value: f64,
}

/// One metric over the runs of a group.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TrendSeries {
    /// Interaction name, or `all`.
    pub interaction: String,
    /// `response-p50`, `errors`, `cpu-per-transaction` and their like.
    pub metric: &'static str,
    /// `ns`, `share`, `1/s` or `bytes`.
    pub unit: &'static str,
    /// The runs that have the figure, in the order of time.
    pub points: Vec<TrendPoint>,
    /// Where it changed.
    pub changes: Vec<TrendChange>,
}

/// A run's figure.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TrendPoint {
    /// The run's name.
    pub run: String,
    /// When it began, RFC 3339 in UTC.
    pub started: String,
    /// The figure.
    pub value: f64,
}

/// A change: from this run on it is otherwise.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TrendChange {
    /// The first run of what is new.
    pub run: String,
    /// Its index among the points.
    pub at: usize,
    /// Part of the shuffles that split as well.
    pub p: f64,
    /// Median back to the change before.
    pub before: f64,
    /// Median up to the change after.
    pub after: f64,
    /// `after / before - 1`; null when it was zero before.
    pub change: Option<f64>,
}

/// The figures of a run that are followed. Percentiles beyond p99 and maxima jump from run to run and are not.
pub(super) fn figures(run: &Measured) -> Vec<Figure> {
    let mut figures = Vec::new();
    let mut add = |interaction: &str, metric, unit, value: Option<f64>| {
        if let Some(value) = value.filter(|value| value.is_finite()) {
            figures.push(Figure { interaction: interaction.to_owned(), metric, unit, value });
        }
    };
    let record = &run.record;
    let mut names: Vec<&InteractionRow> = run.interactions.iter().filter(|row| row.count > 0).collect();
    names.sort_by_key(|row| row.interaction != ALL);
    for row in names {
        let name = &row.interaction;
        match row.kind {
            Kind::Response => {
                add(name, "response-p50", "ns", Some(row.p50_ns as f64));
                add(name, "response-p99", "ns", Some(row.p99_ns as f64));
                add(name, "errors", "share", Some(row.failed as f64 / row.count as f64));
            }
            Kind::Service => add(name, "service-p99", "ns", Some(row.p99_ns as f64)),
            Kind::SendLag => {}
        }
    }
    add(ALL, "rate", "1/s", Some(record.rate_per_s.achieved));
    add(ALL, "cpu-per-transaction", "ns", cpu_ns_per_transaction(run));
    add(ALL, "hub-memory", "bytes", record.hub.as_ref().map(|hub| hub.rss_bytes_peak as f64));
    figures
}

/// The series of a group's runs, in the order of the newest run's figures.
pub(super) fn series(runs: &[TrendRun], seed: u64) -> Vec<TrendSeries> {
    let Some(newest) = runs.last() else { return Vec::new() };
    let mut order: Vec<&Figure> = newest.figures.iter().collect();
    order.sort_by_key(|figure| figure.interaction != ALL);
    order.into_iter().map(|figure| one(figure, runs, seed)).collect()
}

fn one(wanted: &Figure, runs: &[TrendRun], seed: u64) -> TrendSeries {
    let same = |f: &&Figure| f.metric == wanted.metric && f.interaction == wanted.interaction;
    let points: Vec<TrendPoint> = runs
        .iter()
        .filter_map(|run| {
            let figure = run.figures.iter().find(same)?;
            Some(TrendPoint { run: run.name.clone(), started: run.started.clone(), value: figure.value })
        })
        .collect();
    let values: Vec<f64> = points.iter().map(|point| point.value).collect();
    let found = change_points(&values, seed);
    let ends: Vec<usize> = [0].into_iter().chain(found.iter().map(|c| c.at)).chain([values.len()]).collect();
    let changes = found.iter().enumerate().map(|(i, found)| {
        let before = median(&values[ends[i]..found.at]);
        let after = median(&values[found.at..ends[i + 2]]);
        let change = Some(after / before - 1.0).filter(|change| change.is_finite());
        TrendChange { run: points[found.at].run.clone(), at: found.at, p: found.p, before, after, change }
    });
    let changes = changes.collect();
    TrendSeries {
        interaction: wanted.interaction.clone(),
        metric: wanted.metric,
        unit: wanted.unit,
        points,
        changes,
    }
}

impl TrendSeries {
    /// Why no change could be found, when there are too few runs.
    pub fn too_short(&self) -> Option<String> {
        let needed = 2 * SIDE_MIN;
        (self.points.len() < needed).then(|| format!("{} runs, {needed} needed", self.points.len()))
    }
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len();
    if n == 0 { f64::NAN } else { (sorted[(n - 1) / 2] + sorted[n / 2]) / 2.0 }
}
