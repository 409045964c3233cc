//! Tests of eps-release.

use super::super::status;
use super::*;

fn passed(body: &Value) -> Vec<String> {
    let bundle = &body["parameter"][0]["resource"];
    let entries = bundle["entry"].as_array().map_or(&[][..], Vec::as_slice);
    assert_eq!(bundle["total"], entries.len());
    entries
        .iter()
        .map(|e| {
            let item = &e["resource"]["entry"][1]["resource"];
            item["groupIdentifier"]["value"].as_str().unwrap().to_owned()
        })
        .collect()
}

#[test]
fn a_release_hands_over_the_messages_as_prescribed() {
    let hub = Hub::new();
    let rx = hub.prescription_in(State::ToBeDispensed, 1);
    let (status, body) = hub.post(RELEASE, &release(PHARMACY, None));
    assert_eq!(status, 200);
    assert_eq!(body["parameter"][0]["name"], "passedPrescriptions");
    let mut expected = rx.order();
    for i in [1, 2] {
        status::tell(&mut expected["entry"][i]["resource"], Line::WithDispenser);
    }
    assert_eq!(body["parameter"][0]["resource"]["entry"][0]["resource"], expected);
    let failed = &body["parameter"][1];
    assert_eq!((&failed["name"], &failed["resource"]["total"]), (&json!("failedPrescriptions"), &json!(0)));
    assert_eq!(failed["resource"]["identifier"]["value"], failed["resource"]["id"]);
    assert_eq!(failed["resource"]["entry"], Value::Null);
    let header = hub.header(&rx.id);
    assert_eq!((header.state, header.holder.as_deref()), (State::WithDispenser, Some(PHARMACY)));
    assert!(header.items.iter().all(|i| i.line == Line::WithDispenser));
    assert_eq!(hub.queued(PHARMACY), 0);
}

#[test]
fn at_most_25_go_at_a_time_and_then_no_more_are_there() {
    let hub = Hub::new();
    let mut waiting: Vec<String> = (0..30).map(|n| hub.prescription_in(State::ToBeDispensed, n).id).collect();
    let (_, first) = hub.post(RELEASE, &release(PHARMACY, None));
    assert_eq!(passed(&first).len(), 25);
    let (_, second) = hub.post(RELEASE, &release(PHARMACY, None));
    assert_eq!(passed(&second).len(), 5);
    let mut got = passed(&first);
    got.extend(passed(&second));
    got.sort();
    waiting.sort();
    assert_eq!(got, waiting, "each exactly once");
    let (status, body) = hub.post(RELEASE, &release(PHARMACY, None));
    assert_eq!((status, code(&body)), (200, "NO_MORE_PRESCRIPTIONS"));
    assert_eq!(body["issue"][0]["severity"], "information");
    assert_eq!(code(&hub.post(RELEASE, &release(OTHER_PHARMACY, None)).1), "NO_MORE_PRESCRIPTIONS");
}

#[test]
fn a_repeated_request_gets_the_same_prescriptions_and_no_others() {
    let hub = Hub::new();
    let _ = (hub.prescription_in(State::ToBeDispensed, 1), hub.prescription_in(State::ToBeDispensed, 2));
    let request = hub.request(RELEASE, &release(PHARMACY, None));
    let first = hub.send(&request);
    let _ = hub.prescription_in(State::ToBeDispensed, 3);
    let head = hub.store.head();
    assert_eq!(hub.send(&request), first);
    assert_eq!(hub.store.head(), head, "nothing is written again");
}

#[test]
fn of_two_releases_at_once_the_second_conflicts_and_finds_nothing_left() {
    let hub = Hub::new();
    let rx = hub.prescription_in(State::ToBeDispensed, 1);
    for (one, other) in
        [(None, None), (None, Some(rx.id.as_str())), (Some(rx.id.as_str()), Some(rx.id.as_str()))]
    {
        let hub = Hub::new();
        assert_eq!(hub.post(PRESCRIBE, &rx.order()).0, 200);
        let ods = if other.is_some() { OTHER_PHARMACY } else { PHARMACY };
        let first = hub.decide(&hub.request(RELEASE, &release(PHARMACY, one))).txn.unwrap();
        let request = hub.request(RELEASE, &release(ods, other));
        let second = hub.decide(&request).txn.unwrap();
        let outcomes = hub.store.commit(&[first, second]).unwrap();
        assert!(matches!(outcomes[0], Outcome::Committed { .. }));
        assert!(matches!(outcomes[1], Outcome::Conflict { table: Table::Prescriptions, .. }));
        let (_, body) = hub.send(&request);
        let expected =
            if other.is_some() { "PRESCRIPTION_WITH_ANOTHER_DISPENSER" } else { "NO_MORE_PRESCRIPTIONS" };
        assert_eq!(code(&body), expected);
        assert_eq!(hub.header(&rx.id).holder.as_deref(), Some(PHARMACY));
    }
}

