//! The memory engine against the contract suite, and the log's check and walk against damage done by hand.

use bytes::Bytes;
use hub_store::contract::{contract, put, txn};
use hub_store::memory::MemoryStore;
use hub_store::recover::{TAIL_SEQS, check};
use hub_store::stage::{HEAD_KEY, encode_head};
use hub_store::verify::{Finding, verify};
use hub_store::{Head, Link, Row, Store, StoreError, Table, Versioned, View, seq_key};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Mutex;

#[test]
fn the_memory_engine_keeps_the_contract() {
    let folders: Mutex<HashMap<PathBuf, MemoryStore>> = Mutex::default();
    contract(&|folder| {
        let mut folders = folders.lock().unwrap();
        Box::new(folders.entry(folder.to_path_buf()).or_default().clone())
    });
}

/// A view with some rows replaced (or removed) by hand.
struct Damaged<'a> {
    base: &'a MemoryStore,
    rows: HashMap<(Table, Vec<u8>), Option<Versioned>>,
}

impl<'a> Damaged<'a> {
    fn new(base: &'a MemoryStore) -> Self {
        Damaged { base, rows: HashMap::new() }
    }

    fn set(mut self, table: Table, key: &[u8], value: Option<&[u8]>) -> Self {
        let version = self.base.get(table, key).unwrap().map_or(0, |v| v.version);
        let value = value.map(|v| Versioned { version, value: Bytes::copy_from_slice(v) });
        self.rows.insert((table, key.to_vec()), value);
        self
    }
}

impl View for Damaged<'_> {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Versioned>, StoreError> {
        match self.rows.get(&(table, key.to_vec())) {
            Some(row) => Ok(row.clone()),
            None => self.base.get(table, key),
        }
    }

    fn scan(&self, table: Table, from: &[u8], to: &[u8], limit: usize) -> Result<Vec<Row>, StoreError> {
        let mut rows = self.base.scan(table, from, to, usize::MAX)?;
        rows.retain(|row| !self.rows.contains_key(&(table, row.key.to_vec())));
        for ((_, key), value) in
            self.rows.iter().filter(|((t, k), _)| *t == table && &k[..] >= from && &k[..] < to)
        {
            rows.extend(value.clone().map(|value| Row { key: Bytes::copy_from_slice(key), value }));
        }
        rows.sort_by(|a, b| a.key.cmp(&b.key));
        rows.truncate(limit);
        Ok(rows)
    }
}

/// A log of `batches` batches of three events each.
fn log(batches: u64) -> MemoryStore {
    let store = MemoryStore::new();
    for b in 0..batches {
        let batch: Vec<_> = (0..3)
            .map(|i| txn(&format!("event {b}.{i}"), vec![put(Table::Claims, "c", &format!("{b}.{i}"))]))
            .collect();
        store.commit(&batch).unwrap();
    }
    store
}

fn findings(view: &dyn View, mark: Option<Head>) -> Vec<Finding> {
    verify(view, mark).unwrap().findings
}

fn mark_at(store: &MemoryStore, seq: u64) -> Head {
    let row = store.get(Table::Chain, &seq_key(seq)).unwrap().unwrap();
    Link::decode(&row.value).unwrap().head()
}

#[test]
fn a_changed_audit_event_is_named() {
    let store = log(10);
    let view = Damaged::new(&store).set(Table::Audit, &seq_key(11), Some(b"event of another day"));
    assert_eq!(findings(&view, None), [Finding::Changed(11)]);
    let refusal = check(&view, Some(store.head())).unwrap_err().to_string();
    assert!(refusal.contains("batch 10 to 12; changed: 11"), "{refusal}");
}

#[test]
fn a_dropped_audit_event_is_named() {
    let store = log(10);
    let view = Damaged::new(&store).set(Table::Audit, &seq_key(7), None);
    assert_eq!(findings(&view, None), [Finding::Dropped(7..=7)]);
    let refusal = check(&view, Some(store.head())).unwrap_err().to_string();
    assert!(refusal.contains("gaps; missing sequence numbers: 7"), "{refusal}");
}

#[test]
fn reordered_audit_events_are_named_with_where_they_belong() {
    let store = log(10);
    let view = Damaged::new(&store).set(Table::Audit, &seq_key(4), Some(b"event 6.1")).set(
        Table::Audit,
        &seq_key(20),
        Some(b"event 1.0"),
    );
    assert_eq!(
        findings(&view, None),
        [Finding::Moved { at: 4, from: 20 }, Finding::Moved { at: 20, from: 4 }]
    );
}

