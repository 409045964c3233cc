//! Claim: a gate's exit code says which of the five endings it was, and its words say why: kept or broken budgets, runs that are not
//! comparable, records that cannot be read, a candidate or a baseline that does not start. What was stopped goes on as if it had not
//! been, and the order of the trials is really drawn.

use crate::support::{alone, assert_exit, binary, said, spinebench};
use ::run_record::{Measured, read};
use harness::clock::Clock;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

/// One second of two interactions, judged leniently: what is tested here is the gate.
const SCENARIO: &str = r#"
    title = "Small enough for a gate"
    mix = { pds-retrieve = 3, mesh-inbox = 1 }
    [target]
    hub = "embedded"
    store = "memory"
    [population]
    patients = 300
    organisations = 30
    endpoints = 50
    [load]
    connections = 8
    [[phase]]
    name = "measured"
    duration = "1s"
    rate = "400/s"
    [validity]
    "send-lag-p99.9" = "5s"
    harness-cpu = "100%"
    [budget]
    all = { response-p99 = "20s", errors = "50%" }
"#;

/// Budgets that no noise of any machine breaks.
const LENIENT: &str = r#"
    schema = 1
    [gate]
    blocks-max = 40
    time-max = "1h"
    [relative]
    all = { response-p50 = { margin = "900%", floor = "800%" } }
"#;

/// Longest wait for a gate under way, which is many times what it takes.
const PATIENCE_NS: u64 = 180_000_000_000;

struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    fn new() -> Desk {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("small.toml"), SCENARIO).expect("written");
        std::fs::write(folder.path().join("lenient.toml"), LENIENT).expect("written");
        Desk { folder }
    }

    fn at(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().expect("utf-8").to_owned()
    }

    fn file(&self, name: &str, text: &str) -> String {
        std::fs::write(self.folder.path().join(name), text).expect("written");
        self.at(name)
    }

    /// A program that is no hub: it says so and ends.
    fn broken_program(&self) -> String {
        let path = self.file("broken", "#!/bin/sh\necho 'no store here' >&2\nexit 9\n");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("permitted");
        path
    }

    fn run(&self, more: &[&str]) -> PathBuf {
        let (file, out) = (self.at("small.toml"), self.at("runs"));
        let mut args = vec!["run", &file, "--quiet", "--out", &out];
        args.extend(more);
        assert_exit(&spinebench(&args), 0);
        Path::new(&out).join("latest").canonicalize().expect("a record")
    }

    fn ab(&self, baseline: &str, candidate: &str, more: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command
            .args(["ab", &self.at("small.toml"), "--baseline", baseline, "--candidate", candidate])
            .args(["--budget", &self.at("lenient.toml"), "--out", &self.at("gates"), "--quiet"])
            .args(more)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// The folder of the newest gate.
    fn gate(&self) -> Option<PathBuf> {
        let mut found: Vec<PathBuf> =
            std::fs::read_dir(self.at("gates")).ok()?.flatten().map(|e| e.path()).collect();
        found.sort();
        found.pop()
    }
}

fn gate(args: &[&str]) -> Output {
    let mut all = vec!["gate"];
    all.extend(args);
    spinebench(&all)
}

fn text(path: &Path) -> &str {
    path.to_str().expect("utf-8")
}

fn json(folder: &Path) -> serde_json::Value {
    let text = std::fs::read_to_string(folder.join("gate.json")).expect("a result");
    serde_json::from_str(&text).expect("JSON")
}

/// The lines of a gate's file that are counted blocks.
fn blocks(folder: &Path) -> Vec<serde_json::Value> {
    let text = std::fs::read_to_string(folder.join("blocks.jsonl")).unwrap_or_default();
    let lines = text.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    lines.filter_map(|line| line.get("block").cloned()).collect()
}

