//! Synthetic people, organisations and end points as pure functions of (seed, index). The hub seeds its store from them and
//! the harness asks for the same ones, so both agree without sharing a file. Nothing is built up front: one person or
//! 80 million cost the same until someone asks. It imports none of our crates, reads no file and no clock.
//!
//! No identifier here belongs to anyone: NHS numbers lie in 9000000000-9999999999, telephone numbers in ranges that Ofcom
//! keeps free for drama, e-mail addresses below example.org, postcodes end in letters that Royal Mail does not use there.

mod backlog;
mod draw;
mod end_point;
mod names;
mod nhs_number;
mod organisation;
mod permutation;
mod person;
mod place;
mod prescription_id;
mod record_transfer;
mod referral;
mod session;
mod short;
mod system;

pub use backlog::{
    BACKLOG_MIN, BACKLOG_PATIENTS, Backlog, BacklogLogin, BacklogMessage, BacklogPrescription,
    BacklogSummary, PrescriptionKind, STREAM_PHARMACY, WORKFLOWS,
};
pub use end_point::{EndPoint, MESH_SHARED_KEY};
pub use nhs_number::{NhsNumber, NhsNumberError, SYNTHETIC};
pub use organisation::{OrgKind, Organisation};
pub use person::{AGE_BANDS_PER_MILLE, Contact, Patient, REFERENCE_DATE};
pub use place::Address;
pub use prescription_id::{is_valid_short_id, mod37_2_check, prescription_short_id};
pub use record_transfer::{RECORD_TRANSFERS, RecordTransfer};
pub use referral::{Referral, is_ubrn};
pub use session::{SESSIONS, Session};
pub use short::Short;

use draw::{Domain, key};
use permutation::Permutation;
use std::ops::RangeInclusive;

/// Patients a population may have: up to 80 million, more than the Personal Demographics Service's records of the living.
pub const PATIENTS: RangeInclusive<u64> = 1..=80_000_000;
/// One patient in so many had another NHS number before. 500: rare, as it is, and enough of them in the smallest population
/// that a test meets one.
pub const SUPERSEDED_PERIOD: u64 = 500;
/// Numbers that may have been invalidated: one to every 1,000 of the largest population.
pub const INVALIDATED_MAX: u64 = 80_000;
/// Organisations a population may have: ten, so that each kind exists, up to 100,000.
pub const ORGANISATIONS: RangeInclusive<u32> = 10..=100_000;
/// End points a population may have.
pub const ENDPOINTS: RangeInclusive<u32> = 10..=200_000;

/// How many of each there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// People, within [`PATIENTS`].
    pub patients: u64,
    /// Organisations, within [`ORGANISATIONS`].
    pub organisations: u32,
    /// End points, within [`ENDPOINTS`].
    pub endpoints: u32,
}

impl Default for Sizes {
    /// 200,000 patients, and the published 20,000 organisations and 28,000 end points of 2015.
    fn default() -> Self {
        Sizes { patients: 200_000, organisations: 20_000, endpoints: 28_000 }
    }
}

/// A synthetic population. Small and `Copy`: it holds its seed, its sizes and one permutation's parameters.
#[derive(Debug, Clone, Copy)]
pub struct Population {
    seed: u64,
    sizes: Sizes,
    numbers: Permutation,
}

impl Population {
    /// The population of a seed.
    ///
    /// # Errors
    /// One sentence for each size outside its limits, all of them at once.
    pub fn new(seed: u64, sizes: Sizes) -> Result<Population, Vec<String>> {
        let mut faults = Vec::new();
        let mut check = |name: &str, got: u64, least: u64, most: u64| {
            if !(least..=most).contains(&got) {
                faults
                    .push(format!("population.{name}: out of range, got {got}, allowed: {least} to {most}"));
            }
        };
        check("patients", sizes.patients, *PATIENTS.start(), *PATIENTS.end());
        check(
            "organisations",
            sizes.organisations.into(),
            (*ORGANISATIONS.start()).into(),
            (*ORGANISATIONS.end()).into(),
        );
        check("endpoints", sizes.endpoints.into(), (*ENDPOINTS.start()).into(), (*ENDPOINTS.end()).into());
        if !faults.is_empty() {
            return Err(faults);
        }
        let numbers = Permutation::new(key(seed, Domain::NhsNumber, 0), nhs_number::PLACES);
        Ok(Population { seed, sizes, numbers })
    }

    /// The seed.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The sizes.
    pub fn sizes(&self) -> Sizes {
        self.sizes
    }

    /// NHS number of the patient with this index, which is taken modulo the number of patients. One-to-one.
    pub fn nhs_number(&self, index: u64) -> NhsNumber {
        NhsNumber::at_place(self.numbers.apply(index % self.sizes.patients))
    }

    /// The `n`-th synthetic NHS number that nobody in the population has.
    fn nhs_number_beyond(&self, n: u64) -> NhsNumber {
        let free = nhs_number::PLACES - self.sizes.patients;
        NhsNumber::at_place(self.numbers.apply(self.sizes.patients + n % free))
    }

