//! CPU and memory of harness and hub apart, sampled beside the run by a thread of its own.
//! Called by `run`; never by the engine's loop.

use crate::child::HubPid;
use crate::clock;
use run_record::{Host, ResourceRow, Who};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System};

/// Samples a second: often enough to catch a peak of memory, rare enough to cost nothing (two files of /proc each).
const SAMPLES_A_SECOND: u32 = 4;

/// What one process used.
#[derive(Debug, Clone, Copy, Default)]
pub struct Usage {
    /// CPU time between start and end of the watch, seconds over all threads.
    pub cpu_seconds: f64,
    /// Largest resident memory seen, bytes.
    pub rss_bytes_peak: u64,
}

/// A watch under way.
#[derive(Debug)]
pub struct Watch {
    stop: Arc<AtomicBool>,
    thread: std::thread::JoinHandle<(Vec<ResourceRow>, Usage, Usage)>,
}

struct Process {
    who: Who,
    pid: Pid,
    /// CPU time of processes that this one took the place of, milliseconds.
    before_cpu_ms: u64,
    first_cpu_ms: Option<u64>,
    last_cpu_ms: u64,
    second_cpu_ms: u64,
    /// CPU time of its threads that live, to the nanosecond: at the first look, and at the last.
    exact_ns: Option<(u64, u64)>,
    rss_bytes_peak: u64,
}

/// Twice the kernel's tick of 10 ms, in which it tells a process's CPU time: as far as the exact figure may lie from it.
const TICKS_MS: u64 = 20;

/// CPU time of the threads that a process has now, nanoseconds; `None` where the kernel does not tell.
fn threads_ns(pid: Pid) -> Option<u64> {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).ok()?;
    let of = |task: std::fs::DirEntry| -> Option<u64> {
        let text = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse().ok()
    };
    tasks.flatten().map(of).sum()
}

impl Process {
    fn new(who: Who, pid: u32) -> Self {
        Process {
            who,
            pid: Pid::from_u32(pid),
            before_cpu_ms: 0,
            first_cpu_ms: None,
            last_cpu_ms: 0,
            second_cpu_ms: 0,
            exact_ns: None,
            rss_bytes_peak: 0,
        }
    }

    /// Watches another process in its place from now on.
    fn follow(&mut self, pid: u32) {
        let pid = Pid::from_u32(pid);
        if pid != self.pid {
            self.pid = pid;
            self.before_cpu_ms = self.last_cpu_ms;
            self.exact_ns = None;
        }
    }

    fn look(&mut self, system: &System) -> Option<u64> {
        let process = system.process(self.pid)?;
        let cpu_ms = self.before_cpu_ms + process.accumulated_cpu_time();
        if self.first_cpu_ms.is_none() {
            self.first_cpu_ms = Some(cpu_ms);
            self.second_cpu_ms = cpu_ms;
        }
        self.last_cpu_ms = cpu_ms;
        if let Some(now) = threads_ns(self.pid) {
            self.exact_ns = Some((self.exact_ns.map_or(now, |(first, _)| first), now));
        }
        self.rss_bytes_peak = self.rss_bytes_peak.max(process.memory());
        Some(process.memory())
    }

    fn usage(&self) -> Usage {
        let first = self.first_cpu_ms.unwrap_or(self.last_cpu_ms);
        let ticked_ms = self.last_cpu_ms.saturating_sub(first);
        // The exact figure lacks what threads that ended had used, and processes before this one; then the ticks stand.
        let exact = self.exact_ns.map(|(first, last)| last.saturating_sub(first));
        let exact = exact.filter(|ns| (ns / 1_000_000).abs_diff(ticked_ms) <= TICKS_MS);
        Usage {
            cpu_seconds: exact.map_or(ticked_ms as f64 / 1e3, |ns| ns as f64 / 1e9),
            rss_bytes_peak: self.rss_bytes_peak,
        }
    }
}

impl Watch {
    /// Begins to watch this process and, where its id is known, the hub's, which may be started again in between.
    pub fn start(hub_pid: &HubPid) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&stop);
        let pid = Arc::clone(hub_pid);
        let thread = std::thread::spawn(move || watch(&pid, &flag));
        Watch { stop, thread }
    }

    /// Ends the watch: rows, then the harness's and the hub's usage.
    pub fn finish(self) -> (Vec<ResourceRow>, Usage, Usage) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap_or_default()
    }
}

fn watch(hub_pid: &HubPid, stop: &AtomicBool) -> (Vec<ResourceRow>, Usage, Usage) {
    let mut processes = vec![Process::new(Who::Harness, std::process::id())];
    let hub = hub_pid.load(Ordering::Relaxed);
    processes.extend((hub != 0).then(|| Process::new(Who::Hub, hub)));
    let mut system = System::new();
    let mut rows = Vec::new();
    let mut sample = 0u32;
    loop {
        let last = stop.load(Ordering::Relaxed);
        for hub in processes.iter_mut().filter(|p| p.who == Who::Hub) {
            hub.follow(hub_pid.load(Ordering::Relaxed));
        }
        let pids: Vec<Pid> = processes.iter().map(|p| p.pid).collect();
        let what = ProcessRefreshKind::nothing().with_cpu().with_memory();
        system.refresh_processes_specifics(ProcessesToUpdate::Some(&pids), true, what);
        for process in &mut processes {
            let Some(rss_bytes) = process.look(&system) else { continue };
            if sample > 0 && sample.is_multiple_of(SAMPLES_A_SECOND) {
                let used_ms = process.last_cpu_ms.saturating_sub(process.second_cpu_ms);
                process.second_cpu_ms = process.last_cpu_ms;
                let second = sample / SAMPLES_A_SECOND - 1;
                rows.push(ResourceRow {
                    second,
                    who: process.who,
                    cpu_share: used_ms as f64 / 1e3,
                    rss_bytes,
                });
            }
        }
        if last {
            let usage = |who| processes.iter().find(|p| p.who == who).map(Process::usage).unwrap_or_default();
            return (rows, usage(Who::Harness), usage(Who::Hub));
        }
        clock::sleep(Duration::from_secs(1) / SAMPLES_A_SECOND);
        sample += 1;
    }
}

/// The machine, as far as a reader of the record needs it.
pub fn host() -> Host {
    let mut system = System::new();
    system.refresh_memory();
    system.refresh_cpu_all();
    Host {
        os: System::long_os_version().unwrap_or_else(|| "unknown".into()),
        kernel: System::kernel_version().unwrap_or_else(|| "unknown".into()),
        cpu: system.cpus().first().map_or_else(|| "unknown".into(), |c| c.brand().trim().to_owned()),
        cores: u32::try_from(system.cpus().len()).unwrap_or(0),
        memory_bytes: system.total_memory(),
    }
}
