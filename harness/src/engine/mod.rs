//! The open-model engine: one sending thread, one poller, keep-alive connections. Keeps to the plan and never lets an
//! answer decide when the next arrival is due; only a journey's own next step waits for the step before it.
//!
//! Called by `workers`, one engine a thread. It renders through `scenarios`, sends through `client`, and tells `recorder`
//! how each arrival ended. On the way of one request there is no lock, no other thread and no timer but the poller's own
//! (woken by high-resolution timers with a slack of 1 ns, then spinning for at most [`SPIN_NS`]).

mod ask;
mod lines;
mod receive;
mod send;
mod upkeep;

use crate::client::connection::{Connection, READ_BYTES};
use crate::client::connector::Connector;
use crate::clock::{Clock, Wall, thread_cpu_ns};
use crate::plan::Arrival;
use crate::recorder::Recorder;
use crate::seconds::Sealed;
use crate::stages::Stages;
use ask::{Ask, Due};
use lines::Lines;
use population::Population;
use rustix::event::{Timespec, epoll};
use scenarios::{HandOver, Model, Scenario, nanoseconds};
use send::Prepared;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::io;
use std::iter::Peekable;
use std::sync::atomic::{AtomicBool, Ordering};

/// Busy waiting before a planned send: what an hrtimer wake-up is late by on a virtual machine; 1,800 spins of it a
/// second are at most 3.6 % of a core.
const SPIN_NS: u64 = 20_000;
/// The niceness that a sending thread asks for: a generator that waits for its core measures itself. It sleeps most of the
/// time, so nobody starves.
const SENDER_NICE: i32 = -10;
/// The longest sleep: how soon a Ctrl-C or a time-out is noticed when nothing else happens.
const SLEEP_NS_MAX: u64 = 50_000_000;
/// Events taken from the kernel at once; after each one the plan is looked at again.
const EVENTS: usize = 64;
/// Bytes of a request that are handed to the kernel before other requests get their turn: it takes some 20 us for them.
const WRITE_BYTES: usize = 128 * 1024;
/// Arrivals that may wait for a free connection (a 1 s stall at 100,000/s); more are dropped, counted.
pub const WAITING_MAX: usize = 100_000;
/// Journeys that may wait for their next step: those of an hour at 100 a second; more end unfinished, counted.
pub const UNDER_WAY_MAX: usize = 360_000;
/// How often a sending thread tells how it goes.
const NOTE_NS: u64 = 1_000_000_000;

/// A live look at a run for people.
#[derive(Debug, Clone, Default)]
pub struct Live {
    /// Seconds since the start of the plan.
    pub at_s: f64,
    /// Length of the plan in seconds.
    pub of_s: f64,
    /// The current phase.
    pub phase: String,
    /// Requests per second that the plan asks for now; 0 in the closed model.
    pub planned_per_s: f64,
    /// Counts of all phases so far.
    pub counts: run_record::Counts,
    /// Requests on the wire.
    pub in_flight: usize,
    /// Arrivals due that wait for a free connection.
    pub waiting: usize,
    /// Open connections.
    pub connections: usize,
    /// Journeys between two steps.
    pub journeys_under_way: usize,
    /// The newest failure: interaction, kind and detail.
    pub newest_error: Option<String>,
    /// The newest whole second.
    pub second: Option<run_record::SecondRow>,
}

/// What a sending thread tells once a second, and at its end.
#[derive(Debug, Default)]
pub struct Note {
    /// Nanoseconds since the start of the plan.
    pub at_ns: u64,
    /// Counts of all phases so far.
    pub counts: run_record::Counts,
    /// Requests on the wire.
    pub in_flight: usize,
    /// Arrivals that wait for a free connection.
    pub waiting: usize,
    /// Open connections.
    pub connections: usize,
    /// Journeys between two steps.
    pub under_way: usize,
    /// The newest failure: interaction, kind and detail.
    pub newest_error: Option<String>,
    /// Seconds in which everything has ended.
    pub sealed: Vec<Sealed>,
}

/// What the engine measured about itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct EngineFacts {
    /// Wall time spent measuring when the run was cut short, seconds; 0 when the measured phases ran to their end.
    pub measured_s: f64,
    /// CPU share of one core that the sending thread used while measuring.
    pub cpu_share: f64,
    /// The run was cut short.
    pub interrupted: bool,
    /// Connections opened in all.
    pub opened: u64,
    /// Most connections there were at one time.
    pub peak: u64,
    /// The system's monotonic clock at the start of the plan, nanoseconds.
    pub origin_ns: u64,
}

