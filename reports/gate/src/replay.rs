//! A table of block differences judged by itself, so that anyone can check the statistics apart from the measuring. Called with
//! a file's text; reads no file.
//!
//! The text holds tables: a line with a name, then a line a block with a difference a metric, separated by commas, positive is
//! worse, as natural logarithms of ratios. Blank lines are skipped.

use crate::design::{ALPHA, ALPHA_BEYOND_FLOOR, BETA, Design};
use crate::fault::Faults;
use crate::judge::Gate;
use crate::metric::Metric;
use crate::reading::Cell;
use crate::result::GateResult;
use std::fmt;

/// One table.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// A row a block, a difference a metric.
    pub rows: Vec<Vec<f64>>,
}

/// By which rules tables are judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Margin and floor of the first columns, as fractions; further columns begin again with the first.
    pub margins_and_floors: Vec<(f64, f64)>,
    /// After how many blocks a gate looks.
    pub looks: Vec<usize>,
    /// Redrawn coins.
    pub flips: usize,
}

impl Default for Settings {
    /// The rules of the golden tables: p50, p95 and p99 in turn, and the looks and redraws of the reference that judged them.
    fn default() -> Settings {
        Settings {
            margins_and_floors: vec![(0.05, 0.01), (0.075, 0.015), (0.10, 0.02)],
            looks: vec![15, 22, 32, 45, 62, 80],
            flips: 2_000,
        }
    }
}

/// A table, judged; prints as `name verdict blocks`.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// The table's name.
    pub name: String,
    /// All that is said of it.
    pub result: GateResult,
}

impl fmt::Display for Judged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.name, self.result.verdict.as_str(), self.result.blocks)
    }
}

/// Reads tables. `file` is how faults name the text.
///
/// # Errors
/// All faults with their lines: a row before any name, a row of another length, NaN, a table without rows, no table.
pub fn parse(file: &str, text: &str) -> Result<Vec<Table>, Faults> {
    let mut tables: Vec<Table> = Vec::new();
    let mut faults = Vec::new();
    let lines = text.lines().enumerate().map(|(i, line)| (i + 1, line.trim()));
    for (number, line) in lines.filter(|(_, line)| !line.is_empty()) {
        let fields: Option<Vec<f64>> = line.split(',').map(|field| field.trim().parse().ok()).collect();
        match (fields, tables.last_mut()) {
            (None, _) if line.contains(',') => {
                faults
                    .push(format!("{file}:{number}: row: got {line:?}, allowed numbers separated by commas"));
            }
            (None, _) => tables.push(Table { name: line.to_owned(), rows: Vec::new() }),
            (Some(_), None) => {
                faults.push(format!("{file}:{number}: a row stands before any name, got {line:?}"))
            }
            (Some(row), Some(table)) => {
                let columns = table.rows.first().map_or(row.len(), Vec::len);
                if row.len() != columns {
                    let got = row.len();
                    faults.push(format!(
                        "{file}:{number}: {}: got {got} differences, allowed {columns}",
                        table.name
                    ));
                } else if row.iter().any(|d| d.is_nan()) {
                    faults.push(format!("{file}:{number}: {}: got NaN, allowed numbers", table.name));
                } else {
                    table.rows.push(row);
                }
            }
        }
    }
    if tables.is_empty() {
        faults.push(format!("{file}: got no table, allowed one or more: a name, then a row a block"));
    }
    for table in tables.iter().filter(|t| t.rows.is_empty()) {
        faults.push(format!("{file}: {}: got no row, allowed one a block", table.name));
    }
    Faults::end(faults, tables)
}

/// Judges one table.
///
/// # Errors
/// Settings that are no design, or rows of differing lengths.
pub fn judge_table(table: &Table, settings: &Settings) -> Result<Judged, Faults> {
    let columns = table.rows.first().map_or(0, Vec::len);
    let rules = settings.margins_and_floors.iter().cycle().zip(1..=columns);
    let metrics =
        rules.map(|((margin, floor), i)| Metric::ratio(format!("column {i}"), *margin, *floor)).collect();
    let design = Design {
        metrics,
        looks: settings.looks.clone(),
        alpha: ALPHA,
        alpha_beyond_floor: ALPHA_BEYOND_FLOOR,
        beta: BETA,
        flips: settings.flips,
    };
    let rows = table.rows.iter().map(|row| row.iter().map(|d| Cell::Difference(*d)).collect::<Vec<Cell>>());
    let result = Gate::judge(design, rows)?;
    Ok(Judged { name: table.name.clone(), result })
}
