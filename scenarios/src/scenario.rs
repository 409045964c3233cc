//! A checked scenario: what the rest of the program works with. Filled by `read_scenario` and nobody else; everything in it
//! has passed every check, so its users need none.

use crate::certificates::{Certificates, Tls};
use crate::credentials::Credentials;
use crate::interaction::Interaction;
use crate::mix::{Item, Mix};
use crate::target::Target;
use crate::units::nanoseconds;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

/// Index into [`Scenario::interactions`].
pub type InteractionId = usize;

/// Connections a scenario may ask for: above every number that one machine holds with TLS and leaves room to work. Each
/// source address has ports for [`PORTS_PER_SOURCE`] of them.
pub const CONNECTIONS: RangeInclusive<u32> = 1..=200_000;

/// Connections from one source address to one port: Linux has 28,232 ephemeral ports by default, and leaves a few to others.
pub const PORTS_PER_SOURCE: u32 = 28_000;

/// A scenario whose file, mix, interactions and bodies have passed every check.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// Its title.
    pub title: String,
    /// The file it was read from.
    pub path: PathBuf,
    /// The file's text as written.
    pub text: String,
    /// SHA-256 in lower-case hexadecimal of the scenario's text, its mix, its trace, and the profiles, interactions and bodies in use.
    /// Changes made on the command line are not in it.
    pub sha256: String,
    /// What was changed after the files were read, in sentences, e.g. `shortened from 1m10s to 5s (--within 5s)`; empty when
    /// it is as written.
    pub changes: Vec<String>,
    /// Seed of population, plan and requests. Default 42.
    pub seed: u64,
    /// Sizes of the population.
    pub population: population::Sizes,
    /// Whom it asks.
    pub target: Target,
    /// Whether requests travel under TLS.
    pub tls: Tls,
    /// Whom the harness trusts and what it shows, for TLS.
    pub certificates: Certificates,
    /// Credentials of the user's own system.
    pub credentials: Credentials,
    /// How it asks.
    pub load: Load,
    /// Its phases in order; at least one, at least one of them measured.
    pub phases: Vec<Phase>,
    /// What it asks, in which shares.
    pub mix: Mix,
    /// The interactions of the mix; the index is the [`InteractionId`].
    pub interactions: Vec<Interaction>,
    /// Journeys: interactions in order, each with what the one before left. Their requests are part of the mix's shares.
    pub journeys: Vec<Journey>,
    /// What an arrival can be, with the share of all requests of the mix that begin this way: single interactions and
    /// journeys. `sum(share * requests of the item) = 1`, so arrivals come `sum(share)` times as often as requests.
    pub items: Vec<Item>,
    /// What is done to the system under test while the load goes on, in the order of time.
    pub events: Vec<Event>,
    /// What must hold for the verdict `pass`.
    pub budgets: Vec<Budget>,
    /// Path of the cost case, as written, relative to the scenario's folder.
    pub cost: Option<PathBuf>,
    /// What must hold for the run to be believed.
    pub limits: RunLimits,
}

/// How load is made.
#[derive(Debug, Clone)]
pub struct Load {
    /// Open or closed.
    pub model: Model,
    /// How arrivals are spaced in the open model.
    pub arrivals: Arrivals,
    /// Keep-alive connections opened before the run and held, within [`CONNECTIONS`]; default 256.
    pub connections: u32,
    /// Connections there may be at most when all that are open wait for an answer; an arrival beyond waits, late and
    /// counted. At least `connections`; default the larger of `connections` and 10,000.
    pub connections_max: u32,
    /// Loopback source addresses that connections are spread over (127.0.0.1, 127.0.0.2, ...); default 1. More than about
    /// 28,000 connections to one port need more than one.
    pub sources: u32,
    /// Threads that send; default 1. The plan and the bytes are the same whatever the number.
    pub workers: u32,
    /// How long an answer may take before the request counts as failed; default 30 s.
    pub timeout: Duration,
    /// The kinds of users of the closed model; there is one at least if and only if `model` is [`Model::Users`].
    pub users: Vec<Users>,
    /// The recorded traffic; there if and only if `arrivals` is [`Arrivals::Trace`].
    pub trace: Option<TraceRef>,
}

