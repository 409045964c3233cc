//! Tests of what lies ahead: repeat dispensing, issue after issue, and orders dated ahead.

use super::super::issue::REPEAT;
use super::super::record::{DAY_MS, REPEAT_VALID_MS};
use super::*;

/// A repeat dispensing order of three issues of 28 days.
fn repeat_rx(hub: &Hub, n: u32) -> Rx {
    let mut rx = Rx::new(hub, n, Some(PHARMACY));
    for item in rx.order["entry"].as_array_mut().unwrap().iter_mut().map(|e| &mut e["resource"]) {
        if item["resourceType"] == "MedicationRequest" {
            item["courseOfTherapyType"]["coding"][0]["code"] = "continuous-repeat-dispensing".into();
            item["intent"] = "original-order".into();
            item["dispenseRequest"]["numberOfRepeatsAllowed"] = 2.into();
        }
    }
    rx
}

/// The message with repeat information: `allowed` repeats, `issued` issues before this one.
fn of_issue(mut message: Value, allowed: i64, issued: i64) -> Value {
    let information = json!({"url": REPEAT, "extension": [
        {"url": "numberOfRepeatsAllowed", "valueInteger": allowed},
        {"url": "numberOfRepeatsIssued", "valueUnsignedInt": issued},
    ]});
    let push = |at: &mut Value| match at["extension"].as_array_mut() {
        Some(extensions) => extensions.push(information.clone()),
        None => at["extension"] = json!([information]),
    };
    match message["resourceType"].as_str() {
        Some("Claim") => push(&mut message["item"][0]),
        Some("Task") => push(&mut message),
        _ => {
            for entry in message["entry"].as_array_mut().unwrap() {
                if entry["resource"]["resourceType"] == "MedicationDispense" {
                    push(&mut entry["resource"]);
                }
            }
        }
    }
    message
}

fn dispense_issue(hub: &Hub, rx: &Rx) -> Value {
    let (status, body) = hub.post(RELEASE, &release(PHARMACY, None));
    assert_eq!((status, body["parameter"].is_array()), (200, true), "{body}");
    let told = rx.dispense(hub, "0006", &["0001", "0001"]);
    assert_eq!(hub.post(DISPENSE, &told).0, 200);
    told
}

#[test]
fn each_issue_comes_due_a_week_before_the_one_before_it_ends() {
    let mut hub = Hub::new();
    let rx = repeat_rx(&hub, 1);
    assert_eq!(hub.post(PRESCRIBE, &rx.order()).0, 200);
    assert_eq!(hub.header(&rx.id).expires_ms, Some(NOW_MS + REPEAT_VALID_MS));
    for issue in 1..=3 {
        let header = hub.header(&rx.id);
        assert_eq!((header.issue, header.issues, header.state), (issue, 3, State::ToBeDispensed));
        let (_, body) = hub.post(RELEASE, &release(PHARMACY, None));
        let item = &body["parameter"][0]["resource"]["entry"][0]["resource"]["entry"][1]["resource"];
        assert_eq!(item["intent"], "reflex-order");
        let information = item["extension"].as_array().unwrap().last().unwrap();
        let last = &information["extension"][1];
        match issue {
            1 => assert_eq!(last, &Value::Null),
            _ => {
                assert_eq!((&last["url"], last["valueDate"].is_string()), (&json!("dateLastDispensed"), true))
            }
        }
        let counts = &item["basedOn"][0]["extension"][0]["extension"];
        assert_eq!((&counts[0]["valueInteger"], &counts[1]["valueInteger"]), (&json!(2), &json!(issue - 1)));
        assert_eq!(hub.post(DISPENSE, &rx.dispense(&hub, "0006", &["0001", "0001"])).0, 200);
        assert_eq!(hub.post(CLAIM, &rx.claim(&hub)).0, 200, "issue {issue}");
        if issue == 3 {
            break;
        }
        assert_eq!(hub.header(&rx.id).state, State::RepeatFuture);
        let (status, body) = hub.post(RELEASE, &release(PHARMACY, Some(&rx.id)));
        assert_eq!((status, code(&body)), (400, "PRESCRIPTION_INVALID_STATE_TRANSITION"), "9000");
        assert_eq!((hub.tend(), hub.queued(PHARMACY)), (0, 0));
        hub.now_ms += 21 * DAY_MS;
        assert_eq!((hub.tend(), hub.queued(PHARMACY)), (1, 1));
        assert_eq!(hub.tend(), 0, "once");
    }
    let (_, tracked) = hub.get(&format!("{TRACKER}?focus:identifier={}", rx.id));
    let states: Vec<&str> = (0..3)
        .map(|i| tracked["entry"][i]["resource"]["businessStatus"]["coding"][0]["code"].as_str().unwrap())
        .collect();
    assert_eq!(states, ["0008", "0008", "0008"]);
    assert_eq!(hub.header(&rx.id).state, State::Claimed);
}

