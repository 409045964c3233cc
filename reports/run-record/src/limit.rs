//! `limit.json`: the highest rate that kept a scenario's budgets, with every probe it rests on. Filled by `spinebench limit`,
//! drawn by `reports`, and taken as the capacity by whoever prices a configuration. Never computes anything itself.
//!
//! Who wants one number takes [`LimitRecord::capacity_per_s`], and must look at [`LimitRecord::limited_by`] beside it: only
//! `budgets` means that the system under test was at its limit; with `generator` or `range` it is a lower bound.

use serde::{Deserialize, Serialize};

use crate::{BudgetLine, Host, ScenarioRef, TargetRef, Tool};

/// Version of `limit.json`; a reader refuses newer ones.
pub const LIMIT_FORMAT_VERSION: u32 = 1;
/// The file in the limit's folder.
pub const LIMIT_FILE: &str = "limit.json";
/// The same probes as a table, in the limit's folder.
pub const PROBES_FILE: &str = "probes.csv";

/// The whole of `limit.json`. Times in nanoseconds, rates per second.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LimitRecord {
    /// [`LIMIT_FORMAT_VERSION`] of the writer.
    pub format_version: u32,
    /// The program that searched.
    pub tool: Tool,
    /// The exact command line.
    pub command: String,
    /// When the first probe was begun, RFC 3339 in UTC.
    pub started: String,
    /// The scenario whose mix, load and budgets the probes had; its phases were replaced by flat ones.
    pub scenario: ScenarioRef,
    /// Seed of all probes.
    pub seed: u64,
    /// Where the requests went.
    pub target: TargetRef,
    /// The machine that hub and harness ran on.
    pub host: Host,
    /// Store engine of the hub, where it says so.
    pub store: Option<String>,
    /// The highest rate that was confirmed to keep the budgets, requests per second; `None` when there is none.
    pub capacity_per_s: Option<f64>,
    /// True when the system under test may carry more than that: something else stopped the search.
    pub at_least: bool,
    /// What stopped it.
    pub limited_by: LimitedBy,
    /// How close the capacity is to the lowest rate that failed, as a share: 0.05 is 5 %.
    pub precision: f64,
    /// Confirmation runs at the capacity that kept every budget, of [`LimitRecord::confirmations`].
    pub confirmed: usize,
    /// Confirmation runs at the capacity.
    pub confirmations: usize,
    /// The lowest rate that was to be tried.
    pub from_per_s: f64,
    /// The highest rate that was to be tried.
    pub to_per_s: f64,
    /// Length of each probe's warm-up, seconds.
    pub warm_up_s: f64,
    /// Length of each probe's measured phase, seconds.
    pub step_s: f64,
    /// The budgets that had to be kept.
    pub budgets: Vec<BudgetLine>,
    /// What the confirmation runs that kept the budgets used and gave, each the median over them; `None` without a capacity.
    pub at_capacity: Option<AtCapacity>,
    /// Every probe, in order.
    pub probes: Vec<ProbeRow>,
    /// How it was found and what it must not be taken for, in sentences.
    pub basis: Vec<String>,
}

/// Medians over the confirmation runs that kept the budgets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct AtCapacity {
    /// Answers that passed their checks, per second.
    pub achieved_per_s: f64,
    /// Median response time.
    pub response_p50_ns: u64,
    /// 99th percentile of the response time.
    pub response_p99_ns: u64,
    /// 99.9th percentile of the response time.
    pub response_p99_9_ns: u64,
    /// Processor of the hub, cores; `None` when its process is not ours to watch.
    pub hub_cores: Option<f64>,
    /// Processor of the harness, cores.
    pub harness_cores: Option<f64>,
}

/// What stopped the rate from going higher.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LimitedBy {
    /// The budgets broke above the capacity: the limit of the system under test on this machine.
    Budgets,
    /// The generator was late above the capacity.
    Generator,
    /// Runs failed above the capacity: the hub ended, or counts differed.
    Failure,
    /// The highest rate allowed was carried.
    Range,
    /// Even the lowest rate allowed broke the budgets: there is no capacity in the range.
    BelowRange,
    /// No probe was valid: nothing is known.
    NothingValid,
    /// The search was ended before it had an answer.
    Unsettled,
}

/// How a probe came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProbeVerdict {
    /// Valid, and within every budget.
    Met,
    /// Over a budget.
    OverBudget,
    /// Invalid because the harness could not send what was planned.
    GeneratorLate,
    /// Invalid for another reason.
    Failed,
}

/// One probe: a run with a record of its own. A row of `probes.csv`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProbeRow {
    /// Its number, from 1.
    pub number: u32,
    /// Why it was made: `grow`, `bisect`, `repeat`, `confirm`, `ceiling`.
    pub why: String,
    /// The rate asked for.
    pub rate_per_s: f64,
    /// How it came out.
    pub verdict: ProbeVerdict,
    /// Arrivals planned in its measured phase.
    pub planned: u64,
    /// Of those, failed.
    pub failed: u64,
    /// Of those, dropped.
    pub dropped: u64,
    /// Answers that passed their checks, per second.
    pub achieved_per_s: f64,
    /// Median response time.
    pub response_p50_ns: u64,
    /// 99th percentile of the response time.
    pub response_p99_ns: u64,
    /// 99.9th percentile of the response time.
    pub response_p99_9_ns: u64,
    /// 99th percentile of the service time.
    pub service_p99_ns: u64,
    /// 99.9th percentile of the send lag.
    pub send_lag_p99_9_ns: u64,
    /// Processor of the hub while measured, cores.
    pub hub_cores: Option<f64>,
    /// Processor of the harness while measured, cores.
    pub harness_cores: Option<f64>,
    /// The budgets that broke and the reasons why it is invalid, in words, with semicolons between; empty when it met all.
    pub trouble: String,
    /// Its run record, relative to the limit's folder.
    pub folder: String,
}