/// Who waits for whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Model {
    /// Arrivals are planned ahead and wait for no answer.
    Open,
    /// Each user waits for the answer, thinks, and asks again.
    Users,
    /// Each connection asks again as soon as its answer is there: as fast as it goes.
    Closed,
}

/// How planned arrivals are spaced.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Arrivals {
    /// Independent of each other, as many people's requests are.
    Poisson,
    /// Evenly spaced.
    Constant,
    /// In batches of geometric size at Poisson instants, so that counts have this index of dispersion (variance over mean;
    /// above 1) in windows of every length.
    Bursty {
        /// The index of dispersion.
        dispersion: f64,
    },
    /// As recorded in [`Load::trace`].
    Trace,
}

/// Recorded traffic: a CSV whose every row was read and found good when the scenario was loaded. It is read again, row by
/// row, while it is replayed.
#[derive(Debug, Clone, PartialEq)]
pub struct TraceRef {
    /// The file.
    pub path: PathBuf,
    /// How many times faster than recorded; 1 is as recorded.
    pub speed: f64,
    /// Rows.
    pub rows: u64,
    /// Offset of the last row as recorded, nanoseconds.
    pub last_ns: u64,
    /// Rows of each interaction of the scenario.
    pub counts: Vec<u64>,
    /// What each name in the file means: the name of an interaction, or an operation of one.
    pub names: Vec<(String, InteractionId)>,
}

/// A journey: a person's business in several interactions. Each step begins a pause after the answer to the one before it;
/// a step that fails ends the journey.
#[derive(Debug, Clone, PartialEq)]
pub struct Journey {
    /// Its name, unique in the scenario.
    pub name: String,
    /// Its steps in order; two at least, [`STEPS_MAX`] at most.
    pub steps: Vec<Step>,
}

/// A step of a journey.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// What is asked.
    pub interaction: InteractionId,
    /// Time between the answer before it and this request, in the scenario's own time: a time-lapse shortens it.
    pub pause: Duration,
}

/// Steps that a journey may have: more than any published one needs, few enough to stand in an arrival.
pub const STEPS_MAX: usize = 8;

/// Something done to the system under test at a moment of the run.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// When, from the start of the plan.
    pub at: Duration,
    /// What.
    pub action: Action,
    /// As written, e.g. `hub-stop 1s`.
    pub text: String,
}

impl Scenario {
    /// How long all its phases last, as run.
    pub fn length(&self) -> Duration {
        self.phases.iter().map(|p| p.duration).sum()
    }

    /// When each phase ends, nanoseconds from the start of the plan.
    pub fn phase_ends_ns(&self) -> Vec<u64> {
        let mut end_ns = 0u64;
        let end = |phase: &Phase| {
            end_ns = end_ns.saturating_add(nanoseconds(phase.duration));
            end_ns
        };
        self.phases.iter().map(end).collect()
    }

    /// Whether its events start the hub again in mid-run.
    pub fn restarts_hub(&self) -> bool {
        self.events.iter().any(|e| matches!(e.action, Action::HubKill | Action::HubRestart))
    }
}

/// What an [`Event`] does.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Kills the hub's process outright and starts it again at once on its port and data folder.
    HubKill,
    /// Stops the hub in order and starts it again on its port and data folder.
    HubRestart,
    /// Freezes the hub's process for a time.
    HubStop(Duration),
    /// Gives the hub these rules of injected faults, e.g. `delay 50ms p=0.1`; `off` ends them.
    Inject(String),
}

