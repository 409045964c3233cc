//! Tests of eps-return and eps-withdraw.

use super::*;

#[test]
fn a_returned_prescription_waits_again_and_another_dispenser_can_take_it() {
    let hub = Hub::new();
    let rx = hub.prescription_in(State::WithDispenser, 1);
    let task = rx.task(&hub, None);
    let (status, body) = hub.post(TASK, &task);
    assert_eq!((status, code(&body)), (200, "informational"));
    let header = hub.header(&rx.id);
    assert_eq!((header.state, header.holder), (State::ToBeDispensed, None));
    assert!(header.items.iter().all(|i| i.line == Line::ToBeDispensed));
    assert_eq!(hub.queued(PHARMACY), 1);
    assert_eq!(hub.post(RELEASE, &release(OTHER_PHARMACY, Some(&rx.id))).0, 200);
    let head = hub.store.head();
    assert_eq!(hub.post(TASK, &task).0, 200, "a retransmission");
    assert_eq!(hub.store.head(), head);
    assert_eq!(hub.header(&rx.id).holder.as_deref(), Some(OTHER_PHARMACY));
    let (status, body) = hub.post(TASK, &rx.task(&hub, None));
    assert_eq!((status, code(&body)), (400, "PRESCRIPTION_WITH_ANOTHER_DISPENSER"));
}

#[test]
fn what_was_marked_for_cancellation_is_cancelled_on_return() {
    let hub = Hub::new();
    let rx = hub.prescription_in(State::WithDispenser, 1);
    assert_eq!(hub.post(PRESCRIBE, &rx.cancel(&hub, 0)).0, 400, "marked");
    assert_eq!(hub.post(TASK, &rx.task(&hub, None)).0, 200);
    let header = hub.header(&rx.id);
    assert_eq!((header.state, header.items[0].line), (State::ToBeDispensed, Line::Cancelled));
    assert_eq!(hub.queued(PHARMACY), 1);
    let (_, body) = hub.post(RELEASE, &release(PHARMACY, None));
    let item = &body["parameter"][0]["resource"]["entry"][0]["resource"]["entry"][1]["resource"];
    assert_eq!(
        (&item["status"], &item["statusReason"]["coding"][0]["code"]),
        (&json!("cancelled"), &json!("0002"))
    );
    for i in 0..2 {
        hub.post(PRESCRIBE, &rx.cancel(&hub, i));
    }
    assert_eq!(hub.post(TASK, &rx.task(&hub, None)).0, 200);
    assert_eq!(hub.header(&rx.id).state, State::Cancelled);
    assert_eq!(hub.queued(PHARMACY), 0);
}

#[test]
fn a_return_is_refused_in_every_other_state() {
    let hub = Hub::new();
    for (n, (state, _, _)) in (1..).zip(super::super::STATES) {
        let rx = hub.prescription_in(state, n);
        let (status, body) = hub.post(TASK, &rx.task(&hub, None));
        if state == State::WithDispenser {
            assert_eq!(status, 200, "{body}");
        } else {
            // The table of the return endpoint calls it INVALID_STATE_TRANSITION.
            assert_eq!((status, code(&body)), (400, "PRESCRIPTION_INVALID_STATE_TRANSITION"), "{state:?}");
            assert_eq!(hub.header(&rx.id).state, state);
        }
    }
}

#[test]
fn a_withdrawal_goes_back_to_what_stood_before_the_latest_notification() {
    let hub = Hub::new();
    let rx = hub.prescription_in(State::WithDispenser, 1);
    let part = rx.dispense(&hub, "0003", &["0001", "0003"]);
    let all = rx.dispense(&hub, "0006", &["0001", "0001"]);
    assert_eq!(hub.post(DISPENSE, &part).0, 200);
    assert_eq!(hub.post(DISPENSE, &all).0, 200);
    let (status, body) = hub.post(TASK, &rx.task(&hub, Some(&part)));
    assert_eq!((status, code(&body)), (400, "DISPENSE_AMEND_IDENTIFIER_MISMATCH"), "not the latest");
    assert_eq!(hub.post(TASK, &rx.task(&hub, Some(&all))).0, 200);
    let header = hub.header(&rx.id);
    assert_eq!((header.state, header.items[1].line), (State::WithDispenserActive, Line::Part));
    assert_eq!(hub.post(TASK, &rx.task(&hub, Some(&part))).0, 200);
    let header = hub.header(&rx.id);
    assert_eq!((header.state, header.items[0].line), (State::WithDispenser, Line::WithDispenser));
    assert_eq!(hub.post(TASK, &rx.task(&hub, None)).0, 200, "now it can be returned");
}

