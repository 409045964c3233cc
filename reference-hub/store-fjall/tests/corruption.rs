//! The engine against the corruption suite: flipped bits, zeroed pages, cut and removed files end in "all there" or a refusal.
//!
//! `SPINEBENCH_CORRUPTIONS` sets the number of trials of each test (default 30; 4 without optimisation).

use hub_store::StoreError;
use hub_store::contract::Opened;
use hub_store::contract::corruption::{Subject, damaged_after_a_kill, damaged_after_an_orderly_end};
use std::path::Path;
use store_fjall::FjallStore;

fn open(folder: &Path) -> Result<Opened, StoreError> {
    let (store, report) = FjallStore::open(folder)?;
    Ok((Box::new(store), report))
}

const SUBJECT: Subject = Subject {
    open,
    count: 16_000, // the first journal (64 MB) and some more
    is_log: |path| path.ends_with(".jnl"),
    is_table: |path| path.contains("/tables/") || path.contains("/blobs/"),
    trials: 1,
};

#[test]
fn damage_to_a_cleanly_closed_folder_never_opens_short() {
    damaged_after_an_orderly_end(&SUBJECT, env!("CARGO_TARGET_TMPDIR").as_ref());
}

#[test]
fn damage_to_a_killed_folder_loses_at_most_what_no_mark_covered() {
    damaged_after_a_kill(&SUBJECT, env!("CARGO_TARGET_TMPDIR").as_ref());
}
