//! The engines a hub can keep its state in: one slice. Called by start-up, by `verify` and by the command line's help.

use hub_store::memory::MemoryStore;
use hub_store::{Store, StoreError};
use std::path::Path;
use std::sync::Arc;
use store_fjall::FjallStore;
use store_journal::JournalStore;

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
    /// True when a data folder is of its making, as far as names of files tell.
    pub made: fn(&Path) -> bool,
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
        made: |data| data.join("store/keyspaces").is_dir(),
    },
    StoreKind {
        name: "journal",
        about: "embedded and durable as fjall, for less processor time: a log, its index in memory, sorted runs",
        durable: true,
        open: |data| Ok(Arc::new(JournalStore::open(data)?.0)),
        made: |data| data.join("store/manifest").is_file(),
    },
    StoreKind {
        name: "memory",
        about: "for tests and for measuring everything but the disk: forgets all on a stop",
        durable: false,
        open: |_| Ok(Arc::new(MemoryStore::new())),
        made: |_| false,
    },
];

/// The engine of that name, or `None`.
pub fn store_kind(name: &str) -> Option<&'static StoreKind> {
    STORES.iter().find(|s| s.name == name)
}

/// The engine that made the data folder; the default where none says so (it then says what is missing).
pub fn store_kind_of(data: &Path) -> &'static StoreKind {
    STORES.iter().find(|kind| (kind.made)(data)).unwrap_or(&STORES[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_known_by_its_engine_and_refused_by_the_other() {
        let durable = || STORES.iter().filter(|kind| kind.durable);
        for kind in durable() {
            let folder = tempfile::tempdir().unwrap();
            (kind.open)(folder.path()).unwrap().close().unwrap();
            assert_eq!(store_kind_of(folder.path()).name, kind.name);
            for other in durable().filter(|other| other.name != kind.name) {
                let refused = (other.open)(folder.path()).err().unwrap().0;
                assert!(refused.contains(&format!("made by the engine {}", kind.name)), "{refused}");
            }
            (kind.open)(folder.path()).unwrap();
        }
    }
}
