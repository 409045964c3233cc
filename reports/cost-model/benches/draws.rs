//! What the uncertain side of a full case costs on one core: 20,000 draws, the tornado, the switching values. The draws are
//! also timed by the number of lanes, which is how `LANES` of `src/draws.rs` was chosen. `cargo bench -p cost-model`
//! measures; `cargo test -p cost-model --benches` runs each once at smoke size.

use cost_model::{
    Appraisal, Measurement, Wait, build, load_model, monte_carlo, monte_carlo_in, switching, tornado,
};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;
use std::path::Path;

/// Draws of a report; a debug build, which only the tests make, takes a smoke size.
const DRAWS: usize = if cfg!(debug_assertions) { 500 } else { 20_000 };
const SEED: u64 = 20_260_901;
/// An option of the case that is not its baseline.
const OPTION: usize = 1;

/// The shipped case with a row of staff time for every interaction that has a baseline.
fn case() -> Appraisal {
    let model =
        load_model(None, Path::new("cases/hub-today.toml")).unwrap_or_else(|faults| panic!("{faults}"));
    let rows = model.baseline_times.rows.values();
    let share = 1.0 / rows.len() as f64;
    let wait = |row: &cost_model::BaselineRow| Wait {
        interaction: row.interaction.clone(),
        share,
        now_s: [row.spine2_ms / 1e3; 3],
        before_s: None,
    };
    let measurement = Measurement { valid: true, waits: rows.map(wait).collect(), ..Measurement::default() };
    build(model, Some(&measurement)).unwrap_or_else(|faults| panic!("{faults}"))
}

fn draws(c: &mut Criterion) {
    let case = case();
    let mut group = c.benchmark_group("draws");
    group.sample_size(10).throughput(Throughput::Elements(DRAWS as u64));
    group.bench_function("full case", |b| b.iter(|| monte_carlo(black_box(&case), SEED, DRAWS)));
    for lanes in [16, 64, 128, 256, 512, 1024, 4096] {
        group.bench_function(BenchmarkId::new("lanes", lanes), |b| {
            b.iter(|| monte_carlo_in(black_box(&case), SEED, DRAWS, lanes));
        });
    }
    group.finish();
}

fn one_at_a_time(c: &mut Criterion) {
    let case = case();
    let mut group = c.benchmark_group("one at a time");
    group.sample_size(10);
    group.bench_function("tornado", |b| b.iter(|| tornado(black_box(&case), OPTION)));
    group.bench_function("switching values", |b| b.iter(|| switching(black_box(&case), OPTION)));
    group.finish();
}

criterion_group!(benches, draws, one_at_a_time);
criterion_main!(benches);
