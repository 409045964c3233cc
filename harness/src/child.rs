//! The system under test as a child process: started, spoken to by its address, stopped by closing its stdin; and, where a
//! scenario says so, killed, frozen, and started again where it was.
//!
//! Called by the command line for `hub = "embedded"`. Knows only the contract that every server here keeps: `--listen ADDR`
//! says where to listen; the first line of stdout ends with the address; the process ends when stdin closes.

use rustix::process::{Pid, Signal, kill_process};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// How long a child may take from its closed stdin to its end before it is killed: the hub drains for up to 20 s.
const STOP_S_MAX: u64 = 30;
/// Attempts to start it again where it was: its port is free the moment it is gone, but for a connection that some other
/// program happens to make from that very port.
const AGAIN_MAX: u32 = 3;
/// Pause between them.
const AGAIN_PAUSE: Duration = Duration::from_millis(200);
/// The argument that says where to listen.
const LISTEN: &str = "--listen";

/// Where the hub's process id can be read at any time; 0, which no process has, when it is not known.
pub type HubPid = Arc<AtomicU32>;

/// A running child.
#[derive(Debug)]
pub struct Server {
    child: Child,
    stdin: Option<ChildStdin>,
    /// Kept to start it again.
    command: Command,
    pid: Arc<AtomicU32>,
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
        let (child, stdin, address) = spawn(&mut command)?;
        let pid = Arc::new(AtomicU32::new(child.id()));
        Ok(Server { child, stdin, command, pid, address })
    }

    /// The child's process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The child's process id wherever it is watched from: it changes when the child is started again.
    pub fn pid_watch(&self) -> HubPid {
        Arc::clone(&self.pid)
    }

    /// True while the process lives.
    pub fn alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Ends the process outright (SIGKILL) and waits until it is gone. It can be started again with [`Server::again`].
    ///
    /// # Errors
    /// One sentence when the kernel refuses.
    pub fn kill(&mut self) -> Result<(), String> {
        // Its stdin closes after it is gone: it must not get to stop in order.
        let killed = self.child.kill().and_then(|()| self.child.wait());
        drop(self.stdin.take());
        killed.map(|_| ()).map_err(|e| format!("the hub could not be killed: {e}"))
    }

    /// Stops it in order and waits until it is gone. It can be started again with [`Server::again`].
    ///
    /// # Errors
    /// One sentence when it had to be killed or ended badly; it is gone all the same.
    pub fn end(&mut self) -> Result<(), String> {
        // A frozen process would never see that its stdin closed.
        let _ = self.thaw();
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

    /// Starts an ended child again, with the same arguments on the same address, and waits until it listens.
    ///
    /// # Errors
    /// One sentence when it does not come back.
    pub fn again(&mut self) -> Result<(), String> {
        if self.alive() {
            return Err("the hub still runs, so it cannot be started again".to_owned());
        }
        self.command = listening_on(&self.command, self.address);
        let mut tried = 1;
        let (child, stdin, address) = loop {
            match spawn(&mut self.command) {
                Ok(started) => break started,
                Err(sentence) if tried == AGAIN_MAX => return Err(sentence),
                Err(_) => crate::clock::sleep(AGAIN_PAUSE),
            }
            tried += 1;
        };
        self.pid.store(child.id(), Ordering::Relaxed);
        (self.child, self.stdin) = (child, stdin);
        if address == self.address {
            return Ok(());
        }
        let expected = std::mem::replace(&mut self.address, address);
        Err(format!("the hub came back on {address} instead of {expected}"))
    }

    /// Freezes the process (SIGSTOP).
    ///
    /// # Errors
    /// One sentence when the kernel refuses.
    pub fn freeze(&mut self) -> Result<(), String> {
        self.signal(Signal::STOP).map_err(|e| format!("the hub could not be frozen: {e}"))
    }

    /// Lets a frozen process go on (SIGCONT); does nothing to one that runs.
    ///
    /// # Errors
    /// One sentence when the kernel refuses.
    pub fn thaw(&mut self) -> Result<(), String> {
        self.signal(Signal::CONT).map_err(|e| format!("the hub could not be thawed: {e}"))
    }

    fn signal(&mut self, signal: Signal) -> Result<(), String> {
        // Of a child that is gone and waited for, the number may be somebody else's by now.
        if !self.alive() {
            return Err("its process is gone".to_owned());
        }
        kill_process(Pid::from_child(&self.child), signal).map_err(|e| e.to_string())
    }

    /// Closes stdin and waits for a clean end.
    ///
    /// # Errors
    /// One sentence when it had to be killed or ended badly.
    pub fn stop(mut self) -> Result<(), String> {
        self.end()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.alive() {
            let _ = self.end();
        }
    }
}

