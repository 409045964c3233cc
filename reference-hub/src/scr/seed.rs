//! The summaries that are there in a freshly seeded hub, as rows in key order, and the open sandbox's.
//!
//! Called by the hub's seed before service begins. Pure functions of the population.

use super::document::{Document, write_document};
use super::record::{Consent, Latest, Permission, consent_key, document_key, latest_key};
use crate::seed::{SeedRow, SeedRows};
use hub_store::Table;
use population::{NhsNumber, OrgKind, Population, Sizes};
use std::collections::BTreeMap;

/// Every row of the Summaries table, ascending by key.
pub fn seed_rows(population: &Population) -> SeedRows<'_> {
    let population = *population;
    let mut by_number = BTreeMap::new();
    for i in 0..population.backlog().summaries {
        let summary = population.summary(i);
        by_number.insert(population.nhs_number(summary.patient_index), summary);
    }
    // All numbers have ten digits, so their order is that of the keys; the bare number sorts before `NUMBER|ID`.
    Box::new(by_number.into_iter().flat_map(move |(number, summary)| {
        rows(&population, number, summary.patient_index, &summary.composition_id)
    }))
}

fn rows(
    population: &Population,
    number: NhsNumber,
    patient_index: u64,
    composition_id: &str,
) -> Vec<SeedRow> {
    let practice = population.organisation_of(OrgKind::GpPractice, population.practice_rank(patient_index));
    let document = Document { composition_id, patient: number, practice: &practice };
    let (bytes, entries) = write_document(&document);
    // The writer's document has entries, so the row is always made.
    let latest = Latest::of(&bytes, composition_id, composition_id, super::document::WRITTEN, entries);
    let latest = latest.map(|l| (Table::Summaries, latest_key(number).to_vec(), l.to_row().to_vec()));
    latest
        .into_iter()
        .chain([(Table::Summaries, document_key(number, composition_id).to_vec(), bytes)])
        .collect()
}

/// NHS number of the published sandbox's happy path.
pub const SANDBOX_PATIENT: u64 = 9_000_000_009;

/// What the published sandbox knows: a summary of 9000000009 under its published id, none of 9000000033, and a patient who
/// does not consent, 9111231130.
pub fn sandbox_rows() -> Vec<SeedRow> {
    const FULL: (u64, &str) = (SANDBOX_PATIENT, "FA60BE64-1F34-11EB-A2A8-000C29A364EB");
    const NO_CONSENT: u64 = 9_111_231_130;
    // Published numbers are valid and the smallest population is within its limits: nothing falls away here.
    let population = Population::new(FULL.0, Sizes { patients: 1, organisations: 10, endpoints: 10 });
    let mut all = Vec::new();
    if let (Ok(population), Ok(number)) = (population, NhsNumber::new(FULL.0)) {
        all.extend(rows(&population, number, 0, FULL.1));
    }
    if let Ok(number) = NhsNumber::new(NO_CONSENT) {
        let consent = Consent { permission: Permission::No, stores: false };
        all.push((Table::Permissions, consent_key(number).to_vec(), consent.to_row().to_vec()));
    }
    all
}
