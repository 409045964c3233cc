//! A disk that takes no more: the commit says so in one sentence, nothing half-written is served, and what was
//! acknowledged before is still there afterwards.
//!
//! A shell's file-size limit stands in for the full disk, so that the test needs no rights: the journal cannot grow.

mod support;

use hub_store::{Store, StoreError};
use std::process::Command;
use store_fjall::FjallStore;
use support::{audit, txn};

const FOLDER: &str = "SPINEBENCH_FULL_FOLDER";
/// In kilobytes, and just above the 64 MiB at which the engine makes its journal.
const LIMIT_KILOBYTES: u64 = 66_000;

/// Not a test of its own: commits until the disk refuses, and says how far it came and why it stopped.
#[test]
#[ignore = "started by the test below"]
fn child() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let (store, _) = FjallStore::open(folder.as_ref()).unwrap();
    let mut next = 0;
    let error = loop {
        let batch: Vec<_> = (next..next + 64).map(txn).collect();
        match store.commit(&batch) {
            Ok(_) => next += 64,
            Err(e) => break e,
        }
    };
    let after = store.commit(&[txn(next)]).unwrap_err();
    println!("\nacknowledged {next}\nsaid {error}\nthen {after}");
}

#[test]
fn a_disk_that_takes_no_more_ends_in_a_sentence_and_loses_nothing() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    // The signal for an over-long file is ignored, so that the write fails as one to a full disk does.
    let script =
        format!("trap '' XFSZ; ulimit -f {LIMIT_KILOBYTES}; exec \"$0\" child --exact --ignored --nocapture");
    let child = Command::new("bash")
        .args(["-c", &script])
        .arg(std::env::current_exe().unwrap())
        .env(FOLDER, folder.path())
        .output()
        .unwrap();
    let out = String::from_utf8_lossy(&child.stdout).into_owned();
    let line = |word: &str| {
        let found = out.lines().find_map(|l| l.strip_prefix(word)).map(str::to_owned);
        found.unwrap_or_else(|| {
            panic!("no line {word:?} in {out}\n{}", String::from_utf8_lossy(&child.stderr))
        })
    };
    let acknowledged: u64 = line("acknowledged ").parse().unwrap();
    assert!(acknowledged > 0);
    let said = line("said ");
    assert!(said.contains("store: a batch was not committed: the file may not grow further"), "{said}");
    assert!(line("then ").contains("an earlier commit failed; start the hub again"));
    assert!(!String::from_utf8_lossy(&child.stderr).contains("panicked"));

    let (store, report) = FjallStore::open(folder.path()).unwrap();
    let there = audit(&store, acknowledged).unwrap();
    assert_eq!(there, report.head.seq);
    store.commit(&[txn(there)]).unwrap();
}

#[test]
fn a_full_disk_is_called_a_full_disk() {
    let full = std::io::Error::from(std::io::ErrorKind::StorageFull);
    let sentence = StoreError::io("DATA/mark", "cannot write the mark", &full).0;
    assert_eq!(
        sentence,
        "DATA/mark: cannot write the mark: the disk is full; free space on it and start again"
    );
}
