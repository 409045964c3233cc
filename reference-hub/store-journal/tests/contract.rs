//! The engine against the contract suite, and what an operator meets: a folder in use, a missing part.

use hub_store::contract::{Opened, contract, folder, put, txn};
use hub_store::{Store, StoreError, Table};
use std::path::Path;
use store_journal::{JournalStore, Limits};

#[test]
fn the_engine_keeps_the_contract() {
    contract(&|folder| Box::new(JournalStore::open(folder).unwrap_or_else(|e| panic!("{e}")).0));
}

#[test]
fn the_engine_keeps_the_contract_with_rows_in_many_segments_and_runs() {
    let limits = Limits { segment_bytes: 2_048, flush_segments: 2, merge_runs: 2, segments_max: 4 };
    contract(&|folder| Box::new(JournalStore::open_with(folder, limits).unwrap_or_else(|e| panic!("{e}")).0));
}

fn open(folder: &Path) -> Result<Opened, StoreError> {
    let (store, report) = JournalStore::open(folder)?;
    Ok((Box::new(store), report))
}

#[test]
fn a_folder_in_use_is_refused_with_the_process_that_holds_it() {
    folder::in_use_by_one(open, tempfile::tempdir().unwrap().path());
}

/// A folder that ten commits were made in, while it was open three times.
fn used_folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits { flush_segments: 100, ..Limits::default() };
    for commits in [4, 3, 3] {
        let (store, _) = JournalStore::open_with(folder.path(), limits).unwrap();
        for i in 0..commits {
            store.commit(&[txn(&format!("{i}"), vec![put(Table::Claims, "c", "v")])]).unwrap();
        }
        store.close().unwrap();
    }
    folder
}

fn refusal(folder: &Path) -> String {
    JournalStore::open(folder).expect_err("refused").0
}

#[test]
fn a_missing_mark_engine_manifest_or_segment_is_refused() {
    let folder = used_folder();
    std::fs::remove_file(folder.path().join("mark")).unwrap();
    let error = refusal(folder.path());
    assert!(error.contains("mark is missing although the log holds 10"), "{error}");

    let folder = used_folder();
    std::fs::remove_dir_all(folder.path().join("store")).unwrap();
    let error = refusal(folder.path());
    assert!(error.contains("missing sequence numbers: 1 to 10"), "{error}");

    let folder = used_folder();
    std::fs::remove_file(folder.path().join("store/manifest")).unwrap();
    let error = refusal(folder.path());
    assert!(error.contains("manifest: missing"), "{error}");

    // Each opening began a segment: the log lies in three.
    let logs = |folder: &Path| {
        let all = std::fs::read_dir(folder.join("store")).unwrap().map(|entry| entry.unwrap().path());
        let mut logs: Vec<_> = all.filter(|path| path.to_string_lossy().contains("/log-")).collect();
        logs.sort();
        logs
    };
    for (victim, said) in [
        (0, "missing, yet"),
        (1, "later frames lie beyond: acknowledged writes are lost; missing sequence numbers: 5 to 7"),
        (2, "ends at sequence number 7, but the high-water mark says 10"),
    ] {
        let folder = used_folder();
        std::fs::remove_file(&logs(folder.path())[victim]).unwrap();
        let error = refusal(folder.path());
        assert!(error.contains(said), "segment {victim}: {error}");
    }
}

#[test]
fn the_mark_is_written_by_tick_once_a_second_and_by_close() {
    folder::marked_once_a_second(open, tempfile::tempdir().unwrap().path());
}
