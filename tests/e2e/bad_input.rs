//! Claim: a bad scenario reports all its faults at once, each with file, line, what is wrong, what was got and what is
//! allowed, and ends with code 3 before anything runs.

use crate::support::{assert_exit, said, scenario, spinebench};

#[test]
fn five_faults_are_five_messages_with_file_and_line() {
    let _alone = crate::support::alone();
    let (_folder, file) = scenario(
        r#"title = "Five faults"
mix = { pds-trce = 1 }
[load]
arrivals = "sometimes"
conections = 4
[[phase]]
name = "peak"
duration = "60 parsecs"
rate = "1800"
"#,
    );
    let output = spinebench(&["run", file.to_str().expect("utf-8")]);
    assert_exit(&output, 3);
    let text = said(&output);
    for (line, got, allowed) in [
        (2, "pds-trce", "pds-trace"),
        (4, "sometimes", "poisson"),
        (5, "conections", "connections"),
        (8, "60 parsecs", "s"),
        (9, "1800", "/s"),
    ] {
        let place = format!("scenario.toml:{line}:");
        let message = text
            .lines()
            .find(|l| l.contains(&place))
            .unwrap_or_else(|| panic!("no message for line {line}:\n{text}"));
        assert!(
            message.contains(got) && message.contains("allowed") && message.contains(allowed),
            "{message}"
        );
    }
}

#[test]
fn a_missing_file_and_broken_toml_are_code_3_too() {
    let _alone = crate::support::alone();
    assert_exit(&spinebench(&["run", "no-such-scenario.toml"]), 3);
    let (_folder, file) = scenario("title = \"never closed\nseed = 1\n");
    let output = spinebench(&["run", file.to_str().expect("utf-8")]);
    assert_exit(&output, 3);
    assert!(said(&output).contains("scenario.toml:1:"), "{}", said(&output));
}

#[test]
fn a_wrong_command_line_is_code_2_and_help_is_code_0() {
    let _alone = crate::support::alone();
    assert_exit(&spinebench(&["runn"]), 2);
    assert_exit(&spinebench(&["run"]), 2);
    let help = spinebench(&["--help"]);
    assert_exit(&help, 0);
    for word in ["run", "hub", "explain", "report", "Exit codes", "national-peak"] {
        assert!(said(&help).contains(word), "--help does not teach {word}");
    }
}

#[test]
fn explain_says_what_would_be_sent_before_anything_runs() {
    let _alone = crate::support::alone();
    let scenario = crate::support::root().join("scenarios/national-peak.toml");
    let output = spinebench(&["explain", scenario.to_str().expect("utf-8")]);
    assert_exit(&output, 0);
    for word in ["1800", "pds-retrieve", "mesh-inbox"] {
        assert!(said(&output).contains(word), "{word}:\n{}", said(&output));
    }
    assert!(
        !said(&output).contains("Not yet replayed"),
        "every row of the mix is replayed:\n{}",
        said(&output)
    );
}
