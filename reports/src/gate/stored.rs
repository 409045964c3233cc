//! A gate over stored runs: budgets over the candidate's runs, and, against the baseline's, what can honestly be said. Pure;
//! refuses before it computes. Runs that were not measured in turn, in an order drawn by a coin, differ by what the machine did in
//! between as well, so that what is worse here is advice unless the budget file takes it for more.

use gate::plan::{BLOCKS_MAX, BLOCKS_MIN};
use run_record::{BudgetLine, Measured, RunRecord, Tool};

use super::ab::{BudgetTrial, GateBlocks, GatePlan, judge_budgets};
use super::answer::gate_answer;
use super::believed::own_fault;
use super::exit::GatePolicy;
use super::result::{
    Fingerprints, GATE_RESULT_SCHEMA, GateBudget, GateKind, GateMetric, GateResult, GateScenario,
    GateSettings, GateSide, GateVerdict, Location, MetricVerdict, Scale,
};
use super::trials::{GateRule, GateTrial};
use crate::compare::{MACHINE, differences};
use crate::units;

/// Runs that may be left out because they cannot be believed, as a share of a side's: beyond, there is nothing to judge.
const INVALID_SHARE_MAX: f64 = 0.2;
/// What the program that measured is called among the differences.
const VERSION: &str = "version of spinebench";

/// What a gate over stored runs is held to.
#[derive(Debug, Clone, PartialEq)]
pub struct GateRules {
    /// What is compared with the baseline.
    pub relative: Vec<GateRule>,
    /// Absolute budgets, and where they stand.
    pub budgets: Vec<(BudgetLine, Option<Location>)>,
    /// Probability of calling an unchanged build regressed.
    pub alpha: f64,
    /// Probability of passing a regression as large as its margin.
    pub beta: f64,
    /// What an interaction that the candidate lost does to the verdict.
    pub missing: GatePolicy,
    /// Whether stored runs may fail the gate by their figures.
    pub stored_decides: bool,
}

/// What a gate keeps of one run.
#[derive(Debug, Clone)]
pub struct StoredRun {
    name: String,
    record: RunRecord,
    trial: GateTrial,
    budgets: BudgetTrial,
}

impl StoredRun {
    /// Takes what the rules ask for from a run record.
    pub fn of(name: &str, run: &Measured, rules: &GateRules) -> StoredRun {
        StoredRun {
            name: name.to_owned(),
            record: run.record.clone(),
            trial: GateTrial::of(run, &rules.relative),
            budgets: BudgetTrial::of(run, &rules.budgets),
        }
    }
}

/// What is said against the baseline.
#[derive(Default)]
struct Against {
    metrics: Vec<GateMetric>,
    looks: Vec<u32>,
    blocks: u32,
    warnings: Vec<String>,
}

/// Judges stored runs, each side in the order given; budgets alone where there is no baseline. `tool` is the program that judges.
pub fn gate_stored(
    candidate: &[StoredRun],
    baseline: &[StoredRun],
    rules: &GateRules,
    tool: Tool,
) -> GateResult {
    let mut result = empty(candidate, baseline, rules, tool);
    let (kept_c, kept_b) = match (believed("candidate", candidate), believed("baseline", baseline)) {
        (Ok((c, left_c)), Ok((b, left_b))) => {
            result.warnings.extend(left_c.into_iter().chain(left_b));
            (c, b)
        }
        // What is wrong with the candidate comes first; what is wrong with the baseline says nothing against it.
        (Err(fault), _) => {
            result.verdict = if fault.own { GateVerdict::Regressed } else { GateVerdict::Infrastructure };
            result.reasons = vec![fault.why];
            return result;
        }
        (Ok(_), Err(fault)) => {
            result.verdict = GateVerdict::Infrastructure;
            result.reasons = vec![fault.why];
            return result;
        }
    };
    let Some(first) = kept_c.first() else {
        result.reasons = vec!["No run was given, allowed one or more.".to_owned()];
        return result;
    };
    let others = || kept_c.iter().skip(1).chain(&kept_b);
    let all: Vec<Difference> = others().flat_map(|run| between(first, run)).collect();
    let asked: Vec<&Difference> = all.iter().filter(|d| !d.only_relative()).collect();
    if !asked.is_empty() {
        result.reasons = sentences(&asked);
        return result;
    }
    let trials: Vec<BudgetTrial> = kept_c.iter().map(|run| run.budgets.clone()).collect();
    result.budgets = judge_budgets(&rules.budgets, &trials);
    let (own, of_baseline): (Vec<&Difference>, Vec<&Difference>) =
        all.iter().partition(|d| kept_c.iter().any(|run| run.name == d.name_b));
    result.warnings.extend(sentences(&own).into_iter().map(|s| format!("{s} They are judged together.")));
    // Between the candidate's runs a machine is worth a warning; between the two sides it is the whole difference.
    let refused = sentences(&of_baseline);
    if !refused.is_empty() {
        let answer = gate_answer((GateVerdict::Pass, Vec::new()), &[], &result.budgets, rules.missing);
        result.reasons = refused;
        result.reasons.extend(answer.reasons);
        if !result.budgets.is_empty() {
            result.warnings.push(
                "Nothing is compared with the baseline; the budgets are judged on the candidate's machine alone.".to_owned(),
            );
        }
        return result;
    }
    if kept_b.is_empty() && result.budgets.is_empty() {
        result.reasons =
            vec!["There is neither a budget nor a baseline, so there is nothing to judge.".to_owned()];
        return result;
    }
    let (blocks, against) = match kept_b.is_empty() {
        true => ((GateVerdict::Pass, Vec::new()), Against::default()),
        false => match compared(&kept_c, &kept_b, rules) {
            Ok(found) => found,
            Err(faults) => {
                result.reasons = faults.lines().map(str::to_owned).collect();
                return result;
            }
        },
    };
    let answer = gate_answer(blocks, &against.metrics, &result.budgets, rules.missing);
    result.verdict = answer.verdict;
    result.reasons = answer.reasons;
    result.warnings.extend(answer.warnings.into_iter().chain(against.warnings));
    result.metrics = against.metrics;
    result.settings.looks = against.looks;
    result.blocks_used = against.blocks;
    result
}

