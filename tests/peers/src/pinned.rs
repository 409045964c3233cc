//! Other people's programs as child processes: started on one core, watched while they run (CPU time, memory), killed when
//! dropped. Called by every comparison.
//!
//! CPU time is what the kernel accounts to the child and all its descendants, read from `/proc`: whoever ended meanwhile is
//! in its parent's account. The kernel gives it in ticks of 10 ms, so a measurement should last some seconds.

use harness::clock::{self, Clock};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread::JoinHandle;
use std::time::Duration;

/// Between two looks at a running child: five ticks of the kernel's account, and a look costs some tens of microseconds.
const LOOK: Duration = Duration::from_millis(50);
/// The kernel tells CPU time in these to programs, whatever its own are; so on every architecture that runs the product.
const TICKS_PER_S: f64 = 100.0;
/// A page of memory, on the architectures that the product is built for.
const PAGE_BYTES: u64 = 4_096;
/// How long a child may take to stop after SIGTERM before it is killed.
const PATIENCE_NS: u64 = 10_000_000_000;

/// One look at a child.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Look {
    /// CLOCK_MONOTONIC, nanoseconds.
    pub at_ns: u64,
    /// CPU time of the child and its descendants so far, seconds.
    pub cpu_s: f64,
    /// Resident memory of the child and its descendants, bytes.
    pub rss_bytes: u64,
}

/// How a child ended, and what it took.
#[derive(Debug, Clone)]
pub struct Ended {
    /// Whether it ended with exit code 0.
    pub ok: bool,
    /// All that it said on standard output.
    pub stdout: String,
    /// The end of what it said on standard error.
    pub stderr: String,
    /// One look each 50 ms, and one at its end.
    pub looks: Vec<Look>,
}

impl Ended {
    /// CPU seconds of its whole life.
    pub fn cpu_s(&self) -> f64 {
        self.looks.last().map_or(0.0, |l| l.cpu_s)
    }

    /// CPU seconds between two moments (CLOCK_MONOTONIC, nanoseconds), between the looks by proportion: so that neither
    /// the start of an interpreter nor the making of a report counts as load.
    pub fn cpu_s_between(&self, from_ns: u64, to_ns: u64) -> f64 {
        (cpu_at(&self.looks, to_ns) - cpu_at(&self.looks, from_ns)).max(0.0)
    }

    /// Largest resident memory seen, bytes.
    pub fn rss_bytes_peak(&self) -> u64 {
        self.looks.iter().map(|l| l.rss_bytes).max().unwrap_or(0)
    }
}

fn cpu_at(looks: &[Look], at_ns: u64) -> f64 {
    let after = looks.partition_point(|l| l.at_ns < at_ns);
    match (after.checked_sub(1).and_then(|i| looks.get(i)), looks.get(after)) {
        (Some(a), Some(b)) => {
            let share = (at_ns - a.at_ns) as f64 / (b.at_ns - a.at_ns).max(1) as f64;
            a.cpu_s + share * (b.cpu_s - a.cpu_s)
        }
        (Some(only), None) | (None, Some(only)) => only.cpu_s,
        (None, None) => 0.0,
    }
}

/// A running child; killed when dropped.
pub struct Pinned {
    name: String,
    child: Child,
    stdout: Option<BufReader<ChildStdout>>,
    /// Reads standard error from the start, so that a talkative child never waits for it.
    complaints: Option<JoinHandle<String>>,
}

