//! What the kernel says of processors, processes and control groups: its texts read and taken apart.
//!
//! Called by the watch thread. Never judges; a file that is not there, or says something else, gives `None`.

use std::collections::BTreeMap;
use std::fs::read_to_string;
use std::path::{Path, PathBuf};

/// Ticks a second in which the kernel tells processor time to programs: fixed at 100 on every machine Rust's Linux
/// targets know, whatever the kernel's own timer does.
pub const TICKS_PER_S: f64 = 100.0;
/// Threads whose waiting is followed; a harness has a few dozen.
const THREADS_MAX: usize = 1_024;

/// Processor time of the whole machine since it started, in ticks over all cores.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ticks {
    /// Programs and the kernel on their behalf.
    pub busy: u64,
    /// Interrupts: mostly the loopback network; they belong to no process.
    pub interrupts: u64,
    /// Nothing to do, waiting for a disk included.
    pub idle: u64,
    /// Given by the hypervisor to other machines.
    pub steal: u64,
}

impl Ticks {
    /// All of it.
    pub fn total(&self) -> u64 {
        self.busy + self.interrupts + self.idle + self.steal
    }

    /// What passed since `earlier`.
    pub fn since(&self, earlier: &Ticks) -> Ticks {
        Ticks {
            busy: self.busy.saturating_sub(earlier.busy),
            interrupts: self.interrupts.saturating_sub(earlier.interrupts),
            idle: self.idle.saturating_sub(earlier.idle),
            steal: self.steal.saturating_sub(earlier.steal),
        }
    }
}

/// The first line of `/proc/stat`: user, nice, system, idle, iowait, irq, softirq, steal (guests are within user).
pub fn ticks_of(stat: &str) -> Option<Ticks> {
    let line = stat.lines().next()?.strip_prefix("cpu ")?;
    let f: Vec<u64> = line.split_whitespace().map(|w| w.parse().unwrap_or(0)).collect();
    let [user, nice, system, idle, iowait, irq, softirq, steal, ..] = f[..] else { return None };
    Some(Ticks { busy: user + nice + system, interrupts: irq + softirq, idle: idle + iowait, steal })
}

/// Processor time of a process and all its threads, in ticks: user and system of `/proc/PID/stat`, counted behind the
/// name, which may hold blanks and brackets.
pub fn process_ticks_of(stat: &str) -> Option<u64> {
    let behind = &stat[stat.rfind(')')? + 1..];
    let mut fields = behind.split_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

/// How often and how long a control group was held back, from its `cpu.stat` (version 1 tells nanoseconds, version 2
/// microseconds); `None` for a group without a limit of its own to tell of.
pub fn throttled_of(cpu_stat: &str) -> Option<(u64, u64)> {
    let field = |name: &str| {
        let line = cpu_stat.lines().find_map(|l| l.strip_prefix(name)?.strip_prefix(' '))?;
        line.trim().parse::<u64>().ok()
    };
    let ns =
        field("throttled_usec").map(|us| us.saturating_mul(1_000)).or_else(|| field("throttled_time"))?;
    Some((field("nr_throttled")?, ns))
}

/// The `cpu.stat` files of our control groups and all above them, as `/proc/self/cgroup` names them: a limit anywhere
/// above holds us back too.
pub fn cpu_stat_paths(cgroup: &str) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    for line in cgroup.lines() {
        let mut parts = line.splitn(3, ':');
        let (Some(_), Some(controllers), Some(group)) = (parts.next(), parts.next(), parts.next()) else {
            continue;
        };
        let mounts: &[&str] = if controllers.is_empty() {
            &["/sys/fs/cgroup", "/sys/fs/cgroup/unified"]
        } else if controllers.split(',').any(|c| c == "cpu") {
            &["/sys/fs/cgroup/cpu", "/sys/fs/cgroup/cpu,cpuacct"]
        } else {
            continue;
        };
        for mount in mounts {
            for above in Path::new(group.trim_start_matches('/')).ancestors() {
                paths.push(Path::new(mount).join(above).join("cpu.stat"));
            }
        }
    }
    paths
}

/// The machine's ticks now.
pub fn ticks() -> Option<Ticks> {
    ticks_of(&read_to_string("/proc/stat").ok()?)
}

