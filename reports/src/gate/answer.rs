//! The one answer of a gate from its parts: what the blocks say, what is missing, which budgets are broken. Pure; the same for
//! builds side by side and for stored runs.

use super::exit::GatePolicy;
use super::result::{BudgetOutcome, GateBudget, GateMetric, GateVerdict, MetricVerdict};

/// A verdict and the sentences that go with it.
#[derive(Debug, Clone, PartialEq)]
pub struct GateAnswer {
    /// The one answer.
    pub verdict: GateVerdict,
    /// Why, the gravest first.
    pub reasons: Vec<String>,
    /// What should be known though the verdict stands.
    pub warnings: Vec<String>,
}

/// Puts the parts together: what is worse comes first, then what is missing, then budgets, then what stayed open.
pub fn gate_answer(
    blocks: (GateVerdict, Vec<String>),
    metrics: &[GateMetric],
    budgets: &[GateBudget],
    missing: GatePolicy,
) -> GateAnswer {
    let (mut verdict, mut reasons) = blocks;
    let mut warnings = Vec::new();
    let lost = metrics.iter().filter(|m| m.verdict == MetricVerdict::Missing);
    let lost: Vec<String> = lost
        .map(|m| format!("{} {} is missing: only the baseline has it.", m.interaction, m.metric))
        .collect();
    match missing {
        GatePolicy::Fail if !lost.is_empty() => {
            if verdict != GateVerdict::Regressed {
                verdict = GateVerdict::Regressed;
                reasons.clear();
            }
            reasons.extend(lost);
        }
        GatePolicy::Warn => warnings.extend(lost),
        GatePolicy::Fail | GatePolicy::Pass => {}
    }
    let broken = budgets.iter().filter(|b| b.verdict == BudgetOutcome::Broken);
    let broken: Vec<String> = broken
        .map(|b| format!("{} {} does not keep its budget of {}.", b.interaction, b.metric, b.limit_text))
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
    GateAnswer { verdict, reasons, warnings }
}
