//! Coverage: reading and replacing a European health insurance card.

use super::*;
use hub_store::Outcome;

const FULL: &str = "9000000009";

fn hub() -> Hub {
    let hub = Hub::sandbox();
    hub.admit_all();
    hub
}

fn get(query: &str) -> Ask {
    Ask::new("GET", &format!("Coverage{query}")).by("patient")
}

fn of_full() -> Ask {
    get("?subscriber:identifier=9000000009")
}

fn card() -> Value {
    json!({
        "resourceType": "Coverage",
        "status": "active",
        "subscriber": {"identifier": {"system": "https://fhir.nhs.uk/Id/nhs-number", "value": FULL}},
        "identifier": [{
            "value": "80276001234567890123",
            "assigner": {"identifier": {"system": "urn:iso:std:iso:3166", "value": "AUT"}},
        }],
        "payor": [{"identifier": {"value": "109500969"}}],
        "beneficiary": {"identifier": {"value": "K470115"}},
        "period": {"end": "2031-03-31"},
    })
}

fn post(body: &Value, version: u64) -> Ask {
    Ask::post("Coverage", version as u32, body).by("patient").with("if-match", &format!("W/\"{version}\""))
}

#[test]
fn a_card_is_read_with_the_version_for_its_update() {
    let answer = hub().ask(&of_full());
    assert_eq!((answer.status, header(&answer, "etag")), (200, Some("W/\"2\"")));
    let bundle = body(&answer);
    assert_eq!((&bundle["total"], &bundle["meta"]["versionId"]), (&json!(1), &json!("2")));
    assert_eq!(bundle["entry"][0]["resource"]["subscriber"]["identifier"]["value"], FULL);
}

#[test]
fn no_card_is_an_empty_bundle_with_a_version() {
    let hub = hub();
    let session = crate::auth::Session {
        user_id: "9000000033".to_owned(),
        role: crate::pds::PATIENT_ROLE.to_owned(),
        ..crate::auth::Session::sandbox()
    };
    hub.admit("minimal", &session);
    let bundle = body(&hub.ask(&get("?subscriber:identifier=9000000033").by("minimal")));
    assert_eq!((&bundle["total"], &bundle["entry"]), (&json!(0), &json!([])));
    assert_eq!(bundle["meta"]["versionId"], "2");
}

#[test]
fn a_card_without_institution_is_not_shown() {
    let hub = hub();
    let mut broken = card();
    broken["payor"] = json!([]);
    hub.put(Table::Coverages, "9000000009|EHIC", broken.to_string());
    assert_eq!(body(&hub.ask(&of_full()))["total"], 0);
}

#[test]
fn a_new_card_replaces_the_old_one_and_makes_a_new_version_of_the_record() {
    let hub = hub();
    let answer = hub.ask(&post(&card(), 2));
    assert_eq!((answer.status, header(&answer, "etag")), (201, Some("W/\"3\"")), "{}", body(&answer));
    let kept = body(&answer)["entry"][0]["resource"].clone();
    assert_eq!(kept["identifier"][0]["assigner"]["display"], "Austria");
    assert_eq!(kept["identifier"][0]["value"], "80276001234567890123");
    let read = hub.ask(&of_full());
    assert_eq!(header(&read, "etag"), Some("W/\"3\""));
    assert_eq!(body(&read)["entry"][0]["resource"], kept);
    assert_eq!(header(&hub.ask(&Ask::new("GET", "Patient/9000000009")), "etag"), Some("W/\"3\""));
}

#[test]
fn of_two_cards_with_the_same_etag_one_wins_and_a_retry_changes_nothing() {
    let hub = hub();
    let (ask, other) =
        (post(&card(), 2), post(&card(), 2).with("x-request-id", "60E0B220-8136-4CA5-AE46-1D97EF59D069"));
    let (first, second) = (hub.decide(&ask), hub.decide(&other));
    assert!(matches!(hub.commit(first.txn.unwrap()), Outcome::Committed { .. }));
    assert!(matches!(hub.commit(second.txn.unwrap()), Outcome::Conflict { table: Table::Patients, .. }));
    assert_refused(&hub.ask(&other), 409, "RESOURCE_VERSION_MISMATCH");
    let again = hub.decide(&ask);
    assert_eq!((again.answer, again.txn), (first.answer, None));
}

