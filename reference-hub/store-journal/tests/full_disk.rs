//! The engine on a disk that takes no more: it says so in one sentence and loses nothing.

use hub_store::StoreError;
use hub_store::contract::{Opened, full_disk};
use std::path::Path;
use store_journal::{JournalStore, Limits};

/// Small, so that the first runs are larger than the limit.
const LIMITS: Limits = Limits { segment_bytes: 1 << 20, flush_segments: 4, merge_runs: 3, segments_max: 8 };
/// Above a segment and below a run.
const LIMIT_KILOBYTES: u64 = 1_100;

fn open(folder: &Path) -> Result<Opened, StoreError> {
    let (store, report) = JournalStore::open_with(folder, LIMITS)?;
    Ok((Box::new(store), report))
}

/// Not a test of its own: what the test below starts.
#[test]
#[ignore = "started by the test below"]
fn child() {
    full_disk::child(open);
}

#[test]
fn a_disk_that_takes_no_more_ends_in_a_sentence_and_loses_nothing() {
    full_disk::a_disk_that_takes_no_more(open, env!("CARGO_TARGET_TMPDIR").as_ref(), LIMIT_KILOBYTES);
}