#[test]
fn one_prescription_by_id_goes_to_any_pharmacy_and_leaves_the_nominated_queue() {
    let hub = Hub::new();
    let rx = hub.prescription_in(State::ToBeDispensed, 1);
    let (status, body) = hub.post(RELEASE, &release(OTHER_PHARMACY, Some(&rx.id.to_lowercase())));
    assert_eq!((status, passed(&body)), (200, vec![rx.id.clone()]));
    assert_eq!(hub.queued(PHARMACY), 0);
    let (status, body) = hub.post(RELEASE, &release(PHARMACY, Some(&rx.id)));
    assert_eq!((status, code(&body)), (400, "PRESCRIPTION_WITH_ANOTHER_DISPENSER"));
    assert_eq!(body["contained"][0]["identifier"][0]["value"], OTHER_PHARMACY);
    assert_eq!(body["contained"][0]["name"], format!("Pharmacy {OTHER_PHARMACY}"));
}

#[test]
fn every_state_refuses_a_release_by_its_published_code() {
    let hub = Hub::new();
    let states = [
        (State::WithDispenser, "PRESCRIPTION_INVALID_STATE_TRANSITION"),
        (State::WithDispenserActive, "PRESCRIPTION_INVALID_STATE_TRANSITION"),
        (State::Cancelled, "PRESCRIPTION_CANCELLED"),
        (State::Expired, "PRESCRIPTION_EXPIRED"),
        (State::Dispensed, "PRESCRIPTION_DISPENSED"),
        (State::Claimed, "PRESCRIPTION_DISPENSED"),
        (State::NotDispensed, "PRESCRIPTION_INVALID_STATE_TRANSITION"),
        (State::Future, "PRESCRIPTION_INVALID_STATE_TRANSITION"),
    ];
    for (n, (state, expected)) in (1..).zip(states) {
        let rx = hub.prescription_in(state, n);
        let (status, body) = hub.post(RELEASE, &release(PHARMACY, Some(&rx.id)));
        assert_eq!((status, code(&body)), (400, expected), "{state:?} by who held it");
    }
    let unknown = Rx::new(&hub, 50, None);
    let parameter = release(PHARMACY, Some(&unknown.id))["parameter"][3]["name"].clone();
    assert_eq!(parameter, "group-identifier");
    let (status, body) = hub.post(RELEASE, &release(PHARMACY, Some(&unknown.id)));
    assert_eq!((status, code(&body)), (400, "RESOURCE_NOT_FOUND"));
    assert_eq!(code(&hub.post(RELEASE, &release(PHARMACY, Some("000000"))).1), "FAILURE_TO_PROCESS_MESSAGE");
}

#[test]
fn what_expired_in_the_queue_is_put_away_and_not_handed_over() {
    let mut hub = Hub::new();
    let rx = hub.prescription_in(State::ToBeDispensed, 1);
    hub.now_ms += super::super::record::VALID_MS;
    let fresh = hub.prescription_in(State::ToBeDispensed, 2);
    let request = hub.request(RELEASE, &release(PHARMACY, None));
    let (status, body) = hub.send(&request);
    assert_eq!((status, passed(&body)), (200, vec![fresh.id]));
    let failed = &body["parameter"][1]["resource"];
    assert_eq!((&failed["total"], failed["entry"].as_array().map(Vec::len)), (&json!(2), Some(2)));
    let (outcome, order) = (&failed["entry"][0], &failed["entry"][1]);
    assert_eq!(code(outcome), "PRESCRIPTION_EXPIRED");
    let about = &outcome["extension"][0];
    assert!(about["url"].as_str().unwrap().ends_with("Extension-Spine-supportingInfo-prescription"));
    assert_eq!(about["valueReference"]["identifier"], rx.order()["identifier"]);
    assert_eq!(order["identifier"], rx.order()["identifier"]);
    assert_eq!(statuses(order), ["0006", "0006"]);
    assert_eq!(hub.header(&rx.id).state, State::Expired);
    assert_eq!(hub.queued(PHARMACY), 0);
    assert_eq!(hub.send(&request).1, body, "the same again for the same request");
    assert_eq!(code(&hub.post(RELEASE, &release(PHARMACY, None)).1), "NO_MORE_PRESCRIPTIONS", "told once");
}

