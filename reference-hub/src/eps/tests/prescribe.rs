//! Tests of eps-prescribe.

use super::super::status;
use super::*;

#[test]
fn an_order_is_stored_as_received_and_waits_at_the_nominated_pharmacy() {
    let hub = Hub::new();
    let rx = Rx::new(&hub, 1, Some(PHARMACY));
    let (status, body) = hub.post(PRESCRIBE, &rx.order());
    assert_eq!((status, code(&body)), (200, "informational"));
    let header = hub.header(&rx.id);
    assert_eq!((header.state, header.nominated.as_deref()), (State::ToBeDispensed, Some(PHARMACY)));
    assert_eq!((header.patient, header.prescriber), (rx.patient.clone(), rx.practice.clone()));
    assert!(header.items.iter().all(|i| i.line == Line::ToBeDispensed));
    assert_eq!(hub.queued(PHARMACY), 1);
    let stored = hub.store.get(Table::Prescriptions, format!("{}|m", rx.id).as_bytes()).unwrap().unwrap();
    assert_eq!(stored.value, status::released(&Tape::read(&rx.order().to_string()).unwrap()));
}

#[test]
fn a_pretty_printed_order_is_stored_compact() {
    let hub = Hub::new();
    let rx = Rx::new(&hub, 1, None);
    let mut request = hub.request(PRESCRIBE, &Value::Null);
    request.body = Body::Inline(Bytes::from(serde_json::to_string_pretty(&rx.order()).unwrap()));
    assert_eq!(hub.send(&request).0, 200);
    let stored = hub.store.get(Table::Prescriptions, format!("{}|m", rx.id).as_bytes()).unwrap().unwrap();
    assert_eq!(stored.value, status::released(&Tape::read(&rx.order().to_string()).unwrap()));
}

#[test]
fn a_patient_held_order_waits_in_no_queue() {
    let hub = Hub::new();
    let rx = Rx::new(&hub, 2, None);
    assert_eq!(hub.post(PRESCRIBE, &rx.order()).0, 200);
    assert_eq!(hub.header(&rx.id).nominated, None);
    assert!(hub.store.scan(Table::PharmacyQueue, b"A", b"z", 10).unwrap().is_empty());
}

#[test]
fn a_retransmission_is_answered_again_and_another_order_under_the_id_is_a_duplicate() {
    let hub = Hub::new();
    let rx = Rx::new(&hub, 3, Some(PHARMACY));
    assert_eq!(hub.post(PRESCRIBE, &rx.order()).0, 200);
    let head = hub.store.head();
    assert_eq!(hub.post(PRESCRIBE, &rx.order()).0, 200, "the same message");
    assert_eq!(hub.store.head(), head, "nothing is written again");
    let mut other = rx.order();
    other["identifier"]["value"] = hub.fresh_uuid().into();
    let (status, body) = hub.post(PRESCRIBE, &other);
    assert_eq!((status, code(&body)), (400, "DUPLICATE_PRESCRIPTION_ID"));
}

#[test]
fn of_two_orders_at_once_under_one_id_the_second_conflicts() {
    let hub = Hub::new();
    let rx = Rx::new(&hub, 4, Some(PHARMACY));
    let mut other = rx.order();
    other["identifier"]["value"] = hub.fresh_uuid().into();
    let first = hub.decide(&hub.request(PRESCRIBE, &rx.order())).txn.unwrap();
    let second = hub.decide(&hub.request(PRESCRIBE, &other)).txn.unwrap();
    let again = hub.decide(&hub.request(PRESCRIBE, &rx.order())).txn.unwrap();
    let outcomes = hub.store.commit(&[first, second, again]).unwrap();
    assert!(matches!(outcomes[0], Outcome::Committed { .. }));
    assert!(matches!(outcomes[1], Outcome::Conflict { table: Table::Prescriptions, .. }));
    assert!(matches!(outcomes[2], Outcome::Duplicate { .. }), "the same message gets the same answer");
}