#[test]
fn an_earlier_issue_is_claimed_and_withdrawn_by_its_number() {
    let mut hub = Hub::new();
    let rx = repeat_rx(&hub, 1);
    assert_eq!(hub.post(PRESCRIBE, &rx.order()).0, 200);
    let first = dispense_issue(&hub, &rx);
    hub.now_ms += 21 * DAY_MS;
    hub.tend();
    dispense_issue(&hub, &rx);
    let (status, body) = hub.post(TASK, &of_issue(rx.task(&hub, Some(&first)), 2, 1));
    assert_eq!((status, code(&body)), (400, "DISPENSE_AMEND_IDENTIFIER_MISMATCH"), "of another issue");
    assert_eq!(hub.post(TASK, &of_issue(rx.task(&hub, Some(&first)), 2, 0)).0, 200);
    let again = of_issue(rx.dispense(&hub, "0006", &["0001", "0001"]), 2, 0);
    assert_eq!(hub.post(DISPENSE, &again).0, 200);
    assert_eq!(hub.post(CLAIM, &of_issue(rx.claim(&hub), 2, 0)).0, 200);
    assert_eq!(hub.post(CLAIM, &of_issue(rx.claim(&hub), 2, 1)).0, 200);
    let header = hub.header(&rx.id);
    assert_eq!((header.issue, header.state), (3, State::RepeatFuture), "no issue is skipped");
}

#[test]
fn counts_that_are_not_those_of_the_order_are_refused() {
    let hub = Hub::new();
    let rx = repeat_rx(&hub, 1);
    assert_eq!(hub.post(PRESCRIBE, &rx.order()).0, 200);
    assert_eq!(hub.post(RELEASE, &release(PHARMACY, None)).0, 200);
    let told = rx.dispense(&hub, "0006", &["0001", "0001"]);
    for (path, message) in [
        (DISPENSE, of_issue(told.clone(), 5, 0)),
        (DISPENSE, of_issue(told.clone(), 2, 2)),
        (DISPENSE, of_issue(told.clone(), 2, -5)),
        (DISPENSE, of_issue(told.clone(), 2, i64::MAX)),
        (DISPENSE, of_issue(told.clone(), i64::MAX, i64::MAX)),
        (CLAIM, of_issue(rx.claim(&hub), 5, 0)),
        // The table of the return endpoint calls it MAX_REPEAT_MISMATCH.
        (TASK, of_issue(rx.task(&hub, None), 5, 0)),
        (TASK, of_issue(rx.task(&hub, Some(&told)), 5, 0)),
    ] {
        let (status, body) = hub.post(path, &message);
        assert_eq!((status, code(&body)), (400, "MISMATCH_AUTHORISED_REPEAT_COUNTS"), "{path}");
    }
    let mut mixed = of_issue(told, 2, 0);
    mixed["entry"][1]["resource"]["extension"].as_array_mut().unwrap().pop();
    assert_eq!(code(&hub.post(DISPENSE, &mixed).1), "MISMATCH_AUTHORISED_REPEAT_COUNTS");
    assert_eq!(hub.post(TASK, &of_issue(rx.task(&hub, None), 2, 0)).0, 200);
}

