//! PDS against the memory engine: every published refusal that these operations can reach, and what success leaves.

mod access;
mod coverage;
mod create;
mod documents;
mod former;
mod plain_road;
mod races;
mod related;
mod retrieve;
mod routes;
mod sandbox;
mod trace;
mod update;
mod update_more;

use crate::domain::{Context, Decision, Ids};
use crate::message::{Answer, Body, Request};
use hub_store::memory::MemoryStore;
use hub_store::{Outcome, Store, Table, Txn, View};
use serde_json::{Value, json};

/// A session that lives in every test hub.
const TOKEN: &str = "live-token";
/// 2025-06-01T12:00:00Z.
const NOW_MS: u64 = 1_748_779_200_000;
/// A valid number that nobody in the test hub has.
const NOBODY: &str = "9111231130";

struct Hub {
    store: MemoryStore,
}

/// A request in the making.
struct Ask(Request);

impl Ask {
    fn new(method: &str, path: &str) -> Self {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let mut segments: Vec<String> = ["personal-demographics", "FHIR", "R4"].map(str::to_owned).into();
        segments.extend(path.split('/').map(str::to_owned));
        let pair = |p: &str| p.split_once('=').map(|(k, v)| (k.to_owned(), v.to_owned())).unwrap();
        let request = Request {
            method: method.parse().unwrap(),
            segments,
            query: query.split('&').filter(|p| !p.is_empty()).map(pair).collect(),
            headers: hyper::HeaderMap::new(),
            body: Body::EMPTY,
        };
        Ask(request)
            .with("authorization", &format!("Bearer {TOKEN}"))
            .with("x-request-id", "60E0B220-8136-4CA5-AE46-1D97EF59D068")
    }

    fn with(mut self, name: &'static str, value: &str) -> Self {
        self.0.headers.insert(name, value.parse().unwrap());
        self
    }

    fn without(mut self, name: &str) -> Self {
        self.0.headers.remove(name);
        self
    }

    /// A POST of this body under a request id of its own.
    fn post(path: &str, request_id: u32, body: &Value) -> Self {
        let mut ask = Ask::new("POST", path)
            .with("content-type", "application/json")
            .with("x-request-id", &format!("{request_id:08x}-0000-4000-8000-000000000000"));
        ask.0.body = Body::Inline(body.to_string().into());
        ask
    }

    /// The same from a session of [`Hub::admit`].
    fn by(self, token: &str) -> Self {
        self.with("authorization", &format!("Bearer {token}"))
    }

    /// A PATCH of these operations on a version.
    fn patch(number: &str, version: u64, request_id: u32, patches: Value) -> Self {
        let mut ask = Ask::new("PATCH", &format!("Patient/{number}"))
            .with("content-type", "application/json-patch+json")
            .with("if-match", &format!("W/\"{version}\""))
            .with("x-request-id", &format!("{request_id:08x}-0000-4000-8000-000000000000"));
        ask.0.body = Body::Inline(json!({ "patches": patches }).to_string().into());
        ask
    }
}

impl Hub {
    /// A hub with a session and the given records.
    fn with(records: &[Value]) -> Self {
        let store = MemoryStore::new();
        let session = crate::auth::Session::sandbox().to_row();
        store.load(Table::Sessions, &mut [(TOKEN.as_bytes().to_vec(), session)].into_iter()).unwrap();
        for record in records {
            let key = record["id"].as_str().unwrap().as_bytes().to_vec();
            store.load(Table::Patients, &mut [(key, record.to_string().into_bytes())].into_iter()).unwrap();
            let keys = super::index::keys_of(record).into_iter().map(|key| (key, Vec::new()));
            store.load(Table::PatientIndex, &mut keys.into_iter()).unwrap();
        }
        Hub { store }
    }

    /// A hub with the sandbox's rows.
    fn sandbox() -> Self {
        let hub = Hub::with(&[]);
        for (table, key, value) in super::sandbox_rows() {
            hub.put(table, key, value);
        }
        hub
    }

