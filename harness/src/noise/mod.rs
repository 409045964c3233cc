//! The noise of the machine while a run goes on: pauses, jumps of the clock, stolen and used-up processor time.
//!
//! A thread of its own wakes every few milliseconds and sees how late it was: what keeps it from running keeps the
//! sending threads from running too. Twice a second it reads what the kernel says of processors and control groups.
//! Called by `run`; `validity` judges what it saw. It never touches the engine, and costs under half a percent of a core
//! ([`NoiseSeen::watch_cpu_share`] says what it really cost).

pub mod proc;
pub mod tally;

use crate::child::HubPid;
use crate::clock::{self, Clock};
use proc::{Brakes, Ticks, Waits};
use run_record::NoiseFacts;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use tally::{ClockSeen, Lateness, WallWatch};

/// How often the watch wakes. Shorter than the send lag that a run is allowed by default (10 ms), so that no pause of that
/// length slips between two wake-ups; at 200 wake-ups a second it was measured to cost 0.46 % of a core, at 125 less.
const EVERY_NS: u64 = 8_000_000;
/// How often it reads what the kernel says: a reading costs about 0.2 ms.
const LOOK_NS: u64 = 500_000_000;

/// Where the system under test is, so that its processor time is not taken for a neighbour's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HubAt {
    /// This process, on this machine.
    Process(u32),
    /// On this machine, in a process that is not known.
    Here,
    /// On another machine.
    Elsewhere,
}

impl HubAt {
    /// From what a run knows of its target.
    pub fn of(pid: &HubPid, target: SocketAddr) -> Self {
        match pid.load(Ordering::Relaxed) {
            0 if target.ip().is_loopback() => HubAt::Here,
            0 => HubAt::Elsewhere,
            pid => HubAt::Process(pid),
        }
    }
}

/// Who used the processors in the measured phases.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct CpuSeen {
    /// Time looked at, seconds.
    pub seconds: f64,
    /// Processor time of the machine in that time, seconds over all cores.
    pub total_s: f64,
    /// Of that, idle.
    pub idle_s: f64,
    /// Of that, given by the hypervisor to others.
    pub steal_s: f64,
    /// Of that, interrupts.
    pub interrupts_s: f64,
    /// Of that, this process.
    pub harness_s: f64,
    /// Of that, the hub's process; `None` when it is not known or not here.
    pub hub_s: Option<f64>,
    /// Of that, all other processes; `None` when the hub may be among them.
    pub others_s: Option<f64>,
}

/// What a limit of the control group did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Throttled {
    /// Times it held this process back.
    pub times: u64,
    /// For how long in all, nanoseconds (cores that were held back at once count each).
    pub ns: u64,
}

/// What the watch saw.
#[derive(Debug, Clone, Default)]
pub struct NoiseSeen {
    /// How long it watched, nanoseconds.
    pub elapsed_ns: u64,
    /// How late it woke.
    pub late: Lateness,
    /// How the clocks ran.
    pub clock: ClockSeen,
    /// Who used the processors while measuring; `None` where the kernel does not say or there was no time to see.
    pub cpu: Option<CpuSeen>,
    /// How long all threads of this process waited for a processor, and the one that waited longest, nanoseconds.
    pub waited_ns: Option<(u64, u64)>,
    /// What a limit of the control group did; `None` where there is none to be seen.
    pub throttled: Option<Throttled>,
    /// Times that heat slowed the processor down; `None` where the processor does not say.
    pub heat: Option<u64>,
    /// The highest frequency allowed at the start and at the end, kHz, when both are known and differ.
    pub cap_khz: Option<(u64, u64)>,
    /// What the watch itself used, as a share of one core.
    pub watch_cpu_share: f64,
}

impl NoiseSeen {
    /// The numbers for the run record.
    pub fn facts(&self, floor_ratio: Option<f64>) -> NoiseFacts {
        let of_all = |s: f64, cpu: &CpuSeen| s / cpu.total_s.max(f64::MIN_POSITIVE);
        NoiseFacts {
            steal_share: self.cpu.map(|c| of_all(c.steal_s, &c)),
            others_share: self.cpu.and_then(|c| Some(of_all(c.others_s?, &c))),
            throttled_share: self.throttled.map(|t| self.share(t.ns).min(1.0)),
            longest_pause_ns: self.late.longest_ns,
            clock_step_ns: self.clock.step_ns,
            floor_ratio,
        }
    }

    /// A time as a share of the time watched.
    pub fn share(&self, ns: u64) -> f64 {
        ns as f64 / self.elapsed_ns.max(1) as f64
    }
}

