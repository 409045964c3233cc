//! The rows with which PDS begins: one record a patient, and the search index.
//!
//! Called by the hub's seed. Pure functions of the population; keys come in ascending order, as bulk loading wants them.

use super::document::{maiden_name, patient_document};
use super::index;
use crate::seed::SeedRows;
use hub_store::Table;
use population::{NhsNumber, Population};

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
