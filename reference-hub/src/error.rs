//! Why a hub did not start or did not end well: one clear sentence each. Made by start-up, shown by the command line.

use hub_store::StoreError;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Exit code of a hub process that stops because durability is unknown (`EX_IOERR` of sysexits.h).
pub const EXIT_STORE_FAILED: i32 = 74;

/// What stopped the hub.
#[derive(Debug)]
pub enum HubError {
    /// Another program listens on the address.
    PortInUse(SocketAddr),
    /// The address cannot be listened on.
    Listen(SocketAddr, std::io::Error),
    /// The data folder cannot be made or written.
    DataNotWritable(PathBuf, std::io::Error),
    /// There is no hub's data folder where one is to be read.
    NoHub(PathBuf),
    /// Another hub uses the data folder.
    DataLocked(PathBuf),
    /// The disk of the data folder is full.
    DiskFull(PathBuf),
    /// The data folder is damaged or acknowledged transactions are missing; the report says which.
    DataRefused(PathBuf, String),
    /// The data folder was made by another version.
    FormatDiffers {
        /// The folder.
        data: PathBuf,
        /// What it says.
        got: String,
        /// What this hub reads.
        allowed: u32,
    },
    /// The data folder holds another population.
    PopulationDiffers {
        /// The folder.
        data: PathBuf,
        /// The population in it.
        got: String,
        /// The population asked for.
        wanted: String,
    },
    /// The data folder was made by another store engine.
    EngineDiffers {
        /// The folder.
        data: PathBuf,
        /// The engine that made it.
        got: &'static str,
        /// The engine asked for.
        wanted: &'static str,
    },
    /// A stop was asked for before the store was full.
    StoppedWhileSeeding(PathBuf),
    /// A certificate, a key, or a registered application cannot be used; the sentence names the file.
    Security(String),
    /// The engine failed.
    Store(StoreError),
    /// A thread could not be started.
    Threads(std::io::Error),
}

impl HubError {
    /// Sorts an engine's sentence: a full disk is told as such.
    pub fn of_store(data: &std::path::Path, error: StoreError) -> HubError {
        if is_disk_full(&error.0) {
            return HubError::DiskFull(data.to_owned());
        }
        HubError::Store(error)
    }
}

/// True when an engine's sentence tells of a full disk, in its own words or the system's (ENOSPC 28, EDQUOT 122).
pub fn is_disk_full(sentence: &str) -> bool {
    ["the disk is full", "No space left on device", "os error 28)", "os error 122)"]
        .iter()
        .any(|s| sentence.contains(s))
}

impl std::fmt::Display for HubError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            HubError::PortInUse(address) => {
                write!(
                    f,
                    "{address}: the port is in use by another program; choose another, or 0 for any free one"
                )
            }
            HubError::Listen(address, error) => write!(f, "{address}: cannot listen there: {error}"),
            HubError::DataNotWritable(data, error) => {
                write!(f, "{}: the data folder cannot be written: {error}", data.display())
            }
            HubError::NoHub(data) => {
                write!(f, "{}: no hub's data folder: there is no store in it", data.display())
            }
            HubError::DataLocked(data) => {
                write!(f, "{}: the data folder is in use by another hub", data.display())
            }
            HubError::DiskFull(data) => {
                write!(f, "{}: the disk is full; free space on it and start again", data.display())
            }
            HubError::DataRefused(data, report) => {
                write!(f, "{}: the data folder is refused: {report}", data.display())
            }
            HubError::FormatDiffers { data, got, allowed } => {
                let data = data.display();
                write!(f, "{data}: the data folder has another format, got {got}, allowed {allowed}")
            }
            HubError::PopulationDiffers { data, got, wanted } => write!(
                f,
                "{}: the data folder holds another population, got {got}, wanted {wanted}; use another folder",
                data.display()
            ),
            HubError::EngineDiffers { data, got, wanted } => write!(
                f,
                "{}: the data folder was made by another store engine, got {got}, wanted {wanted}; say --store {got}, or \
                 use another folder",
                data.display()
            ),
            HubError::StoppedWhileSeeding(data) => write!(
                f,
                "{}: stopped before the store was full; the next start fills it again from the beginning",
                data.display()
            ),
            HubError::Security(sentence) => f.write_str(sentence),
            HubError::Store(error) => write!(f, "the store failed: {error}"),
            HubError::Threads(error) => write!(f, "a thread could not be started: {error}"),
        }
    }
}

impl std::error::Error for HubError {}

impl From<StoreError> for HubError {
    fn from(error: StoreError) -> Self {
        HubError::Store(error)
    }
}
