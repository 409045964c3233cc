//! The connections of one sending thread: those opened before the run, and those opened on top of them when all wait.
//! Called by the engine; knows no interaction and no plan.

use super::ask::Ask;
use crate::client::connection::Connection;
use crate::client::connector::Connector;
use rustix::event::epoll;
use scenarios::Speaker;
use std::collections::VecDeque;
use std::io;
use std::os::fd::OwnedFd;

/// How long a broken connection waits before it is opened again.
const REOPEN_NS: u64 = 100_000_000;
/// How long connections opened on top must have been enough before those that are free are closed: long enough to outlast
/// a run of stalls, short enough that a minute later the run is as it was planned.
const SPARE_NS: u64 = 10_000_000_000;

/// One place for a connection.
pub(super) enum Line {
    /// No connection.
    Down,
    /// There and free.
    Free(Connection),
    /// Carrying a request.
    Busy(Connection, Flight),
}

/// A request on the wire.
pub(super) struct Flight {
    pub ask: Ask,
    pub sent_ns: u64,
}

/// All connections of one sending thread.
pub(super) struct Lines {
    connector: Connector,
    epoll: OwnedFd,
    /// Which thread this is, of how many: line `i` here is line `i * of + part` of the run.
    part: (usize, usize),
    all: Vec<Line>,
    base: usize,
    max: usize,
    free: VecDeque<usize>,
    /// Whether a place stands in `free`, where it may still stand when it was taken by its number.
    queued: Vec<bool>,
    spare: Vec<usize>,
    /// Places beyond the base without a connection.
    empty: Vec<usize>,
    /// Places of the base to be opened again, in the order of time.
    down: VecDeque<(u64, usize)>,
    grown_ns: u64,
    refused_ns: Option<u64>,
    there: usize,
    /// Connections opened in all.
    pub opened: u64,
    /// Most there were at one time.
    pub peak: usize,
}

fn event_flags() -> epoll::EventFlags {
    epoll::EventFlags::IN | epoll::EventFlags::OUT | epoll::EventFlags::RDHUP | epoll::EventFlags::ET
}

