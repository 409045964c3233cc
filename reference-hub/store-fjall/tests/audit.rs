//! The audit log of a real data folder, damaged behind the engine's back: a changed, a dropped and two reordered events
//! are each found and named by sequence number.

use bytes::Bytes;
use fjall::{Database, KeyspaceCreateOptions};
use hub_store::verify::{Finding, verify};
use hub_store::{Store, Txn, encode_versioned, seq_key};
use std::path::Path;
use store_fjall::FjallStore;

/// A folder with 30 events in ten commits, closed in good order.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let (store, _) = FjallStore::open(folder.path()).unwrap();
    for batch in 0..10 {
        let event = |i| Txn { audit: Bytes::from(format!("event {}", batch * 3 + i + 1)), ..Txn::default() };
        store.commit(&[event(0), event(1), event(2)]).unwrap();
    }
    store.close().unwrap();
    folder
}

/// Puts these texts in the places of these events, or removes them, with the engine's own means.
fn damage(folder: &Path, events: &[(u64, Option<&str>)]) {
    let db = Database::builder(folder.join("store")).open().unwrap();
    let table = db.keyspace("audit", KeyspaceCreateOptions::default).unwrap();
    for (seq, text) in events {
        match text {
            Some(text) => table.insert(seq_key(*seq), encode_versioned(*seq, text.as_bytes())).unwrap(),
            None => table.remove(seq_key(*seq)).unwrap(),
        }
    }
    db.persist(fjall::PersistMode::SyncAll).unwrap();
}

/// What the walk over the whole chain finds. The damage lies below the last links, so that the folder still opens; what
/// lies in the last links the hub refuses at start, with the same numbers.
fn found(folder: &Path) -> Vec<Finding> {
    let mark = hub_store::mark::read_mark(&folder.join("mark")).unwrap();
    match FjallStore::open(folder) {
        Ok((store, _)) => verify(&store, mark).unwrap().findings,
        Err(refused) => panic!("refused: {refused}"),
    }
}

/// As [`found`], of a folder whose log goes on for longer than what opening looks at.
fn found_far_back(events: &[(u64, Option<&str>)]) -> Vec<Finding> {
    let folder = folder();
    let (store, _) = FjallStore::open(folder.path()).unwrap();
    for _ in 0..=hub_store::recover::TAIL_SEQS / 256 {
        let txns: Vec<Txn> = (0..256).map(|_| Txn { audit: "later".into(), ..Txn::default() }).collect();
        store.commit(&txns).unwrap();
    }
    store.close().unwrap();
    drop(store);
    damage(folder.path(), events);
    found(folder.path())
}

#[test]
fn a_changed_event_is_found_by_its_number() {
    assert_eq!(found_far_back(&[(11, Some("event of another day"))]), [Finding::Changed(11)]);
}

#[test]
fn a_dropped_event_is_found_by_its_number() {
    assert_eq!(found_far_back(&[(7, None)]), [Finding::Dropped(7..=7)]);
}

#[test]
fn reordered_events_are_found_by_where_they_are_and_where_they_belong() {
    let swapped = [(4, Some("event 20")), (20, Some("event 4"))];
    let moved = [Finding::Moved { at: 4, from: 20 }, Finding::Moved { at: 20, from: 4 }];
    assert_eq!(found_far_back(&swapped), moved);
}

#[test]
fn damage_in_the_last_events_is_refused_at_start_and_named() {
    for (events, named) in [
        (&[(29_u64, Some("another"))][..], "changed: 29"),
        (&[(28, None)], "missing sequence numbers: 28"),
        (&[(25, Some("event 30")), (30, Some("event 25"))], "changed: 30"),
    ] {
        let folder = folder();
        damage(folder.path(), events);
        let refused = FjallStore::open(folder.path()).unwrap_err().0;
        assert!(refused.contains(named), "{refused}");
    }
}
