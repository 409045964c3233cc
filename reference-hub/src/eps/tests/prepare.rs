//! Tests of eps-prepare, of the signature that follows from it, of eps-validate and eps-metadata.

use super::super::signature::read;
use super::*;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The value of a parameter of the answer to `$prepare`.
fn parameter<'b>(body: &'b Value, name: &str) -> &'b str {
    let all = body["parameter"].as_array().unwrap();
    all.iter().find(|p| p["name"] == name).unwrap()["valueString"].as_str().unwrap()
}

/// The order, signed as a prescriber's system does it: what `$prepare` answers goes into an XML signature.
fn signed(hub: &Hub, mut order: Value) -> Value {
    let mut unsigned = order.clone();
    unsigned["entry"].as_array_mut().unwrap().retain(|e| e["resource"]["resourceType"] != "Provenance");
    let (status, body) = hub.post(PREPARE, &unsigned);
    assert_eq!(status, 200, "{body}");
    let info = String::from_utf8(STANDARD.decode(parameter(&body, "digest")).unwrap()).unwrap();
    set_signature(&mut order, &wrapped(&info));
    order
}

/// An XML signature around what is signed.
pub(super) fn wrapped(info: &str) -> String {
    format!(
        "<Signature xmlns=\"http://www.w3.org/2000/09/xmldsig#\">{info}<SignatureValue>AA==</SignatureValue></Signature>"
    )
}

/// Puts a signature into an order.
pub(super) fn set_signature(order: &mut Value, xml: &str) {
    for entry in order["entry"].as_array_mut().unwrap() {
        if entry["resource"]["resourceType"] == "Provenance" {
            entry["resource"]["signature"][0]["data"] = STANDARD.encode(xml).into();
        }
    }
}

/// The same hub outside the sandbox, with a session that may do all.
fn outside(hub: Hub) -> Hub {
    Hub { sandbox: false, ..hub }
}

/// Sends an order outside the sandbox as its practice.
fn prescribe(hub: &Hub, rx: &Rx, order: &Value) -> (u16, Value) {
    let session = crate::auth::Session { ods: rx.practice.clone(), ..crate::auth::Session::sandbox() };
    hub.store.load(Table::Sessions, &mut [(b"token".to_vec(), session.to_row())].into_iter()).unwrap();
    let mut request = hub.request(PRESCRIBE, order);
    request.headers.insert("authorization", "Bearer token".parse().unwrap());
    hub.send(&request)
}

#[test]
fn prepare_answers_the_same_digest_for_the_same_prescription_and_another_for_another() {
    let mut hub = Hub::new();
    let rx = Rx::new(&hub, 1, Some(PHARMACY));
    let (status, body) = hub.post(PREPARE, &rx.order());
    assert_eq!((status, &body["resourceType"]), (200, &json!("Parameters")));
    assert_eq!(parameter(&body, "algorithm"), "RS256");
    assert_eq!(parameter(&body, "timestamp"), "2025-06-01T00:00:00+00:00");
    let info = STANDARD.decode(parameter(&body, "digest")).unwrap();
    let info = String::from_utf8(info).unwrap();
    assert!(info.starts_with("<SignedInfo xmlns=\"http://www.w3.org/2000/09/xmldsig#\">"));
    let digest = read(&STANDARD.encode(wrapped(&info))).unwrap();
    assert_eq!(digest.value.len(), 44);
    hub.now_ms += 1;
    let mut same = rx.order();
    same["identifier"]["value"] = hub.fresh_uuid().into();
    for i in 1..=2 {
        same["entry"][i]["resource"]["dispenseRequest"]["performer"]["identifier"]["value"] =
            OTHER_PHARMACY.into();
    }
    assert_eq!(parameter(&hub.post(PREPARE, &same).1, "digest"), parameter(&body, "digest"));
    let mut other = rx.order();
    other["entry"][1]["resource"]["dispenseRequest"]["quantity"]["value"] = 29.into();
    assert_ne!(parameter(&hub.post(PREPARE, &other).1, "digest"), parameter(&body, "digest"));
    assert_eq!(hub.store.head().seq, 0, "nothing is written");
}

#[test]
fn prepare_takes_orders_only_and_names_every_fault() {
    let hub = Hub::new();
    let rx = Rx::new(&hub, 1, None);
    let (status, body) = hub.post(PREPARE, &rx.cancel(&hub, 0));
    assert_eq!((status, code(&body)), (400, "value"));
    let there = hub.prescription_in(State::ToBeDispensed, 2);
    assert_eq!(code(&hub.post(PREPARE, &there.order()).1), "DUPLICATE_PRESCRIPTION_ID");
    let mut order = rx.order();
    order["entry"][1]["resource"]["intent"] = "plan".into();
    order["entry"][1]["resource"]["status"] = "draft".into();
    order["entry"][0]["resource"]["sender"] = json!({});
    let (status, body) = hub.post(PREPARE, &order);
    assert_eq!((status, body["issue"].as_array().unwrap().len()), (400, 3), "{body}");
}

#[test]
fn a_signature_of_this_prescription_is_taken_and_one_of_another_refused() {
    let hub = Hub::new();
    let rx = Rx::new(&hub, 1, Some(PHARMACY));
    let good = signed(&hub, rx.order());
    let mut changed = good.clone();
    changed["entry"][1]["resource"]["dispenseRequest"]["quantity"]["value"] = 2_800.into();
    let (status, body) = hub.post(PRESCRIBE, &changed);
    assert_eq!((status, code(&body)), (400, "FAILURE_TO_PROCESS_MESSAGE"), "in the sandbox too");
    let hub = outside(hub);
    let (status, body) = prescribe(&hub, &rx, &changed);
    assert_eq!((status, code(&body)), (400, "FAILURE_TO_PROCESS_MESSAGE"));
    let display = body["issue"][0]["details"]["coding"][0]["display"].as_str().unwrap();
    assert!(display.contains("digest of the digital signature is not that of the prescription"));
    assert_eq!(prescribe(&hub, &rx, &good).0, 200);
}

