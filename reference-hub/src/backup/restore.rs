//! Puts a backup into a new data folder, and believes nothing: every file against its checksum, the whole chain walked
//! again, its head against the manifest's.
//!
//! Called by `spinebench hub restore`. Works in `TARGET.restoring` and renames it at the end, so that an interrupted
//! restore leaves no folder that looks whole. Never touches the backup.

use super::BackupError;
use super::format::{Manifest, Part, RowReader, hashed};
use crate::stores::STORES;
use crate::{folder, hub};
use hub_store::mark::{MarkFile, sync_folder};
use hub_store::verify::{Verified, verify};
use hub_store::{Head, Store, StoreError, TABLES, Table};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// Makes `target` from the backup in `from`; returns what the walk over its chain saw.
///
/// # Errors
/// [`BackupError`]; `target` is as it was then.
pub fn restore(from: &Path, target: &Path) -> Result<Verified, BackupError> {
    let manifest = Manifest::read(from)?;
    if std::fs::read_dir(target).is_ok_and(|mut entries| entries.next().is_some()) || target.is_file() {
        return Err(BackupError::TargetNotEmpty(target.to_owned()));
    }
    let unfinished = unfinished(target);
    if unfinished.exists() {
        return Err(BackupError::TargetNotEmpty(unfinished));
    }
    let restored = fill(from, &manifest, &unfinished).and_then(|verified| {
        let parent = target.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let renamed = std::fs::rename(&unfinished, target).and_then(|()| sync_folder(parent));
        renamed.map_err(|e| BackupError::io(target, "cannot be put in place", &e))?;
        Ok(verified)
    });
    if restored.is_err() {
        let _ = std::fs::remove_dir_all(&unfinished); // ours: it was not there before
    }
    restored
}

/// Where the work is done: beside the target, so that it can be renamed.
fn unfinished(target: &Path) -> PathBuf {
    let mut name = target.file_name().unwrap_or_default().to_owned();
    name.push(".restoring");
    target.with_file_name(name)
}

fn fill(from: &Path, manifest: &Manifest, data: &Path) -> Result<Verified, BackupError> {
    let failed = |e: crate::HubError| BackupError::Store(StoreError(e.to_string()));
    let kind = &STORES[0];
    let store = hub::open(kind, data).map_err(failed)?;
    for (table, name) in TABLES {
        let part = manifest.tables.iter().find(|part| part.name == *name);
        let part = part.ok_or_else(|| damaged(from, &format!("table {name} is not in the manifest")))?;
        table_rows(store.as_ref(), *table, part, &from.join("tables").join(format!("{name}.rows")))?;
    }
    if let Some(part) = manifest.tables.iter().find(|part| !TABLES.iter().any(|(_, n)| *n == part.name)) {
        return Err(damaged(from, &format!("table {} is not known to this hub", part.name)));
    }
    store.load_finish()?;
    drop(store);
    let head = Head { seq: manifest.seq, hash: hash_of(&manifest.hash).unwrap_or_default() };
    MarkFile::unwritten(&data.join("mark")).write(head)?;
    blobs(from, manifest, data)?;
    // Opening checks the log's end against the mark; the walk checks all of it.
    let store = hub::open(kind, data).map_err(failed)?;
    folder::contents(store.as_ref(), data).map_err(failed)?;
    let verified = verify(store.as_ref(), Some(head))?;
    if let Some(first) = verified.findings.first() {
        return Err(damaged(from, &first.to_string()));
    }
    if !manifest.names(verified.head) {
        let (got, wanted) = (verified.head.seq, manifest.seq);
        return Err(damaged(from, &format!("the chain ends at {got}, the manifest says {wanted}")));
    }
    store.close()?;
    Ok(verified)
}

fn damaged(place: &Path, what: &str) -> BackupError {
    BackupError::Damaged(format!("{}: {what}", place.display()))
}

fn of_file(path: &Path, error: &io::Error) -> BackupError {
    match error.kind() {
        io::ErrorKind::NotFound => damaged(path, "missing"),
        io::ErrorKind::UnexpectedEof => damaged(path, "cut short"),
        io::ErrorKind::InvalidData => damaged(path, &error.to_string()),
        _ => BackupError::io(path, "cannot be read", error),
    }
}

fn table_rows(store: &dyn Store, table: Table, part: &Part, path: &Path) -> Result<(), BackupError> {
    let mut reader = RowReader::open(path).map_err(|e| of_file(path, &e))?;
    let mut failed = None;
    if part.rows > 0 {
        let mut rows = std::iter::from_fn(|| match reader.read_row() {
            Ok(row) => row.map(Ok),
            Err(error) => {
                failed = Some(error);
                Some(Err(StoreError(String::new())))
            }
        });
        let loaded = store.restore(table, &mut rows);
        if let Some(error) = failed {
            return Err(of_file(path, &error));
        }
        // Keys out of order, or such as no engine takes, were never written by a backup.
        loaded.map_err(|error| match crate::error::is_disk_full(&error.0) {
            true => BackupError::Store(error),
            false => damaged(path, &error.0),
        })?;
    } else if reader.read_row().map_err(|e| of_file(path, &e))?.is_some() {
        return Err(damaged(path, "holds rows, the manifest says none"));
    }
    if reader.rows != part.rows {
        return Err(damaged(path, &format!("holds {} rows, the manifest says {}", reader.rows, part.rows)));
    }
    if reader.sha256() != part.sha256 {
        return Err(damaged(path, "its checksum does not hold"));
    }
    Ok(())
}

fn blobs(from: &Path, manifest: &Manifest, data: &Path) -> Result<(), BackupError> {
    let (source, target) = (from.join("blobs"), data.join("blobs"));
    let cannot = |error: io::Error| BackupError::io(&target, "cannot write the blobs", &error);
    std::fs::create_dir_all(&target).map_err(cannot)?;
    for part in &manifest.blobs {
        let path = source.join(&part.name);
        if part.name.contains(['/', '.']) {
            return Err(damaged(&path, "not a blob's name"));
        }
        let mut copy = File::create_new(target.join(&part.name)).map_err(cannot)?;
        let (bytes, sha256) = hashed(&path, &mut copy).map_err(|e| of_file(&path, &e))?;
        if bytes != part.bytes || sha256 != part.sha256 {
            return Err(damaged(&path, "its checksum does not hold"));
        }
        copy.sync_all().map_err(cannot)?;
    }
    sync_folder(&target).map_err(cannot)
}

fn hash_of(text: &str) -> Option<[u8; 32]> {
    let mut out = [0; 32];
    let plain = text.len() == 64 && text.is_ascii();
    for (i, byte) in out.iter_mut().enumerate().filter(|_| plain) {
        *byte = u8::from_str_radix(&text[2 * i..2 * i + 2], 16).ok()?;
    }
    plain.then_some(out)
}
