//! The interface from its outside: requests in, decisions out, against the memory engine and a fixed clock.
//! One file a subject; this one holds what they share.

mod access;
mod addressing;
mod admin;
mod authority;
mod inbox;
mod lifecycle;
mod negotiation;
mod parameters;
mod sending;
mod tracking;
mod wire;

use super::replay::ReplayGuard;
use super::{decide_with, route, seed, token};
use crate::domain::{Context, Decision, Ids, Peer};
use crate::message::{Answer, Body, Request};
use bytes::Bytes;
use hub_store::memory::MemoryStore;
use hub_store::{Outcome, Store, Table};
use hyper::{HeaderMap, Method};
use serde_json::Value;
use std::cell::Cell;
use std::path::PathBuf;

/// 2026-03-01T12:00:30.123Z.
const NOW_MS: u64 = 1_772_366_430_123;
const NOW_TOKEN: &str = "202603011200";
const DAY_MS: u64 = 24 * 60 * 60 * 1000;
const V2: &str = "application/vnd.mesh.v2+json";

/// A sandbox hub without sockets: the memory engine, a guard, a clock that tests move.
struct Hub {
    store: MemoryStore,
    guard: ReplayGuard,
    now_ms: Cell<u64>,
    requests: Cell<u32>,
    /// Whom the client certificate names.
    peer: Option<Peer>,
    sandbox: bool,
}

impl Hub {
    fn new() -> Hub {
        let store = MemoryStore::new();
        let mut rows = seed::sandbox_rows().map(|(_, key, value)| (key, value));
        store.load(Table::Mailboxes, &mut rows).unwrap();
        let (now_ms, requests) = (Cell::new(NOW_MS), Cell::new(0));
        Hub { store, guard: ReplayGuard::new(10_000), now_ms, requests, peer: None, sandbox: true }
    }

