//! The one contract suite: what every engine must do, said once. Behind the feature `contract`, for tests only.
//!
//! Called from each engine's tests with a function that opens the engine on a folder. Opening the same folder again
//! must give the same state back (an engine without a disk may hand out a shared handle).

pub mod corruption;
pub mod crash;
pub mod folder;
pub mod full_disk;
pub mod workload;

use crate::recover::{Report, check};
use crate::verify::verify;
use crate::{
    Check, Delete, Expect, Head, Idempotency, KEY_BYTES_MAX, Outcome, Put, Store, StoreError, TABLES, Table,
    Txn, seq_key,
};
use bytes::Bytes;
use std::path::Path;

/// An engine, open, and what recovery found.
pub type Opened = (Box<dyn Store>, Report);

/// Opens an engine on a folder.
pub type Open = fn(&Path) -> Result<Opened, StoreError>;

type Make<'a> = &'a dyn Fn(&Path) -> Box<dyn Store>;
type Clause = fn(Make<'_>, &Path);

/// Runs every clause on fresh folders.
///
/// # Panics
/// When the engine breaks the contract; the message names the clause.
pub fn contract(make: Make<'_>) {
    let clauses: &[(&str, Clause)] = &[
        ("an empty store has head zero", empty),
        ("a transaction is atomic over all tables", atomic),
        ("checks hold or nothing is written", checks),
        ("a transaction sees earlier ones of its batch", visibility),
        ("sequence numbers are dense over committed transactions", dense),
        ("a duplicate gets the first answer", duplicates),
        ("scans respect bounds, order and limit", scans),
        ("loaded rows have version zero and must ascend", loads),
        ("malformed transactions are refused whole", malformed),
        ("large batches and large values come back", large),
        ("the log and its chain verify", log),
        ("opening again keeps everything", reopen),
        ("a snapshot stays as it was and verifies", snapshot),
    ];
    for (name, clause) in clauses {
        let folder = tempfile::tempdir().unwrap_or_else(|e| panic!("{name}: no temporary folder: {e}"));
        eprintln!("contract: {name}");
        clause(make, folder.path());
    }
}

/// A put of `value` under `key`.
pub fn put(table: Table, key: &str, value: &str) -> Put {
    Put {
        table,
        key: Bytes::copy_from_slice(key.as_bytes()),
        value: Bytes::copy_from_slice(value.as_bytes()),
    }
}

/// A delete of `key`.
pub fn del(table: Table, key: &str) -> Delete {
    Delete { table, key: Bytes::copy_from_slice(key.as_bytes()) }
}

/// A check of `key`.
pub fn expect(table: Table, key: &str, expect: Expect) -> Check {
    Check { table, key: Bytes::copy_from_slice(key.as_bytes()), expect }
}

/// A transaction of puts with an audit event.
pub fn txn(audit: &str, puts: Vec<Put>) -> Txn {
    Txn { puts, audit: Bytes::copy_from_slice(audit.as_bytes()), ..Txn::default() }
}

fn commit(store: &dyn Store, batch: &[Txn]) -> Vec<Outcome> {
    store.commit(batch).unwrap_or_else(|e| panic!("commit: {e}"))
}

fn get(store: &dyn Store, table: Table, key: &str) -> Option<(u64, String)> {
    let found = store.get(table, key.as_bytes()).unwrap_or_else(|e| panic!("get: {e}"));
    found.map(|v| (v.version, String::from_utf8_lossy(&v.value).into_owned()))
}

fn keys(store: &dyn Store, table: Table, from: &str, to: &str, limit: usize) -> Vec<String> {
    let rows =
        store.scan(table, from.as_bytes(), to.as_bytes(), limit).unwrap_or_else(|e| panic!("scan: {e}"));
    rows.iter().map(|r| String::from_utf8_lossy(&r.key).into_owned()).collect()
}

fn some(version: u64, value: &str) -> Option<(u64, String)> {
    Some((version, value.to_owned()))
}

fn empty(make: Make<'_>, folder: &Path) {
    let store = make(folder);
    assert_eq!(store.head(), Head::default());
    assert_eq!(get(&*store, Table::Patients, "1"), None);
    assert!(keys(&*store, Table::Patients, "", "\u{7f}", 10).is_empty());
    assert!(commit(&*store, &[]).is_empty());
    assert_eq!(store.head().seq, 0, "an empty batch takes no number");
}

fn snapshot(make: Make<'_>, folder: &Path) {
    let store = make(folder);
    let write = |event: &str, value: &str| {
        let txns = [txn(event, vec![put(Table::Claims, "c", value), put(Table::Inbox, event, "")])];
        store.commit(&txns).unwrap();
    };
    (0..10).for_each(|n| write(&format!("before {n}"), &n.to_string()));
    let before = store.snapshot().unwrap();
    (0..10).for_each(|n| write(&format!("after {n}"), "later"));
    assert_eq!(&before.get(Table::Claims, b"c").unwrap().unwrap().value[..], b"9");
    assert_eq!(before.scan(Table::Inbox, b"", &[0xff; 9], 100).unwrap().len(), 10);
    let seen = verify(before.as_ref(), None).unwrap();
    assert!(seen.is_whole() && seen.head.seq == 10, "{seen:?}");
    assert_eq!(store.head().seq, 20);
}

fn atomic(make: Make<'_>, folder: &Path) {
    let store = make(folder);
    let puts = TABLES
        .iter()
        .filter(|(t, _)| !matches!(t, Table::Audit | Table::Chain | Table::Idempotency))
        .map(|(t, name)| put(*t, "k", name))
        .collect::<Vec<_>>();
    let all = Txn { checks: vec![expect(Table::Patients, "k", Expect::Absent)], ..txn("all", puts.clone()) };
    assert_eq!(commit(&*store, std::slice::from_ref(&all)), [Outcome::Committed { seq: 1 }]);
    for put in &puts {
        assert_eq!(get(&*store, put.table, "k"), some(1, put.table.name()), "{}", put.table.name());
    }
    let mut refused = all;
    refused.puts.iter_mut().for_each(|p| p.value = Bytes::from_static(b"changed"));
    refused.dels = vec![del(Table::Meta, "k")];
    let key = Bytes::from_static(b"k");
    assert_eq!(commit(&*store, &[refused]), [Outcome::Conflict { table: Table::Patients, key }]);
    for put in &puts {
        assert_eq!(get(&*store, put.table, "k"), some(1, put.table.name()), "{} untouched", put.table.name());
    }
}

fn checks(make: Make<'_>, folder: &Path) {
    let store = make(folder);
    commit(&*store, &[txn("a", vec![put(Table::Claims, "c", "1")])]);
    let with = |check, value| Txn { checks: vec![check], ..txn("x", vec![put(Table::Claims, "c", value)]) };
    let outcome = |check, value| commit(&*store, &[with(check, value)]).remove(0);
    let conflict = Outcome::Conflict { table: Table::Claims, key: Bytes::from_static(b"c") };
    assert_eq!(outcome(expect(Table::Claims, "c", Expect::Absent), "2"), conflict);
    assert_eq!(outcome(expect(Table::Claims, "c", Expect::Version(9)), "2"), conflict);
    assert_eq!(get(&*store, Table::Claims, "c"), some(1, "1"));
    assert_eq!(outcome(expect(Table::Claims, "c", Expect::Version(1)), "2"), Outcome::Committed { seq: 2 });
    assert_eq!(get(&*store, Table::Claims, "c"), some(2, "2"));
    let absent = Outcome::Conflict { table: Table::Claims, key: Bytes::from_static(b"none") };
    assert_eq!(outcome(expect(Table::Claims, "none", Expect::Version(1)), "3"), absent);
    assert_eq!(outcome(expect(Table::Claims, "none", Expect::Absent), "3"), Outcome::Committed { seq: 3 });
}

fn visibility(make: Make<'_>, folder: &Path) {
    let store = make(folder);
    let check = |expect_| vec![expect(Table::Inbox, "m", expect_)];
    let batch = [
        txn("put", vec![put(Table::Inbox, "m", "1")]),
        Txn { checks: check(Expect::Absent), ..txn("late", vec![put(Table::Inbox, "m", "2")]) },
        Txn {
            checks: check(Expect::Version(1)),
            dels: vec![del(Table::Inbox, "m")],
            ..txn("take", vec![put(Table::Inbox, "n", "3")])
        },
        Txn { checks: check(Expect::Version(1)), ..txn("take twice", vec![put(Table::Inbox, "o", "4")]) },
        Txn {
            checks: check(Expect::Absent),
            dels: vec![del(Table::Inbox, "n")],
            ..txn("again", vec![put(Table::Inbox, "n", "5")])
        },
    ];
    let conflict = || Outcome::Conflict { table: Table::Inbox, key: Bytes::from_static(b"m") };
    let committed = |seq| Outcome::Committed { seq };
    assert_eq!(commit(&*store, &batch), [committed(1), conflict(), committed(2), conflict(), committed(3)]);
    assert_eq!(get(&*store, Table::Inbox, "m"), None);
    assert_eq!(get(&*store, Table::Inbox, "n"), some(3, "5"), "deleted and put in one transaction is put");
    assert_eq!(get(&*store, Table::Inbox, "o"), None);
}

fn dense(make: Make<'_>, folder: &Path) {
    let store = make(folder);
    let refused = || Txn {
        checks: vec![expect(Table::Meta, "no", Expect::Version(1))],
        ..txn("r", vec![put(Table::Meta, "x", "")])
    };
    let mut next = 1;
    for round in 0..20_usize {
        let batch: Vec<Txn> = (0..round)
            .map(|i| if i % 3 == 1 { refused() } else { txn(&format!("{round}/{i}"), Vec::new()) })
            .collect();
        for outcome in commit(&*store, &batch) {
            if let Outcome::Committed { seq } = outcome {
                assert_eq!(seq, next);
                next += 1;
            }
        }
        assert_eq!(store.head().seq, next - 1);
    }
}

fn duplicates(make: Make<'_>, folder: &Path) {
    let store = make(folder);
    let send = |value: &str, answer: &'static str| Txn {
        checks: vec![expect(Table::Messages, "m", Expect::Absent)],
        idempotency: Some(Idempotency { key: Bytes::from_static(b"client|1"), answer: Bytes::from(answer) }),
        ..txn("send", vec![put(Table::Messages, "m", value)])
    };
    let duplicate = || Outcome::Duplicate { answer: Bytes::from_static(b"first") };
    let outcomes = commit(&*store, &[send("1", "first"), send("2", "second")]);
    assert_eq!(outcomes, [Outcome::Committed { seq: 1 }, duplicate()], "in one batch");
    assert_eq!(commit(&*store, &[send("3", "third")]), [duplicate()], "in a later batch, before its checks");
    assert_eq!(get(&*store, Table::Messages, "m"), some(1, "1"));
    assert_eq!(store.head().seq, 1);
}

