//! Bad files: every fault is reported, all at once, with file, line, what was found and what is allowed.

use std::path::Path;
use tempfile::TempDir;

/// A folder with these files; the first is the scenario.
fn faults(files: &[(&str, &str)]) -> Vec<String> {
    let folder = folder(files);
    match scenarios::load(&folder.path().join(files[0].0)) {
        Ok(_) => Vec::new(),
        Err(faults) => faults.iter().map(|f| shorten(&f.to_string(), folder.path())).collect(),
    }
}

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

fn shorten(fault: &str, folder: &Path) -> String {
    fault.replace(&format!("{}/", folder.display()), "")
}

const GOOD: &str = r#"title = "t"
[target]
hub = "embedded"
[[phase]]
name = "p"
duration = "1s"
rate = "10/s"
[mix]
mine = 1
"#;
const MINE: &str = "method = \"GET\"\npath = \"/health\"\n[expect]\nstatus = 200\n";

#[test]
fn the_least_scenario_and_the_least_interaction_load() {
    assert_eq!(faults(&[("s.toml", GOOD), ("interactions/mine.toml", MINE)]), [""; 0]);
}

#[test]
fn five_different_faults_are_five_lines_with_the_right_line_numbers() {
    let text = r#"title = "five faults"
colour = "blue"

[target]
url = "http://10.1.2.3:80"

[load]
connections = 999_999

[[phase]]
name = "peak"
duration = "60 minutes"
rate = "1800/s"

[mix]
pds-trce = 60
"#;
    let found = faults(&[("s.toml", text)]);
    let starts = [
        "s.toml:2: colour: unknown key, got \"colour\", allowed: title, seed, ",
        "s.toml:5: target.url: this is not this machine: ",
        "s.toml:8: load.connections: not a number in range, got \"999_999\", allowed: 1 to 200000",
        "s.toml:12: phase.duration: not a duration above zero, got \"60 minutes\", allowed: a number with ns, ",
        "s.toml:16: mix.pds-trce: unknown interaction, got \"pds-trce\", allowed: audit-event, cis-login, ",
    ];
    assert_eq!(found.len(), 5, "{found:#?}");
    for (found, start) in found.iter().zip(starts) {
        assert!(found.starts_with(start), "{found}\n  should start with\n{start}");
    }
}

#[test]
fn missing_sections_are_all_named() {
    let found = faults(&[("s.toml", "seed = 1\n")]);
    for key in ["title", "target", "phase", "mix"] {
        assert!(
            found.iter().any(|f| f.starts_with(&format!("s.toml:1: {key}: is missing, allowed: "))),
            "{key}"
        );
    }
    assert_eq!(found.len(), 4, "{found:#?}");
}

#[test]
fn faults_of_interactions_and_bodies_come_with_their_own_files_and_lines() {
    let interaction = r#"method = "FETCH"
path = "health"
body = "../bodies/b.json"
takes = ["summary", "nowhere"]
leaves = "record-read"
speed = 3
[headers]
Host = "x"
A = "{{patient.shoe}}"
B = "{{capture.etag}}"
[inputs]
patient = "some"
mailbox = "capture.mailbox"
[expect]
status = 99
json = { "a" = 1 }
[capture]
etag = "header:ETag"
nhs_number = "no"
address_id = "{{now}}"
"#;
    let found = faults(&[
        ("s.toml", GOOD),
        ("interactions/mine.toml", interaction),
        ("bodies/b.json", "{\n\"a\": \"{{uuid}}\",\n\"b\": \"{{nobody}}\"}\n"),
    ]);
    let starts = [
        "bodies/b.json:3: unknown variable, got \"nobody\", allowed: patient.nhs_number, ",
        "interactions/mine.toml:1: method: unknown value, got \"FETCH\", allowed: GET, HEAD, ",
        "interactions/mine.toml:2: path: not a path, got \"health\", allowed: ",
        "interactions/mine.toml:4: takes: unknown stage, got \"nowhere\", allowed: record-read, ",
        "interactions/mine.toml:6: speed: unknown key, got \"speed\", allowed: title, ",
        "interactions/mine.toml:8: headers.Host: this header is set by the harness itself, got \"Host\"",
        "interactions/mine.toml:9: headers.A: unknown variable, got \"patient.shoe\", allowed: ",
        "interactions/mine.toml:12: inputs.patient: unknown value, got \"some\", allowed: each, random, capture",
        "interactions/mine.toml:13: inputs.mailbox: not handed over at summary, got \"mailbox\", allowed: nhs_number, ",
        "interactions/mine.toml:13: inputs.mailbox: not handed over at summary, got \"password\", allowed: nhs_number, ",
        "interactions/mine.toml:15: expect.status: not a number in range, got \"99\", allowed: 100 to 599",
        "interactions/mine.toml:16: expect.json.a: a JSON pointer starts with /, got \"a\", allowed: ",
        "interactions/mine.toml:19: capture.nhs_number: nothing to capture, got \"no\", allowed: ",
    ];
    for start in starts {
        assert!(interaction_found(&found, start), "{start}\n is not among\n{found:#?}");
    }
    assert_eq!(found.len(), starts.len(), "{found:#?}");
}

