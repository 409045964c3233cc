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
fn a_national_host_is_refused_in_every_way_that_it_can_be_named() {
    let _alone = crate::support::alone();
    let text =
        |target: &str| format!("title = \"No\"\nmix = {{ pds-retrieve = 1 }}\n[target]\n{target}\n{PHASE}");
    let signed = "authorised = \"A. Person, ticket 7\"\n";
    for host in [
        "api.service.nhs.uk",
        "INT.API.service.NHS.uk:443",
        "mesh-sync.spineservices.nhs.uk.",
        "sandbox.api.service.nhs.uk",
    ] {
        let url = format!("url = \"http://{host}\"\n");
        refused(&text(&url), "no load is ever sent there, whoever authorised it");
        refused(&text(&format!("{url}{signed}")), "no load is ever sent there, whoever authorised it");
        let (_folder, file) = scenario(&text(&format!("url = \"http://127.0.0.1:9\"\n{signed}")));
        let output =
            spinebench(&["run", file.to_str().expect("utf-8"), "--target", &format!("http://{host}")]);
        assert_exit(&output, 3);
        assert!(
            said(&output).contains("command line:1: --target: no load is ever sent there"),
            "{}",
            said(&output)
        );
    }
    // A server that gives tokens is a target too.
    let token = "url = \"http://127.0.0.1:9\"\nauthorised = \"A. Person, ticket 7\"\n[credentials]\nTOKEN = { signed-jwt = { url = \
                 \"https://int.api.service.nhs.uk/oauth2/token\" } }";
    refused(&text(token), "credentials.TOKEN.signed-jwt.url: no load is ever sent there");
    // A name with a password in it is refused and not repeated.
    let (_folder, file) = scenario(&text("url = \"http://me:hunter2@127.0.0.1:9\""));
    let output = spinebench(&["run", file.to_str().expect("utf-8")]);
    assert_exit(&output, 3);
    assert!(!said(&output).contains("hunter2"), "{}", said(&output));
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
