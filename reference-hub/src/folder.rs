//! The data folder: made, locked, and known by the rows of its Meta table (format, audit salt, population).
//!
//! Called by start-up and `verify`. Never repairs: a folder is served, filled from the beginning, or refused.

use crate::audit::SALT_BYTES;
use crate::error::{HubError, is_disk_full};
use hub_store::{Store, StoreError, Table};
use population::Population;
use rustix::fs::FlockOperation;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// The layout this hub reads and writes. Another layout of rows takes the next number.
pub const FORMAT: u32 = 3;

const FORMAT_KEY: &[u8] = b"hub-format";
const SALT_KEY: &[u8] = b"hub-audit-salt";
const POPULATION_KEY: &[u8] = b"hub-population";
const SEEDED_KEY: &[u8] = b"hub-seeded";
const SANDBOX_KEY: &[u8] = b"hub-sandbox";

/// A folder held by this process until dropped.
#[derive(Debug)]
pub struct LockedFolder {
    path: PathBuf,
    _lock: File,
}

/// Makes the folder when it is not there, proves that it can be written, and locks it.
///
/// # Errors
/// [`HubError::DataNotWritable`], [`HubError::DataLocked`], [`HubError::DiskFull`].
pub fn lock(data: &Path) -> Result<LockedFolder, HubError> {
    let not_writable = |error: io::Error| {
        if error.kind() == io::ErrorKind::StorageFull || is_disk_full(&error.to_string()) {
            return HubError::DiskFull(data.to_owned());
        }
        HubError::DataNotWritable(data.to_owned(), error)
    };
    std::fs::create_dir_all(data).map_err(not_writable)?;
    let lock = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(data.join("hub.lock"))
        .map_err(not_writable)?;
    match rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(LockedFolder { path: data.to_owned(), _lock: lock }),
        Err(rustix::io::Errno::WOULDBLOCK) => Err(HubError::DataLocked(data.to_owned())),
        Err(error) => Err(not_writable(error.into())),
    }
}

impl LockedFolder {
    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// What a folder says it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// Salt of the audit log's hashes.
    pub salt: [u8; SALT_BYTES],
    /// The population it was filled with, or is to be, as a sentence; `None` for a folder without one.
    pub population: Option<String>,
    /// Every row of the population is there.
    pub seeded: bool,
    /// The sandbox's rows are there.
    pub sandbox: bool,
}

/// Reads what the folder holds; `None` when it is new.
///
/// # Errors
/// [`HubError::FormatDiffers`], or the engine's error.
pub fn contents(store: &dyn Store, data: &Path) -> Result<Option<Contents>, HubError> {
    let text = |key: &[u8]| -> Result<Option<String>, StoreError> {
        let row = store.get(Table::Meta, key)?;
        Ok(row.map(|r| String::from_utf8_lossy(&r.value).into_owned()))
    };
    let Some(format) = text(FORMAT_KEY)? else { return Ok(None) };
    let salt = store.get(Table::Meta, SALT_KEY)?;
    let salt = salt.and_then(|row| <[u8; SALT_BYTES]>::try_from(row.value.as_ref()).ok());
    match salt {
        Some(salt) if format == FORMAT.to_string() => Ok(Some(Contents {
            salt,
            population: text(POPULATION_KEY)?,
            seeded: text(SEEDED_KEY)?.is_some(),
            sandbox: text(SANDBOX_KEY)?.is_some(),
        })),
        _ => Err(HubError::FormatDiffers { data: data.to_owned(), got: format, allowed: FORMAT }),
    }
}

/// Marks a new folder as ours.
///
/// # Errors
/// The engine's.
pub fn found(store: &dyn Store, salt: [u8; SALT_BYTES]) -> Result<(), StoreError> {
    put(
        store,
        vec![(SALT_KEY.to_vec(), salt.to_vec()), (FORMAT_KEY.to_vec(), FORMAT.to_string().into_bytes())],
    )
}

/// Says which population the folder is about to be filled with.
///
/// # Errors
/// The engine's.
pub fn begin_population(store: &dyn Store, population: &Population) -> Result<(), StoreError> {
    put(store, vec![(POPULATION_KEY.to_vec(), described(population).into_bytes())])
}

/// Says that every row of the population is there.
///
/// # Errors
/// The engine's.
pub fn end_population(store: &dyn Store) -> Result<(), StoreError> {
    put(store, vec![(SEEDED_KEY.to_vec(), b"yes".to_vec())])
}

/// Says that the sandbox's rows are there.
///
/// # Errors
/// The engine's.
pub fn end_sandbox(store: &dyn Store) -> Result<(), StoreError> {
    put(store, vec![(SANDBOX_KEY.to_vec(), b"yes".to_vec())])
}

fn put(store: &dyn Store, mut rows: Vec<(Vec<u8>, Vec<u8>)>) -> Result<(), StoreError> {
    rows.sort(); // a load takes keys in ascending order
    store.load(Table::Meta, &mut rows.into_iter())?;
    store.load_finish()
}

/// A population in words: what two folders are compared by.
pub fn described(population: &Population) -> String {
    let sizes = population.sizes();
    format!(
        "seed {}, {} patients, {} organisations, {} end points",
        population.seed(),
        sizes.patients,
        sizes.organisations,
        sizes.endpoints
    )
}
