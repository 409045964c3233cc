//! A comparison for the terminal: a line an interaction, and the whole of all requests. Pure, plain text.

use run_record::ALL;

use super::{CAVEAT, CompareRow, Comparison};
use crate::text::{aligned, heading, line, wrapped};
use crate::units;

/// The metrics that stand beside each other for each interaction; the other formats have all.
const SHOWN: [&str; 4] = ["response-p50", "response-p99", "service-p99", "errors"];

/// The text.
pub fn compare_text(comparison: &Comparison<'_>) -> String {
    let mut text = String::new();
    line(&mut text, format!("COMPARED: {}", comparison.a.record.scenario.title));
    line(&mut text, format!("  A  {}, {}", comparison.name_a, comparison.a.record.started));
    line(&mut text, format!("  B  {}, {}", comparison.name_b, comparison.b.record.started));
    for warning in &comparison.warnings {
        wrapped(&mut text, "  WARNING: ", warning);
    }
    heading(
        &mut text,
        "All requests; a change is B against A, an asterisk says that it is more than chance within the runs",
    );
    let mut table = vec![["", "A", "B", "change", "95 % within the runs", ""].map(str::to_owned)];
    for row in comparison.rows.iter().filter(|row| row.interaction == ALL) {
        table.push([
            row.metric.clone(),
            figure(row, row.a),
            figure(row, row.b),
            change_text(row),
            within_text(row).unwrap_or_else(|| "-".to_owned()),
            if row.stands_out() { "*" } else { "" }.to_owned(),
        ]);
    }
    aligned(&mut text, &table);
    let mut names: Vec<&str> = comparison.rows.iter().map(|row| row.interaction.as_str()).collect();
    names.dedup();
    names.retain(|name| *name != ALL);
    if !names.is_empty() {
        heading(&mut text, "Each interaction, change of B against A");
        let mut table = vec![["", SHOWN[0], SHOWN[1], SHOWN[2], SHOWN[3]].map(str::to_owned)];
        for name in names {
            let cell = |metric: &str| {
                let row = comparison.rows.iter().find(|r| r.interaction == name && r.metric == metric);
                row.map_or("-".to_owned(), |r| {
                    format!("{}{}", change_text(r), if r.stands_out() { "*" } else { " " })
                })
            };
            table.push([name.to_owned(), cell(SHOWN[0]), cell(SHOWN[1]), cell(SHOWN[2]), cell(SHOWN[3])]);
        }
        aligned(&mut text, &table);
    }
    line(&mut text, String::new());
    wrapped(&mut text, "  ", CAVEAT);
    text
}

/// A figure of a row.
pub(crate) fn figure(row: &CompareRow, value: f64) -> String {
    match row.unit {
        "ns" if row.metric == "cpu-per-transaction" => format!("{} µs", units::number(value / 1e3, 1)),
        "ns" => format!("{} ms", units::ms_f64(value)),
        "share" => units::percent(value, 3),
        "bytes" => units::mib(value.max(0.0) as u64),
        _ => units::per_s(value),
    }
}

/// What a row moved by.
pub(crate) fn change_text(row: &CompareRow) -> String {
    row.change.map_or("-".to_owned(), |change| signed(row, change.value))
}

/// The interval of what it moved by.
pub(crate) fn within_text(row: &CompareRow) -> Option<String> {
    let (low, high) = row.change?.within?;
    Some(format!("{} to {}", signed(row, low), signed(row, high)))
}

fn signed(row: &CompareRow, value: f64) -> String {
    let sign = if value > 0.0 { "+" } else { "" };
    match row.unit {
        "share" => format!("{sign}{} points", units::number(value * 100.0, 3)),
        _ => format!("{sign}{}", units::percent(value, 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::Difference;

    #[test]
    fn changes_read_with_their_sign() {
        let row = |unit, value, within| CompareRow {
            interaction: "all".into(),
            metric: "response-p50".into(),
            unit,
            a: 1.0,
            b: 1.0,
            change: Some(Difference { value, within }),
        };
        assert_eq!(change_text(&row("ns", 0.1234, None)), "+12.3 %");
        assert_eq!(change_text(&row("ns", -0.05, None)), "-5.0 %");
        assert_eq!(change_text(&row("share", 0.001, None)), "+0.100 points");
        assert!(
            !row("ns", 0.1, Some((-0.1, 0.3))).stands_out() && row("ns", 0.1, Some((0.05, 0.3))).stands_out()
        );
    }
}
