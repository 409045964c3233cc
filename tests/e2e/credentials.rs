//! Claim: a user's own system gets the credentials that it asks for, and none of them is found in anything that is left
//! behind.

use crate::support::{Hub, assert_exit, binary, said, scenario, spinebench};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// What the echoing server issues for a signed JWT.
const ISSUED: &str = "issued-8f1c64b2-token+with/special=signs";
const API_KEY: &str = "api-key 1f0d \"quoted\" 77b3e9";
const COOKIE: &str = "cookie-5521-93ab-c0ffee";
const SHARED_KEY: &str = "own-mesh-shared-key-24680";
const PASSWORD: &str = "own-mailbox-password-13579";
const CLIENT_ID: &str = "spinebench-test-application";

fn text(path: &Path) -> &str {
    path.to_str().expect("utf-8")
}

/// Runs a scenario with variables in its environment, into `runs` beside it.
fn run(file: &Path, variables: &[(&str, &str)], more: &[&str]) -> Output {
    Command::new(binary())
        .args(["run", text(file), "--out", text(&file.with_file_name("runs"))])
        .args(more)
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .output()
        .expect("spinebench runs")
}

/// A scenario with one interaction of the test's own beside it.
fn with_interaction(scenario_text: &str, interaction: &str) -> (TempDir, std::path::PathBuf) {
    let (folder, file) = scenario(scenario_text);
    std::fs::create_dir(folder.path().join("interactions")).expect("made");
    std::fs::write(folder.path().join("interactions/mine.toml"), interaction).expect("written");
    (folder, file)
}

/// One second of load. Whether the requests go out on time is not what is tested here, so a busy machine may delay them.
fn phases(rate: &str) -> String {
    format!(
        "[validity]\n\"send-lag-p99.9\" = \"5s\"\n[load]\nconnections = 4\n[[phase]]\nname = \"steady\"\nduration = \
         \"1s\"\nrate = \"{rate}\"\n"
    )
}

/// The key pair of an OAuth 2.0 application, and the folder of the hub with which it is registered.
fn hub_with_application() -> TempDir {
    let data = tempfile::tempdir().expect("a folder");
    let certs = data.path().join("certs");
    assert_exit(&spinebench(&["hub", "certs", text(&certs), "--endpoints", "1"]), 0);
    data
}

fn signed_jwt(server: SocketAddr, key: &Path, kid: &str) -> String {
    format!(
        "[credentials]\nTOKEN = {{ signed-jwt = {{ url = \"http://{server}/oauth2/token\", key = {{ file = \"{}\" }}, kid = \
         \"{kid}\", client-id = {{ env = \"MY_CLIENT_ID\" }} }} }}\n",
        text(key)
    )
}

#[test]
fn an_application_signs_a_jwt_and_asks_the_hub_with_the_token_it_gets() {
    let _alone = crate::support::alone();
    let data = hub_with_application();
    let key = data.path().join(format!("certs/clients/{CLIENT_ID}.key.pem"));
    let hub = Hub::start(data.path(), &[]);
    let target = format!(
        "title = \"Own token\"\nmix = {{ mine = 1 }}\n[target]\nurl = \"http://{}\"\n[population]\npatients = 2000\n\
         organisations = 2000\nendpoints = 2800\n[budget]\nall = {{ errors = \"0%\" }}\n{}",
        hub.address,
        phases("50/s")
    );
    let mine = "operation = \"pds-retrieve\"\nmethod = \"GET\"\npath = \"/personal-demographics/FHIR/R4/Patient/{{patient.nhs_number}}\"\n[headers]\n\
                Authorization = \"Bearer {{credential.TOKEN}}\"\nX-Request-ID = \"{{uuid}}\"\n[expect]\nstatus = 200\n\
                json = { \"/id\" = \"{{patient.nhs_number}}\" }\n";
    let id = [("MY_CLIENT_ID", CLIENT_ID)];

    let (_folder, file) =
        with_interaction(&format!("{target}{}", signed_jwt(hub.address, &key, "test-1")), mine);
    let output = run(&file, &id, &["--quiet"]);
    assert_exit(&output, 0);
    let record = run_record::read(&file.with_file_name("runs").join("latest")).expect("a record").record;
    assert_eq!((record.counts.answered, record.counts.failed), (50, 0), "{}", said(&output));

    // A key that is not registered: no token, no run, and a sentence of the server's own.
    let (_folder, file) =
        with_interaction(&format!("{target}{}", signed_jwt(hub.address, &key, "test-2")), mine);
    let output = run(&file, &id, &["--quiet"]);
    assert_exit(&output, 5);
    let told = said(&output);
    assert!(told.contains("credential TOKEN: no access token from http://127.0.0.1:"), "{told}");
    assert!(told.contains("no matching public key") && !told.contains(CLIENT_ID), "{told}");
    assert!(!file.with_file_name("runs").join("latest").exists());

    // Without the variable there is nothing to begin with.
    let output = spinebench(&["run", text(&file)]);
    assert_exit(&output, 3);
    assert!(
        said(&output).contains("no such variable in the environment, got \"MY_CLIENT_ID\""),
        "{}",
        said(&output)
    );
}

