//! The summary for the terminal: the verdict first, then what it rests on. Plain text, at most 100 columns for usual
//! names, no colours. Called at the end of `spinebench run` and by `spinebench report`.

use std::fmt::Write;
use std::path::Path;

use run_record::{InteractionRow, Kind, Measured, RunRecord, Verdict};

use crate::judge::is_floor;
use crate::observed;
use crate::text::{aligned, heading, line, wrapped};
use crate::units;

/// Sentences on the hours that the terminal shows: what they cover and the gravest limits. The report has all.
const BASIS_SHOWN: usize = 4;
/// Kinds of failure that the terminal shows; the rest is in errors.csv.
const ERRORS_SHOWN: usize = 10;

/// The summary of a run.
pub fn summary(run: &Measured) -> String {
    let record = &run.record;
    let mut text = String::new();
    let (word, sentence) = verdict(record);
    line(&mut text, format!("{word}: {}", record.scenario.title));
    wrapped(&mut text, "  ", &sentence);
    line(&mut text, String::new());
    counts(&mut text, record);
    times(&mut text, run);
    budgets(&mut text, record);
    validity(&mut text, record);
    observed::parts(&mut text, record);
    errors(&mut text, run);
    not_replayed(&mut text, record);
    hours(&mut text, record);
    text
}

/// The summary, and where the record lies.
pub fn summary_at(run: &Measured, folder: &Path) -> String {
    let mut text = summary(run);
    let _ = writeln!(text, "\nRecord: {}", folder.display());
    text
}

/// The verdict as a word and a sentence; used by the page as well.
pub(crate) fn verdict(record: &RunRecord) -> (&'static str, String) {
    let all = record.budgets.len();
    let broken = record.budgets.iter().filter(|budget| !budget.met).count();
    let budgets = match (all, broken) {
        (0, _) => "the scenario sets no budget".to_owned(),
        (1, 0) => "its one budget is kept".to_owned(),
        (_, 0) => format!("all {all} budgets are kept"),
        (_, _) => format!("{broken} of {} broken", units::counted(all as u64, "budget is", "budgets are")),
    };
    match record.verdict {
        Verdict::Pass => ("PASS", format!("The run is valid and {budgets}.")),
        Verdict::OverBudget => ("OVER BUDGET", format!("The run is valid, but {budgets}.")),
        Verdict::Invalid => {
            let reasons = units::counted(record.validity.reasons.len() as u64, "reason", "reasons");
            (
                "INVALID",
                format!("Do not use these figures: the run is invalid for {reasons}, listed under Validity."),
            )
        }
    }
}

/// How the load was driven, in a line; used by the page as well.
pub(crate) fn load_line(record: &RunRecord) -> String {
    let model = match record.model.as_str() {
        "users" => "closed model (users with think time)".to_owned(),
        "closed" => "closed model (each connection asks again at once)".to_owned(),
        model => format!("{model} model, {} arrivals", record.arrivals),
    };
    format!("{model}, {}", units::counted(u64::from(record.connections), "connection", "connections"))
}

fn counts(text: &mut String, record: &RunRecord) {
    let c = record.counts;
    let named = [
        ("planned", c.planned),
        ("sent", c.sent),
        ("dropped", c.dropped),
        ("answered", c.answered),
        ("failed", c.failed),
    ];
    let named: Vec<String> =
        named.iter().map(|(name, count)| format!("{name} {}", units::whole(*count))).collect();
    line(text, format!("  {}", named.join("   ")));
    let rate = record.rate_per_s;
    line(
        text,
        format!(
            "  {} planned, {} achieved over {} measured",
            units::per_s(rate.planned),
            units::per_s(rate.achieved),
            units::seconds(record.measured_s)
        ),
    );
    line(text, format!("  {}, seed {}, target {}", load_line(record), record.seed, record.target.url));
}

