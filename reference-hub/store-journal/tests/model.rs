//! Random batches against the memory engine, with the folder opened again, flushes, merges and snapshots in between: both
//! must hold the same state, and every snapshot must stay as it was.
//!
//! `SPINEBENCH_MODELS` sets the number of histories (default 6).

use bytes::Bytes;
use hub_store::contract::workload::Dice;
use hub_store::memory::MemoryStore;
use hub_store::{Check, Delete, Expect, Idempotency, Put, Store, TABLES, Table, Txn, View};
use store_journal::{JournalStore, Limits};

const TABLES_WRITTEN: [Table; 3] = [Table::Patients, Table::Inbox, Table::Timers];
/// Few, so that rows are overwritten, removed and put again.
const KEYS: u64 = 150;

fn key(dice: &mut Dice) -> Bytes {
    Bytes::from(format!("k{:04}", dice.roll(KEYS)))
}

fn value(dice: &mut Dice) -> Bytes {
    let len = match dice.roll(4) {
        0 => 0,
        1 => dice.roll(40),
        2 => 500 + dice.roll(30),
        _ => 900 + dice.roll(3_000),
    };
    let word = dice.roll(u64::MAX).to_be_bytes();
    let noise = dice.roll(2) == 0;
    Bytes::from(
        (0..len).map(|i| if noise { dice.roll(256) as u8 } else { word[i as usize % 8] }).collect::<Vec<_>>(),
    )
}

fn txn(dice: &mut Dice, model: &MemoryStore) -> Txn {
    let mut txn = Txn { audit: value(dice), ..Txn::default() };
    for _ in 0..dice.roll(5) {
        let table = TABLES_WRITTEN[dice.roll(3) as usize];
        let key = key(dice);
        match dice.roll(5) {
            0..=1 => txn.dels.push(Delete { table, key }),
            2 => {
                let found = model.version(table, &key).unwrap();
                let expect = found.filter(|_| dice.roll(8) > 0).map_or(Expect::Absent, Expect::Version);
                txn.checks.push(Check { table, key, expect });
            }
            _ => txn.puts.push(Put { table, key, value: value(dice) }),
        }
    }
    if dice.roll(3) == 0 {
        txn.idempotency = Some(Idempotency { key: key(dice), answer: value(dice) });
    }
    txn
}

fn same(engine: &dyn View, model: &dyn View, dice: &mut Dice) {
    for (table, name) in TABLES {
        let all = |view: &dyn View| view.scan(*table, b"", &[0xff; 9], usize::MAX).unwrap();
        assert!(all(engine) == all(model), "table {name} differs");
    }
    for _ in 0..30 {
        let table = TABLES_WRITTEN[dice.roll(3) as usize];
        let (from, to, limit) = (key(dice), key(dice), dice.roll(20) as usize);
        assert_eq!(engine.get(table, &from).unwrap(), model.get(table, &from).unwrap());
        assert_eq!(engine.version(table, &from).unwrap(), model.version(table, &from).unwrap());
        let scan = |view: &dyn View| view.scan(table, &from, &to, limit).unwrap();
        assert_eq!(scan(engine), scan(model), "{from:?} to {to:?}, at most {limit}");
    }
}

type Snapshots = Vec<(Box<dyn View + Send>, Box<dyn View + Send>)>;

fn history(seed: u64) {
    let mut dice = Dice(seed);
    let limits = Limits {
        segment_bytes: 8_192 << dice.roll(4),
        flush_segments: 1 + dice.roll(3) as usize,
        merge_runs: 2 + dice.roll(2) as usize,
        segments_max: 8,
    };
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let open = || JournalStore::open_with(folder.path(), limits).unwrap_or_else(|e| panic!("{e}")).0;
    let model = MemoryStore::new();
    let mut engine = open();
    let loaded: Vec<_> =
        (0..KEYS).step_by(2).map(|k| (format!("k{k:04}").into_bytes(), value(&mut dice).to_vec())).collect();
    for store in [&engine as &dyn Store, &model] {
        store.load(Table::Patients, &mut loaded.iter().cloned()).unwrap();
        store.load_finish().unwrap();
    }
    let mut snapshots: Snapshots = Vec::new();
    for step in 0..150 {
        match dice.roll(20) {
            0 => {
                snapshots.clear();
                if dice.roll(2) == 0 {
                    engine.close().unwrap();
                }
                drop(engine);
                engine = open();
                same(&engine, &model, &mut dice);
            }
            1 => snapshots.push((engine.snapshot().unwrap(), model.snapshot().unwrap())),
            2 if !snapshots.is_empty() => {
                let (engines, models) = snapshots.remove(dice.roll(snapshots.len() as u64) as usize);
                same(&*engines, &*models, &mut dice);
            }
            3 => same(&engine, &model, &mut dice),
            _ => {
                let batch: Vec<Txn> = (0..1 + dice.roll(12)).map(|_| txn(&mut dice, &model)).collect();
                let outcomes = engine.commit(&batch).unwrap();
                assert_eq!(outcomes, model.commit(&batch).unwrap(), "step {step}");
                assert_eq!(engine.head(), model.head());
            }
        }
    }
    for (engines, models) in snapshots.drain(..) {
        same(&*engines, &*models, &mut dice);
    }
    same(&engine, &model, &mut dice);
    assert!(engine.verify().unwrap().is_whole());
    drop(engine);
    same(&open(), &model, &mut dice);
}

#[test]
fn the_engine_and_the_memory_engine_hold_the_same_after_any_history() {
    let histories = std::env::var("SPINEBENCH_MODELS").ok().and_then(|n| n.parse().ok()).unwrap_or(6);
    let first = u64::from(std::process::id()) * 1_000; // others in every run; printed, to look at a failure again
    for seed in first..first + histories {
        eprintln!("history of seed {seed}");
        history(seed);
    }
}
