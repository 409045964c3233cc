//! `spinebench runs`: the run records of a folder, one row each, the newest last. Reads every record whole, so that one that
//! was edited or broken is told as such; never changes any.

use crate::exit::{Exit, Failure};
use reports::units;
use run_record::{ALL, Kind, Measured, Verdict};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Where `run` puts its records when nothing else is said.
pub(crate) const RUNS: &str = "target/runs";

/// Arguments of `spinebench runs`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  spinebench runs\n  spinebench runs --json | jq '.[] | select(.verdict == \"pass\")'\n  \
                        spinebench report NAME   read one of them again"
)]
pub struct Args {
    /// The folder that holds the run records.
    #[arg(long, value_name = "DIR", default_value = RUNS)]
    out: PathBuf,
    /// Print a JSON array for programs.
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    /// Print CSV for programs.
    #[arg(long)]
    csv: bool,
}

/// A row of the list. A record that cannot be read has its name and its fault, and nothing else.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
struct Row {
    name: String,
    started: Option<String>,
    scenario: Option<String>,
    verdict: Option<Verdict>,
    interrupted: Option<bool>,
    measured_s: Option<f64>,
    planned_per_s: Option<f64>,
    achieved_per_s: Option<f64>,
    response_p50_ns: Option<u64>,
    response_p99_ns: Option<u64>,
    failed: Option<u64>,
    dropped: Option<u64>,
    fault: Option<String>,
}

/// Runs the command.
pub fn run(args: &Args) -> Result<Exit, Failure> {
    let rows = match list(&args.out) {
        Ok(rows) => rows,
        // The usual folder comes with the first run; a folder that somebody named should be there.
        Err(e) if e.kind() == std::io::ErrorKind::NotFound && args.out == Path::new(RUNS) => Vec::new(),
        Err(e) => {
            return Err(Failure::new(
                Exit::Unreachable,
                format!("{}: cannot be read: {e}", args.out.display()),
            ));
        }
    };
    let bug = |e: &dyn std::fmt::Display| Failure::new(Exit::Bug, e);
    if args.json {
        crate::out::tell(&(serde_json::to_string_pretty(&rows).map_err(|e| bug(&e))? + "\n"))?;
    } else if args.csv {
        crate::out::tell(&csv_text(&rows).map_err(|e| bug(&e))?)?;
    } else if rows.is_empty() {
        println!("No run records in {} yet; `spinebench run SCENARIO` writes one.", args.out.display());
    } else {
        crate::out::tell(&table(&rows))?;
    }
    Ok(Exit::Ok)
}

/// The names of the run records of a folder, unsorted. What begins with a dot is under way or nobody's; a link such as
/// `latest` is no record of its own.
pub(crate) fn names(folder: &Path) -> std::io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        // A search for the limit is no run; its probes lie below it.
        let is_search = entry.path().join("limit.json").exists() || entry.path().join("probes").is_dir();
        if entry.file_type()?.is_dir() && !name.starts_with('.') && !is_search {
            names.push(name);
        }
    }
    Ok(names)
}

fn list(folder: &Path) -> std::io::Result<Vec<Row>> {
    let mut rows: Vec<Row> = names(folder)?
        .into_iter()
        .map(|name| match run_record::read(&folder.join(&name)) {
            Ok(run) => row(name, &run),
            Err(e) => Row { name, fault: Some(e.to_string()), ..Row::default() },
        })
        .collect();
    rows.sort_by_cached_key(|row| (when(row), row.name.clone()));
    Ok(rows)
}

/// The digits of a row's time, down to the second; a broken record is sorted by the time in its name.
fn when(row: &Row) -> String {
    let of = row.started.as_deref().unwrap_or(&row.name);
    of.chars().take_while(|c| *c != '.').filter(char::is_ascii_digit).take("yyyymmddhhmmss".len()).collect()
}

fn row(name: String, run: &Measured) -> Row {
    let record = &run.record;
    let all =
        run.interactions.iter().find(|r| r.interaction == ALL && r.kind == Kind::Response && r.count > 0);
    Row {
        name,
        started: Some(record.started.clone()),
        scenario: Some(record.scenario.title.clone()),
        verdict: Some(record.verdict),
        interrupted: Some(record.interrupted),
        measured_s: Some(record.measured_s),
        planned_per_s: Some(record.rate_per_s.planned),
        achieved_per_s: Some(record.rate_per_s.achieved),
        response_p50_ns: all.map(|r| r.p50_ns),
        response_p99_ns: all.map(|r| r.p99_ns),
        failed: Some(record.counts.failed),
        dropped: Some(record.counts.dropped),
        fault: None,
    }
}

fn csv_text(rows: &[Row]) -> Result<String, String> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    if rows.is_empty() {
        // A file without rows still has its header.
        let columns = serde_json::to_value(Row::default()).map_err(|e| e.to_string())?;
        let names = columns.as_object().into_iter().flat_map(|columns| columns.keys());
        csv.write_record(names).map_err(|e| e.to_string())?;
    }
    for row in rows {
        csv.serialize(row).map_err(|e| e.to_string())?;
    }
    let bytes = csv.into_inner().map_err(|e| e.to_string())?;
    String::from_utf8(bytes).map_err(|e| e.to_string())
}