fn interaction_found(found: &[String], start: &str) -> bool {
    found.iter().any(|f| f.starts_with(start))
}

#[test]
fn variables_that_cannot_be_known_are_refused_where_they_stand() {
    let interaction = r#"method = "GET"
path = "/{{capture.etag}}/{{capture.nhs_number}}/{{pharmacy.name}}"
takes = "summary"
leaves = "summary"
[inputs]
pharmacy = "capture"
[expect]
status = 200
[capture]
composition_id = "{{now}}"
"#;
    let found = faults(&[("s.toml", GOOD), ("interactions/mine.toml", interaction)]);
    let without = r#"method = "GET"
path = "/{{capture.etag}}"
[expect]
status = 200
"#;
    for start in [
        "interactions/mine.toml:6: inputs.pharmacy: not handed over at summary, got \"pharmacy\", allowed: ",
        "interactions/mine.toml:9: capture.nhs_number: is missing, summary hands it over",
        "interactions/mine.toml:2: path: not handed over at summary, got \"etag\", allowed: nhs_number, composition_id",
        "interactions/mine.toml:2: path: only the code of a captured pharmacy is known, allowed: pharmacy.ods",
        "interactions/mine.toml:10: capture.composition_id: the time is not known when an answer is checked",
    ] {
        assert!(interaction_found(&found, start), "{start}\n is not among\n{found:#?}");
    }
    let found = faults(&[("s.toml", GOOD), ("interactions/mine.toml", without)]);
    assert_eq!(
        found,
        [
            "interactions/mine.toml:2: path: nothing is taken from a stage, got \"etag\", allowed: takes = \"STAGE\" in the interaction"
        ]
    );
}

#[test]
fn only_a_body_of_json_can_be_signed() {
    let interaction = r#"method = "POST"
path = "/{{prescription.signature}}"
body-text = "{{prescription.signature}}"
[headers]
Content-Type = "text/plain"
[expect]
status = 200
header = { Signed = "{{prescription.signature}}" }
"#;
    let found = faults(&[("s.toml", GOOD), ("interactions/mine.toml", interaction)]);
    let what = "nothing but a body of JSON can be signed, allowed: a body whose Content-Type says JSON";
    let at = |line, key| format!("interactions/mine.toml:{line}: {key}: {what}");
    assert_eq!(found, [at(2, "path"), at(3, "body"), at(8, "expect.header.Signed")]);
    let json = interaction.replace("text/plain", "application/json");
    let found = faults(&[("s.toml", GOOD), ("interactions/mine.toml", &json)]);
    assert_eq!(found, [at(2, "path"), at(8, "expect.header.Signed")]);
}

#[test]
fn a_mix_file_reports_its_bad_rows_and_unknown_interactions() {
    let text = GOOD.replace("[mix]\nmine = 1\n", "").replacen("[target]", "mix = \"m.csv\"\n[target]", 1);
    let found = faults(&[
        ("s.toml", &text),
        ("m.csv", "interaction,share\nmine,0.5\nyours,half\n"),
        ("interactions/mine.toml", MINE),
    ]);
    assert_eq!(found, ["m.csv:3: share: not a number in range, got \"half\", allowed: 0 to 1"]);
    let found = faults(&[
        ("s.toml", &text),
        ("m.csv", "interaction,share\nmine,0.5\nyours,0.5\n"),
        ("interactions/mine.toml", MINE),
    ]);
    assert!(found[0].starts_with(
        "m.csv:3: interaction: unknown interaction, got \"yours\", allowed: audit-event, cis-login, "
    ));
    assert!(found[0].contains(", mine, "), "the user's own interactions are among those allowed");
    let found = faults(&[("s.toml", &text.replace("m.csv", "none.csv"))]);
    assert!(found[0].starts_with("s.toml:2: mix: file not found, got \"none.csv\", allowed: "));
}

