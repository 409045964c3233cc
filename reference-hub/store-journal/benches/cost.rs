//! What a read and a commit cost in processor time, housekeeping included, and how long commits take: memory, fjall and
//! journal side by side, with the disk's own floor. For a machine that others use too, where times of the clock say little.
//!
//! `cargo bench -p store-journal --bench cost` measures; `SPINEBENCH_COST_PEOPLE` (default 200,000) and
//! `SPINEBENCH_COST_SECONDS` (of commits for each engine and batch, default 10) set its size. Without `--bench` it runs a smoke.

mod rows;

use bytes::Bytes;
use hub_store::memory::MemoryStore;
use hub_store::{Check, Expect, Idempotency, Put, Store, Table, Txn};
use rows::{AUDIT_BYTES, PATIENT_BYTES, document};
use rustix::time::{ClockId, clock_gettime};
use std::hint::black_box;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};
use store_fjall::FjallStore;
use store_journal::JournalStore;

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(default)
}

fn key(i: u64) -> Bytes {
    Bytes::from(format!("{:010}", 9_000_000_000 + i))
}

/// Processor time of the whole process.
fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

fn per(cpu: Duration, count: u64) -> f64 {
    cpu.as_secs_f64() * 1e6 / count as f64
}

fn reads(store: &dyn Store, people: u64, count: u64) -> (f64, f64) {
    let get = |i: u64| store.get(Table::Patients, &key(i)).unwrap();
    let mut i = 0;
    let mut next = || {
        i = (i + 7_919) % people;
        i
    };
    let begun = cpu();
    (0..count).for_each(|_| drop(black_box(get(next()))));
    let got = per(cpu() - begun, count);
    let begun = cpu();
    (0..count).for_each(|_| drop(black_box(store.scan(Table::Patients, &key(next()), b"a", 10).unwrap())));
    (got, per(cpu() - begun, count))
}

#[allow(clippy::disallowed_methods)] // a bench reads the clock
fn commits(
    store: &dyn Store,
    people: u64,
    size: u64,
    time: Duration,
    round: u64,
) -> (u64, f64, Vec<Duration>) {
    let bodies: Vec<Bytes> = (0..64).map(|i| Bytes::from(document(i, PATIENT_BYTES))).collect();
    let event = Bytes::from(document(1, AUDIT_BYTES));
    let mut n = 0;
    let mut took = Vec::new();
    let (begun, mut making) = (cpu(), Duration::ZERO);
    let start = Instant::now();
    while start.elapsed() < time {
        let made = cpu();
        let batch: Vec<Txn> = (n..n + size)
            .map(|n| {
                let claim = Bytes::from(format!("claim|{round}|{n:08}"));
                let patient = key(n * 7_919 % people);
                Txn {
                    checks: vec![Check { table: Table::Claims, key: claim.clone(), expect: Expect::Absent }],
                    puts: vec![Put {
                        table: Table::Patients,
                        key: patient,
                        value: bodies[(n % 64) as usize].clone(),
                    }],
                    audit: event.clone(),
                    idempotency: Some(Idempotency {
                        key: claim,
                        answer: Bytes::from_static(b"an answer of some bytes"),
                    }),
                    ..Txn::default()
                }
            })
            .collect();
        making += cpu() - made;
        let committed = Instant::now();
        assert_eq!(store.commit(&batch).unwrap().len() as u64, size);
        took.push(committed.elapsed());
        n += size;
    }
    took.sort();
    (n, per(cpu() - begun - making, n), took)
}

#[allow(clippy::disallowed_methods)] // a bench reads the clock
fn floor(folder: &Path, size: u64, time: Duration) {
    let mut file = std::fs::File::create(folder.join("floor")).unwrap();
    let bytes = vec![0x5a_u8; size as usize * (PATIENT_BYTES + AUDIT_BYTES)];
    let (begun, start) = (cpu(), Instant::now());
    let mut took = Vec::new();
    while start.elapsed() < time {
        let committed = Instant::now();
        file.write_all(&bytes).unwrap();
        file.sync_data().unwrap();
        took.push(committed.elapsed());
    }
    took.sort();
    let n = took.len() as u64 * size;
    line("floor", size, n, time, per(cpu() - begun, n), &took);
}

fn line(name: &str, size: u64, n: u64, time: Duration, cpu: f64, took: &[Duration]) {
    let at = |share: f64| took[((took.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
    println!(
        "commit {name:8} batch {size:3}: {:8.0}/s, {cpu:6.1} us cpu each, {:6.2} ms p50, {:7.2} ms p99, {:7.2} ms max",
        n as f64 / time.as_secs_f64(),
        at(0.5),
        at(0.99),
        at(1.0)
    );
}

fn main() {
    let measuring = std::env::args().any(|a| a == "--bench");
    let people = if measuring { number("SPINEBENCH_COST_PEOPLE", 200_000) } else { 2_000 };
    let time = Duration::from_secs(if measuring { number("SPINEBENCH_COST_SECONDS", 10) } else { 0 })
        .max(Duration::from_millis(100));
    let sizes: &[u64] = if measuring { &[1, 64, 256] } else { &[64] };
    let folder = || tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let bare = folder();
    sizes.iter().for_each(|size| floor(bare.path(), *size, time));
    for name in ["memory", "fjall", "journal"] {
        let folder = folder();
        let store: Box<dyn Store> = match name {
            "memory" => Box::new(MemoryStore::new()),
            "fjall" => Box::new(FjallStore::open(folder.path()).unwrap().0),
            _ => Box::new(JournalStore::open(folder.path()).unwrap().0),
        };
        let begun = cpu();
        let mut rows = (0..people).map(|i| (key(i).to_vec(), document(i, PATIENT_BYTES)));
        store.load(Table::Patients, &mut rows).unwrap();
        store.load_finish().unwrap();
        let loaded = per(cpu() - begun, people);
        let (get, scan) = reads(&*store, people, if measuring { 300_000 } else { 100 });
        println!(
            "read   {name:8} loaded: {get:.2} us a get, {scan:.1} us a scan of 10; load {loaded:.1} us a row (cpu)"
        );
        for (round, size) in sizes.iter().enumerate() {
            let (n, cpu, took) = commits(&*store, people, *size, time, round as u64);
            line(name, *size, n, time, cpu, &took);
        }
        let (get, scan) = reads(&*store, people, if measuring { 300_000 } else { 100 });
        println!("read   {name:8} after commits: {get:.2} us a get, {scan:.1} us a scan of 10 (cpu)");
    }
}