#[test]
fn a_withdrawal_is_refused_where_nothing_is_told_or_all_is_claimed() {
    let hub = Hub::new();
    for (n, (state, code_of, _)) in (1..).zip(super::super::STATES) {
        let rx = hub.prescription_in(state, n);
        let some = rx.dispense(&hub, "0006", &["0001"]);
        let (status, body) = hub.post(TASK, &rx.task(&hub, Some(&some)));
        let expected = match code_of {
            "0003" | "0006" | "0007" => "DISPENSE_AMEND_IDENTIFIER_MISMATCH",
            _ => "PRESCRIPTION_INVALID_STATE_TRANSITION",
        };
        assert_eq!((status, code(&body)), (400, expected), "{state:?}");
    }
}

#[test]
fn each_fault_of_a_task_has_its_published_code() {
    let hub = Hub::new();
    let rx = hub.prescription_in(State::WithDispenser, 1);
    let told = rx.dispense(&hub, "0006", &["0001", "0001"]);
    let returned = |change: fn(&mut Value)| {
        let mut task = rx.task(&hub, None);
        change(&mut task);
        task
    };
    let withdrawn = |change: fn(&mut Value)| {
        let mut task = rx.task(&hub, Some(&told));
        change(&mut task);
        task
    };
    let cases = [
        ("status", returned(|t| t["status"] = "active".into()), "value", "Task.status must be one of"),
        (
            "code",
            withdrawn(|t| drop(t.as_object_mut().unwrap().remove("code"))),
            "value",
            "Task.code is required when Task.status is 'in-progress'.",
        ),
        (
            "reason",
            returned(|t| t["statusReason"]["coding"][0]["system"] = "other".into()),
            "value",
            "Task.reasonCode must have a system of 'https://fhir.nhs.uk/CodeSystem/EPS-task-dispense-return-status-reason'",
        ),
        (
            "reason",
            withdrawn(|t| t["statusReason"]["coding"][0]["code"] = "XX".into()),
            "value",
            "Task.reasonCode",
        ),
        ("focus", withdrawn(|t| t["focus"] = json!({})), "value", "Task.focus"),
        ("id", returned(|t| t["identifier"] = json!([])), "value", "Task.identifier"),
        ("organisation", returned(|t| t["contained"] = json!([])), "value", "Task.requester"),
        (
            "practitioner",
            returned(|t| t["contained"][0]["practitioner"] = json!({"reference": "#x"})),
            "invalid",
            "practitionerRole.practitioner populated incorrectly. Please populate with Identifier and Display.",
        ),
    ];
    for (what, task, expected, words) in cases {
        let (status, body) = hub.post(TASK, &task);
        assert_eq!((status, code(&body)), (400, expected), "{what}: {body}");
        let diagnostics = body["issue"][0]["diagnostics"].as_str().unwrap();
        assert!(diagnostics.starts_with(words), "{what}: {diagnostics}");
    }
    // The table of the return endpoint calls it UNABLE_TO_PROCESS_MESSAGE.
    for task in [
        returned(|t| t["groupIdentifier"]["value"] = "000000".into()),
        returned(|t| t["for"]["identifier"]["value"] = "9".into()),
    ] {
        let (status, body) = hub.post(TASK, &task);
        assert_eq!((status, code(&body)), (400, "FAILURE_TO_PROCESS_MESSAGE"));
        let display = body["issue"][0]["details"]["coding"][0]["display"].as_str().unwrap();
        assert!(display.starts_with("Unable to process message"));
    }
    let unknown = Rx::new(&hub, 2, None);
    assert_eq!(code(&hub.post(TASK, &unknown.task(&hub, None)).1), "PRESCRIPTION_NOT_FOUND");
    let owned = withdrawn(|t| {
        t["contained"] = json!([]);
        t["owner"] = json!({"identifier": {"system": ODS, "value": PHARMACY}});
    });
    assert_eq!(hub.post(DISPENSE, &told).0, 200);
    assert_eq!(hub.post(TASK, &owned).0, 200, "the owner names the dispenser too");
}

#[test]
fn of_a_return_and_a_notification_at_once_one_wins() {
    let hub = Hub::new();
    let rx = hub.prescription_in(State::WithDispenser, 1);
    let first = hub.decide(&hub.request(TASK, &rx.task(&hub, None))).txn.unwrap();
    let told = hub.request(DISPENSE, &rx.dispense(&hub, "0006", &["0001", "0001"]));
    let second = hub.decide(&told).txn.unwrap();
    let outcomes = hub.store.commit(&[first, second]).unwrap();
    assert!(matches!(outcomes[0], Outcome::Committed { .. }));
    assert!(matches!(outcomes[1], Outcome::Conflict { .. }));
    assert_eq!(code(&hub.send(&told).1), "PRESCRIPTION_INVALID_STATE_TRANSITION");
}
