//! One file of the engine: read at a place and checked, and removed when the last reader lets go of it.
//!
//! Called by segments and runs. Must never hand out bytes whose checksum does not hold.

use bytes::Bytes;
use hub_store::StoreError;
use rustix::buffer::spare_capacity;
use rustix::io::Errno;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use xxhash_rust::xxh3::xxh3_64;

/// Where a value lies in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) offset: u64,
    /// Bytes in the file.
    pub(crate) stored: u32,
    /// Bytes once unpacked; 0: the value is stored as it is.
    pub(crate) unpacked: u32,
    /// [`value_sum`] of the stored bytes.
    pub(crate) sum: u32,
}

/// What a layer knows of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Slot {
    /// Sequence number of the transaction that wrote it.
    pub(crate) version: u64,
    pub(crate) value: Value,
}

/// The value of a [`Slot`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    /// The row was removed: older layers must not be asked.
    Removed,
    /// It lies beside the key.
    Here(Bytes),
    /// It lies in the layer's file.
    There(Place),
}

/// The checksum kept with every value that lies apart from its key.
pub(crate) fn value_sum(bytes: &[u8]) -> u32 {
    xxh3_64(bytes) as u32
}

/// An open file.
pub(crate) struct DataFile {
    pub(crate) id: u64,
    pub(crate) path: PathBuf,
    pub(crate) file: File,
    doomed: AtomicBool,
}

impl DataFile {
    pub(crate) fn new(id: u64, path: &Path, file: File) -> DataFile {
        DataFile { id, path: path.to_path_buf(), file, doomed: AtomicBool::new(false) }
    }

    /// The file goes when the last reader does.
    pub(crate) fn remove_after_use(&self) {
        self.doomed.store(true, Ordering::Release);
    }

    /// An error in this file.
    pub(crate) fn fault(&self, what: impl std::fmt::Display) -> StoreError {
        StoreError(format!("{}: {what}", self.path.display()))
    }

    /// `len` bytes from `offset`.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read or is shorter.
    pub(crate) fn read(&self, offset: u64, len: usize) -> Result<Vec<u8>, StoreError> {
        let mut out = Vec::with_capacity(len);
        while out.len() < len {
            let at = offset + out.len() as u64;
            match rustix::io::pread(&self.file, spare_capacity(&mut out), at) {
                Ok(0) => {
                    return Err(self.fault(format_args!("the file ends before byte {}", offset + len as u64)));
                }
                Ok(_) | Err(Errno::INTR) => {}
                Err(e) => return Err(StoreError::io(self.path.display(), "cannot read", &e.into())),
            }
        }
        out.truncate(len); // the allocator may have given more room than asked for
        Ok(out)
    }

    /// The bytes at `place` as they are stored.
    ///
    /// # Errors
    /// As [`DataFile::read`], and when the checksum does not hold.
    pub(crate) fn stored(&self, place: &Place) -> Result<Vec<u8>, StoreError> {
        let bytes = self.read(place.offset, place.stored as usize)?;
        if value_sum(&bytes) != place.sum {
            return Err(self.fault(format_args!(
                "the value at byte {} is damaged: its checksum does not hold",
                place.offset
            )));
        }
        Ok(bytes)
    }

    /// The value of a slot found in this file's layer; `None` for a removed row.
    ///
    /// # Errors
    /// As [`DataFile::stored`], and when it cannot be unpacked.
    pub(crate) fn value(&self, value: Value) -> Result<Option<Bytes>, StoreError> {
        let place = match value {
            Value::Removed => return Ok(None),
            Value::Here(bytes) => return Ok(Some(bytes)),
            Value::There(place) => place,
        };
        let bytes = self.stored(&place)?;
        if place.unpacked == 0 {
            return Ok(Some(Bytes::from(bytes)));
        }
        let unpacked = lz4_flex::block::decompress(&bytes, place.unpacked as usize);
        match unpacked {
            Ok(value) if value.len() == place.unpacked as usize => Ok(Some(Bytes::from(value))),
            _ => Err(self.fault(format_args!("the value at byte {} cannot be unpacked", place.offset))),
        }
    }
}

impl Drop for DataFile {
    fn drop(&mut self) {
        if self.doomed.load(Ordering::Acquire) {
            // Left behind, it goes at the next start: the manifest does not name it.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}