/// Waits until a gate has measured so many blocks, then stops it as Ctrl-C does, and hears it out.
fn stopped_after(desk: &Desk, mut child: Child, wanted: usize) -> (Output, PathBuf) {
    let clock = Clock::start();
    let folder = loop {
        let folder = desk.gate().filter(|folder| blocks(folder).len() >= wanted);
        if let Some(folder) = folder {
            break folder;
        }
        if child.try_wait().expect("asked").is_some() || clock.now_ns() > PATIENCE_NS {
            let _ = child.kill();
            panic!("no {wanted} blocks: {}", said(&child.wait_with_output().expect("ends")));
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).expect("it is there");
    (child.wait_with_output().expect("ends"), folder)
}

/// What the coins of a folder say, and what was done.
fn coins_are_what_was_done(folder: &Path) -> Vec<bool> {
    let coins: Vec<bool> = blocks(folder)
        .iter()
        .map(|block| {
            let first = block["candidate_first"].as_bool().expect("a coin");
            let number = block["number"].as_u64().expect("a number");
            let started = |side: &str| {
                let run = folder.join(format!("trials/{number:03}-{side}/latest"));
                read(&run).expect("a trial").record.started
            };
            let (baseline, candidate) = (started("baseline"), started("candidate"));
            // Side by side they start within moments, so that only the order of turns shows.
            if json(folder)["pairing"] == "interleaved" {
                assert_eq!(candidate < baseline, first, "block {number}: {candidate} {baseline}");
            }
            first
        })
        .collect();
    let letters: String = coins.iter().map(|first| if *first { 'C' } else { 'B' }).collect();
    assert_eq!(json(folder)["coin_flips"], letters.as_str());
    coins
}

#[test]
fn budgets_are_kept_or_broken_and_the_exit_code_says_which() {
    let _alone = alone();
    let desk = Desk::new();
    let run = desk.run(&[]);
    let kept = gate(&[text(&run), "--out", &desk.at("kept")]);
    assert_exit(&kept, 0);
    for words in ["PASS: Small enough for a gate", "single trial: run-to-run variance unknown", "Result: "] {
        assert!(said(&kept).contains(words), "{words}: {}", said(&kept));
    }
    assert_eq!(json(Path::new(&desk.at("kept")))["kind"], "absolute");
    let strict = desk.file(
        "strict.toml",
        "schema = 1\n[budget]\nall = { response-p50 = \"1ns\" }\npds-retrieve = { errors = \"1%\" }\n",
    );
    let broken = gate(&[text(&run), "--budget", &strict, "--out", &desk.at("broken-out")]);
    assert_exit(&broken, 1);
    assert!(said(&broken).contains("OVER BUDGET"), "{}", said(&broken));
    let out = Path::new(&desk.at("broken-out")).to_owned();
    let annotations = std::fs::read_to_string(out.join("gate-annotations.txt")).expect("written");
    assert!(annotations.starts_with("::error title=all response-p50 broken,file="), "{annotations}");
    assert!(annotations.contains(",line=3::"), "at the line of the rule: {annotations}");
    let mapped =
        gate(&[text(&run), "--budget", &strict, "--exit-code-map", "over-budget=99", "--format", "json"]);
    assert_exit(&mapped, 99);
    let result: serde_json::Value = serde_json::from_slice(&mapped.stdout).expect("only JSON on stdout");
    assert_eq!(result["verdict"], "over-budget");
    let wrong = desk.file("wrong.toml", "schema = 1\n[budget]\npds-retreive = { response-p50 = \"5\" }\n");
    let refused = gate(&[text(&run), "--budget", &wrong]);
    assert_exit(&refused, 2);
    for words in ["wrong.toml:3: ", "got \"pds-retreive\"", "not a duration above zero"] {
        assert!(said(&refused).contains(words), "{words}: {}", said(&refused));
    }
    github(&desk, &run);
    not_comparable(&desk, &run);
    hostile(&desk, &run);
}

/// What GitHub names is written to, and what else stands in these files stays.
fn github(desk: &Desk, run: &Path) {
    let (summary, output) = (desk.file("summary.md", "before\n"), desk.file("output.txt", "a=b\n"));
    let told = Command::new(binary())
        .args(["gate", text(run)])
        .envs([("GITHUB_ACTIONS", "true"), ("GITHUB_STEP_SUMMARY", &summary), ("GITHUB_OUTPUT", &output)])
        .output()
        .expect("runs");
    assert_exit(&told, 0);
    assert!(std::fs::read_to_string(summary).expect("there").starts_with("before\n## PASS: Small"));
    assert!(std::fs::read_to_string(output).expect("there").starts_with("a=b\nverdict=pass\n"));
}

/// The record written anew, changed.
fn changed(desk: &Desk, run: &Path, name: &str, change: impl FnOnce(&mut Measured)) -> PathBuf {
    let mut measured = read(run).expect("a record");
    change(&mut measured);
    ::run_record::write(Path::new(&desk.at("changed")), name, &measured, &[]).expect("written")
}

fn not_comparable(desk: &Desk, run: &Path) {
    let other = changed(desk, run, "other", |r| {
        r.record.scenario.sha256 = "4e".repeat(32);
        r.record.hub.as_mut().expect("ours").store = Some("fjall".into());
    });
    let refused = gate(&[text(run), "--baseline", text(&other)]);
    assert_exit(&refused, 2);
    let words = said(&refused).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("INVALID") && words.contains("store: got \"memory\" in"), "{words}");
    assert!(words.contains("\"fjall\"") && words.contains(&"4e".repeat(32)), "both values: {words}");
    let elsewhere = changed(desk, run, "elsewhere", |r| r.record.host.cores = 64);
    let refused = gate(&[text(run), "--baseline", text(&elsewhere)]);
    assert_exit(&refused, 2);
    let words = said(&refused).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("machine class: got") && words.contains("64 cores"), "{words}");
    assert!(words.contains("met: all errors"), "budgets are judged all the same: {words}");
    let invalid = changed(desk, run, "invalid", |r| {
        r.record.validity.valid = false;
        r.record.validity.reasons = vec!["The generator was late.".into()];
    });
    let refused = gate(&[text(&invalid)]);
    assert_exit(&refused, 4);
    assert!(said(&refused).contains("The generator was late."), "{}", said(&refused));
    let few = gate(&[text(run), "--baseline", text(run)]);
    assert_exit(&few, 0);
    assert!(said(&few).contains("INCONCLUSIVE") && said(&few).contains("15 of each"), "{}", said(&few));
}

