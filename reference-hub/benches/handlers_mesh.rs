//! What taking a MESH message costs, on the memory store behind the read cache.
//!
//! `cargo bench -p reference-hub --bench handlers_mesh` measures; `cargo test -p reference-hub --benches` runs it once.

mod kit;

use criterion::{Criterion, criterion_group, criterion_main};
use hmac::{Hmac, Mac};
use hyper::Method;
use kit::{CpuTime, Seeded, request, uuid};
use population::{EndPoint, MESH_SHARED_KEY, Sizes, WORKFLOWS};
use reference_hub::message::Request;
use sha2::Sha256;

/// Messages between two looks at the clock.
const BATCH: u64 = 32;

/// A message of 5 KB, the usual size of a report; each token is used once, as the hub demands.
fn send(hub: &Seeded, n: u64) -> Request {
    let (from, to) = (hub.population.endpoint(1), hub.population.endpoint(2));
    let authorization = mesh_token(hub, &from, n);
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

fn mesh_token(hub: &Seeded, from: &EndPoint, n: u64) -> String {
    let (mailbox, minute) = (&from.mailbox, hub.now().strftime("%Y%m%d%H%M"));
    let mut mac = Hmac::<Sha256>::new_from_slice(MESH_SHARED_KEY.as_bytes()).expect("any key length");
    mac.update(format!("{mailbox}:{}:1:{}:{minute}", uuid(n), from.mailbox_password).as_bytes());
    let hash: String = mac.finalize().into_bytes().iter().map(|b| format!("{b:02x}")).collect();
    format!("NHSMESH {mailbox}:{}:1:{minute}:{hash}", uuid(n))
}

fn mesh(criterion: &mut Criterion<CpuTime>) {
    let hub = Seeded::new(Sizes { patients: 100, organisations: 50, endpoints: 50 });
    hub.measure(criterion, ("mesh-send", 202, BATCH), &|n| send(&hub, n));
}

criterion_group! {
    name = benches;
    config = Criterion::default().with_measurement(CpuTime);
    targets = mesh
}
criterion_main!(benches);
