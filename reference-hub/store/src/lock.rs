//! A data folder taken by its engine: locked, so that two hubs cannot share one, and made when it is not there.
//!
//! Called by every engine that keeps a folder, before it reads anything there. The lock names the process that holds it.

use crate::mark::read_mark;
use crate::{Head, StoreError};
use std::fs::{File, TryLockError};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

/// A data folder that no other process has.
#[derive(Debug)]
pub struct TakenFolder {
    /// Held until it is dropped or the process ends.
    pub lock: File,
    /// Where the high-water mark lies.
    pub mark_path: PathBuf,
    /// What the mark says; `None` for a new folder.
    pub mark: Option<Head>,
    /// The engine's own folder.
    pub store: PathBuf,
}

/// Takes `data_dir`, making it when it is not there; `create` makes the engine's own folder (data folder, own folder) in a
/// new one.
///
/// # Errors
/// [`StoreError`] when another process holds the folder (named if known), it cannot be made, or its mark cannot be read;
/// and those of `create`.
pub fn take_folder(
    data_dir: &Path,
    create: impl FnOnce(&Path, &Path) -> Result<(), StoreError>,
) -> Result<TakenFolder, StoreError> {
    let made = std::fs::create_dir_all(data_dir);
    made.map_err(|e| StoreError::io(data_dir.display(), "cannot make the data folder", &e))?;
    let lock = lock_folder(data_dir)?;
    let mark_path = data_dir.join("mark");
    let mark = read_mark(&mark_path)?;
    let store = data_dir.join("store");
    if mark.is_none() && !store.exists() {
        create(data_dir, &store)?;
    }
    Ok(TakenFolder { lock, mark_path, mark, store })
}

fn lock_folder(data_dir: &Path) -> Result<File, StoreError> {
    let path = data_dir.join("LOCK");
    let failed = |e: &std::io::Error| StoreError::io(path.display(), "cannot lock the data folder", e);
    let opened = File::options().create(true).truncate(false).read(true).write(true).open(&path);
    let mut file = opened.map_err(|e| failed(&e))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            let _ = file.read_to_string(&mut holder);
            let holder = holder.trim();
            let who =
                if holder.is_empty() { "another process".to_owned() } else { format!("process {holder}") };
            return Err(StoreError(format!(
                "{}: {who} is using this data folder; stop it, or choose another folder",
                path.display()
            )));
        }
        Err(TryLockError::Error(e)) => return Err(failed(&e)),
    }
    let named = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
    named.map_err(|e| failed(&e))?;
    Ok(file)
}