#[test]
fn what_is_no_signature_passes_in_the_sandbox_only() {
    let hub = Hub::new();
    let rx = Rx::new(&hub, 1, None);
    let good = signed(&hub, rx.order());
    let hub = outside(hub);
    let (status, body) = prescribe(&hub, &rx, &rx.order());
    assert_eq!((status, code(&body)), (400, "FAILURE_TO_PROCESS_MESSAGE"), "random characters");
    let text = good.to_string();
    let mut old = good.clone();
    let info = "<SignedInfo><Reference><DigestMethod Algorithm=\"http://www.w3.org/2000/09/xmldsig#sha1\"/>\
                <DigestValue>Y89acfH/tVEmIr6iYkERkYc1lmc=</DigestValue></Reference></SignedInfo>";
    set_signature(&mut old, &wrapped(info));
    assert_eq!(code(&prescribe(&hub, &rx, &old).1), "FAILURE_TO_PROCESS_MESSAGE", "another algorithm");
    let mut none = good.clone();
    none["entry"].as_array_mut().unwrap().retain(|e| e["resource"]["resourceType"] != "Provenance");
    assert_eq!(code(&prescribe(&hub, &rx, &none).1), "MISSING_DIGITAL_SIGNATURE");
    let sandbox = Hub::new();
    assert_eq!(sandbox.post(PRESCRIBE, &old).0, 200);
    assert_eq!(code(&sandbox.post(PRESCRIBE, &none).1), "MISSING_DIGITAL_SIGNATURE");
    assert_eq!(prescribe(&hub, &rx, &serde_json::from_str(&text).unwrap()).0, 200);
}

#[test]
fn an_order_out_of_the_bounds_of_json_readers_is_refused_and_not_signed() {
    let hub = Hub::new();
    let rx = Rx::new(&hub, 1, None);
    let mut order = rx.order();
    order["entry"][1]["resource"]["note"] = json!(["here"]);
    for value in ["1e999", &format!("{}{}", "[".repeat(200), "]".repeat(200))] {
        let mut request = hub.request(PREPARE, &order);
        request.body = Body::Inline(Bytes::from(order.to_string().replace("\"here\"", value)));
        let (status, body) = hub.send(&request);
        assert_eq!((status, code(&body)), (400, "INVALID_MESSAGE"), "{body}");
    }
}

#[test]
fn validate_names_every_fault_and_changes_nothing() {
    let hub = Hub::new();
    let rx = Rx::new(&hub, 1, None);
    let (prescribing, dispensing) =
        ("/fhir-prescribing/FHIR/R4/$validate", "/fhir-dispensing/FHIR/R4/$validate");
    let told = rx.dispense(&hub, "0006", &["0001", "0001"]);
    for (path, message) in [
        (prescribing, rx.order()),
        (prescribing, rx.cancel(&hub, 0)),
        (dispensing, told.clone()),
        (dispensing, release(PHARMACY, None)),
        (dispensing, rx.task(&hub, None)),
        (dispensing, rx.task(&hub, Some(&told))),
        (dispensing, rx.claim(&hub)),
    ] {
        let (status, body) = hub.post(path, &message);
        assert_eq!((status, code(&body)), (200, "informational"), "{body}");
        let mut wrong = message.clone();
        wrong["identifier"] = json!([]);
        wrong["parameter"] = json!([]);
        let (status, body) = hub.post(path, &wrong);
        assert_eq!((status, &body["issue"][0]["severity"]), (200, &json!("error")), "{wrong}");
    }
    let mut unsigned = rx.order();
    unsigned["entry"].as_array_mut().unwrap().retain(|e| e["resource"]["resourceType"] != "Provenance");
    assert_eq!(code(&hub.post(prescribing, &unsigned).1), "informational");
    unsigned["entry"][1]["resource"]["intent"] = "plan".into();
    unsigned["entry"][3]["resource"]["identifier"] = json!([]);
    assert_eq!(hub.post(prescribing, &unsigned).1["issue"].as_array().unwrap().len(), 2);
    for (path, body) in [(prescribing, rx.claim(&hub)), (dispensing, json!({"resourceType": "Patient"}))] {
        let (status, body) = hub.post(path, &body);
        assert_eq!((status, code(&body)), (400, "value"));
    }
    assert_eq!(code(&hub.post(dispensing, &json!({"resourceType": 7})).1), "INVALID_MESSAGE");
    assert_eq!(hub.store.head().seq, 0);
}

#[test]
fn each_service_states_what_it_can_do_to_everybody() {
    let hub = outside(Hub::new());
    for (root, name) in [("fhir-prescribing", "prepare"), ("fhir-dispensing", "release")] {
        for path in [format!("/{root}/metadata"), format!("/{root}/FHIR/R4/metadata")] {
            let (status, body) = hub.get(&path);
            assert_eq!((status, &body["resourceType"]), (200, &json!("CapabilityStatement")));
            assert_eq!(body["fhirVersion"], "4.0.1");
            assert!(body.to_string().contains(&format!("OperationDefinition/{name}")), "{path}");
        }
    }
}
