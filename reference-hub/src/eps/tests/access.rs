//! Tests of who may do what, by the header Authorization: every caller against every operation, with sessions, outside the
//! sandbox.

use super::super::order::WRITTEN_MS;
use super::*;
use crate::auth::{SEEDED_EXPIRY_MS, Session};

/// A session of that organisation; its token is the organisation's code.
fn session(hub: &Hub, ods: &str, application: bool) {
    let session = Session {
        role_profile_id: String::new(),
        user_id: "1".into(),
        ods: ods.into(),
        role: "R8000".into(),
        expires_ms: SEEDED_EXPIRY_MS,
        application,
        anywhere: false,
    };
    let row = (ods.as_bytes().to_vec(), session.to_row());
    hub.store.load(Table::Sessions, &mut [row].into_iter()).unwrap();
}

fn with_token(mut request: Request, token: &str) -> Request {
    request.headers.insert("authorization", format!("Bearer {token}").parse().unwrap());
    request
}

/// A hub outside the sandbox with a session of each organisation, and a prescription in `state`.
fn set_up(state: State) -> (Hub, Rx) {
    let mut hub = Hub::new();
    let rx = hub.prescription_in(state, 1);
    hub.sandbox = false;
    for ods in [PHARMACY, OTHER_PHARMACY, &rx.practice, "Z99999"] {
        session(&hub, ods, false);
    }
    (hub, rx)
}

/// Another order of the same practice.
fn fresh(hub: &Hub) -> Rx {
    let mut rx = Rx::new(hub, 1, None);
    let id = population::prescription_short_id("FFFFFF", &rx.practice, "00001");
    let text = rx.order.to_string().replace(&rx.id, &id);
    rx.order = serde_json::from_str(&text).unwrap();
    rx
}

type Ask = fn(&Hub, &Rx) -> Request;

fn track(hub: &Hub, rx: &Rx) -> Request {
    let mut request = hub.request(TRACKER, &Value::Null);
    request.method = hyper::Method::GET;
    request.query = vec![("focus:identifier".into(), rx.id.clone())];
    request
}

#[test]
fn only_the_organisation_a_prescription_belongs_to_may_act_on_it() {
    // What is asked, the state it is asked in, and who may; everybody else is told FORBIDDEN.
    let practice = Rx::new(&Hub::new(), 1, None).practice;
    let mine: &[&str] = &[PHARMACY];
    let prescribers: &[&str] = &[&practice];
    let trackers: &[&str] = &[PHARMACY, &practice];
    let table: [(&str, State, Ask, &[&str]); 9] = [
        ("release", State::ToBeDispensed, |h, _| h.request(RELEASE, &release(PHARMACY, None)), mine),
        (
            "release by id",
            State::ToBeDispensed,
            |h, rx| h.request(RELEASE, &release(PHARMACY, Some(&rx.id))),
            mine,
        ),
        ("return", State::WithDispenser, |h, rx| h.request(TASK, &rx.task(h, None)), mine),
        (
            "dispense",
            State::WithDispenser,
            |h, rx| h.request(DISPENSE, &rx.dispense(h, "0006", &["0001", "0001"])),
            mine,
        ),
        ("claim", State::Dispensed, |h, rx| h.request(CLAIM, &rx.claim(h)), mine),
        ("cancel", State::ToBeDispensed, |h, rx| h.request(PRESCRIBE, &rx.cancel(h, 0)), prescribers),
        ("prepare", State::ToBeDispensed, |h, _| h.request(PREPARE, &fresh(h).order()), prescribers),
        ("track waiting", State::ToBeDispensed, track, trackers),
        ("track held", State::WithDispenser, track, trackers),
    ];
    for (what, state, ask, allowed) in table {
        for caller in [PHARMACY, OTHER_PHARMACY, &practice, "Z99999"] {
            let (hub, rx) = set_up(state);
            let before = hub.header(&rx.id);
            let (status, body) = hub.send(&with_token(ask(&hub, &rx), caller));
            if allowed.contains(&caller) {
                assert_eq!(status, 200, "{what} by {caller}: {body}");
            } else {
                assert_eq!((status, code(&body)), (403, "FORBIDDEN"), "{what} by {caller}");
                assert_eq!(hub.header(&rx.id), before, "{what} by {caller}");
            }
        }
    }
}

#[test]
fn a_withdrawal_is_for_the_holder_only() {
    for caller in [PHARMACY, OTHER_PHARMACY] {
        let (hub, rx) = set_up(State::WithDispenser);
        let told = rx.dispense(&hub, "0006", &["0001", "0001"]);
        assert_eq!(hub.send(&with_token(hub.request(DISPENSE, &told), PHARMACY)).0, 200);
        let task = hub.request(TASK, &rx.task(&hub, Some(&told)));
        let (status, _) = hub.send(&with_token(task, caller));
        assert_eq!(status, if caller == PHARMACY { 200 } else { 403 });
    }
}

