//! A run from a checked scenario to everything measured. The thin edge around plan, engine and recorder.
//!
//! Called by the command line. Judges no budget and prices nothing: that is `reports` and `cost-model`.

use crate::begin::Begun;
use crate::child::HubPid;
use crate::client::connector::Connector;
use crate::clock::Clock;
use crate::engine::{Live, measured_window};
use crate::finish::{End, finish};
use crate::ledger::Ledger;
use crate::noise::{self, HubAt};
use crate::plan::{Choice, Curve, Piece, Plan, Spacing};
use crate::recorder::Recorder;
use crate::workers::{self, Gathered};
use population::Population;
use run_record::{Measured, Observed, TraceFacts};
use scenarios::{Arrivals, Model, Scenario, What, nanoseconds};
use std::net::SocketAddr;
use std::sync::atomic::AtomicBool;

/// What a run needs besides the scenario.
pub struct Setting<'a> {
    /// Where to send, and how.
    pub connector: Connector,
    /// The hub's process, when it is our child (else 0): its CPU and memory are then measured apart.
    pub hub_pid: HubPid,
    /// The command line, for the record.
    pub command: String,
    /// Set to end the run early.
    pub stop: &'a AtomicBool,
    /// Called with the plan's clock at the moment the plan starts.
    pub begin: &'a mut dyn FnMut(Clock),
    /// Told (open, wanted) while connections are opened before the run.
    pub opening: &'a mut dyn FnMut(usize, usize),
    /// Called when the plan is over: waits until no event is under way, and gives what happened.
    pub settle: &'a mut dyn FnMut() -> Vec<run_record::EventRow>,
    /// Told about once a second.
    pub live: &'a mut dyn FnMut(&Live),
}

impl Setting<'_> {
    /// Begins to watch the machine's noise; to be called when the plan starts.
    pub fn watch_noise(&self, scenario: &Scenario) -> noise::Watch {
        let hub = HubAt::of(&self.hub_pid, self.connector.target());
        noise::Watch::start(hub, &self.hub_pid, measured_window(scenario))
    }
}

/// Why a run could not begin or go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunError {
    /// The target cannot be reached.
    Unreachable(String),
    /// The machine refused something (sockets, poller).
    Machine(String),
    /// The population of the scenario is impossible.
    Population(String),
}

impl std::fmt::Display for RunError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            RunError::Unreachable(s) | RunError::Machine(s) | RunError::Population(s) => f.write_str(s),
        }
    }
}

impl std::error::Error for RunError {}

/// The plan of a scenario: a pure function of its seed, phases, mix and journeys.
pub fn plan_of(scenario: &Scenario) -> Plan {
    // Rates are of requests; a journey is one arrival of several.
    let arrivals_per_request: f64 = scenario.items.iter().map(|i| i.share).sum();
    let curve = |phase: &scenarios::Phase| {
        Curve::new(phase.pieces.iter().map(|p| Piece {
            duration_ns: nanoseconds(p.duration),
            from_per_s: p.rate.from_per_s * arrivals_per_request,
            to_per_s: p.rate.to_per_s * arrivals_per_request,
        }))
    };
    let choice = |item: &scenarios::Item| match item.what {
        What::Single(interaction) => {
            Choice { journey: None, interactions: vec![interaction], share: item.share }
        }
        What::Journey(journey) => Choice {
            journey: Some(journey),
            interactions: scenario.journeys[journey].steps.iter().map(|s| s.interaction).collect(),
            share: item.share,
        },
    };
    let spacing = match scenario.load.arrivals {
        Arrivals::Poisson | Arrivals::Trace => Spacing::Poisson,
        Arrivals::Constant => Spacing::Constant,
        Arrivals::Bursty { dispersion } => Spacing::Bursty { dispersion },
    };
    let phases = scenario.phases.iter().map(curve).collect();
    Plan::new(scenario.seed, phases, spacing, scenario.items.iter().map(choice).collect())
}

/// A recorder fit for the scenario.
pub fn recorder_of(scenario: &Scenario) -> Recorder {
    let mut recorder = Recorder::new(
        scenario.interactions.iter().map(|i| i.name.clone()).collect(),
        scenario.phases.iter().map(|p| p.measured).collect(),
    );
    recorder.ledger = Ledger::new(scenario);
    recorder
}

/// The synthetic population that scenario and hub agree on.
///
/// # Errors
/// [`RunError::Population`] with all faults of its sizes.
pub fn population_of(scenario: &Scenario) -> Result<Population, RunError> {
    Population::new(scenario.seed, scenario.population)
        .map_err(|faults| RunError::Population(faults.join("; ")))
}

/// Runs the open model, and the closed one in which each connection asks again at once.
///
/// # Errors
/// [`RunError`]; anything that happens to single requests is counted, not returned.
pub fn run_open(scenario: &Scenario, setting: &mut Setting<'_>) -> Result<Measured, RunError> {
    let population = population_of(scenario)?;
    let begun = Begun::new(setting)?;
    let Gathered { recorder, series, facts, noise, schedule, trace_fault, connections } =
        workers::run(scenario, population, setting)?;
    let trace = scenario.load.trace.as_ref().map(|trace| trace_facts(trace, &recorder));
    let observed = Observed { connections: Some(connections), trace, ..Observed::default() };
    // Without planned times there is no schedule to keep.
    let planned = scenario.load.model == Model::Open;
    let schedule = planned.then(|| schedule.finish(!facts.interrupted));
    let end = End { begun, facts, noise, schedule, trace_fault, observed };
    Ok(finish(scenario, setting, recorder, series, end))
}

/// How truly a trace was kept.
fn trace_facts(trace: &scenarios::TraceRef, recorder: &Recorder) -> TraceFacts {
    let late = recorder.send_lag();
    TraceFacts {
        path: trace.path.display().to_string(),
        rows: trace.rows,
        sent: recorder.counts_all.sent,
        speed: trace.speed,
        out_of_order: recorder.out_of_order,
        late_p50_ns: late.value_at_quantile(0.5),
        late_p99_ns: late.value_at_quantile(0.99),
        late_max_ns: late.max(),
    }
}

/// The sentence for a target that does not answer.
pub fn unreachable_sentence(target: SocketAddr, e: &std::io::Error) -> RunError {
    if matches!(e.raw_os_error(), Some(24 | 23)) {
        return RunError::Machine(format!(
            "no more sockets are to be had ({e}); raise the open-file limit (ulimit -n) or lower load.connections"
        ));
    }
    RunError::Unreachable(format!("{target} cannot be reached: {e}; is the hub running there?"))
}
