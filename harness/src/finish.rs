//! The end of a run: everything measured is put together, and the run judges itself. Called by `run` for the open model and
//! by `journeys` for the closed one.

use crate::begin::Begun;
use crate::clock::process_cpu_s;
use crate::engine::{EngineFacts, measured_window};
use crate::lookup::{self, Asking};
use crate::recorder::Recorder;
use crate::resilience;
use crate::resources::{Usage, host};
use crate::run::{Setting, population_of};
use crate::schedule::ScheduleSeen;
use crate::seconds::Series;
use crate::status::{self, HubStatus};
use crate::validity::{Evidence, reasons, warnings};
use crate::{floor, noise, steady};
use run_record::{
    ALL, EventRow, FORMAT_VERSION, HarnessFacts, HubFacts, Kind, Measured, MixRef, NotReplayedRef, Observed,
    PhaseRef, RatePerS, Resilience, RunRecord, ScenarioRef, SecondRow, TargetRef, Tool, Validity, Verdict,
};
use scenarios::{Arrivals, Model, Scenario, Target};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::Ordering;

/// What is known at the end of a run besides what was recorded.
pub struct End {
    /// What was known at its beginning, with the resource watch still running.
    pub begun: Begun,
    /// What the sender knows of itself.
    pub facts: EngineFacts,
    /// The noise watch, still running.
    pub noise: noise::Watch,
    /// What the check of the schedule found; `None` in the closed model, which has none.
    pub schedule: Option<ScheduleSeen>,
    /// Why a trace ended before its time, if it did.
    pub trace_fault: Option<String>,
    /// What was observed before the end.
    pub observed: Observed,
}

