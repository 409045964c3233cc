//! Opens a data folder: lock, mark, manifest, runs, the log read again, and the check of its end.
//!
//! Called once at start. Writes nothing until the folder is accepted. Must never serve a folder that lost acknowledged
//! writes without saying so, and never panic.

use crate::commit::Log;
use crate::file::DataFile;
use crate::layers::Layers;
use crate::log::{LogEnd, Replayed, replay, seed};
use crate::manifest::{Manifest, RunLine};
use crate::mem::Mem;
use crate::run::Run;
use crate::shared::{Shared, log_path, run_path};
use crate::tend::tend;
use crate::{JournalStore, Limits};
use hub_store::lock::{TakenFolder, take_folder};
use hub_store::mark::{MarkFile, sync_folder};
use hub_store::recover::{Refusal, Report, check};
use hub_store::stage::{HEAD_KEY, decode_head};
use hub_store::{Head, StoreError, Table, View as _};
use std::fs::File;
use std::hash::{BuildHasher as _, RandomState};
use std::path::Path;
use std::sync::{Arc, Mutex, RwLock};

impl JournalStore {
    /// Opens the data folder `data_dir`, making it when it is not there, and reports what recovery found.
    ///
    /// # Errors
    /// [`StoreError`] when the folder is in use, cannot be read or written, or is refused: acknowledged transactions
    /// are missing or files are damaged. The sentence names file and missing sequence numbers.
    pub fn open(data_dir: &Path) -> Result<(JournalStore, Report), StoreError> {
        JournalStore::open_with(data_dir, Limits::default())
    }

    /// As [`JournalStore::open`], with sizes of the caller's.
    ///
    /// # Errors
    /// As [`JournalStore::open`].
    pub fn open_with(data_dir: &Path, limits: Limits) -> Result<(JournalStore, Report), StoreError> {
        let TakenFolder { lock, mark_path, mark, store } = take_folder(data_dir, create)?;
        let found = find(&store, mark)?;
        let report = check(&found.layers, mark)?;
        if report.head.seq != found.end.seq {
            let (head, log) = (report.head.seq, found.end.seq);
            let what = format!("{}: the log ends at {log}, yet the head says {head}", store.display());
            return Err(Refusal::because(what).into());
        }
        let frame = found.end.frame;
        let (shared, mem) = take_over(&store, limits, found)?;
        let mark = MarkFile::take(&mark_path, mark, report.head)?;
        let synced = sync_folder(data_dir);
        synced.map_err(|e| StoreError::io(data_dir.display(), "cannot sync the data folder", &e))?;
        let shared = Arc::new(shared);
        let tender = std::thread::Builder::new().name("journal".to_owned()).spawn({
            let shared = shared.clone();
            move || tend(&shared)
        });
        let tender = tender.map_err(|e| StoreError::io(store.display(), "cannot start a thread", &e))?;
        let opened = JournalStore {
            data_dir: data_dir.to_path_buf(),
            shared,
            log: Mutex::new(Log { mem, offset: 0, frame, buffer: Vec::new(), failed: false }),
            head: RwLock::new(report.head),
            mark: Mutex::new(mark),
            tender: Some(tender),
            _lock: lock,
        };
        Ok((opened, report))
    }
}

/// Makes an empty engine under another name and renames it, so that a crash half-way leaves no folder that looks used.
fn create(data_dir: &Path, store: &Path) -> Result<(), StoreError> {
    let unfinished = data_dir.join("store.new");
    let failed =
        |e: std::io::Error| StoreError::io(unfinished.display(), "cannot make the engine's folder", &e);
    if unfinished.exists() {
        std::fs::remove_dir_all(&unfinished).map_err(failed)?;
    }
    std::fs::create_dir(&unfinished).map_err(failed)?;
    // The standard library's hash keys are random: enough for a salt that only has to differ from folder to folder.
    let salt = RandomState::new().hash_one(data_dir);
    Manifest { salt, next_id: 1, segment: 1, frame: 1, runs: Vec::new() }.write(&unfinished)?;
    std::fs::rename(&unfinished, store).and_then(|()| sync_folder(data_dir)).map_err(failed)
}

/// What a folder holds.
struct Found {
    manifest: Manifest,
    layers: Layers,
    /// Segments that hold frames, oldest first.
    segments: Vec<Replayed>,
    end: LogEnd,
    next_id: u64,
    /// Files that the manifest does not name, and segments without a frame.
    left_over: Vec<std::path::PathBuf>,
}

