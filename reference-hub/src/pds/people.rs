//! What stands beside a synthetic person's record: related people and a European health insurance card.
//!
//! Called by the seed and by the sandbox. Pure functions of the population; every name, address and number is its own.

use super::record::text;
use super::terms;
use population::{Patient, Population};
use serde_json::{Value, json};

/// One patient in so many has related people. 20: enough to meet, few enough that filling a store is not held up.
pub(super) const RELATED_PERIOD: u64 = 20;
/// One patient in so many has a card. 100: visitors and those who work here from abroad.
pub(super) const CARD_PERIOD: u64 = 100;
/// The population's stream that pairs patients with relatives who are patients themselves; no other seed uses it.
const STREAM_RELATIVES: u64 = 0x7265_6c61;
/// Countries that the synthetic cards come from.
const CARD_COUNTRIES: [(&str, &str); 6] = [
    ("DEU", "Germany"),
    ("ESP", "Spain"),
    ("IRL", "Ireland"),
    ("NLD", "Netherlands"),
    ("POL", "Poland"),
    ("PRT", "Portugal"),
];

/// Related people of the patient with this index, ascending by id: with details of their own, and for every second such
/// patient also one who is a patient and is only referred to.
pub(super) fn related(population: &Population, index: u64) -> Vec<Value> {
    if !index.is_multiple_of(RELATED_PERIOD) {
        return Vec::new();
    }
    let patient = population.patient(index);
    let mut all = vec![with_details(&patient, 1)];
    if index.is_multiple_of(2 * RELATED_PERIOD) {
        let other = population.nhs_number(population.permuted_patient(index, STREAM_RELATIVES));
        if other != patient.nhs_number {
            all.push(referred_to(&patient, &other.to_string(), 2));
        }
    }
    all.sort_by(|a, b| text(a, "/id").cmp(text(b, "/id")));
    all
}

/// The card of the patient with this index, if there is one.
pub(super) fn card(population: &Population, index: u64) -> Option<Value> {
    index.is_multiple_of(CARD_PERIOD).then(|| card_of(population.nhs_number(index).value()))
}

/// The contact person of a record as a related person; `rank` is the order in which to try.
pub(super) fn with_details(patient: &Patient, rank: u32) -> Value {
    let (kind, display) = match patient.contact.relationship {
        "Spouse" => ("SPS", "spouse"),
        "Parent" => ("PRN", "parent"),
        "Child" => ("CHILD", "child"),
        "Sibling" => ("FAMMEMB", "family member"),
        _ => ("NotSpecified", "Not Specified"),
    };
    let since = patient.registered.to_string();
    let [street, locality, town, county] = patient.address_lines.each_ref().map(String::as_str);
    let mut person = common(patient, rank, kind, display, rank == 1);
    person["patient"] = json!({"type": "Patient"});
    person["name"] = json!([{
        "family": patient.contact.family,
        "given": [patient.contact.given],
        "period": {"start": since},
        "use": "usual",
    }]);
    person["address"] = json!([{
        "line": [street, locality, town, county],
        "period": {"start": since},
        "postalCode": patient.postcode,
        "use": "home",
    }]);
    person["telecom"] = json!([{
        "period": {"start": since},
        "system": "phone",
        "use": "mobile",
        "value": patient.contact.phone,
    }]);
    person
}

/// A related person who has a record: only its number is told.
pub(super) fn referred_to(patient: &Patient, nhs_number: &str, rank: u32) -> Value {
    let mut person = common(patient, rank, "FAMMEMB", "family member", false);
    person["patient"] = json!({"identifier": {"system": terms::NHS_NUMBER, "value": nhs_number}});
    person
}

fn common(patient: &Patient, rank: u32, kind: &str, display: &str, next_of_kin: bool) -> Value {
    const ROLES: &str = "https://fhir.nhs.uk/R4/CodeSystem/UKCore-AdditionalRelatedPersonRole";
    const TYPES: &str = "http://hl7.org/fhir/ValueSet/relatedperson-relationshiptype";
    let role =
        json!({"code": "Personal", "display": "Personal relationship with the patient", "system": ROLES});
    let system = if kind == "NotSpecified" { ROLES } else { TYPES };
    let mut coding = vec![role, json!({"code": kind, "display": display, "system": system})];
    if next_of_kin {
        coding.push(json!({"code": "N", "display": "Next-of-Kin", "system": TYPES}));
    }
    let mut extension = vec![json!({"url": terms::CONTACT_RANK, "valuePositiveInt": rank})];
    if next_of_kin {
        extension.push(json!({"url": terms::COPY_CORRESPONDENCE, "valueBoolean": true}));
    }
    json!({
        "active": true,
        "extension": extension,
        "id": format!("{:08X}", bits(patient.nhs_number.value(), u64::from(rank)) >> 32),
        "period": {"start": patient.registered.to_string()},
        "relationship": [{"coding": coding}],
        "resourceType": "RelatedPerson",
    })
}

/// The card of the person with this number.
pub(super) fn card_of(nhs_number: u64) -> Value {
    let key = bits(nhs_number, 0xca4d);
    let (code, country) = CARD_COUNTRIES[(key % CARD_COUNTRIES.len() as u64) as usize];
    json!({
        "beneficiary": {"identifier": {"value": format!("P{:09}", (key >> 8) % 1_000_000_000)}},
        "identifier": [{
            "assigner": {
                "display": country,
                "identifier": {"system": "urn:iso:std:iso:3166", "value": code},
            },
            "value": format!("80{:018}", key % 1_000_000_000_000_000_000),
        }],
        "payor": [{"identifier": {"value": format!("{:09}", (key >> 16) % 1_000_000_000)}}],
        "period": {"end": format!("20{}-{:02}-28", 31 + key % 9, 1 + (key >> 4) % 12)},
        "resourceType": "Coverage",
        "status": "active",
        "subscriber": {"identifier": {"system": terms::NHS_NUMBER, "value": nhs_number.to_string()}},
    })
}

/// 64 bits that belong to a person and a purpose (MurmurHash3 fmix64).
fn bits(nhs_number: u64, purpose: u64) -> u64 {
    let mut x = nhs_number ^ (purpose + 1) << 40;
    for factor in [0xff51_afd7_ed55_8ccd, 0xc4ce_b9fe_1a85_ec53] {
        x = (x ^ x >> 33).wrapping_mul(factor);
    }
    x ^ x >> 33
}
