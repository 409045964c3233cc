//! Opens many connections before the first arrival is due: a bounded number of handshakes under way at a time, each measured,
//! failures tried again and told. Called at the start of a run, and by nothing while one goes on.

use super::connection::{Connection, READ_BYTES};
use super::connector::{Connector, silent};
use crate::clock::Clock;
use crate::open_files;
use hdrhistogram::Histogram;
use run_record::ConnectionFacts;
use rustix::event::{Timespec, epoll};
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, Ordering};

/// Handshakes under way at a time: enough that both sides always have one to go on with, few enough that none is kept waiting
/// for long and no listener's queue overflows.
pub const AT_ONCE: usize = 128;
/// Attempts for one connection before the opening is given up.
pub const ATTEMPTS_MAX: u8 = 5;
/// Pause before a failed connection is tried again, nanoseconds, for each attempt so far.
const AGAIN_NS: u64 = 100_000_000;
/// How long connect and handshake may take, nanoseconds: the hub's own limit for a handshake.
const HANDSHAKE_NS_MAX: u64 = 10_000_000_000;
/// After the last handshake, silence of this length means that no server still refuses a certificate, nanoseconds.
const SETTLE_NS: u64 = 100_000_000;
/// Settling ends after this time whatever happens, nanoseconds.
const SETTLE_NS_MAX: u64 = 2_000_000_000;
/// The longest sleep, nanoseconds: how soon a stop is noticed.
const SLEEP_NS: u64 = 50_000_000;
/// How often progress is told, nanoseconds.
const PROGRESS_NS: u64 = 200_000_000;
/// Events taken from the kernel at once.
const EVENTS: usize = 256;

/// How the opening went.
#[derive(Debug)]
pub struct OpeningFacts {
    /// For the run record.
    pub connections: ConnectionFacts,
    /// Time of each handshake with its connect, nanoseconds.
    pub handshakes: Histogram<u64>,
    /// What failed attempts said, and how often.
    pub failures: BTreeMap<String, u64>,
}

/// Why not all connections are open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OpeningError {
    /// It was asked to stop.
    Stopped,
    /// The machine has no room for so many.
    Machine(String),
    /// The target refuses; with what it said.
    Refused(String),
}

impl std::fmt::Display for OpeningError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            OpeningError::Stopped => f.write_str("opening the connections was interrupted"),
            OpeningError::Machine(s) | OpeningError::Refused(s) => f.write_str(s),
        }
    }
}

impl std::error::Error for OpeningError {}

struct Slot {
    connection: Connection,
    began_ns: u64,
    open: bool,
}

struct Opening<'c> {
    connector: &'c Connector,
    clock: Clock,
    epoll: OwnedFd,
    slots: Vec<Option<Slot>>,
    attempts: Vec<u8>,
    /// Lines to try again, with the time from which on.
    again: VecDeque<(u64, usize)>,
    /// Lines under way in the order in which they began.
    began: VecDeque<(u64, usize)>,
    next: usize,
    under_way: usize,
    open: usize,
    failed: u64,
    handshakes: Histogram<u64>,
    failures: BTreeMap<String, u64>,
    scratch: Vec<u8>,
}

