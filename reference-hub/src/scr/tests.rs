//! Tests of SCR as a whole, through its route and decide, against the memory store.

use super::{Document, INTERFACE, sandbox_rows, seed_rows, write_document};
use crate::domain::{Context, Decision, Ids};
use crate::message::{Body, Request};
use bytes::Bytes;
use hub_store::memory::MemoryStore;
use hub_store::{Outcome, Store, Table};
use hyper::Method;
use population::{NhsNumber, OrgKind, Population, Sizes};
use serde_json::{Value, json};
use std::cell::Cell;

const BUNDLE: &str = "/summary-care-record/FHIR/R4/Bundle";
const LIST: &str = "/summary-care-record/FHIR/R4/DocumentReference";
const FIRST: &str = "11111111-1111-4111-8111-111111111111";
const SECOND: &str = "22222222-2222-4222-8222-222222222222";

#[derive(Default)]
struct Hub {
    store: MemoryStore,
    nonce: Cell<u128>,
}

impl Hub {
    fn request(&self, method: Method, path: &str, query: &[(&str, &str)], body: &Value) -> Request {
        let mut headers = hyper::HeaderMap::new();
        headers.insert("content-type", "application/fhir+json; charset=utf-8".parse().unwrap());
        Request {
            method,
            segments: path.trim_start_matches('/').split('/').map(str::to_owned).collect(),
            query: query.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
            headers,
            body: Body::Inline(Bytes::from(body.to_string())),
        }
    }

    fn decide(&self, request: &Request) -> Decision {
        self.nonce.set(self.nonce.get() + 1);
        let ids = Ids::new(self.nonce.get());
        let ctx = Context::new(&self.store, 1_748_736_000_000, &ids, true);
        match (INTERFACE.route)(request) {
            Ok(operation) => (INTERFACE.decide)(operation, &ctx, request),
            Err(answer) => Decision::read(*answer, ""),
        }
    }

