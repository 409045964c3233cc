//! scr-audit: what is stored, which combinations are permitted, and what is refused.

use super::*;

/// An alert about a patient by somebody of an organisation.
fn event(patient: &str, ods: &str, kind: &str, reason: &str) -> Value {
    let agent = |system: &str, value: &str| json!({"who": {"identifier": {"system": system, "value": value}}, "requestor": false});
    let mut user = agent("https://fhir.nhs.uk/Id/sds-user-id", "555021935107");
    user["role"] = json!([{"text": "Clinician"}]);
    json!({
        "resourceType": "AuditEvent",
        "id": "alert",
        "extension": [{
            "url": "https://fhir.nhs.uk/StructureDefinition/Extension-SCR-NotificationMessage",
            "valueString": "Alert: a summary was viewed",
        }],
        "type": {"system": "https://fhir.nhs.uk/CodeSystem/SCR-AlertType", "code": kind, "display": "Alert"},
        "subtype": [{
            "system": "https://fhir.nhs.uk/CodeSystem/SCR-AlertReason", "code": reason, "display": "Reason",
        }],
        "outcomeDesc": "Patient unconscious",
        "recorded": "2025-06-01T00:00:00+00:00",
        "agent": [
            agent("https://fhir.nhs.uk/Id/nhs-number", patient),
            agent("https://fhir.nhs.uk/Id/ods-organization-code", ods),
            user,
        ],
        "source": {"observer": {"identifier": {
            "system": "https://fhir.nhs.uk/Id/nhsSpineASID", "value": "200000000985",
        }}},
        "entity": [{"what": {"identifier": {"value": FIRST}}}],
    })
}

/// A fault put into an alert.
type Change = fn(&mut Value);

fn good() -> Value {
    event(&number(1).to_string(), "A20047", "1", "1")
}

#[test]
fn an_alert_is_kept_as_received() {
    let hub = Hub::default();
    let (status, body) = hub.post(ALERT, &good());
    assert_eq!((status, body), (201, Value::Null));
    let events = hub.events(number(1));
    assert_eq!(events.len(), 1);
    assert_eq!((&events[0]["kind"], &events[0]["content"]), (&json!("alert"), &good()));
    assert_eq!((&events[0]["at_ms"], &events[0]["ods"]), (&json!(NOW_MS + 1), &json!("X26")));
    let mut bare = good();
    drop(bare.as_object_mut().unwrap().remove("outcomeDesc"));
    drop(bare["agent"][2].as_object_mut().unwrap().remove("role"));
    assert_eq!(hub.post(ALERT, &bare).0, 201, "outcomeDesc and role are optional");
    assert_eq!(hub.events(number(1)).len(), 2);
}

#[test]
fn the_published_combinations_of_type_and_subtype_pass_and_no_other() {
    let hub = Hub::default();
    for (kind, permitted) in [("1", "12346"), ("2", "1235"), ("3", ""), ("", "")] {
        for reason in ["1", "2", "3", "4", "5", "6", "7", ""] {
            let (status, body) = hub.post(ALERT, &event(&number(1).to_string(), "A20047", kind, reason));
            let passes = !reason.is_empty() && permitted.contains(reason);
            assert_eq!(status, if passes { 201 } else { 400 }, "{kind} {reason}: {body}");
        }
    }
}

