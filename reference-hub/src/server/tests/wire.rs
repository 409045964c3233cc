//! Requests and answers: bodies, limits, mirrored ids, overload, failures, retries.

use super::kit::{Client, config, start};
use crate::limits::Limits;
use std::time::Duration;

#[test]
fn counts_add_up_and_ids_are_mirrored() {
    let folder = tempfile::tempdir().unwrap();
    let hub = start(config(folder.path(), "memory"), Limits::default());
    let mut client = hub.client();
    let ids = [("X-Request-ID", "r-1"), ("X-Correlation-ID", "c-1")];
    let reply = client.ask("GET /desk/counter/a", &ids);
    assert_eq!(reply.status, 404);
    assert_eq!(reply.header("x-request-id"), Some("r-1"));
    assert_eq!(reply.header("x-correlation-id"), Some("c-1"));
    assert!(reply.header("date").is_some());
    assert_eq!(client.ask("POST /desk/counter/a", &[]).text(), "1");
    assert_eq!(client.ask("GET /desk/counter/a", &[]).text(), "1");
    assert_eq!(client.ask("GET /nowhere", &[]).status, 404);
    assert_eq!(client.ask("DELETE /desk/counter/a", &[]).header("allow"), Some("GET, POST"));
    assert_eq!(client.ask("GET /desk/%zz", &[]).status, 400);
    assert_eq!(client.ask("GET /health", &[]).text(), r#"{"status":"ok"}"#);
    let status: serde_json::Value = serde_json::from_str(&client.ask("GET /_status", &[]).text()).unwrap();
    assert_eq!(status["ready"], true);
    assert_eq!(status["store"], "memory");
    assert_eq!(status["answered"]["total"], 6, "health and status do not count: {status}");
    assert_eq!(status["answered"]["by_operation"]["pds-retrieve"], 2);
    assert_eq!(status["answered"]["by_operation"]["pds-update"], 1);
    assert_eq!(status["answered"]["by_operation"]["other"], 3);
    assert_eq!(status["answered"]["by_status"]["200"], 2);
    drop(client);
    assert_eq!(hub.stop().answered.total, 6);
}

#[test]
fn a_chunked_body_without_a_length_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let hub = start(config(folder.path(), "memory"), Limits::default());
    let mut client = hub.client();
    client.send("POST /desk/echo HTTP/1.1\r\nhost: hub\r\ntransfer-encoding: chunked\r\n\r\n");
    client.send("5\r\nhello\r\n");
    std::thread::sleep(Duration::from_millis(20)); // the pieces arrive apart
    client.send("7\r\n, world\r\n0\r\n\r\n");
    assert_eq!(client.reply(false).text(), "hello, world");
    client.send("POST /desk/echo HTTP/1.1\r\nhost: hub\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n");
    assert_eq!(client.reply(false).status, 100);
    client.send("ok");
    assert_eq!(client.reply(false).text(), "ok");
    hub.stop();
}

#[test]
fn a_large_body_goes_to_a_blob_and_comes_back_whole() {
    let folder = tempfile::tempdir().unwrap();
    let hub = start(config(folder.path(), "memory"), Limits::default());
    let mut client = hub.client();
    let large: Vec<u8> = (0..1_500_000_u32).map(|i| (i % 251) as u8).collect();
    let sent = client.ask_with("POST /desk/blob", &[], &large);
    assert_eq!(sent.status, 202);
    let back = client.ask(&format!("GET /desk/blob/{}", sent.text()), &[]);
    assert_eq!(back.header("content-length"), Some("1500000"));
    assert!(back.body == large);
    let head = client.ask(&format!("HEAD /desk/blob/{}", sent.text()), &[]);
    assert_eq!((head.status, head.header("content-length")), (200, Some("1500000")));
    assert_eq!(client.ask("GET /desk/blob/none/5", &[]).status, 500);
    assert_eq!(client.ask_with("POST /desk/blob", &[], b"x").text(), "small");
    // The same without a length, in chunks: it becomes a blob when it turns out to be large.
    client.send("POST /desk/blob HTTP/1.1\r\nhost: hub\r\ntransfer-encoding: chunked\r\n\r\n");
    for piece in large.chunks(100_000) {
        client.send(format!("{:x}\r\n", piece.len()));
        client.send(piece);
        client.send("\r\n");
    }
    client.send("0\r\n\r\n");
    let sent = client.reply(false);
    assert!(client.ask(&format!("GET /desk/blob/{}", sent.text()), &[]).body == large);
    hub.stop();
}

#[test]
fn a_body_over_the_limit_is_refused_before_it_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let hub = start(config(folder.path(), "memory"), Limits::default());
    let mut client = hub.client();
    client.send("POST /desk/counter/a HTTP/1.1\r\nhost: hub\r\ncontent-length: 70000\r\n\r\n");
    let reply = client.reply(false);
    assert_eq!((reply.status, reply.header("connection")), (413, Some("close")));
    let mut client = hub.client();
    client.send("POST /desk/counter/a HTTP/1.1\r\nhost: hub\r\ntransfer-encoding: chunked\r\n\r\n");
    client.send(format!("11171\r\n{}", "x".repeat(70_001)));
    assert_eq!(client.reply(false).status, 413, "an undeclared body is refused when it passes the limit");
    assert_eq!(hub.stop().answered.by_status.get("413"), Some(&2));
}

