//! What the benches of decisions share: a seeded hub without network and disk, requests for it, and a clock. Costs are told
//! in processor time, not by the clock on the wall: others' work on the machine then matters little.
//!
//! Called by each bench beside it. Never writes what is decided, so each request finds the seeded state.

#![allow(dead_code)] // each bench uses its part

use bytes::Bytes;
use criterion::measurement::{Measurement, ValueFormatter, WallTime};
use criterion::{BatchSize, Criterion};
use hub_store::memory::MemoryStore;
use hyper::{HeaderMap, Method};
use population::{Population, Sizes};
use reference_hub::domain::{Context, Decision, Ids};
use reference_hub::interfaces::{INTERFACES, SEEDS};
use reference_hub::message::{Body, Request};
use reference_hub::seed::fill;
use reference_hub::view::CachedView;
use reference_hub::{StopHandle, hub, limits};
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

/// The program's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Processor time of this thread.
pub struct CpuTime;

impl CpuTime {
    fn now() -> Duration {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
        Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
    }
}

impl Measurement for CpuTime {
    type Intermediate = Duration;
    type Value = Duration;

    fn start(&self) -> Duration {
        CpuTime::now()
    }

    fn end(&self, start: Duration) -> Duration {
        CpuTime::now().saturating_sub(start)
    }

    fn add(&self, a: &Duration, b: &Duration) -> Duration {
        *a + *b
    }

    fn zero(&self) -> Duration {
        Duration::ZERO
    }

    fn to_f64(&self, value: &Duration) -> f64 {
        value.as_nanos() as f64
    }

    fn formatter(&self) -> &dyn ValueFormatter {
        WallTime.formatter()
    }
}

/// A hub's state in memory, behind the read cache.
pub struct Seeded {
    pub view: CachedView,
    pub population: Population,
    pub now_ms: u64,
}

impl Seeded {
    /// Filled with a population of these sizes.
    pub fn new(sizes: Sizes) -> Self {
        let population = Population::new(42, sizes).expect("sizes within the limits");
        let store = MemoryStore::new();
        fill(&store, &population, SEEDS, &StopHandle::new(), &|_| {}).expect("memory takes all rows");
        let view = CachedView::new(Arc::new(store), limits::READ_CACHE_BYTES_MAX);
        Seeded { view, population, now_ms: hub::now_ms() }
    }

    /// The hub's clock.
    pub fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::from_millisecond(self.now_ms as i64).expect("now is a time")
    }

    /// Routes and decides.
    pub fn decide(&self, request: &Request, nonce: u128) -> Decision {
        let root = request.segments[0].as_str();
        let interface = INTERFACES.iter().find(|i| i.roots.contains(&root)).expect("a published root");
        let operation = (interface.route)(request).expect("a published operation");
        let ids = Ids::new(nonce);
        let context = Context::new(&self.view, self.now_ms, &ids, false);
        (interface.decide)(operation, &context, request)
    }

    /// Measures the decision of the requests that `make` makes, `batch` of them between two looks at the clock: few enough to
    /// lie in the processor's cache, as a request does after its arrival. The first must be answered with `status`.
    pub fn measure(
        &self,
        criterion: &mut Criterion<CpuTime>,
        (name, status, batch): (&str, u16, u64),
        make: &dyn Fn(u64) -> Request,
    ) {
        let first = self.decide(&make(0), 1);
        assert_eq!(first.answer.status, status, "{name}: {:?}", first.answer);
        let mut n = 0_u64;
        criterion.bench_function(name, |b| {
            b.iter_batched(
                || {
                    n += 1;
                    (make(n), u128::from(n) << 64 | u128::from(n))
                },
                |(request, nonce)| black_box(self.decide(&request, nonce)),
                BatchSize::NumIterations(batch),
            );
        });
    }
}

/// The `n`-th UUID.
pub fn uuid(n: u64) -> String {
    Ids::new(u128::from(n)).uuid()
}

/// A request as the listener hands it on.
pub fn request(method: Method, path: &str, headers: &[(&'static str, &str)], body: &str) -> Request {
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
