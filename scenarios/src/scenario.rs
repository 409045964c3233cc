//! A checked scenario: what the rest of the program works with. Filled by `read_scenario` and nobody else; everything in it
//! has passed every check, so its users need none.

use crate::interaction::Interaction;
use crate::mix::Mix;
use crate::target::Target;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

/// Index into [`Scenario::interactions`].
pub type InteractionId = usize;

/// Connections a scenario may ask for: one source address has about 28,000 ephemeral ports by default on Linux.
pub const CONNECTIONS: RangeInclusive<u32> = 1..=28_000;

/// A scenario whose file, mix, interactions and bodies have passed every check.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// Its title.
    pub title: String,
    /// The file it was read from.
    pub path: PathBuf,
    /// The file's text as written.
    pub text: String,
    /// SHA-256 in lower-case hexadecimal of the scenario's text, its mix, and the interactions and bodies in use. Changes
    /// made on the command line are not in it.
    pub sha256: String,
    /// Seed of population, plan and requests. Default 42.
    pub seed: u64,
    /// Sizes of the population.
    pub population: population::Sizes,
    /// Whom it asks.
    pub target: Target,
    /// How it asks.
    pub load: Load,
    /// Its phases in order; at least one, at least one of them measured.
    pub phases: Vec<Phase>,
    /// What it asks, in which shares.
    pub mix: Mix,
    /// The interactions of the mix; the index is the [`InteractionId`].
    pub interactions: Vec<Interaction>,
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
    /// Keep-alive connections, within [`CONNECTIONS`]; default 256.
    pub connections: u32,
    /// How long an answer may take before the request counts as failed; default 30 s.
    pub timeout: Duration,
    /// The users of the closed model; there if and only if `model` is [`Model::Users`].
    pub users: Option<Users>,
}

/// Who waits for whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Model {
    /// Arrivals are planned ahead and wait for no answer.
    Open,
    /// Each user waits for the answer, thinks, and asks again.
    Users,
}

/// How planned arrivals are spaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrivals {
    /// Independent of each other, as many people's requests are.
    Poisson,
    /// Evenly spaced.
    Constant,
}

/// The users of the closed model.
#[derive(Debug, Clone, PartialEq)]
pub struct Users {
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
    /// How long it lasts.
    pub duration: Duration,
    /// Arrivals per second; zero throughout in the closed model.
    pub rate: Rate,
    /// Whether it counts for the result; default true.
    pub measured: bool,
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
    /// `response-` or `service-` and `p50`, `p90`, `p99`, `p99.9`, `p99.99` or `max`; or `errors`, or `rate`.
    pub metric: String,
    /// Nanoseconds, a fraction for `errors`, per second for `rate`. At most this, for `rate` at least this.
    pub limit: f64,
    /// The limit as written, e.g. `250ms`.
    pub text: String,
    /// Line in the scenario file, from 1.
    pub line: usize,
}
