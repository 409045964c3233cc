//! From blocks to the result and to whoever reads it: text or JSON on stdout, annotations and summaries where CI asks for them.

use super::blocks::{Blocks, Ended};
use super::folder::Folder;
use super::side::Side;
use crate::exit::{Exit, Failure};
use crate::out::tell as print;
use reports::gate::{
    BudgetOutcome, Fingerprints, GATE_RESULT_SCHEMA, GateKind, GateMetric, GateResult, GateScenario,
    GateSettings, GateSide, GateVerdict, InconclusivePolicy, MetricVerdict, Pairing, judge_budgets,
};
use run_record::Tool;
use scenarios::{BudgetFile, Policy, Scenario};
use std::io::Write;
use std::path::Path;

/// The result as it stands.
pub fn result(
    folder: &Folder,
    file: &BudgetFile,
    scenario: &Scenario,
    blocks: &Blocks<'_>,
    ended: &Ended,
) -> GateResult {
    let plan = &folder.plan;
    // Trials that shared the machine with another build's say nothing about an absolute limit.
    let budgets = match blocks.duet() {
        true => Vec::new(),
        false => judge_budgets(blocks.budgets(), &blocks.budget_trials),
    };
    let metrics = blocks.gate().map(|gate| gate.metrics()).unwrap_or_default();
    let (baseline, candidate) = (side(&plan.baseline), side(&plan.candidate));
    let mut warnings = Vec::new();
    if baseline.sha256.is_some() && baseline.sha256 == candidate.sha256 {
        warnings.push(
            "A/A: both sides are the same program; a red answer would be a fault of this tool.".to_owned(),
        );
    }
    if plan.attempt > 1 {
        warnings.push(format!(
            "Attempt {} at this scenario in this folder: each spends its own probability of a false alarm; only an \
             inconclusive gate may be tried again without that, by --resume.",
            plan.attempt
        ));
    }
    if blocks.duet() && !blocks.budgets().is_empty() {
        warnings.push("Absolute budgets were not judged: the trials shared the machine.".to_owned());
    }
    let (verdict, reasons) = verdict(file, blocks, ended, &metrics, &budgets);
    let machine = blocks.seen.as_ref().map(|(_, host, _)| host.clone());
    let tool = blocks.seen.as_ref().map(|(.., tool)| tool.clone());
    let profile = if cfg!(debug_assertions) { "debug" } else { "release" };
    let own = Tool { version: env!("CARGO_PKG_VERSION").to_owned(), profile: profile.to_owned() };
    GateResult {
        schema: GATE_RESULT_SCHEMA.to_owned(),
        kind: GateKind::Ab,
        verdict,
        reasons,
        attempt: plan.attempt,
        started: Some(plan.started.clone()),
        scenario: GateScenario {
            title: scenario.title.clone(),
            sha256: blocks.seen.as_ref().map(|(scenario, ..)| scenario.sha256.clone()),
        },
        baseline: Some(baseline),
        candidate,
        settings: GateSettings {
            alpha: file.gate.alpha,
            beta: file.gate.beta,
            looks: blocks.gate().map(|gate| gate.looks()).unwrap_or_default(),
        },
        blocks_used: blocks.coins.len() as u32,
        blocks_dropped: blocks.dropped,
        seconds: (blocks.seconds > 0.0).then_some(blocks.seconds),
        pairing: Some(if blocks.duet() { Pairing::Duet } else { Pairing::Interleaved }),
        coin_flips: blocks
            .coins
            .iter()
            .map(|candidate_first| if *candidate_first { 'C' } else { 'B' })
            .collect(),
        metrics,
        budgets,
        fingerprints: Fingerprints { tool: tool.unwrap_or(own), machine },
        warnings,
    }
}

/// The one answer: what broke comes first, then what is worse, then budgets, then what stayed open.
fn verdict(
    file: &BudgetFile,
    blocks: &Blocks<'_>,
    ended: &Ended,
    metrics: &[GateMetric],
    budgets: &[reports::gate::GateBudget],
) -> (GateVerdict, Vec<String>) {
    match ended {
        Ended::CandidateBroken(why) => {
            return (GateVerdict::Regressed, vec![format!("The candidate could not be measured: {why}")]);
        }
        Ended::Infrastructure(why) => return (GateVerdict::Infrastructure, vec![why.clone()]),
        Ended::NotComparable(why) => return (GateVerdict::Invalid, vec![why.clone()]),
        Ended::Known | Ended::Stopped => {}
    }
    let (mut verdict, mut reasons) = match blocks.gate() {
        Some(gate) => gate.verdict(),
        None => (GateVerdict::Inconclusive, vec!["Stopped before the first block that counts.".to_owned()]),
    };
    let missing: Vec<String> = metrics
        .iter()
        .filter(|m| m.baseline.is_some() && m.candidate.is_none())
        .map(|m| format!("{} {}: the candidate gave no figure, the baseline did.", m.interaction, m.metric))
        .collect();
    if !missing.is_empty() && file.gate.missing == Policy::Fail && verdict != GateVerdict::Regressed {
        verdict = GateVerdict::Regressed;
        reasons.splice(0..0, missing);
    }
    let broken: Vec<String> = budgets
        .iter()
        .filter(|b| b.verdict == BudgetOutcome::Broken)
        .map(|b| format!("{} {} is over its budget of {}.", b.interaction, b.metric, b.limit_text))
        .collect();
    if !broken.is_empty() {
        if verdict != GateVerdict::Regressed {
            verdict = GateVerdict::OverBudget;
            reasons.clear();
        }
        reasons.extend(broken);
    }
    if verdict == GateVerdict::Pass {
        let better = metrics.iter().filter(|m| m.verdict == MetricVerdict::Improved);
        reasons.extend(better.map(|m| format!("{} {} improved.", m.interaction, m.metric)));
    }
    (verdict, reasons)
}

fn side(side: &Side) -> GateSide {
    GateSide { what: side.name(), sha256: side.sha256().ok().flatten(), version: None, runs: Vec::new() }
}

/// What an open answer does to the exit code.
pub fn policy(policy: Policy) -> InconclusivePolicy {
    match policy {
        Policy::Pass => InconclusivePolicy::Pass,
        Policy::Warn => InconclusivePolicy::Warn,
        Policy::Fail => InconclusivePolicy::Fail,
    }
}

/// Tells the result: on stdout for whoever waits, and to GitHub where it runs this.
///
/// # Errors
/// stdout is closed.
pub fn tell(result: &GateResult, json: bool, folder: &Path) -> Result<(), Failure> {
    if json {
        return print(&reports::gate::gate_json(result));
    }
    print(&format!("{}\nResult: {}\n", reports::gate::gate_text(result).trim_end(), folder.display()))?;
    if std::env::var_os("GITHUB_ACTIONS").is_some() {
        print(&reports::gate::gate_github(result))?;
    }
    for (variable, text) in [
        ("GITHUB_STEP_SUMMARY", reports::gate::gate_github_summary(result)),
        ("GITHUB_OUTPUT", reports::gate::gate_github_output(result)),
    ] {
        if let Some(file) = std::env::var_os(variable) {
            let open = std::fs::OpenOptions::new().create(true).append(true).open(&file);
            open.and_then(|mut open| open.write_all(text.as_bytes())).map_err(|e| {
                let message = format!("${variable}: {}: cannot be written: {e}", Path::new(&file).display());
                Failure::new(Exit::Unreachable, message)
            })?;
        }
    }
    Ok(())
}
