//! The lock on a data folder, so that two hubs cannot share one.
//!
//! Called by every engine that keeps a folder, before it reads anything there. The file names the process that holds it.

use crate::StoreError;
use std::fs::{File, TryLockError};
use std::io::{Read as _, Write as _};
use std::path::Path;

/// Takes `data_dir/LOCK`; held until the file is dropped or the process ends.
///
/// # Errors
/// [`StoreError`] when another process holds it (named if known), or the file cannot be made.
pub fn lock_folder(data_dir: &Path) -> Result<File, StoreError> {
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
