//! The page of a comparison: what moved, overlaid percentile charts, every figure. In the style of the run report; one self-contained
//! file. Pure; every text from the records is escaped.

use run_record::{ALL, Kind, Measured};

use super::parts::{Column, Part, list, none, pairs_raw, table_raw, tag};
use super::{STYLE, escape};
use crate::charts::overlaid;
use crate::compare::{CAVEAT, CompareRow, Comparison, change_text, figure, machine_class, within_text};
use crate::units;

/// Interactions with a chart of their own, the busiest: more would be a wall that nobody reads, and the table has all.
const CHARTS_MAX: usize = 6;

/// The whole page.
pub fn compare_html(comparison: &Comparison<'_>) -> String {
    let title = escape(&comparison.a.record.scenario.title);
    let parts = [
        Part { id: "warnings", heading: "Before you read on", content: warnings(comparison) },
        Part { id: "percentiles", heading: "Percentiles of both runs", content: charts(comparison) },
        Part { id: "all", heading: "All requests", content: table(comparison, |name| name == ALL) },
        Part {
            id: "interactions",
            heading: "Each interaction",
            content: table(comparison, |name| name != ALL),
        },
        Part { id: "ran", heading: "What ran", content: ran(comparison) },
    ];
    let body: String = parts.iter().filter(|part| !part.content.is_empty()).map(Part::html).collect();
    format!(
        "<!DOCTYPE html>\n<html lang=\"en-GB\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title} - two runs - Spinebench report</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <header>\n<p class=\"product\">Spinebench comparison</p>\n<h1>{title}</h1>\n\
         <p class=\"when\">A: {}<br>B: {}</p>\n</header>\n{}<main>\n{body}</main>\n\
         <footer><p>Drawn by spinebench {} from two run records. Figures of a synthetic population; no patient data.</p></footer>\n\
         </body>\n</html>\n",
        side(&comparison.name_a, comparison.a),
        side(&comparison.name_b, comparison.b),
        tiles(comparison),
        escape(&comparison.b.record.tool.version),
    )
}

fn side(name: &str, run: &Measured) -> String {
    escape(&format!("{name}, run of {}", super::facts::when(&run.record.started)))
}

fn warnings(comparison: &Comparison<'_>) -> String {
    let warnings = match comparison.warnings.is_empty() {
        true => String::new(),
        false => list(&comparison.warnings),
    };
    warnings + &tag("p", &CAVEAT.replace('`', ""))
}

fn tiles(comparison: &Comparison<'_>) -> String {
    let shown = [
        ("response-p50", "response time, median"),
        ("response-p99", "response time, p99"),
        ("errors", "requests that failed"),
        ("cpu-per-transaction", "processor a transaction"),
        ("hub-memory", "memory of the hub"),
    ];
    let tiles = shown.into_iter().filter_map(|(metric, name)| {
        let row = comparison.rows.iter().find(|row| row.interaction == ALL && row.metric == metric)?;
        let within = within_text(row)
            .map_or("no interval from one figure".to_owned(), |w| format!("{w} within the runs"));
        Some(format!(
            "<div><dt>{}</dt><dd><strong>{}</strong><small>{} to {}; {}</small></dd></div>\n",
            escape(name),
            escape(&change_text(row)),
            escape(&figure(row, row.a)),
            escape(&figure(row, row.b)),
            escape(&within)
        ))
    });
    format!("<dl class=\"tiles\" aria-label=\"Main changes\">\n{}</dl>\n", tiles.collect::<String>())
}

fn charts(comparison: &Comparison<'_>) -> String {
    let count = |name: &str| {
        let of = |row: &&run_record::InteractionRow| row.interaction == name && row.kind == Kind::Response;
        comparison.a.interactions.iter().find(of).map_or(0, |row| row.count)
    };
    let mut names: Vec<&str> = comparison.rows.iter().map(|row| row.interaction.as_str()).collect();
    names.dedup();
    names.sort_by_key(|name| std::cmp::Reverse(if *name == ALL { u64::MAX } else { count(name) }));
    let mut shown: Vec<(&str, Kind)> =
        names.into_iter().take(CHARTS_MAX + 1).map(|name| (name, Kind::Response)).collect();
    shown.insert(1.min(shown.len()), (ALL, Kind::Service));
    let figures = shown.into_iter().enumerate().filter_map(|(at, (name, kind))| {
        let svg = overlaid(comparison.a, comparison.b, name, kind)?;
        let of = if name == ALL { "all requests" } else { name };
        let heading = match kind {
            Kind::Response => format!("Response time, {of}"),
            Kind::Service => format!("Service time, {of}"),
            Kind::SendLag => format!("Send lag, {of}"),
        };
        let note = match at {
            0 => "How to read it: at 99 %, ninety-nine of a hundred requests took at most this long, counted from the planned instant. \
                  Where the lines lie on each other, nothing moved.",
            1 => "The same, counted from the moment of sending.",
            _ => "",
        };
        let note = if note.is_empty() { String::new() } else { tag("p", note) };
        Some(format!(
            "<figure id=\"percentiles-{at}\">\n<figcaption><h3>{}</h3>\n{note}</figcaption>\n<div class=\"wide\">\n{svg}</div></figure>\n",
            escape(&heading)
        ))
    });
    figures.collect()
}

fn table(comparison: &Comparison<'_>, which: fn(&str) -> bool) -> String {
    let rows: Vec<&CompareRow> = comparison.rows.iter().filter(|row| which(&row.interaction)).collect();
    if rows.is_empty() {
        return String::new();
    }
    let cells = |row: &&CompareRow| {
        let moved = match row.stands_out() {
            true => format!("<strong>{}</strong>", escape(&change_text(row))),
            false => escape(&change_text(row)),
        };
        vec![
            escape(&row.interaction),
            escape(&row.metric),
            escape(&figure(row, row.a)),
            escape(&figure(row, row.b)),
            moved,
            escape(&within_text(row).unwrap_or_else(|| "-".to_owned())),
        ]
    };
    let columns = [
        Column::Words("interaction"),
        Column::Words("metric"),
        Column::Figures("A"),
        Column::Figures("B"),
        Column::Figures("change"),
        Column::Figures("95 % within the runs"),
    ];
    let rows: Vec<Vec<String>> = rows.iter().map(cells).collect();
    table_raw("B against A; in bold what is more than chance within the runs explains", &columns, &rows, none)
}

fn ran(comparison: &Comparison<'_>) -> String {
    let (a, b) = (&comparison.a.record, &comparison.b.record);
    let both = |of: fn(&run_record::RunRecord) -> String| match of(a) == of(b) {
        true => escape(&of(a)),
        false => format!("A: {}<br>B: {}", escape(&of(a)), escape(&of(b))),
    };
    pairs_raw(&[
        ("Scenario", both(|r| r.scenario.path.clone())),
        ("Scenario SHA-256", format!("<code>{}</code>", escape(&a.scenario.sha256))),
        ("Target", both(|r| format!("{} {}", r.target.kind, r.target.url))),
        ("Machine", both(|r| machine_class(&r.host))),
        ("Program", both(|r| format!("spinebench {}, {} build", r.tool.version, r.tool.profile))),
        ("Measured", both(|r| units::seconds(r.measured_s))),
        ("Seed", both(|r| r.seed.to_string())),
        ("Command", format!("<code>{}</code>", both(|r| r.command.clone()))),
    ])
}
