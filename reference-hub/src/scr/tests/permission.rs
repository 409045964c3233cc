//! scr-set-permission: what is stored, who reads it back, and what is refused.

use super::*;

#[test]
fn a_permission_is_read_back_by_the_list_as_it_was_set() {
    let hub = Hub::with_patients(&[number(1), number(2)]);
    assert_eq!(hub.upload(&document(FIRST, number(1))).0, 201);
    for code in ["Yes", "No", "Ask"] {
        let (status, body) = hub.post(PERMIT, &permit(&number(1).to_string(), code));
        assert_eq!((status, body), (201, Value::Null), "{code}");
        let (status, list) = hub.list(&named(number(1)));
        let label = &list["entry"][0]["resource"]["securityLabel"][0]["coding"][0];
        assert_eq!((status, &label["code"]), (200, &json!(code)));
        assert_eq!(label["system"], "https://fhir.nhs.uk/CodeSystem/SCR-ACSPermission");
    }
    let events = hub.events(number(1));
    assert_eq!(events.iter().map(|e| &e["content"]).collect::<Vec<_>>(), ["Yes", "No", "Ask"]);
    assert_eq!((&events[0]["kind"], &events[0]["at_ms"]), (&json!("permission"), &json!(NOW_MS + 2)));
    assert_eq!((&events[0]["ods"], &events[0]["user_id"]), (&json!("X26"), &json!("999999999999")));
    assert!(hub.events(number(2)).is_empty());
}

#[test]
fn who_opted_out_can_be_listed_but_neither_viewed_nor_uploaded_until_asked_again() {
    let hub = Hub::with_patients(&[number(1)]);
    let patient = named(number(1));
    assert_eq!(hub.upload(&document(FIRST, number(1))).0, 201);
    hub.post(PERMIT, &permit(&number(1).to_string(), "No"));
    assert_eq!(hub.list(&patient).1["total"], 1);
    let (status, body) = hub.retrieve(FIRST, &patient);
    assert_eq!((status, &body["issue"][0]["code"]), (420, &json!("forbidden")));
    assert!(sentences(&body).contains("Code: 420") && sentences(&body).contains("[PSIS-30418]"));
    let (status, body) = hub.upload(&document(SECOND, number(1)));
    assert_eq!((status, &body["issue"][0]["code"]), (403, &json!("forbidden")));
    for code in ["Ask", "Yes"] {
        hub.post(PERMIT, &permit(&number(1).to_string(), code));
        assert_eq!(hub.retrieve(FIRST, &patient).0, 200, "{code}");
    }
    assert_eq!(hub.upload(&document(SECOND, number(1))).0, 201);
}

#[test]
fn a_permission_of_nobody_known_is_refused() {
    let hub = Hub::with_patients(&[number(1)]);
    for unknown in [number(2), NhsNumber::new(9_111_231_130).unwrap()] {
        let (status, body) = hub.post(PERMIT, &permit(&unknown.to_string(), "Ask"));
        assert_eq!((status, &body["issue"][0]["code"]), (400, &json!("invalid")));
        assert!(sentences(&body).contains("not found"));
    }
}

#[test]
fn all_faults_of_a_permission_are_told_at_once() {
    let hub = Hub::with_patients(&[number(1)]);
    let me = number(1).to_string();
    let good = permit(&me, "Ask");
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut body = good.clone();
        change(&mut body);
        body
    };
    let cases = [
        ("Parameters", changed(&|d| d["resourceType"] = "Bundle".into())),
        ("setPermissions", changed(&|d| d["parameter"][0]["name"] = "setPermission".into())),
        ("exactly one", changed(&|d| d["parameter"] = json!([d["parameter"][0], d["parameter"][0]]))),
        ("exactly one", changed(&|d| drop(d.as_object_mut().unwrap().remove("parameter")))),
        ("must be two", changed(&|d| drop(d["parameter"][0]["part"].as_array_mut().unwrap().pop()))),
        ("nhsNumber", changed(&|d| drop(d["parameter"][0]["part"].as_array_mut().unwrap().remove(0)))),
        ("nhsNumber", permit("9000000000", "Ask")),
        ("nhsNumber", permit("4010232137", "Ask")),
        ("permissionCode", changed(&|d| d["parameter"][0]["part"][1]["name"] = "code".into())),
        ("allowed: Yes, No, Ask", permit(&me, "Maybe")),
        ("allowed: Yes, No, Ask", permit(&me, "ask")),
        (
            "SCR-ACSPermission",
            changed(&|d| d["parameter"][0]["part"][1]["valueCoding"]["system"] = "x".into()),
        ),
        ("valueCoding", changed(&|d| d["parameter"][0]["part"][1]["valueCoding"] = Value::Null)),
        ("Parameters", json!([1, 2])),
    ];
    for (says, body) in cases {
        let (status, outcome) = hub.post(PERMIT, &body);
        assert_eq!(status, 400, "{body}");
        assert!(sentences(&outcome).contains(says), "{says}: {outcome}");
    }
    let (_, outcome) = hub.post(PERMIT, &permit("123", "Maybe"));
    assert_eq!(outcome["issue"].as_array().unwrap().len(), 2);
    let mut broken = hub.request(Method::POST, PERMIT, &[], &good);
    broken.body = Body::Inline(Bytes::from_static(b"{\"resourceType\": \"Para"));
    assert_eq!(hub.send(&broken).0, 400);
    broken.body = Body::Inline(Bytes::from_static(b"\xff\xfe"));
    assert_eq!(hub.send(&broken).0, 400);
    assert_eq!(hub.store.head().seq, 0, "nothing of this was stored");
}

#[test]
fn the_same_request_sets_a_permission_once() {
    let hub = Hub::with_patients(&[number(1)]);
    let body = permit(&number(1).to_string(), "No");
    let request = with_header(hub.request(Method::POST, PERMIT, &[], &body), "x-request-id", REQUEST_ID);
    let first = hub.send(&request);
    assert_eq!(first.0, 201);
    hub.post(PERMIT, &permit(&number(1).to_string(), "Ask"));
    assert_eq!(hub.send(&request), first, "X-Request-ID de-duplicates");
    assert_eq!(hub.events(number(1)).len(), 2);
}

#[test]
fn of_two_changes_at_once_and_of_a_change_and_an_upload_the_second_conflicts() {
    let hub = Hub::with_patients(&[number(1)]);
    let set = |code| hub.request(Method::POST, PERMIT, &[], &permit(&number(1).to_string(), code));
    let (no, ask) = (hub.decide(&set("No")).txn.unwrap(), hub.decide(&set("Ask")).txn.unwrap());
    let upload = hub.request(Method::POST, BUNDLE, &[], &document(FIRST, number(1)));
    let upload = hub.decide(&upload).txn.unwrap();
    let outcomes = hub.store.commit(&[no, ask, upload]).unwrap();
    assert!(matches!(outcomes[0], Outcome::Committed { .. }));
    for outcome in &outcomes[1..] {
        assert!(matches!(outcome, Outcome::Conflict { table: Table::Permissions, .. }), "{outcome:?}");
    }
}
