//! The Monte Carlo case: all uncertain assumptions vary at once, costs without optimism bias, every option under the same
//! draws. Called by the command line. The same seed gives the same bits, on every machine with the same mathematics
//! library and whatever the number of lanes.

use rand_chacha::ChaCha12Rng;
use rand_core::{RngCore, SeedableRng};
use sha2::{Digest, Sha256};

use crate::appraisal::{Appraisal, DrawnOption, MonteCarlo, Spread};
use crate::dist::between;
use crate::model::Distribution;
use crate::{Graph, NodeId, Values};

/// Lanes evaluated at once: figures of so many stay in the processor's cache (measured: see `benches/draws.rs`).
const LANES: usize = 256;
/// Most draws: beyond these nothing becomes clearer, and memory runs out.
const DRAWS_MAX: usize = 1_000_000;
/// Largest result that counts as a number: sums over all draws stay finite.
const LARGEST: f64 = 1e300;
/// Days of a year by which hours a year become hours a day: the claims that they stand beside count every day.
const DAYS_PER_YEAR: f64 = 365.0;
/// Quantiles of a spread: every percent from 0 to 100.
const PERCENT: usize = 100;

/// Draws of one assumption by Latin hypercube: exactly one from each of `draws` equally likely strata, in random order. A
/// function of the seed and the assumption's name, so that another assumption more or less changes nothing.
pub fn drawn(seed: u64, name: &str, distribution: &Distribution, draws: usize) -> Vec<f64> {
    let mut random = ChaCha12Rng::seed_from_u64(seed);
    let digest = Sha256::digest(name.as_bytes());
    random.set_stream(digest.iter().take(8).fold(0, |stream, byte| stream << 8 | u64::from(*byte)));
    let sampler = distribution.sampler();
    let mut values: Vec<f64> = (0..draws)
        .map(|stratum| {
            // The middle of one of 2^32 parts of the stratum: never its border, so never 0 or 1.
            let part = (f64::from(random.next_u32()) + 0.5) / (f64::from(u32::MAX) + 1.0);
            sampler.quantile((stratum as f64 + part) / draws as f64)
        })
        .collect();
    for last in (1..values.len()).rev() {
        let other = (u128::from(random.next_u64()) * (last as u128 + 1)) >> u64::BITS;
        values.swap(last, other as usize);
    }
    values
}

/// Draws the uncertain assumptions and evaluates every option but the baseline; see [`MonteCarlo`]. Inputs that an option
/// sets for itself are decisions and stay as they are. The error is a sentence: which figure came out as no finite number.
pub fn monte_carlo(appraisal: &Appraisal, seed: u64, draws: usize) -> Result<MonteCarlo, String> {
    monte_carlo_in(appraisal, seed, draws, LANES)
}

/// The same with this many lanes at once, which changes how long it takes and nothing else.
pub fn monte_carlo_in(
    appraisal: &Appraisal,
    seed: u64,
    draws: usize,
    lanes: usize,
) -> Result<MonteCarlo, String> {
    if !(1..=DRAWS_MAX).contains(&draws) {
        return Err(format!("draws: got {draws}, allowed: 1 to {DRAWS_MAX}"));
    }
    let uncertain = uncertain(appraisal, seed, draws);
    let others = (0..appraisal.options.len()).filter(|option| *option != appraisal.baseline);
    let others: Vec<usize> = others.collect();
    let mut kept: Vec<Kept> =
        others.iter().flat_map(|option| wanted(appraisal, *option)).map(Kept::new).collect();
    evaluate(appraisal, &uncertain, draws, lanes.max(1), &mut kept)?;
    let inputs: Vec<(usize, Vec<f64>)> = uncertain.iter().map(|u| (u.assumption, ranks(&u.values))).collect();
    let mut kept = kept.into_iter().map(|kept| kept.years);
    let mut next = || kept.next().unwrap_or_default();
    let options = others.into_iter().map(|option| {
        let (npsv_cash, npsv_all, whole_life_cost) = (next(), next(), next());
        let net_cash_running = next();
        let hours = appraisal.options[option].hours.map(|_| next());
        let result = ranks(npsv_cash.first().map_or(&[][..], |only| only));
        DrawnOption {
            option,
            npsv_cash: spread(only(npsv_cash)),
            npsv_all: spread(only(npsv_all)),
            whole_life_cost: spread(only(whole_life_cost)),
            hours_per_day: hours.map(|years| spread(per_day(&years))),
            net_cash_running: net_cash_running.into_iter().map(spread).collect(),
            rank_correlation: inputs.iter().map(|(at, input)| (*at, correlation(input, &result))).collect(),
        }
    });
    Ok(MonteCarlo { seed, draws, options: options.collect() })
}

/// An assumption with its draws.
struct Uncertain {
    /// Index in the model.
    assumption: usize,
    given: NodeId,
    values: Vec<f64>,
}

