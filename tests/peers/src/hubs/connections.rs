//! The cost of a request as the number of open connections grows, at one rate, on both sides: the hub's and the harness's.
//! Called by the list of comparisons.

use super::seeded::{self, Hub};
use super::{median, row, sample};
use crate::bench::Bench;
use crate::pinned::{Ended, Pinned, look};
use crate::table::{Row, Table, Target};
use harness::clock;
use run_record::Measured;
use rustix::process::{Resource, getrlimit};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The fewest, and the most that were published for 2015.
const FEW: u32 = 64;
/// See [`FEW`].
const MANY: u32 = 28_000;
/// The most of a smoke run.
const MANY_SMOKE: u32 = 512;
/// Files that hub and harness need beside their connections.
const OTHER_FILES: u64 = 500;
/// Requests a second: near three times the national peak of 2015, so that the kernel's ticks count enough.
const RATE: u32 = 5_000;
/// People.
const PEOPLE: u64 = 2_000;
/// Longest that one run may take beyond its phases, seconds: opening 28,000 connections takes half a minute on a busy machine.
const BEYOND_S: f64 = 240.0;
/// The target, on both sides.
const RATIO_MAX: f64 = 1.5;
const HUB_CPU: &str = "hub CPU us/request";
const HARNESS_CPU: &str = "harness CPU us/request";
/// Between two looks at the hub.
const LOOK: Duration = Duration::from_millis(20);

/// As many connections as the limit of open files allows, up to [`MANY`].
fn many(bench: &Bench) -> u32 {
    if bench.smoke {
        return MANY_SMOKE;
    }
    let files = getrlimit(Resource::Nofile).maximum.unwrap_or(u64::from(u32::MAX));
    u32::try_from(files.saturating_sub(OTHER_FILES)).unwrap_or(u32::MAX).min(MANY)
}

fn scenario(connections: u32, seconds: f64) -> String {
    format!(
        "title = \"{connections} connections\"\nmix = {{ pds-retrieve = 1 }}\n\
         [target]\nurl = \"http://127.0.0.1:9\"\n\
         [population]\npatients = {PEOPLE}\norganisations = {}\nendpoints = {}\n\
         [load]\nmodel = \"open\"\narrivals = \"poisson\"\nconnections = {connections}\n\
         [[phase]]\nname = \"warm-up\"\nduration = \"2s\"\nrate = \"{RATE}/s\"\nmeasured = false\n\
         [[phase]]\nname = \"measured\"\nduration = \"{seconds}s\"\nrate = \"{RATE}/s\"\n",
        seeded::ORGANISATIONS,
        seeded::ENDPOINTS
    )
}

/// Measures.
///
/// # Errors
/// One sentence: hub or harness does not run.
pub fn run(bench: &Bench) -> Result<Table, String> {
    let many = many(bench);
    let version = crate::install::version_of(&bench.spinebench, "--version");
    let folder = seeded::folder(bench, PEOPLE)?;
    let mut rows: Vec<(u32, Row)> = [FEW, many]
        .into_iter()
        .map(|n| {
            (n, row(&format!("{n} connections"), &version, format!("spinebench run {n}.toml --target …")))
        })
        .collect();
    let mut cut_short = String::new();
    'rounds: for round in 0..bench.rounds {
        bench.say(&format!("round {} of {}", round + 1, bench.rounds));
        for (connections, row) in &mut rows {
            match measure(bench, &folder, *connections, row) {
                Ok(()) => {}
                Err(sentence) if round == 0 => return Err(sentence),
                // What the rounds before gave still stands.
                Err(sentence) => {
                    cut_short = format!(" Round {} ended early: {sentence}.", round + 1);
                    break 'rounds;
                }
            }
        }
    }
    let rows: Vec<Row> = rows.into_iter().map(|(_, row)| row).collect();
    let targets = [HUB_CPU, HARNESS_CPU]
        .map(|column| {
            let ratio = median(&rows[1], column) / median(&rows[0], column);
            Target {
                what: format!("{column} at {many} connections at most {RATIO_MAX} x that at {FEW}"),
                measured: format!("{ratio:.2} x"),
                held: ratio <= RATIO_MAX,
            }
        })
        .into();
    let short = if many < MANY && !bench.smoke {
        format!(" The limit of open files of this machine allows no more than {many}; aimed at: {MANY}.")
    } else {
        String::new()
    };
    Ok(Table {
        name: "connections".to_owned(),
        title: "The cost of a request as connections grow".to_owned(),
        method: format!(
            "PDS retrieve, {RATE}/s, Poisson arrivals, plain HTTP, hub on core {}, harness on core {}; requests go to the \
             connections in turn, so that each is used. CPU time between the start and the end of the measured phase, by \
             the kernel's account, by requests sent in it; opening the connections is not in it.{short}{cut_short}",
            bench.server_core, bench.client_core
        ),
        against: rows[0].who.clone(),
        rows,
        targets,
    })
}

