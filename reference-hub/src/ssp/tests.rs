//! Reads through the proxy against the memory engine: who may ask whom, and what the provider says.

use super::*;
use crate::auth::Session;
use crate::domain::Ids;
use crate::message::Body;
use crate::pds;
use hub_store::memory::MemoryStore;
use hub_store::{Store, View};
use population::{Population, Sizes};
use serde_json::Value;

const TRACE: &str = "09a01679-2564-4fb4-9129-aecc81ea2706";

fn population() -> Population {
    Population::new(42, Sizes { patients: 10, organisations: 20, endpoints: 30 }).unwrap()
}

struct Hub(MemoryStore);

impl Hub {
    fn new() -> Hub {
        let (p, store) = (population(), MemoryStore::new());
        store.load(Table::Directory, &mut systems::asid_rows(&p).map(|(_, k, v)| (k, v))).unwrap();
        store.load(Table::Sessions, &mut systems::session_rows(&p).map(|(_, k, v)| (k, v))).unwrap();
        let mut rows: Vec<_> = pds::sandbox_rows();
        rows.push((
            Table::Patients,
            p.nhs_number(0).to_string().into_bytes(),
            pds::patient_document(&p.patient(0), 3),
        ));
        rows.retain(|(table, ..)| *table == Table::Patients);
        for (table, key, value) in rows {
            store.load(table, &mut [(key, value)].into_iter()).unwrap();
        }
        Hub(store)
    }

    /// End point 0 asks end point 1 for a patient.
    fn ask(&self, nhs_number: &str, change: impl FnOnce(&mut Request)) -> (u16, Value, usize) {
        let p = population();
        let (from, to) = (p.endpoint(0), p.endpoint(1));
        let mut headers = hyper::HeaderMap::new();
        for (name, value) in [
            ("authorization", format!("Bearer {}", p.endpoint_token(0))),
            ("ssp-traceid", TRACE.to_owned()),
            ("ssp-from", from.asid),
            ("ssp-to", to.asid),
            ("ssp-interactionid", READ_PATIENT.to_owned()),
        ] {
            headers.insert(name, value.parse().unwrap());
        }
        let mut request = Request {
            method: Method::GET,
            segments: ["ssp", &to.ods, "Patient", nhs_number].map(str::to_owned).into(),
            query: Vec::new(),
            headers,
            body: Body::EMPTY,
        };
        change(&mut request);
        let answer = match route(&request) {
            Ok(operation) => {
                let ids = Ids::new(1);
                decide(operation, &Context::new(&self.0, 1_000, &ids, false), &request).answer
            }
            Err(answer) => *answer,
        };
        let Body::Inline(body) = &answer.body else { panic!("inline") };
        (answer.status, serde_json::from_slice(body).unwrap(), body.len())
    }

    #[track_caller]
    fn refused(&self, status: u16, code: &str, change: impl FnOnce(&mut Request)) {
        let (got, body, _) = self.ask(&population().nhs_number(0).to_string(), change);
        assert_eq!(
            (got, &body["issue"][0]["details"]["coding"][0]["code"]),
            (status, &code.into()),
            "{body}"
        );
    }
}

fn set(name: &'static str, value: &str) -> impl FnOnce(&mut Request) {
    let value: hyper::header::HeaderValue = value.parse().unwrap();
    move |r| drop(r.headers.insert(name, value))
}

#[test]
fn a_patient_of_about_nine_kilobytes_is_read_through_the_proxy() {
    let p = population();
    let number = p.nhs_number(0).to_string();
    let (status, body, len) = Hub::new().ask(&number, |_| {});
    assert_eq!((status, &body["resourceType"]), (200, &"Patient".into()));
    assert_eq!(body["identifier"][0]["value"], number);
    assert_eq!(body["contained"][0]["identifier"][0]["value"], p.endpoint(1).ods);
    assert_eq!(body["name"][0]["family"], p.patient(0).family);
    assert_eq!(body["birthDate"], p.patient(0).birth_date.to_string());
    assert!((8_000..10_500).contains(&len), "{len}");
    assert_eq!(body["id"], format!("{}-{number}", p.endpoint(1).ods));
    assert_eq!((&body["meta"]["versionId"], &body["name"][0]["use"]), (&"3".into(), &"official".into()));
    assert!(body["name"][0].get("id").is_none() && body["address"][0].get("extension").is_none());
    let since = &body["extension"][0]["extension"][0]["valuePeriod"]["start"];
    assert_eq!(*since, p.patient(0).registered.to_string());
}

