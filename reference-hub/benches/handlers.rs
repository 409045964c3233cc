//! The hub's handlers without network and disk: what a decision costs, on the memory store behind the read cache.
//!
//! `cargo bench -p reference-hub` measures; `cargo test -p reference-hub --benches` runs each once (the smoke size).

use bytes::Bytes;
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use hmac::{Hmac, Mac};
use hub_store::memory::MemoryStore;
use hyper::header::HeaderName;
use hyper::{HeaderMap, Method};
use population::{EndPoint, MESH_SHARED_KEY, Population, Sizes, WORKFLOWS};
use reference_hub::domain::{Context, Decision, Ids};
use reference_hub::interfaces::{INTERFACES, SEEDS};
use reference_hub::message::{Body, Request};
use reference_hub::seed::fill;
use reference_hub::view::CachedView;
use reference_hub::{StopHandle, hub, limits};
use scenarios::{Interaction, RenderContext};
use sha2::Sha256;
use std::hint::black_box;
use std::sync::Arc;

/// Enough people that no request finds the record of the one before it in a CPU cache, few enough to start at once.
const PATIENTS: u64 = 2_000;

struct Bench {
    view: CachedView,
    population: Population,
    prescribe: Interaction,
    now_ms: u64,
}

impl Bench {
    fn new() -> Self {
        let sizes = Sizes { patients: PATIENTS, organisations: 50, endpoints: 50 };
        let population = Population::new(42, sizes).expect("sizes within the limits");
        let store = MemoryStore::new();
        fill(&store, &population, SEEDS, &StopHandle::new(), &|_| {}).expect("memory takes all rows");
        let view = CachedView::new(Arc::new(store), limits::READ_CACHE_BYTES_MAX);
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios/national-peak.toml");
        let scenario = scenarios::load(path.as_ref()).expect("a scenario that comes with the product");
        let named = |i: &Interaction| i.name == "eps-prescribe";
        let prescribe = scenario.interactions.into_iter().find(named).expect("orders are in the mix");
        Bench { view, population, prescribe, now_ms: hub::now_ms() }
    }

    fn decide(&self, request: &Request, nonce: u128) -> Decision {
        let root = request.segments[0].as_str();
        let interface = INTERFACES.iter().find(|i| i.roots.contains(&root)).expect("a published root");
        let operation = (interface.route)(request).expect("a published operation");
        let ids = Ids::new(nonce);
        let context = Context::new(&self.view, self.now_ms, &ids, false);
        (interface.decide)(operation, &context, request)
    }

    fn bearer(&self) -> String {
        format!("Bearer {}", self.population.session(7).token)
    }

    fn patient_path(&self, n: u64) -> String {
        format!("personal-demographics/FHIR/R4/Patient/{}", self.population.nhs_number(n))
    }

    fn retrieve(&self, n: u64) -> Request {
        let (bearer, id) = (self.bearer(), uuid(n));
        let headers = [("authorization", bearer.as_str()), ("x-request-id", &id)];
        request(Method::GET, &self.patient_path(n), &headers, "")
    }

    fn update(&self, n: u64) -> Request {
        let (bearer, id) = (self.bearer(), uuid(n));
        let headers = [
            ("authorization", bearer.as_str()),
            ("x-request-id", &id),
            ("if-match", "W/\"1\""),
            ("content-type", "application/json-patch+json"),
        ];
        let body = r#"{"patches":[{"op":"replace","path":"/birthDate","value":"1970-01-02"}]}"#;
        request(Method::PATCH, &self.patient_path(n), &headers, body)
    }

    /// An order of four items with its signature, as the load generator sends it.
    fn prescribe(&self, n: u64) -> Request {
        let now = jiff::Timestamp::from_millisecond(self.now_ms as i64).expect("now is a time");
        let (population, host) = (&self.population, "hub");
        let cx = RenderContext {
            population,
            seed: 42,
            seq: n,
            ordinal: n,
            taken: None,
            given: scenarios::Given::default(),
            now,
            host,
        };
        let mut out = Vec::new();
        self.prescribe.render(&cx, &mut out);
        let text = String::from_utf8(out).expect("UTF-8");
        let (head, body) = text.split_once("\r\n\r\n").expect("a head and a body");
        let mut lines = head.split("\r\n");
        let target = lines.next().and_then(|line| line.split(' ').nth(1)).expect("a request line");
        let mut request = request(Method::POST, target.trim_start_matches('/'), &[], body);
        for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
            let name = HeaderName::from_bytes(name.as_bytes()).expect("a header name");
            request.headers.insert(name, value.parse().expect("a header value"));
        }
        request
    }

    /// A message of 5 KB, the usual size of a report; each token is used once, as the hub demands.
    fn send(&self, n: u64) -> Request {
        let (from, to) = (self.population.endpoint(1), self.population.endpoint(2));
        let authorization = self.mesh_token(&from, n);
        let headers = [
            ("authorization", authorization.as_str()),
            ("mex-from", &from.mailbox),
            ("mex-to", &to.mailbox),
            ("mex-workflowid", WORKFLOWS[0]),
            ("mex-clientversion", "bench"),
            ("content-type", "text/plain"),
        ];
        let path = format!("messageexchange/{}/outbox", from.mailbox);
        request(Method::POST, &path, &headers, &"report ".repeat(5_000 / 7))
    }

    fn mesh_token(&self, from: &EndPoint, n: u64) -> String {
        let now = jiff::Timestamp::from_millisecond(self.now_ms as i64).expect("now is a time");
        let (mailbox, minute) = (&from.mailbox, now.strftime("%Y%m%d%H%M"));
        let mut mac = Hmac::<Sha256>::new_from_slice(MESH_SHARED_KEY.as_bytes()).expect("any key length");
        mac.update(format!("{mailbox}:{}:1:{}:{minute}", uuid(n), from.mailbox_password).as_bytes());
        let hash: String = mac.finalize().into_bytes().iter().map(|b| format!("{b:02x}")).collect();
        format!("NHSMESH {mailbox}:{}:1:{minute}:{hash}", uuid(n))
    }
}

fn uuid(n: u64) -> String {
    Ids::new(u128::from(n)).uuid()
}

fn request(method: Method, path: &str, headers: &[(&'static str, &str)], body: &str) -> Request {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.insert(*name, value.parse().expect("a header value"));
    }
    Request {
        method,
        segments: path.split('/').map(str::to_owned).collect(),
        query: Vec::new(),
        headers: map,
        body: Body::Inline(Bytes::from(body.to_owned())),
    }
}

fn handlers(criterion: &mut Criterion) {
    let bench = Bench::new();
    let mut n = 0_u64;
    let mut measured = |name: &str, status: u16, make: &dyn Fn(&Bench, u64) -> Request| {
        let first = bench.decide(&make(&bench, u64::MAX / 2 + n), 1);
        assert_eq!(first.answer.status, status, "{name}: {:?}", first.answer);
        criterion.bench_function(name, |b| {
            b.iter_batched(
                || {
                    n += 1;
                    (make(&bench, n), u128::from(n) << 64 | u128::from(n))
                },
                |(request, nonce)| black_box(bench.decide(&request, nonce)),
                BatchSize::SmallInput,
            );
        });
    };
    measured("pds-retrieve", 200, &Bench::retrieve);
    measured("pds-update", 200, &Bench::update);
    measured("eps-prescribe", 200, &Bench::prescribe);
    measured("mesh-send", 202, &Bench::send);
}

criterion_group!(benches, handlers);
criterion_main!(benches);