impl Pinned {
    /// Starts a command on one core. Both its output streams are kept; its standard input stays open and empty until it
    /// ends, as the hub takes the end of its input for the order to stop.
    ///
    /// # Errors
    /// A sentence: the program does not start.
    pub fn start(command: &mut Command, core: usize) -> Result<Pinned, String> {
        let name = command.get_program().to_string_lossy().into_owned();
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child =
            on_core(core, || command.spawn()).map_err(|e| format!("{name}: does not start: {e}"))?;
        let stdout = child.stdout.take().map(BufReader::new);
        let errors = child.stderr.take();
        let complaints = Some(std::thread::spawn(move || errors.map(tail_of).unwrap_or_default()));
        Ok(Pinned { name, child, stdout, complaints })
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits for the next line of its standard output: servers name their address there.
    ///
    /// # Errors
    /// A sentence with what it said on standard error instead.
    pub fn line(&mut self) -> Result<String, String> {
        let mut line = String::new();
        let read = self.stdout.as_mut().map(|s| s.read_line(&mut line));
        match read {
            Some(Ok(n)) if n > 0 => Ok(line.trim_end().to_owned()),
            _ => {
                let _ = self.child.kill();
                let _ = self.child.wait();
                let said = self.complaints.take().and_then(|c| c.join().ok()).unwrap_or_default();
                Err(format!("{}: ended before it said anything: {said}", self.name))
            }
        }
    }

    /// A look at it now; `None` when it is gone.
    pub fn look(&self) -> Option<Look> {
        look(self.child.id())
    }

    /// Looks at it until it ends by itself; kills it after `most`.
    ///
    /// # Errors
    /// A sentence: it did not end in time.
    pub fn finish(self, most: Duration) -> Result<Ended, String> {
        let clock = Clock::start();
        let most_ns = u64::try_from(most.as_nanos()).unwrap_or(u64::MAX);
        self.watch(|| clock.now_ns() < most_ns)
    }

    /// Asks it to stop (SIGTERM) and waits for its end; kills it when it does not.
    ///
    /// # Errors
    /// A sentence: it had to be killed.
    pub fn stop(self) -> Result<Ended, String> {
        let clock = Clock::start();
        if let Some(pid) = Pid::from_raw(self.child.id().cast_signed()) {
            let _ = rustix::process::kill_process(pid, Signal::TERM);
        }
        self.watch(|| clock.now_ns() < PATIENCE_NS)
    }

    fn watch(mut self, in_time: impl Fn() -> bool) -> Result<Ended, String> {
        let mut stdout = self.stdout.take();
        let said = std::thread::spawn(move || {
            let mut all = String::new();
            if let Some(stream) = stdout.as_mut() {
                let _ = stream.read_to_string(&mut all);
            }
            all
        });
        let mut looks = Vec::new();
        let mut killed = false;
        // What has ended but was not yet waited for still has its account.
        while !self.has_ended() {
            looks.extend(look(self.child.id()));
            if !killed && !in_time() {
                killed = true;
                let _ = self.child.kill();
            }
            clock::sleep(LOOK);
        }
        looks.extend(look(self.child.id()));
        let status = self.child.wait().map_err(|e| format!("{}: cannot be waited for: {e}", self.name))?;
        if killed {
            return Err(format!("{}: did not end in time and was killed", self.name));
        }
        Ok(Ended {
            ok: status.success(),
            stdout: said.join().unwrap_or_default(),
            stderr: self.complaints.take().and_then(|c| c.join().ok()).unwrap_or_default(),
            looks,
        })
    }

    fn has_ended(&self) -> bool {
        let Some(pid) = Pid::from_raw(self.child.id().cast_signed()) else { return true };
        let how = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        !matches!(rustix::process::waitid(WaitId::Pid(pid), how), Ok(None))
    }
}

impl Drop for Pinned {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Does something with the calling thread on one core, and puts the thread back: children inherit the core. Where the
/// kernel refuses the core it is done all the same.
pub fn on_core<T>(core: usize, what: impl FnOnce() -> T) -> T {
    let before = sched_getaffinity(None);
    let mut one = CpuSet::new();
    one.set(core.min(CpuSet::MAX_CPU - 1));
    let _ = sched_setaffinity(None, &one);
    let done = what();
    if let Ok(before) = before {
        let _ = sched_setaffinity(None, &before);
    }
    done
}

/// CPU time and memory of a process and its descendants; `None` when it is gone.
pub fn look(pid: u32) -> Option<Look> {
    let at_ns = Clock::start().origin_ns();
    let mut found = vec![Stat::of(pid)?];
    let mut at = 0;
    while let Some(parent) = found.get(at).map(|s| s.pid) {
        found.extend(children(parent).into_iter().filter_map(Stat::of));
        at += 1;
    }
    Some(Look {
        at_ns,
        cpu_s: found.iter().map(|s| s.ticks).sum::<u64>() as f64 / TICKS_PER_S,
        rss_bytes: found.iter().map(|s| s.pages).sum::<u64>() * PAGE_BYTES,
    })
}

/// The children of a process, by whichever of its threads; none where the kernel does not tell.
fn children(pid: u32) -> Vec<u32> {
    let Ok(threads) = std::fs::read_dir(format!("/proc/{pid}/task")) else { return Vec::new() };
    let told = |thread: std::fs::DirEntry| std::fs::read_to_string(thread.path().join("children")).ok();
    let told: Vec<String> = threads.filter_map(|t| told(t.ok()?)).collect();
    told.iter().flat_map(|text| text.split_whitespace()).filter_map(|pid| pid.parse().ok()).collect()
}

/// The part of `/proc/PID/stat` that is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stat {
    pid: u32,
    /// Its own, and that of children it has waited for.
    ticks: u64,
    pages: u64,
}

impl Stat {
    fn of(pid: u32) -> Option<Stat> {
        Stat::parse(pid, &std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
    }

    fn parse(pid: u32, text: &str) -> Option<Stat> {
        // The name in brackets may hold blanks and brackets; what follows the last one may not.
        let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
        let number = |i: usize| fields.get(i)?.parse::<u64>().ok();
        Some(Stat { pid, ticks: number(11)? + number(12)? + number(13)? + number(14)?, pages: number(21)? })
    }
}

/// The last two thousand bytes of a stream: the end of a complaint says why.
fn tail_of(mut stream: impl Read) -> String {
    let mut all = Vec::new();
    let _ = stream.read_to_end(&mut all);
    let from = all.len().saturating_sub(2_000);
    String::from_utf8_lossy(&all[from..]).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_runs_on_its_core_and_its_work_is_counted_with_that_of_its_own_children() {
        let burn = "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done";
        let script = format!("sh -c '{burn}'; {burn}; grep Cpus_allowed_list /proc/self/status");
        let child = Pinned::start(Command::new("sh").args(["-c", &script]), 0).expect("starts");
        let ended = child.finish(Duration::from_secs(60)).expect("ends");
        assert!(ended.ok, "{}", ended.stderr);
        assert!(ended.stdout.trim().ends_with('0'), "{}", ended.stdout);
        assert!(ended.cpu_s() >= 0.02 && ended.rss_bytes_peak() > 0, "{ended:?}");
    }

    #[test]
    fn a_child_that_does_not_end_is_killed_and_that_is_an_error() {
        let child = Pinned::start(Command::new("sleep").arg("60"), 0).expect("starts");
        let error = child.finish(Duration::from_millis(50)).expect_err("it does not end");
        assert!(error.contains("did not end in time"), "{error}");
    }

    #[test]
    fn a_child_that_says_nothing_is_told_with_its_complaint() {
        let mut child =
            Pinned::start(Command::new("sh").args(["-c", "echo no port >&2"]), 0).expect("starts");
        let error = child.line().expect_err("nothing is said");
        assert!(error.contains("no port"), "{error}");
    }

    #[test]
    fn cpu_time_between_two_moments_is_taken_from_the_looks_by_proportion() {
        let at = |ms: u64, cpu_s| Look { at_ns: ms * 1_000_000, cpu_s, rss_bytes: 0 };
        let looks = [at(0, 0.0), at(100, 0.1), at(200, 0.1), at(300, 0.3)];
        assert!((cpu_at(&looks, 50_000_000) - 0.05).abs() < 1e-12);
        assert!((cpu_at(&looks, 250_000_000) - 0.2).abs() < 1e-12);
        assert!((cpu_at(&looks, 900_000_000) - 0.3).abs() < 1e-12);
        assert_eq!(cpu_at(&[], 1), 0.0);
    }

    #[test]
    fn a_name_with_blanks_and_brackets_does_not_confuse_the_account() {
        let text = "7 (a b) c) S 3 7 7 0 -1 0 0 0 0 0 10 20 3 4 20 0 1 0 5 1000 42 0";
        assert_eq!(Stat::parse(7, text), Some(Stat { pid: 7, ticks: 37, pages: 42 }));
    }
}
