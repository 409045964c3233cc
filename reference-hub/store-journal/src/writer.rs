//! Writes a run: rows in ascending order in, a finished and durable file out.
//!
//! Called by loads, restores, flushes and merges. Holds one page and eight bytes a row. An unfinished file is named by no
//! manifest and goes at the next start.

use crate::file::{Place, value_sum};
use crate::filter::{Filter, key_hash};
use crate::run::{
    KIND_HERE, KIND_REMOVED, KIND_THERE, MAGIC, PAGE_HEADER_BYTES, PageAt, ROW_BYTES, Run, encode_index,
};
use hub_store::StoreError;
use hub_store::mark::sync_folder;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// A page is written when it has grown to this: one page of the system's cache, one read of a disk.
const PAGE_BYTES: usize = 4_096;
/// Values up to this size lie beside their keys: a second read would cost more than the longer page.
const HERE_BYTES: usize = 512;
/// Values from this size on are packed: documents halve or better, and shorter ones hardly shrink.
const PACK_FROM_BYTES: usize = 1_024;
/// Written in pieces of this size.
const BUFFER_BYTES: usize = 256 * 1_024;
/// Synced in pieces of this size, so that a commit's own sync never waits behind more.
const SYNC_BYTES: u64 = 8 * 1_024 * 1_024;

/// A value on its way into a run.
pub(crate) enum NewValue<'a> {
    /// The row is removed in this layer.
    Removed,
    /// As the transaction gave it.
    Plain(&'a [u8]),
    /// As it was stored before: bytes, and their length once unpacked (0: not packed).
    Stored(&'a [u8], u32),
}

/// A run being written.
pub(crate) struct RunWriter<'a> {
    path: PathBuf,
    file: File,
    id: u64,
    seed: u64,
    /// Called after each piece that was synced; ends the writing by an error.
    between: &'a dyn Fn() -> Result<(), StoreError>,
    buffer: Vec<u8>,
    written: u64,
    synced: u64,
    page: Vec<u8>,
    places: Vec<u32>,
    first: (u8, Vec<u8>),
    last: (u8, Vec<u8>),
    index: Vec<u8>,
    hashes: Vec<u64>,
}

