//! A budget file: absolute budgets as in a scenario, what a candidate may differ from its baseline by, and how a gate decides.
//! Read by the command line for `gate` and `ab`; it reads one file and judges nothing.

use crate::document::{Item, Log, Section, Source};
use crate::fault::{Faults, list};
use crate::library::Library;
use crate::read_budgets::{BUDGET_TIMES, CPU_PER_TRANSACTION, read_budgets};
use crate::scenario::{Budget, Scenario};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The format that is read.
const SCHEMA: u64 = 1;

/// All that a gate is held to.
#[derive(Debug, Clone, PartialEq)]
pub struct BudgetFile {
    /// The file; the scenario's own when there is no budget file.
    pub path: PathBuf,
    /// How it decides.
    pub gate: GateSettings,
    /// Absolute budgets, judged over the candidate's trials.
    pub budgets: Vec<Budget>,
    /// What is compared with the baseline.
    pub relative: Vec<Relative>,
}

/// How a gate decides.
#[derive(Debug, Clone, PartialEq)]
pub struct GateSettings {
    /// Probability of calling an unchanged build regressed, over the whole gate.
    pub alpha: f64,
    /// Probability of passing a regression as large as its margin.
    pub beta: f64,
    /// Most blocks; a block is a trial of each build.
    pub blocks_max: u32,
    /// Longest time for all blocks.
    pub time_max: Duration,
    /// What an inconclusive gate ends as.
    pub inconclusive: Policy,
    /// What an interaction that only the baseline answered does to the verdict.
    pub missing: Policy,
    /// What a candidate must be measured against to fail by its figures.
    pub baseline: Baseline,
}

/// What a baseline must be for a gate to fail by a comparison with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Baseline {
    /// A build that is measured in turn with the candidate; against stored runs a comparison is advice.
    Build,
    /// Stored runs will do, with the false alarms that come with them.
    Stored,
}

/// What something that is not a verdict does to the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// Nothing, not even a warning.
    Pass,
    /// A warning.
    Warn,
    /// The gate fails.
    Fail,
}

/// A metric that is compared with the baseline.
#[derive(Debug, Clone, PartialEq)]
pub struct Relative {
    /// Name of an interaction of the mix, or `all`.
    pub interaction: String,
    /// A time metric of a budget, or `cpu-per-transaction`, or `errors`, or `rate`.
    pub metric: String,
    /// A change as large as this must not pass, a fraction (for `errors` a difference of shares).
    pub margin: f64,
    /// A change up to this must not fail, a fraction.
    pub floor: f64,
    /// A change must also be at least this long, nanoseconds; for times only.
    pub min_effect_ns: Option<f64>,
    /// Line in the budget file, from 1; 0 for what stands in no file.
    pub line: usize,
}

/// What is compared where no budget file says otherwise. The margins and floors are those whose false alarms and power were
/// simulated for this gate; CPU time per transaction is the steadiest of all metrics.
const RELATIVE_DEFAULT: [(&str, f64, f64); 3] =
    [("response-p50", 0.05, 0.01), ("response-p99", 0.10, 0.02), (CPU_PER_TRANSACTION, 0.03, 0.005)];
/// Fewest blocks that can reject anything at the level that is usual here.
const BLOCKS_MIN: u64 = 15;
/// Most blocks: more is a soak, and the randomisation test's work grows with them.
const BLOCKS_MAX: u64 = 120;
/// Largest margin: beyond ten times as slow nobody needs a statistic.
const MARGIN_MAX: f64 = 9.0;

impl Default for GateSettings {
    fn default() -> Self {
        GateSettings {
            alpha: 0.01,
            beta: 0.05,
            blocks_max: 80,
            time_max: Duration::from_secs(900),
            inconclusive: Policy::Warn,
            missing: Policy::Fail,
            baseline: Baseline::Build,
        }
    }
}