fn hostile(desk: &Desk, run: &Path) {
    let spoilt = |name: &str, file: &str, spoil: &dyn Fn(String) -> String| {
        let record = changed(desk, run, name, |_| {});
        let text = String::from_utf8_lossy(&std::fs::read(record.join(file)).expect("read")).into_owned();
        std::fs::write(record.join(file), spoil(text)).expect("written");
        record
    };
    std::fs::create_dir_all(desk.at("nothing")).expect("made");
    let half = |text: String| text[..text.len() / 2].to_owned();
    let newer = |text: String| text.replacen("\"format_version\": 1", "\"format_version\": 99", 1);
    for (record, words) in [
        (PathBuf::from(desk.at("nothing")), "record.json: missing, so this is no whole run record"),
        (PathBuf::from(desk.at("nowhere")), "nowhere: no such run record"),
        (spoilt("empty", "record.json", &|_| String::new()), "record.json: truncated"),
        (spoilt("cut", "latency.hlog", &half), "truncated, got"),
        (spoilt("newer", "record.json", &newer), "format version 99 is newer"),
        (
            spoilt("edited", "record.json", &|t| t.replacen("\"seed\": ", "\"seed\": 1", 1)),
            "edited since the run",
        ),
        (spoilt("other-kind", "record.json", &|_| "[1, 2]".to_owned()), "not a run record"),
    ] {
        for args in [vec![text(&record)], vec![text(run), "--baseline", text(&record)]] {
            let output = gate(&args);
            assert_exit(&output, 2);
            let told = said(&output);
            assert!(output.stdout.is_empty() && told.contains(words), "{words}: {told}");
            assert_eq!(told.trim_end().lines().count(), 1, "one sentence: {told}");
        }
    }
    let both = gate(&[&desk.at("nothing"), "--baseline", &desk.at("nowhere")]);
    assert_exit(&both, 2);
    assert_eq!(said(&both).trim_end().lines().count(), 2, "both faults at once: {}", said(&both));
}

#[test]
fn tables_of_differences_are_judged_apart_from_all_measuring() {
    let desk = Desk::new();
    let rows = |name: &str, by: f64| {
        let row = |k: u32| format!("{:.4}\n", by + f64::from(k % 7) / 1000.0);
        format!("{name}\n{}", (0..80).map(row).collect::<String>())
    };
    let file = desk.file("t.csv", &(rows("slower", 0.2) + &rows("same", -0.003)));
    let judged = gate(&["--replay", &file]);
    assert_exit(&judged, 0);
    assert_eq!(String::from_utf8_lossy(&judged.stdout), "slower regressed 15\nsame unchanged 15\n");
    let refused = gate(&["--replay", &desk.file("t.csv", "1,2\n")]);
    assert_exit(&refused, 2);
    assert!(said(&refused).contains("t.csv:1: a row stands before any name"), "{}", said(&refused));
}

