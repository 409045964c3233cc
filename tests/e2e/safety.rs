//! Claim: no load leaves this machine unless the scenario names who authorised it, and no NHS number that could be a
//! person's gets in from a file.

use crate::support::{assert_exit, said, scenario, spinebench};

fn refused(text: &str, word: &str) {
    let (_folder, file) = scenario(text);
    let output = spinebench(&["run", file.to_str().expect("utf-8")]);
    assert_exit(&output, 3);
    assert!(said(&output).contains(word), "{}", said(&output));
}

const PHASE: &str = "[[phase]]\nname = \"one\"\nduration = \"1s\"\nrate = \"1/s\"\n";

#[test]
fn a_target_beyond_loopback_needs_a_name_to_it() {
    let _alone = crate::support::alone();
    let away = format!(
        "title = \"Away\"\nmix = {{ pds-retrieve = 1 }}\n[target]\nurl = \"http://192.0.2.1\"\n{PHASE}"
    );
    refused(&away, "authorised");
    let (_folder, file) = scenario(&format!(
        "title = \"Here\"\nmix = {{ pds-retrieve = 1 }}\n[target]\nhub = \"embedded\"\n{PHASE}"
    ));
    let output = spinebench(&["run", file.to_str().expect("utf-8"), "--target", "http://192.0.2.1"]);
    assert_ne!(output.status.code(), Some(0));
    assert!(said(&output).contains("authorised"), "{}", said(&output));
}

#[test]
fn an_nhs_number_outside_the_synthetic_range_is_refused_wherever_it_comes_in() {
    let _alone = crate::support::alone();
    // 4010232137 passes the check digit and lies in a range given to people.
    let (folder, file) = scenario(&format!(
        "title = \"A number\"\nmix = {{ mine = 1 }}\n[target]\nhub = \"embedded\"\n{PHASE}"
    ));
    std::fs::create_dir(folder.path().join("interactions")).expect("made");
    std::fs::write(
        folder.path().join("interactions/mine.toml"),
        "method = \"GET\"\npath = \"/Patient/4010232137\"\n[expect]\nstatus = 200\n",
    )
    .expect("written");
    let output = spinebench(&["run", file.to_str().expect("utf-8")]);
    assert_exit(&output, 3);
    assert!(said(&output).contains("mine.toml:2:"), "{}", said(&output));
    assert!(said(&output).contains("9000000000"), "{}", said(&output));
}
