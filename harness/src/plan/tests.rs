//! Tests of the plan: totals, order, spacing, shares.

use super::*;

fn flat(duration_s: u64, rate: f64) -> Curve {
    Curve::straight(duration_s * 1_000_000_000, rate, rate)
}

fn singles(shares: &[(usize, f64)]) -> Vec<Choice> {
    let choice = |(i, share): &(usize, f64)| Choice { journey: None, interactions: vec![*i], share: *share };
    shares.iter().map(choice).collect()
}

#[test]
fn the_same_seed_gives_the_same_plan_and_another_seed_another() {
    let plan = |seed| Plan::new(seed, vec![flat(2, 500.0)], Spacing::Poisson, singles(&[(0, 0.7), (1, 0.3)]));
    let a: Vec<Arrival> = plan(42).collect();
    assert_eq!(a, plan(42).collect::<Vec<_>>());
    assert_ne!(a, plan(43).collect::<Vec<_>>());
}

#[test]
fn every_phase_asks_for_exactly_its_expected_total_in_ascending_order() {
    let phases = vec![
        Curve::straight(10_000_000_000, 0.0, 1800.0),
        flat(60, 1800.0),
        Curve::straight(1_000_000_000, 100.0, 0.0),
    ];
    for spacing in [Spacing::Poisson, Spacing::Constant] {
        let all: Vec<Arrival> = Plan::new(42, phases.clone(), spacing, singles(&[(0, 1.0)])).collect();
        let count = |s| all.iter().filter(|a| a.phase == s).count();
        assert_eq!((count(0), count(1), count(2)), (9_000, 108_000, 50), "{spacing:?}");
        assert!(all.windows(2).all(|w| w[0].planned_ns <= w[1].planned_ns), "{spacing:?}");
        assert!(all.iter().enumerate().all(|(i, a)| a.seq == i as u64));
    }
}

#[test]
fn poisson_arrivals_have_an_index_of_dispersion_of_one_and_constant_ones_of_nearly_zero() {
    let dispersion = |spacing, window_ns: u64| {
        let mut counts = vec![0f64; (60_000_000_000 / window_ns) as usize];
        for a in Plan::new(7, vec![flat(60, 1800.0)], spacing, singles(&[(0, 1.0)])) {
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
        let d = dispersion(Spacing::Bursty { dispersion: 5.0 }, window_ns);
        assert!((4.25..5.75).contains(&d), "bursty, window {window_ns} ns: {d}");
    }
}

#[test]
fn a_ramp_puts_a_quarter_of_its_arrivals_into_its_first_half() {
    let ramp = Curve::straight(10_000_000_000, 0.0, 2000.0);
    let all: Vec<Arrival> = Plan::new(1, vec![ramp], Spacing::Constant, singles(&[(0, 1.0)])).collect();
    let early = all.iter().filter(|a| a.planned_ns < 5_000_000_000).count();
    assert!((2_490..=2_510).contains(&early), "{early}");
}

#[test]
fn shares_come_out_as_the_mix_says() {
    let shares = [(0, 0.5), (2, 0.3), (5, 0.2)];
    let mut counts = [0u64; 6];
    for a in Plan::new(3, vec![flat(100, 1000.0)], Spacing::Poisson, singles(&shares)) {
        assert_eq!(a.ordinal(), counts[a.interaction]);
        counts[a.interaction] += 1;
    }
    for (i, share) in shares {
        let sd = (100_000.0 * share * (1.0 - share)).sqrt();
        assert!((counts[i] as f64 - 100_000.0 * share).abs() < 4.0 * sd, "{i}: {}", counts[i]);
    }
}

#[test]
fn an_empty_mix_or_no_phases_plan_nothing() {
    assert_eq!(Plan::new(1, vec![flat(1, 10.0)], Spacing::Poisson, vec![]).count(), 0);
    assert_eq!(Plan::new(1, vec![], Spacing::Poisson, singles(&[(0, 1.0)])).count(), 0);
    assert_eq!(Plan::new(1, vec![flat(1, 0.0)], Spacing::Constant, singles(&[(0, 1.0)])).count(), 0);
}

#[test]
fn a_phase_of_many_pieces_keeps_its_shape_and_is_poisson_across_their_seams() {
    // A thousand pieces of 60 ms: conditioned piece by piece, counts in windows longer than one would be too even.
    let pieces = (0..1_000).map(|i| {
        let rate = if i % 2 == 0 { 1_000.0 } else { 3_000.0 };
        Piece { duration_ns: 60_000_000, from_per_s: rate, to_per_s: rate }
    });
    let curve = Curve::new(pieces);
    assert_eq!(curve.arrivals(), 120_000);
    let mut counts = vec![0f64; 500];
    let mut high = 0u32;
    for a in Plan::new(5, vec![curve.clone()], Spacing::Poisson, singles(&[(0, 1.0)])) {
        counts[(a.planned_ns / 120_000_000) as usize] += 1.0;
        high += u32::from(a.planned_ns / 60_000_000 % 2 == 1);
    }
    let dispersion = counts.iter().map(|c| (c - 240.0).powi(2)).sum::<f64>() / 500.0 / 240.0;
    assert!((0.75..1.25).contains(&dispersion), "{dispersion}");
    assert!((89_000..91_000).contains(&high), "{high}");
    assert!((curve.expected_before(90_000_000) - 150.0).abs() < 1e-6);
}

#[test]
fn journeys_number_every_request_they_will_make() {
    let choices = vec![
        Choice { journey: Some(0), interactions: vec![0, 1, 1], share: 0.5 },
        Choice { journey: None, interactions: vec![1], share: 0.5 },
    ];
    let mut next = [0u64; 2];
    for a in Plan::new(3, vec![flat(10, 100.0)], Spacing::Poisson, choices) {
        let asked: &[usize] = if a.journey.is_some() { &[0, 1, 1] } else { &[1] };
        for (ordinal, i) in a.ordinals.iter().zip(asked) {
            assert_eq!(*ordinal, next[*i]);
            next[*i] += 1;
        }
    }
    assert!(next[0] > 400 && next[1] > 1_200, "{next:?}");
}
