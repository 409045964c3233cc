//! A comparison as data, and as Markdown: who was measured, by which command, the median and the spread of each figure,
//! and the ratio to the row that all are measured against. Pure.

use serde::Serialize;
use std::fmt::Write as _;

/// One figure of one row, of every round.
#[derive(Debug, Clone, Serialize)]
pub struct Figure {
    /// Its column, with the unit, e.g. `CPU us/request`.
    pub column: String,
    /// One sample for each round that gave one, in the order of the rounds.
    pub samples: Vec<f64>,
}

impl Figure {
    /// A figure of these samples.
    pub fn of(column: &str, samples: Vec<f64>) -> Self {
        Figure { column: column.to_owned(), samples }
    }

    /// The middle sample; the mean of the middle two for an even count; `None` without samples.
    pub fn median(&self) -> Option<f64> {
        let mut sorted = self.samples.clone();
        sorted.sort_by(f64::total_cmp);
        let n = sorted.len();
        match n {
            0 => None,
            _ if n % 2 == 1 => Some(sorted[n / 2]),
            _ => Some(f64::midpoint(sorted[n / 2 - 1], sorted[n / 2])),
        }
    }
}

/// One contestant.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    /// Its name.
    pub who: String,
    /// Its version, as it tells it.
    pub version: String,
    /// The exact command, or the call for what has none.
    pub command: String,
    /// What was measured of it.
    pub figures: Vec<Figure>,
    /// What a reader must know to be fair; may be empty.
    pub note: String,
}

/// A target, and whether it holds.
#[derive(Debug, Clone, Serialize)]
pub struct Target {
    /// The sentence, with the number.
    pub what: String,
    /// What was measured, as a sentence.
    pub measured: String,
    /// Whether it holds.
    pub held: bool,
}

/// One comparison.
#[derive(Debug, Clone, Serialize)]
pub struct Table {
    /// Short name, of letters, digits and hyphens; files are named by it.
    pub name: String,
    /// Its title.
    pub title: String,
    /// What was done to all alike, in sentences.
    pub method: String,
    /// The row that ratios are told to, by name; empty for none.
    pub against: String,
    /// The contestants.
    pub rows: Vec<Row>,
    /// The targets it judges.
    pub targets: Vec<Target>,
}

impl Table {
    /// The columns, in the order in which rows first name them.
    fn columns(&self) -> Vec<&str> {
        let mut columns: Vec<&str> = Vec::new();
        for figure in self.rows.iter().flat_map(|r| &r.figures) {
            if !columns.contains(&figure.column.as_str()) {
                columns.push(&figure.column);
            }
        }
        columns
    }

    fn figure<'a>(&'a self, row: &'a Row, column: &str) -> Option<&'a Figure> {
        row.figures.iter().find(|f| f.column == column)
    }

    /// The table as Markdown.
    pub fn markdown(&self) -> String {
        let mut out = format!("## {}\n\n{}\n\n", self.title, self.method);
        let columns = self.columns();
        let _ = writeln!(out, "| | {} |", columns.join(" | "));
        let _ = writeln!(out, "|---|{}", "---|".repeat(columns.len()));
        let against = self.rows.iter().find(|r| r.who == self.against);
        for row in &self.rows {
            let _ = write!(out, "| {} ", row.who);
            for column in &columns {
                let median = self.figure(row, column).and_then(Figure::median);
                let base = against.and_then(|a| self.figure(a, column)).and_then(Figure::median);
                let _ = match (median, base) {
                    (None, _) => write!(out, "| "),
                    (Some(m), Some(b)) if b > 0.0 && row.who != self.against => {
                        write!(out, "| {} ({:.2} x) ", rounded(m), m / b)
                    }
                    (Some(m), _) => write!(out, "| {} ", rounded(m)),
                };
            }
            out.push_str("|\n");
        }
        out.push('\n');
        for target in &self.targets {
            let held = if target.held { "held" } else { "NOT held" };
            let _ = writeln!(out, "- {held}: {}. Measured: {}", target.what, target.measured);
        }
        for row in self.rows.iter().filter(|r| !r.note.is_empty()) {
            let _ = writeln!(out, "- {}: {}", row.who, row.note);
        }
        out.push_str("\nCommands:\n\n");
        for row in &self.rows {
            let _ = writeln!(out, "- {} {}: `{}`", row.who, row.version, row.command);
        }
        out.push('\n');
        out
    }
}

/// Three significant digits.
fn rounded(x: f64) -> String {
    match x.abs() {
        a if a >= 1_000.0 => format!("{x:.0}"),
        a if a >= 100.0 => format!("{x:.0}"),
        a if a >= 10.0 => format!("{x:.1}"),
        a if a >= 0.1 || a == 0.0 => format!("{x:.2}"),
        _ => format!("{x:.4}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_tells_its_median_and_its_ratio_to_the_row_it_is_measured_against() {
        let row = |who: &str, samples: &[f64]| Row {
            who: who.to_owned(),
            version: "1".to_owned(),
            command: format!("{who} --go"),
            figures: vec![Figure::of("CPU us/request", samples.to_vec())],
            note: String::new(),
        };
        let table = Table {
            name: "t".to_owned(),
            title: "T".to_owned(),
            method: "M.".to_owned(),
            against: "floor".to_owned(),
            rows: vec![row("floor", &[4.0, 2.0, 3.0]), row("us", &[6.0, 100.0, 5.0, 6.0])],
            targets: Vec::new(),
        };
        let text = table.markdown();
        assert!(text.contains("| floor | 3.00 |\n"), "{text}");
        assert!(text.contains("| us | 6.00 (2.00 x) |\n"), "{text}");
    }
}
