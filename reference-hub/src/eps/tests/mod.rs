//! Tests of EPS as a whole, through its route and decide, against the memory store. This file holds what they share: a hub
//! without sockets, and the messages of one prescription.

mod access;
mod amend;
mod cancel;
mod check;
mod dispense;
mod load;
mod messages;
mod prepare;
mod prescribe;
mod published;
mod release;
mod repeat;
mod state;
mod tape;
mod task;
mod track;

use super::record::Header;
use super::state::State;
use super::tape::Tape;
use super::wire::ODS_CODE as ODS;
use super::{INTERFACE, body_text, canonical, line::Line};
use crate::domain::{Context, Decision, Ids};
use crate::message::{Body, Request};
use bytes::Bytes;
use hub_store::memory::MemoryStore;
use hub_store::{Outcome, Store, Table, View};
use messages::{Rx, in_place_of, release};
use population::{Population, Sizes};
use serde_json::{Value, json};
use std::cell::Cell;

/// A moment: 2025-06-01T00:00:00Z.
const NOW_MS: u64 = 1_748_736_000_000;

/// The digest of an order that stands as text.
fn digest(order: &str) -> Option<String> {
    canonical::digest(&Tape::read(order)?)
}

/// A hub without sockets.
struct Hub {
    store: MemoryStore,
    now_ms: u64,
    sandbox: bool,
    nonce: Cell<u128>,
}

impl Hub {
    fn new() -> Hub {
        Hub { store: MemoryStore::new(), now_ms: NOW_MS, sandbox: true, nonce: Cell::new(0) }
    }

    fn fresh_uuid(&self) -> String {
        self.nonce.set(self.nonce.get() + 1);
        Ids::new(self.nonce.get() << 64).uuid()
    }

    fn request(&self, path: &str, body: &Value) -> Request {
        let mut headers = hyper::HeaderMap::new();
        headers.insert("x-request-id", self.fresh_uuid().parse().unwrap());
        Request {
            method: hyper::Method::POST,
            segments: path.trim_start_matches('/').split('/').map(str::to_owned).collect(),
            query: Vec::new(),
            headers,
            body: Body::Inline(Bytes::from(body.to_string())),
        }
    }

    fn decide(&self, request: &Request) -> Decision {
        self.nonce.set(self.nonce.get() + 1);
        let ids = Ids::new(self.nonce.get());
        let ctx = Context::new(&self.store, self.now_ms, &ids, self.sandbox);
        let operation = (INTERFACE.route)(request).unwrap();
        (INTERFACE.decide)(operation, &ctx, request)
    }

    /// Decides and commits, again after a conflict, as the listener does.
    fn send(&self, request: &Request) -> (u16, Value) {
        for _ in 0..8 {
            let decision = self.decide(request);
            let answer = match decision.txn {
                None => decision.answer,
                Some(txn) => match self.store.commit(&[txn]).unwrap().remove(0) {
                    Outcome::Committed { .. } => decision.answer,
                    Outcome::Conflict { .. } => continue,
                    Outcome::Duplicate { answer } => crate::answer_codec::decode(&answer).unwrap(),
                },
            };
            let Body::Inline(body) = &answer.body else { panic!("inline") };
            return (answer.status, serde_json::from_slice(body).unwrap_or(Value::Null));
        }
        panic!("conflicts without end");
    }

    fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        self.send(&self.request(path, body))
    }

    fn get(&self, target: &str) -> (u16, Value) {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut request = self.request(path, &Value::Null);
        request.method = hyper::Method::GET;
        let pair = |p: &str| p.split_once('=').map(|(k, v)| (k.to_owned(), v.to_owned()));
        request.query = query.split('&').filter_map(pair).collect();
        self.send(&request)
    }

    /// Lets housekeeping do all that is due; how much that was.
    fn tend(&self) -> usize {
        let mut done = 0;
        loop {
            let ids = Ids::new(1);
            let ctx = Context::new(&self.store, self.now_ms, &ids, true);
            let due = (INTERFACE.tend.unwrap())(&ctx);
            if due.is_empty() {
                return done;
            }
            done += due.len();
            let txns: Vec<_> = due.into_iter().map(|d| d.txn).collect();
            let outcomes = self.store.commit(&txns).unwrap();
            assert!(outcomes.iter().all(|o| matches!(o, Outcome::Committed { .. })));
        }
    }

    fn header(&self, id: &str) -> Header {
        Header::from_row(&self.store.get(Table::Prescriptions, id.as_bytes()).unwrap().unwrap().value)
            .unwrap()
    }

    fn queued(&self, ods: &str) -> usize {
        let (from, to) = super::record::queue_range(ods);
        self.store.scan(Table::PharmacyQueue, &from, &to, 1_000).unwrap().len()
    }

    /// Prescribes, and whatever else it takes to bring a prescription into `state`.
    fn prescription_in(&self, state: State, n: u32) -> Rx {
        let rx = Rx::new(self, n, Some(PHARMACY));
        assert_eq!(self.post(PRESCRIBE, &rx.order()).0, 200);
        let must = |(status, body): (u16, Value)| assert_eq!(status, 200, "{body}");
        match state {
            State::ToBeDispensed => {}
            State::WithDispenser => must(self.post(RELEASE, &release(PHARMACY, Some(&rx.id)))),
            State::WithDispenserActive => {
                must(self.post(RELEASE, &release(PHARMACY, Some(&rx.id))));
                must(self.post(DISPENSE, &rx.dispense(self, "0003", &["0001", "0003"])));
            }
            State::Dispensed | State::Claimed => {
                must(self.post(RELEASE, &release(PHARMACY, Some(&rx.id))));
                must(self.post(DISPENSE, &rx.dispense(self, "0006", &["0001", "0001"])));
                if state == State::Claimed {
                    must(self.post(CLAIM, &rx.claim(self)));
                }
            }
            State::Cancelled => {
                must(self.post(PRESCRIBE, &rx.cancel(self, 0)));
                must(self.post(PRESCRIBE, &rx.cancel(self, 1)));
            }
            State::NotDispensed => {
                must(self.post(RELEASE, &release(PHARMACY, Some(&rx.id))));
                must(self.post(DISPENSE, &rx.dispense(self, "0007", &["0002", "0002"])));
            }
            State::Expired
            | State::AwaitingReleaseReady
            | State::NoClaimed
            | State::RepeatFuture
            | State::Future
            | State::CancelledFuture => {
                // Not reached by a message: put there.
                let mut header = self.header(&rx.id);
                header.state = state;
                let row = (rx.id.clone().into_bytes(), header.to_row().to_vec());
                self.store.load(Table::Prescriptions, &mut [row].into_iter()).unwrap();
            }
        }
        assert_eq!(self.header(&rx.id).state, state);
        rx
    }
}

const PRESCRIBE: &str = "/fhir-prescribing/FHIR/R4/$process-message";
const DISPENSE: &str = "/fhir-dispensing/FHIR/R4/$process-message";
const RELEASE: &str = "/fhir-dispensing/FHIR/R4/Task/$release";
const CLAIM: &str = "/fhir-dispensing/FHIR/R4/Claim";
const TASK: &str = "/fhir-dispensing/FHIR/R4/Task";
const PREPARE: &str = "/fhir-prescribing/FHIR/R4/$prepare";
const TRACKER: &str = "/prescription-tracker/FHIR/R4/Task";
const PHARMACY: &str = "FH5B2";
const OTHER_PHARMACY: &str = "FQ3K7";

/// The first issue's code, or its type when it has none.
fn code(body: &Value) -> &str {
    let issue = &body["issue"][0];
    issue["details"]["coding"][0]["code"].as_str().or(issue["code"].as_str()).unwrap_or("none")
}

