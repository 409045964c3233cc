//! The list of blobs that no row names any more: rows of Timers that never come due. A transaction that removes the last
//! row that names a blob puts the blob's id here; the housekeeping thread then removes the file, and after it the row.
//!
//! Called by interfaces (to add) and by `server::blob_sweep` (to work it off). A crash in between loses nothing: the list
//! is durable with the transaction, and removing a file twice is harmless.

use bytes::Bytes;
use hub_store::{Delete, Put, Table};

/// Prefix of the list's keys: a due time of `u64::MAX` milliseconds, so that no scan of what is due comes here.
const PREFIX: &[u8] = b"\xff\xff\xff\xff\xff\xff\xff\xff|blob|";

/// The key after the list's last one.
const END: &[u8] = b"\xff\xff\xff\xff\xff\xff\xff\xff|blob}";

/// The row that lists the blob `id`.
pub fn put(id: &str) -> Put {
    Put { table: Table::Timers, key: key(id), value: Bytes::new() }
}

/// What takes the blob `id` off the list.
pub fn del(id: &str) -> Delete {
    Delete { table: Table::Timers, key: key(id) }
}

/// First key of the list, and the first one behind it.
pub fn range() -> (&'static [u8], &'static [u8]) {
    (PREFIX, END)
}

/// The blob id in a key of the list.
pub fn id(key: &[u8]) -> Option<&str> {
    std::str::from_utf8(key.strip_prefix(PREFIX)?).ok()
}

fn key(id: &str) -> Bytes {
    [PREFIX, id.as_bytes()].concat().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listed_blob_is_found_inside_the_range_and_read_back() {
        let row = put("0af3-1");
        let (from, to) = range();
        assert!(row.key.as_ref() > from && row.key.as_ref() < to);
        assert_eq!(id(&row.key), Some("0af3-1"));
        assert_eq!(del("0af3-1").key, row.key);
        assert_eq!(id(b"something else"), None);
    }
}
