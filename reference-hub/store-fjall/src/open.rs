//! Opens a data folder: lock, mark, our own look at the engine's files, the engine, and the check of the log's tail.
//!
//! Called once at start. Must never serve a folder that lost acknowledged writes without saying so, and never panic.

use crate::journal::{Span, check_journals};
use crate::{FjallStore, manifest, options};
use fjall::{Database, Keyspace};
use hub_store::lock::{TakenFolder, take_folder};
use hub_store::mark::{MarkFile, sync_folder};
use hub_store::recover::{Refusal, Report, check};
use hub_store::{Head, Link, StoreError, TABLES, Table, View, seq_key};
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, RwLock};

impl FjallStore {
    /// Opens the data folder `data_dir`, making it when it is not there, and reports what recovery found.
    ///
    /// # Errors
    /// [`StoreError`] when the folder is in use, cannot be read or written, or is refused: acknowledged transactions
    /// are missing or files are damaged. The sentence names file and missing sequence numbers.
    pub fn open(data_dir: &Path) -> Result<(FjallStore, Report), StoreError> {
        let TakenFolder { lock, mark_path, mark, store } = take_folder(data_dir, create_engine)?;
        let journalled = match mark {
            Some(mark) => look_before(&store, mark)?,
            None => None,
        };
        let (db, tables) = open_engine(&store)?;
        let opened = FjallStore {
            data_dir: data_dir.to_path_buf(),
            db,
            tables,
            head: RwLock::default(),
            mark: Mutex::new(MarkFile::unwritten(&mark_path)),
            committing: Mutex::new(()),
            failed: AtomicBool::new(false),
            _lock: lock,
        };
        let report = check(&opened, mark)?;
        if let Some(journalled) = journalled {
            joins(&opened, journalled, report.head)?;
        }
        let mark_file = MarkFile::take(&mark_path, mark, report.head)?;
        let synced = sync_folder(data_dir);
        synced.map_err(|e| StoreError::io(data_dir.display(), "cannot sync the data folder", &e))?;
        let opened = FjallStore { head: RwLock::new(report.head), mark: Mutex::new(mark_file), ..opened };
        Ok((opened, report))
    }
}

/// What lies in the journals must begin where the tables end, and end where the engine's recovery did.
fn joins(opened: &FjallStore, journalled: Span, head: Head) -> Result<(), Refusal> {
    if journalled.last != head {
        return Err(Refusal::because(format!(
            "the engine recovered up to sequence number {}, but its journal holds {}",
            head.seq, journalled.last.seq
        )));
    }
    let before = journalled.before;
    if before == Head::default() {
        return Ok(());
    }
    let row = opened.get(Table::Chain, &seq_key(before.seq))?;
    let link = row.and_then(|row| Link::decode(&row.value));
    if link.is_none_or(|link| link.head() != before) {
        return Err(Refusal::because(format!(
            "the journals begin after sequence number {}, but the tables do not reach it",
            before.seq
        )));
    }
    Ok(())
}

/// Reads what the engine would repair silently, before it does. Returns what part of the log is in the journals.
fn look_before(store: &Path, mark: Head) -> Result<Option<Span>, Refusal> {
    if !store.is_dir() {
        let refusal =
            Refusal::because(format!("{}: missing, although a mark stands beside it", store.display()));
        return Err(if mark.seq > 0 { refusal.missing(1..=mark.seq) } else { refusal });
    }
    manifest::check_manifests(store)?;
    check_journals(store)
}

/// Makes an empty engine under another name and renames it, so that a crash half-way leaves no folder that looks used.
fn create_engine(data_dir: &Path, store: &Path) -> Result<(), StoreError> {
    let unfinished = data_dir.join("store.new");
    let failed =
        |e: std::io::Error| StoreError::io(unfinished.display(), "cannot make the engine's folder", &e);
    if unfinished.exists() {
        std::fs::remove_dir_all(&unfinished).map_err(failed)?;
    }
    let db = Database::open(options::config(&unfinished)).map_err(|e| unopened(&unfinished, &e))?;
    for (table, name) in TABLES {
        db.keyspace(name, || options::table(*table)).map_err(|e| unopened(&unfinished, &e))?;
    }
    drop(db);
    std::fs::rename(&unfinished, store).and_then(|()| sync_folder(data_dir)).map_err(failed)
}

fn open_engine(store: &Path) -> Result<(Database, Vec<Keyspace>), StoreError> {
    let db = Database::open(options::config(store)).map_err(|e| unopened(store, &e))?;
    let names = db.list_keyspace_names();
    if let Some((_, name)) = TABLES.iter().find(|(_, name)| !names.iter().any(|n| **n == **name)) {
        return Err(Refusal::because(format!("{}: table {name} is missing", store.display())).into());
    }
    let tables = TABLES.iter().map(|(table, name)| db.keyspace(name, || options::table(*table)));
    let tables = tables.collect::<Result<Vec<_>, _>>().map_err(|e| unopened(store, &e))?;
    Ok((db, tables))
}

fn unopened(store: &Path, error: &fjall::Error) -> StoreError {
    Refusal::because(format!("{}: {}", store.display(), sentence(error))).into()
}

/// The engine's error as a sentence for an operator.
pub(crate) fn sentence(error: &fjall::Error) -> String {
    match error {
        fjall::Error::Io(e) | fjall::Error::Storage(fjall::LsmError::Io(e)) => match e.kind() {
            std::io::ErrorKind::StorageFull => {
                "the disk is full; free space on it and start again".to_owned()
            }
            std::io::ErrorKind::FileTooLarge => format!("the file may not grow further: {e}"),
            std::io::ErrorKind::UnexpectedEof => format!("a file is shorter than it must be: {e}"),
            _ => e.to_string(),
        },
        fjall::Error::Storage(fjall::LsmError::ChecksumMismatch { .. }) => {
            "a file is damaged: its checksum does not hold".to_owned()
        }
        fjall::Error::Poisoned => {
            "an earlier write or a background task failed; start the hub again".to_owned()
        }
        fjall::Error::Locked => "the engine's folder is locked by another process".to_owned(),
        other => format!("a file is damaged or of another version ({other:?})"),
    }
}
