//! Backups: the whole state at one moment, written by the running hub while it serves, and put back into a new folder.
//!
//! [`write`] is called by the admin address and by the command line, [`restore`] by the command line. A backup is a folder:
//! `manifest`, written last, says what belongs to it and where the chain stood; `tables/NAME.rows` holds one table each
//! ([`format`]); `blobs/` the large bodies. A backup without a manifest is none. Nothing here changes the hub's own state.

pub mod format;
pub mod restore;
pub mod write;

use hub_store::StoreError;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Where backups lie in the data folder.
pub const FOLDER: &str = "backups";

/// Longest name of a backup.
const NAME_BYTES_MAX: usize = 64;

/// Why there is no backup, or no restored folder.
#[derive(Debug)]
pub enum BackupError {
    /// The name cannot be a folder's.
    Name(String),
    /// There is one of that name.
    Exists(PathBuf),
    /// Another backup is being made.
    Busy,
    /// The hub is stopping.
    Stopping,
    /// The state's own chain is not whole; the sentence names what.
    ChainBroken(String),
    /// The backup is damaged or incomplete; the sentence names what.
    Damaged(String),
    /// The folder to restore to is in use, or is not empty.
    TargetNotEmpty(PathBuf),
    /// The system or the engine failed.
    Store(StoreError),
}

impl BackupError {
    fn io(place: &Path, what: &str, error: &std::io::Error) -> Self {
        BackupError::Store(StoreError::io(place.display(), what, error))
    }
}

impl std::fmt::Display for BackupError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            BackupError::Name(got) => write!(
                f,
                "name: cannot be a backup's, got {got:?}, allowed: 1 to {NAME_BYTES_MAX} ASCII letters, digits, - and _"
            ),
            BackupError::Exists(place) => write!(f, "{}: there is a backup of that name", place.display()),
            BackupError::Busy => f.write_str("another backup is being made; come back when it is done"),
            BackupError::Stopping => f.write_str("the hub is stopping; nothing was kept of this backup"),
            BackupError::ChainBroken(what) => {
                write!(f, "the audit chain is not whole, so no backup is made: {what}")
            }
            BackupError::Damaged(what) => write!(f, "the backup is refused: {what}"),
            BackupError::TargetNotEmpty(place) => {
                write!(f, "{}: not empty; restore into a folder that is not there yet", place.display())
            }
            BackupError::Store(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for BackupError {}

impl From<StoreError> for BackupError {
    fn from(error: StoreError) -> Self {
        BackupError::Store(error)
    }
}

/// A name that can be a folder's.
///
/// # Errors
/// [`BackupError::Name`].
pub fn checked_name(name: &str) -> Result<&str, BackupError> {
    let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if plain && (1..=NAME_BYTES_MAX).contains(&name.len()) {
        Ok(name)
    } else {
        Err(BackupError::Name(name.chars().take(2 * NAME_BYTES_MAX).collect()))
    }
}

/// The name of a backup that was given none: its time, e.g. `2026-01-31T120000Z`.
pub fn name_of(now_ms: u64) -> String {
    let at = i64::try_from(now_ms).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    at.unwrap_or_default().strftime("%Y-%m-%dT%H%M%SZ").to_string()
}

/// The backups of one hub: one at a time, counted.
#[derive(Debug, Default)]
pub struct Backups {
    running: Mutex<()>,
    made: AtomicU64,
    failed: AtomicU64,
}

impl Backups {
    /// Makes a backup, unless one is being made.
    ///
    /// # Errors
    /// [`BackupError::Busy`], or what `make` says.
    pub fn make<T>(&self, make: impl FnOnce() -> Result<T, BackupError>) -> Result<T, BackupError> {
        // A thread that failed with the lock left its unfinished folder; the next backup of that name removes it.
        let _running = match self.running.try_lock() {
            Ok(running) => running,
            Err(std::sync::TryLockError::Poisoned(running)) => running.into_inner(),
            Err(std::sync::TryLockError::WouldBlock) => return Err(BackupError::Busy),
        };
        let made = make();
        if made.is_ok() { &self.made } else { &self.failed }.fetch_add(1, Relaxed);
        made
    }

    /// Backups made and backups that failed.
    pub fn totals(&self) -> (u64, u64) {
        (self.made.load(Relaxed), self.failed.load(Relaxed))
    }
}

#[cfg(test)]
mod tests;