impl Connector {
    /// Opens `count` connections, lines 0 to `count` - 1. `progress` is told (open, count) a few times a second.
    ///
    /// # Errors
    /// [`OpeningError`]; single failures are tried again and counted.
    pub fn open_all(
        &self,
        count: usize,
        progress: &mut dyn FnMut(usize, usize),
        stop: &AtomicBool,
    ) -> Result<(Vec<Connection>, OpeningFacts), OpeningError> {
        open_files::need(count as u64).map_err(OpeningError::Machine)?;
        let poller = epoll::create(epoll::CreateFlags::CLOEXEC);
        let mut opening = Opening {
            connector: self,
            clock: Clock::start(),
            epoll: poller.map_err(|e| OpeningError::Machine(format!("no poller is to be had: {e}")))?,
            slots: (0..count).map(|_| None).collect(),
            attempts: vec![0; count],
            again: VecDeque::new(),
            began: VecDeque::new(),
            next: 0,
            under_way: 0,
            open: 0,
            failed: 0,
            handshakes: run_record::new_histogram(),
            failures: BTreeMap::new(),
            scratch: vec![0; READ_BYTES],
        };
        let memory = || (memory_bytes(None), self.hub_pid.and_then(|pid| memory_bytes(Some(pid))));
        let before = memory();
        let opening_ns = opening.run(progress, stop)?;
        let after = memory();
        let mut connections = Vec::with_capacity(count);
        for slot in opening.slots.into_iter().flatten() {
            let mut connection = slot.connection;
            connection.rest();
            connections.push(connection);
        }
        let each = |before: Option<u64>, after: Option<u64>| {
            Some(after?.saturating_sub(before?) as f64 / count.max(1) as f64)
        };
        let identities = match (self.identities(), self.transport()) {
            (Some(identities), _) => identities.len().min(count) as u64,
            (None, "mutual-tls") => 1,
            (None, _) => 0,
        };
        let opening_s = opening_ns as f64 / 1e9;
        let facts = ConnectionFacts {
            transport: self.transport().to_owned(),
            opened_before: count as u64,
            opened: opening.handshakes.len(),
            peak: count as u64,
            sources: self.sources(),
            identities,
            opening_s,
            handshakes_per_s: opening.handshakes.len() as f64 / opening_s.max(f64::MIN_POSITIVE),
            handshake_p50_ns: opening.handshakes.value_at_quantile(0.5),
            handshake_p99_ns: opening.handshakes.value_at_quantile(0.99),
            failed: opening.failed,
            harness_bytes_each: each(before.0, after.0),
            hub_bytes_each: each(before.1, after.1),
        };
        let (handshakes, failures) = (opening.handshakes, opening.failures);
        Ok((connections, OpeningFacts { connections: facts, handshakes, failures }))
    }
}

