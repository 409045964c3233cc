//! A run: a sorted file of rows that never changes. Loads, restores and flushed segments become runs.
//!
//! Pages of about 4 KB hold keys and small values, longer values lie apart; memory holds the first key of each page and a
//! filter. A look costs one read for the page and one for a long value. Written by [`crate::writer`]. Every page, value
//! and index has a checksum.

use crate::file::{DataFile, Place, Slot, Value};
use crate::filter::Filter;
use bytes::Bytes;
use hub_store::{StoreError, Table};
use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// First bytes of a trailer; another layout gets others.
pub(crate) const MAGIC: &[u8; 8] = b"SBRUN--1";
/// Magic, file number, where the index begins, its length, the filter's length, checksum.
pub(crate) const TRAILER_BYTES: usize = 6 * 8;
/// Checksum, number of rows; the place of each row follows.
pub(crate) const PAGE_HEADER_BYTES: usize = 8 + 4;
/// Table, kind, key length, version.
pub(crate) const ROW_BYTES: usize = 1 + 1 + 2 + 8;
pub(crate) const KIND_REMOVED: u8 = 0;
pub(crate) const KIND_HERE: u8 = 1;
pub(crate) const KIND_THERE: u8 = 2;

/// Where a page lies, and the first key in it.
pub(crate) struct PageAt {
    pub(crate) table: u8,
    pub(crate) key: Box<[u8]>,
    pub(crate) offset: u64,
    pub(crate) len: u32,
}

/// A row of a run.
pub(crate) struct RunRow {
    pub(crate) table: u8,
    pub(crate) key: Bytes,
    pub(crate) slot: Slot,
}

/// The file, open.
pub(crate) struct Run {
    pub(crate) file: Arc<DataFile>,
    /// How often its rows were merged; [`crate::manifest::LOADED`] for loaded rows, which never are.
    pub(crate) level: u8,
    pub(crate) bytes: u64,
    /// The trailer's checksum, which covers index and filter: the manifest keeps it too.
    pub(crate) sum: u64,
    seed: u64,
    pages: Vec<PageAt>,
    last: (u8, Box<[u8]>),
    filter: Filter,
}

impl Run {
    /// Opens a finished run; reads index and filter in one go.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read or is damaged.
    pub(crate) fn open(path: &Path, id: u64, level: u8, seed: u64) -> Result<Run, StoreError> {
        let failed = |e: std::io::Error| StoreError::io(path.display(), "cannot open", &e);
        let file = File::open(path).map_err(failed)?;
        let bytes = file.metadata().map_err(failed)?.len();
        let file = Arc::new(DataFile::new(id, path, file));
        let damaged = || file.fault("damaged: its index cannot be read");
        let trailer_at = bytes.checked_sub(TRAILER_BYTES as u64).ok_or_else(damaged)?;
        let trailer = file.read(trailer_at, TRAILER_BYTES)?;
        let number = |i: usize| trailer[8 * i..].first_chunk().map_or(0, |n| u64::from_le_bytes(*n));
        let (index_at, index_len, filter_len, sum) = (number(2), number(3), number(4), number(5));
        let fits =
            index_at.checked_add(index_len).and_then(|n| n.checked_add(filter_len)) == Some(trailer_at);
        if &trailer[..8] != MAGIC || number(1) != id || !fits {
            return Err(damaged());
        }
        let whole = file.read(index_at, (bytes - index_at) as usize)?;
        if xxh3_64_with_seed(&whole[..whole.len() - 8], seed) != sum {
            return Err(damaged());
        }
        let (index, filter) = whole[..whole.len() - TRAILER_BYTES].split_at(index_len as usize);
        let mut pages = decode_index(index).ok_or_else(damaged)?;
        let last = pages.pop().ok_or_else(damaged)?; // the index ends with the run's last key
        let filter = Filter::decode(filter).filter(|_| !pages.is_empty()).ok_or_else(damaged)?;
        Ok(Run { file, level, bytes, sum, seed, pages, last: (last.table, last.key), filter })
    }

    /// What it knows of `key`, whose hash is `hash`.
    ///
    /// # Errors
    /// [`StoreError`] when the page cannot be read or is damaged.
    pub(crate) fn get(&self, table: u8, key: &[u8], hash: u64) -> Result<Option<Slot>, StoreError> {
        if !self.may_hold(table, key, hash) {
            return Ok(None);
        }
        let page = self.page(self.page_of(table, key))?;
        Ok(page.find(table, key).map(|i| page.row(i)).transpose()?.map(|row| row.slot))
    }

    /// False when it certainly holds nothing of `key`.
    pub(crate) fn may_hold(&self, table: u8, key: &[u8], hash: u64) -> bool {
        self.overlaps(table, key, None) && self.filter.may_hold(hash)
    }

    /// True when a row of `table` from `from` on (and below `to`) may be in it.
    pub(crate) fn overlaps(&self, table: u8, from: &[u8], to: Option<&[u8]>) -> bool {
        let first = self.pages.first().map(|p| (p.table, &p.key[..]));
        let begins = match to {
            Some(to) => first < Some((table, to)),
            None => first <= Some((table, from)),
        };
        begins && (self.last.0, &self.last.1[..]) >= (table, from)
    }

    fn page_of(&self, table: u8, key: &[u8]) -> usize {
        self.pages.partition_point(|p| (p.table, &p.key[..]) <= (table, key)).saturating_sub(1)
    }

