//! The bytes of a backup: the manifest, and rows one after another.
//!
//! Called by [`super::write`] and [`super::restore`]. A row is the lengths of key and value (u32 each), the version (u64),
//! all little endian, then key and value. The manifest is a line of JSON and a line with its SHA-256.

use super::BackupError;
use bytes::Bytes;
use hub_store::{Head, KEY_BYTES_MAX, Row, Versioned, mark};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::Path;

/// The first thing a manifest says; another layout takes the next number.
pub const FORMAT: &str = "spinebench-backup-1";

/// Name of the manifest's file.
pub const MANIFEST: &str = "manifest";

/// Files are written and read in pieces of 256 KiB: few system calls, little memory.
const BUFFER_BYTES: usize = 256 * 1024;

/// Longest value in a row. 1 GiB: beyond every body that a row may hold; a damaged length must not exhaust the memory.
const VALUE_BYTES_MAX: usize = 1024 * 1024 * 1024;

/// What belongs to a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// [`FORMAT`].
    pub format: String,
    /// When it was made (RFC 3339).
    pub made_at: String,
    /// Last transaction in it.
    pub seq: u64,
    /// The chain's hash there, in hexadecimal digits: verified when the backup was made.
    pub hash: String,
    /// Every table of the store.
    pub tables: Vec<Part>,
    /// Every blob.
    pub blobs: Vec<Part>,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// The table's or the blob's name.
    pub name: String,
    /// Rows in it; 0 for a blob.
    pub rows: u64,
    /// Its length in bytes.
    pub bytes: u64,
    /// SHA-256 of its bytes, in hexadecimal digits.
    pub sha256: String,
}

impl Manifest {
    /// Where the chain stood.
    pub fn names(&self, head: Head) -> bool {
        head.seq == self.seq && mark::hex(&head.hash) == self.hash
    }

    /// Writes it durably.
    ///
    /// # Errors
    /// The system's.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        let json = serde_json::to_string(self)?;
        let sum = mark::hex(&Sha256::digest(json.as_bytes()));
        let mut file = File::create(folder.join(MANIFEST))?;
        file.write_all(format!("{json}\n{sum}\n").as_bytes())?;
        file.sync_all()
    }

    /// Reads it back.
    ///
    /// # Errors
    /// [`BackupError::Damaged`] when it is missing, damaged or of another format.
    pub fn read(folder: &Path) -> Result<Manifest, BackupError> {
        let place = folder.join(MANIFEST);
        let damaged = |what: &str| BackupError::Damaged(format!("{}: {what}", place.display()));
        let text = std::fs::read_to_string(&place).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => damaged("missing, so this backup was never finished, or is none"),
            io::ErrorKind::InvalidData => damaged("no text"),
            _ => BackupError::io(&place, "cannot be read", &error),
        })?;
        let (json, sum) =
            text.strip_suffix('\n').and_then(|t| t.split_once('\n')).ok_or_else(|| damaged("cut short"))?;
        if mark::hex(&Sha256::digest(json.as_bytes())) != sum {
            return Err(damaged("its checksum does not hold"));
        }
        let manifest: Manifest = serde_json::from_str(json).map_err(|e| damaged(&e.to_string()))?;
        if manifest.format != FORMAT {
            return Err(damaged(&format!("another format, got {:?}, allowed: {FORMAT}", manifest.format)));
        }
        Ok(manifest)
    }
}

/// Writes a file and knows its length and hash.
pub struct PartWriter {
    out: BufWriter<File>,
    hash: Sha256,
    rows: u64,
    bytes: u64,
}

impl PartWriter {
    /// A new file.
    ///
    /// # Errors
    /// The system's.
    pub fn create(path: &Path) -> io::Result<Self> {
        let out = BufWriter::with_capacity(BUFFER_BYTES, File::create_new(path)?);
        Ok(PartWriter { out, hash: Sha256::new(), rows: 0, bytes: 0 })
    }

    /// Appends a row.
    ///
    /// # Errors
    /// The system's; a value of 4 GiB or more is none of ours.
    pub fn row(&mut self, row: &Row) -> io::Result<()> {
        let length = |n: usize| u32::try_from(n).map_err(io::Error::other);
        let (key, value) = (&row.key, &row.value.value);
        self.put(&length(key.len())?.to_le_bytes())?;
        self.put(&length(value.len())?.to_le_bytes())?;
        self.put(&row.value.version.to_le_bytes())?;
        self.put(key)?;
        self.put(value)?;
        self.rows += 1;
        Ok(())
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hash.update(bytes);
        self.bytes += bytes.len() as u64;
        self.out.write_all(bytes)
    }

    /// Makes the file durable and describes it.
    ///
    /// # Errors
    /// The system's.
    pub fn finish(self, name: &str) -> io::Result<Part> {
        self.out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        let sha256 = mark::hex(&self.hash.finalize());
        Ok(Part { name: name.to_owned(), rows: self.rows, bytes: self.bytes, sha256 })
    }
}

/// Reads the rows of a file, and knows their number and hash.
pub struct RowReader {
    file: BufReader<File>,
    hash: Sha256,
    /// Rows read.
    pub rows: u64,
}

impl RowReader {
    /// Opens a file of rows.
    ///
    /// # Errors
    /// The system's.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = BufReader::with_capacity(BUFFER_BYTES, File::open(path)?);
        Ok(RowReader { file, hash: Sha256::new(), rows: 0 })
    }

    /// The next row; `None` at the end.
    ///
    /// # Errors
    /// The system's, and `InvalidData` when what stands there is no row.
    pub fn read_row(&mut self) -> io::Result<Option<Row>> {
        if io::BufRead::fill_buf(&mut self.file)?.is_empty() {
            return Ok(None);
        }
        let mut head = [0; 16];
        self.take(&mut head)?;
        let number = |at: usize| head[at..at + 4].iter().rev().fold(0_usize, |n, b| n << 8 | usize::from(*b));
        let (key_len, value_len) = (number(0), number(4));
        let version = head[8..].iter().rev().fold(0_u64, |n, b| n << 8 | u64::from(*b));
        if key_len == 0 || key_len > KEY_BYTES_MAX || value_len > VALUE_BYTES_MAX {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the length of a row cannot be"));
        }
        let (mut key, mut value) = (vec![0; key_len], vec![0; value_len]);
        self.take(&mut key)?;
        self.take(&mut value)?;
        self.rows += 1;
        Ok(Some(Row { key: Bytes::from(key), value: Versioned { version, value: Bytes::from(value) } }))
    }

    fn take(&mut self, into: &mut [u8]) -> io::Result<()> {
        self.file.read_exact(into)?;
        self.hash.update(&*into);
        Ok(())
    }

    /// The hash of all that was read.
    pub fn sha256(self) -> String {
        mark::hex(&self.hash.finalize())
    }
}

/// Length and hash of a file; `copy` gets its bytes too.
///
/// # Errors
/// The system's.
pub fn hashed(path: &Path, copy: &mut dyn Write) -> io::Result<(u64, String)> {
    let mut file = File::open(path)?;
    let (mut hash, mut bytes) = (Sha256::new(), 0);
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        let n = file.read(&mut buffer)?;
        if n == 0 {
            return Ok((bytes, mark::hex(&hash.finalize())));
        }
        hash.update(&buffer[..n]);
        copy.write_all(&buffer[..n])?;
        bytes += n as u64;
    }
}
