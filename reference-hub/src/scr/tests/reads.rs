//! scr-list and scr-retrieve: parameters, what is found, consent, and the seeded summaries.

use super::*;

#[test]
fn parameters_are_held_to_what_is_published() {
    let hub = Hub::default();
    let patient = named(number(1));
    for bad in [
        "",
        "9000000009",
        "https://fhir.nhs.uk/Id/nhs-number|INVALID",
        "https://fhir.nhs.uk/Id/nhs-number|9000000000",
    ] {
        let (status, body) = hub.list(bad);
        assert_eq!((status, &body["issue"][0]["code"]), (400, &json!("invalid")), "{bad}");
        assert_eq!(hub.retrieve(FIRST, bad).0, 400, "{bad}");
    }
    assert_eq!(hub.retrieve("INVALID ID", &patient).0, 400);
    let ask = |query: &[(&str, &str)]| hub.send(&hub.request(Method::GET, LIST, query, &Value::Null)).0;
    assert_eq!(ask(&[]), 400);
    let full = [
        ("patient", patient.as_str()),
        ("type", "http://snomed.info/sct|196981000000101"),
        ("_sort", "date"),
        ("_count", "1"),
    ];
    assert_eq!(ask(&full), 200);
    for (name, value) in [("type", "1"), ("_sort", "-date"), ("_count", "2")] {
        assert_eq!(ask(&[("patient", &patient), (name, value)]), 400, "{name}");
    }
    assert_eq!(ask(&[("patient", &patient), ("patient", &patient)]), 400, "twice");
    let twice = [("composition.identifier", FIRST), ("composition.identifier", SECOND)];
    assert_eq!(hub.get(BUNDLE, &twice).0, 400);
    assert_eq!(
        hub.get(BUNDLE, &[("composition.identifier", FIRST)]).0,
        400,
        "composition.subject:Patient.identifier"
    );
    assert_eq!(hub.get(BUNDLE, &[("composition.subject:Patient.identifier", &patient)]).0, 400);
    let (status, body) = hub.list(&patient);
    assert_eq!((status, &body["total"]), (200, &json!(0)));
    assert!(body.get("entry").is_none());
}

#[test]
fn a_patient_who_does_not_consent_has_no_summary() {
    let hub = Hub::default();
    let mut rows = sandbox_rows();
    for (table, key, value) in rows.drain(..) {
        hub.load(table, [(key, value)].into_iter());
    }
    let refuser = NhsNumber::new(9_111_231_130).unwrap();
    let answers = [
        hub.upload(&document(FIRST, refuser)),
        hub.list(&named(refuser)),
        hub.retrieve(FIRST, &named(refuser)),
    ];
    for (status, body) in answers {
        assert_eq!((status, &body["issue"][0]["code"]), (403, &json!("forbidden")));
    }
    let minimal = NhsNumber::new(9_000_000_033).unwrap();
    assert_eq!(hub.list(&named(minimal)).1["total"], 0);
    let full = NhsNumber::new(9_000_000_009).unwrap();
    let (status, found) = hub.retrieve("FA60BE64-1F34-11EB-A2A8-000C29A364EB", &named(full));
    assert_eq!(status, 200);
    assert!(found["total"].as_u64().unwrap() > 20);
}

#[test]
fn seeded_summaries_ascend_and_are_found() {
    let population = population();
    let rows: Vec<_> = seed_rows(&population).collect();
    assert_eq!(rows.len() as u64, 2 * population.backlog().summaries);
    let hub = Hub::default();
    hub.store.load(Table::Summaries, &mut rows.into_iter().map(|(_, key, value)| (key, value))).unwrap();
    let summary = population.summary(3);
    let (_, found) =
        hub.retrieve(&summary.composition_id, &named(population.nhs_number(summary.patient_index)));
    assert!(found["total"].as_u64().unwrap() > 20);
}

#[test]
fn a_listed_reference_has_the_published_shape() {
    let hub = Hub::default();
    assert_eq!(hub.upload(&document(FIRST, number(1))).0, 201);
    let (_, list) = hub.list(&named(number(1)));
    assert_eq!((&list["resourceType"], &list["type"]), (&json!("Bundle"), &json!("searchset")));
    let (entry, patient) = (&list["entry"][0], &list["entry"][1]);
    let base = "https://api.service.nhs.uk/summary-care-record/FHIR/R4";
    assert_eq!(entry["fullUrl"], format!("{base}/DocumentReference/{FIRST}"));
    assert_eq!(patient["fullUrl"], format!("{base}/Patient/{}", patient["resource"]["id"].as_str().unwrap()));
    assert_eq!(entry["search"]["mode"], "match");
    let reference = &entry["resource"];
    assert_eq!(reference["status"], "current");
    assert_eq!(reference["masterIdentifier"]["system"], "https://fhir.nhs.uk/Id/nhsSCRUUID");
    for coding in [&reference["type"]["coding"][0], &reference["context"]["event"][0]["coding"][0]] {
        assert_eq!(coding["code"], "196981000000101");
    }
    let subject = format!("Patient/{}", patient["resource"]["id"].as_str().unwrap());
    assert_eq!(reference["subject"]["reference"], subject);
    let url = reference["content"][0]["attachment"]["url"].as_str().unwrap();
    assert!(url.contains("/Bundle?composition.identifier=") && url.contains(FIRST));
}