/// A watch under way.
#[derive(Debug)]
pub struct Watch {
    stop: Arc<AtomicBool>,
    /// `None` when the machine gave no thread: then nothing was seen.
    thread: Option<std::thread::JoinHandle<NoiseSeen>>,
}

impl Watch {
    /// Begins to watch. To be called when the plan starts: times are told from here, and processor time is told of the
    /// `measured_ns`, begin and end in nanoseconds from here.
    /// `hub_pid` is where the hub's process id can always be read: it changes when the hub is started again on purpose.
    pub fn start(hub: HubAt, hub_pid: &HubPid, measured_ns: (u64, u64)) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (flag, pid) = (Arc::clone(&stop), Arc::clone(hub_pid));
        let run = move || watch(hub, measured_ns, &pid, &flag);
        let thread = std::thread::Builder::new().name("noise".to_owned()).spawn(run).ok();
        Watch { stop, thread }
    }

    /// Ends the watch: what it saw.
    pub fn finish(self) -> NoiseSeen {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.and_then(|t| t.join().ok()).unwrap_or_default()
    }
}

fn watch(hub: HubAt, measured_ns: (u64, u64), hub_pid: &AtomicU32, stop: &AtomicBool) -> NoiseSeen {
    clock::wake_exactly();
    let clock = Clock::start();
    let cpu_before_ns = clock::thread_cpu_ns();
    let mut late = Lateness::default();
    let mut wall = WallWatch::default();
    wall.see(clock::moment(), 0);
    let mut looks = Looks::begin(hub, measured_ns, hub_pid.load(Ordering::Relaxed));
    let (mut due_ns, mut look_ns) = (0, LOOK_NS);
    loop {
        due_ns += EVERY_NS;
        clock.sleep_until(due_ns);
        let now_ns = clock.now_ns();
        late.woke(due_ns, now_ns);
        wall.see(clock::moment(), now_ns);
        let last = stop.load(Ordering::Relaxed);
        if last || now_ns >= look_ns {
            looks.look(now_ns, hub_pid.load(Ordering::Relaxed));
            look_ns = now_ns + LOOK_NS;
        }
        if last {
            let mut seen = looks.finish();
            seen.elapsed_ns = now_ns;
            seen.late = late;
            seen.clock = wall.seen();
            seen.watch_cpu_share = seen.share(clock::thread_cpu_ns().saturating_sub(cpu_before_ns));
            return seen;
        }
        // What was missed is one pause, not many.
        due_ns = due_ns.max(now_ns.saturating_sub(EVERY_NS));
    }
}

/// Processor time used up to a moment.
#[derive(Debug, Clone, Copy)]
struct Used {
    at_ns: u64,
    ticks: Ticks,
    harness_s: f64,
    hub_ticks: u64,
}

/// The looks at what the kernel says.
#[derive(Debug)]
struct Looks {
    hub: HubAt,
    measured_ns: (u64, u64),
    waits: Waits,
    /// The control groups with what they had told before.
    groups: Vec<(PathBuf, (u64, u64))>,
    brakes: Brakes,
    first: Option<Used>,
    last: Option<Used>,
    /// The hub's process at the last look, its ticks then, and the ticks of it and its predecessors in all.
    hub_pid: u32,
    hub_last: u64,
    hub_ticks: u64,
}

impl Looks {
    fn begin(hub: HubAt, measured_ns: (u64, u64), hub_pid: u32) -> Self {
        let groups =
            proc::control_groups().into_iter().filter_map(|p| Some((p.clone(), proc::throttled(&p)?)));
        let mut looks = Looks {
            hub,
            measured_ns,
            waits: Waits::default(),
            groups: groups.collect(),
            brakes: proc::brakes(),
            first: None,
            last: None,
            hub_pid,
            hub_last: proc::process_ticks(hub_pid).unwrap_or(0),
            hub_ticks: 0,
        };
        looks.look(0, hub_pid);
        looks
    }

    fn look(&mut self, now_ns: u64, hub_pid: u32) {
        self.waits.look();
        if hub_pid != self.hub_pid {
            (self.hub_pid, self.hub_last) = (hub_pid, 0);
        }
        if let Some(ticks) = proc::process_ticks(hub_pid) {
            self.hub_ticks += ticks.saturating_sub(self.hub_last);
            self.hub_last = ticks;
        }
        let Some(ticks) = proc::ticks() else { return };
        let used =
            Used { at_ns: now_ns, ticks, harness_s: clock::process_cpu_s(), hub_ticks: self.hub_ticks };
        let (from_ns, to_ns) = self.measured_ns;
        if self.first.is_none() && now_ns >= from_ns {
            self.first = Some(used);
        } else if now_ns <= to_ns.saturating_add(LOOK_NS) {
            self.last = Some(used);
        }
    }

