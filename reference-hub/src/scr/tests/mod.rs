//! Tests of SCR as a whole, through its route and decide, against the memory store. This file is their kit.

mod access;
mod alert;
mod permission;
mod reads;
mod upload;

use super::{Document, INTERFACE, sandbox_rows, seed_rows, write_document};
use crate::auth::Session;
use crate::domain::{Context, Decision, Ids};
use crate::message::{Body, Request};
use bytes::Bytes;
use hub_store::memory::MemoryStore;
use hub_store::{Outcome, Row, Store, StoreError, Table, Versioned, View};
use hyper::Method;
use population::{NhsNumber, OrgKind, Population, Sizes};
use serde_json::{Value, json};
use std::cell::Cell;

const BUNDLE: &str = "/summary-care-record/FHIR/R4/Bundle";
const LIST: &str = "/summary-care-record/FHIR/R4/DocumentReference";
const PERMIT: &str = "/summary-care-record/FHIR/R4/$setPermission";
const ALERT: &str = "/summary-care-record/FHIR/R4/AuditEvent";
const FIRST: &str = "11111111-1111-4111-8111-111111111111";
const SECOND: &str = "22222222-2222-4222-8222-222222222222";
const THIRD: &str = "33333333-3333-4333-8333-333333333333";
const REQUEST_ID: &str = "60E0B220-8136-4CA5-AE46-1D97EF59D068";
const NOW_MS: u64 = 1_748_736_000_000;

/// A hub without a network: the open sandbox unless told otherwise.
struct Hub {
    store: MemoryStore,
    nonce: Cell<u128>,
    sandbox: bool,
}

impl Default for Hub {
    fn default() -> Self {
        Hub { store: MemoryStore::new(), nonce: Cell::new(0), sandbox: true }
    }
}

type Sent = (u16, Value, Vec<(&'static str, std::borrow::Cow<'static, str>)>);

impl Hub {
    /// A hub that knows these patients in its demographics.
    fn with_patients(patients: &[NhsNumber]) -> Self {
        let hub = Hub::default();
        let mut keys: Vec<String> = patients.iter().map(ToString::to_string).collect();
        keys.sort();
        hub.load(Table::Patients, keys.into_iter().map(|k| (k.into_bytes(), b"{}".to_vec())));
        hub
    }

    fn load(&self, table: Table, rows: impl Iterator<Item = (Vec<u8>, Vec<u8>)>) {
        let mut rows = rows;
        self.store.load(table, &mut rows).unwrap();
    }

    /// Sessions of two organisations, of a known role profile, and of an application; the sandbox is closed.
    fn with_sessions(mut self) -> Self {
        self.sandbox = false;
        let session = |ods: &str, role_profile_id: &str, application| {
            let (ods, role_profile_id) = (ods.to_owned(), role_profile_id.to_owned());
            Session { ods, role_profile_id, application, ..Session::sandbox() }.to_row()
        };
        let rows = [
            ("application", session(&practice(), "", true)),
            ("other", session("R0A0A", "555254240100", false)),
            ("own", session(&practice(), "555254240100", false)),
            ("unknown-role", session(&practice(), "", false)),
        ];
        self.load(Table::Sessions, rows.map(|(k, v)| (k.as_bytes().to_vec(), v)).into_iter());
        self
    }

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

    fn decide_on(&self, view: &dyn View, request: &Request) -> Decision {
        self.nonce.set(self.nonce.get() + 1);
        let ids = Ids::new(self.nonce.get());
        let ctx = Context::new(view, self.now_ms(), &ids, self.sandbox);
        match (INTERFACE.route)(request) {
            Ok(operation) => (INTERFACE.decide)(operation, &ctx, request),
            Err(answer) => Decision::read(*answer, ""),
        }
    }

    /// Each request comes a millisecond after the one before it, the first at `NOW_MS + 1`.
    fn now_ms(&self) -> u64 {
        NOW_MS + u64::try_from(self.nonce.get()).unwrap()
    }

    fn decide(&self, request: &Request) -> Decision {
        self.decide_on(&self.store, request)
    }

    fn send(&self, request: &Request) -> Sent {
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

    fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let (status, body, _) = self.send(&self.request(Method::POST, path, &[], body));
        (status, body)
    }

    fn get(&self, path: &str, query: &[(&str, &str)]) -> (u16, Value) {
        let (status, body, _) = self.send(&self.request(Method::GET, path, query, &Value::Null));
        (status, body)
    }

    fn upload(&self, document: &Value) -> (u16, Value) {
        self.post(BUNDLE, document)
    }

    fn list(&self, patient: &str) -> (u16, Value) {
        self.get(LIST, &[("patient", patient)])
    }

    fn retrieve(&self, id: &str, patient: &str) -> (u16, Value) {
        self.get(
            BUNDLE,
            &[("composition.identifier", id), ("composition.subject:Patient.identifier", patient)],
        )
    }

    /// The events of a patient's summary, in order.
    fn events(&self, patient: NhsNumber) -> Vec<Value> {
        let (from, to) = (format!("{patient}|"), format!("{patient}}}"));
        let rows = self.store.scan(Table::SummaryEvents, from.as_bytes(), to.as_bytes(), 100).unwrap();
        rows.iter().map(|row| serde_json::from_slice(&row.value.value).unwrap()).collect()
    }
}

/// A store that cannot read, except sessions.
struct Broken<'a>(&'a MemoryStore);

impl View for Broken<'_> {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Versioned>, StoreError> {
        if table == Table::Sessions { self.0.get(table, key) } else { Err(StoreError("broken".to_owned())) }
    }
    fn scan(&self, _: Table, _: &[u8], _: &[u8], _: usize) -> Result<Vec<Row>, StoreError> {
        Err(StoreError("broken".to_owned()))
    }
}

fn with_header(mut request: Request, name: &'static str, value: &str) -> Request {
    request.headers.insert(name, value.parse().unwrap());
    request
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

/// ODS code of the practice that writes [`document`]s.
fn practice() -> String {
    population().organisation_of(OrgKind::GpPractice, 1).ods
}

fn document(id: &str, patient: NhsNumber) -> Value {
    let practice = population().organisation_of(OrgKind::GpPractice, 1);
    let (bytes, _) = write_document(&Document { composition_id: id, patient, practice: &practice });
    serde_json::from_slice(&bytes).unwrap()
}

/// The Parameters of a permission.
fn permit(patient: &str, code: &str) -> Value {
    let system = "https://fhir.nhs.uk/CodeSystem/SCR-ACSPermission";
    json!({"resourceType": "Parameters", "parameter": [{"name": "setPermissions", "part": [
        {"name": "nhsNumber", "valueString": patient},
        {"name": "permissionCode", "valueCoding": {"system": system, "code": code}},
    ]}]})
}

/// Every sentence of an outcome, joined.
fn sentences(outcome: &Value) -> String {
    let issues = outcome["issue"].as_array().unwrap();
    issues.iter().map(|i| i["details"]["text"].as_str().unwrap()).collect::<Vec<_>>().join("\n")
}
