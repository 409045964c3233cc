//! Synthetic patients. A patient is a pure function of (seed, index): the hub seeds its records from it, the harness asks for
//! the same people, and neither needs the other. Never a real person: every number and address is of a kind nobody has.

use crate::Population;
use crate::draw::{Domain, Draw};
use crate::names::{
    ETHNIC_CATEGORIES, FAMILY_FIRST, FAMILY_SECOND, GIVEN_FEMALE, GIVEN_MALE, LANGUAGES, TITLES,
};
use crate::nhs_number::NhsNumber;
use crate::organisation::OrgKind;
use crate::place::{address, landline, mobile};
use jiff::civil::Date;

/// The day on which ages are reckoned. A constant, so that a person does not change while the calendar moves on.
pub const REFERENCE_DATE: Date = jiff::civil::date(2025, 1, 1);

/// Share of the population, per mille, in each band of five years from 0-4 to 90-94, then 95-104: shaped on the Office for
/// National Statistics' mid-year estimates for England of the 2010s.
pub const AGE_BANDS_PER_MILLE: [u32; 20] =
    [63, 61, 55, 60, 67, 69, 68, 63, 68, 72, 68, 58, 54, 55, 42, 33, 24, 15, 4, 1];

/// A synthetic patient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patient {
    /// The index below `sizes.patients`.
    pub index: u64,
    /// NHS number, unique in the population.
    pub nhs_number: NhsNumber,
    /// Title, e.g. `Mrs`.
    pub title: &'static str,
    /// Two given names.
    pub given: [&'static str; 2],
    /// Family name.
    pub family: String,
    /// `female` or `male`.
    pub gender: &'static str,
    /// Date of birth, before [`REFERENCE_DATE`].
    pub birth_date: Date,
    /// Date of death; about 1 in 100 of the records. After birth, not after [`REFERENCE_DATE`].
    pub deceased: Option<Date>,
    /// Number and street, locality, post town, county.
    pub address_lines: [String; 4],
    /// Postcode of valid shape that Royal Mail cannot have issued.
    pub postcode: String,
    /// Landline, 11 digits, from a range that Ofcom keeps free.
    pub phone: String,
    /// Mobile, 11 digits, from a range that Ofcom keeps free.
    pub mobile: String,
    /// E-mail address below example.org; unique.
    pub email: String,
    /// ODS code of the GP practice where the patient is registered.
    pub gp_practice: String,
    /// Day of registration with that practice.
    pub registered: Date,
    /// ODS code of the nominated pharmacy.
    pub nominated_pharmacy: String,
    /// Language, ISO 639-1.
    pub language: &'static str,
    /// True when an interpreter is needed.
    pub interpreter_required: bool,
    /// Ethnic category code of the NHS data dictionary.
    pub ethnic_category: &'static str,
    /// Whom to call.
    pub contact: Contact,
}

/// A patient's contact person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// Given name.
    pub given: &'static str,
    /// Family name: the patient's.
    pub family: String,
    /// Relationship in words, e.g. `Sister`.
    pub relationship: &'static str,
    /// Mobile, 11 digits, from a range that Ofcom keeps free.
    pub phone: String,
}

/// Names in each pool of given names.
const GIVEN: usize = GIVEN_FEMALE.len();

/// Deceased per mille up to and from the age of 65: together near the 1 in 100 of records that a live register carries.
const DECEASED_PER_MILLE: [u64; 2] = [2, 40];
/// Deaths lie in the two years before the reference date; older records are archived.
const DECEASED_DAYS: u64 = 730;
/// Newborns come into the world within a year after the reference date: always in the past of a clock that is right.
const NEWBORN_DAYS: u64 = 365;

impl Population {
    /// The patient with this index; it is taken modulo the number of patients.
    pub fn patient(&self, index: u64) -> Patient {
        let index = index % self.sizes().patients;
        let life = Draw::new(self.seed(), Domain::Patient, index);
        let place = Draw::new(self.seed(), Domain::PatientPlace, index);
        self.person(index, life, place)
    }

    /// The `n`-th person of the year after [`REFERENCE_DATE`], whom no record knows yet: somebody to be registered. Has
    /// the NHS number of nobody in the population; whoever registers them gives another.
    pub fn newborn(&self, n: u64) -> Patient {
        let life = Draw::new(self.seed(), Domain::Newborn, n);
        let place = Draw::new(self.seed(), Domain::NewbornPlace, n);
        let person = self.person(n % self.sizes().patients, life, place);
        let born = Draw::new(self.seed(), Domain::Newborn, !n).below(NEWBORN_DAYS);
        let birth_date = after(REFERENCE_DATE, 1 + born);
        Patient {
            index: self.sizes().patients.saturating_add(n),
            nhs_number: self.nhs_number_beyond(n),
            title: TITLES[usize::from(person.gender == "male")][0],
            birth_date,
            deceased: None,
            registered: birth_date,
            email: person.email.replace('@', ".newborn@"),
            ..person
        }
    }

