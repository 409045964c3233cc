//! `record.json`: what was asked, what was counted, what was found. Filled by the harness, the budgets and hours by
//! `reports`; never computes anything itself.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Observed;

/// The whole of `record.json`. Counts and rates speak of the measured phases unless a field says otherwise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// [`crate::FORMAT_VERSION`] of the writer.
    pub format_version: u32,
    /// The program that ran.
    pub tool: Tool,
    /// The exact command line, as a person would type it again.
    pub command: String,
    /// When the first arrival was planned, RFC 3339 in UTC.
    pub started: String,
    /// What was asked.
    pub scenario: ScenarioRef,
    /// Seed of arrivals and payloads.
    pub seed: u64,
    /// `open` or `users`.
    pub model: String,
    /// `poisson`, `constant`, `bursty`, `trace`, or `paced` for users.
    pub arrivals: String,
    /// Keep-alive connections held open.
    pub connections: u32,
    /// Where the requests went.
    pub target: TargetRef,
    /// Counts over the measured phases.
    pub counts: Counts,
    /// Counts over the whole run, warm-up included.
    pub counts_all: Counts,
    /// Arrivals planned and answers achieved per second of the measured phases.
    pub rate_per_s: RatePerS,
    /// Length of the measured phases as they ran, seconds.
    pub measured_s: f64,
    /// The phases as they ran.
    pub phases: Vec<PhaseRef>,
    /// The interactions replayed and their shares.
    pub mix: Vec<MixRef>,
    /// Rows of the published mix that are not replayed; their share was redistributed over [`RunRecord::mix`].
    pub not_replayed: Vec<NotReplayedRef>,
    /// Whether the run may be believed, in sentences.
    pub validity: Validity,
    /// One verdict per budget line of the scenario.
    pub budgets: Vec<BudgetVerdict>,
    /// The verdict on the run.
    pub verdict: Verdict,
    /// The machine that both ran on.
    pub host: Host,
    /// What the hub said of itself and what was seen of its process; `None` when it is not ours to watch.
    pub hub: Option<HubFacts>,
    /// What measuring itself used.
    pub harness: HarnessFacts,
    /// Staff hours a day against the baseline, under the assumptions it lists; `None` without a cost case.
    pub hours_per_day: Option<Hours>,
    /// What else was observed; empty parts are those that the scenario had no use for.
    #[serde(default)]
    pub observed: Observed,
    /// True when the run was stopped before its plan ended.
    pub interrupted: bool,
    /// SHA-256 of the sibling files, by name; filled by [`crate::write`].
    #[serde(default)]
    pub files: BTreeMap<String, FileSeal>,
    /// SHA-256 of this file with the seal itself left empty; filled by [`crate::write`].
    #[serde(default)]
    pub seal: String,
}

/// The program that wrote the record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tool {
    /// Version of the package, such as `0.1.0`.
    pub version: String,
    /// `release` or `debug`.
    pub profile: String,
}

/// The scenario as it was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScenarioRef {
    /// Its title.
    pub title: String,
    /// Where it was read from, as given.
    pub path: String,
    /// Its text, whole.
    pub text: String,
    /// SHA-256 over the scenario and everything it pulls in (mix, interactions, bodies), lower-case hex.
    pub sha256: String,
    /// What the command line changed in it, in sentences; such a run is not a run of the scenario as written.
    #[serde(default)]
    pub changes: Vec<String>,
}

/// Where the requests went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetRef {
    /// `embedded` for the reference hub as a child process, `url` for anything else.
    pub kind: String,
    /// Address that was spoken to, such as `http://127.0.0.1:41234`.
    pub url: String,
    /// Who allowed the run against a target that is not loopback, as the scenario names it.
    pub authorised: Option<String>,
}

/// The five counts; `planned = sent + dropped` and `sent = answered + failed` hold exactly in a valid run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Arrivals in the plan.
    pub planned: u64,
    /// Requests written to a connection.
    pub sent: u64,
    /// Arrivals that could not be sent.
    pub dropped: u64,
    /// Answers that came whole and passed their checks.
    pub answered: u64,
    /// Requests without an answer that passed: time-out, broken connection, wrong status, failed check.
    pub failed: u64,
}

/// Rates over the measured phases.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct RatePerS {
    /// Planned arrivals per second.
    pub planned: f64,
    /// Answers that passed their checks per second.
    pub achieved: f64,
}

/// One phase as it ran.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PhaseRef {
    /// Its name.
    pub name: String,
    /// Start, seconds since the first planned instant of the run.
    pub start_s: f64,
    /// Length as planned, seconds.
    pub duration_s: f64,
    /// Planned arrivals per second at its start.
    pub from_per_s: f64,
    /// Planned arrivals per second at its end.
    pub to_per_s: f64,
    /// Whether its samples count.
    pub measured: bool,
    /// Its shape in words, such as `1800/s` or `profiles/week.csv, 168h in 20m`; empty in older records.
    #[serde(default)]
    pub shape: String,
}

/// One interaction of the mix.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MixRef {
    /// Interaction name.
    pub interaction: String,
    /// Share as replayed; these sum to 1.
    pub share: f64,
    /// Share as the mix states it, before the redistribution.
    pub share_stated: f64,
    /// Whether a person waits for the answer.
    pub attended: bool,
    /// Response time of the legacy system that the mix states, milliseconds.
    pub legacy_ms: Option<f64>,
    /// Response time of Spine 2 that the mix states, milliseconds.
    pub spine2_ms: Option<f64>,
    /// Source and grade of evidence of the row.
    pub source: String,
}

/// One row of the published mix that is not replayed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NotReplayedRef {
    /// The published row, in words.
    pub row: String,
    /// Its stated share.
    pub share: f64,
    /// Why it is not replayed.
    pub why: String,
}

