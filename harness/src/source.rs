//! Where a sending thread's arrivals come from: the plan, a trace that is read while it is replayed, or in the closed model
//! the plan without its times. Called by `workers`.

use crate::plan::{Arrival, Plan};
use crate::run::{RunError, plan_of};
use population::Population;
use scenarios::{Arrivals, Model, STEPS_MAX, Scenario, TraceReader};

/// Arrivals in the order of time, one after the other, in constant memory.
pub enum Source {
    /// As planned.
    Planned(Box<Plan>),
    /// As recorded.
    Recorded(Box<Recorded>),
    /// Without end and without times: whoever sends says when.
    Endless(Box<Plan>),
}

impl Source {
    /// The arrivals of a scenario.
    ///
    /// # Errors
    /// The trace cannot be opened any more.
    pub fn of(scenario: &Scenario, population: &Population) -> Result<Source, RunError> {
        if scenario.load.model == Model::Closed {
            return Ok(Source::Endless(Box::new(plan_of(scenario))));
        }
        if scenario.load.arrivals != Arrivals::Trace {
            return Ok(Source::Planned(Box::new(plan_of(scenario))));
        }
        let reader = TraceReader::open(scenario, population)
            .map_err(|e| RunError::Machine(format!("the trace cannot be read again: {e}")))?;
        Ok(Source::Recorded(Box::new(Recorded::new(scenario, reader))))
    }

    /// Why the trace ended before its time, if it did.
    pub fn fault(&self) -> Option<String> {
        match self {
            Source::Planned(_) | Source::Endless(_) => None,
            Source::Recorded(recorded) => recorded.reader.fault().map(str::to_owned),
        }
    }
}

impl Iterator for Source {
    type Item = Arrival;

    fn next(&mut self) -> Option<Arrival> {
        match self {
            Source::Planned(plan) => plan.next(),
            Source::Recorded(recorded) => recorded.next(),
            Source::Endless(plan) => plan.whenever(),
        }
    }
}

/// The arrivals of a trace: rows beyond the last phase are left out.
pub struct Recorded {
    reader: TraceReader,
    phase_ends_ns: Vec<u64>,
    ordinals: Vec<u64>,
    seq: u64,
}

impl Recorded {
    fn new(scenario: &Scenario, reader: TraceReader) -> Self {
        Recorded {
            reader,
            phase_ends_ns: scenario.phase_ends_ns(),
            ordinals: vec![0; scenario.interactions.len()],
            seq: 0,
        }
    }

    fn next(&mut self) -> Option<Arrival> {
        let row = self.reader.next()?;
        // A row at the very end of the last phase belongs to it: a trace lasts as long as its last offset.
        let last = self.phase_ends_ns.len().checked_sub(1)?;
        let phase = self.phase_ends_ns.partition_point(|end| *end <= row.offset_ns);
        if phase > last && row.offset_ns > self.phase_ends_ns[last] {
            return None;
        }
        let mut ordinals = [0; STEPS_MAX];
        ordinals[0] = self.ordinals[row.interaction];
        self.ordinals[row.interaction] += 1;
        self.seq += 1;
        Some(Arrival {
            planned_ns: row.offset_ns,
            seq: self.seq - 1,
            interaction: row.interaction,
            phase: phase.min(last),
            journey: None,
            ordinals,
            given: row.given,
        })
    }
}
