//! Clients that take their time on purpose (slowloris): with the header, the body, the answer, the handshake, or doing
//! nothing at all. Each is cut off, and others are served meanwhile.

use super::kit::{Client, Running, config, start};
use crate::limits::Limits;
use std::time::Duration;

const SHORT: Duration = Duration::from_millis(300);

fn hub(limits: Limits) -> (tempfile::TempDir, Running) {
    let folder = tempfile::tempdir().unwrap();
    let hub = start(config(folder.path(), "memory"), limits);
    (folder, hub)
}

/// Sends one byte at a time, as often as it can and at most for ten seconds; true when the hub cut it off.
fn dripped(client: &mut Client, byte: &str) -> bool {
    (0..200).any(|_| {
        std::thread::sleep(Duration::from_millis(50));
        !client.push(byte)
    })
}

/// Waits until the hub has only the asking connection open.
fn is_alone(hub: &Running) -> bool {
    let mut client = hub.client();
    (0..200).any(|_| {
        std::thread::sleep(Duration::from_millis(50));
        let status: serde_json::Value =
            serde_json::from_slice(&client.ask("GET /_status", &[]).body).unwrap();
        status["connections"] == 1
    })
}

#[test]
fn a_header_that_drips_is_cut_off_however_steadily_it_comes() {
    let (_folder, hub) = hub(Limits { header_read_time: SHORT, ..Limits::default() });
    let mut slow = hub.client();
    slow.send("GET /desk/counter/a HTTP/1.1\r\nhost: hub\r\nx-slow: ");
    assert!(dripped(&mut slow, "y"));
    assert_eq!(slow.rest().matches("HTTP/1.1 2").count(), 0);
    assert!(is_alone(&hub));
    hub.stop();
}

#[test]
fn a_body_that_drips_is_refused_with_408_however_steadily_it_comes() {
    let (_folder, hub) = hub(Limits { body_progress_time: SHORT, ..Limits::default() });
    for framing in ["content-length: 60000", "transfer-encoding: chunked"] {
        let mut slow = hub.client();
        slow.send(format!("POST /desk/echo HTTP/1.1\r\nhost: hub\r\n{framing}\r\n\r\n"));
        assert!(dripped(&mut slow, if framing.starts_with('c') { "y" } else { "1\r\ny\r\n" }), "{framing}");
    }
    let mut slow = hub.client();
    slow.send("POST /desk/blob HTTP/1.1\r\nhost: hub\r\ncontent-length: 5000000\r\n\r\nsome");
    let refused = slow.reply(false);
    assert_eq!((refused.status, refused.header("connection")), (408, Some("close")));
    assert!(slow.is_closed_by_hub());
    assert!(is_alone(&hub));
    hub.stop();
}

#[test]
fn a_body_that_comes_slowly_but_steadily_is_taken() {
    let (_folder, hub) = hub(Limits { body_progress_time: 2 * SHORT, ..Limits::default() });
    let mut client = hub.client();
    client.send("POST /desk/echo HTTP/1.1\r\nhost: hub\r\ncontent-length: 60000\r\n\r\n");
    for _ in 0..10 {
        std::thread::sleep(Duration::from_millis(150));
        client.send([b'y'; 6_000]);
    }
    assert_eq!(client.reply(false).body.len(), 60_000, "that is more than two periods");
    hub.stop();
}

#[test]
fn a_body_has_a_time_limit_as_a_whole() {
    let (_folder, hub) = hub(Limits { body_read_time: SHORT, ..Limits::default() });
    let mut client = hub.client();
    client.send("POST /desk/echo HTTP/1.1\r\nhost: hub\r\ncontent-length: 60000\r\n\r\n");
    for _ in 0..5 {
        std::thread::sleep(Duration::from_millis(100));
        client.push([b'y'; 6_000]);
    }
    assert!(client.rest().starts_with("HTTP/1.1 408 "));
    hub.stop();
}

#[test]
fn a_client_that_does_not_read_its_answer_is_cut_off() {
    const BYTES: usize = 40_000_000; // more than the kernel keeps for both sides
    let (_folder, hub) = hub(Limits { answer_stall_time: 7 * SHORT, ..Limits::default() });
    let sent = hub.client().ask_with("POST /desk/blob", &[], &vec![b'y'; BYTES]);
    assert_eq!(sent.status, 202);
    let mut slow = hub.client();
    slow.send(format!("GET /desk/blob/{} HTTP/1.1\r\nhost: hub\r\n\r\n", sent.text()));
    assert!(is_alone(&hub), "the hub does not wait for it");
    let got = slow.rest().len();
    assert!(got > 0 && got < BYTES, "it got {got} bytes");
    let whole = hub.client().ask(&format!("GET /desk/blob/{}", sent.text()), &[]);
    assert_eq!(whole.body.len(), BYTES, "who reads gets all of it");
    hub.stop();
}

#[test]
fn an_idle_connection_is_closed_in_time() {
    let (_folder, hub) = hub(Limits { header_read_time: SHORT, ..Limits::default() });
    let mut silent = hub.client();
    let mut idle = hub.client();
    assert_eq!(idle.ask("GET /health", &[]).status, 200);
    assert!(idle.is_closed_by_hub());
    assert!(silent.is_closed_by_hub());
    hub.stop();
}

#[test]
fn a_thousand_slow_clients_do_not_keep_others_from_being_served() {
    let (_folder, hub) = hub(Limits { header_read_time: 10 * SHORT, ..Limits::default() });
    let slow: Vec<Client> = (0..1_000)
        .map(|_| {
            let mut client = hub.client();
            client.send("GET /desk/counter/a HTTP/1.1\r\nhost: hub\r\nx-slow: ");
            client
        })
        .collect();
    let mut client = hub.client();
    for n in 1..=20 {
        assert_eq!(client.ask("POST /desk/counter/a", &[]).text(), n.to_string());
    }
    drop(client);
    assert!(is_alone(&hub), "all of them are cut off");
    drop(slow);
    hub.stop();
}

#[test]
fn unfinished_bodies_share_a_bounded_memory_and_give_it_back() {
    const MAX: u64 = 300_000;
    let (_folder, hub) = hub(Limits { gathered_bytes_max: MAX, ..Limits::default() });
    let half = |n: usize| {
        let mut client = hub.client();
        client.send(format!("POST /desk/echo HTTP/1.1\r\nhost: hub\r\ncontent-length: {n}\r\n\r\n"));
        client.send(vec![b'y'; n / 2]);
        client
    };
    let held: Vec<Client> = (0..8).map(|_| half(60_000)).collect();
    let mut refused = 0;
    for _ in 0..200 {
        std::thread::sleep(Duration::from_millis(20));
        let status: serde_json::Value =
            serde_json::from_slice(&hub.client().ask("GET /_status", &[]).body).unwrap();
        refused = status["refused"]["bodies"].as_u64().unwrap();
        if refused > 0 {
            break;
        }
    }
    assert!(refused > 0, "eight bodies of 60 KB are over {MAX} bytes");
    drop(held);
    assert!(is_alone(&hub));
    let whole = hub.client().ask_with("POST /desk/echo", &[], &vec![b'y'; 60_000]);
    assert_eq!((whole.status, whole.body.len()), (200, 60_000), "there is room again");
    hub.stop();
}