/// A process's ticks now; `None` when it is gone.
pub fn process_ticks(pid: u32) -> Option<u64> {
    process_ticks_of(&read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// Our control groups that tell of being held back.
pub fn control_groups() -> Vec<PathBuf> {
    let mut paths = read_to_string("/proc/self/cgroup").map_or(Vec::new(), |text| cpu_stat_paths(&text));
    paths.retain(|p| throttled(p).is_some());
    paths
}

/// How often and for how many nanoseconds the group was held back so far.
pub fn throttled(path: &Path) -> Option<(u64, u64)> {
    throttled_of(&read_to_string(path).ok()?)
}

/// How long the threads of this process waited for a processor while they could have run.
#[derive(Debug, Default)]
pub struct Waits {
    /// By thread: waited before the watch, waited up to the last look; nanoseconds.
    threads: BTreeMap<u32, (u64, u64)>,
    begun: bool,
}

impl Waits {
    /// Looks at all threads; those that ended since keep what they had.
    pub fn look(&mut self) {
        let Ok(tasks) = std::fs::read_dir("/proc/self/task") else { return };
        for task in tasks.flatten() {
            let Some(tid) = task.file_name().to_str().and_then(|n| n.parse::<u32>().ok()) else { continue };
            let Ok(text) = read_to_string(task.path().join("schedstat")) else { continue };
            let waited = text.split_whitespace().nth(1).and_then(|w| w.parse::<u64>().ok());
            if let Some(ns) = waited {
                self.note(tid, ns);
            }
        }
        self.begun = true;
    }

    fn note(&mut self, tid: u32, waited_ns: u64) {
        if self.threads.len() >= THREADS_MAX && !self.threads.contains_key(&tid) {
            return;
        }
        // A thread that is new since the watch began has waited only while it was watched.
        let before_ns = if self.begun { 0 } else { waited_ns };
        self.threads.entry(tid).or_insert((before_ns, 0)).1 = waited_ns;
    }

    /// What all waited, and what the one that waited longest did, nanoseconds; `None` where the kernel does not say.
    pub fn in_all_and_longest_ns(&self) -> Option<(u64, u64)> {
        let each = || self.threads.values().map(|(before, now)| now.saturating_sub(*before));
        Some((each().sum(), each().max()?))
    }
}

/// What slows a processor down, as far as it can be seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Brakes {
    /// Times that heat did, over all cores.
    pub heat: Option<u64>,
    /// The highest frequency that is allowed at the moment, kHz, of the first core.
    pub cap_khz: Option<u64>,
}

/// Looks for them; both are `None` in most virtual machines.
pub fn brakes() -> Brakes {
    let number = |path: PathBuf| read_to_string(path).ok()?.trim().parse::<u64>().ok();
    let cpus = Path::new("/sys/devices/system/cpu");
    let mut heat = None;
    for cpu in std::fs::read_dir(cpus).into_iter().flatten().flatten() {
        if let Some(n) = number(cpu.path().join("thermal_throttle/core_throttle_count")) {
            heat = Some(heat.unwrap_or(0) + n);
        }
    }
    Brakes { heat, cap_khz: number(cpus.join("cpu0/cpufreq/scaling_max_freq")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_line_is_split_into_busy_interrupts_idle_and_steal() {
        let text = "cpu  100 10 20 800 50 3 4 13 99 0\ncpu0 1 2 3\n";
        let ticks = ticks_of(text).expect("a line");
        assert_eq!(ticks, Ticks { busy: 130, interrupts: 7, idle: 850, steal: 13 });
        assert_eq!(ticks.total(), 1_000);
        assert_eq!(ticks_of("intr 1 2"), None);
        assert_eq!(ticks_of("cpu  1 2 3"), None);
    }

    #[test]
    fn a_process_whose_name_holds_blanks_and_brackets_is_read_right() {
        let stat = "42 (a ) b) S 1 42 42 0 -1 4194560 1 0 0 0 250 50 7 8 20 0 1 0 5";
        assert_eq!(process_ticks_of(stat), Some(300));
        assert_eq!(process_ticks_of("42 (short) S 1"), None);
    }

    #[test]
    fn both_versions_of_control_groups_tell_how_long_they_held_us_back() {
        let v1 = "nr_periods 10\nnr_throttled 4\nthrottled_time 360000000\n";
        let v2 = "usage_usec 5\nnr_periods 10\nnr_throttled 4\nthrottled_usec 360000\n";
        assert_eq!(throttled_of(v1), Some((4, 360_000_000)));
        assert_eq!(throttled_of(v2), Some((4, 360_000_000)));
        assert_eq!(throttled_of("usage_usec 5\n"), None);
    }

    #[test]
    fn the_groups_above_ours_are_looked_at_too() {
        let paths = cpu_stat_paths("3:memory:/m\n2:cpu,cpuacct:/a/b\n0::/c\n");
        let has = |p: &str| paths.iter().any(|q| q == Path::new(p));
        assert!(has("/sys/fs/cgroup/cpu,cpuacct/a/b/cpu.stat") && has("/sys/fs/cgroup/cpu/a/cpu.stat"));
        assert!(has("/sys/fs/cgroup/c/cpu.stat") && has("/sys/fs/cgroup/cpu.stat"));
        assert!(!paths.iter().any(|p| p.ends_with("m/cpu.stat")));
    }

    #[test]
    fn a_thread_that_is_new_waited_only_while_it_was_watched() {
        let mut waits = Waits::default();
        waits.note(1, 1_000);
        waits.begun = true;
        waits.note(1, 1_500);
        waits.note(2, 70);
        assert_eq!(waits.in_all_and_longest_ns(), Some((570, 500)));
    }

    #[test]
    fn this_machine_can_be_read() {
        assert!(ticks().expect("/proc/stat").total() > 0);
        assert!(process_ticks(std::process::id()).is_some());
        assert!(process_ticks(0).is_none());
    }
}
