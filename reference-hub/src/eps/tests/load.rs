//! Tests that what the load generator sends is taken outside the sandbox: its own body templates, filled, on their way from
//! order to claim.

use super::*;
use crate::auth::{SEEDED_EXPIRY_MS, Session};
use std::collections::HashMap;

/// Fills a template: known variables from `known`, fresh ids as needed (the same for the same name), and something
/// harmless for the rest.
fn filled(hub: &Hub, template: &str, known: &mut HashMap<String, String>) -> Value {
    let mut out = String::new();
    let mut parts = template.split("{{");
    out.push_str(parts.next().unwrap());
    for part in parts {
        let (name, rest) = part.split_once("}}").unwrap();
        let value = match name {
            "now" => "2025-06-01T00:00:00+00:00".to_owned(),
            "today" => "2025-06-01".to_owned(),
            name if name.starts_with("uuid") => {
                known.entry(name.to_owned()).or_insert_with(|| hub.fresh_uuid()).clone()
            }
            name => known.get(name).cloned().unwrap_or_else(|| "1".to_owned()),
        };
        out.push_str(&value);
        out.push_str(rest);
    }
    serde_json::from_str(&out).unwrap()
}

fn token(hub: &Hub, ods: &str) {
    let session = Session {
        role_profile_id: String::new(),
        user_id: "1".into(),
        ods: ods.into(),
        role: "R8000".into(),
        expires_ms: SEEDED_EXPIRY_MS,
        application: false,
        anywhere: false,
    };
    let row = (ods.as_bytes().to_vec(), session.to_row());
    hub.store.load(Table::Sessions, &mut [row].into_iter()).unwrap();
}

#[test]
fn every_body_of_the_load_generator_is_taken_from_a_session_of_its_organisation() {
    let hub = Hub { sandbox: false, ..Hub::new() };
    let rx = Rx::new(&hub, 1, None);
    token(&hub, PHARMACY);
    token(&hub, &rx.practice);
    let mut known = HashMap::new();
    for (name, value) in [
        ("prescription.id", rx.id.as_str()),
        ("capture.prescription_id", &rx.id),
        ("patient.nhs_number", &rx.patient),
        ("capture.nhs_number", &rx.patient),
        ("practice.ods", &rx.practice),
        ("capture.practice", &rx.practice),
        ("pharmacy.ods", PHARMACY),
        ("capture.pharmacy", PHARMACY),
    ] {
        known.insert(name.to_owned(), value.to_owned());
    }
    let send = |path: &str, who: &str, template: &str, known: &mut HashMap<String, String>| {
        known.remove("uuid.message"); // a new id for each message
        known.remove("uuid.claim");
        let mut request = hub.request(path, &filled(&hub, template, known));
        request.headers.insert("authorization", format!("Bearer {who}").parse().unwrap());
        let (status, body) = hub.send(&request);
        assert_eq!(status, 200, "{path}: {body}");
        for n in 1..=4 {
            let item = known.get(&format!("uuid.item{n}")).cloned().unwrap_or_default();
            known.insert(format!("capture.item_{n}"), item);
        }
    };
    macro_rules! body {
        ($name:literal) => {
            include_str!(concat!("../../../../scenarios/bodies/", $name, ".json"))
        };
    }
    let practice = rx.practice.clone();
    send(PRESCRIBE, &practice, body!("eps-prescribe"), &mut known);
    send(RELEASE, PHARMACY, body!("eps-release"), &mut known);
    send(DISPENSE, PHARMACY, body!("eps-dispense-partial"), &mut known);
    send(DISPENSE, PHARMACY, body!("eps-dispense"), &mut known);
    send(CLAIM, PHARMACY, body!("eps-claim"), &mut known);
    assert_eq!(hub.header(&rx.id).state, State::Claimed);
    let held = Rx::new(&hub, 2, None).id;
    known.insert("prescription.id".into(), held.clone());
    known.insert("capture.prescription_id".into(), held.clone());
    send(PRESCRIBE, &practice, body!("eps-prescribe-patient-held"), &mut known);
    send(PRESCRIBE, &practice, body!("eps-cancel"), &mut known);
    assert_eq!(hub.header(&held).items[0].line, Line::Cancelled);
    send(RELEASE, PHARMACY, body!("eps-release-patient"), &mut known);
    assert_eq!(hub.header(&held).state, State::WithDispenser);
}