fn verdict_word(row: &Row) -> String {
    let word = match row.verdict {
        Some(Verdict::Pass) => "pass",
        Some(Verdict::OverBudget) => "over budget",
        Some(Verdict::Invalid) => "invalid",
        None => "BROKEN",
    };
    if row.interrupted == Some(true) { format!("{word}, cut short") } else { word.to_owned() }
}

/// The list for people. A broken record has its fault in a row below.
fn table(rows: &[Row]) -> String {
    let ms = |ns: Option<u64>| ns.map_or("-".to_owned(), units::ms);
    let mut cells = vec![
        ["record", "started (UTC)", "length", "verdict", "answered", "p50 ms", "p99 ms", "failed", "dropped"]
            .map(str::to_owned)
            .to_vec(),
    ];
    for row in rows {
        let started = row.started.as_deref().unwrap_or("-");
        let count = |n: Option<u64>| n.map_or("-".to_owned(), units::whole);
        cells.push(vec![
            row.name.clone(),
            started.chars().take("yyyy-mm-ddThh:mm:ss".len()).collect::<String>().replace('T', " "),
            row.measured_s.map_or("-".to_owned(), units::seconds),
            verdict_word(row),
            row.achieved_per_s.map_or("-".to_owned(), units::per_s),
            ms(row.response_p50_ns),
            ms(row.response_p99_ns),
            count(row.failed),
            count(row.dropped),
        ]);
    }
    let width = |column: usize| cells.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..cells[0].len()).map(width).collect();
    let mut text = String::new();
    for (at, row) in cells.iter().enumerate() {
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            // Words to the left, figures to the right.
            text += &match column {
                0 | 1 | 3 => format!("{cell:<width$}  "),
                _ => format!("{cell:>width$}  "),
            };
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
        if let Some(row) = at.checked_sub(1).and_then(|at| rows.get(at)) {
            text += &row.scenario.as_ref().map_or(String::new(), |s| format!("  {s}\n"));
            text += &row.fault.as_ref().map_or(String::new(), |f| format!("  {f}\n"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let mut run = run_record::read(&crate::published_record()).expect("the published record reads");
        for (name, started) in
            [("20260102T000000Z-b", "2026-01-02T00:00:00.5Z"), ("later", "2026-03-01T00:00:00Z")]
        {
            run.record.started = started.into();
            run_record::write(folder.path(), name, &run, &[]).unwrap();
        }
        let broken = folder.path().join("20260201T000000Z-broken");
        std::fs::create_dir(&broken).unwrap();
        std::fs::write(broken.join("record.json"), "{\"format_version\": 1,").unwrap();
        std::fs::create_dir(folder.path().join(".hub-7")).unwrap();
        std::fs::write(folder.path().join("notes.txt"), "mine").unwrap();
        folder
    }

    #[test]
    fn records_stand_in_the_order_of_time_and_broken_ones_with_their_fault() {
        let folder = folder();
        let rows = list(folder.path()).unwrap();
        let names: Vec<&str> = rows.iter().map(|r| r.name.as_str()).collect();
        assert_eq!(
            names,
            ["20260102T000000Z-b", "20260201T000000Z-broken", "later"],
            "no link, no hidden folder"
        );
        assert!(rows[1].fault.as_ref().is_some_and(|f| f.contains("truncated")), "{:?}", rows[1]);
        assert!(rows[0].response_p99_ns > rows[0].response_p50_ns);
        let text = table(&rows);
        assert!(text.contains("BROKEN") && text.contains("truncated"), "{text}");
        assert!(text.contains("2026-01-02 00:00:00") && text.contains("1,800/s"), "{text}");
    }

    #[test]
    fn programs_get_one_value_a_column_and_numbers_without_separators() {
        let rows = list(folder().path()).unwrap();
        let text = csv_text(&rows).unwrap();
        let mut csv = csv::Reader::from_reader(text.as_bytes());
        let columns = csv.headers().unwrap().clone();
        let records: Vec<csv::StringRecord> = csv.records().map(Result::unwrap).collect();
        assert_eq!(records.len(), 3);
        let at = |name: &str| columns.iter().position(|c| c == name).expect(name);
        assert!(records[0][at("response_p99_ns")].parse::<u64>().is_ok());
        assert!(records[1][at("response_p99_ns")].is_empty() && !records[1][at("fault")].is_empty());
        let empty = csv_text(&[]).unwrap();
        assert_eq!(empty.trim().split(',').count(), columns.len(), "{empty}");
        let json = serde_json::to_value(&rows).unwrap();
        assert_eq!(json[0]["verdict"], "pass");
        assert!(json[1]["achieved_per_s"].is_null());
    }
}
