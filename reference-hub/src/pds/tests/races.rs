//! Many at once: of all who write the same thing exactly one wins, and the rest are told as published.

use super::*;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// Clients that race.
const RACERS: u32 = 4;
/// Races of each kind.
const ROUNDS: u32 = 100;
/// Attempts before a racer has to be through: each lost one was won by another.
const ATTEMPTS_MAX: u32 = 1 + RACERS;

/// Decides and commits as the hub does, again after a conflict.
fn transact(hub: &Hub, commit: &Mutex<()>, nonce: u128, ask: &Ask) -> Answer {
    let operation = (super::super::INTERFACE.route)(&ask.0).unwrap();
    for _ in 0..ATTEMPTS_MAX {
        let decision = crate::domain::settled(true, || {
            let ids = Ids::new(nonce);
            let ctx = Context::new(&hub.store, NOW_MS, &ids, false);
            (super::super::INTERFACE.decide)(operation, &ctx, &ask.0)
        });
        let Some(txn) = decision.txn else { return decision.answer };
        let turn = commit.lock().unwrap();
        let outcome = hub.commit(txn);
        drop(turn);
        match outcome {
            Outcome::Committed { .. } => return decision.answer,
            Outcome::Duplicate { answer } => return crate::answer_codec::decode(&answer).unwrap(),
            Outcome::Conflict { .. } => {}
        }
    }
    panic!("more conflicts than racers");
}

/// Statuses and codes of all racers of one round, sorted.
fn race(hub: &Hub, round: u32, ask: impl Fn(u32) -> Ask + Sync) -> Vec<(u16, String)> {
    let (commit, next) = (Mutex::new(()), AtomicU32::new(0));
    let answers = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..RACERS {
            scope.spawn(|| {
                let racer = next.fetch_add(1, Relaxed);
                let answer = transact(hub, &commit, u128::from(round * RACERS + racer), &ask(racer));
                let code = body(&answer)["issue"][0]["details"]["coding"][0]["code"].clone();
                answers.lock().unwrap().push((answer.status, code.as_str().unwrap_or("").to_owned()));
            });
        }
    });
    let mut answers = answers.into_inner().unwrap();
    answers.sort_unstable();
    answers
}

#[test]
fn of_many_creations_of_one_person_at_once_exactly_one_makes_a_record() {
    let hub = Hub::with(&[]);
    let example: Value = serde_json::from_str(crate::pds::bodies::CREATION).unwrap();
    for round in 0..ROUNDS {
        let mut person = example["example"].clone();
        person["birthDate"] = format!("19{:02}-01-01", round % 100).into();
        let answers = race(&hub, round, |racer| Ask::post("Patient", round * RACERS + racer, &person));
        assert_eq!(answers.iter().filter(|a| a.0 == 201).count(), 1, "{answers:?}");
        assert_eq!(
            answers.iter().filter(|a| a.1 == "SINGLE_MATCH").count(),
            RACERS as usize - 1,
            "{answers:?}"
        );
    }
    let made = hub.index().iter().filter(|k| k.starts_with("B|")).count();
    assert_eq!(made, ROUNDS as usize);
}

#[test]
fn of_many_updates_with_one_etag_at_once_exactly_one_is_done() {
    let hub = Hub::with(&[person("9000000009", "Thornfell", &["Averil"], "1980-03-02", "female")]);
    for round in 0..ROUNDS {
        let version = u64::from(round) + 1;
        let answers = race(&hub, round, |racer| {
            let value = ["male", "female", "unknown"][(racer % 3) as usize];
            let patches = json!([{"op": "replace", "path": "/gender", "value": value}]);
            Ask::patch("9000000009", version, round * RACERS + racer, patches)
        });
        assert_eq!(answers.iter().filter(|a| a.0 == 200).count(), 1, "{answers:?}");
        assert_eq!(
            answers.iter().filter(|a| a.1 == "RESOURCE_VERSION_MISMATCH").count(),
            RACERS as usize - 1
        );
    }
    assert_eq!(hub.record("9000000009")["meta"]["versionId"], (ROUNDS + 1).to_string());
}

#[test]
fn of_many_sendings_of_one_request_at_once_all_get_the_same_answer() {
    let hub = Hub::with(&[person("9000000009", "Thornfell", &["Averil"], "1980-03-02", "female")]);
    for round in 0..ROUNDS {
        let patches = json!([{"op": "replace", "path": "/gender", "value": "male"}]);
        let answers =
            race(&hub, round, |_| Ask::patch("9000000009", u64::from(round) + 1, round, patches.clone()));
        assert!(answers.iter().all(|a| a.0 == 200), "{answers:?}");
    }
    assert_eq!(hub.record("9000000009")["meta"]["versionId"], (ROUNDS + 1).to_string());
}
