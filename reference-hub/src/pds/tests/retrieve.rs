//! Retrieval, and what every PDS request is checked for.

use super::*;

#[test]
fn a_record_comes_back_as_stored_with_its_etag() {
    let hub = Hub::sandbox();
    let answer = hub.ask(&Ask::new("GET", "Patient/9000000009"));
    assert_eq!((answer.status, header(&answer, "etag")), (200, Some("W/\"2\"")));
    assert_eq!(header(&answer, "content-type"), Some("application/fhir+json"));
    assert_eq!(body(&answer), hub.record("9000000009"));
}

#[test]
fn a_restricted_record_does_not_tell_where_the_patient_is() {
    let hub = Hub::sandbox();
    let patient = body(&hub.ask(&Ask::new("GET", "Patient/9000000025")));
    assert_eq!(patient["meta"]["security"][0]["code"], "R");
    assert_eq!(patient["name"][0]["family"], "Smythe");
    for element in ["address", "telecom", "contact", "generalPractitioner"] {
        assert!(hub.record("9000000025").get(element).is_some(), "{element} is stored");
        assert!(patient.get(element).is_none(), "{element} is hidden");
    }
    let shown = patient["extension"].to_string();
    assert!(
        !shown.contains("NominatedPharmacy")
            && !shown.contains("birthPlace")
            && shown.contains("ContactPreference")
    );
}

#[test]
fn a_minimal_record_is_answered_as_it_is() {
    let patient = body(&Hub::sandbox().ask(&Ask::new("GET", "Patient/9000000033")));
    assert_eq!(patient["id"], "9000000033");
    assert!(patient.get("name").is_none());
}

#[test]
fn published_refusals_of_a_retrieval() {
    let redacted =
        json!({"id": "9000000009", "meta": {"security": [{"code": "REDACTED"}], "versionId": "3"}});
    let hub = Hub::with(&[redacted]);
    let get = |number: &str| Ask::new("GET", &format!("Patient/{number}"));
    for (ask, status, code) in [
        (get("9000000000"), 400, "INVALID_RESOURCE_ID"),
        (get("12345"), 400, "INVALID_RESOURCE_ID"),
        (get("90000 0009"), 400, "INVALID_RESOURCE_ID"),
        (get(NOBODY), 404, "RESOURCE_NOT_FOUND"),
        (get("9000000009"), 404, "INVALIDATED_RESOURCE"),
        (get(NOBODY).without("x-request-id"), 400, "MISSING_VALUE"),
        (get(NOBODY).with("x-request-id", "not-a-uuid"), 400, "INVALID_VALUE"),
        (get(NOBODY).with("nhsd-session-urid", "R8000"), 400, "INVALID_VALUE"),
        (get(NOBODY).without("authorization"), 401, "ACCESS_DENIED"),
        (get(NOBODY).with("authorization", "Bearer stolen"), 401, "ACCESS_DENIED"),
        (Ask::new("PATCH", "Patient"), 400, "UNSUPPORTED_SERVICE"),
        (Ask::new("DELETE", "Patient/9000000009"), 405, "UNSUPPORTED_SERVICE"),
        (Ask::new("POST", "Patient/9000000009"), 405, "UNSUPPORTED_SERVICE"),
        (Ask::new("PUT", "Patient"), 405, "UNSUPPORTED_SERVICE"),
        (Ask::new("POST", "Patient/9000000009/RelatedPerson"), 405, "UNSUPPORTED_SERVICE"),
        (Ask::new("PATCH", "Coverage"), 405, "UNSUPPORTED_SERVICE"),
        (Ask::new("GET", "Patient/9000000009/Observation"), 404, "UNSUPPORTED_SERVICE"),
        (Ask::new("GET", "Practitioner"), 404, "UNSUPPORTED_SERVICE"),
    ] {
        assert_refused(&hub.ask(&ask), status, code);
    }
    let not_found = body(&hub.ask(&get(NOBODY)));
    assert_eq!(not_found["issue"][0]["severity"], "information");
    assert_eq!(not_found["issue"][0]["code"], "not-found");
}

#[test]
fn the_audit_learns_whose_record_was_asked_for() {
    assert_eq!(Hub::sandbox().decide(&Ask::new("GET", "Patient/9000000009")).subject, "9000000009");
}

#[test]
fn a_very_restricted_record_hides_as_much() {
    let mut record = Hub::sandbox().record("9000000009");
    record["meta"]["security"][0]["code"] = "V".into();
    let patient = body(&Hub::with(&[record]).ask(&Ask::new("GET", "Patient/9000000009")));
    assert_eq!(patient["meta"]["security"][0]["code"], "V");
    assert!(
        ["address", "telecom", "contact", "generalPractitioner"].iter().all(|e| patient.get(e).is_none())
    );
}

#[test]
fn the_missing_request_id_is_named() {
    let answer = Hub::sandbox().ask(&Ask::new("GET", "Patient/9000000009").without("x-request-id"));
    let diagnostics = body(&answer)["issue"][0]["diagnostics"].clone();
    assert!(diagnostics.as_str().unwrap().contains("X-Request-ID header must be supplied"));
}