#[test]
fn the_card_of_a_superseded_number_is_that_of_the_record_that_took_its_place() {
    let hub = hub();
    hub.put(
        Table::Sessions,
        "old",
        crate::auth::Session {
            user_id: "9000000041".to_owned(),
            role: crate::pds::PATIENT_ROLE.to_owned(),
            ..crate::auth::Session::sandbox()
        }
        .to_row(),
    );
    let bundle = body(&hub.ask(&get("?subscriber:identifier=9000000041").by("old")));
    assert_eq!(bundle["entry"][0]["resource"]["subscriber"]["identifier"]["value"], FULL);
}

#[test]
fn published_refusals_of_reading_a_card() {
    let hub = hub();
    let as_anyone = |number: &str| {
        let session = crate::auth::Session {
            user_id: number.to_owned(),
            role: crate::pds::PATIENT_ROLE.to_owned(),
            ..crate::auth::Session::sandbox()
        };
        hub.admit(number, &session);
        get(&format!("?subscriber:identifier={number}")).by(number)
    };
    hub.admit(
        "nobody",
        &crate::auth::Session {
            user_id: String::new(),
            role: crate::pds::PATIENT_ROLE.to_owned(),
            ..crate::auth::Session::sandbox()
        },
    );
    for (ask, status, code) in [
        (as_anyone("9000000000"), 400, "INVALID_RESOURCE_ID"),
        (as_anyone(NOBODY), 404, "RESOURCE_NOT_FOUND"),
        (as_anyone("9000000068"), 404, "INVALIDATED_RESOURCE"),
        (get("?subscriber:identifier=").by("nobody"), 400, "MISSING_VALUE"),
        (get("").by("nobody"), 400, "INVALID_SEARCH_DATA"),
        (get("?subscriber:identifier=9000000009&year=2003").by("nobody"), 400, "INVALID_SEARCH_DATA"),
        (of_full().without("x-request-id"), 400, "MISSING_VALUE"),
        (of_full().with("x-request-id", "1234"), 400, "INVALID_VALUE"),
        (of_full().without("authorization"), 401, "ACCESS_DENIED"),
        (get("?subscriber:identifier=9000000033"), 403, "ACCESS_DENIED"),
        (of_full().by("worker"), 403, "ACCESS_DENIED"),
        (of_full().by("application"), 403, "ACCESS_DENIED"),
    ] {
        assert_refused(&hub.ask(&ask), status, code);
    }
}

