//! The floor of durable stores: bytes appended to a file and synced, one write after the other, nothing else.

use harness::clock::Clock;
use std::io::Write;
use std::path::Path;

/// How long a write with its sync took, microseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Synced {
    /// Median.
    pub p50_us: f64,
    /// 99th percentile.
    pub p99_us: f64,
}

/// Appends `bytes` and syncs the data (`fdatasync`), over and over for `seconds`, to a file in `folder` that is removed
/// afterwards.
///
/// # Errors
/// A sentence with the file's name: it cannot be written.
pub fn write_and_sync(folder: &Path, bytes: usize, seconds: f64) -> Result<Synced, String> {
    let path = folder.join(format!("floor-{bytes}-{}", std::process::id()));
    let took = times(&path, bytes, seconds);
    let _ = std::fs::remove_file(&path);
    let mut took_ns = took.map_err(|e| format!("{}: {e}", path.display()))?;
    took_ns.sort_unstable();
    let at = |q: f64| {
        let rank = (q * took_ns.len() as f64).ceil() as usize;
        took_ns.get(rank.clamp(1, took_ns.len().max(1)) - 1).map_or(0.0, |ns| *ns as f64 / 1e3)
    };
    Ok(Synced { p50_us: at(0.5), p99_us: at(0.99) })
}

fn times(path: &Path, bytes: usize, seconds: f64) -> std::io::Result<Vec<u64>> {
    let block = vec![b'x'; bytes];
    let mut file = std::fs::File::create(path)?;
    let clock = Clock::start();
    let mut took_ns = Vec::new();
    loop {
        let from_ns = clock.now_ns();
        if from_ns as f64 > seconds * 1e9 {
            return Ok(took_ns);
        }
        file.write_all(&block)?;
        rustix::fs::fdatasync(&file)?;
        took_ns.push(clock.now_ns() - from_ns);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_with_its_sync_takes_some_time_and_leaves_nothing_behind() {
        let folder = tempfile::tempdir().expect("a folder");
        let synced = write_and_sync(folder.path(), 512, 0.05).expect("a disk");
        assert!(synced.p50_us > 0.0 && synced.p50_us <= synced.p99_us, "{synced:?}");
        assert_eq!(std::fs::read_dir(folder.path()).expect("there").count(), 0);
    }
}
