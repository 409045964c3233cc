//! The result of a gate, versioned: what every output format is drawn from, and what is kept so that anybody can judge it again.
//! Filled by whoever ran the gate; the published schema is `reports/schemas/gate-result-v1.json`. It judges nothing itself.

use run_record::{Host, Tool};
use serde::{Deserialize, Serialize};

/// Name and version of the format. Raise it with every change that an older reader would misunderstand.
pub const GATE_RESULT_SCHEMA: &str = "spinebench.gate-result/v1";

/// A gate's result. Fields are written in this order; figures that are no finite number are null, and a note says why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateResult {
    /// [`GATE_RESULT_SCHEMA`].
    pub schema: String,
    /// What was set against what.
    pub kind: GateKind,
    /// The one answer.
    pub verdict: GateVerdict,
    /// Why, in sentences, the gravest first.
    pub reasons: Vec<String>,
    /// Which try this is at the same pair, from 1: a red gate that is tried again spends its error probability again.
    pub attempt: u32,
    /// When the first block began, RFC 3339 in UTC; null for replayed tables.
    pub started: Option<String>,
    /// What was asked.
    pub scenario: GateScenario,
    /// What it was before; null for absolute budgets alone.
    pub baseline: Option<GateSide>,
    /// What is judged.
    pub candidate: GateSide,
    /// How it was decided, fixed before there was data.
    pub settings: GateSettings,
    /// Blocks that the verdict rests on.
    pub blocks_used: u32,
    /// Blocks thrown away for reasons that do not know which build is which.
    pub blocks_dropped: u32,
    /// How long the blocks took, seconds.
    pub seconds: Option<f64>,
    /// How the two trials of a block were paired; null where nothing was.
    pub pairing: Option<Pairing>,
    /// A letter for each block: which build was first by the coin, `B` for the baseline, `C` for the candidate.
    pub coin_flips: String,
    /// What was compared with the baseline.
    pub metrics: Vec<GateMetric>,
    /// Absolute budgets as judged over the candidate's trials.
    pub budgets: Vec<GateBudget>,
    /// The program and the machine that measured.
    pub fingerprints: Fingerprints,
    /// What a reader should know though the verdict stands, in sentences.
    pub warnings: Vec<String>,
}

/// What was set against what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GateKind {
    /// Two builds in blocks, order by coin.
    Ab,
    /// Stored runs against stored runs.
    Stored,
    /// A table of block differences.
    Replay,
    /// Budgets alone.
    Absolute,
}

/// The one answer of a gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GateVerdict {
    /// Nothing got worse by as much as its margin, and budgets are kept.
    Pass,
    /// Something got worse by more than its floor.
    Regressed,
    /// A budget is broken.
    OverBudget,
    /// Neither could be shown.
    Inconclusive,
    /// The input is wrong, or the two are not comparable.
    Invalid,
    /// It could not be measured: target unreachable, harness saturated, too many invalid trials.
    Infrastructure,
}

impl GateVerdict {
    /// All of them, the good one first.
    pub const EACH: [GateVerdict; 6] = [
        GateVerdict::Pass,
        GateVerdict::Regressed,
        GateVerdict::OverBudget,
        GateVerdict::Inconclusive,
        GateVerdict::Invalid,
        GateVerdict::Infrastructure,
    ];

    /// The word in files and on the command line.
    pub fn word(self) -> &'static str {
        match self {
            GateVerdict::Pass => "pass",
            GateVerdict::Regressed => "regressed",
            GateVerdict::OverBudget => "over-budget",
            GateVerdict::Inconclusive => "inconclusive",
            GateVerdict::Invalid => "invalid",
            GateVerdict::Infrastructure => "infrastructure",
        }
    }
}

/// What was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateScenario {
    /// Its title.
    pub title: String,
    /// SHA-256 of the scenario and all it pulls in, lower-case hex; null for replayed tables.
    pub sha256: Option<String>,
}

/// One of the two.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateSide {
    /// What it is, as given: a path, an address, a name.
    pub what: String,
    /// SHA-256 of the program, lower-case hex, where there is one.
    pub sha256: Option<String>,
    /// What it says its version is.
    pub version: Option<String>,
    /// The run records that its figures come from.
    pub runs: Vec<String>,
}

/// How it was decided.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateSettings {
    /// Probability of calling an unchanged build regressed, over the whole gate.
    pub alpha: f64,
    /// Probability of passing a regression as large as its margin.
    pub beta: f64,
    /// Blocks after which it was looked at the data; the last is the most blocks allowed.
    pub looks: Vec<u32>,
}

/// How the two trials of a block were paired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pairing {
    /// One after the other, order by coin.
    Interleaved,
    /// At the same time, places by coin.
    Duet,
}

impl Pairing {
    /// The word in files and for people.
    pub fn word(self) -> &'static str {
        match self {
            Pairing::Interleaved => "interleaved",
            Pairing::Duet => "duet",
        }
    }
}

