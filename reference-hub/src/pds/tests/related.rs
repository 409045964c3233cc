//! Related people: with details, by reference, of a restricted patient, of nobody.

use super::*;

fn bundle(hub: &Hub, number: &str) -> Value {
    let answer = hub.ask(&Ask::new("GET", &format!("Patient/{number}/RelatedPerson")));
    assert_eq!((answer.status, header(&answer, "etag")), (200, Some("W/\"2\"")), "{}", body(&answer));
    assert_eq!(header(&answer, "content-type"), Some("application/fhir+json"));
    let bundle = body(&answer);
    assert_eq!((&bundle["resourceType"], &bundle["type"]), (&json!("Bundle"), &json!("searchset")));
    assert_eq!(bundle["timestamp"], "2025-06-01T12:00:00+00:00");
    assert_eq!(bundle["total"], bundle["entry"].as_array().unwrap().len());
    bundle
}

#[test]
fn several_related_people_come_in_one_bundle() {
    let bundle = bundle(&Hub::sandbox(), "9000000009");
    assert_eq!(bundle["total"], 2);
    for entry in bundle["entry"].as_array().unwrap() {
        let (person, url) = (&entry["resource"], entry["fullUrl"].as_str().unwrap());
        assert_eq!(person["resourceType"], "RelatedPerson");
        assert!(
            url.ends_with(&format!("Patient/9000000009/RelatedPerson/{}", person["id"].as_str().unwrap()))
        );
        assert_eq!(person["relationship"].as_array().unwrap().len(), 1);
        let referred = person.pointer("/patient/identifier/value").is_some();
        assert_eq!(referred, person.get("name").is_none(), "either a reference or details");
        assert_eq!(referred, person.get("address").is_none());
    }
}

#[test]
fn one_none_and_those_of_a_superseded_number() {
    let hub = Hub::sandbox();
    assert_eq!(bundle(&hub, "9000000017")["total"], 1);
    assert_eq!(bundle(&hub, "9000000033")["total"], 0);
    assert_eq!(bundle(&hub, "9000000041")["total"], 2);
}

#[test]
fn a_restricted_patients_related_people_are_not_told() {
    let hub = Hub::sandbox();
    let stored = hub.store.scan(Table::RelatedPersons, b"9000000025|", b"9000000025}", 10).unwrap();
    assert_eq!(stored.len(), 1);
    assert_eq!(bundle(&hub, "9000000025")["total"], 0);
}

#[test]
fn published_refusals_of_related_people() {
    let hub = Hub::sandbox();
    let get = |number: &str| Ask::new("GET", &format!("Patient/{number}/RelatedPerson"));
    for (ask, status, code) in [
        (get("9000000000"), 400, "INVALID_RESOURCE_ID"),
        (get(NOBODY), 404, "RESOURCE_NOT_FOUND"),
        (get("9000000068"), 404, "INVALIDATED_RESOURCE"),
        (get(NOBODY).without("x-request-id"), 400, "MISSING_VALUE"),
        (get(NOBODY).with("x-request-id", "1234"), 400, "INVALID_VALUE"),
        (get(NOBODY).without("authorization"), 401, "ACCESS_DENIED"),
    ] {
        assert_refused(&hub.ask(&ask), status, code);
    }
}
