//! Blob files: bodies too large for a row, one file each under `DATA/blobs`, durable before the transaction that names
//! them.
//!
//! Called by the hub's listener (writing), its interfaces (reading) and at start (sweep). Blocking: call it from a
//! thread that may wait for the disk. Must never hold a whole blob in memory on the way in.

use crate::StoreError;
use crate::mark::sync_folder;
use std::collections::HashSet;
use std::fs::File;
use std::io::{BufWriter, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Longest blob id, in bytes: well under the 255 a file name may have.
pub const BLOB_ID_BYTES_MAX: usize = 128;
/// What is still being written carries this ending, so that a sweep knows it.
const PARTIAL: &str = "partial";
/// Large writes make few system calls; 256 KiB costs the disk hardly more than 4 KiB.
const BUFFER_BYTES: usize = 256 * 1024;

/// The folder of blob files.
#[derive(Debug)]
pub struct Blobs {
    folder: PathBuf,
    writers: AtomicU64,
}

/// What a sweep removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Swept {
    /// Files whose writing never finished.
    pub partial: u64,
    /// Finished files that no row names.
    pub orphans: u64,
}

impl Blobs {
    /// The blobs of the data folder `data_dir`; creates `data_dir/blobs`.
    ///
    /// # Errors
    /// [`StoreError`] when the folder cannot be made.
    pub fn open(data_dir: &Path) -> Result<Blobs, StoreError> {
        let folder = data_dir.join("blobs");
        let made = std::fs::create_dir_all(&folder).and_then(|()| sync_folder(data_dir));
        made.map_err(|e| StoreError::io(folder.display(), "cannot make the folder for blobs", &e))?;
        Ok(Blobs { folder, writers: AtomicU64::new(0) })
    }

    /// Begins the blob `id` (1 to 128 ASCII letters, digits, `-`, `_`); it exists after [`BlobWriter::finish`].
    ///
    /// # Errors
    /// [`StoreError`] when the id is not allowed or the file cannot be created.
    pub fn create(&self, id: &str) -> Result<BlobWriter, StoreError> {
        let path = self.path(id)?;
        let n = self.writers.fetch_add(1, Ordering::Relaxed);
        let partial = self.folder.join(format!("{id}.{}-{n}.{PARTIAL}", std::process::id()));
        let file = File::create_new(&partial)
            .map_err(|e| StoreError::io(partial.display(), "cannot begin a blob", &e))?;
        let file = Some(BufWriter::with_capacity(BUFFER_BYTES, file));
        Ok(BlobWriter { file, partial, path, folder: self.folder.clone(), bytes: 0 })
    }

    /// Opens the blob `id` for reading; `None` when there is none.
    ///
    /// # Errors
    /// [`StoreError`] when the id is not allowed or the file cannot be opened.
    pub fn open_read(&self, id: &str) -> Result<Option<File>, StoreError> {
        let path = self.path(id)?;
        match File::open(&path) {
            Ok(file) => Ok(Some(file)),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(StoreError::io(path.display(), "cannot open the blob", &e)),
        }
    }

    /// Reads the blob `id` whole; `None` when there is none.
    ///
    /// # Errors
    /// [`StoreError`] when the id is not allowed or the file cannot be read.
    pub fn read(&self, id: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(mut file) = self.open_read(id)? else { return Ok(None) };
        let mut bytes = Vec::new();
        let read = file.read_to_end(&mut bytes);
        read.map_err(|e| StoreError::io(self.folder.join(id).display(), "cannot read the blob", &e))?;
        Ok(Some(bytes))
    }

    /// Removes the blob `id`; tells whether it was there.
    ///
    /// # Errors
    /// [`StoreError`] when the id is not allowed or the file cannot be removed.
    pub fn delete(&self, id: &str) -> Result<bool, StoreError> {
        let path = self.path(id)?;
        match std::fs::remove_file(&path) {
            Ok(()) => Ok(true),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(false),
            Err(e) => Err(StoreError::io(path.display(), "cannot remove the blob", &e)),
        }
    }

    /// Removes unfinished files and finished ones whose id is not in `referenced`. Only at start: a blob just finished
    /// is not referenced yet.
    ///
    /// # Errors
    /// [`StoreError`] when the folder cannot be read or a file cannot be removed.
    pub fn sweep(&self, referenced: &HashSet<String>) -> Result<Swept, StoreError> {
        self.sweep_files(referenced)
            .map_err(|e| StoreError::io(self.folder.display(), "cannot sweep the blobs", &e))
    }

    fn sweep_files(&self, referenced: &HashSet<String>) -> std::io::Result<Swept> {
        let mut swept = Swept::default();
        for entry in std::fs::read_dir(&self.folder)? {
            let entry = entry?;
            let name = entry.file_name();
            let partial = Path::new(&name).extension().is_some_and(|e| e == PARTIAL);
            // A name that is no blob id was not put here by us: leave it alone.
            let ours = partial || name.to_str().is_some_and(is_id);
            if ours && (partial || name.to_str().is_none_or(|id| !referenced.contains(id))) {
                std::fs::remove_file(entry.path())?;
                *(if partial { &mut swept.partial } else { &mut swept.orphans }) += 1;
            }
        }
        sync_folder(&self.folder)?;
        Ok(swept)
    }

