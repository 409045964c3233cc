//! Writes a prescription order message of the published shape and size (about 14 KB of compact FHIR), for the
//! prescriptions that wait in a freshly seeded hub.
//!
//! Called by the seed. A pure function of its inputs; everything in it is synthetic.

use population::{Organisation, Patient};
use std::fmt::Write;

/// What an order message is made of.
pub struct Order<'a> {
    /// Message id, and id of the bundle: a UUID.
    pub message_id: &'a str,
    /// Short prescription id.
    pub short_id: &'a str,
    /// Long prescription id: a UUID.
    pub long_id: &'a str,
    /// Item ids: UUIDs, one to four.
    pub item_ids: &'a [String],
    /// Whose it is.
    pub patient: &'a Patient,
    /// Who prescribes.
    pub practice: &'a Organisation,
    /// ODS code of the nominated pharmacy.
    pub pharmacy: Option<&'a str>,
}

/// Medicines that prescriptions in England hold most often: SNOMED CT code, name, form, dose text, times a day, amount.
const MEDICINES: [(&str, &str, &str, &str, u32, u32); 4] = [
    (
        "322236009",
        "Paracetamol 500mg tablets",
        "tablet",
        "Two tablets to be taken up to four times a day when required for pain",
        4,
        100,
    ),
    (
        "319283006",
        "Amlodipine 5mg tablets",
        "tablet",
        "One tablet to be taken once a day in the morning for blood pressure",
        1,
        28,
    ),
    (
        "319997009",
        "Simvastatin 40mg tablets",
        "tablet",
        "One tablet to be taken once a day at night to lower cholesterol",
        1,
        28,
    ),
    (
        "317291008",
        "Omeprazole 20mg gastro-resistant capsules",
        "capsule",
        "One capsule to be taken once a day half an hour before breakfast",
        1,
        28,
    ),
];

/// Base64 characters of the signature block: about those of the signed digest, a reference and an RSA signature.
const SIGNATURE_CHARS: usize = 1_040;

/// Date that the seeded orders bear. Fixed, because a seed is a function of the population and knows no clock.
const WRITTEN: &str = "2025-01-01";
/// The moment of it that they bear, 09:00 UTC, in milliseconds since the Unix epoch.
pub const WRITTEN_MS: u64 = 1_735_722_000_000;

/// The order message as compact JSON.
pub fn write_order(order: &Order<'_>) -> Vec<u8> {
    let ids = Ids::of(order.message_id);
    let mut out = String::with_capacity(16 * 1024);
    message(&mut out, order, &ids);
    out.into_bytes()
}

/// Resource ids of one message, made of its message id by exchanging its last two digits.
struct Ids {
    header: String,
    patient: String,
    role: String,
    practitioner: String,
    organization: String,
    provenance: String,
}

impl Ids {
    fn of(message_id: &str) -> Ids {
        let stem = &message_id[..message_id.len().saturating_sub(2)];
        let id = |n: u32| format!("{stem}{n:02x}");
        Ids {
            header: id(0xe1),
            patient: id(0xe2),
            role: id(0xe3),
            practitioner: id(0xe4),
            organization: id(0xe5),
            provenance: id(0xe6),
        }
    }
}

/// A JSON string with its quotes; names may hold what JSON must escape.
pub fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default() // a string always serialises
}

