//! The patients whom every published sandbox knows, under their published NHS numbers: a full record (9000000009), one with
//! one related person (9000000017), a restricted one (9000000025) and a minimal one (9000000033). Numbers and kinds are
//! published, and so is what the published scenarios search by (names, birth dates, contact points) or point a patch at
//! (the ids 123 and 456): clients' tests are written against these. All other details are our own. Further numbers are
//! ours: 9000000041, superseded by 9000000009 and found by what that record said before, 9000000068, invalidated, and
//! four for whom the scenarios publish no number that is valid.
//!
//! Called by the seed when the hub is the open sandbox. Like the published sandbox's, the records stand at version 2.

use super::document::patient_document;
use super::record::text;
use super::{coverage, index, people, related, resolve, seed, terms};
use crate::seed::SeedRow;
use hub_store::Table;
use population::{NhsNumber, Patient, Population, Sizes};
use serde_json::{Value, json};

/// Published sandbox numbers: full, restricted, minimal, with one related person.
const NUMBERS: [u64; 4] = [9_000_000_009, 9_000_000_025, 9_000_000_033, 9_000_000_017];
/// A number that 9000000009 superseded.
const SUPERSEDED: &str = "9000000041";
/// A number that was invalidated.
const INVALIDATED: &str = "9000000068";
/// A sandbox person: number, family name, given names, birth date, gender, email.
type Other = (&'static str, &'static str, &'static [&'static str], &'static str, &'static str, &'static str);

/// Who else the scenarios of searching and creating speak of.
const OTHERS: [Other; 4] = [
    ("9000000076", "Smith", &["John Paul", "James"], "2010-10-22", "male", "johnp.smith@example.com"),
    ("9000000084", "McMatch-Single", &["Jane"], "1982-07-10", "female", ""),
    ("9000000092", "McMatch-Multiple", &["Louisa"], "1982-07-10", "female", ""),
    ("9000000106", "McMatch-Multiple", &["Louisa"], "1982-07-10", "female", ""),
];
/// The telephone number that the scenarios search by.
const PHONE: &str = "01632960587";
/// Version of sandbox records, as published clients' examples expect it in If-Match.
const VERSION: u64 = 2;
/// Seed of the people who lend the sandbox their details.
const SEED: u64 = 9_000_000_009;

/// The sandbox's rows, ascending by key within each table.
pub fn sandbox_rows() -> Vec<SeedRow> {
    let (mut records, mut keys, mut beside) = (Vec::new(), Vec::new(), Vec::new());
    for (number, document) in NUMBERS.iter().zip([full(), restricted(), minimal(), other()]) {
        keys.extend(index::keys_of(&document));
        records.push((Table::Patients, number.to_string().into_bytes(), document.to_string().into_bytes()));
    }
    for document in OTHERS.map(bare) {
        keys.extend(index::keys_of(&document));
        records.push((
            Table::Patients,
            text(&document, "/id").as_bytes().to_vec(),
            document.to_string().into_bytes(),
        ));
    }
    let mut was = json!({
        "birthDate": "2010-10-22",
        "gender": "female",
        "id": SUPERSEDED,
        "name": [{"family": "Quenelby", "given": ["Jane"], "use": "usual"}],
    });
    keys.extend(index::keys_of(&was));
    was["resourceType"] = "Patient".into();
    let row = resolve::superseded_row(&NUMBERS[0].to_string(), &was);
    records.push((Table::Patients, SUPERSEDED.into(), row));
    let row = seed::redacted(INVALIDATED).to_string().into_bytes();
    records.push((Table::Patients, INVALIDATED.into(), row));
    for (at, number, refers) in [(0, NUMBERS[0], true), (3, NUMBERS[3], false), (1, NUMBERS[1], false)] {
        let Some(patient) = lender(at) else { continue };
        let mut people = vec![people::with_details(&patient, 1)];
        if refers {
            people.push(people::referred_to(&patient, &NUMBERS[3].to_string(), 2));
        }
        beside.extend(people.iter().map(|person| {
            let key = related::key(&number.to_string(), text(person, "/id"));
            (Table::RelatedPersons, key, person.to_string().into_bytes())
        }));
    }
    records.sort_unstable();
    keys.sort_unstable();
    beside.sort_unstable();
    records.extend(keys.into_iter().map(|key| (Table::PatientIndex, key, Vec::new())));
    records.extend(beside);
    let card = people::card_of(NUMBERS[0]).to_string().into_bytes();
    records.push((Table::Coverages, coverage::key(&NUMBERS[0].to_string()), card));
    records
}

