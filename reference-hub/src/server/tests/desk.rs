//! The tests' interface: counters that can be read and raised, an echo of bodies, blobs, and a handler that fails.

use crate::domain::{Context, Decision, Interface, Tended};
use crate::message::{Answer, Body, Request};
use bytes::Bytes;
use hub_store::{Check, Expect, Idempotency, Put, Table, Txn};

/// Operation names are real ones, as the counters know only those.
pub const DESK: Interface =
    Interface { roots: &["desk"], operations: &[], routes: &[], route, decide, tend: Some(tend) };

/// Once the clock is past the Unix epoch's second century, a row says so, once.
fn tend(ctx: &Context<'_>) -> Vec<Tended> {
    let known = ctx.view.get(Table::Patients, TENDED).unwrap().is_some();
    if known || ctx.now_ms < CENTURY_MS {
        return Vec::new();
    }
    let checks =
        vec![Check { table: Table::Patients, key: Bytes::from_static(TENDED), expect: Expect::Absent }];
    let puts = vec![put(Table::Patients, "tended", "1".to_owned())];
    vec![Tended { what: "desk-tended", subject: String::new(), txn: Txn { checks, puts, ..Txn::default() } }]
}

/// The row that [`tend`] writes.
const TENDED: &[u8] = b"tended";

/// 2070-01-01.
pub const CENTURY_MS: u64 = 3_155_760_000_000;

fn route(request: &Request) -> Result<&'static str, Box<Answer>> {
    let place: Vec<&str> = request.segments.iter().map(String::as_str).collect();
    match (request.method.as_str(), place.as_slice()) {
        ("GET", ["desk", "counter", _]) => Ok("pds-retrieve"),
        ("POST", ["desk", "counter", _]) => Ok("pds-update"),
        ("POST", ["desk", "blob"]) => Ok("mesh-send"),
        ("GET", ["desk", "blob", _, _]) => Ok("mesh-download"),
        ("POST", ["desk", "echo"]) => Ok("cis-validate"),
        ("GET", ["desk", "peer"]) => Ok("sds-device"),
        ("GET", ["desk", "fail"]) => Ok("pds-trace"),
        ("GET", ["desk", "fail-route"]) => panic!("meant to fail"),
        (_, ["desk", "counter", _]) => Err(Box::new(Answer::empty(405).with("allow", "GET, POST"))),
        _ => Err(Box::new(Answer::empty(404))),
    }
}

fn decide(operation: &'static str, ctx: &Context<'_>, request: &Request) -> Decision {
    match operation {
        "pds-retrieve" => {
            let row = ctx.view.get(Table::Patients, request.segments[2].as_bytes()).unwrap();
            match row {
                Some(row) => Decision::read(Answer::new(200, "text/plain", row.value), "9000000009"),
                None => Decision::read(Answer::empty(404), ""),
            }
        }
        "pds-update" => raise(ctx, request),
        "mesh-send" => {
            let Body::Blob { id, len, .. } = &request.body else {
                return Decision::read(Answer::new(200, "text/plain", "small"), "");
            };
            let txn = Txn { puts: vec![put(Table::Chunks, id, id.clone())], ..Txn::default() };
            Decision::write(Answer::new(202, "text/plain", format!("{id}/{len}")), txn, "")
        }
        "mesh-download" => {
            let len = request.segments[3].parse().unwrap();
            let body =
                Body::Blob { id: request.segments[2].clone(), len, path: "".into(), held: Bytes::new() };
            Decision::read(Answer { status: 200, headers: Vec::new(), body }, "")
        }
        "cis-validate" => Decision::read(Answer::new(200, "text/plain", request.bytes().to_vec()), ""),
        "sds-device" => {
            let peer = ctx.peer.map_or("nobody".to_owned(), |p| format!("{} {}", p.ods, p.name));
            Decision::read(Answer::new(200, "text/plain", peer), "")
        }
        _ => panic!("meant to fail"),
    }
}

/// One more in the counter, exactly once for each X-Request-ID.
fn raise(ctx: &Context<'_>, request: &Request) -> Decision {
    let key = &request.segments[2];
    let row = ctx.view.get(Table::Patients, key.as_bytes()).unwrap();
    let count: u64 = row.as_ref().map_or(0, |r| String::from_utf8_lossy(&r.value).parse().unwrap());
    let expect = row.map_or(Expect::Absent, |r| Expect::Version(r.version));
    let now = (count + 1).to_string();
    let answer = Answer::new(200, "text/plain", now.clone());
    let idempotency = request.header("x-request-id").map(|id| Idempotency {
        key: Bytes::from(format!("desk|{id}")),
        answer: crate::answer_codec::encode(&answer),
    });
    let check = Check { table: Table::Patients, key: Bytes::from(key.clone()), expect };
    let txn = Txn {
        checks: vec![check],
        puts: vec![put(Table::Patients, key, now)],
        idempotency,
        ..Txn::default()
    };
    Decision::write(answer, txn, key.clone())
}

fn put(table: Table, key: &str, value: String) -> Put {
    Put { table, key: Bytes::from(key.to_owned()), value: Bytes::from(value) }
}
