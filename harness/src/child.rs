//! The system under test as a child process: started, spoken to by its address, stopped by closing its stdin.
//!
//! Called by the command line for `hub = "embedded"`. Knows only the contract that every server here keeps: the first
//! line of stdout ends with the address; the process ends when stdin closes.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::time::Duration;

/// How long a child may take from its closed stdin to its end before it is killed: the hub drains for up to 20 s.
const STOP_S_MAX: u64 = 30;

/// A running child.
#[derive(Debug)]
pub struct Server {
    child: Child,
    stdin: Option<ChildStdin>,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Server {
    /// Starts `command` and waits for its first line. The child gets a process group of its own, so that a Ctrl-C
    /// meant for the run does not stop the hub before the run has ended.
    ///
    /// # Errors
    /// One sentence: the program did not start, or ended before it said where it listens.
    pub fn start(mut command: Command) -> Result<Self, String> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .process_group(0)
            .spawn()
            .map_err(|e| format!("the hub's process could not be started: {e}"))?;
        let stdin = child.stdin.take();
        let Some(stdout) = child.stdout.take() else { return Err("the hub's process has no stdout".into()) };
        let mut line = String::new();
        let read = BufReader::new(stdout).read_line(&mut line);
        let url = line.split_whitespace().last();
        let address = url.and_then(|w| w.rsplit('/').next()?.parse().ok()); // http or https
        match (read, address) {
            (Ok(_), Some(address)) => Ok(Server { child, stdin, address }),
            _ => {
                drop(stdin);
                let ended = wait(&mut child, STOP_S_MAX);
                let how = ended.map_or("did not end".to_owned(), |s| s.to_string());
                Err(format!("the hub ended before it listened ({how}); its own message stands above"))
            }
        }
    }

    /// The child's process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// True while the process lives.
    pub fn alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Closes stdin and waits for a clean end.
    ///
    /// # Errors
    /// One sentence when it had to be killed or ended badly.
    pub fn stop(mut self) -> Result<(), String> {
        drop(self.stdin.take());
        match wait(&mut self.child, STOP_S_MAX) {
            Some(status) if status.success() => Ok(()),
            Some(status) => Err(format!("the hub ended badly: {status}")),
            None => {
                let _ = self.child.kill();
                let _ = self.child.wait();
                Err(format!("the hub did not stop within {STOP_S_MAX} s and was killed"))
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stdin.take());
        if wait(&mut self.child, STOP_S_MAX).is_none() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

fn wait(child: &mut Child, seconds: u64) -> Option<ExitStatus> {
    let step = Duration::from_millis(10);
    for _ in 0..seconds * 100 {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) => crate::clock::sleep(step),
            Err(_) => return None,
        }
    }
    None
}
