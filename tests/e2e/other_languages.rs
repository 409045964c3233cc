//! Claim: what we write and compute is what others read and compute. `latency.hlog` is read by the Python
//! HdrHistogram with equal counts and percentiles; 10,000 NHS numbers are valid and synthetic to the Python
//! `nhs-number` package.

use crate::support::{Hub, assert_exit, python, root, run_record, said, scenario};
use std::io::Write;
use std::process::{Command, Stdio};

#[test]
fn the_hlog_reads_the_same_in_python() {
    let _alone = crate::support::alone();
    let data = tempfile::tempdir().expect("a folder");
    let hub = Hub::start(data.path(), &[]);
    let (_folder, file) = scenario(&format!(
        r#"
        title = "Something to read elsewhere"
        mix = {{ pds-retrieve = 3, mesh-inbox = 1 }}
        [target]
        url = "http://{}"
        [population]
        patients = 2000
        organisations = 2000
        endpoints = 2800
        [[phase]]
        name = "steady"
        duration = "3s"
        rate = "400/s"
        "#,
        hub.address
    ));
    let (output, measured) = run_record(&file, &[]);
    assert_exit(&output, 0);
    let latest = file.with_file_name("runs").join("latest");
    let read = Command::new(python(&["hdrhistogram==0.10.3"]))
        .arg(root().join("tests/py/read_hlog.py"))
        .arg(latest.join("latency.hlog"))
        .output()
        .expect("python runs");
    assert!(read.status.success(), "{}", said(&read));
    let theirs: serde_json::Value = serde_json::from_slice(&read.stdout).expect("JSON");
    assert!(measured.interactions.len() >= 9);
    for row in &measured.interactions {
        let tag = format!("{}.{}", row.interaction, row.kind);
        let them = &theirs[&tag];
        assert_eq!(them["count"].as_u64(), Some(row.count), "{tag}: {them}");
        for (name, ours) in [
            ("p50", row.p50_ns),
            ("p90", row.p90_ns),
            ("p99", row.p99_ns),
            ("p99.9", row.p99_9_ns),
            ("max", row.max_ns),
        ] {
            let them = them[name].as_u64().expect("a percentile");
            // Equal to the resolution of the histogram: implementations name another value of the same bucket.
            assert!(them.abs_diff(ours) <= ours / 1_000 + 1_000, "{tag} {name}: ours {ours}, theirs {them}");
        }
    }
}

#[test]
fn nhs_numbers_are_valid_and_synthetic_to_the_nhs_number_package() {
    let _alone = crate::support::alone();
    let people = population::Population::new(42, population::Sizes::default()).expect("possible sizes");
    let mut check = Command::new(python(&["nhs-number==2.2.0"]))
        .arg(root().join("tests/py/check_nhs_numbers.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("python runs");
    let mut stdin = check.stdin.take().expect("piped");
    for i in 0..10_000 {
        writeln!(stdin, "{}", people.nhs_number(i)).expect("written");
    }
    drop(stdin);
    let output = check.wait_with_output().expect("ends");
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "10000 valid and synthetic");
}