impl Lines {
    /// Takes over connections that are open; there may be `max` in all.
    ///
    /// # Errors
    /// What the kernel says when no poller is to be had.
    pub(super) fn new(
        connector: Connector,
        open: Vec<Connection>,
        max: usize,
        part: (usize, usize),
    ) -> io::Result<Self> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let base = open.len();
        let mut lines = Lines {
            connector,
            epoll,
            part,
            all: Vec::with_capacity(base),
            base,
            max: max.max(base),
            free: (0..base).collect(),
            queued: vec![true; base],
            spare: Vec::new(),
            empty: Vec::new(),
            down: VecDeque::new(),
            grown_ns: 0,
            refused_ns: None,
            there: base,
            opened: base as u64,
            peak: base,
        };
        for (i, connection) in open.into_iter().enumerate() {
            lines.watch(i, &connection)?;
            lines.all.push(Line::Free(connection));
        }
        Ok(lines)
    }

    /// The poller.
    pub(super) fn poller(&self) -> &OwnedFd {
        &self.epoll
    }

    /// Connections there are.
    pub(super) fn there(&self) -> usize {
        self.there
    }

    /// Whether each line speaks for an end point of its own.
    pub(super) fn have_identities(&self) -> bool {
        self.connector.identities().is_some()
    }

    /// The place whose line a request in that name goes over: a free one, which is taken (true), or else the first that
    /// there is; `None` when no line here speaks for it.
    pub(super) fn take_for(&mut self, speaker: Speaker) -> Option<(usize, bool)> {
        let (part, of) = self.part;
        let lines = self.connector.identities()?.lines_for(speaker, self.base * of + part);
        let mine: Vec<usize> = lines.filter(|n| n % of == part).map(|n| n / of).collect();
        let free = mine.iter().find(|line| matches!(self.all.get(**line), Some(Line::Free(_))));
        free.map(|line| (*line, true)).or_else(|| mine.first().map(|line| (*line, false)))
    }

    fn number(&self, line: usize) -> usize {
        line * self.part.1 + self.part.0
    }

    fn watch(&self, line: usize, connection: &Connection) -> io::Result<()> {
        let data = epoll::EventData::new_u64(line as u64);
        epoll::add(&self.epoll, connection.fd(), data, event_flags())?;
        Ok(())
    }

    fn begin(&mut self, line: usize) -> io::Result<Connection> {
        let connection = self.connector.begin(self.number(line))?;
        self.watch(line, &connection)?;
        self.there += 1;
        self.opened += 1;
        self.peak = self.peak.max(self.there);
        Ok(connection)
    }

    /// A line to send on: a free one, or a new one while there may be more.
    pub(super) fn take(&mut self, now_ns: u64) -> Option<usize> {
        while let Some(line) = self.free.pop_front() {
            self.queued[line] = false;
            if matches!(self.all[line], Line::Free(_)) {
                return Some(line);
            }
        }
        if let Some(line) = self.spare.pop() {
            return Some(line);
        }
        if self.there >= self.max || self.refused_ns.is_some_and(|at| now_ns < at + REOPEN_NS) {
            return None;
        }
        let line = self.empty.pop().unwrap_or(self.all.len());
        match self.begin(line) {
            Ok(connection) => {
                self.grown_ns = now_ns;
                if line == self.all.len() {
                    self.all.push(Line::Free(connection));
                } else {
                    self.all[line] = Line::Free(connection);
                }
                Some(line)
            }
            Err(_) => {
                if line < self.all.len() {
                    self.empty.push(line);
                }
                self.refused_ns = Some(now_ns);
                None
            }
        }
    }

    /// What is at a place, which is down until it is put back.
    pub(super) fn lift(&mut self, line: usize) -> Line {
        self.all.get_mut(line).map_or(Line::Down, |slot| std::mem::replace(slot, Line::Down))
    }

    /// Puts back what was lifted.
    pub(super) fn put(&mut self, line: usize, what: Line) {
        self.all[line] = what;
    }

    /// Puts back a connection that can carry the next request.
    pub(super) fn release(&mut self, line: usize, mut connection: Connection) {
        connection.rest();
        self.all[line] = Line::Free(connection);
        if line < self.base {
            self.offer(line);
        } else {
            self.spare.push(line);
        }
    }

    fn offer(&mut self, line: usize) {
        if !std::mem::replace(&mut self.queued[line], true) {
            self.free.push_back(line);
        }
    }

    /// A lifted place's connection is gone.
    pub(super) fn gone(&mut self, line: usize, now_ns: u64) {
        // Dropping the connection closes it, which also takes it out of the poller.
        self.all[line] = Line::Down;
        self.there -= 1;
        if line < self.base {
            self.down.push_back((now_ns + REOPEN_NS, line));
        } else {
            self.empty.push(line);
        }
    }

    /// A free connection is gone.
    pub(super) fn free_gone(&mut self, line: usize, now_ns: u64) {
        // What stands in `free` is looked at again when it is taken.
        self.spare.retain(|l| *l != line);
        self.gone(line, now_ns);
    }

    /// The flight of a line, if it was sent at that time and is still under way.
    pub(super) fn is_flying(&self, line: usize, sent_ns: u64) -> bool {
        matches!(self.all.get(line), Some(Line::Busy(_, flight)) if flight.sent_ns == sent_ns)
    }

    /// Opens again what has been down for long enough; gives the lines that may now be used.
    pub(super) fn reopen(&mut self, now_ns: u64) -> Option<usize> {
        let (_, line) = self.down.pop_front_if(|(at_ns, _)| *at_ns <= now_ns)?;
        match self.begin(line) {
            Ok(connection) => {
                self.all[line] = Line::Free(connection);
                self.offer(line);
                Some(line)
            }
            Err(_) => {
                self.down.push_back((now_ns + REOPEN_NS, line));
                None
            }
        }
    }

    /// Closes what was opened on top and has not been needed for a while.
    pub(super) fn shrink(&mut self, now_ns: u64) {
        if self.spare.is_empty() || now_ns < self.grown_ns + SPARE_NS {
            return;
        }
        for line in std::mem::take(&mut self.spare) {
            self.gone(line, now_ns);
        }
    }

    /// Takes everything that is on the wire.
    pub(super) fn drain(&mut self) -> Vec<Flight> {
        let mut flights = Vec::new();
        for slot in &mut self.all {
            if let Line::Busy(_, flight) = std::mem::replace(slot, Line::Down) {
                flights.push(flight);
            }
        }
        flights
    }
}
