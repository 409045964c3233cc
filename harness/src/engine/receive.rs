//! The engine's receiving side: answers are read, checked and recorded, what they leave is kept, and the line carries
//! the next request.

use super::ask::{Ask, Due};
use super::lines::{Flight, Line};
use super::{Engine, UNDER_WAY_MAX, WRITE_BYTES};
use crate::client::connection::{Connection, Received, Written};
use crate::recorder::Outcome;
use crate::trips::{self, Trip, TripEnd};
use scenarios::AnswerView;

impl Engine<'_> {
    pub(super) fn handle(&mut self, line: usize) {
        match self.lines.lift(line) {
            Line::Down => {}
            Line::Free(mut connection) => match connection.read_some(&mut self.scratch, false, |_| ()) {
                Ok(Received::Partial) => self.lines.put(line, Line::Free(connection)),
                // Closed between requests, or speaking out of turn: nobody waits for it, so it is opened anew.
                _ => self.lines.free_gone(line, self.clock.now_ns()),
            },
            Line::Busy(connection, flight) => self.advance(line, connection, flight),
        }
    }

    /// Writes on where a long request waits, one part at a time, so that others that are due go out in between.
    pub(super) fn write_on(&mut self) {
        let Some(line) = self.unwritten.pop_front() else { return };
        match self.lines.lift(line) {
            Line::Busy(mut connection, flight) => match connection.write_part(WRITE_BYTES) {
                Ok(written) => {
                    if written == Written::More {
                        self.unwritten.push_back(line);
                    }
                    self.lines.put(line, Line::Busy(connection, flight));
                }
                Err(e) => self.broken(line, flight, &format!("writing: {}", e.kind())),
            },
            other => self.lines.put(line, other),
        }
    }

    fn advance(&mut self, line: usize, mut connection: Connection, flight: Flight) {
        let scenario = self.scenario;
        let interaction = &scenario.interactions[flight.ask.interaction];
        match connection.write_part(WRITE_BYTES) {
            Ok(Written::More) if !self.unwritten.contains(&line) => self.unwritten.push_back(line),
            Ok(_) => {}
            Err(e) => return self.broken(line, flight, &format!("writing: {}", e.kind())),
        }
        let head = interaction.method() == "HEAD";
        let received = connection.read_some(&mut self.scratch, head, |parsed| {
            let done_ns = self.clock.now_ns();
            let never = jiff::Timestamp::UNIX_EPOCH;
            let context = flight.ask.context(&self.population, scenario.seed, &self.host, never);
            let answer = AnswerView { status: parsed.status, headers: &parsed.headers, body: &parsed.body };
            self.left.clear();
            let checked = interaction.check(&answer, &context, &mut self.left);
            if checked.is_ok() {
                let at = flight.ask.interaction;
                self.recorder.ledger.note(scenario, at, &answer, &context, done_ns);
            }
            (done_ns, checked, parsed.keep_alive)
        });
        let (done_ns, checked, keep_alive) = match received {
            Ok(Received::Answer(answered)) => answered,
            Ok(Received::Partial) => return self.lines.put(line, Line::Busy(connection, flight)),
            Ok(Received::Closed) => return self.broken(line, flight, "closed before the answer"),
            Err(sentence) => return self.broken(line, flight, &sentence),
        };
        self.now_ns = done_ns;
        let Flight { ask, sent_ns } = flight;
        self.in_flight -= 1;
        let sample = ask.sample(sent_ns, done_ns);
        match checked {
            Ok(()) => {
                self.recorder.finished(&sample, &Outcome::Answered);
                self.hand_over(ask, done_ns);
            }
            Err(fault) => {
                let (kind, detail) = (fault.kind.name(), fault.detail.as_str());
                let outcome = Outcome::Failed { kind, detail, complete: true, timed: true };
                self.recorder.finished(&sample, &outcome);
                if let Some(trip) = &ask.trip {
                    self.end_trip(trip, TripEnd::Failed);
                }
            }
        }
        if !keep_alive {
            return self.lines.gone(line, done_ns);
        }
        let next = if self.own_waiting_count > 0 { self.next_for(line) } else { None };
        match next.or_else(|| self.waiting.pop_front()) {
            Some(next) => {
                self.lines.put(line, Line::Free(connection));
                self.send(line, next);
            }
            None => self.lines.release(line, connection),
        }
    }

    /// What a good answer left goes to the journey's next step, or to whoever comes.
    fn hand_over(&mut self, mut ask: Ask, done_ns: u64) {
        let keeps = self.scenario.interactions[ask.interaction].keeps_taken();
        let kept = ask.taken.filter(|_| keeps).map(|taken| (taken, ask.took_own));
        let trip = ask.trip.as_deref_mut();
        trips::hand_over(trip, &mut self.stages, ask.interaction, &mut self.left, kept);
        if let Some(trip) = ask.trip {
            self.next_step(trip, done_ns);
        }
    }

    fn next_step(&mut self, mut trip: Box<Trip>, done_ns: u64) {
        if !trip.go_on(self.scenario) {
            return self.end_trip(&trip, TripEnd::Completed { done_ns });
        }
        if self.due.len() >= UNDER_WAY_MAX {
            return self.end_trip(&trip, TripEnd::Unfinished);
        }
        let pause_ns = self.scenario.phases[trip.phase].as_run_ns(trip.now(self.scenario).pause);
        self.dues += 1;
        self.due.push(Due { due_ns: done_ns + pause_ns, number: self.dues, trip });
    }
}
