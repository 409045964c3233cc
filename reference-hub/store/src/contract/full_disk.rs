//! A disk that takes no more: the commit says so in one sentence, nothing half-written is served, and what was
//! acknowledged before is still there afterwards.
//!
//! A shell's file-size limit stands in for the full disk, so that the test needs no rights: the journal cannot grow.

use super::Open;
use super::workload::{audit, txn};
use std::path::Path;
use std::process::Command;

const FOLDER: &str = "SPINEBENCH_FULL_FOLDER";

/// Not a test of its own: what the suite starts, as an ignored test called `child`. Commits until the disk refuses, and
/// says how far it came and why it stopped.
///
/// # Panics
/// When the engine goes on after a failure.
pub fn child(open: Open) {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let (store, _) = open(folder.as_ref()).unwrap();
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

/// Runs the child under a limit of `limit_kilobytes` for each file, in a folder in `at`.
///
/// # Panics
/// When it does not end in a sentence, or anything acknowledged is lost.
pub fn a_disk_that_takes_no_more(open: Open, at: &Path, limit_kilobytes: u64) {
    let folder = tempfile::tempdir_in(at).unwrap();
    // The signal for an over-long file is ignored, so that the write fails as one to a full disk does.
    let script =
        format!("trap '' XFSZ; ulimit -f {limit_kilobytes}; exec \"$0\" child --exact --ignored --nocapture");
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
    assert!(said.contains("store: a batch was not committed: "), "{said}");
    assert!(said.contains("the file may not grow further"), "{said}");
    assert!(line("then ").contains("an earlier commit failed; start the hub again"));
    assert!(!String::from_utf8_lossy(&child.stderr).contains("panicked"));

    let (store, report) = open(folder.path()).unwrap();
    let there = audit(&*store, acknowledged).unwrap();
    assert_eq!(there, report.head.seq);
    store.commit(&[txn(there)]).unwrap();
}