    fn put(&self, table: Table, key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) {
        self.store.load(table, &mut [(key.into(), value.into())].into_iter()).unwrap();
    }

    /// A session that can be asked [`Ask::by`].
    fn admit(&self, token: &str, session: &crate::auth::Session) {
        self.put(Table::Sessions, token, session.to_row());
    }

    /// Sessions `worker`, `application` and, of the patient 9000000009, `patient`.
    fn admit_all(&self) {
        let session = |user_id: &str, role: &str, application: bool| crate::auth::Session {
            user_id: user_id.to_owned(),
            ods: "A20047".to_owned(),
            role: role.to_owned(),
            application,
            ..crate::auth::Session::sandbox()
        };
        self.admit("worker", &session("555000000001", "R8000", false));
        self.admit("application", &session("app", "", true));
        self.admit("patient", &session("9000000009", crate::pds::PATIENT_ROLE, false));
    }

    fn decide(&self, ask: &Ask) -> Decision {
        let operation = match (super::INTERFACE.route)(&ask.0) {
            Ok(operation) => operation,
            Err(answer) => return Decision::read(*answer, ""),
        };
        let ids = Ids::new(7);
        let ctx = Context::new(&self.store, NOW_MS, &ids, false);
        (super::INTERFACE.decide)(operation, &ctx, &ask.0)
    }

    fn commit(&self, txn: Txn) -> Outcome {
        self.store.commit(&[txn]).unwrap().remove(0)
    }

    /// Decides, commits, and gives the answer.
    fn ask(&self, ask: &Ask) -> Answer {
        let decision = self.decide(ask);
        if let Some(txn) = decision.txn {
            assert!(matches!(self.commit(txn), Outcome::Committed { .. }));
        }
        decision.answer
    }

    fn record(&self, number: &str) -> Value {
        let row = self.store.get(Table::Patients, number.as_bytes()).unwrap().unwrap();
        serde_json::from_slice(&row.value).unwrap()
    }

    /// Every key of the index.
    fn index(&self) -> Vec<String> {
        let rows = self.store.scan(Table::PatientIndex, b"", b"~", usize::MAX).unwrap();
        rows.iter().map(|r| String::from_utf8(r.key.to_vec()).unwrap()).collect()
    }
}

fn body(answer: &Answer) -> Value {
    let Body::Inline(body) = &answer.body else { panic!("inline") };
    serde_json::from_slice(body).unwrap()
}

fn header<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    answer.headers.iter().find(|(n, _)| *n == name).map(|(_, v)| &**v)
}

/// Status and Spine error code of a refusal.
fn refusal(answer: &Answer) -> (u16, String) {
    let body = body(answer);
    assert_eq!(body["resourceType"], "OperationOutcome", "{body}");
    (answer.status, body["issue"][0]["details"]["coding"][0]["code"].as_str().unwrap_or("").to_owned())
}

#[track_caller]
fn assert_refused(answer: &Answer, status: u16, code: &str) {
    assert_eq!(refusal(answer), (status, code.to_owned()), "{}", body(answer));
}

/// All Spine error codes of a refusal, in order.
fn codes(answer: &Answer) -> Vec<String> {
    let body = body(answer);
    let issues = body["issue"].as_array().unwrap();
    issues.iter().map(|i| i["details"]["coding"][0]["code"].as_str().unwrap_or("").to_owned()).collect()
}

/// A small record with one name.
fn person(number: &str, family: &str, given: &[&str], born: &str, gender: &str) -> Value {
    json!({
        "birthDate": born,
        "gender": gender,
        "id": number,
        "meta": {"security": [{"code": "U"}], "versionId": "1"},
        "name": [{"family": family, "given": given, "id": "A1", "use": "usual"}],
        "resourceType": "Patient",
    })
}
