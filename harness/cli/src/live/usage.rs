//! Processor and memory of hub and harness while a run goes on, for people who watch; the record's own figures are sampled
//! by the harness. Called by the keeper's thread about once a second, two files of /proc each; never by the engine's loop.

use harness::clock::Clock;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System};

/// Least time between two looks: shorter spans would show the grain of the kernel's accounting (10 ms), not the load.
const APART_NS: u64 = 900_000_000;

/// The hub's process id; 0 while there is none of ours. Whoever starts the hub anew stores the new one.
#[derive(Debug, Clone, Default)]
pub(crate) struct HubPid(pub(crate) Arc<AtomicU32>);

impl HubPid {
    fn get(&self) -> Option<u32> {
        Some(self.0.load(Ordering::Relaxed)).filter(|pid| *pid != 0)
    }
}

/// What one process uses.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Use {
    /// Processor time since its start, seconds.
    pub(crate) cpu_s: f64,
    /// Cores used since the look before; `None` at the first.
    pub(crate) cores: Option<f64>,
    /// Resident memory, bytes.
    pub(crate) rss_bytes: u64,
}

/// What both use.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Used {
    /// The hub, when its process is ours to watch.
    pub(crate) hub: Option<Use>,
    /// This process.
    pub(crate) harness: Option<Use>,
}

/// Looks at the two processes.
pub(crate) struct Look {
    system: System,
    hub: HubPid,
    clock: Clock,
    last: Option<(u64, Option<u32>, Used)>,
}

impl Look {
    /// Nothing seen yet.
    pub(crate) fn new(hub: HubPid, clock: Clock) -> Look {
        Look { system: System::new(), hub, clock, last: None }
    }

    /// What they use now; `None` when the last look is too near.
    pub(crate) fn now(&mut self) -> Option<Used> {
        let now_ns = self.clock.now_ns();
        let since_ns = self.last.as_ref().map(|(at_ns, _, _)| now_ns.saturating_sub(*at_ns));
        if since_ns.is_some_and(|ns| ns < APART_NS) {
            return None;
        }
        let hub_pid = self.hub.get();
        let pids: Vec<Pid> =
            [Some(std::process::id()), hub_pid].into_iter().flatten().map(Pid::from_u32).collect();
        let what = ProcessRefreshKind::nothing().with_cpu().with_memory();
        self.system.refresh_processes_specifics(ProcessesToUpdate::Some(&pids), true, what);
        let before =
            self.last.map(|(_, pid, used)| (if pid == hub_pid { used.hub } else { None }, used.harness));
        let (hub_before, harness_before) = before.unwrap_or_default();
        let used = Used {
            hub: hub_pid.and_then(|pid| self.of(pid, hub_before, since_ns)),
            harness: self.of(std::process::id(), harness_before, since_ns),
        };
        self.last = Some((now_ns, hub_pid, used));
        Some(used)
    }

    fn of(&self, pid: u32, before: Option<Use>, since_ns: Option<u64>) -> Option<Use> {
        let process = self.system.process(Pid::from_u32(pid))?;
        let cpu_s = process.accumulated_cpu_time() as f64 / 1e3;
        let cores = before
            .zip(since_ns)
            .map(|(before, ns)| (cpu_s - before.cpu_s).max(0.0) / (ns as f64 / 1e9).max(f64::MIN_POSITIVE));
        Some(Use { cpu_s, cores, rss_bytes: process.memory() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_process_is_seen_as_busy_and_looks_keep_their_distance() {
        let hub = HubPid::default();
        // Any process but this one will do as a hub: the one that started the test.
        hub.0.store(std::os::unix::process::parent_id(), Ordering::Relaxed);
        let clock = Clock::start();
        let mut look = Look::new(hub.clone(), clock);
        let first = look.now().expect("the first look");
        assert!(first.harness.is_some_and(|u| u.cores.is_none() && u.rss_bytes > 100_000), "{first:?}");
        assert!(look.now().is_none(), "too near");
        let mut spun = 0u64;
        while clock.now_ns() < APART_NS + 200_000_000 {
            spun = std::hint::black_box(spun + 1);
        }
        let second = look.now().expect("far enough");
        assert!(second.harness.and_then(|u| u.cores).is_some_and(|c| c > 0.05), "{second:?}");
        assert!(second.hub.and_then(|u| u.cores).is_some());
        hub.0.store(0, Ordering::Relaxed);
        while clock.now_ns() < 2 * APART_NS + 400_000_000 {
            harness::clock::sleep(std::time::Duration::from_millis(20));
        }
        assert!(look.now().expect("far enough").hub.is_none());
    }
}