#[test]
fn published_refusals_of_a_new_card() {
    let hub = hub();
    let with = |at: &str, value: Value| {
        let mut body = card();
        *body.pointer_mut(at).unwrap() = value;
        post(&body, 2)
    };
    let without = |element: &str| {
        let mut body = card();
        body.as_object_mut().unwrap().remove(element);
        post(&body, 2)
    };
    let mut restricted = hub.record(FULL);
    for (ask, status, code) in [
        (post(&card(), 1), 409, "RESOURCE_VERSION_MISMATCH"),
        (post(&card(), 2).without("if-match"), 412, "PRECONDITION_FAILED"),
        (post(&card(), 2).with("if-match", "2"), 412, "PRECONDITION_FAILED"),
        (post(&card(), 2).without("x-request-id"), 400, "MISSING_VALUE"),
        (post(&card(), 2).with("x-request-id", "1234"), 400, "INVALID_VALUE"),
        (post(&card(), 2).with("content-type", "text/plain"), 400, "UNSUPPORTED_SERVICE"),
        (post(&card(), 2).without("authorization"), 401, "ACCESS_DENIED"),
        (post(&card(), 2).by("worker"), 403, "ACCESS_DENIED"),
        (with("/subscriber/identifier/value", "9000000033".into()), 403, "ACCESS_DENIED"),
        (without("status"), 400, "MISSING_VALUE"),
        (without("identifier"), 400, "MISSING_VALUE"),
        (without("payor"), 400, "MISSING_VALUE"),
        (without("beneficiary"), 400, "MISSING_VALUE"),
        (without("period"), 400, "MISSING_VALUE"),
        (with("/identifier/0/value", "".into()), 400, "MISSING_VALUE"),
        (with("/identifier/0/value", "1_2".into()), 400, "INVALID_VALUE"),
        (with("/identifier/0/value", "12345678901234567890123456".into()), 400, "INVALID_VALUE"),
        (with("/identifier/0/assigner/identifier/value", "Austria".into()), 400, "INVALID_VALUE"),
        (with("/payor/0/identifier/value", "1234567890123456789012345678901".into()), 400, "INVALID_VALUE"),
        (with("/status", "cancelled".into()), 400, "INVALID_VALUE"),
        (with("/period/end", "31.3.2031".into()), 400, "INVALID_VALUE"),
        (with("/period/end", "2531-03-31".into()), 400, "INVALID_VALUE"),
        (with("/resourceType", "Patient".into()), 400, "INVALID_VALUE"),
        (with("/identifier", json!([])), 400, "TOO_FEW_VALUES_SUBMITTED"),
        (with("/payor", json!([{}, {}])), 400, "TOO_MANY_VALUES_SUBMITTED"),
    ] {
        assert_refused(&hub.ask(&ask), status, code);
    }
    assert_eq!(hub.record(FULL)["meta"]["versionId"], "2");
    restricted["meta"]["security"][0]["code"] = "R".into();
    hub.put(Table::Patients, FULL, restricted.to_string());
    assert_refused(&hub.ask(&post(&card(), 2)), 403, "FORBIDDEN_UPDATE");
}

/// In the open sandbox, where the caller may name any number.
fn in_sandbox(mut ask: Ask, body: &str) -> Answer {
    ask.0.body = Body::Inline(body.to_owned().into());
    let hub = Hub::sandbox();
    let ids = Ids::new(7);
    let ctx = Context::new(&hub.store, NOW_MS, &ids, true);
    (super::super::INTERFACE.decide)("pds-coverage-update", &ctx, &ask.0).answer
}

#[test]
fn malformed_bodies_and_numbers_are_refused_in_the_sandbox_too() {
    let ask = || post(&card(), 2).without("authorization");
    let of = |number: &str| {
        let mut body = card();
        body["subscriber"]["identifier"]["value"] = number.into();
        body.to_string()
    };
    assert_refused(&in_sandbox(ask(), "nonsense"), 400, "INVALID_UPDATE");
    assert_refused(&in_sandbox(ask(), "[]"), 400, "VALIDATION_ERROR");
    assert_refused(&in_sandbox(ask(), &of("9000000000")), 400, "INVALID_RESOURCE_ID");
    assert_refused(&in_sandbox(ask(), &of(NOBODY)), 404, "RESOURCE_NOT_FOUND");
    assert_refused(&in_sandbox(ask(), &of("9000000068")), 404, "INVALIDATED_RESOURCE");
    assert_eq!(in_sandbox(ask(), &of(FULL)).status, 201);
    let all = in_sandbox(ask(), "{}");
    assert_eq!(codes(&all).len(), 6, "all faults at once: {}", body(&all));
}

#[test]
fn the_audit_of_a_refusal_names_whose_card_was_reached_for() {
    let hub = hub();
    let stranger = get("?subscriber:identifier=9000000033");
    assert_eq!(hub.decide(&stranger).subject, "9000000033");
    assert_eq!(hub.decide(&post(&card(), 1)).subject, FULL);
    assert_eq!(hub.decide(&get("?subscriber:identifier=nonsense")).subject, "");
}
