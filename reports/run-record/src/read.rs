//! Reads a record folder back, or refuses it in one sentence: newer, truncated, edited, or no record at all.
//! Called by every report; never repairs, never guesses.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::write::{
    ERRORS_FILE, ERRORS_HEADER, HEAT_MAP_FILE, HISTOGRAMS_FILE, INTERACTIONS_FILE, INTERACTIONS_HEADER,
    RECORD_FILE, RESOURCES_FILE, RESOURCES_HEADER, SEALED_FILES, SERIES_FILE, SERIES_HEADER,
};
use crate::{FORMAT_VERSION, HeatMap, Measured, RecordError, RunRecord, read_hlog, seal};

/// The part of `record.json` that every version has had and will have.
#[derive(Deserialize)]
struct AnyVersion {
    format_version: u64,
    tool: Option<AnyTool>,
}

#[derive(Deserialize)]
struct AnyTool {
    version: Option<String>,
}

/// Reads the record in `folder`; a link such as `latest` is followed.
pub fn read(folder: &Path) -> Result<Measured, RecordError> {
    let record = read_record(&folder.join(RECORD_FILE))?;
    for file in SEALED_FILES {
        check_sealed(folder, file, &record)?;
    }
    let run = Measured {
        interactions: read_rows(folder, INTERACTIONS_FILE, &INTERACTIONS_HEADER)?,
        series: read_rows(folder, SERIES_FILE, &SERIES_HEADER)?,
        resources: read_rows(folder, RESOURCES_FILE, &RESOURCES_HEADER)?,
        errors: read_rows(folder, ERRORS_FILE, &ERRORS_HEADER)?,
        heat_map: read_heat_map(&folder.join(HEAT_MAP_FILE))?,
        histograms: read_histograms(&folder.join(HISTOGRAMS_FILE))?,
        record,
    };
    Ok(run)
}

fn bytes_of(path: &Path) -> Result<Vec<u8>, RecordError> {
    fs::read(path).map_err(|source| match source.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => broken(
            path,
            "missing, so this is no whole run record, allowed: a folder that `spinebench run` wrote",
        ),
        _ => RecordError::Io { path: path.to_owned(), action: "read", source },
    })
}

fn broken(path: &Path, problem: impl Into<String>) -> RecordError {
    RecordError::Broken { path: path.to_owned(), problem: problem.into() }
}

fn read_record(path: &Path) -> Result<RunRecord, RecordError> {
    let bytes = bytes_of(path)?;
    let parse_error = |e: serde_json::Error| match e.is_eof() {
        true => RecordError::Truncated {
            path: path.to_owned(),
            got_bytes: bytes.len() as u64,
            sealed_bytes: None,
        },
        false => broken(path, format!("not a run record: {e}")),
    };
    let any: AnyVersion = serde_json::from_slice(&bytes).map_err(parse_error)?;
    if any.format_version > u64::from(FORMAT_VERSION) {
        return Err(RecordError::Newer {
            path: path.to_owned(),
            found: any.format_version,
            known: FORMAT_VERSION,
            written_by: any.tool.and_then(|tool| tool.version),
        });
    }
    let text = String::from_utf8_lossy(&bytes);
    match seal::check_text(&text) {
        None => return Err(broken(path, "it has no seal, so it is not as `spinebench run` wrote it")),
        Some((sealed, got)) if sealed != got => {
            return Err(RecordError::Edited {
                path: path.to_owned(),
                got_sha256: got,
                sealed_sha256: sealed,
            });
        }
        Some(_) => {}
    }
    serde_json::from_slice(&bytes).map_err(parse_error)
}

fn check_sealed(folder: &Path, file: &str, record: &RunRecord) -> Result<(), RecordError> {
    let path = folder.join(file);
    let Some(sealed) = record.files.get(file) else {
        return Err(broken(&path, format!("{RECORD_FILE} does not know its hash")));
    };
    let bytes = bytes_of(&path)?;
    let got_bytes = bytes.len() as u64;
    if got_bytes < sealed.bytes {
        return Err(RecordError::Truncated { path, got_bytes, sealed_bytes: Some(sealed.bytes) });
    }
    let got_sha256 = seal::sha256_hex(&bytes);
    if got_sha256 != sealed.sha256 {
        return Err(RecordError::Edited { path, got_sha256, sealed_sha256: sealed.sha256.clone() });
    }
    Ok(())
}

fn read_rows<R: DeserializeOwned>(folder: &Path, file: &str, header: &[&str]) -> Result<Vec<R>, RecordError> {
    let path = folder.join(file);
    let mut csv = csv::Reader::from_reader(std::io::Cursor::new(bytes_of(&path)?));
    let got = csv.headers().map_err(|e| broken(&path, e.to_string()))?.clone();
    if got.iter().ne(header.iter().copied()) {
        let got: Vec<&str> = got.iter().collect();
        return Err(broken(&path, format!("columns {}, allowed: {}", got.join(","), header.join(","))));
    }
    csv.deserialize().collect::<Result<_, _>>().map_err(|e| broken(&path, e.to_string()))
}

fn read_heat_map(path: &Path) -> Result<HeatMap, RecordError> {
    let mut csv = csv::Reader::from_reader(std::io::Cursor::new(bytes_of(path)?));
    let header = csv.headers().map_err(|e| broken(path, e.to_string()))?.clone();
    let edges = edges_of(header.iter().skip(1))
        .ok_or_else(|| broken(path, "columns are not second and adjoining buckets such as 10000-13335"))?;
    let mut map = HeatMap { bucket_edges_ns: edges, ..HeatMap::default() };
    for (row, fields) in csv.records().enumerate() {
        let fields = fields.map_err(|e| broken(path, e.to_string()))?;
        let numbers: Result<Vec<u32>, _> = fields.iter().map(str::parse).collect();
        let numbers = numbers.map_err(|_| broken(path, format!("row {} is not all counts", row + 1)))?;
        if let Some((second, counts)) = numbers.split_first() {
            map.seconds.push(*second);
            map.counts.push(counts.to_vec());
        }
    }
    Ok(map)
}

fn edges_of<'a>(buckets: impl Iterator<Item = &'a str>) -> Option<Vec<u64>> {
    let mut edges: Vec<u64> = Vec::new();
    for bucket in buckets {
        let (from, to) = bucket.split_once('-')?;
        let (from, to) = (from.parse().ok()?, to.parse().ok()?);
        match edges.last() {
            None => edges.push(from),
            Some(last) if *last == from => {}
            Some(_) => return None,
        }
        edges.push(to);
    }
    Some(edges)
}

fn read_histograms(path: &Path) -> Result<Vec<crate::NamedHistogram>, RecordError> {
    read_hlog(&bytes_of(path)?).map_err(|problem| broken(path, problem))
}
