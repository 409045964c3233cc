//! Makes a backup of the state at one moment, while the hub serves.
//!
//! Called on a thread that may wait for the disk. The committer pauses only for the moment of the snapshot. Blobs are
//! immutable, so they are linked, not copied: a backup in the data folder costs the space of its rows, and copying it to
//! another disk copies the blobs. Leaves nothing behind when it fails.

use super::format::{FORMAT, Manifest, Part, PartWriter, hashed};
use super::{BackupError, FOLDER, checked_name};
use crate::log::timestamp;
use hub_store::verify::verify;
use hub_store::{Row, Store, StoreError, TABLES, Table, Versioned, View, mark};
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

/// Rows read at a time: at most 32 MiB, as a row's value is at most 256 KiB.
const PAGE_ROWS: usize = 128;

/// What was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// Where it lies.
    pub folder: PathBuf,
    /// Last transaction in it.
    pub seq: u64,
    /// The chain's hash there, in hexadecimal digits.
    pub hash: String,
    /// Rows in it.
    pub rows: u64,
    /// Blobs in it.
    pub blobs: u64,
    /// Bytes of rows and blobs.
    pub bytes: u64,
}

/// Writes the backup `name` of `store`, whose folder is `data`, into `data/backups/name`. Gives up when `stopping` says so.
///
/// # Errors
/// [`BackupError`]; nothing is left then.
pub fn write(
    store: &dyn Store,
    data: &Path,
    name: &str,
    now_ms: u64,
    stopping: &dyn Fn() -> bool,
) -> Result<Made, BackupError> {
    let all = data.join(FOLDER);
    let (folder, partial) = (all.join(checked_name(name)?), all.join(format!("{name}.partial")));
    if folder.exists() {
        return Err(BackupError::Exists(folder));
    }
    let cannot = |error: io::Error| BackupError::io(&partial, "cannot write the backup", &error);
    remove_torn(&all).map_err(cannot)?;
    let source = Source { store, data, partial: &partial, stopping };
    let made = source.write(now_ms).and_then(|manifest| {
        std::fs::rename(&partial, &folder).and_then(|()| mark::sync_folder(&all)).map_err(cannot)?;
        let bytes = manifest.tables.iter().chain(&manifest.blobs).map(|part| part.bytes).sum();
        let rows = manifest.tables.iter().map(|part| part.rows).sum();
        let Manifest { seq, hash, blobs, .. } = manifest;
        Ok(Made { folder, seq, hash, rows, blobs: blobs.len() as u64, bytes })
    });
    if made.is_err() {
        let _ = std::fs::remove_dir_all(&partial); // best effort; the next backup removes it
    }
    made
}

/// Removes what a hub that was killed left of its backup. The folder is locked, and one backup is made at a time.
fn remove_torn(all: &Path) -> io::Result<()> {
    let entries = match std::fs::read_dir(all) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|e| e == "partial") && path.is_dir() {
            std::fs::remove_dir_all(&path)?;
        }
    }
    Ok(())
}

/// A view that ends when the hub stops: a walk over millions of events must not hold up the stop.
struct Until<'a> {
    view: &'a dyn View,
    stopping: &'a dyn Fn() -> bool,
}

impl View for Until<'_> {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Versioned>, StoreError> {
        self.view.get(table, key)
    }

    fn scan(&self, table: Table, from: &[u8], to: &[u8], limit: usize) -> Result<Vec<Row>, StoreError> {
        if (self.stopping)() {
            return Err(StoreError("the hub is stopping".to_owned()));
        }
        self.view.scan(table, from, to, limit)
    }
}

struct Source<'a> {
    store: &'a dyn Store,
    data: &'a Path,
    partial: &'a Path,
    stopping: &'a dyn Fn() -> bool,
}

