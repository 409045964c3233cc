//! The embedded engine of our own: a log of batches, an index of it in memory, and sorted runs behind it.
//!
//! Called by the hub through [`hub_store::Store`]. A data folder is `store/` (`manifest`, `log-N`, `run-N`), `mark` (the
//! high-water mark), `blobs/` and `LOCK`. Must never serve a folder that is shorter than its mark.
//!
//! A batch is one frame, one write and one fdatasync; its rows become visible after that. When a segment of the log is
//! full, the next begins; a few full ones are written out as one run by a thread of low priority, and runs are merged now
//! and then. So memory, the log and the time to open stay bounded, and commits wait for none of it.
//!
//! What opening does not catch, said plainly:
//! - An end of the log that no mark covers yet (up to a second), when the damage leaves no trace of a later frame.
//! - Damage inside pages and values of runs: the row is refused when it is read. [`JournalStore::verify`] reads everything.
//! - Loaded rows (version 0) are outside the log: only their checksums guard them.
//! - Files, chain and mark rewritten together by someone who means it: only a mark kept elsewhere would tell.
//!
//! A reader that makes several calls sees no snapshot over them, and may meet a batch that is durable and visible in some
//! tables only, for some microseconds; the checks of its transaction protect what it then writes.

mod commit;
mod file;
mod filter;
mod frame;
mod layers;
mod log;
mod manifest;
mod mem;
mod open;
mod run;
mod shared;
mod tend;
mod writer;

use commit::Log;
use hub_store::mark::MarkFile;
use hub_store::memory::AscendingKeys;
use hub_store::verify::{Verified, verify_all};
use hub_store::{Head, Outcome, RestoredRows, Row, Store, StoreError, Table, Txn, Versioned, View};
use manifest::LOADED;
use run::table_byte;
use shared::Shared;
use std::fs::File;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::thread::JoinHandle;
use writer::NewValue;

/// Sizes that a test makes small, to meet flushes and merges early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// A segment of the log is full at this size, in bytes; a larger batch gets a segment of its own.
    pub segment_bytes: u64,
    /// Full segments that are written out together, as one run: what is overwritten within them is never copied.
    pub flush_segments: usize,
    /// Runs of a level that are merged into one of the next.
    pub merge_runs: usize,
    /// Full segments at most: when writing out falls this far behind, commits wait.
    pub segments_max: usize,
}

impl Default for Limits {
    /// The product's sizes.
    fn default() -> Limits {
        // 4 x 64 MB: read again in about a second at start; some hundred MB of index in memory; up to 2 GB of log when
        // the disk is slow.
        Limits { segment_bytes: 64 << 20, flush_segments: 4, merge_runs: 8, segments_max: 32 }
    }
}

/// The engine, open on one data folder that no other process may open.
pub struct JournalStore {
    data_dir: PathBuf,
    shared: Arc<Shared>,
    log: Mutex<Log>,
    head: RwLock<Head>,
    mark: Mutex<MarkFile>,
    tender: Option<JoinHandle<()>>,
    /// Held until the process ends or the store is dropped.
    _lock: File,
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl JournalStore {
    /// Walks the whole chain and reads every row of every table, so that damage anywhere is found: for an operator's
    /// check of a stopped hub, minutes for tens of gigabytes.
    ///
    /// # Errors
    /// [`StoreError`] at the first row that cannot be read.
    pub fn verify(&self) -> Result<Verified, StoreError> {
        let mark = held(&self.mark).written();
        verify_all(self, Some(mark))
    }

    /// Writes sorted rows as a run of their own.
    fn add_run(
        &self,
        table: Table,
        rows: &mut dyn Iterator<Item = Result<(Vec<u8>, u64, Vec<u8>), StoreError>>,
    ) -> Result<u64, StoreError> {
        let mut order = AscendingKeys::new(table);
        let go_on = || Ok(());
        let mut writer = self.shared.new_run(&go_on)?;
        for row in rows {
            let (key, version, value) = row?;
            order.take(&key)?;
            writer.put(table_byte(table), &key, version, &NewValue::Plain(&value))?;
        }
        if let Some(run) = writer.finish(LOADED)? {
            let run = Arc::new(run);
            self.shared.replace(&|layers| layers.runs.insert(0, run.clone()))?;
        }
        Ok(order.count())
    }
}

impl std::fmt::Debug for JournalStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JournalStore").field("data_dir", &self.data_dir).field("head", &self.head()).finish()
    }
}

impl Drop for JournalStore {
    fn drop(&mut self) {
        self.shared.stop();
        if let Some(tender) = self.tender.take() {
            let _ = tender.join();
        }
    }
}

impl View for JournalStore {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Versioned>, StoreError> {
        self.shared.layers().get(table, key)
    }

    fn version(&self, table: Table, key: &[u8]) -> Result<Option<u64>, StoreError> {
        self.shared.layers().version(table, key)
    }

    fn scan(&self, table: Table, from: &[u8], to: &[u8], limit: usize) -> Result<Vec<Row>, StoreError> {
        self.shared.layers().scan(table, from, to, limit)
    }
}

impl Store for JournalStore {
    fn commit(&self, batch: &[Txn]) -> Result<Vec<Outcome>, StoreError> {
        let mut log = held(&self.log);
        let (outcomes, head) = log.commit(&self.shared, self.head(), batch)?;
        *self.head.write().unwrap_or_else(PoisonError::into_inner) = head;
        Ok(outcomes)
    }

    /// A run for each call: durable and named by the manifest when it returns.
    fn load(
        &self,
        table: Table,
        rows: &mut dyn Iterator<Item = (Vec<u8>, Vec<u8>)>,
    ) -> Result<u64, StoreError> {
        self.add_run(table, &mut rows.map(|(key, value)| Ok((key, 0, value))))
    }

    fn load_finish(&self) -> Result<(), StoreError> {
        Ok(())
    }

    /// Taken between two batches. The newest segment is ended for it, so that everything in the snapshot stands still.
    fn snapshot(&self) -> Result<Box<dyn View + Send>, StoreError> {
        let layers = held(&self.log).freeze(&self.shared)?;
        Ok(Box::new(layers))
    }

    fn restore(&self, table: Table, rows: &mut RestoredRows<'_>) -> Result<u64, StoreError> {
        let rows =
            rows.map(|row| row.map(|row| (row.key.to_vec(), row.value.version, row.value.value.to_vec())));
        self.add_run(table, &mut { rows })
    }

    fn head(&self) -> Head {
        *self.head.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn tick(&self, now_ms: u64) -> Result<(), StoreError> {
        held(&self.mark).note(self.head(), now_ms).map(|_| ())
    }

    fn close(&self) -> Result<(), StoreError> {
        let mut mark = held(&self.mark);
        let head = self.head();
        if mark.written() == head { Ok(()) } else { mark.write(head) }
    }
}
