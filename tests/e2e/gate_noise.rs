//! The A/B gate against the noise of this very machine: the hub against itself must not be called slower, the hub with a tenth more work a
//! transaction must be. One of each in CI; twenty and five with `SPINEBENCH_GATES=full`, which also writes the table that
//! `reports/published` keeps, with what a single run and a threshold of ten per cent would have said on the same data. And this
//! product's own gate: the hub of today against that of the anchor commit in `.ci/anchor`.

use crate::support::{alone, binary, root, said};
use reports::gate::{GateRule, GateTrial};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Identical builds, and slower ones, at full size and in CI.
const GATES_FULL: (usize, usize) = (20, 5);
const GATES_SMALL: (usize, usize) = (1, 1);
/// Longest gate, seconds.
const SECONDS_MAX: f64 = 600.0;

struct Gate {
    kind: &'static str,
    verdict: String,
    blocks: u64,
    seconds: f64,
    /// Processor time of the baseline for each transaction, nanoseconds.
    cpu_ns: f64,
    cpu_change: f64,
    /// Blocks of which a single pair of runs would have been called more than 10 % worse in any of three figures.
    naive: (usize, usize),
}

/// `full`, or two numbers such as `10+3`; the small size unless given.
fn sizes() -> (usize, usize) {
    let Ok(asked) = std::env::var("SPINEBENCH_GATES") else { return GATES_SMALL };
    if asked == "full" {
        return GATES_FULL;
    }
    let numbers = asked.split_once('+').and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)));
    numbers.unwrap_or_else(|| panic!("SPINEBENCH_GATES: got {asked:?}, allowed: full, or such as 10+3"))
}

fn gate(kind: &'static str, baseline: &Path, out: &Path, more: &[&str]) -> Gate {
    let text = |p: &Path| p.to_str().expect("utf-8").to_owned();
    let (baseline, build) = (text(baseline), text(binary()));
    let output = Command::new(binary())
        .args(["ab", "--quiet", "--json", "--baseline", &baseline, "--candidate", &build, "--budget"])
        .arg(root().join("scenarios/budgets/gate.toml"))
        .arg("--out")
        .arg(out)
        .args(more)
        .arg(root().join("scenarios/gate.toml"))
        .stdin(Stdio::null())
        .output()
        .expect("spinebench runs");
    let result: serde_json::Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {}", said(&output)));
    let metrics = result["metrics"].as_array().expect("metrics");
    let cpu = metrics.iter().find(|m| m["metric"] == "cpu-per-transaction").expect("gated");
    Gate {
        kind,
        verdict: result["verdict"].as_str().expect("a verdict").to_owned(),
        blocks: result["blocks_used"].as_u64().expect("a number"),
        seconds: result["seconds"].as_f64().unwrap_or(0.0),
        cpu_ns: cpu["baseline"].as_f64().expect("a figure"),
        cpu_change: cpu["estimate"].as_f64().unwrap_or(f64::NAN),
        naive: naive(out),
    }
}

/// What one run a side and a threshold of 10 % say of each block that the newest gate in `out` stored.
fn naive(out: &Path) -> (usize, usize) {
    let mut gates: Vec<PathBuf> =
        std::fs::read_dir(out).expect("a folder").flatten().map(|e| e.path()).collect();
    gates.sort();
    let trials = gates.last().expect("a gate").join("trials");
    let rules: Vec<GateRule> = ["response-p50", "response-p99", "cpu-per-transaction"]
        .map(|metric| GateRule {
            interaction: "all".to_owned(),
            metric: metric.to_owned(),
            margin: 0.1,
            floor: 0.01,
            min_effect_ns: 0.0,
            location: None,
        })
        .to_vec();
    let read = |folder: PathBuf| {
        run_record::read(&folder.join("latest")).ok().map(|run| GateTrial::of(&run, &rules))
    };
    let (mut red, mut all) = (0, 0);
    for number in 1.. {
        let of = |side: &str| read(trials.join(format!("{number:03}-{side}")));
        let (Some(baseline), Some(candidate)) = (of("baseline"), of("candidate")) else { break };
        let worse = |rule| match (baseline.value(rule), candidate.value(rule)) {
            (Some(b), Some(c)) => c > b * 1.1,
            _ => false,
        };
        red += usize::from((0..rules.len()).any(worse));
        all += 1;
    }
    (red, all)
}