fn times(text: &mut String, run: &Measured) {
    let of = |row: &InteractionRow, kind: Kind| {
        run.interactions.iter().find(|r| r.kind == kind && r.interaction == row.interaction)
    };
    let responses: Vec<&InteractionRow> =
        run.interactions.iter().filter(|row| row.kind == Kind::Response).collect();
    if responses.is_empty() {
        return;
    }
    heading(
        text,
        "Response times in milliseconds (planned to last byte); beside them p99 of service and send lag",
    );
    let names =
        ["interaction", "count", "failed", "p50", "p90", "p99", "p99.9", "max", "service", "send lag"];
    let mut table = vec![names.map(str::to_owned)];
    for row in responses {
        let p99 = |kind| of(row, kind).map_or("-".to_owned(), |r| units::ms(r.p99_ns));
        table.push([
            row.interaction.clone(),
            units::whole(row.count),
            units::whole(row.failed),
            units::ms(row.p50_ns),
            units::ms(row.p90_ns),
            units::ms(row.p99_ns),
            units::ms(row.p99_9_ns),
            units::ms(row.max_ns),
            p99(Kind::Service),
            p99(Kind::SendLag),
        ]);
    }
    aligned(text, &table);
}

fn budgets(text: &mut String, record: &RunRecord) {
    heading(text, "Budgets");
    if record.budgets.is_empty() {
        return line(text, "  none set".to_owned());
    }
    let mut table = vec![["", "limit", "measured"].map(str::to_owned)];
    for budget in &record.budgets {
        let bound = if is_floor(&budget.metric) { "at least" } else { "at most" };
        let measured = budget.measured.map(|value| units::budget_figure(&budget.metric, value));
        table.push([
            format!(
                "{} {} {}",
                if budget.met { "kept  " } else { "BROKEN" },
                budget.interaction,
                budget.metric
            ),
            format!("{bound} {}", budget.limit_text),
            measured.unwrap_or_else(|| "no samples".to_owned()),
        ]);
    }
    aligned(text, &table);
}

fn validity(text: &mut String, record: &RunRecord) {
    heading(text, "Validity");
    for reason in &record.validity.reasons {
        wrapped(text, "  ", &format!("INVALID: {reason}"));
    }
    if record.validity.valid {
        line(text, "  The run is valid: it kept its plan and its counts agree.".to_owned());
    }
    for warning in &record.validity.warnings {
        wrapped(text, "  ", &format!("note: {warning}"));
    }
}

fn errors(text: &mut String, run: &Measured) {
    if run.errors.is_empty() {
        return;
    }
    heading(text, "Errors");
    for error in run.errors.iter().take(ERRORS_SHOWN) {
        let what = format!("{} {}: {}", error.interaction, error.kind, error.detail);
        wrapped(
            text,
            "  ",
            &format!("{} x {what} (first after {:.1} s)", units::whole(error.count), error.first_at_s),
        );
    }
    if let Some(more) = run.errors.len().checked_sub(ERRORS_SHOWN).filter(|more| *more > 0) {
        line(text, format!("  and {} in errors.csv", units::counted(more as u64, "more kind", "more kinds")));
    }
}

fn not_replayed(text: &mut String, record: &RunRecord) {
    if record.not_replayed.is_empty() {
        return;
    }
    let share: f64 = record.not_replayed.iter().map(|row| row.share).sum();
    heading(
        text,
        &format!("Not yet replayed, share {} of the mix (spread over the rest)", units::percent(share, 2)),
    );
    for row in &record.not_replayed {
        let why = if row.why.is_empty() { String::new() } else { format!(" ({})", row.why) };
        line(text, format!("  {:>8}  {}{why}", units::percent(row.share, 3), row.row));
    }
}

fn hours(text: &mut String, record: &RunRecord) {
    let Some(hours) = &record.hours_per_day else { return };
    heading(text, "Staff hours a day against the baseline, under assumptions");
    let table = [
        ["every second alike".to_owned(), units::number(hours.linear, 1)],
        ["seconds above 1 s".to_owned(), units::number(hours.above_1s, 1)],
        ["tapered, 0.1 s to 10 s".to_owned(), units::number(hours.tapered, 1)],
    ];
    aligned(text, &table);
    for sentence in hours.basis.iter().take(BASIS_SHOWN) {
        wrapped(text, "  - ", sentence);
    }
    if let Some(more) = hours.basis.len().checked_sub(BASIS_SHOWN).filter(|more| *more > 0) {
        let more = units::counted(more as u64, "more sentence", "more sentences");
        line(text, format!("  {more} on sources and assumptions are in the report"));
    }
}