/// One kind of users of the closed model.
#[derive(Debug, Clone, PartialEq)]
pub struct Users {
    /// What they are, unique in the scenario; `users` unless named.
    pub name: String,
    /// What they do, with weights that sum to 1: items of the scenario by index.
    pub does: Vec<(usize, f64)>,
    /// Interactions with which each session begins (a log-in); may be empty.
    pub begins: Vec<InteractionId>,
    /// How long a session lasts before the user begins another, in the scenario's own time; `None`: the whole run.
    pub session: Option<Duration>,
    /// How many.
    pub count: u32,
    /// How many more start each second.
    pub hatch_per_s: f64,
    /// Shortest pause between an answer and the next request.
    pub think_min: Duration,
    /// Longest pause.
    pub think_max: Duration,
}

/// A stretch of time with one rate or one ramp.
#[derive(Debug, Clone, PartialEq)]
pub struct Phase {
    /// Its name, unique in the scenario.
    pub name: String,
    /// How long it lasts, as run.
    pub duration: Duration,
    /// Requests per second: straight pieces that follow each other and together last as long as the phase; a single piece
    /// of rate zero in the closed model and for a trace.
    pub pieces: Vec<Piece>,
    /// Seconds of the scenario's own time that pass in a second of the run: 1, or more in a time-lapse.
    pub lapse: f64,
    /// Its shape in words, e.g. `1800/s` or `profiles/week.csv, 400000000 a month, 168h in 20m`.
    pub shape: String,
    /// Whether it counts for the result; default true.
    pub measured: bool,
}

impl Phase {
    /// Requests expected in it.
    pub fn requests(&self) -> f64 {
        self.pieces.iter().map(|p| p.duration.as_secs_f64() * p.rate.mean_per_s()).sum()
    }

    /// A time of the scenario's own (a pause, a session) as it is run in this phase, nanoseconds.
    pub fn as_run_ns(&self, own: Duration) -> u64 {
        (own.as_nanos() as f64 / self.lapse.max(f64::MIN_POSITIVE)) as u64
    }

    /// Rates at its start, at its end and at its highest, per second.
    pub fn rates_per_s(&self) -> (f64, f64, f64) {
        let ends = |p: &Piece| p.rate.from_per_s.max(p.rate.to_per_s);
        let (first, last) = (self.pieces.first(), self.pieces.last());
        (
            first.map_or(0.0, |p| p.rate.from_per_s),
            last.map_or(0.0, |p| p.rate.to_per_s),
            self.pieces.iter().map(ends).fold(0.0, f64::max),
        )
    }
}

/// A straight piece of a phase's rate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Piece {
    /// How long it lasts, as run.
    pub duration: Duration,
    /// Requests per second.
    pub rate: Rate,
}

/// A rate that runs in a straight line from one value to another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    /// Per second at the start.
    pub from_per_s: f64,
    /// Per second at the end.
    pub to_per_s: f64,
}

impl Rate {
    /// Mean of start and end, per second.
    pub fn mean_per_s(&self) -> f64 {
        (self.from_per_s + self.to_per_s) / 2.0
    }
}

/// What must hold for a run to be believed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RunLimits {
    /// 99.9th percentile of planned -> sent; default 10 ms.
    pub send_lag_p99_9: Duration,
    /// Share of planned arrivals that may be dropped, 0 to 1; default 0.
    pub dropped_share: f64,
    /// CPU of the harness as a share of one core; default 0.9.
    pub harness_cpu_share: f64,
}

/// One thing the measured run is held to.
#[derive(Debug, Clone, PartialEq)]
pub struct Budget {
    /// Name of an interaction of the mix, or `all`.
    pub interaction: String,
    /// `response-` or `service-` and `p50`, `p90`, `p95`, `p99`, `p99.9`, `p99.99` or `max`; or `errors`, or `rate`; or, of the
    /// whole run, `cpu-per-transaction`, `hub-memory`, `availability`, `lost-writes` or `recovery`.
    pub metric: String,
    /// Nanoseconds, a fraction for `errors` and `availability`, per second for `rate`, a count for `lost-writes`, bytes for
    /// `hub-memory`. At most
    /// this, for `rate` and `availability` at least this.
    pub limit: f64,
    /// The limit as written, e.g. `250ms`.
    pub text: String,
    /// Line in the scenario file, from 1.
    pub line: usize,
}