/// Why nothing is to be had from a side's runs.
struct Unbelievable {
    /// Whether it is the system's own doing.
    own: bool,
    why: String,
}

/// The runs that may be believed and a sentence for each that may not.
fn believed<'a>(
    side: &str,
    runs: &'a [StoredRun],
) -> Result<(Vec<&'a StoredRun>, Vec<String>), Unbelievable> {
    let invalid: Vec<&StoredRun> = runs.iter().filter(|run| !run.record.validity.valid).collect();
    if let Some((run, why)) = invalid.iter().find_map(|run| Some((run, own_fault(&run.record.validity)?))) {
        let why = format!("The {side} could not be measured: {}: {why}", run.name);
        return Err(Unbelievable { own: true, why });
    }
    let said: Vec<String> = invalid
        .iter()
        .map(|run| {
            format!(
                "{} is an invalid run and was left out: {}",
                run.name,
                run.record.validity.reasons.join(" ")
            )
        })
        .collect();
    if invalid.len() as f64 > INVALID_SHARE_MAX * runs.len() as f64 {
        let (bad, all) = (invalid.len(), units::counted(runs.len() as u64, "run", "runs"));
        let why = format!("{bad} of the {side}'s {all} cannot be believed. {}", said.join(" "));
        return Err(Unbelievable { own: false, why });
    }
    Ok((runs.iter().filter(|run| run.record.validity.valid).collect(), said))
}

/// What two runs differ in though they must not.
struct Difference {
    what: &'static str,
    name_a: String,
    a: String,
    name_b: String,
    b: String,
}

impl Difference {
    /// Whether budgets may still be judged.
    fn only_relative(&self) -> bool {
        self.what == MACHINE || self.what == VERSION
    }
}

/// A sentence for each difference, those with the same values in one.
fn sentences(all: &[&Difference]) -> Vec<String> {
    let same = |a: &Difference, b: &Difference| (a.what, &a.a, &a.b) == (b.what, &b.a, &b.b);
    let first = all.iter().enumerate().filter(|(at, d)| !all[..*at].iter().any(|e| same(d, e)));
    first
        .map(|(_, d)| {
            let Difference { what, name_a, a, name_b, b } = d;
            let more = all.iter().filter(|e| same(d, e)).count() - 1;
            let more = if more > 0 { format!(" (and in {more} more)") } else { String::new() };
            format!("Not comparable, {what}: got {a:?} in {name_a} and {b:?} in {name_b}{more}, allowed the same in both.")
        })
        .collect()
}

fn between(first: &StoredRun, run: &StoredRun) -> Vec<Difference> {
    let version = |tool: &Tool| format!("{} ({})", tool.version, tool.profile);
    let versions = (version(&first.record.tool), version(&run.record.tool));
    let version = (versions.0 != versions.1).then_some((VERSION, versions.0, versions.1));
    let found = differences(&first.record, &run.record).into_iter().chain(version);
    found
        .map(|(what, a, b)| Difference { what, name_a: first.name.clone(), a, name_b: run.name.clone(), b })
        .collect()
}

