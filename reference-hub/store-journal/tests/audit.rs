//! The audit log of a real data folder, altered by someone who can write whole folders: a changed, a dropped and two
//! reordered events are each found and named by sequence number.

use bytes::Bytes;
use hub_store::contract::folder;
use hub_store::verify::{Finding, verify};
use hub_store::{Head, Row, Store, TABLES, Table, Txn, View, seq_key, seq_of_key};
use store_journal::JournalStore;

/// A folder with 30 events in ten commits, and `later` more; then all its rows in another, with these texts in the places
/// of these events, or without them. The head and the mark are those of the first.
fn altered(later: u64, events: &[(u64, Option<&str>)]) -> (tempfile::TempDir, Head) {
    let folder = || tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let (first, second) = (folder(), folder());
    let (store, _) = JournalStore::open(first.path()).unwrap();
    for batch in 0..10 {
        let event = |i| Txn { audit: Bytes::from(format!("event {}", batch * 3 + i + 1)), ..Txn::default() };
        store.commit(&[event(0), event(1), event(2)]).unwrap();
    }
    for _ in 0..later.div_ceil(256) {
        let txns: Vec<Txn> = (0..256).map(|_| Txn { audit: "later".into(), ..Txn::default() }).collect();
        store.commit(&txns).unwrap();
    }
    let (copy, _) = JournalStore::open(second.path()).unwrap();
    for (table, _) in TABLES {
        let rows = store.scan(*table, b"", &[0xff; 9], usize::MAX).unwrap();
        let rows = rows.into_iter().filter_map(|mut row: Row| {
            let found =
                events.iter().find(|(seq, _)| *table == Table::Audit && Some(*seq) == seq_of_key(&row.key));
            match found {
                Some((_, None)) => return None,
                Some((_, Some(text))) => row.value.value = Bytes::copy_from_slice(text.as_bytes()),
                None => {}
            }
            Some(Ok(row))
        });
        copy.restore(*table, &mut { rows }).unwrap();
    }
    drop(copy);
    store.close().unwrap();
    std::fs::copy(first.path().join("mark"), second.path().join("mark")).unwrap();
    (second, store.head())
}

/// What the walk over the whole chain finds, when the log goes on for longer than what opening looks at.
fn found(events: &[(u64, Option<&str>)]) -> Vec<Finding> {
    let (folder, head) = altered(hub_store::recover::TAIL_SEQS, events);
    let (store, report) = JournalStore::open(folder.path()).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(report.head, head);
    verify(&store, Some(head)).unwrap().findings
}

#[test]
fn an_untouched_copy_is_whole_and_goes_on() {
    let (folder, head) = altered(0, &[]);
    let (store, _) = JournalStore::open(folder.path()).unwrap();
    assert!(store.verify().unwrap().is_whole());
    store.commit(&[Txn { audit: "next".into(), ..Txn::default() }]).unwrap();
    drop(store);
    let (store, report) = JournalStore::open(folder.path()).unwrap();
    assert_eq!(report.head.seq, head.seq + 1);
    assert_eq!(&store.get(Table::Audit, &seq_key(31)).unwrap().unwrap().value[..], b"next");
}

#[test]
fn changed_dropped_and_reordered_events_are_found_by_their_numbers() {
    folder::damage_far_back_is_found(&found);
}

#[test]
fn damage_in_the_last_events_is_refused_at_start_and_named() {
    folder::damage_at_the_end_is_refused(&|events| {
        JournalStore::open(altered(0, events).0.path()).map(|_| ())
    });
}
