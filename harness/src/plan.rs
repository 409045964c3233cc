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

/// How arrivals are spaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spacing {
    /// Independent arrivals (the default): what many independent callers do.
    Poisson,
    /// Even spacing at the phase's rate.
    Constant,
}

/// A stretch of the plan with a linearly changing arrival rate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stretch {
    /// Length in nanoseconds.
    pub duration_ns: u64,
    /// Arrivals per second at its start.
    pub from_per_s: f64,
    /// Arrivals per second at its end.
    pub to_per_s: f64,
}

impl Stretch {
    /// Expected number of arrivals, rounded to a whole one.
    pub fn arrivals(&self) -> u64 {
        (self.duration_ns as f64 / 1e9 * (self.from_per_s + self.to_per_s) / 2.0).round() as u64
    }

    /// The time, in nanoseconds from the stretch's start, by which the share `u` (0..=1) of its arrivals is due:
    /// the inverse of the integrated rate.
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

/// One planned arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// When it is due, in nanoseconds from the start of the plan.
    pub planned_ns: u64,
    /// Its number in the plan, from 0.
    pub seq: u64,
    /// Its number among the arrivals of the same interaction, from 0.
    pub ordinal: u64,
    /// Index of the interaction.
    pub interaction: usize,
    /// Index of the stretch it belongs to.
    pub stretch: usize,
}

/// The arrivals of a run, in order, made as they are asked for: constant memory for any length.
#[derive(Debug, Clone)]
pub struct Plan {
    stretches: Vec<Stretch>,
    spacing: Spacing,
    cumulative: Vec<(f64, usize)>,
    times: Xoshiro256PlusPlus,
    choices: Xoshiro256PlusPlus,
    ordinals: Vec<u64>,
    seq: u64,
    stretch: usize,
    stretch_start_ns: u64,
    left_in_stretch: u64,
    drawn_in_stretch: u64,
    share_left: f64,
}

fn unit(rng: &mut Xoshiro256PlusPlus) -> f64 {
    // 53 random bits into (0, 1]: never 0, so its powers and logarithms are finite.
    ((rng.next_u64() >> 11) + 1) as f64 / (1u64 << 53) as f64
}

impl Plan {
    /// A plan for `stretches` in order, choosing interaction `i` with probability proportional to the share in
    /// `shares` (pairs of interaction index and share; shares need not sum to 1).
    pub fn new(seed: u64, stretches: Vec<Stretch>, spacing: Spacing, shares: &[(usize, f64)]) -> Self {
        let total: f64 = shares.iter().map(|(_, s)| s).sum();
        let mut sum = 0.0;
        let cumulative: Vec<(f64, usize)> = shares
            .iter()
            .filter(|(_, s)| *s > 0.0)
            .map(|(i, s)| {
                sum += s / total;
                (sum, *i)
            })
            .collect();
        let interactions = shares.iter().map(|(i, _)| i + 1).max().unwrap_or(0);
        let mut choices = Xoshiro256PlusPlus::seed_from_u64(seed);
        choices.jump(); // 2^128 draws away from `times`: the two streams never meet
        let mut plan = Plan {
            left_in_stretch: stretches.first().map_or(0, Stretch::arrivals),
            stretches,
            spacing,
            cumulative,
            times: Xoshiro256PlusPlus::seed_from_u64(seed),
            choices,
            ordinals: vec![0; interactions],
            seq: 0,
            stretch: 0,
            stretch_start_ns: 0,
            drawn_in_stretch: 0,
            share_left: 1.0,
        };
        if plan.cumulative.is_empty() {
            plan.stretches.clear();
            plan.left_in_stretch = 0;
        }
        plan
    }

    /// Length of the whole plan in nanoseconds.
    pub fn duration_ns(&self) -> u64 {
        self.stretches.iter().map(|s| s.duration_ns).sum()
    }

    fn choose(&mut self) -> usize {
        let u = unit(&mut self.choices);
        let at = self.cumulative.partition_point(|(c, _)| *c < u);
        self.cumulative[at.min(self.cumulative.len() - 1)].1
    }
}

impl Iterator for Plan {
    type Item = Arrival;

