//! The audit log of a real data folder, damaged behind the engine's back: a changed, a dropped and two reordered events
//! are each found and named by sequence number.

use bytes::Bytes;
use fjall::{Database, KeyspaceCreateOptions};
use hub_store::contract::folder;
use hub_store::verify::{Finding, verify};
use hub_store::{Store, Txn, encode_versioned, seq_key};
use std::path::Path;
use store_fjall::FjallStore;

/// A folder with 30 events in ten commits, closed in good order.
fn used_folder() -> tempfile::TempDir {
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
    let folder = used_folder();
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
fn changed_dropped_and_reordered_events_are_found_by_their_numbers() {
    folder::damage_far_back_is_found(&found_far_back);
}

#[test]
fn damage_in_the_last_events_is_refused_at_start_and_named() {
    folder::damage_at_the_end_is_refused(&|events| {
        let folder = used_folder();
        damage(folder.path(), events);
        FjallStore::open(folder.path()).map(|_| ())
    });
}