#[test]
fn the_document_is_indented_as_the_serialiser_does_it_and_has_no_empty_list() {
    for number in ["9000000009", "9000000033"] {
        let p = population();
        let row = Hub::new().0.get(Table::Patients, number.as_bytes()).unwrap().unwrap();
        let members = slices::members(&row.value).unwrap();
        let system = systems::by_asid(&Hub::new().0, &p.endpoint(1).asid).unwrap().unwrap();
        let document = String::from_utf8(document::patient(&members, number, &system)).unwrap();
        let tree: Value = serde_json::from_str(&document).unwrap();
        assert_eq!(document, serde_json::to_string_pretty(&tree).unwrap());
        let has = |name: &str| tree.get(name).is_some();
        let elements = ["address", "birthDate", "contact", "gender", "name", "telecom"];
        assert!(elements.iter().all(|e| has(e) == (number == "9000000009")), "{document}");
        assert!(!document.contains("{{") && !document.contains("\"\"") && !has("deceasedDateTime"));
    }
}

#[test]
fn every_header_of_the_proxy_is_demanded() {
    let hub = Hub::new();
    for name in ["Ssp-TraceID", "Ssp-From", "Ssp-To", "Ssp-InteractionID"] {
        hub.refused(400, "BAD_REQUEST", |r| drop(r.headers.remove(name)));
        hub.refused(400, "BAD_REQUEST", |r| drop(r.headers.insert(name, "".parse().unwrap())));
    }
    hub.refused(400, "BAD_REQUEST", set("ssp-traceid", "trace"));
    hub.refused(
        400,
        "BAD_REQUEST",
        set("ssp-interactionid", "urn:nhs:names:services:gpconnect:fhir:rest:search:patient-1"),
    );
    hub.refused(401, "ACCESS_DENIED", |r| drop(r.headers.remove("authorization")));
    hub.refused(415, "UNSUPPORTED_MEDIA_TYPE", set("accept", "text/html"));
}

#[test]
fn the_proxy_denies_systems_that_the_directory_does_not_vouch_for() {
    let hub = Hub::new();
    hub.refused(403, "ACCESS_DENIED", set("ssp-from", "999999999999"));
    hub.refused(403, "ACCESS_DENIED", set("ssp-to", "999999999999"));
    hub.refused(403, "ACCESS_DENIED", set("ssp-from", "nonsense"));
    // Another organisation's system cannot be spoken for.
    hub.refused(403, "ACCESS_DENIED", set("ssp-from", &population().endpoint(2).asid));
    hub.refused(400, "BAD_REQUEST", |r| r.segments[1] = population().endpoint(2).ods);
    // A system that the directory lists for another GP Connect interaction alone.
    let mut system = systems::by_asid(&hub.0, &population().endpoint(1).asid).unwrap().unwrap();
    system.interactions.push("urn:nhs:names:services:gpconnect:fhir:rest:search:patient-1".to_owned());
    let row = (format!("~asid|{}", system.asid).into_bytes(), serde_json::to_vec(&system).unwrap());
    hub.0.load(Table::Directory, &mut [row].into_iter()).unwrap();
    hub.refused(403, "ACCESS_DENIED", |_| {});
}

#[test]
fn patients_who_are_unknown_or_restricted_are_not_found() {
    let hub = Hub::new();
    for number in ["9111231130", "9000000025"] {
        hub.refused(404, "PATIENT_NOT_FOUND", |r| r.segments[3] = number.to_owned());
    }
    for number in ["9000000000", "12", "900000000x"] {
        hub.refused(400, "INVALID_NHS_NUMBER", |r| r.segments[3] = number.to_owned());
    }
    assert_eq!(hub.ask("9000000009", |_| {}).0, 200);
    hub.refused(405, "NOT_IMPLEMENTED", |r| r.method = Method::POST);
    hub.refused(404, "RESOURCE_NOT_FOUND", |r| r.segments[2] = "Observation".to_owned());
    let session = Session::sandbox();
    assert!(session.anywhere);
}
