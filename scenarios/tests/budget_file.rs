//! The budget file: what is read, what stays as usual, and every fault at once with its line.

use scenarios::{Baseline, BudgetFile, Policy, Relative, Scenario, load, load_budget_file};
use std::path::{Path, PathBuf};
use std::time::Duration;

fn smoke() -> Scenario {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("smoke.toml");
    load(&file).unwrap_or_else(|faults| panic!("{faults}"))
}

fn written(text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("budget.toml");
    std::fs::write(&file, text).expect("written");
    (folder, file)
}

fn faults(text: &str) -> Vec<String> {
    let (_folder, file) = written(text);
    let faults = load_budget_file(&file, &smoke()).expect_err("this file has faults");
    faults.0.iter().map(ToString::to_string).collect()
}

#[test]
fn what_a_budget_file_leaves_out_stays_as_usual() {
    let (_folder, file) = written("schema = 1\n");
    let read = load_budget_file(&file, &smoke()).unwrap_or_else(|f| panic!("{f}"));
    let usual = BudgetFile::of(&smoke());
    assert_eq!(read.budgets, usual.budgets);
    assert_eq!(read.relative, usual.relative);
    assert_eq!(read.gate, usual.gate);
    assert_eq!((read.gate.alpha, read.gate.blocks_max), (0.01, 80));
    assert_eq!(read.gate.baseline, Baseline::Build, "stored runs fail no gate unless told to");
}

#[test]
fn everything_that_can_be_said_is_read() {
    let (_folder, file) = written(
        r#"schema = 1
[gate]
alpha = 0.02
beta = 0.1
blocks-max = 40
time-max = "5m"
inconclusive = "fail"
missing = "warn"
baseline = "stored"
[budget]
all = { response-p95 = "90ms", cpu-per-transaction = "400us", hub-memory = "512MiB", errors = "0.1%" }
[relative]
all = { cpu-per-transaction = { margin = "3%", floor = "0.5%" } }
pds-retrieve = { response-p99 = { margin = "15%", floor = "3%", min-effect = "2ms" } }
"#,
    );
    let read = load_budget_file(&file, &smoke()).unwrap_or_else(|f| panic!("{f}"));
    assert_eq!((read.gate.alpha, read.gate.beta, read.gate.blocks_max), (0.02, 0.1, 40));
    assert_eq!(read.gate.time_max, Duration::from_secs(300));
    assert_eq!((read.gate.inconclusive, read.gate.missing), (Policy::Fail, Policy::Warn));
    assert_eq!(read.gate.baseline, Baseline::Stored);
    let limits: Vec<(&str, f64)> = read.budgets.iter().map(|b| (b.metric.as_str(), b.limit)).collect();
    for limit in [
        ("response-p95", 90e6),
        ("cpu-per-transaction", 400e3),
        ("hub-memory", 512.0 * 1024.0 * 1024.0),
        ("errors", 0.001),
    ] {
        assert!(limits.contains(&limit), "{limit:?} in {limits:?}");
    }
    assert_eq!(
        read.relative[1],
        Relative {
            interaction: "pds-retrieve".into(),
            metric: "response-p99".into(),
            margin: 0.15,
            floor: 0.03,
            min_effect_ns: Some(2e6),
            line: 14,
        }
    );
}

#[test]
fn every_fault_is_told_at_once_with_its_line() {
    let told = faults(
        r#"schema = 1
[gate]
alpha = 0.9
blocks-max = 3
margin = 1
baseline = "yesterday"
[budget]
all = { response-p99 = "250", nonsense = "1ms" }
pds-retreive = { errors = "1%" }
[relative]
all = { response-max = { margin = "5%", floor = "1%" }, response-p50 = { margin = "1%", floor = "5%" } }
pds-retrieve = { cpu-per-transaction = { margin = "5%", floor = "1%" } }
pds-trace = { errors = { margin = "5%", floor = "1%", min-effect = "1ms" }, response-p99 = { margin = 5 } }
"#,
    );
    for (line, words) in [
        (3, "gate.alpha: not a probability"),
        (4, "gate.blocks-max: not a number in range, got \"3\", allowed: 15 to 120"),
        (5, "gate.margin: unknown key"),
        (6, "gate.baseline: unknown value, got \"yesterday\", allowed: build, stored"),
        (8, "budget.all.response-p99: not a duration above zero, got \"250\""),
        (8, "budget.all.nonsense: unknown metric"),
        (9, "not an interaction of the mix, got \"pds-retreive\""),
        (11, "a maximum grows with the number of requests"),
        (11, "floor is not below margin"),
        (12, "is a metric of the whole run, got \"pds-retrieve\", allowed: all"),
        (13, "is for times only"),
        (13, "not a margin"),
        (13, "floor: is missing"),
    ] {
        let found = told.iter().any(|fault| fault.contains(&format!(":{line}: ")) && fault.contains(words));
        assert!(found, "line {line}: {words:?} in {told:#?}");
    }
    assert!(faults("").iter().any(|f| f.contains("schema: is missing")));
    assert!(faults("schema = 2\n").iter().any(|f| f.contains("schema: not a number in range")));
}