#[test]
fn each_fault_of_an_alert_is_told() {
    let hub = Hub::default();
    let cases: &[(&str, Change)] = &[
        ("resourceType", |e| e["resourceType"] = "Bundle".into()),
        ("AuditEvent.id", |e| drop(e.as_object_mut().unwrap().remove("id"))),
        ("extension", |e| e["extension"] = json!([])),
        ("extension", |e| e["extension"][0]["url"] = "https://example.org".into()),
        ("extension", |e| e["extension"][0]["valueString"] = "".into()),
        ("type.system", |e| e["type"]["system"] = "x".into()),
        ("type.code", |e| e["type"]["code"] = 1.into()),
        ("type.display", |e| e["type"]["display"] = Value::Null),
        ("subtype", |e| e["subtype"] = json!([e["subtype"][0], e["subtype"][0]])),
        ("subtype", |e| drop(e.as_object_mut().unwrap().remove("subtype"))),
        ("subtype.system", |e| e["subtype"][0]["system"] = "x".into()),
        ("subtype.display", |e| e["subtype"][0]["display"] = "".into()),
        ("recorded", |e| drop(e.as_object_mut().unwrap().remove("recorded"))),
        ("recorded", |e| e["recorded"] = "yesterday".into()),
        ("agent: must be three", |e| e["agent"] = json!([e["agent"][0], e["agent"][1]])),
        ("requestor", |e| drop(e["agent"][0].as_object_mut().unwrap().remove("requestor"))),
        ("role.text", |e| e["agent"][2]["role"] = json!([{}])),
        ("nhs-number", |e| e["agent"][0]["who"]["identifier"]["system"] = "x".into()),
        ("patient", |e| e["agent"][0]["who"]["identifier"]["value"] = "9000000000".into()),
        ("patient", |e| e["agent"][0]["who"]["identifier"]["value"] = "4010232137".into()),
        ("ods-organization-code", |e| e["agent"][1]["who"]["identifier"]["value"] = "".into()),
        ("sds-user-id", |e| e["agent"][2] = e["agent"][1].clone()),
        ("nhsSpineASID", |e| e["source"]["observer"]["identifier"]["system"] = "x".into()),
        ("nhsSpineASID", |e| drop(e.as_object_mut().unwrap().remove("source"))),
        ("entity", |e| e["entity"] = json!([])),
        ("entity", |e| e["entity"][0]["what"] = json!({})),
        ("entity", |e| e["entity"] = Value::Array(vec![e["entity"][0].clone(); 101])),
        ("resourceType", |e| *e = json!("text")),
    ];
    for (says, change) in cases {
        let mut event = good();
        change(&mut event);
        let (status, outcome) = hub.post(ALERT, &event);
        assert_eq!((status, &outcome["issue"][0]["code"]), (400, &json!("invalid")), "{says}");
        assert!(sentences(&outcome).contains(says), "{says}: {outcome}");
    }
    let (_, outcome) = hub.post(ALERT, &json!({}));
    let issues = outcome["issue"].as_array().unwrap().len();
    assert!((10..=20).contains(&issues), "all faults at once, and not without end: {issues}");
    assert_eq!(hub.store.head().seq, 0, "nothing of this was stored");
}

#[test]
fn the_same_request_raises_an_alert_once() {
    let hub = Hub::default();
    let request = with_header(hub.request(Method::POST, ALERT, &[], &good()), "x-request-id", REQUEST_ID);
    assert_eq!(hub.send(&request), hub.send(&request));
    assert_eq!(hub.events(number(1)).len(), 1, "X-Request-ID de-duplicates");
    let other = event(&number(1).to_string(), "A20047", "2", "5");
    let other = with_header(hub.request(Method::POST, ALERT, &[], &other), "x-request-id", REQUEST_ID);
    assert_eq!(hub.send(&other).0, 201);
    assert_eq!(hub.events(number(1)).len(), 2, "another alert is not the same request");
}

#[test]
fn an_alert_is_raised_for_the_own_organisation_only() {
    let hub = Hub::default().with_sessions();
    let raise = |token: &str| {
        let body = event(&number(1).to_string(), &practice().to_lowercase(), "1", "4");
        let request = hub.request(Method::POST, ALERT, &[], &body);
        hub.send(&with_header(request, "authorization", &format!("Bearer {token}")))
    };
    assert_eq!(raise("own").0, 201);
    let (status, body, _) = raise("other");
    assert_eq!((status, &body["issue"][0]["code"]), (403, &json!("forbidden")));
    assert_eq!(hub.events(number(1)).len(), 1);
}