impl Opening<'_> {
    /// Opens them all; returns how long that took, in nanoseconds, without the settling.
    fn run(
        &mut self,
        progress: &mut dyn FnMut(usize, usize),
        stop: &AtomicBool,
    ) -> Result<u64, OpeningError> {
        let count = self.slots.len();
        let mutual = self.connector.transport() == "mutual-tls";
        let mut events = Vec::with_capacity(EVENTS);
        let (mut told_ns, mut done_ns, mut heard_ns) = (0, None, 0);
        loop {
            if stop.load(Ordering::Relaxed) {
                return Err(OpeningError::Stopped);
            }
            let now_ns = self.clock.now_ns();
            if now_ns >= told_ns {
                told_ns = now_ns + PROGRESS_NS;
                progress(self.open, count);
            }
            if self.open == count {
                let done_ns = *done_ns.get_or_insert(now_ns);
                let quiet = now_ns.saturating_sub(done_ns.max(heard_ns)) >= SETTLE_NS;
                if !mutual || quiet || now_ns.saturating_sub(done_ns) >= SETTLE_NS_MAX {
                    progress(count, count);
                    return Ok(done_ns);
                }
            } else {
                done_ns = None;
            }
            self.begin_more(now_ns)?;
            self.time_out(now_ns)?;
            events.clear();
            let timeout = Timespec { tv_sec: 0, tv_nsec: SLEEP_NS as i64 };
            match epoll::wait(&self.epoll, rustix::buffer::spare_capacity(&mut events), Some(&timeout)) {
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(e) => return Err(OpeningError::Machine(format!("the poller failed: {e}"))),
            }
            for event in &events {
                let line = usize::try_from(event.data.u64()).unwrap_or(usize::MAX);
                heard_ns = self.clock.now_ns();
                if let Err(e) = self.go_on(line) {
                    self.fail(line, &e)?;
                }
            }
        }
    }

    fn begin_more(&mut self, now_ns: u64) -> Result<(), OpeningError> {
        while self.under_way < AT_ONCE {
            let line = match self.again.front() {
                Some(&(from_ns, line)) if from_ns <= now_ns => {
                    self.again.pop_front();
                    line
                }
                _ if self.next < self.slots.len() => {
                    self.next += 1;
                    self.next - 1
                }
                _ => return Ok(()),
            };
            let began_ns = self.clock.now_ns();
            let begun = self.connector.begin(line).and_then(|connection| {
                let flags = epoll::EventFlags::IN
                    | epoll::EventFlags::OUT
                    | epoll::EventFlags::RDHUP
                    | epoll::EventFlags::ET;
                epoll::add(&self.epoll, connection.fd(), epoll::EventData::new_u64(line as u64), flags)?;
                Ok(connection)
            });
            self.under_way += 1;
            match begun {
                Ok(connection) => {
                    self.slots[line] = Some(Slot { connection, began_ns, open: false });
                    self.began.push_back((began_ns, line));
                }
                Err(e) => self.fail(line, &e)?,
            }
        }
        Ok(())
    }

    /// Takes a connection as far as it goes.
    fn go_on(&mut self, line: usize) -> io::Result<()> {
        let Some(slot) = self.slots.get_mut(line).and_then(Option::as_mut) else { return Ok(()) };
        if !slot.open {
            slot.connection.connected()?;
            slot.connection.write_some()?;
        }
        silent(&mut slot.connection, &mut self.scratch)?;
        if !slot.open && slot.connection.ready() {
            slot.open = true;
            self.handshakes.saturating_record(self.clock.now_ns().saturating_sub(slot.began_ns));
            self.under_way -= 1;
            self.open += 1;
        }
        Ok(())
    }

    fn time_out(&mut self, now_ns: u64) -> Result<(), OpeningError> {
        while let Some((began_ns, line)) = self.began.pop_front() {
            let slot = self.slots.get(line).and_then(Option::as_ref);
            if !slot.is_some_and(|s| !s.open && s.began_ns == began_ns) {
                continue;
            }
            if now_ns.saturating_sub(began_ns) < HANDSHAKE_NS_MAX {
                self.began.push_front((began_ns, line));
                break;
            }
            let seconds = HANDSHAKE_NS_MAX / 1_000_000_000;
            self.fail(line, &io::Error::other(format!("no whole handshake within {seconds} s")))?;
        }
        Ok(())
    }

    fn fail(&mut self, line: usize, error: &io::Error) -> Result<(), OpeningError> {
        if matches!(error.raw_os_error(), Some(24 | 23)) {
            let sentence =
                "no more sockets are to be had, although the limit of open files should allow them";
            return Err(OpeningError::Machine(format!("{sentence}: {error}")));
        }
        match self.slots[line].take() {
            Some(slot) if slot.open => self.open -= 1,
            _ => self.under_way -= 1,
        }
        self.failed += 1;
        *self.failures.entry(error.to_string()).or_default() += 1;
        self.attempts[line] += 1;
        if self.attempts[line] >= ATTEMPTS_MAX {
            let count = self.slots.len();
            let target = self.connector.target();
            return Err(OpeningError::Refused(format!(
                "{target}: {} of {count} connections are open and one could not be opened in {ATTEMPTS_MAX} \
                 attempts: {error}",
                self.open
            )));
        }
        let pause_ns = AGAIN_NS * u64::from(self.attempts[line]);
        self.again.push_back((self.clock.now_ns() + pause_ns, line));
        Ok(())
    }
}

/// Resident memory of a process (`None`: this one), bytes; `None` when the system does not say.
pub fn memory_bytes(pid: Option<u32>) -> Option<u64> {
    let name = pid.map_or("self".to_owned(), |pid| pid.to_string());
    let status = std::fs::read_to_string(format!("/proc/{name}/status")).ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}
