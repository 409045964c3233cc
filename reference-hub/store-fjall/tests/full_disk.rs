//! The engine on a disk that takes no more: it says so in one sentence and loses nothing.

use hub_store::StoreError;
use hub_store::contract::{Opened, full_disk};
use std::path::Path;
use store_fjall::FjallStore;

/// Just above the 64 MiB at which the engine makes its journal.
const LIMIT_KILOBYTES: u64 = 66_000;

fn open(folder: &Path) -> Result<Opened, StoreError> {
    let (store, report) = FjallStore::open(folder)?;
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
