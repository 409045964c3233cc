//! Claim: a hub killed with SIGKILL under load has, after its restart, every write that it acknowledged, none of them
//! twice, and an audit log without a gap.
//!
//! Writers keep a ledger of what was acknowledged and of what was sent with an unknown fate; after each kill the same
//! data folder is opened again and every line of the ledger is looked up. `SPINEBENCH_KILLS` sets the number of kills.

use crate::support::{Http, Hub, mesh_token, said, spinebench};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Kills in the test command; the long suite sets 200.
const KILLS: u32 = 20;
const WRITERS: u32 = 8;
const PATIENTS: u64 = 1_000;

/// What one writer knows.
#[derive(Default)]
struct Ledger {
    /// MESH local ids whose send was acknowledged, with the message id given.
    sent: BTreeMap<String, String>,
    /// MESH local ids with an unknown fate.
    unknown: BTreeSet<String>,
    /// Patient -> last acknowledged version.
    versions: BTreeMap<String, u64>,
    /// Patients with one update of unknown fate after that.
    in_doubt: BTreeSet<String>,
}

fn send_message(http: &mut Http, local_id: &str) -> std::io::Result<String> {
    let token = mesh_token("X26ABC1", local_id);
    let headers = [
        ("authorization", token.as_str()),
        ("mex-from", "X26ABC1"),
        ("mex-to", "X26ABC2"),
        ("mex-workflowid", "SPINEBENCH"),
        ("mex-localid", local_id),
        ("content-type", "application/octet-stream"),
        ("accept", "application/vnd.mesh.v2+json"),
    ];
    let reply = http.ask("POST", "/messageexchange/X26ABC1/outbox", &headers, &[b'x'; 3_000])?;
    assert_eq!(reply.status, 202, "{}", String::from_utf8_lossy(&reply.body));
    Ok(reply.json()["message_id"].as_str().expect("a message id").to_owned())
}

fn patient_path(nhs: &str) -> String {
    format!("/personal-demographics/FHIR/R4/Patient/{nhs}")
}

fn request_id(writer: u32, n: u64) -> String {
    format!("{writer:08x}-0000-4000-8000-{n:012x}")
}

fn version(http: &mut Http, nhs: &str, id: &str) -> std::io::Result<u64> {
    let reply = http.ask("GET", &patient_path(nhs), &[("x-request-id", id)], b"")?;
    assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.body));
    let etag = reply.header("etag").expect("an ETag").to_owned();
    Ok(etag.trim_start_matches("W/\"").trim_end_matches('"').parse().expect("a version"))
}

fn update(http: &mut Http, nhs: &str, from: u64, id: &str) -> std::io::Result<()> {
    let etag = format!("W/\"{from}\"");
    let gender = if from.is_multiple_of(2) { "male" } else { "female" };
    let body = format!(r#"{{"patches":[{{"op":"replace","path":"/gender","value":"{gender}"}}]}}"#);
    let headers =
        [("x-request-id", id), ("if-match", &etag), ("content-type", "application/json-patch+json")];
    let reply = http.ask("PATCH", &patient_path(nhs), &headers, body.as_bytes())?;
    assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.body));
    Ok(())
}

/// Writes until the hub dies or `stop` is set.
fn write_until_killed(
    address: SocketAddr,
    writer: u32,
    round: u32,
    people: &[String],
    stop: &AtomicBool,
    ledger: &mut Ledger,
) {
    let Ok(mut http) = Http::connect(address) else { return };
    let mut n = u64::from(round) << 32;
    while !stop.load(Ordering::Relaxed) {
        n += 1;
        let local_id = format!("w{writer}-r{round}-n{n}");
        match send_message(&mut http, &local_id) {
            Ok(id) => assert!(ledger.sent.insert(local_id, id).is_none()),
            Err(_) => {
                ledger.unknown.insert(local_id);
                return;
            }
        }
        let nhs = &people[(n as usize) % people.len()];
        if ledger.in_doubt.contains(nhs) {
            continue;
        }
        let from = ledger.versions.get(nhs).copied().unwrap_or(1);
        match update(&mut http, nhs, from, &request_id(writer, n)) {
            Ok(()) => {
                ledger.versions.insert(nhs.clone(), from + 1);
            }
            Err(_) => {
                ledger.in_doubt.insert(nhs.clone());
                return;
            }
        }
    }
}

/// Looks every line of the ledger up; settles what was in doubt.
fn check(address: SocketAddr, writer: u32, round: u32, ledger: &mut Ledger) {
    let mut http = Http::connect(address).expect("the hub is back");
    for (i, nhs) in
        ledger.versions.keys().chain(&ledger.in_doubt).cloned().collect::<BTreeSet<_>>().iter().enumerate()
    {
        let id = request_id(writer + 100, (u64::from(round) << 32) + i as u64);
        let is = version(&mut http, nhs, &id).expect("answered");
        let acknowledged = ledger.versions.get(nhs).copied().unwrap_or(1);
        let may_be = acknowledged + u64::from(ledger.in_doubt.contains(nhs));
        assert!(
            (acknowledged..=may_be).contains(&is),
            "{nhs}: acknowledged {acknowledged}, at most {may_be}, is {is}"
        );
        ledger.versions.insert(nhs.clone(), is);
    }
    ledger.in_doubt.clear();
}

