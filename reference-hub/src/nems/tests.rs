//! Events against the memory engine: what is accepted, kept once, and refused.

use super::*;
use crate::domain::Ids;
use hub_store::memory::MemoryStore;
use hub_store::{Outcome, Store, View};
use population::{Population, Sizes};
use serde_json::{Value, json};

fn population() -> Population {
    Population::new(42, Sizes { patients: 10, organisations: 20, endpoints: 30 }).unwrap()
}

fn event() -> Value {
    json!({"resourceType": "Bundle", "type": "message", "entry": [
        {"resource": {
            "resourceType": "MessageHeader", "id": "b9c63b5e-a88e-47d3-9d45-081ebe9e48b5",
            "event": {"system": "https://fhir.nhs.uk/STU3/CodeSystem/EventType-1", "code": "pds-change-of-gp-1"},
            "timestamp": "2025-06-01T12:00:00+00:00",
            "source": {"endpoint": "urn:nhs-uk:addressing:ods:A20047"},
            "focus": [{"reference": "urn:uuid:58df44c5-2b01-4425-bd9a-985ac73152d0"}],
        }},
        {"resource": {"resourceType": "Patient", "identifier": [
            {"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9000000009"}]}},
    ]})
}

struct Hub(MemoryStore);

impl Hub {
    fn new() -> Hub {
        let (p, store) = (population(), MemoryStore::new());
        store.load(Table::Directory, &mut systems::asid_rows(&p).map(|(_, k, v)| (k, v))).unwrap();
        store.load(Table::Sessions, &mut systems::session_rows(&p).map(|(_, k, v)| (k, v))).unwrap();
        Hub(store)
    }

    fn ask(&self, event: &Value, change: impl FnOnce(&mut Request)) -> Answer {
        let p = population();
        let mut headers = hyper::HeaderMap::new();
        for (name, value) in [
            ("authorization", format!("Bearer {}", p.endpoint_token(0))),
            ("fromasid", p.endpoint(0).asid),
            ("toasid", "999999999999".to_owned()),
            ("interactionid", "urn:nhs:names:services:events:pds-change-of-gp-1.Write".to_owned()),
            ("content-type", "application/fhir+json".to_owned()),
        ] {
            headers.insert(name, value.parse().unwrap());
        }
        let mut request = Request {
            method: Method::POST,
            segments: ["STU3", "Events", "1", "$process-message"].map(str::to_owned).into(),
            query: Vec::new(),
            headers,
            body: Body::Inline(event.to_string().into()),
        };
        change(&mut request);
        let operation = match route(&request) {
            Ok(operation) => operation,
            Err(answer) => return *answer,
        };
        let ids = Ids::new(1);
        let decision = decide(operation, &Context::new(&self.0, 1_000, &ids, false), &request);
        if let Some(txn) = decision.txn {
            assert!(matches!(self.0.commit(&[txn]).unwrap()[0], Outcome::Committed { .. }));
        }
        decision.answer
    }

    fn kept(&self) -> usize {
        self.0.scan(Table::Transfers, b"E|", b"E}", 10).unwrap().len()
    }

    #[track_caller]
    fn refused(&self, status: u16, code: &str, change: impl FnOnce(&mut Request)) {
        let answer = self.ask(&event(), change);
        assert_eq!((answer.status, codes(&answer).first().map(String::as_str)), (status, Some(code)));
    }
}