    /// Moves the clock ahead and lets time bring about what it does; the names of it, in order.
    fn after(&self, ms: u64) -> Vec<&'static str> {
        self.now_ms.set(self.now_ms.get() + ms);
        let mut done = Vec::new();
        for round in 0..1_000_u128 {
            let ids = Ids::new(round << 64 | u128::from(self.now_ms.get()));
            let due = super::lifecycle::tend(&Context::new(&self.store, self.now_ms.get(), &ids, true));
            if due.is_empty() {
                return done;
            }
            for tended in due {
                let outcome = self.store.commit(&[tended.txn]).unwrap().remove(0);
                assert!(matches!(outcome, Outcome::Committed { .. }), "{}: {outcome:?}", tended.what);
                done.push(tended.what);
            }
        }
        panic!("there is no end of what is due: {:?}", &done[..10]);
    }

    /// Rows of a table.
    fn rows(&self, table: Table) -> usize {
        use hub_store::View;
        self.store.scan(table, b"", &[0xff; 9], 10_000).unwrap().len()
    }

    /// A request by `mailbox` on its own path with a fresh token.
    fn ask(&self, method: &str, mailbox: &str, path: &str) -> Ask {
        let count = self.requests.get() + 1;
        self.requests.set(count);
        let at = i64::try_from(self.now_ms.get()).unwrap();
        let now = jiff::Timestamp::from_millisecond(at).unwrap().strftime("%Y%m%d%H%M").to_string();
        let token = token::make("TestKey", mailbox, "password", "nonce", count, &now);
        let path = if path.is_empty() { mailbox.to_owned() } else { format!("{mailbox}/{path}") };
        Ask::new(method, &path).header("authorization", &token)
    }

    fn decide(&self, ask: &Ask) -> Result<Decision, Answer> {
        let count = self.requests.get() + 1;
        self.requests.set(count);
        let operation = route(&ask.0).map_err(|a| *a)?;
        let ids = Ids::new(u128::from(count) << 64 | 7);
        let peer = self.peer.as_ref();
        let now_ms = self.now_ms.get();
        let ctx = Context { view: &self.store, now_ms, ids: &ids, sandbox: self.sandbox, peer };
        Ok(decide_with(&self.guard, operation, &ctx, &ask.0))
    }

    fn commit(&self, decision: &Decision) -> Option<Outcome> {
        let txn = decision.txn.clone()?;
        self.store.commit(&[txn]).unwrap().into_iter().next()
    }

    /// Decides and commits.
    fn answer(&self, ask: &Ask) -> Answer {
        match self.decide(ask) {
            Ok(decision) => {
                if let Some(outcome) = self.commit(&decision) {
                    assert!(matches!(outcome, Outcome::Committed { .. }), "{outcome:?}");
                }
                decision.answer
            }
            Err(answer) => answer,
        }
    }

    /// X26ABC1 sends `content` to X26ABC2 in version 2; the message id.
    fn sent(&self, content: &[u8], headers: &[(&'static str, &str)]) -> String {
        let mut ask = self.send().body(content);
        for (name, value) in headers {
            ask = ask.header(name, value);
        }
        let answer = self.answer(&ask);
        assert_eq!(answer.status, 202, "{}", text(&answer));
        json(&answer)["message_id"].as_str().unwrap().to_owned()
    }

    fn send(&self) -> Ask {
        self.ask("POST", "X26ABC1", "outbox")
            .header("accept", V2)
            .header("mex-to", "X26ABC2")
            .header("mex-workflowid", "TEST_WORKFLOW")
    }

    fn chunk(&self, id: &str, number: u32, range: &str) -> Ask {
        self.ask("POST", "X26ABC1", &format!("outbox/{id}/{number}"))
            .header("mex-chunk-range", range)
            .header("accept", V2)
    }

    fn inbox(&self, mailbox: &str) -> Vec<String> {
        let answer = self.answer(&self.ask("GET", mailbox, "inbox").header("accept", V2));
        json(&answer)["messages"].as_array().unwrap().iter().map(|v| v.as_str().unwrap().to_owned()).collect()
    }
}

/// A request being built.
#[derive(Clone)]
struct Ask(Request);

impl Ask {
    fn new(method: &str, path: &str) -> Ask {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        // A path that begins with a slash stands at the root.
        let segments = match path.strip_prefix('/') {
            Some(path) => path.split('/').map(str::to_owned).collect(),
            None => ["messageexchange"].into_iter().chain(path.split('/')).map(str::to_owned).collect(),
        };
        let pair = |p: &str| p.split_once('=').map(|(k, v)| (k.to_owned(), v.to_owned()));
        Ask(Request {
            method: Method::from_bytes(method.as_bytes()).unwrap(),
            segments,
            query: query.split('&').filter_map(pair).collect(),
            headers: HeaderMap::new(),
            body: Body::EMPTY,
        })
    }

    fn header(mut self, name: &'static str, value: &str) -> Ask {
        self.0.headers.insert(name, hyper::header::HeaderValue::from_bytes(value.as_bytes()).unwrap());
        self
    }

    fn without(mut self, name: &str) -> Ask {
        self.0.headers.remove(name);
        self
    }

    fn body(mut self, content: &[u8]) -> Ask {
        self.0.body = Body::Inline(Bytes::copy_from_slice(content));
        self
    }

    fn blob(mut self, id: &str, len: u64) -> Ask {
        self.0.body =
            Body::Blob { id: id.to_owned(), len, path: PathBuf::from("somewhere"), held: Bytes::new() };
        self
    }
}

fn content(answer: &Answer) -> &[u8] {
    match &answer.body {
        Body::Inline(bytes) => bytes,
        Body::Blob { .. } => panic!("a blob"),
    }
}

fn text(answer: &Answer) -> String {
    String::from_utf8_lossy(content(answer)).into_owned()
}

fn json(answer: &Answer) -> Value {
    serde_json::from_slice(content(answer)).unwrap_or_else(|e| panic!("{e}: {}", text(answer)))
}

fn header<'a>(answer: &'a Answer, name: &str) -> &'a str {
    let mut found = answer.headers.iter().filter(|(n, _)| *n == name);
    let value = found.next().map_or("", |(_, v)| &**v);
    assert!(found.next().is_none(), "two {name}");
    value
}

fn gzip(content: &[u8]) -> Vec<u8> {
    use std::io::Read;
    let mut out = Vec::new();
    flate2::read::GzEncoder::new(content, flate2::Compression::default()).read_to_end(&mut out).unwrap();
    out
}

fn gunzip(content: &[u8]) -> Vec<u8> {
    use std::io::Read;
    let mut out = Vec::new();
    flate2::read::GzDecoder::new(content).read_to_end(&mut out).unwrap();
    out
}
