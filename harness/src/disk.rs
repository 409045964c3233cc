//! What a folder takes up on the disk. Called before and after a run for the data folder of a hub of our own; never while
//! something is measured.

use std::path::Path;

/// Bytes that the file system has set aside for all files below `folder`. What is written ahead but still empty takes up
/// none. Files that go while they are counted, as those of a store at work do, count for nothing.
pub fn bytes_on_disk(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    let sizes = entries.flatten().map(|entry| match entry.metadata() {
        Ok(found) if found.is_dir() => bytes_on_disk(&entry.path()),
        Ok(found) => taken(&found),
        Err(_) => 0,
    });
    sizes.sum()
}

#[cfg(unix)]
fn taken(found: &std::fs::Metadata) -> u64 {
    /// Bytes of a block as `stat` counts them, whatever the file system's own are (POSIX).
    const BLOCK_BYTES: u64 = 512;
    std::os::unix::fs::MetadataExt::blocks(found) * BLOCK_BYTES
}

#[cfg(not(unix))]
fn taken(found: &std::fs::Metadata) -> u64 {
    found.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_aside_but_never_written_takes_up_nothing() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("below")).unwrap();
        std::fs::write(folder.path().join("below/written"), vec![7; 100_000]).unwrap();
        let ahead = std::fs::File::create(folder.path().join("ahead")).unwrap();
        ahead.set_len(64 << 20).unwrap();
        let bytes = bytes_on_disk(folder.path());
        assert!((100_000..1_000_000).contains(&bytes), "{bytes}");
        assert_eq!(bytes_on_disk(&folder.path().join("none")), 0);
    }
}
