//! The memory engine: ordered maps behind one lock. For tests, and for runs that measure everything but the disk.
//!
//! Called through [`Store`]. Keeps nothing over a restart and says so: it has no mark and no data folder.

use crate::stage::{HEAD_KEY, check_key, decode_head, stage};
use crate::{Head, Outcome, RestoredRows, Row, Store, StoreError, TABLES, Table, Txn, Versioned, View};
use bytes::Bytes;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

/// State in memory; clones share it.
#[derive(Debug, Clone, Default)]
pub struct MemoryStore {
    state: Arc<RwLock<State>>,
    /// Held over stage and apply, so that a second caller cannot stage on what the first is about to change.
    committing: Arc<Mutex<()>>,
}

type Rows = BTreeMap<Bytes, Versioned>;

#[derive(Debug, Clone)]
struct State {
    tables: Vec<Rows>,
}

impl Default for State {
    fn default() -> Self {
        State { tables: TABLES.iter().map(|_| Rows::new()).collect() }
    }
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl View for State {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Versioned>, StoreError> {
        Ok(self.tables[table.index()].get(key).cloned())
    }

    fn scan(&self, table: Table, from: &[u8], to: &[u8], limit: usize) -> Result<Vec<Row>, StoreError> {
        if from >= to {
            return Ok(Vec::new());
        }
        let rows = self.tables[table.index()].range::<[u8], _>((Bound::Included(from), Bound::Excluded(to)));
        Ok(rows.take(limit).map(|(key, value)| Row { key: key.clone(), value: value.clone() }).collect())
    }
}

impl View for MemoryStore {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Versioned>, StoreError> {
        self.read().get(table, key)
    }

    fn scan(&self, table: Table, from: &[u8], to: &[u8], limit: usize) -> Result<Vec<Row>, StoreError> {
        self.read().scan(table, from, to, limit)
    }
}

impl Store for MemoryStore {
    fn commit(&self, batch: &[Txn]) -> Result<Vec<Outcome>, StoreError> {
        let _one = self.committing.lock().unwrap_or_else(PoisonError::into_inner);
        let staged = stage(self, self.head(), batch)?;
        let mut state = self.write();
        for row in staged.writes {
            let rows = &mut state.tables[row.table.index()];
            match row.value {
                Some(value) => rows.insert(row.key, Versioned { version: row.version, value }),
                None => rows.remove(&row.key),
            };
        }
        Ok(staged.outcomes)
    }

    fn load(
        &self,
        table: Table,
        rows: &mut dyn Iterator<Item = (Vec<u8>, Vec<u8>)>,
    ) -> Result<u64, StoreError> {
        let mut order = AscendingKeys::new(table);
        for (key, value) in rows {
            order.take(&key)?;
            let value = Versioned { version: 0, value: Bytes::from(value) };
            self.write().tables[table.index()].insert(Bytes::from(key), value);
        }
        Ok(order.count())
    }

    fn load_finish(&self) -> Result<(), StoreError> {
        Ok(())
    }

    /// A copy of the maps; keys and values are shared, not copied.
    fn snapshot(&self) -> Result<Box<dyn View + Send>, StoreError> {
        Ok(Box::new(self.read().clone()))
    }

    fn restore(&self, table: Table, rows: &mut RestoredRows<'_>) -> Result<u64, StoreError> {
        let mut order = AscendingKeys::new(table);
        for row in rows {
            let Row { key, value } = row?;
            order.take(&key)?;
            self.write().tables[table.index()].insert(key, value);
        }
        Ok(order.count())
    }

    fn head(&self) -> Head {
        let state = self.read();
        let row = state.tables[Table::Meta.index()].get(HEAD_KEY);
        row.and_then(|row| decode_head(&row.value)).unwrap_or_default()
    }
}

/// Holds bulk-load callers to ascending keys, the same in every engine.
#[derive(Debug)]
pub struct AscendingKeys {
    table: Table,
    last: Vec<u8>,
    count: u64,
}

impl AscendingKeys {
    /// Before the first key of a load into `table`.
    pub fn new(table: Table) -> Self {
        AscendingKeys { table, last: Vec::new(), count: 0 }
    }

    /// Takes the next key.
    ///
    /// # Errors
    /// [`StoreError`] when it is not above the last one, or no engine can hold it.
    pub fn take(&mut self, key: &[u8]) -> Result<(), StoreError> {
        check_key(self.table, key)?;
        if self.count > 0 && key <= &self.last[..] {
            return Err(StoreError(format!(
                "load of table {}: row {} has key {}, which does not come after the key before it, {}",
                self.table.name(),
                self.count + 1,
                key.escape_ascii(),
                self.last.escape_ascii()
            )));
        }
        self.last.clear();
        self.last.extend_from_slice(key);
        self.count += 1;
        Ok(())
    }

    /// Keys taken.
    pub fn count(&self) -> u64 {
        self.count
    }
}