#[test]
fn missing_changed_and_foreign_links_are_named() {
    let store = log(10);
    let gone = Damaged::new(&store).set(Table::Chain, &seq_key(6), None);
    assert_eq!(findings(&gone, None), [Finding::LinkMissing(4..=6)]);
    assert!(
        check(&gone, Some(store.head()))
            .unwrap_err()
            .to_string()
            .contains("ends at sequence number 6 is missing")
    );

    let mut link = Link::decode(&store.get(Table::Chain, &seq_key(6)).unwrap().unwrap().value).unwrap();
    link.entries[1].writes[0] ^= 1;
    let changed = Damaged::new(&store).set(Table::Chain, &seq_key(6), Some(&link.encode()));
    assert_eq!(findings(&changed, None), [Finding::LinkChanged(4..=6)]);
    assert!(check(&changed, Some(store.head())).is_err());

    link.entries[1].writes[0] ^= 1;
    link.hash = [3; 32];
    let foreign = Damaged::new(&store).set(Table::Chain, &seq_key(6), Some(&link.encode()));
    assert_eq!(findings(&foreign, None), [Finding::LinkChanged(4..=6), Finding::ChainBroken(7..=9)]);

    let torn = Damaged::new(&store).set(Table::Chain, &seq_key(6), Some(b"torn"));
    assert_eq!(findings(&torn, None)[0], Finding::LinkChanged(4..=6));
}

#[test]
fn an_event_beyond_the_head_is_refused() {
    let store = log(2);
    let view = Damaged::new(&store).set(Table::Audit, &seq_key(7), Some(b"slipped in"));
    assert_eq!(findings(&view, None), [Finding::Added(7)]);
    assert!(check(&view, Some(store.head())).unwrap_err().to_string().contains("table audit holds 7"));
}

#[test]
fn a_log_short_of_its_mark_is_refused_and_the_missing_numbers_are_named() {
    let (long, short) = (log(10), log(8));
    let refusal = check(&short, Some(long.head())).unwrap_err();
    assert_eq!(refusal.missing, [25..=30]);
    let sentence = StoreError::from(refusal).0;
    assert!(sentence.contains("ends at sequence number 24") && sentence.contains("25 to 30"), "{sentence}");
    let expected = [Finding::MarkDiffers { mark: 30, chain: 24 }];
    assert_eq!(findings(&short, Some(long.head())), expected);
}

#[test]
fn a_mark_behind_the_log_is_normal_and_a_mark_of_another_history_is_not() {
    let store = log(10);
    let behind = mark_at(&store, 12);
    let report = check(&store, Some(behind)).unwrap();
    assert_eq!((report.head.seq, report.links_checked), (30, 10));
    assert!(findings(&store, Some(behind)).is_empty());
    let foreign = Head { hash: [1; 32], ..behind };
    assert!(check(&store, Some(foreign)).unwrap_err().to_string().contains("another history"));
    assert!(check(&store, Some(Head { hash: [1; 32], ..store.head() })).is_err());
    assert!(
        check(&store, Some(Head { seq: 11, hash: behind.hash }))
            .unwrap_err()
            .to_string()
            .contains("inside the batch")
    );
    assert_eq!(findings(&store, Some(foreign)), [Finding::MarkDiffers { mark: 12, chain: 30 }]);
}

#[test]
fn a_log_without_a_mark_is_refused_and_an_empty_one_is_not() {
    assert!(check(&log(1), None).unwrap_err().to_string().contains("mark is missing"));
    assert_eq!(check(&MemoryStore::new(), None).unwrap().head, Head::default());
}

#[test]
fn a_head_that_lost_the_last_batches_or_has_another_hash_is_refused() {
    let store = log(10);
    let back = mark_at(&store, 27);
    let view = Damaged::new(&store).set(Table::Meta, HEAD_KEY, Some(&encode_head(&back)));
    assert!(check(&view, Some(back)).unwrap_err().to_string().contains("table audit holds 28"));
    let other = Head { hash: [7; 32], ..store.head() };
    let view = Damaged::new(&store).set(Table::Meta, HEAD_KEY, Some(&encode_head(&other)));
    assert!(check(&view, Some(mark_at(&store, 3))).unwrap_err().to_string().contains("chain is broken"));
}

#[test]
fn opening_reads_the_tail_only() {
    let store = MemoryStore::new();
    for _ in 0..40 {
        store.commit(&(0..256).map(|i| txn(&format!("{i}"), Vec::new())).collect::<Vec<_>>()).unwrap();
    }
    let report = check(&store, Some(store.head())).unwrap();
    assert_eq!(report.audit_checked, TAIL_SEQS);
    let report = check(&store, Some(mark_at(&store, 256))).unwrap();
    assert_eq!(report.audit_checked, 39 * 256, "everything since the mark");
}

#[test]
fn a_full_disk_is_called_a_full_disk() {
    let full = std::io::Error::from(std::io::ErrorKind::StorageFull);
    let sentence = hub_store::StoreError::io("DATA/mark", "cannot write the mark", &full).0;
    assert_eq!(
        sentence,
        "DATA/mark: cannot write the mark: the disk is full; free space on it and start again"
    );
}
