//! The house rules, policed: import edges, file length, opening comments, the README's paths and commands, one word for
//! time. A rule that is broken names the file and the line.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Longest file aimed at; what is longer stands in [`LONGER`] with its present length, which may only shrink.
const LINES_MAX: usize = 400;
/// The ratchet: files over the aim, and how long they may be.
const LONGER: &[(&str, usize)] = &[];

/// Which of our crates each may import (normal dependencies).
const EDGES: &[(&str, &[&str])] = &[
    ("population", &[]),
    ("run-record", &[]),
    ("cost-model", &[]),
    ("gate", &[]),
    ("hub-store", &[]),
    ("scenarios", &["population"]),
    ("store-fjall", &["hub-store"]),
    ("store-journal", &["hub-store"]),
    ("reference-hub", &["population", "hub-store", "store-fjall", "store-journal"]),
    ("harness", &["scenarios", "population", "run-record"]),
    ("journeys", &["harness", "scenarios", "population", "run-record"]),
    ("reports", &["run-record", "cost-model", "gate"]),
    (
        "spinebench",
        &[
            "cost-model",
            "gate",
            "harness",
            "journeys",
            "population",
            "reference-hub",
            "reports",
            "run-record",
            "scenarios",
        ],
    ),
    ("peers", &["harness", "population", "run-record", "scenarios"]),
    ("tests", &[]),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests lies in the workspace").to_owned()
}

/// Files under version control (or about to be) with one of these endings.
fn files(endings: &[&str]) -> Vec<(String, String)> {
    let listed = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .expect("git runs");
    assert!(listed.status.success(), "git ls-files failed");
    String::from_utf8(listed.stdout)
        .expect("utf-8 names")
        .lines()
        .filter(|name| endings.iter().any(|e| name.ends_with(e)))
        .filter_map(|name| Some((name.to_owned(), std::fs::read_to_string(root().join(name)).ok()?)))
        .collect()
}

#[test]
fn crates_import_only_what_the_design_allows() {
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    let metadata: serde_json::Value = serde_json::from_slice(&metadata.stdout).expect("metadata is JSON");
    let ours: BTreeSet<&str> = EDGES.iter().map(|(name, _)| *name).collect();
    let allowed: BTreeMap<&str, &[&str]> = EDGES.iter().copied().collect();
    for package in metadata["packages"].as_array().expect("packages") {
        let name = package["name"].as_str().expect("a name");
        let may = allowed.get(name).unwrap_or_else(|| panic!("crate {name} has no row in EDGES"));
        for dependency in package["dependencies"].as_array().expect("dependencies") {
            let to = dependency["name"].as_str().expect("a name");
            let normal = dependency["kind"].is_null();
            assert!(
                !normal || !ours.contains(to) || may.contains(&to),
                "{name} must not import {to}, allowed: {may:?}"
            );
        }
    }
}

#[test]
fn files_can_be_read_at_one_sitting() {
    let longer: BTreeMap<&str, usize> = LONGER.iter().copied().collect();
    let mut faults = Vec::new();
    for (name, text) in files(&[".rs"]) {
        let lines = text.lines().count();
        let most = longer.get(name.as_str()).copied().unwrap_or(LINES_MAX);
        if lines > most {
            faults.push(format!("{name}: too long, got {lines} lines, allowed {most}"));
        }
    }
    for (name, most) in LONGER {
        let lines = std::fs::read_to_string(root().join(name)).map_or(0, |t| t.lines().count());
        if lines < *most {
            faults.push(format!("{name}: shrank to {lines} lines, so lower its row in LONGER from {most}"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_file_opens_by_saying_what_it_is() {
    let bare: Vec<String> =
        files(&[".rs"]).into_iter().filter(|(_, t)| !t.starts_with("//!")).map(|(name, _)| name).collect();
    assert!(bare.is_empty(), "these files do not open with //!: {}", bare.join(", "));
}

#[test]
fn the_word_that_hides_which_time_is_meant_stays_out_of_the_code() {
    let mut faults = Vec::new();
    let word = ["lat", "ency"].concat();
    for (name, text) in files(&[".rs"]) {
        for (i, line) in text.lines().enumerate() {
            let allowed = line.replace(&format!("{word}.hlog"), "");
            if allowed.to_lowercase().contains(&word) {
                faults.push(format!("{name}:{}: say response, service or send lag, got {line:?}", i + 1));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn paths_in_the_readme_exist() {
    let readme = std::fs::read_to_string(root().join("README.md")).expect("README.md");
    let mut missing = Vec::new();
    for (i, line) in readme.lines().enumerate() {
        for word in line.split(['`', '(', ')', ' ']) {
            let path = word.trim_end_matches(['.', ',', ':', '/']);
            let ours = ["scenarios/", "harness/", "reference-hub/", "reports/", "tests/"]
                .iter()
                .any(|p| path.starts_with(p));
            if ours && !path.contains(['*', '<', '…']) && !root().join(path).exists() {
                missing.push(format!("README.md:{}: no such path, got {path:?}", i + 1));
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn ci_runs_exactly_the_readmes_second_command() {
    let readme = std::fs::read_to_string(root().join("README.md")).expect("README.md");
    let ci = std::fs::read_to_string(root().join(".ci/run")).expect(".ci/run");
    let command = ci.lines().find_map(|l| l.strip_prefix("exec ")).expect("an exec line in .ci/run");
    assert!(
        readme.lines().any(|l| l.trim() == command),
        "README.md does not give the command of .ci/run: {command}"
    );
}

#[test]
fn top_level_holds_only_what_the_design_fixes() {
    let allowed = [
        "Cargo.lock",
        "Cargo.toml",
        "LICENSE",
        "README.md",
        "harness",
        "reference-hub",
        "reports",
        "scenarios",
        "tests",
    ];
    let listed = Command::new("git").args(["ls-files"]).current_dir(root()).output().expect("git runs");
    let names = String::from_utf8(listed.stdout).expect("utf-8 names");
    let top: BTreeSet<&str> =
        names.lines().filter_map(|n| n.split('/').next()).filter(|n| !n.starts_with('.')).collect();
    let strange: Vec<&&str> = top.iter().filter(|n| !allowed.contains(n)).collect();
    assert!(strange.is_empty(), "not at the top level: {strange:?}");
}

#[test]
fn nothing_names_a_machine_or_a_registry_host() {
    let hosts = [
        ["crates", ".io/api"].concat(),
        ["pypi", ".org"].concat(),
        ["registry.npm", "js"].concat(),
        ["/wo", "rk/"].concat(),
    ];
    for (name, text) in files(&[".rs", ".toml", ".md", ".py", ".csv", "run"]) {
        for host in &hosts {
            assert!(!text.contains(host.as_str()), "{name} names {host}");
        }
    }
}
