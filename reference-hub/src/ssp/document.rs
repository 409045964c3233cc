//! The patient as a practice's system tells of it: a GP Connect STU3 Patient made of the demographic record, with
//! practice, practitioner and registration contained.
//!
//! Called by `super`. Pure: a record reads the same every time.

use crate::systems::Registered;
use serde_json::{Map, Value, json};

const CARE_CONNECT: &str = "https://fhir.hl7.org.uk/STU3/StructureDefinition";
const GPC: &str = "https://fhir.nhs.uk/STU3/StructureDefinition";

/// What a list element holds; nothing when it is absent.
fn items<'a>(patient: &'a Value, element: &str) -> &'a [Value] {
    patient.get(element).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Parts of a record without what STU3 and the practice do not know: ids and extensions of the national record.
fn plain(parts: &[Value]) -> Vec<Value> {
    let keep = |part: &Value| {
        let members = part.as_object()?.iter().filter(|(k, _)| !matches!(k.as_str(), "id" | "extension"));
        Some(Value::Object(members.map(|(k, v)| (k.clone(), v.clone())).collect::<Map<_, _>>()))
    };
    parts.iter().filter_map(keep).collect()
}

fn coding(system: &str, code: &str, display: &str) -> Value {
    json!({"coding": [{"system": format!("https://fhir.hl7.org.uk/STU3/CodeSystem/{system}"), "code": code, "display": display}]})
}

fn registration(patient: &Value) -> Value {
    let since =
        patient.pointer("/generalPractitioner/0/identifier/period/start").cloned().unwrap_or(Value::Null);
    json!({
        "url": format!("{GPC}/Extension-CareConnect-GPC-RegistrationDetails-1"),
        "extension": [
            {"url": "registrationPeriod", "valuePeriod": {"start": since}},
            {"url": "registrationType", "valueCodeableConcept": coding("CareConnect-RegistrationType-1", "R", "Regular/GMS")},
            {"url": "registrationStatus", "valueCodeableConcept": coding("CareConnect-RegistrationStatus-1", "A", "Active")},
            {"url": "preferredBranchSurgery", "valueReference": {"reference": "#branch"}},
        ],
    })
}

fn communication() -> Value {
    json!({
        "url": format!("{CARE_CONNECT}/Extension-CareConnect-GPC-NHSCommunication-1"),
        "extension": [
            {"url": "language", "valueCodeableConcept": coding("CareConnect-HumanLanguage-1", "en", "English")},
            {"url": "preferred", "valueBoolean": true},
            {"url": "modeOfCommunication", "valueCodeableConcept": coding("CareConnect-LanguageAbilityMode-1", "RWR", "Received written")},
            {"url": "communicationProficiency", "valueCodeableConcept": coding("CareConnect-LanguageAbilityProficiency-1", "E", "Excellent")},
            {"url": "interpreterRequired", "valueBoolean": false},
        ],
    })
}

fn contained(provider: &Registered) -> Value {
    let address = json!([{
        "use": "work",
        "line": ["Health Centre", "1 High Street"],
        "city": "Spinebench",
    }]);
    let telecom = json!([{"system": "phone", "value": "01632960000", "use": "work"}]);
    json!([
        {
            "resourceType": "Organization",
            "id": "practice",
            "meta": {"profile": [format!("{CARE_CONNECT}/CareConnect-GPC-Organization-1")]},
            "identifier": [{"system": "https://fhir.nhs.uk/Id/ods-organization-code", "value": provider.ods}],
            "active": true,
            "name": format!("Practice {}", provider.ods),
            "telecom": telecom,
            "address": address,
        },
        {
            "resourceType": "Location",
            "id": "branch",
            "meta": {"profile": [format!("{CARE_CONNECT}/CareConnect-GPC-Location-1")]},
            "status": "active",
            "name": format!("Practice {}, main surgery", provider.ods),
            "telecom": telecom,
            "managingOrganization": {"reference": "#practice"},
        },
        {
            "resourceType": "Practitioner",
            "id": "usual-gp",
            "meta": {"profile": [format!("{CARE_CONNECT}/CareConnect-GPC-Practitioner-1")]},
            "identifier": [{"system": "https://fhir.nhs.uk/Id/sds-user-id", "value": format!("555{}", provider.asid.get(3..).unwrap_or(""))}],
            "active": true,
            "name": [{"use": "official", "family": "Prescriber", "given": ["Synthetic"], "prefix": ["Dr"]}],
            "gender": "unknown",
        },
        {
            "resourceType": "PractitionerRole",
            "id": "usual-gp-role",
            "meta": {"profile": [format!("{CARE_CONNECT}/CareConnect-GPC-PractitionerRole-1")]},
            "active": true,
            "practitioner": {"reference": "#usual-gp"},
            "organization": {"reference": "#practice"},
            "code": [coding("CareConnect-SDSJobRoleName-1", "R0260", "General Medical Practitioner")],
        },
    ])
}

/// The patient, indented as providers' systems send it: some 9 KB.
pub(super) fn patient(record: &Value, provider: &Registered) -> String {
    let text = |pointer: &str| record.pointer(pointer).cloned().unwrap_or(Value::Null);
    let names: Vec<Value> = plain(items(record, "name"))
        .into_iter()
        .map(|mut name| {
            if name["use"] == "usual" {
                name["use"] = "official".into(); // a practice's official name is the national record's usual one
            }
            name
        })
        .collect();
    let mut resource = json!({
        "resourceType": "Patient",
        "id": format!("{}-{}", provider.ods, text("/id").as_str().unwrap_or("")),
        "meta": {
            "versionId": text("/meta/versionId"),
            "profile": [format!("{CARE_CONNECT}/CareConnect-GPC-Patient-1")],
        },
        "contained": contained(provider),
        "extension": [registration(record), communication()],
        "identifier": [{
            "extension": [{
                "url": format!("{CARE_CONNECT}/Extension-CareConnect-GPC-NHSNumberVerificationStatus-1"),
                "valueCodeableConcept": coding("CareConnect-NHSNumberVerificationStatus-1", "01", "Number present and verified"),
            }],
            "system": "https://fhir.nhs.uk/Id/nhs-number",
            "value": text("/id"),
        }],
        "active": true,
        "name": names,
        "telecom": plain(items(record, "telecom")),
        "gender": text("/gender"),
        "birthDate": text("/birthDate"),
        "address": plain(items(record, "address")),
        "contact": plain(items(record, "contact")),
        "generalPractitioner": [{"reference": "#usual-gp"}],
        "managingOrganization": {"reference": "#practice"},
    });
    if let Some(died) = record.get("deceasedDateTime") {
        resource["deceasedDateTime"] = died.clone();
    }
    if let Value::Object(members) = &mut resource {
        // FHIR has no empty lists and no nulls.
        members.retain(|_, v| !v.is_null() && v.as_array().is_none_or(|list| !list.is_empty()));
    }
    serde_json::to_string_pretty(&resource).unwrap_or_default() // a tree of strings and numbers serialises
}
