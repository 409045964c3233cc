//! Claim: whatever is asked, the hub answers as its own OpenAPI document says. `schemathesis` (Python) makes requests from
//! the document, good ones and bad ones, and finds no server error, no status and no content type that the document does
//! not name, and no body of another shape. `SPINEBENCH_FUZZ` sets the generated requests of each operation.

use crate::support::{Hub, python, root, said};
use std::process::Command;

/// Generated requests of each operation in the test command, beside the examples and bounds of every parameter; the long
/// suite sets 1,000.
const EXAMPLES: u32 = 10;

#[test]
fn the_hub_answers_as_its_openapi_document_says() {
    let _alone = crate::support::alone();
    let examples = std::env::var("SPINEBENCH_FUZZ").unwrap_or_else(|_| EXAMPLES.to_string());
    let folder = tempfile::tempdir().expect("a folder");
    let hub = Hub::start(folder.path(), &["--sandbox", "--patients", "1000"]);
    let run = Command::new(python(&["schemathesis==4.32.5"]))
        .arg(root().join("tests/py/schemathesis_run.py"))
        .args([&format!("http://{}", hub.address), &examples])
        .output()
        .expect("python runs");
    assert!(run.status.success(), "{}", said(&run));
    println!("{}", said(&run));
    let stopped = hub.stop();
    assert!(stopped.status.success(), "{}", said(&stopped));
}