    fn finish(mut self) -> NoiseSeen {
        let throttled = self.groups.iter().filter_map(|(path, (times, ns))| {
            let (times_now, ns_now) = proc::throttled(path)?;
            Some(Throttled { times: times_now.saturating_sub(*times), ns: ns_now.saturating_sub(*ns) })
        });
        let brakes = proc::brakes();
        NoiseSeen {
            throttled: throttled.max_by_key(|t| t.ns),
            heat: brakes.heat.zip(self.brakes.heat).map(|(now, before)| now.saturating_sub(before)),
            cap_khz: self.brakes.cap_khz.zip(brakes.cap_khz).filter(|(before, now)| before != now),
            waited_ns: self.waits.in_all_and_longest_ns(),
            cpu: self.cpu(),
            ..NoiseSeen::default()
        }
    }

    fn cpu(&mut self) -> Option<CpuSeen> {
        let (first, last) = (self.first?, self.last?);
        let ticks = last.ticks.since(&first.ticks);
        if last.at_ns <= first.at_ns || ticks.total() == 0 {
            return None;
        }
        let seconds = |ticks: u64| ticks as f64 / proc::TICKS_PER_S;
        let hub_s = matches!(self.hub, HubAt::Process(_))
            .then(|| seconds(last.hub_ticks.saturating_sub(first.hub_ticks)));
        let harness_s = (last.harness_s - first.harness_s).max(0.0);
        let others_s = (seconds(ticks.busy) - harness_s - hub_s.unwrap_or(0.0)).max(0.0);
        Some(CpuSeen {
            seconds: (last.at_ns - first.at_ns) as f64 / 1e9,
            total_s: seconds(ticks.total()),
            idle_s: seconds(ticks.idle),
            steal_s: seconds(ticks.steal),
            interrupts_s: seconds(ticks.interrupts),
            harness_s,
            hub_s,
            others_s: (self.hub != HubAt::Here).then_some(others_s),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_watch_sees_a_quiet_machine_and_costs_next_to_nothing() {
        let watch = Watch::start(HubAt::Elsewhere, &HubPid::default(), (0, u64::MAX));
        clock::sleep(std::time::Duration::from_millis(1_600));
        let seen = watch.finish();
        println!(
            "{:?} {:?} wakes {} p99 {} longest {} cost {:.4}",
            seen.cpu,
            seen.clock,
            seen.late.wakes(),
            seen.late.at(0.99),
            seen.late.longest_ns,
            seen.watch_cpu_share
        );
        assert!(seen.elapsed_ns >= 1_500_000_000);
        assert!(seen.late.wakes() > 20, "{}", seen.late.wakes());
        assert_eq!(seen.clock.steps, 0, "{:?}", seen.clock);
        let cpu = seen.cpu.expect("/proc/stat");
        assert!(cpu.total_s > 0.9 && cpu.idle_s <= cpu.total_s && cpu.harness_s < cpu.total_s, "{cpu:?}");
        // A debug build; the release build is held to half a percent in the end-to-end tests.
        assert!(seen.watch_cpu_share < 0.05, "{}", seen.watch_cpu_share);
        let facts = seen.facts(Some(1.0));
        assert_eq!(facts.longest_pause_ns, seen.late.longest_ns);
        assert!(facts.others_share.is_some_and(|s| (0.0..=1.0).contains(&s)));
    }

    #[test]
    fn a_hub_of_which_no_process_is_known_is_not_told_apart_from_neighbours() {
        let here = "127.0.0.1:80".parse().expect("an address");
        let away = "10.0.0.1:80".parse().expect("an address");
        assert_eq!(HubAt::of(&Arc::new(AtomicU32::new(7)), here), HubAt::Process(7));
        let unknown = HubPid::default();
        assert_eq!((HubAt::of(&unknown, here), HubAt::of(&unknown, away)), (HubAt::Here, HubAt::Elsewhere));
        let mut looks = Looks::begin(HubAt::Here, (0, u64::MAX), 0);
        clock::sleep(std::time::Duration::from_millis(50));
        looks.look(50_000_000, 0);
        assert_eq!(looks.finish().cpu.expect("/proc/stat").others_s, None);
    }
}
