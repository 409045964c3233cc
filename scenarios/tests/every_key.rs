//! A scenario, a mix and interactions that use every key there is: what the README documents is what is read.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use population::Population;
use scenarios::{AnswerView, Arrivals, Model, RenderContext, Target};
use sha2::{Digest, Sha256};
use std::time::Duration;

const OPEN: &str = r#"
title = "Every key of the open model"
seed  = 7
mix   = "mixes/mine.csv"
cost  = "cases/mine.toml"

[target]
url        = "https://hub.example.org:8080"
authorised = "A. Person, ticket 7"
client-certificate = "me.pem"
client-key = { file = "me.pem" }
ca         = "me.pem"
tls        = "mutual"

[credentials]
API-KEY = { env = "CARGO_PKG_NAME" }
TOKEN   = { signed-jwt = { url = "https://hub.example.org/token", key = { file = "me.pem" }, kid = "k", client-id = { env = "CARGO_PKG_NAME" }, audience = "them", ca = "me.pem" } }

[credentials.mesh]
shared-key = { file = "me.pem" }
mailbox    = "X26ABC1"
password   = { env = "CARGO_PKG_NAME" }

[population]
patients      = 1_000
organisations = 20
endpoints     = 30

[load]
model       = "open"
arrivals    = "constant"
connections = 8
timeout     = "5s"

[[phase]]
name     = "warm-up"
duration = "1m30s"
rate     = "0/s..10/s"
measured = false

[[phase]]
name     = "steady"
duration = "250ms"
rate     = "10/s"

[budget]
all = { response-p50 = "1s", response-p90 = "1s", response-p99 = "1s", "response-p99.9" = "1s", "response-p99.99" = "1s", response-max = "1s", errors = "0.1%", rate = "9/s" }
ask = { service-p50 = "1s", service-p90 = "1s", service-p99 = "1s", "service-p99.9" = "1s", "service-p99.99" = "1s", service-max = "1s" }

[validity]
"send-lag-p99.9" = "20ms"
dropped          = "1%"
harness-cpu      = "80%"
"#;

const MIX: &str = "\
row,service,published_interaction,kind,interaction,share,req_bytes,resp_bytes,legacy_ms,spine2_ms,attended,grade,source
1,A,Ask for it,sync,ask,0.5,100,200,10,1.5,yes,estimate,somewhere
2,A,Tell it,async,tell,0.3,100,200,,,no,published,elsewhere
3,B,Not yet,sync,,0.2,1,2,3,4,no,estimate,nowhere
";

const ASK: &str = r#"
title     = "Ask"
method    = "POST"
path      = "/a b/{{patient.email}}?q={{text.7}}|{{seq}}"
operation = "asked"
body      = "../bodies/ask.xml"
leaves    = "free-1"

[headers]
Content-Type = "application/xml"
User-Agent   = "mine"
X-Id         = "{{uuid.a}}"

[inputs]
patient      = "random"
practice     = "each"
pharmacy     = "ahead"
organisation = "each"
endpoint     = "each"
session      = "organisation"
mailbox      = "recipient.mailbox"

[expect]
status = [200, 202]
header = { ETag = "W/*", X-Id = "{{uuid.a}}" }
json   = { "/ok" = true, "/n" = 1.5, "/list" = "", "/name" = "fixed" }

[capture]
each  = "/list"
id    = "/id"
tag   = "header:ETag"
code  = "header:location?code"
about = "{{patient.nhs_number}} {{newborn.family}}"
"#;

const TELL: &str = r#"
method    = "PUT"
path      = "/tell/{{capture.id}}"
body-text = "{\"about\":\"{{capture.about}}\",\"org\":\"{{organisation.name}}\",\"signed\":\"{{prescription.signature}}\",\"entry\":[{\"resource\":{\"birthDate\":\"{{ patient.birth_date }}\",\"resourceType\":\"Patient\"}}]}"
takes     = ["free-1", "free-2"]
keeps     = true
[headers]
Content-Type = "application/json"
[expect]
status = 204
"#;