/// Every message in the receiver's inbox, over all pages.
fn inbox(address: SocketAddr, round: u32) -> Vec<String> {
    let mut http = Http::connect(address).expect("the hub is back");
    let mut all = Vec::new();
    let mut path = "/messageexchange/X26ABC2/inbox?max_results=5000".to_owned();
    for page in 0.. {
        let token = mesh_token("X26ABC2", &format!("list-{round}-{page}"));
        let headers = [("authorization", token.as_str()), ("accept", "application/vnd.mesh.v2+json")];
        let reply = http.ask("GET", &path, &headers, b"").expect("answered");
        assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.body));
        let json = reply.json();
        let messages = json["messages"].as_array().expect("a list");
        all.extend(messages.iter().map(|m| m.as_str().expect("an id").to_owned()));
        match json["links"]["next"].as_str() {
            Some(next) if !messages.is_empty() => path = next.to_owned(),
            _ => break,
        }
    }
    all
}

/// Local ids that the hub knows more than one message for, or none.
fn tracked(address: SocketAddr, ledger: &Ledger, round: u32) {
    let mut http = Http::connect(address).expect("the hub is back");
    // The newest hundred: all of them were looked at in their own round, and the inbox holds the rest.
    for (local_id, id) in ledger.sent.iter().rev().take(100) {
        let token = mesh_token("X26ABC1", &format!("track-{round}-{local_id}"));
        let headers = [("authorization", token.as_str()), ("accept", "application/vnd.mesh.v2+json")];
        let path = format!("/messageexchange/X26ABC1/outbox/tracking?messageID={id}");
        let reply = http.ask("GET", &path, &headers, b"").expect("answered");
        assert_eq!((reply.status, reply.json()["local_id"].as_str()), (200, Some(local_id.as_str())), "{id}");
    }
}

#[test]
fn a_killed_hub_keeps_every_acknowledged_write_once() {
    let _alone = crate::support::alone();
    let kills = std::env::var("SPINEBENCH_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(KILLS);
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let arguments = ["--sandbox", "--patients", "1000", "--organisations", "100", "--endpoints", "100"];
    let sizes = population::Sizes { patients: PATIENTS, organisations: 100, endpoints: 100 };
    let people = population::Population::new(42, sizes).expect("possible sizes");
    let numbers: Vec<String> = (0..PATIENTS).map(|i| people.nhs_number(i).to_string()).collect();
    let mut ledgers: Vec<Ledger> = (0..WRITERS).map(|_| Ledger::default()).collect();
    for round in 0..kills {
        let hub = Hub::start(&data, &arguments);
        let (address, stop) = (hub.address, AtomicBool::new(false));
        std::thread::scope(|scope| {
            for ((writer, ledger), mine) in
                (0..).zip(&mut ledgers).zip(numbers.chunks(numbers.len() / WRITERS as usize))
            {
                let stop = &stop;
                scope.spawn(move || write_until_killed(address, writer, round, mine, stop, ledger));
            }
            // Another instant in every round, between 100 and 400 ms into the load.
            std::thread::sleep(Duration::from_millis(100 + u64::from(round * 7919 % 300)));
            hub.kill();
            stop.store(true, Ordering::Relaxed);
        });
        let verified = spinebench(&["hub", "audit", "verify", data.to_str().expect("utf-8")]);
        assert!(verified.status.success(), "kill {round}: {}", said(&verified));
        let hub = Hub::start(&data, &arguments);
        for (writer, ledger) in (0..).zip(&mut ledgers) {
            check(hub.address, writer, round, ledger);
            tracked(hub.address, ledger, round);
        }
        let delivered = inbox(hub.address, round);
        let once: BTreeSet<&String> = delivered.iter().collect();
        assert_eq!(once.len(), delivered.len(), "kill {round}: a message stands twice in the inbox");
        let acknowledged: BTreeSet<&String> = ledgers.iter().flat_map(|l| l.sent.values()).collect();
        let lost: Vec<_> = acknowledged.iter().filter(|id| !once.contains(**id)).collect();
        assert!(
            lost.is_empty(),
            "kill {round}: {} acknowledged messages are gone, e.g. {:?}",
            lost.len(),
            lost.first()
        );
        let unknown: usize = ledgers.iter().map(|l| l.unknown.len()).sum();
        assert!(
            once.len() <= acknowledged.len() + unknown,
            "kill {round}: {} messages, but only {} acknowledged and {unknown} in doubt",
            once.len(),
            acknowledged.len()
        );
        let stopped = hub.stop();
        assert!(stopped.status.success(), "{}", said(&stopped));
    }
    let writes: usize = ledgers.iter().map(|l| l.sent.len()).sum();
    let updates: u64 = ledgers.iter().flat_map(|l| l.versions.values()).map(|v| v - 1).sum();
    assert!(writes > kills as usize * 50, "only {writes} writes: the kills hit an idle hub");
    println!("{kills} kills, {writes} messages and {updates} updates acknowledged, none lost, none twice");
}