/// The synthetic person who stands behind a sandbox number.
fn lender(index: u64) -> Option<Patient> {
    // The sizes are within the population's limits and the numbers valid, so there always is one.
    let sizes = Sizes { patients: NUMBERS.len() as u64, ..Sizes::default() };
    let mut patient = Population::new(SEED, sizes).ok()?.patient(index);
    patient.nhs_number = NhsNumber::new(NUMBERS[index as usize % NUMBERS.len()]).ok()?;
    Some(patient)
}

/// A synthetic person under a sandbox number, as a tree that can be changed.
fn person(index: u64, change: impl FnOnce(&mut Patient)) -> Value {
    let Some(mut patient) = lender(index) else { return Value::Null };
    change(&mut patient);
    serde_json::from_slice(&patient_document(&patient, VERSION)).unwrap_or_default()
}

fn full() -> Value {
    let mut document = person(0, |p| {
        (p.title, p.gender, p.given) = ("Mrs", "female", ["Jane", "Ione"]);
        p.family = "Smith".to_owned();
        p.birth_date = jiff::civil::date(2010, 10, 22);
        p.registered = jiff::civil::date(2011, 5, 2);
        p.deceased = None;
        (p.language, p.interpreter_required) = ("fr", true);
        (p.email, p.phone) = ("jane.smith@example.com".to_owned(), PHONE.to_owned());
    });
    document["name"][0]["id"] = "123".into();
    document["address"][0]["id"] = "456".into();
    document
}

fn restricted() -> Value {
    let mut document = person(1, |p| {
        (p.title, p.gender, p.given) = ("Mrs", "female", ["Janet", "Thea"]);
        p.family = "Smythe".to_owned();
        p.birth_date = jiff::civil::date(2005, 6, 16);
        p.registered = jiff::civil::date(2015, 9, 1);
        p.deceased = None;
        (p.email, p.phone) = ("janet.smythe@example.com".to_owned(), PHONE.to_owned());
    });
    let system = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality";
    document["meta"]["security"] = json!([{"code": "R", "display": "restricted", "system": system}]);
    document
}

/// Found with 9000000009 by the first letters of the family name, and not by a fuzzy search for her.
fn other() -> Value {
    person(3, |p| {
        (p.title, p.gender, p.given) = ("Mrs", "female", ["Rachel", "Lorna"]);
        p.family = "Smyth".to_owned();
        p.birth_date = jiff::civil::date(2010, 10, 22);
        p.registered = jiff::civil::date(2012, 8, 20);
        p.deceased = None;
        p.email = "rachel.smyth@example.com".to_owned();
    })
}

/// A record with what a scenario looks for and nothing else.
fn bare((number, family, given, born, gender, email): (&str, &str, &[&str], &str, &str, &str)) -> Value {
    let mut document = minimal();
    document["id"] = number.into();
    document["identifier"][0]["value"] = number.into();
    document["birthDate"] = born.into();
    document["gender"] = gender.into();
    document["name"] = json!([{"family": family, "given": given, "id": "123", "use": "usual"}]);
    if !email.is_empty() {
        document["telecom"] = json!([
            {"id": "789", "system": "phone", "use": "home", "value": PHONE},
            {"id": "790", "system": "email", "use": "home", "value": email},
        ]);
    }
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
