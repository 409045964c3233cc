//! The rows of a comparison: each interaction's times, errors and rate, then what the hub used. Pure.

use run_record::{ALL, InteractionRow, Kind, Measured, find_histogram};

use crate::judge::cpu_ns_per_transaction;

use super::intervals::{Ranged, difference, mean, percentile, ratio, share};

/// A figure of both runs.
#[derive(Debug, Clone, PartialEq)]
pub struct CompareRow {
    /// Interaction name, or `all`.
    pub interaction: String,
    /// `response-p99`, `service-mean`, `errors`, `rate`, `cpu-per-transaction`, `hub-memory` and their like.
    pub metric: String,
    /// `ns`, `share`, `1/s` or `bytes`.
    pub unit: &'static str,
    /// In the first run.
    pub a: f64,
    /// In the second.
    pub b: f64,
    /// What it moved by; `None` when it cannot be told, such as from zero.
    pub change: Option<Difference>,
}

/// What a figure moved by from the first run to the second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Difference {
    /// A fraction of the first run's figure; for shares the difference of the two.
    pub value: f64,
    /// The ends of its 95 % interval within the runs; `None` where one run has no such interval.
    pub within: Option<(f64, f64)>,
}

impl CompareRow {
    /// Whether more moved than chance within the two runs explains. Run-to-run variance may still explain it.
    pub fn stands_out(&self) -> bool {
        let within = self.change.and_then(|change| change.within);
        within.is_some_and(|(low, high)| low > 0.0 || high < 0.0)
    }
}

/// Percentiles that are compared.
const QUANTILES: [(&str, f64); 6] =
    [("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99), ("p99.9", 0.999), ("p99.99", 0.9999)];

/// All rows, `all` first, then by interaction as the first run has them.
pub(super) fn rows(a: &Measured, b: &Measured) -> Vec<CompareRow> {
    let mut names: Vec<&str> = Vec::new();
    for row in a.interactions.iter().filter(|row| row.kind == Kind::Response) {
        if !names.contains(&row.interaction.as_str()) {
            names.push(&row.interaction);
        }
    }
    names.sort_by_key(|name| *name != ALL);
    let mut rows = Vec::new();
    for name in names {
        for kind in [Kind::Response, Kind::Service] {
            times(&mut rows, name, kind, a, b);
        }
        errors(&mut rows, name, a, b);
        if name == ALL {
            of_run(&mut rows, a, b);
        }
    }
    rows
}

fn times(rows: &mut Vec<CompareRow>, name: &str, kind: Kind, a: &Measured, b: &Measured) {
    let of =
        |run: &'_ Measured| find_histogram(&run.histograms, name, kind).filter(|h| !h.is_empty()).cloned();
    let Some((a, b)) = of(a).zip(of(b)) else { return };
    let mut add = |metric: &str, of_a: f64, of_b: f64, ranged: Option<(Ranged, Ranged)>| {
        let within = ranged.and_then(|(a, b)| ratio(a, b)).map(|r| (r.low, r.high));
        rows.push(CompareRow {
            interaction: name.to_owned(),
            metric: format!("{}-{metric}", kind.word()),
            unit: "ns",
            a: of_a,
            b: of_b,
            change: relative(of_a, of_b, within),
        });
    };
    add("mean", a.mean(), b.mean(), mean(&a).zip(mean(&b)));
    for (word, quantile) in QUANTILES {
        // Where one sample is the whole tail, a percentile is the maximum under another name.
        let told = |n: u64| n as f64 * (1.0 - quantile) >= 1.0;
        if told(a.len()) && told(b.len()) {
            let at = |h: &hdrhistogram::Histogram<u64>| h.value_at_quantile(quantile) as f64;
            add(word, at(&a), at(&b), percentile(&a, quantile).zip(percentile(&b, quantile)));
        }
    }
    add("max", a.max() as f64, b.max() as f64, None);
}

fn relative(a: f64, b: f64, within: Option<(f64, f64)>) -> Option<Difference> {
    let value = b / a - 1.0;
    value.is_finite().then_some(Difference { value, within })
}

fn errors(rows: &mut Vec<CompareRow>, name: &str, a: &Measured, b: &Measured) {
    let of = |run: &Measured| {
        let of_name = |row: &&InteractionRow| row.interaction == name && row.kind == Kind::Response;
        let row = run.interactions.iter().find(of_name)?;
        match name {
            ALL => share(run.record.counts.failed, run.record.counts.sent),
            _ => share(row.failed, row.count),
        }
    };
    let Some((a, b)) = of(a).zip(of(b)) else { return };
    let d = difference(a, b);
    rows.push(CompareRow {
        interaction: name.to_owned(),
        metric: "errors".to_owned(),
        unit: "share",
        a: a.value,
        b: b.value,
        change: Some(Difference { value: d.value, within: Some((d.low, d.high)) }),
    });
}

/// What a run as a whole has one figure of; no interval can be had from one figure.
fn of_run(rows: &mut Vec<CompareRow>, a: &Measured, b: &Measured) {
    type Figure = fn(&Measured) -> Option<f64>;
    let figures: [(&str, &'static str, Figure); 3] = [
        ("rate", "1/s", |run| Some(run.record.rate_per_s.achieved)),
        ("cpu-per-transaction", "ns", cpu_ns_per_transaction),
        ("hub-memory", "bytes", |run| run.record.hub.as_ref().map(|hub| hub.rss_bytes_peak as f64)),
    ];
    for (metric, unit, of) in figures {
        let known = |run| of(run).filter(|value| value.is_finite() && *value > 0.0);
        let Some((a, b)) = known(a).zip(known(b)) else { continue };
        let change = relative(a, b, None);
        rows.push(CompareRow { interaction: ALL.to_owned(), metric: metric.to_owned(), unit, a, b, change });
    }
}
