//! Claim: FHIR clients that nobody here wrote work against the hub's Personal Demographics Service. `fhirpy` (Python, two
//! HTTP libraries) and `fhir-kit-client` (Node.js, bodies whole and in chunks without Content-Length) read, search, update
//! under a version, register, and are refused as published.

use crate::support::{Hub, node, python, root, said};
use std::process::{Command, Output};

fn with_a_sandbox(trip: impl FnOnce(&str) -> Output) {
    let _alone = crate::support::alone();
    let folder = tempfile::tempdir().expect("a folder");
    let hub = Hub::start(folder.path(), &["--sandbox", "--patients", "1000"]);
    let trip = trip(&format!("http://{}", hub.address));
    assert!(trip.status.success(), "{}", said(&trip));
    println!("{}", said(&trip));
    let stopped = hub.stop();
    assert!(stopped.status.success(), "{}", said(&stopped));
}

#[test]
fn fhirpy_reads_searches_updates_and_registers() {
    with_a_sandbox(|url| {
        Command::new(python(&["fhirpy==2.3.1"]))
            .arg(root().join("tests/py/fhirpy_trip.py"))
            .arg(url)
            .output()
            .expect("python runs")
    });
}

#[test]
fn fhir_kit_client_reads_searches_updates_and_registers_also_with_chunked_bodies() {
    with_a_sandbox(|url| {
        let folder = node(&["fhir-kit-client@2.0.3"]);
        let script = folder.join("trip.mjs");
        std::fs::copy(root().join("tests/js/fhir_kit_trip.mjs"), &script).expect("copied");
        Command::new("node").arg(script).arg(url).current_dir(folder).output().expect("node runs")
    });
}
