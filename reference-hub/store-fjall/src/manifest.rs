//! Checks each table's manifest before the engine opens it, because the engine believes what it reads there and removes
//! every file the manifest does not name.
//!
//! Called by [`crate::open`] on a folder that was in use before; never writes. Layout (fjall 3): `keyspaces/N/current`
//! holds the number of the manifest `vNUMBER` and its checksum.

use hub_store::recover::Refusal;
use std::path::Path;
use xxhash_rust::xxh3::xxh3_128;

/// Manifest number, checksum, kind of checksum.
const CURRENT_BYTES: usize = 8 + 16 + 1;

/// Checks every manifest under `store` against its checksum.
///
/// # Errors
/// [`Refusal`] naming the first file that is missing, unreadable or damaged.
pub(crate) fn check_manifests(store: &Path) -> Result<(), Refusal> {
    if !store.join("version").is_file() {
        return Err(Refusal::because(format!("{}: missing", store.join("version").display())));
    }
    let keyspaces = store.join("keyspaces");
    let unreadable = |e: std::io::Error| Refusal::because(format!("{}: {e}", keyspaces.display()));
    for entry in std::fs::read_dir(&keyspaces).map_err(unreadable)? {
        let folder = entry.map_err(unreadable)?.path();
        if !folder.is_dir() || folder.file_name().and_then(|n| n.to_str()?.parse::<u64>().ok()).is_none() {
            return Err(Refusal::because(format!("{}: not a table's folder", folder.display())));
        }
        check_manifest(&folder)?;
    }
    Ok(())
}

fn check_manifest(folder: &Path) -> Result<(), Refusal> {
    let current = folder.join("current");
    let bytes =
        std::fs::read(&current).map_err(|e| Refusal::because(format!("{}: {e}", current.display())))?;
    let damaged = || Refusal::because(format!("{}: damaged", current.display()));
    if bytes.len() != CURRENT_BYTES {
        return Err(damaged());
    }
    let number = u64::from_le_bytes(bytes[..8].try_into().map_err(|_| damaged())?);
    let checksum = u128::from_le_bytes(bytes[8..24].try_into().map_err(|_| damaged())?);
    let manifest = folder.join(format!("v{number}"));
    let content =
        std::fs::read(&manifest).map_err(|e| Refusal::because(format!("{}: {e}", manifest.display())))?;
    if xxh3_128(&content) != checksum {
        return Err(Refusal::because(format!(
            "{}: damaged (or {} is): checksum {:032x}, allowed {checksum:032x}",
            manifest.display(),
            current.display(),
            xxh3_128(&content)
        )));
    }
    Ok(())
}
