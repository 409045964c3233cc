//! Claim: what belongs to one organisation opens for no other, and nothing opens without credentials. Every interaction
//! of the national mix is sent four times over: by nobody, with a token nobody was given, by a stranger (a live session,
//! or a mailbox with its own right password, of another organisation), and by whom it belongs to. The table below says of
//! each what a stranger gets, and an interaction without a row fails the test.

use crate::support::{Http, Hub, Reply, mesh_token_of, root};
use harness::stages::Stages;
use population::{MESH_SHARED_KEY, Population};
use scenarios::{AnswerView, Interaction, RenderContext};
use std::collections::BTreeMap;

/// What a stranger gets.
#[derive(Clone, Copy)]
enum Stranger {
    /// One of these statuses, and nothing is done.
    Refused(&'static [u16]),
    /// What anybody gets: it belongs to no organisation, for this reason.
    Welcome(&'static str),
}
use Stranger::{Refused, Welcome};

/// How a caller shows who it is.
#[derive(Clone, Copy, PartialEq)]
enum Shows {
    /// `Authorization: Bearer`.
    Bearer,
    /// `Authorization: NHSMESH`.
    Mesh,
    /// Nothing that tells one organisation from another.
    Nothing,
}

const NOT_YOURS: Stranger = Refused(&[401, 403, 404]);
const NATIONAL: Stranger = Welcome("demographics are national: every live session may ask");

/// Caller, resource, verb: the interaction is resource and verb, the columns are the callers.
const TABLE: &[(&str, Shows, Stranger)] = &[
    ("pds-retrieve", Shows::Bearer, NATIONAL),
    ("pds-trace", Shows::Bearer, NATIONAL),
    ("pds-trace-advanced", Shows::Bearer, NATIONAL),
    ("pds-update", Shows::Bearer, NATIONAL),
    ("pds-allocate", Shows::Bearer, NATIONAL),
    ("eps-prescribe", Shows::Bearer, NOT_YOURS),
    ("eps-prescribe-patient-held", Shows::Bearer, NOT_YOURS),
    ("eps-cancel", Shows::Bearer, NOT_YOURS),
    ("eps-release", Shows::Bearer, NOT_YOURS),
    ("eps-release-patient", Shows::Bearer, NOT_YOURS),
    ("eps-dispense", Shows::Bearer, NOT_YOURS),
    ("eps-dispense-partial", Shows::Bearer, NOT_YOURS),
    ("eps-claim", Shows::Bearer, NOT_YOURS),
    ("eps-return", Shows::Bearer, NOT_YOURS),
    ("eps-track", Shows::Bearer, NOT_YOURS),
    ("scr-upload", Shows::Bearer, NOT_YOURS),
    (
        "scr-list",
        Shows::Bearer,
        Welcome("a summary may be viewed wherever the patient is seen; each view is audited"),
    ),
    ("scr-retrieve", Shows::Bearer, Welcome("as scr-list")),
    ("scr-permissions", Shows::Bearer, Welcome("a permission is set by who asks for it, and holds for him")),
    ("scr-privacy-alert", Shows::Bearer, Welcome("an alert is raised by who accessed")),
    ("audit-event", Shows::Bearer, Welcome("as scr-privacy-alert")),
    ("mesh-handshake", Shows::Mesh, NOT_YOURS),
    ("mesh-inbox", Shows::Mesh, NOT_YOURS),
    ("mesh-send", Shows::Mesh, NOT_YOURS),
    ("mesh-download", Shows::Mesh, NOT_YOURS),
    ("mesh-acknowledge", Shows::Mesh, NOT_YOURS),
    ("mesh-track", Shows::Mesh, NOT_YOURS),
    ("mesh-endpoint-lookup", Shows::Nothing, Welcome("the directory is open")),
    ("sds-lookup", Shows::Nothing, Welcome("the directory is open to every application")),
    ("pds-change-notification", Shows::Bearer, NOT_YOURS),
    ("gp2gp-request", Shows::Bearer, NOT_YOURS),
    ("gp2gp-extract", Shows::Bearer, NOT_YOURS),
    ("gp2gp-fragment", Shows::Bearer, NOT_YOURS),
    ("gp2gp-acknowledge", Shows::Bearer, NOT_YOURS),
    ("pathology-transfer", Shows::Bearer, NOT_YOURS),
    ("ssp-read", Shows::Bearer, NOT_YOURS),
    ("ers-read", Shows::Bearer, NOT_YOURS),
    ("dbs-batch-trace", Shows::Bearer, NATIONAL),
    ("cis-login", Shows::Nothing, Welcome("whoever logs in has no session yet")),
    ("cis-token", Shows::Nothing, Welcome("the code is the credential")),
    ("cis-validate", Shows::Bearer, Welcome("introspection tells any caller with a session")),
];

/// Small, so that every organisation is met soon.
const SIZES: [(&str, u64); 3] = [("patients", 2_000), ("organisations", 100), ("endpoints", 140)];

/// One interaction as rendered: headers and body apart, so that a caller can be exchanged.
struct Sent {
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Sent {
    fn of(raw: &[u8]) -> Sent {
        let end = raw.windows(4).position(|w| w == b"\r\n\r\n").expect("a head");
        let head = String::from_utf8(raw[..end].to_vec()).expect("an ASCII head");
        let mut lines = head.split("\r\n");
        let mut request = lines.next().expect("a request line").split(' ');
        let (method, path) = (request.next().expect("a method"), request.next().expect("a path"));
        let headers =
            lines.filter_map(|l| l.split_once(": ")).map(|(n, v)| (n.to_ascii_lowercase(), v.to_owned()));
        let kept =
            headers.filter(|(n, _)| n != "host" && n != "content-length" && n != "connection").collect();
        Sent {
            method: method.to_owned(),
            path: path.to_owned(),
            headers: kept,
            body: raw[end + 4..].to_vec(),
        }
    }

    /// The same request with another `Authorization`, or without one. Everything that tells one request from another is
    /// made new, so that no answer is one that was given before.
    fn by(&self, authorization: Option<&str>, nth: usize) -> Sent {
        let mut headers: Vec<(String, String)> = self
            .headers
            .iter()
            .filter(|(n, _)| n != "authorization" && n != "x-request-id")
            .cloned()
            .collect();
        if self.headers.iter().any(|(n, _)| n == "x-request-id") {
            headers.push(("x-request-id".to_owned(), format!("00000000-0000-4000-8000-{nth:012}")));
        }
        if let Some(value) = authorization {
            headers.push(("authorization".to_owned(), value.to_owned()));
        }
        Sent { method: self.method.clone(), path: self.path.clone(), headers, body: self.body.clone() }
    }

    fn ask(&self, http: &mut Http) -> Reply {
        let headers: Vec<(&str, &str)> = self.headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        http.ask(&self.method, &self.path, &headers, &self.body).expect("answered")
    }
}

fn mix() -> scenarios::Scenario {
    let sizes: String = SIZES.iter().map(|(name, n)| format!("{name} = {n}\n")).collect();
    let mix = root().join("scenarios/mixes/spine-2015.csv");
    let text = format!(
        "title = \"who may what\"\nmix = {mix:?}\n[target]\nhub = \"embedded\"\n[population]\n{sizes}\
         [load]\n[[phase]]\nname = \"one\"\nduration = \"1s\"\nrate = \"1/s\"\n"
    );
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("scenario.toml");
    std::fs::write(&file, text).expect("written");
    scenarios::load(&file).unwrap_or_else(|faults| panic!("{faults}"))
}

/// A Bearer token of an organisation other than that of `token`, of the same kind, and of a person or a system as it is.
fn strangers_token(population: &Population, token: &str) -> String {
    let (sessions, end_points) = (population.sessions(), population.sizes().endpoints);
    let other = |own: u32, theirs: u32| theirs != own && theirs % 10 == own % 10;
    if let Some(own) = (0..sessions).find(|i| population.session_token(*i) == token) {
        let own = population.session(own).organisation;
        let mut all = (0..sessions).map(|i| population.session(i));
        return all.find(|s| other(own, s.organisation)).expect("another organisation").token;
    }
    let own = (0..end_points).find(|i| population.endpoint_token(*i) == token).expect("a seeded token");
    let own = population.endpoint(own).organisation;
    let stranger = (0..end_points).find(|i| other(own, population.endpoint(*i).organisation));
    population.endpoint_token(stranger.expect("another organisation"))
}

/// The mailbox of the path, in upper case.
fn mailbox_of(path: &str) -> String {
    path.split('/').nth(2).expect("a mailbox").to_owned()
}

#[test]
fn what_belongs_to_one_organisation_opens_for_no_other() {
    let _alone = crate::support::alone();
    let scenario = mix();
    let population = Population::new(scenario.seed, scenario.population).expect("sizes in range");
    let folder = tempfile::tempdir().expect("a folder");
    let mut args =
        vec!["--store".to_owned(), "memory".to_owned(), "--seed".to_owned(), scenario.seed.to_string()];
    for (name, n) in SIZES {
        args.extend([format!("--{name}"), n.to_string()]);
    }
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let hub = Hub::start(folder.path(), &args);
    let table: BTreeMap<&str, (Shows, Stranger)> = TABLE.iter().map(|(n, s, w)| (*n, (*s, *w))).collect();
    let mut stages = Stages::new(population, &scenario.interactions, (0, 1));
    let mut waiting: Vec<usize> = (0..scenario.interactions.len()).collect();
    let mut faults = Vec::new();
    let (mut seq, mut asked) = (0, 0);
    // An interaction that takes what another leaves comes after it: as many rounds as the longest journey has steps.
    for _ in 0..8 {
        let mut later = Vec::new();
        for index in waiting {
            let interaction = &scenario.interactions[index];
            let Ok(taken) = stages.take(index) else {
                later.push(index);
                continue;
            };
            let Some((shows, stranger)) = table.get(interaction.name.as_str()).copied() else {
                faults.push(format!("{}: has no row in the table", interaction.name));
                continue;
            };
            seq += 1;
            let host = hub.address.to_string();
            let cx = RenderContext {
                population: &population,
                seed: scenario.seed,
                seq,
                ordinal: seq,
                taken: taken.as_ref(),
                given: scenarios::Given::default(),
                now: harness::clock::wall_now(),
                host: &host,
            };
            let mut raw = Vec::new();
            interaction.render(&cx, &mut raw);
            let own = Sent::of(&raw);
            let mut http = Http::connect(hub.address).expect("connected");
            for (who, sent, allowed) in callers(&population, interaction, &own, shows, stranger, seq as usize)
            {
                asked += 1;
                let status = sent.ask(&mut http).status;
                if !allowed.contains(&status) {
                    faults.push(format!("{} by {who}: got {status}, allowed {allowed:?}", interaction.name));
                }
            }
            // Whom it belongs to comes last: had a stranger done it, it would be done, and this would fail.
            let reply = own.ask(&mut http);
            asked += 1;
            let headers: Vec<(&str, &[u8])> =
                reply.headers.iter().map(|(n, v)| (n.as_str(), v.as_bytes())).collect();
            let view = AnswerView { status: reply.status, headers: &headers, body: &reply.body };
            let mut left = Vec::new();
            match interaction.check(&view, &cx, &mut left) {
                Ok(()) => stages.put(index, left.into_iter()),
                Err(fault) => faults.push(format!(
                    "{} by its owner: {} {fault:?}\n{}",
                    interaction.name,
                    reply.status,
                    String::from_utf8_lossy(&reply.body[..reply.body.len().min(600)])
                )),
            }
        }
        waiting = later;
    }
    let never: Vec<&str> = waiting.iter().map(|i| scenario.interactions[*i].name.as_str()).collect();
    assert!(never.is_empty(), "never had what they take: {never:?}");
    assert!(faults.is_empty(), "{} of {asked}:\n{}", faults.len(), faults.join("\n"));
    for (name, _, stranger) in TABLE {
        if let Welcome(why) = stranger {
            println!("{name}: open to strangers, as {why}");
        }
    }
    println!("{asked} requests of {} interactions by four callers each", scenario.interactions.len());
    assert!(hub.stop().status.success());
}

/// The callers that must be refused, with what each sends and may get. A stranger whom the table welcomes is not asked:
/// what he did would be done.
fn callers(
    population: &Population,
    interaction: &Interaction,
    own: &Sent,
    shows: Shows,
    stranger: Stranger,
    nth: usize,
) -> Vec<(&'static str, Sent, &'static [u16])> {
    const NO_CREDENTIALS: &[u16] = &[401, 403];
    let header =
        own.headers.iter().find(|(n, _)| n == "authorization").map(|(_, v)| v.as_str()).unwrap_or("");
    let mut callers = Vec::new();
    match shows {
        Shows::Nothing => {}
        Shows::Bearer => {
            let token =
                header.strip_prefix("Bearer ").unwrap_or_else(|| panic!("{}: no token", interaction.name));
            callers.push(("nobody", own.by(None, nth * 10), NO_CREDENTIALS));
            let unknown = "Bearer 0123456789012345678901234567890123456789012";
            callers.push(("an unknown token", own.by(Some(unknown), nth * 10 + 1), NO_CREDENTIALS));
            if let Refused(allowed) = stranger {
                let other = format!("Bearer {}", strangers_token(population, token));
                callers.push(("a stranger", own.by(Some(&other), nth * 10 + 2), allowed));
            }
        }
        Shows::Mesh => {
            callers.push(("nobody", own.by(None, nth * 10), NO_CREDENTIALS));
            let mailbox = mailbox_of(&own.path);
            let end_points = population.sizes().endpoints;
            let other = (0..end_points)
                .map(|i| population.endpoint(i))
                .find(|e| !mailbox.starts_with(&e.ods))
                .expect("a mailbox of another organisation");
            let token = |nonce: &str| {
                mesh_token_of(
                    MESH_SHARED_KEY,
                    &other.mailbox,
                    &other.mailbox_password,
                    &format!("{nonce}{nth}"),
                )
            };
            let Refused(allowed) = stranger else { return callers };
            // Once at the owner's door with the wrong key, once at his own door asking for the owner's message.
            callers.push(("a stranger", own.by(Some(&token("door")), nth * 10 + 1), NO_CREDENTIALS));
            if own.path.split('/').count() > 4 {
                let mut sent = own.by(Some(&token("message")), nth * 10 + 2);
                sent.path = sent.path.replace(&mailbox, &other.mailbox);
                callers.push(("a stranger at his own door", sent, allowed));
            }
        }
    }
    callers
}