fn scans(make: Make<'_>, folder: &Path) {
    let store = make(folder);
    let puts = ["a|2", "a|1", "b|1", "a|3", "c"].map(|k| put(Table::PharmacyQueue, k, "")).to_vec();
    commit(&*store, &[txn("q", puts), txn("other", vec![put(Table::Inbox, "a|9", "")])]);
    let scan = |from, to, limit| keys(&*store, Table::PharmacyQueue, from, to, limit);
    assert_eq!(scan("a|", "a}", 10), ["a|1", "a|2", "a|3"]);
    assert_eq!(scan("a|", "a}", 2), ["a|1", "a|2"]);
    assert_eq!(scan("a|2", "b|1", 10), ["a|2", "a|3"], "the upper bound is not in");
    assert_eq!(scan("", "d", 10), ["a|1", "a|2", "a|3", "b|1", "c"]);
    assert!(scan("a|", "a}", 0).is_empty());
    assert!(scan("c", "a", 10).is_empty(), "bounds the wrong way round are an empty range");
    assert!(scan("x", "x", 10).is_empty());
    let txn = Txn { dels: vec![del(Table::PharmacyQueue, "a|2")], ..txn("take", Vec::new()) };
    commit(&*store, &[txn]);
    assert_eq!(scan("a|", "a}", 2), ["a|1", "a|3"], "deleted rows do not count against the limit");
}

