//! Claim: a client that nobody here wrote works against the hub: NHS England's `mesh-client` does handshake, send,
//! chunked send, list, download, acknowledge and track, in every public function that it has.

use crate::support::{Hub, python, root, said};
use std::process::Command;

#[test]
fn nhs_englands_mesh_client_makes_the_round_trip() {
    let _alone = crate::support::alone();
    let folder = tempfile::tempdir().expect("a folder");
    let hub = Hub::start(folder.path(), &["--sandbox"]);
    let trip = Command::new(python(&["mesh-client==5.0.2"]))
        .arg(root().join("tests/py/mesh_client_trip.py"))
        .arg(format!("http://{}", hub.address))
        .output()
        .expect("python runs");
    assert!(trip.status.success(), "{}", said(&trip));
    println!("{}", said(&trip));
    let stopped = hub.stop();
    assert!(stopped.status.success(), "{}", said(&stopped));
}