/// A metric set against the baseline. Changes are fractions of the baseline, or differences where `scale` says so; they are
/// changes of the figure itself, so that a lower `rate` is negative although it is worse.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateMetric {
    /// Interaction name, or `all`.
    pub interaction: String,
    /// As in budgets: `response-p99`, `cpu-per-transaction`, `errors`, `rate`.
    pub metric: String,
    /// Unit of the medians: `ns`, `share`, `1/s`, `bytes`.
    pub unit: String,
    /// What the changes are.
    pub scale: Scale,
    /// What became of it.
    pub verdict: MetricVerdict,
    /// Median over the baseline's trials.
    pub baseline: Option<f64>,
    /// Median over the candidate's trials.
    pub candidate: Option<f64>,
    /// The change as estimated over the blocks.
    pub estimate: Option<f64>,
    /// Lower end of its 95 % interval.
    pub ci_low: Option<f64>,
    /// Upper end of its 95 % interval.
    pub ci_high: Option<f64>,
    /// Probability of a change this bad somewhere if nothing had changed anywhere, over all metrics.
    pub p_adjusted: Option<f64>,
    /// The least change for the worse that so many blocks find nearly always.
    pub mde: Option<f64>,
    /// A change for the worse up to this must not fail.
    pub floor: f64,
    /// A change for the worse as large as this must not pass.
    pub margin: f64,
    /// Where the rule stands.
    pub rule: Option<Location>,
    /// What else there is to say, and why a figure is null.
    pub note: Option<String>,
}

/// What the changes of a metric are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scale {
    /// Fractions of the baseline.
    Relative,
    /// Differences in the metric's own unit.
    Difference,
}

/// What became of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MetricVerdict {
    /// Worse, by more than its floor.
    Regressed,
    /// Not worse by as much as its margin.
    Unchanged,
    /// Better, by more than its floor.
    Improved,
    /// Open: it is too noisy for the blocks there may be.
    InconclusiveNoise,
    /// Open: too few samples a trial for this percentile.
    InconclusiveFewSamples,
    /// Open: the blocks or the time ran out.
    InconclusiveBudget,
    /// Open: worse in stored runs, which were not measured side by side, so that the machine may have changed instead.
    InconclusiveAdvisory,
    /// The baseline does not have it.
    New,
    /// The candidate does not have it.
    Missing,
}

impl MetricVerdict {
    /// The words for people.
    pub fn words(self) -> &'static str {
        match self {
            MetricVerdict::Regressed => "regressed",
            MetricVerdict::Unchanged => "unchanged",
            MetricVerdict::Improved => "improved",
            MetricVerdict::InconclusiveNoise => "inconclusive (noise)",
            MetricVerdict::InconclusiveFewSamples => "inconclusive (few samples)",
            MetricVerdict::InconclusiveBudget => "inconclusive (blocks or time ran out)",
            MetricVerdict::InconclusiveAdvisory => "inconclusive (worse, but in stored runs)",
            MetricVerdict::New => "new",
            MetricVerdict::Missing => "missing",
        }
    }

    /// Whether neither a change nor its absence could be shown.
    pub fn is_open(self) -> bool {
        match self {
            MetricVerdict::InconclusiveNoise
            | MetricVerdict::InconclusiveFewSamples
            | MetricVerdict::InconclusiveBudget
            | MetricVerdict::InconclusiveAdvisory => true,
            MetricVerdict::Regressed
            | MetricVerdict::Unchanged
            | MetricVerdict::Improved
            | MetricVerdict::New
            | MetricVerdict::Missing => false,
        }
    }
}

/// An absolute budget over the candidate's trials.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateBudget {
    /// Interaction name, or `all`.
    pub interaction: String,
    /// As in [`GateMetric::metric`].
    pub metric: String,
    /// Unit of limit and trials.
    pub unit: String,
    /// The limit: the most allowed, for `rate` and `availability` the least.
    pub limit: f64,
    /// The limit as written, such as `250ms`.
    pub limit_text: String,
    /// The figure of each trial; null where a trial had nothing to judge.
    pub trials: Vec<Option<f64>>,
    /// What became of it.
    pub verdict: BudgetOutcome,
    /// Where the rule stands.
    pub rule: Option<Location>,
    /// What else there is to say.
    pub note: Option<String>,
}

/// What became of a budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BudgetOutcome {
    /// Kept.
    Met,
    /// Broken.
    Broken,
    /// Too close to tell from these trials; the median decided.
    Borderline,
}

impl BudgetOutcome {
    /// The word for people.
    pub fn word(self) -> &'static str {
        match self {
            BudgetOutcome::Met => "met",
            BudgetOutcome::Broken => "broken",
            BudgetOutcome::Borderline => "borderline",
        }
    }
}

/// Where a rule stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Location {
    /// The file, as given.
    pub file: String,
    /// Its line, from 1.
    pub line: u32,
}

/// The program and the machine that measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fingerprints {
    /// The program that judged.
    pub tool: Tool,
    /// The machine; null for replayed tables.
    pub machine: Option<Host>,
}
