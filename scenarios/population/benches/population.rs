//! How long it takes to ask for a person, a number or a system. `cargo bench -p population` measures;
//! `cargo test --benches` runs each once. It must never need the hub or the harness.

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use population::{OrgKind, Population, PrescriptionKind, Sizes};
use std::hint::black_box;

fn population(c: &mut Criterion) {
    // Sizes within the limits cannot be refused.
    let Ok(people) = Population::new(42, Sizes::default()) else { return };
    let mut k = 0_u64;
    let mut next = move || {
        k += 1;
        k
    };
    c.bench_function("nhs_number", |b| {
        b.iter_batched(&mut next, |i| people.nhs_number(black_box(i)), BatchSize::SmallInput)
    });
    c.bench_function("permuted_patient", |b| {
        b.iter_batched(&mut next, |i| people.permuted_patient(black_box(i), 7), BatchSize::SmallInput)
    });
    c.bench_function("patient", |b| {
        b.iter_batched(&mut next, |i| people.patient(black_box(i)), BatchSize::SmallInput)
    });
    c.bench_function("ods_of", |b| {
        b.iter_batched(
            &mut next,
            |i| people.ods_of(OrgKind::Pharmacy, black_box(i as u32)),
            BatchSize::SmallInput,
        )
    });
    c.bench_function("endpoint", |b| {
        b.iter_batched(&mut next, |i| people.endpoint(black_box(i as u32)), BatchSize::SmallInput)
    });
    c.bench_function("session_token", |b| {
        b.iter_batched(&mut next, |i| people.session_token(black_box(i as u32)), BatchSize::SmallInput)
    });
    c.bench_function("backlog_prescription", |b| {
        b.iter_batched(
            &mut next,
            |i| people.prescription(PrescriptionKind::Nominated, black_box(i % 8_000)),
            BatchSize::SmallInput,
        )
    });
}

criterion_group!(benches, population);
criterion_main!(benches);
