//! Credentials come from the environment and from files, reach the places where they are named, and are shown nowhere.

use population::Population;
use scenarios::{AnswerView, CheckFault, Given, RenderContext, Scenario, Secret};
use std::fmt::Write;
use tempfile::TempDir;

/// A variable that is always set here: cargo sets it for tests, to this crate's name.
const VARIABLE: &str = "CARGO_PKG_NAME";
const VALUE: &str = "scenarios";

const OWN: &str = "title = \"Own\"\nmix = { mine = 1 }\n[target]\nurl = \"http://127.0.0.1:1\"\n[population]\npatients = 100\n\
                   organisations = 20\nendpoints = 20\n[[phase]]\nname = \"p\"\nduration = \"1s\"\nrate = \"1/s\"\n";
const MINE: &str = "method = \"POST\"\npath = \"/a?key={{credential.KEY}}\"\nbody-text = \"{\\\"k\\\":\\\"{{credential.KEY}}\\\"}\"\n\
                    [headers]\nContent-Type = \"application/json\"\nAuthorization = \"Bearer {{credential.TOKEN}}\"\n\
                    [expect]\nstatus = 200\nheader = { X-Kind = \"right\" }\njson = { \"/kind\" = \"right\" }\n";

fn folder(scenario: &str, mine: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("interactions")).unwrap();
    for (name, text) in [("s.toml", scenario), ("interactions/mine.toml", mine)] {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn load(folder: &TempDir) -> Scenario {
    scenarios::load(&folder.path().join("s.toml")).unwrap_or_else(|f| panic!("{f}"))
}

/// The faults of a scenario with this end, one a line, without the folder's name.
fn faults(end: &str, mine: &str, files: &[(&str, &[u8])]) -> String {
    let folder = folder(&format!("{OWN}{end}"), mine);
    for (name, bytes) in files {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    match scenarios::load(&folder.path().join("s.toml")) {
        Ok(_) => String::new(),
        Err(faults) => faults.to_string().replace(&format!("{}/", folder.path().display()), ""),
    }
}

fn context<'a>(population: &'a Population, seq: u64) -> RenderContext<'a> {
    RenderContext {
        population,
        seed: 1,
        seq,
        ordinal: seq,
        taken: None,
        given: Given::default(),
        now: "2026-11-23T08:09:10Z".parse().unwrap(),
        host: "hub",
    }
}

fn rendered(scenario: &Scenario) -> String {
    let population = Population::new(1, scenario.population).unwrap();
    let mut out = Vec::new();
    scenario.interactions[0].render(&context(&population, 0), &mut out);
    String::from_utf8(out).unwrap()
}

fn with_credentials(mine: &str) -> (TempDir, Scenario) {
    let text =
        format!("{OWN}[credentials]\nTOKEN = {{ env = \"{VARIABLE}\" }}\nKEY = {{ file = \"key.txt\" }}\n");
    let folder = folder(&text, mine);
    std::fs::write(folder.path().join("key.txt"), "a \"key\"/é\r\n").unwrap();
    let scenario = load(&folder);
    (folder, scenario)
}

#[test]
fn values_stand_where_they_are_named_escaped_as_all_others() {
    let (_folder, scenario) = with_credentials(MINE);
    let request = rendered(&scenario);
    assert!(request.starts_with("POST /a?key=a%20%22key%22%2F%C3%A9 HTTP/1.1\r\n"), "{request}");
    assert!(request.contains(&format!("\r\nAuthorization: Bearer {VALUE}\r\n")), "{request}");
    assert!(request.ends_with("\r\n\r\n{\"k\":\"a \\\"key\\\"/é\"}"), "{request}");
}

#[test]
fn no_part_of_a_loaded_scenario_shows_a_secret() {
    let (_folder, scenario) = with_credentials(MINE);
    let mut shown = String::new();
    write!(shown, "{scenario:#?} {} {}", scenario.text, scenarios::explain(&scenario)).unwrap();
    assert!(shown.contains("credential.KEY") && shown.contains(VARIABLE), "{shown}");
    assert!(!shown.contains("a \"key\"") && !shown.contains("a \\\"key"), "{shown}");
}

