//! The engine against the crash suite: killed with SIGKILL at random instants, it loses and doubles nothing.
//!
//! `SPINEBENCH_KILLS` sets the number of kills (default 20); a nightly run takes thousands.

use hub_store::StoreError;
use hub_store::contract::Opened;
use hub_store::contract::crash;
use std::path::Path;
use store_journal::{JournalStore, Limits};

/// Small, so that kills meet flushes and merges.
const LIMITS: Limits = Limits { segment_bytes: 256 << 10, flush_segments: 2, merge_runs: 3, segments_max: 8 };

fn open(folder: &Path) -> Result<Opened, StoreError> {
    let (store, report) = JournalStore::open_with(folder, LIMITS)?;
    Ok((Box::new(store), report))
}

/// Not a test of its own: what the tests below start and kill.
#[test]
#[ignore = "started by the tests below"]
fn child() {
    crash::child(open);
}

#[test]
fn sigkill_at_random_instants_loses_nothing_and_doubles_nothing() {
    crash::killed_at_random_instants(open, env!("CARGO_TARGET_TMPDIR").as_ref());
}

#[test]
fn sigkill_while_the_folder_is_made_leaves_one_that_opens() {
    crash::killed_while_the_folder_is_made(open, env!("CARGO_TARGET_TMPDIR").as_ref());
}