    fn person(&self, index: u64, mut draw: Draw, mut place: Draw) -> Patient {
        let male = draw.below(1000) < 494; // 49.4 % of England's people were male in the mid-2010s
        let age_days = age_days(&mut draw);
        let birth_date = before(REFERENCE_DATE, age_days);
        let given_pool = if male { &GIVEN_MALE } else { &GIVEN_FEMALE };
        // The second is one to 63 places further on, so it is never the first again.
        let (first, step) = (draw.below(GIVEN as u64) as usize, 1 + draw.below(GIVEN as u64 - 1) as usize);
        let given = [given_pool[first], given_pool[(first + step) % GIVEN]];
        let family = [draw.pick(&FAMILY_FIRST), draw.pick(&FAMILY_SECOND)].concat();
        let titles = TITLES[usize::from(male)];
        let title =
            if age_days < 16 * 365 { titles[0] } else { titles[draw.weighted(&[20, 38, 38, 4], 100)] };
        let dead = draw.below(1000) < DECEASED_PER_MILLE[usize::from(age_days >= 65 * 365)];
        let deceased = dead.then(|| before(REFERENCE_DATE, draw.below(1 + DECEASED_DAYS.min(age_days / 2))));
        let registered =
            before(REFERENCE_DATE, 1 + DECEASED_DAYS.min(age_days / 2) + draw.below(age_days / 2 + 1));
        let language = LANGUAGES[draw.weighted(&LANGUAGES.map(|l| l.1), 1000)].0;
        let contact_pool = if draw.below(2) == 0 { &GIVEN_FEMALE } else { &GIVEN_MALE };
        let contact = Contact {
            given: draw.pick(contact_pool),
            family: family.clone(),
            relationship: draw.pick(&["Spouse", "Parent", "Sibling", "Child", "Friend", "Neighbour"]),
            phone: mobile(&mut draw),
        };
        let home = address(&mut place);
        Patient {
            index,
            nhs_number: self.nhs_number(index),
            title,
            gender: if male { "male" } else { "female" },
            birth_date,
            deceased,
            address_lines: home.lines,
            postcode: home.postcode,
            phone: landline(&mut place),
            mobile: mobile(&mut place),
            email: format!("{}.{}.{index}@example.org", given[0], family).to_ascii_lowercase(),
            gp_practice: self.practice_ods(index),
            // Nobody is registered before birth.
            registered: registered.max(birth_date),
            nominated_pharmacy: self.nominated_pharmacy_ods(index),
            language,
            interpreter_required: language != "en" && draw.below(3) == 0,
            ethnic_category: ETHNIC_CATEGORIES[draw.weighted(&ETHNIC_CATEGORIES.map(|e| e.1), 1000)].0,
            contact,
            given,
            family,
        }
    }

    /// Rank among the practices of the one where this patient is registered: what `organisation_of` takes.
    pub fn practice_rank(&self, patient_index: u64) -> u32 {
        self.rank(Domain::PatientPractice, patient_index, OrgKind::GpPractice)
    }

    /// Rank among the pharmacies of the one that this patient nominated.
    pub fn nominated_pharmacy_rank(&self, patient_index: u64) -> u32 {
        self.rank(Domain::PatientPharmacy, patient_index, OrgKind::Pharmacy)
    }

    /// ODS code of the practice where this patient is registered.
    pub fn practice_ods(&self, patient_index: u64) -> String {
        self.ods_of(OrgKind::GpPractice, self.practice_rank(patient_index))
    }

    /// ODS code of the pharmacy that this patient nominated.
    pub fn nominated_pharmacy_ods(&self, patient_index: u64) -> String {
        self.ods_of(OrgKind::Pharmacy, self.nominated_pharmacy_rank(patient_index))
    }

    fn rank(&self, domain: Domain, patient_index: u64, kind: OrgKind) -> u32 {
        let index = patient_index % self.sizes().patients;
        Draw::new(self.seed(), domain, index).below(u64::from(self.organisation_count(kind))) as u32
    }
}

