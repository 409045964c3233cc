//! Journeys between their steps: what one interaction's answer left waits here for the interaction that takes it.
//!
//! Called by the engine when it sends (take) and when an answer was checked (put). The freshest hand-over is taken
//! first, so that what it says (an ETag, a message waiting) is most likely still true; when none waits, the next item
//! of the hub's backlog at time zero is taken; when that is used up, the arrival has nothing to ask for and is dropped.

use population::Population;
use scenarios::{HandOver, Interaction, STAGES};
use std::collections::VecDeque;

/// Hand-overs kept at one stage. Far more than are in flight at any rate one machine makes, far fewer than the patients
/// of a national population, so that no patient's record waits twice; the oldest gives way.
pub const WAITING_MAX: usize = 1_024;

/// All stages of one run.
#[derive(Debug)]
pub struct Stages {
    population: Population,
    waiting: Vec<VecDeque<HandOver>>,
    backlog_used: Vec<u64>,
    /// Which of how many sending threads this is: each takes its own items of the backlog.
    part: (u64, u64),
    capacity: usize,
    /// Per interaction: indices of the stages it takes from, in order of preference.
    takes: Vec<Vec<usize>>,
    /// Per interaction: index of the stage it leaves to.
    leaves: Vec<Option<usize>>,
}

fn index_of(stage: &str) -> Option<usize> {
    STAGES.iter().position(|s| s.name == stage)
}

impl Stages {
    /// Empty stages for these interactions, for sending thread `part.0` of `part.1`.
    pub fn new(population: Population, interactions: &[Interaction], part: (u64, u64)) -> Self {
        let quarter = usize::try_from(population.sizes().patients / 4).unwrap_or(WAITING_MAX);
        Stages {
            population,
            waiting: STAGES.iter().map(|_| VecDeque::new()).collect(),
            backlog_used: vec![0; STAGES.len()],
            part: (part.0, part.1.max(1)),
            capacity: WAITING_MAX.min(quarter.max(1)),
            takes: interactions
                .iter()
                .map(|i| i.takes().iter().filter_map(|s| index_of(s)).collect())
                .collect(),
            leaves: interactions.iter().map(|i| i.leaves().and_then(index_of)).collect(),
        }
    }

    /// What the interaction takes: `Ok(None)` when it takes nothing, `Err` with a reason when nothing waits for it.
    ///
    /// # Errors
    /// The sentence to count the drop under.
    pub fn take(&mut self, interaction: usize) -> Result<Option<HandOver>, &'static str> {
        if self.takes[interaction].is_empty() {
            return Ok(None);
        }
        for &stage in &self.takes[interaction] {
            if let Some(found) = self.waiting[stage].pop_back() {
                return Ok(Some(found));
            }
        }
        for &stage in &self.takes[interaction] {
            let next = self.backlog_used[stage] * self.part.1 + self.part.0;
            if let Some(found) = scenarios::backlog(STAGES[stage].name, next, &self.population) {
                self.backlog_used[stage] += 1;
                return Ok(Some(found));
            }
        }
        Err("nothing waits at the stage it takes from")
    }

    /// Indices of the stages that an interaction takes from, in order of preference.
    pub fn takes(&self, interaction: usize) -> &[usize] {
        &self.takes[interaction]
    }

    /// Index of the stage that an interaction leaves at.
    pub fn leaves(&self, interaction: usize) -> Option<usize> {
        self.leaves[interaction]
    }

    /// Puts what an answer left where the next step finds it.
    pub fn put(&mut self, interaction: usize, left: impl Iterator<Item = HandOver>) {
        let Some(stage) = self.leaves[interaction] else { return };
        for hand_over in left {
            if self.waiting[stage].len() >= self.capacity {
                self.waiting[stage].pop_front();
            }
            self.waiting[stage].push_back(hand_over);
        }
    }

    /// Puts back what an interaction took and keeps true (a summary can be read again), behind all others.
    pub fn put_back(&mut self, interaction: usize, taken: HandOver) {
        if let Some(&stage) = self.takes[interaction].first()
            && self.waiting[stage].len() < self.capacity
        {
            self.waiting[stage].push_front(taken);
        }
    }
}