    fn path(&self, id: &str) -> Result<PathBuf, StoreError> {
        if !is_id(id) {
            return Err(StoreError(format!(
                "{}: a blob id is not a file name we use: got {:?}, allowed: 1 to {BLOB_ID_BYTES_MAX} ASCII letters, \
                 digits, - and _",
                self.folder.display(),
                id.chars().take(BLOB_ID_BYTES_MAX).collect::<String>()
            )));
        }
        Ok(self.folder.join(id))
    }
}

fn is_id(id: &str) -> bool {
    (1..=BLOB_ID_BYTES_MAX).contains(&id.len())
        && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// A blob being written; dropped before [`BlobWriter::finish`], it leaves nothing.
#[derive(Debug)]
pub struct BlobWriter {
    file: Option<BufWriter<File>>,
    partial: PathBuf,
    path: PathBuf,
    folder: PathBuf,
    bytes: u64,
}

impl BlobWriter {
    /// Appends a piece.
    ///
    /// # Errors
    /// [`StoreError`] when the disk does not take it.
    pub fn write(&mut self, piece: &[u8]) -> Result<(), StoreError> {
        let Some(file) = &mut self.file else { return Ok(()) };
        file.write_all(piece)
            .map_err(|e| StoreError::io(self.path.display(), "cannot write the blob", &e))?;
        self.bytes += piece.len() as u64;
        Ok(())
    }

    /// Bytes written so far.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Makes the blob durable under its id and returns its length in bytes.
    ///
    /// # Errors
    /// [`StoreError`] when durability is not certain; nothing may refer to the blob then.
    pub fn finish(mut self) -> Result<u64, StoreError> {
        self.seal().map_err(|e| StoreError::io(self.path.display(), "cannot finish the blob", &e))?;
        Ok(self.bytes)
    }

    fn seal(&mut self) -> std::io::Result<()> {
        if let Some(file) = self.file.take() {
            file.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()?;
            std::fs::rename(&self.partial, &self.path)?;
            self.partial.clear();
            sync_folder(&self.folder)?;
        }
        Ok(())
    }
}

impl Drop for BlobWriter {
    fn drop(&mut self) {
        if !self.partial.as_os_str().is_empty() {
            // Best effort: what cannot be removed now, the next sweep removes.
            let _ = std::fs::remove_file(&self.partial);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open() -> (tempfile::TempDir, Blobs) {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(folder.path()).unwrap();
        (folder, blobs)
    }

    fn put(blobs: &Blobs, id: &str, bytes: &[u8]) {
        let mut writer = blobs.create(id).unwrap();
        writer.write(bytes).unwrap();
        assert_eq!(writer.finish().unwrap(), bytes.len() as u64);
    }

    #[test]
    fn a_blob_exists_only_after_it_is_finished() {
        let (_folder, blobs) = open();
        let mut writer = blobs.create("a-1").unwrap();
        writer.write(b"one ").unwrap();
        assert_eq!(blobs.read("a-1").unwrap(), None);
        writer.write(b"two").unwrap();
        assert_eq!(writer.bytes(), 7);
        writer.finish().unwrap();
        assert_eq!(blobs.read("a-1").unwrap().as_deref(), Some(&b"one two"[..]));
        assert!(blobs.delete("a-1").unwrap());
        assert!(!blobs.delete("a-1").unwrap());
    }

    #[test]
    fn an_abandoned_blob_leaves_nothing() {
        let (folder, blobs) = open();
        blobs.create("gone").unwrap().write(&[0; 1_000_000]).unwrap();
        assert_eq!(std::fs::read_dir(folder.path().join("blobs")).unwrap().count(), 0);
    }

    #[test]
    fn a_sweep_removes_the_unfinished_and_the_unreferenced_only() {
        let (folder, blobs) = open();
        put(&blobs, "kept", b"k");
        put(&blobs, "orphan", b"o");
        std::fs::write(folder.path().join("blobs/torn.1-1.partial"), b"t").unwrap();
        std::fs::write(folder.path().join("blobs/README.txt"), b"not ours").unwrap();
        let swept = blobs.sweep(&HashSet::from(["kept".to_owned()])).unwrap();
        assert_eq!(swept, Swept { partial: 1, orphans: 1 });
        assert_eq!(blobs.read("kept").unwrap().as_deref(), Some(&b"k"[..]));
        assert_eq!(blobs.read("orphan").unwrap(), None);
        assert!(folder.path().join("blobs/README.txt").exists());
    }

    #[test]
    fn an_id_cannot_leave_the_folder() {
        let (_folder, blobs) = open();
        for id in ["", "../mark", "a/b", ".", "a.partial", "é", &"x".repeat(129)] {
            assert!(blobs.create(id).is_err(), "{id:?}");
            assert!(blobs.read(id).is_err(), "{id:?}");
        }
    }
}
