//! Tests of what the published example answers show beyond their codes: when an outcome was made, where a fault stands.

use super::*;

fn made(body: &Value) -> &str {
    assert_eq!(body["resourceType"], "OperationOutcome");
    body["meta"]["lastUpdated"].as_str().unwrap_or("never")
}

#[test]
fn every_outcome_says_when_it_was_made_and_a_retransmission_gets_the_first_ones_time() {
    let hub = Hub::new();
    let rx = Rx::new(&hub, 1, Some(PHARMACY));
    let (_, first) = hub.post(PRESCRIBE, &rx.order());
    assert!(made(&first).ends_with("+00:00") && made(&first).len() == 25, "{first}");
    assert_eq!(hub.post(PRESCRIBE, &rx.order()).1, first);
    assert_eq!(made(&hub.post(PRESCRIBE, &json!({"resourceType": "Patient"})).1), made(&first));
    assert_eq!(made(&hub.post(RELEASE, &release(OTHER_PHARMACY, None)).1), made(&first), "nothing waits");
    assert_eq!(hub.post(RELEASE, &release(PHARMACY, None)).0, 200);
    let (status, body) = hub.post(RELEASE, &release(OTHER_PHARMACY, Some(&rx.id)));
    assert_eq!((status, made(&body)), (400, made(&first)), "also one that contains who holds it");
    assert!(body["contained"][0]["resourceType"] == "Organization", "{body}");
}

#[test]
fn an_intent_that_is_not_known_is_told_with_where_it_stands() {
    let hub = Hub::new();
    let mut order = Rx::new(&hub, 1, None).order();
    order["entry"][1]["resource"]["intent"] = "plan".into();
    let issue = hub.post(PRESCRIBE, &order).1["issue"][0].take();
    assert_eq!(issue["code"], "value");
    assert_eq!(issue["expression"], json!(["Bundle.entry.resource.ofType(MedicationRequest).intent"]));
}

#[test]
fn courses_that_do_not_go_together_are_one_fault_not_two() {
    let hub = Hub::new();
    let mut order = Rx::new(&hub, 1, None).order();
    order["entry"][1]["resource"]["courseOfTherapyType"]["coding"][0]["code"] =
        "continuous-repeat-dispensing".into();
    let (status, body) = hub.post(PRESCRIBE, &order);
    assert_eq!((status, code(&body)), (400, "INVALID_VALUE"));
    assert_eq!(body["issue"].as_array().unwrap().len(), 1, "not also repeats that are missing: {body}");
}

#[test]
fn items_of_a_notification_give_one_reason_why_nothing_was_dispensed() {
    let hub = Hub::new();
    let rx = Rx::new(&hub, 1, None); // the reasons are compared before the prescription is looked for
    let url = "https://fhir.nhs.uk/StructureDefinition/Extension-DM-PrescriptionNonDispensingReason";
    let with = |reasons: [&str; 2]| {
        let mut message = rx.dispense(&hub, "0007", &["0002", "0002"]);
        for (i, reason) in reasons.iter().enumerate() {
            let coding = json!({"code": reason});
            let extensions = message["entry"][i + 1]["resource"]["extension"].as_array_mut().unwrap();
            extensions.push(json!({"url": url, "valueCoding": coding}));
        }
        message
    };
    let (status, body) = hub.post(DISPENSE, &with(["0008", "0004"]));
    assert_eq!((status, code(&body)), (400, "INVALID_VALUE"));
    assert_eq!(
        body["issue"][0]["expression"][0],
        "MedicationDispense.extension:prescriptionNonDispensingReason"
    );
    assert_eq!(code(&hub.post(DISPENSE, &with(["0008", "0008"])).1), "PRESCRIPTION_NOT_FOUND");
}

#[test]
fn what_an_organisation_is_part_of_need_not_be_part_of_anything() {
    let hub = Hub::new();
    let mut order = Rx::new(&hub, 1, None).order();
    let entries = order["entry"].as_array_mut().unwrap();
    let practice = entries.iter_mut().find(|e| e["resource"]["resourceType"] == "Organization").unwrap();
    practice["resource"]["partOf"] = json!({"reference": "urn:uuid:area"});
    let area = json!({"resourceType": "Organization", "name": "Area"});
    entries.push(json!({"fullUrl": "urn:uuid:area", "resource": area}));
    let (status, body) = hub.post(PRESCRIBE, &order);
    assert_eq!(status, 200, "{body}");
}

#[test]
fn a_cancelled_items_reason_is_shown_with_its_display() {
    let hub = Hub::new();
    let rx = Rx::new(&hub, 1, Some(PHARMACY));
    assert_eq!(hub.post(PRESCRIBE, &rx.order()).0, 200);
    let mut cancel = rx.cancel(&hub, 0);
    cancel["entry"][1]["resource"]["statusReason"]["coding"][0]["code"] = "0002".into();
    assert_eq!(hub.post(PRESCRIBE, &cancel).0, 200);
    let (_, given) = hub.post(RELEASE, &release(PHARMACY, None));
    assert!(given.to_string().contains(r#""display":"Clinical contra-indication""#), "{given}");
}
