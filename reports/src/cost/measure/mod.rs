//! What a run record or a search for the limit gives a cost model: its figures with their spread, its waiting times, and
//! what it was measured on. Called by the command line before a model is built; never gives a figure that was not measured.

mod limit;
mod parts;

pub use limit::{confirming, limit_measurement};

use std::collections::BTreeMap;

use cost_model::{METRICS, Measurement, Metric, Rule, Wait, expected_s};
use run_record::{ALL, Kind, Measured, MixRef, NamedHistogram, Verdict, find_histogram};

use crate::units;
use parts::{Part, cpu_s_per_message, mean_cores, parts, response_means_s};

const NS_PER_S: f64 = 1e9;
const MS_PER_S: f64 = 1e3;
/// Length of `2026-09-01` at the start of a time stamp.
const DATE_CHARS: usize = 10;

/// What a run gives. `origin` is the record's folder as it was named. A run that kept its budgets gives what it carried as
/// its capacity, which is a lower bound; one that broke them gives none.
///
/// # Errors
/// The run is invalid: the reasons, in a sentence each.
pub fn measurement(origin: &str, run: &Measured) -> Result<Measurement, String> {
    let record = &run.record;
    if !record.validity.valid {
        return Err(format!(
            "{origin}: the run is invalid, so nothing is taken from it, allowed: a valid run. {}",
            record.validity.reasons.join(" ")
        ));
    }
    let mut found = Found::default();
    let mut warnings = record.validity.warnings.clone();
    warnings
        .extend(record.scenario.changes.iter().map(|change| format!("The scenario was changed: {change}.")));
    match record.verdict {
        Verdict::Pass => found.capacity(run),
        _ => warnings.push(
            "The run broke a budget, so what it carried is no capacity; `spinebench limit` finds one."
                .to_owned(),
        ),
    }
    found.resources(run);
    found.responses(run);
    let machine = machine(run);
    warnings.extend(machine.warning);
    Ok(Measurement {
        origin: origin.to_owned(),
        sha256: record.seal.clone(),
        date: record.started.chars().take(DATE_CHARS).collect(),
        scenario: record.scenario.title.clone(),
        valid: true,
        metrics: found.metrics,
        waits: waits(&record.mix, &run.histograms),
        cpu: machine.cpu,
        cores: machine.cores,
        store: record.hub.as_ref().and_then(|hub| hub.store.clone()).unwrap_or_default(),
        nodes: 1,
        warnings,
    })
}

/// Metrics as they are found.
#[derive(Default)]
struct Found {
    metrics: BTreeMap<String, Metric>,
}

impl Found {
    /// Keeps a figure under a name of [`METRICS`]; what is no positive number was not measured.
    fn keep(&mut self, name: &str, value: f64, seen: Vec<f64>, how: String) {
        let unit = METRICS.iter().find(|(known, ..)| *known == name).map(|(_, unit, _)| *unit);
        if let Some(unit) = unit.filter(|_| value.is_finite() && value > 0.0) {
            let seen = if seen.len() > 1 && seen.iter().all(|v| v.is_finite()) { seen } else { Vec::new() };
            self.metrics.insert(name.to_owned(), Metric { value, unit: unit.to_owned(), seen, how });
        }
    }

    fn capacity(&mut self, run: &Measured) {
        let record = &run.record;
        let carried = record.rate_per_s.achieved;
        let seen = match one_rate(run) {
            true => parts(run).iter().map(Part::answered_per_s).collect(),
            // Where the plan rose and fell, parts of it tell the plan, not the hub.
            false => Vec::new(),
        };
        let kept = match record.budgets.is_empty() {
            true => "the scenario has no budget",
            false => "every budget kept",
        };
        let how = format!(
            "at least: what the run carried over {}, {kept}; its limit was not sought",
            units::seconds(record.measured_s)
        );
        self.keep("capacity_per_s", carried, seen, how);
    }

