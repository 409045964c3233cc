//! Who may: tokens, headers, organisations, applications; and what is answered when the hub itself fails.

use super::*;
use crate::operation::{Route, routes};

/// A request of every operation, each of which the sandbox accepts.
fn every(hub: &Hub) -> Vec<(&'static str, Request)> {
    let patient = named(number(1));
    let retrieve =
        [("composition.identifier", FIRST), ("composition.subject:Patient.identifier", patient.as_str())];
    let alert = json!({"resourceType": "AuditEvent"});
    vec![
        ("scr-upload", hub.request(Method::POST, BUNDLE, &[], &document(FIRST, number(1)))),
        ("scr-retrieve", hub.request(Method::GET, BUNDLE, &retrieve, &Value::Null)),
        ("scr-list", hub.request(Method::GET, LIST, &[("patient", &patient)], &Value::Null)),
        (
            "scr-set-permission",
            hub.request(Method::POST, PERMIT, &[], &permit(&number(1).to_string(), "Ask")),
        ),
        ("scr-audit", hub.request(Method::POST, ALERT, &[], &alert)),
    ]
}

/// The request with `Authorization: Bearer TOKEN`.
fn bearer(request: Request, token: &str) -> Request {
    with_header(request, "authorization", &format!("Bearer {token}"))
}

#[test]
fn without_a_live_token_everything_is_refused() {
    let hub = Hub::with_patients(&[number(1)]).with_sessions();
    for (operation, request) in every(&hub) {
        for request in [request.clone(), bearer(request.clone(), "nonsense")] {
            let (status, body, _) = hub.send(&request);
            assert_eq!((status, &body["issue"][0]["code"]), (401, &json!("forbidden")), "{operation}");
            assert!(sentences(&body).contains("access token"), "{operation}");
        }
        assert_ne!(hub.send(&bearer(request, "own")).0, 401, "{operation}");
    }
}

#[test]
fn an_application_may_upload_list_and_retrieve_but_not_what_needs_a_user() {
    let hub = Hub::with_patients(&[number(1)]).with_sessions();
    let statuses: Vec<(&str, u16)> =
        every(&hub).into_iter().map(|(o, r)| (o, hub.send(&bearer(r, "application")).0)).collect();
    assert_eq!(
        statuses,
        [
            ("scr-upload", 201),
            ("scr-retrieve", 200),
            ("scr-list", 200),
            ("scr-set-permission", 401),
            ("scr-audit", 401)
        ]
    );
}

#[test]
fn a_summary_is_uploaded_by_its_authors_own_organisation_only() {
    let hub = Hub::default().with_sessions();
    let upload = |token: &str, document: &Value| {
        hub.send(&bearer(hub.request(Method::POST, BUNDLE, &[], document), token))
    };
    let (status, body, _) = upload("other", &document(FIRST, number(1)));
    assert_eq!((status, &body["issue"][0]["code"]), (403, &json!("forbidden")));
    assert!(sentences(&body).contains("organisation"));
    assert_eq!(hub.store.head().seq, 0);
    assert_eq!(upload("own", &document(FIRST, number(1))).0, 201);
    // As in the published example, the author need not name an organisation.
    let mut unnamed = document(SECOND, number(2));
    for entry in unnamed["entry"].as_array_mut().unwrap() {
        drop(entry["resource"].as_object_mut().unwrap().remove("organization"));
    }
    assert_eq!(upload("other", &unnamed).0, 201);
}

#[test]
fn a_summary_is_read_by_every_organisation() {
    let hub = Hub::default().with_sessions();
    let mut all = every(&hub).into_iter();
    assert_eq!(hub.send(&bearer(all.next().unwrap().1, "own")).0, 201);
    for (operation, request) in all.take(2) {
        let (status, body, _) = hub.send(&bearer(request, "other"));
        assert_eq!(status, 200, "{operation}");
        assert_ne!(body["total"], 0, "{operation}");
    }
}

#[test]
fn headers_are_held_to_what_is_published() {
    let hub = Hub::with_patients(&[number(1)]).with_sessions();
    for (operation, request) in every(&hub) {
        let status = |name: &'static str, value: &str| {
            let request = bearer(with_header(request.clone(), name, value), "own");
            let decision = hub.decide(&request);
            let Body::Inline(body) = decision.answer.body else { panic!("inline") };
            (decision.answer.status, String::from_utf8(body.to_vec()).unwrap())
        };
        let plain = hub.decide(&bearer(request.clone(), "own")).answer.status;
        for bad in ["7", "", "60E0B220-8136-4CA5-AE46-1D97EF59D06G"] {
            let (got, body) = status("x-request-id", bad);
            assert!(got == 400 && body.contains("X-Request-ID"), "{operation} {bad}");
        }
        assert_eq!(status("x-request-id", REQUEST_ID).0, plain, "{operation}");
        assert_eq!(status("x-correlation-id", "anything at all").0, plain, "X-Correlation-ID is free");
        assert_eq!(status("nhsd-asid", "200000000985").0, plain, "NHSD-ASID is the gateway's");
        assert_eq!(status("nhsd-session-urid", "555254240100").0, plain, "{operation}");
        for bad in ["", "55525424010X", "555254240101"] {
            let (got, body) = status("nhsd-session-urid", bad);
            if operation == "scr-retrieve" {
                assert_eq!(got, plain, "not among its published headers");
            } else {
                assert!(got == 400 && body.contains("NHSD-Session-URID"), "{operation} {bad}");
            }
        }
    }
    let list = hub.request(Method::GET, LIST, &[("patient", &named(number(1)))], &Value::Null);
    let other_role = with_header(list, "nhsd-session-urid", "1");
    for token in ["unknown-role", "application"] {
        assert_eq!(hub.send(&bearer(other_role.clone(), token)).0, 200, "{token}: no role to compare");
    }
    let two = with_header(with_header(other_role, "x-request-id", "7"), "nhsd-session-urid", "x");
    let (_, body, _) = hub.send(&bearer(two, "own"));
    assert_eq!(body["issue"].as_array().unwrap().len(), 2, "all faults at once");
}

