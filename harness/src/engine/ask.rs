//! One request that is due: what is asked, with which inputs, and the journey it is a step of. Made by the engine when an
//! arrival or a journey's next step comes due; lives until it has ended.

use crate::plan::Arrival;
use crate::recorder::Sample;
use crate::trips::Trip;
use population::Population;
use scenarios::{Given, HandOver, RenderContext, Scenario};
use std::cmp::Ordering;

/// A request that is due.
pub(super) struct Ask {
    pub planned_ns: u64,
    pub seq: u64,
    pub ordinal: u64,
    pub interaction: usize,
    pub phase: usize,
    pub given: Given,
    pub taken: Option<HandOver>,
    /// What was taken came from the journey's own earlier step.
    pub took_own: bool,
    pub trip: Option<Box<Trip>>,
}

impl Ask {
    /// The request that an arrival begins with.
    pub(super) fn of(arrival: &Arrival, population: &Population) -> Self {
        let trip = Trip::of(arrival, population);
        Ask {
            planned_ns: arrival.planned_ns,
            seq: arrival.seq,
            ordinal: arrival.ordinal(),
            interaction: arrival.interaction,
            phase: arrival.phase,
            given: trip.as_ref().map_or(arrival.given, |t| t.given),
            taken: None,
            took_own: false,
            trip,
        }
    }

    /// The request of a journey's next step.
    pub(super) fn step(trip: Box<Trip>, scenario: &Scenario, due_ns: u64, phase: usize) -> Self {
        Ask {
            planned_ns: due_ns,
            seq: trip.seq(),
            ordinal: trip.ordinal(),
            interaction: trip.now(scenario).interaction,
            phase,
            given: trip.given,
            taken: None,
            took_own: false,
            trip: Some(trip),
        }
    }

    /// What its request is rendered with and its answer checked with.
    pub(super) fn context<'a>(
        &'a self,
        population: &'a Population,
        seed: u64,
        host: &'a str,
        now: jiff::Timestamp,
    ) -> RenderContext<'a> {
        RenderContext {
            population,
            seed,
            seq: self.seq,
            ordinal: self.ordinal,
            taken: self.taken.as_ref(),
            given: self.given,
            now,
            host,
        }
    }

    /// Its sample, once it was sent and is done.
    pub(super) fn sample(&self, sent_ns: u64, done_ns: u64) -> Sample {
        Sample {
            interaction: self.interaction,
            phase: self.phase,
            planned_ns: self.planned_ns,
            sent_ns,
            done_ns,
        }
    }
}

/// A journey's next step, waiting for its time; the earliest is the greatest, for a heap.
pub(super) struct Due {
    pub due_ns: u64,
    /// Tells apart what is due at the same time: the order in which it was put there.
    pub number: u64,
    pub trip: Box<Trip>,
}

impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Due {}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Due {
    fn cmp(&self, other: &Self) -> Ordering {
        (other.due_ns, other.number).cmp(&(self.due_ns, self.number))
    }
}
