//! What measuring costs an answer: the clock read twice, a count and a time recorded; and injection when it is off.
//!
//! `cargo bench -p reference-hub --bench counts` measures; `cargo test -p reference-hub --benches` runs each once.

use criterion::{Criterion, criterion_group, criterion_main};
use reference_hub::clock::Stopwatch;
use reference_hub::counts::{Counts, OperationIndex};
use reference_hub::inject::{Injector, Plan};
use reference_hub::metrics::Spread;
use std::hint::black_box;
use std::sync::Arc;

fn counts(criterion: &mut Criterion) {
    let counts = Counts::new(2);
    let shard = counts.shard(0);
    let operation = OperationIndex::of("pds-retrieve");
    criterion.bench_function("count and time of an answer", |b| {
        let mut ns = 0;
        b.iter(|| {
            ns = (ns + 7_919) % 1_000_000;
            shard.add(black_box(operation), black_box(200));
            shard.took(black_box(operation), black_box(ns));
        });
    });
    criterion.bench_function("the clock read twice", |b| b.iter(|| Stopwatch::start().elapsed_ns()));
    let spread = Spread::default();
    criterion.bench_function("a counter that threads share", |b| b.iter(|| spread.add()));
    let off = Injector::new(Arc::new(Plan::default()), 42);
    criterion.bench_function("injection that is off", |b| b.iter(|| off.meets(black_box("pds-retrieve"))));
}

criterion_group!(benches, counts);
criterion_main!(benches);
