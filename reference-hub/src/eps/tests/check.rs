//! Tests of what is checked of an order's medicines, doses and people, and of the dispenser's.

use super::*;

fn resource<'v>(order: &'v mut Value, kind: &str) -> &'v mut Value {
    let entries = order["entry"].as_array_mut().unwrap();
    &mut entries.iter_mut().find(|e| e["resource"]["resourceType"] == kind).unwrap()["resource"]
}

#[test]
fn medicines_doses_and_people_are_checked() {
    let hub = Hub::new();
    let rx = Rx::new(&hub, 1, Some(PHARMACY));
    let dose = json!({"text": "a"});
    type Change = fn(&mut Value, &Value);
    let cases: [(&str, Change, &str, &str); 10] = [
        (
            "MedicationRequest",
            |r, _| r["medicationReference"] = json!({"reference": "urn:uuid:m"}),
            "structure",
            "MedicationRequest cannot contain both medicationReference and medicationCodeableConcept fields.",
        ),
        (
            "MedicationRequest",
            |r, _| drop(r.as_object_mut().unwrap().remove("medicationCodeableConcept")),
            "TOO_FEW_VALUES_SUBMITTED",
            "",
        ),
        ("MedicationRequest", |r, d| r["dosageInstruction"] = json!([d, d]), "MISSING_VALUE", ""),
        (
            "MedicationRequest",
            |r, _| r["dispenseRequest"]["validityPeriod"]["start"] = "soon".into(),
            "value",
            "MedicationRequest.dispenseRequest.validityPeriod.start must be a date",
        ),
        (
            "PractitionerRole",
            |r, _| r["practitioner"] = json!({"identifier": {"value": "1"}}),
            "invalid",
            "practitionerRole.practitioner populated incorrectly. Please populate with Reference to resource within Bundle.",
        ),
        (
            "PractitionerRole",
            |r, _| r["practitioner"] = json!({"reference": "urn:uuid:elsewhere"}),
            "invalid",
            "practitionerRole.practitioner populated incorrectly.",
        ),
        (
            "PractitionerRole",
            |r, _| r["healthcareService"] = json!([{"reference": "urn:uuid:h"}]),
            "invalid",
            "Unexpected field of practitionerRole.healthcareService.",
        ),
        (
            "Practitioner",
            |r, _| drop(r["identifier"].as_array_mut().unwrap().remove(1)),
            "value",
            "Bundle resource Practitioner.identifier expected exactly one professional code from GMC/NMC/GPhC/HCPC/professional-code.",
        ),
        (
            "Practitioner",
            |r, _| {
                let other = json!({"system": "https://fhir.hl7.org.uk/Id/nmc-number", "value": "1"});
                r["identifier"].as_array_mut().unwrap().push(other);
            },
            "value",
            "Bundle resource Practitioner.identifier",
        ),
        (
            "Organization",
            |r, _| drop(r.as_object_mut().unwrap().remove("partOf")),
            "invalid",
            "Required field organization.partOf is missing.",
        ),
    ];
    for (kind, change, expected, words) in cases {
        for path in [PRESCRIBE, PREPARE] {
            let mut order = rx.order();
            change(resource(&mut order, kind), &dose);
            let (status, body) = hub.post(path, &order);
            assert_eq!((status, code(&body)), (400, expected), "{kind}: {body}");
            let diagnostics = body["issue"][0]["diagnostics"].as_str().unwrap_or_default();
            assert!(diagnostics.starts_with(words), "{diagnostics}");
        }
    }
    let mut ordered = rx.order();
    resource(&mut ordered, "MedicationRequest")["dosageInstruction"] =
        json!([{"sequence": 1, "text": "a"}, {"sequence": 2, "text": "b"}]);
    let mut hospital = ordered;
    for i in 1..=2 {
        hospital["entry"][i]["resource"]["extension"][0]["valueCoding"]["code"] = "1001".into();
    }
    resource(&mut hospital, "PractitionerRole")["healthcareService"] = json!([{"reference": "urn:uuid:h"}]);
    resource(&mut hospital, "Organization").as_object_mut().unwrap().remove("partOf");
    assert_eq!(hub.post(PRESCRIBE, &hospital).0, 200, "a hospital names its service instead");
}

#[test]
fn all_faults_of_an_order_are_told_at_once() {
    let hub = Hub::new();
    let rx = Rx::new(&hub, 1, Some(PHARMACY));
    let mut order = rx.order();
    resource(&mut order, "MedicationRequest")["intent"] = "plan".into();
    resource(&mut order, "Patient")["identifier"][0]["value"] = "9000000000".into();
    resource(&mut order, "Provenance")["signature"] = json!([]);
    let (status, body) = hub.post(PRESCRIBE, &order);
    let issues = body["issue"].as_array().unwrap();
    let codes: Vec<&str> = issues
        .iter()
        .map(|i| i["details"]["coding"][0]["code"].as_str().or(i["code"].as_str()).unwrap())
        .collect();
    assert_eq!(status, 400);
    assert_eq!(codes, ["FAILURE_TO_PROCESS_MESSAGE", "value", "MISSING_DIGITAL_SIGNATURE"]);
}

#[test]
fn a_dispensers_people_are_named_by_identifier() {
    let hub = Hub::new();
    let rx = hub.prescription_in(State::Dispensed, 1);
    let mut asked = release(PHARMACY, None);
    asked["parameter"][2]["resource"]["practitioner"] = json!({"reference": "urn:uuid:p"});
    let mut claim = rx.claim(&hub);
    claim["contained"]
        .as_array_mut()
        .unwrap()
        .push(json!({"resourceType": "PractitionerRole", "practitioner": {"reference": "#p"}}));
    for (path, body, words) in [
        (
            RELEASE,
            asked,
            "Parameters.parameter(\"agent\").resource.practitioner populated incorrectly. Please populate with Identifier and Display.",
        ),
        (CLAIM, claim, "practitionerRole.practitioner populated incorrectly."),
    ] {
        let (status, body) = hub.post(path, &body);
        assert_eq!((status, code(&body)), (400, "invalid"));
        assert!(body["issue"][0]["diagnostics"].as_str().unwrap().starts_with(words));
    }
}
