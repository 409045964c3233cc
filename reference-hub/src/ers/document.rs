//! The STU3 resources of a referral and of a worklist, in the published shape: profile and extension addresses of e-RS,
//! contents of our own.
//!
//! Called by `super`. Pure functions of the record: a referral reads the same every time.

use super::record::Referral;
use crate::template::{self, Template};
use serde_json::{Value, json};
use std::borrow::Cow;
use std::sync::LazyLock;

const DEFINITION: &str = "https://fhir.nhs.uk/STU3/StructureDefinition";
const CODE_SYSTEM: &str = "https://fhir.nhs.uk/STU3/CodeSystem";

/// Specialties with the clinic types that are offered, invented for this hub in the form of e-RS's reference data.
const SPECIALTIES: [(&str, &str, &str); 8] = [
    ("CARDIOLOGY", "Cardiology", "Rapid Access Chest Pain"),
    ("DERMATOLOGY", "Dermatology", "Skin Lesions"),
    ("ENT", "Ear, Nose & Throat", "Hearing Tests"),
    ("GASTROENTEROLOGY", "GI and Liver", "Upper GI incl Dyspepsia"),
    ("NEUROLOGY", "Neurology", "Headache"),
    ("OPHTHALMOLOGY", "Ophthalmology", "Cataract"),
    ("ORTHOPAEDICS", "Orthopaedics", "Knee"),
    ("UROLOGY", "Urology", "Not Otherwise Specified"),
];

const PRIORITIES: [(&str, &str); 3] =
    [("ROUTINE", "Routine"), ("URGENT", "Urgent"), ("TWO_WEEK_WAIT", "2 Week Wait")];

/// Published states in which a referral can wait for somebody.
const STATES: [(&str, &str); 4] = [
    ("BOOKED", "Booked"),
    ("NOT_BOOKED", "Not Booked"),
    ("AWAITING_TRIAGE", "Awaiting Triage"),
    ("DEFERRED_TO_PROVIDER", "Deferred To Provider"),
];

const LETTERS: [&str; 2] = ["referral-letter.pdf", "test-results.docx"];

fn coding(system: &str, (code, display): (&str, &str)) -> Value {
    json!({"coding": [{"system": format!("{CODE_SYSTEM}/{system}"), "code": code, "display": display}]})
}

fn pick<T: Copy, const N: usize>(list: [T; N], choice: u64, at: u32) -> T {
    list[((choice >> at) % N as u64) as usize]
}

/// A date in the year before the population's reference date, later for a larger `after`.
fn day(referral: &Referral, after: u64) -> String {
    let days = referral.choice % 200 + after;
    let day = jiff::civil::date(2024, 1, 2)
        .saturating_add(jiff::Span::new().days(i64::try_from(days).unwrap_or(0)));
    day.to_string()
}

/// The code of a referral's state.
pub(super) fn state(referral: &Referral) -> &'static str {
    pick(STATES, referral.choice, 8).0
}

/// The ETag of a referral.
pub(super) fn etag(referral: &Referral) -> String {
    format!("W/\"{}\"", referral.version)
}

fn attachment(n: usize, name: &str) -> Value {
    json!({
        "contentType": if name.ends_with("pdf") { "application/pdf" } else { "application/vnd.openxmlformats-officedocument.wordprocessingml.document" },
        "url": format!("Binary/att-{{{{short_ubrn}}}}-{}", 70_000 + n),
        "size": format!("{{{{=size{n}}}}}"),
        "title": name,
        "creation": format!("{{{{day1}}}}T10:0{n}:00+00:00"),
    })
}

fn document_reference() -> Value {
    let content: Vec<Value> = LETTERS
        .iter()
        .enumerate()
        .map(|(n, name)| {
            json!({
                "extension": [
                    {"url": format!("{DEFINITION}/Extension-eRS-AttachedBy-1"),
                     "valueReference": {"identifier": {"system": "http://fhir.nhs.net/Id/sds-user-id", "value": "{{clinician_id}}"}}},
                    {"url": format!("{DEFINITION}/Extension-eRS-AvailabilityStatus-1"),
                     "valueCodeableConcept": coding("eRS-AvailabilityStatus-1", ("AVAILABLE", "Available"))},
                ],
                "attachment": attachment(n, name),
            })
        })
        .collect();
    json!({
        "resourceType": "DocumentReference",
        "id": "referral-letter",
        "meta": {"profile": [format!("{DEFINITION}/eRS-DocumentReference-1")]},
        "status": "current",
        "type": coding("eRS-AttachmentType-1", ("REFERRAL_LETTER", "Referral Letter")),
        "indexed": "{{day1}}T10:05:00+00:00",
        "content": content,
    })
}

