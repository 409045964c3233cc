//! Claim: what a hub's audit log recorded can be asked again: the same interactions in the same order at the same moments,
//! and the run says how truly it kept them.

use crate::support::{Hub, assert_exit, run_record, said, scenario, spinebench};
use peers::known_server::{Behaviour, KnownServer};

/// Attempts before a claim on moments counts as broken: the machine is shared.
const ATTEMPTS: u32 = 4;

/// Interactions that take nothing, each with how its request begins.
const ASKED: [(&str, &str); 3] = [
    ("pds-retrieve", "GET /personal-demographics/FHIR/R4/Patient/"),
    ("sds-device", "GET /spine-directory/FHIR/R4/Device"),
    ("mesh-inbox", "GET /messageexchange/"),
];

fn population() -> &'static str {
    "[population]\npatients = 2000\norganisations = 100\nendpoints = 140\n"
}

fn mix() -> String {
    let weights: String = ASKED.iter().map(|(name, _)| format!("{name} = 1\n")).collect();
    format!("[mix]\n{weights}")
}

/// Loads a hub for a few seconds, stops it, and exports its audit log.
fn recorded(folder: &std::path::Path) -> std::path::PathBuf {
    let data = folder.join("hub");
    let hub = Hub::start(&data, &["--patients", "2000", "--organisations", "100", "--endpoints", "140"]);
    let (_folder, file) = scenario(&format!(
        "title = \"To be recorded\"\n[target]\nurl = \"http://{}\"\n{}[load]\nconnections = 16\n[[phase]]\nname = \"p\"\n\
         duration = \"5s\"\nrate = \"300/s\"\n[validity]\n\"send-lag-p99.9\" = \"5s\"\n{}",
        hub.address,
        population(),
        mix()
    ));
    let (output, run) = run_record(&file, &[]);
    assert_exit(&output, 0);
    assert_eq!(run.record.counts.answered, 1_500);
    hub.stop();
    let trace = folder.join("trace.csv");
    let arguments =
        ["hub", "audit", "trace", data.to_str().expect("utf-8"), "--out", trace.to_str().expect("utf-8")];
    let exported = spinebench(&arguments);
    assert!(exported.status.success(), "{}", said(&exported));
    trace
}

#[test]
fn an_exported_audit_log_is_asked_again_in_its_order_and_at_its_moments() {
    let _alone = crate::support::alone();
    let folder = tempfile::tempdir().expect("a folder");
    let trace = recorded(folder.path());
    let text = std::fs::read_to_string(&trace).expect("the trace");
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().expect("a header").split(',').collect();
    let at = |name: &str| header.iter().position(|h| *h == name).expect("a column");
    let (offset, interaction) = (at("offset_ns"), at("interaction"));
    let rows: Vec<(u64, String)> = lines
        .map(|l| l.split(',').collect::<Vec<_>>())
        .map(|f| (f[offset].parse().expect("a number"), f[interaction].to_owned()))
        .collect();
    assert_eq!(rows.len(), 1_500);
    let mut said = Vec::new();
    for _ in 0..ATTEMPTS {
        match replayed(&trace, &rows) {
            Ok(sentence) => return println!("{sentence}"),
            Err(sentence) => said.push(sentence),
        }
    }
    panic!("{}", said.join("\n"));
}

fn replayed(trace: &std::path::Path, rows: &[(u64, String)]) -> Result<String, String> {
    let server = KnownServer::start(Behaviour { delay_ns: |_| 0, freeze: None, record: true, spin: false });
    let (folder, file) = scenario(&format!(
        "title = \"Asked again\"\n[target]\nurl = \"http://{}\"\n{}[load]\narrivals = \"trace\"\nconnections = 16\n\
         trace = {{ file = \"trace.csv\" }}\n[validity]\n\"send-lag-p99.9\" = \"5s\"\n",
        server.address,
        population(),
    ));
    std::fs::copy(trace, folder.path().join("trace.csv")).expect("copied");
    let (_, run) = run_record(&file, &[]);
    let (log, bytes) = server.finish();
    let start_ns = run.record.harness.plan_start_monotonic_ns.expect("recorded");
    let came: Vec<(u64, String)> = log
        .iter()
        .zip(&bytes)
        .filter(|(_, b)| !b.starts_with(b"GET /_status "))
        .map(|(seen, b)| {
            let text = String::from_utf8_lossy(b);
            let name = ASKED.iter().find(|(_, begins)| text.starts_with(begins));
            (seen.arrived_ns - start_ns, name.map_or("unknown", |(name, _)| name).to_owned())
        })
        .collect();
    let names = |list: &[(u64, String)]| list.iter().map(|(_, name)| name.clone()).collect::<Vec<_>>();
    let facts = run.record.observed.trace.clone().expect("a report of how truly the trace was kept");
    assert_eq!((facts.rows, facts.sent, facts.speed), (1_500, 1_500, 1.0));
    let same = names(&came) == names(rows);
    let mut off: Vec<u64> = came.iter().zip(rows).map(|(c, r)| c.0.abs_diff(r.0)).collect();
    off.sort_unstable();
    let p99 = off[off.len() * 99 / 100];
    let line = format!(
        "{} rows: order kept: {same}; off p50 {} us, p99 {} us; the run says late p99 {} us, {} out of order",
        came.len(),
        off[off.len() / 2] / 1_000,
        p99 / 1_000,
        facts.late_p99_ns / 1_000,
        facts.out_of_order
    );
    if came.len() == rows.len() && same && p99 < 1_000_000 { Ok(line) } else { Err(line) }
}
