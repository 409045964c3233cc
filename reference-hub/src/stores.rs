//! The engines a hub can keep its state in: one slice. Called by start-up, by `verify` and by the command line's help.

use hub_store::memory::MemoryStore;
use hub_store::{Store, StoreError};
use std::path::Path;
use std::sync::Arc;
use store_fjall::FjallStore;

/// One engine.
pub struct StoreKind {
    /// The name on the command line and in records.
    pub name: &'static str,
    /// What it is good for, in one sentence.
    pub about: &'static str,
    /// True when its state survives a restart.
    pub durable: bool,
    /// Opens it on a data folder that exists.
    pub open: fn(&Path) -> Result<Arc<dyn Store>, StoreError>,
}

impl std::fmt::Debug for StoreKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// All engines, the default first.
pub const STORES: &[StoreKind] = &[
    StoreKind {
        name: "fjall",
        about: "embedded and durable: every acknowledged write is fsynced",
        durable: true,
        open: |data| Ok(Arc::new(FjallStore::open(data)?.0)),
    },
    StoreKind {
        name: "memory",
        about: "for tests and for measuring everything but the disk: forgets all on a stop",
        durable: false,
        open: |_| Ok(Arc::new(MemoryStore::new())),
    },
];

/// The engine of that name, or `None`.
pub fn store_kind(name: &str) -> Option<&'static StoreKind> {
    STORES.iter().find(|s| s.name == name)
}
