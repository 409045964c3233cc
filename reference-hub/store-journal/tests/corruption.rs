//! The engine against the corruption suite: flipped bits, zeroed pages, cut and removed files end in "all there" or a refusal.
//!
//! `SPINEBENCH_CORRUPTIONS` sets the number of trials of each test (default 30; 4 without optimisation).

use hub_store::StoreError;
use hub_store::contract::Opened;
use hub_store::contract::corruption::{Subject, damaged_after_a_kill, damaged_after_an_orderly_end};
use std::path::Path;
use store_journal::{JournalStore, Limits};

/// Small, so that the folder has runs of several levels, full segments and a growing one.
const LIMITS: Limits = Limits { segment_bytes: 256 << 10, flush_segments: 4, merge_runs: 3, segments_max: 8 };

fn open(folder: &Path) -> Result<Opened, StoreError> {
    let (store, report) = JournalStore::open_with(folder, LIMITS)?;
    Ok((Box::new(store), report))
}

const SUBJECT: Subject = Subject {
    open,
    count: 2_000,
    is_log: |path| path.contains("/log-"),
    is_table: |path| path.contains("/run-"),
    trials: 3,
};

#[test]
fn damage_to_a_cleanly_closed_folder_never_opens_short() {
    damaged_after_an_orderly_end(&SUBJECT, env!("CARGO_TARGET_TMPDIR").as_ref());
}

#[test]
fn damage_to_a_killed_folder_loses_at_most_what_no_mark_covered() {
    damaged_after_a_kill(&SUBJECT, env!("CARGO_TARGET_TMPDIR").as_ref());
}