/// Reads the folder without changing it.
fn find(store: &Path, mark: Option<Head>) -> Result<Found, Refusal> {
    if !store.is_dir() {
        let refusal =
            Refusal::because(format!("{}: missing, although a mark stands beside it", store.display()));
        let lost = mark.map_or(0, |mark| mark.seq);
        return Err(if lost > 0 { refusal.missing(1..=lost) } else { refusal });
    }
    let manifest = Manifest::read(store)?;
    let mut runs = Vec::new();
    for RunLine { id, level, bytes, sum } in &manifest.runs {
        let path = run_path(store, *id);
        let run = Run::open(&path, *id, *level, seed(manifest.salt, *id))?;
        if (run.bytes, run.sum) != (*bytes, *sum) {
            return Err(Refusal::because(format!(
                "{}: not the file that the manifest names",
                path.display()
            )));
        }
        runs.push(Arc::new(run));
    }
    let mut layers = Layers { mems: Vec::new(), runs };
    let (segments, mut left_over, highest) = list(store, &manifest)?;
    if let Some(first) = segments.first().filter(|first| first.id != manifest.segment) {
        let place = log_path(store, manifest.segment);
        return Err(Refusal::because(format!(
            "{}: missing, yet {} is there",
            place.display(),
            first.path.display()
        )));
    }
    let head = layers.get(Table::Meta, HEAD_KEY)?.and_then(|row| decode_head(&row.value)).unwrap_or_default();
    let start = LogEnd { frame: manifest.frame, seq: head.seq };
    let (mut segments, end) = replay(&segments, manifest.salt, start)?;
    segments.retain(|segment| {
        if segment.used == 0 {
            left_over.push(segment.mem.file.path.clone());
        }
        segment.used > 0
    });
    layers.mems = segments.iter().rev().map(|segment| segment.mem.clone()).collect();
    let next_id = manifest.next_id.max(highest + 1);
    Ok(Found { manifest, layers, segments, end, next_id, left_over })
}

/// The segments to be read, the files left over from a crash, and the highest number of any file.
type Listed = (Vec<Arc<DataFile>>, Vec<std::path::PathBuf>, u64);

fn list(store: &Path, manifest: &Manifest) -> Result<Listed, Refusal> {
    let unreadable = |e: std::io::Error| Refusal::because(format!("{}: {e}", store.display()));
    let (mut logs, mut left_over, mut highest) = (Vec::new(), Vec::new(), 0);
    for entry in std::fs::read_dir(store).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let Some((kind, id)) = name.split_once('-').and_then(|(k, id)| Some((k, id.parse::<u64>().ok()?)))
        else {
            continue;
        };
        highest = highest.max(id);
        match kind {
            "log" if id >= manifest.segment => logs.push((id, path)),
            "run" if manifest.runs.iter().any(|run| run.id == id) => {}
            "log" | "run" => left_over.push(path),
            _ => {}
        }
    }
    logs.sort();
    let open = |(id, path): (u64, std::path::PathBuf)| {
        let file = File::open(&path).map_err(|e| Refusal::because(format!("{}: {e}", path.display())))?;
        Ok(Arc::new(DataFile::new(id, &path, file)))
    };
    Ok((logs.into_iter().map(open).collect::<Result<_, Refusal>>()?, left_over, highest))
}

/// Cuts what a crash left behind the last frame, clears files that nothing names, and begins a segment.
fn take_over(store: &Path, limits: Limits, found: Found) -> Result<(Shared, Arc<Mem>), StoreError> {
    let Found { manifest, layers, segments, end, next_id, left_over } = found;
    if let Some(Replayed { mem, used }) = segments.last() {
        let path = &mem.file.path;
        let cut =
            File::options().write(true).open(path).and_then(|f| f.set_len(*used).and_then(|()| f.sync_all()));
        cut.map_err(|e| StoreError::io(path.display(), "cannot cut the end", &e))?;
    }
    let shared = Shared::new(store, limits, manifest.salt, next_id, layers);
    let mem = Arc::new(Mem::new(shared.take_segment()?, end.frame, limits.segment_bytes));
    shared.replace(&|layers| layers.mems.insert(0, mem.clone()))?;
    // Only now: the manifest before named some of them as the log's beginning.
    for path in left_over {
        let removed = std::fs::remove_file(&path);
        removed.map_err(|e| StoreError::io(path.display(), "cannot remove a left-over file", &e))?;
    }
    let synced = sync_folder(store);
    synced.map_err(|e| StoreError::io(store.display(), "cannot sync the folder", &e))?;
    Ok((shared, mem))
}
