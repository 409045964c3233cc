//! The embedded engine: fjall 3, a table a keyspace, one fsync a batch, and the hub's own loss detector around it.
//!
//! Called by the hub through [`hub_store::Store`]. A data folder is `store/` (the engine), `mark` (the high-water mark),
//! `blobs/` (large bodies, [`hub_store::blobs`]) and `LOCK`. Must never serve a folder that is shorter than its mark.
//!
//! What opening does not catch, said plainly:
//! - An end of the log that no mark covers yet (up to a second): a journal cut there, or damage inside its very last
//!   batch, looks like a write the crash tore. An orderly end leaves no such window.
//! - Damage inside table and value files: the engine's checksums refuse the row when it is read, not when the folder is
//!   opened. [`FjallStore::verify`] reads everything.
//! - The oldest journal removed whole while a flushed chain table already reaches past it: rows of other tables may be
//!   gone, and the log does not show it. Loaded rows (version 0) are outside the log altogether.
//! - Files, chain and mark rewritten together by someone who means it: only a mark kept elsewhere would tell.
//!
//! A reader that makes several calls sees no snapshot over them, and may meet a batch that is durable and half visible
//! for some microseconds; the checks of its transaction protect what it then writes.

mod journal;
mod manifest;
mod open;
mod options;
mod snapshot;

use bytes::Bytes;
use fjall::{Database, Keyspace, OwnedWriteBatch, PersistMode, Slice};
use hub_store::mark::MarkFile;
use hub_store::memory::AscendingKeys;
use hub_store::stage::{RowWrite, check_key, stage};
use hub_store::verify::{Verified, verify_all};
use hub_store::{
    Head, Outcome, RestoredRows, Row, Store, StoreError, Table, Txn, Versioned, View, decode_versioned,
    encode_versioned,
};
use snapshot::FjallSnapshot;
use std::fs::File;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError, RwLock};

/// Values up to this size are copied out of the engine; longer ones share its memory. A short one would otherwise keep
/// the whole block it was read from alive.
const COPY_UP_TO_BYTES: usize = 1_024;

/// The engine, open on one data folder that no other process may open.
pub struct FjallStore {
    data_dir: PathBuf,
    db: Database,
    /// By [`Table::index`].
    tables: Vec<Keyspace>,
    head: RwLock<Head>,
    mark: Mutex<MarkFile>,
    committing: Mutex<()>,
    /// Set when a commit failed: durability is unknown, so nothing more may be committed by this process.
    failed: AtomicBool,
    /// Held until the process ends or the store is dropped.
    _lock: File,
}

impl FjallStore {
    fn table(&self, table: Table) -> &Keyspace {
        &self.tables[table.index()]
    }

    fn failure(&self, what: &str, error: &fjall::Error) -> StoreError {
        StoreError(format!("{}: {what}: {}", self.data_dir.join("store").display(), open::sentence(error)))
    }

    /// Walks the whole chain and reads every row of every table, so that damage anywhere is found: for an operator's
    /// check of a stopped hub, minutes for tens of gigabytes.
    ///
    /// # Errors
    /// [`StoreError`] at the first row that cannot be read.
    pub fn verify(&self) -> Result<Verified, StoreError> {
        let mark = self.mark.lock().unwrap_or_else(PoisonError::into_inner).written();
        verify_all(self, Some(mark))
    }

    fn apply(&self, writes: Vec<RowWrite>) -> Result<(), fjall::Error> {
        let mut batch = OwnedWriteBatch::with_capacity(self.db.clone(), writes.len());
        for row in writes {
            let table = self.table(row.table);
            match row.value {
                Some(value) => batch.insert(table, &row.key[..], encode_versioned(row.version, &value)),
                None => batch.remove(table, &row.key[..]),
            }
        }
        // Synced before the rows become visible, so a reader sees only what is durable.
        batch.durability(Some(PersistMode::SyncData)).commit()
    }
}

impl std::fmt::Debug for FjallStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FjallStore").field("data_dir", &self.data_dir).field("head", &self.head()).finish()
    }
}

fn into_bytes(slice: Slice) -> Bytes {
    if slice.len() <= COPY_UP_TO_BYTES { Bytes::copy_from_slice(&slice) } else { Bytes::from_owner(slice) }
}