/// The same command with another address to listen on.
fn listening_on(command: &Command, address: SocketAddr) -> Command {
    let mut again = Command::new(command.get_program());
    let mut arguments = command.get_args();
    while let Some(argument) = arguments.next() {
        if argument == LISTEN {
            arguments.next();
        } else {
            again.arg(argument);
        }
    }
    again.arg(LISTEN).arg(address.to_string());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => again.env(name, value),
            None => again.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        again.current_dir(folder);
    }
    again
}

fn spawn(command: &mut Command) -> Result<(Child, Option<ChildStdin>, SocketAddr), String> {
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
    let bare = |w: &str| w.trim_start_matches("http://").trim_start_matches("https://").parse().ok();
    match (read, line.split_whitespace().last().and_then(bare)) {
        (Ok(_), Some(address)) => Ok((child, stdin, address)),
        _ => {
            drop(stdin);
            let ended = wait(&mut child, STOP_S_MAX);
            let how = ended.map_or("did not end".to_owned(), |s| s.to_string());
            Err(format!("the hub ended before it listened ({how}); its own message stands above"))
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A process that keeps the contract: says the address it was given, or a made-up one for port 0, and ends with stdin.
    fn contract() -> Command {
        let mut command = Command::new("sh");
        command.args([
            "-c",
            r#"case "$*" in *:0*) a=127.0.0.1:45678;; *) a=$(echo "$*" | sed 's/.*--listen //');; esac
               echo "listens on http://$a"; cat >/dev/null"#,
            "sh",
            "--listen",
            "127.0.0.1:0",
        ]);
        command
    }

    /// The state letter of a process as the kernel shows it.
    fn state(pid: u32) -> Option<char> {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        stat.rsplit_once(") ")?.1.chars().next()
    }

    #[test]
    fn a_killed_or_ended_child_comes_back_on_its_address_under_another_pid() {
        let mut server = Server::start(contract()).expect("starts");
        let (address, watch) = (server.address, server.pid_watch());
        for round in 0..4 {
            let before = server.pid();
            assert_eq!(watch.load(Ordering::Relaxed), before);
            if round % 2 == 0 { server.kill() } else { server.end() }.expect("ends");
            assert!(!server.alive() && state(before).is_none(), "{before} is gone");
            server.again().expect("comes back");
            assert!(server.alive());
            assert_eq!((server.address, server.pid() == before), (address, false));
        }
        server.stop().expect("stops");
    }

    #[test]
    fn a_frozen_child_stands_still_until_it_is_thawed_and_can_be_stopped_in_any_case() {
        let mut server = Server::start(contract()).expect("starts");
        server.freeze().expect("freezes");
        let shows = |server: &Server, letters: &str| {
            (0..200).any(|_| {
                crate::clock::sleep(Duration::from_millis(5));
                state(server.pid()).is_some_and(|c| letters.contains(c))
            })
        };
        assert!(shows(&server, "T"));
        server.thaw().expect("thaws");
        assert!(shows(&server, "SR"));
        server.freeze().expect("freezes");
        server.stop().expect("a frozen child stops in order");
    }

    #[test]
    fn what_cannot_be_done_is_said() {
        let mut server = Server::start(contract()).expect("starts");
        assert!(server.again().unwrap_err().contains("still runs"));
        server.kill().expect("killed");
        assert!(server.freeze().unwrap_err().contains("gone"));
        server.command = Command::new("false");
        assert!(server.again().unwrap_err().contains("before it listened"));
        assert!(
            Server::start(Command::new("/no/such/program")).unwrap_err().contains("could not be started")
        );
    }
}
