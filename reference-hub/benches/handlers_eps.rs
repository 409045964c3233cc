//! What a decision of the Electronic Prescription Service costs, for the requests of the national mix as the load generator
//! renders them, on the memory store behind the read cache. Never writes what is decided, so each request finds the seeded
//! state.
//!
//! `cargo bench -p reference-hub --bench handlers_eps` measures; `cargo test -p reference-hub --benches` runs each once.

use bytes::Bytes;
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use hub_store::memory::MemoryStore;
use hyper::header::HeaderName;
use hyper::{HeaderMap, Method};
use population::{Population, Sizes};
use reference_hub::domain::{Context, Decision, Ids};
use reference_hub::interfaces::{INTERFACES, SEEDS};
use reference_hub::message::{Body, Request};
use reference_hub::seed::fill;
use reference_hub::view::CachedView;
use reference_hub::{StopHandle, hub, limits};
use scenarios::{Given, Interaction, RenderContext};
use std::hint::black_box;
use std::sync::Arc;

/// The allocator that the program has.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

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
    view: CachedView,
    population: Population,
    interactions: Vec<Interaction>,
    now_ms: u64,
}

impl Bench {
    fn new() -> Self {
        let sizes = Sizes { patients: PATIENTS, organisations: 2_000, endpoints: 50 };
        let population = Population::new(42, sizes).expect("sizes within the limits");
        let store = MemoryStore::new();
        fill(&store, &population, SEEDS, &StopHandle::new(), &|_| {}).expect("memory takes all rows");
        let view = CachedView::new(Arc::new(store), limits::READ_CACHE_BYTES_MAX);
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios/national-peak.toml");
        let scenario = scenarios::load(path.as_ref()).expect("a scenario that comes with the product");
        Bench { view, population, interactions: scenario.interactions, now_ms: hub::now_ms() }
    }

    fn decide(&self, request: &Request, nonce: u128) -> Decision {
        let root = request.segments[0].as_str();
        let interface = INTERFACES.iter().find(|i| i.roots.contains(&root)).expect("a published root");
        let operation = (interface.route)(request).expect("a published operation");
        let ids = Ids::new(nonce);
        let context = Context::new(&self.view, self.now_ms, &ids, false);
        (interface.decide)(operation, &context, request)
    }

    /// The `n`-th request of an interaction, as the load generator sends it.
    fn request(&self, name: &str, stage: Option<&str>, n: u64) -> Request {
        let interaction = self.interactions.iter().find(|i| i.name == name).expect("it is in the mix");
        let taken = stage.map(|stage| {
            let waiting = |i| scenarios::backlog(stage, i, &self.population);
            // Of the few hundred that wait, one after the other and again from the first.
            waiting(n % 256).or_else(|| waiting(0)).expect("the seed leaves some")
        });
        let now = jiff::Timestamp::from_millisecond(self.now_ms as i64).expect("now is a time");
        let cx = RenderContext {
            population: &self.population,
            seed: 42,
            seq: n,
            ordinal: if stage.is_none() && name == "eps-release" { n % 64 } else { n },
            taken: taken.as_ref(),
            given: Given::default(),
            now,
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

fn handlers(criterion: &mut Criterion) {
    let bench = Bench::new();
    let mut n = 0_u64;
    for (row, name, stage) in ROWS {
        let first = bench.decide(&bench.request(name, stage, n), 1);
        assert_eq!(first.answer.status, 200, "{row}: {:?}", first.answer);
        criterion.bench_function(row, |b| {
            b.iter_batched(
                || {
                    n += 1;
                    (bench.request(name, stage, n), u128::from(n) << 64 | u128::from(n))
                },
                |(request, nonce)| black_box(bench.decide(&request, nonce)),
                BatchSize::NumIterations(BATCH),
            );
        });
    }
}

criterion_group!(benches, handlers);
criterion_main!(benches);
