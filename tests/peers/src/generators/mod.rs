//! Load generators side by side: the same questions to the same small servers, one core each. Called by the command.
//!
//! `peers` says how each is found and called, `read` what it reports, `ours` runs the product, `judge` (pure) holds all of
//! them against the server's log; `saturation`, `steady` and `stall` are the comparisons.
//!
//! To add a generator: a row in [`peers::PEERS`].

pub mod contest;
pub mod goose_program;
pub mod judge;
pub mod ours;
pub mod peers;
pub mod read;
pub mod saturation;
pub mod stall;
pub mod steady;

use crate::bench::Bench;
use crate::pinned::{Ended, Pinned};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Connections of every generator; those whose workers each hold one have so many workers.
pub const CONNECTIONS: u32 = 60;
/// The national peak, requests a second.
pub const RATE: u32 = 1_800;
/// What a child may take beyond the length of the load: an interpreter's start, a report.
const MORE: Duration = Duration::from_secs(30);

/// How to load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Load {
    /// As much as the connections carry, each asking again when answered.
    Saturate,
    /// So many requests a second.
    Rate(u32),
    /// The same, with the generator's own correction of what it did not send.
    Corrected(u32),
}

/// What a generator is asked to do.
#[derive(Debug, Clone)]
pub struct Ask {
    /// Where to send.
    pub target: SocketAddr,
    /// For how long, whole seconds.
    pub seconds: u32,
    /// How to load.
    pub load: Load,
}

/// What a generator says of itself, milliseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Reported {
    /// Median response time.
    pub p50_ms: Option<f64>,
    /// 99th percentile.
    pub p99_ms: Option<f64>,
}

/// A generator that was found.
#[derive(Debug, Clone)]
pub struct Found {
    /// The program.
    pub program: PathBuf,
    /// Its version, as it tells it.
    pub version: String,
    /// A file it needs, if any.
    pub file: Option<PathBuf>,
}

/// One measurement of one generator.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The child.
    pub ended: Ended,
    /// What it reported.
    pub reported: Reported,
    /// For numbered paths: when each number was planned, CLOCK_MONOTONIC, nanoseconds. `None` when the plan is not known.
    pub planned_ns: Option<Vec<u64>>,
}

/// A command as a reader can type it: folders of this machine shortened to the last name.
pub fn shown(program: &Path, words: &[String]) -> String {
    let short = |word: &str| word.rsplit_once('/').filter(|_| word.starts_with('/')).map(|w| w.1.to_owned());
    let name = program.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let words = words.iter().map(|w| short(w).unwrap_or_else(|| w.clone()));
    [name].into_iter().chain(words).collect::<Vec<_>>().join(" ")
}

/// Runs a generator on the clients' core to its end.
///
/// # Errors
/// A sentence: it does not start, does not end, or fails.
fn run(bench: &Bench, program: &Path, words: &[String], seconds: u32) -> Result<Ended, String> {
    let mut command = Command::new(program);
    command.args(words).current_dir(&bench.scratch);
    // One core each: who starts a thread a core is told so.
    command.env("GOMAXPROCS", "1").env("TOKIO_WORKER_THREADS", "1").env("UV_THREADPOOL_SIZE", "1");
    let child = Pinned::start(&mut command, bench.client_core)?;
    let ended = child.finish(Duration::from_secs(u64::from(seconds)) + MORE)?;
    Ok(ended)
}

/// Writes a file that a generator reads.
///
/// # Errors
/// A sentence with its name.
fn write(path: PathBuf, text: &str) -> Result<PathBuf, String> {
    std::fs::write(&path, text).map_err(|e| format!("{}: {e}", path.display()))?;
    Ok(path)
}

/// The length of a measurement in whole seconds, as that is what all generators take.
pub fn whole_seconds(bench: &Bench) -> u32 {
    bench.seconds.ceil().clamp(1.0, 600.0) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shown_command_names_no_folder_of_this_machine() {
        let words = ["-c".to_owned(), "60".to_owned(), "/a/b/load.py".to_owned(), "http://h:1/".to_owned()];
        assert_eq!(shown(Path::new("/usr/bin/wrk"), &words), "wrk -c 60 load.py http://h:1/");
    }
}
