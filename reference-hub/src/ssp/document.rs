//! The patient as a practice's system tells of it: a GP Connect STU3 Patient made of the demographic record, with
//! practice, practitioner and registration contained.
//!
//! Called by `super`. Pure: a record reads the same every time.

use crate::slices::{self, Member};
use crate::systems::Registered;
use crate::template::{self, Template};
use serde_json::{Value, json};
use std::sync::LazyLock;

const CARE_CONNECT: &str = "https://fhir.hl7.org.uk/STU3/StructureDefinition";
const GPC: &str = "https://fhir.nhs.uk/STU3/StructureDefinition";

/// How deep the members of a document's lists of objects are laid out: document, list, object.
const DEPTH: usize = 3;

/// Appends a list of a record without what STU3 and the practice do not know: ids and extensions of the national record.
/// Appends nothing when the list is empty: FHIR has no empty lists.
fn plain(out: &mut Vec<u8>, list: &[u8]) {
    let mut separator = b'[';
    for (item, mut members) in slices::objects(list).unwrap_or_default() {
        if !item.starts_with(b"{") {
            continue;
        }
        members.retain(|(name, _)| !matches!(*name, b"id" | b"extension"));
        out.push(separator);
        separator = b',';
        slices::new_line(out, DEPTH - 1);
        out.push(b'{');
        for (i, (name, value)) in members.iter().enumerate() {
            out.extend_from_slice(if i == 0 { b"" } else { b"," });
            slices::new_line(out, DEPTH);
            out.push(b'"');
            out.extend_from_slice(name);
            out.extend_from_slice(b"\": ");
            match (*name, *value) {
                // A practice's official name is the national record's usual one.
                (b"use", br#""usual""#) => out.extend_from_slice(br#""official""#),
                _ => slices::indent(out, value, DEPTH),
            }
        }
        if !members.is_empty() {
            slices::new_line(out, DEPTH - 1);
        }
        out.push(b'}');
    }
    if separator == b',' {
        slices::new_line(out, DEPTH - 2);
        out.push(b']');
    }
}

fn coding(system: &str, code: &str, display: &str) -> Value {
    json!({"coding": [{"system": format!("https://fhir.hl7.org.uk/STU3/CodeSystem/{system}"), "code": code, "display": display}]})
}

fn registration() -> Value {
    json!({
        "url": format!("{GPC}/Extension-CareConnect-GPC-RegistrationDetails-1"),
        "extension": [
            {"url": "registrationPeriod", "valuePeriod": {"start": "{{=since}}"}},
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

fn contained() -> Value {
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
            "identifier": [{"system": "https://fhir.nhs.uk/Id/ods-organization-code", "value": "{{ods}}"}],
            "active": true,
            "name": "Practice {{ods}}",
            "telecom": telecom,
            "address": address,
        },
        {
            "resourceType": "Location",
            "id": "branch",
            "meta": {"profile": [format!("{CARE_CONNECT}/CareConnect-GPC-Location-1")]},
            "status": "active",
            "name": "Practice {{ods}}, main surgery",
            "telecom": telecom,
            "managingOrganization": {"reference": "#practice"},
        },
        {
            "resourceType": "Practitioner",
            "id": "usual-gp",
            "meta": {"profile": [format!("{CARE_CONNECT}/CareConnect-GPC-Practitioner-1")]},
            "identifier": [{"system": "https://fhir.nhs.uk/Id/sds-user-id", "value": "555{{asid}}"}],
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

/// The document; its holes are filled by [`patient`].
static PATIENT: LazyLock<Template> = LazyLock::new(|| {
    Template::new(&json!({
        "resourceType": "Patient",
        "id": "{{ods}}-{{nhs_number}}",
        "meta": {
            "versionId": "{{=version}}",
            "profile": [format!("{CARE_CONNECT}/CareConnect-GPC-Patient-1")],
        },
        "contained": contained(),
        "extension": [registration(), communication()],
        "identifier": [{
            "extension": [{
                "url": format!("{CARE_CONNECT}/Extension-CareConnect-GPC-NHSNumberVerificationStatus-1"),
                "valueCodeableConcept": coding("CareConnect-NHSNumberVerificationStatus-1", "01", "Number present and verified"),
            }],
            "system": "https://fhir.nhs.uk/Id/nhs-number",
            "value": "{{nhs_number}}",
        }],
        "active": true,
        "name": "{{=name}}",
        "telecom": "{{=telecom}}",
        "gender": "{{=gender}}",
        "birthDate": "{{=birthDate}}",
        "address": "{{=address}}",
        "contact": "{{=contact}}",
        "deceasedDateTime": "{{=deceasedDateTime}}",
        "generalPractitioner": [{"reference": "#usual-gp"}],
        "managingOrganization": {"reference": "#practice"},
    }))
});

/// The patient, indented as providers' systems send it: some 9 KB. `record`: the members of the demographic record.
pub(super) fn patient(record: &[Member<'_>], nhs_number: &str, provider: &Registered) -> Vec<u8> {
    let member = |name: &str| record.iter().find(|(n, _)| *n == name.as_bytes()).map(|(_, value)| *value);
    PATIENT.filled(|hole, out| match hole {
        "ods" => template::text(out, &provider.ods),
        "asid" => template::text(out, provider.asid.get(3..).unwrap_or("")),
        "nhs_number" => template::text(out, nhs_number),
        "since" => {
            let practices = member("generalPractitioner").and_then(slices::elements);
            let practice = practices.and_then(|list| list.first().copied());
            let since = practice.and_then(|p| slices::within(p, &["identifier", "period", "start"]));
            slices::indent(out, since.unwrap_or(b"null"), DEPTH);
        }
        "version" => {
            let version = member("meta").and_then(|meta| slices::member(meta, "versionId"));
            slices::indent(out, version.unwrap_or(b"null"), DEPTH);
        }
        "address" | "contact" | "name" | "telecom" => plain(out, member(hole).unwrap_or_default()),
        // FHIR has no empty lists and no nulls.
        _ => match member(hole) {
            None | Some(b"null" | b"[]") => {}
            Some(value) => slices::indent(out, value, 1),
        },
    })
}
