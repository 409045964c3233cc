//! Simulated trials down to the request: eight interactions at 300 requests a second, four seconds measured, lognormal times
//! on a [`Machine`], quantiles as a histogram of three digits would say them.

use super::machine::{Machine, Noise, SLOTS, Weather};
use super::random::Random;
use gate::{Cell, Design, Gate, GateResult, Metric, Reading, Step, quantile};

/// Interactions of the simulated mix.
pub const INTERACTIONS: usize = 8;
/// Requests of an interaction in a trial.
pub const REQUESTS: usize = 1_200;
const REQUESTS_PER_SLOT: usize = REQUESTS / SLOTS;
/// What is compared, with margin and floor.
pub const QUANTILES: [(&str, f64, f64, f64); 3] =
    [("p50", 0.50, 0.05, 0.01), ("p95", 0.95, 0.075, 0.015), ("p99", 0.99, 0.10, 0.02)];
/// Seconds of start and warm-up, in which the machine drifts on.
const WARM_UP_S: f64 = 1.5;
/// Width of a bucket of a histogram of three significant digits, relative to the value.
const BUCKET: f64 = 0.001;

/// What the candidate is slower by, as a factor.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Effect {
    None,
    /// The first interaction as a whole.
    All(f64),
    /// Only the slowest requests of the first interaction, so that its p99 moves by this and its p95 hardly.
    P99(f64),
}

/// How two trials of a block lie.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pairing {
    /// One after the other, in an order drawn by a coin; the first is this much slower (a logarithm).
    Drawn { first: f64 },
    /// The candidate always first.
    CandidateFirst { first: f64 },
    /// Both at the same time: they share the machine's noise.
    Duet,
}

/// A simulated comparison of two builds.
pub struct Trials {
    random: Random,
    machine: Machine,
    noise: Noise,
    effect: Effect,
    pairing: Pairing,
    scratch: Vec<f32>,
}

/// The times of one trial, as logarithms of milliseconds, interaction by interaction.
pub type Times = Vec<Vec<f32>>;

impl Trials {
    pub fn new(seed: u64, noise: Noise, effect: Effect, pairing: Pairing) -> Trials {
        let mut random = Random::new(seed);
        let machine = Machine::new(noise, &mut random);
        Trials { random, machine, noise, effect, pairing, scratch: Vec::new() }
    }

    /// The next block's times: baseline, candidate.
    pub fn block(&mut self) -> (Times, Times) {
        if self.pairing == Pairing::Duet {
            self.machine.wait(WARM_UP_S, &mut self.random);
            let weather = self.machine.trial(&mut self.random);
            return (self.times(&weather, Effect::None, 0.0), self.times(&weather, self.effect, 0.0));
        }
        let (candidate_first, first) = match self.pairing {
            Pairing::Drawn { first } => (self.random.coin(), first),
            Pairing::CandidateFirst { first } => (true, first),
            Pairing::Duet => unreachable!("returned above"),
        };
        let one = |trials: &mut Trials, effect: Effect, position: f64| {
            trials.machine.wait(WARM_UP_S, &mut trials.random);
            let weather = trials.machine.trial(&mut trials.random);
            trials.times(&weather, effect, position)
        };
        if candidate_first {
            let candidate = one(self, self.effect, first);
            (one(self, Effect::None, 0.0), candidate)
        } else {
            let baseline = one(self, Effect::None, first);
            let candidate = one(self, self.effect, 0.0);
            (baseline, candidate)
        }
    }

    fn times(&mut self, weather: &Weather, effect: Effect, position: f64) -> Times {
        let process = self.noise.process * self.random.normal() + position;
        (0..INTERACTIONS)
            .map(|i| {
                let own = process + self.noise.own * self.random.normal();
                let effect = if i == 0 { effect } else { Effect::None };
                self.interaction(i, weather, own as f32, effect)
            })
            .collect()
    }

    fn interaction(&mut self, i: usize, weather: &Weather, level: f32, effect: Effect) -> Vec<f32> {
        // Medians of 5 to 40 ms, widths of 0.35 to 0.60.
        let place = i as f32 / (INTERACTIONS - 1) as f32;
        let (median, sigma) = (5.0f32.ln() + place * 8.0f32.ln(), (0.35 + 0.25 * place) * weather.wider);
        self.scratch.resize(REQUESTS, 0.0);
        self.random.normals(&mut self.scratch);
        let mut times = Vec::with_capacity(REQUESTS);
        for (slot, zs) in weather.slower.iter().zip(self.scratch.chunks(REQUESTS_PER_SLOT)) {
            let shift = median + level + slot;
            times.extend(zs.iter().map(|z| shift + sigma * z));
        }
        match effect {
            Effect::None => {}
            Effect::All(factor) => times.iter_mut().for_each(|t| *t += factor.ln() as f32),
            Effect::P99(factor) => {
                for (t, z) in times.iter_mut().zip(&self.scratch) {
                    // Nothing at the p95, all of it from the p98 on.
                    *t += factor.ln() as f32 * ((z - 1.65) / (2.05 - 1.65)).clamp(0.0, 1.0);
                }
            }
        }
        times
    }
}

/// The quantiles of a trial in milliseconds, rounded as a histogram rounds: p50, p95, p99 of each interaction in turn.
pub fn readings(mut times: Times) -> Vec<f64> {
    let mut readings = Vec::with_capacity(INTERACTIONS * QUANTILES.len());
    for times in &mut times {
        let from = readings.len();
        let mut end = times.len();
        for (_, p, ..) in QUANTILES.iter().rev() {
            let rank = quantile::rank(REQUESTS, *p);
            let (_, value, _) = times[..end].select_nth_unstable_by(rank - 1, f32::total_cmp);
            readings.push((f64::from(*value) / BUCKET).ceil() * BUCKET);
            end = rank;
        }
        readings[from..].reverse();
    }
    readings.iter().map(|ln| ln.exp()).collect()
}

/// The metrics of the simulated mix.
pub fn metrics() -> Vec<Metric> {
    let named = |i: usize| {
        QUANTILES.iter().map(move |(name, p, margin, floor)| Metric {
            quantile: Some(*p),
            bucket: BUCKET,
            ..Metric::ratio(format!("interaction {i} {name}"), *margin, *floor)
        })
    };
    (0..INTERACTIONS).flat_map(named).collect()
}

/// The usual design for up to 80 blocks, with redraws enough for a simulation.
pub fn design() -> Design {
    Design { flips: 2_000, ..Design::new(metrics(), 80).expect("a design") }
}

/// The next block as a gate takes it.
pub fn cells(trials: &mut Trials) -> Vec<Cell> {
    let (baseline, candidate) = trials.block();
    let pair = |(b, c): (f64, f64)| Cell::Pair {
        baseline: Reading::Value(b),
        candidate: Reading::Value(c),
        samples: REQUESTS as u64,
    };
    readings(baseline).into_iter().zip(readings(candidate)).map(pair).collect()
}

/// Runs one simulated gate to its end.
pub fn gate(mut trials: Trials) -> GateResult {
    let mut gate = Gate::new(design()).expect("a design");
    while let Step::Continue(_) = gate.push(&cells(&mut trials)).expect("a block") {}
    gate.result()
}
