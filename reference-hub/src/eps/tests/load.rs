//! Tests that what the load generator sends is taken outside the sandbox, and is checked like what anybody sends: its own
//! body templates, filled, on their way from order to claim, and the orders that it renders and signs itself.

use super::super::canonical::SHA_256;
use super::super::signature;
use super::super::wire::Bundle;
use super::prepare::{set_signature, wrapped};
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

/// Signs an order with a digest.
fn sign(order: &mut Value, digest: &str) {
    let info = format!(
        "<SignedInfo><Reference><DigestMethod Algorithm=\"{SHA_256}\"/><DigestValue>{digest}</DigestValue></Reference></SignedInfo>"
    );
    set_signature(order, &wrapped(&info));
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
        let mut body = filled(&hub, template, known);
        let post = |body: &Value| {
            let mut request = hub.request(path, body);
            request.headers.insert("authorization", format!("Bearer {who}").parse().unwrap());
            hub.send(&request)
        };
        if template.contains("{{prescription.signature}}") {
            sign(&mut body, &digest("{}").unwrap());
            assert_eq!(code(&post(&body).1), "FAILURE_TO_PROCESS_MESSAGE", "signed with another digest");
            let digest = digest(&body.to_string()).unwrap();
            sign(&mut body, &digest);
        }
        let (status, body) = post(&body);
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

#[test]
fn what_the_load_generator_signs_is_what_the_hub_checks() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios/national-peak.toml");
    let scenario = scenarios::load(path.as_ref()).unwrap_or_else(|faults| panic!("{faults}"));
    let population = Population::new(scenario.seed, scenario.population).unwrap();
    for name in ["eps-prescribe", "eps-prescribe-patient-held"] {
        let interaction = scenario.interactions.iter().find(|i| i.name == name).unwrap();
        for n in 0..50 {
            let now = jiff::Timestamp::from_millisecond(NOW_MS as i64).unwrap();
            let (population, host) = (&population, "hub");
            let cx = scenarios::RenderContext {
                population,
                seed: 7,
                seq: n,
                ordinal: n,
                taken: None,
                given: scenarios::Given::default(),
                now,
                host,
            };
            let mut out = Vec::new();
            interaction.render(&cx, &mut out);
            let text = String::from_utf8(out).unwrap();
            let body = text.split_once("\r\n\r\n").unwrap().1;
            let bundle: Bundle<'_> = serde_json::from_str(body).unwrap();
            assert!(
                signature::check(&Tape::read(body).unwrap(), &bundle, false).is_ok(),
                "{name} {n}: {body}"
            );
            let changed = body.replacen("\"value\":28", "\"value\":280", 1);
            let bundle: Bundle<'_> = serde_json::from_str(&changed).unwrap();
            assert!(signature::check(&Tape::read(&changed).unwrap(), &bundle, false).is_err(), "{name} {n}");
        }
    }
}