#[test]
fn a_queue_of_many_expired_ones_is_put_away_25_at_a_time() {
    let mut hub = Hub::new();
    for n in 0..30 {
        hub.prescription_in(State::ToBeDispensed, n);
    }
    hub.now_ms += super::super::record::VALID_MS;
    for (count, left) in [(25, 5), (5, 0)] {
        let (_, body) = hub.post(RELEASE, &release(PHARMACY, None));
        let failed = &body["parameter"][1]["resource"];
        assert_eq!((passed(&body).len(), &failed["total"]), (0, &json!(2 * count)));
        assert_eq!(hub.queued(PHARMACY), left);
    }
}

#[test]
fn each_item_says_its_dispensing_status() {
    let hub = Hub::new();
    let rx = hub.prescription_in(State::ToBeDispensed, 1);
    assert_eq!(hub.post(PRESCRIBE, &rx.cancel(&hub, 1)).0, 200);
    let (_, body) = hub.post(RELEASE, &release(PHARMACY, None));
    let order = &body["parameter"][0]["resource"]["entry"][0]["resource"];
    assert_eq!(statuses(order), ["0008", "0005"]);
    assert_eq!(order["entry"][2]["resource"]["status"], "cancelled");
    let extensions = order["entry"][2]["resource"]["extension"].as_array().unwrap();
    let information = extensions.iter().find(|e| e["url"] == status::INFORMATION).unwrap();
    let coding = &information["extension"][0]["valueCoding"];
    assert_eq!(coding["system"], "https://fhir.nhs.uk/CodeSystem/medicationdispense-type");
    assert_eq!((&coding["code"], &coding["display"]), (&json!("0005"), &json!("Item cancelled")));
}

#[test]
fn what_a_prescriber_signed_has_the_same_digest_when_it_is_released() {
    let hub = Hub::new();
    let rx = hub.prescription_in(State::ToBeDispensed, 1);
    let (_, body) = hub.post(RELEASE, &release(PHARMACY, None));
    let released = body["parameter"][0]["resource"]["entry"][0]["resource"].to_string();
    assert_eq!(digest(&released), digest(&rx.order().to_string()));
}

/// The dispensing status of each item of an order message.
fn statuses(order: &Value) -> Vec<&str> {
    let items = order["entry"].as_array().unwrap().iter().map(|e| &e["resource"]);
    let items = items.filter(|r| r["resourceType"] == "MedicationRequest");
    items
        .map(|item| {
            let extensions = item["extension"].as_array().unwrap().iter();
            let told: Vec<&Value> = extensions.filter(|e| e["url"] == status::INFORMATION).collect();
            assert_eq!(told.len(), 1, "{item}");
            told[0]["extension"][0]["valueCoding"]["code"].as_str().unwrap()
        })
        .collect()
}

#[test]
fn parameters_that_are_missing_are_named() {
    let hub = Hub::new();
    let without = |i: usize| {
        let mut body = release(PHARMACY, None);
        body["parameter"].as_array_mut().unwrap().remove(i);
        body
    };
    let (status, body) = hub.post(RELEASE, &without(0));
    assert_eq!(
        (status, &body["issue"][0]["diagnostics"]),
        (400, &json!("Required parameter owner is missing."))
    );
    assert_eq!(hub.post(RELEASE, &without(1)).0, 400);
    assert_eq!(hub.post(RELEASE, &release("F|2", None)).0, 400);
}

#[test]
fn of_four_pharmacies_that_race_for_each_of_many_prescriptions_exactly_one_gets_it() {
    let hub = Hub::new();
    let pharmacies = [PHARMACY, OTHER_PHARMACY, "FX1A1", "FX1A2"];
    for n in 0..100 {
        let rx = hub.prescription_in(State::ToBeDispensed, n);
        // All decide on the same state, then commit in turn; who loses decides again and is told.
        let requests = pharmacies.map(|ods| hub.request(RELEASE, &release(ods, Some(&rx.id))));
        let txns: Vec<_> = requests.iter().map(|r| hub.decide(r).txn.unwrap()).collect();
        let first = n as usize % pharmacies.len();
        let mut turns = txns;
        turns.rotate_left(first);
        let outcomes = hub.store.commit(&turns).unwrap();
        let won = outcomes.iter().filter(|o| matches!(o, Outcome::Committed { .. })).count();
        assert_eq!(won, 1);
        assert_eq!(hub.header(&rx.id).holder.as_deref(), Some(pharmacies[first]));
        for (request, ods) in requests.iter().zip(pharmacies) {
            let (status, body) = hub.send(request);
            if ods == pharmacies[first] {
                assert_eq!(status, 200, "the winner's request again");
            } else {
                assert_eq!((status, code(&body)), (400, "PRESCRIPTION_WITH_ANOTHER_DISPENSER"));
            }
        }
    }
}