/// Whether the run may be believed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Validity {
    /// False as soon as there is one reason.
    pub valid: bool,
    /// Sentences, one for each thing that makes the run invalid.
    pub reasons: Vec<String>,
    /// Sentences on what a reader should know, though the run stands.
    pub warnings: Vec<String>,
}

/// A budget as the scenario states it; what [`crate::RunRecord::budgets`] are judged from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BudgetLine {
    /// Interaction name, or `all`.
    pub interaction: String,
    /// `response-p50`, `-p90`, `-p99`, `-p99.9`, `-p99.99`, `-max`; the same with `service-`; `errors`; `rate`.
    pub metric: String,
    /// Nanoseconds for times, a fraction for `errors`, per second for `rate`.
    pub limit: f64,
    /// The limit as written, such as `250ms`.
    pub limit_text: String,
}

/// A judged budget.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BudgetVerdict {
    /// Interaction name, or `all`.
    pub interaction: String,
    /// As in [`BudgetLine::metric`].
    pub metric: String,
    /// As in [`BudgetLine::limit`].
    pub limit: f64,
    /// The limit as written.
    pub limit_text: String,
    /// The measured figure in the limit's unit; `None` when there was no sample to judge.
    pub measured: Option<f64>,
    /// Whether the budget was kept; never true without a sample.
    pub met: bool,
}

/// The verdict on a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Valid, and every budget kept.
    Pass,
    /// Valid, and at least one budget broken.
    OverBudget,
    /// Not to be believed, whatever the budgets say.
    Invalid,
}

/// The machine.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Host {
    /// Operating system, such as `Debian GNU/Linux 13`.
    pub os: String,
    /// Kernel release.
    pub kernel: String,
    /// Processor model.
    pub cpu: String,
    /// Logical cores.
    pub cores: u32,
    /// Memory, bytes.
    pub memory_bytes: u64,
}

/// The hub: its own counts, and its process as seen from outside.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct HubFacts {
    /// Transactions the hub says it answered during the whole run, by operation.
    pub counts: BTreeMap<String, u64>,
    /// Their sum as the hub reports it.
    pub total: u64,
    /// Processor time over the whole run, seconds.
    pub cpu_seconds: f64,
    /// Highest resident memory over the whole run, bytes.
    pub rss_bytes_peak: u64,
    /// Store engine.
    pub store: Option<String>,
    /// Median time of one fsync of its log, nanoseconds.
    pub fsync_ns_p50: Option<u64>,
    /// Time from start to ready, seeding included, seconds.
    pub seed_s: Option<f64>,
    /// Bytes on disk of its data folder when it was ready, seeding included; `None` where the folder is not ours to see.
    #[serde(default)]
    pub data_bytes_before: Option<u64>,
    /// The same at the end of the run.
    #[serde(default)]
    pub data_bytes: Option<u64>,
}

/// What measuring itself used and how exact its timers were.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct HarnessFacts {
    /// Processor time over the whole run, seconds.
    pub cpu_seconds: f64,
    /// Highest resident memory over the whole run, bytes.
    pub rss_bytes_peak: u64,
    /// Threads that sent and received.
    pub workers: u32,
    /// Cost of one reading of the clock, nanoseconds.
    pub clock_read_ns: Option<u64>,
    /// How late a sleeping thread woke, median, nanoseconds.
    pub wake_late_ns_p50: Option<u64>,
    /// The same at the 99th percentile, nanoseconds.
    pub wake_late_ns_p99: Option<u64>,
    /// What the same client measures against an answer that costs nothing.
    pub floor: Option<Floor>,
    /// The machine's monotonic clock (CLOCK_MONOTONIC) at the start of the plan, nanoseconds: what a server's own log on
    /// the same machine can be set against.
    #[serde(default)]
    pub plan_start_monotonic_ns: Option<u64>,
}

/// The floor: the client against a null server on the same machine.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Floor {
    /// Requests it is taken from.
    pub count: u64,
    /// Median service time, nanoseconds.
    pub service_p50_ns: u64,
    /// 99th percentile of service time, nanoseconds.
    pub service_p99_ns: u64,
}

/// Staff hours a day against the baseline, by the three rules that are always shown together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hours {
    /// Every second counts alike. Negative when the measured system is slower.
    pub linear: f64,
    /// Only what a wait exceeds one second counts.
    pub above_1s: f64,
    /// Seconds weigh nothing up to 0.1 s, rising to their full weight at 10 s.
    pub tapered: f64,
    /// Title of the cost case.
    pub case: String,
    /// Messages a day that the hours are for.
    pub messages_per_day: f64,
    /// Share of those messages that the hours cover: attended, replayed, with a baseline.
    pub share_covered: f64,
    /// What each attended interaction contributes.
    pub lines: Vec<HoursLine>,
    /// Sentences: what is assumed, where each figure comes from, what the result must not be used for.
    pub basis: Vec<String>,
}

/// The hours of one interaction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HoursLine {
    /// Interaction name.
    pub interaction: String,
    /// Messages a day.
    pub messages_per_day: f64,
    /// Baseline response time, milliseconds.
    pub baseline_ms: f64,
    /// Mean of the measured response times, milliseconds.
    pub measured_mean_ms: f64,
    /// Hours a day by the linear rule.
    pub linear: f64,
    /// Hours a day by the above-one-second rule.
    pub above_1s: f64,
    /// Hours a day by the tapered rule.
    pub tapered: f64,
    /// Source and grade of evidence of the baseline.
    pub source: String,
}

/// Size and hash of a sibling file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileSeal {
    /// Bytes.
    pub bytes: u64,
    /// SHA-256, lower-case hex.
    pub sha256: String,
}
