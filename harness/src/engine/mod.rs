//! The open-model engine: one thread, one poller, N keep-alive connections. Keeps to the plan and never lets an answer
//! decide when the next request is due.
//!
//! Called by `run`. It renders through `scenarios`, sends through `client`, and tells `recorder` how each arrival ended.
//! On the way of one request there is no lock, no other thread and no timer but the poller's own (woken by
//! high-resolution timers with a slack of 1 ns, then spinning for at most [`SPIN_NS`]).

mod upkeep;

use crate::client::connection::{Connection, READ_BYTES, Received};
use crate::clock::{Clock, thread_cpu_ns, wall_now};
use crate::plan::{Arrival, Plan};
use crate::recorder::{Outcome, Recorder, Sample};
use crate::stages::Stages;
use population::Population;
use rustix::event::{Timespec, epoll};
use scenarios::{AnswerView, HandOver, RenderContext, Scenario};
use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, Ordering};

/// Busy waiting before a planned send: what an hrtimer wake-up is late by on a virtual machine; 1,800 spins of it a
/// second are at most 3.6 % of a core.
const SPIN_NS: u64 = 20_000;
/// The longest sleep: how soon a Ctrl-C or a time-out is noticed when nothing else happens.
const SLEEP_NS_MAX: u64 = 50_000_000;
/// Events taken from the kernel at once; after each one the plan is looked at again.
const EVENTS: usize = 64;
/// How long a broken connection waits before it is opened again.
const REOPEN_NS: u64 = 100_000_000;
/// Arrivals that may wait for a free connection (a 1 s stall at 100,000/s, ten times over); more are dropped, counted.
pub const WAITING_MAX: usize = 1_000_000;
/// How often live progress is told.
const PROGRESS_NS: u64 = 1_000_000_000;

/// A live look at a run for people.
#[derive(Debug, Clone, Default)]
pub struct Live {
    /// Seconds since the start of the plan.
    pub at_s: f64,
    /// Length of the plan in seconds.
    pub of_s: f64,
    /// The current phase.
    pub phase: String,
    /// Counts of all phases so far.
    pub counts: run_record::Counts,
    /// Requests on the wire.
    pub in_flight: usize,
    /// Arrivals due that wait for a free connection.
    pub waiting: usize,
    /// The newest whole second.
    pub second: Option<run_record::SecondRow>,
}

struct Pending {
    arrival: Arrival,
    taken: Option<HandOver>,
}

struct Flight {
    pending: Pending,
    sent_ns: u64,
}

enum Line {
    /// Not there; may be opened again at this time.
    Down { reopen_ns: u64 },
    /// There and free.
    Free(Connection),
    /// Carrying a request.
    Busy(Connection, Box<Flight>),
}

/// What the engine measured about itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct EngineFacts {
    /// Wall time spent measuring when the run was cut short, seconds; 0 when the measured phases ran to their end.
    pub measured_s: f64,
    /// CPU share of one core that the engine's thread used while measuring.
    pub cpu_share: f64,
    /// The run was cut short.
    pub interrupted: bool,
}

/// The engine, ready to go: all connections open.
pub struct Engine<'s> {
    scenario: &'s Scenario,
    population: Population,
    target: SocketAddr,
    host: String,
    clock: Clock,
    epoll: OwnedFd,
    lines: Vec<Line>,
    free: VecDeque<usize>,
    down: usize,
    waiting: VecDeque<Pending>,
    /// Sends in order of time, for time-outs: (sent_ns, line).
    sent: VecDeque<(u64, usize)>,
    stages: Stages,
    left: Vec<HandOver>,
    scratch: Vec<u8>,
    /// What was recorded so far.
    pub recorder: Recorder,
    in_flight: usize,
}

fn event_flags() -> epoll::EventFlags {
    epoll::EventFlags::IN | epoll::EventFlags::OUT | epoll::EventFlags::RDHUP | epoll::EventFlags::ET
}

