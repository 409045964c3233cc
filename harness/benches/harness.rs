//! The harness's hot paths without a network: drawing the plan, rendering, parsing and checking, recording. A smoke size runs
//! in the tests; `cargo bench -p harness` is the real one.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use harness::client::response::{Progress, parse};
use harness::plan::{Choice, Curve, Plan, Spacing};
use harness::recorder::{Outcome, Recorder, Sample};
use harness::run::{population_of, recorder_of};
use population::Population;
use scenarios::{AnswerView, Given, Memory, RenderContext, Scenario, Wire};
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
    let mut n = 0u64;
    c.bench_function("record a sample", |b| {
        b.iter(|| {
            n += 1;
            recorded(&mut recorder, n);
        });
    });
}

fn scenario(name: &str) -> Scenario {
    let text = format!(
        "title = \"t\"\nmix = {{ {name} = 1 }}\ntarget = {{ hub = \"embedded\" }}\n\
         phase = [{{ name = \"p\", duration = \"1s\", rate = \"1800/s\" }}]\n"
    );
    Memory::new(&[]).load(text.as_bytes()).unwrap_or_else(|faults| panic!("{faults}"))
}

fn context<'a>(scenario: &Scenario, population: &'a Population, n: u64) -> RenderContext<'a> {
    RenderContext {
        population,
        seed: scenario.seed,
        seq: n,
        ordinal: n,
        taken: None,
        given: Given::default(),
        now: jiff::Timestamp::UNIX_EPOCH,
        host: "127.0.0.1:8700",
    }
}

/// Records a request that was due 1/1800 s after the one before it.
fn recorded(recorder: &mut Recorder, n: u64) {
    let planned_ns = n * 555_555;
    recorder.planned(0, planned_ns);
    recorder.sent(planned_ns);
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
}

fn render_and_record(c: &mut Criterion) {
    let mut group = c.benchmark_group("render and record");
    for name in ["pds-retrieve", "mesh-send", "mesh-inbox", "eps-prescribe", "gp2gp-fragment"] {
        let scenario = scenario(name);
        let population = population_of(&scenario).expect("sizes in range");
        let (mut recorder, mut wire, mut n) = (recorder_of(&scenario), Wire::default(), 0);
        group.bench_function(name, |b| {
            b.iter(|| {
                n += 1;
                scenario.interactions[0].render_wire(&context(&scenario, &population, n), &mut wire);
                black_box(&wire);
                recorded(&mut recorder, n);
            });
        });
    }
    group.finish();
}

fn parse_check_and_record(c: &mut Criterion) {
    let scenario = scenario("pds-retrieve");
    let population = population_of(&scenario).expect("sizes in range");
    let cx = context(&scenario, &population, 1);
    let mut request = Vec::new();
    scenario.interactions[0].render(&cx, &mut request);
    let line = String::from_utf8_lossy(&request).lines().next().unwrap_or_default().to_owned();
    let id = line.split([' ', '/']).find(|p| p.len() == 10 && p.starts_with('9')).unwrap_or("?");
    let member = r#",{"url":"https://example.org/StructureDefinition/Extension-1","valueCodeableConcept":{"coding":[{"system":"https://example.org/CodeSystem/1","version":"1.0.0","code":"01","display":"One of many"}]},"valueBoolean":true,"valueInteger":1}"#;
    let mut group = c.benchmark_group("parse, check and record");
    for members in [1, 24] {
        let body = format!(
            r#"{{"resourceType":"Patient","id":"{id}","address":[{{"id":"a1","line":["1 High Street"]}}],"extension":[{{}}{}]}}"#,
            member.repeat(members)
        );
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/fhir+json\r\netag: W/\"1\"\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        let bytes = [head, body].concat().into_bytes();
        let (mut recorder, mut left, mut n) = (recorder_of(&scenario), Vec::new(), 0);
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        group.bench_function(format!("pds-retrieve {} B", bytes.len()), |b| {
            b.iter(|| {
                n += 1;
                let Ok(Progress::Complete(p)) = parse(black_box(&bytes), false, false) else {
                    panic!("not whole")
                };
                let answer = AnswerView { status: p.status, headers: &p.headers, body: &p.body };
                left.clear();
                scenario.interactions[0].check(&answer, &cx, &mut left).expect("a good answer");
                recorded(&mut recorder, n);
            });
        });
    }
    group.finish();
}

criterion_group!(benches, plan, answers, record, render_and_record, parse_check_and_record);
criterion_main!(benches);
