//! The page's part on staff hours: three rules side by side, each interaction's share in them, and every assumption.

use run_record::Measured;

use super::escape;
use super::parts::Column::{Figures, Words};
use super::parts::{list, none, table_raw, tag};
use crate::units;

/// The hours with their provenance; says so when there are none.
pub(super) fn hours(run: &Measured) -> String {
    let Some(hours) = &run.record.hours_per_day else {
        return tag(
            "p",
            "Not computed: the scenario names no cost case, or no interaction of its mix has a baseline.",
        );
    };
    let rules = [
        ("Linear", "every second counts alike; usual in United Kingdom appraisal", hours.linear),
        ("Above one second", "only what a wait exceeds one second counts", hours.above_1s),
        ("Tapered", "nothing up to 0.1 s, rising to full weight at 10 s", hours.tapered),
    ];
    let rows: Vec<Vec<String>> = rules
        .iter()
        .map(|(name, how, hours)| vec![escape(name), escape(how), units::number(*hours, 1)])
        .collect();
    let mut html = tag(
        "p",
        &format!(
            "Staff hours a day that this system would save against the baseline of the case \"{}\", under assumptions. \
             A slower system gives negative hours. The rules disagree because seconds are valued differently; none of \
             them is right by itself.",
            hours.case
        ),
    );
    let columns = [Words("rule"), Words("how a wait counts"), Figures("hours a day")];
    html += &table_raw("Staff hours a day by the three rules", &columns, &rows, none);
    // The same provenance on every row is said once, below the table.
    let shared =
        hours.lines.first().map(|line| &line.source).filter(|s| hours.lines.iter().all(|l| l.source == **s));
    let rows: Vec<Vec<String>> = hours
        .lines
        .iter()
        .map(|line| {
            let mut cells = vec![
                escape(&line.interaction),
                units::number(line.messages_per_day, 0),
                units::number(line.baseline_ms, 0),
                units::ms_f64(line.measured_mean_ms * 1e6),
                units::number(line.linear, 1),
                units::number(line.above_1s, 1),
                units::number(line.tapered, 1),
            ];
            cells.extend(shared.is_none().then(|| escape(&line.source)));
            cells
        })
        .collect();
    let mut columns = vec![
        Words("interaction"),
        Figures("messages a day"),
        Figures("baseline ms"),
        Figures("measured mean ms"),
        Figures("linear"),
        Figures("above 1 s"),
        Figures("tapered"),
    ];
    columns.extend(shared.is_none().then_some(Words("source and evidence of the baseline")));
    html += &table_raw("Hours a day per attended interaction", &columns, &rows, none);
    html += &shared.map_or(String::new(), |source| tag("p", &format!("Baseline of every row: {source}.")));
    html += &tag("h3", "What this rests on");
    html + &list(&hours.basis)
}
