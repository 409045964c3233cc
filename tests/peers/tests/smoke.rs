//! Every comparison, once and short, with what is installed: that all of it works, not how fast it is.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The release binary of the product: a debug build would not keep up.
fn spinebench() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let built = Command::new(env!("CARGO"))
        .args(["build", "--release", "--locked", "-p", "spinebench"])
        .current_dir(&root)
        .status()
        .expect("cargo runs");
    assert!(built.success(), "the binary does not build");
    std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| root.join("target"), PathBuf::from)
        .join("release/spinebench")
}

/// Without a search path: what happens to be installed here makes the test neither longer nor different.
fn peers(args: &[&str]) -> std::process::Output {
    peers_finding("", args)
}

/// With the system's own programs.
fn peers_finding(path: &str, args: &[&str]) -> std::process::Output {
    Command::new(env!("CARGO_BIN_EXE_spinebench-peers"))
        .args(args)
        .env("PATH", path)
        .output()
        .expect("it runs")
}

#[test]
fn the_generators_are_compared_and_the_tables_are_left_with_machine_and_commands() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    let spinebench = spinebench();
    let output = peers(&[
        "--smoke",
        "--only",
        "floors",
        "saturation",
        "steady-1800",
        "stall-1800",
        "--spinebench",
        spinebench.to_str().expect("utf-8"),
        "--tools",
        folder.path().to_str().expect("utf-8"),
        "--out",
        out.to_str().expect("utf-8"),
    ]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(!said.contains("panicked"), "{said}");
    for name in ["floors", "saturation", "steady-1800", "stall-1800"] {
        let json = std::fs::read_to_string(out.join(format!("{name}.json"))).expect("written");
        let table: serde_json::Value = serde_json::from_str(&json).expect("JSON");
        let rows = table["rows"].as_array().expect("rows");
        for row in rows.iter().filter(|r| name == "floors" || r["who"] == "spinebench" || r["who"] == "goose")
        {
            assert!(!row["figures"].as_array().expect("figures").is_empty(), "{name}: {row}");
        }
        assert!(out.join(format!("{name}.md")).is_file());
    }
    let stall = std::fs::read_to_string(out.join("stall-1800.json")).expect("written");
    let stall: serde_json::Value = serde_json::from_str(&stall).expect("JSON");
    let ours = stall["rows"].as_array().and_then(|rows| rows.iter().find(|r| r["who"] == "spinebench"));
    let figures = ours.and_then(|r| r["figures"].as_array()).expect("ours");
    let sent = figures.iter().find(|f| f["column"] == "sent in the freeze %").expect("measured");
    assert!(sent["samples"][0].as_f64().is_some_and(|s| s > 95.0), "{sent}");
    let page = std::fs::read_to_string(out.join("README.md")).expect("written");
    for fact in ["- machine: ", "- product: commit ", "- command: ", "load average"] {
        assert!(page.contains(fact), "{fact}: {page}");
    }
}

#[test]
fn the_hubs_are_compared_and_each_gives_its_figures() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    let names =
        ["pds-retrieve", "people", "durable-writes", "mesh-trips", "connections", "one-core-limit", "report"];
    let spinebench = spinebench();
    let mut args = vec!["--smoke", "--spinebench", spinebench.to_str().expect("utf-8")];
    args.extend([
        "--tools",
        folder.path().to_str().expect("utf-8"),
        "--out",
        out.to_str().expect("utf-8"),
        "--only",
    ]);
    args.extend(names);
    let output = peers_finding("/usr/bin:/bin", &args); // hubs are moved to their core by taskset
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(!said.contains("panicked"), "{said}");
    for name in names {
        let json = std::fs::read_to_string(out.join(format!("{name}.json"))).expect("written");
        let table: serde_json::Value = serde_json::from_str(&json).expect("JSON");
        let rows = table["rows"].as_array().expect("rows");
        let hub = rows.iter().filter(|r| !r["who"].as_str().unwrap_or("").starts_with("PostgreSQL"));
        for row in hub {
            let figures = row["figures"].as_array().expect("figures");
            assert!(!figures.is_empty(), "{name}: {row}");
        }
        assert!(!table["targets"].as_array().expect("targets").is_empty(), "{name}");
    }
}

#[test]
fn an_unknown_comparison_and_a_missing_product_are_refused_with_a_sentence() {
    let unknown = peers(&["--only", "everything"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("allowed: floors"));
    let missing = peers(&["--spinebench", "no-such-program"]);
    assert_eq!(missing.status.code(), Some(5));
    assert!(String::from_utf8_lossy(&missing.stderr).contains("cargo build --release"));
}
