//! Fixed limits: order statistics over trials, shares of failures, and how many samples a quantile needs.

use crate::support::random::Random;
use crate::support::{run, size};
use gate::budget::{Basis, Limit, Outcome, judge};
use gate::quantile::{self, Samples};
use gate::share::{self, Count};

#[test]
fn ten_trials_below_a_limit_pass_and_ten_above_it_fail() {
    // Both bounds are of certain failures; what the median alone decides is a warning.
    let noise = 0.10;
    let failed = |seed: u64, level: f64| {
        run(size(500), |i| {
            let mut random = Random::new(seed + i);
            let trials: Vec<f64> = (0..10).map(|_| level * (noise * random.normal()).exp()).collect();
            let judged = judge(&trials, None, Limit::AtMost(1.0)).unwrap();
            judged.certain && judged.outcome == Outcome::Fail
        })
    };
    let share = |runs: Vec<bool>| runs.iter().filter(|f| **f).count() as f64 / runs.len() as f64;
    let (below, above) = (share(failed(15_000, 0.95)), share(failed(15_600, 1.20)));
    println!("5 % below the limit {below} fail, 20 % above it {above}");
    assert!(below <= 0.01, "{below}");
    assert!(above >= 0.90, "{above}");
}

#[test]
fn the_order_of_trials_decides_and_what_it_cannot_decide_is_said() {
    let ten: Vec<f64> = (1..=10).map(f64::from).collect();
    // With ten trials the second and the ninth bound the median.
    let fail = judge(&ten, None, Limit::AtMost(1.5)).unwrap();
    assert_eq!(
        (fail.outcome, fail.certain, fail.low, fail.high),
        (Outcome::Fail, true, Some(2.0), Some(9.0))
    );
    let pass = judge(&ten, None, Limit::AtMost(9.0)).unwrap();
    assert_eq!((pass.outcome, pass.certain, pass.note), (Outcome::Pass, true, None));
    let between = judge(&ten, None, Limit::AtMost(6.0)).unwrap();
    assert_eq!((between.outcome, between.certain, between.value), (Outcome::Pass, false, Some(5.5)));
    assert_eq!(between.note.unwrap(), "borderline: the limit lies within the bounds, decided by the median");
    let throughput = judge(&ten, None, Limit::AtLeast(2.5)).unwrap();
    assert_eq!((throughput.outcome, throughput.certain), (Outcome::Pass, false));
    assert_eq!(judge(&ten, None, Limit::AtLeast(9.5)).unwrap().outcome, Outcome::Fail);
}

#[test]
fn a_single_trial_is_judged_and_says_what_it_cannot_know() {
    let one = judge(&[3.0], None, Limit::AtMost(2.0)).unwrap();
    assert_eq!((one.outcome, one.certain), (Outcome::Fail, false));
    assert_eq!(one.note.unwrap(), "single trial: run-to-run variance unknown");
    let three = judge(&[1.0, 2.0, 9.0], None, Limit::AtMost(2.0)).unwrap();
    assert_eq!((three.outcome, three.certain), (Outcome::Pass, false));
    assert_eq!(three.note.unwrap(), "3 trials: decided by their median, 7 needed for a bound");
    assert!(judge(&[], None, Limit::AtMost(2.0)).is_err());
    assert!(judge(&[f64::NAN], None, Limit::AtMost(2.0)).is_err());
}

#[test]
fn a_quantile_among_failed_requests_is_over_any_limit_and_never_infinite_in_the_result() {
    let judged = judge(&[f64::INFINITY; 10], None, Limit::AtMost(1e12)).unwrap();
    assert_eq!((judged.outcome, judged.certain), (Outcome::Fail, true));
    assert_eq!((judged.value, judged.low, judged.high), (None, None, None));
}

#[test]
fn too_few_samples_in_a_trial_judge_no_quantile() {
    let basis = |samples| Some(Basis { quantile: 0.99, samples });
    let few = judge(&[1.0; 10], basis(298), Limit::AtMost(2.0)).unwrap();
    assert_eq!(few.outcome, Outcome::FewSamples);
    assert_eq!(
        few.note.unwrap(),
        "too few samples for this quantile, got 298 in a trial, allowed 299 or more"
    );
    assert_eq!(judge(&[1.0; 10], basis(299), Limit::AtMost(2.0)).unwrap().outcome, Outcome::Pass);
}