#[test]
fn issues_to_come_are_cancelled_as_such() {
    let mut hub = Hub::new();
    let rx = repeat_rx(&hub, 1);
    assert_eq!(hub.post(PRESCRIBE, &rx.order()).0, 200);
    dispense_issue(&hub, &rx);
    assert_eq!(hub.post(PRESCRIBE, &rx.cancel(&hub, 0)).0, 200);
    assert_eq!(hub.post(PRESCRIBE, &rx.cancel(&hub, 1)).0, 200);
    assert_eq!(hub.header(&rx.id).state, State::CancelledFuture, "9005");
    hub.now_ms += 21 * DAY_MS;
    assert_eq!((hub.tend(), hub.queued(PHARMACY)), (1, 0), "the timer goes, and opens nothing");
    assert_eq!(code(&hub.post(RELEASE, &release(PHARMACY, Some(&rx.id))).1), "PRESCRIPTION_CANCELLED");
}

#[test]
fn an_order_dated_ahead_waits_for_its_day() {
    let mut hub = Hub::new();
    let mut rx = Rx::new(&hub, 1, Some(PHARMACY));
    for i in 1..=2 {
        rx.order["entry"][i]["resource"]["dispenseRequest"]["validityPeriod"]["start"] = "2025-06-11".into();
    }
    assert_eq!(hub.post(PRESCRIBE, &rx.order()).0, 200);
    assert_eq!((hub.header(&rx.id).state, hub.queued(PHARMACY)), (State::Future, 0));
    let (status, body) = hub.post(RELEASE, &release(PHARMACY, Some(&rx.id)));
    assert_eq!((status, code(&body)), (400, "PRESCRIPTION_INVALID_STATE_TRANSITION"), "9001");
    hub.now_ms = NOW_MS + 10 * DAY_MS;
    let (_, tracked) = hub.get(&format!("{TRACKER}?identifier={}", rx.id));
    let status = &tracked["entry"][0]["resource"]["businessStatus"]["coding"][0]["code"];
    assert_eq!(status, "0001", "its day is seen at once");
    assert_eq!((hub.tend(), hub.queued(PHARMACY)), (1, 1));
    let (_, body) = hub.post(RELEASE, &release(PHARMACY, None));
    assert_eq!(body["parameter"][0]["resource"]["total"], 1);
}

#[test]
fn other_timers_are_left_alone() {
    let hub = Hub::new();
    let mut rows = (0..600_u64).map(|i| {
        let mut key = i.to_be_bytes().to_vec();
        key.extend_from_slice(b"|mesh|x");
        (key, Vec::new())
    });
    hub.store.load(Table::Timers, &mut rows).unwrap();
    assert_eq!(hub.tend(), 0);
    let mut rx = Rx::new(&hub, 1, Some(PHARMACY));
    rx.order["entry"][1]["resource"]["dispenseRequest"]["validityPeriod"]["start"] = "2025-06-02".into();
    assert_eq!(hub.post(PRESCRIBE, &rx.order()).0, 200);
    let later = Hub { now_ms: NOW_MS + DAY_MS, ..hub };
    assert_eq!((later.tend(), later.queued(PHARMACY)), (1, 1), "it is found behind them");
}

#[test]
fn repeats_are_needed_and_bounded() {
    let hub = Hub::new();
    let mut none = repeat_rx(&hub, 1);
    none.order["entry"][1]["resource"]["dispenseRequest"]
        .as_object_mut()
        .unwrap()
        .remove("numberOfRepeatsAllowed");
    assert_eq!(code(&hub.post(PRESCRIBE, &none.order()).1), "TOO_FEW_VALUES_SUBMITTED");
    for wrong in [-1, 99] {
        let mut many = repeat_rx(&hub, 1);
        many.order["entry"][1]["resource"]["dispenseRequest"]["numberOfRepeatsAllowed"] = wrong.into();
        assert_eq!(code(&hub.post(PRESCRIBE, &many.order()).1), "value");
    }
}
