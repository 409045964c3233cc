//! Rows of `Table::Timers`: what time itself brings about, found by when it is due and whose it is.
//!
//! Called by interfaces whose rows come due (`eps`, `transfer`, `nems`). Keys and scans only: what comes due is the
//! interface's business. A kind ends in a bar, so that no kind is the beginning of another.

use bytes::Bytes;
use hub_store::{Put, Table, View};

/// Timers looked at, and so found, in one call. 256: some milliseconds of work, and housekeeping calls again while any is
/// due.
const TIMERS_MAX: usize = 256;

/// Bytes of the due time that every key begins with.
const TIME_BYTES: usize = 8;

/// Key of the timer of `kind` (such as `|transfer|`) for `id`, due at `due_ms` since the Unix epoch.
pub fn key(due_ms: u64, kind: &str, id: &str) -> Bytes {
    [&due_ms.to_be_bytes()[..], kind.as_bytes(), id.as_bytes()].concat().into()
}

/// The row that sets a timer.
pub fn put(due_ms: u64, kind: &str, id: &str) -> Put {
    Put { table: Table::Timers, key: key(due_ms, kind, id), value: Bytes::new() }
}

/// The id in a timer's key; `None` when the timer is of another kind.
pub fn id<'k>(key: &'k [u8], kind: &str) -> Option<&'k str> {
    std::str::from_utf8(key.get(TIME_BYTES..)?.strip_prefix(kind.as_bytes())?).ok()
}

/// Keys of timers of these kinds that are due at `now_ms`, the earliest first: some of them, and none only when there is
/// none. Should the store not read, none: the next round does.
pub fn due(view: &dyn View, now_ms: u64, kinds: &[&str]) -> Vec<Bytes> {
    let mut from = Vec::new();
    let to = now_ms.saturating_add(1).to_be_bytes();
    while let Ok(rows) = view.scan(Table::Timers, &from, &to, TIMERS_MAX) {
        let is_last = rows.len() < TIMERS_MAX;
        if let Some(last) = rows.last() {
            from = [&last.key[..], &[0]].concat();
        }
        let keys = rows.into_iter().map(|row| row.key);
        let found: Vec<Bytes> = keys.filter(|key| kinds.iter().any(|kind| id(key, kind).is_some())).collect();
        // Rows of other kinds may stand before ours; they go away by their own housekeeping.
        if is_last || !found.is_empty() {
            return found;
        }
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;
    use hub_store::Store;
    use hub_store::memory::MemoryStore;

    #[test]
    fn a_timers_key_tells_its_id_and_others_are_passed_over() {
        assert_eq!(id(&key(7, "|transfer|", "A-1"), "|transfer|"), Some("A-1"));
        assert_eq!(id(b"12345678|mesh|A-1", "|transfer|"), None);
        assert_eq!(id(b"123", "|transfer|"), None);
    }

    #[test]
    fn what_is_due_is_found_behind_any_number_of_other_timers() {
        let store = MemoryStore::new();
        let others = (0..600).map(|n| key(n, "|other|", "x"));
        let ours = [key(599, "|ours|", "a"), key(700, "|ours|", "b"), key(701, "|ours|", "c")];
        let mut rows: Vec<_> = others.chain(ours).map(|key| (key.to_vec(), Vec::new())).collect();
        rows.sort_unstable();
        store.load(Table::Timers, &mut rows.into_iter()).unwrap();
        let found = |now_ms| {
            let keys = due(&store, now_ms, &["|ours|"]);
            keys.iter().map(|k| id(k, "|ours|").unwrap().to_owned()).collect::<String>()
        };
        assert_eq!((found(598), found(599), found(700)), (String::new(), "a".to_owned(), "ab".to_owned()));
        assert_eq!(due(&store, 599, &["|other|", "|ours|"]).len(), TIMERS_MAX);
    }
}
