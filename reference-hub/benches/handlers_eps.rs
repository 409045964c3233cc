//! What a decision of the Electronic Prescription Service costs, for the requests of the national mix as the load generator
//! renders them, on the memory store behind the read cache.
//!
//! `cargo bench -p reference-hub --bench handlers_eps` measures; `cargo test -p reference-hub --benches` runs each once.

mod kit;

use bytes::Bytes;
use criterion::{Criterion, criterion_group, criterion_main};
use hyper::header::HeaderName;
use hyper::{HeaderMap, Method};
use kit::{CpuTime, Seeded};
use population::Sizes;
use reference_hub::message::{Body, Request};
use scenarios::{Given, Interaction, RenderContext};

/// Enough people for a few hundred prescriptions at each stage, and organisations for two to each pharmacy as in the national
/// population; few enough to start at once.
const PATIENTS: u64 = 20_000;

/// Requests made at a time, so that a request lies in the CPU's cache when it is decided, as it does after its arrival.
const BATCH: u64 = 16;

/// Name of the row, interaction, and stage from which it takes.
const ROWS: [(&str, &str, Option<&str>); 7] = [
    ("eps-prescribe", "eps-prescribe", None),
    ("eps-release-nominated", "eps-release", None),
    ("eps-release-patient", "eps-release-patient", Some("prescription-patient-held")),
    ("eps-dispense", "eps-dispense", Some("prescription-with-dispenser")),
    ("eps-claim", "eps-claim", Some("prescription-dispensed")),
    ("eps-track", "eps-track", Some("prescription-with-dispenser")),
    ("eps-cancel", "eps-cancel", Some("prescription-patient-held")),
];

struct Bench {
    hub: Seeded,
    interactions: Vec<Interaction>,
}

impl Bench {
    fn new() -> Self {
        let hub = Seeded::new(Sizes { patients: PATIENTS, organisations: 2_000, endpoints: 50 });
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios/national-peak.toml");
        let scenario = scenarios::load(path.as_ref()).expect("a scenario that comes with the product");
        Bench { hub, interactions: scenario.interactions }
    }

    /// The `n`-th request of an interaction, as the load generator sends it.
    fn request(&self, name: &str, stage: Option<&str>, n: u64) -> Request {
        let interaction = self.interactions.iter().find(|i| i.name == name).expect("it is in the mix");
        let taken = stage.map(|stage| {
            let waiting = |i| scenarios::backlog(stage, i, &self.hub.population);
            // Of the few hundred that wait, one after the other and again from the first.
            waiting(n % 256).or_else(|| waiting(0)).expect("the seed leaves some")
        });
        let cx = RenderContext {
            population: &self.hub.population,
            seed: 42,
            seq: n,
            ordinal: if stage.is_none() && name == "eps-release" { n % 64 } else { n },
            taken: taken.as_ref(),
            given: Given::default(),
            now: self.hub.now(),
            host: "hub",
        };
        let mut out = Vec::new();
        interaction.render(&cx, &mut out);
        parsed(&String::from_utf8(out).expect("UTF-8"))
    }
}

/// The request in a rendered text.
fn parsed(text: &str) -> Request {
    let (head, body) = text.split_once("\r\n\r\n").expect("a head and a body");
    let mut lines = head.split("\r\n");
    let mut first = lines.next().into_iter().flat_map(|line| line.split(' '));
    let (method, target) = (first.next().expect("a method"), first.next().expect("a target"));
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut headers = HeaderMap::new();
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a header name");
        headers.insert(name, value.parse().expect("a header value"));
    }
    Request {
        method: Method::from_bytes(method.as_bytes()).expect("a method"),
        segments: path.trim_start_matches('/').split('/').map(str::to_owned).collect(),
        query: query.split_once('=').map(|(k, v)| (k.to_owned(), v.to_owned())).into_iter().collect(),
        headers,
        body: Body::Inline(Bytes::from(body.to_owned())),
    }
}

fn handlers(criterion: &mut Criterion<CpuTime>) {
    let bench = Bench::new();
    for (row, name, stage) in ROWS {
        bench.hub.measure(criterion, (row, 200, BATCH), &|n| bench.request(name, stage, n));
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().with_measurement(CpuTime);
    targets = handlers
}
criterion_main!(benches);