#[test]
fn a_candidate_that_does_not_start_is_its_own_fault_and_a_baseline_that_does_not_is_nobodys() {
    let _alone = alone();
    let desk = Desk::new();
    let (good, broken) = (text(binary()).to_owned(), desk.broken_program());
    let worse = desk.ab(&good, &broken, &[]).output().expect("runs");
    assert_exit(&worse, 1);
    assert!(said(&worse).contains("REGRESSED"), "{}", said(&worse));
    assert!(said(&worse).contains("The candidate could not be measured"), "{}", said(&worse));
    let unknown = desk.ab(&broken, &good, &["--json"]).output().expect("runs");
    assert_exit(&unknown, 4);
    let result: serde_json::Value = serde_json::from_slice(&unknown.stdout).expect("JSON");
    assert_eq!(result["verdict"], "infrastructure");
    assert!(result["reasons"][0].as_str().is_some_and(|r| r.starts_with("the baseline: ")), "{result}");
    let warned = result["warnings"].as_array().expect("a list");
    let again = warned.iter().any(|w| w.as_str().is_some_and(|w| w.starts_with("Attempt 2")));
    assert!(again, "a second gate of the scenario in one folder says so: {result}");
}

#[test]
fn trials_in_turn_are_in_the_order_of_the_coin_and_a_gate_stopped_early_knows_nothing() {
    let _alone = alone();
    let desk = Desk::new();
    let build = text(binary()).to_owned();
    let child = desk.ab(&build, &build, &["--pairing", "interleaved"]).spawn().expect("starts");
    let (output, folder) = stopped_after(&desk, child, 2);
    assert_exit(&output, 3);
    assert!(said(&output).contains("go on with: spinebench ab --resume"), "{}", said(&output));
    assert!(said(&output).contains("A/A: both sides are the same program"), "{}", said(&output));
    let result = json(&folder);
    assert_eq!(result["verdict"], "inconclusive");
    assert_eq!(result["pairing"], "interleaved");
    assert!(result["budgets"].as_array().is_some_and(|b| b.len() == 2), "budgets are judged: {result}");
    coins_are_what_was_done(&folder);
}

#[test]
fn a_gate_that_was_stopped_goes_on_with_the_looks_it_began_with() {
    let _alone = alone();
    let desk = Desk::new();
    let build = text(binary()).to_owned();
    let child = desk.ab(&build, &build, &["--pairing", "duet"]).spawn().expect("starts");
    let (output, folder) = stopped_after(&desk, child, 3);
    assert_exit(&output, 3);
    let (before, coins) = (json(&folder), coins_are_what_was_done(&folder));
    assert_eq!(before["pairing"], "duet");
    assert_eq!(before["settings"]["looks"], serde_json::json!([15, 22, 32, 40]));
    let resumed = spinebench(&["ab", "--resume", text(&folder), "--quiet"]);
    assert_exit(&resumed, 0);
    let after = json(&folder);
    assert_eq!(after["settings"], before["settings"]);
    assert_eq!(
        (&after["verdict"], &after["blocks_used"]),
        (&"pass".into(), &15.into()),
        "{}",
        said(&resumed)
    );
    let all = coins_are_what_was_done(&folder);
    assert_eq!(all[..coins.len()], coins);
    assert!(gate::coins::p_drawn(&all) > 1e-6, "the coins are no coins: {all:?}");
    stored(&desk, &folder);
    let again = spinebench(&["ab", "--resume", text(&folder), "--quiet"]);
    assert_exit(&again, 0);
    assert_eq!(json(&folder), after, "a gate that knows its answer measures nothing more");
}

/// The trials of a gate as stored runs: fifteen pairs, judged in their order, and only as advice.
fn stored(desk: &Desk, folder: &Path) {
    let runs = |side: &str| -> Vec<String> {
        let numbers = blocks(folder).into_iter().map(|block| block["number"].as_u64().expect("a number"));
        numbers.map(|n| text(&folder.join(format!("trials/{n:03}-{side}/latest"))).to_owned()).collect()
    };
    let (candidate, baseline) = (runs("candidate"), runs("baseline"));
    let (budget, out) = (desk.at("lenient.toml"), desk.at("stored"));
    let mut args: Vec<&str> = candidate.iter().map(String::as_str).collect();
    args.extend(["--budget", &budget, "--out", &out, "--baseline"]);
    args.extend(baseline.iter().map(String::as_str));
    let judged = gate(&args);
    assert_exit(&judged, 0);
    let words = said(&judged).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("PASS") && words.contains("15 blocks") && words.contains("is advice"), "{words}");
}