impl EngineFacts {
    /// Those of several sending threads together.
    pub fn and(self, other: EngineFacts) -> EngineFacts {
        EngineFacts {
            measured_s: self.measured_s.max(other.measured_s),
            cpu_share: self.cpu_share.max(other.cpu_share),
            interrupted: self.interrupted || other.interrupted,
            opened: self.opened + other.opened,
            peak: self.peak + other.peak,
            origin_ns: self.origin_ns.max(other.origin_ns),
        }
    }
}

/// One sending thread's engine, ready to go: its connections are open.
pub struct Engine<'s> {
    scenario: &'s Scenario,
    population: Population,
    host: String,
    clock: Clock,
    lines: Lines,
    waiting: VecDeque<Ask>,
    /// What waits for a line of its own, where lines have identities.
    own_waiting: HashMap<usize, VecDeque<Ask>>,
    own_waiting_count: usize,
    /// Sends in order of time, for time-outs: (sent_ns, line).
    sent: VecDeque<(u64, usize)>,
    /// Next steps of journeys, the earliest on top.
    due: BinaryHeap<Due>,
    dues: u64,
    /// Ends of the phases, nanoseconds from the start of the plan.
    phase_ends_ns: Vec<u64>,
    stages: Stages,
    left: Vec<HandOver>,
    scratch: Vec<u8>,
    /// Lines whose request is so long that a part of it is still to be handed to the kernel.
    unwritten: VecDeque<usize>,
    /// The newest reading of the clock.
    now_ns: u64,
    wall: Wall,
    prepared: Prepared,
    /// What was recorded so far.
    pub recorder: Recorder,
    in_flight: usize,
    /// In the closed model: how many requests are under way at any time, one for each connection.
    closed: Option<usize>,
}

impl<'s> Engine<'s> {
    /// An engine over connections that are open: sending thread `part.0` of `part.1`.
    ///
    /// # Errors
    /// What the kernel says when no poller is to be had.
    pub fn new(
        scenario: &'s Scenario,
        population: Population,
        connector: Connector,
        open: Vec<Connection>,
        recorder: Recorder,
        part: (usize, usize),
    ) -> io::Result<Self> {
        let host = connector.target().to_string();
        let closed = (scenario.load.model == Model::Closed).then_some(open.len());
        let most = (scenario.load.connections_max as usize).div_ceil(part.1.max(1));
        let max = closed.unwrap_or(most);
        Ok(Engine {
            stages: Stages::new(population, &scenario.interactions, (part.0 as u64, part.1 as u64)),
            population,
            host,
            clock: Clock::start(),
            lines: Lines::new(connector, open, max, part)?,
            waiting: VecDeque::new(),
            own_waiting: HashMap::new(),
            own_waiting_count: 0,
            sent: VecDeque::new(),
            due: BinaryHeap::new(),
            dues: 0,
            phase_ends_ns: scenario.phase_ends_ns(),
            left: Vec::new(),
            scratch: vec![0; READ_BYTES],
            unwritten: VecDeque::new(),
            now_ns: 0,
            wall: Wall::default(),
            prepared: Prepared::default(),
            recorder,
            in_flight: 0,
            closed,
            scenario,
        })
    }

    /// Sends `arrivals` at their times by `clock`, to the end. `tell` is told about once a second; `stop` ends it early.
    ///
    /// # Errors
    /// Only what the poller itself fails with; anything a connection does is counted instead.
    pub fn run(
        &mut self,
        clock: Clock,
        arrivals: impl Iterator<Item = Arrival>,
        stop: &AtomicBool,
        tell: &mut dyn FnMut(Note),
    ) -> io::Result<EngineFacts> {
        let _ = rustix::thread::set_current_timer_slack(std::num::NonZeroU64::new(1));
        // Refused to ordinary users, who then share the core as everybody does; lateness is measured either way.
        let _ = rustix::process::setpriority_process(None, SENDER_NICE);
        self.clock = clock;
        let timeout_ns = nanoseconds(self.scenario.load.timeout);
        let duration_ns = self.phase_ends_ns.last().copied().unwrap_or(0);
        let mut facts = EngineFacts::default();
        let mut cpu = CpuWatch::new(self.scenario);
        let mut arrivals = arrivals.peekable();
        let mut events = Vec::with_capacity(EVENTS);
        let mut next_note_ns = NOTE_NS;
        loop {
            self.tick();
            self.send_due(&mut arrivals);
            self.write_on();
            let now_ns = self.now_ns;
            cpu.look(now_ns, &mut facts);
            self.time_out(now_ns, timeout_ns);
            self.reopen(now_ns);
            if now_ns >= next_note_ns {
                next_note_ns = now_ns + NOTE_NS;
                self.lines.shrink(now_ns);
                self.time_out_own(now_ns, timeout_ns);
                let sealed = self.recorder.seconds.seal(now_ns, self.phase_at(now_ns));
                tell(self.note(now_ns, sealed));
            }
            if stop.load(Ordering::Relaxed) {
                let more = self.closed.is_none() && arrivals.peek().is_some();
                facts.interrupted = more || self.in_flight > 0 || now_ns < duration_ns;
                self.give_up("the run was interrupted");
                break;
            }
            let over = self.closed.is_some() || arrivals.peek().is_none();
            if over && now_ns >= duration_ns {
                self.end_journeys();
                if self.in_flight == 0 && self.waiting.is_empty() && self.own_waiting_count == 0 {
                    break;
                }
            }
            let next_ns = self.next_ns(&mut arrivals);
            self.prepare(&mut arrivals, next_ns, now_ns);
            self.wait(next_ns, &mut events)?;
            for event in &events {
                let line = usize::try_from(event.data.u64()).unwrap_or(usize::MAX);
                self.handle(line);
                self.send_due(&mut arrivals);
            }
        }
        let now_ns = self.clock.now_ns();
        cpu.cut_short(now_ns, &mut facts);
        let sealed = self.recorder.seconds.seal_all();
        tell(self.note(now_ns, sealed));
        facts.origin_ns = clock.origin_ns();
        facts.opened = self.lines.opened;
        facts.peak = self.lines.peak as u64;
        Ok(facts)
    }