impl BudgetFile {
    /// What holds where there is no budget file: the scenario's own budgets, and the usual margins over the whole mix.
    pub fn of(scenario: &Scenario) -> BudgetFile {
        BudgetFile::usual(&scenario.path, scenario.budgets.clone())
    }

    /// The same for a scenario of which only its path and its budgets are at hand, as of a stored run.
    pub fn usual(path: &Path, budgets: Vec<Budget>) -> BudgetFile {
        let usual = |(metric, margin, floor): (&str, f64, f64)| Relative {
            interaction: "all".to_owned(),
            metric: metric.to_owned(),
            margin,
            floor,
            min_effect_ns: None,
            line: 0,
        };
        BudgetFile {
            path: path.to_owned(),
            gate: GateSettings::default(),
            budgets,
            relative: RELATIVE_DEFAULT.into_iter().map(usual).collect(),
        }
    }
}

/// Reads a budget file for a scenario; what it leaves out stays as in [`BudgetFile::of`].
///
/// # Errors
/// Every fault at once, each with its line: unknown keys, interactions that the mix does not have, values without a unit, a
/// floor that is not below its margin.
pub fn load_budget_file(path: &Path, scenario: &Scenario) -> Result<BudgetFile, Faults> {
    let names: Vec<&str> = scenario.interactions.iter().map(|i| i.name.as_str()).collect();
    load_budget_file_for(path, &names, BudgetFile::of(scenario))
}

/// The same for a mix of these interactions; what the file leaves out stays as in `usual`.
///
/// # Errors
/// Those of [`load_budget_file`].
pub fn load_budget_file_for(path: &Path, names: &[&str], usual: BudgetFile) -> Result<BudgetFile, Faults> {
    let found = Library::read(path).map_err(|fault| Faults(vec![*fault]))?;
    let log = Log::default();
    let source = Source { file: &found.file, text: &found.text, log: &log };
    let read = source.parse().map(|table| {
        let root = Section::root(source, &table);
        read_file(&root, path, names, usual, &log)
    });
    match read {
        Some(file) if log.count() == 0 => Ok(file),
        _ => Err(crate::load::in_order(log, &found.file)),
    }
}

/// Every key that the reader of a budget file knows, for the test that holds the README against the format.
#[doc(hidden)]
pub fn budget_keys_asked(path: &Path) -> Vec<(String, String, &'static str)> {
    let log = Log::default();
    if let Ok(found) = Library::read(path) {
        let source = Source { file: &found.file, text: &found.text, log: &log };
        if let Some(table) = source.parse() {
            read_file(&Section::root(source, &table), path, &[], BudgetFile::usual(path, Vec::new()), &log);
        }
    }
    log.asked().into_iter().collect()
}

fn read_file(root: &Section<'_>, path: &Path, names: &[&str], usual: BudgetFile, log: &Log) -> BudgetFile {
    root.need("schema", "1").and_then(|i| i.whole(SCHEMA..=SCHEMA));
    let gate = root.get("gate").and_then(|i| i.section()).map(|s| read_gate(&s));
    let budgets = root.get("budget").map(|item| read_budgets(&item, names, log));
    let relative = root.get("relative").map(|item| read_relative(&item, names, log));
    root.finish();
    BudgetFile {
        path: path.to_owned(),
        gate: gate.unwrap_or_default(),
        budgets: budgets.unwrap_or(usual.budgets),
        relative: relative.unwrap_or(usual.relative),
    }
}

