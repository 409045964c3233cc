//! The patients whom every published sandbox knows, under their published NHS numbers: a full record (9000000009), a
//! restricted one (9000000025) and a minimal one (9000000033). Numbers and kinds are published; all details are our own.
//!
//! Called by the seed when the hub is the open sandbox. Like the published sandbox's, the records stand at version 2.

use super::document::patient_document;
use super::{index, terms};
use crate::seed::SeedRow;
use hub_store::Table;
use population::{NhsNumber, Patient, Population, Sizes};
use serde_json::{Value, json};

/// Published sandbox numbers: full, restricted, minimal.
const NUMBERS: [u64; 3] = [9_000_000_009, 9_000_000_025, 9_000_000_033];
/// Version of sandbox records, as published clients' examples expect it in If-Match.
const VERSION: u64 = 2;
/// Seed of the people who lend the sandbox their details.
const SEED: u64 = 9_000_000_009;

/// The sandbox patients' rows of `Table::Patients` and `Table::PatientIndex`, ascending by key within each table.
pub fn sandbox_rows() -> Vec<SeedRow> {
    let (mut records, mut keys) = (Vec::new(), Vec::new());
    for (number, document) in NUMBERS.iter().zip([full(), restricted(), minimal()]) {
        keys.extend(index::keys_of(&document));
        records.push((Table::Patients, number.to_string().into_bytes(), document.to_string().into_bytes()));
    }
    keys.sort_unstable();
    records.extend(keys.into_iter().map(|key| (Table::PatientIndex, key, Vec::new())));
    records
}

/// A synthetic person under a sandbox number, as a tree that can be changed.
fn person(index: u64, change: impl FnOnce(&mut Patient)) -> Value {
    // The sizes are within the population's limits and the numbers valid, so neither fall-back is ever taken.
    let sizes = Sizes { patients: NUMBERS.len() as u64, ..Sizes::default() };
    let Ok(population) = Population::new(SEED, sizes) else { return Value::Null };
    let mut patient = population.patient(index);
    if let Ok(number) = NhsNumber::new(NUMBERS[index as usize % NUMBERS.len()]) {
        patient.nhs_number = number;
    }
    change(&mut patient);
    serde_json::from_slice(&patient_document(&patient, VERSION)).unwrap_or_default()
}

fn full() -> Value {
    person(0, |p| {
        (p.title, p.gender, p.given) = ("Mrs", "female", ["Rosalind", "Ione"]);
        (p.family, p.contact.family) = ("Alderbrook".to_owned(), "Alderbrook".to_owned());
        p.birth_date = jiff::civil::date(1984, 3, 17);
        p.registered = jiff::civil::date(2011, 5, 2);
        p.deceased = None;
        (p.language, p.interpreter_required) = ("fr", true);
        p.email = "rosalind.alderbrook@example.org".to_owned();
    })
}

fn restricted() -> Value {
    let mut document = person(1, |p| {
        (p.title, p.gender, p.given) = ("Ms", "female", ["Imogen", "Thea"]);
        (p.family, p.contact.family) = ("Fenwald".to_owned(), "Fenwald".to_owned());
        p.birth_date = jiff::civil::date(1991, 11, 5);
        p.registered = jiff::civil::date(2015, 9, 1);
        p.deceased = None;
        p.email = "imogen.fenwald@example.org".to_owned();
    });
    let system = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality";
    document["meta"]["security"] = json!([{"code": "R", "display": "restricted", "system": system}]);
    document
}

fn minimal() -> Value {
    json!({
        "id": "9000000033",
        "identifier": [{"system": terms::NHS_NUMBER, "value": "9000000033"}],
        "meta": {
            "security": [{
                "code": "U",
                "display": "unrestricted",
                "system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality",
            }],
            "versionId": VERSION.to_string(),
        },
        "resourceType": "Patient",
    })
}
