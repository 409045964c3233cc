//! Why it is done so: what the usual rules say of the same data, and what becomes of a gate whose order is not drawn.

use crate::support::machine::MEDIUM;
use crate::support::random::Random;
use crate::support::trials::{Effect, Pairing, REQUESTS, Times, Trials, gate, readings};
use crate::support::{Tally, run, size};
use gate::coins;

/// What the second trial of a block is faster by, as a logarithm.
const POSITION: f64 = 0.03;

/// The p-value of Mann and Whitney's test of two samples without ties, two-sided.
fn mann_whitney(a: &[f32], b: &[f32]) -> f64 {
    let mut all: Vec<(f32, bool)> =
        a.iter().map(|x| (*x, true)).chain(b.iter().map(|x| (*x, false))).collect();
    all.sort_by(|x, y| x.0.total_cmp(&y.0));
    let ranks: f64 = (1..).zip(&all).filter(|(_, (_, of_a))| *of_a).map(|(rank, _)| f64::from(rank)).sum();
    let (n, m) = (a.len() as f64, b.len() as f64);
    let u = ranks - n * (n + 1.0) / 2.0;
    let z = (u - n * m / 2.0) / (n * m * (n + m + 1.0) / 12.0).sqrt();
    statrs::function::erf::erfc(z.abs() / std::f64::consts::SQRT_2)
}

#[test]
fn a_threshold_on_one_run_and_a_test_of_requests_call_equal_builds_regressed() {
    // The blocks are the first of each gate of equal builds that the gate itself called unchanged.
    let runs = run(size(100), |i| {
        let mut trials = Trials::new(3_000 + i, MEDIUM, Effect::None, Pairing::Drawn { first: 0.0 });
        let (baseline, candidate): (Times, Times) = trials.block();
        let tested = baseline.iter().zip(&candidate).any(|(b, c)| mann_whitney(b, c) < 0.05);
        assert_eq!(baseline[0].len(), REQUESTS);
        let over = readings(baseline).iter().zip(readings(candidate)).any(|(b, c)| c / b > 1.10);
        (over, tested)
    });
    let over = runs.iter().filter(|(over, _)| *over).count();
    let tested = runs.iter().filter(|(_, tested)| *tested).count();
    println!(
        "equal builds called regressed: {over} by +10 % on one run, {tested} by a test of their requests"
    );
    assert!(over * 5 >= runs.len() && tested * 2 >= runs.len(), "{over} and {tested} of {}", runs.len());
}

#[test]
fn a_fixed_order_turns_a_position_effect_into_a_regression_and_a_drawn_one_does_not() {
    let gates = |seed: u64, pairing: Pairing| {
        let results = run(size(100), |i| gate(Trials::new(seed + i, MEDIUM, Effect::None, pairing)));
        let tally = Tally::of(&results);
        println!("{pairing:?}: {tally:?}");
        tally
    };
    let fixed = gates(12_000, Pairing::CandidateFirst { first: POSITION });
    let drawn = gates(12_200, Pairing::Drawn { first: POSITION });
    fixed.holds("candidate always first", fixed.regressed >= 50);
    drawn.holds("order drawn", drawn.regressed <= 3);
}

#[test]
fn drawn_coins_are_told_from_a_fixed_order_and_from_turns() {
    let mut random = Random::new(400);
    let drawn: Vec<bool> = (0..400).map(|_| random.coin()).collect();
    assert!(coins::p_drawn(&drawn) > 1e-6);
    assert!(coins::p_drawn(&[true; 400]) < 1e-6);
    let turns: Vec<bool> = (0..400).map(|i| i % 2 == 0).collect();
    assert!(coins::p_drawn(&turns) < 1e-6);
    let halves: Vec<bool> = (0..400).map(|i| i < 200).collect();
    assert!(coins::p_drawn(&halves) < 1e-6);
}
