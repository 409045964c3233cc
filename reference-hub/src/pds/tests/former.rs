//! Superseded and invalidated numbers, wherever a patient is named.

use super::*;

const OLD: &str = "9000000041";
const NEW: &str = "9000000009";

#[test]
fn a_superseded_number_gives_the_record_that_took_its_place() {
    let hub = Hub::sandbox();
    let decision = hub.decide(&Ask::new("GET", &format!("Patient/{OLD}")));
    assert_eq!((decision.answer.status, header(&decision.answer, "etag")), (200, Some("W/\"2\"")));
    assert_eq!(body(&decision.answer)["id"], NEW);
    assert_eq!(decision.subject, NEW, "the audit names whose record was shown");
}

#[test]
fn numbers_superseded_in_a_row_lead_to_the_last_and_a_ring_or_a_gap_to_none() {
    let hub = Hub::sandbox();
    let link = |from: &str, to: &str| {
        hub.put(Table::Patients, from, crate::pds::resolve::superseded_row(to, &json!({})));
    };
    link("9000000076", OLD);
    assert_eq!(body(&hub.ask(&Ask::new("GET", "Patient/9000000076")))["id"], NEW);
    link("9000000084", "9000000084");
    link("9000000092", NOBODY);
    for number in ["9000000084", "9000000092"] {
        assert_refused(&hub.ask(&Ask::new("GET", &format!("Patient/{number}"))), 404, "INVALIDATED_RESOURCE");
    }
}

#[test]
fn an_update_under_a_superseded_number_changes_the_record_that_took_its_place() {
    let hub = Hub::sandbox();
    let patches = json!([{"op": "replace", "path": "/gender", "value": "unknown"}]);
    let answer = hub.ask(&Ask::patch(OLD, 2, 1, patches));
    assert_eq!((answer.status, header(&answer, "etag")), (200, Some("W/\"3\"")), "{}", body(&answer));
    assert_eq!(hub.record(NEW)["gender"], "unknown");
}

#[test]
fn a_search_that_matches_a_superseded_record_shows_the_one_that_took_its_place() {
    let hub = Hub::sandbox();
    let bundle = body(&hub.ask(&Ask::new("GET", "Patient?family=Quenelby&birthdate=2010-10-22")));
    assert_eq!(bundle["total"], 1);
    assert_eq!(bundle["entry"][0]["resource"]["id"], NEW);
    assert_eq!(bundle["entry"][0]["resource"]["name"][0]["family"], "Smith");
}

#[test]
fn an_invalidated_record_is_neither_shown_nor_found_nor_changed() {
    let mut record = person("9000000068", "Gonefell", &["Ada"], "1950-01-01", "female");
    record["meta"]["security"][0]["code"] = "REDACTED".into();
    let hub = Hub::with(&[record]);
    for path in ["Patient/9000000068", "Patient/9000000068/RelatedPerson"] {
        assert_refused(&hub.ask(&Ask::new("GET", path)), 404, "INVALIDATED_RESOURCE");
    }
    let patches = json!([{"op": "replace", "path": "/gender", "value": "male"}]);
    assert_refused(&hub.ask(&Ask::patch("9000000068", 1, 1, patches)), 404, "INVALIDATED_RESOURCE");
    let found = body(&hub.ask(&Ask::new("GET", "Patient?family=Gonefell&birthdate=1950-01-01")));
    assert_eq!(found["total"], 0);
}