impl Source<'_> {
    fn write(&self, now_ms: u64) -> Result<Manifest, BackupError> {
        let (tables, blobs) = (self.partial.join("tables"), self.partial.join("blobs"));
        for folder in [&tables, &blobs] {
            std::fs::create_dir_all(folder).map_err(|e| BackupError::io(folder, "cannot be made", &e))?;
        }
        // A blob is there before the transaction that names it, and may go after one that does not: linking before and
        // after the snapshot catches every blob that it names.
        let mut linked = BTreeSet::new();
        self.link_blobs(&blobs, &mut linked)?;
        let snapshot = self.store.snapshot()?;
        self.link_blobs(&blobs, &mut linked)?;
        let snapshot = Until { view: snapshot.as_ref(), stopping: self.stopping };
        let verified = verify(&snapshot, None).map_err(|error| self.ended(error))?;
        if let Some(first) = verified.findings.first() {
            return Err(BackupError::ChainBroken(first.to_string()));
        }
        let tables = TABLES
            .iter()
            .map(|(table, name)| self.table(&snapshot, *table, name, &tables))
            .collect::<Result<Vec<Part>, BackupError>>()?;
        let blobs = linked.iter().map(|name| self.blob(&blobs, name)).collect::<Result<Vec<_>, _>>()?;
        let (seq, hash) = (verified.head.seq, mark::hex(&verified.head.hash));
        let (format, made_at) = (FORMAT.to_owned(), timestamp(now_ms));
        let manifest = Manifest { format, made_at, seq, hash, tables, blobs };
        let written = manifest.write(self.partial).and_then(|()| {
            ["tables", "blobs", ""].iter().try_for_each(|below| mark::sync_folder(&self.partial.join(below)))
        });
        written.map_err(|e| BackupError::io(self.partial, "cannot write the manifest", &e))?;
        Ok(manifest)
    }

    /// Why reading the snapshot ended early.
    fn ended(&self, error: StoreError) -> BackupError {
        if (self.stopping)() { BackupError::Stopping } else { BackupError::Store(error) }
    }

    fn table(
        &self,
        snapshot: &dyn View,
        table: Table,
        name: &str,
        folder: &Path,
    ) -> Result<Part, BackupError> {
        let path = folder.join(format!("{name}.rows"));
        let cannot = |error: io::Error| BackupError::io(&path, "cannot be written", &error);
        let mut out = PartWriter::create(&path).map_err(cannot)?;
        let mut from = Vec::new();
        loop {
            let page = snapshot.scan(table, &from, &[0xff; 64], PAGE_ROWS).map_err(|e| self.ended(e))?;
            let Some(last) = page.last() else { break };
            from = [&last.key[..], &[0]].concat();
            for row in &page {
                out.row(row).map_err(cannot)?;
            }
        }
        out.finish(name).map_err(cannot)
    }

    /// Links every finished blob that is not linked yet; copies it where links are not to be had.
    fn link_blobs(&self, to: &Path, linked: &mut BTreeSet<String>) -> Result<(), BackupError> {
        let from = self.data.join("blobs");
        let cannot = |error: io::Error| BackupError::io(&from, "cannot link the blobs", &error);
        let entries = match std::fs::read_dir(&from) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(cannot(error)),
        };
        for entry in entries {
            let entry = entry.map_err(cannot)?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            if name.contains('.') || linked.contains(&name) {
                continue; // unfinished, not ours, or there already
            }
            let target = to.join(&name);
            match std::fs::hard_link(entry.path(), &target)
                .or_else(|_| std::fs::copy(entry.path(), &target).map(|_| ()))
            {
                Ok(()) => linked.insert(name),
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue, // gone meanwhile
                Err(error) => return Err(cannot(error)),
            };
        }
        Ok(())
    }

    fn blob(&self, folder: &Path, name: &str) -> Result<Part, BackupError> {
        if (self.stopping)() {
            return Err(BackupError::Stopping);
        }
        let path = folder.join(name);
        let (bytes, sha256) =
            hashed(&path, &mut io::sink()).map_err(|e| BackupError::io(&path, "cannot be read", &e))?;
        Ok(Part { name: name.to_owned(), rows: 0, bytes, sha256 })
    }
}
