//! The search against hubs whose limit is known: quiet ones, noisy ones, ones that outrun the generator.

use super::*;
use rand_core::{RngCore, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

fn drive(mut search: Search, mut run: impl FnMut(f64) -> Outcome) -> (Found, Vec<Probe>) {
    let mut probes = Vec::new();
    while let Some(probe) = search.next() {
        assert_eq!(search.next(), Some(probe), "asking twice gives the same probe");
        probes.push(probe);
        assert!(probes.len() <= PROBES_MAX);
        search.record(probe.rate_per_s, run(probe.rate_per_s));
    }
    (search.result(), probes)
}

fn capacity(found: Found) -> f64 {
    match found {
        Found::Capacity { rate_per_s, .. } => rate_per_s,
        other => panic!("no capacity: {other:?}"),
    }
}

fn unit(rng: &mut Xoshiro256PlusPlus) -> f64 {
    (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64
}

/// A hub that keeps its budgets below `knee`, on a machine that spoils a share of the good runs and hides a share of the bad
/// ones.
fn noisy(knee: f64, spoils: f64, hides: f64, seed: u64) -> impl FnMut(f64) -> Outcome {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    move |rate| {
        let u = unit(&mut rng);
        let met = if rate <= knee { u >= spoils } else { u < hides };
        if met { Outcome::Met } else { Outcome::OverBudget }
    }
}

/// Share of seeds that come out within the precision of the knee, and the mean number of probes.
fn share_right(spoils: f64, hides: f64) -> (f64, f64) {
    let (seeds, precision) = (2_000u64, 0.05);
    let (mut right, mut probes) = (0, 0);
    for seed in 0..seeds {
        // Knees over two decades, none at a rate that the search would hit by design.
        let knee = 300.0 * 100f64.powf(unit(&mut Xoshiro256PlusPlus::seed_from_u64(seed ^ 0xabcd)));
        let search = Search::new(100.0, 200_000.0, precision, 3);
        let (found, made) = drive(search, noisy(knee, spoils, hides, seed));
        probes += made.len();
        if let Found::Capacity { rate_per_s, .. } = found {
            right += u32::from((rate_per_s / knee - 1.0).abs() <= precision);
        }
    }
    (f64::from(right) / seeds as f64, probes as f64 / seeds as f64)
}

#[test]
fn a_quiet_hubs_limit_is_always_found_within_the_precision() {
    let (right, probes) = share_right(0.0, 0.0);
    assert_eq!(right, 1.0);
    assert!(probes < 26.0, "{probes} probes");
}

#[test]
fn with_every_tenth_run_spoiled_by_noise_95_of_100_answers_are_within_the_precision() {
    let (right, probes) = share_right(0.1, 0.0);
    assert!(right >= 0.95, "{right} right after {probes} probes");
}

#[test]
fn noise_that_also_hides_broken_budgets_is_withstood_nearly_as_well() {
    let (right, probes) = share_right(0.1, 0.1);
    assert!(right >= 0.93, "{right} right after {probes} probes");
}

#[test]
fn it_grows_then_bisects_then_confirms_and_asks_the_rate_above_once_more() {
    let (found, probes) = drive(Search::new(100.0, 10_000.0, 0.1, 3), noisy(700.0, 0.0, 0.0, 1));
    let first: Vec<(f64, Why)> = probes.iter().take(5).map(|p| (p.rate_per_s, p.why)).collect();
    let grow = |rate| (rate, Why::Grow);
    assert_eq!(first, [grow(100.0), grow(200.0), grow(400.0), grow(800.0), (800.0, Why::Repeat)]);
    assert_eq!(probes[5].why, Why::Bisect);
    let last: Vec<Why> = probes.iter().rev().take(4).map(|p| p.why).collect();
    assert_eq!(last, [Why::Ceiling, Why::Confirm, Why::Confirm, Why::Confirm]);
    let Found::Capacity { rate_per_s, limit, met, asked } = found else { panic!("{found:?}") };
    assert!((636.0..=700.0).contains(&rate_per_s), "{rate_per_s}");
    assert_eq!((limit, met, asked), (Limit::Budgets, 3, 3));
}

#[test]
fn one_spoiled_probe_while_growing_changes_nothing() {
    let mut spoiled = false;
    let (found, _) = drive(Search::new(100.0, 10_000.0, 0.05, 3), |rate| {
        if rate == 400.0 && !spoiled {
            spoiled = true;
            return Outcome::Failed;
        }
        if rate <= 1_900.0 { Outcome::Met } else { Outcome::OverBudget }
    });
    assert!((1_805.0..=1_900.0).contains(&capacity(found)), "{found:?}");
}

#[test]
fn two_spoiled_probes_at_one_rate_are_seen_through_at_the_end() {
    let mut spoiled = 0;
    let (found, _) = drive(Search::new(100.0, 10_000.0, 0.05, 3), |rate| {
        if rate == 400.0 && spoiled < 2 {
            spoiled += 1;
            return Outcome::OverBudget;
        }
        if rate <= 1_900.0 { Outcome::Met } else { Outcome::OverBudget }
    });
    assert!((1_805.0..=1_900.0).contains(&capacity(found)), "{found:?}");
}

#[test]
fn a_late_generator_gives_a_floor_and_never_the_hubs_limit() {
    let (found, _) = drive(Search::new(100.0, 10_000.0, 0.05, 3), |rate| {
        if rate <= 3_000.0 { Outcome::Met } else { Outcome::GeneratorLate }
    });
    let Found::Capacity { limit, .. } = found else { panic!("{found:?}") };
    assert_eq!(limit, Limit::Generator);
    let (found, _) = drive(Search::new(100.0, 10_000.0, 0.05, 3), |rate| {
        if rate <= 3_000.0 { Outcome::Met } else { Outcome::Failed }
    });
    assert!(matches!(found, Found::Capacity { limit: Limit::Failure, .. }), "{found:?}");
}

#[test]
fn a_hub_that_carries_the_highest_rate_allowed_is_said_to_carry_at_least_that() {
    let (found, probes) = drive(Search::new(100.0, 1_000.0, 0.05, 3), |_| Outcome::Met);
    let expected = Found::Capacity { rate_per_s: 1_000.0, limit: Limit::Range, met: 3, asked: 3 };
    assert_eq!(found, expected);
    assert!(probes.iter().all(|p| p.rate_per_s <= 1_000.0));
}

#[test]
fn a_hub_that_breaks_the_budgets_at_the_lowest_rate_is_below_the_range() {
    let (found, probes) = drive(Search::new(100.0, 1_000.0, 0.05, 3), |_| Outcome::OverBudget);
    assert_eq!((found, probes.len()), (Found::BelowRange, 2));
}

#[test]
fn when_no_probe_is_valid_nothing_is_claimed() {
    for outcome in [Outcome::Failed, Outcome::GeneratorLate] {
        let (found, probes) = drive(Search::new(100.0, 1_000.0, 0.05, 3), |_| outcome);
        assert_eq!((found, probes.len()), (Found::NothingValid, 2));
    }
}

#[test]
fn a_search_that_is_ended_early_claims_no_capacity() {
    let mut search = Search::new(100.0, 1_000.0, 0.05, 3);
    assert_eq!(search.result(), Found::Unsettled { carried_per_s: None });
    search.record(100.0, Outcome::Met);
    assert_eq!(search.result(), Found::Unsettled { carried_per_s: Some(100.0) });
}

#[test]
fn a_rate_at_the_edge_that_comes_out_now_so_now_so_is_not_taken_back_for_ever() {
    let mut probes = 0;
    for seed in 0..300 {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        // A soft edge: from 3,000/s on, ever more runs fail, and all from 6,000/s on.
        let (_, made) = drive(Search::new(30.0, 1e6, 0.1, 2), |rate| {
            let fails = ((rate - 3_000.0) / 3_000.0).clamp(0.0, 1.0);
            if unit(&mut rng) < fails { Outcome::OverBudget } else { Outcome::Met }
        });
        probes += made.len();
    }
    assert!(probes / 300 < 32, "{} probes on average", probes / 300);
}

#[test]
fn a_machine_of_nothing_but_noise_ends_within_the_bound() {
    for seed in 0..500 {
        let (_, probes) = drive(Search::new(1.0, 1e6, 0.01, 5), noisy(1e3, 0.5, 0.5, seed));
        assert!(probes.len() <= PROBES_MAX);
    }
}
