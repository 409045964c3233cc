//! The engine's upkeep: what ends badly, what takes too long, what must be opened again, and the note on how it goes.
//! Called by the engine's loop between sends; nothing here waits.

use super::ask::Ask;
use super::lines::{Flight, Line};
use super::{Engine, Note};
use crate::recorder::Outcome;
use crate::seconds::Sealed;
use crate::trips::TripEnd;

impl Engine<'_> {
    pub(super) fn note(&self, at_ns: u64, sealed: Vec<Sealed>) -> Note {
        Note {
            at_ns,
            counts: self.recorder.counts_all,
            in_flight: self.in_flight,
            waiting: self.waiting.len() + self.own_waiting_count,
            connections: self.lines.there(),
            under_way: self.due.len(),
            newest_error: self.recorder.newest_error.clone(),
            sealed,
        }
    }

    /// Ends a flight whose connection, which was lifted, is gone.
    pub(super) fn broken(&mut self, line: usize, flight: Flight, detail: &str) {
        let now_ns = self.clock.now_ns();
        self.fail(flight, now_ns, "connection", detail, false);
        self.lines.gone(line, now_ns);
    }

    fn fail(&mut self, flight: Flight, now_ns: u64, kind: &str, detail: &str, timed: bool) {
        self.in_flight -= 1;
        let sample = flight.ask.sample(flight.sent_ns, now_ns);
        self.recorder.finished(&sample, &Outcome::Failed { kind, detail, complete: false, timed });
        if let Some(trip) = &flight.ask.trip {
            self.end_trip(trip, TripEnd::Failed);
        }
    }

    /// Fails what has been on the wire for too long, drops what has waited for too long.
    pub(super) fn time_out(&mut self, now_ns: u64, timeout_ns: u64) {
        while let Some(&(sent_ns, line)) = self.sent.front() {
            let current = self.lines.is_flying(line, sent_ns);
            if current && now_ns.saturating_sub(sent_ns) < timeout_ns {
                break;
            }
            self.sent.pop_front();
            if current && let Line::Busy(_, flight) = self.lines.lift(line) {
                self.fail(flight, now_ns, "timeout", "no whole answer within the time allowed", true);
                self.lines.gone(line, now_ns);
            }
        }
        while let Some(ask) = self.waiting.pop_front_if(|a| now_ns.saturating_sub(a.planned_ns) >= timeout_ns)
        {
            self.drop_ask(ask, now_ns, "no free connection within the time allowed");
        }
    }

    /// Drops what has waited for too long for a line of its own; looked at once a second.
    pub(super) fn time_out_own(&mut self, now_ns: u64, timeout_ns: u64) {
        if self.own_waiting_count == 0 {
            return;
        }
        let waited = |ask: &Ask| now_ns.saturating_sub(ask.planned_ns) >= timeout_ns;
        let mut late = Vec::new();
        for queue in self.own_waiting.values_mut() {
            while let Some(ask) = queue.pop_front_if(|ask| waited(ask)) {
                late.push(ask);
            }
        }
        self.own_waiting.retain(|_, queue| !queue.is_empty());
        self.own_waiting_count -= late.len();
        for ask in late {
            self.drop_ask(ask, now_ns, "no free connection of its own within the time allowed");
        }
    }

    /// Opens what is to be opened again and sends what waits for a line.
    pub(super) fn reopen(&mut self, now_ns: u64) {
        while let Some(line) = self.lines.reopen(now_ns) {
            if self.own_waiting_count > 0
                && let Some(ask) = self.next_for(line)
            {
                self.send(line, ask);
            }
        }
        while !self.waiting.is_empty()
            && let Some(line) = self.lines.take(now_ns)
            && let Some(ask) = self.waiting.pop_front()
        {
            self.send(line, ask);
        }
    }

    /// Journeys whose next step would be due after the end of the plan are not finished.
    pub(super) fn end_journeys(&mut self) {
        for due in std::mem::take(&mut self.due) {
            self.end_trip(&due.trip, TripEnd::Unfinished);
        }
    }

    /// Ends everything under way: what waits was never sent, what is on the wire failed.
    pub(super) fn give_up(&mut self, why: &str) {
        let now_ns = self.clock.now_ns();
        self.end_journeys();
        while let Some(ask) = self.waiting.pop_front() {
            self.drop_ask(ask, now_ns, why);
        }
        let own: Vec<Ask> = self.own_waiting.drain().flat_map(|(_, queue)| queue).collect();
        self.own_waiting_count = 0;
        for ask in own {
            self.drop_ask(ask, now_ns, why);
        }
        for flight in self.lines.drain() {
            self.fail(flight, now_ns, "connection", why, false);
        }
    }
}
