//! Referrals ({ubrn}; X-Correlation-ID is repeated by the listener) against the memory engine: who may read which, and every published refusal that these reads can reach.

use super::*;
use crate::domain::Ids;
use crate::message::Body;
use hub_store::Store;
use hub_store::memory::MemoryStore;
use population::{Population, Sizes};
use serde_json::json;

const NOW_MS: u64 = 1_748_779_200_000;

fn population() -> Population {
    Population::new(42, Sizes { patients: 10, organisations: 20, endpoints: 30 }).unwrap()
}

struct Hub(MemoryStore);

impl Hub {
    /// A hub with all referrals, all patients but that of referral 5, and a session `i` for each organisation.
    fn new() -> Hub {
        let (p, store) = (population(), MemoryStore::new());
        store.load(Table::Referrals, &mut seed_rows(&p).map(|(_, k, v)| (k, v))).unwrap();
        let lost = p.referral(5).patient_index;
        let patients = (0..10)
            .filter(|i| *i != lost)
            .map(|i| (p.nhs_number(i).to_string().into_bytes(), b"{}".to_vec()));
        for row in patients {
            store.load(Table::Patients, &mut [row].into_iter()).unwrap();
        }
        for i in 0..20 {
            let session = Session { ods: p.organisation(i).ods, anywhere: false, ..Session::sandbox() };
            store
                .load(Table::Sessions, &mut [(i.to_string().into_bytes(), session.to_row())].into_iter())
                .unwrap();
        }
        Hub(store)
    }

    fn ask(&self, organisation: u32, ubrn: &str, change: impl FnOnce(&mut Request)) -> (u16, Value) {
        let (answer, body) = self.answer(organisation, ubrn, change);
        (answer.status, body)
    }

    fn answer(&self, organisation: u32, ubrn: &str, change: impl FnOnce(&mut Request)) -> (Answer, Value) {
        let mut headers = hyper::HeaderMap::new();
        headers.insert("authorization", format!("Bearer {organisation}").parse().unwrap());
        let mut request = Request {
            method: Method::GET,
            segments: ["referrals", "FHIR", "STU3", "ReferralRequest", ubrn].map(str::to_owned).into(),
            query: Vec::new(),
            headers,
            body: Body::EMPTY,
        };
        change(&mut request);
        let answer = match route(&request) {
            Ok(operation) => {
                let ids = Ids::new(1);
                decide(operation, &Context::new(&self.0, NOW_MS, &ids, false), &request).answer
            }
            Err(answer) => *answer,
        };
        let Body::Inline(body) = &answer.body else { panic!("inline") };
        let body = serde_json::from_slice(body).unwrap();
        (answer, body)
    }

    fn worklist(&self, organisation: u32, body: &str) -> (u16, Value) {
        self.ask(organisation, "$ers.fetchworklist", |r| {
            r.method = Method::POST;
            r.headers.insert("content-type", "application/fhir+json".parse().unwrap());
            r.body = Body::Inline(body.to_owned().into());
        })
    }
}

fn code(body: &Value) -> &str {
    assert_eq!(body["issue"][0]["details"]["coding"][0]["system"], ERROR_CODES, "{body}");
    body["issue"][0]["details"]["coding"][0]["code"].as_str().unwrap_or("")
}

/// An organisation whose referral has a patient on record.
fn readable(p: &Population) -> u32 {
    (0..20).find(|&i| p.referral(i).patient_index != p.referral(5).patient_index).unwrap()
}

#[test]
fn both_parties_read_a_referral_of_about_nine_kilobytes() {
    let (hub, p) = (Hub::new(), population());
    let referral = p.referral(readable(&p));
    for ods in [&referral.referrer_ods, &referral.provider_ods] {
        let organisation = (0..20).find(|&i| p.organisation(i).ods == *ods).unwrap();
        let (answer, body) = hub.answer(organisation, &referral.ubrn, |_| {});
        assert_eq!((answer.status, &body["resourceType"]), (200, &"ReferralRequest".into()));
        assert_eq!(body["id"], referral.ubrn);
        assert_eq!(body["subject"]["identifier"]["value"], p.nhs_number(referral.patient_index).to_string());
        let header =
            |name| answer.headers.iter().find(|(n, _)| *n == name).map(|(_, v)| v.clone().into_owned());
        let etag = format!("W/\"{}\"", body["meta"]["versionId"].as_str().unwrap());
        assert_eq!(header("etag"), Some(etag));
        assert!(header("x-ers-transaction-id").is_some_and(|id| id.len() == 38));
        assert!((8_000..10_500).contains(&answer.body.len()), "{}", answer.body.len());
        let Body::Inline(document) = &answer.body else { panic!("inline") };
        assert_eq!(String::from_utf8_lossy(document), serde_json::to_string_pretty(&body).unwrap());
        let text = body.to_string();
        assert!(!text.contains("{{") && !text.contains("\"\""), "a hole was not filled: {text}");
    }
}

#[test]
fn nobody_else_reads_it() {
    let (hub, p) = (Hub::new(), population());
    let referral = p.referral(readable(&p));
    for i in 0..20 {
        let own = p.organisation(i).ods;
        if own != referral.referrer_ods && own != referral.provider_ods {
            let (status, body) = hub.ask(i, &referral.ubrn, |_| {});
            assert_eq!((status, code(&body)), (422, "NO_RELATIONSHIP"), "{own}");
        }
    }
}

