//! End to end from simulated requests: equal builds are not called regressed, regressions are found, and what cannot be decided
//! is said to be so. The bounds are those of the acceptance tests; what the reference measured stands beside them.

use crate::support::machine::{MEDIUM, NOISY, Noise};
use crate::support::trials::{Effect, Pairing, Trials, cells, design, gate, metrics};
use crate::support::{Tally, run, size};
use gate::{Cell, Gate, MetricVerdict, Reason, Verdict};

const DRAWN: Pairing = Pairing::Drawn { first: 0.0 };
/// The effects, and how their lines are called.
const P50: Effect = Effect::All(1.05);
const P99: Effect = Effect::P99(1.10);
const ALL: Effect = Effect::All(1.10);

fn hundred(seed: u64, noise: Noise, effect: Effect, pairing: Pairing) -> Tally {
    let results = run(size(100), |i| gate(Trials::new(seed + i, noise, effect, pairing)));
    let tally = Tally::of(&results);
    println!("{effect:?} {pairing:?}: {tally:?}");
    tally
}

#[test]
fn equal_builds_are_called_unchanged_from_their_requests() {
    // The reference: none red, none inconclusive, 39 blocks.
    let t = hundred(3_000, MEDIUM, Effect::None, DRAWN);
    t.holds("equal builds", t.regressed <= 2 && t.inconclusive <= 5 && t.blocks_mean <= 45.0);
}

#[test]
fn a_slower_interaction_is_found_among_eight() {
    // The reference: 97, 99 and 100 red, at most 2 unchanged.
    for (seed, effect, red) in [(4_000, P50, 93), (4_200, P99, 93), (4_400, ALL, 100)] {
        let t = hundred(seed, MEDIUM, effect, DRAWN);
        t.holds("medium noise", t.regressed >= red && t.unchanged <= 6);
    }
}

#[test]
fn side_by_side_even_a_noisy_machine_decides_quickly() {
    // The reference: 100, 99 and 100 red, at most 29 blocks, none red of equal builds.
    let noise = NOISY.per_process(0.1);
    for (seed, effect, red) in [(5_000, P50, 94), (5_200, P99, 95), (5_400, ALL, 100)] {
        let t = hundred(seed, noise, effect, Pairing::Duet);
        t.holds("duet", t.regressed >= red && t.blocks_mean <= 35.0);
    }
    let t = hundred(5_600, noise, Effect::None, Pairing::Duet);
    t.holds("duet of equal builds", t.regressed == 0);
}

#[test]
fn noise_that_hides_everything_ends_soon_and_is_called_noise() {
    // The reference: none red, 100 inconclusive, 22 blocks; also with a true +10 %.
    for (seed, change) in [(6_000, 0.0), (6_200, 0.10f64)] {
        let results = run(size(100), |i| {
            let mut trials = Trials::new(seed + i, MEDIUM, Effect::None, DRAWN);
            let metrics = metrics();
            let blocks = (0..80).map(|_| {
                let differences = cells(&mut trials).into_iter().zip(&metrics).enumerate();
                let louder = differences.map(|(m, (cell, metric))| {
                    let effect = if m < 3 { change.ln_1p() } else { 0.0 };
                    Cell::Difference(5.0 * cell.difference(metric).expect("a difference") + effect)
                });
                louder.collect::<Vec<Cell>>()
            });
            Gate::judge(design(), blocks).expect("judged")
        });
        let t = Tally::of(&results);
        println!("+{change} in noise: {t:?}");
        t.holds("five times the noise", t.inconclusive * 100 >= 95 * t.gates);
        let equal = change == 0.0;
        t.holds("equal builds in five times the noise", !equal || (t.regressed == 0 && t.blocks_most <= 22));
        for result in results.iter().filter(|r| r.verdict == Verdict::Inconclusive) {
            assert_eq!(result.reason, Some(Reason::Noise));
            for metric in result.metrics.iter().filter(|m| m.verdict == MetricVerdict::Inconclusive) {
                assert!(metric.detectable.expect("always given") > metric.margin, "{metric:?}");
            }
        }
    }
}
