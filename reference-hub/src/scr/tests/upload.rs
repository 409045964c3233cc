//! scr-upload: what is stored, what is refused, and of two at once.

use super::*;

#[test]
fn an_uploaded_summary_is_listed_and_comes_back_resource_by_resource() {
    let hub = Hub::default();
    let document = document(FIRST, number(1));
    let (status, _, headers) = hub.send(&hub.request(Method::POST, BUNDLE, &[], &document));
    assert_eq!(status, 201);
    let location = &headers.iter().find(|(name, _)| *name == "location").unwrap().1;
    assert!(location.contains(FIRST) && location.contains(&number(1).to_string()) && !location.contains('|'));
    let (status, list) = hub.list(&named(number(1)));
    assert_eq!((status, &list["total"]), (200, &json!(1)));
    let reference = &list["entry"][0]["resource"];
    assert_eq!(reference["masterIdentifier"]["value"], FIRST);
    assert_eq!(reference["securityLabel"][0]["coding"][0]["code"], "Ask");
    assert_eq!(list["entry"][1]["resource"]["identifier"][0]["value"], number(1).to_string());
    let (status, found) = hub.retrieve(&FIRST.to_lowercase(), &named(number(1)));
    assert_eq!((status, &found["type"]), (200, &json!("searchset")));
    assert_eq!(found["entry"], document["entry"]);
    assert_eq!(found["total"], document["entry"].as_array().unwrap().len());
    assert_eq!(
        (&found["timestamp"], &found["identifier"]),
        (&document["timestamp"], &document["identifier"])
    );
}

#[test]
fn a_new_summary_replaces_the_latest_and_the_old_id_finds_nothing() {
    let hub = Hub::default();
    assert_eq!(hub.upload(&document(FIRST, number(1))).0, 201);
    let mut next = document(SECOND, number(1));
    next["entry"][0]["resource"]["relatesTo"] =
        json!([{"code": "replaces", "targetIdentifier": {"value": SECOND}}]);
    assert_eq!(hub.upload(&next).0, 400, "it names a summary that is not the latest");
    next["entry"][0]["resource"]["relatesTo"][0]["targetIdentifier"]["value"] = FIRST.into();
    assert_eq!(hub.upload(&next).0, 201);
    let (_, list) = hub.list(&named(number(1)));
    assert_eq!(list["entry"][0]["resource"]["id"], SECOND);
    let (status, old) = hub.retrieve(FIRST, &named(number(1)));
    assert_eq!((status, &old["total"]), (200, &json!(0)));
    assert!(old.get("entry").is_none());
    assert_eq!(hub.retrieve(SECOND, &named(number(2))).1["total"], 0, "another patient's number");
}

#[test]
fn the_same_summary_twice_is_a_duplicate_unless_it_is_the_same_request() {
    let hub = Hub::default();
    let mut request = hub.request(Method::POST, BUNDLE, &[], &document(FIRST, number(1)));
    request.headers.insert("x-request-id", "60E0B220-8136-4CA5-AE46-1D97EF59D068".parse().unwrap());
    let first = hub.send(&request);
    assert_eq!(first.0, 201);
    let head = hub.store.head();
    assert_eq!(hub.send(&request), first, "X-Request-ID de-duplicates");
    assert_eq!(hub.store.head(), head);
    let (status, body) = hub.upload(&document(FIRST, number(1)));
    assert_eq!(status, 400);
    assert!(body["issue"][0]["details"]["text"].as_str().unwrap().starts_with("[PSIS-30134]"));
    request.headers.insert("x-request-id", "7".parse().unwrap());
    assert_eq!(hub.send(&request).0, 400);
}

#[test]
fn of_two_uploads_at_once_the_second_conflicts() {
    let hub = Hub::default();
    let upload = |id| hub.request(Method::POST, BUNDLE, &[], &document(id, number(1)));
    let (first, second) = (hub.decide(&upload(FIRST)).txn.unwrap(), hub.decide(&upload(SECOND)).txn.unwrap());
    let outcomes = hub.store.commit(&[first, second]).unwrap();
    assert!(matches!(outcomes[0], Outcome::Committed { .. }));
    assert!(matches!(outcomes[1], Outcome::Conflict { table: Table::Summaries, .. }));
}