#[test]
fn nhs_numbers_that_may_belong_to_people_are_refused_wherever_they_come_in() {
    // Made here, so that none stands in a file: the first valid one of the range that England issues from.
    let real = (4_000_000_000_u64..).find(|n| population::NhsNumber::new(*n).is_ok()).unwrap();
    let interaction = MINE.replace("/health", &format!("/Patient/{real}"));
    let text = GOOD.replace("mine = 1", &format!("mine = 1 # {real}"));
    let found = faults(&[("s.toml", &text), ("interactions/mine.toml", &interaction)]);
    let what = format!(
        "an NHS number that may belong to a person, got \"{real}\", allowed: 9000000000 to 9999999999, which are set \
         aside for synthetic people"
    );
    assert_eq!(found, [format!("s.toml:9: {what}"), format!("interactions/mine.toml:2: {what}")]);
}

#[test]
fn other_machines_are_refused_in_one_clear_sentence() {
    let target = |lines: &str| {
        let text = GOOD.replace("hub = \"embedded\"", lines);
        faults(&[("s.toml", &text), ("interactions/mine.toml", MINE)])
    };
    assert!(target("url = \"http://example.org\"")[0].contains("not this machine"));
    assert_eq!(target("url = \"http://example.org\"\nauthorised = \"A. Person, ticket 7\""), [""; 0]);
    assert!(target("hub = \"embedded\"\nurl = \"http://127.0.0.1\"")[0].contains("two targets"));
    assert!(target("# none")[0].contains("names no target"));
}

#[test]
fn tls_is_read_with_whom_to_trust_and_what_to_show() {
    use scenarios::{Certificates, KeySource, Shown, Tls};
    let read = |lines: &str| {
        let text = GOOD.replace("hub = \"embedded\"", lines);
        let folder = folder(&[("s.toml", &text), ("interactions/mine.toml", MINE)]);
        let scenario =
            scenarios::load(&folder.path().join("s.toml")).unwrap_or_else(|f| panic!("{lines}: {f}"));
        (scenario.tls, scenario.certificates, folder.path().to_owned())
    };
    assert_eq!(read("hub = \"embedded\"").0, Tls::Off);
    let (tls, certificates, _) = read("url = \"https://127.0.0.1\"");
    assert_eq!((tls, certificates), (Tls::Server, Certificates::default()));
    assert_eq!(read("hub = \"embedded\"\ntls = \"server\"").0, Tls::Server);
    let (tls, certificates, at) = read(
        "url = \"https://localhost\"\ntls = \"mutual\"\nca = \"ca.pem\"\nclient-certificate = \"c.pem\"\n\
         client-key = { env = \"KEY\" }",
    );
    let shown = Shown::One { certificate: at.join("c.pem"), key: KeySource::Env("KEY".into()) };
    assert_eq!((tls, certificates), (Tls::Mutual, Certificates { ca: Some(at.join("ca.pem")), shown }));
    let lines = "url = \"https://localhost\"\ntls = \"mutual\"\nidentities = \"certs\"\n[population]\norganisations = 10";
    let (_, certificates, at) = read(lines);
    assert_eq!(certificates.shown, Shown::Each { folder: at.join("certs") });
}