fn loads(make: Make<'_>, folder: &Path) {
    let store = make(folder);
    let rows = |from: u32, to: u32| {
        (from..to).map(|i| (format!("{i:06}").into_bytes(), vec![b'v'; 40 + (i as usize % 3_000)]))
    };
    assert_eq!(store.load(Table::Patients, &mut rows(0, 500)).unwrap_or_else(|e| panic!("{e}")), 500);
    assert_eq!(store.load(Table::Patients, &mut rows(500, 900)).unwrap_or_else(|e| panic!("{e}")), 400);
    assert_eq!(
        store.load(Table::PatientIndex, &mut rows(0, 10).map(|(k, _)| (k, Vec::new()))).ok(),
        Some(10)
    );
    assert_eq!(store.load(Table::Directory, &mut std::iter::empty()).ok(), Some(0));
    store.load_finish().unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(store.head(), Head::default(), "loading is outside the log");
    assert_eq!(
        get(&*store, Table::Patients, "000899").map(|(version, v)| (version, v.len())),
        Some((0, 939))
    );
    assert_eq!(keys(&*store, Table::Patients, "", "a", usize::MAX).len(), 900);
    assert_eq!(get(&*store, Table::PatientIndex, "000003"), some(0, ""), "an empty value is a value");
    let update = Txn {
        checks: vec![expect(Table::Patients, "000042", Expect::Version(0))],
        ..txn("u", vec![put(Table::Patients, "000042", "new")])
    };
    let again = commit(&*store, &[update.clone(), update]);
    assert!(matches!(again[..], [Outcome::Committed { seq: 1 }, Outcome::Conflict { .. }]), "{again:?}");
    assert_eq!(get(&*store, Table::Patients, "000042"), some(1, "new"));
    let mut unsorted = [(b"b".to_vec(), vec![]), (b"a".to_vec(), vec![])].into_iter();
    let error =
        store.load(Table::Claims, &mut unsorted).err().unwrap_or_else(|| panic!("unsorted rows were loaded"));
    assert!(error.0.contains("claims") && error.0.contains('a'), "{error}");
    let mut twice = [(b"a".to_vec(), vec![]), (b"a".to_vec(), vec![])].into_iter();
    assert!(store.load(Table::Claims, &mut twice).is_err(), "a key twice");
}

