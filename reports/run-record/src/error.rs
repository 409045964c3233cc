//! Why a record could not be written or read, each in one sentence. Never a panic: records come from other machines.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// Why a record could not be written or read.
#[derive(Debug)]
pub enum RecordError {
    /// The file system refused.
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was tried: `create`, `write`, `read`, `rename`.
        action: &'static str,
        /// What it said.
        source: io::Error,
    },
    /// The record is by a newer program.
    Newer {
        /// `record.json`.
        path: PathBuf,
        /// Its format version.
        found: u64,
        /// The newest this program reads.
        known: u32,
        /// Version of the program that wrote it, if it says.
        written_by: Option<String>,
    },
    /// A file is shorter than when it was sealed.
    Truncated {
        /// The file.
        path: PathBuf,
        /// Bytes there.
        got_bytes: u64,
        /// Bytes sealed, where known.
        sealed_bytes: Option<u64>,
    },
    /// A file is not what was sealed.
    Edited {
        /// The file.
        path: PathBuf,
        /// SHA-256 of what is there.
        got_sha256: String,
        /// SHA-256 as sealed.
        sealed_sha256: String,
    },
    /// A file is sealed but cannot be understood, or is no record at all.
    Broken {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// The record is written whole, but the link to the newest one could not be moved.
    LatestLink {
        /// The record that was written.
        written: PathBuf,
        /// The link.
        link: PathBuf,
        /// What the file system said.
        source: io::Error,
    },
}

impl RecordError {
    pub(crate) fn io(
        path: impl Into<PathBuf>,
        action: &'static str,
    ) -> impl FnOnce(io::Error) -> RecordError {
        let path = path.into();
        move |source| RecordError::Io { path, action, source }
    }
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RecordError::Io { path, action, source } => {
                write!(f, "{}: cannot {action} it: {source}", path.display())
            }
            RecordError::Newer { path, found, known, written_by } => {
                write!(
                    f,
                    "{}: format version {found} is newer than this program understands, allowed up to {known}; \
                     read it with the program that wrote it",
                    path.display()
                )?;
                match written_by {
                    Some(version) => write!(f, " (spinebench {version})"),
                    None => Ok(()),
                }
            }
            RecordError::Truncated { path, got_bytes, sealed_bytes: Some(sealed) } => {
                write!(f, "{}: truncated, got {got_bytes} bytes, recorded {sealed}", path.display())
            }
            RecordError::Truncated { path, got_bytes, sealed_bytes: None } => {
                write!(f, "{}: truncated, it ends in mid-sentence after {got_bytes} bytes", path.display())
            }
            RecordError::Edited { path, got_sha256, sealed_sha256 } => write!(
                f,
                "{}: edited since the run, got SHA-256 {got_sha256}, recorded {sealed_sha256}",
                path.display()
            ),
            RecordError::Broken { path, problem } => write!(f, "{}: {problem}", path.display()),
            RecordError::LatestLink { written, link, source } => write!(
                f,
                "{}: the record is written at {}, but the link could not be moved: {source}",
                link.display(),
                written.display()
            ),
        }
    }
}

impl std::error::Error for RecordError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            RecordError::Io { source, .. } | RecordError::LatestLink { source, .. } => Some(source),
            _ => None,
        }
    }
}
