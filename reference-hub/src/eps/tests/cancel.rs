//! Tests of eps-cancel.

use super::*;

/// The cancellation outcome that a response bundle shows.
fn reason(body: &Value) -> &str {
    let entries = body["entry"].as_array().map_or(&[][..], Vec::as_slice);
    let item = entries.iter().map(|e| &e["resource"]).find(|r| r["resourceType"] == "MedicationRequest");
    let history = item.and_then(|i| i["extension"].as_array()).and_then(|all| {
        all.iter().rfind(|e| e["url"].as_str().is_some_and(|u| u.ends_with("DM-PrescriptionStatusHistory")))
    });
    history.and_then(|h| h["extension"][0]["valueCoding"]["code"].as_str()).unwrap_or_else(|| code(body))
}

#[test]
fn cancelling_every_item_cancels_the_prescription_and_empties_the_queue() {
    let hub = Hub::new();
    let rx = hub.prescription_in(State::ToBeDispensed, 1);
    let (status, body) = hub.post(PRESCRIBE, &rx.cancel(&hub, 0));
    assert_eq!((status, reason(&body)), (200, "R-0001"));
    assert_eq!(body["type"], "message");
    assert_eq!(body["entry"][0]["resource"]["eventCoding"]["code"], "prescription-order-response");
    assert_eq!(hub.header(&rx.id).state, State::ToBeDispensed, "one item is left");
    assert_eq!(hub.queued(PHARMACY), 1);
    assert_eq!(reason(&hub.post(PRESCRIBE, &rx.cancel(&hub, 0)).1), "R-0006");
    assert_eq!(hub.post(PRESCRIBE, &rx.cancel(&hub, 1)).0, 200);
    assert_eq!(hub.header(&rx.id).state, State::Cancelled);
    assert_eq!(hub.queued(PHARMACY), 0);
}

#[test]
fn who_releases_the_rest_sees_the_cancelled_item_as_cancelled() {
    let hub = Hub::new();
    let rx = hub.prescription_in(State::ToBeDispensed, 1);
    assert_eq!(hub.post(PRESCRIBE, &rx.cancel(&hub, 1)).0, 200);
    let (_, body) = hub.post(RELEASE, &release(PHARMACY, None));
    let message = &body["parameter"][0]["resource"]["entry"][0]["resource"];
    assert_eq!(message["entry"][1]["resource"]["status"], "active");
    assert_eq!(message["entry"][2]["resource"]["status"], "cancelled");
    let header = hub.header(&rx.id);
    assert_eq!((header.items[0].line, header.items[1].line), (Line::WithDispenser, Line::Cancelled));
    let (status, body) = hub.post(DISPENSE, &rx.dispense(&hub, "0006", &["0001", "0001"]));
    assert_eq!((status, code(&body)), (400, "PRESCRIPTION_INVALID_LINE_STATE_TRANSITION"));
    assert_eq!(hub.post(DISPENSE, &rx.dispense(&hub, "0006", &["0001", "0005"])).0, 200);
}

#[test]
fn every_state_refuses_with_its_published_reason() {
    let hub = Hub::new();
    let states = [
        (State::WithDispenser, "R-0002"),
        (State::WithDispenserActive, "R-0003"),
        (State::Dispensed, "R-0004"),
        (State::Claimed, "R-0004"),
        (State::Expired, "R-0005"),
        (State::Cancelled, "R-0006"),
        (State::NotDispensed, "R-0010"),
    ];
    for (n, (state, expected)) in (1..).zip(states) {
        let rx = hub.prescription_in(state, n);
        let (status, body) = hub.post(PRESCRIBE, &rx.cancel(&hub, 0));
        assert_eq!((status, reason(&body)), (400, expected), "{state:?}");
        assert_eq!(hub.header(&rx.id).state, state);
    }
}

#[test]
fn the_wish_to_cancel_is_kept_and_a_second_prescriber_is_told_so() {
    let hub = Hub::new();
    let rx = hub.prescription_in(State::WithDispenser, 1);
    let cancel = rx.cancel(&hub, 0);
    assert_eq!(reason(&hub.post(PRESCRIBE, &cancel).1), "R-0002");
    assert!(hub.header(&rx.id).cancel_asked_by.unwrap().starts_with(&rx.practice));
    let head = hub.store.head();
    assert_eq!(reason(&hub.post(PRESCRIBE, &cancel).1), "R-0002", "a retransmission");
    assert_eq!(hub.store.head(), head);
    let mut other = rx.cancel(&hub, 0);
    other["entry"][0]["resource"]["sender"]["identifier"]["value"] = "Z99999".into();
    let (status, body) = hub.post(PRESCRIBE, &other);
    assert_eq!((status, reason(&body)), (400, "R-0007"));
}

#[test]
fn what_cannot_be_shown_in_a_bundle_is_an_operation_outcome() {
    let hub = Hub::new();
    let rx = hub.prescription_in(State::ToBeDispensed, 1);
    let unknown = Rx::new(&hub, 2, None);
    assert_eq!(reason(&hub.post(PRESCRIBE, &unknown.cancel(&hub, 0)).1), "R-0008");
    let mut item = rx.cancel(&hub, 0);
    item["entry"][1]["resource"]["identifier"][0]["value"] = hub.fresh_uuid().into();
    assert_eq!(reason(&hub.post(PRESCRIBE, &item).1), "R-0008");
    let mut patient = rx.cancel(&hub, 0);
    patient["entry"][2]["resource"]["identifier"][0]["value"] = unknown.patient.clone().into();
    assert_eq!(reason(&hub.post(PRESCRIBE, &patient).1), "R-5000");
    let mut reasonless = rx.cancel(&hub, 0);
    reasonless["entry"][1]["resource"].as_object_mut().unwrap().remove("statusReason");
    assert_eq!(reason(&hub.post(PRESCRIBE, &reasonless).1), "value");
    let mut code = rx.cancel(&hub, 0);
    code["entry"][1]["resource"]["statusReason"]["coding"][0]["code"] = "9999".into();
    assert_eq!(reason(&hub.post(PRESCRIBE, &code).1), "R-5888");
    let mut nameless = rx.cancel(&hub, 0);
    nameless["entry"][1]["resource"]["identifier"] = json!([]);
    assert_eq!(reason(&hub.post(PRESCRIBE, &nameless).1), "R-5888");
    let mut both = rx.cancel(&hub, 0);
    let item = both["entry"][1].clone();
    both["entry"].as_array_mut().unwrap().push(item);
    assert_eq!(reason(&hub.post(PRESCRIBE, &both).1), "value");
}

#[test]
fn of_a_release_and_a_cancellation_at_once_one_wins() {
    let hub = Hub::new();
    let rx = hub.prescription_in(State::ToBeDispensed, 1);
    let release = hub.decide(&hub.request(RELEASE, &release(PHARMACY, None))).txn.unwrap();
    let request = hub.request(PRESCRIBE, &rx.cancel(&hub, 0));
    let cancel = hub.decide(&request).txn.unwrap();
    let outcomes = hub.store.commit(&[release, cancel]).unwrap();
    assert!(matches!(outcomes[0], Outcome::Committed { .. }));
    assert!(matches!(outcomes[1], Outcome::Conflict { .. }));
    assert_eq!(reason(&hub.send(&request).1), "R-0002", "decided again, it meets the new state");
}
