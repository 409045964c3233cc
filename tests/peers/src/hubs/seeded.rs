//! The reference hub as a server to be measured: a data folder with a synthetic population, made once and kept, and the hub
//! on it as a process of its own. Called by the comparisons of servers.

use crate::bench::Bench;
use crate::pinned::{Look, Pinned};
use harness::clock::Clock;
use population::{Population, Sizes};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Organisations and end points of every population here: those that the command line has by default.
pub const ORGANISATIONS: u32 = 2_000;
/// See [`ORGANISATIONS`].
pub const ENDPOINTS: u32 = 2_800;
/// The seed of every population here: the product's own.
pub const SEED: u64 = 42;

/// A running hub; killed when dropped.
pub struct Hub {
    process: Pinned,
    /// Where it listens.
    pub address: SocketAddr,
    /// From its start to the line that says where it listens, seconds.
    pub open_s: f64,
}

/// Who lives in a data folder of so many people.
///
/// # Errors
/// One sentence for a size out of bounds.
pub fn population(patients: u64) -> Result<Population, String> {
    let sizes = Sizes { patients, organisations: ORGANISATIONS, endpoints: ENDPOINTS };
    Population::new(SEED, sizes).map_err(|faults| faults.join("; "))
}

/// A data folder with so many people, never written to again: made when it is not there yet, or was made by another build
/// of the product's program, whose folders may be of another format.
///
/// # Errors
/// One sentence: the hub does not fill it.
pub fn folder(bench: &Bench, patients: u64) -> Result<PathBuf, String> {
    let folder = bench.scratch.join(format!("people-{patients}"));
    let ready = bench.scratch.join(format!("people-{patients}.ready"));
    let build = std::fs::metadata(&bench.spinebench)
        .and_then(|m| Ok(format!("{} bytes, built {:?}", m.len(), m.modified()?)))
        .map_err(|e| format!("{}: {e}", bench.spinebench.display()))?;
    if std::fs::read_to_string(&ready).is_ok_and(|made_by| made_by == build) {
        return Ok(folder);
    }
    bench.say(&format!("filling a data folder with {patients} people"));
    let _ = std::fs::remove_dir_all(&folder);
    let hub = Hub::start(bench, patients, &folder, &[bench.server_core, bench.client_core], &[])?;
    hub.stop()?;
    std::fs::write(&ready, build).map_err(|e| format!("{}: {e}", ready.display()))?;
    Ok(folder)
}

/// A copy of such a folder that may be written to.
///
/// # Errors
/// One sentence: it cannot be made or copied.
pub fn copy(bench: &Bench, patients: u64, name: &str) -> Result<PathBuf, String> {
    let (from, to) = (folder(bench, patients)?, bench.scratch.join(name));
    let _ = std::fs::remove_dir_all(&to);
    let copied = Command::new("cp").arg("-a").arg(&from).arg(&to).status();
    match copied {
        Ok(status) if status.success() => Ok(to),
        _ => Err(format!("{} cannot be copied", from.display())),
    }
}

/// Bytes that a folder's files take on the disk.
pub fn bytes_on_disk(folder: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt;
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    entries
        .flatten()
        .filter_map(|e| Some((e.path(), e.metadata().ok()?)))
        .map(|(path, m)| if m.is_dir() { bytes_on_disk(&path) } else { m.blocks() * 512 })
        .sum()
}

/// The command line of a hub on such a folder, as a reader would type it.
pub fn command_line(patients: u64, more: &[&str]) -> String {
    let more: String = more.iter().flat_map(|m| [" ", m]).collect();
    format!(
        "spinebench hub --quiet --data people-{patients} --patients {patients} --organisations {ORGANISATIONS} \
         --endpoints {ENDPOINTS}{more}"
    )
}

impl Hub {
    /// Starts the hub on these cores and waits until it listens.
    ///
    /// # Errors
    /// One sentence with what it said.
    pub fn start(
        bench: &Bench,
        patients: u64,
        data: &Path,
        cores: &[usize],
        more: &[&str],
    ) -> Result<Hub, String> {
        let cores: Vec<String> = cores.iter().map(usize::to_string).collect();
        let mut command = Command::new("taskset");
        command.args(["-c", &cores.join(",")]).arg(&bench.spinebench);
        command.args(["hub", "--quiet", "--listen", "127.0.0.1:0", "--data"]).arg(data);
        for (name, n) in [
            ("--patients", patients),
            ("--organisations", ORGANISATIONS.into()),
            ("--endpoints", ENDPOINTS.into()),
        ] {
            command.arg(name).arg(n.to_string());
        }
        command.args(more);
        let clock = Clock::start();
        let mut process = Pinned::start(&mut command, bench.server_core)?;
        let line = process.line()?;
        let open_s = clock.now_ns() as f64 / 1e9;
        let address = line.rsplit('/').next().and_then(|a| a.parse().ok());
        let address = address.ok_or_else(|| format!("the hub says {line:?} instead of its address"))?;
        Ok(Hub { process, address, open_s })
    }

    /// Its process and address, as measurements take them.
    pub fn server(&self) -> (u32, SocketAddr) {
        (self.process.pid(), self.address)
    }

    /// Its CPU time and memory now.
    pub fn look(&self) -> Option<Look> {
        self.process.look()
    }

    /// Stops it in order.
    ///
    /// # Errors
    /// One sentence: it had to be killed, or ended badly.
    pub fn stop(self) -> Result<(), String> {
        let ended = self.process.stop()?;
        if ended.ok { Ok(()) } else { Err(format!("the hub ended badly: {}", ended.stderr)) }
    }
}
