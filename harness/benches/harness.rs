//! The harness's hot paths without a network: drawing the plan, parsing an answer, recording a sample. A smoke size runs
//! in the tests; `cargo bench -p harness` is the real one.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use harness::client::response::parse;
use harness::plan::{Choice, Curve, Plan, Spacing};
use harness::recorder::{Outcome, Recorder, Sample};
use std::hint::black_box;

fn plan(c: &mut Criterion) {
    let phase = Curve::straight(10_000_000_000, 1_000.0, 1_000.0);
    let choice = |i: usize| Choice { journey: None, interactions: vec![i], share: 1.0 / (i + 1) as f64 };
    let choices: Vec<Choice> = (0..22).map(choice).collect();
    let mut group = c.benchmark_group("plan");
    group.throughput(Throughput::Elements(phase.arrivals()));
    for (name, spacing) in [
        ("poisson", Spacing::Poisson),
        ("constant", Spacing::Constant),
        ("bursty", Spacing::Bursty { dispersion: 4.0 }),
    ] {
        group.bench_function(name, |b| {
            b.iter(|| {
                Plan::new(42, vec![phase.clone()], spacing, choices.clone())
                    .map(|a| black_box(a).planned_ns)
                    .sum::<u64>()
            });
        });
    }
    group.finish();
}

fn answers(c: &mut Criterion) {
    let mut group = c.benchmark_group("parse an answer");
    for len in [300usize, 6_000, 52_000] {
        let mut bytes = format!("HTTP/1.1 200 OK\r\ncontent-type: application/fhir+json\r\netag: W/\"1\"\r\ncontent-length: {len}\r\n\r\n").into_bytes();
        bytes.resize(bytes.len() + len, b'x');
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        group.bench_function(format!("{len} B"), |b| {
            b.iter(|| parse(black_box(&bytes), false, false).is_ok())
        });
    }
    group.finish();
}

fn record(c: &mut Criterion) {
    let mut recorder = Recorder::new(vec!["a".into()], vec![true]);
    let mut planned_ns = 0u64;
    c.bench_function("record a sample", |b| {
        b.iter(|| {
            planned_ns += 555_555;
            recorder.planned(0, planned_ns);
            let sample = Sample {
                interaction: 0,
                phase: 0,
                planned_ns,
                sent_ns: planned_ns + 20_000,
                done_ns: planned_ns + 700_000,
            };
            recorder.finished(&sample, &Outcome::Answered);
            if planned_ns % 1_000_000_000 < 555_555 {
                recorder.seconds.seal(planned_ns, 0);
            }
        });
    });
}

criterion_group!(benches, plan, answers, record);
criterion_main!(benches);
