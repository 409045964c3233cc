//! The engine against the contract suite, and what an operator meets: a folder in use, a missing part, a full disk.

use hub_store::contract::{Opened, contract, folder, put, txn};
use hub_store::{Store, StoreError, Table};
use std::path::Path;
use store_fjall::FjallStore;

#[test]
fn the_engine_keeps_the_contract() {
    contract(&|folder| Box::new(FjallStore::open(folder).unwrap_or_else(|e| panic!("{e}")).0));
}

fn open(folder: &Path) -> Result<Opened, StoreError> {
    let (store, report) = FjallStore::open(folder)?;
    Ok((Box::new(store), report))
}

#[test]
fn a_folder_in_use_is_refused_with_the_process_that_holds_it() {
    folder::in_use_by_one(open, tempfile::tempdir().unwrap().path());
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
    folder::marked_once_a_second(open, tempfile::tempdir().unwrap().path());
}