fn uncertain(appraisal: &Appraisal, seed: u64, draws: usize) -> Vec<Uncertain> {
    let all = appraisal.model.assumptions.iter().zip(&appraisal.assumptions).enumerate();
    all.filter_map(|(at, (assumption, nodes))| {
        let values = drawn(seed, &assumption.name, assumption.distribution.as_ref()?, draws);
        Some(Uncertain { assumption: at, given: nodes.given, values })
    })
    .collect()
}

/// The figures of an option that are kept of every draw, in the order in which they are taken out again.
fn wanted(appraisal: &Appraisal, option: usize) -> Vec<NodeId> {
    let of = &appraisal.options[option];
    let mut wanted = vec![of.npsv_cash, of.npsv_all, of.whole_life_cost, of.net_cash_running];
    wanted.extend(of.hours.map(|by_rule| by_rule[0]));
    wanted
}

/// One figure in every draw, year by year.
struct Kept {
    figure: NodeId,
    years: Vec<Vec<f64>>,
}

impl Kept {
    fn new(figure: NodeId) -> Kept {
        Kept { figure, years: Vec::new() }
    }
}

fn evaluate(
    appraisal: &Appraisal,
    uncertain: &[Uncertain],
    draws: usize,
    lanes: usize,
    kept: &mut [Kept],
) -> Result<(), String> {
    let figures: Vec<NodeId> = kept.iter().map(|kept| kept.figure).collect();
    let needed = appraisal.graph.needed_for(&figures);
    let mut failed = Failed::default();
    for start in (0..draws).step_by(lanes) {
        let end = draws.min(start + lanes);
        let unbiased = vec![0.0; end - start];
        let mut overrides: Vec<_> = uncertain.iter().map(|u| (u.given, &u.values[start..end])).collect();
        overrides.push((appraisal.switches.optimism_bias, &unbiased));
        let values = appraisal.graph.evaluate_lanes(end - start, &overrides, &needed);
        let mut bad = vec![false; end - start];
        for Kept { figure, years } in kept.iter_mut() {
            for (year, drawn) in values.lanes(*figure).enumerate() {
                bad.iter_mut().zip(&drawn).for_each(|(bad, x)| *bad |= x.is_nan() || x.abs() > LARGEST);
                if years.len() == year {
                    years.push(Vec::with_capacity(draws));
                }
                years[year].extend(drawn);
            }
        }
        failed.add(&bad, &values, figures[0]);
    }
    failed.end(&appraisal.graph, draws)
}

/// Draws that came to no finite number.
#[derive(Default)]
struct Failed {
    draws: usize,
    /// The first figure of the graph without one: what follows from it has none either.
    first: Option<NodeId>,
}

impl Failed {
    fn add(&mut self, bad: &[bool], values: &Values, result: NodeId) {
        let failed = bad.iter().filter(|bad| **bad).count();
        if failed > 0 {
            let first = values.not_finite().next().unwrap_or(result);
            self.draws += failed;
            self.first = Some(self.first.map_or(first, |known| known.min(first)));
        }
    }

    fn end(self, graph: &Graph, draws: usize) -> Result<(), String> {
        let Some(first) = self.first else { return Ok(()) };
        let node = graph.node(first);
        Err(format!(
            "{} ({}): no finite number in {} of {draws} draws (a division by zero or an overflow), allowed: distributions under \
             which every draw gives one",
            node.name, node.label, self.draws
        ))
    }
}

/// A single figure's draws.
fn only(mut years: Vec<Vec<f64>>) -> Vec<f64> {
    years.pop().unwrap_or_default()
}

/// Hours a day from hours a year: where they differ from year to year, the mean over the years.
fn per_day(years: &[Vec<f64>]) -> Vec<f64> {
    let draws = years.first().map_or(0, Vec::len);
    let mean = |draw: usize| years.iter().map(|year| year[draw]).sum::<f64>() / years.len() as f64;
    (0..draws).map(|draw| mean(draw) / DAYS_PER_YEAR).collect()
}

fn spread(mut values: Vec<f64>) -> Spread {
    let draws = values.len() as f64;
    let mean = values.iter().sum::<f64>() / draws;
    values.sort_unstable_by(f64::total_cmp);
    let at = |percent: usize| between(&values, percent as f64 / PERCENT as f64);
    Spread {
        mean,
        p10: at(10),
        p50: at(50),
        p90: at(90),
        above_zero: (values.len() - values.partition_point(|x| *x <= 0.0)) as f64 / draws,
        quantiles: (0..=PERCENT).map(at).collect(),
    }
}

/// Ranks less their mean; equal values share the mean of their ranks.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_unstable_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    let middle = (values.len() as f64 - 1.0) / 2.0;
    let mut start = 0;
    for equal in order.chunk_by(|a, b| values[*a] == values[*b]) {
        let shared = start as f64 + (equal.len() as f64 - 1.0) / 2.0 - middle;
        equal.iter().for_each(|at| ranks[*at] = shared);
        start += equal.len();
    }
    ranks
}

/// Spearman's rank correlation, from ranks less their mean; 0 where either does not vary.
fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let both = (product(a, a) * product(b, b)).sqrt();
    if both > 0.0 { product(a, b) / both } else { 0.0 }
}
