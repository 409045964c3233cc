//! The STU3 resources of a referral and of a worklist, in the published shape: profile and extension addresses of e-RS,
//! contents of our own.
//!
//! Called by `super`. Pure functions of the record: a referral reads the same every time.

use super::record::Referral;
use serde_json::{Value, json};

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

fn attachment(referral: &Referral, n: usize, name: &str) -> Value {
    let id = format!("att-{}-{}", referral.ubrn.trim_start_matches('0'), 70_000 + n);
    json!({
        "contentType": if name.ends_with("pdf") { "application/pdf" } else { "application/vnd.openxmlformats-officedocument.wordprocessingml.document" },
        "url": format!("Binary/{id}"),
        "size": 20_000 + (referral.choice >> (n * 7)) % 90_000,
        "title": name,
        "creation": format!("{}T10:0{n}:00+00:00", day(referral, 1)),
    })
}

fn document_reference(referral: &Referral) -> Value {
    let content: Vec<Value> = LETTERS
        .iter()
        .enumerate()
        .map(|(n, name)| {
            json!({
                "extension": [
                    {"url": format!("{DEFINITION}/Extension-eRS-AttachedBy-1"),
                     "valueReference": {"identifier": {"system": "http://fhir.nhs.net/Id/sds-user-id", "value": referral.clinician_id}}},
                    {"url": format!("{DEFINITION}/Extension-eRS-AvailabilityStatus-1"),
                     "valueCodeableConcept": coding("eRS-AvailabilityStatus-1", ("AVAILABLE", "Available"))},
                ],
                "attachment": attachment(referral, n, name),
            })
        })
        .collect();
    json!({
        "resourceType": "DocumentReference",
        "id": "referral-letter",
        "meta": {"profile": [format!("{DEFINITION}/eRS-DocumentReference-1")]},
        "status": "current",
        "type": coding("eRS-AttachmentType-1", ("REFERRAL_LETTER", "Referral Letter")),
        "indexed": format!("{}T10:05:00+00:00", day(referral, 1)),
        "content": content,
    })
}

fn contained(referral: &Referral) -> Value {
    let (_, specialty, clinic) = pick(SPECIALTIES, referral.choice, 16);
    let service = format!("{specialty} Service - {clinic} - {}", referral.provider_name);
    let service_id = 1_000_000 + referral.choice % 7_000_000;
    json!([
        {
            "resourceType": "Practitioner",
            "id": "referrer",
            "meta": {"profile": [format!("{DEFINITION}/eRS-Practitioner-1")]},
            "identifier": [{"system": "http://fhir.nhs.net/Id/sds-user-id", "value": referral.clinician_id}],
            "name": [{"family": "Prescriber", "given": ["Synthetic"], "prefix": ["Dr"]}],
        },
        {
            "resourceType": "Organization",
            "id": "referring-organisation",
            "identifier": [{"system": "https://fhir.nhs.uk/Id/ods-organization-code", "value": referral.referrer_ods}],
            "name": referral.referrer_name,
        },
        {
            "resourceType": "HealthcareService",
            "id": "service",
            "meta": {"profile": [format!("{DEFINITION}/eRS-HealthcareService-1")]},
            "identifier": [{"system": "http://fhir.nhs.net/Id/eRS-service", "value": service_id.to_string()}],
            "providedBy": {"identifier": {"system": "https://fhir.nhs.uk/Id/ods-organization-code", "value": referral.provider_ods}},
            "name": service,
            "location": [{"reference": "#location"}],
        },
        {
            "resourceType": "Location",
            "id": "location",
            "identifier": [{"system": "https://fhir.nhs.uk/Id/ods-organization-code", "value": referral.provider_ods}],
            "name": referral.provider_name,
        },
        {
            "resourceType": "Appointment",
            "id": "appointment",
            "meta": {"profile": [format!("{DEFINITION}/eRS-Appointment-1")]},
            "extension": [{
                "url": format!("{DEFINITION}/Extension-eRS-Appointment-Status-1"),
                "valueCodeableConcept": coding("eRS-ReferralState-1", pick(STATES, referral.choice, 8)),
            }],
            "status": "booked",
            "start": format!("{}T09:30:00+00:00", day(referral, 60)),
            "end": format!("{}T10:00:00+00:00", day(referral, 60)),
            "participant": [{"actor": {"reference": "#service"}, "status": "accepted"}],
        },
        document_reference(referral),
    ])
}