impl<'a> RunWriter<'a> {
    /// Begins a run in `path`.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be made.
    pub(crate) fn create(
        path: &Path,
        id: u64,
        seed: u64,
        between: &'a dyn Fn() -> Result<(), StoreError>,
    ) -> Result<RunWriter<'a>, StoreError> {
        let file = File::options().create_new(true).write(true).open(path);
        let file = file.map_err(|e| StoreError::io(path.display(), "cannot make", &e))?;
        Ok(RunWriter {
            path: path.to_path_buf(),
            file,
            id,
            seed,
            between,
            buffer: Vec::with_capacity(2 * BUFFER_BYTES),
            written: 0,
            synced: 0,
            page: Vec::new(),
            places: Vec::new(),
            first: (0, Vec::new()),
            last: (0, Vec::new()),
            index: Vec::new(),
            hashes: Vec::new(),
        })
    }

    fn failed(&self, error: &std::io::Error) -> StoreError {
        StoreError::io(self.path.display(), "cannot write", error)
    }

    /// Adds a row; (`table`, `key`) must come after the last one.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be written, or `between` ends it.
    pub(crate) fn put(
        &mut self,
        table: u8,
        key: &[u8],
        version: u64,
        value: &NewValue<'_>,
    ) -> Result<(), StoreError> {
        let packed;
        let (stored, unpacked) = match *value {
            NewValue::Removed => (&[][..], 0),
            NewValue::Stored(bytes, unpacked) => (bytes, unpacked),
            NewValue::Plain(bytes) if bytes.len() < PACK_FROM_BYTES => (bytes, 0),
            NewValue::Plain(bytes) => {
                packed = lz4_flex::block::compress(bytes);
                match u32::try_from(bytes.len()) {
                    Ok(len) if packed.len() < bytes.len() => (&packed[..], len),
                    _ => (bytes, 0),
                }
            }
        };
        let len = u32::try_from(stored.len());
        let len = len.map_err(|_| StoreError("a value is too large, allowed: under 4 GB".to_owned()))?;
        let here = unpacked == 0 && stored.len() <= HERE_BYTES;
        let kind = match value {
            NewValue::Removed => KIND_REMOVED,
            _ if here => KIND_HERE,
            _ => KIND_THERE,
        };
        if self.places.is_empty() {
            self.first = (table, key.to_vec());
        }
        self.places.push(self.page.len() as u32);
        self.page.extend_from_slice(&[table, kind]);
        self.page.extend_from_slice(&(key.len() as u16).to_le_bytes());
        self.page.extend_from_slice(&version.to_le_bytes());
        debug_assert_eq!(self.page.len() - self.places.last().map_or(0, |p| *p as usize), ROW_BYTES);
        self.page.extend_from_slice(key);
        match kind {
            KIND_REMOVED => {}
            KIND_HERE => {
                self.page.extend_from_slice(&len.to_le_bytes());
                self.page.extend_from_slice(stored);
            }
            _ => {
                let place = Place { offset: self.position(), stored: len, unpacked, sum: value_sum(stored) };
                self.page.extend_from_slice(&place.offset.to_le_bytes());
                self.page.extend_from_slice(&place.stored.to_le_bytes());
                self.page.extend_from_slice(&place.unpacked.to_le_bytes());
                self.page.extend_from_slice(&place.sum.to_le_bytes());
                self.buffer.extend_from_slice(stored);
            }
        }
        self.last.0 = table;
        self.last.1.clear();
        self.last.1.extend_from_slice(key);
        self.hashes.push(key_hash(table, key));
        if self.page.len() + 4 * self.places.len() >= PAGE_BYTES {
            self.end_page();
        }
        if self.buffer.len() >= BUFFER_BYTES { self.drain() } else { Ok(()) }
    }

    fn position(&self) -> u64 {
        self.written + self.buffer.len() as u64
    }

    fn end_page(&mut self) {
        let (offset, rows_at) = (self.position(), PAGE_HEADER_BYTES + 4 * self.places.len());
        let mut body = Vec::with_capacity(rows_at + self.page.len());
        body.extend_from_slice(&(self.places.len() as u32).to_le_bytes());
        for place in self.places.drain(..) {
            body.extend_from_slice(&(place + rows_at as u32).to_le_bytes());
        }
        body.append(&mut self.page);
        self.buffer.extend_from_slice(&xxh3_64_with_seed(&body, self.seed ^ offset).to_le_bytes());
        self.buffer.extend_from_slice(&body);
        let (table, key) = std::mem::take(&mut self.first);
        let page = PageAt { table, key: key.into(), offset, len: 8 + body.len() as u32 };
        encode_index(&mut self.index, &page);
    }

    fn drain(&mut self) -> Result<(), StoreError> {
        self.file.write_all(&self.buffer).map_err(|e| self.failed(&e))?;
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        if self.written - self.synced >= SYNC_BYTES {
            self.file.sync_data().map_err(|e| self.failed(&e))?;
            self.synced = self.written;
            (self.between)()?;
        }
        Ok(())
    }

    /// Ends the file, makes it durable and opens it; `None` (and no file) when it got no rows.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be written or read again.
    pub(crate) fn finish(mut self, level: u8) -> Result<Option<Run>, StoreError> {
        if self.hashes.is_empty() {
            let removed = std::fs::remove_file(&self.path);
            return removed.map(|()| None).map_err(|e| self.failed(&e));
        }
        if !self.places.is_empty() {
            self.end_page();
        }
        let (table, key) = (self.last.0, std::mem::take(&mut self.last.1).into());
        encode_index(&mut self.index, &PageAt { table, key, offset: 0, len: 0 });
        let filter = Filter::with_room_for(self.hashes.len() as u64);
        self.hashes.iter().for_each(|hash| filter.add(*hash));
        let index_at = self.position();
        let mut end = std::mem::take(&mut self.index);
        let index_len = end.len() as u64;
        let filter = filter.encode();
        end.extend_from_slice(&filter);
        end.extend_from_slice(MAGIC);
        for number in [self.id, index_at, index_len, filter.len() as u64] {
            end.extend_from_slice(&number.to_le_bytes());
        }
        end.extend_from_slice(&xxh3_64_with_seed(&end, self.seed).to_le_bytes());
        self.buffer.extend_from_slice(&end);
        self.drain()?;
        let synced =
            self.file.sync_all().and_then(|()| sync_folder(self.path.parent().unwrap_or(Path::new("."))));
        synced.map_err(|e| self.failed(&e))?;
        Run::open(&self.path, self.id, level, self.seed).map(Some)
    }
}