    fn send(&self, request: &Request) -> (u16, Value, Vec<(&'static str, String)>) {
        let decision = self.decide(request);
        let answer = match decision.txn {
            None => decision.answer,
            Some(txn) => match self.store.commit(&[txn]).unwrap().remove(0) {
                Outcome::Committed { .. } => decision.answer,
                other => panic!("{other:?}"),
            },
        };
        let Body::Inline(body) = &answer.body else { panic!("inline") };
        (answer.status, serde_json::from_slice(body).unwrap_or(Value::Null), answer.headers)
    }

    fn upload(&self, document: &Value) -> (u16, Value) {
        let (status, body, _) = self.send(&self.request(Method::POST, BUNDLE, &[], document));
        (status, body)
    }

    fn list(&self, patient: &str) -> (u16, Value) {
        let (status, body, _) =
            self.send(&self.request(Method::GET, LIST, &[("patient", patient)], &Value::Null));
        (status, body)
    }

    fn retrieve(&self, id: &str, patient: &str) -> (u16, Value) {
        let query = [("composition.identifier", id), ("composition.subject:Patient.identifier", patient)];
        let (status, body, _) = self.send(&self.request(Method::GET, BUNDLE, &query, &Value::Null));
        (status, body)
    }
}

fn population() -> Population {
    Population::new(42, Sizes { patients: 2_000, ..Sizes::default() }).unwrap()
}

fn number(index: u64) -> NhsNumber {
    population().nhs_number(index)
}

fn named(number: NhsNumber) -> String {
    format!("https://fhir.nhs.uk/Id/nhs-number|{number}")
}

fn document(id: &str, patient: NhsNumber) -> Value {
    let practice = population().organisation_of(OrgKind::GpPractice, 1);
    let (bytes, _) = write_document(&Document { composition_id: id, patient, practice: &practice });
    serde_json::from_slice(&bytes).unwrap()
}

#[test]
fn an_uploaded_summary_is_listed_and_comes_back_resource_by_resource() {
    let hub = Hub::default();
    let document = document(FIRST, number(1));
    let (status, _, headers) = hub.send(&hub.request(Method::POST, BUNDLE, &[], &document));
    assert_eq!(status, 201);
    let location = &headers.iter().find(|(name, _)| *name == "location").unwrap().1;
    assert!(location.contains(FIRST) && location.contains(&number(1).to_string()) && !location.contains('|'));
    let (status, list) = hub.list(&named(number(1)));
    assert_eq!((status, &list["total"]), (200, &json!(1)));
    let reference = &list["entry"][0]["resource"];
    assert_eq!(reference["masterIdentifier"]["value"], FIRST);
    assert_eq!(reference["securityLabel"][0]["coding"][0]["code"], "Ask");
    assert_eq!(list["entry"][1]["resource"]["identifier"][0]["value"], number(1).to_string());
    let (status, found) = hub.retrieve(&FIRST.to_lowercase(), &named(number(1)));
    assert_eq!((status, &found["type"]), (200, &json!("searchset")));
    assert_eq!(found["entry"], document["entry"]);
    assert_eq!(found["total"], document["entry"].as_array().unwrap().len());
    assert_eq!(
        (&found["timestamp"], &found["identifier"]),
        (&document["timestamp"], &document["identifier"])
    );
}

#[test]
fn a_new_summary_replaces_the_latest_and_the_old_id_finds_nothing() {
    let hub = Hub::default();
    assert_eq!(hub.upload(&document(FIRST, number(1))).0, 201);
    let mut next = document(SECOND, number(1));
    next["entry"][0]["resource"]["relatesTo"] =
        json!([{"code": "replaces", "targetIdentifier": {"value": SECOND}}]);
    assert_eq!(hub.upload(&next).0, 400, "it names a summary that is not the latest");
    next["entry"][0]["resource"]["relatesTo"][0]["targetIdentifier"]["value"] = FIRST.into();
    assert_eq!(hub.upload(&next).0, 201);
    let (_, list) = hub.list(&named(number(1)));
    assert_eq!(list["entry"][0]["resource"]["id"], SECOND);
    let (status, old) = hub.retrieve(FIRST, &named(number(1)));
    assert_eq!((status, &old["total"]), (200, &json!(0)));
    assert!(old.get("entry").is_none());
    assert_eq!(hub.retrieve(SECOND, &named(number(2))).1["total"], 0, "another patient's number");
}

#[test]
fn the_same_summary_twice_is_a_duplicate_unless_it_is_the_same_request() {
    let hub = Hub::default();
    let mut request = hub.request(Method::POST, BUNDLE, &[], &document(FIRST, number(1)));
    request.headers.insert("x-request-id", "60E0B220-8136-4CA5-AE46-1D97EF59D068".parse().unwrap());
    let first = hub.send(&request);
    assert_eq!(first.0, 201);
    let head = hub.store.head();
    assert_eq!(hub.send(&request), first);
    assert_eq!(hub.store.head(), head);
    let (status, body) = hub.upload(&document(FIRST, number(1)));
    assert_eq!(status, 400);
    assert!(body["issue"][0]["details"]["text"].as_str().unwrap().starts_with("[PSIS-30134]"));
    request.headers.insert("x-request-id", "7".parse().unwrap());
    assert_eq!(hub.send(&request).0, 400);
}

#[test]
fn of_two_uploads_at_once_the_second_conflicts() {
    let hub = Hub::default();
    let upload = |id| hub.request(Method::POST, BUNDLE, &[], &document(id, number(1)));
    let (first, second) = (hub.decide(&upload(FIRST)).txn.unwrap(), hub.decide(&upload(SECOND)).txn.unwrap());
    let outcomes = hub.store.commit(&[first, second]).unwrap();
    assert!(matches!(outcomes[0], Outcome::Committed { .. }));
    assert!(matches!(outcomes[1], Outcome::Conflict { table: Table::Summaries, .. }));
}

#[test]
fn each_fault_of_a_document_is_refused() {
    let hub = Hub::default();
    let changed = |change: fn(&mut Value)| {
        let mut document = document(FIRST, number(1));
        change(&mut document);
        document
    };
    let cases = [
        ("type", changed(|d| d["resourceType"] = "Parameters".into())),
        ("bundle type", changed(|d| d["type"] = "collection".into())),
        ("identifier", changed(|d| d["identifier"]["value"] = "7".into())),
        ("timestamp", changed(|d| drop(d.as_object_mut().unwrap().remove("timestamp")))),
        ("composition", changed(|d| drop(d["entry"].as_array_mut().unwrap().remove(0)))),
        ("status", changed(|d| d["entry"][0]["resource"]["status"] = "preliminary".into())),
        ("code", changed(|d| d["entry"][0]["resource"]["type"]["coding"][0]["code"] = "1".into())),
        ("date", changed(|d| drop(d["entry"][0]["resource"].as_object_mut().unwrap().remove("date")))),
        ("id", changed(|d| d["entry"][0]["resource"]["identifier"]["value"] = "x|y".into())),
        ("subject", changed(|d| d["entry"][0]["resource"]["subject"]["reference"] = "Patient/1".into())),
        ("number", changed(|d| d["entry"][1]["resource"]["identifier"][0]["value"] = "9000000000".into())),
        ("living", changed(|d| d["entry"][1]["resource"]["identifier"][0]["value"] = "4010232137".into())),
    ];
    for (what, document) in cases {
        let (status, body) = hub.upload(&document);
        assert_eq!((status, &body["issue"][0]["code"]), (400, &json!("invalid")), "{what}: {body}");
    }
    let mut wrong = hub.request(Method::POST, BUNDLE, &[], &document(FIRST, number(1)));
    wrong.headers.insert("content-type", "text/plain".parse().unwrap());
    let (status, body, _) = hub.send(&wrong);
    assert_eq!((status, &body["issue"][0]["code"]), (415, &json!("not-supported")));
    assert_eq!(hub.store.head().seq, 0, "nothing of this was stored");
}

#[test]
fn parameters_are_held_to_what_is_published() {
    let hub = Hub::default();
    let patient = named(number(1));
    for bad in [
        "",
        "9000000009",
        "https://fhir.nhs.uk/Id/nhs-number|INVALID",
        "https://fhir.nhs.uk/Id/nhs-number|9000000000",
    ] {
        assert_eq!(hub.list(bad).0, 400, "{bad}");
        assert_eq!(hub.retrieve(FIRST, bad).0, 400, "{bad}");
    }
    assert_eq!(hub.retrieve("INVALID ID", &patient).0, 400);
    let ask = |query: &[(&str, &str)]| hub.send(&hub.request(Method::GET, LIST, query, &Value::Null)).0;
    assert_eq!(ask(&[]), 400);
    let full = [
        ("patient", patient.as_str()),
        ("type", "http://snomed.info/sct|196981000000101"),
        ("_sort", "date"),
        ("_count", "1"),
    ];
    assert_eq!(ask(&full), 200);
    for (name, value) in [("type", "1"), ("_sort", "-date"), ("_count", "2")] {
        assert_eq!(ask(&[("patient", &patient), (name, value)]), 400, "{name}");
    }
    let (status, body) = hub.list(&patient);
    assert_eq!((status, &body["total"]), (200, &json!(0)));
    assert!(body.get("entry").is_none());
    assert_eq!(hub.send(&hub.request(Method::PUT, BUNDLE, &[], &Value::Null)).0, 405);
    assert_eq!(
        hub.send(&hub.request(Method::GET, "/summary-care-record/FHIR/R4/Other", &[], &Value::Null)).0,
        404
    );
}

#[test]
fn a_patient_who_does_not_consent_has_no_summary() {
    let hub = Hub::default();
    let mut rows = sandbox_rows();
    rows.retain(|(table, key, value)| {
        hub.store.load(*table, &mut [(key.clone(), value.clone())].into_iter()).unwrap();
        true
    });
    let refuser = NhsNumber::new(9_111_231_130).unwrap();
    assert_eq!(hub.upload(&document(FIRST, refuser)).0, 403);
    let full = NhsNumber::new(9_000_000_009).unwrap();
    let (status, found) = hub.retrieve("FA60BE64-1F34-11EB-A2A8-000C29A364EB", &named(full));
    assert_eq!(status, 200);
    assert!(found["total"].as_u64().unwrap() > 20);
}

#[test]
fn seeded_summaries_ascend_and_are_found() {
    let population = population();
    let rows: Vec<_> = seed_rows(&population).collect();
    assert_eq!(rows.len() as u64, 2 * population.backlog().summaries);
    let hub = Hub::default();
    hub.store.load(Table::Summaries, &mut rows.into_iter().map(|(_, key, value)| (key, value))).unwrap();
    let summary = population.summary(3);
    let (_, found) =
        hub.retrieve(&summary.composition_id, &named(population.nhs_number(summary.patient_index)));
    assert!(found["total"].as_u64().unwrap() > 20);
}