#[test]
fn a_build_is_not_slower_than_itself_and_a_tenth_more_work_is_found() {
    let _alone = alone();
    let (same, slower) = sizes();
    let folder = tempfile::tempdir().expect("a folder");
    let mut gates: Vec<Gate> = Vec::new();
    for number in 0..same + slower {
        // A folder each: a gate counts the attempts that lie beside it.
        let out = folder.path().join(format!("{number:02}"));
        // A tenth of what a transaction cost in the gates before, which were paired as this one is.
        let known: Vec<f64> = gates.iter().filter(|g| g.kind == "same build").map(|g| g.cpu_ns).collect();
        let tenth_us = known.iter().sum::<f64>() / known.len().max(1) as f64 * 0.1 / 1e3;
        let work = format!("--candidate-hub-arg=work {tenth_us:.1}us");
        let gate = match number < same {
            true => gate("same build", binary(), &out, &[]),
            false => gate("10 % more work", binary(), &out, &["--candidate-hub-arg=--inject", &work]),
        };
        println!(
            "{}: {} after {} blocks, {:.0} s; processor time {:+.1} %; single runs at 10 % red in {} of {}",
            gate.kind,
            gate.verdict,
            gate.blocks,
            gate.seconds,
            gate.cpu_change * 100.0,
            gate.naive.0,
            gate.naive.1
        );
        let _ = std::fs::remove_dir_all(&out);
        gates.push(gate);
    }
    let table = root().join(format!("target/gate-noise-{same}-and-{slower}.csv"));
    let mut text = "gate,kind,verdict,blocks,seconds,cpu_change,single_run_red,single_runs\n".to_owned();
    for (number, g) in gates.iter().enumerate() {
        text += &format!(
            "{},{},{},{},{:.1},{:.4},{},{}\n",
            number + 1,
            g.kind,
            g.verdict,
            g.blocks,
            g.seconds,
            g.cpu_change,
            g.naive.0,
            g.naive.1
        );
    }
    std::fs::write(&table, text).expect("written");
    let red = |kind: &str| gates.iter().filter(|g| g.kind == kind && g.verdict == "regressed").count();
    assert_eq!(red("same build"), 0, "a false alarm");
    assert_eq!(red("10 % more work"), slower, "a regression was missed");
    for gate in &gates {
        assert!(gate.seconds < SECONDS_MAX, "{}: {} s", gate.kind, gate.seconds);
        assert_ne!(gate.verdict, "infrastructure", "{}", gate.kind);
    }
}

/// What the hub's speed comes from: where none of it changed, the anchor's build is this one.
const HUB_SOURCES: [&str; 5] =
    ["reference-hub", "scenarios/population", "harness/cli/src/hub", "Cargo.toml", "Cargo.lock"];

fn git(args: &[&str]) -> bool {
    let quiet = Command::new("git")
        .args(args)
        .current_dir(root())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    quiet.is_ok_and(|status| status.success())
}

/// The anchor's program, built in a folder of its own (some minutes); `None` where there is nothing to build.
fn anchor() -> Option<PathBuf> {
    let commit =
        std::fs::read_to_string(root().join(".ci/anchor")).expect("the anchor's commit").trim().to_owned();
    if !git(&["cat-file", "-e", &format!("{commit}^{{commit}}")]) {
        println!("skipped: the anchor {commit} is not in this clone");
        return None;
    }
    let mut same = vec!["diff", "--quiet", &commit, "--"];
    same.extend(HUB_SOURCES);
    if git(&same) {
        println!("the hub is that of the anchor {commit}: nothing to compare");
        return None;
    }
    let folder = root().join("target/anchor");
    let path = folder.to_str().expect("utf-8").to_owned();
    git(&["worktree", "remove", "--force", &path]);
    let _ = std::fs::remove_dir_all(&folder);
    git(&["worktree", "prune"]);
    assert!(git(&["worktree", "add", "--detach", &path, &commit]), "the anchor cannot be checked out");
    // A folder of its own for what is compiled: builds write into what they share.
    let release = folder.join("target/release");
    let built = Command::new("cargo")
        .args(["build", "--release", "--locked", "-p", "spinebench"])
        .current_dir(&folder)
        .env("CARGO_TARGET_DIR", folder.join("target"))
        .status()
        .expect("cargo runs");
    assert!(built.success(), "the anchor does not build");
    Some(release.join("spinebench"))
}

#[test]
fn the_hub_of_today_is_not_slower_than_that_of_the_anchor() {
    let _alone = alone();
    let _ = binary();
    let Some(anchor) = anchor() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let gate = gate("anchor", &anchor, folder.path(), &[]);
    println!(
        "against the anchor: {} after {} blocks, processor time {:+.1} %",
        gate.verdict,
        gate.blocks,
        gate.cpu_change * 100.0
    );
    git(&["worktree", "remove", "--force", root().join("target/anchor").to_str().expect("utf-8")]);
    assert_ne!(gate.verdict, "regressed", "move the anchor only when the cost is meant");
}
