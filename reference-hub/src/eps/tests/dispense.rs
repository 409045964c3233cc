//! Tests of eps-dispense and eps-claim.

use super::*;

#[test]
fn a_prescription_is_dispensed_in_part_then_whole_and_claimed_once() {
    let hub = Hub::new();
    let rx = hub.prescription_in(State::WithDispenser, 1);
    let part = rx.dispense(&hub, "0003", &["0001", "0004"]);
    assert_eq!(hub.post(DISPENSE, &part).0, 200);
    let header = hub.header(&rx.id);
    assert_eq!(header.state, State::WithDispenserActive);
    assert_eq!((header.items[0].line, header.items[1].line), (Line::Dispensed, Line::Owing));
    assert_eq!(hub.post(DISPENSE, &rx.dispense(&hub, "0006", &["0001", "0001"])).0, 200);
    assert_eq!(hub.header(&rx.id).state, State::Dispensed);
    let stored = hub.store.get(Table::Prescriptions, format!("{}|d0001", rx.id).as_bytes()).unwrap().unwrap();
    assert_eq!(&stored.value[..], part.to_string().as_bytes());
    let claim = rx.claim(&hub);
    assert_eq!(hub.post(CLAIM, &claim).0, 200);
    assert_eq!(hub.header(&rx.id).state, State::Claimed);
    assert_eq!(hub.post(CLAIM, &claim).0, 200, "a retransmission");
    let (status, body) = hub.post(CLAIM, &rx.claim(&hub));
    assert_eq!((status, code(&body)), (400, "PRESCRIPTION_INVALID_STATE_TRANSITION"), "a second claim");
}

#[test]
fn a_retransmitted_notification_is_answered_again_and_stored_once() {
    let hub = Hub::new();
    let rx = hub.prescription_in(State::WithDispenser, 1);
    let all = rx.dispense(&hub, "0006", &["0001", "0002"]);
    assert_eq!(hub.post(DISPENSE, &all).0, 200);
    assert_eq!(hub.post(DISPENSE, &all).0, 200);
    assert_eq!(hub.header(&rx.id).notifications, 1);
    let (status, body) = hub.post(DISPENSE, &rx.dispense(&hub, "0006", &["0001", "0002"]));
    assert_eq!((status, code(&body)), (400, "PRESCRIPTION_INVALID_STATE_TRANSITION"));
}

#[test]
fn only_who_holds_it_may_dispense_or_claim() {
    let hub = Hub::new();
    let rx = hub.prescription_in(State::WithDispenser, 1);
    let mut theirs = rx.dispense(&hub, "0006", &["0001", "0001"]);
    theirs["entry"][0]["resource"]["sender"]["identifier"]["value"] = OTHER_PHARMACY.into();
    let (status, body) = hub.post(DISPENSE, &theirs);
    assert_eq!((status, code(&body)), (400, "PRESCRIPTION_WITH_ANOTHER_DISPENSER"));
    assert_eq!(hub.post(DISPENSE, &rx.dispense(&hub, "0006", &["0001", "0001"])).0, 200);
    let mut theirs = rx.claim(&hub);
    theirs["contained"][0]["identifier"][0]["value"] = OTHER_PHARMACY.into();
    let (status, body) = hub.post(CLAIM, &theirs);
    assert_eq!((status, code(&body)), (400, "PRESCRIPTION_WITH_ANOTHER_DISPENSER"));
}

#[test]
fn notifications_and_claims_are_refused_in_every_other_state() {
    let hub = Hub::new();
    let mut n = 0;
    for (state, _, _) in super::super::STATES {
        n += 1;
        let rx = hub.prescription_in(state, n);
        if !matches!(state, State::WithDispenser | State::WithDispenserActive) {
            for status in ["0003", "0006", "0007"] {
                let (http, body) = hub.post(DISPENSE, &rx.dispense(&hub, status, &["0001", "0001"]));
                assert_eq!(
                    (http, code(&body)),
                    (400, "PRESCRIPTION_INVALID_STATE_TRANSITION"),
                    "{state:?} {status}"
                );
            }
        }
        if state != State::Dispensed {
            let (http, body) = hub.post(CLAIM, &rx.claim(&hub));
            assert_eq!((http, code(&body)), (400, "PRESCRIPTION_INVALID_STATE_TRANSITION"), "{state:?}");
        }
        assert_eq!(hub.header(&rx.id).state, state);
    }
}

