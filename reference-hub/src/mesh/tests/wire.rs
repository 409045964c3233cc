//! The interface behind a real listener: large content on disk, its removal when its message is deleted, refusals that
//! the listener makes, and names that the listener decodes.

use super::*;
use crate::StopHandle;
use crate::hub::{HubConfig, run};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

/// How long a test waits for the hub.
const PATIENCE: Duration = Duration::from_secs(20);

struct Running {
    address: SocketAddr,
    stop: StopHandle,
    thread: std::thread::JoinHandle<()>,
    tokens: Cell<u32>,
    now_ms: Cell<u64>,
}

fn start(data: &Path) -> Running {
    let config = HubConfig { sandbox: true, io_threads: Some(1), quiet: true, ..HubConfig::new(data) };
    let stop = StopHandle::new();
    let (sender, ready) = std::sync::mpsc::channel();
    let handle = stop.clone();
    let thread = std::thread::spawn(move || {
        run(&config, |address| sender.send(address).unwrap(), &handle).unwrap();
    });
    let address = ready.recv_timeout(PATIENCE).expect("the hub starts");
    Running { address, stop, thread, tokens: Cell::new(0), now_ms: Cell::new(crate::clock::now_ms()) }
}

impl Running {
    /// Status, header and body of an answer.
    fn ask(&self, line: &str, headers: &[(&str, &str)], body: &[u8]) -> (u16, String, Vec<u8>) {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut stream = BufReader::new(stream);
        let mut text = format!("{line} HTTP/1.1\r\nhost: hub\r\nconnection: close\r\n");
        for (name, value) in headers {
            text += &format!("{name}: {value}\r\n");
        }
        if !headers.iter().any(|(name, _)| *name == "content-length") {
            text += &format!("content-length: {}\r\n", body.len());
        }
        stream.get_mut().write_all(&[text.as_bytes(), b"\r\n", body].concat()).unwrap();
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert!(stream.read_line(&mut head).unwrap() > 0, "no answer: {head:?}");
        }
        let mut body = Vec::new();
        stream.read_to_end(&mut body).unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), head, body)
    }

    fn token(&self, mailbox: &str) -> String {
        self.tokens.set(self.tokens.get() + 1);
        let at = i64::try_from(self.now_ms.get()).unwrap();
        let now = jiff::Timestamp::from_millisecond(at).unwrap().strftime("%Y%m%d%H%M").to_string();
        // Hubs of one process share what they remember of used tokens, so each hub's nonce is its own.
        let nonce = format!("wire-{}", self.address.port());
        token::make("TestKey", mailbox, "password", &nonce, self.tokens.get(), &now)
    }

    fn advance(&self, ms: u64) {
        let (status, _, body) = self.ask(&format!("POST /_admin/clock?advance_ms={ms}"), &[], b"");
        assert_eq!(status, 200);
        let body: Value = serde_json::from_slice(&body).unwrap();
        self.now_ms.set(body["now_ms"].as_u64().unwrap());
    }

    fn stop(self) {
        self.stop.stop();
        self.thread.join().unwrap();
    }
}

fn files(data: &Path) -> usize {
    std::fs::read_dir(data.join("blobs")).unwrap().count()
}