#[test]
fn an_answer_that_echoes_a_secret_is_told_without_it() {
    let (folder, _) = with_credentials(MINE);
    let token = "tok-0123456789-abcdefghijklmnopqrstuvwxyz-0123456789";
    std::fs::write(folder.path().join("key.txt"), token).unwrap();
    let scenario = load(&folder);
    let population = Population::new(1, scenario.population).unwrap();
    let cx = context(&population, 0);
    let told = |status: u16, headers: &[(&str, &[u8])], body: &str| -> CheckFault {
        let answer = AnswerView { status, headers, body: body.as_bytes() };
        scenario.interactions[0].check(&answer, &cx, &mut Vec::new()).unwrap_err()
    };
    let echoed = format!("Bearer {token}");
    for fault in [
        told(401, &[], &format!("{{\"errorCode\":\"BAD_{token}\"}}")),
        told(401, &[], &format!("{{\"errorCode\":\"{}\"}}", &token[..20])),
        told(200, &[("x-kind", echoed.as_bytes())], "{}"),
        told(200, &[("x-kind", b"right")], &format!("{{\"kind\":\"{echoed}\"}}")),
        told(200, &[("x-kind", b"right")], &format!("{{\"kind\":[1,2,3,4,5,6,7,8,9,0,\"{token}\"]}}")),
    ] {
        assert!(fault.detail.contains("secret") && !fault.detail.contains("0123"), "{}", fault.detail);
    }
    assert_eq!(told(401, &[], "{\"errorCode\":\"DENIED\"}").detail, "401 DENIED");
    assert_eq!(scenario.credentials.secrets().mask(&echoed), "Bearer [secret]");
}

#[test]
fn a_literal_is_refused_and_not_repeated() {
    for literal in
        ["\"hunter2\"", "77001234", "[\"hunter2\"]", "{ value = \"hunter2\" }", "{ env = 77001234 }"]
    {
        let told = faults(
            &format!("[credentials]\nTOKEN = {literal}\nKEY = {{ env = \"{VARIABLE}\" }}\n"),
            MINE,
            &[],
        );
        assert!(told.contains("s.toml:14: credentials.TOKEN"), "{literal}: {told}");
        assert!(!told.contains("hunter2") && !told.contains("77001234"), "{told}");
    }
    let told = faults("[credentials]\nTOKEN = \"hunter2\"\n", MINE, &[]);
    assert!(told.contains("does not stand in a scenario, it comes from the environment or a file"), "{told}");
}

#[test]
fn what_cannot_be_had_is_told_with_its_line_and_without_a_value() {
    let told = faults(
        "[credentials]\nA = { env = \"SPINEBENCH_NO_SUCH\" }\nB = { env = \"hunter2-in-the-wrong-place\" }\n\
         C = { file = \"missing.txt\" }\nD = { file = \"short.txt\" }\nE = { file = \"binary\" }\n\
         F = { env = \"PATH\", file = \"x\" }\nG = {}\n\"h i\" = { env = \"PATH\" }\nI = { file = \".\" }\n",
        "method = \"GET\"\npath = \"/\"\n[expect]\nstatus = 200\n",
        &[("short.txt", b"abc\n"), ("binary", b"abc\xff\xfe")],
    );
    let starts = [
        "s.toml:14: credentials.A.env: no such variable in the environment, got \"SPINEBENCH_NO_SUCH\"",
        "s.toml:15: credentials.B.env: no such variable in the environment, allowed",
        "s.toml:16: credentials.C.file: cannot be read: ",
        "s.toml:17: credentials.D: what it names has fewer than 4 characters",
        "s.toml:18: credentials.E.file: is not UTF-8 text, got \"binary\"",
        "s.toml:19: credentials.F: needs one place to come from",
        "s.toml:20: credentials.G: needs one place to come from",
        "s.toml:21: credentials.h i: not a name",
        "s.toml:22: credentials.I.file: cannot be read: ",
    ];
    assert_eq!(told.lines().count(), starts.len(), "{told}");
    for (line, start) in told.lines().zip(starts) {
        assert!(line.starts_with(start), "{line}\n  should start with\n{start}");
    }
    assert!(!told.contains("hunter2") && !told.contains("\"abc"), "{told}");
}

