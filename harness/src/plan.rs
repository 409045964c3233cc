//! The plan: which interaction is due when, as a pure function of (seed, phases, shares).
//!
//! Called by the engine, which keeps to it, and by tests, which know the truth from it. It never reads a clock and never
//! looks at an answer: in an open model arrivals do not wait.
//!
//! Poisson arrivals are drawn conditioned on the phase's expected total: given N arrivals, their times are the order
//! statistics of N independent draws with density proportional to the rate (the defining property of a Poisson
//! process). So two seeds ask for exactly the same amount of work and differ only in when; within windows much shorter
//! than the phase the counts are Poisson.

use rand_core::{RngCore, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use scenarios::{Given, STEPS_MAX};

/// How arrivals are spaced.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Spacing {
    /// Independent arrivals (the default): what many independent callers do.
    Poisson,
    /// Even spacing at the phase's rate.
    Constant,
    /// Batches of geometric size at Poisson instants. For a mean size m the index of dispersion is 2m - 1 in windows of
    /// every length (compound Poisson process: E[B^2] / E[B]), so m = (dispersion + 1) / 2.
    Bursty {
        /// Variance over mean of the counts in a window; above 1.
        dispersion: f64,
    },
}

/// A phase of the plan: straight pieces of a rate, one after the other.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// Per piece: arrivals expected before it, its start in nanoseconds of the phase, and itself.
    pieces: Vec<(f64, u64, Piece)>,
    expected: f64,
    duration_ns: u64,
}

/// A piece of a [`Curve`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Piece {
    /// Length in nanoseconds.
    pub duration_ns: u64,
    /// Arrivals per second at its start.
    pub from_per_s: f64,
    /// Arrivals per second at its end.
    pub to_per_s: f64,
}

impl Piece {
    fn expected(&self) -> f64 {
        self.duration_ns as f64 / 1e9 * (self.from_per_s + self.to_per_s) / 2.0
    }

    /// The time, in nanoseconds from the piece's start, by which the share `u` (0..=1) of its arrivals is due: the
    /// inverse of the integrated rate.
    fn time_of_share(&self, u: f64) -> u64 {
        let (a, b) = (self.from_per_s, self.to_per_s);
        let share_of_time = if (a - b).abs() < 1e-9 * (a + b) {
            u
        } else {
            // Solve a x + (b - a) x^2 / 2 = u (a + b) / 2 for x in 0..=1, in the form that does not cancel.
            let q = u * (a + b);
            q / (a + (a * a + (b - a) * q).max(0.0).sqrt())
        };
        (share_of_time.clamp(0.0, 1.0) * self.duration_ns as f64) as u64
    }
}

impl Curve {
    /// A phase of these pieces.
    pub fn new(pieces: impl IntoIterator<Item = Piece>) -> Self {
        let mut curve = Curve { pieces: Vec::new(), expected: 0.0, duration_ns: 0 };
        for piece in pieces {
            curve.pieces.push((curve.expected, curve.duration_ns, piece));
            curve.expected += piece.expected();
            curve.duration_ns += piece.duration_ns;
        }
        curve
    }

    /// A phase of one piece.
    pub fn straight(duration_ns: u64, from_per_s: f64, to_per_s: f64) -> Self {
        Self::new([Piece { duration_ns, from_per_s, to_per_s }])
    }

    /// Length in nanoseconds.
    pub fn duration_ns(&self) -> u64 {
        self.duration_ns
    }

    /// Expected number of arrivals, rounded to a whole one.
    pub fn arrivals(&self) -> u64 {
        self.expected.round() as u64
    }

    /// Arrivals expected before a moment, nanoseconds from the phase's start.
    pub fn expected_before(&self, at_ns: u64) -> f64 {
        let at = self.pieces.partition_point(|(_, start_ns, _)| *start_ns <= at_ns);
        let Some((before, start_ns, piece)) = at.checked_sub(1).map(|i| self.pieces[i]) else { return 0.0 };
        let into_s = (at_ns - start_ns).min(piece.duration_ns) as f64 / 1e9;
        let slope = (piece.to_per_s - piece.from_per_s) / (piece.duration_ns.max(1) as f64 / 1e9);
        before + piece.from_per_s * into_s + slope * into_s * into_s / 2.0
    }

    /// When the share `u` of its arrivals is due, nanoseconds from its start. `cursor` remembers the piece between calls
    /// with rising shares.
    fn time_of_share(&self, u: f64, cursor: &mut usize) -> u64 {
        let target = u * self.expected;
        while self.pieces.get(*cursor + 1).is_some_and(|(before, ..)| *before <= target) {
            *cursor += 1;
        }
        let Some((before, start_ns, piece)) = self.pieces.get(*cursor) else { return 0 };
        let expected = piece.expected();
        let share = if expected > 0.0 { (target - before) / expected } else { 0.0 };
        start_ns + piece.time_of_share(share.clamp(0.0, 1.0))
    }
}

/// What an arrival can be, with its share of all arrivals: the interactions it asks, in order.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// Which journey it is, if it is one.
    pub journey: Option<usize>,
    /// Indices of its interactions: one for a single request.
    pub interactions: Vec<usize>,
    /// Its share; shares need not sum to 1.
    pub share: f64,
}

/// One planned arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// When it is due, in nanoseconds from the start of the plan.
    pub planned_ns: u64,
    /// Its number in the plan, from 0.
    pub seq: u64,
    /// Index of the interaction, of the first one for a journey.
    pub interaction: usize,
    /// Index of the phase it belongs to.
    pub phase: usize,
    /// The journey it begins.
    pub journey: Option<usize>,
    /// For each of its requests: its number among those of the same interaction, from 0.
    pub ordinals: [u64; STEPS_MAX],
    /// Inputs that are settled already.
    pub given: Given,
}

