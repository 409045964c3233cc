//! The engine's upkeep: what ends badly, what takes too long, what must be opened again, and the live look at it all.
//! Called by the engine's loop between sends; nothing here waits.

use super::{Engine, Flight, Line, Live, REOPEN_NS, event_flags, sample_of};
use crate::client::connection::Connection;
use crate::recorder::Outcome;
use rustix::event::epoll;

impl Engine<'_> {
    pub(super) fn look(&self, now_ns: u64, duration_ns: u64) -> Live {
        let mut end_ns = 0;
        let phase = self.scenario.phases.iter().find(|p| {
            end_ns += u64::try_from(p.duration.as_nanos()).unwrap_or(u64::MAX);
            now_ns < end_ns
        });
        Live {
            at_s: now_ns as f64 / 1e9,
            of_s: duration_ns as f64 / 1e9,
            phase: phase.map_or("waiting for the last answers".into(), |p| p.name.clone()),
            counts: self.recorder.counts_all,
            in_flight: self.in_flight,
            waiting: self.waiting.len(),
            second: self.recorder.seconds.latest().cloned(),
        }
    }

    /// Ends a flight whose connection is gone.
    pub(super) fn broken(&mut self, line: usize, flight: Flight, detail: &str) {
        let now_ns = self.clock.now_ns();
        self.fail(&flight, now_ns, "connection", detail, false);
        self.take_down(line, now_ns);
    }

    pub(super) fn fail(&mut self, flight: &Flight, now_ns: u64, kind: &str, detail: &str, timed: bool) {
        self.in_flight -= 1;
        let sample = sample_of(&flight.pending.arrival, flight.sent_ns, now_ns);
        self.recorder.finished(&sample, &Outcome::Failed { kind, detail, complete: false, timed });
    }

    pub(super) fn take_down(&mut self, line: usize, now_ns: u64) {
        // Dropping the connection closes it, which also takes it out of the poller.
        self.lines[line] = Line::Down { reopen_ns: now_ns + REOPEN_NS };
        self.down += 1;
    }

    /// Fails what has been on the wire for too long, drops what has waited for too long.
    pub(super) fn time_out(&mut self, now_ns: u64, timeout_ns: u64) {
        while let Some(&(sent_ns, line)) = self.sent.front() {
            let current = matches!(&self.lines[line], Line::Busy(_, f) if f.sent_ns == sent_ns);
            if current && now_ns.saturating_sub(sent_ns) < timeout_ns {
                break;
            }
            self.sent.pop_front();
            if current
                && let Line::Busy(_, flight) =
                    std::mem::replace(&mut self.lines[line], Line::Down { reopen_ns: 0 })
            {
                self.fail(&flight, now_ns, "timeout", "no whole answer within the time allowed", true);
                self.take_down(line, now_ns);
            }
        }
        while let Some(pending) =
            self.waiting.pop_front_if(|p| now_ns.saturating_sub(p.arrival.planned_ns) >= timeout_ns)
        {
            self.drop_arrival(&pending.arrival, now_ns, "no free connection within the time allowed");
        }
    }

    pub(super) fn reopen(&mut self, now_ns: u64) {
        if self.down == 0 {
            return;
        }
        for line in 0..self.lines.len() {
            let Line::Down { reopen_ns } = self.lines[line] else { continue };
            if now_ns < reopen_ns {
                continue;
            }
            let opened = Connection::begin(self.target).and_then(|c| {
                epoll::add(&self.epoll, c.fd(), epoll::EventData::new_u64(line as u64), event_flags())?;
                Ok(c)
            });
            match opened {
                Ok(connection) => {
                    self.down -= 1;
                    self.lines[line] = Line::Free(connection);
                    match self.waiting.pop_front() {
                        Some(next) => self.send(line, next),
                        None => self.free.push_back(line),
                    }
                }
                Err(_) => self.lines[line] = Line::Down { reopen_ns: now_ns + REOPEN_NS },
            }
        }
    }

    /// Ends everything under way: what waits was never sent, what is on the wire failed.
    pub(super) fn give_up(&mut self, why: &str) {
        let now_ns = self.clock.now_ns();
        while let Some(pending) = self.waiting.pop_front() {
            self.drop_arrival(&pending.arrival, now_ns, why);
        }
        for line in 0..self.lines.len() {
            if let Line::Busy(_, flight) =
                std::mem::replace(&mut self.lines[line], Line::Down { reopen_ns: u64::MAX })
            {
                self.fail(&flight, now_ns, "connection", why, false);
            }
        }
    }
}