#[test]
fn a_credential_has_to_be_declared_and_is_neither_compared_nor_handed_over() {
    let told = faults("", MINE, &[]);
    assert!(
        told.contains("interactions/mine.toml:2: path: no such credential in the scenario, got \"KEY\""),
        "{told}"
    );
    assert!(told.contains("which has none"), "{told}");
    let told = faults(&format!("[credentials]\nKEY = {{ env = \"{VARIABLE}\" }}\n"), MINE, &[]);
    assert!(
        told.contains(
            "headers.Authorization: no such credential in the scenario, got \"TOKEN\", allowed: KEY"
        ),
        "{told}"
    );
    let compared = "method = \"GET\"\npath = \"/\"\nleaves = \"free-1\"\n[expect]\nstatus = 200\n\
                    header = { A = \"{{credential.KEY}}*\" }\n[capture]\nid = \"{{credential.KEY}}\"\n";
    let told = faults(&format!("[credentials]\nKEY = {{ env = \"{VARIABLE}\" }}\n"), compared, &[]);
    assert_eq!(told.matches("a credential is not compared with an answer").count(), 2, "{told}");
}

#[test]
fn a_token_that_is_fetched_stands_in_the_next_request() {
    let end = "[credentials]\nKEY = { env = \"CARGO_PKG_NAME\" }\nTOKEN = { signed-jwt = { url = \"http://localhost:9/oauth2/token?a=b\", \
               key = { file = \"key.pem\" }, kid = \"k-1\", client-id = { env = \"CARGO_PKG_NAME\" } } }\n";
    let folder = folder(&format!("{OWN}{end}"), MINE);
    std::fs::write(
        folder.path().join("key.pem"),
        "-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----\n",
    )
    .unwrap();
    let scenario = load(&folder);
    let [jwt] = scenario.credentials.signed_jwts() else { panic!("one") };
    assert_eq!((jwt.name.as_str(), jwt.kid.as_str(), jwt.client_id.expose()), ("TOKEN", "k-1", VALUE));
    assert_eq!((jwt.server.tls, jwt.server.host.as_str(), jwt.server.port), (false, "localhost", 9));
    assert_eq!(
        (jwt.server.authority.as_str(), jwt.server.path.as_str()),
        ("localhost:9", "/oauth2/token?a=b")
    );
    assert_eq!(jwt.audience, "http://localhost:9/oauth2/token?a=b");
    assert!(rendered(&scenario).contains("\r\nAuthorization: Bearer \r\n"));
    for token in ["first-token", "second-token"] {
        jwt.cell.set(Secret::new(token.into()));
        assert!(rendered(&scenario).contains(&format!("\r\nAuthorization: Bearer {token}\r\n")));
        assert_eq!(scenario.credentials.secrets().mask(token), "[secret]");
    }
}