#[test]
fn a_dispenser_who_speaks_for_itself_cannot_touch_what_another_holds() {
    let (hub, rx) = set_up(State::WithDispenser);
    let as_other = |mut message: Value| {
        let text = message.to_string().replace(PHARMACY, OTHER_PHARMACY);
        message = serde_json::from_str(&text).unwrap();
        message
    };
    let asks = [
        (RELEASE, release(OTHER_PHARMACY, Some(&rx.id))),
        (DISPENSE, as_other(rx.dispense(&hub, "0006", &["0001", "0001"]))),
        (TASK, as_other(rx.task(&hub, None))),
        (CLAIM, as_other(rx.claim(&hub))),
    ];
    for (path, body) in asks {
        let request = with_token(hub.request(path, &body), OTHER_PHARMACY);
        let (status, body) = hub.send(&request);
        assert_eq!((status, code(&body)), (400, "PRESCRIPTION_WITH_ANOTHER_DISPENSER"), "{path}");
    }
    let queue = with_token(hub.request(RELEASE, &release(OTHER_PHARMACY, None)), OTHER_PHARMACY);
    assert_eq!(code(&hub.send(&queue).1), "NO_MORE_PRESCRIPTIONS");
}

#[test]
fn another_practice_cannot_cancel_even_in_its_own_name() {
    let (hub, rx) = set_up(State::ToBeDispensed);
    let mut cancel = rx.cancel(&hub, 0);
    cancel["entry"][0]["resource"]["sender"]["identifier"]["value"] = "Z99999".into();
    let (status, body) = hub.send(&with_token(hub.request(PRESCRIBE, &cancel), "Z99999"));
    assert_eq!((status, code(&body)), (403, "FORBIDDEN"));
}

#[test]
fn an_application_without_a_user_may_release_and_track_only() {
    let (hub, rx) = set_up(State::ToBeDispensed);
    session(&hub, PHARMACY, true);
    session(&hub, &rx.practice, true);
    for (path, body, token) in [
        (PRESCRIBE, rx.order(), rx.practice.as_str()),
        (PREPARE, rx.order(), &rx.practice),
        (DISPENSE, rx.dispense(&hub, "0006", &["0001"]), PHARMACY),
        (TASK, rx.task(&hub, None), PHARMACY),
        (CLAIM, rx.claim(&hub), PHARMACY),
    ] {
        let (status, body) = hub.send(&with_token(hub.request(path, &body), token));
        assert_eq!((status, &body["issue"][0]["code"]), (403, &json!("forbidden")), "{path}");
    }
    let request = hub.request(RELEASE, &release(PHARMACY, None));
    assert_eq!(hub.send(&with_token(request, PHARMACY)).0, 200);
    assert_eq!(hub.send(&with_token(track(&hub, &rx), PHARMACY)).0, 200);
}

#[test]
fn without_an_authorization_every_operation_answers_access_denied() {
    let (hub, rx) = set_up(State::ToBeDispensed);
    for path in [PRESCRIBE, PREPARE, DISPENSE, RELEASE, TASK, CLAIM, "/fhir-dispensing/FHIR/R4/$validate"] {
        let (status, body) = hub.post(path, &rx.order());
        assert_eq!((status, code(&body)), (401, "ACCESS_DENIED"), "{path}");
    }
    assert_eq!(hub.send(&track(&hub, &rx)).0, 401);
}

#[test]
fn the_headers_are_checked_outside_the_sandbox() {
    let (hub, rx) = set_up(State::ToBeDispensed);
    for (name, value, expected) in [
        ("X-Request-ID", Some("7"), "INVALID_VALUE"),
        ("X-Request-ID", None, "MISSING_VALUE"),
        ("NHSD-Session-URID", Some("abc"), "INVALID_VALUE"),
    ] {
        for ask in [track, |h: &Hub, _: &Rx| h.request(RELEASE, &release(PHARMACY, None))] {
            let mut request = with_token(ask(&hub, &rx), PHARMACY);
            let name = hyper::header::HeaderName::from_bytes(name.as_bytes()).unwrap();
            match value {
                Some(value) => drop(request.headers.insert(name, value.parse().unwrap())),
                None => drop(request.headers.remove(name)),
            }
            let (status, body) = hub.send(&request);
            assert_eq!((status, code(&body)), (400, expected));
        }
    }
    let mut request = with_token(track(&hub, &rx), PHARMACY);
    request.headers.insert("nhsd-session-urid", "555254240100".parse().unwrap());
    request.headers.insert("x-correlation-id", "any thing".parse().unwrap());
    assert_eq!(hub.send(&request).0, 200, "X-Correlation-ID can be anything");
}

#[test]
fn the_date_that_seeded_orders_bear_is_the_moment_of_their_header() {
    let at = jiff::Timestamp::from_millisecond(WRITTEN_MS as i64).unwrap();
    assert_eq!(at.to_string(), "2025-01-01T09:00:00Z");
}

#[test]
fn another_dispenser_that_repeats_a_message_is_not_given_its_answer() {
    let (hub, rx) = set_up(State::WithDispenser);
    let told = rx.dispense(&hub, "0006", &["0001", "0001"]);
    assert_eq!(hub.send(&with_token(hub.request(DISPENSE, &told), PHARMACY)).0, 200);
    let theirs: Value = serde_json::from_str(&told.to_string().replace(PHARMACY, OTHER_PHARMACY)).unwrap();
    assert_eq!(hub.send(&with_token(hub.request(DISPENSE, &theirs), OTHER_PHARMACY)).0, 400);
    assert_eq!(hub.send(&with_token(hub.request(DISPENSE, &told), PHARMACY)).0, 200, "a retransmission");
}
