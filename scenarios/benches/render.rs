//! What rendering a request and checking an answer cost: the scenario crate's part of the measuring path. Under
//! `cargo test --benches` each runs once; `cargo bench -p scenarios` measures.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use population::Population;
use scenarios::{AnswerView, Interaction, RenderContext, Scenario};
use std::hint::black_box;
use std::path::Path;

fn scenario() -> Scenario {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("national-peak.toml");
    scenarios::load(&path).unwrap_or_else(|faults| panic!("{faults}"))
}

fn named<'a>(scenario: &'a Scenario, name: &str) -> &'a Interaction {
    scenario
        .interactions
        .iter()
        .find(|i| i.name == name)
        .unwrap_or_else(|| panic!("{name} is not in the mix"))
}

fn context(population: &Population, n: u64) -> RenderContext<'_> {
    let now = jiff::Timestamp::from_second(1_795_000_000).expect("a time in range");
    RenderContext {
        population,
        seed: 42,
        seq: n,
        ordinal: n,
        taken: None,
        given: scenarios::Given::default(),
        now,
        host: "127.0.0.1:8700",
    }
}

fn render(c: &mut Criterion) {
    let scenario = scenario();
    let population = Population::new(42, scenario.population).expect("sizes in range");
    let mut group = c.benchmark_group("render");
    for name in ["pds-retrieve", "pds-trace", "mesh-inbox", "eps-prescribe", "scr-upload"] {
        let interaction = named(&scenario, name);
        let mut out = Vec::new();
        interaction.render(&context(&population, 0), &mut out);
        group.throughput(Throughput::Bytes(out.len() as u64));
        let mut n = 0;
        group.bench_function(name, |b| {
            b.iter(|| {
                n += 1;
                out.clear();
                interaction.render(&context(&population, n), &mut out);
                black_box(&out);
            });
        });
    }
    group.finish();
}

fn check(c: &mut Criterion) {
    let scenario = scenario();
    let population = Population::new(42, scenario.population).expect("sizes in range");
    let retrieve = named(&scenario, "pds-retrieve");
    let cx = context(&population, 1);
    let mut request = Vec::new();
    retrieve.render(&cx, &mut request);
    let line = String::from_utf8_lossy(&request).lines().next().unwrap_or_default().to_owned();
    let id = line.split([' ', '/']).find(|p| p.len() == 10 && p.starts_with('9')).unwrap_or("?").to_owned();
    let body = patient_of_6_kb(&id);
    let headers: [(&str, &[u8]); 2] = [("content-type", b"application/fhir+json"), ("etag", b"W/\"1\"")];
    let answer = AnswerView { status: 200, headers: &headers, body: body.as_bytes() };
    let mut left = Vec::new();
    let mut group = c.benchmark_group("check");
    group.throughput(Throughput::Bytes(body.len() as u64));
    group.bench_function("pds-retrieve 6 KB", |b| {
        b.iter(|| {
            left.clear();
            retrieve.check(black_box(&answer), &cx, &mut left).expect("a good answer");
        });
    });
    group.finish();
}

/// An answer of the size and depth of a published patient: many small members, arrays of objects, few long texts.
fn patient_of_6_kb(id: &str) -> String {
    let mut body = format!(
        r#"{{"resourceType":"Patient","id":"{id}","address":[{{"id":"a1","line":["1 High Street","Anytown"],"postalCode":"AA1 1AA"}}],"extension":["#
    );
    let mut n = 0;
    while body.len() < 5_900 {
        if n > 0 {
            body.push(',');
        }
        body += &format!(
            r#"{{"url":"https://example.org/StructureDefinition/Extension-{n}","valueCodeableConcept":{{"coding":[{{"system":"https://example.org/CodeSystem/{n}","version":"1.0.0","code":"{n:02}","display":"Number {n} of many"}}]}},"valueBoolean":true,"valueInteger":{n}}}"#
        );
        n += 1;
    }
    body + r#"],"meta":{"versionId":"1"},"name":[{"use":"usual","given":["Amber"],"family":"Alderbank"}]}"#
}

criterion_group!(benches, render, check);
criterion_main!(benches);
