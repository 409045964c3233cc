//! Claim: a trace is checked and read in constant memory, whatever its size. Alone in its file, so that the process's highest
//! memory is that of the trace. `SPINEBENCH_TRACE_MB` is the size of the file; 16 MB unless it says otherwise.

use population::Population;
use scenarios::TraceReader;
use std::io::{BufWriter, Write as _};
use std::time::Instant;

/// Megabytes unless the environment says otherwise: seconds of a debug build, four times what memory may grow.
const MEGABYTES: u64 = 16;
/// Most that memory may grow, KiB: what an allocator keeps of two buffers of 64 KiB and a few hundred names.
const GROWTH_MAX_KIB: u64 = 4 * 1024;

/// Highest memory of this process so far, KiB.
fn high_water_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|l| l.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
#[allow(clippy::disallowed_methods, reason = "throughput is told, by the test's own clock")]
fn a_trace_is_checked_and_read_in_constant_memory() {
    let megabytes =
        std::env::var("SPINEBENCH_TRACE_MB").ok().and_then(|n| n.parse().ok()).unwrap_or(MEGABYTES);
    let folder = tempfile::tempdir().unwrap();
    let scenario = "title = \"t\"\ntarget = { hub = \"embedded\" }\n[load]\narrivals = \"trace\"\ntrace = { file = \"t.csv\" }\n";
    let path = folder.path().join("s.toml");
    std::fs::write(&path, scenario).unwrap();
    let population = Population::new(42, population::Sizes::default()).unwrap();
    let codes: Vec<String> = (0..1_000).map(|i| population.organisation(i).ods).collect();
    let write = |rows_bytes: u64| {
        let mut out = BufWriter::new(std::fs::File::create(folder.path().join("t.csv")).unwrap());
        writeln!(out, "offset_ns,interaction,organisation,status").unwrap();
        let (mut bytes, mut n) = (0, 0_u64);
        while bytes < rows_bytes {
            let name = ["pds-retrieve", "mesh-inbox", "eps-release", "sds-endpoint"][n as usize % 4];
            let row = format!("{},{name},{},200\n", n * 500_000, codes[n as usize % codes.len()]);
            out.write_all(row.as_bytes()).unwrap();
            bytes += row.len() as u64;
            n += 1;
        }
        out.flush().unwrap();
        n
    };
    // A small one first, so that all that is made once is there.
    let read = |rows: u64| {
        let begun = Instant::now();
        let s = scenarios::load(&path).unwrap_or_else(|f| panic!("{f}"));
        let checked = begun.elapsed().as_secs_f64();
        assert_eq!(s.load.trace.as_ref().map(|t| t.rows), Some(rows));
        let begun = Instant::now();
        let mut reader = TraceReader::open(&s, &population).unwrap();
        assert_eq!(reader.by_ref().count() as u64, rows);
        assert_eq!(reader.fault(), None);
        (checked, begun.elapsed().as_secs_f64())
    };
    let few = write(1_000_000);
    read(few);
    let rows = write(megabytes * 1_000_000);
    let before = high_water_kib();
    let (checked, replayed) = read(rows);
    let grown = high_water_kib() - before;
    println!(
        "{megabytes} MB, {rows} rows: checked at {:.0} MB/s, read at {:.0} MB/s, {:.0} rows/s; memory grew by {grown} KiB",
        megabytes as f64 / checked,
        megabytes as f64 / replayed,
        rows as f64 / replayed
    );
    assert!(grown < GROWTH_MAX_KIB, "{grown} KiB");
}
