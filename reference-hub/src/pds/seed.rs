//! The rows with which PDS begins: one record a patient, the search index, former numbers, related people and coverage.
//!
//! Called by the hub's seed. Pure functions of the population; keys come in ascending order, as bulk loading wants them.

use super::document::{maiden_name, patient_document};
use super::record::text;
use super::{coverage, index, people, related, resolve};
use crate::seed::SeedRows;
use hub_store::Table;
use population::{NhsNumber, Population, SUPERSEDED_PERIOD};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Version of a seeded record. 1: nothing has been updated yet.
const VERSION: u64 = 1;

/// Rows of `Table::Patients`, ascending by key. Holds 8 bytes a patient while it runs; documents are made one by one.
pub fn patients(population: &Population) -> SeedRows<'_> {
    let mut numbers: Vec<u64> =
        (0..population.sizes().patients).map(|i| population.nhs_number(i).value()).collect();
    numbers.sort_unstable();
    Box::new(numbers.into_iter().filter_map(|number| {
        let index = population.patient_index(NhsNumber::new(number).ok()?)?;
        let document = patient_document(&population.patient(index), VERSION);
        Some((Table::Patients, number.to_string().into_bytes(), document))
    }))
}

/// Rows of `Table::PatientIndex`, ascending by key; values are empty. Collects all keys, some 150 bytes a patient.
pub fn patient_index(population: &Population) -> SeedRows<'_> {
    let mut keys = Vec::with_capacity(population.sizes().patients as usize * 3);
    for i in 0..population.sizes().patients {
        let patient = population.patient(i);
        let families = std::iter::once(patient.family.as_str()).chain(maiden_name(&patient));
        let (born, number) = (patient.birth_date.to_string(), patient.nhs_number.to_string());
        keys.extend(index::keys(families, &born, patient.gender, &number));
    }
    keys.sort_unstable();
    Box::new(keys.into_iter().map(|key| (Table::PatientIndex, key, Vec::new())))
}

/// Rows of `Table::Patients` that are no records, ascending by key: numbers that were superseded, and invalidated ones,
/// one to 1,000 patients.
pub fn former_numbers(population: &Population) -> SeedRows<'_> {
    let patients = population.sizes().patients;
    let superseded = (0..patients).step_by(SUPERSEDED_PERIOD as usize).filter_map(|i| {
        let (old, new) = (population.superseded_number(i)?, population.nhs_number(i).to_string());
        Some((old, resolve::superseded_row(&new, &json!({}))))
    });
    let invalidated = (0..patients / 1_000).map(|k| {
        let number = population.invalidated_number(k);
        (number, redacted(&number.to_string()).to_string().into_bytes())
    });
    let rows: BTreeMap<NhsNumber, Vec<u8>> = superseded.chain(invalidated).collect();
    let row = |(number, value): (NhsNumber, Vec<u8>)| (Table::Patients, number.digits().to_vec(), value);
    Box::new(rows.into_iter().map(row))
}

/// A record that was invalidated: nothing of it is ever shown.
pub(super) fn redacted(nhs_number: &str) -> Value {
    json!({
        "id": nhs_number,
        "meta": {
            "security": [{
                "code": "REDACTED",
                "display": "redacted",
                "system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality",
            }],
            "versionId": VERSION.to_string(),
        },
        "resourceType": "Patient",
    })
}

/// Rows of `Table::RelatedPersons`, ascending by key.
pub fn related_persons(population: &Population) -> SeedRows<'_> {
    Box::new(by_number(population, people::RELATED_PERIOD).flat_map(|(number, index)| {
        let number = number.to_string();
        let row = move |person: Value| {
            let key = related::key(&number, text(&person, "/id"));
            (Table::RelatedPersons, key, person.to_string().into_bytes())
        };
        people::related(population, index).into_iter().map(row)
    }))
}

/// Rows of `Table::Coverages`, ascending by key.
pub fn coverages(population: &Population) -> SeedRows<'_> {
    Box::new(by_number(population, people::CARD_PERIOD).filter_map(|(number, index)| {
        let card = people::card(population, index)?;
        Some((Table::Coverages, coverage::key(&number.to_string()), card.to_string().into_bytes()))
    }))
}

/// Every `period`-th patient, in the order of their numbers. Holds 16 bytes each while it runs.
fn by_number(population: &Population, period: u64) -> impl Iterator<Item = (NhsNumber, u64)> {
    let some = (0..population.sizes().patients).step_by(period as usize);
    let mut all: Vec<(NhsNumber, u64)> = some.map(|i| (population.nhs_number(i), i)).collect();
    all.sort_unstable();
    all.into_iter()
}