#[test]
fn each_fault_of_a_notification_has_its_published_code() {
    let hub = Hub::new();
    let rx = hub.prescription_in(State::WithDispenser, 1);
    let changed = |change: fn(&mut Value)| {
        let mut message = rx.dispense(&hub, "0006", &["0001", "0001"]);
        change(&mut message);
        message
    };
    let item = |m: &mut Value, f: fn(&mut Value)| f(&mut m["entry"][1]["resource"]);
    let cases = [
        (
            "status",
            changed(|m| m["entry"][1]["resource"]["extension"][0]["valueCoding"]["code"] = "0001".into()),
            "value",
        ),
        (
            "statuses",
            changed(|m| m["entry"][1]["resource"]["extension"][0]["valueCoding"]["code"] = "0003".into()),
            "value",
        ),
        ("type", changed(|m| m["entry"][1]["resource"]["type"]["coding"][0]["code"] = "9".into()), "value"),
        (
            "reference",
            changed(|m| m["entry"][1]["resource"]["authorizingPrescription"][0]["reference"] = "#x".into()),
            "value",
        ),
        ("nothing", changed(|m| drop(m["entry"].as_array_mut().unwrap().drain(1..3))), "value"),
        ("authority", changed(|m| drop(m["entry"].as_array_mut().unwrap().pop())), "invalid"),
        (
            "item",
            changed(|m| {
                m["entry"][1]["resource"]["contained"][0]["identifier"][0]["value"] =
                    "00000000-0000-4000-8000-000000000000".into();
            }),
            "ITEM_NOT_FOUND",
        ),
        (
            "amendment",
            changed(|m| {
                let url = "https://fhir.nhs.uk/StructureDefinition/Extension-replacementOf";
                m["entry"][0]["resource"]["extension"] = json!([{"url": url}]);
            }),
            "value",
        ),
    ];
    for (what, message, expected) in cases {
        let (status, body) = hub.post(DISPENSE, &message);
        assert_eq!((status, code(&body)), (400, expected), "{what}: {body}");
    }
    let mut open = rx.dispense(&hub, "0006", &["0001", "0001"]);
    item(&mut open, |r| r["type"]["coding"][0]["code"] = "0003".into());
    assert_eq!(
        code(&hub.post(DISPENSE, &open).1),
        "PRESCRIPTION_INVALID_LINE_STATE_TRANSITION",
        "not all settled"
    );
    let unknown = Rx::new(&hub, 2, None);
    let (status, body) = hub.post(DISPENSE, &unknown.dispense(&hub, "0006", &["0001", "0001"]));
    assert_eq!((status, code(&body)), (400, "PRESCRIPTION_NOT_FOUND"));
    assert_eq!(hub.header(&rx.id).state, State::WithDispenser);
}

#[test]
fn each_fault_of_a_claim_has_its_published_code() {
    let hub = Hub::new();
    let rx = hub.prescription_in(State::Dispensed, 1);
    let changed = |change: fn(&mut Value)| {
        let mut claim = rx.claim(&hub);
        change(&mut claim);
        claim
    };
    let cases = [
        ("endorsement", changed(|c| c["item"][0]["detail"][1]["programCode"] = json!([])), "invalid"),
        ("id", changed(|c| c["identifier"] = json!([])), "value"),
        ("payee", changed(|c| c["payee"] = json!({})), "value"),
        ("no items", changed(|c| c["item"] = json!([])), "value"),
        ("prescription", changed(|c| c["prescription"] = json!({})), "FAILURE_TO_PROCESS_MESSAGE"),
        (
            "patient",
            changed(|c| c["patient"]["identifier"]["value"] = "9".into()),
            "FAILURE_TO_PROCESS_MESSAGE",
        ),
        (
            "item",
            changed(|c| {
                c["item"][0]["detail"][0]["extension"][0]["valueReference"]["identifier"]["value"] =
                    "x".into();
            }),
            "ITEM_NOT_FOUND",
        ),
        (
            "amendment",
            changed(|c| {
                let url = "https://fhir.nhs.uk/StructureDefinition/Extension-replacementOf";
                c["extension"] = json!([{"url": url}]);
            }),
            "value",
        ),
    ];
    for (what, claim, expected) in cases {
        let (status, body) = hub.post(CLAIM, &claim);
        assert_eq!((status, code(&body)), (400, expected), "{what}: {body}");
    }
    let mut claimed = rx.claim(&hub);
    let status = |code: &str| {
        let system = "https://fhir.nhs.uk/CodeSystem/medicationdispense-type";
        json!([{"coding": [{"system": system, "code": code}]}])
    };
    claimed["item"][0]["detail"][0]["modifier"] = status("0002");
    let (_, body) = hub.post(CLAIM, &claimed);
    assert_eq!(code(&body), "PRESCRIPTION_INVALID_LINE_STATE_TRANSITION", "it was dispensed");
    let unknown = Rx::new(&hub, 2, None);
    assert_eq!(code(&hub.post(CLAIM, &unknown.claim(&hub)).1), "PRESCRIPTION_NOT_FOUND");
    assert_eq!(hub.header(&rx.id).state, State::Dispensed);
    claimed["item"][0]["detail"][0]["modifier"] = status("0001");
    assert_eq!(hub.post(CLAIM, &claimed).0, 200);
}

#[test]
fn of_two_claims_at_once_the_second_conflicts() {
    let hub = Hub::new();
    let rx = hub.prescription_in(State::Dispensed, 1);
    let first = hub.decide(&hub.request(CLAIM, &rx.claim(&hub))).txn.unwrap();
    let request = hub.request(CLAIM, &rx.claim(&hub));
    let second = hub.decide(&request).txn.unwrap();
    let outcomes = hub.store.commit(&[first, second]).unwrap();
    assert!(matches!(outcomes[1], Outcome::Conflict { .. }));
    assert_eq!(code(&hub.send(&request).1), "PRESCRIPTION_INVALID_STATE_TRANSITION");
}

#[test]
fn an_empty_message_is_told_what_it_lacks() {
    let hub = Hub::new();
    let rx = hub.prescription_in(State::WithDispenser, 1);
    let mut empty = rx.dispense(&hub, "0006", &[]);
    empty["entry"] = json!([]);
    assert_eq!(code(&hub.post(DISPENSE, &empty).1), "MISSING_FIELD");
    let mut unchecked = rx.dispense(&hub, "0006", &["0001", "0001"]);
    for i in 1..=2 {
        unchecked["entry"][i]["resource"]["contained"][0]["groupIdentifier"]["value"] = "000000".into();
    }
    assert_eq!(code(&hub.post(DISPENSE, &unchecked).1), "FAILURE_TO_PROCESS_MESSAGE");
}
