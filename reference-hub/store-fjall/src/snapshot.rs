//! The whole state at one moment, read while the engine goes on: for backups.
//!
//! Made by [`crate::FjallStore`] between two batches. Reads only; what it holds back from compaction is freed when it is
//! dropped.

use crate::{into_bytes, open};
use bytes::Bytes;
use fjall::{Keyspace, Readable, Snapshot};
use hub_store::stage::check_key;
use hub_store::{Row, StoreError, Table, Versioned, View, decode_versioned};
use std::path::PathBuf;

/// The state of all tables at one moment.
pub(crate) struct FjallSnapshot {
    /// The engine's folder, for messages.
    pub(crate) place: PathBuf,
    pub(crate) snapshot: Snapshot,
    /// By [`Table::index`].
    pub(crate) tables: Vec<Keyspace>,
}

/// Why a scan ended early.
pub(crate) enum ScanError {
    /// The engine cannot read.
    Engine(fjall::Error),
    /// What it read is no row.
    Row(StoreError),
}

impl ScanError {
    /// The error with the place that `engine` adds to the engine's own.
    pub(crate) fn within(self, engine: impl FnOnce(&fjall::Error) -> StoreError) -> StoreError {
        match self {
            ScanError::Engine(error) => engine(&error),
            ScanError::Row(error) => error,
        }
    }
}

/// At most `limit` rows of `table` with `from <= key < to`.
pub(crate) fn scan(
    snapshot: &Snapshot,
    table: &Keyspace,
    (from, to): (&[u8], &[u8]),
    limit: usize,
) -> Result<Vec<Row>, ScanError> {
    let mut rows = Vec::new();
    if from >= to || limit == 0 {
        return Ok(rows);
    }
    for guard in snapshot.range(table, from..to).take(limit) {
        let (key, value) = guard.into_inner().map_err(ScanError::Engine)?;
        let value = decode_versioned(into_bytes(value)).map_err(ScanError::Row)?;
        rows.push(Row { key: Bytes::copy_from_slice(&key), value });
    }
    Ok(rows)
}

impl FjallSnapshot {
    fn failure(&self, table: Table, error: &fjall::Error) -> StoreError {
        let (place, name) = (self.place.display(), table.name());
        StoreError(format!("{place}: cannot read table {name}: {}", open::sentence(error)))
    }
}

impl View for FjallSnapshot {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Versioned>, StoreError> {
        if check_key(table, key).is_err() {
            return Ok(None);
        }
        let found = self.snapshot.get(&self.tables[table.index()], key);
        let found = found.map_err(|e| self.failure(table, &e))?;
        found.map(|slice| decode_versioned(into_bytes(slice))).transpose()
    }

    fn scan(&self, table: Table, from: &[u8], to: &[u8], limit: usize) -> Result<Vec<Row>, StoreError> {
        scan(&self.snapshot, &self.tables[table.index()], (from, to), limit)
            .map_err(|e| e.within(|e| self.failure(table, e)))
    }
}