#[test]
fn tls_that_cannot_work_is_refused_with_what_would() {
    let refused = |lines: &str, part: &str| {
        let text = GOOD.replace("hub = \"embedded\"", lines);
        let found = faults(&[("s.toml", &text), ("interactions/mine.toml", MINE)]);
        assert!(found.iter().any(|f| f.contains(part)), "{lines}: {found:?}");
    };
    refused("url = \"http://127.0.0.1\"\ntls = \"server\"", "the URL says http, got \"server\"");
    refused("url = \"https://127.0.0.1\"\ntls = \"off\"", "the URL says https, got \"off\"");
    refused("url = \"https://127.0.0.1\"\ntls = \"mutual\"", "there is nothing to show");
    refused("url = \"https://127.0.0.1\"\nidentities = \"a\"", "certificates without the TLS that uses them");
    refused("hub = \"embedded\"\ntls = \"server\"\nca = \"a\"", "brings certificates of its own");
    refused("hub = \"embedded\"\ntls = \"mutual\"", "too few for every organisation to have one");
    let mutual = "url = \"https://127.0.0.1\"\ntls = \"mutual\"\n";
    refused(&format!("{mutual}client-certificate = \"a\""), "a certificate without its key");
    refused(&format!("{mutual}client-key = {{ file = \"a\" }}"), "a key without its certificate");
    refused(
        &format!("{mutual}client-certificate = \"a\"\nclient-key = \"a\""),
        "does not stand in a scenario",
    );
    refused(
        &format!("{mutual}client-certificate = \"a\"\nclient-key = {{ file = \"a\", env = \"B\" }}"),
        "not one place to read the key from",
    );
}

#[test]
fn a_target_on_the_command_line_passes_through_the_same_rule() {
    let folder = folder(&[("s.toml", GOOD), ("interactions/mine.toml", MINE)]);
    let path = folder.path().join("s.toml");
    let changes =
        |url: &str| scenarios::Changes { target: Some(url.into()), seed: Some(7), ..Default::default() };
    let scenario = scenarios::load_with(&path, &changes("http://127.0.0.1:1")).unwrap();
    assert_eq!(scenario.seed, 7);
    assert!(matches!(scenario.target, scenarios::Target::Url { port: 1, .. }));
    let refused = scenarios::load_with(&path, &changes("http://10.0.0.1:1")).unwrap_err();
    assert!(
        refused.to_string().starts_with("command line:1: --target: this is not this machine"),
        "{refused}"
    );
    assert_eq!(scenario.sha256, scenarios::load(&path).unwrap().sha256, "the hash is that of the files");
}

#[test]
fn syntax_budgets_and_closed_models_are_checked() {
    let with = |from: &str, to: &str| {
        let text = GOOD.replace(from, to);
        faults(&[("s.toml", &text), ("interactions/mine.toml", MINE)]).join("\n")
    };
    assert!(with("duration = \"1s\"", "duration = ").starts_with("s.toml:6: is not TOML: "));
    assert!(
        with("rate = \"10/s\"", "rate = \"10\"")
            .contains("not a rate, got \"10\", allowed: a number with /s")
    );
    assert!(with("rate = \"10/s\"", "rate = \"0/s\"").contains("nothing arrives"));
    assert!(with("rate = \"10/s\"", "rate = \"1/s\"\nmeasured = false").contains("no phase is measured"));
    let budget = |line: &str| with("[mix]", &format!("[budget]\n{line}\n[mix]"));
    assert_eq!(budget("all = { \"response-p99.9\" = \"1s\", errors = \"1%\", rate = \"9/s\" }"), "");
    assert!(
        budget("pds = { errors = \"1%\" }")
            .contains("not an interaction of the mix, got \"pds\", allowed: all, mine")
    );
    assert!(budget("all = { p99 = \"1s\" }").contains("unknown metric, got \"p99\", allowed: response-p50"));
    assert!(budget("all = { response-p99.9 = \"1s\" }").contains("a key with a dot in it needs quotes"));
    let load = |line: &str| with("[mix]", &format!("[load]\n{line}\n[mix]"));
    assert!(load("model = \"users\"").contains("load.users: is missing"));
    assert!(load("users = { count = 1, think = \"1s\" }").contains("users belong to a model of their own"));
    let users = "model = \"users\"\nusers = { count = 2, hatch = \"1/s\", think = \"2s..1s\" }";
    assert!(load(users).contains("load.users.think: not a pause, got \"2s..1s\""));
    assert!(load(users).contains("phase.rate: users set their own pace"));
    let closed = load("model = \"closed\"\nusers = { count = 1, think = \"1s\" }");
    assert!(closed.contains("phase.rate: the answers set the pace"), "{closed}");
    assert!(closed.contains("users belong to a model of their own"), "{closed}");
}

#[test]
fn a_scenario_that_is_not_there_is_said_so_in_one_line() {
    let found = scenarios::load(Path::new("/nowhere/s.toml")).unwrap_err().to_string();
    assert!(found.starts_with("/nowhere/s.toml:1: cannot be opened: "), "{found}");
    assert_eq!(found.lines().count(), 1);
}