/// The candidate's runs against the baseline's: in pairs where there are enough, else only what the figures are.
fn compared(
    candidate: &[&StoredRun],
    baseline: &[&StoredRun],
    rules: &GateRules,
) -> Result<((GateVerdict, Vec<String>), Against), String> {
    let pairs = candidate.len().min(baseline.len()).min(BLOCKS_MAX);
    if pairs < BLOCKS_MIN {
        return Ok(figures(candidate, baseline, rules));
    }
    let runs = candidate.iter().chain(baseline);
    let joined = runs.map(|run| run.trial.joined(pairs)).max().unwrap_or(1);
    let looks = vec![pairs / joined];
    let plan = GatePlan { alpha: rules.alpha, beta: rules.beta, looks, joined, missing: rules.missing };
    let mut blocks = GateBlocks::new(rules.relative.clone(), plan)?;
    for (b, c) in baseline.iter().zip(candidate).take(pairs / joined * joined) {
        blocks.push(b.trial.clone(), c.trial.clone())?;
    }
    let mut found = Against {
        metrics: blocks.metrics(),
        looks: blocks.looks(),
        blocks: u32::try_from(pairs).unwrap_or(u32::MAX),
        warnings: blocks.warnings(),
    };
    let unpaired = candidate.len() + baseline.len() - 2 * pairs;
    if unpaired > 0 {
        let runs = units::counted(unpaired as u64, "run was", "runs were");
        found.warnings.push(format!("Runs are paired in the order given; {runs} left without a partner."));
    }
    let (mut verdict, mut reasons) = blocks.verdict();
    if !rules.stored_decides {
        found.warnings.push(ADVICE.to_owned());
        if verdict == GateVerdict::Regressed {
            verdict = GateVerdict::Inconclusive;
            reasons.push("Stored runs do not decide that; `spinebench ab` does.".to_owned());
        }
        for metric in found.metrics.iter_mut().filter(|m| m.verdict == MetricVerdict::Regressed) {
            metric.verdict = MetricVerdict::InconclusiveAdvisory;
        }
    }
    Ok(((verdict, reasons), found))
}

/// What goes with every comparison of stored runs.
const ADVICE: &str = "Stored runs were not measured in turn, so the machine may have changed instead of the build: this comparison is \
                      advice, and only a budget file with baseline = \"stored\" lets it fail a gate.";

/// The figures of too few runs: medians and their change, and how many runs would decide.
fn figures(
    candidate: &[&StoredRun],
    baseline: &[&StoredRun],
    rules: &GateRules,
) -> ((GateVerdict, Vec<String>), Against) {
    let median = |runs: &[&StoredRun], rule: usize| {
        let values: Vec<f64> = runs.iter().filter_map(|run| run.trial.value(rule)).collect();
        (!values.is_empty()).then(|| gate::estimate::median(&values))
    };
    let each = rules.relative.iter().enumerate();
    let metrics = each
        .map(|(at, rule)| {
            let (before, after) = (median(baseline, at), median(candidate, at));
            let scale = if rule.metric == "errors" { Scale::Difference } else { Scale::Relative };
            let change =
                before.zip(after).map(|(b, c)| if scale == Scale::Difference { c - b } else { c / b - 1.0 });
            GateMetric {
                interaction: rule.interaction.clone(),
                metric: rule.metric.clone(),
                unit: rule.unit().to_owned(),
                scale,
                verdict: match (before, after) {
                    (Some(_), None) => MetricVerdict::Missing,
                    (None, Some(_)) => MetricVerdict::New,
                    (Some(_), Some(_)) | (None, None) => MetricVerdict::InconclusiveBudget,
                },
                baseline: before,
                candidate: after,
                estimate: change,
                ci_low: None,
                ci_high: None,
                p_adjusted: None,
                mde: None,
                floor: rule.floor,
                margin: rule.margin,
                rule: rule.location.clone(),
                note: None,
            }
        })
        .collect();
    let (c, b) = (candidate.len(), baseline.len());
    let reason = format!(
        "{} against {} of the baseline: {BLOCKS_MIN} of each are needed to tell a change from the noise between runs.",
        units::counted(c as u64, "run", "runs"),
        b
    );
    let found = Against { metrics, warnings: vec![ADVICE.to_owned()], ..Against::default() };
    ((GateVerdict::Inconclusive, vec![reason]), found)
}

/// A result that says nothing yet but what was given.
fn empty(candidate: &[StoredRun], baseline: &[StoredRun], rules: &GateRules, tool: Tool) -> GateResult {
    let first = candidate.first().map(|run| &run.record);
    GateResult {
        schema: GATE_RESULT_SCHEMA.to_owned(),
        kind: if baseline.is_empty() { GateKind::Absolute } else { GateKind::Stored },
        verdict: GateVerdict::Invalid,
        reasons: Vec::new(),
        attempt: 1,
        started: first.map(|record| record.started.clone()),
        scenario: GateScenario {
            title: first.map_or_else(String::new, |record| record.scenario.title.clone()),
            sha256: first.map(|record| record.scenario.sha256.clone()),
        },
        baseline: (!baseline.is_empty()).then(|| side(baseline)),
        candidate: side(candidate),
        settings: GateSettings { alpha: rules.alpha, beta: rules.beta, looks: Vec::new() },
        blocks_used: 0,
        blocks_dropped: 0,
        seconds: None,
        pairing: None,
        coin_flips: String::new(),
        metrics: Vec::new(),
        budgets: Vec::<GateBudget>::new(),
        fingerprints: Fingerprints { tool, machine: first.map(|record| record.host.clone()) },
        warnings: Vec::new(),
    }
}

fn side(runs: &[StoredRun]) -> GateSide {
    let names: Vec<String> = runs.iter().map(|run| run.name.clone()).collect();
    let what = match names.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [first, .., last] => format!("{} runs, {first} to {last}", names.len()),
    };
    GateSide {
        what,
        sha256: None,
        version: runs.first().map(|run| run.record.tool.version.clone()),
        runs: names,
    }
}
