//! Tests of the lookup against servers that keep, forget, double, refuse and hang up.

use super::*;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;

/// A scenario of messages and updates with these events.
pub(crate) fn scenario(action: &str) -> Scenario {
    static NTH: AtomicUsize = AtomicUsize::new(0);
    let nth = NTH.fetch_add(1, Ordering::Relaxed);
    let folder = std::env::temp_dir().join(format!("spinebench-lookup-{}-{nth}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("made");
    let path = folder.join("lookup.toml");
    let text = "title = \"lookup\"\n[target]\nhub = \"embedded\"\n[population]\npatients = 100\norganisations = 10\n\
                endpoints = 14\n[[phase]]\nname = \"p\"\nduration = \"1s\"\nrate = \"1/s\"\n[mix]\nmesh-send = 1\n\
                eps-claim = 1\naudit-event = 1\n";
    std::fs::write(&path, text).expect("written");
    let mut scenario = load(&path);
    std::fs::remove_dir_all(&folder).expect("removed");
    if !action.is_empty() {
        let at = Duration::from_millis(100);
        scenario.events =
            vec![scenarios::Event { at, action: scenarios::Action::HubKill, text: action.into() }];
    }
    scenario
}

fn load(path: &Path) -> Scenario {
    scenarios::load(path).unwrap_or_else(|faults| panic!("{faults}"))
}

pub(crate) fn context<'a>(
    population: &'a Population,
    seq: u64,
    taken: Option<&'a scenarios::HandOver>,
) -> RenderContext<'a> {
    RenderContext {
        population,
        seed: 42,
        seq,
        ordinal: seq,
        taken,
        given: Given::default(),
        now: "2026-11-23T08:09:10Z".parse().expect("a time"),
        host: "h",
    }
}

/// A server that keeps local ids, each with how often; answers tracking by them; forgets what it is told to forget.
struct Server {
    address: SocketAddr,
}

impl Server {
    /// `answer` gives status and body for a path and how many requests came before.
    fn start(answer: impl Fn(&str, usize) -> Option<(u16, String)> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("bound");
        let address = listener.local_addr().expect("an address");
        let (answer, count) = (Arc::new(answer), Arc::new(AtomicUsize::new(0)));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (answer, count) = (Arc::clone(&answer), Arc::clone(&count));
                std::thread::spawn(move || {
                    let mut out = stream.try_clone().expect("cloned");
                    let mut lines = BufReader::new(stream).lines();
                    while let Some(Ok(first)) = lines.next() {
                        while lines.next().is_some_and(|l| l.is_ok_and(|l| !l.is_empty())) {}
                        let path = first.split(' ').nth(1).unwrap_or("").to_owned();
                        let Some((status, body)) = answer(&path, count.fetch_add(1, Ordering::Relaxed))
                        else {
                            return;
                        };
                        let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n\r\n", body.len());
                        if out.write_all(format!("{head}{body}").as_bytes()).is_err() {
                            return;
                        }
                    }
                });
            }
        });
        Server { address }
    }
}