impl<'s> Engine<'s> {
    /// Opens every connection.
    ///
    /// # Errors
    /// What the kernel says when the target cannot be reached or no more sockets are to be had.
    pub fn open(
        scenario: &'s Scenario,
        population: Population,
        target: SocketAddr,
        recorder: Recorder,
    ) -> io::Result<Self> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let count = scenario.load.connections as usize;
        let mut lines = Vec::with_capacity(count);
        for i in 0..count {
            let connection = Connection::open(target)?;
            epoll::add(&epoll, connection.fd(), epoll::EventData::new_u64(i as u64), event_flags())?;
            lines.push(Line::Free(connection));
        }
        Ok(Engine {
            stages: Stages::new(population, &scenario.interactions),
            scenario,
            population,
            target,
            host: target.to_string(),
            clock: Clock::start(),
            epoll,
            free: (0..count).collect(),
            lines,
            down: 0,
            waiting: VecDeque::new(),
            sent: VecDeque::new(),
            left: Vec::new(),
            scratch: vec![0; READ_BYTES],
            recorder,
            in_flight: 0,
        })
    }

    /// Runs the plan to its end. `live` is told about once a second; `stop` ends the run early.
    ///
    /// # Errors
    /// Only what the poller itself fails with; anything a connection does is counted instead.
    pub fn run(
        &mut self,
        plan: Plan,
        stop: &AtomicBool,
        live: &mut dyn FnMut(&Live),
    ) -> io::Result<EngineFacts> {
        let _ = rustix::thread::set_current_timer_slack(std::num::NonZeroU64::new(1));
        let timeout_ns = u64::try_from(self.scenario.load.timeout.as_nanos()).unwrap_or(u64::MAX);
        let duration_ns = plan.duration_ns();
        let mut facts = EngineFacts::default();
        let mut measuring: Option<(u64, u64)> = None; // (since_ns, cpu_ns then)
        let (mut measured_from_ns, measured_to_ns) = measured_window(self.scenario);
        let mut plan = plan.peekable();
        let mut events = Vec::with_capacity(EVENTS);
        let mut next_live_ns = PROGRESS_NS;
        self.clock = Clock::start();
        loop {
            let now_ns = self.send_due(&mut plan);
            if measuring.is_none() && now_ns >= measured_from_ns {
                measuring = Some((now_ns, thread_cpu_ns()));
            }
            if let Some((since_ns, cpu_ns)) = measuring.filter(|_| now_ns >= measured_to_ns) {
                facts.cpu_share = cpu_share(since_ns, cpu_ns, now_ns);
                measuring = None;
                measured_from_ns = u64::MAX;
            }
            self.time_out(now_ns, timeout_ns);
            self.reopen(now_ns);
            if now_ns >= next_live_ns {
                next_live_ns = now_ns + PROGRESS_NS;
                self.recorder.seconds.seal(now_ns);
                live(&self.look(now_ns, duration_ns));
            }
            if stop.load(Ordering::Relaxed) {
                facts.interrupted = plan.peek().is_some() || self.in_flight > 0 || now_ns < duration_ns;
                self.give_up("the run was interrupted");
                break;
            }
            if plan.peek().is_none()
                && self.in_flight == 0
                && self.waiting.is_empty()
                && now_ns >= duration_ns
            {
                break;
            }
            let next_ns = plan.peek().map_or(u64::MAX, |a| a.planned_ns);
            let wait_ns = next_ns.saturating_sub(now_ns).min(SLEEP_NS_MAX);
            let sleep_ns = if wait_ns < SLEEP_NS_MAX { wait_ns.saturating_sub(SPIN_NS) } else { wait_ns };
            events.clear();
            let timeout = Timespec { tv_sec: 0, tv_nsec: i64::try_from(sleep_ns).unwrap_or(0) };
            match epoll::wait(&self.epoll, rustix::buffer::spare_capacity(&mut events), Some(&timeout)) {
                Ok(_) => {}
                Err(rustix::io::Errno::INTR) => continue,
                Err(e) => return Err(e.into()),
            }
            for event in &events {
                let line = usize::try_from(event.data.u64()).unwrap_or(usize::MAX);
                self.handle(line);
                self.send_due(&mut plan);
            }
        }
        if let Some((since_ns, cpu_ns)) = measuring {
            let now_ns = self.clock.now_ns();
            facts.measured_s = now_ns.saturating_sub(since_ns) as f64 / 1e9;
            facts.cpu_share = cpu_share(since_ns, cpu_ns, now_ns);
        }
        Ok(facts)
    }

    /// Sends everything that is due; returns the time.
    fn send_due(&mut self, plan: &mut std::iter::Peekable<Plan>) -> u64 {
        let mut now_ns = self.clock.now_ns();
        while let Some(arrival) = plan.next_if(|a| a.planned_ns <= now_ns) {
            self.recorder.planned(arrival.stretch, arrival.planned_ns);
            match self.stages.take(arrival.interaction) {
                Err(reason) => self.drop_arrival(&arrival, now_ns, reason),
                Ok(taken) => {
                    let pending = Pending { arrival, taken };
                    match self.free.pop_front() {
                        Some(line) => self.send(line, pending),
                        None if self.waiting.len() < WAITING_MAX => self.waiting.push_back(pending),
                        None => self.drop_arrival(
                            &arrival,
                            now_ns,
                            "no free connection and the waiting line is full",
                        ),
                    }
                }
            }
            now_ns = self.clock.now_ns();
        }
        now_ns
    }

    fn drop_arrival(&mut self, arrival: &Arrival, now_ns: u64, reason: &str) {
        let sample = sample_of(arrival, now_ns, now_ns);
        self.recorder.finished(&sample, &Outcome::Dropped { reason });
    }

    fn send(&mut self, line: usize, pending: Pending) {
        let Line::Free(mut connection) =
            std::mem::replace(&mut self.lines[line], Line::Down { reopen_ns: 0 })
        else {
            unreachable!("only free lines are in the free list")
        };
        let context = RenderContext {
            population: &self.population,
            seed: self.scenario.seed,
            seq: pending.arrival.seq,
            ordinal: pending.arrival.ordinal,
            taken: pending.taken.as_ref(),
            given: scenarios::Given::default(),
            now: wall_now(),
            host: &self.host,
        };
        self.scenario.interactions[pending.arrival.interaction].render(&context, connection.request());
        let sent_ns = self.clock.now_ns();
        let flight = Flight { pending, sent_ns };
        self.in_flight += 1;
        self.sent.push_back((sent_ns, line));
        match connection.write_some() {
            Ok(_) => self.lines[line] = Line::Busy(connection, Box::new(flight)),
            Err(e) => self.broken(line, flight, &format!("writing: {}", e.kind())),
        }
    }

    fn handle(&mut self, line: usize) {
        let Some(slot) = self.lines.get_mut(line) else { return };
        match std::mem::replace(slot, Line::Down { reopen_ns: 0 }) {
            Line::Down { reopen_ns } => self.lines[line] = Line::Down { reopen_ns },
            Line::Free(mut connection) => match connection.read_some(&mut self.scratch, false) {
                Ok(Received::Partial) => self.lines[line] = Line::Free(connection),
                // Closed between requests, or speaking out of turn: nobody waits for it, so it is opened anew.
                _ => {
                    self.free.retain(|l| *l != line);
                    let now_ns = self.clock.now_ns();
                    self.take_down(line, now_ns);
                }
            },
            Line::Busy(connection, flight) => self.advance(line, connection, *flight),
        }
    }

    fn advance(&mut self, line: usize, mut connection: Connection, flight: Flight) {
        let arrival = flight.pending.arrival;
        let interaction = &self.scenario.interactions[arrival.interaction];
        if let Err(e) = connection.write_some() {
            return self.broken(line, flight, &format!("writing: {}", e.kind()));
        }
        let head = interaction.method() == "HEAD";
        let parsed = match connection.read_some(&mut self.scratch, head) {
            Ok(Received::Partial) => {
                self.lines[line] = Line::Busy(connection, Box::new(flight));
                return;
            }
            Ok(Received::Answer(parsed)) => parsed,
            Ok(Received::Closed) => return self.broken(line, flight, "closed before the answer"),
            Err(sentence) => return self.broken(line, flight, &sentence),
        };
        let done_ns = self.clock.now_ns();
        let context = RenderContext {
            population: &self.population,
            seed: self.scenario.seed,
            seq: arrival.seq,
            ordinal: arrival.ordinal,
            taken: flight.pending.taken.as_ref(),
            given: scenarios::Given::default(),
            now: jiff::Timestamp::UNIX_EPOCH,
            host: &self.host,
        };
        let answer = AnswerView { status: parsed.status, headers: &parsed.headers, body: &parsed.body };
        self.left.clear();
        let checked = interaction.check(&answer, &context, &mut self.left);
        let keep_alive = parsed.keep_alive;
        self.in_flight -= 1;
        let sample = sample_of(&arrival, flight.sent_ns, done_ns);
        match checked {
            Ok(()) => {
                self.recorder.finished(&sample, &Outcome::Answered);
                self.stages.put(arrival.interaction, self.left.drain(..));
                if interaction.keeps_taken()
                    && let Some(taken) = flight.pending.taken
                {
                    self.stages.put_back(arrival.interaction, taken);
                }
            }
            Err(fault) => {
                let outcome = Outcome::Failed {
                    kind: fault.kind.name(),
                    detail: &fault.detail,
                    complete: true,
                    timed: true,
                };
                self.recorder.finished(&sample, &outcome);
            }
        }
        if !keep_alive {
            return self.take_down(line, done_ns);
        }
        self.lines[line] = Line::Free(connection);
        match self.waiting.pop_front() {
            Some(next) => self.send(line, next),
            None => self.free.push_back(line),
        }
    }
}

fn cpu_share(since_ns: u64, cpu_ns: u64, now_ns: u64) -> f64 {
    (thread_cpu_ns() - cpu_ns) as f64 / now_ns.saturating_sub(since_ns).max(1) as f64
}

fn sample_of(arrival: &Arrival, sent_ns: u64, done_ns: u64) -> Sample {
    Sample {
        interaction: arrival.interaction,
        phase: arrival.stretch,
        planned_ns: arrival.planned_ns,
        sent_ns,
        done_ns,
    }
}

/// From the start of the first measured phase to the end of the last, in nanoseconds of the plan.
pub fn measured_window(scenario: &Scenario) -> (u64, u64) {
    let mut at_ns = 0u64;
    let mut window = (u64::MAX, 0);
    for phase in &scenario.phases {
        let end_ns = at_ns + u64::try_from(phase.duration.as_nanos()).unwrap_or(u64::MAX);
        if phase.measured {
            window = (window.0.min(at_ns), window.1.max(end_ns));
        }
        at_ns = end_ns;
    }
    window
}