/// Puts everything measured together and lets the run judge itself.
pub fn finish(
    scenario: &Scenario,
    setting: &mut Setting<'_>,
    recorder: Recorder,
    series: Series,
    end: End,
) -> Measured {
    let Begun { started, floor, timers, hub: before, watch, cpu_s } = end.begun;
    let harness_cpu_s = process_cpu_s() - cpu_s;
    let seen = end.noise.finish();
    let floor_after = floor::measure();
    let mut events = (setting.settle)();
    let (resources, harness_usage, hub_usage) = watch.finish();
    let after = status::ask_over(&setting.connector);
    let hub_died = setting.hub_pid.load(Ordering::Relaxed) != 0 && after.is_none();
    let hub = hub_facts(before.clone(), after.clone(), hub_usage);
    let measured_s = measured_s(scenario, &recorder, &end.facts);
    let (series, heat_map) = series.finish();
    let flats = steady::flats(scenario);
    let steady = steady::judge(&series, &flats);
    let names: Vec<String> = scenario.phases.iter().map(|p| p.name.clone()).collect();
    let restarts = scenario.restarts_hub();
    let counted = hub.as_ref().filter(|_| !restarts);
    let operations = counted.map(|h| reconcile(scenario, &recorder, h)).unwrap_or_default();
    let histograms = recorder.histograms();
    let lag = run_record::find_histogram(&histograms, ALL, Kind::SendLag);
    let evidence = Evidence {
        counts: recorder.counts,
        counts_all: recorder.counts_all,
        send_lag_p99_9_ns: lag.map_or(0, |h| h.value_at_quantile(0.999)),
        send_lag_limit_ns: scenarios::nanoseconds(scenario.limits.send_lag_p99_9),
        dropped_share_limit: scenario.limits.dropped_share,
        cpu_share: end.facts.cpu_share,
        cpu_share_limit: scenario.limits.harness_cpu_share,
        operations: &operations,
        debug_build: cfg!(debug_assertions),
        interrupted: end.facts.interrupted,
        hub_died,
        open_model: scenario.load.model == Model::Open,
        hub_before: before.as_ref(),
        hub_after: after.as_ref(),
        restarts_planned: scenario.restarts_hub(),
        noise: Some(&seen),
        floor_before: floor,
        floor_after,
        schedule: end.schedule.as_ref(),
        phases: &names,
        steady: steady.as_ref(),
        flat: !flats.is_empty(),
    };
    let (mut reasons, mut warnings) = (reasons(&evidence), warnings(&evidence));
    let fault = |e: &EventRow| e.fault.as_ref().map(|f| format!("\"{}\" at {:.1} s: {f}.", e.text, e.at_s));
    reasons.extend(events.iter().filter_map(fault));
    reasons.extend(end.trace_fault.map(|f| format!("The trace was not replayed to its end: {f}.")));
    if restarts {
        warnings.push(
            "The hub was started again in the run, and its counts with it: instead of comparing them with ours, \
             acknowledged writes were looked up."
                .to_owned(),
        );
    }
    let valid = reasons.is_empty();
    let resilience =
        (!scenario.events.is_empty()).then(|| resilience(scenario, setting, &recorder, &series, &mut events));
    let counts = recorder.counts;
    let record = RunRecord {
        format_version: FORMAT_VERSION,
        tool: Tool {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            profile: if cfg!(debug_assertions) { "debug" } else { "release" }.to_owned(),
        },
        command: setting.command.clone(),
        started: started.to_string(),
        scenario: ScenarioRef {
            title: scenario.title.clone(),
            path: scenario.path.display().to_string(),
            text: scenario.text.clone(),
            sha256: scenario.sha256.clone(),
            changes: scenario.changes.clone(),
        },
        seed: scenario.seed,
        model: match scenario.load.model {
            Model::Open => "open",
            Model::Users => "users",
            Model::Closed => "closed",
        }
        .to_owned(),
        arrivals: match scenario.load.arrivals {
            Arrivals::Poisson => "poisson",
            Arrivals::Constant => "constant",
            Arrivals::Bursty { .. } => "bursty",
            Arrivals::Trace => "trace",
        }
        .to_owned(),
        connections: scenario.load.connections,
        target: target_ref(scenario, setting.connector.target()),
        counts,
        counts_all: recorder.counts_all,
        rate_per_s: RatePerS {
            planned: counts.planned as f64 / planned_s(scenario).max(f64::MIN_POSITIVE),
            achieved: counts.answered as f64 / measured_s.max(f64::MIN_POSITIVE),
        },
        measured_s,
        phases: phases(scenario),
        mix: mix(scenario),
        not_replayed: scenario
            .mix
            .not_replayed
            .iter()
            .map(|n| NotReplayedRef { row: n.row.clone(), share: n.share, why: n.why.clone() })
            .collect(),
        validity: Validity { valid, reasons, warnings },
        budgets: Vec::new(),
        verdict: if valid { Verdict::Pass } else { Verdict::Invalid },
        host: host(),
        hub,
        harness: HarnessFacts {
            cpu_seconds: harness_cpu_s,
            rss_bytes_peak: harness_usage.rss_bytes_peak,
            workers: scenario.load.workers,
            clock_read_ns: timers.map(|t| t.clock_read_ns),
            wake_late_ns_p50: timers.map(|t| t.wake_late_ns_p50),
            wake_late_ns_p99: timers.map(|t| t.wake_late_ns_p99),
            floor,
            plan_start_monotonic_ns: (end.facts.origin_ns > 0).then_some(end.facts.origin_ns),
        },
        hours_per_day: None,
        observed: Observed {
            noise: Some(seen.facts(floor::ratio(floor, floor_after))),
            steady,
            journeys: recorder.trips.rows(scenario),
            resilience,
            events,
            ..end.observed
        },
        interrupted: end.facts.interrupted,
        files: BTreeMap::new(),
        seal: String::new(),
    };
    let interactions = run_record::interaction_rows(&histograms, &recorder.failed());
    let errors = recorder.error_rows();
    Measured { record, interactions, series, resources, errors, heat_map, histograms }
}

/// What the events did, and whether anything that was acknowledged is gone. The hub's counts must have been asked for
/// before: what is asked here stands in no count of ours.
fn resilience(
    scenario: &Scenario,
    setting: &Setting<'_>,
    recorder: &Recorder,
    series: &[SecondRow],
    events: &mut [EventRow],
) -> Resilience {
    let mut found = resilience::judge(series, recorder.counts, Some(&recorder.good), events);
    match population_of(scenario) {
        Ok(population) => {
            let (connector, host) = (&setting.connector, setting.connector.target().to_string());
            let open = |line| connector.open(line);
            let asking = Asking {
                scenario,
                population: &population,
                host: &host,
                open: &open,
                stop: setting.stop,
                tell: &|_, _| {},
            };
            lookup::look_up(&recorder.ledger, &asking, &mut found);
        }
        Err(e) => found.basis.push(e.to_string()),
    }
    found
}

