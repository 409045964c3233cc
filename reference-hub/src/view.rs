//! The state as handlers see it: the store behind a bounded cache of the rows that most reads want.
//!
//! Called by the listener (reads) and by the committer (after a commit is durable, before it is answered). A reader
//! never sees what is not durable and never waits for a write. Rows are shared `Bytes`, so a hit copies nothing.

use crate::metrics::Spread;
use hub_store::{Row, Store, StoreError, Table, Txn, Versioned, View};
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use std::sync::Arc;

/// What a cached row costs besides its value: key, `Bytes` header, hash slot.
const ROW_OVERHEAD_BYTES: u64 = 160;

/// The size a row is guessed at when the cache is laid out: a PDS record's.
const ROW_BYTES_GUESS: u64 = 6 * 1024;

#[derive(Debug, Clone)]
struct ByBytes;

impl Weighter<Vec<u8>, Versioned> for ByBytes {
    fn weight(&self, key: &Vec<u8>, row: &Versioned) -> u64 {
        key.len() as u64 + row.value.len() as u64 + ROW_OVERHEAD_BYTES
    }
}

type Rows = Cache<Vec<u8>, Versioned, ByBytes>;

/// Store and cache as one [`View`].
pub struct CachedView {
    store: Arc<dyn Store>,
    patients: Rows,
    sessions: Rows,
    mailboxes: Rows,
    hits: Spread,
    misses: Spread,
}

impl CachedView {
    /// A view of `store` that keeps at most `bytes_max` bytes of rows: 7/8 for patients, 1/16 each for sessions and
    /// mailboxes, whose whole tables fit there.
    pub fn new(store: Arc<dyn Store>, bytes_max: u64) -> Self {
        let rows = |bytes: u64| {
            let items = usize::try_from(bytes / ROW_BYTES_GUESS).unwrap_or(usize::MAX).max(16);
            Rows::with_weighter(items, bytes.max(ROW_BYTES_GUESS), ByBytes)
        };
        CachedView {
            store,
            patients: rows(bytes_max / 8 * 7),
            sessions: rows(bytes_max / 16),
            mailboxes: rows(bytes_max / 16),
            hits: Spread::default(),
            misses: Spread::default(),
        }
    }

    fn rows(&self, table: Table) -> Option<&Rows> {
        match table {
            Table::Patients => Some(&self.patients),
            Table::Sessions => Some(&self.sessions),
            Table::Mailboxes => Some(&self.mailboxes),
            _ => None,
        }
    }

    /// Brings the cache up to date with a transaction that is durable under `seq`.
    ///
    /// Always inserts or removes, also for keys that are not cached: a reader that missed holds a placeholder while
    /// it asks the store, and only an insert or removal here stops it from caching the row it read before this commit.
    pub fn committed(&self, txn: &Txn, seq: u64) {
        for put in &txn.puts {
            if let Some(rows) = self.rows(put.table) {
                rows.insert(put.key.to_vec(), Versioned { version: seq, value: put.value.clone() });
            }
        }
        for del in &txn.dels {
            if let Some(rows) = self.rows(del.table) {
                rows.remove(del.key.as_ref());
            }
        }
    }

    /// Reads of rows that may be cached, so far: those that were, and those that were not.
    pub fn reads(&self) -> (u64, u64) {
        (self.hits.total(), self.misses.total())
    }

    /// Rows cached at this moment.
    pub fn cached_rows(&self) -> usize {
        self.patients.len() + self.sessions.len() + self.mailboxes.len()
    }
}

impl View for CachedView {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Versioned>, StoreError> {
        let Some(rows) = self.rows(table) else {
            return self.store.get(table, key);
        };
        match rows.get_value_or_guard(key, None) {
            quick_cache::sync::GuardResult::Value(row) => {
                self.hits.add();
                Ok(Some(row))
            }
            quick_cache::sync::GuardResult::Guard(guard) => {
                self.misses.add();
                let row = self.store.get(table, key)?;
                if let Some(row) = &row {
                    // An error means a commit was quicker than this read; its row is the newer one.
                    let _ = guard.insert(row.clone());
                }
                Ok(row)
            }
            // Only a time limit gives this, and none was set; the store knows in any case.
            quick_cache::sync::GuardResult::Timeout => self.store.get(table, key),
        }
    }

    fn scan(&self, table: Table, from: &[u8], to: &[u8], limit: usize) -> Result<Vec<Row>, StoreError> {
        self.store.scan(table, from, to, limit)
    }
}
