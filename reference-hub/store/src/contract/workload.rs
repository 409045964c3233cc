//! What the suites of damage share: a numbered workload whose every effect can be checked afterwards.
//!
//! Called by [`super::crash`], [`super::corruption`], [`super::full_disk`] and by engines' own tests.

use crate::{Check, Expect, Idempotency, Put, Store, Table, Txn, View, seq_key, seq_of_key};
use bytes::Bytes;
use std::collections::{BTreeMap, HashMap};

/// Patients written round and round, so that updates and the engine's compaction are exercised too.
pub const PATIENTS: u64 = 200;

/// A small deterministic generator (xorshift64*); a test's seed is printed by the test.
#[derive(Debug)]
pub struct Dice(
    /// The state; never zero.
    pub u64,
);

impl Dice {
    /// A number below `below`.
    pub fn roll(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) % below.max(1)
    }
}

/// The key of the patient that transaction `n` writes.
pub fn patient_key(n: u64) -> Bytes {
    Bytes::from(format!("{:010}", 9_000_000_000 + n % PATIENTS))
}

/// The document that transaction `n` writes: its number first, then 100 to 9,000 bytes that depend on it.
pub fn document(n: u64) -> Bytes {
    let len = 100 + Dice(n + 1).roll(8_900) as usize;
    let mut out = format!("{n}|").into_bytes();
    let mut dice = Dice(n.wrapping_mul(77) + 5);
    while out.len() < len {
        out.extend_from_slice(&dice.roll(u64::MAX).to_be_bytes());
    }
    Bytes::from(out)
}

/// Transaction `n`: a claim of its own that must not be there, a patient's document, an index row, an audit event.
pub fn txn(n: u64) -> Txn {
    let claim = Bytes::from(format!("claim|{n:08}"));
    let put = |table, key: Bytes, value| Put { table, key, value };
    Txn {
        checks: vec![Check { table: Table::Claims, key: claim.clone(), expect: Expect::Absent }],
        puts: vec![
            put(Table::Claims, claim.clone(), Bytes::from(format!("{n}"))),
            put(Table::Patients, patient_key(n), document(n)),
            put(Table::Inbox, Bytes::from(format!("inbox|{n:08}")), Bytes::new()),
        ],
        dels: Vec::new(),
        audit: Bytes::from(format!("event {n}")),
        idempotency: Some(Idempotency { key: claim, answer: Bytes::from(format!("answer {n}")) }),
    }
}

/// Rows that were there before the first transaction: large ones and small ones.
pub const LOADED: u64 = 2_000;

/// Loads them.
///
/// # Panics
/// When the engine refuses.
pub fn load(store: &dyn Store) {
    let large = (0..LOADED).map(|n| (format!("{n:06}").into_bytes(), document(n).to_vec()));
    store.load(Table::Summaries, &mut { large }).unwrap_or_else(|e| panic!("{e}"));
    let small = (0..LOADED).map(|n| (format!("{n:06}").into_bytes(), format!("endpoint {n}").into_bytes()));
    store.load(Table::Directory, &mut { small }).unwrap_or_else(|e| panic!("{e}"));
    store.load_finish().unwrap_or_else(|e| panic!("{e}"));
}

/// Checks that all of them are there.
///
/// # Errors
/// The first row amiss (`SHORT: …`), or the engine's refusal to read (`refused: …`).
pub fn audit_loaded(store: &dyn Store) -> Result<(), String> {
    for n in 0..LOADED {
        let key = format!("{n:06}").into_bytes();
        row(store, Table::Summaries, &key, 0, &document(n))?;
        row(store, Table::Directory, &key, 0, format!("endpoint {n}").as_bytes())?;
    }
    Ok(())
}

/// Checks everything that transactions `0..acknowledged` left, and that later ones are there wholly, once, or not at
/// all. Tells how many are there.
///
/// # Errors
/// The first thing amiss (`SHORT: …`), or the engine's refusal to read (`refused: …`).
pub fn audit(store: &dyn Store, acknowledged: u64) -> Result<u64, String> {
    let head = store.head().seq;
    let mut seq_of: BTreeMap<u64, u64> = BTreeMap::new();
    let mut next = 1;
    let mut from = seq_key(0).to_vec();
    loop {
        let page = store.scan(Table::Audit, &from, &[0xff; 9], 1_000).map_err(|e| format!("refused: {e}"))?;
        let Some(last) = page.last() else { break };
        from = [&last.key[..], &[0]].concat();
        for row in &page {
            if seq_of_key(&row.key) != Some(next) {
                return Err(format!("SHORT: audit log: expected {next}, got {:?}", row.key));
            }
            let text = String::from_utf8_lossy(&row.value.value).into_owned();
            let n = text.strip_prefix("event ").and_then(|n| n.parse().ok());
            let n = n.ok_or_else(|| format!("SHORT: audit event {next} is {text:?}"))?;
            if let Some(before) = seq_of.insert(n, next) {
                return Err(format!("SHORT: transaction {n} is there twice: {before} and {next}"));
            }
            next += 1;
        }
    }
    if next != head + 1 {
        return Err(format!("SHORT: audit ends before {next}, head is {head}"));
    }
    if let Some(n) = (0..acknowledged).find(|n| !seq_of.contains_key(n)) {
        return Err(format!("SHORT: transaction {n} of {acknowledged} acknowledged is not there"));
    }
    let mut newest: HashMap<Bytes, u64> = HashMap::new();
    for (&n, &seq) in &seq_of {
        let claim = format!("claim|{n:08}");
        row(store, Table::Claims, claim.as_bytes(), seq, format!("{n}").as_bytes())?;
        row(store, Table::Inbox, format!("inbox|{n:08}").as_bytes(), seq, b"")?;
        row(store, Table::Idempotency, claim.as_bytes(), seq, format!("answer {n}").as_bytes())?;
        newest.insert(patient_key(n), n);
    }
    for (key, n) in newest {
        row(store, Table::Patients, &key, seq_of[&n], &document(n))?;
    }
    Ok(seq_of.len() as u64)
}

fn row(store: &(impl View + ?Sized), table: Table, key: &[u8], seq: u64, value: &[u8]) -> Result<(), String> {
    let found = store.get(table, key).map_err(|e| format!("refused: {e}"))?;
    match found {
        Some(v) if v.version == seq && &v.value[..] == value => Ok(()),
        Some(v) => Err(format!(
            "SHORT: {} {}: version {}, expected {seq}; {} bytes, expected {}",
            table.name(),
            key.escape_ascii(),
            v.version,
            v.value.len(),
            value.len()
        )),
        None => Err(format!("SHORT: {} {} (seq {seq}) is not there", table.name(), key.escape_ascii())),
    }
}
