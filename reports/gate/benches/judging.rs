//! What the test itself costs: a gate of 24 metrics that runs through all six looks of 80 blocks. A smoke size runs in the
//! tests; `cargo bench -p gate` is the real one.

use criterion::{Criterion, criterion_group, criterion_main};
use gate::{Cell, Design, Gate, Metric};
use std::hint::black_box;

/// Differences that stay undecided: they swing around a shift between floor and margin, so that no look ends the gate.
fn undecided(block: usize, metric: usize) -> f64 {
    let swing = (block * 37 + metric * 11) % 101;
    0.02 + (swing as f64 - 50.0) / 250.0
}

fn judging(c: &mut Criterion) {
    let metrics: Vec<Metric> = (0..24).map(|i| Metric::ratio(format!("metric {i}"), 0.05, 0.01)).collect();
    let design = Design::new(metrics, 80).expect("a design");
    let blocks: Vec<Vec<Cell>> =
        (0..80).map(|k| (0..24).map(|m| Cell::Difference(undecided(k, m))).collect()).collect();
    let through = Gate::judge(design.clone(), &blocks).expect("judged");
    assert_eq!(through.blocks, 80, "the gate must run through all looks, got {:?}", through.verdict);
    c.bench_function("24 metrics, 80 blocks, 6 looks, 8,000 redraws", |b| {
        b.iter(|| Gate::judge(design.clone(), black_box(&blocks)).map(|r| r.verdict));
    });
}

criterion_group!(benches, judging);
criterion_main!(benches);
