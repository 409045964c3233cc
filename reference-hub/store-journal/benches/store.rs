//! Store benches: get, scan, commit of batches and bulk load; memory, fjall and journal side by side, with the disk's own floor beside them.
//!
//! `cargo bench -p store-journal` measures; `cargo test --benches` runs each once at smoke size. The floor is a bare append
//! of as many bytes and one fdatasync: no engine that is durable can be faster.

mod rows;

use bytes::Bytes;
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use hub_store::memory::MemoryStore;
use hub_store::{Check, Expect, Put, Store, Table, Txn};
use rows::{AUDIT_BYTES, PATIENT_BYTES, document};
use std::hint::black_box;
use std::io::Write as _;
use std::time::Duration;
use store_fjall::FjallStore;
use store_journal::JournalStore;

/// Batches as the committer makes them: alone, and half of what 128 and 512 requests in flight give.
const BATCHES: &[usize] = &[1, 64, 256];

/// True when criterion measures; false when it only runs everything once.
fn measuring() -> bool {
    std::env::args().any(|a| a == "--bench")
}

fn patients() -> u64 {
    if measuring() { 200_000 } else { 2_000 }
}

fn key(i: u64) -> Vec<u8> {
    format!("{:010}", 9_000_000_000 + i).into_bytes()
}

fn load(store: &dyn Store, count: u64) {
    let mut rows = (0..count).map(|i| (key(i), document(i, PATIENT_BYTES)));
    assert_eq!(store.load(Table::Patients, &mut rows).unwrap(), count);
    store.load_finish().unwrap();
}

fn engines() -> Vec<(&'static str, Box<dyn Store>, tempfile::TempDir)> {
    let folder = || tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let (fjall, journal) = (folder(), folder());
    let of_fjall = FjallStore::open(fjall.path()).unwrap().0;
    let of_journal = JournalStore::open(journal.path()).unwrap().0;
    vec![
        ("memory", Box::new(MemoryStore::new()), folder()),
        ("fjall", Box::new(of_fjall), fjall),
        ("journal", Box::new(of_journal), journal),
    ]
}

fn txn(store: &dyn Store, i: u64, body: &Bytes) -> Txn {
    let key = Bytes::from(key(i));
    let version = store.get(Table::Patients, &key).unwrap().map_or(0, |v| v.version);
    Txn {
        checks: vec![Check { table: Table::Patients, key: key.clone(), expect: Expect::Version(version) }],
        puts: vec![Put { table: Table::Patients, key, value: body.clone() }],
        audit: Bytes::from(document(i, AUDIT_BYTES)),
        ..Txn::default()
    }
}

fn read(c: &mut Criterion) {
    for (name, store, _folder) in engines() {
        load(&*store, patients());
        let mut i = 0_u64;
        let mut next = move || {
            i = (i + 7_919) % patients();
            key(i)
        };
        let mut group = c.benchmark_group("read");
        group.bench_function(BenchmarkId::new("get", name), |b| {
            b.iter_batched(
                &mut next,
                |k| black_box(store.get(Table::Patients, &k).unwrap()),
                BatchSize::SmallInput,
            );
        });
        group.bench_function(BenchmarkId::new("get-absent", name), |b| {
            b.iter(|| black_box(store.get(Table::Patients, b"9999999999").unwrap()));
        });
        group.bench_function(BenchmarkId::new("scan-10", name), |b| {
            b.iter_batched(
                &mut next,
                |k| black_box(store.scan(Table::Patients, &k, b"9999999999", 10).unwrap()),
                BatchSize::SmallInput,
            );
        });
    }
}

fn commit(c: &mut Criterion) {
    let mut group = c.benchmark_group("commit");
    let body = Bytes::from(document(1, PATIENT_BYTES));
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let mut file = std::fs::File::create(folder.path().join("floor")).unwrap();
    for &size in BATCHES {
        group.throughput(Throughput::Elements(size as u64));
        let bytes = vec![0x5a_u8; size * (PATIENT_BYTES + AUDIT_BYTES)];
        group.bench_function(BenchmarkId::new("floor", size), |b| {
            b.iter(|| {
                file.write_all(&bytes).unwrap();
                file.sync_data().unwrap();
            });
        });
    }
    for (name, store, _folder) in engines() {
        load(&*store, patients() / 10);
        for &size in BATCHES {
            let mut i = 0_u64;
            group.throughput(Throughput::Elements(size as u64));
            group.bench_function(BenchmarkId::new(name, size), |b| {
                b.iter_batched(
                    || {
                        let batch: Vec<Txn> = (0..size as u64)
                            .map(|k| txn(&*store, (i + k * 7_919) % (patients() / 10), &body))
                            .collect();
                        i += 1;
                        batch
                    },
                    |batch| assert_eq!(black_box(store.commit(&batch).unwrap()).len(), size),
                    BatchSize::PerIteration,
                );
            });
        }
    }
}

fn bulk(c: &mut Criterion) {
    let mut group = c.benchmark_group("load");
    group
        .sample_size(10)
        .measurement_time(Duration::from_secs(1))
        .throughput(Throughput::Elements(patients()));
    for (i, name) in [(1, "fjall"), (2, "journal")] {
        group.bench_function(name, |b| {
            b.iter_batched(engines, |engines| load(&*engines[i].1, patients()), BatchSize::PerIteration);
        });
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(30).measurement_time(Duration::from_secs(4)).warm_up_time(Duration::from_secs(1));
    targets = read, commit, bulk
}
criterion_main!(benches);