fn contained() -> Value {
    json!([
        {
            "resourceType": "Practitioner",
            "id": "referrer",
            "meta": {"profile": [format!("{DEFINITION}/eRS-Practitioner-1")]},
            "identifier": [{"system": "http://fhir.nhs.net/Id/sds-user-id", "value": "{{clinician_id}}"}],
            "name": [{"family": "Prescriber", "given": ["Synthetic"], "prefix": ["Dr"]}],
        },
        {
            "resourceType": "Organization",
            "id": "referring-organisation",
            "identifier": [{"system": "https://fhir.nhs.uk/Id/ods-organization-code", "value": "{{referrer_ods}}"}],
            "name": "{{referrer_name}}",
        },
        {
            "resourceType": "HealthcareService",
            "id": "service",
            "meta": {"profile": [format!("{DEFINITION}/eRS-HealthcareService-1")]},
            "identifier": [{"system": "http://fhir.nhs.net/Id/eRS-service", "value": "{{service_id}}"}],
            "providedBy": {"identifier": {"system": "https://fhir.nhs.uk/Id/ods-organization-code", "value": "{{provider_ods}}"}},
            "name": "{{specialty}} Service - {{clinic}} - {{provider_name}}",
            "location": [{"reference": "#location"}],
        },
        {
            "resourceType": "Location",
            "id": "location",
            "identifier": [{"system": "https://fhir.nhs.uk/Id/ods-organization-code", "value": "{{provider_ods}}"}],
            "name": "{{provider_name}}",
        },
        {
            "resourceType": "Appointment",
            "id": "appointment",
            "meta": {"profile": [format!("{DEFINITION}/eRS-Appointment-1")]},
            "extension": [{
                "url": format!("{DEFINITION}/Extension-eRS-Appointment-Status-1"),
                "valueCodeableConcept": coding("eRS-ReferralState-1", ("{{state}}", "{{state_name}}")),
            }],
            "status": "booked",
            "start": "{{day60}}T09:30:00+00:00",
            "end": "{{day60}}T10:00:00+00:00",
            "participant": [{"actor": {"reference": "#service"}, "status": "accepted"}],
        },
        document_reference(),
    ])
}

/// The document; its holes are filled by [`referral_request`].
static REFERRAL_REQUEST: LazyLock<Template> = LazyLock::new(|| {
    let extension = |name: &str| format!("{DEFINITION}/Extension-eRS-{name}-1");
    let shortlist = |n: usize| {
        json!({"extension": [
            {"url": "service", "valueReference": {"reference": format!("HealthcareService/{{{{shortlisted{n}}}}}")}},
            {"url": "dateAdded", "valueDateTime": format!("{{{{day{n}}}}}T10:00:00+00:00")},
            {"url": "bookable", "valueBoolean": n == 0},
        ], "url": extension("Shortlist")})
    };
    let extensions = json!([
        {"url": extension("ReferralPriority"), "valueCodeableConcept": coding("eRS-Priority-1", ("{{priority}}", "{{priority_name}}"))},
        {"url": extension("ReferralState"), "valueCodeableConcept": coding("eRS-ReferralState-1", ("{{state}}", "{{state_name}}"))},
        {"url": extension("ReferralType"), "valueCodeableConcept": coding("eRS-ReferralType-1", ("APPOINTMENT_REQUEST", "Appointment Request"))},
        {"url": extension("Appointment"), "valueReference": {"reference": "#appointment"}},
        {"url": extension("ClinicalInfoFirstSubmitted"), "valueDateTime": "{{day1}}T10:05:00+00:00"},
        {"url": extension("ClinicalInfoLastUpdated"), "valueDateTime": "{{day4}}T11:40:00+00:00"},
        {"url": extension("PathwayStartDate"), "valueDateTime": "{{day0}}"},
        {"url": extension("PatientLetterURL"), "valueString": "ReferralRequest/{{ubrn}}/$ers.generatePatientLetter"},
        shortlist(0),
        shortlist(1),
    ]);
    Template::new(&json!({
        "resourceType": "ReferralRequest",
        "id": "{{ubrn}}",
        "meta": {
            "versionId": "{{version}}",
            "lastUpdated": "{{day4}}T11:40:00+00:00",
            "profile": [format!("{DEFINITION}/eRS-ReferralRequest-1")],
        },
        "contained": contained(),
        "extension": extensions,
        "identifier": [{"system": "http://fhir.nhs.net/Id/UBRN", "value": "{{ubrn}}"}],
        "status": "active",
        "intent": "plan",
        "type": coding("eRS-ReferralType-1", ("APPOINTMENT_REQUEST", "Appointment Request")),
        "priority": "{{urgency}}",
        "serviceRequested": [
            {"coding": [{"system": format!("{CODE_SYSTEM}/eRS-ClinicType-1"), "code": "{{clinic_code}}", "display": "{{clinic}}"}]},
        ],
        "subject": {"identifier": {"system": "http://fhir.nhs.net/Id/nhs-number", "value": "{{nhs_number}}"}},
        "authoredOn": "{{day0}}T10:00:00+00:00",
        "requester": {
            "agent": {"reference": "#referrer"},
            "onBehalfOf": {"reference": "#referring-organisation"},
        },
        "specialty": coding("eRS-Specialty-1", ("{{specialty_code}}", "{{specialty}}")),
        "recipient": [{"reference": "#service"}],
        "description": "{{specialty}}: {{clinic}}. Symptoms for some weeks, not settled with the usual measures in practice; please see and advise.",
        "supportingInfo": [{"reference": "#referral-letter"}],
    }))
});

