//! A comparison as markdown: every interaction and metric in one table. Pure; text of others is escaped.

use super::text::{change_text, figure, within_text};
use super::{CAVEAT, Comparison};
use crate::gate::escape_markdown as escape;

/// The markdown.
pub fn compare_markdown(comparison: &Comparison<'_>) -> String {
    let side =
        |name: &str, run: &run_record::Measured| format!("{}, {}", escape(name), escape(&run.record.started));
    let mut text = format!(
        "## Compared: {}\n\n- A: {}\n- B: {}\n",
        escape(&comparison.a.record.scenario.title),
        side(&comparison.name_a, comparison.a),
        side(&comparison.name_b, comparison.b),
    );
    for warning in &comparison.warnings {
        text += &format!("- **Warning:** {}\n", escape(warning));
    }
    text += "\n| interaction | metric | A | B | change | 95 % within the runs |\n|---|---|--:|--:|--:|--:|\n";
    for row in &comparison.rows {
        let change = match row.stands_out() {
            true => format!("**{}**", change_text(row)),
            false => change_text(row),
        };
        text += &format!(
            "| {} | {} | {} | {} | {change} | {} |\n",
            escape(&row.interaction),
            escape(&row.metric),
            figure(row, row.a),
            figure(row, row.b),
            within_text(row).unwrap_or_else(|| "-".to_owned()),
        );
    }
    text += &format!("\nIn bold: more than chance within the runs explains. {CAVEAT}\n");
    text
}
