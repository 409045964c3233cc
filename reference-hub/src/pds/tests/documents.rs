//! Generated documents, seed rows and sandbox rows.

use super::*;
use crate::pds::{patient_document, sandbox_rows, seed};
use population::{Population, Sizes};
use std::collections::BTreeSet;

fn population() -> Population {
    Population::new(42, Sizes { patients: 2_000, ..Sizes::default() }).unwrap()
}

#[test]
fn documents_are_valid_complete_and_of_the_published_size() {
    let population = population();
    let (mut sum, count) = (0, population.sizes().patients);
    for i in 0..count {
        let patient = population.patient(i);
        let document = patient_document(&patient, 7);
        assert!((5_200..=6_800).contains(&document.len()), "patient {i}: {} bytes", document.len());
        sum += document.len() as u64;
        let tree: Value = serde_json::from_slice(&document).unwrap();
        assert_eq!(tree.to_string().as_bytes(), document, "keys in the order in which an update writes them");
        assert_eq!(tree["id"], patient.nhs_number.to_string());
        assert_eq!(tree["identifier"][0]["value"], tree["id"]);
        assert_eq!(tree["meta"]["versionId"], "7");
        assert_eq!(tree["name"][0]["family"], patient.family.as_str());
        assert_eq!(tree["deceasedDateTime"].is_string(), patient.deceased.is_some());
        let head = crate::pds::record::head(&document).unwrap();
        assert_eq!((head.version, head.security), (7, crate::pds::record::Security::Unrestricted));
    }
    let mean = sum / count;
    assert!((5_700..=6_300).contains(&mean), "mean {mean} bytes, published example: 6,013");
}

#[test]
fn a_generated_document_keeps_every_rule_that_an_update_checks() {
    let population = population();
    let today = jiff::civil::date(2025, 6, 1);
    for i in 0..population.sizes().patients {
        let document: Value = serde_json::from_slice(&patient_document(&population.patient(i), 1)).unwrap();
        let mut document = document;
        if document.get("deceasedDateTime").is_some() {
            // Formal death notifications cannot be set by an update at all.
            document.as_object_mut().unwrap().remove("deceasedDateTime");
            let extensions = document["extension"].as_array_mut().unwrap();
            extensions.retain(|e| !e["url"].as_str().unwrap().ends_with("DeathNotificationStatus"));
        }
        if let Err(refusal) = crate::pds::rules::check(&json!({}), &document, today) {
            panic!("patient {i}: {}", body(&refusal));
        }
    }
}

#[test]
fn seed_rows_ascend_and_the_index_is_that_of_the_records() {
    let population = population();
    let ascends = |rows: &[crate::seed::SeedRow]| rows.windows(2).all(|w| w[0].1 < w[1].1);
    let records: Vec<_> = seed::patients(&population).collect();
    let index: Vec<_> = seed::patient_index(&population).collect();
    assert_eq!(records.len(), 2_000);
    assert!(ascends(&records) && ascends(&index));
    let mut keys = BTreeSet::new();
    for (_, _, document) in &records {
        keys.extend(crate::pds::index::keys_of(&serde_json::from_slice::<Value>(document).unwrap()));
    }
    assert!(index.iter().map(|(_, key, _)| key).eq(keys.iter()));
}

#[test]
fn the_sandbox_has_the_published_numbers_and_ascends() {
    let rows = sandbox_rows();
    let of = |table| rows.iter().filter(|r| r.0 == table).map(|r| r.1.clone()).collect::<Vec<_>>();
    let numbers = of(Table::Patients);
    let published = [&b"9000000009"[..], b"9000000017", b"9000000025", b"9000000033"];
    assert!(published.iter().all(|n| numbers.iter().any(|m| m == n)));
    for table in [Table::Patients, Table::PatientIndex, Table::RelatedPersons, Table::Coverages] {
        assert!(!of(table).is_empty() && of(table).windows(2).all(|w| w[0] < w[1]), "{table:?}");
    }
}