fn planned_s(scenario: &Scenario) -> f64 {
    scenario.phases.iter().filter(|p| p.measured).map(|p| p.duration.as_secs_f64()).sum()
}

/// How long measuring took: the measured phases, and on top of them whatever their last answers took longer, so that a
/// hub that falls behind does not look as fast as the plan.
fn measured_s(scenario: &Scenario, recorder: &Recorder, facts: &EngineFacts) -> f64 {
    if facts.measured_s > 0.0 {
        return facts.measured_s;
    }
    let (_, to_ns) = measured_window(scenario);
    planned_s(scenario) + recorder.last_done_ns.saturating_sub(to_ns) as f64 / 1e9
}

fn target_ref(scenario: &Scenario, address: SocketAddr) -> TargetRef {
    match &scenario.target {
        Target::Embedded { .. } => TargetRef {
            kind: "embedded".into(),
            url: format!(
                "{}://{address}",
                if scenario.tls == scenarios::Tls::Off { "http" } else { "https" }
            ),
            authorised: None,
        },
        Target::Url { url, authorised, .. } => {
            TargetRef { kind: "url".into(), url: url.clone(), authorised: authorised.clone() }
        }
    }
}

fn phases(scenario: &Scenario) -> Vec<PhaseRef> {
    let mut start_s = 0.0;
    let mut list = Vec::new();
    for p in &scenario.phases {
        let duration_s = p.duration.as_secs_f64();
        list.push(PhaseRef {
            name: p.name.clone(),
            start_s,
            duration_s,
            from_per_s: p.rates_per_s().0,
            to_per_s: p.rates_per_s().1,
            measured: p.measured,
            shape: p.shape.clone(),
        });
        start_s += duration_s;
    }
    list
}

fn mix(scenario: &Scenario) -> Vec<MixRef> {
    let row = |r: &scenarios::MixRow| MixRef {
        interaction: scenario.interactions[r.interaction].name.clone(),
        share: r.share,
        share_stated: r.share_stated,
        attended: r.attended,
        legacy_ms: r.legacy_ms,
        spine2_ms: r.spine2_ms,
        source: r.source.clone(),
    };
    scenario.mix.rows.iter().map(row).collect()
}

fn hub_facts(before: Option<HubStatus>, after: Option<HubStatus>, usage: Usage) -> Option<HubFacts> {
    let (before, after) = (before.unwrap_or_default(), after?);
    let counts = after
        .answered
        .by_operation
        .iter()
        .map(|(name, n)| {
            (name.clone(), n - before.answered.by_operation.get(name).copied().unwrap_or(0).min(*n))
        })
        .filter(|(_, n)| *n > 0)
        .collect();
    Some(HubFacts {
        counts,
        total: after.answered.total.saturating_sub(before.answered.total),
        cpu_seconds: usage.cpu_seconds,
        rss_bytes_peak: usage.rss_bytes_peak,
        store: after.store,
        fsync_ns_p50: after.fsync_ns_p50,
        seed_s: after.seed_s,
        data_bytes_before: None,
        data_bytes: None,
    })
}

/// Per hub operation: what we had answered, plus what may have reached it besides, plus the hub's own count.
fn reconcile(scenario: &Scenario, recorder: &Recorder, hub: &HubFacts) -> Vec<(String, u64, u64, u64)> {
    let mut ours: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for (i, interaction) in scenario.interactions.iter().enumerate() {
        let entry = ours.entry(interaction.operation.as_str()).or_default();
        entry.0 += recorder.complete[i];
        entry.1 += recorder.complete[i] + recorder.unknown[i];
    }
    for name in hub.counts.keys() {
        ours.entry(name).or_default();
    }
    let count = |name: &str| hub.counts.get(name).copied().unwrap_or(0);
    ours.into_iter().map(|(name, (least, most))| (name.to_owned(), least, most, count(name))).collect()
}
