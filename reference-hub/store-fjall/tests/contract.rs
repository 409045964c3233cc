//! The engine against the contract suite, and what an operator meets: a folder in use, a missing part, a full disk.

use hub_store::contract::{contract, put, txn};
use hub_store::{Store, Table};
use store_fjall::FjallStore;

#[test]
fn the_engine_keeps_the_contract() {
    contract(&|folder| Box::new(FjallStore::open(folder).unwrap_or_else(|e| panic!("{e}")).0));
}

#[test]
fn a_folder_in_use_is_refused_with_the_process_that_holds_it() {
    let folder = tempfile::tempdir().unwrap();
    let (first, report) = FjallStore::open(folder.path()).unwrap();
    assert_eq!((report.head.seq, report.mark), (0, None));
    let error = FjallStore::open(folder.path()).unwrap_err().0;
    assert!(error.contains("LOCK") && error.contains(&std::process::id().to_string()), "{error}");
    drop(first);
    FjallStore::open(folder.path()).unwrap();
}

fn used_folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = FjallStore::open(folder.path()).unwrap();
    for i in 0..10 {
        store.commit(&[txn(&format!("{i}"), vec![put(Table::Claims, "c", "v")])]).unwrap();
    }
    store.close().unwrap();
    folder
}

fn refusal(folder: &tempfile::TempDir) -> String {
    FjallStore::open(folder.path()).expect_err("refused").0
}

#[test]
fn a_missing_mark_engine_or_table_is_refused() {
    let folder = used_folder();
    std::fs::remove_file(folder.path().join("mark")).unwrap();
    let error = refusal(&folder);
    assert!(error.contains("mark is missing although the log holds 10"), "{error}");

    let folder = used_folder();
    std::fs::remove_dir_all(folder.path().join("store")).unwrap();
    let error = refusal(&folder);
    assert!(error.contains("missing sequence numbers: 1 to 10"), "{error}");

    let folder = used_folder();
    std::fs::remove_dir_all(folder.path().join("store/keyspaces/5")).unwrap();
    let error = refusal(&folder);
    assert!(error.contains("is missing"), "{error}");

    let folder = used_folder();
    std::fs::remove_file(folder.path().join("store/0.jnl")).unwrap();
    let error = refusal(&folder);
    assert!(error.contains("ends at sequence number 0") && error.contains("1 to 10"), "{error}");
}

#[test]
fn the_mark_is_written_by_tick_once_a_second_and_by_close() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = FjallStore::open(folder.path()).unwrap();
    let mark = || hub_store::mark::read_mark(&folder.path().join("mark")).unwrap().unwrap().seq;
    let commit = || store.commit(&[txn("e", Vec::new())]).unwrap();
    assert_eq!(mark(), 0);
    commit();
    store.tick(100).unwrap();
    assert_eq!(mark(), 1);
    commit();
    store.tick(1_099).unwrap();
    assert_eq!(mark(), 1);
    store.tick(1_100).unwrap();
    assert_eq!(mark(), 2);
    commit();
    store.close().unwrap();
    assert_eq!(mark(), 3);
    assert!(store.verify().unwrap().is_whole());
}
