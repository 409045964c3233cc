//! How much of the full mix of 2015 one core of hub carries within its budgets, found by `spinebench limit`. Called by the
//! list of comparisons.

use super::{row, sample};
use crate::bench::Bench;
use crate::pinned::{Ended, Pinned};
use crate::table::{Table, Target};
use harness::clock;
use run_record::{LimitRecord, LimitedBy};
use rustix::process::Pid;
use rustix::thread::{CpuSet, sched_setaffinity};
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The scenario that comes with the product.
const SCENARIO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scenarios/ramp-to-limit.toml");
/// The target, requests a second: fourteen times the national peak of 2015.
const TARGET_PER_S: f64 = 25_000.0;
/// Longest that a search may take: some twenty probes of a fresh hub each.
const MOST: Duration = Duration::from_secs(900);
/// Between two looks for hubs that were started: a hub fills its folder for longer than that before it listens.
const LOOK: Duration = Duration::from_millis(50);

/// Measures.
///
/// # Errors
/// One sentence: the search gives no record.
pub fn run(bench: &Bench) -> Result<Table, String> {
    let out = bench.scratch.join("one-core-limit");
    let _ = std::fs::remove_dir_all(&out);
    let step = format!("{}s", bench.seconds.ceil());
    let confirmations = bench.rounds.to_string();
    let mut args = vec!["--step-time", &step, "--warm-up", "2s", "--confirm", &confirmations];
    args.extend(if bench.smoke {
        ["--from", "300/s", "--to", "600/s"]
    } else {
        ["--from", "500/s", "--to", "60000/s"]
    });
    let mut command = Command::new(&bench.spinebench);
    command.arg("limit").arg(SCENARIO).args(&args).arg("--quiet").arg("--out").arg(&out);
    let ended = with_hubs_on(bench.server_core, Pinned::start(&mut command, bench.client_core)?)?;
    let folder: Option<PathBuf> = std::fs::read_dir(&out)
        .ok()
        .and_then(|all| all.flatten().map(|e| e.path()).find(|p| p.join(run_record::LIMIT_FILE).is_file()));
    let folder = folder.ok_or_else(|| format!("no limit was found: {} {}", ended.stdout, ended.stderr))?;
    let limit = run_record::read_limit(&folder).map_err(|e| e.to_string())?;
    let _ = std::fs::remove_dir_all(&out);
    let version = crate::install::version_of(&bench.spinebench, "--version");
    let mut r = row(
        "hub on one core",
        &version,
        format!("spinebench limit scenarios/ramp-to-limit.toml {}", args.join(" ")),
    );
    let capacity = limit.capacity_per_s.unwrap_or(0.0);
    if let (Some(at), true) = (limit.at_capacity, capacity > 0.0) {
        if let Some(cores) = at.hub_cores {
            sample(&mut r, "hub CPU us/request", cores * 1e6 / at.achieved_per_s);
        }
        if let Some(cores) = at.harness_cores {
            sample(&mut r, "harness CPU us/request", cores * 1e6 / at.achieved_per_s);
        }
        sample(&mut r, "response p50 ms", at.response_p50_ns as f64 / 1e6);
        sample(&mut r, "response p99 ms", at.response_p99_ns as f64 / 1e6);
    }
    sample(&mut r, "requests/s within budgets", capacity);
    r.note = said(&limit);
    Ok(Table {
        name: "one-core-limit".to_owned(),
        title: "The full mix of 2015 on one core of hub".to_owned(),
        method: format!(
            "The highest rate of Poisson arrivals in the mix of 2015 that keeps the budgets (PDS retrieve p50 25 ms and p99 \
             100 ms, everything p99 250 ms, errors 0.1 %), found by a search and confirmed by {} runs of {step}; a fresh \
             hub with 20,000 people for every probe, on core {}; harness on core {}.",
            bench.rounds, bench.server_core, bench.client_core
        ),
        against: String::new(),
        rows: vec![r],
        targets: vec![Target {
            what: format!("{TARGET_PER_S}/s of the full mix on one core of hub"),
            measured: format!(
                "{}{capacity:.0}/s, limited by {:?}",
                if limit.at_least { "at least " } else { "" },
                limit.limited_by
            ),
            held: capacity >= TARGET_PER_S,
        }],
    })
}

fn said(limit: &LimitRecord) -> String {
    match limit.limited_by {
        LimitedBy::Budgets => "the budgets broke above it: this is the hub's limit".to_owned(),
        LimitedBy::Generator => {
            "the generator on its one core was late above it: the hub may carry more".to_owned()
        }
        other => format!("the search ended because of {other:?}: {}", limit.basis.join(" ")),
    }
}

/// Waits for the search's end, and moves every hub that it starts to the servers' core: it starts a fresh one for each
/// probe, on its own core.
fn with_hubs_on(core: usize, search: Pinned) -> Result<Ended, String> {
    let over = AtomicBool::new(false);
    let parent = search.pid();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                for child in children(parent) {
                    stay_on(child, core);
                }
                clock::sleep(LOOK);
            }
        });
        let ended = search.finish(MOST);
        over.store(true, Ordering::Relaxed);
        ended
    })
}

/// Processes that this one's threads have started.
fn children(parent: u32) -> Vec<u32> {
    let tasks = std::fs::read_dir(format!("/proc/{parent}/task")).into_iter().flatten().flatten();
    let of =
        |task: std::fs::DirEntry| std::fs::read_to_string(task.path().join("children")).unwrap_or_default();
    tasks
        .flat_map(|t| of(t).split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<u32>>())
        .collect()
}

/// Keeps every thread of a process on a core.
fn stay_on(pid: u32, core: usize) {
    let mut set = CpuSet::new();
    set.set(core);
    for task in std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten() {
        let id = task.file_name().to_str().and_then(|name| name.parse().ok()).and_then(Pid::from_raw);
        if id.is_some() {
            let _ = sched_setaffinity(id, &set);
        }
    }
}