/// The referral as a ReferralRequest, indented as the published examples are: some 9 KB.
pub(super) fn referral_request(referral: &Referral) -> String {
    let (code, specialty, clinic) = pick(SPECIALTIES, referral.choice, 16);
    let extension = |name: &str| format!("{DEFINITION}/Extension-eRS-{name}-1");
    let shortlist: Vec<Value> = (0..2_u64)
        .map(|n| {
            let id = 1_000_000 + (referral.choice.rotate_left(n as u32 * 11)) % 7_000_000;
            json!({"extension": [
                {"url": "service", "valueReference": {"reference": format!("HealthcareService/{id}")}},
                {"url": "dateAdded", "valueDateTime": format!("{}T10:00:00+00:00", day(referral, n))},
                {"url": "bookable", "valueBoolean": n == 0},
            ], "url": extension("Shortlist")})
        })
        .collect();
    let mut extensions = vec![
        json!({"url": extension("ReferralPriority"), "valueCodeableConcept": coding("eRS-Priority-1", pick(PRIORITIES, referral.choice, 4))}),
        json!({"url": extension("ReferralState"), "valueCodeableConcept": coding("eRS-ReferralState-1", pick(STATES, referral.choice, 8))}),
        json!({"url": extension("ReferralType"), "valueCodeableConcept": coding("eRS-ReferralType-1", ("APPOINTMENT_REQUEST", "Appointment Request"))}),
        json!({"url": extension("Appointment"), "valueReference": {"reference": "#appointment"}}),
        json!({"url": extension("ClinicalInfoFirstSubmitted"), "valueDateTime": format!("{}T10:05:00+00:00", day(referral, 1))}),
        json!({"url": extension("ClinicalInfoLastUpdated"), "valueDateTime": format!("{}T11:40:00+00:00", day(referral, 4))}),
        json!({"url": extension("PathwayStartDate"), "valueDateTime": day(referral, 0)}),
        json!({"url": extension("PatientLetterURL"), "valueString": format!("ReferralRequest/{}/$ers.generatePatientLetter", referral.ubrn)}),
    ];
    extensions.extend(shortlist);
    let resource = json!({
        "resourceType": "ReferralRequest",
        "id": referral.ubrn,
        "meta": {
            "versionId": referral.version.to_string(),
            "lastUpdated": format!("{}T11:40:00+00:00", day(referral, 4)),
            "profile": [format!("{DEFINITION}/eRS-ReferralRequest-1")],
        },
        "contained": contained(referral),
        "extension": extensions,
        "identifier": [{"system": "http://fhir.nhs.net/Id/UBRN", "value": referral.ubrn}],
        "status": "active",
        "intent": "plan",
        "type": coding("eRS-ReferralType-1", ("APPOINTMENT_REQUEST", "Appointment Request")),
        "priority": if pick(PRIORITIES, referral.choice, 4).0 == "ROUTINE" { "routine" } else { "urgent" },
        "serviceRequested": [
            {"coding": [{"system": format!("{CODE_SYSTEM}/eRS-ClinicType-1"), "code": clinic.to_ascii_uppercase().replace(' ', "_"), "display": clinic}]},
        ],
        "subject": {"identifier": {"system": "http://fhir.nhs.net/Id/nhs-number", "value": referral.nhs_number}},
        "authoredOn": format!("{}T10:00:00+00:00", day(referral, 0)),
        "requester": {
            "agent": {"reference": "#referrer"},
            "onBehalfOf": {"reference": "#referring-organisation"},
        },
        "specialty": coding("eRS-Specialty-1", (code, specialty)),
        "recipient": [{"reference": "#service"}],
        "description": format!("{specialty}: {clinic}. Symptoms for some weeks, not settled with the usual measures in practice; please see and advise."),
        "supportingInfo": [{"reference": "#referral-letter"}],
    });
    serde_json::to_string_pretty(&resource).unwrap_or_default() // a tree of strings and numbers serialises
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