#[test]
fn each_fault_of_a_document_is_refused() {
    let hub = Hub::default();
    let changed = |change: fn(&mut Value)| {
        let mut document = document(FIRST, number(1));
        change(&mut document);
        document
    };
    let cases = [
        ("resourceType", changed(|d| d["resourceType"] = "Parameters".into())),
        ("Bundle.type", changed(|d| d["type"] = "collection".into())),
        ("Bundle.identifier", changed(|d| d["identifier"]["value"] = "7".into())),
        ("Bundle.identifier", changed(|d| d["identifier"]["system"] = "urn:ietf:rfc:3986".into())),
        ("Bundle.timestamp", changed(|d| drop(d.as_object_mut().unwrap().remove("timestamp")))),
        ("Bundle.timestamp", changed(|d| d["timestamp"] = "2025-06-01".into())),
        ("Bundle.entry", changed(|d| drop(d.as_object_mut().unwrap().remove("entry")))),
        ("Bundle.entry", changed(|d| d["entry"][2] = d["entry"][0].clone())),
        ("Bundle.entry", changed(|d| drop(d["entry"].as_array_mut().unwrap().remove(0)))),
        ("Composition.status", changed(|d| d["entry"][0]["resource"]["status"] = "preliminary".into())),
        (
            "Composition.type",
            changed(|d| d["entry"][0]["resource"]["type"]["coding"][0]["code"] = "1".into()),
        ),
        ("Composition.category", changed(|d| d["entry"][0]["resource"]["category"] = json!([]))),
        (
            "Composition.date",
            changed(|d| drop(d["entry"][0]["resource"].as_object_mut().unwrap().remove("date"))),
        ),
        ("Composition.meta", changed(|d| d["entry"][0]["resource"]["meta"] = json!({}))),
        (
            "Composition.identifier",
            changed(|d| d["entry"][0]["resource"]["identifier"]["value"] = "x|y".into()),
        ),
        (
            "Composition.subject",
            changed(|d| d["entry"][0]["resource"]["subject"]["reference"] = "Patient/1".into()),
        ),
        ("Composition.author", changed(|d| d["entry"][0]["resource"]["author"] = json!([]))),
        (
            "Composition.author",
            changed(|d| d["entry"][0]["resource"]["author"] = json!([{"reference": "X/1"}])),
        ),
        (
            "Patient.identifier",
            changed(|d| d["entry"][1]["resource"]["identifier"][0]["value"] = "9000000000".into()),
        ),
        (
            "Patient.identifier",
            changed(|d| d["entry"][1]["resource"]["identifier"][0]["value"] = "4010232137".into()),
        ),
        ("PractitionerRole.practitioner", changed(|d| d["entry"][2]["resource"]["practitioner"] = json!({}))),
        ("PractitionerRole", changed(|d| d["entry"][2]["resource"]["identifier"] = json!([]))),
    ];
    for (what, document) in cases {
        let (status, body) = hub.upload(&document);
        assert_eq!((status, &body["issue"][0]["code"]), (400, &json!("invalid")), "{what}: {body}");
        assert!(sentences(&body).contains(what), "{what}: {body}");
    }
    let many = json!({"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "Composition"}}]});
    let (_, body) = hub.upload(&many);
    assert!(body["issue"].as_array().unwrap().len() >= 10, "all faults at once: {body}");
    let text = json!("not a bundle");
    assert_eq!(hub.upload(&text).0, 400);
    let mut wrong = hub.request(Method::POST, BUNDLE, &[], &document(FIRST, number(1)));
    wrong.headers.insert("content-type", "text/plain".parse().unwrap());
    let (status, body, _) = hub.send(&wrong);
    assert_eq!((status, &body["issue"][0]["code"]), (415, &json!("not-supported")));
    assert_eq!(hub.store.head().seq, 0, "nothing of this was stored");
}

#[test]
fn an_upload_that_does_not_say_what_it_replaces_becomes_the_latest_too() {
    let hub = Hub::default();
    for id in [FIRST, SECOND, THIRD] {
        assert_eq!(hub.upload(&document(id, number(1))).0, 201);
    }
    assert_eq!(hub.list(&named(number(1))).1["entry"][0]["resource"]["masterIdentifier"]["value"], THIRD);
    for id in [FIRST, SECOND] {
        assert_eq!(hub.retrieve(id, &named(number(1))).1["total"], 0, "older ones are not given out");
    }
    assert_eq!(hub.upload(&document(FIRST, number(1))).0, 400, "but they are still known");
}

#[test]
fn an_author_may_name_a_job_role_in_place_of_a_role_profile() {
    let hub = Hub::default();
    let mut document = document(FIRST, number(1));
    let role = &mut document["entry"][2]["resource"];
    drop(role.as_object_mut().unwrap().remove("identifier"));
    role["code"][0]["coding"][0]["system"] = "https://fhir.nhs.uk/CodeSystem/HL7v3-SDSJobRoleName".into();
    assert_eq!(hub.upload(&document).0, 201);
}

#[test]
fn the_sandboxs_patient_takes_an_upload_whatever_it_replaces() {
    let mut hub = Hub::default();
    for (table, key, value) in sandbox_rows() {
        hub.load(table, [(key, value)].into_iter());
    }
    let upload = |id| {
        let mut document = document(id, NhsNumber::new(9_000_000_009).unwrap());
        document["entry"][0]["resource"]["relatesTo"] =
            json!([{"code": "replaces", "targetIdentifier": {"value": THIRD}}]);
        document
    };
    assert_eq!(hub.upload(&upload(FIRST)).0, 201, "as the published example");
    hub.sandbox = false;
    hub = hub.with_sessions();
    let request = hub.request(Method::POST, BUNDLE, &[], &upload(SECOND));
    assert_eq!(hub.send(&with_header(request, "authorization", "Bearer own")).0, 400, "but nowhere else");
}