fn measure(bench: &Bench, folder: &Path, connections: u32, row: &mut Row) -> Result<(), String> {
    let hub = Hub::start(bench, PEOPLE, folder, &[bench.server_core], &[])?;
    let out = bench.scratch.join("connections");
    let _ = std::fs::remove_dir_all(&out);
    std::fs::create_dir_all(&out).map_err(|e| format!("{}: {e}", out.display()))?;
    let file = out.join("scenario.toml");
    std::fs::write(&file, scenario(connections, bench.seconds))
        .map_err(|e| format!("{}: {e}", file.display()))?;
    let mut command = Command::new(&bench.spinebench);
    command
        .arg("run")
        .arg(&file)
        .args(["--quiet", "--target", &format!("http://{}", hub.address), "--out"])
        .arg(&out);
    let process = Pinned::start(&mut command, bench.client_core)?;
    let most = Duration::from_secs_f64(bench.seconds + BEYOND_S);
    let (harness, of_hub) = watched(process, hub.server().0, most)?;
    let record = run_record::read(&out.join("latest")).map_err(|e| format!("{e}; {}", harness.stderr))?;
    samples(&record, &harness, &of_hub, row)?;
    hub.stop()?;
    let _ = std::fs::remove_dir_all(&out);
    Ok(())
}

/// Waits for the harness and looks at the hub all the while.
fn watched(process: Pinned, hub_pid: u32, most: Duration) -> Result<(Ended, Ended), String> {
    let over = AtomicBool::new(false);
    let (harness, looks) = std::thread::scope(|scope| {
        let watch = scope.spawn(|| {
            let mut looks = Vec::new();
            while !over.load(Ordering::Relaxed) {
                looks.extend(look(hub_pid));
                clock::sleep(LOOK);
            }
            looks
        });
        let harness = process.finish(most);
        over.store(true, Ordering::Relaxed);
        (harness, watch.join().unwrap_or_default())
    });
    Ok((harness?, Ended { ok: true, stdout: String::new(), stderr: String::new(), looks }))
}

fn samples(record: &Measured, harness: &Ended, hub: &Ended, row: &mut Row) -> Result<(), String> {
    let r = &record.record;
    let phase = r.phases.iter().find(|p| p.measured).ok_or("a run without a measured phase")?;
    let start_ns = r.harness.plan_start_monotonic_ns.ok_or("a run that does not tell when it began")?;
    let from_ns = start_ns + (phase.start_s * 1e9) as u64;
    let to_ns = from_ns + (phase.duration_s * 1e9) as u64;
    let sent = r.counts.sent.max(1) as f64;
    for (column, side) in [(HUB_CPU, hub), (HARNESS_CPU, harness)] {
        sample(row, column, side.cpu_s_between(from_ns, to_ns) * 1e6 / sent);
    }
    sample(row, "requests/s", r.rate_per_s.achieved);
    let all = record.interactions.iter().find(|i| i.interaction == run_record::ALL);
    sample(row, "response p99 ms", all.map_or(f64::NAN, |i| i.p99_ns as f64 / 1e6));
    sample(row, "failed or dropped", (r.counts.failed + r.counts.dropped) as f64);
    let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    sample(row, "hub RSS MiB", mib(hub.rss_bytes_peak()));
    sample(row, "harness RSS MiB", mib(harness.rss_bytes_peak()));
    if !r.validity.valid && row.note.is_empty() {
        row.note = format!("a run was not valid: {}", r.validity.reasons.join("; "));
    }
    Ok(())
}