fn codes(answer: &Answer) -> Vec<String> {
    let Body::Inline(body) = &answer.body else { panic!("inline") };
    let body: Value = serde_json::from_slice(body).unwrap();
    let issues = body["issue"].as_array().unwrap();
    issues.iter().map(|i| i["details"]["coding"][0]["code"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn an_event_is_accepted_without_a_body_and_kept_once() {
    let hub = Hub::new();
    for _ in 0..2 {
        let answer = hub.ask(&event(), |_| {});
        assert_eq!((answer.status, answer.body.len()), (202, 0));
        assert_eq!(hub.kept(), 1);
    }
    for code in event::EVENT_CODES {
        let mut other = event();
        other["entry"][0]["resource"]["id"] = (*code).into();
        other["entry"][0]["resource"]["event"]["code"] = (*code).into();
        let named = format!("urn:nhs:names:services:events:{code}.Write");
        let answer = hub.ask(&other, |r| drop(r.headers.insert("interactionid", named.parse().unwrap())));
        assert_eq!(answer.status, 202, "{code}");
    }
}

#[test]
fn headers_are_demanded_and_tell_who_publishes_what() {
    let hub = Hub::new();
    for name in ["fromASID", "toASID", "InteractionID"] {
        hub.refused(400, "BAD_REQUEST", |r| drop(r.headers.remove(name)));
        hub.refused(400, "BAD_REQUEST", |r| drop(r.headers.insert(name, "x".parse().unwrap())));
    }
    hub.refused(401, "ACCESS_DENIED", |r| drop(r.headers.remove("authorization")));
    for asid in [population().endpoint(1).asid.as_str(), "999999999999"] {
        hub.refused(403, "ACCESS_DENIED", |r| drop(r.headers.insert("fromasid", asid.parse().unwrap())));
    }
    hub.refused(415, "UNSUPPORTED_MEDIA_TYPE", |r| {
        drop(r.headers.insert("content-type", "text/plain".parse().unwrap()))
    });
    hub.refused(405, "NOT_IMPLEMENTED", |r| r.method = Method::GET);
    hub.refused(404, "RESOURCE_NOT_FOUND", |r| r.segments[2] = "2".to_owned());
    assert_eq!(hub.kept(), 0);
}

#[test]
fn all_faults_of_an_event_are_told_at_once() {
    let hub = Hub::new();
    for (pointer, value) in [
        ("/type", json!("document")),
        ("/entry/0/resource/resourceType", json!("Patient")),
        ("/entry/0/resource/id", json!("a|b")),
        ("/entry/0/resource/event/code", json!("unheard-of-1")),
        ("/entry/0/resource/event/code", json!("vaccinations-1")),
        ("/entry/0/resource/timestamp", json!("yesterday")),
        ("/entry/0/resource/source/endpoint", json!("")),
        ("/entry/0/resource/focus", json!([])),
        ("/entry/1/resource/identifier/0/value", json!("9000000000")),
        ("/entry/1/resource/identifier/0/system", json!("elsewhere")),
    ] {
        let mut faulty = event();
        *faulty.pointer_mut(pointer).unwrap() = value;
        let answer = hub.ask(&faulty, |_| {});
        assert!(answer.status == 400 && codes(&answer).iter().all(|c| c == "INVALID_RESOURCE"), "{pointer}");
    }
    assert_eq!(codes(&hub.ask(&json!({}), |_| {})).len(), 8);
    let answer = hub.ask(&event(), |r| r.body = Body::Inline("{".into()));
    assert_eq!((answer.status, codes(&answer)), (400, vec!["INVALID_RESOURCE".to_owned()]));
}

#[test]
fn an_event_goes_after_its_retention() {
    const DAY_MS: u64 = 24 * 3_600 * 1_000;
    assert_eq!(RETENTION_MS, 30 * DAY_MS);
    let hub = Hub::new();
    let tend = |now_ms: u64| {
        let ids = Ids::new(1);
        let due = (INTERFACE.tend.unwrap())(&Context::new(&hub.0, now_ms, &ids, false));
        let txns: Vec<_> = due.into_iter().map(|d| d.txn).collect();
        hub.0.commit(&txns).unwrap().len()
    };
    for n in 0..300 {
        let mut event = event();
        event["entry"][0]["resource"]["id"] = format!("e-{n}").into();
        assert_eq!(hub.ask(&event, |_| {}).status, 202);
    }
    let rows = |table| hub.0.scan(table, b"", &[0xff; 9], 1_000).unwrap().len();
    assert_eq!((tend(1_000 + 30 * DAY_MS - 1), rows(Table::Timers)), (0, 300));
    assert_eq!(tend(1_000 + 30 * DAY_MS), 256, "a bounded number at a time");
    assert_eq!(tend(1_000 + 30 * DAY_MS), 44);
    assert_eq!((tend(u64::MAX - 1), rows(Table::Timers), rows(Table::Transfers)), (0, 0, 0));
}
