//! Claim: a hub that is killed or restarted under load by the scenario itself keeps every write that it acknowledged, once,
//! and the record says what the events cost: availability, the longest outage, and the recovery after each of them.
//!
//! That a hub which forgets is found out is tested where the lookup lives, against a server that forgets.

use crate::support::{assert_exit, root, run_record, said, scenario};

/// The scenario `name` that comes with the product, with these phases and moments in place of its own.
fn shortened(name: &str) -> (tempfile::TempDir, std::path::PathBuf) {
    let text = std::fs::read_to_string(root().join("scenarios").join(name)).expect("readable");
    let text = text
        .replace("duration = \"5s\"", "duration = \"2s\"")
        .replace("duration = \"60s\"", "duration = \"12s\"")
        .replace("at = \"15s\"", "at = \"4s\"")
        .replace("at = \"30s\"", "at = \"7s\"")
        .replace("at = \"45s\"", "at = \"10s\"")
        // Three restarts in twelve seconds weigh five times what they weigh in sixty.
        .replace("errors = \"15%\", availability = \"85%\"", "errors = \"60%\", availability = \"40%\"")
        .replace("errors = \"10%\", availability = \"90%\"", "errors = \"60%\", availability = \"40%\"");
    scenario(&text)
}

fn holds(name: &str, action: &str) {
    let _alone = crate::support::alone();
    let (_folder, file) = shortened(name);
    let (output, measured) = run_record(&file, &[]);
    assert_exit(&output, 0);
    let record = &measured.record;
    let found = record.observed.resilience.as_ref().unwrap_or_else(|| panic!("{}", said(&output)));
    assert!(found.writes_acknowledged > 500, "{found:?}");
    assert_eq!((found.writes_lost, found.duplicated), (0, 0), "{found:?}");
    assert_eq!(found.writes_checked, record_proven(found), "{found:?}");
    assert!((0.4..1.0).contains(&found.availability), "{found:?}");
    assert!(found.longest_outage_s > 0.02 && found.longest_outage_s < 5.0, "{found:?}");
    let events = &record.observed.events;
    assert_eq!(events.iter().map(|e| e.text.as_str()).collect::<Vec<_>>(), [action; 3]);
    for event in events {
        assert!(event.fault.is_none(), "{event:?}");
        assert!(event.began_s >= event.at_s && event.began_s < event.at_s + 0.5, "{event:?}");
        assert!(event.took_s > 0.0 && event.took_s < 5.0, "{event:?}");
        assert!(event.recovered_s.is_some_and(|s| s < 6.0), "a restart is felt and over: {event:?}");
        assert!(event.lost_requests > 0, "{event:?}");
    }
    assert!(record.validity.warnings.iter().any(|w| w.contains("looked up")), "{:?}", record.validity);
}

/// Everything in these mixes that can be looked up was; a release cannot, as its file says.
fn record_proven(found: &run_record::Resilience) -> u64 {
    let release =
        found.basis.iter().find_map(|s| s.strip_prefix("Not looked up: ")?.split(' ').next()?.parse().ok());
    found.writes_acknowledged - release.unwrap_or(0)
}

#[test]
fn a_hub_killed_three_times_loses_nothing_that_it_acknowledged() {
    holds("crash.toml", "hub-kill");
}

#[test]
fn a_hub_restarted_three_times_loses_nothing_that_it_acknowledged() {
    holds("rolling-restart.toml", "hub-restart");
}