#[test]
fn a_mailbox_of_the_users_own_is_opened_with_the_shared_key_of_its_environment() {
    let _alone = crate::support::alone();
    let data = tempfile::tempdir().expect("a folder");
    // The sandbox's published shared key and mailbox are another environment than the synthetic one.
    let hub = Hub::start(data.path(), &["--sandbox"]);
    let plain = format!(
        "title = \"Own mailbox\"\nmix = {{ mesh-handshake = 1, mesh-send = 1, mesh-inbox = 1 }}\n[target]\nurl = \
         \"http://{}\"\n[population]\npatients = 2000\norganisations = 2000\nendpoints = 2800\n[budget]\nall = {{ errors = \
         \"0%\" }}\n{}",
        hub.address,
        phases("60/s")
    );
    let own = "[credentials.mesh]\nshared-key = { env = \"MY_SHARED_KEY\" }\nmailbox = \"X26ABC1\"\npassword = { file = \
               \"password.txt\" }\n";
    let (folder, file) = scenario(&format!("{plain}{own}"));
    std::fs::write(folder.path().join("password.txt"), "password\n").expect("written");
    let output = run(&file, &[("MY_SHARED_KEY", "TestKey")], &["--quiet"]);
    assert_exit(&output, 0);
    let record = run_record::read(&folder.path().join("runs/latest")).expect("a record").record;
    assert_eq!((record.counts.answered, record.counts.failed), (60, 0), "{}", said(&output));

    // Another key opens nothing, and neither does the population's mailbox.
    assert_exit(&run(&file, &[("MY_SHARED_KEY", "another key")], &["--quiet"]), 1);
    let (_folder, file) = scenario(&plain);
    assert_exit(&run(&file, &[], &["--quiet"]), 1);
}

/// A server that issues a token and repeats all that it is told in its errors, now so, now so.
fn echo() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || echo_on(stream));
        }
    });
    address
}