    fn next(&mut self) -> Option<Arrival> {
        while self.left_in_stretch == 0 {
            let finished = self.stretches.get(self.stretch)?;
            self.stretch_start_ns += finished.duration_ns;
            self.stretch += 1;
            self.drawn_in_stretch = 0;
            self.share_left = 1.0;
            self.left_in_stretch = self.stretches.get(self.stretch)?.arrivals();
        }
        let stretch = self.stretches[self.stretch];
        let share = match self.spacing {
            Spacing::Poisson => {
                // The next order statistic of the uniform draws that are left: what remains shrinks by U^(1/left).
                self.share_left *= unit(&mut self.times).powf(1.0 / self.left_in_stretch as f64);
                1.0 - self.share_left
            }
            Spacing::Constant => (self.drawn_in_stretch as f64 + 0.5) / stretch.arrivals() as f64,
        };
        self.drawn_in_stretch += 1;
        self.left_in_stretch -= 1;
        let interaction = self.choose();
        let arrival = Arrival {
            planned_ns: self.stretch_start_ns + stretch.time_of_share(share),
            seq: self.seq,
            ordinal: self.ordinals[interaction],
            interaction,
            stretch: self.stretch,
        };
        self.seq += 1;
        self.ordinals[interaction] += 1;
        Some(arrival)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flat(duration_s: u64, rate: f64) -> Stretch {
        Stretch { duration_ns: duration_s * 1_000_000_000, from_per_s: rate, to_per_s: rate }
    }

    #[test]
    fn the_same_seed_gives_the_same_plan_and_another_seed_another() {
        let plan = |seed| Plan::new(seed, vec![flat(2, 500.0)], Spacing::Poisson, &[(0, 0.7), (1, 0.3)]);
        let a: Vec<Arrival> = plan(42).collect();
        assert_eq!(a, plan(42).collect::<Vec<_>>());
        assert_ne!(a, plan(43).collect::<Vec<_>>());
    }

    #[test]
    fn every_stretch_asks_for_exactly_its_expected_total_in_ascending_order() {
        let stretches = vec![
            Stretch { duration_ns: 10_000_000_000, from_per_s: 0.0, to_per_s: 1800.0 },
            flat(60, 1800.0),
            Stretch { duration_ns: 1_000_000_000, from_per_s: 100.0, to_per_s: 0.0 },
        ];
        for spacing in [Spacing::Poisson, Spacing::Constant] {
            let all: Vec<Arrival> = Plan::new(42, stretches.clone(), spacing, &[(0, 1.0)]).collect();
            let count = |s| all.iter().filter(|a| a.stretch == s).count();
            assert_eq!((count(0), count(1), count(2)), (9_000, 108_000, 50), "{spacing:?}");
            assert!(all.windows(2).all(|w| w[0].planned_ns <= w[1].planned_ns), "{spacing:?}");
            assert!(all.iter().enumerate().all(|(i, a)| a.seq == i as u64));
        }
    }

    #[test]
    fn poisson_arrivals_have_an_index_of_dispersion_of_one_and_constant_ones_of_nearly_zero() {
        let dispersion = |spacing, window_ns: u64| {
            let mut counts = vec![0f64; (60_000_000_000 / window_ns) as usize];
            for a in Plan::new(7, vec![flat(60, 1800.0)], spacing, &[(0, 1.0)]) {
                if let Some(c) = counts.get_mut((a.planned_ns / window_ns) as usize) {
                    *c += 1.0;
                }
            }
            let mean = counts.iter().sum::<f64>() / counts.len() as f64;
            counts.iter().map(|c| (c - mean).powi(2)).sum::<f64>() / counts.len() as f64 / mean
        };
        for window_ns in [1_000_000, 10_000_000, 100_000_000] {
            let d = dispersion(Spacing::Poisson, window_ns);
            assert!((0.85..1.15).contains(&d), "window {window_ns} ns: {d}");
            assert!(dispersion(Spacing::Constant, window_ns) < 0.3);
        }
    }

    #[test]
    fn a_ramp_puts_a_quarter_of_its_arrivals_into_its_first_half() {
        let ramp = Stretch { duration_ns: 10_000_000_000, from_per_s: 0.0, to_per_s: 2000.0 };
        let all: Vec<Arrival> = Plan::new(1, vec![ramp], Spacing::Constant, &[(0, 1.0)]).collect();
        let early = all.iter().filter(|a| a.planned_ns < 5_000_000_000).count();
        assert!((2_490..=2_510).contains(&early), "{early}");
    }

    #[test]
    fn shares_come_out_as_the_mix_says() {
        let shares = [(0, 0.5), (2, 0.3), (5, 0.2)];
        let mut counts = [0u64; 6];
        for a in Plan::new(3, vec![flat(100, 1000.0)], Spacing::Poisson, &shares) {
            assert_eq!(a.ordinal, counts[a.interaction]);
            counts[a.interaction] += 1;
        }
        for (i, share) in shares {
            let sd = (100_000.0 * share * (1.0 - share)).sqrt();
            assert!((counts[i] as f64 - 100_000.0 * share).abs() < 4.0 * sd, "{i}: {}", counts[i]);
        }
    }

    #[test]
    fn an_empty_mix_or_no_stretches_plan_nothing() {
        assert_eq!(Plan::new(1, vec![flat(1, 10.0)], Spacing::Poisson, &[]).count(), 0);
        assert_eq!(Plan::new(1, vec![], Spacing::Poisson, &[(0, 1.0)]).count(), 0);
        assert_eq!(Plan::new(1, vec![flat(1, 0.0)], Spacing::Constant, &[(0, 1.0)]).count(), 0);
    }
}
