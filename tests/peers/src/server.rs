//! Our own small servers as children on the servers' core. Called by the comparisons of generators.

use crate::bench::Bench;
use crate::floors::echo::Saw;
use crate::known_server::{Behaviour, KnownServer, Seen};
use crate::pinned::{Ended, Pinned};
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How often the known server looks whether it is to stop.
const LOOK: Duration = Duration::from_millis(20);

/// This program, to be started again as one of its small programs.
///
/// # Errors
/// A sentence: the system does not tell where it lies.
pub fn this_program(words: &[String]) -> Result<Command, String> {
    let path = std::env::current_exe().map_err(|e| format!("this program cannot be found: {e}"))?;
    let mut command = Command::new(path);
    command.args(words);
    Ok(command)
}

/// A server that runs.
pub struct Server {
    child: Pinned,
    /// Where it listens.
    pub address: SocketAddr,
    log: Option<PathBuf>,
}

/// What the known server wrote when it stopped.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Truth {
    /// When its clock began, from which freezes are counted: CLOCK_MONOTONIC, nanoseconds.
    pub origin_ns: u64,
    /// Requests in the order of their arrival.
    pub seen: Vec<Seen>,
}

/// Which freezes the known server has: (period, length), seconds; the freeze is the end of each period.
pub type Freeze = Option<(u32, u32)>;

impl Server {
    /// The echo server, with bodies of `bytes`.
    ///
    /// # Errors
    /// A sentence: it does not start.
    pub fn echo(bench: &Bench, bytes: usize) -> Result<Server, String> {
        let words = ["floor-echo".to_owned(), "--bytes".to_owned(), bytes.to_string()];
        Server::start(bench, &words, None)
    }

    /// The server with a known truth. Without freezes it never sleeps, so that its own waking up is in no time it logs.
    ///
    /// # Errors
    /// A sentence: it does not start.
    pub fn known(bench: &Bench, freeze: Freeze) -> Result<Server, String> {
        let log = bench.scratch.join(format!("truth-{}.csv", std::process::id()));
        let mut words = vec!["known-server".to_owned(), "--log".to_owned(), log.display().to_string()];
        if let Some((period_s, length_s)) = freeze {
            words.extend(["--period".to_owned(), period_s.to_string()]);
            words.extend(["--length".to_owned(), length_s.to_string()]);
        }
        Server::start(bench, &words, Some(log))
    }

    fn start(bench: &Bench, words: &[String], log: Option<PathBuf>) -> Result<Server, String> {
        let mut child = Pinned::start(&mut this_program(words)?, bench.server_core)?;
        let line = child.line()?;
        let address = line.rsplit("http://").next().and_then(|a| a.parse().ok());
        let address = address.ok_or_else(|| format!("the server named no address, got {line:?}"))?;
        Ok(Server { child, address, log })
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.pid()
    }

    /// CPU time so far, seconds, with its moment.
    pub fn look(&self) -> Option<crate::pinned::Look> {
        self.child.look()
    }

    /// Stops the echo server: what it saw.
    ///
    /// # Errors
    /// A sentence: it did not stop or said nothing.
    pub fn saw(self) -> Result<Saw, String> {
        let Ended { stdout, stderr, .. } = self.child.stop()?;
        serde_json::from_str(stdout.trim())
            .map_err(|e| format!("the echo server told nothing: {e}; {stderr}"))
    }

    /// Stops the known server: its log.
    ///
    /// # Errors
    /// A sentence: it did not stop or left no log.
    pub fn truth(self) -> Result<Truth, String> {
        self.child.stop()?;
        let log = self.log.unwrap_or_default();
        let text = std::fs::read_to_string(&log).map_err(|e| format!("{}: {e}", log.display()))?;
        let _ = std::fs::remove_file(&log);
        Truth::parse(&text).ok_or_else(|| format!("{}: not a log of the known server", log.display()))
    }
}

impl Truth {
    /// As text: the origin, then a line a request.
    fn text(&self) -> String {
        let mut out = format!("{}\n", self.origin_ns);
        for Seen { number, arrived_ns, answered_ns } in &self.seen {
            let _ = writeln!(out, "{number},{arrived_ns},{answered_ns}");
        }
        out
    }

    fn parse(text: &str) -> Option<Truth> {
        let mut lines = text.lines();
        let origin_ns = lines.next()?.parse().ok()?;
        let seen = lines.map(|line| {
            let mut numbers = line.split(',').map(|n| n.parse::<u64>().ok());
            Some(Seen {
                number: numbers.next()??,
                arrived_ns: numbers.next()??,
                answered_ns: numbers.next()??,
            })
        });
        Some(Truth { origin_ns, seen: seen.collect::<Option<_>>()? })
    }
}

/// The known server as a program: until SIGTERM, then the log goes to a file.
///
/// # Errors
/// A sentence: the log cannot be written, or SIGTERM not be watched.
pub fn run_known(log: &Path, freeze: Freeze) -> Result<(), String> {
    let stop = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(signal_hook::consts::SIGTERM, Arc::clone(&stop))
        .map_err(|e| format!("SIGTERM cannot be watched: {e}"))?;
    let ns = |s: u32| u64::from(s) * 1_000_000_000;
    let freeze = freeze.map(|(period_s, length_s)| (ns(period_s), ns(length_s)));
    let behaviour = Behaviour { delay_ns: |_| 0, freeze, record: false, spin: freeze.is_none() };
    let server = KnownServer::start(behaviour);
    println!("listening on http://{}", server.address);
    while !stop.load(Ordering::Relaxed) {
        harness::clock::sleep(LOOK);
    }
    let origin_ns = server.origin_ns;
    let truth = Truth { origin_ns, seen: server.finish().0 };
    std::fs::write(log, truth.text()).map_err(|e| format!("{}: {e}", log.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_of_the_known_server_is_read_as_it_was_written() {
        let seen = vec![
            Seen { number: 3, arrived_ns: 5, answered_ns: 6 },
            Seen { number: u64::MAX, arrived_ns: 7, answered_ns: 0 },
        ];
        let truth = Truth { origin_ns: 4, seen };
        assert_eq!(Truth::parse(&truth.text()), Some(truth));
        assert_eq!(Truth::parse("4\n1,2\n"), None);
        assert_eq!(Truth::parse(""), None);
    }
}