fn read_gate(section: &Section<'_>) -> GateSettings {
    let usual = GateSettings::default();
    let policies = [("pass", Policy::Pass), ("warn", Policy::Warn), ("fail", Policy::Fail)];
    let baselines = [("build", Baseline::Build), ("stored", Baseline::Stored)];
    let share = |item: Option<Item<'_>>| {
        let item = item?;
        let found = item.number().filter(|n| (0.0001..=0.2).contains(n));
        if found.is_none() {
            item.refuse("not a probability", "a number from 0.0001 to 0.2");
        }
        found
    };
    let gate = GateSettings {
        alpha: share(section.get("alpha")).unwrap_or(usual.alpha),
        beta: share(section.get("beta")).unwrap_or(usual.beta),
        blocks_max: section
            .get("blocks-max")
            .and_then(|i| i.whole(BLOCKS_MIN..=BLOCKS_MAX))
            .and_then(|n| u32::try_from(n).ok())
            .unwrap_or(usual.blocks_max),
        time_max: section.get("time-max").and_then(|i| i.span()).unwrap_or(usual.time_max),
        inconclusive: section
            .get("inconclusive")
            .and_then(|i| i.one_of(&policies))
            .unwrap_or(usual.inconclusive),
        missing: section.get("missing").and_then(|i| i.one_of(&policies)).unwrap_or(usual.missing),
        baseline: section.get("baseline").and_then(|i| i.one_of(&baselines)).unwrap_or(usual.baseline),
    };
    section.finish();
    gate
}

fn read_relative(item: &Item<'_>, names: &[&str], log: &Log) -> Vec<Relative> {
    let mut all = Vec::new();
    let Some(section) = item.section() else { return all };
    for (interaction, item) in section.entries() {
        if interaction != "all" && !names.contains(&interaction) {
            let allowed = list(["all"].iter().chain(names));
            log.push(item.fault("not an interaction of the mix").got(interaction).allowed(allowed));
        }
        let Some(metrics) = item.section() else { continue };
        all.extend(
            metrics.entries().into_iter().filter_map(|(metric, item)| one(interaction, metric, &item, log)),
        );
    }
    all
}

fn one(interaction: &str, metric: &str, item: &Item<'_>, log: &Log) -> Option<Relative> {
    let time = BUDGET_TIMES.contains(&metric);
    let max = metric.ends_with("-max");
    if max || !(time || [CPU_PER_TRANSACTION, "errors", "rate"].contains(&metric)) {
        let times = BUDGET_TIMES.iter().filter(|m| !m.ends_with("-max"));
        let allowed = list(times.chain(&[CPU_PER_TRANSACTION, "errors", "rate"]));
        let problem = match max {
            true => "a maximum grows with the number of requests, so it is compared with nothing",
            false => "unknown metric",
        };
        log.push(item.fault(problem).got(metric).allowed(allowed));
        return None;
    }
    if metric == CPU_PER_TRANSACTION && interaction != "all" {
        log.push(item.fault("is a metric of the whole run").got(interaction).allowed("all"));
    }
    let section = item.section()?;
    let share = |key: &'static str, item: Option<Item<'_>>| {
        let item = item?;
        let text = item.value().as_str().and_then(|t| t.trim().strip_suffix('%')?.trim().parse::<f64>().ok());
        let found = text.map(|p| p / 100.0).filter(|p| *p > 0.0 && *p <= MARGIN_MAX);
        if found.is_none() {
            item.refuse(&format!("not a {key}"), "a percentage above 0% and up to 900%, e.g. 5%");
        }
        found
    };
    let margin = share("margin", section.need("margin", "a percentage, e.g. 5%"));
    let floor = share("floor", section.need("floor", "a percentage below the margin, e.g. 1%"));
    let min_effect = section.get("min-effect");
    if let (Some(item), false) = (&min_effect, time) {
        log.push(item.fault("is for times only").got(metric).allowed("leave it out"));
    }
    let min_effect_ns = min_effect.and_then(|i| i.span()).map(|d| d.as_nanos() as f64);
    section.finish();
    let (margin, floor) = (margin?, floor?);
    if floor >= margin {
        log.push(
            item.fault("floor is not below margin")
                .got(format!("{floor} and {margin}"))
                .allowed("floor < margin"),
        );
        return None;
    }
    Some(Relative {
        interaction: interaction.to_owned(),
        metric: metric.to_owned(),
        margin,
        floor,
        min_effect_ns,
        line: item.line(),
    })
}
