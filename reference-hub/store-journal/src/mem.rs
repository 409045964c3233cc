//! The rows of one log segment, by key, in memory: where each value lies in the segment.
//!
//! The newest takes what batches commit, under a short lock for each table; older ones never change again.

use crate::file::{DataFile, Place, Slot, Value};
use crate::filter::{Filter, key_hash};
use bytes::Bytes;
use hub_store::{TABLES, Table};
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

/// Bytes of log for each key that the filter has room for: an audit event is about as long.
const BYTES_PER_KEY: u64 = 256;

/// Where a row's value lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MemSlot {
    pub(crate) version: u64,
    pub(crate) offset: u64,
    pub(crate) len: u32,
    pub(crate) sum: u32,
    pub(crate) removed: bool,
}

impl From<MemSlot> for Slot {
    fn from(slot: MemSlot) -> Slot {
        let MemSlot { version, offset, len, sum, removed } = slot;
        let value = match (removed, len) {
            (true, _) => Value::Removed,
            (false, 0) => Value::Here(Bytes::new()),
            (false, stored) => Value::There(Place { offset, stored, unpacked: 0, sum }),
        };
        Slot { version, value }
    }
}

/// Keys of one table.
pub(crate) type Rows = BTreeMap<Box<[u8]>, MemSlot>;

/// One segment's rows.
pub(crate) struct Mem {
    /// The segment.
    pub(crate) file: Arc<DataFile>,
    /// Number of the segment's first frame.
    pub(crate) first_frame: u64,
    /// By [`Table::index`].
    tables: Vec<RwLock<Rows>>,
    filter: Filter,
}

impl Mem {
    /// No rows yet; the segment may grow to `segment_bytes`.
    pub(crate) fn new(file: Arc<DataFile>, first_frame: u64, segment_bytes: u64) -> Mem {
        let tables = TABLES.iter().map(|_| RwLock::default()).collect();
        Mem { file, first_frame, tables, filter: Filter::with_room_for(segment_bytes / BYTES_PER_KEY) }
    }

    /// The rows of a table, by [`Table::index`].
    pub(crate) fn rows(&self, table: usize) -> RwLockReadGuard<'_, Rows> {
        self.tables[table].read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts rows of one table in: visible all at once.
    pub(crate) fn apply<'a>(&self, table: usize, rows: impl Iterator<Item = (&'a [u8], MemSlot)>) {
        let mut map = self.tables[table].write().unwrap_or_else(PoisonError::into_inner);
        for (key, slot) in rows {
            self.filter.add(key_hash(table as u8, key));
            match map.get_mut(key) {
                Some(at) => *at = slot,
                None => {
                    map.insert(key.into(), slot);
                }
            }
        }
    }

    /// What it knows of `key`, whose [`key_hash`] is `hash`.
    pub(crate) fn get(&self, table: Table, key: &[u8], hash: u64) -> Option<Slot> {
        if !self.filter.may_hold(hash) {
            return None;
        }
        self.rows(table.index()).get(key).map(|slot| (*slot).into())
    }

    /// Rows with `from <= key < to` up to `limit` that are not removed, and all removed ones among them.
    pub(crate) fn range(&self, table: Table, from: &[u8], to: &[u8], limit: usize) -> Vec<(Bytes, Slot)> {
        let rows = self.rows(table.index());
        let mut out = Vec::new();
        let mut live = 0;
        if from >= to {
            return out;
        }
        for (key, slot) in rows.range::<[u8], _>((Bound::Included(from), Bound::Excluded(to))) {
            if live == limit {
                break;
            }
            live += usize::from(!slot.removed);
            out.push((Bytes::copy_from_slice(key), (*slot).into()));
        }
        out
    }
}