impl Arrival {
    /// Number of its first request among those of the same interaction.
    pub fn ordinal(&self) -> u64 {
        self.ordinals[0]
    }
}

/// The arrivals of a run, in order, made as they are asked for: constant memory for any length.
#[derive(Debug, Clone)]
pub struct Plan {
    phases: Vec<Curve>,
    spacing: Spacing,
    choices: Vec<Choice>,
    cumulative: Vec<f64>,
    times: Xoshiro256PlusPlus,
    picks: Xoshiro256PlusPlus,
    ordinals: Vec<u64>,
    seq: u64,
    phase: usize,
    phase_start_ns: u64,
    left: u64,
    drawn: u64,
    share_left: f64,
    cursor: usize,
    batch_left: u64,
    due_ns: u64,
}

fn unit(rng: &mut Xoshiro256PlusPlus) -> f64 {
    // 53 random bits into (0, 1]: never 0, so its powers and logarithms are finite.
    ((rng.next_u64() >> 11) + 1) as f64 / (1u64 << 53) as f64
}

impl Plan {
    /// A plan for `phases` in order, in which each arrival is one of `choices` with probability proportional to its share.
    pub fn new(seed: u64, phases: Vec<Curve>, spacing: Spacing, choices: Vec<Choice>) -> Self {
        let total: f64 = choices.iter().map(|c| c.share).sum();
        let choices: Vec<Choice> =
            choices.into_iter().filter(|c| c.share > 0.0 && !c.interactions.is_empty()).collect();
        let mut sum = 0.0;
        let cumulative: Vec<f64> = choices
            .iter()
            .map(|c| {
                sum += c.share / total;
                sum
            })
            .collect();
        let interactions = choices.iter().flat_map(|c| &c.interactions).max().map_or(0, |i| i + 1);
        let mut picks = Xoshiro256PlusPlus::seed_from_u64(seed);
        picks.jump(); // 2^128 draws away from `times`: the two streams never meet
        let phases = if choices.is_empty() { Vec::new() } else { phases };
        Plan {
            left: phases.first().map_or(0, Curve::arrivals),
            phases,
            spacing,
            choices,
            cumulative,
            times: Xoshiro256PlusPlus::seed_from_u64(seed),
            picks,
            ordinals: vec![0; interactions],
            seq: 0,
            phase: 0,
            phase_start_ns: 0,
            drawn: 0,
            share_left: 1.0,
            cursor: 0,
            batch_left: 0,
            due_ns: 0,
        }
    }

    fn next_share(&mut self) -> f64 {
        let (u, left) = (unit(&mut self.times), self.left as f64);
        let gaps = match self.spacing {
            Spacing::Constant => {
                return (self.drawn as f64 + 0.5) / self.phases[self.phase].arrivals() as f64;
            }
            Spacing::Poisson => left,
            Spacing::Bursty { dispersion } => {
                let mean = (dispersion + 1.0) / 2.0;
                // Geometric on 1, 2, ... with that mean.
                let stay = (1.0 - 1.0 / mean).max(f64::MIN_POSITIVE);
                self.batch_left = (unit(&mut self.times).ln() / stay.ln()) as u64;
                left / mean
            }
        };
        // The next order statistic of the uniform draws that are left: what remains shrinks by U^(1/left).
        self.share_left *= u.powf(1.0 / gaps.max(1.0));
        1.0 - self.share_left
    }
}

impl Iterator for Plan {
    type Item = Arrival;

    fn next(&mut self) -> Option<Arrival> {
        while self.left == 0 {
            self.phase_start_ns += self.phases.get(self.phase)?.duration_ns();
            self.phase += 1;
            (self.drawn, self.share_left, self.cursor, self.batch_left) = (0, 1.0, 0, 0);
            self.left = self.phases.get(self.phase)?.arrivals();
        }
        if self.batch_left > 0 {
            self.batch_left -= 1;
        } else {
            let share = self.next_share();
            self.due_ns =
                self.phase_start_ns + self.phases[self.phase].time_of_share(share, &mut self.cursor);
        }
        self.drawn += 1;
        self.left -= 1;
        Some(self.asked(self.due_ns, self.phase))
    }
}

impl Plan {
    /// What is asked next, whenever that is: of the plan, what and not when.
    fn asked(&mut self, planned_ns: u64, phase: usize) -> Arrival {
        let u = unit(&mut self.picks);
        let at = self.cumulative.partition_point(|c| *c < u).min(self.choices.len() - 1);
        let choice = &self.choices[at];
        let mut ordinals = [0; STEPS_MAX];
        for (ordinal, interaction) in ordinals.iter_mut().zip(&choice.interactions) {
            *ordinal = self.ordinals[*interaction];
            self.ordinals[*interaction] += 1;
        }
        let arrival = Arrival {
            planned_ns,
            seq: self.seq,
            interaction: choice.interactions[0],
            phase,
            journey: choice.journey,
            ordinals,
            given: Given::default(),
        };
        self.seq += 1;
        arrival
    }

    /// The arrivals of the closed model, without end: what is asked, in the same order as in the open model, due whenever a
    /// connection is free. Their time and phase are 0 until whoever sends them knows better. `None` when nothing is asked.
    pub fn whenever(&mut self) -> Option<Arrival> {
        (!self.choices.is_empty()).then(|| self.asked(0, 0))
    }
}

#[cfg(test)]
mod tests;