/// An age in days with England's shape: a band by its share, then any day within it; at least one day.
fn age_days(draw: &mut Draw) -> u64 {
    let band = draw.weighted(&AGE_BANDS_PER_MILLE, 1000);
    let years = if band == AGE_BANDS_PER_MILLE.len() - 1 { 10 } else { 5 };
    // 365.25 days a year, in quarters of a day.
    1 + (band as u64 * 5 * 1461 + draw.below(years * 1461)) / 4
}

/// The date some days before another; the earliest date of all if there is none.
fn before(date: Date, days: u64) -> Date {
    let days = i64::try_from(days).unwrap_or(i64::MAX);
    date.checked_sub(jiff::Span::new().try_days(days).unwrap_or_default()).unwrap_or(Date::MIN)
}

/// The date some days after another; the latest date of all if there is none.
fn after(date: Date, days: u64) -> Date {
    let days = i64::try_from(days).unwrap_or(i64::MAX);
    date.checked_add(jiff::Span::new().try_days(days).unwrap_or_default()).unwrap_or(Date::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Sizes;

    fn population() -> Population {
        Population::new(42, Sizes::default()).unwrap()
    }

    #[test]
    fn ages_have_englands_shape_within_half_a_percent_point() {
        let p = population();
        let mut bands = [0_u32; 20];
        let draws = 100_000;
        for i in 0..draws {
            let born = p.patient(i).birth_date;
            let days = (REFERENCE_DATE - born).get_days() as u64;
            bands[((days - 1) * 4 / (5 * 1461)).min(19) as usize] += 1;
        }
        for (band, (&got, &want)) in bands.iter().zip(&AGE_BANDS_PER_MILLE).enumerate() {
            let share = f64::from(got) / draws as f64 * 1000.0;
            assert!(
                (share - f64::from(want)).abs() < 5.0,
                "band {band}: {share:.1} per mille, expected {want}"
            );
        }
        assert_eq!(AGE_BANDS_PER_MILLE.iter().sum::<u32>(), 1000);
    }

    #[test]
    fn dates_of_a_life_are_in_order() {
        let p = population();
        let mut deceased = 0;
        for i in 0..20_000 {
            let patient = p.patient(i);
            assert!(patient.birth_date < REFERENCE_DATE && patient.birth_date <= patient.registered);
            assert!(patient.registered <= REFERENCE_DATE);
            if let Some(date) = patient.deceased {
                deceased += 1;
                assert!(date >= patient.registered && date <= REFERENCE_DATE);
            }
        }
        assert!((100..300).contains(&deceased), "{deceased} of 20,000");
    }

    #[test]
    fn a_patient_is_the_same_every_time_and_wraps_at_the_population() {
        let p = population();
        assert_eq!(p.patient(17), p.patient(17));
        assert_eq!(p.patient(200_000 + 17), p.patient(17));
        assert_ne!(p.patient(17), Population::new(43, Sizes::default()).unwrap().patient(17));
    }

    #[test]
    fn newborns_are_nobody_of_the_population_and_not_each_other() {
        let p = population();
        let mut seen = std::collections::HashSet::new();
        for n in 0..10_000 {
            let newborn = p.newborn(n);
            assert!(
                newborn.birth_date > REFERENCE_DATE && newborn.birth_date < jiff::civil::date(2026, 1, 2)
            );
            assert_eq!((newborn.registered, newborn.deceased), (newborn.birth_date, None));
            assert_eq!(p.patient_index(newborn.nhs_number), None);
            assert!(newborn.nhs_number.is_synthetic());
            seen.insert((newborn.family, newborn.given, newborn.birth_date, newborn.postcode));
        }
        assert_eq!(seen.len(), 10_000);
        assert_eq!(p.newborn(7), p.newborn(7));
    }

    #[test]
    fn a_patients_practice_and_pharmacy_exist() {
        let p = population();
        for i in 0..1000 {
            let patient = p.patient(i);
            let practice = p.organisation_of(OrgKind::GpPractice, p.practice_rank(i));
            let pharmacy = p.organisation_of(OrgKind::Pharmacy, p.nominated_pharmacy_rank(i));
            assert_eq!((practice.ods, pharmacy.ods), (patient.gp_practice, patient.nominated_pharmacy));
        }
    }

    #[test]
    fn a_national_population_costs_nothing_until_asked_for() {
        let p = Population::new(1, Sizes { patients: 80_000_000, ..Sizes::default() }).unwrap();
        let last = p.patient(79_999_999);
        assert_eq!(p.patient_index(last.nhs_number), Some(79_999_999));
    }
}