    fn next_ns<I: Iterator<Item = Arrival>>(&self, arrivals: &mut Peekable<I>) -> u64 {
        let planned_ns = match self.closed {
            // Only an answer or the end changes anything.
            Some(_) => self.phase_ends_ns.last().copied().unwrap_or(0),
            None => arrivals.peek().map_or(u64::MAX, |a| a.planned_ns),
        };
        self.due.peek().map_or(planned_ns, |d| planned_ns.min(d.due_ns))
    }

    /// Waits for answers until shortly before the next send is due.
    fn wait(&self, next_ns: u64, events: &mut Vec<epoll::Event>) -> io::Result<()> {
        let next_ns = if self.unwritten.is_empty() { next_ns } else { 0 };
        let wait_ns = next_ns.saturating_sub(self.clock.now_ns()).min(SLEEP_NS_MAX);
        let sleep_ns = if wait_ns < SLEEP_NS_MAX { wait_ns.saturating_sub(SPIN_NS) } else { wait_ns };
        let timeout = Timespec { tv_sec: 0, tv_nsec: i64::try_from(sleep_ns).unwrap_or(0) };
        events.clear();
        match epoll::wait(self.lines.poller(), rustix::buffer::spare_capacity(events), Some(&timeout)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(e) => Err(e.into()),
        }
    }

    fn phase_at(&self, at_ns: u64) -> usize {
        self.phase_ends_ns
            .partition_point(|end| *end <= at_ns)
            .min(self.phase_ends_ns.len().saturating_sub(1))
    }
}

/// Watches the sending thread's CPU over the measured phases.
struct CpuWatch {
    window_ns: (u64, u64),
    since: Option<(u64, u64)>,
    over: bool,
}

impl CpuWatch {
    fn new(scenario: &Scenario) -> Self {
        CpuWatch { window_ns: measured_window(scenario), since: None, over: false }
    }

    fn look(&mut self, now_ns: u64, facts: &mut EngineFacts) {
        if self.over {
            return;
        }
        if self.since.is_none() && now_ns >= self.window_ns.0 {
            self.since = Some((now_ns, thread_cpu_ns()));
        }
        if let Some((since_ns, cpu_ns)) = self.since.filter(|_| now_ns >= self.window_ns.1) {
            facts.cpu_share = cpu_share(since_ns, cpu_ns, now_ns);
            self.over = true;
        }
    }

    fn cut_short(&self, now_ns: u64, facts: &mut EngineFacts) {
        if let Some((since_ns, cpu_ns)) = self.since.filter(|_| !self.over) {
            facts.measured_s = now_ns.saturating_sub(since_ns) as f64 / 1e9;
            facts.cpu_share = cpu_share(since_ns, cpu_ns, now_ns);
        }
    }
}

fn cpu_share(since_ns: u64, cpu_ns: u64, now_ns: u64) -> f64 {
    (thread_cpu_ns() - cpu_ns) as f64 / now_ns.saturating_sub(since_ns).max(1) as f64
}

/// From the start of the first measured phase to the end of the last, in nanoseconds of the plan.
pub fn measured_window(scenario: &Scenario) -> (u64, u64) {
    let mut at_ns = 0u64;
    let mut window = (u64::MAX, 0);
    for (phase, end_ns) in scenario.phases.iter().zip(scenario.phase_ends_ns()) {
        if phase.measured {
            window = (window.0.min(at_ns), window.1.max(end_ns));
        }
        at_ns = end_ns;
    }
    window
}
