//! What a search for the limit gives: its confirmed rate as the capacity, and all else as the median over the runs that
//! confirmed it. Pure; the records of those runs are read by the command line.

use cost_model::{Measurement, Metric};
use run_record::{LimitRecord, LimitedBy, Measured, NamedHistogram, ProbeRow, ProbeVerdict};

use super::{DATE_CHARS, Found, Machine, machine, waits};
use crate::units;

/// Figures other than the capacity that a run gives by itself.
const OF_RUNS: [&str; 5] = [
    "hub_cpu_s_per_message",
    "hub_cores_used",
    "hub_memory_bytes",
    "disk_bytes_per_message",
    "response_mean_s",
];

/// What a search for the limit gives. `origin` is its folder as it was named, `sha256` that of its `limit.json`, and
/// `confirmations` are the records of the runs that [`confirming`] names, as far as they are still there.
///
/// # Errors
/// No capacity was found: why, in a sentence.
pub fn limit_measurement(
    origin: &str,
    sha256: &str,
    limit: &LimitRecord,
    confirmations: &[Measured],
) -> Result<Measurement, String> {
    let Some(capacity) = limit.capacity_per_s else {
        return Err(format!(
            "{origin}: the search found no capacity, got limited_by {}, allowed: a search that confirmed a rate",
            word(limit.limited_by)
        ));
    };
    let mut found = Found::default();
    let (seen, how) = spread(limit, capacity);
    found.keep("capacity_per_s", capacity, seen, how);
    match confirmations {
        [] => found.of_rows(limit),
        runs => found.of_runs(runs),
    }
    let mut warnings = limit.basis.clone();
    if confirmations.is_empty() {
        warnings.push(
            "The records of the confirming runs are gone, so the limit gives no waiting times and no memory."
                .to_owned(),
        );
    }
    let machine = confirmations.first().map_or_else(
        || Machine { cpu: limit.host.cpu.clone(), cores: limit.host.cores, warning: None },
        machine,
    );
    warnings.extend(machine.warning);
    let mix = confirmations.first().map_or(&[][..], |run| &run.record.mix);
    Ok(Measurement {
        origin: origin.to_owned(),
        sha256: sha256.to_owned(),
        date: limit.started.chars().take(DATE_CHARS).collect(),
        scenario: limit.scenario.title.clone(),
        valid: true,
        metrics: found.metrics,
        waits: waits(mix, &added(confirmations)),
        cpu: machine.cpu,
        cores: machine.cores,
        store: limit.store.clone().unwrap_or_default(),
        nodes: 1,
        warnings,
    })
}

/// The probes that confirmed the capacity, in order; none where there is no capacity.
pub fn confirming(limit: &LimitRecord) -> impl Iterator<Item = &ProbeRow> {
    limit.probes.iter().filter(|probe| {
        let at_capacity = limit.capacity_per_s == Some(probe.rate_per_s);
        at_capacity && probe.why == "confirm" && probe.verdict == ProbeVerdict::Met
    })
}

fn word(limited_by: LimitedBy) -> String {
    // A closed enum without content: it has a word.
    serde_json::to_string(&limited_by).unwrap_or_default()
}

/// From the confirmed rate up to the lowest that failed, and how that is to be read.
fn spread(limit: &LimitRecord, capacity: f64) -> (Vec<f64>, String) {
    let confirmed = format!(
        "the highest rate confirmed to keep every budget, in {} of {} runs of {}",
        limit.confirmed,
        limit.confirmations,
        units::seconds(limit.step_s)
    );
    let failed = limit.probes.iter().filter(|probe| {
        matches!(probe.verdict, ProbeVerdict::OverBudget | ProbeVerdict::Failed)
            && probe.rate_per_s > capacity
    });
    let lowest = failed.map(|probe| probe.rate_per_s).min_by(f64::total_cmp);
    match (limit.at_least, lowest) {
        (true, _) => {
            let why = match limit.limited_by {
                LimitedBy::Generator => "the generator was late above it",
                LimitedBy::Failure => "runs failed above it",
                _ => "no higher rate was to be tried",
            };
            (Vec::new(), format!("at least: {confirmed}; {why}"))
        }
        (false, Some(lowest)) => (
            vec![capacity, lowest],
            format!("{confirmed}; the lowest that failed is {}", units::per_s(lowest)),
        ),
        (false, None) => (Vec::new(), confirmed),
    }
}

/// The middle of some values; of two middle ones their mean.
fn median(mut values: Vec<f64>) -> Option<f64> {
    values.retain(|value| value.is_finite());
    values.sort_by(f64::total_cmp);
    let (low, high) = (values.get(values.len().checked_sub(1)? / 2)?, values.get(values.len() / 2)?);
    Some((low + high) / 2.0)
}

impl Found {
    /// Each figure as the median over the runs, which are its spread.
    fn of_runs(&mut self, runs: &[Measured]) {
        let each: Vec<Found> = runs
            .iter()
            .map(|run| {
                let mut found = Found::default();
                found.resources(run);
                found.responses(run);
                found
            })
            .collect();
        for name in OF_RUNS {
            let of: Vec<&Metric> = each.iter().filter_map(|found| found.metrics.get(name)).collect();
            let (Some(first), Some(value)) =
                (of.first(), median(of.iter().map(|metric| metric.value).collect()))
            else {
                continue;
            };
            let how = match of.len() {
                1 => format!("{}; in the run that confirmed the capacity", first.how),
                n => format!(
                    "median over the {n} runs that confirmed the capacity; in the first: {}",
                    first.how
                ),
            };
            self.keep(name, value, of.iter().map(|metric| metric.value).collect(), how);
        }
    }

    /// What the rows of the probes tell when their records are gone.
    fn of_rows(&mut self, limit: &LimitRecord) {
        let rows: Vec<(f64, f64)> =
            confirming(limit).filter_map(|row| Some((row.hub_cores?, row.achieved_per_s))).collect();
        let cores: Vec<f64> = rows.iter().map(|row| row.0).collect();
        let each: Vec<f64> = rows.iter().map(|row| row.0 / row.1).collect();
        let how = "median over the runs that confirmed the capacity, as their rows tell it";
        for (name, values) in [("hub_cores_used", cores), ("hub_cpu_s_per_message", each)] {
            if let Some(value) = median(values.clone()) {
                self.keep(name, value, values, how.to_owned());
            }
        }
    }
}

/// The histograms of all runs added up.
fn added(runs: &[Measured]) -> Vec<NamedHistogram> {
    let mut all: Vec<NamedHistogram> = Vec::new();
    for named in runs.iter().flat_map(|run| &run.histograms) {
        match all.iter_mut().find(|sum| sum.interaction == named.interaction && sum.kind == named.kind) {
            // All histograms of records have the same bounds, so that they can be added.
            Some(sum) => drop(sum.histogram.add(&named.histogram)),
            None => all.push(named.clone()),
        }
    }
    all
}
