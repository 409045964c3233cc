//! The log: segments of frames, named by number. Reads them again when the folder is opened.
//!
//! Called by [`crate::open`]; never writes. Frame numbers are dense over all segments, and a frame is written only when the
//! one before it is durable: so a frame beyond a damaged one proves that the damaged one was acknowledged.

use crate::file::DataFile;
use crate::frame::{Header, MAGIC, header};
use crate::mem::Mem;
use hub_store::recover::Refusal;
use memchr::memmem;
use std::sync::Arc;

/// Where the log stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LogEnd {
    /// Number of the next frame.
    pub(crate) frame: u64,
    /// Sequence number of the last transaction.
    pub(crate) seq: u64,
}

/// The salt of a file's checksums.
pub(crate) fn seed(salt: u64, id: u64) -> u64 {
    salt ^ id.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// A segment read again.
pub(crate) struct Replayed {
    pub(crate) mem: Arc<Mem>,
    /// Bytes up to the end of the last whole frame.
    pub(crate) used: u64,
}

/// Reads the segments, oldest first, from the log's `start` on.
///
/// # Errors
/// [`Refusal`] when frames are missing between others, naming their sequence numbers, or a file cannot be read.
pub(crate) fn replay(
    segments: &[Arc<DataFile>],
    salt: u64,
    start: LogEnd,
) -> Result<(Vec<Replayed>, LogEnd), Refusal> {
    let mut end = start;
    let mut replayed = Vec::new();
    // Where the log stopped, and the place in words: a frame of any later number beyond it is proof of a loss.
    let mut stopped: Option<String> = None;
    for file in segments {
        let bytes = std::fs::read(&file.path).map_err(|e| Refusal::because(file.fault(e).0))?;
        let seed = seed(salt, file.id);
        let mem = Mem::new(file.clone(), end.frame, bytes.len() as u64);
        let mut at = 0;
        if let Some(place) = &stopped
            && header(&bytes, seed).is_none_or(|h| h.number != end.frame)
        {
            beyond(&bytes, seed, end, place)?;
            replayed.push(Replayed { mem: Arc::new(mem), used: 0 });
            continue;
        }
        while let Some((header, len)) = next_frame(&bytes, at, seed, end, &mem) {
            at += len;
            end = LogEnd { frame: header.number + 1, seq: header.last_seq };
        }
        let place = format!("{}: byte {at}", file.path.display());
        beyond(&bytes[at..], seed, end, &place)?;
        stopped = Some(place);
        replayed.push(Replayed { mem: Arc::new(mem), used: at as u64 });
    }
    Ok((replayed, end))
}

/// Takes the frame at `at` into `mem` when it is whole and the next one; returns its header and length.
fn next_frame(bytes: &[u8], at: usize, seed: u64, end: LogEnd, mem: &Mem) -> Option<(Header, usize)> {
    let header = header(&bytes[at..], seed)?;
    if header.number != end.frame || header.first_seq != end.seq + 1 || header.last_seq < header.first_seq {
        return None;
    }
    let rows = header.rows(bytes, at, seed)?;
    for of_table in rows.chunk_by(|a, b| a.table == b.table) {
        mem.apply(of_table[0].table, of_table.iter().map(|row| (row.key, row.slot)));
    }
    Some((header, header.frame_len()?))
}

/// Refuses when a frame of a later number was begun anywhere in `bytes`.
fn beyond(bytes: &[u8], seed: u64, end: LogEnd, place: &str) -> Result<(), Refusal> {
    for at in memmem::find_iter(bytes, MAGIC) {
        // The frame that must come next may lie torn where the log stops; anywhere else it too proves a loss.
        match header(&bytes[at..], seed) {
            Some(found) if found.number > end.frame || (found.number == end.frame && at > 0) => {
                let lost = end.seq + 1..=found.first_seq.saturating_sub(1).max(end.seq + 1);
                let what =
                    format!("{place}: damaged, and later frames lie beyond: acknowledged writes are lost");
                return Err(Refusal::because(what).missing(lost));
            }
            _ => {}
        }
    }
    Ok(())
}
