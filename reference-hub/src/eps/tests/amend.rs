//! Tests of amendments: a dispense notification or a claim in place of an earlier one.

use super::super::record::DAY_MS;
use super::*;

#[test]
fn an_amended_notification_takes_the_place_of_the_latest() {
    let hub = Hub::new();
    let rx = hub.prescription_in(State::WithDispenser, 1);
    let all = rx.dispense(&hub, "0006", &["0001", "0001"]);
    assert_eq!(hub.post(DISPENSE, &all).0, 200);
    let part = in_place_of(rx.dispense(&hub, "0003", &["0001", "0004"]), &all);
    let extension = part["entry"][0]["resource"]["extension"][0]["url"].as_str().unwrap();
    assert!(extension.ends_with("replacementOf"));
    assert_eq!(hub.post(DISPENSE, &part).0, 200);
    let header = hub.header(&rx.id);
    assert_eq!((header.state, header.items[1].line), (State::WithDispenserActive, Line::Owing));
    assert_eq!((header.before.len(), header.notifications), (1, 2), "one counts, both are kept");
    let late = in_place_of(rx.dispense(&hub, "0006", &["0001", "0001"]), &all);
    let (status, body) = hub.post(DISPENSE, &late);
    assert_eq!((status, code(&body)), (400, "DISPENSE_AMEND_IDENTIFIER_MISMATCH"));
    let again = in_place_of(rx.dispense(&hub, "0007", &["0002", "0002"]), &part);
    assert_eq!(hub.post(DISPENSE, &again).0, 200);
    assert_eq!(hub.header(&rx.id).state, State::NotDispensed);
}

#[test]
fn a_notification_cannot_be_amended_once_it_is_claimed() {
    let hub = Hub::new();
    let rx = hub.prescription_in(State::WithDispenser, 1);
    let all = rx.dispense(&hub, "0006", &["0001", "0001"]);
    let amended = in_place_of(rx.dispense(&hub, "0003", &["0001", "0004"]), &all);
    let (status, body) = hub.post(DISPENSE, &amended);
    assert_eq!((status, code(&body)), (400, "PRESCRIPTION_INVALID_STATE_TRANSITION"), "nothing told yet");
    assert_eq!(hub.post(DISPENSE, &all).0, 200);
    assert_eq!(hub.post(CLAIM, &rx.claim(&hub)).0, 200);
    let (status, body) = hub.post(DISPENSE, &amended);
    assert_eq!((status, code(&body)), (400, "PRESCRIPTION_INVALID_STATE_TRANSITION"));
}

#[test]
fn a_claim_is_amended_within_its_period_and_only_the_one_on_record() {
    let mut hub = Hub::new();
    let rx = hub.prescription_in(State::Dispensed, 1);
    let first = rx.claim(&hub);
    let amended = in_place_of(rx.claim(&hub), &first);
    let (status, body) = hub.post(CLAIM, &amended);
    assert_eq!((status, code(&body)), (400, "PRESCRIPTION_INVALID_STATE_TRANSITION"), "nothing claimed yet");
    assert_eq!(hub.post(CLAIM, &first).0, 200);
    assert_eq!(hub.post(CLAIM, &amended).0, 200);
    assert_eq!(hub.header(&rx.id).claim_id.as_deref(), amended["identifier"][0]["value"].as_str());
    let (status, body) = hub.post(CLAIM, &in_place_of(rx.claim(&hub), &first));
    assert_eq!((status, code(&body)), (400, "DISPENSE_AMEND_IDENTIFIER_MISMATCH"), "replaced already");
    // Claimed on 1 June: until the end of 5 July.
    hub.now_ms = NOW_MS + 35 * DAY_MS - 1;
    let second = in_place_of(rx.claim(&hub), &amended);
    assert_eq!(hub.post(CLAIM, &second).0, 200);
    hub.now_ms += 1;
    let (status, body) = hub.post(CLAIM, &in_place_of(rx.claim(&hub), &second));
    assert_eq!((status, code(&body)), (400, "CLAIM_AMEND_PERIOD_ISSUE"));
    assert_eq!(hub.header(&rx.id).state, State::Claimed);
}

#[test]
fn what_nobody_claims_in_time_can_no_longer_be_claimed() {
    let mut hub = Hub::new();
    let rx = hub.prescription_in(State::Dispensed, 1);
    hub.now_ms += super::super::record::UNCLAIMED_MS;
    let (status, body) = hub.post(CLAIM, &rx.claim(&hub));
    assert_eq!((status, code(&body)), (400, "PRESCRIPTION_INVALID_STATE_TRANSITION"));
    let (_, tracked) = hub.get(&format!("{TRACKER}?focus:identifier={}", rx.id));
    assert_eq!(tracked["entry"][0]["resource"]["businessStatus"]["coding"][0]["code"], "0009");
}

#[test]
fn of_two_amendments_at_once_the_second_conflicts() {
    let hub = Hub::new();
    let rx = hub.prescription_in(State::Dispensed, 1);
    let first = rx.claim(&hub);
    assert_eq!(hub.post(CLAIM, &first).0, 200);
    let one = hub.decide(&hub.request(CLAIM, &in_place_of(rx.claim(&hub), &first))).txn.unwrap();
    let request = hub.request(CLAIM, &in_place_of(rx.claim(&hub), &first));
    let other = hub.decide(&request).txn.unwrap();
    let outcomes = hub.store.commit(&[one, other]).unwrap();
    assert!(matches!(outcomes[1], Outcome::Conflict { .. }));
    assert_eq!(code(&hub.send(&request).1), "DISPENSE_AMEND_IDENTIFIER_MISMATCH");
}
