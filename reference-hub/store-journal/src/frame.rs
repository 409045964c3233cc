//! A frame: what one batch writes, as it lies in the log.
//!
//! Called when a batch is committed and when a log is read again. Header, keys and values have checksums of their own, so
//! that a frame whose end was torn off still shows that it was begun. The checksums are salted for each file: a copy of a
//! frame inside a value, or one of another file, is none.

use crate::file::value_sum;
use crate::mem::MemSlot;
use hub_store::stage::RowWrite;
use hub_store::{StoreError, TABLES};
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// First bytes of a frame; another layout gets others.
pub(crate) const MAGIC: &[u8; 8] = b"SBFRAME1";
/// Magic, number, first and last sequence number, rows, bytes of keys, bytes of values, two checksums.
pub(crate) const HEADER_BYTES: usize = 8 + 3 * 8 + 2 * 4 + 8 + 2 * 8;
/// Table, kind, key length, version, value length, checksum of the value.
const ROW_BYTES: usize = 1 + 1 + 2 + 8 + 4 + 4;
const REMOVED: u8 = 0;
const PUT: u8 = 1;

/// What the header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    /// Dense over the whole log.
    pub(crate) number: u64,
    pub(crate) first_seq: u64,
    pub(crate) last_seq: u64,
    rows: u32,
    keys_len: u32,
    values_len: u64,
    keys_sum: u64,
}

/// A row of a frame; the slot's offset counts from the start of the file.
pub(crate) struct FrameRow<'a> {
    pub(crate) table: usize,
    pub(crate) key: &'a [u8],
    pub(crate) slot: MemSlot,
}

/// Number and sequence numbers of a frame to be written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Numbers {
    pub(crate) frame: u64,
    pub(crate) first_seq: u64,
    pub(crate) last_seq: u64,
}

/// Writes the frame of `rows` into `out`, which will lie at `offset` of the file salted with `seed`; a slot for each row.
///
/// # Errors
/// [`StoreError`] when the batch has a value or keys of 4 GB or more.
pub(crate) fn encode(
    out: &mut Vec<u8>,
    rows: &[RowWrite],
    numbers: Numbers,
    (offset, seed): (u64, u64),
) -> Result<Vec<MemSlot>, StoreError> {
    let too_large = |_| StoreError("a batch is too large, allowed: values and keys under 4 GB".to_owned());
    let keys_len: usize = rows.iter().map(|r| ROW_BYTES + r.key.len()).sum();
    let values_len: usize = rows.iter().map(|r| r.value.as_ref().map_or(0, |v| v.len())).sum();
    let values_at = HEADER_BYTES + keys_len;
    out.clear();
    out.reserve(values_at + values_len);
    out.resize(HEADER_BYTES, 0);
    let mut slots = Vec::with_capacity(rows.len());
    let mut value_at = offset + values_at as u64;
    for row in rows {
        let (kind, value) = row.value.as_ref().map_or((REMOVED, &[][..]), |value| (PUT, &value[..]));
        let len = u32::try_from(value.len()).map_err(too_large)?;
        let key_len = u16::try_from(row.key.len()).map_err(too_large)?;
        let sum = value_sum(value);
        out.extend_from_slice(&[row.table.index() as u8, kind]);
        out.extend_from_slice(&key_len.to_le_bytes());
        out.extend_from_slice(&row.version.to_le_bytes());
        out.extend_from_slice(&len.to_le_bytes());
        out.extend_from_slice(&sum.to_le_bytes());
        out.extend_from_slice(&row.key);
        slots.push(MemSlot { version: row.version, offset: value_at, len, sum, removed: kind == REMOVED });
        value_at += u64::from(len);
    }
    for value in rows.iter().filter_map(|row| row.value.as_ref()) {
        out.extend_from_slice(value);
    }
    let keys_sum = xxh3_64_with_seed(&out[HEADER_BYTES..values_at], seed);
    let mut header = Vec::with_capacity(HEADER_BYTES);
    header.extend_from_slice(MAGIC);
    for number in [numbers.frame, numbers.first_seq, numbers.last_seq] {
        header.extend_from_slice(&number.to_le_bytes());
    }
    header.extend_from_slice(&u32::try_from(rows.len()).map_err(too_large)?.to_le_bytes());
    header.extend_from_slice(&u32::try_from(keys_len).map_err(too_large)?.to_le_bytes());
    header.extend_from_slice(&(values_len as u64).to_le_bytes());
    header.extend_from_slice(&keys_sum.to_le_bytes());
    header.extend_from_slice(&xxh3_64_with_seed(&header, seed).to_le_bytes());
    out[..HEADER_BYTES].copy_from_slice(&header);
    Ok(slots)
}

/// The header at the start of `bytes`, when there is one and its checksum holds.
pub(crate) fn header(bytes: &[u8], seed: u64) -> Option<Header> {
    let bytes = bytes.get(..HEADER_BYTES)?;
    let number = |at: usize| Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?));
    let short = |at: usize| Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    if &bytes[..8] != MAGIC || number(56)? != xxh3_64_with_seed(&bytes[..56], seed) {
        return None;
    }
    Some(Header {
        number: number(8)?,
        first_seq: number(16)?,
        last_seq: number(24)?,
        rows: short(32)?,
        keys_len: short(36)?,
        values_len: number(40)?,
        keys_sum: number(48)?,
    })
}

impl Header {
    /// The frame's length in bytes.
    pub(crate) fn frame_len(&self) -> Option<usize> {
        HEADER_BYTES.checked_add(self.keys_len as usize)?.checked_add(usize::try_from(self.values_len).ok()?)
    }

    /// The rows of the frame that begins at `offset` of the whole file `bytes`; `None` when any part of it is damaged.
    pub(crate) fn rows<'a>(&self, bytes: &'a [u8], offset: usize, seed: u64) -> Option<Vec<FrameRow<'a>>> {
        let frame = bytes.get(offset..offset.checked_add(self.frame_len()?)?)?;
        let (keys, values) = frame[HEADER_BYTES..].split_at_checked(self.keys_len as usize)?;
        if xxh3_64_with_seed(keys, seed) != self.keys_sum {
            return None;
        }
        let mut value_at = 0_usize;
        let mut rest = keys;
        let mut rows = Vec::with_capacity(self.rows as usize);
        for _ in 0..self.rows {
            let (fixed, after) = rest.split_at_checked(ROW_BYTES)?;
            let key_len = usize::from(u16::from_le_bytes(fixed[2..4].try_into().ok()?));
            let (key, after) = after.split_at_checked(key_len)?;
            let len = u32::from_le_bytes(fixed[12..16].try_into().ok()?);
            let sum = u32::from_le_bytes(fixed[16..20].try_into().ok()?);
            let value = values.get(value_at..value_at.checked_add(len as usize)?)?;
            let table = usize::from(fixed[0]);
            if table >= TABLES.len() || fixed[1] > PUT || value_sum(value) != sum {
                return None;
            }
            let slot = MemSlot {
                version: u64::from_le_bytes(fixed[4..12].try_into().ok()?),
                offset: (offset + HEADER_BYTES + keys.len() + value_at) as u64,
                len,
                sum,
                removed: fixed[1] == REMOVED,
            };
            rows.push(FrameRow { table, key, slot });
            value_at += len as usize;
            rest = after;
        }
        (rest.is_empty() && value_at == values.len()).then_some(rows)
    }
}
