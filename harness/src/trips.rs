//! Journeys under way, and how they went. A trip is one journey of one person: it carries what its own steps left, the
//! inputs they share, and when it began.
//!
//! Called by the engine and by the closed-model users; counted in the recorder. Reads no clock and sends nothing.

use crate::plan::Arrival;
use crate::stages::Stages;
use hdrhistogram::Histogram;
use population::Population;
use run_record::JourneyRow;
use scenarios::{Given, HandOver, Scenario, Step};
use std::collections::BTreeMap;

/// The place of a step in a request's number: far above any number of arrivals, so that no two requests share theirs.
const STEP_SEQ: u32 = 48;
/// Keeps the patients of journeys apart from those of single interactions, which are drawn by the interaction's name.
const STREAM_JOURNEY: u64 = 0x6a6f_7572_6e65_7973;

/// One journey under way.
#[derive(Debug)]
pub struct Trip {
    /// Index of the journey.
    pub journey: usize,
    /// Index of the step that is asked now.
    pub step: usize,
    /// Phase in which it began.
    pub phase: usize,
    /// When its first step was due, nanoseconds from the run's start.
    pub begun_ns: u64,
    /// What its steps share.
    pub given: Given,
    seq: u64,
    ordinals: [u64; scenarios::STEPS_MAX],
    own: Vec<(usize, HandOver)>,
    /// What was handed on last, whoever took it: a step that takes nothing follows it.
    last: Option<HandOver>,
    nhs_number: Option<Box<str>>,
}

impl Trip {
    /// The trip that an arrival begins, about one patient throughout; `None` when it is a single request.
    pub fn of(arrival: &Arrival, population: &Population) -> Option<Box<Trip>> {
        let journey = arrival.journey?;
        let patient = population.permuted_patient(arrival.seq, STREAM_JOURNEY ^ journey as u64);
        let given = Given { patient: arrival.given.patient.or(Some(patient)), ..arrival.given };
        Some(Box::new(Trip {
            journey,
            step: 0,
            phase: arrival.phase,
            begun_ns: arrival.planned_ns,
            given,
            seq: arrival.seq,
            ordinals: arrival.ordinals,
            own: Vec::new(),
            last: None,
            nhs_number: given.patient.map(|p| population.nhs_number(p).to_string().into()),
        }))
    }

    /// Number of the present step's request.
    pub fn seq(&self) -> u64 {
        self.seq | (self.step as u64) << STEP_SEQ
    }

    /// Number of the present step's request among those of its interaction.
    pub fn ordinal(&self) -> u64 {
        self.ordinals[self.step]
    }

    /// The present step.
    pub fn now<'s>(&self, scenario: &'s Scenario) -> &'s Step {
        &scenario.journeys[self.journey].steps[self.step]
    }

    /// Goes on to the next step; false when there is none.
    pub fn go_on(&mut self, scenario: &Scenario) -> bool {
        self.step += 1;
        self.step < scenario.journeys[self.journey].steps.len()
    }

    /// Takes what one of its own earlier steps left for an interaction, the newest first; one that takes nothing gets to
    /// see what was handed on last, so that the mailbox that was sent to is the one that is looked into.
    fn take(&mut self, stages: &Stages, interaction: usize) -> Option<HandOver> {
        if stages.takes(interaction).is_empty() {
            return self.last.clone();
        }
        stages.takes(interaction).iter().find_map(|stage| {
            let at = self.own.iter().rposition(|(s, _)| s == stage)?;
            Some(self.own.remove(at).1)
        })
    }

    /// Keeps what a step left: one hand-over for its own next steps, that of its own person if there is one, the others
    /// for whoever comes.
    fn keep(&mut self, stages: &mut Stages, interaction: usize, left: &mut Vec<HandOver>) {
        if let Some(stage) = stages.leaves(interaction)
            && !left.is_empty()
        {
            let own =
                |h: &HandOver| self.nhs_number.is_some() && h.get("nhs_number") == self.nhs_number.as_deref();
            let at = left.iter().position(own).unwrap_or(0);
            let kept = left.remove(at);
            self.last = Some(kept.clone());
            self.own.push((stage, kept));
        }
        stages.put(interaction, left.drain(..));
    }

    /// Keeps what a step took and what stays true.
    fn keep_taken(&mut self, stages: &Stages, interaction: usize, taken: HandOver) {
        if let Some(stage) = stages.takes(interaction).first() {
            self.own.insert(0, (*stage, taken));
        }
    }
}