#[test]
fn a_full_commit_queue_is_503_with_a_time_to_wait_and_reads_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let hub = start(config(folder.path(), "memory"), Limits { commit_queue_max: 0, ..Limits::default() });
    let mut client = hub.client();
    let refused = client.ask("POST /desk/counter/a", &[("x-request-id", "r")]);
    assert_eq!((refused.status, refused.header("retry-after")), (503, Some("1")));
    assert_eq!(refused.header("x-request-id"), Some("r"));
    assert_eq!(client.ask("GET /desk/counter/a", &[]).status, 404);
    client.send("POST /desk/blob HTTP/1.1\r\nhost: hub\r\ncontent-length: 5000000\r\n\r\n");
    assert_eq!(client.reply(false).status, 503, "a large body is refused before it is read");
    hub.stop();
}

#[test]
fn a_read_that_cannot_be_audited_is_not_answered() {
    let folder = tempfile::tempdir().unwrap();
    let hub = start(config(folder.path(), "memory"), Limits { read_audit_queue_max: 0, ..Limits::default() });
    let mut client = hub.client();
    assert_eq!(client.ask("POST /desk/counter/a", &[]).status, 200);
    let refused = client.ask("GET /desk/counter/a", &[]);
    assert_eq!((refused.status, refused.header("retry-after")), (503, Some("1")));
    hub.stop();
}

#[test]
fn a_client_that_is_slow_with_its_header_is_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits { header_read_time: Duration::from_millis(200), ..Limits::default() };
    let hub = start(config(folder.path(), "memory"), limits);
    let mut slow = hub.client();
    slow.send("GET /desk/counter/a HTTP/1.1\r\nhost: hub\r\nx-slow: ");
    let mut slow_body = hub.client();
    slow_body.send("POST /desk/echo HTTP/1.1\r\nhost: hub\r\ncontent-length: 2\r\n\r\n");
    assert!(slow.is_closed_by_hub());
    slow_body.send("ok");
    assert_eq!(slow_body.reply(false).text(), "ok", "the header's limit is not the body's");
    hub.stop();
}

#[test]
fn a_connection_over_the_limit_is_told_to_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let hub = start(config(folder.path(), "memory"), Limits { connections_max: 1, ..Limits::default() });
    let mut first = hub.client();
    assert_eq!(first.ask("GET /health", &[]).status, 200);
    let mut second = hub.client();
    let refused = second.reply(false);
    assert_eq!((refused.status, refused.header("retry-after")), (503, Some("1")));
    assert_eq!(first.ask("GET /health", &[]).status, 200);
    hub.stop();
}

#[test]
fn a_handler_that_fails_is_a_500_and_the_hub_lives_on() {
    let folder = tempfile::tempdir().unwrap();
    let hub = start(config(folder.path(), "memory"), Limits::default());
    let mut client = hub.client();
    assert_eq!(client.ask("GET /desk/fail", &[]).status, 500);
    assert_eq!(client.ask("GET /desk/fail-route", &[]).status, 500);
    assert_eq!(client.ask("POST /desk/counter/a", &[]).text(), "1");
    assert_eq!(hub.stop().answered.by_operation.get("pds-trace"), Some(&1));
}

#[test]
fn a_repeated_request_gets_the_first_answer_and_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let hub = start(config(folder.path(), "memory"), Limits::default());
    let mut client = hub.client();
    for _ in 0..3 {
        assert_eq!(client.ask("POST /desk/counter/a", &[("x-request-id", "once")]).text(), "1");
    }
    assert_eq!(client.ask("POST /desk/counter/a", &[("x-request-id", "twice")]).text(), "2");
    hub.stop();
}

#[test]
fn racing_writers_lose_no_update() {
    const WRITERS: u64 = 4;
    const WRITES: u64 = 200;
    for store in ["memory", "fjall", "journal"] {
        let folder = tempfile::tempdir().unwrap();
        let hub = start(config(folder.path(), store), Limits::default());
        // A writer that lost every race is told so (503); what counts is that the others' writes all stand.
        let write = |address| {
            let mut client = Client::connect(address);
            let won = |_: &u64| client.ask("POST /desk/counter/a", &[]).status == 200;
            (0..WRITES).filter(won).count() as u64
        };
        let acknowledged: u64 = std::thread::scope(|scope| {
            let writers: Vec<_> = (0..WRITERS).map(|_| scope.spawn(|| write(hub.address))).collect();
            writers.into_iter().map(|w| w.join().unwrap()).sum()
        });
        assert!(acknowledged > WRITES, "most writes are not refused: {acknowledged}");
        assert_eq!(hub.client().ask("GET /desk/counter/a", &[]).text(), acknowledged.to_string());
        hub.stop();
    }
}
