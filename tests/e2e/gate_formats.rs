//! Claim: what a gate writes, others read. JUnit XML is valid under the schema that Jenkins publishes, OpenMetrics parses in the
//! Prometheus client, annotations are byte for byte what GitHub's own toolkit writes, markdown tables are tables to a CommonMark
//! parser, JSON keeps our published schema, the metric format keeps Bencher's; for every verdict, for hostile text, for 12,000 metrics.

#[path = "../../reports/tests/support/gates.rs"]
mod gates;

use crate::support::{node, python, root, said};
use reports::gate::GATE_FORMATS;
use std::path::Path;
use std::process::Command;

/// Each result in each format: a folder a result.
fn rendered(folder: &Path) {
    for (name, result) in gates::gates() {
        let folder = folder.join(name);
        std::fs::create_dir(&folder).expect("made");
        for format in GATE_FORMATS {
            std::fs::write(folder.join(format.file), (format.render)(&result)).expect("written");
        }
    }
}

#[test]
fn python_reads_every_format() {
    let folder = tempfile::tempdir().expect("a folder");
    rendered(folder.path());
    let packages =
        ["jsonschema==4.26.0", "xmlschema==4.3.2", "prometheus_client==0.26.0", "markdown-it-py==4.3.0"];
    let checked = Command::new(python(&packages))
        .arg(root().join("tests/py/check_gate_formats.py"))
        .arg(root().join("reports/schemas/gate-result-v1.json"))
        .arg(folder.path())
        .output()
        .expect("python runs");
    assert!(checked.status.success(), "{}", said(&checked));
    let said = said(&checked);
    for format in ["junit", "openmetrics", "json", "bencher", "markdown", "github-output"] {
        assert!(said.contains(&format!("{format}: {} read", gates::gates().len())), "{said}");
    }
}

#[test]
fn annotations_are_what_githubs_toolkit_writes() {
    let folder = tempfile::tempdir().expect("a folder");
    rendered(folder.path());
    let toolkit = node(&["@actions/core@3.0.1"]);
    let script = toolkit.join("annotations.mjs");
    std::fs::copy(root().join("tests/js/annotations.mjs"), &script).expect("copied");
    let checked =
        Command::new("node").arg(script).arg(folder.path()).current_dir(toolkit).output().expect("node runs");
    assert!(checked.status.success(), "{}", said(&checked));
    assert!(said(&checked).contains(&format!("{} files", gates::gates().len())), "{}", said(&checked));
}
