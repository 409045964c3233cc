//! The engine's sending side: what is due goes out on a free line, or a new one, or waits. Rendering is done ahead where
//! nothing that is still to come can change the request.

use super::ask::Ask;
use super::lines::{Flight, Line};
use super::{Engine, WAITING_MAX, WRITE_BYTES};
use crate::client::connection::Written;
use crate::plan::Arrival;
use crate::recorder::Outcome;
use crate::trips::{self, Trip, TripEnd};
use scenarios::Wire;
use std::iter::Peekable;

/// Idle time below which nothing is rendered ahead: about what a small request costs, with the wake-up.
const PREPARE_NS_MIN: u64 = 40_000;
/// Furthest ahead that a request is rendered: its time stamps are no older than this when it is sent.
const PREPARE_NS_MAX: u64 = 20_000_000;

/// The next arrival's request, rendered ahead.
#[derive(Default)]
pub(super) struct Prepared {
    seq: Option<u64>,
    wire: Wire,
}

impl Engine<'_> {
    /// Reads the clock. What comes between two readings is of one time: an answer and what is sent for it, not a request.
    pub(super) fn tick(&mut self) -> u64 {
        self.now_ns = self.clock.now_ns();
        self.now_ns
    }

    /// Sends everything that is due by the newest reading of the clock, arrivals and next steps in the order of time. Each
    /// send reads it again.
    pub(super) fn send_due<I: Iterator<Item = Arrival>>(&mut self, arrivals: &mut Peekable<I>) {
        if let Some(most) = self.closed {
            self.send_again(arrivals, most);
        }
        loop {
            let planned_ns = match self.closed {
                Some(_) => u64::MAX,
                None => arrivals.peek().map_or(u64::MAX, |a| a.planned_ns),
            };
            let due_ns = self.due.peek().map_or(u64::MAX, |d| d.due_ns);
            let now_ns = self.now_ns;
            if planned_ns.min(due_ns) > now_ns {
                return;
            }
            if planned_ns <= due_ns {
                let Some(arrival) = arrivals.next() else { return };
                let ask = Ask::of(&arrival, &self.population);
                self.admit(ask, now_ns);
            } else if let Some(due) = self.due.pop() {
                let phase = self.phase_at(due.due_ns);
                self.admit(Ask::step(due.trip, self.scenario, due.due_ns, phase), now_ns);
            }
        }
    }

    /// The closed model: whatever connection has its answer asks again, until the plan is over. A request is due when its
    /// turn comes, so its response time is its service time.
    fn send_again<I: Iterator<Item = Arrival>>(&mut self, arrivals: &mut Peekable<I>, most: usize) {
        let end_ns = self.phase_ends_ns.last().copied().unwrap_or(0);
        // Bounded, so that answers are read in between even when nothing waits for what is asked.
        for _ in 0..most {
            let now_ns = self.now_ns;
            let under_way = self.in_flight + self.waiting.len() + self.own_waiting_count + self.due.len();
            if now_ns >= end_ns || under_way >= most {
                break;
            }
            let Some(arrival) = arrivals.next() else { break };
            let arrival = Arrival { planned_ns: now_ns, phase: self.phase_at(now_ns), ..arrival };
            self.admit(Ask::of(&arrival, &self.population), now_ns);
        }
    }

    /// Lets a request in with what it takes. A journey's later step for which nothing waits ends the journey instead.
    fn admit(&mut self, mut ask: Ask, now_ns: u64) {
        let taken = trips::take(ask.trip.as_deref_mut(), &mut self.stages, ask.interaction);
        if let (Err(_), Some(trip)) = (&taken, ask.trip.as_ref().filter(|t| t.step > 0)) {
            return self.end_trip(trip, TripEnd::EndedEarly);
        }
        self.recorder.planned(ask.phase, ask.planned_ns);
        match taken {
            Err(reason) => self.drop_ask(ask, now_ns, reason),
            Ok((taken, took_own)) => {
                (ask.taken, ask.took_own) = (taken, took_own);
                self.dispatch(ask, now_ns);
            }
        }
    }

    fn dispatch(&mut self, ask: Ask, now_ns: u64) {
        if self.lines.have_identities()
            && let Some((line, free)) = self.own_line(&ask)
        {
            if free {
                return self.send(line, ask);
            }
            self.own_waiting_count += 1;
            return self.own_waiting.entry(line).or_default().push_back(ask);
        }
        // Whoever waits already goes first.
        let line = if self.waiting.is_empty() { self.lines.take(now_ns) } else { None };
        match line {
            Some(line) => self.send(line, ask),
            None if self.waiting.len() < WAITING_MAX => self.waiting.push_back(ask),
            None => self.drop_ask(ask, now_ns, "no free connection and the waiting line is full"),
        }
    }

    /// The line that a request has to go over, because a server takes it only from whoever it is in the name of.
    fn own_line(&mut self, ask: &Ask) -> Option<(usize, bool)> {
        let never = jiff::Timestamp::UNIX_EPOCH;
        let context = ask.context(&self.population, self.scenario.seed, &self.host, never);
        let speaker = self.scenario.interactions[ask.interaction].speaks_for(&context)?;
        self.lines.take_for(speaker)
    }

    /// What waits for this very line.
    pub(super) fn next_for(&mut self, line: usize) -> Option<Ask> {
        let queue = self.own_waiting.get_mut(&line)?;
        let ask = queue.pop_front();
        if queue.is_empty() {
            self.own_waiting.remove(&line);
        }
        self.own_waiting_count -= usize::from(ask.is_some());
        ask
    }

    pub(super) fn drop_ask(&mut self, ask: Ask, now_ns: u64, reason: &str) {
        self.recorder.finished(&ask.sample(now_ns, now_ns), &Outcome::Dropped { reason });
        if let Some(trip) = &ask.trip {
            self.end_trip(trip, TripEnd::Failed);
        }
    }

    pub(super) fn end_trip(&mut self, trip: &Trip, end: TripEnd) {
        let measured = self.scenario.phases.get(trip.phase).is_some_and(|p| p.measured);
        self.recorder.trips.ended(trip, end, measured);
    }

    pub(super) fn send(&mut self, line: usize, ask: Ask) {
        let Line::Free(mut connection) = self.lines.lift(line) else {
            unreachable!("only free lines are handed out")
        };
        if self.prepared.seq == Some(ask.seq) {
            self.prepared.seq = None;
            std::mem::swap(connection.wire(), &mut self.prepared.wire);
        } else {
            let now = self.wall.at(self.now_ns);
            let context = ask.context(&self.population, self.scenario.seed, &self.host, now);
            self.scenario.interactions[ask.interaction].render_wire(&context, connection.wire());
        }
        let sent_ns = self.tick();
        self.recorder.sent(ask.planned_ns);
        let flight = Flight { ask, sent_ns };
        self.in_flight += 1;
        self.sent.push_back((sent_ns, line));
        match connection.write_part(WRITE_BYTES) {
            Ok(written) => {
                if written == Written::More {
                    self.unwritten.push_back(line);
                }
                self.lines.put(line, Line::Busy(connection, flight));
            }
            Err(e) => self.broken(line, flight, &format!("writing: {}", e.kind())),
        }
    }

    /// Renders the next arrival's request while there is nothing else to do, so that its sending costs the write alone.
    pub(super) fn prepare<I: Iterator<Item = Arrival>>(
        &mut self,
        arrivals: &mut Peekable<I>,
        next_ns: u64,
        now_ns: u64,
    ) {
        let idle_ns = next_ns.saturating_sub(now_ns);
        if !(PREPARE_NS_MIN..=PREPARE_NS_MAX).contains(&idle_ns) {
            return;
        }
        let Some(arrival) = arrivals.peek().filter(|a| a.planned_ns == next_ns) else { return };
        let takes = !self.stages.takes(arrival.interaction).is_empty();
        if takes || self.prepared.seq == Some(arrival.seq) {
            return;
        }
        let ask = Ask::of(arrival, &self.population);
        let now = self.wall.at(now_ns);
        let context = ask.context(&self.population, self.scenario.seed, &self.host, now);
        self.scenario.interactions[ask.interaction].render_wire(&context, &mut self.prepared.wire);
        self.prepared.seq = Some(ask.seq);
    }
}