    fn page(&self, i: usize) -> Result<Page<'_>, StoreError> {
        let PageAt { offset, len, .. } = self.pages[i];
        let bytes = Bytes::from(self.file.read(offset, len as usize)?);
        let page = Page { run: self, bytes, offset };
        let whole = page.bytes.len() >= PAGE_HEADER_BYTES + 4 * page.count()
            && xxh3_64_with_seed(&page.bytes[8..], self.seed ^ offset) == page.sum();
        if whole { Ok(page) } else { Err(page.damaged()) }
    }

    /// All rows from (`table`, `from`) on, over all tables.
    pub(crate) fn rows_from(self: &Arc<Run>, table: u8, from: &[u8]) -> RunRows {
        RunRows {
            run: self.clone(),
            from: Some((table, from.to_vec())),
            next_page: self.page_of(table, from),
            rows: Vec::new().into_iter(),
        }
    }
}

fn decode_index(mut bytes: &[u8]) -> Option<Vec<PageAt>> {
    let mut pages = Vec::new();
    while !bytes.is_empty() {
        let (fixed, rest) = bytes.split_at_checked(1 + 2 + 8 + 4)?;
        let key_len = usize::from(u16::from_le_bytes(fixed[1..3].try_into().ok()?));
        let (key, rest) = rest.split_at_checked(key_len)?;
        let offset = u64::from_le_bytes(fixed[3..11].try_into().ok()?);
        let len = u32::from_le_bytes(fixed[11..15].try_into().ok()?);
        pages.push(PageAt { table: fixed[0], key: key.into(), offset, len });
        bytes = rest;
    }
    Some(pages)
}

/// Appends a page's place to an index.
pub(crate) fn encode_index(out: &mut Vec<u8>, page: &PageAt) {
    out.push(page.table);
    out.extend_from_slice(&(page.key.len() as u16).to_le_bytes());
    out.extend_from_slice(&page.offset.to_le_bytes());
    out.extend_from_slice(&page.len.to_le_bytes());
    out.extend_from_slice(&page.key);
}

/// One page, read and checked.
struct Page<'a> {
    run: &'a Run,
    bytes: Bytes,
    offset: u64,
}

impl Page<'_> {
    fn short(&self, at: usize) -> usize {
        self.bytes.get(at..).and_then(|b| b.first_chunk()).map_or(0, |n| u32::from_le_bytes(*n) as usize)
    }

    fn sum(&self) -> u64 {
        self.bytes.first_chunk().map_or(0, |n| u64::from_le_bytes(*n))
    }

    fn count(&self) -> usize {
        self.short(8)
    }

    fn damaged(&self) -> StoreError {
        self.run
            .file
            .fault(format_args!("the page at byte {} is damaged: its checksum does not hold", self.offset))
    }

    /// Where row `i`'s key lies, its table before it.
    fn key(&self, i: usize) -> Option<(u8, &[u8])> {
        let at = self.short(PAGE_HEADER_BYTES + 4 * i);
        let fixed = self.bytes.get(at..at + ROW_BYTES)?;
        let key_len = usize::from(u16::from_le_bytes([fixed[2], fixed[3]]));
        Some((fixed[0], self.bytes.get(at + ROW_BYTES..at + ROW_BYTES + key_len)?))
    }

    fn find(&self, table: u8, key: &[u8]) -> Option<usize> {
        let (mut low, mut high) = (0, self.count());
        while low < high {
            let middle = usize::midpoint(low, high);
            match self.key(middle)?.cmp(&(table, key)) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => return Some(middle),
            }
        }
        None
    }

    fn row(&self, i: usize) -> Result<RunRow, StoreError> {
        self.decode(i).ok_or_else(|| self.damaged())
    }

    fn decode(&self, i: usize) -> Option<RunRow> {
        let at = self.short(PAGE_HEADER_BYTES + 4 * i);
        let (table, key) = self.key(i)?;
        let version = u64::from_le_bytes(*self.bytes.get(at + 4..)?.first_chunk()?);
        let after = self.bytes.get(at + ROW_BYTES + key.len()..)?;
        let number = |at: usize| Some(u32::from_le_bytes(*after.get(at..)?.first_chunk()?));
        let value = match self.bytes[at + 1] {
            KIND_REMOVED => Value::Removed,
            // Copied: a short value must not keep its whole page alive.
            KIND_HERE => Value::Here(Bytes::copy_from_slice(after.get(4..4 + number(0)? as usize)?)),
            KIND_THERE => Value::There(Place {
                offset: u64::from_le_bytes(*after.first_chunk()?),
                stored: number(8)?,
                unpacked: number(12)?,
                sum: number(16)?,
            }),
            _ => return None,
        };
        Some(RunRow { table, key: Bytes::copy_from_slice(key), slot: Slot { version, value } })
    }
}

/// Reads a run in order.
pub(crate) struct RunRows {
    run: Arc<Run>,
    from: Option<(u8, Vec<u8>)>,
    next_page: usize,
    rows: std::vec::IntoIter<RunRow>,
}

impl RunRows {
    fn fill(&mut self) -> Result<(), StoreError> {
        let page = self.run.page(self.next_page)?;
        self.next_page += 1;
        let first = match self.from.take() {
            Some((table, from)) => (0..page.count())
                .position(|i| page.key(i).is_none_or(|key| key >= (table, &from)))
                .unwrap_or(page.count()),
            None => 0,
        };
        self.rows = (first..page.count()).map(|i| page.row(i)).collect::<Result<Vec<_>, _>>()?.into_iter();
        Ok(())
    }
}

impl Iterator for RunRows {
    type Item = Result<RunRow, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(row) = self.rows.next() {
                return Some(Ok(row));
            }
            if self.next_page >= self.run.pages.len() {
                return None;
            }
            if let Err(error) = self.fill() {
                self.next_page = usize::MAX;
                return Some(Err(error));
            }
        }
    }
}

/// The table's number in files.
pub(crate) fn table_byte(table: Table) -> u8 {
    table.index() as u8
}
