//! The check of the schedule, judged by schedules whose faults are known.

use super::*;
use crate::plan::{Choice, Curve, Plan, Spacing};
use rand_core::{RngCore, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

const S: u64 = 1_000_000_000;

fn flat(phase: usize, seconds: u64, per_s: f64) -> Asked {
    Asked { phase, duration_ns: seconds * S, from_per_s: per_s, to_per_s: per_s }
}

fn ramp_then_peak() -> Vec<Asked> {
    vec![Asked { phase: 0, duration_ns: 10 * S, from_per_s: 0.0, to_per_s: 1_000.0 }, flat(1, 20, 1_000.0)]
}

fn planned(asked: &[Asked], spacing: Spacing, seed: u64) -> Vec<(u64, usize)> {
    let curves = asked.iter().map(|a| Curve::straight(a.duration_ns, a.from_per_s, a.to_per_s));
    let choice = Choice { journey: None, interactions: vec![0], share: 1.0 };
    let plan = Plan::new(seed, curves.collect(), spacing, vec![choice]);
    plan.map(|a| (a.planned_ns, asked[a.phase].phase)).collect()
}

fn checked(asked: &[Asked], spaced: Spaced, arrivals: &[(u64, usize)], whole: bool) -> ScheduleSeen {
    let mut check = ScheduleCheck::new(asked.to_vec(), spaced);
    for (planned_ns, phase) in arrivals {
        check.planned(*planned_ns, *phase);
    }
    check.finish(whole)
}

fn clean(seen: &ScheduleSeen) -> bool {
    seen.unordered + seen.outside == 0 && seen.counts.is_empty() && seen.spaced_as_asked()
}

fn unit(rng: &mut Xoshiro256PlusPlus) -> f64 {
    ((rng.next_u64() >> 11) + 1) as f64 / (1u64 << 53) as f64
}

/// Batches of geometric size at Poisson instants, made here and not by the plan.
fn batches(seconds: u64, per_s: f64, dispersion: f64, seed: u64) -> Vec<(u64, usize)> {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    let p = 2.0 / (dispersion + 1.0);
    let (mut at_s, mut all) = (0.0, Vec::new());
    loop {
        at_s -= unit(&mut rng).ln() / (per_s * p);
        if at_s >= seconds as f64 {
            return all;
        }
        loop {
            all.push(((at_s * 1e9) as u64, 0));
            if unit(&mut rng) <= p {
                break;
            }
        }
    }
}

#[test]
fn a_thousand_sound_plans_raise_no_alarm_whatever_their_rate_or_shape() {
    let slow = vec![flat(0, 60, 3.0)];
    let pieces: Vec<Asked> = (0..200)
        .map(|i| Asked {
            phase: 0,
            duration_ns: S / 7,
            from_per_s: 300.0 + f64::from(i),
            to_per_s: 301.0 + f64::from(i),
        })
        .collect();
    for seed in 0..1_000 {
        for asked in [&ramp_then_peak()[..1], &slow, &pieces] {
            let seen = checked(asked, Spaced::Poisson, &planned(asked, Spacing::Poisson, seed), true);
            assert!(clean(&seen), "seed {seed}: {seen:?}");
        }
    }
    for seed in 0..20 {
        let asked = ramp_then_peak();
        let poisson = checked(&asked, Spaced::Poisson, &planned(&asked, Spacing::Poisson, seed), true);
        assert!(
            clean(&poisson) && poisson.dispersion.is_some_and(|d| (0.6..1.5).contains(&d)),
            "{poisson:?}"
        );
        let even = checked(&asked, Spaced::Constant, &planned(&asked, Spacing::Constant, seed), true);
        assert!(clean(&even) && even.dispersion.is_some_and(|d| d < 0.02), "{even:?}");
    }
}

#[test]
fn three_hundred_runs_of_sound_batches_raise_no_alarm_and_batches_of_another_size_do() {
    for seed in 0..300 {
        for dispersion in [1.5, 4.0, 20.0] {
            let arrivals = batches(30, 500.0, dispersion, seed);
            let seen = checked(&[flat(0, 30, 500.0)], Spaced::Bursty { dispersion }, &arrivals, true);
            assert!(clean(&seen), "seed {seed}, dispersion {dispersion}: {seen:?}");
        }
        let arrivals = batches(30, 500.0, 4.0, seed);
        let seen = checked(&[flat(0, 30, 500.0)], Spaced::Poisson, &arrivals, false);
        assert!(!seen.spaced_as_asked(), "{seen:?}");
        let seen = checked(&[flat(0, 30, 500.0)], Spaced::Bursty { dispersion: 12.0 }, &arrivals, false);
        assert!(!seen.spaced_as_asked(), "{seen:?}");
    }
}

#[test]
fn arrivals_in_bunches_are_not_poisson_and_even_ones_are_not_either() {
    let asked = ramp_then_peak();
    let even = checked(&asked, Spaced::Poisson, &planned(&asked, Spacing::Constant, 1), true);
    assert!(!even.spaced_as_asked(), "{even:?}");
    let poisson = checked(&asked, Spaced::Constant, &planned(&asked, Spacing::Poisson, 1), true);
    assert!(!poisson.spaced_as_asked(), "{poisson:?}");
    // A generator that wakes twice a second and plans all that has come due.
    let mut bunched = planned(&asked, Spacing::Poisson, 1);
    bunched.iter_mut().for_each(|(ns, _)| *ns -= *ns % (S / 2));
    let seen = checked(&asked, Spaced::Poisson, &bunched, true);
    assert!(!seen.spaced_as_asked() && seen.counts.is_empty(), "{seen:?}");
}

#[test]
fn a_rate_that_is_not_the_one_asked_for_is_a_wrong_count_and_a_wrong_spread() {
    let asked = [flat(0, 30, 1_000.0)];
    let half = planned(&[flat(0, 30, 500.0)], Spacing::Poisson, 1);
    let seen = checked(&asked, Spaced::Poisson, &half, true);
    assert_eq!(seen.counts, [WrongCount { phase: 0, got: 15_000, expected: 30_000.0 }]);
    assert!(!seen.spaced_as_asked());
    // The right number, but a ramp where a constant rate was asked for.
    let ramp = [Asked { phase: 0, duration_ns: 30 * S, from_per_s: 800.0, to_per_s: 1_200.0 }];
    let seen = checked(&asked, Spaced::Poisson, &planned(&ramp, Spacing::Poisson, 1), true);
    assert!(seen.counts.is_empty() && !seen.spaced_as_asked(), "{seen:?}");
    // Ten arrivals too many of thirty thousand.
    let mut more = planned(&asked, Spacing::Poisson, 1);
    more.extend([(29 * S, 0); 10]);
    more.sort_unstable();
    assert_eq!(checked(&asked, Spaced::Poisson, &more, true).counts.len(), 1);
}

#[test]
fn arrivals_out_of_order_or_outside_their_phase_are_counted_with_the_first_of_them() {
    let asked = ramp_then_peak();
    let mut arrivals = planned(&asked, Spacing::Poisson, 1);
    let at = arrivals.len() / 2;
    arrivals.swap(at, at + 1);
    let first_ns = arrivals[at + 1].0;
    arrivals.last_mut().expect("some").1 = 0;
    arrivals.push((u64::MAX, 9));
    let seen = checked(&asked, Spaced::Poisson, &arrivals, true);
    assert_eq!((seen.unordered, seen.unordered_first_ns, seen.outside), (1, first_ns, 2));
}

#[test]
fn a_run_that_was_cut_short_is_judged_by_what_it_planned() {
    let asked = ramp_then_peak();
    let mut arrivals = planned(&asked, Spacing::Poisson, 1);
    arrivals.retain(|(ns, _)| *ns < 14 * S);
    assert!(clean(&checked(&asked, Spaced::Poisson, &arrivals, false)));
    assert_eq!(checked(&asked, Spaced::Poisson, &arrivals, true).counts.len(), 1);
}

#[test]
fn of_a_recording_only_order_and_phase_are_known() {
    let seen = checked(&[flat(0, 10, 0.0)], Spaced::Recorded, &[(0, 0), (S, 0), (S, 0), (2 * S, 0)], true);
    assert!(clean(&seen) && seen.dispersion.is_none() && seen.arrivals == 4, "{seen:?}");
}

#[test]
fn a_plan_of_nothing_is_no_fault() {
    assert!(clean(&checked(&[], Spaced::Poisson, &[], true)));
    assert!(clean(&checked(&[flat(0, 5, 0.0)], Spaced::Constant, &[], true)));
}

#[test]
fn the_quantiles_are_those_of_the_printed_tables() {
    // Chi-square at 0.999 (3.0902 standard deviations) and 0.001 with 10 and 100 degrees of freedom.
    for (free, z, table) in [
        (10.0, 3.0902, 29.588),
        (100.0, 3.0902, 149.449),
        (100.0, -3.0902, 61.918),
        (1_000.0, 3.0902, 1_143.917),
    ] {
        let ours = scaled_chi_square(free, 2.0 * free, z);
        assert!((ours / table - 1.0).abs() < 0.01, "{free} {z}: {ours}, table {table}");
    }
    // Batches of one are Poisson arrivals.
    assert!((batches_fourth(1.0) - 1.0).abs() < 1e-12);
}