    fn resources(&mut self, run: &Measured) {
        let parts = parts(run);
        if let Some(value) = cpu_s_per_message(&parts) {
            let seen = parts.iter().filter_map(|part| cpu_s_per_message(std::slice::from_ref(part)));
            let how = "processor time of the hub in the measured seconds, over the messages of those seconds";
            self.keep("hub_cpu_s_per_message", value, seen.collect(), how.to_owned());
        }
        if let Some(value) = mean_cores(&parts) {
            let seen = parts.iter().filter_map(|part| mean_cores(std::slice::from_ref(part)));
            let how = "processor time of the hub over the measured seconds";
            self.keep("hub_cores_used", value, seen.collect(), how.to_owned());
        }
        let Some(hub) = &run.record.hub else { return };
        let how =
            "highest resident memory of the hub over the whole run, with the people and records of this run";
        self.keep("hub_memory_bytes", hub.rss_bytes_peak as f64, Vec::new(), how.to_owned());
        if let (Some(before), Some(after)) = (hub.data_bytes_before, hub.data_bytes) {
            // Compaction may leave less than there was; that says nothing of a message.
            let each = after.saturating_sub(before) as f64 / run.record.counts_all.sent.max(1) as f64;
            let how = format!(
                "growth of the hub's data folder from {} to {} over all {} of the run, warm-up included; no compaction of \
                 months is in it",
                units::mib(before),
                units::mib(after),
                units::counted(run.record.counts_all.sent, "message", "messages")
            );
            self.keep("disk_bytes_per_message", each, Vec::new(), how);
        }
    }

    fn responses(&mut self, run: &Measured) {
        let Some(all) = find_histogram(&run.histograms, ALL, Kind::Response).filter(|h| !h.is_empty()) else {
            return;
        };
        let mean = all.mean() / NS_PER_S;
        let how = "mean of the response times of all measured messages, failed ones until they were given up";
        self.keep("response_mean_s", mean, response_means_s(run, mean), how.to_owned());
    }
}

/// Whether all measured phases ask one and the same rate.
fn one_rate(run: &Measured) -> bool {
    let mut measured = run.record.phases.iter().filter(|phase| phase.measured);
    let Some(first) = measured.next() else { return false };
    let same = |rate: f64| rate == first.from_per_s;
    same(first.to_per_s) && measured.all(|phase| same(phase.from_per_s) && same(phase.to_per_s))
}

/// Waiting times of the attended interactions with samples, in the order of the mix.
fn waits(mix: &[MixRef], histograms: &[NamedHistogram]) -> Vec<Wait> {
    let attended = mix.iter().filter(|row| row.attended);
    let wait = |row: &MixRef| {
        let measured =
            find_histogram(histograms, &row.interaction, Kind::Response).filter(|h| !h.is_empty())?;
        let before_s = row.legacy_ms.map(|ms| Rule::EACH.map(|rule| rule.counted_s(ms / MS_PER_S)));
        let now_s = Rule::EACH.map(|rule| expected_s(measured, rule));
        Some(Wait { interaction: row.interaction.clone(), share: row.share_stated, now_s, before_s })
    };
    attended.filter_map(wait).collect()
}

/// The machine of the system under test, where it can be known.
struct Machine {
    cpu: String,
    cores: u32,
    warning: Option<String>,
}

/// Beginnings of addresses on this machine.
const LOOPBACK: [&str; 3] = ["://127.", "://localhost", "://[::1]"];

fn machine(run: &Measured) -> Machine {
    let (target, host) = (&run.record.target, &run.record.host);
    match target.kind == "embedded" || LOOPBACK.iter().any(|here| target.url.contains(here)) {
        true => Machine { cpu: host.cpu.clone(), cores: host.cores, warning: None },
        false => Machine {
            cpu: "unknown".to_owned(),
            cores: 0,
            warning: Some(format!("The machine of {} is not known; only the harness's own is.", target.url)),
        },
    }
}