fn echo_on(mut stream: TcpStream) {
    let (mut input, mut part, mut nth) = (Vec::new(), [0_u8; 8192], 0_usize);
    loop {
        match stream.read(&mut part) {
            Ok(n) if n > 0 => input.extend_from_slice(&part[..n]),
            _ => return,
        }
        let seen = String::from_utf8_lossy(&input).into_owned();
        let Some((head, body)) = seen.split_once("\r\n\r\n") else { continue };
        let value = |name: &str| {
            let line = head.lines().find_map(|l| l.strip_prefix(name));
            line.unwrap_or_default().trim().to_owned()
        };
        if body.len() < value("Content-Length:").parse().unwrap_or(0) {
            continue;
        }
        input.clear();
        nth += 1;
        let json = |body: String, more: &str| {
            format!("HTTP/1.1 200 OK\r\n{more}content-length: {}\r\n\r\n{body}", body.len())
        };
        let (authorization, cookie) = (value("Authorization:"), value("Cookie:"));
        let path = head.split(' ').nth(1).unwrap_or_default();
        let answer = if head.starts_with("POST /oauth2/token ") {
            json(format!("{{\"access_token\":\"{ISSUED}\",\"expires_in\":599}}"), "")
        } else {
            let told = match nth % 6 {
                0 => authorization.clone(),
                1 => STANDARD_NO_PAD.encode(&authorization),
                2 => URL_SAFE_NO_PAD.encode(&cookie),
                3 => path.to_owned(),
                4 => body.replace('"', "'"),
                _ => format!("{cookie} and {}", authorization.to_uppercase()),
            };
            match nth % 4 {
                0 => json(format!("{{\"kind\":\"{told}\"}}"), "X-Kind: right\r\n"),
                1 => json("{}".to_owned(), &format!("X-Kind: {told}\r\n")),
                2 => json(format!("{{\"kind\":[\"{told}\"]}}"), "X-Kind: right\r\n"),
                _ => json(format!("{{\"errorCode\":\"{told}\"}}"), "").replacen("200 OK", "401 No", 1),
            }
        };
        if stream.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

/// A secret as it could stand somewhere: as it is, percent-encoded, escaped, in base64 after anything, and its beginning.
fn forms(secret: &str) -> Vec<String> {
    let percent = |b: u8| match b {
        b if b.is_ascii_alphanumeric() || b"-._~".contains(&b) => char::from(b).to_string(),
        b => format!("%{b:02X}"),
    };
    let mut forms =
        vec![secret.to_owned(), secret.bytes().map(percent).collect(), secret.replace('"', "\\\"")];
    for before in 0..3 {
        let bytes = [&[b'-'; 3][..before], secret.as_bytes()].concat();
        let (first, last) = ((before * 8).div_ceil(6), bytes.len() * 8 / 6);
        forms.push(STANDARD_NO_PAD.encode(&bytes)[first..last].to_owned());
        forms.push(URL_SAFE_NO_PAD.encode(&bytes)[first..last].to_owned());
    }
    let begins: Vec<String> = forms.iter().map(|f| f.chars().take(12).collect()).collect();
    forms.extend(begins);
    forms.iter().map(|f| f.to_lowercase()).collect()
}

/// All files below a folder, with their bytes in lower case.
fn files(folder: &Path, into: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        if entry.file_type().expect("a type").is_dir() {
            files(&entry.path(), into);
        } else if let Ok(bytes) = std::fs::read(entry.path()) {
            into.push((entry.path().display().to_string(), bytes.to_ascii_lowercase()));
        }
    }
}

fn assert_no_secret(name: &str, bytes: &[u8]) {
    for secret in [ISSUED, API_KEY, COOKIE, SHARED_KEY, PASSWORD, CLIENT_ID] {
        for form in forms(secret) {
            let found = bytes.windows(form.len()).position(|w| w == form.as_bytes());
            assert_eq!(found, None, "{name} has {secret:?} as {form:?}");
        }
    }
}

#[test]
fn no_secret_is_found_in_anything_a_run_leaves_or_says() {
    let _alone = crate::support::alone();
    let keys = hub_with_application();
    // The made key's file is named after the client, and a scenario's own text is in its record: under another name.
    let key = keys.path().join("application.pem");
    std::fs::copy(keys.path().join(format!("certs/clients/{CLIENT_ID}.key.pem")), &key).expect("copied");
    let server = echo();
    let scenario_text = format!(
        "title = \"Echo\"\nmix = {{ mine = 1 }}\n[target]\nurl = \"http://{server}\"\n{}{}API-KEY = {{ env = \"MY_API_KEY\" \
         }}\nCOOKIE = {{ file = \"cookie.txt\" }}\n[credentials.mesh]\nshared-key = {{ env = \"MY_SHARED_KEY\" }}\nmailbox = \
         \"X26ABC1\"\npassword = {{ env = \"MY_PASSWORD\" }}\n",
        phases("100/s"),
        signed_jwt(server, &key, "test-1"),
    );
    let mine = "method = \"POST\"\npath = \"/{{credential.API-KEY}}?c={{credential.COOKIE}}\"\nbody-text = \
                \"{\\\"p\\\":\\\"{{endpoint.mailbox_password}}\\\",\\\"k\\\":\\\"{{credential.API-KEY}}\\\"}\"\n[headers]\n\
                Content-Type = \"application/json\"\nAuthorization = \"Bearer {{credential.TOKEN}}\"\nCookie = \
                \"{{credential.COOKIE}}\"\nX-Mesh = \"{{mesh.authorization}}\"\n[expect]\nstatus = 200\nheader = { X-Kind = \
                \"right\" }\njson = { \"/kind\" = \"right\" }\n";
    let (folder, file) = with_interaction(&scenario_text, mine);
    std::fs::write(folder.path().join("cookie.txt"), COOKIE).expect("written");
    let variables = [
        ("MY_CLIENT_ID", CLIENT_ID),
        ("MY_API_KEY", API_KEY),
        ("MY_SHARED_KEY", SHARED_KEY),
        ("MY_PASSWORD", PASSWORD),
    ];
    let said_by =
        |output: &Output| [output.stdout.to_ascii_lowercase(), output.stderr.to_ascii_lowercase()].concat();
    for more in [&[][..], &["--json"]] {
        let output = run(&file, &variables, more);
        assert_exit(&output, 0);
        assert_no_secret("what the run said", &said_by(&output));
    }
    // The server did repeat them, and what is told of it says so.
    let latest = folder.path().join("runs/latest");
    let errors = run_record::read(&latest).expect("a record").errors;
    assert!(errors.iter().filter(|e| e.detail.contains("secret")).count() >= 3, "{errors:?}");
    let mut found = Vec::new();
    files(&folder.path().join("runs"), &mut found);
    assert!(found.len() >= 7, "a record has its files: {found:?}");
    for (name, bytes) in &found {
        assert_no_secret(name, bytes);
    }
    let explained =
        Command::new(binary()).args(["explain", text(&file)]).envs(variables).output().expect("runs");
    assert_exit(&explained, 0);
    assert_no_secret("explain", &said_by(&explained));
    let report = spinebench(&["report", text(&latest)]);
    assert_no_secret("report", &said_by(&report));
}

#[test]
fn the_test_for_secrets_finds_one_where_there_is_one() {
    for secret in [API_KEY, ISSUED] {
        for before in ["", "a", "ab", "Bearer "] {
            let coded = STANDARD_NO_PAD.encode(format!("{before}{secret}!")).to_lowercase();
            assert!(forms(secret).iter().any(|form| coded.contains(form)), "{coded}");
        }
    }
}
