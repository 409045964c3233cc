//! Claim: every scenario that comes with the product says what it is for and what a good result looks like, and runs: it comes
//! out valid and within its budgets when it is shortened, and shows what it is for.

use crate::support::{assert_exit, root, run_record, said};
use run_record::{Measured, Verdict};
use std::path::PathBuf;

/// What the shortened runs last, by scenario; others 6 s. Long enough that journeys come to their end; the gate's is short already.
const WITHIN: [(&str, &str); 4] =
    [("journeys", "12s"), ("eps-evening", "10s"), ("crash", "14s"), ("gate", "1s")];
/// Beginnings of the reasons by which a run says that the machine was busy, and nothing against the product.
const BUSY: [&str; 3] =
    ["The harness was starved of processor time", "The generator was late", "The hypervisor gave "];
/// The spike of `spike-to-3x` is three times the rate beside it; what is missing is Poisson's.
const SPIKE_LEAST: f64 = 2.5;

/// All scenarios, by name, but the file that only shows every key.
fn library() -> Vec<(String, String)> {
    let entries = std::fs::read_dir(root().join("scenarios")).expect("the folder");
    let paths: Vec<PathBuf> = entries.map(|e| e.expect("an entry").path()).collect();
    let mut all: Vec<(String, String)> = paths
        .iter()
        .filter(|p| p.extension().is_some_and(|e| e == "toml"))
        .map(|p| (p.file_stem().expect("a name").to_string_lossy().into_owned(), p))
        .filter(|(name, _)| !["Cargo", "example-all-keys"].contains(&name.as_str()))
        .map(|(name, p)| (name, std::fs::read_to_string(p).expect("readable")))
        .collect();
    all.sort();
    all
}

/// The scenario with a population that is filled in a second; what it is for does not hang on the number of people.
fn small(name: &str, text: &str) -> String {
    let least = |line: &str| -> Option<String> {
        let (key, value) = line.split_once('=')?;
        let number: u64 = value.split('#').next()?.trim().replace('_', "").parse().ok()?;
        let most = match (key.trim(), name) {
            ("patients", _) => 2_000,
            // One connection for each end point, and each organisation has one.
            ("organisations", "all-endpoints") => 400,
            ("endpoints" | "connections", "all-endpoints") => 560,
            _ => return None,
        };
        Some(format!("{} = {}", key.trim(), number.min(most)))
    };
    text.lines().map(|l| least(l).unwrap_or_else(|| l.to_owned()) + "\n").collect()
}

/// Whether a run fell short for lack of the machine alone: late, starved, or slower than its budgets of times allow. Errors,
/// lost counts and interruptions are no such thing.
fn for_lack_of_machine(run: &Measured) -> bool {
    match run.record.verdict {
        Verdict::Pass => false,
        Verdict::OverBudget => {
            let times = |metric: &str| metric.starts_with("response-") || metric.starts_with("service-");
            run.record.budgets.iter().all(|b| b.met || times(&b.metric))
        }
        Verdict::Invalid => {
            run.record.validity.reasons.iter().all(|r| BUSY.iter().any(|busy| r.starts_with(busy)))
        }
    }
}

fn shows_what_it_is_for(name: &str, run: &Measured) {
    let seen = &run.record.observed;
    let journeys = || seen.journeys.iter().all(|j| j.completed > 0 && j.failed == 0);
    match name {
        "journeys" | "monday-morning" | "eps-evening" | "mesh-heavy" => {
            assert!(!seen.journeys.is_empty() && journeys(), "{name}: {:?}", seen.journeys);
        }
        "users-day" => {
            assert!(seen.users.len() == 3 && seen.users.iter().all(|u| u.requests > 0), "{:?}", seen.users);
            assert!(seen.users.iter().all(|u| u.sessions >= u64::from(u.count)), "{:?}", seen.users);
            assert!(journeys(), "{:?}", seen.journeys);
        }
        "spike-to-3x" => {
            let rates = run.series.iter().filter(|s| s.measured).map(|s| s.planned);
            let (least, most) = rates.fold((u64::MAX, 0), |(a, b), n| (a.min(n), b.max(n)));
            assert!(
                most as f64 >= least as f64 * SPIKE_LEAST,
                "the spike is not to be seen: {least} to {most} a second"
            );
        }
        "crash" | "rolling-restart" => {
            let found = seen.resilience.as_ref().expect("what the events did");
            assert!(
                !seen.events.is_empty() && seen.events.iter().all(|e| e.fault.is_none()),
                "{:?}",
                seen.events
            );
            assert!(found.writes_checked > 0, "{found:?}");
            assert_eq!((found.writes_lost, found.duplicated), (0, 0), "{found:?}");
        }
        "all-endpoints" => {
            let found = seen.connections.as_ref().expect("connections");
            assert_eq!((found.transport.as_str(), found.identities, found.failed), ("mutual-tls", 560, 0));
            assert!(found.handshakes_per_s > 0.0 && found.hub_bytes_each.is_some(), "{found:?}");
        }
        _ => {}
    }
}

#[test]
fn every_scenario_of_the_library_says_what_it_is_for_and_runs() {
    let _alone = crate::support::alone();
    let all = library();
    assert!(all.len() >= 13, "{:?}", all.iter().map(|(n, _)| n).collect::<Vec<_>>());
    for (name, text) in &all {
        let comment = text.lines().take_while(|l| l.starts_with('#')).count();
        assert!(
            comment >= 2,
            "{name} does not open by saying what it is for and what a good result looks like"
        );
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join(format!("{name}.toml"));
        // The cost case lies elsewhere from here; what a run is worth is not what this test is about.
        let text: String =
            small(name, text).lines().filter(|l| !l.starts_with("cost")).map(|l| format!("{l}\n")).collect();
        std::fs::write(&file, text).expect("written");
        let within = WITHIN.iter().find(|(n, _)| n == name).map_or("6s", |(_, w)| w);
        // The staircase climbs past what any machine carries; its lower steps are what can be held here.
        let scaled: &[&str] = if name == "ramp-to-limit" { &["--scale", "0.2"] } else { &[] };
        let more = [&["--within", within], scaled].concat();
        let (mut output, mut run) = run_record(&file, &more);
        if for_lack_of_machine(&run) {
            println!("{name}: once more, {:?} {:?}", run.record.verdict, run.record.validity.reasons);
            (output, run) = run_record(&file, &more);
        }
        println!("{name}: {:?} {:?}", run.record.verdict, run.record.counts);
        // A shortened run's outages are a larger share of it.
        let over = matches!(name.as_str(), "crash" | "rolling-restart");
        if !(over && output.status.code() == Some(1)) {
            assert_exit(&output, 0);
        }
        assert!(!run.record.scenario.changes.is_empty(), "{}", said(&output));
        shows_what_it_is_for(name, &run);
    }
}
