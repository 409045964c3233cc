//! A data folder that no hub uses, opened for an operator: the check of the whole chain of transactions and audit events,
//! and of the mark beside it.
//!
//! Called by the command line and by crash tests. Changes nothing.

use crate::error::HubError;
use crate::folder::LockedFolder;
use crate::stores::STORES;
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
/// [`HubError`] when the folder is not there, in use, cannot be read, or is refused by its engine.
pub fn open_stopped(data: &Path) -> Result<Stopped, HubError> {
    if !data.is_dir() {
        let error = std::io::Error::from(std::io::ErrorKind::NotFound);
        return Err(HubError::DataNotWritable(data.to_owned(), error));
    }
    let locked = folder::lock(data)?;
    Ok(Stopped { store: hub::open(&STORES[0], data)?, _locked: locked })
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