/// The referral as a ReferralRequest, indented as the published examples are: some 9 KB.
pub(super) fn referral_request(referral: &Referral) -> Vec<u8> {
    let choice = referral.choice;
    let (specialty_code, specialty, clinic) = pick(SPECIALTIES, choice, 16);
    let (priority, priority_name) = pick(PRIORITIES, choice, 4);
    let (state, state_name) = pick(STATES, choice, 8);
    let service = |choice: u64| (1_000_000 + choice % 7_000_000).to_string();
    let size = |choice: u64| (20_000 + choice % 90_000).to_string();
    REFERRAL_REQUEST.filled(|hole, out| {
        let value: Cow<'_, str> = match hole {
            "ubrn" => referral.ubrn.as_str().into(),
            "short_ubrn" => referral.ubrn.trim_start_matches('0').into(),
            "version" => referral.version.to_string().into(),
            "nhs_number" => referral.nhs_number.as_str().into(),
            "clinician_id" => referral.clinician_id.as_str().into(),
            "referrer_ods" => referral.referrer_ods.as_str().into(),
            "referrer_name" => referral.referrer_name.as_str().into(),
            "provider_ods" => referral.provider_ods.as_str().into(),
            "provider_name" => referral.provider_name.as_str().into(),
            "service_id" | "shortlisted0" => service(choice).into(),
            "shortlisted1" => service(choice.rotate_left(11)).into(),
            "size0" => size(choice).into(),
            "size1" => size(choice >> 7).into(),
            "day0" => day(referral, 0).into(),
            "day1" => day(referral, 1).into(),
            "day4" => day(referral, 4).into(),
            "day60" => day(referral, 60).into(),
            "specialty_code" => specialty_code.into(),
            "specialty" => specialty.into(),
            "clinic" => clinic.into(),
            "clinic_code" => clinic.to_ascii_uppercase().replace(' ', "_").into(),
            "priority" => priority.into(),
            "priority_name" => priority_name.into(),
            "urgency" => if priority == "ROUTINE" { "routine" } else { "urgent" }.into(),
            "state" => state.into(),
            "state_name" => state_name.into(),
            _ => "".into(), // the test sees to it that there is no other
        };
        template::text(out, &value);
    })
}

/// A worklist as an STU3 List.
pub(super) fn worklist(id: &str, kind: &str, at: &str, referrals: &[Referral]) -> Value {
    let entries: Vec<Value> = referrals
        .iter()
        .map(|referral| {
            json!({
                "extension": [{
                    "url": format!("{DEFINITION}/Extension-eRS-ReferralsforReview-WorkListItem-1"),
                    "extension": [
                        {"url": "patient", "valueReference": {"identifier": {"system": "http://fhir.nhs.net/Id/nhs-number", "value": referral.nhs_number}}},
                        {"url": "referralPriority", "valueCodeableConcept": coding("eRS-Priority-1", pick(PRIORITIES, referral.choice, 4))},
                        {"url": "referralState", "valueCodeableConcept": coding("eRS-ReferralState-1", pick(STATES, referral.choice, 8))},
                    ],
                }],
                "item": {"reference": format!("ReferralRequest/{}/_history/{}", referral.ubrn, referral.version)},
            })
        })
        .collect();
    json!({
        "resourceType": "List",
        "id": id,
        "meta": {"profile": [format!("{DEFINITION}/eRS-FetchWorklist-List-1")]},
        "status": "current",
        "mode": "working",
        "code": coding("eRS-ReferralListSelector-1", (kind, kind)),
        "date": at,
        "entry": entries,
    })
}