    /// Index of the patient with this NHS number; `None` when nobody in the population has it.
    pub fn patient_index(&self, number: NhsNumber) -> Option<u64> {
        self.numbers.invert(number.place()?).filter(|&index| index < self.sizes.patients)
    }

    /// A number that this patient had before another took its place; of one patient in [`SUPERSEDED_PERIOD`]. Nobody in
    /// the population has it.
    pub fn superseded_number(&self, index: u64) -> Option<NhsNumber> {
        let index = index % self.sizes.patients;
        let rank = index.is_multiple_of(SUPERSEDED_PERIOD).then_some(index / SUPERSEDED_PERIOD)?;
        Some(NhsNumber::at_place(self.numbers.apply(PATIENTS.end() + rank)))
    }

    /// The `k`-th number that was given out and invalidated; nobody in the population has or had it. `k` is taken modulo
    /// [`INVALIDATED_MAX`].
    pub fn invalidated_number(&self, k: u64) -> NhsNumber {
        let superseded_max = PATIENTS.end() / SUPERSEDED_PERIOD + 1;
        NhsNumber::at_place(self.numbers.apply(PATIENTS.end() + superseded_max + k % INVALIDATED_MAX))
    }

    /// The `k`-th patient index of a pseudo-random order without repeats: `k` is taken modulo the number of patients, and
    /// each stream has an order of its own.
    pub fn permuted_patient(&self, k: u64, stream: u64) -> u64 {
        self.permuted(k, self.sizes.patients, stream)
    }

    /// The `k`-th number of a pseudo-random order of `0..n` without repeats; `k` is taken modulo `n`; 0 when `n` is 0.
    /// `n` stays below 2^62. Each stream has an order of its own.
    pub fn permuted(&self, k: u64, n: u64, stream: u64) -> u64 {
        Permutation::new(key(self.seed, Domain::Permuted, stream), n).apply(k)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn population(patients: u64) -> Population {
        Population::new(42, Sizes { patients, ..Sizes::default() }).unwrap()
    }

    #[test]
    fn index_and_nhs_number_are_one_to_one_over_the_whole_population() {
        let p = population(200_000);
        let mut seen = HashSet::new();
        for i in 0..200_000 {
            let number = p.nhs_number(i);
            assert!(number.is_synthetic());
            assert_eq!(NhsNumber::new_synthetic(number.value()), Ok(number), "check digit");
            assert!(seen.insert(number));
            assert_eq!(p.patient_index(number), Some(i));
        }
    }

    #[test]
    fn numbers_of_nobody_have_no_index() {
        let p = population(1_000);
        for i in 1_000..2_000 {
            assert_eq!(p.patient_index(population(80_000_000).nhs_number(i)), None);
        }
        assert_eq!(p.patient_index(NhsNumber::parse("9000000009").unwrap()), None, "sandbox patient");
    }

    #[test]
    fn superseded_and_invalidated_numbers_are_nobodys_and_differ() {
        let p = population(200_000);
        let superseded: Vec<NhsNumber> = (0..200_000).filter_map(|i| p.superseded_number(i)).collect();
        assert_eq!(superseded.len(), 400);
        let all: HashSet<NhsNumber> =
            superseded.into_iter().chain((0..200).map(|k| p.invalidated_number(k))).collect();
        assert_eq!(all.len(), 600);
        let largest = population(80_000_000);
        assert!(all.iter().all(|n| n.is_synthetic() && largest.patient_index(*n).is_none()));
    }

    #[test]
    fn a_larger_population_only_adds_people() {
        assert_eq!(population(10).nhs_number(9), population(80_000_000).nhs_number(9));
    }

    #[test]
    fn permuted_patients_do_not_repeat_until_all_were_used_and_streams_differ() {
        let p = population(20_000);
        let order: Vec<u64> = (0..20_000).map(|k| p.permuted_patient(k, 1)).collect();
        assert_eq!(order.iter().collect::<HashSet<_>>().len(), 20_000);
        assert_eq!(p.permuted_patient(20_000, 1), order[0], "modulo");
        let same = (0..20_000).filter(|&k| p.permuted_patient(k, 2) == order[k as usize]).count();
        assert!(same < 20, "{same} places agree between streams");
        assert_eq!(p.permuted(5, 0, 1), 0);
    }

    #[test]
    fn all_wrong_sizes_are_reported_at_once() {
        let faults =
            Population::new(1, Sizes { patients: 0, organisations: 9, endpoints: 200_001 }).unwrap_err();
        assert_eq!(faults.len(), 3);
        assert_eq!(faults[0], "population.patients: out of range, got 0, allowed: 1 to 80000000");
        for patients in [1, 80_000_000] {
            assert!(Population::new(1, Sizes { patients, organisations: 10, endpoints: 10 }).is_ok());
        }
    }
}