impl View for FjallStore {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Versioned>, StoreError> {
        if check_key(table, key).is_err() {
            return Ok(None);
        }
        let found = self.table(table).get(key);
        let found = found.map_err(|e| self.failure(&format!("cannot read table {}", table.name()), &e))?;
        found.map(|slice| decode_versioned(into_bytes(slice))).transpose()
    }

    fn scan(&self, table: Table, from: &[u8], to: &[u8], limit: usize) -> Result<Vec<Row>, StoreError> {
        snapshot::scan(&self.db.snapshot(), self.table(table), (from, to), limit)
            .map_err(|e| e.within(|e| self.failure(&format!("cannot scan table {}", table.name()), e)))
    }
}

impl Store for FjallStore {
    fn commit(&self, batch: &[Txn]) -> Result<Vec<Outcome>, StoreError> {
        let _one = self.committing.lock().unwrap_or_else(PoisonError::into_inner);
        if self.failed.load(Ordering::Acquire) {
            let store = self.data_dir.join("store");
            return Err(StoreError(format!(
                "{}: an earlier commit failed; start the hub again",
                store.display()
            )));
        }
        let staged = stage(self, self.head(), batch)?;
        if !staged.writes.is_empty() {
            if let Err(error) = self.apply(staged.writes) {
                self.failed.store(true, Ordering::Release);
                return Err(self.failure("a batch was not committed", &error));
            }
            *self.head.write().unwrap_or_else(PoisonError::into_inner) = staged.head;
        }
        Ok(staged.outcomes)
    }

    /// Bulk load through the engine's ingestion: sorted rows go straight into table files, never through the journal.
    fn load(
        &self,
        table: Table,
        rows: &mut dyn Iterator<Item = (Vec<u8>, Vec<u8>)>,
    ) -> Result<u64, StoreError> {
        let failed = |e: &fjall::Error| self.failure(&format!("cannot load table {}", table.name()), e);
        let mut order = AscendingKeys::new(table);
        let mut ingestion = self.table(table).start_ingestion().map_err(|e| failed(&e))?;
        let mut stored = Vec::new();
        for (key, value) in rows {
            order.take(&key)?;
            stored.clear();
            stored.extend_from_slice(&0_u64.to_be_bytes());
            stored.extend_from_slice(&value);
            ingestion.write(&key[..], &stored[..]).map_err(|e| failed(&e))?;
        }
        ingestion.finish().map_err(|e| failed(&e))?;
        Ok(order.count())
    }

    /// Ingestion syncs its files and the table's manifest itself; this syncs the journal beside them.
    fn load_finish(&self) -> Result<(), StoreError> {
        self.db.persist(PersistMode::SyncAll).map_err(|e| self.failure("cannot make loaded rows durable", &e))
    }

    /// Taken between two batches, so that no batch is half in it.
    fn snapshot(&self) -> Result<Box<dyn View + Send>, StoreError> {
        let _between = self.committing.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Box::new(FjallSnapshot {
            place: self.data_dir.join("store"),
            snapshot: self.db.snapshot(),
            tables: self.tables.clone(),
        }))
    }

    fn restore(&self, table: Table, rows: &mut RestoredRows<'_>) -> Result<u64, StoreError> {
        let failed = |e: &fjall::Error| self.failure(&format!("cannot restore table {}", table.name()), e);
        let mut order = AscendingKeys::new(table);
        let mut ingestion = self.table(table).start_ingestion().map_err(|e| failed(&e))?;
        for row in rows {
            let Row { key, value } = row?;
            order.take(&key)?;
            let stored = encode_versioned(value.version, &value.value);
            ingestion.write(&key[..], &stored[..]).map_err(|e| failed(&e))?;
        }
        ingestion.finish().map_err(|e| failed(&e))?;
        Ok(order.count())
    }

    fn head(&self) -> Head {
        *self.head.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn tick(&self, now_ms: u64) -> Result<(), StoreError> {
        let mut mark = self.mark.lock().unwrap_or_else(PoisonError::into_inner);
        mark.note(self.head(), now_ms).map(|_| ())
    }

    fn close(&self) -> Result<(), StoreError> {
        let mut mark = self.mark.lock().unwrap_or_else(PoisonError::into_inner);
        let head = self.head();
        if mark.written() == head { Ok(()) } else { mark.write(head) }
    }
}