#[test]
fn only_fhir_json_is_taken() {
    let hub = Hub::with_patients(&[number(1)]);
    for (operation, mut request) in every(&hub) {
        if request.method != Method::POST {
            continue;
        }
        for wrong in ["text/plain", "application/json", "application/fhir+xml", ""] {
            let (status, body, _) = hub.send(&with_header(request.clone(), "content-type", wrong));
            assert_eq!((status, &body["issue"][0]["code"]), (415, &json!("not-supported")), "{operation}");
        }
        let upper = with_header(request.clone(), "content-type", "Application/FHIR+json");
        assert_ne!(hub.decide(&upper).answer.status, 415);
        request.headers.remove("content-type");
        assert_eq!(hub.send(&request).0, 415, "{operation}: Content-Type is mandatory");
    }
}

#[test]
fn other_methods_and_paths_are_refused() {
    let hub = Hub::default();
    for (path, allow) in [(BUNDLE, "GET, POST"), (LIST, "GET"), (PERMIT, "POST"), (ALERT, "POST")] {
        for method in [Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS] {
            let (status, body, headers) = hub.send(&hub.request(method, path, &[], &Value::Null));
            assert_eq!((status, &body["resourceType"]), (405, &json!("OperationOutcome")), "{path}");
            assert!(headers.contains(&("allow", allow.into())), "{path}");
        }
    }
    assert_eq!(hub.get(PERMIT, &[]).0, 405);
    assert_eq!(hub.post(LIST, &Value::Null).0, 405);
    for path in ["Other", "Bundle/1", "setPermission", ""] {
        let (status, body) = hub.get(&format!("/summary-care-record/FHIR/R4/{path}"), &[]);
        assert_eq!((status, &body["issue"][0]["code"]), (404, &json!("not-found")), "{path}");
    }
}

#[test]
fn a_store_that_cannot_read_is_the_hubs_fault() {
    let hub = Hub::default();
    for (operation, request) in every(&hub) {
        if operation == "scr-audit" {
            continue; // reads nothing but what it may have answered before
        }
        let answer = hub.decide_on(&Broken(&hub.store), &request).answer;
        let Body::Inline(body) = &answer.body else { panic!("inline") };
        let body: Value = serde_json::from_slice(body).unwrap();
        assert_eq!((answer.status, &body["issue"][0]["code"]), (500, &json!("unknown")), "{operation}");
        let coding = &body["issue"][0]["details"]["coding"][0];
        assert_eq!(coding["system"], "https://fhir.nhs.uk/CodeSystem/Spine-ErrorOrWarningCode");
        assert_eq!((&coding["code"], &coding["version"]), (&json!("UNKNOWN_ERROR"), &json!("1")));
    }
}

#[test]
fn every_answered_status_is_documented() {
    let documented = |id: &str, status: u16| {
        let route: &Route = routes(&[&INTERFACE]).find(|r| r.id == id).unwrap();
        route.answers.iter().any(|a| a.status == status)
    };
    let hub = Hub::with_patients(&[number(1)]).with_sessions();
    for (operation, request) in every(&hub) {
        let broken = with_header(request.clone(), "x-request-id", "7");
        for request in [request.clone(), bearer(request, "own"), bearer(broken, "own")] {
            let status = hub.send(&request).0;
            assert!(documented(operation, status), "{operation} {status}");
        }
    }
    assert!(documented("scr-retrieve", 420));
}

#[test]
fn what_only_injection_brings_has_the_published_shape() {
    for status in [503, 504] {
        let answer = crate::scr::failed(status);
        let Body::Inline(body) = &answer.body else { panic!("inline") };
        let body: Value = serde_json::from_slice(body).unwrap();
        assert_eq!((answer.status, &body["issue"][0]["code"]), (status, &json!("transient")));
        assert!(!sentences(&body).is_empty());
    }
    let upload = routes(&[&INTERFACE]).find(|r| r.id == "scr-upload").unwrap();
    assert!(upload.answers.iter().any(|a| a.status == 504));
}