#[test]
fn messages_are_routed_by_their_event_and_other_paths_are_refused() {
    let hub = Hub::new();
    let rx = Rx::new(&hub, 1, None);
    let route = |path: &str, body: &Value| (INTERFACE.route)(&hub.request(path, body)).map_err(|a| a.status);
    assert_eq!(route(PRESCRIBE, &rx.order()), Ok("eps-prescribe"));
    assert_eq!(route(PRESCRIBE, &rx.cancel(&hub, 0)), Ok("eps-cancel"));
    assert_eq!(route(DISPENSE, &rx.dispense(&hub, "0006", &["0001"])), Ok("eps-dispense"));
    assert_eq!(route(RELEASE, &json!({})), Ok("eps-release"));
    assert_eq!(route(CLAIM, &json!({})), Ok("eps-claim"));
    assert_eq!(route(TASK, &rx.task(&hub, None)), Ok("eps-return"));
    assert_eq!(route(TASK, &rx.task(&hub, Some(&rx.order()))), Ok("eps-withdraw"));
    assert_eq!(route(PREPARE, &json!({})), Ok("eps-prepare"));
    assert_eq!(route("/fhir-prescribing/FHIR/R4/$validate", &json!({})), Ok("eps-validate"));
    assert_eq!(route("/fhir-dispensing/FHIR/R4/$validate", &json!({})), Ok("eps-validate"));
    assert_eq!(route("/fhir-prescribing/FHIR/R4/$convert", &json!({})), Err(400), "not-supported");
    assert_eq!(route(TRACKER, &json!({})), Err(405));
    assert_eq!(route(PRESCRIBE, &Value::Null), Ok("eps-prescribe"), "a body not yet read");
    assert_eq!(route("/fhir-prescribing/FHIR/R4/Claim", &json!({})), Err(404));
    let mut get = hub.request(CLAIM, &json!({}));
    get.method = hyper::Method::GET;
    assert_eq!((INTERFACE.route)(&get).map_err(|a| a.status), Err(405));
}

#[test]
fn a_request_without_a_session_or_without_its_id_is_refused_outside_the_sandbox() {
    let hub = Hub::new();
    let ids = Ids::new(1);
    let ctx = Context::new(&hub.store, NOW_MS, &ids, false);
    let mut request = hub.request(CLAIM, &json!({}));
    assert_eq!((INTERFACE.decide)("eps-claim", &ctx, &request).answer.status, 401);
    let session = crate::auth::Session::sandbox().to_row();
    hub.store.load(Table::Sessions, &mut [(b"token".to_vec(), session)].into_iter()).unwrap();
    request.headers.insert("authorization", "Bearer token".parse().unwrap());
    request.headers.remove("x-request-id");
    let answer = (INTERFACE.decide)("eps-claim", &ctx, &request).answer;
    let Body::Inline(body) = &answer.body else { panic!("inline") };
    assert_eq!((answer.status, code(&serde_json::from_slice(body).unwrap())), (400, "MISSING_VALUE"));
}

#[test]
fn malformed_bodies_are_refused_in_words_that_quote_nothing() {
    let hub = Hub::new();
    for (path, takes) in [
        (PRESCRIBE, "Bundle"),
        (DISPENSE, "Bundle"),
        (PREPARE, "Bundle"),
        (RELEASE, "Parameters"),
        (CLAIM, "Claim"),
        (TASK, "Task"),
    ] {
        for body in ["", "{", "[]", "{\"resourceType\":7}", "{\"entry\":[{\"resource\":{\"status\":1}}]}"] {
            let mut request = hub.request(path, &Value::Null);
            request.body = Body::Inline(Bytes::from_static(body.as_bytes()));
            assert_eq!(hub.send(&request).0, 400, "{path} {body}");
        }
        let mut request = hub.request(path, &Value::Null);
        request.body = Body::Inline(Bytes::from_static(b"{\"a\":\"\xff\"}"));
        assert!(body_text(&request).is_err());
        assert_eq!(code(&hub.send(&request).1), "INVALID_MESSAGE");
        let wrong = json!({"resourceType": "Patient", "identifier": [{"value": "secret"}]});
        let (status, body) = hub.post(path, &wrong);
        assert_eq!((status, code(&body)), (400, "value"), "{path}");
        let expected = format!("Incorrect FHIR resource type. Expected {takes}.");
        assert_eq!(body["issue"][0]["diagnostics"], expected);
        assert!(!body.to_string().contains("secret"));
    }
}

#[test]
fn a_route_that_is_not_published_is_not_found() {
    let hub = Hub::new();
    for path in
        ["/fhir-prescribing/FHIR/R4/Claim", "/fhir-dispensing/FHIR/R4/$prepare", "/prescription-tracker"]
    {
        let answer = (INTERFACE.route)(&hub.request(path, &json!({}))).unwrap_err();
        let Body::Inline(body) = &answer.body else { panic!("inline") };
        let body: Value = serde_json::from_slice(body).unwrap();
        assert_eq!((answer.status, code(&body)), (404, "NOT_FOUND"), "{path}");
    }
}