/// What a request takes: of what its journey's own steps left first, else of what waits for anybody; true when it was the
/// journey's own.
///
/// # Errors
/// Nothing waits for it; the sentence to count a drop under.
pub fn take(
    trip: Option<&mut Trip>,
    stages: &mut Stages,
    interaction: usize,
) -> Result<(Option<HandOver>, bool), &'static str> {
    match trip.and_then(|trip| trip.take(stages, interaction)) {
        Some(own) => Ok((Some(own), true)),
        None => Ok((stages.take(interaction)?, false)),
    }
}

/// Where what a good answer left goes, and what was taken and stays true (`kept`; true when it was the journey's own): to the
/// journey's next steps, or to whoever comes.
pub fn hand_over(
    trip: Option<&mut Trip>,
    stages: &mut Stages,
    interaction: usize,
    left: &mut Vec<HandOver>,
    kept: Option<(HandOver, bool)>,
) {
    match (trip, kept) {
        (Some(trip), kept) => {
            trip.keep(stages, interaction, left);
            match kept {
                Some((kept, true)) => trip.keep_taken(stages, interaction, kept),
                Some((kept, false)) => stages.put_back(interaction, kept),
                None => {}
            }
        }
        (None, kept) => {
            stages.put(interaction, left.drain(..));
            if let Some((kept, _)) = kept {
                stages.put_back(interaction, kept);
            }
        }
    }
}

/// How a trip ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TripEnd {
    /// After its last step, which ended at this time, nanoseconds from the run's start.
    Completed {
        /// End of the last step.
        done_ns: u64,
    },
    /// Its present step failed or could not be sent.
    Failed,
    /// Its present step had nothing to take.
    EndedEarly,
    /// The run ended before it did.
    Unfinished,
}

#[derive(Debug)]
struct Tally {
    begun: u64,
    failed: u64,
    ended_early: u64,
    unfinished: u64,
    failed_at: Vec<u64>,
    durations: Histogram<u64>,
}

impl Default for Tally {
    fn default() -> Self {
        let durations = run_record::new_histogram();
        Tally { begun: 0, failed: 0, ended_early: 0, unfinished: 0, failed_at: Vec::new(), durations }
    }
}

/// Counts of all trips that began in measured phases, by journey.
#[derive(Debug, Default)]
pub struct Trips(BTreeMap<usize, Tally>);

impl Trips {
    /// Counts a trip that ended; those of phases that are not `measured` are left out.
    pub fn ended(&mut self, trip: &Trip, end: TripEnd, measured: bool) {
        if !measured {
            return;
        }
        let tally = self.0.entry(trip.journey).or_default();
        tally.begun += 1;
        match end {
            TripEnd::Completed { done_ns } => {
                tally.durations.saturating_record(done_ns.saturating_sub(trip.begun_ns));
            }
            TripEnd::Failed => {
                tally.failed += 1;
                if tally.failed_at.len() <= trip.step {
                    tally.failed_at.resize(trip.step + 1, 0);
                }
                tally.failed_at[trip.step] += 1;
            }
            TripEnd::EndedEarly => tally.ended_early += 1,
            TripEnd::Unfinished => tally.unfinished += 1,
        }
    }

    /// Adds another thread's counts.
    pub fn absorb(&mut self, other: Trips) {
        for (journey, theirs) in other.0 {
            let mine = self.0.entry(journey).or_default();
            mine.begun += theirs.begun;
            mine.failed += theirs.failed;
            mine.ended_early += theirs.ended_early;
            mine.unfinished += theirs.unfinished;
            mine.failed_at.resize(mine.failed_at.len().max(theirs.failed_at.len()), 0);
            mine.failed_at.iter_mut().zip(theirs.failed_at).for_each(|(a, b)| *a += b);
            // Equal bounds by construction, so adding cannot fail.
            let _ = mine.durations.add(theirs.durations);
        }
    }

    /// One row for each journey of the scenario.
    pub fn rows(&self, scenario: &Scenario) -> Vec<JourneyRow> {
        let nothing = Tally::default();
        let row = |(i, journey): (usize, &scenarios::Journey)| {
            let tally = self.0.get(&i).unwrap_or(&nothing);
            let name = |s: &Step| scenario.interactions[s.interaction].name.clone();
            let mut failed_at = tally.failed_at.clone();
            failed_at.resize(journey.steps.len(), 0);
            JourneyRow {
                journey: journey.name.clone(),
                steps: journey.steps.iter().map(name).collect(),
                begun: tally.begun,
                completed: tally.durations.len(),
                failed: tally.failed,
                ended_early: tally.ended_early,
                unfinished: tally.unfinished,
                failed_at,
                duration_p50_ns: tally.durations.value_at_quantile(0.5),
                duration_p99_ns: tally.durations.value_at_quantile(0.99),
            }
        };
        scenario.journeys.iter().enumerate().map(row).collect()
    }
}