fn message(out: &mut String, order: &Order<'_>, ids: &Ids) {
    let Order { message_id, practice, .. } = order;
    let ods = &practice.ods;
    // Writing into a String cannot fail.
    let _ = write!(
        out,
        r#"{{"resourceType":"Bundle","id":"{message_id}","identifier":{{"system":"https://tools.ietf.org/html/rfc4122","value":"{message_id}"}},"type":"message","entry":[{{"fullUrl":"urn:uuid:{}","resource":{{"resourceType":"MessageHeader","id":"{}","eventCoding":{{"system":"https://fhir.nhs.uk/CodeSystem/message-event","code":"prescription-order","display":"Prescription Order"}},"#,
        ids.header, ids.header
    );
    if let Some(pharmacy) = order.pharmacy {
        let _ = write!(
            out,
            r#""destination":[{{"endpoint":"urn:nhs-uk:addressing:ods:{pharmacy}","receiver":{{"identifier":{{"system":"https://fhir.nhs.uk/Id/ods-organization-code","value":"{pharmacy}"}}}}}}],"#
        );
    }
    let _ = write!(
        out,
        r#""sender":{{"identifier":{{"system":"https://fhir.nhs.uk/Id/ods-organization-code","value":"{ods}"}},"reference":"urn:uuid:{}","display":{}}},"source":{{"endpoint":"urn:nhs-uk:addressing:ods:{ods}"}},"focus":["#,
        ids.role,
        quoted(&practice.name)
    );
    let others = [&ids.patient, &ids.role, &ids.practitioner, &ids.organization, &ids.provenance];
    for (i, id) in order.item_ids.iter().chain(others).enumerate() {
        let comma = if i == 0 { "" } else { "," };
        let _ = write!(out, r#"{comma}{{"reference":"urn:uuid:{id}"}}"#);
    }
    out.push_str("]}}");
    for (i, item) in order.item_ids.iter().enumerate() {
        medication_request(out, order, ids, i, item);
    }
    patient(out, order, ids);
    prescriber(out, order, ids);
    provenance(out, order, ids);
    out.push_str("]}");
}

fn medication_request(out: &mut String, order: &Order<'_>, ids: &Ids, i: usize, item: &str) {
    let (code, name, form, dose, times, amount) = MEDICINES[i % MEDICINES.len()];
    let Order { short_id, long_id, .. } = order;
    let _ = write!(
        out,
        r#",{{"fullUrl":"urn:uuid:{item}","resource":{{"resourceType":"MedicationRequest","id":"{item}","extension":[{{"url":"https://fhir.nhs.uk/StructureDefinition/Extension-DM-PrescriptionType","valueCoding":{{"system":"https://fhir.nhs.uk/CodeSystem/prescription-type","code":"0101","display":"Primary Care Prescriber - Medical Prescriber"}}}}],"identifier":[{{"system":"https://fhir.nhs.uk/Id/prescription-order-item-number","value":"{item}"}}],"status":"active","intent":"order","category":[{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/medicationrequest-category","code":"community","display":"Community"}}]}}],"medicationCodeableConcept":{{"coding":[{{"system":"http://snomed.info/sct","code":"{code}","display":"{name}"}}]}},"subject":{{"reference":"urn:uuid:{patient}"}},"authoredOn":"{WRITTEN}T09:00:00+00:00","requester":{{"reference":"urn:uuid:{role}"}},"groupIdentifier":{{"system":"https://fhir.nhs.uk/Id/prescription-order-number","value":"{short_id}","extension":[{{"url":"https://fhir.nhs.uk/StructureDefinition/Extension-DM-PrescriptionId","valueIdentifier":{{"system":"https://fhir.nhs.uk/Id/prescription","value":"{long_id}"}}}}]}},"courseOfTherapyType":{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/medicationrequest-course-of-therapy","code":"acute","display":"Short course (acute) therapy"}}]}},"dosageInstruction":[{{"text":"{dose}","timing":{{"repeat":{{"frequency":{times},"period":1,"periodUnit":"d"}}}},"route":{{"coding":[{{"system":"http://snomed.info/sct","code":"26643006","display":"Oral"}}]}}}}],"dispenseRequest":{{"extension":[{{"url":"https://fhir.nhs.uk/StructureDefinition/Extension-DM-PerformerSiteType","valueCoding":{{"system":"https://fhir.nhs.uk/CodeSystem/dispensing-site-preference","code":"{site}"}}}}],"validityPeriod":{{"start":"{WRITTEN}"}},"quantity":{{"value":{amount},"unit":"{form}","system":"http://snomed.info/sct","code":"428673006"}},"expectedSupplyDuration":{{"value":28,"unit":"day","system":"http://unitsofmeasure.org","code":"d"}}"#,
        role = ids.role,
        patient = ids.patient,
        site = if order.pharmacy.is_some() { "P1" } else { "0004" },
    );
    if let Some(pharmacy) = order.pharmacy {
        let _ = write!(
            out,
            r#","performer":{{"identifier":{{"system":"https://fhir.nhs.uk/Id/ods-organization-code","value":"{pharmacy}"}}}}"#
        );
    }
    out.push_str(r#"},"substitution":{"allowedBoolean":false}}}"#);
}

fn lines(lines: &[String]) -> String {
    let quoted: Vec<String> = lines.iter().map(|l| quoted(l)).collect();
    quoted.join(",")
}

fn patient(out: &mut String, order: &Order<'_>, ids: &Ids) {
    let p = order.patient;
    let _ = write!(
        out,
        r#",{{"fullUrl":"urn:uuid:{id}","resource":{{"resourceType":"Patient","id":"{id}","identifier":[{{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"{nhs}"}}],"name":[{{"use":"usual","family":{family},"given":[{given_1},{given_2}],"prefix":[{title}]}}],"gender":"{gender}","birthDate":"{birth}","address":[{{"use":"home","line":[{lines}],"postalCode":"{postcode}"}}],"generalPractitioner":[{{"identifier":{{"system":"https://fhir.nhs.uk/Id/ods-organization-code","value":"{practice}"}}}}]}}}}"#,
        id = ids.patient,
        nhs = p.nhs_number,
        family = quoted(&p.family),
        given_1 = quoted(p.given[0]),
        given_2 = quoted(p.given[1]),
        title = quoted(p.title),
        gender = p.gender,
        birth = p.birth_date,
        lines = lines(&p.address_lines),
        postcode = p.postcode,
        practice = p.gp_practice,
    );
}

fn prescriber(out: &mut String, order: &Order<'_>, ids: &Ids) {
    let practice = order.practice;
    let user = 100_000_000_000 + u64::from(practice.index);
    let _ = write!(
        out,
        r#",{{"fullUrl":"urn:uuid:{role}","resource":{{"resourceType":"PractitionerRole","id":"{role}","identifier":[{{"system":"https://fhir.nhs.uk/Id/sds-role-profile-id","value":"{user}"}}],"practitioner":{{"reference":"urn:uuid:{practitioner}"}},"organization":{{"reference":"urn:uuid:{organization}"}},"code":[{{"coding":[{{"system":"https://fhir.nhs.uk/CodeSystem/NHSDigital-SDS-JobRoleCode","code":"S8000:G8000:R8000","display":"Clinical Practitioner Access Role"}}]}}],"telecom":[{{"system":"phone","use":"work","value":"{phone}"}}]}}}},{{"fullUrl":"urn:uuid:{practitioner}","resource":{{"resourceType":"Practitioner","id":"{practitioner}","identifier":[{{"system":"https://fhir.nhs.uk/Id/sds-user-id","value":"{user}"}},{{"system":"https://fhir.hl7.org.uk/Id/gmc-number","value":"{gmc:07}"}},{{"system":"https://fhir.hl7.org.uk/Id/din-number","value":"{din:06}"}}],"name":[{{"family":"PRESCRIBER","given":["SYNTHETIC"],"prefix":["DR"]}}]}}}},{{"fullUrl":"urn:uuid:{organization}","resource":{{"resourceType":"Organization","id":"{organization}","identifier":[{{"system":"https://fhir.nhs.uk/Id/ods-organization-code","value":"{ods}"}}],"type":[{{"coding":[{{"system":"https://fhir.nhs.uk/CodeSystem/organisation-role","code":"76","display":"GP PRACTICE"}}]}}],"name":{name},"telecom":[{{"system":"phone","use":"work","value":"{phone}"}}],"address":[{{"use":"work","type":"both","line":[{lines}],"postalCode":"{postcode}"}}],"partOf":{{"identifier":{{"system":"https://fhir.nhs.uk/Id/ods-organization-code","value":"X26"}},"display":"NHS ENGLAND"}}}}}}"#,
        role = ids.role,
        practitioner = ids.practitioner,
        organization = ids.organization,
        gmc = practice.index,
        din = practice.index,
        ods = practice.ods,
        name = quoted(&practice.name),
        phone = practice.phone,
        lines = lines(&practice.address.lines),
        postcode = practice.address.postcode,
    );
}

fn provenance(out: &mut String, order: &Order<'_>, ids: &Ids) {
    let _ = write!(
        out,
        r#",{{"fullUrl":"urn:uuid:{id}","resource":{{"resourceType":"Provenance","id":"{id}","target":["#,
        id = ids.provenance
    );
    for (i, item) in order.item_ids.iter().enumerate() {
        let comma = if i == 0 { "" } else { "," };
        let _ = write!(out, r#"{comma}{{"reference":"urn:uuid:{item}"}}"#);
    }
    let _ = write!(
        out,
        r#"],"recorded":"{WRITTEN}T09:00:00+00:00","agent":[{{"who":{{"reference":"urn:uuid:{role}"}}}}],"signature":[{{"type":[{{"system":"urn:iso-astm:E1762-95:2013","code":"1.2.840.10065.1.12.1.1"}}],"when":"{WRITTEN}T09:00:00+00:00","who":{{"reference":"urn:uuid:{role}"}},"data":""#,
        role = ids.role
    );
    // Characters of a xorshift walk from the id: not a signature of anything, only as long and as incompressible as one.
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut x = order
        .message_id
        .bytes()
        .fold(0x9e37_79b9_7f4a_7c15_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3))
        | 1;
    for _ in 0..SIGNATURE_CHARS / 8 {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        for shift in (0..48).step_by(6) {
            out.push(char::from(ALPHABET[(x >> shift) as usize & 63]));
        }
    }
    out.push_str(r#""}]}}"#);
}

#[cfg(test)]
mod tests {
    use super::*;
    use population::{OrgKind, Population, Sizes};

    #[test]
    fn an_order_is_json_of_the_published_size() {
        let population = Population::new(42, Sizes::default()).unwrap();
        let items: Vec<String> = (0..4).map(|i| format!("00000000-0000-4000-8000-00000000000{i}")).collect();
        let order = Order {
            message_id: "12345678-1234-4234-8234-123456789012",
            short_id: "1A2B3C-A20047-0FF1EX",
            long_id: "22345678-1234-4234-8234-123456789012",
            item_ids: &items,
            patient: &population.patient(7),
            practice: &population.organisation_of(OrgKind::GpPractice, 3),
            pharmacy: Some("FH5B2"),
        };
        let bytes = write_order(&order);
        assert!((13_500..15_500).contains(&bytes.len()), "{}", bytes.len());
        let value: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(value["entry"].as_array().unwrap().len(), 10);
        assert_eq!(value.to_string().len(), bytes.len(), "compact");
    }
}