#[test]
fn each_fault_of_an_order_has_its_published_code() {
    let hub = Hub::new();
    let rx = Rx::new(&hub, 5, Some(PHARMACY));
    let item = |n: usize, change: fn(&mut Value)| {
        let mut order = rx.order();
        change(&mut order["entry"][n]["resource"]);
        order
    };
    let resource = |kind: &str, change: fn(&mut Value)| {
        let mut order = rx.order();
        let entries = order["entry"].as_array_mut().unwrap();
        change(&mut entries.iter_mut().find(|e| e["resource"]["resourceType"] == kind).unwrap()["resource"]);
        order
    };
    let whole = |change: fn(&mut Value)| {
        let mut order = rx.order();
        change(&mut order);
        order
    };
    let all_items = |change: fn(&mut Value)| {
        let mut order = rx.order();
        change(&mut order["entry"][1]["resource"]);
        change(&mut order["entry"][2]["resource"]);
        order
    };
    let cases = [
        ("resource type", whole(|o| o["resourceType"] = "Parameters".into()), "value"),
        ("no entries", whole(|o| o["entry"] = json!([])), "MISSING_FIELD"),
        ("bundle type", whole(|o| o["type"] = "batch".into()), "value"),
        ("message id", whole(|o| o["identifier"]["value"] = "7".into()), "value"),
        ("event", resource("MessageHeader", |r| r["eventCoding"]["code"] = "other".into()), "value"),
        ("no header", whole(|o| drop(o["entry"].as_array_mut().unwrap().remove(0))), "value"),
        ("sender", resource("MessageHeader", |r| r["sender"]["identifier"]["value"] = "A|B".into()), "value"),
        ("intent", item(1, |r| r["intent"] = "plan".into()), "value"),
        ("status", item(1, |r| r["status"] = "completed".into()), "value"),
        (
            "performers",
            item(1, |r| r["dispenseRequest"]["performer"]["identifier"]["value"] = "FX1A1".into()),
            "value",
        ),
        (
            "performer",
            all_items(|r| r["dispenseRequest"]["performer"]["identifier"]["value"] = "F 1".into()),
            "value",
        ),
        ("ids differ", item(2, |r| r["groupIdentifier"]["value"] = "other".into()), "value"),
        (
            "check",
            all_items(|r| r["groupIdentifier"]["value"] = "000005-A20047-00001*".into()),
            "FAILURE_TO_PROCESS_MESSAGE",
        ),
        ("item id", item(1, |r| r["identifier"][0]["value"] = "7".into()), "value"),
        (
            "therapy",
            item(1, |r| r["courseOfTherapyType"]["coding"][0]["code"] = "seasonal".into()),
            "INVALID_VALUE",
        ),
        (
            "NHS number",
            resource("Patient", |r| r["identifier"][0]["value"] = "9000000000".into()),
            "FAILURE_TO_PROCESS_MESSAGE",
        ),
        (
            "a living person's",
            resource("Patient", |r| r["identifier"][0]["value"] = "4010232137".into()),
            "FAILURE_TO_PROCESS_MESSAGE",
        ),
        (
            "signature",
            resource("Provenance", |r| r["signature"][0]["data"] = "".into()),
            "MISSING_DIGITAL_SIGNATURE",
        ),
    ];
    for (what, order, expected) in cases {
        let (status, body) = hub.post(PRESCRIBE, &order);
        assert_eq!((status, code(&body)), (400, expected), "{what}: {body}");
    }
    let mut twins = rx.order();
    twins["entry"][2]["resource"]["identifier"] = twins["entry"][1]["resource"]["identifier"].clone();
    assert_eq!(code(&hub.post(PRESCRIBE, &twins).1), "value");
    let mut five = rx.order();
    let one = five["entry"][1].clone();
    five["entry"].as_array_mut().unwrap().extend([one.clone(), one.clone(), one]);
    assert_eq!(code(&hub.post(PRESCRIBE, &five).1), "INVALID_NUMBER_MEDICATIONREQUESTS");
    assert_eq!(hub.store.head().seq, 0, "nothing of this was stored");
    let mut mixed = rx.order();
    mixed["entry"][1]["resource"]["courseOfTherapyType"]["coding"][0]["code"] = "continuous".into();
    assert_eq!(hub.post(PRESCRIBE, &mixed).0, 200, "acute and continuous may stand together");
}
