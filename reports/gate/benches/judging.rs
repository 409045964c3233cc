//! What the test itself costs: a gate of 24 metrics that runs through all six looks of 80 blocks. A smoke size runs in the
//! tests; `cargo bench -p gate` is the real one.

use criterion::{Criterion, criterion_group, criterion_main};
use gate::{Cell, Design, Gate, Metric};
use std::hint::black_box;

/// Differences around nothing.
fn difference(block: usize, metric: usize) -> f64 {
    let swing = (block * 37 + metric * 11) % 101;
    (swing as f64 - 50.0) / 500.0
}

fn judging(c: &mut Criterion) {
    let metrics: Vec<Metric> = (0..24).map(|i| Metric::ratio(format!("metric {i}"), 0.05, 0.01)).collect();
    // Nothing is worse, and with so small a β nothing is shown to be unchanged: no look ends the gate.
    let design = Design { beta: 1e-16, ..Design::new(metrics, 80).expect("a design") };
    let blocks: Vec<Vec<Cell>> =
        (0..80).map(|k| (0..24).map(|m| Cell::Difference(difference(k, m))).collect()).collect();
    let through = Gate::judge(design.clone(), &blocks).expect("judged");
    assert_eq!(through.blocks, 80, "the gate must run through all looks, got {:?}", through.verdict);
    c.bench_function("24 metrics, 80 blocks, 6 looks, 8,000 redraws", |b| {
        b.iter(|| Gate::judge(design.clone(), black_box(&blocks)).map(|r| r.verdict));
    });
}

criterion_group!(benches, judging);
criterion_main!(benches);
