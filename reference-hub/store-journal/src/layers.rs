//! All that is committed, in layers, newest first: segments' rows in memory, then runs. A newer layer hides an older one.
//!
//! Called by readers, which take one set of layers and keep it for a whole call; a snapshot keeps one for its life. Files
//! stay for as long as a set names them.

use crate::file::{DataFile, Slot};
use crate::filter::key_hash;
use crate::mem::Mem;
use crate::run::{Run, RunRow, RunRows, table_byte};
use bytes::Bytes;
use hub_store::stage::check_key;
use hub_store::{Row, StoreError, Table, Versioned, View};
use std::sync::Arc;

/// Rows of an older segment copied out at a time by a scan.
const CHUNK_ROWS: usize = 256;

/// The layers.
#[derive(Clone, Default)]
pub(crate) struct Layers {
    /// Newest first; in an open store the first takes what is committed.
    pub(crate) mems: Vec<Arc<Mem>>,
    /// Newest first.
    pub(crate) runs: Vec<Arc<Run>>,
}

impl Layers {
    /// The newest that is known of a key, and the file its value lies in.
    fn slot(&self, table: Table, key: &[u8]) -> Result<Option<(Slot, &DataFile)>, StoreError> {
        let byte = table_byte(table);
        let hash = key_hash(byte, key);
        for mem in &self.mems {
            if let Some(slot) = mem.get(table, key, hash) {
                return Ok(Some((slot, &mem.file)));
            }
        }
        for run in &self.runs {
            if let Some(slot) = run.get(byte, key, hash)? {
                return Ok(Some((slot, &run.file)));
            }
        }
        Ok(None)
    }
}

impl View for Layers {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Versioned>, StoreError> {
        if check_key(table, key).is_err() {
            return Ok(None);
        }
        let Some((slot, file)) = self.slot(table, key)? else { return Ok(None) };
        let value = file.value(slot.value)?;
        Ok(value.map(|value| Versioned { version: slot.version, value }))
    }

    fn version(&self, table: Table, key: &[u8]) -> Result<Option<u64>, StoreError> {
        if check_key(table, key).is_err() {
            return Ok(None);
        }
        let found = self.slot(table, key)?.filter(|(slot, _)| slot.value != crate::file::Value::Removed);
        Ok(found.map(|(slot, _)| slot.version))
    }

    fn scan(&self, table: Table, from: &[u8], to: &[u8], limit: usize) -> Result<Vec<Row>, StoreError> {
        let mut rows = Vec::new();
        if from >= to || limit == 0 {
            return Ok(rows);
        }
        let byte = table_byte(table);
        let mems = self.mems.iter().enumerate().map(|(i, mem)| {
            // The newest is read once, under its lock, so that a scan sees no batch half; it has all that `limit` rows need.
            let chunk = if i == 0 { limit } else { limit.min(CHUNK_ROWS) };
            Source::new(&mem.file, Rows::mem(mem, table, from, to, chunk))
        });
        let runs = self.runs.iter().filter(|run| run.overlaps(byte, from, Some(to)));
        let runs = runs.map(|run| Source::new(&run.file, Rows::Run(run.rows_from(byte, from), byte, to)));
        let mut sources = mems.chain(runs).collect::<Result<Vec<_>, _>>()?;
        while let Some((key, slot, file)) = newest(&mut sources)? {
            if let Some(value) = file.value(slot.value)? {
                rows.push(Row { key, value: Versioned { version: slot.version, value } });
            }
            if rows.len() == limit {
                break;
            }
        }
        Ok(rows)
    }
}

/// Takes the lowest key off all sources; the first source that has it decides.
fn newest<'a>(sources: &mut [Source<'a>]) -> Result<Option<(Bytes, Slot, &'a DataFile)>, StoreError> {
    let lowest = sources.iter().filter_map(|s| s.next.as_ref().map(|(key, _)| key)).min().cloned();
    let Some(lowest) = lowest else { return Ok(None) };
    let mut found = None;
    for source in sources.iter_mut().filter(|s| s.next.as_ref().is_some_and(|(key, _)| *key == lowest)) {
        let next = source.rows.next().transpose()?;
        if let Some((key, slot)) = std::mem::replace(&mut source.next, next)
            && found.is_none()
        {
            found = Some((key, slot, source.file));
        }
    }
    Ok(found)
}

/// One layer's part of a scan.
struct Source<'a> {
    file: &'a DataFile,
    rows: Rows<'a>,
    next: Option<(Bytes, Slot)>,
}

impl<'a> Source<'a> {
    fn new(file: &'a DataFile, mut rows: Rows<'a>) -> Result<Source<'a>, StoreError> {
        let next = rows.next().transpose()?;
        Ok(Source { file, rows, next })
    }
}

enum Rows<'a> {
    Mem {
        mem: &'a Mem,
        table: Table,
        to: &'a [u8],
        chunk: usize,
        rows: std::vec::IntoIter<(Bytes, Slot)>,
        from: Option<Vec<u8>>,
    },
    Run(RunRows, u8, &'a [u8]),
}

impl<'a> Rows<'a> {
    fn mem(mem: &'a Mem, table: Table, from: &[u8], to: &'a [u8], chunk: usize) -> Rows<'a> {
        let mut all =
            Rows::Mem { mem, table, to, chunk, rows: Vec::new().into_iter(), from: Some(from.to_vec()) };
        all.fill();
        all
    }

    /// Copies the next rows out of a segment's.
    fn fill(&mut self) {
        let Rows::Mem { mem, table, to, chunk, rows, from } = self else { return };
        let Some(start) = from.take() else { return };
        let found = mem.range(*table, &start, to, *chunk);
        if let Some((last, _)) = found.last() {
            *from = Some([last, &[0][..]].concat());
        }
        *rows = found.into_iter();
    }
}

impl Iterator for Rows<'_> {
    type Item = Result<(Bytes, Slot), StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Rows::Mem { rows, .. } = self {
            if let Some(row) = rows.next() {
                return Some(Ok(row));
            }
            self.fill();
        }
        match self {
            Rows::Mem { rows, .. } => rows.next().map(Ok),
            Rows::Run(rows, table, to) => match rows.next()? {
                Ok(RunRow { table: found, key, slot }) => {
                    (found == *table && key < *to).then_some(Ok((key, slot)))
                }
                Err(error) => Some(Err(error)),
            },
        }
    }
}
