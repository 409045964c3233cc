//! The result for the terminal: the verdict first, then what it rests on. Pure, plain text, no colours.

use super::result::GateResult;
use super::words;
use crate::text::{aligned, heading, line, wrapped};

/// The text.
pub fn gate_text(result: &GateResult) -> String {
    let result = &result.finite();
    let mut text = String::new();
    line(&mut text, format!("{}: {}", words::headline(result.verdict), result.scenario.title));
    wrapped(&mut text, "  ", words::meaning(result.verdict));
    for reason in &result.reasons {
        wrapped(&mut text, "  - ", reason);
    }
    line(&mut text, String::new());
    wrapped(&mut text, "  ", &words::sides(result));
    line(&mut text, format!("  {}", words::effort(result)));
    metrics(&mut text, result);
    budgets(&mut text, result);
    let notes = result.metrics.iter().filter_map(|m| Some((&m.interaction, &m.metric, m.note.as_ref()?)));
    let of_budgets =
        result.budgets.iter().filter_map(|b| Some((&b.interaction, &b.metric, b.note.as_ref()?)));
    let notes =
        notes.chain(of_budgets).map(|(interaction, metric, note)| format!("{interaction} {metric}: {note}"));
    let notes: Vec<String> = result.warnings.iter().cloned().chain(notes).collect();
    if !notes.is_empty() {
        heading(&mut text, "Notes");
        notes.iter().for_each(|note| wrapped(&mut text, "  - ", note));
    }
    text
}

fn metrics(text: &mut String, result: &GateResult) {
    if result.metrics.is_empty() {
        return;
    }
    heading(
        text,
        "Against the baseline; from the column `finds` on, a change for the worse is found nearly always",
    );
    let names = ["", "change", "95 % interval", "finds", "margin", "baseline", "candidate"];
    let mut table = vec![names.map(str::to_owned)];
    for m in words::by_gravity(result) {
        table.push([
            format!("{}: {} {}", m.verdict.words(), m.interaction, m.metric),
            words::change(m, m.estimate),
            words::interval(m),
            m.mde.map_or("-".to_owned(), |mde| words::worse(m, mde)),
            words::worse(m, m.margin),
            words::figure(&m.unit, m.baseline),
            words::figure(&m.unit, m.candidate),
        ]);
    }
    aligned(text, &table);
}

fn budgets(text: &mut String, result: &GateResult) {
    if result.budgets.is_empty() {
        return;
    }
    heading(text, "Budgets of the candidate");
    let mut table = vec![["", "limit", "median", "trials"].map(str::to_owned)];
    for budget in words::budgets_by_gravity(result) {
        table.push([
            format!("{}: {} {}", budget.verdict.word(), budget.interaction, budget.metric),
            words::limit(budget),
            words::figure(&budget.unit, words::median(budget)),
            budget.trials.len().to_string(),
        ]);
    }
    aligned(text, &table);
    if result.budgets.iter().any(|budget| budget.trials.len() == 1) {
        line(text, "  A single trial: run-to-run variance unknown.".to_owned());
    }
}
