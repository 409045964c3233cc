//! The result as markdown: a comment for people, and the step summary of GitHub Actions. Pure. Every text of others is escaped, so
//! that no name can break a table or begin a heading.

use super::result::GateResult;
use super::words;

/// Most bytes of a step summary: GitHub aborts the upload at 1 MiB, and other steps' summaries are not ours to count.
const SUMMARY_BYTES_MAX: usize = 900_000;

/// The whole result.
pub fn gate_markdown(result: &GateResult) -> String {
    lines(&result.finite()).join("\n") + "\n"
}

/// The same, cut at a line so that a step may upload it; to be appended to `$GITHUB_STEP_SUMMARY`.
pub fn gate_github_summary(result: &GateResult) -> String {
    let lines = lines(&result.finite());
    let mut text = String::new();
    for (at, line) in lines.iter().enumerate() {
        if text.len() + line.len() > SUMMARY_BYTES_MAX {
            let left = lines.len() - at;
            text += &format!("\n{left} more lines are left out here; the JSON result has them.\n");
            break;
        }
        text += line;
        text.push('\n');
    }
    text
}

fn lines(result: &GateResult) -> Vec<String> {
    let title = escape(&result.scenario.title);
    let mut lines = vec![format!("## {}: {title}", words::headline(result.verdict)), String::new()];
    lines.push(words::meaning(result.verdict).to_owned());
    lines.push(String::new());
    if !result.reasons.is_empty() {
        lines.extend(result.reasons.iter().map(|reason| format!("- {}", escape(reason))));
        lines.push(String::new());
    }
    if !result.metrics.is_empty() {
        lines.push(
            "| interaction | metric | verdict | change | 95 % interval | would be found from | margin | baseline | candidate |"
                .to_owned(),
        );
        lines.push("|---|---|---|--:|--:|--:|--:|--:|--:|".to_owned());
        for m in words::by_gravity(result) {
            let mde = m.mde.map_or("-".to_owned(), |mde| words::worse(m, mde));
            lines.push(row(&[
                m.interaction.clone(),
                m.metric.clone(),
                m.verdict.words().to_owned(),
                words::change(m, m.estimate),
                words::interval(m),
                mde,
                words::worse(m, m.margin),
                words::figure(&m.unit, m.baseline),
                words::figure(&m.unit, m.candidate),
            ]));
        }
        lines.push(String::new());
    }
    if !result.budgets.is_empty() {
        lines.push("| interaction | metric | verdict | limit | median | trials |".to_owned());
        lines.push("|---|---|---|--:|--:|--:|".to_owned());
        for budget in words::budgets_by_gravity(result) {
            lines.push(row(&[
                budget.interaction.clone(),
                budget.metric.clone(),
                budget.verdict.word().to_owned(),
                words::limit(budget),
                words::figure(&budget.unit, words::median(budget)),
                budget.trials.len().to_string(),
            ]));
        }
        lines.push(String::new());
    }
    let notes = result.metrics.iter().filter_map(|m| Some((&m.interaction, &m.metric, m.note.as_ref()?)));
    let of_budgets =
        result.budgets.iter().filter_map(|b| Some((&b.interaction, &b.metric, b.note.as_ref()?)));
    let notes =
        notes.chain(of_budgets).map(|(interaction, metric, note)| format!("{interaction} {metric}: {note}"));
    let notes: Vec<String> = result.warnings.iter().cloned().chain(notes).collect();
    if !notes.is_empty() {
        lines.extend(notes.iter().map(|note| format!("- Note: {}", escape(note))));
        lines.push(String::new());
    }
    lines.push(format!("{}; {}.", escape(&words::sides(result)), escape(&words::effort(result))));
    lines
}

fn row(cells: &[String]) -> String {
    let cells: Vec<String> = cells.iter().map(|cell| escape(cell)).collect();
    format!("| {} |", cells.join(" | "))
}

/// Text that stays text: marks get a backslash, `<` and `&` become entities, line ends become spaces.
pub(crate) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '\\' | '|' | '`' | '*' | '_' | '[' | ']' | '#' | '~' => {
                safe.push('\\');
                safe.push(character);
            }
            c if c.is_control() => safe.push(' '),
            c => safe.push(c),
        }
    }
    safe
}
