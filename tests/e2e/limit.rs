//! Claim: the limit is found by real runs, its folder holds all that it rests on, and what is not known is not claimed. And
//! before anything runs, `explain` draws what is planned.

use crate::support::{assert_exit, root, said, spinebench};
use run_record::{LimitRecord, LimitedBy, ProbeVerdict};
use std::path::{Path, PathBuf};

fn limit(scenario: &Path, out: &Path, more: &[&str]) -> (std::process::Output, PathBuf, LimitRecord) {
    let mut args = vec!["limit", scenario.to_str().expect("utf-8"), "--out", out.to_str().expect("utf-8")];
    args.extend(["--step-time", "1s", "--warm-up", "0s", "--confirm", "1", "--precision", "50%"]);
    args.extend(more);
    let output = spinebench(&args);
    let folder = std::fs::read_dir(out)
        .expect("listed")
        .map(|entry| entry.expect("an entry").path())
        .find(|path| path.join("limit.json").exists())
        .unwrap_or_else(|| panic!("no limit.json: {}", said(&output)));
    let record = run_record::read_limit(&folder).expect("a limit");
    (output, folder, record)
}

#[test]
fn a_range_that_the_hub_carries_whole_is_a_lower_bound_with_a_record_for_every_probe() {
    let _alone = crate::support::alone();
    let out = tempfile::tempdir().expect("a folder");
    let smoke = root().join("scenarios/smoke.toml");
    let (output, folder, record) = limit(&smoke, out.path(), &["--from", "50/s", "--to", "100/s"]);
    assert_exit(&output, 0);
    assert_eq!(
        (record.capacity_per_s, record.limited_by),
        (Some(100.0), LimitedBy::Range),
        "{}",
        said(&output)
    );
    assert!(record.at_least && record.at_capacity.is_some());
    assert!(said(&output).contains("At least 100/s"), "{}", said(&output));
    for probe in &record.probes {
        let run = run_record::read(&folder.join(&probe.folder)).expect("a run record of its own");
        assert_eq!(run.record.counts.planned, probe.planned);
        let hub = run.record.hub.expect("the hub's counts");
        assert_eq!(hub.total, run.record.counts_all.sent, "a fresh hub for each probe counts it alone");
    }
    let page = std::fs::read_to_string(folder.join("limit.html")).expect("a page");
    assert!(page.contains("<svg") && page.contains("confirmed: at least 100/s"));
    assert!(folder.join("probes.csv").exists());
}

#[test]
fn budgets_that_even_the_lowest_rate_breaks_give_no_capacity_and_exit_code_1() {
    let _alone = crate::support::alone();
    let out = tempfile::tempdir().expect("a folder");
    let text = std::fs::read_to_string(root().join("scenarios/smoke.toml")).expect("the scenario");
    let (_folder, file) = crate::support::scenario(
        &text
            .replace("response-p99 = \"250ms\"", "response-p50 = \"1us\"")
            .replace("cost  = \"../reports/cases/spine-2015.toml\"", ""),
    );
    let (output, _, record) = limit(&file, out.path(), &["--from", "50/s", "--json"]);
    assert_exit(&output, 1);
    assert_eq!((record.capacity_per_s, record.limited_by), (None, LimitedBy::BelowRange));
    assert_eq!(record.probes.len(), 2, "one failure is repeated before it counts");
    assert!(record.probes.iter().all(|p| p.verdict == ProbeVerdict::OverBudget && p.trouble.contains("1us")));
    let printed: LimitRecord = serde_json::from_slice(&output.stdout).expect("limit.json on stdout alone");
    assert_eq!(printed, record);
}

#[test]
fn a_scenario_without_a_rate_to_search_is_refused() {
    let _alone = crate::support::alone();
    let users = root().join("scenarios/users.toml");
    let output = spinebench(&["limit", users.to_str().expect("utf-8")]);
    assert_exit(&output, 3);
    assert!(said(&output).contains("load.model"), "{}", said(&output));
    assert_exit(&spinebench(&["limit", "x.toml", "--precision", "0.01%"]), 2);
}

#[test]
fn explain_draws_the_planned_rate_in_the_terminal_and_as_svg_and_tells_it_as_json() {
    let _alone = crate::support::alone();
    let out = tempfile::tempdir().expect("a folder");
    let svg = out.path().join("plan.svg");
    let ramp = root().join("scenarios/ramp-to-limit.toml");
    let ramp = ramp.to_str().expect("utf-8");
    let output = spinebench(&["explain", ramp, "--svg", svg.to_str().expect("utf-8")]);
    assert_exit(&output, 0);
    for part in ["requests a second", "16,000 ┤", "█", "~ not measured", "ulimit -n", "MB/s of answers"] {
        assert!(said(&output).contains(part), "{part}:\n{}", said(&output));
    }
    let drawn = std::fs::read_to_string(&svg).expect("the picture");
    assert!(drawn.starts_with("<svg xmlns") && drawn.contains("seconds since the start of the run"));
    let json = spinebench(&["explain", ramp, "--json"]);
    assert_exit(&json, 0);
    let told: serde_json::Value = serde_json::from_slice(&json.stdout).expect("JSON alone");
    assert_eq!(told["curve"]["unit"], "requests a second");
    assert_eq!(told["machine"]["connections"], 256);
    assert!(told["curve"]["points"].as_array().is_some_and(|points| points.len() >= 6));
}
