//! Clients that mean harm: requests framed in two ways, floods of headers and connections, and asking too fast.

use super::kit::{Running, config, start};
use crate::limits::{HEADER_BYTES_MAX, HEADERS_MAX, Limits};

/// A request that the hub must never answer, as it is hidden in another.
const HIDDEN: &str = "GET /desk/counter/hidden HTTP/1.1\r\nhost: hub\r\n\r\n";

fn hub() -> (tempfile::TempDir, Running) {
    let folder = tempfile::tempdir().unwrap();
    let hub = start(config(folder.path(), "memory"), Limits::default());
    (folder, hub)
}

/// Sends the bytes with a hidden request behind them; the status of the one answer, after which the hub must close.
fn only_status(hub: &Running, bytes: &str) -> u16 {
    let mut client = hub.client();
    client.push([bytes, HIDDEN].concat());
    let all = client.rest();
    let what = bytes.get(..200).unwrap_or(bytes);
    assert_eq!(all.matches("HTTP/1.1 ").count(), 1, "one answer to {what:?}: {all:?}");
    all.split(' ').nth(1).unwrap().parse().unwrap()
}

#[test]
fn a_request_that_can_be_framed_in_two_ways_is_refused_and_its_connection_closed() {
    let (_folder, hub) = hub();
    let post = "POST /desk/echo HTTP/1.1\r\nhost: hub\r\n";
    let chunked = "transfer-encoding: chunked\r\n";
    for (what, bytes) in [
        ("Content-Length before chunks", format!("{post}content-length: 4\r\n{chunked}\r\n0\r\n\r\n")),
        ("Content-Length after chunks", format!("{post}{chunked}content-length: 4\r\n\r\n0\r\n\r\n")),
        ("two lengths", format!("{post}content-length: 0\r\ncontent-length: 44\r\n\r\n")),
        ("two lengths in one", format!("{post}content-length: 0, 44\r\n\r\n")),
        ("a length with a sign", format!("{post}content-length: +0\r\n\r\n")),
        ("a length that is no number", format!("{post}content-length: 0x0\r\n\r\n")),
        ("a length without bound", format!("{post}content-length: 18446744073709551616\r\n\r\n")),
        ("an unknown coding", format!("{post}transfer-encoding: xchunked\r\n\r\n0\r\n\r\n")),
        ("a coding after chunks", format!("{post}transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n")),
        ("a coding before chunks", format!("{post}transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n")),
        ("chunks twice", format!("{post}{chunked}{chunked}\r\n0\r\n\r\n")),
        (
            "a vertical tab before the coding",
            format!("{post}transfer-encoding: \x0bchunked\r\n\r\n0\r\n\r\n"),
        ),
        ("a quoted coding", format!("{post}transfer-encoding: \"chunked\"\r\n\r\n0\r\n\r\n")),
        ("chunks in HTTP/1.0", format!("POST /desk/echo HTTP/1.0\r\n{chunked}\r\n0\r\n\r\n")),
        ("a space before the colon", format!("{post}content-length : 0\r\n\r\n")),
        ("a tab before the colon", format!("{post}transfer-encoding\t: chunked\r\n\r\n0\r\n\r\n")),
        ("a folded header", format!("{post}transfer-encoding:\r\n chunked\r\n\r\n0\r\n\r\n")),
        ("a folded first header", "POST /desk/echo HTTP/1.1\r\n host: hub\r\n\r\n".to_owned()),
        ("a line feed alone after a header", format!("{post}content-length: 0\n\r\n")),
        ("a line feed alone after the head", format!("{post}content-length: 0\r\n\n")),
        (
            "a line feed alone after the request line",
            "POST /desk/echo HTTP/1.1\nhost: hub\r\n\r\n".to_owned(),
        ),
        ("line feeds alone", "POST /desk/echo HTTP/1.1\nhost: hub\n\n".to_owned()),
        ("a carriage return alone", format!("{post}x: y\rcontent-length: 0\r\n\r\n")),
        ("a zero byte", format!("{post}x: \0\r\n\r\n")),
        ("a header without a name", format!("{post}: x\r\n\r\n")),
        ("a chunk size that overflows", format!("{post}{chunked}\r\n10000000000000000\r\n\r\n0\r\n\r\n")),
        ("a chunk size with a sign", format!("{post}{chunked}\r\n-1\r\n\r\n0\r\n\r\n")),
        ("a chunk size with a prefix", format!("{post}{chunked}\r\n0x1\r\na\r\n0\r\n\r\n")),
        ("no chunk size", format!("{post}{chunked}\r\n\r\n0\r\n\r\n")),
        ("a chunk longer than its size", format!("{post}{chunked}\r\n1\r\nabc\r\n0\r\n\r\n")),
        ("a line feed alone after a chunk size", format!("{post}{chunked}\r\n1\na\r\n0\r\n\r\n")),
        ("a line feed alone in an extension", format!("{post}{chunked}\r\n1;x\na\r\n0\r\n\r\n")),
        ("a line feed alone in a trailer", format!("{post}{chunked}\r\n0\r\nt: v\n\r\n")),
    ] {
        assert_eq!(only_status(&hub, &bytes), 400, "{what}");
    }
    assert_eq!(hub.stop().answered.by_operation.get("pds-retrieve"), None, "no hidden request was answered");
}

