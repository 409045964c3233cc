//! Measures how long an fsync takes on a folder, once, at start. The only file of this crate that reads time.
//!
//! Called by the hub before it serves. Must never be called under load: it would measure the load.
#![allow(clippy::disallowed_methods)] // this is the crate's clock

use crate::StoreError;
use std::io::Write as _;
use std::path::Path;
use std::time::Instant;

/// Enough for a steady median, yet under half a second on a disk that takes 5 ms.
const PROBES: usize = 64;
/// The page every file system writes whole.
const PROBE_BYTES: usize = 4_096;
/// Faster than any device known to keep what it was told through a power cut (fast ones with a capacitor take 10 to
/// 30 µs, and the system call itself a few): a cache may be answering.
const SUSPECT_BELOW_NS: u64 = 20_000;
/// Slower than consumer NVMe: group commit still works, but every answer waits this long at least.
const SLOW_ABOVE_NS: u64 = 5_000_000;

/// What the probe found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FsyncProbe {
    /// Median time of a 4 KiB write and its fdatasync, in nanoseconds.
    pub p50_ns: u64,
    /// Longest of the probes, in nanoseconds.
    pub max_ns: u64,
    /// A sentence for the operator when the median is hard to believe or slow.
    pub warning: Option<String>,
}

/// Writes and syncs 64 pages in a temporary file in `folder`.
///
/// # Errors
/// [`StoreError`] when the file cannot be created, written or synced.
pub fn fsync_probe(folder: &Path) -> Result<FsyncProbe, StoreError> {
    let path = folder.join(format!("fsync-probe-{}", std::process::id()));
    let result = probe(&path);
    let removed = std::fs::remove_file(&path);
    let mut times_ns = result
        .and_then(|t| removed.map(|()| t))
        .map_err(|e| StoreError::io(path.display(), "cannot probe fsync", &e))?;
    times_ns.sort_unstable();
    let p50_ns = times_ns[times_ns.len() / 2];
    let max_ns = times_ns[times_ns.len() - 1];
    Ok(FsyncProbe { p50_ns, max_ns, warning: fsync_warning(p50_ns) })
}

fn probe(path: &Path) -> std::io::Result<Vec<u64>> {
    let mut file = std::fs::File::create(path)?;
    let page = [0x5a_u8; PROBE_BYTES];
    let mut times_ns = Vec::with_capacity(PROBES);
    for _ in 0..PROBES {
        let start = Instant::now();
        file.write_all(&page)?;
        file.sync_data()?;
        times_ns.push(u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX));
    }
    Ok(times_ns)
}

/// The sentence for a median that is hard to believe or slow.
pub fn fsync_warning(p50_ns: u64) -> Option<String> {
    let micros = p50_ns as f64 / 1_000.0;
    if p50_ns < SUSPECT_BELOW_NS {
        return Some(format!(
            "fsync takes {micros:.1} µs here, faster than a disk that keeps data through a power cut: \
             what is acknowledged may not survive one"
        ));
    }
    if p50_ns > SLOW_ABOVE_NS {
        return Some(format!(
            "fsync takes {:.1} ms here: every write waits at least that long for its answer",
            micros / 1_000.0
        ));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_probe_measures_and_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let probe = fsync_probe(folder.path()).unwrap();
        assert!(probe.p50_ns > 0 && probe.max_ns >= probe.p50_ns);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        assert!(fsync_probe(&folder.path().join("absent")).is_err());
    }

    #[test]
    fn only_unbelievable_and_slow_disks_get_a_sentence() {
        assert!(fsync_warning(5_000).unwrap().contains("power cut"));
        assert_eq!(fsync_warning(90_000), None);
        assert!(fsync_warning(9_000_000).unwrap().contains("9.0 ms"));
    }
}
