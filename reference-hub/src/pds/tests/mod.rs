//! PDS against the memory engine: every published refusal that these operations can reach, and what success leaves.

mod documents;
mod retrieve;
mod trace;
mod update;

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

    /// A hub with the sandbox patients.
    fn sandbox() -> Self {
        let records: Vec<Value> = super::sandbox_rows()
            .into_iter()
            .filter(|(table, ..)| *table == Table::Patients)
            .map(|(_, _, document)| serde_json::from_slice(&document).unwrap())
            .collect();
        Hub::with(&records)
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
    answer.headers.iter().find(|(n, _)| *n == name).map(|(_, v)| v.as_str())
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
