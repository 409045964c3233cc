//! Claim: one command runs the 2015 mix against the hub, both sides count the same, and a complete record is left.
//! In smoke size here; `scenarios/national-peak.toml` is the same at 1,800/s (the README's first command).

use crate::support::{assert_exit, root, said, spinebench};
use run_record::{ALL, Kind, Verdict};

#[test]
fn the_national_mix_runs_is_counted_on_both_sides_and_leaves_a_record() {
    let _alone = crate::support::alone();
    let out = tempfile::tempdir().expect("a folder");
    let scenario = root().join("scenarios/smoke.toml");
    let runs = out.path().to_str().expect("utf-8");
    let output = spinebench(&["run", scenario.to_str().expect("utf-8"), "--out", runs]);
    assert_exit(&output, 0);
    let folder = out.path().join("latest");
    let run = run_record::read(&folder).expect("a record");
    let r = &run.record;
    assert_eq!((r.verdict, r.validity.reasons.as_slice()), (Verdict::Pass, &[][..]), "{}", said(&output));
    assert_eq!(r.counts.planned, r.counts.sent + r.counts.dropped);
    assert_eq!(r.counts.sent, r.counts.answered + r.counts.failed);
    assert_eq!((r.counts.dropped, r.counts.failed), (0, 0), "{:?}", run.errors);
    // The national run's 0.5 % of a minute, in seconds: the last answers may come that much after the last phase.
    let late_s =
        r.counts.answered as f64 / r.rate_per_s.achieved - r.counts.planned as f64 / r.rate_per_s.planned;
    assert!((0.0..0.3).contains(&late_s), "achieved {} of {}", r.rate_per_s.achieved, r.rate_per_s.planned);
    let hub = r.hub.as_ref().expect("the hub's own counts");
    assert_eq!(hub.total, r.counts_all.sent, "hub and harness count the same");
    assert!(hub.cpu_seconds > 0.0 && hub.rss_bytes_peak > 0 && r.harness.cpu_seconds > 0.0);
    for file in [
        "record.json",
        "interactions.csv",
        "series.csv",
        "resources.csv",
        "errors.csv",
        "latency.hlog",
        "report.html",
    ] {
        assert!(folder.join(file).metadata().is_ok_and(|m| m.len() > 0), "{file} is missing or empty");
    }
    let header = std::fs::read_to_string(folder.join("interactions.csv")).expect("readable");
    assert!(header.starts_with(
        "interaction,kind,count,failed,mean_ns,p50_ns,p90_ns,p99_ns,p99_9_ns,p99_99_ns,max_ns\n"
    ));
    for kind in Kind::EACH {
        let all =
            run.interactions.iter().find(|i| i.interaction == ALL && i.kind == kind).expect("a row `all`");
        assert_eq!(all.count, r.counts.answered, "{kind}");
    }
    let every = [
        "pds-retrieve",
        "pds-trace",
        "pds-update",
        "eps-prescribe",
        "eps-release",
        "eps-dispense",
        "eps-claim",
        "scr-upload",
        "mesh-inbox",
        "mesh-send",
        "mesh-download",
        "mesh-acknowledge",
        "cis-validate",
        "cis-login",
        "cis-token",
        "ers-read",
        "ssp-read",
        "gp2gp-fragment",
        "mesh-track",
    ];
    for name in every {
        assert!(
            run.interactions.iter().any(|i| i.interaction == name && i.count > 0),
            "{name} was not replayed"
        );
    }
    let shares: f64 = r.mix.iter().map(|m| m.share).sum();
    assert!((shares - 1.0).abs() < 1e-9, "{shares}");
    assert!(r.not_replayed.is_empty(), "every row of the mix is replayed, but {:?}", r.not_replayed);
    assert!(r.hours_per_day.is_some(), "the smoke scenario names a case");
}

#[test]
fn the_record_can_be_printed_again_in_every_format() {
    let _alone = crate::support::alone();
    let out = tempfile::tempdir().expect("a folder");
    let scenario = root().join("scenarios/smoke.toml");
    let runs = out.path().to_str().expect("utf-8");
    let output = spinebench(&["run", scenario.to_str().expect("utf-8"), "--out", runs, "--quiet", "--json"]);
    assert_exit(&output, 0);
    let record: serde_json::Value =
        serde_json::from_slice(&output.stdout).expect("stdout is record.json and nothing else");
    for key in [
        "/format_version",
        "/scenario/title",
        "/scenario/sha256",
        "/seed",
        "/counts/planned",
        "/counts/sent",
        "/counts/dropped",
        "/counts/answered",
        "/counts/failed",
        "/rate_per_s/planned",
        "/rate_per_s/achieved",
        "/validity/valid",
        "/validity/reasons",
        "/budgets/0",
        "/host",
        "/hub/counts",
        "/hub/cpu_seconds",
        "/hub/rss_bytes_peak",
        "/harness/cpu_seconds",
        "/harness/rss_bytes_peak",
        "/hours_per_day",
    ] {
        assert!(record.pointer(key).is_some(), "record.json lacks {key}");
    }
    let latest = out.path().join("latest");
    for format in ["summary", "html", "json"] {
        let again = spinebench(&["report", latest.to_str().expect("utf-8"), "--format", format]);
        assert_exit(&again, 0);
        assert!(again.stdout.len() > 500, "{format}");
    }
}
