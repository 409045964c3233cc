//! The prescriptions that wait in a freshly seeded hub, as rows in key order.
//!
//! Called by the hub's seed before service begins. Pure functions of the population; the documents are written one at a
//! time as the loader asks, so that 13,000 of them never lie in memory together.

use super::line::Line;
use super::order::{Order, WRITTEN_MS, write_order};
use super::record::{Header, Ids, Item, header_key, message_key, queue_key};
use super::state::State;
use super::status;
use super::tape::Tape;
use crate::seed::{SeedRow, SeedRows};
use hub_store::Table;
use population::{BacklogPrescription, OrgKind, Population, PrescriptionKind};

/// Every row, ascending by key within each table: first the Prescriptions table (a header and an order message for each
/// waiting prescription), then the nominated ones in PharmacyQueue.
pub fn seed_rows(population: &Population) -> SeedRows<'_> {
    Box::new(prescription_rows(*population).chain(queue_rows(*population)))
}

fn prescription_rows(population: Population) -> impl Iterator<Item = SeedRow> {
    let mut ids: Vec<(String, PrescriptionKind, u64)> = PrescriptionKind::ALL
        .into_iter()
        .flat_map(|kind| (0..population.prescription_count(kind)).map(move |i| (kind, i)))
        .map(|(kind, i)| (population.prescription(kind, i).short_id, kind, i))
        .collect();
    ids.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    ids.into_iter().flat_map(move |(_, kind, i)| {
        let waiting = population.prescription(kind, i);
        let header = header(&population, kind, &waiting).to_row().to_vec();
        // `ID` sorts before `ID|m`, and all ids are of one length: the pair keeps the order.
        [
            (Table::Prescriptions, header_key(&waiting.short_id).to_vec(), header),
            (Table::Prescriptions, message_key(&waiting.short_id).to_vec(), message(&population, &waiting)),
        ]
    })
}

fn queue_rows(population: Population) -> impl Iterator<Item = SeedRow> {
    let mut keys: Vec<Vec<u8>> = (0..population.prescription_count(PrescriptionKind::Nominated))
        .map(|i| population.prescription(PrescriptionKind::Nominated, i))
        .filter_map(|p| p.pharmacy_ods.map(|ods| queue_key(&ods, &p.short_id).to_vec()))
        .collect();
    keys.sort_unstable();
    keys.into_iter().map(|key| (Table::PharmacyQueue, key, Vec::new()))
}

fn header(population: &Population, kind: PrescriptionKind, waiting: &BacklogPrescription) -> Header {
    let (state, line, held) = match kind {
        PrescriptionKind::Nominated | PrescriptionKind::PatientHeld => {
            (State::ToBeDispensed, Line::ToBeDispensed, false)
        }
        PrescriptionKind::WithDispenser => (State::WithDispenser, Line::WithDispenser, true),
        PrescriptionKind::Dispensed => (State::Dispensed, Line::Dispensed, true),
    };
    let items = waiting.item_ids.iter().map(|id| Item { id: id.clone(), line }).collect();
    let ids = Ids { bundle: &waiting.message_id, message: &waiting.message_id };
    let patient = population.nhs_number(waiting.patient_index).to_string();
    Header {
        state,
        nominated: waiting.pharmacy_ods.clone(),
        holder: waiting.pharmacy_ods.clone().filter(|_| held),
        ..Header::ordered(ids, &patient, &waiting.practice_ods, items, WRITTEN_MS)
    }
}

fn message(population: &Population, waiting: &BacklogPrescription) -> Vec<u8> {
    let practice = population.practice_rank(waiting.patient_index);
    let order = write_order(&Order {
        message_id: &waiting.message_id,
        short_id: &waiting.short_id,
        long_id: &waiting.long_id,
        item_ids: &waiting.item_ids,
        patient: &population.patient(waiting.patient_index),
        practice: &population.organisation_of(OrgKind::GpPractice, practice),
        pharmacy: waiting.pharmacy_ods.as_deref(),
    });
    let order = String::from_utf8_lossy(&order);
    Tape::read(&order).map_or_else(Vec::new, |order| status::released(&order).to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use population::Sizes;

    #[test]
    fn seeded_rows_ascend_and_hold_what_the_population_says() {
        let population = Population::new(42, Sizes { patients: 2_000, ..Sizes::default() }).unwrap();
        let rows: Vec<SeedRow> = seed_rows(&population).collect();
        let (rows, queue): (Vec<SeedRow>, Vec<SeedRow>) =
            rows.into_iter().partition(|(table, ..)| *table == Table::Prescriptions);
        assert!(rows.windows(2).all(|w| w[0].1 < w[1].1) && queue.windows(2).all(|w| w[0].1 < w[1].1));
        let waiting: u64 = PrescriptionKind::ALL.iter().map(|k| population.prescription_count(*k)).sum();
        assert_eq!(rows.len() as u64, 2 * waiting);
        assert_eq!(queue.len() as u64, population.prescription_count(PrescriptionKind::Nominated));
        let one = population.prescription(PrescriptionKind::Dispensed, 0);
        let (_, _, row) = rows.iter().find(|(_, key, _)| key == one.short_id.as_bytes()).unwrap();
        let header = Header::from_row(row).unwrap();
        assert_eq!((header.state, header.holder), (State::Dispensed, one.pharmacy_ods));
    }
}
