//! The engines a hub can keep its state in: one slice. Called by start-up, by `verify` and by the command line's help.

use crate::error::HubError;
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
    /// The file below `store/` that it makes and no other engine does; empty for one without a disk.
    pub sign: &'static str,
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
        name: "journal",
        about: "embedded and durable: every acknowledged write is fsynced; the fastest here",
        durable: true,
        sign: "manifest",
        open: |data| Ok(Arc::new(JournalStore::open(data)?.0)),
    },
    StoreKind {
        name: "fjall",
        about: "embedded and durable as well, on the library fjall: to hold the other against",
        durable: true,
        sign: "version",
        open: |data| Ok(Arc::new(FjallStore::open(data)?.0)),
    },
    StoreKind {
        name: "memory",
        about: "for tests and for measuring everything but the disk: forgets all on a stop",
        durable: false,
        sign: "",
        open: |_| Ok(Arc::new(MemoryStore::new())),
    },
];

/// The engine of that name, or `None`.
pub fn store_kind(name: &str) -> Option<&'static StoreKind> {
    STORES.iter().find(|s| s.name == name)
}

/// The engine that made the data folder; `None` when none has yet.
pub fn store_kind_in(data: &Path) -> Option<&'static StoreKind> {
    STORES.iter().find(|kind| kind.durable && data.join("store").join(kind.sign).exists())
}

/// Refuses a data folder that another engine made.
///
/// # Errors
/// [`HubError::EngineDiffers`].
pub fn refuse_anothers(kind: &StoreKind, data: &Path) -> Result<(), HubError> {
    match store_kind_in(data).filter(|made_by| kind.durable && made_by.name != kind.name) {
        Some(made_by) => {
            let (got, wanted) = (made_by.name, kind.name);
            Err(HubError::EngineDiffers { data: data.to_owned(), got, wanted })
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub;

    #[test]
    fn a_folder_is_known_by_its_engine_and_refused_to_every_other() {
        for kind in STORES.iter().filter(|kind| kind.durable) {
            let folder = tempfile::tempdir().unwrap();
            assert!(store_kind_in(folder.path()).is_none());
            drop(hub::open(kind, folder.path()).unwrap());
            assert_eq!(store_kind_in(folder.path()).map(|k| k.name), Some(kind.name));
            for other in STORES.iter().filter(|other| other.durable && other.name != kind.name) {
                let refused = hub::open(other, folder.path()).err().unwrap().to_string();
                assert!(refused.contains(&format!("got {}, wanted {}", kind.name, other.name)), "{refused}");
            }
        }
    }
}
