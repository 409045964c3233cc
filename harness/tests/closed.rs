//! Claim: in the closed model each connection asks again as soon as it has its answer, never more than one request is under
//! way on each, everything is counted, and the record says which model it was.

use harness::child::HubPid;
use harness::client::connector::Connector;
use harness::run::{Setting, run_open};
use scenarios::{Memory, Scenario};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// Connections of the scenario.
const CONNECTIONS: usize = 4;
/// What the server waits before each answer.
const WAIT: Duration = Duration::from_millis(2);

/// A server that waits before each answer and remembers how many requests were with it at most.
fn server(most: &Arc<AtomicUsize>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let (most, now) = (Arc::clone(most), Arc::new(AtomicUsize::new(0)));
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (most, now) = (Arc::clone(&most), Arc::clone(&now));
            std::thread::spawn(move || answer(stream, &most, &now));
        }
    });
    address
}

fn answer(mut stream: std::net::TcpStream, most: &AtomicUsize, now: &AtomicUsize) {
    let mut buffer = [0; 4096];
    while matches!(stream.read(&mut buffer), Ok(n) if n > 0) {
        most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        std::thread::sleep(WAIT);
        now.fetch_sub(1, Ordering::SeqCst);
        if stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi").is_err() {
            return;
        }
    }
}

fn scenario(address: SocketAddr) -> Scenario {
    let text = format!(
        "title = \"t\"\nmix = {{ a = 3, b = 1 }}\ntarget = {{ url = \"http://{address}\" }}\n\
         load = {{ model = \"closed\", connections = {CONNECTIONS} }}\n\
         phase = [{{ name = \"first\", duration = \"400ms\" }}, {{ name = \"second\", duration = \"600ms\" }}]\n"
    );
    let get = |path: &str| format!("method = \"GET\"\npath = \"{path}\"\n[expect]\nstatus = 200\n");
    let (a, b) = (get("/a"), get("/b"));
    let files = [("interactions/a.toml", a.as_bytes()), ("interactions/b.toml", b.as_bytes())];
    Memory::new(&files).load(text.as_bytes()).unwrap_or_else(|faults| panic!("{faults}"))
}

#[test]
fn each_connection_asks_again_at_once_and_every_request_is_counted() {
    let most = Arc::new(AtomicUsize::new(0));
    let target = server(&most);
    let scenario = scenario(target);
    let mut setting = Setting {
        connector: Connector::new(target),
        hub_pid: HubPid::default(),
        command: String::new(),
        stop: &AtomicBool::new(false),
        begin: &mut |_| {},
        opening: &mut |_, _| {},
        settle: &mut Vec::new,
        live: &mut |_| {},
    };
    let measured = run_open(&scenario, &mut setting).expect("the server is there");
    let record = &measured.record;
    assert_eq!(record.model, "closed");
    let c = record.counts;
    assert_eq!((c.planned, c.failed, c.dropped), (c.answered, 0, 0), "{c:?}");
    // A second of four connections with answers after 2 ms are 2,000 at best; a busy machine gives fewer.
    assert!((200..=2_000).contains(&c.answered), "{c:?}");
    assert!((2..=CONNECTIONS).contains(&most.load(Ordering::SeqCst)), "{most:?} at one time");
    let of = |name: &str| {
        let found = measured.histograms.iter().find(|h| h.interaction == name);
        found.map_or(0, |h| h.histogram.len()) as f64
    };
    let share = of("a") / c.answered as f64;
    assert!((0.6..0.9).contains(&share), "three of four ask a, got {share}");
    let late = record.validity.reasons.iter().any(|r| r.contains("late") || r.contains("schedule"));
    assert!(!late, "{:?}", record.validity.reasons);
}