fn folder(scenario: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in ["interactions", "bodies", "mixes"] {
        std::fs::create_dir(folder.path().join(name)).unwrap();
    }
    for (name, text) in [
        ("s.toml", scenario),
        ("mixes/mine.csv", MIX),
        ("interactions/ask.toml", ASK),
        ("me.pem", "-----BEGIN CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\n"),
        ("interactions/tell.toml", TELL),
        (
            "bodies/ask.xml",
            "<a at=\"{{now}}\">{{practice.name}} {{pharmacy.ods}} {{recipient.asid}} {{session.role_name}}</a>\n",
        ),
    ] {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

#[test]
fn every_key_of_the_open_model_is_read() {
    let folder = folder(OPEN);
    let s = scenarios::load(&folder.path().join("s.toml")).unwrap_or_else(|f| panic!("{f}"));
    assert_eq!((s.title.as_str(), s.seed, s.text.as_str()), ("Every key of the open model", 7, OPEN));
    assert_eq!(s.cost.as_deref(), Some(std::path::Path::new("cases/mine.toml")));
    let Target::Url { host, port, authorised, .. } = &s.target else { panic!("{:?}", s.target) };
    assert_eq!(
        (host.as_str(), *port, authorised.as_deref()),
        ("hub.example.org", 8080, Some("A. Person, ticket 7"))
    );
    assert!(s.certificates.ca.is_some() && matches!(s.certificates.shown, scenarios::Shown::One { .. }));
    let [jwt] = s.credentials.signed_jwts() else { panic!("one") };
    assert_eq!((jwt.server.tls, jwt.server.port, jwt.audience.as_str()), (true, 443, "them"));
    assert_eq!(s.credentials.secrets().mask("scenarios"), "[secret]");
    assert_eq!((s.population.patients, s.population.organisations, s.population.endpoints), (1_000, 20, 30));
    assert_eq!((s.load.model, s.load.arrivals, s.load.connections), (Model::Open, Arrivals::Constant, 8));
    assert_eq!((s.load.timeout, s.load.users.len()), (Duration::from_secs(5), 0));
    assert_eq!(s.phases.len(), 2);
    assert_eq!((s.phases[0].duration, s.phases[0].measured), (Duration::from_secs(90), false));
    assert_eq!((s.phases[0].rates_per_s().0, s.phases[0].rates_per_s().1), (0.0, 10.0));
    assert_eq!((s.phases[1].duration, s.phases[1].measured), (Duration::from_millis(250), true));
    assert_eq!(s.budgets.len(), 14);
    let first = &s.budgets[0];
    assert_eq!(
        (first.interaction.as_str(), first.metric.as_str(), first.limit),
        ("all", "response-p50", 1e9)
    );
    let line = 1 + OPEN.lines().position(|l| l.starts_with("all = ")).unwrap();
    assert_eq!((first.text.as_str(), first.line), ("1s", line));
    assert_eq!(s.budgets.iter().find(|b| b.metric == "errors").map(|b| b.limit), Some(0.001));
    assert_eq!(s.budgets.iter().find(|b| b.metric == "rate").map(|b| b.limit), Some(9.0));
    assert_eq!(s.limits.send_lag_p99_9, Duration::from_millis(20));
    assert_eq!((s.limits.dropped_share, s.limits.harness_cpu_share), (0.01, 0.8));
    let ask = &s.mix.rows[0];
    assert_eq!((ask.share, ask.share_stated, ask.attended), (0.625, 0.5, true));
    assert_eq!(
        (ask.legacy_ms, ask.spine2_ms, ask.req_bytes, ask.resp_bytes),
        (Some(10.0), Some(1.5), Some(100), Some(200))
    );
    assert_eq!((ask.grade.as_str(), ask.source.as_str()), ("estimate", "somewhere"));
    assert_eq!(s.mix.not_replayed[0].row, "3");
    assert_eq!(s.interactions[0].operation, "asked");
    assert_eq!(s.interactions[1].operation, "tell");
    assert_eq!(
        (s.interactions[1].takes(), s.interactions[1].keeps_taken()),
        (["free-1", "free-2"].as_slice(), true)
    );
}

#[test]
fn every_key_of_the_closed_model_is_read() {
    let text = OPEN
        .replace("\"open\"", "\"users\"")
        .replace("timeout ", "users = { count = 3, hatch = \"2/s\", think = \"1s..2s\" }\ntimeout ")
        .replace("rate     = \"0/s..10/s\"\n", "")
        .replace("rate     = \"10/s\"\n", "");
    let folder = folder(&text);
    let s = scenarios::load(&folder.path().join("s.toml")).unwrap_or_else(|f| panic!("{f}"));
    let users = &s.load.users[0];
    assert_eq!((users.count, users.hatch_per_s), (3, 2.0));
    assert_eq!((users.think_min, users.think_max), (Duration::from_secs(1), Duration::from_secs(2)));
}

#[test]
fn what_was_asked_is_what_is_checked_and_handed_over() {
    let folder = folder(OPEN);
    let s = scenarios::load(&folder.path().join("s.toml")).unwrap_or_else(|f| panic!("{f}"));
    let population = Population::new(s.seed, s.population).unwrap();
    let now = "2026-11-23T08:09:10Z".parse().unwrap();
    let cx = RenderContext {
        population: &population,
        seed: 7,
        seq: 3,
        ordinal: 0,
        taken: None,
        given: scenarios::Given::default(),
        now,
        host: "h:1",
    };
    let (ask, tell) = (&s.interactions[0], &s.interactions[1]);
    let mut out = Vec::new();
    ask.render(&cx, &mut out);
    let text = String::from_utf8(out).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let path = head.split(' ').nth(1).unwrap();
    assert!(
        path.starts_with("/a%20b/") && path.contains("%40example.org?q=") && path.ends_with("%7C3"),
        "{path}"
    );
    assert!(
        head.contains("\r\nHost: h:1\r\nConnection: keep-alive\r\n")
            && head.contains("\r\nUser-Agent: mine\r\n")
    );
    assert!(head.ends_with(&format!("Content-Length: {}", body.len())));
    assert!(body.starts_with("<a at=\"2026-11-23T08:09:10+00:00\">") && body.ends_with("</a>"), "{body}");

    let id = head.split("X-Id: ").nth(1).unwrap().split("\r\n").next().unwrap();
    let json = r#"{"list":[{"id":"one"},{"id":"two \"2\""}],"n":1.5,"ok":true,"name":"fixed"}"#;
    let location = b"https://mine.invalid/cb?state=1&code=a%2Fb".as_slice();
    let headers: [(&str, &[u8]); 3] = [("etag", b"W/\"1\""), ("x-id", id.as_bytes()), ("Location", location)];
    let answer = AnswerView { status: 202, headers: &headers, body: json.as_bytes() };
    let mut left = Vec::new();
    // The time is not known when answers are checked, and does not matter.
    let later = RenderContext { now: jiff::Timestamp::UNIX_EPOCH, ..cx };
    ask.check(&answer, &later, &mut left).unwrap();
    assert_eq!(left.len(), 2);
    assert_eq!((left[1].get("id"), left[1].get("tag")), (Some("two \"2\""), Some("W/\"1\"")));
    assert_eq!(left[1].get("code"), Some("a/b"));
    let elsewhere = [headers[0], headers[1], ("Location", b"https://mine.invalid/cb?error=no".as_slice())];
    let found = ask.check(&AnswerView { headers: &elsewhere, ..answer }, &later, &mut left).unwrap_err();
    assert_eq!(found.to_string(), "capture: location?code is missing");
    for (from, to, fault) in [
        ("true", "false", "json: /ok is false"),
        ("1.5", "\"1.5\"", "json: /n is \"1.5\""),
        ("\"list\"", "\"tsil\"", "json: /list is missing"),
        ("fixed", "loose", "json: /name is \"loose\""),
        ("\"id\":\"two", "\"di\":\"two", "capture: /id is missing"),
    ] {
        let json = json.replace(from, to);
        let found =
            ask.check(&AnswerView { body: json.as_bytes(), ..answer }, &later, &mut left).unwrap_err();
        assert_eq!(found.to_string(), fault);
        assert_eq!(left.len(), 2, "a bad answer leaves nothing");
    }
    let strange = [("etag", b"W/\"1\"".as_slice()), ("x-id", b"another")];
    let found = ask.check(&AnswerView { headers: &strange, ..answer }, &later, &mut left).unwrap_err();
    assert_eq!(found.to_string(), "header: X-Id is not {{uuid.a}}");

    let mut out = Vec::new();
    tell.render(&RenderContext { taken: Some(&left[1]), seq: 4, ..cx }, &mut out);
    let text = String::from_utf8(out).unwrap();
    assert!(text.starts_with("PUT /tell/two%20%222%22 HTTP/1.1\r\n"), "{text}");
    assert!(text.contains(left[1].get("about").unwrap()));
    let body = text.split_once("\r\n\r\n").unwrap().1;
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    let form = format!("Patient{{birthDate:{};}}\n", body["entry"][0]["resource"]["birthDate"]);
    let digest = STANDARD.encode(Sha256::digest(form));
    let xml = STANDARD.decode(body["signed"].as_str().unwrap()).unwrap();
    assert!(String::from_utf8(xml).unwrap().contains(&format!("<DigestValue>{digest}</DigestValue>")));
    tell.check(&AnswerView { status: 204, headers: &[], body: b"" }, &cx, &mut left).unwrap();
    assert_eq!(left.len(), 2, "an interaction without [capture] leaves nothing");
}

#[test]
fn a_session_is_of_the_organisation_that_the_request_acts_for() {
    let interaction = |session: &str, more: &str| {
        format!(
            "method = \"GET\"\npath = \"/{{{{session.ods}}}}/{{{{session.token}}}}/{{{{practice.ods}}}}/{{{{pharmacy.ods}}}}/{{{{organisation.ods}}}}/{{{{endpoint.ods}}}}\"\n\
             takes = \"free-1\"\n[inputs]\nsession = \"{session}\"\n{more}[expect]\nstatus = 200\n"
        )
    };
    let rules = [
        ("practice", "practice", "", 2),
        ("practice-each", "practice", "practice = \"each\"\n", 2),
        ("pharmacy", "pharmacy", "pharmacy = \"random\"\n", 3),
        ("pharmacy-captured", "pharmacy", "pharmacy = \"capture\"\n", 3),
        ("organisation", "organisation", "", 4),
        ("endpoint", "endpoint", "endpoint = \"each\"\n", 5),
        ("any", "random", "", 0),
        ("in-turn", "each", "", 0),
    ];
    let folder = folder(OPEN);
    let mut weights = String::new();
    for (name, session, more, _) in rules {
        let file = folder.path().join(format!("interactions/{name}.toml"));
        std::fs::write(file, interaction(session, more)).unwrap();
        weights += &format!("{name} = 1\n");
    }
    let text = "title = \"t\"\n[target]\nhub = \"embedded\"\n[[phase]]\nname = \"p\"\nduration = \"1s\"\nrate = \"1/s\"\n[mix]\n";
    let path = folder.path().join("sessions.toml");
    std::fs::write(&path, format!("{text}{weights}")).unwrap();
    let s = scenarios::load(&path).unwrap_or_else(|f| panic!("{f}"));
    let population = Population::new(s.seed, s.population).unwrap();
    let by_token: std::collections::HashMap<String, u32> =
        (0..population.sessions()).map(|i| (population.session_token(i), i)).collect();
    for (interaction, (name, _, _, place)) in s.interactions.iter().zip(rules) {
        let mut tokens = std::collections::HashSet::new();
        for n in 0..50 {
            let pharmacy = population.ods_of(population::OrgKind::Pharmacy, n as u32 % 7);
            let taken = scenarios::HandOver::from_iter([("pharmacy", pharmacy)]);
            let now = jiff::Timestamp::UNIX_EPOCH;
            let (seq, ordinal, taken) = (n, n, Some(&taken));
            let cx = RenderContext {
                population: &population,
                seed: 7,
                seq,
                ordinal,
                taken,
                given: scenarios::Given::default(),
                now,
                host: "h:1",
            };
            let mut out = Vec::new();
            interaction.render(&cx, &mut out);
            let text = String::from_utf8(out).unwrap();
            let parts: Vec<&str> = text.split(' ').nth(1).unwrap().split('/').skip(1).collect();
            assert_eq!(population.session(by_token[parts[1]]).ods, parts[0], "{name}");
            assert!(place == 0 || parts[0] == parts[place], "{name}: {parts:?}");
            tokens.insert(parts[1].to_owned());
        }
        assert!(tokens.len() > 1, "{name} has always the same session");
    }
}

#[test]
fn the_hash_changes_with_every_file_that_is_used_and_with_no_other() {
    let folder = folder(OPEN);
    let path = folder.path().join("s.toml");
    let hash = || scenarios::load(&path).unwrap_or_else(|f| panic!("{f}")).sha256;
    let mut seen = vec![hash()];
    assert_eq!(seen[0].len(), 64);
    for name in ["s.toml", "mixes/mine.csv", "interactions/tell.toml", "bodies/ask.xml"] {
        let file = folder.path().join(name);
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::write(
            &file,
            text.replace("elsewhere", "everywhere")
                .replace("0.1%", "0.2%")
                .replace("204", "205")
                .replace("<a", "<a b=\"\""),
        )
        .unwrap();
        let now = hash();
        assert!(!seen.contains(&now), "{name}");
        seen.push(now);
    }
    std::fs::write(folder.path().join("interactions/unused.toml"), "x").unwrap();
    assert_eq!(hash(), seen[4]);
}

#[test]
fn an_explanation_says_how_much_and_what_is_needed() {
    let folder = folder(OPEN);
    let s = scenarios::load(&folder.path().join("s.toml")).unwrap_or_else(|f| panic!("{f}"));
    let found = scenarios::explain(&s);
    assert!((found.arrivals - 452.5).abs() < 1e-9, "90 s at 5/s and 0.25 s at 10/s");
    assert!((found.rate_per_s - 10.0).abs() < 1e-9);
    let ask = &found.interactions[0];
    assert!((ask.per_hour - 22_500.0).abs() < 1e-6 && (ask.per_day - 540_000.0).abs() < 1e-6);
    assert!(ask.request_bytes > 200.0 && ask.request_bytes < 600.0, "{}", ask.request_bytes);
    let text = found.to_string();
    for part in
        ["Every key of the open model", "warm-up (not measured)", "20.00 % in all", "A. Person, ticket 7"]
    {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
}