#[test]
fn seeded_numbers_related_people_and_cards_ascend_and_are_of_patients() {
    let population = population();
    let ascends = |rows: &[crate::seed::SeedRow]| rows.windows(2).all(|w| w[0].1 < w[1].1);
    let former: Vec<_> = seed::former_numbers(&population).collect();
    let related: Vec<_> = seed::related_persons(&population).collect();
    let cards: Vec<_> = seed::coverages(&population).collect();
    assert!(ascends(&former) && ascends(&related) && ascends(&cards));
    assert_eq!((former.len(), related.len(), cards.len()), (4 + 2, 100 + 50, 20));
    let number = |key: &[u8]| population::NhsNumber::parse(std::str::from_utf8(&key[..10]).unwrap()).unwrap();
    assert!(former.iter().all(|(_, key, _)| population.patient_index(number(key)).is_none()));
    assert!(related.iter().chain(&cards).all(|(_, key, _)| population.patient_index(number(key)).is_some()));
    for (_, _, value) in former.iter().chain(&related).chain(&cards) {
        let tree: Value = serde_json::from_slice(value).unwrap();
        assert_eq!(tree.to_string().as_bytes(), *value);
    }
    let today = jiff::civil::date(2025, 6, 1);
    for (_, _, value) in &cards {
        let card: Value = serde_json::from_slice(value).unwrap();
        assert_eq!(crate::pds::rules::coverage::check(&card, today).unwrap(), card);
    }
}

/// Release only: `cargo test --release -p reference-hub -- --ignored documents_per_second --nocapture`.
#[test]
#[ignore = "a measurement"]
fn documents_per_second() {
    let population = Population::new(42, Sizes::default()).unwrap();
    let watch = crate::clock::Stopwatch::start();
    let bytes: usize = seed::patients(&population).map(|(_, key, value)| key.len() + value.len()).sum();
    let documents_s = watch.elapsed_s();
    let watch = crate::clock::Stopwatch::start();
    let keys = seed::patient_index(&population).count();
    println!(
        "200,000 documents: {documents_s:.2} s, {bytes} bytes; {keys} index keys: {:.2} s",
        watch.elapsed_s()
    );
    let store = MemoryStore::new();
    for rows in [seed::patients(&population), seed::patient_index(&population)] {
        let mut rows = rows.peekable();
        let table = rows.peek().unwrap().0;
        store.load(table, &mut rows.map(|(_, key, value)| (key, value))).unwrap();
    }
    store
        .load(
            Table::Sessions,
            &mut [(TOKEN.as_bytes().to_vec(), crate::auth::Session::sandbox().to_row())].into_iter(),
        )
        .unwrap();
    let hub = Hub { store };
    let timed = |what: &str, ask: &dyn Fn(u64) -> Ask| {
        let asks: Vec<Ask> = (0..2_000).map(ask).collect();
        let watch = crate::clock::Stopwatch::start();
        let bytes: u64 = asks
            .iter()
            .map(|a| hub.decide(a))
            .map(|d| {
                assert_eq!(d.answer.status, 200);
                d.answer.body.len()
            })
            .sum();
        println!("{what}: {:.1} µs, {} bytes each", watch.elapsed_s() * 1e6 / 2_000.0, bytes / 2_000);
    };
    timed("retrieve", &|i| Ask::new("GET", &format!("Patient/{}", population.nhs_number(i))));
    timed("simple trace", &|i| {
        let p = population.patient(i);
        Ask::new(
            "GET",
            &format!(
                "Patient?family={}&given={}&gender={}&birthdate=eq{}",
                p.family, p.given[0], p.gender, p.birth_date
            ),
        )
    });
    timed("advanced trace (30 years)", &|i| {
        let p = population.patient(i);
        Ask::new(
            "GET",
            &format!(
                "Patient?family={}&gender={}&birthdate=ge1960-01-01&birthdate=le1990-01-01&_max-results=50",
                p.family, p.gender
            ),
        )
    });
    timed("fuzzy trace", &|i| {
        let p = population.patient(i);
        Ask::new(
            "GET",
            &format!(
                "Patient?family={}&given={}&birthdate=eq{}&_fuzzy-match=true",
                p.family, p.given[0], p.birth_date
            ),
        )
    });
    timed("update", &|i| {
        let p = population.patient(i);
        let number = p.nhs_number.to_string();
        let id = &hub.record(&number)["telecom"][1]["id"];
        let patches = json!([
            {"op": "replace", "path": "/telecom/1/id", "value": id},
            {"op": "replace", "path": "/telecom/1/value", "value": "07700900123"},
        ]);
        Ask::patch(&number, 1, i as u32, patches)
    });
}
