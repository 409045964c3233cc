//! A budget file in the words of the gate: where each rule stands goes with it, so that an annotation can point there.

use reports::gate::{GateRule, Location};
use run_record::BudgetLine;
use scenarios::BudgetFile;

/// What is compared with the baseline.
pub fn relative_rules(file: &BudgetFile) -> Vec<GateRule> {
    let rule = |rule: &scenarios::Relative| GateRule {
        interaction: rule.interaction.clone(),
        metric: rule.metric.clone(),
        margin: rule.margin,
        floor: rule.floor,
        min_effect_ns: rule.min_effect_ns.unwrap_or(0.0),
        location: location(file, rule.line),
    };
    file.relative.iter().map(rule).collect()
}

/// Absolute budgets.
pub fn budget_rules(file: &BudgetFile) -> Vec<(BudgetLine, Option<Location>)> {
    let line = |b: &scenarios::Budget| {
        let line = BudgetLine {
            interaction: b.interaction.clone(),
            metric: b.metric.clone(),
            limit: b.limit,
            limit_text: b.text.clone(),
        };
        (line, location(file, b.line))
    };
    file.budgets.iter().map(line).collect()
}

fn location(file: &BudgetFile, line: usize) -> Option<Location> {
    let line = u32::try_from(line).ok().filter(|line| *line > 0)?;
    Some(Location { file: file.path.display().to_string(), line })
}
