//! Nothing personal is logged: a hub in a process of its own is asked for people by number and name, with tokens,
//! passwords and secrets, well and badly; then all that it has printed is searched.

use super::kit::{Client, config};
use crate::hub::{HubConfig, run};
use crate::{StopHandle, certs};
use population::{Population, Sizes};
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

/// Names the child's data folder.
const FOLDER: &str = "SPINEBENCH_QUIET_TEST_DATA";

/// What the child prints before its address.
const READY: &str = "quiet hub at ";

fn people() -> Population {
    Population::new(42, Sizes { patients: 20, organisations: 10, endpoints: 10 }).unwrap()
}

/// Not a test: the child of the test below, which runs this file's binary again.
#[test]
#[ignore = "runs as the child of another test"]
fn a_hub_that_runs_until_its_stdin_closes() {
    let Ok(data) = std::env::var(FOLDER) else { return };
    let stop = StopHandle::new();
    let on_close = stop.clone();
    std::thread::spawn(move || {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        on_close.stop();
    });
    let plain = config(data.as_ref(), "memory");
    let config = HubConfig { population: Some(people()), quiet: false, ..plain };
    run(&config, |address| println!("{READY}{address}"), &stop).unwrap();
}

#[test]
fn nothing_personal_and_nothing_secret_is_logged() {
    let place = tempfile::tempdir().unwrap();
    certs::Folder::of_data(place.path()).fill(&people(), 1).unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--ignored", "--nocapture"])
        .arg("server::tests::quiet::a_hub_that_runs_until_its_stdin_closes")
        .env(FOLDER, place.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut printed = String::new();
    let address = loop {
        let mut line = String::new();
        assert_ne!(out.read_line(&mut line).unwrap(), 0, "the child ended: {printed}");
        printed += &line;
        if let Some((_, address)) = line.split_once(READY) {
            break address.trim().parse().unwrap();
        }
    };
    let secrets = ask_everything(&|line, headers, body| {
        let mut client = Client::connect(address);
        client.ask_with(line, headers, body.as_bytes());
    });
    Client::connect(address).push(format!("GET /{} \n", secrets[0]));
    drop(child.stdin.take());
    out.read_to_string(&mut printed).unwrap();
    child.stderr.take().unwrap().read_to_string(&mut printed).unwrap();
    assert!(child.wait().unwrap().success(), "{printed}");
    assert!(printed.contains("hub: "), "the hub does log: {printed}");
    for secret in &secrets {
        assert!(!printed.contains(secret.as_str()), "{secret:?} was logged: {printed}");
    }
}

/// Sends a request line with headers and a body.
type Ask<'a> = &'a dyn Fn(&str, &[(&str, &str)], &str);

/// Asks every interface with what must not be logged; returns that.
fn ask_everything(ask: Ask<'_>) -> Vec<String> {
    let people = people();
    let patient = people.patient(3);
    let session = people.session(5);
    let end_point = people.endpoint(0);
    let number = people.nhs_number(3).to_string();
    let bearer = format!("Bearer {}", session.token);
    let id = "60E0B220-8136-4CA5-AE46-1D97EF59D068";
    let family = patient.family;
    let secret = "spinebench-test-secret";
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let json = "application/fhir+json";
    for auth in [bearer.as_str(), "Bearer wrong-token-8fd0", "Basic dXNlcjpwYXNzLTRkMw==", ""] {
        let headers =
            [("authorization", auth), ("x-request-id", id), ("content-type", json), ("if-match", "W/\"1\"")];
        let pds = "/personal-demographics/FHIR/R4/Patient";
        let body =
            format!(r#"{{"patches": [{{"op": "replace", "path": "/name/0/family", "value": "{family}"}}]}}"#);
        let broken = format!(r#"{{"resourceType": "Bundle", "who": "{family} {number}"#);
        for (line, body) in [
            (format!("GET {pds}/{number}"), ""),
            (format!("GET {pds}/{number}%00"), ""),
            (format!("GET {pds}?family={family}&gender=female&birthdate=eq1970-01-01"), ""),
            (format!("GET {pds}?family={family}&{number}=%zz"), ""),
            (format!("PATCH {pds}/{number}"), body.as_str()),
            (format!("GET /summary-care-record/FHIR/R4/DocumentReference?patient={number}"), ""),
            ("POST /prescriptions/FHIR/R4/$process-message".to_owned(), broken.as_str()),
            ("POST /electronic-prescriptions/FHIR/R4/$process-message".to_owned(), broken.as_str()),
            (format!("GET /{number}/{family}"), ""),
        ] {
            ask(&line, &headers, body);
        }
    }
    for hash in ["0".repeat(64), "not-a-hash-77ab".to_owned()] {
        let auth = format!("NHSMESH {}:nonce-c41b:1:202601010101:{hash}", end_point.mailbox);
        ask(&format!("GET /messageexchange/{}/inbox", end_point.mailbox), &[("authorization", &auth)], "");
    }
    for body in [
        format!(
            "grant_type=authorization_code&client_id=spinebench-test-client&client_secret={secret}&code=code-93ff"
        ),
        format!("grant_type=refresh_token&client_id=x&client_secret={secret}&refresh_token=refresh-5e5e"),
        "grant_type=client_credentials&client_assertion=jwt-0d0d.e30.e30".to_owned(),
        format!("response_type=code&username={}&client_id=%zz", session.user_id),
    ] {
        ask("POST /oauth2/token", &form, &body);
        ask("POST /oauth2/authorize", &form, &body);
    }
    let of_form = [form[0], ("authorization", bearer.as_str())];
    ask("POST /oauth2/introspect", &of_form, &format!("token={}", session.token));
    let fixed = [
        "wrong-token-8fd0",
        "dXNlcjpwYXNzLTRkMw",
        "nonce-c41b",
        "not-a-hash-77ab",
        "code-93ff",
        "refresh-5e5e",
        "jwt-0d0d",
    ];
    let mut all =
        vec![number, session.token, session.user_id, secret.to_owned(), end_point.mailbox_password, family];
    all.extend(fixed.map(str::to_owned));
    all
}