fn until(what: &str, holds: impl Fn() -> bool) {
    let watch = crate::clock::Stopwatch::start();
    while !holds() {
        assert!(watch.elapsed() < PATIENCE, "not in time: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn large_content_leaves_the_disk_with_its_message() {
    let folder = tempfile::tempdir().unwrap();
    let hub = start(folder.path());
    let content = vec![7_u8; 400_000];
    let token = hub.token("X26ABC1");
    let headers =
        [("authorization", token.as_str()), ("mex-to", "X26ABC2"), ("mex-workflowid", "W"), ("accept", V2)];
    let (status, _, body) = hub.ask("POST /messageexchange/X26ABC1/outbox", &headers, &content);
    assert_eq!(status, 202);
    let id = serde_json::from_slice::<Value>(&body).unwrap()["message_id"].as_str().unwrap().to_owned();
    assert_eq!(files(folder.path()), 1);
    let token = hub.token("X26ABC2");
    let (status, _, body) =
        hub.ask(&format!("GET /messageexchange/X26ABC2/inbox/{id}"), &[("authorization", &token)], b"");
    assert_eq!((status, body.len()), (200, content.len()));
    hub.advance(31 * DAY_MS);
    until("the blob is removed", || files(folder.path()) == 0);
    let token = hub.token("X26ABC2");
    let (status, ..) =
        hub.ask(&format!("GET /messageexchange/X26ABC2/inbox/{id}"), &[("authorization", &token)], b"");
    assert_eq!(status, 404);
    hub.stop();
    assert!(crate::verify(folder.path()).unwrap().is_whole());
}

#[test]
fn a_packed_bomb_on_disk_is_sent_as_it_came() {
    let folder = tempfile::tempdir().unwrap();
    let hub = start(folder.path());
    // 400 MB of zeros in 400 KB: over what stays in memory, so that it is never looked into.
    let mut bomb = Vec::new();
    let zeros = std::io::repeat(0).take(400 * 1024 * 1024);
    flate2::read::GzEncoder::new(zeros, flate2::Compression::fast()).read_to_end(&mut bomb).unwrap();
    assert!(bomb.len() as u64 > crate::limits::INLINE_BYTES_MAX);
    let token = hub.token("X26ABC1");
    let headers = [
        ("authorization", token.as_str()),
        ("mex-to", "X26ABC2"),
        ("mex-workflowid", "W"),
        ("content-encoding", "gzip"),
        ("accept", V2),
    ];
    let (_, _, body) = hub.ask("POST /messageexchange/X26ABC1/outbox", &headers, &bomb);
    let id = serde_json::from_slice::<Value>(&body).unwrap()["message_id"].as_str().unwrap().to_owned();
    let token = hub.token("X26ABC2");
    let (status, head, body) =
        hub.ask(&format!("GET /messageexchange/X26ABC2/inbox/{id}"), &[("authorization", &token)], b"");
    assert_eq!((status, body == bomb), (200, true));
    assert!(head.contains("content-encoding: gzip"), "{head}");
    hub.stop();
}

#[test]
fn a_body_over_100_mb_is_413_in_the_error_shape_of_mesh() {
    let folder = tempfile::tempdir().unwrap();
    let hub = start(folder.path());
    for (accept, member) in [(V2, "detail"), ("application/json", "errorDescription")] {
        let headers = [("accept", accept), ("content-length", "100000001")];
        let (status, head, body) = hub.ask("POST /messageexchange/X26ABC1/outbox", &headers, b"");
        assert_eq!(status, 413);
        assert!(head.contains(&format!("content-type: {accept}")), "{head}");
        assert!(serde_json::from_slice::<Value>(&body).unwrap().get(member).is_some());
    }
    hub.stop();
}

#[test]
fn escaped_paths_lead_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let hub = start(folder.path());
    for path in [
        "/messageexchange/%2e%2e/inbox",
        "/messageexchange/../../etc/passwd",
        "/messageexchange/%2e%2e%2f%2e%2e%2fetc%2fpasswd/inbox",
        "/messageexchange/X26ABC1%00/inbox",
        "/messageexchange/X26ABC1/inbox/%2e%2e",
        "/messageexchange/X26ABC1/inbox/..%2f..%2fblobs%2fx",
    ] {
        let token = hub.token("X26ABC1");
        let (status, _, body) = hub.ask(&format!("GET {path}"), &[("authorization", &token)], b"");
        assert!(matches!(status, 403 | 404), "{path}: {status}");
        assert!(!String::from_utf8_lossy(&body).contains("root:"));
    }
    hub.stop();
}
