//! Writes and reads the files of a search for the limit. Each file appears whole or not at all, `limit.json` last, so that a
//! folder with it is complete. Called by `spinebench limit` and by whoever takes the capacity from it.

use std::fs;
use std::path::Path;

use crate::seal::sha256_hex;
use crate::write::{sync_folder, write_synced};
use crate::{LIMIT_FILE, LIMIT_FORMAT_VERSION, LimitRecord, PROBES_FILE, ProbeRow, RecordError};

/// Writes `limit.json`, `probes.csv` and `extra` files into `folder`, which is there already and holds the probes' records.
///
/// # Errors
/// [`RecordError`] naming the file that could not be written.
pub fn write_limit(folder: &Path, record: &LimitRecord, extra: &[(&str, &[u8])]) -> Result<(), RecordError> {
    let broken = |file: &str, problem: String| RecordError::Broken { path: folder.join(file), problem };
    let probes = csv_of(&record.probes).map_err(|e| broken(PROBES_FILE, e.to_string()))?;
    let mut json = serde_json::to_string_pretty(record).map_err(|e| broken(LIMIT_FILE, e.to_string()))?;
    json.push('\n');
    let files = extra.iter().copied().chain([(PROBES_FILE, &probes[..]), (LIMIT_FILE, json.as_bytes())]);
    for (file, bytes) in files {
        let (partial, whole) = (folder.join(format!(".{file}.partial")), folder.join(file));
        write_synced(&partial, bytes)?;
        fs::rename(&partial, &whole).map_err(RecordError::io(&whole, "rename"))?;
    }
    sync_folder(folder)
}

fn csv_of(rows: &[ProbeRow]) -> Result<Vec<u8>, csv::Error> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    for row in rows {
        csv.serialize(row)?;
    }
    csv.into_inner().map_err(|e| e.into_error().into())
}

/// SHA-256 of `limit.json` in `folder`, lower-case hex: what a figure taken from it is traced to.
///
/// # Errors
/// [`RecordError`]: it cannot be read.
pub fn limit_sha256(folder: &Path) -> Result<String, RecordError> {
    let path = folder.join(LIMIT_FILE);
    fs::read(&path).map(|bytes| sha256_hex(&bytes)).map_err(RecordError::io(&path, "read"))
}

/// Reads `limit.json` in `folder`.
///
/// # Errors
/// [`RecordError`]: it is not there, is by a newer program, or cannot be understood.
pub fn read_limit(folder: &Path) -> Result<LimitRecord, RecordError> {
    let path = folder.join(LIMIT_FILE);
    let text = fs::read_to_string(&path).map_err(RecordError::io(&path, "read"))?;
    let broken = |problem: String| RecordError::Broken { path: path.clone(), problem };
    let any: serde_json::Value = serde_json::from_str(&text).map_err(|e| broken(e.to_string()))?;
    match any["format_version"].as_u64() {
        Some(found) if found > u64::from(LIMIT_FORMAT_VERSION) => Err(RecordError::Newer {
            path,
            found,
            known: LIMIT_FORMAT_VERSION,
            written_by: any["tool"]["version"].as_str().map(str::to_owned),
        }),
        _ => serde_json::from_str(&text).map_err(|e| broken(e.to_string())),
    }
}
