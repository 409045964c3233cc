//! The offline check of a data folder: the whole chain of transactions and audit events, and the mark beside it.
//!
//! Called by an operator's command and by crash tests, on a folder that no hub uses. Changes nothing.

use crate::error::HubError;
use crate::stores::STORES;
use crate::{folder, hub};
use hub_store::verify::Verified;
use std::path::Path;

/// Walks the chain of the folder's durable engine and compares it with the high-water mark.
///
/// # Errors
/// [`HubError`] when the folder is in use, cannot be read, or is refused by its engine.
pub fn verify(data: &Path) -> Result<Verified, HubError> {
    if !data.is_dir() {
        let error = std::io::Error::from(std::io::ErrorKind::NotFound);
        return Err(HubError::DataNotWritable(data.to_owned(), error));
    }
    let _locked = folder::lock(data)?;
    let mark = hub_store::mark::read_mark(&data.join("mark"))?;
    let store = hub::open(&STORES[0], data)?;
    Ok(hub_store::verify::verify(store.as_ref(), mark)?)
}
