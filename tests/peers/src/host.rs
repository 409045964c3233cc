//! What a reader must know of the machine and of the moment: told in the README of a published comparison. Called by the
//! command, before the first comparison and after the last.

use std::path::Path;
use std::process::Command;

/// The machine.
#[derive(Debug, Clone)]
pub struct Host {
    /// Model of the processor, as the kernel names it.
    pub cpu: String,
    /// Cores that this process may use.
    pub cores: usize,
    /// Memory, mebibytes.
    pub memory_mib: u64,
    /// The kernel's release.
    pub kernel: String,
    /// Name and version of the distribution.
    pub system: String,
}

/// How busy the machine is with other things.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Busy {
    /// Load average over a minute.
    pub load: f64,
    /// Ticks that a hypervisor gave to others, of all cores since the machine started.
    steal: u64,
    /// Ticks of all cores since the machine started.
    total: u64,
}

impl Host {
    /// Looks at the machine.
    pub fn here() -> Host {
        let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
        let release = read("/etc/os-release");
        let system = release.lines().find_map(|l| l.strip_prefix("PRETTY_NAME="));
        Host {
            cpu: field(&read("/proc/cpuinfo"), "model name").unwrap_or_else(|| "unknown".to_owned()),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory_mib: field(&read("/proc/meminfo"), "MemTotal")
                .and_then(|v| v.split_whitespace().next()?.parse::<u64>().ok())
                .map_or(0, |kib| kib / 1024),
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            system: system.unwrap_or("unknown").trim_matches('"').to_owned(),
        }
    }

    /// A short name for folders: lower-case letters, digits and hyphens.
    pub fn slug(&self) -> String {
        let named = self.cpu.split('@').next().unwrap_or("");
        let words = named.to_lowercase().replace("(r)", "").replace("(tm)", "");
        let words = words.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty());
        let kept: Vec<&str> = words.filter(|w| !["cpu", "processor"].contains(w)).collect();
        format!("{}-{}-cores", kept.join("-"), self.cores)
    }
}

impl Busy {
    /// Looks now.
    pub fn now() -> Busy {
        let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
        let load = read("/proc/loadavg").split(' ').next().and_then(|l| l.parse().ok()).unwrap_or(0.0);
        let (steal, total) = ticks(&read("/proc/stat"));
        Busy { load, steal, total }
    }

    /// Share of the time since `before` that a hypervisor gave to others, 0 to 1.
    pub fn steal_since(&self, before: &Busy) -> f64 {
        let total = self.total.saturating_sub(before.total).max(1);
        self.steal.saturating_sub(before.steal) as f64 / total as f64
    }
}

/// Steal and total ticks of the line of all cores.
fn ticks(stat: &str) -> (u64, u64) {
    let line = stat.lines().next().unwrap_or("");
    // user nice system idle iowait irq softirq steal; the guests' time that follows is in the first two already.
    let numbers: Vec<u64> = line.split_whitespace().skip(1).take(8).filter_map(|n| n.parse().ok()).collect();
    (numbers.get(7).copied().unwrap_or(0), numbers.iter().sum())
}

fn field(text: &str, name: &str) -> Option<String> {
    let line = text.lines().find(|l| l.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// Niceness of every process that is measured, where the system allows it. Not lower than what the product's sending thread
/// asks for itself (-10), which would else come after the threads beside it.
const NICENESS: i32 = -5;
/// Niceness of the whole session: what else a shared machine does is then kept off the cores, from all contestants alike.
/// The lowest there is.
const SESSION_NICENESS: &str = "-20";
/// The kernel weighs sessions against each other before it weighs processes; this file has the session's niceness.
const SESSION: &str = "/proc/self/autogroup";

/// This process, its children to come and its session go before others, until dropped.
#[derive(Debug)]
pub struct Priority {
    granted: bool,
}

impl Priority {
    /// Asks for it; ordinary users are refused.
    pub fn first() -> Priority {
        let granted = rustix::process::setpriority_process(None, NICENESS).is_ok();
        if granted {
            // Not every kernel groups by session.
            let _ = std::fs::write(SESSION, SESSION_NICENESS);
        }
        Priority { granted }
    }

    /// Whether the system allowed it.
    pub fn granted(&self) -> bool {
        self.granted
    }
}

impl Drop for Priority {
    fn drop(&mut self) {
        if self.granted {
            let _ = std::fs::write(SESSION, "0");
            let _ = rustix::process::setpriority_process(None, 0);
        }
    }
}

/// The product's commit, with a mark when the sources differ from it; `unknown` outside of its repository.
pub fn commit(spinebench: &Path) -> String {
    let folder = spinebench.parent().unwrap_or(Path::new("."));
    let asked = ["describe", "--always", "--dirty", "--abbrev=12"];
    let output = Command::new("git").args(asked).current_dir(folder).output();
    let said = output.ok().filter(|o| o.status.success());
    said.map_or("unknown".to_owned(), |o| String::from_utf8_lossy(&o.stdout).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machines_name_for_folders_has_no_blanks_or_marks() {
        let host = Host {
            cpu: "Intel(R) Xeon(R) Processor @ 2.80GHz".to_owned(),
            cores: 2,
            memory_mib: 1,
            kernel: String::new(),
            system: String::new(),
        };
        assert_eq!(host.slug(), "intel-xeon-2-cores");
    }

    #[test]
    fn stolen_time_is_a_share_of_all_time_between_two_looks() {
        let before = "cpu  100 0 0 900 0 0 0 10 50 0\ncpu0 1 1 1 1";
        assert_eq!(ticks(before), (10, 1_010));
        let (a, b) =
            (Busy { load: 0.0, steal: 10, total: 1_010 }, Busy { load: 0.0, steal: 30, total: 1_110 });
        assert!((b.steal_since(&a) - 0.2).abs() < 1e-12);
    }
}
