//! Reads CSV rows with their line numbers and refuses unknown columns. For the data loaders of this crate only.

use serde::de::DeserializeOwned;

use crate::fault::Collector;

/// The rows of a CSV text with their lines; faults in columns or fields go to the collector.
pub(crate) fn rows<R: DeserializeOwned>(
    to: &mut Collector<'_>,
    text: &str,
    columns: &[&str],
) -> Vec<(usize, R)> {
    let mut csv =
        csv::ReaderBuilder::new().comment(Some(b'#')).trim(csv::Trim::All).from_reader(text.as_bytes());
    let header = match csv.headers() {
        Ok(header) => header.clone(),
        Err(error) => {
            to.add(1, "columns", error.to_string());
            return Vec::new();
        }
    };
    for column in header.iter().filter(|column| !columns.contains(column)) {
        to.add(1, column, format!("unknown column, allowed: {}", columns.join(", ")));
    }
    for column in columns.iter().filter(|column| !header.iter().any(|got| got == **column)) {
        to.add(1, *column, format!("missing column, allowed: {}", columns.join(", ")));
    }
    if !to.faults.is_empty() {
        return Vec::new();
    }
    let mut rows = Vec::new();
    for record in csv.records() {
        match record {
            Err(error) => {
                let line = error.position().map_or(0, |at| at.line() as usize);
                to.add(line, "row", error.to_string());
            }
            Ok(record) => {
                let line = record.position().map_or(0, |at| at.line() as usize);
                match record.deserialize(Some(&header)) {
                    Ok(row) => rows.push((line, row)),
                    Err(error) => to.add(line, "row", field_problem(&error, &header)),
                }
            }
        }
    }
    rows
}

/// Adds a row's source to those of its file, each once.
pub(crate) fn add_source(to: &mut String, source: &str, url: &str) {
    let said = match url {
        "" => source.to_owned(),
        url => format!("{source} ({url})"),
    };
    if to.is_empty() {
        *to = said;
    } else if !to.contains(&said) {
        to.push_str("; ");
        to.push_str(&said);
    }
}

fn field_problem(error: &csv::Error, header: &csv::StringRecord) -> String {
    match error.kind() {
        csv::ErrorKind::Deserialize { err, .. } => {
            let column = err.field().and_then(|at| header.get(at as usize)).unwrap_or("a field");
            format!("column {column}: {}", err.kind())
        }
        _ => error.to_string(),
    }
}