fn malformed(make: Make<'_>, folder: &Path) {
    let store = make(folder);
    let good = txn("good", vec![put(Table::Meta, "k", "v")]);
    let long = "x".repeat(KEY_BYTES_MAX + 1);
    for bad in [
        put(Table::Audit, "k", ""),
        put(Table::Chain, "k", ""),
        put(Table::Idempotency, "k", ""),
        put(Table::Meta, "head", ""),
        put(Table::Claims, "", ""),
        put(Table::Claims, &long, ""),
    ] {
        let error = store.commit(&[good.clone(), txn("bad", vec![bad])]).err();
        assert!(error.is_some_and(|e| e.0.contains("table")), "refused with the table's name");
    }
    assert_eq!(store.head().seq, 0, "nothing of a refused batch is kept");
    assert_eq!(get(&*store, Table::Meta, "k"), None);
    assert_eq!(get(&*store, Table::Claims, ""), None, "an impossible key is just not there");
    assert_eq!(get(&*store, Table::Claims, &long), None);
    assert_eq!(commit(&*store, &[good]), [Outcome::Committed { seq: 1 }], "and the store goes on");
}

fn large(make: Make<'_>, folder: &Path) {
    let store = make(folder);
    let body =
        |i: usize| (0..1 << 18).map(|b: usize| char::from(b'a' + ((b + i) % 23) as u8)).collect::<String>();
    let batch: Vec<Txn> = (0..16)
        .map(|i| {
            txn(
                "chunk",
                vec![
                    put(Table::Chunks, &format!("m|{i:02}"), &body(i)),
                    put(Table::Meta, "last", &i.to_string()),
                ],
            )
        })
        .collect();
    assert_eq!(commit(&*store, &batch).len(), 16);
    for i in 0..16 {
        assert_eq!(get(&*store, Table::Chunks, &format!("m|{i:02}")), some(i as u64 + 1, &body(i)));
    }
    assert_eq!(get(&*store, Table::Meta, "last"), some(16, "15"), "the last put of a batch stands");
    let many: Vec<Txn> = (0..1_024).map(|i| txn(&format!("event {i}"), Vec::new())).collect();
    assert_eq!(commit(&*store, &many).len(), 1_024);
    assert_eq!(store.head().seq, 1_040);
}

fn log(make: Make<'_>, folder: &Path) {
    let store = make(folder);
    for batch in 0..30_u64 {
        let size = batch % 4 + 1;
        let txns: Vec<Txn> = (0..size)
            .map(|i| txn(&format!("event {batch}.{i}"), vec![put(Table::Claims, &format!("{batch}"), "v")]))
            .collect();
        commit(&*store, &txns);
    }
    let head = store.head();
    let report = check(&*store, Some(head)).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!((report.head, report.audit_checked), (head, head.seq));
    let verified = verify(&*store, Some(head)).unwrap_or_else(|e| panic!("{e}"));
    assert!(verified.is_whole(), "{:?}", verified.findings);
    assert_eq!((verified.head, verified.events, verified.links), (head, head.seq, 30));
    let first = store.get(Table::Audit, &seq_key(1)).ok().flatten().map(|v| v.value);
    assert_eq!(first.as_deref(), Some(&b"event 0.0"[..]));
}

fn reopen(make: Make<'_>, folder: &Path) {
    let mut head = Head::default();
    for round in 0..5_u64 {
        let store = make(folder);
        assert_eq!(store.head(), head, "round {round}");
        for before in 0..round {
            assert_eq!(get(&*store, Table::Summaries, &format!("s{before}")), some(2 * before + 1, "body"));
            assert_eq!(get(&*store, Table::Inbox, &format!("i{before}")), None);
        }
        let key = |prefix: char| format!("{prefix}{round}");
        let puts = vec![put(Table::Summaries, &key('s'), "body"), put(Table::Inbox, &key('i'), "")];
        let take = Txn { dels: vec![del(Table::Inbox, &key('i'))], ..txn("take", Vec::new()) };
        commit(&*store, &[txn("put", puts), take]);
        store.tick(round * 10).unwrap_or_else(|e| panic!("tick: {e}"));
        head = store.head();
        assert_eq!(head.seq, 2 * round + 2);
        if round % 2 == 0 {
            store.close().unwrap_or_else(|e| panic!("close: {e}"));
        }
    }
}