#[test]
fn a_token_server_is_held_to_the_rule_of_targets() {
    let told = |url: &str, target: &str, ca: &str| {
        let own = OWN.replace("url = \"http://127.0.0.1:1\"", target);
        let end = format!(
            "[credentials]\nKEY = {{ env = \"{VARIABLE}\" }}\nTOKEN = {{ signed-jwt = {{ url = \"{url}\", key = {{ file = \"key.pem\" }}, \
             kid = \"k\", client-id = {{ env = \"{VARIABLE}\" }}{ca} }} }}\n"
        );
        let folder = folder(&format!("{own}{end}"), MINE);
        let pem = "-----BEGIN PRIVATE KEY-----\nx\n-----BEGIN CERTIFICATE-----\nx\n";
        std::fs::write(folder.path().join("key.pem"), pem).unwrap();
        scenarios::load(&folder.path().join("s.toml")).map_or_else(|f| f.to_string(), |_| String::new())
    };
    let here = "url = \"http://127.0.0.1:1\"";
    let allowed = "url = \"http://127.0.0.1:1\"\nauthorised = \"A. Person, ticket 7\"";
    assert!(
        told("http://192.0.2.1/token", here, "").contains("TOKEN.signed-jwt.url: this is not this machine")
    );
    assert_eq!(told("http://192.0.2.1/token", allowed, ""), "");
    for url in ["https://int.api.service.nhs.uk/oauth2/token", "http://API.service.nhs.uk./oauth2/token"] {
        assert!(told(url, allowed, ", ca = \"key.pem\"").contains("no load is ever sent there"), "{url}");
    }
    assert!(told("https://localhost/token", here, "").contains("signed-jwt.ca: is missing"));
    assert_eq!(told("https://localhost/token", here, ", ca = \"key.pem\""), "");
    let with_user = told("http://me:hunter2@localhost/token", here, "");
    assert!(
        with_user.contains("a user or a password in it") && !with_user.contains("hunter2"),
        "{with_user}"
    );
    for url in ["ftp://localhost/", "http://localhost/a b", "http:///token", "localhost/token"] {
        assert!(
            told(url, allowed, "").contains("TOKEN.signed-jwt.url: not a URL"),
            "{url}: {}",
            told(url, allowed, "")
        );
    }
    let in_target = told("http://localhost/", "url = \"http://me:hunter2@127.0.0.1:1\"", "");
    assert!(
        in_target.contains("a user or a password in it") && !in_target.contains("hunter2"),
        "{in_target}"
    );
}

#[test]
fn a_mailbox_of_the_users_own_signs_with_its_own_shared_key() {
    let mesh = "method = \"POST\"\npath = \"/{{endpoint.mailbox}}/{{recipient.mailbox}}\"\nbody-text = \"{{endpoint.mailbox_password}}\"\n\
                [headers]\nAuthorization = \"{{mesh.authorization}}\"\n[expect]\nstatus = 200\nheader = { To = \"{{recipient.mailbox}}\" }\n";
    let own = format!(
        "{OWN}[credentials.mesh]\nshared-key = {{ file = \"shared.txt\" }}\nmailbox = \"X26ABC1\"\npassword = {{ env = \"{VARIABLE}\" }}\n"
    );
    let folder = folder(&own, mesh);
    std::fs::write(folder.path().join("shared.txt"), "MyOwnSharedKey\n").unwrap();
    let request = rendered(&load(&folder));
    assert!(request.starts_with("POST /X26ABC1/X26ABC1 HTTP/1.1\r\n"), "{request}");
    assert!(request.ends_with(&format!("\r\n\r\n{VALUE}")), "{request}");
    let token = request.split("Authorization: NHSMESH ").nth(1).unwrap().split("\r\n").next().unwrap();
    let [mailbox, nonce, count, time, hash] = token.split(':').collect::<Vec<_>>()[..] else {
        panic!("{token}")
    };
    assert_eq!((mailbox, count, time), ("X26ABC1", "0", "202611230809"));
    use hmac::Mac;
    let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(b"MyOwnSharedKey").unwrap();
    mac.update(format!("X26ABC1:{nonce}:0:{VALUE}:202611230809").as_bytes());
    assert_eq!(hash, mac.finalize().into_bytes().iter().map(|b| format!("{b:02x}")).collect::<String>());
    assert_eq!(load(&folder).credentials.secrets().mask("MyOwnSharedKey scenarios"), "[secret] [secret]");

    let told = faults("[credentials.mesh]\nshared-key = \"hunter2\"\nmailboxes = \"X\"\n", mesh, &[]);
    for part in [
        "s.toml:14: credentials.mesh.shared-key: a credential does not stand in a scenario",
        "credentials.mesh.mailboxes: unknown key",
        "credentials.mesh.mailbox: is missing",
        "credentials.mesh.password: is missing",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert!(!told.contains("hunter2"), "{told}");
}