#[test]
fn requests_sent_ahead_are_answered_in_order_when_each_is_framed_in_one_way() {
    let (_folder, hub) = hub();
    let mut client = hub.client();
    let chunked = "POST /desk/echo HTTP/1.1\r\nhost: hub\r\ntransfer-encoding: chunked\r\n\r\n";
    client.send(format!("{chunked}4;a=b\r\n\n\r\n\n\r\n0\r\nt: v\r\n\r\n{HIDDEN}"));
    assert_eq!(client.reply(false).text(), "\n\r\n\n");
    assert_eq!(client.reply(false).status, 404);
    let length = "POST /desk/echo HTTP/1.1\r\nhost: hub\r\nContent-Length: 4\r\n\r\n";
    client.send(format!("{length}\n\r\n\n{HIDDEN}"));
    assert_eq!(client.reply(false).text(), "\n\r\n\n");
    assert_eq!(client.reply(false).status, 404);
    hub.stop();
}

#[test]
fn a_flood_of_headers_is_refused_with_431_and_its_connection_closed() {
    let (_folder, hub) = hub();
    let get = "GET /desk/counter/a HTTP/1.1\r\n";
    let many = |n: usize| (0..n).map(|i| format!("x-{i}: y\r\n")).collect::<String>();
    let mut client = hub.client();
    client.send(format!("{get}{}\r\n", many(HEADERS_MAX)));
    assert_eq!(client.reply(false).status, 404, "as many as allowed pass");
    assert_eq!(only_status(&hub, &format!("{get}{}\r\n", many(HEADERS_MAX + 1))), 431, "one more");
    let long = "y".repeat(HEADER_BYTES_MAX);
    assert_eq!(only_status(&hub, &format!("{get}x: {long}\r\n\r\n")), 431, "one that is too long");
    assert_eq!(only_status(&hub, &format!("GET /{long} HTTP/1.1\r\n\r\n")), 431, "a target that is too long");
    let mut endless = hub.client();
    endless.push(get);
    let sent = (0..1_000).take_while(|_| endless.push("x: y\r\n".repeat(1_000))).count();
    assert!(sent < 1_000, "the hub stops listening to a header without end");
    assert!(!endless.rest().contains("HTTP/1.1 2"));
    hub.stop();
}

#[test]
fn one_address_has_no_more_connections_than_allowed() {
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits { connections_per_address_max: 2, ..Limits::default() };
    let hub = start(config(folder.path(), "memory"), limits);
    let mut open: Vec<_> = (0..2).map(|_| hub.client()).collect();
    for client in &mut open {
        assert_eq!(client.ask("GET /health", &[]).status, 200);
    }
    for _ in 0..50 {
        let refused = hub.client().reply(false);
        assert_eq!((refused.status, refused.header("retry-after")), (503, Some("1")));
    }
    assert_eq!(open[0].ask("GET /health", &[]).status, 200, "who is in is served");
    drop(open.pop());
    let again = (0..100).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(20));
        let mut client = hub.client();
        client.push("GET /health HTTP/1.1\r\nhost: hub\r\nconnection: close\r\n\r\n");
        client.rest().starts_with("HTTP/1.1 200 ")
    });
    assert!(again, "the place of one that left is free");
    hub.stop();
}

#[test]
fn a_client_over_its_rate_gets_429_with_a_time_to_wait_and_others_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let hub = start(config(folder.path(), "memory"), Limits { rate_per_s: 2, ..Limits::default() });
    let mut client = hub.client();
    let id = [("x-request-id", "r-1")];
    let replies: Vec<_> = (0..20).map(|_| client.ask("GET /desk/counter/a", &id)).collect();
    let refused =
        replies.iter().find(|r| r.status == 429).expect("twenty at once are more than two a second");
    assert_eq!(replies[0].status, 404);
    assert_eq!((refused.header("retry-after"), refused.header("x-request-id")), (Some("1"), Some("r-1")));
    let body: serde_json::Value = serde_json::from_slice(&refused.body).unwrap();
    assert_eq!(body["issue"][0]["details"]["coding"][0]["code"], "TOO_MANY_REQUESTS");
    assert_eq!(body["issue"][0]["code"], "throttled");
    for _ in 0..20 {
        assert_eq!(client.ask("GET /health", &[]).status, 200, "the supervisor is not limited");
    }
    let nowhere = (0..20).any(|_| client.ask("GET /nowhere", &[]).status == 429);
    assert!(nowhere, "what no interface serves is limited too");
    let refused = (0..20)
        .map(|_| hub.client().ask_with("POST /desk/counter/a", &[], b"xyz"))
        .find(|reply| reply.status == 429)
        .expect("twenty at once are more than two a second");
    assert_eq!(refused.header("connection"), Some("close"), "before the body is read");
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    assert_eq!(client.ask("GET /desk/counter/a", &[]).status, 404, "the bucket fills again");
    assert!(hub.stop().answered.by_status["429"] >= 2);
}
