//! How a row's version and the log's keys look as bytes, the same in every engine.
//!
//! Called by the engines and by the log's readers. Must never change without a new format version in the data folder.

use crate::{StoreError, Versioned};
use bytes::Bytes;

/// Bytes before every stored value: its version, big endian.
pub const VERSION_BYTES: usize = 8;

/// Longest key an engine takes, in bytes: the key length is two bytes on disk.
pub const KEY_BYTES_MAX: usize = u16::MAX as usize;

/// `value` behind its version, as it lies on disk.
pub fn encode_versioned(version: u64, value: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(VERSION_BYTES + value.len());
    out.extend_from_slice(&version.to_be_bytes());
    out.extend_from_slice(value);
    out
}

/// The inverse of [`encode_versioned`]; the value shares `stored`'s memory.
///
/// # Errors
/// [`StoreError`] when `stored` is too short to carry a version.
pub fn decode_versioned(stored: Bytes) -> Result<Versioned, StoreError> {
    let Some((version, _)) = stored.split_first_chunk::<VERSION_BYTES>() else {
        return Err(StoreError(format!(
            "a stored row has {} bytes, allowed: at least {VERSION_BYTES} (its version)",
            stored.len()
        )));
    };
    Ok(Versioned { version: u64::from_be_bytes(*version), value: stored.slice(VERSION_BYTES..) })
}

/// The key of sequence number `seq` in [`crate::Table::Audit`] and [`crate::Table::Chain`]: sorts as the number does.
pub fn seq_key(seq: u64) -> [u8; 8] {
    seq.to_be_bytes()
}

/// The inverse of [`seq_key`].
pub fn seq_of_key(key: &[u8]) -> Option<u64> {
    Some(u64::from_be_bytes(key.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_comes_back_with_its_version() {
        let stored = Bytes::from(encode_versioned(7, b"abc"));
        let back = decode_versioned(stored).unwrap();
        assert_eq!((back.version, &back.value[..]), (7, &b"abc"[..]));
        assert!(decode_versioned(Bytes::from_static(b"short")).is_err());
    }

    #[test]
    fn sequence_keys_sort_as_numbers() {
        assert!(seq_key(255) < seq_key(256));
        assert_eq!(seq_of_key(&seq_key(1 << 40)), Some(1 << 40));
        assert_eq!(seq_of_key(b"123"), None);
    }
}
