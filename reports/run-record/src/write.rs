//! Writes a record: under a temporary name, every file fsynced, then one rename; a reader never sees half a record.
//! Called by the command line after judging. Never overwrites another record.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::Serialize;

use crate::{FileSeal, HeatMap, Measured, RecordError, RunRecord, seal, write_hlog};

pub(crate) const RECORD_FILE: &str = "record.json";
pub(crate) const INTERACTIONS_FILE: &str = "interactions.csv";
pub(crate) const SERIES_FILE: &str = "series.csv";
pub(crate) const RESOURCES_FILE: &str = "resources.csv";
pub(crate) const ERRORS_FILE: &str = "errors.csv";
pub(crate) const HEAT_MAP_FILE: &str = "heatmap.csv";
pub(crate) const HISTOGRAMS_FILE: &str = "latency.hlog";
/// The files that `record.json` seals.
pub(crate) const SEALED_FILES: [&str; 6] =
    [INTERACTIONS_FILE, SERIES_FILE, RESOURCES_FILE, ERRORS_FILE, HEAT_MAP_FILE, HISTOGRAMS_FILE];

/// The link to the newest record.
const LATEST: &str = "latest";
/// Names tried when two runs of one scenario end in the same second; a hundred is more than any person types.
const NAMES_TRIED: u32 = 100;

pub(crate) const ERRORS_HEADER: [&str; 5] = ["interaction", "kind", "detail", "count", "first_at_s"];
pub(crate) const RESOURCES_HEADER: [&str; 4] = ["second", "who", "cpu_share", "rss_bytes"];
pub(crate) const INTERACTIONS_HEADER: [&str; 11] = [
    "interaction",
    "kind",
    "count",
    "failed",
    "mean_ns",
    "p50_ns",
    "p90_ns",
    "p99_ns",
    "p99_9_ns",
    "p99_99_ns",
    "max_ns",
];
pub(crate) const SERIES_HEADER: [&str; 13] = [
    "second",
    "phase",
    "measured",
    "planned",
    "sent",
    "dropped",
    "answered",
    "failed",
    "response_p50_ns",
    "response_p99_ns",
    "response_max_ns",
    "service_p99_ns",
    "send_lag_p99_ns",
];

/// Writes `run` as the folder `name` under `folder_parent` (created when missing), with `extra` files beside the
/// record's own, and moves the link `latest` to it. When the name is taken, `name-2` and so on is used; the folder
/// that was written is returned. On an error nothing is left behind, except for [`RecordError::LatestLink`].
pub fn write(
    folder_parent: &Path,
    name: &str,
    run: &Measured,
    extra: &[(&str, &[u8])],
) -> Result<PathBuf, RecordError> {
    fs::create_dir_all(folder_parent).map_err(RecordError::io(folder_parent, "create"))?;
    let partial = folder_parent.join(format!(".{name}.partial-{}", std::process::id()));
    let written = write_files(&partial, run, extra).and_then(|()| place(folder_parent, name, &partial));
    let folder = match written {
        Ok(folder) => folder,
        Err(error) => {
            // The error at hand is what the user must see; what is left of the attempt is only in the way.
            let _ = fs::remove_dir_all(&partial);
            return Err(error);
        }
    };
    link_latest(folder_parent, &folder)?;
    Ok(folder)
}

fn write_files(partial: &Path, run: &Measured, extra: &[(&str, &[u8])]) -> Result<(), RecordError> {
    if partial.exists() {
        fs::remove_dir_all(partial).map_err(RecordError::io(partial, "remove"))?;
    }
    fs::create_dir(partial).map_err(RecordError::io(partial, "create"))?;
    let files = data_files(run)
        .map_err(|(file, problem)| RecordError::Broken { path: partial.join(file), problem })?;
    let mut seals = BTreeMap::new();
    for (file, bytes) in &files {
        write_synced(&partial.join(file), bytes)?;
        let seal = FileSeal { bytes: bytes.len() as u64, sha256: seal::sha256_hex(bytes) };
        seals.insert((*file).to_owned(), seal);
    }
    for (file, bytes) in extra {
        write_synced(&partial.join(file), bytes)?;
    }
    let record = RunRecord { files: seals, seal: String::new(), ..run.record.clone() };
    let path = partial.join(RECORD_FILE);
    let broken = |problem: String| RecordError::Broken { path: path.clone(), problem };
    let mut text = serde_json::to_string_pretty(&record).map_err(|e| broken(e.to_string()))?;
    text.push('\n');
    let text = seal::seal_text(&text).ok_or_else(|| broken("it has no place for its seal".to_owned()))?;
    write_synced(&path, text.as_bytes())?;
    sync_folder(partial)
}