/// Ten messages acknowledged as m0 to m9; the local ids as they were sent.
fn ten(scenario: &Scenario, population: &Population) -> (Ledger, Vec<String>) {
    let (mut ledger, mut local_ids) = (Ledger::new(scenario), Vec::new());
    let send = scenario.interactions.iter().position(|i| i.name == "mesh-send").expect("in the mix");
    for seq in 0..10 {
        let body = format!(r#"{{"message_id":"m{seq}"}}"#);
        let answer = AnswerView { status: 202, headers: &[], body: body.as_bytes() };
        let cx = context(population, seq, None);
        ledger.note(scenario, send, &answer, &cx, seq);
        let mut request = Vec::new();
        scenario.interactions[send].render(&cx, &mut request);
        let head = String::from_utf8_lossy(&request);
        let local = head.lines().find_map(|l| l.strip_prefix("Mex-LocalID: ")).expect("a local id");
        local_ids.push(local.to_owned());
    }
    (ledger, local_ids)
}

fn looked_up(server: &Server, ledger: &Ledger, scenario: &Scenario, population: &Population) -> Resilience {
    let (mut found, stop, host) = (Resilience::default(), AtomicBool::new(false), server.address.to_string());
    let open = |_| Connection::open(server.address);
    let asking = Asking { scenario, population, host: &host, open: &open, stop: &stop, tell: &|_, _| {} };
    look_up(ledger, &asking, &mut found);
    found
}

fn counts(found: &Resilience) -> (u64, u64, u64, u64) {
    (found.writes_acknowledged, found.writes_checked, found.writes_lost, found.duplicated)
}

/// Tracking by local id of a server that has all but some, and some twice.
fn tracking(
    local_ids: Vec<String>,
    forgotten: &'static [usize],
    twice: &'static [usize],
) -> impl Fn(&str, usize) -> Option<(u16, String)> + Send + Sync {
    move |path, _| {
        let id = path.rsplit('/').next().unwrap_or("");
        Some(match local_ids.iter().position(|l| l == id) {
            Some(i) if twice.contains(&i) => (300, "more than one".into()),
            Some(i) if !forgotten.contains(&i) => (200, format!(r#"{{"messageId":"m{i}"}}"#)),
            _ => (404, r#"{"errorCode":"20"}"#.into()),
        })
    }
}

#[test]
fn a_server_that_has_everything_once_has_lost_nothing() {
    let scenario = scenario("hub-kill");
    let population = crate::run::population_of(&scenario).expect("possible");
    let (ledger, ids) = ten(&scenario, &population);
    let found = looked_up(&Server::start(tracking(ids, &[], &[])), &ledger, &scenario, &population);
    assert_eq!(counts(&found), (10, 10, 0, 0), "{:?}", found.basis);
    assert!(found.basis.iter().any(|s| s.contains("10 mesh-send")), "{:?}", found.basis);
}

#[test]
fn a_server_that_forgets_or_doubles_is_found_out() {
    let scenario = scenario("hub-kill");
    let population = crate::run::population_of(&scenario).expect("possible");
    let (ledger, ids) = ten(&scenario, &population);
    let server = Server::start(tracking(ids.clone(), &[2, 5, 9], &[3]));
    let found = looked_up(&server, &ledger, &scenario, &population);
    assert_eq!(counts(&found), (10, 10, 3, 1), "{:?}", found.basis);
    assert!(found.basis.iter().any(|s| s.contains("LOST: 3 mesh-send") && s.contains("404")), "{found:?}");
    // Another message under the same local id is not the one that was acknowledged.
    let other = Server::start(|_, _| Some((200, r#"{"messageId":"other"}"#.into())));
    assert_eq!(counts(&looked_up(&other, &ledger, &scenario, &population)), (10, 10, 10, 0));
}

#[test]
fn a_server_that_is_busy_or_hangs_up_is_asked_again_and_no_answer_is_not_a_loss() {
    let scenario = scenario("hub-kill");
    let population = crate::run::population_of(&scenario).expect("possible");
    let (ledger, ids) = ten(&scenario, &population);
    let has = tracking(ids, &[], &[]);
    let asked: Mutex<BTreeMap<String, u32>> = Mutex::default();
    let server = Server::start(move |path, n| {
        let mut asked = asked.lock().expect("whole");
        let times = asked.entry(path.to_owned()).or_default();
        *times += 1;
        match *times {
            1 => Some((503, String::new())),
            2 => None,
            _ => has(path, n),
        }
    });
    let found = looked_up(&server, &ledger, &scenario, &population);
    assert_eq!(counts(&found), (10, 10, 0, 0), "{:?}", found.basis);
    let server = Server::start(|_, _| Some((503, String::new())));
    let found = looked_up(&server, &ledger, &scenario, &population);
    assert_eq!(counts(&found), (10, 0, 0, 0));
    assert!(found.basis.iter().any(|s| s.contains("could not be looked up: answered 503")), "{found:?}");
}

#[test]
fn what_has_no_proof_is_counted_and_named_with_the_reason() {
    let scenario = scenario("hub-kill");
    let population = crate::run::population_of(&scenario).expect("possible");
    let mut ledger = Ledger::new(&scenario);
    let audit = scenario.interactions.iter().position(|i| i.name == "audit-event").expect("in the mix");
    let answer = AnswerView { status: 201, headers: &[], body: b"" };
    ledger.note(&scenario, audit, &answer, &context(&population, 1, None), 1);
    let found = looked_up(&Server::start(|_, _| None), &ledger, &scenario, &population);
    assert_eq!(counts(&found), (1, 0, 0, 0));
    let reason = "Not looked up: 1 audit-event (no published interface shows an audit event).";
    assert!(found.basis.iter().any(|s| s == reason), "{:?}", found.basis);
}
