//! From blocks to the result of an A/B gate. Judges nothing itself.

use super::blocks::{Blocks, Ended};
use super::folder::Folder;
use super::side::Side;
use crate::gate_output::{self, policy};
use reports::gate::{
    Fingerprints, GATE_RESULT_SCHEMA, GateAnswer, GateBudget, GateKind, GateMetric, GateResult, GateScenario,
    GateSettings, GateSide, GateVerdict, Pairing, gate_answer, judge_budgets,
};
use scenarios::{BudgetFile, Scenario};

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
    warnings.extend(blocks.gate().map(|gate| gate.warnings()).unwrap_or_default());
    let GateAnswer { verdict, reasons, warnings: more } = answer(file, blocks, ended, &metrics, &budgets);
    warnings.extend(more);
    let machine = blocks.seen.as_ref().map(|(_, host, _)| host.clone());
    let tool = blocks.seen.as_ref().map(|(.., tool)| tool.clone());
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
        fingerprints: Fingerprints { tool: tool.unwrap_or_else(gate_output::tool), machine },
        warnings,
    }
}

/// The one answer: what broke comes before all that was measured.
fn answer(
    file: &BudgetFile,
    blocks: &Blocks<'_>,
    ended: &Ended,
    metrics: &[GateMetric],
    budgets: &[GateBudget],
) -> GateAnswer {
    let only = |verdict, why: String| GateAnswer { verdict, reasons: vec![why], warnings: Vec::new() };
    match ended {
        Ended::CandidateBroken(why) => {
            only(GateVerdict::Regressed, format!("The candidate could not be measured: {why}"))
        }
        Ended::Infrastructure(why) => only(GateVerdict::Infrastructure, why.clone()),
        Ended::NotComparable(why) => only(GateVerdict::Invalid, why.clone()),
        Ended::Known | Ended::Stopped => {
            let found = match blocks.gate() {
                Some(gate) => gate.verdict(),
                None => (
                    GateVerdict::Inconclusive,
                    vec!["Stopped before the first block that counts.".to_owned()],
                ),
            };
            gate_answer(found, metrics, budgets, policy(file.gate.missing))
        }
    }
}

fn side(side: &Side) -> GateSide {
    GateSide { what: side.name(), sha256: side.sha256().ok().flatten(), version: None, runs: Vec::new() }
}
