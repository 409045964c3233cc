//! The page's tables: budgets, times per interaction, mix, errors.

use run_record::{ALL, InteractionRow, Kind, Measured};

use super::escape;
use super::parts::Column::{Figures, Words};
use super::parts::{none, table_raw, tag};
use crate::judge::is_floor;
use crate::units;

/// Each budget with its limit and what was measured.
pub(super) fn budgets(run: &Measured) -> String {
    let budgets = &run.record.budgets;
    if budgets.is_empty() {
        return tag("p", "The scenario sets no budget, so only validity was judged.");
    }
    let rows: Vec<Vec<String>> = budgets
        .iter()
        .map(|budget| {
            let bound = if is_floor(&budget.metric) { "at least" } else { "at most" };
            let used = budget.measured.filter(|_| budget.limit > 0.0).map(|value| value / budget.limit);
            vec![
                escape(&budget.interaction),
                escape(&metric_words(&budget.metric)),
                escape(&format!("{bound} {}", budget.limit_text)),
                budget.measured.map_or("no samples".to_owned(), |value| {
                    escape(&units::budget_figure(&budget.metric, value))
                }),
                used.map_or("-".to_owned(), |used| units::percent(used, 0)),
                match budget.met {
                    true => "<span class=\"kept\">\u{2713} kept</span>".to_owned(),
                    false => "<span class=\"broken\">\u{2717} broken</span>".to_owned(),
                },
            ]
        })
        .collect();
    let columns = [
        Words("interaction"),
        Words("metric"),
        Figures("limit"),
        Figures("measured"),
        Figures("measured / limit"),
        Words("verdict"),
    ];
    table_raw("Budgets of the scenario and what was measured", &columns, &rows, none)
}

fn metric_words(metric: &str) -> String {
    match metric.split_once('-') {
        _ if metric == "lost-writes" => "acknowledged writes that were not found again".to_owned(),
        _ if metric == "cpu-per-transaction" => "processor time of the hub for each transaction".to_owned(),
        _ if metric == "hub-memory" => "most memory of the hub".to_owned(),
        None if metric == "availability" => "share of requests that were answered well".to_owned(),
        None if metric == "recovery" => "longest recovery after an event".to_owned(),
        Some((kind, "max")) => format!("{kind} time, largest"),
        Some((kind, quantile)) => format!("{kind} time, {quantile}"),
        None if metric == "errors" => "share of requests that failed".to_owned(),
        None if metric == "rate" => "achieved rate".to_owned(),
        None => metric.to_owned(),
    }
}

/// Counts and times of each interaction.
pub(super) fn interactions(run: &Measured) -> String {
    let other = |row: &InteractionRow, kind: Kind| {
        let found = run.interactions.iter().find(|r| r.kind == kind && r.interaction == row.interaction);
        found.map_or("-".to_owned(), |row| units::ms(row.p99_ns))
    };
    let rows: Vec<Vec<String>> = run
        .interactions
        .iter()
        .filter(|row| row.kind == Kind::Response)
        .map(|row| {
            vec![
                escape(&row.interaction),
                units::whole(row.count),
                units::whole(row.failed),
                units::ms(row.mean_ns),
                units::ms(row.p50_ns),
                units::ms(row.p90_ns),
                units::ms(row.p99_ns),
                units::ms(row.p99_9_ns),
                units::ms(row.max_ns),
                other(row, Kind::Service),
                other(row, Kind::SendLag),
            ]
        })
        .collect();
    let columns = [
        Words("interaction"),
        Figures("count"),
        Figures("failed"),
        Figures("mean"),
        Figures("p50"),
        Figures("p90"),
        Figures("p99"),
        Figures("p99.9"),
        Figures("max"),
        Figures("service p99"),
        Figures("send lag p99"),
    ];
    let caption = "Response times per interaction in milliseconds, with service time and send lag beside";
    table_raw(caption, &columns, &rows, |row| row[0] == ALL)
}

/// Shares as stated and as replayed, and what is not replayed.
pub(super) fn mix(run: &Measured) -> String {
    let record = &run.record;
    let left_out: f64 = record.not_replayed.iter().map(|row| row.share).sum();
    let sent: u64 = count_of(run, ALL);
    let rows: Vec<Vec<String>> = record
        .mix
        .iter()
        .map(|row| {
            let measured = count_of(run, &row.interaction) as f64 / sent.max(1) as f64;
            vec![
                escape(&row.interaction),
                units::percent(row.share_stated, 3),
                units::percent(row.share, 3),
                if sent > 0 { units::percent(measured, 3) } else { "-".to_owned() },
                if row.attended { "yes" } else { "no" }.to_owned(),
                row.legacy_ms.map_or("-".to_owned(), |ms| units::number(ms, 0)),
                row.spine2_ms.map_or("-".to_owned(), |ms| units::number(ms, 0)),
                escape(&row.source),
            ]
        })
        .collect();
    let columns = [
        Words("interaction"),
        Figures("stated"),
        Figures("replayed"),
        Figures("measured"),
        Words("somebody waits"),
        Figures("legacy ms"),
        Figures("Spine 2 ms"),
        Words("source and evidence"),
    ];
    let mut html = table_raw("Interactions replayed, with their shares", &columns, &rows, none);
    if record.not_replayed.is_empty() {
        return html + &tag("p", "Every row of the mix is replayed.");
    }
    html += &tag("h3", "Not yet replayed");
    html += &tag(
        "p",
        &format!(
            "{} of the mix, {} of its traffic, are not yet replayed. That share was spread over the rows above in \
             proportion, so that they sum to 100 %.",
            units::counted(record.not_replayed.len() as u64, "row", "rows"),
            units::percent(left_out, 2)
        ),
    );
    let rows: Vec<Vec<String>> = record
        .not_replayed
        .iter()
        .map(|row| vec![escape(&row.row), units::percent(row.share, 3), escape(&row.why)])
        .collect();
    html += &table_raw(
        "Rows of the mix not yet replayed",
        &[Words("published row"), Figures("share"), Words("why")],
        &rows,
        none,
    );
    html
}

fn count_of(run: &Measured, interaction: &str) -> u64 {
    let row =
        run.interactions.iter().find(|row| row.kind == Kind::Response && row.interaction == interaction);
    row.map_or(0, |row| row.count)
}

/// Failures as they were grouped.
pub(super) fn errors(run: &Measured) -> String {
    if run.errors.is_empty() {
        return tag("p", "No request failed and none was dropped.");
    }
    let rows: Vec<Vec<String>> = run
        .errors
        .iter()
        .map(|error| {
            vec![
                escape(&error.interaction),
                escape(&error.kind),
                escape(&error.detail),
                units::whole(error.count),
                units::number(error.first_at_s, 1),
            ]
        })
        .collect();
    let columns = [
        Words("interaction"),
        Words("kind"),
        Words("what was seen"),
        Figures("count"),
        Figures("first seen, s"),
    ];
    table_raw("Failures, grouped by what was seen", &columns, &rows, none)
}
