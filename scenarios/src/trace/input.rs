//! The bytes of a trace on their way to the CSV reader: hashed if asked, counted for progress, and never so many without the
//! end of a row that a quote left open could fill the memory. Called by the check and by the reader.

use sha2::{Digest, Sha256};
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes read at a time: a few hundred rows.
const BUFFER_BYTES: usize = 64 * 1024;
/// Longest row, bytes: a hundred times what any column can hold.
const ROW_BYTES_MAX: u64 = 64 * 1024;
/// Bytes between two calls that tell of progress: a few milliseconds of reading.
const PROGRESS_BYTES: u64 = 1024 * 1024;

/// Told how many bytes of how many were read.
pub(crate) type Progress<'p> = &'p (dyn Fn(u64, u64) + Sync);

/// Bytes that were read since the last row ended.
#[derive(Debug, Clone, Default)]
pub(crate) struct SinceRow(Arc<AtomicU64>);

impl SinceRow {
    /// A row has ended.
    pub(crate) fn reset(&self) {
        self.0.store(0, Ordering::Relaxed);
    }
}

/// The input.
pub(crate) struct Input<'p, R> {
    inner: R,
    since: SinceRow,
    hash: Option<Sha256>,
    progress: Option<(Progress<'p>, u64)>,
    read: u64,
    told: u64,
}

impl<'p, R: Read> Input<'p, R> {
    /// A plain input.
    pub(crate) fn new(inner: R) -> Self {
        Input { inner, since: SinceRow::default(), hash: None, progress: None, read: 0, told: 0 }
    }

    /// Hashes what is read, and tells of progress out of `total` bytes.
    pub(crate) fn watched(self, progress: Option<Progress<'p>>, total: u64) -> Self {
        Input { hash: Some(Sha256::new()), progress: progress.map(|p| (p, total)), ..self }
    }

    /// The count that whoever takes the rows resets.
    pub(crate) fn since_row(&self) -> SinceRow {
        self.since.clone()
    }

    /// The hash of all that was read.
    pub(crate) fn digest(self) -> [u8; 32] {
        self.hash.map_or([0; 32], |h| h.finalize().into())
    }

    /// A reader of rows over it; the header is a row like others.
    pub(crate) fn rows(self) -> csv::Reader<Self> {
        csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .buffer_capacity(BUFFER_BYTES)
            .from_reader(self)
    }
}

impl<R: Read> Read for Input<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // The buffer may hold the rest of the row before.
        if self.since.0.load(Ordering::Relaxed) > ROW_BYTES_MAX + BUFFER_BYTES as u64 {
            return Err(io::Error::other("a row is longer than 64 KiB: is a quote left open?"));
        }
        let count = self.inner.read(buffer)?;
        self.since.0.fetch_add(count as u64, Ordering::Relaxed);
        self.read += count as u64;
        if let Some(hash) = &mut self.hash {
            hash.update(&buffer[..count]);
        }
        if let Some((tell, total)) = self.progress
            && (count == 0 || self.read - self.told >= PROGRESS_BYTES)
        {
            self.told = self.read;
            tell(self.read, total.max(self.read));
        }
        Ok(count)
    }
}