#[test]
fn failures_are_judged_by_bounds_on_their_share() {
    let none = |of| share::judge(&[Count { failed: 0, of }; 1], 0.001).unwrap();
    assert!(!none(2_994).certain && none(2_995).certain);
    assert_eq!(none(2_994).outcome, Outcome::Pass);
    assert!(none(2_994).note.unwrap().contains("2995 needed"));
    let many = share::judge(&[Count { failed: 30, of: 10_000 }; 10], 0.001).unwrap();
    assert_eq!((many.outcome, many.certain, many.value), (Outcome::Fail, true, Some(0.003)));
    let close = share::judge(&[Count { failed: 11, of: 10_000 }; 10], 0.001).unwrap();
    assert_eq!((close.outcome, close.certain), (Outcome::Fail, false));
    assert_eq!(share::judge(&[Count { failed: 5, of: 5 }], 0.5).unwrap().high, Some(1.0));
    assert!(share::judge(&[Count { failed: 6, of: 5 }], 0.5).is_err());
    assert!(share::judge(&[], 0.5).is_err());
}

#[test]
fn bounds_on_shares_are_those_of_clopper_and_pearson() {
    // One-sided 95 % bounds, from the defining tails: 3 of 10, 10 of 100, 10 of 100,000.
    for (x, n, low, high) in [
        (3.0, 10.0, 0.087_264, 0.606_624),
        (10.0, 100.0, 0.055_263_24, 0.163_717_6),
        (10.0, 1e5, 5.425_503e-5, 1.696_163e-4),
    ] {
        let got = share::bounds(x, n);
        println!("{x} of {n}: {got:?}");
        assert!((got.0 / low - 1.0).abs() < 1e-5 && (got.1 / high - 1.0).abs() < 1e-5, "{x} of {n}: {got:?}");
    }
    assert!((share::bounds(0.0, 2_995.0).1 - 0.001).abs() < 1e-6);
}

#[test]
fn failures_in_clumps_count_as_fewer_requests() {
    let even = [Count { failed: 10, of: 1_000 }; 10];
    assert_eq!(share::design_effect(&even), 1.0);
    let mut clumped = [Count { failed: 0, of: 1_000 }; 10];
    clumped[3].failed = 100;
    assert!((share::design_effect(&clumped) - 100.0 / 0.99).abs() < 1e-9);
    let (even, clumped) = (share::judge(&even, 0.005).unwrap(), share::judge(&clumped, 0.005).unwrap());
    assert!(even.certain && !clumped.certain, "{even:?} {clumped:?}");
}

#[test]
fn samples_that_a_quantile_needs_are_those_of_the_table() {
    let needed = [(0.5, 20), (0.95, 200), (0.99, 1_000), (0.999, 10_000), (0.9999, 100_000)];
    for (p, n) in needed {
        assert_eq!(quantile::samples_relative(p), n, "{p}");
    }
    assert_eq!([0.99, 0.999].map(quantile::samples_absolute), [299, 2_995]);
    assert_eq!(quantile::enough(1_000, 0.99, 80), Samples::Enough);
    assert_eq!(quantile::enough(500, 0.99, 80), Samples::Merge(2));
    assert_eq!(quantile::enough(400, 0.99, 80), Samples::Merge(3));
    assert_eq!(quantile::enough(500, 0.99, 29), Samples::TooFew(1_000));
    assert_eq!(quantile::enough(400, 0.99, 44), Samples::TooFew(1_000));
    assert_eq!(quantile::enough(0, 0.99, 80), Samples::TooFew(1_000));
}

#[test]
fn a_quantile_is_a_sample_and_never_past_the_largest() {
    let sorted: Vec<f64> = (1..=100).map(f64::from).collect();
    assert_eq!(quantile::of(&sorted, 0, 0.99), Some(99.0));
    assert_eq!(quantile::of(&sorted, 0, 0.9999), Some(100.0));
    assert_eq!(quantile::of(&sorted, 0, 0.0), Some(1.0));
    // Two of 102 failed: p99 is one of those.
    assert_eq!(quantile::of(&sorted, 2, 0.99), Some(f64::INFINITY));
    assert_eq!(quantile::of(&sorted, 1, 0.99), Some(100.0));
    assert_eq!(quantile::of(&[], 0, 0.5), None);
}
