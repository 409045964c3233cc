//! The simulated noise is the noise that was meant: as far as runs differ, and as the differences in the golden tables do.

use crate::support::machine::{MEDIUM, NOISY, Noise, QUIET};
use crate::support::trials::{Effect, Pairing, Trials, readings};
use crate::support::{run, size};

fn deviation(values: &[f64]) -> f64 {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (values.len() - 1) as f64).sqrt()
}

/// Deviations of ln p50 and ln p99 from run to run, and of their differences within blocks; the mean over interactions.
fn deviations(noise: Noise, pairing: Pairing) -> [f64; 5] {
    let runs = run(size(400), |seed| {
        let mut trials = Trials::new(seed, noise, Effect::None, pairing);
        let (baseline, candidate) = trials.block();
        let (baseline, candidate) = (readings(baseline), readings(candidate));
        baseline.into_iter().zip(candidate).map(|(b, c)| (b.ln(), c.ln())).collect::<Vec<_>>()
    });
    let mean = |metric: usize, of: fn(&(f64, f64)) -> f64| {
        let each =
            (0..8).map(|i| deviation(&runs.iter().map(|r| of(&r[3 * i + metric])).collect::<Vec<f64>>()));
        each.sum::<f64>() / 8.0
    };
    [
        mean(0, |r| r.0),
        mean(2, |r| r.0),
        mean(0, |r| r.1 - r.0),
        mean(1, |r| r.1 - r.0),
        mean(2, |r| r.1 - r.0),
    ]
}

#[test]
fn simulated_runs_differ_as_much_as_is_said_of_them() {
    let drawn = Pairing::Drawn { first: 0.0 };
    // Run to run p50 and p99, then what the columns of the golden tables' equal builds differ by: p50, p95, p99.
    let meant = [
        ("quiet", QUIET, [0.035, 0.07, 0.0436, 0.0569, 0.0905]),
        ("medium", MEDIUM, [0.058, 0.09, 0.0645, 0.0769, 0.1110]),
        ("noisy", NOISY, [0.091, 0.14, 0.1064, 0.1547, 0.2083]),
    ];
    for (name, noise, meant) in meant {
        let got = deviations(noise, drawn);
        println!("{name}: got {got:.4?}, meant {meant:.4?}");
        let near = got.iter().zip(meant).all(|(got, meant)| (got / meant - 1.0).abs() < 0.15);
        assert!(near || cfg!(debug_assertions), "{name}: got {got:.4?}, meant {meant:.4?}");
    }
}
