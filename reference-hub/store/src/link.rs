//! One link of the hash chain: what a batch committed, and the hash that ties it to everything before it.
//!
//! Made by [`crate::stage`], read by [`crate::recover`] and [`crate::verify`]. The link repeats no audit text: it keeps
//! per transaction a digest of the writes and a short check of the audit event, so that a damaged event can be named.

use crate::{Head, Idempotency, Txn};
use sha2::{Digest, Sha256};

/// First byte of an encoded link; another layout gets another number.
const LINK_FORMAT: u8 = 1;
/// Format, first, last, previous hash, hash.
const HEADER_BYTES: usize = 1 + 8 + 8 + 32 + 32;
/// Enough to name one event among millions by accident; the 32-byte chain hash is what resists intent.
const AUDIT_CHECK_BYTES: usize = 8;
const ENTRY_BYTES: usize = 32 + AUDIT_CHECK_BYTES;

/// What the link keeps of one transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// SHA-256 over the transaction's puts, deletes and idempotency row.
    pub writes: [u8; 32],
    /// First bytes of the SHA-256 of the audit event.
    pub audit_check: [u8; AUDIT_CHECK_BYTES],
}

/// One batch in the chain, stored in [`crate::Table::Chain`] under its last sequence number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// First sequence number of the batch.
    pub first_seq: u64,
    /// Last sequence number of the batch.
    pub last_seq: u64,
    /// The chain's hash before the batch.
    pub prev_hash: [u8; 32],
    /// The chain's hash after the batch.
    pub hash: [u8; 32],
    /// One for each sequence number, in order.
    pub entries: Vec<Entry>,
}

/// The short check of an audit event that names it when it is damaged.
pub fn audit_check(audit: &[u8]) -> [u8; AUDIT_CHECK_BYTES] {
    let full: [u8; 32] = Sha256::digest(audit).into();
    let mut short = [0; AUDIT_CHECK_BYTES];
    short.copy_from_slice(&full[..AUDIT_CHECK_BYTES]);
    short
}

/// The chain hash after `events` (sequence number, audit event, digest of the writes), starting from `prev_hash`.
pub fn chain_hash<'a>(
    prev_hash: &[u8; 32],
    events: impl Iterator<Item = (u64, &'a [u8], &'a [u8; 32])>,
) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(prev_hash);
    for (seq, audit, writes) in events {
        hash.update(seq.to_be_bytes());
        hash.update((audit.len() as u64).to_be_bytes());
        hash.update(audit);
        hash.update(writes);
    }
    hash.finalize().into()
}

/// SHA-256 over everything `txn` writes besides its audit event.
pub(crate) fn writes_digest(txn: &Txn) -> [u8; 32] {
    let mut hash = Sha256::new();
    let mut part = |kind: u8, table: &str, key: &[u8], value: &[u8]| {
        hash.update([kind]);
        for bytes in [table.as_bytes(), key, value] {
            hash.update((bytes.len() as u64).to_be_bytes());
            hash.update(bytes);
        }
    };
    for del in &txn.dels {
        part(0, del.table.name(), &del.key, &[]);
    }
    for put in &txn.puts {
        part(1, put.table.name(), &put.key, &put.value);
    }
    if let Some(Idempotency { key, answer }) = &txn.idempotency {
        part(2, crate::Table::Idempotency.name(), key, answer);
    }
    hash.finalize().into()
}

impl Link {
    /// Where the chain stands after this link.
    pub fn head(&self) -> Head {
        Head { seq: self.last_seq, hash: self.hash }
    }

    /// The link as bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(HEADER_BYTES + ENTRY_BYTES * self.entries.len());
        out.push(LINK_FORMAT);
        out.extend_from_slice(&self.first_seq.to_be_bytes());
        out.extend_from_slice(&self.last_seq.to_be_bytes());
        out.extend_from_slice(&self.prev_hash);
        out.extend_from_slice(&self.hash);
        for entry in &self.entries {
            out.extend_from_slice(&entry.writes);
            out.extend_from_slice(&entry.audit_check);
        }
        out
    }

    /// The inverse of [`Link::encode`]; `None` when the bytes are no link.
    pub fn decode(bytes: &[u8]) -> Option<Link> {
        let (header, entries) = bytes.split_at_checked(HEADER_BYTES)?;
        let number = |at: usize| Some(u64::from_be_bytes(header.get(at..at + 8)?.try_into().ok()?));
        let hash = |at: usize| -> Option<[u8; 32]> { header.get(at..at + 32)?.try_into().ok() };
        let (first_seq, last_seq) = (number(1)?, number(9)?);
        let count = last_seq.checked_sub(first_seq)?.checked_add(1)?;
        let whole = usize::try_from(count).ok()?.checked_mul(ENTRY_BYTES)? == entries.len();
        if header[0] != LINK_FORMAT || first_seq == 0 || !whole {
            return None;
        }
        let entries = entries
            .chunks_exact(ENTRY_BYTES)
            .map(|e| Some(Entry { writes: e[..32].try_into().ok()?, audit_check: e[32..].try_into().ok()? }))
            .collect::<Option<Vec<_>>>()?;
        Some(Link { first_seq, last_seq, prev_hash: hash(17)?, hash: hash(49)?, entries })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link() -> Link {
        let entry = |n| Entry { writes: [n; 32], audit_check: [n; AUDIT_CHECK_BYTES] };
        Link {
            first_seq: 4,
            last_seq: 6,
            prev_hash: [8; 32],
            hash: [9; 32],
            entries: vec![entry(1), entry(2), entry(3)],
        }
    }

    #[test]
    fn a_link_survives_its_encoding_and_nothing_shorter_or_longer_is_a_link() {
        let bytes = link().encode();
        assert_eq!(Link::decode(&bytes), Some(link()));
        for cut in 0..bytes.len() {
            assert_eq!(Link::decode(&bytes[..cut]), None, "{cut} bytes");
        }
        assert_eq!(Link::decode(&[&bytes[..], &[0]].concat()), None);
    }

    #[test]
    fn the_chain_hash_depends_on_order_and_on_every_part() {
        let (a, b) = ([1; 32], [2; 32]);
        let of = |events: &[(u64, &[u8], &[u8; 32])]| chain_hash(&[0; 32], events.iter().copied());
        let base = of(&[(1, b"x", &a), (2, b"y", &b)]);
        assert_ne!(base, of(&[(2, b"y", &b), (1, b"x", &a)]));
        assert_ne!(base, of(&[(1, b"x", &a), (2, b"z", &b)]));
        assert_ne!(base, of(&[(1, b"x", &a), (2, b"y", &a)]));
        assert_ne!(base, of(&[(1, b"x", &a), (3, b"y", &b)]));
    }
}