#[test]
fn every_refusal_of_a_read_is_the_published_one() {
    let (hub, p) = (Hub::new(), population());
    let (i, lost) = (readable(&p), p.referral(5).ubrn);
    let ubrn = p.referral(i).ubrn;
    let set = |name: &'static str, value: &str| {
        let value: hyper::header::HeaderValue = value.parse().unwrap();
        move |r: &mut Request| drop(r.headers.insert(name, value))
    };
    let refusal = |(status, body): (u16, Value)| (status, code(&body).to_owned());
    let is = |status, code: &str| (status, code.to_owned());
    assert_eq!(refusal(hub.ask(i, &ubrn, |r| drop(r.headers.remove("authorization")))), is(401, "NO_ACCESS"));
    let foreign = set("nhsd-end-user-organisation-ods", "X26"); // NHSD-End-User-Organisation-ODS
    assert_eq!(refusal(hub.ask(i, &ubrn, foreign)), is(403, "NO_ACCESS"));
    let function = set("nhsd-ers-business-function", "PASSER_BY"); // NHSD-eRS-Business-Function
    assert_eq!(refusal(hub.ask(i, &ubrn, function)), is(400, "BAD_REQUEST"));
    let user = set("nhsd-ers-on-behalf-of-user-id", "5552"); // NHSD-eRS-On-Behalf-Of-User-ID
    assert_eq!(refusal(hub.ask(i, &ubrn, user)), is(400, "BAD_REQUEST"));
    assert_eq!(refusal(hub.ask(i, &ubrn, set("accept", "text/html"))), is(406, "NOT_ACCEPTABLE"));
    for unknown in ["000000070009", "12", "~w|A|", "00000007000x"] {
        assert_eq!(refusal(hub.ask(i, unknown, |_| {})), is(404, "NOT_FOUND"), "{unknown}");
    }
    assert_eq!(refusal(hub.ask(5, &lost, |_| {})), is(422, "PATIENT_ERROR"));
    assert_eq!(refusal(hub.ask(i, &ubrn, |r| r.method = Method::PUT)), is(405, "METHOD_NOT_ALLOWED"));
    assert_eq!(refusal(hub.ask(i, &ubrn, |r| r.segments[2] = "R5".to_owned())), is(404, "NOT_FOUND"));
    let allowed = set("nhsd-ers-business-function", "SERVICE_PROVIDER_CLINICIAN");
    assert_eq!(hub.ask(i, &ubrn, allowed).0, 200);
}

#[test]
fn a_worklist_holds_the_organisations_own_referrals_alone() {
    let (hub, p) = (Hub::new(), population());
    let ask = |kind: &str| {
        json!({"resourceType": "Parameters", "parameter": [{"name": "listType", "valueCodeableConcept": {"coding": [{"code": kind}]}}]})
            .to_string()
    };
    let mut listed = 0;
    for i in 0..20 {
        let own = p.organisation(i).ods;
        for kind in WORKLISTS {
            let (status, body) = hub.worklist(i, &ask(kind));
            assert_eq!((status, &body["resourceType"]), (200, &"List".into()), "{body}");
            for entry in body["entry"].as_array().unwrap() {
                let ubrn = entry["item"]["reference"].as_str().unwrap().split('/').nth(1).unwrap();
                let referral = (0..20).map(|k| p.referral(k)).find(|r| r.ubrn == ubrn).unwrap();
                assert!([&referral.referrer_ods, &referral.provider_ods].contains(&&own));
                listed += 1;
            }
        }
    }
    assert!(listed > 10, "{listed}");
}

#[test]
fn every_refusal_of_a_worklist_is_the_published_one() {
    let hub = Hub::new();
    for (body, code_wanted) in [
        ("nonsense", "INVALID_FHIR_STRUCTURE"),
        (r#"{"resourceType":"Bundle"}"#, "INVALID_FHIR_STRUCTURE"),
        (r#"{"resourceType":"Parameters","parameter":[]}"#, "MISSING_VALUE"),
        (r#"{"resourceType":"Parameters","parameter":[{"name":"listType"}]}"#, "MISSING_VALUE"),
        (r#"{"resourceType":"Parameters","parameter":[{"name":"x"}]}"#, "UNEXPECTED_FIELD"),
        (
            r#"{"resourceType":"Parameters","parameter":[{"name":"listType","valueCodeableConcept":{"coding":[{"code":"x"}]}}]}"#,
            "INVALID_CODE",
        ),
    ] {
        let (status, answer) = hub.worklist(0, body);
        assert_eq!((status, code(&answer)), (422, code_wanted), "{body}");
    }
    let (status, body) = hub.ask(0, "$ers.fetchworklist", |r| r.method = Method::POST);
    assert_eq!((status, code(&body)), (415, "UNSUPPORTED_MEDIA_TYPE"));
    let (status, body) = hub.ask(0, "$ers.fetchworklist", |_| {});
    assert_eq!((status, code(&body)), (405, "METHOD_NOT_ALLOWED"));
}

#[test]
fn the_sandbox_has_published_references_in_several_states() {
    let rows = sandbox_rows();
    assert_eq!(rows[0].1, b"000000070000");
    assert!(rows.windows(2).all(|w| w[0].1 < w[1].1));
    let states: std::collections::BTreeSet<&str> =
        rows.iter().map(|r| document::state(&serde_json::from_slice(&r.2).unwrap())).collect();
    assert!(states.len() > 2, "{states:?}");
}

#[test]
fn seeded_rows_ascend() {
    let rows: Vec<_> = seed_rows(&population()).collect();
    assert_eq!(rows.len(), 60);
    assert!(rows.windows(2).all(|w| w[0].1 < w[1].1));
}
