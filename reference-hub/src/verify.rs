//! A data folder that no hub uses, opened for an operator: the check of the whole chain of transactions and audit events,
//! and of the mark beside it.
//!
//! Called by the command line and by crash tests. Changes nothing.

use crate::error::HubError;
use crate::folder::LockedFolder;
use crate::stores::{STORES, store_kind_in};
use crate::{folder, hub};
use hub_store::Store;
use hub_store::verify::Verified;
use std::path::Path;
use std::sync::Arc;

/// A folder opened while no hub uses it.
pub struct Stopped {
    /// Its durable engine.
    pub store: Arc<dyn Store>,
    _locked: LockedFolder,
}

/// Opens the folder of a stopped hub.
///
/// # Errors
/// [`HubError`] when the folder is not there, is no hub's, is in use, cannot be read, or is refused by its engine.
pub fn open_stopped(data: &Path) -> Result<Stopped, HubError> {
    // The engine would make what is missing, and an empty log is whole.
    if !data.join("store").is_dir() && !data.join("mark").exists() {
        return Err(HubError::NoHub(data.to_owned()));
    }
    let locked = folder::lock(data)?;
    let kind = store_kind_in(data).unwrap_or(&STORES[0]);
    Ok(Stopped { store: hub::open(kind, data)?, _locked: locked })
}

/// Walks the chain of the folder's durable engine and compares it with the high-water mark.
///
/// # Errors
/// As [`open_stopped`].
pub fn verify(data: &Path) -> Result<Verified, HubError> {
    // Opening writes the mark anew; what it said before is what counts.
    let mark = if data.is_dir() { hub_store::mark::read_mark(&data.join("mark"))? } else { None };
    let stopped = open_stopped(data)?;
    Ok(hub_store::verify::verify(stopped.store.as_ref(), mark)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_no_hub_filled_is_refused_and_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "x").unwrap();
        for data in [folder.path(), file.as_path(), &folder.path().join("missing")] {
            let refused = verify(data).unwrap_err().to_string();
            assert_eq!(refused, format!("{}: no hub's data folder: there is no store in it", data.display()));
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        std::fs::write(folder.path().join("mark"), "x").unwrap();
        let refused = verify(folder.path()).unwrap_err().to_string();
        assert!(refused.contains("mark is damaged"), "a folder that lost its store tells more: {refused}");
    }
}