type NamedBytes = (&'static str, Vec<u8>);

fn data_files(run: &Measured) -> Result<[NamedBytes; 6], (&'static str, String)> {
    let at = |file: &'static str| move |problem: String| (file, problem);
    let rows = |r: Result<Vec<u8>, csv::Error>| r.map_err(|e| e.to_string());
    Ok([
        (
            INTERACTIONS_FILE,
            rows(csv_bytes(&INTERACTIONS_HEADER, &run.interactions)).map_err(at(INTERACTIONS_FILE))?,
        ),
        (SERIES_FILE, rows(csv_bytes(&SERIES_HEADER, &run.series)).map_err(at(SERIES_FILE))?),
        (RESOURCES_FILE, rows(csv_bytes(&RESOURCES_HEADER, &run.resources)).map_err(at(RESOURCES_FILE))?),
        (ERRORS_FILE, rows(csv_bytes(&ERRORS_HEADER, &run.errors)).map_err(at(ERRORS_FILE))?),
        (HEAT_MAP_FILE, rows(heat_map_bytes(&run.heat_map)).map_err(at(HEAT_MAP_FILE))?),
        (HISTOGRAMS_FILE, histogram_bytes(run).map_err(at(HISTOGRAMS_FILE))?),
    ])
}

fn csv_bytes<R: Serialize>(header: &[&str], rows: &[R]) -> Result<Vec<u8>, csv::Error> {
    // The header is written by hand so that a file without rows still has one.
    let mut csv = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
    csv.write_record(header)?;
    for row in rows {
        csv.serialize(row)?;
    }
    csv.into_inner().map_err(|e| e.into_error().into())
}

fn heat_map_bytes(map: &HeatMap) -> Result<Vec<u8>, csv::Error> {
    let mut csv = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
    let buckets = map.bucket_edges_ns.windows(2).map(|pair| format!("{}-{}", pair[0], pair[1]));
    csv.write_record(std::iter::once("second".to_owned()).chain(buckets))?;
    for (second, counts) in map.seconds.iter().zip(&map.counts) {
        csv.write_record(std::iter::once(second.to_string()).chain(counts.iter().map(u32::to_string)))?;
    }
    csv.into_inner().map_err(|e| e.into_error().into())
}

fn histogram_bytes(run: &Measured) -> Result<Vec<u8>, String> {
    let started: SystemTime =
        run.record.started.parse::<jiff::Timestamp>().map_or(SystemTime::UNIX_EPOCH, SystemTime::from);
    let first = run.record.phases.iter().find(|phase| phase.measured).map_or(0.0, |phase| phase.start_s);
    let seconds = |s: f64| Duration::try_from_secs_f64(s).unwrap_or_default();
    write_hlog(&run.histograms, started, seconds(first), seconds(run.record.measured_s))
}

pub(crate) fn write_synced(path: &Path, bytes: &[u8]) -> Result<(), RecordError> {
    let mut file = File::create(path).map_err(RecordError::io(path, "create"))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(RecordError::io(path, "write"))
}

pub(crate) fn sync_folder(folder: &Path) -> Result<(), RecordError> {
    File::open(folder).and_then(|f| f.sync_all()).map_err(RecordError::io(folder, "sync"))
}

fn place(parent: &Path, name: &str, partial: &Path) -> Result<PathBuf, RecordError> {
    let names = std::iter::once(name.to_owned()).chain((2..=NAMES_TRIED).map(|n| format!("{name}-{n}")));
    for name in names {
        let folder = parent.join(name);
        // A rename onto an empty folder would succeed and swallow it.
        if folder.symlink_metadata().is_ok() {
            continue;
        }
        fs::rename(partial, &folder).map_err(RecordError::io(&folder, "rename"))?;
        sync_folder(parent)?;
        return Ok(folder);
    }
    Err(RecordError::Broken {
        path: parent.join(name),
        problem: format!("{NAMES_TRIED} records of this name exist already"),
    })
}

fn link_latest(parent: &Path, folder: &Path) -> Result<(), RecordError> {
    let link = parent.join(LATEST);
    let Some(name) = folder.file_name() else { return Ok(()) };
    let fresh = parent.join(format!(".{LATEST}.partial-{}", std::process::id()));
    let _ = fs::remove_file(&fresh);
    make_link(Path::new(name), &fresh)
        .and_then(|()| fs::rename(&fresh, &link))
        .map_err(|source| RecordError::LatestLink { written: folder.to_owned(), link, source })
}

#[cfg(unix)]
fn make_link(target: &Path, link: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(target, link)
}

#[cfg(not(unix))]
fn make_link(target: &Path, link: &Path) -> std::io::Result<()> {
    fs::write(link, target.display().to_string())
}
