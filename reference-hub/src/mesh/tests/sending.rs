//! Sending: whole and in chunks, every published refusal, and what the recipient then downloads.

use super::*;
use hub_store::View;

/// Every refusal of a whole message: status, code, and how to provoke it.
#[test]
fn every_published_refusal_of_a_sent_message_is_reachable() {
    type Change = fn(Ask) -> Ask;
    let long = |n: usize| "x".repeat(n);
    let cases: &[(u16, &str, Change)] = &[
        (417, "02", |a| a.body(b"")),
        (400, "06", |a| a.header("mex-subject", "tab\there")),
        (400, "06", |a| a.header("mex-subject", "caf\u{e9}")),
        (400, "06", |a| a.header("mex-to", "https://example.org")),
        (400, "06", |a| a.header("mex-workflowid", "HTTP://example.org")),
        (417, "07", |a| a.header("mex-from", "X26ABC3")),
        (400, "08", |a| a.without("mex-to")),
        (400, "08", |a| a.header("mex-to", " ")),
        (417, "09", |a| a.header("mex-version", "2.0")),
        (417, "11", |a| a.header("mex-messagetype", "REPORT")),
        (417, "12", |a| a.header("mex-to", "NOBODY")),
        (417, "12", |a| a.header("mex-to", "X26ABC2|SEEN")),
        (417, "17", |a| a.header("mex-workflowid", "SPINEBENCH_RESTRICTED").header("mex-to", "X26ABC3")),
        (417, "InvalidHeaderChunks", |a| a.header("mex-chunk-range", "2:3")),
        (417, "InvalidHeaderChunks", |a| a.header("mex-chunk-range", "one")),
        (422, "UnsupportedContentEncoding", |a| a.header("content-encoding", "br")),
        (400, "Invalid checksum", |a| a.header("mex-content-checksum", "`#!")),
    ];
    let hub = Hub::new();
    for (status, code, change) in cases {
        let v1 = hub.answer(&change(hub.send().body(b"x").without("accept")));
        assert_eq!((v1.status, json(&v1)["errorCode"].as_str()), (*status, Some(*code)), "{}", text(&v1));
        let v2 = hub.answer(&change(hub.send().body(b"x")));
        assert_eq!((v2.status, json(&v2)["detail"][0]["code"].as_str()), (*status, Some(*code)));
        assert_eq!(header(&v2, "content-type"), V2);
    }
    for (name, chars) in
        [("mex-to", 101), ("mex-localid", 301), ("mex-subject", 501), ("mex-chunk-range", 21)]
    {
        let answer = hub.answer(&hub.send().body(b"x").header(name, &long(chars)));
        assert_eq!((answer.status, json(&answer)["detail"][0]["loc"][1].as_str()), (400, Some(name)));
    }
    let answer = hub.answer(&hub.send().body(b"x").without("mex-workflowid"));
    assert_eq!((answer.status, json(&answer)["detail"][0]["type"].as_str()), (400, Some("missing")));
    let refused = hub.ask("POST", "X26ABC2", "outbox").header("mex-to", "X26ABC2").body(b"x");
    let answer = hub.answer(&refused.header("mex-workflowid", "SPINEBENCH_RESTRICTED"));
    assert_eq!((answer.status, json(&answer)["errorCode"].as_str()), (417, Some("16")));
    assert!(
        hub.inbox("X26ABC2").is_empty() && hub.inbox("X26ABC3").is_empty(),
        "nothing refused was delivered"
    );
    hub.sent(b"x", &[("mex-workflowid", "SPINEBENCH_RESTRICTED")]);
}

#[test]
fn a_sent_message_arrives_with_its_content_and_all_its_headers() {
    let hub = Hub::new();
    let id = hub.sent(
        b"hello",
        &[
            ("mex-from", "x26abc1"),
            ("mex-subject", "a subject"),
            ("mex-localid", "l-1"),
            ("mex-partnerid", "p-1"),
            ("mex-filename", "a.txt"),
            ("mex-content-checksum", "sha256: abc"),
            ("mex-content-encrypted", "Y"),
            ("mex-content-compressed", "true"),
            ("content-type", "text/csv"),
        ],
    );
    assert_eq!(id.len(), 27);
    assert!(id.starts_with("20260301120030123") && id.as_bytes()[20] == b'_', "{id}");
    let answer = hub.answer(&hub.ask("GET", "X26ABC2", &format!("inbox/{id}")).header("accept", V2));
    assert_eq!((answer.status, content(&answer)), (200, &b"hello"[..]));
    for (name, value) in [
        ("content-type", "text/csv"),
        ("mex-from", "X26ABC1"),
        ("mex-to", "X26ABC2"),
        ("mex-workflowid", "TEST_WORKFLOW"),
        ("mex-chunk-range", "1:1"),
        ("mex-total-chunks", "1"),
        ("mex-addresstype", "ALL"),
        ("mex-localid", "l-1"),
        ("mex-partnerid", "p-1"),
        ("mex-filename", "a.txt"),
        ("mex-subject", "a subject"),
        ("mex-version", "1.0"),
        ("mex-messagetype", "DATA"),
        ("mex-messageid", id.as_str()),
        ("mex-statuscode", "00"),
        ("mex-statusevent", "TRANSFER"),
        ("mex-statussuccess", "SUCCESS"),
        ("mex-statustimestamp", "20260301120030"),
        ("mex-content-compressed", "Y"),
        ("mex-content-encrypted", "Y"),
        ("mex-content-checksum", "sha256: abc"),
        ("mex-content-type", "text/csv"),
        ("last-modified", "Sun, 01 Mar 2026 12:00:30 GMT"),
    ] {
        assert_eq!(header(&answer, name), value, "{name}");
    }
    let v1 = hub.answer(&hub.ask("GET", "X26ABC2", &format!("inbox/{id}")));
    assert_eq!(header(&v1, "content-type"), "application/octet-stream", "v1 never names the content's type");
    let v1_sent = hub.answer(&hub.send().body(b"x").without("accept"));
    assert!(json(&v1_sent)["messageID"].is_string());
    let nameless = hub.sent(b"x", &[]);
    let answer = hub.answer(&hub.ask("HEAD", "X26ABC2", &format!("inbox/{nameless}")));
    assert_eq!(header(&answer, "mex-filename"), format!("{nameless}.dat"));
}

#[test]
fn a_chunked_message_is_seen_only_when_its_last_missing_chunk_is_stored() {
    let hub = Hub::new();
    let id = hub.sent(b"one,", &[("mex-chunk-range", "1:3")]);
    let download = |number: u32| {
        let path = if number == 1 { format!("inbox/{id}") } else { format!("inbox/{id}/{number}") };
        hub.answer(&hub.ask("GET", "X26ABC2", &path))
    };
    assert_eq!(download(1).status, 410);
    assert_eq!(hub.answer(&hub.ask("HEAD", "X26ABC2", &format!("inbox/{id}"))).status, 410);
    let acknowledge = format!("inbox/{id}/status/acknowledged");
    assert_eq!(hub.answer(&hub.ask("PUT", "X26ABC2", &acknowledge)).status, 404);
    assert_eq!(
        hub.answer(&hub.chunk(&id, 3, "3:3").body(b"three")).status,
        202,
        "the last number is not the last one"
    );
    assert!(hub.inbox("X26ABC2").is_empty());
    assert_eq!(hub.answer(&hub.chunk(&id, 3, "3:3").body(b"three")).status, 202, "again is harmless");
    assert!(hub.inbox("X26ABC2").is_empty());
    let v2 = hub.answer(&hub.chunk(&id, 2, "2:3").body(b"two,"));
    assert_eq!((v2.status, json(&v2)["message_id"].as_str()), (202, Some(id.as_str())));
    assert_eq!(hub.inbox("X26ABC2"), std::slice::from_ref(&id));
    for (number, status, expected) in [(1, 206, "one,"), (2, 206, "two,"), (3, 200, "three")] {
        let answer = download(number);
        assert_eq!((answer.status, text(&answer).as_str()), (status, expected));
        assert_eq!(header(&answer, "mex-chunk-range"), format!("{number}:3"));
    }
    assert_eq!(download(4).status, 404);
    let tracked = hub.answer(&hub.ask("GET", "X26ABC1", &format!("outbox/tracking?messageID={id}")));
    assert_eq!(
        (json(&tracked)["fileSize"].as_u64(), json(&tracked)["chunkCount"].as_u64()),
        (Some(13), Some(3))
    );
}

#[test]
fn every_published_refusal_of_a_chunk_is_reachable() {
    let hub = Hub::new();
    let id = hub.sent(&gzip(b"one"), &[("mex-chunk-range", "1:2"), ("content-encoding", "gzip")]);
    let gzipped = |number, range| hub.chunk(&id, number, range).header("content-encoding", "gzip").body(b"x");
    let foreign = hub
        .ask("POST", "X26ABC3", &format!("outbox/{id}/2"))
        .header("mex-chunk-range", "2:2")
        .header("accept", V2)
        .body(b"x");
    for (ask, status, code) in [
        (gzipped(2, "2:2").without("mex-chunk-range"), 417, "InvalidHeaderChunks"),
        (gzipped(2, "1:2"), 417, "InvalidHeaderChunks"),
        (gzipped(2, "2:3"), 417, "InvalidHeaderChunks"),
        (gzipped(3, "3:3"), 406, ""),
        (gzipped(2, "2:2").without("content-encoding"), 417, ""),
        (gzipped(2, "2:2").body(b""), 417, "02"),
        (hub.chunk("20260101000000000000_ABCDEF", 2, "2:2").body(b"x"), 404, "20"),
        (foreign, 403, ""),
    ] {
        let answer = hub.answer(&ask);
        assert_eq!((answer.status, json(&answer)["detail"][0]["code"].as_str()), (status, Some(code)));
    }
    let not_a_number = hub.ask("POST", "X26ABC1", &format!("outbox/{id}/two")).body(b"x");
    assert_eq!(hub.answer(&not_a_number).status, 400);
    assert_eq!(hub.answer(&gzipped(2, "2:2")).status, 202);
    let locked = hub.answer(&gzipped(2, "2:2"));
    assert_eq!((locked.status, json(&locked)["message_id"].as_str()), (423, Some(id.as_str())));
    let v1 = hub.sent(b"1", &[("mex-chunk-range", "1:2")]);
    let answer = hub.answer(&hub.chunk(&v1, 2, "2:2").without("accept").body(b"2"));
    assert_eq!(
        (json(&answer)["messageID"].as_str(), json(&answer)["blockID"].as_u64()),
        (Some(v1.as_str()), Some(2))
    );
}

#[test]
fn two_chunks_at_a_time_conflict_instead_of_losing_count() {
    let hub = Hub::new();
    let id = hub.sent(b"1", &[("mex-chunk-range", "1:3")]);
    let second = hub.decide(&hub.chunk(&id, 2, "2:3").body(b"2")).unwrap();
    let third = hub.decide(&hub.chunk(&id, 3, "3:3").body(b"3")).unwrap();
    assert!(matches!(hub.commit(&second), Some(Outcome::Committed { .. })));
    assert!(matches!(hub.commit(&third), Some(Outcome::Conflict { .. })));
    assert_eq!(hub.answer(&hub.chunk(&id, 3, "3:3").body(b"3")).status, 202);
    assert_eq!(hub.inbox("X26ABC2"), [id]);
}

#[test]
fn gzip_content_goes_out_as_each_client_takes_it() {
    let hub = Hub::new();
    let plain = "the same line again\n".repeat(50).into_bytes();
    let packed = hub.sent(&gzip(&plain), &[("content-encoding", "gzip")]);
    let stored_plain = hub.sent(&plain, &[]);
    let get = |id: &str, accept: &str, encoding: &str| {
        let ask = hub.ask("GET", "X26ABC2", &format!("inbox/{id}")).header("accept", accept);
        hub.answer(&ask.header("accept-encoding", encoding))
    };
    for accept in ["application/json", V2] {
        let answer = get(&packed, accept, "gzip");
        assert_eq!((header(&answer, "content-encoding"), gunzip(content(&answer))), ("gzip", plain.clone()));
        assert_eq!(header(&answer, "mex-content-compressed"), "Y");
        let answer = get(&packed, accept, "");
        assert_eq!((header(&answer, "content-encoding"), content(&answer)), ("", plain.as_slice()));
        let answer = get(&stored_plain, accept, "");
        assert_eq!((header(&answer, "content-encoding"), content(&answer)), ("", plain.as_slice()));
    }
    let answer = get(&stored_plain, V2, "gzip");
    assert_eq!((header(&answer, "content-encoding"), gunzip(content(&answer))), ("gzip", plain.clone()));
    let answer = get(&stored_plain, "application/json", "gzip");
    assert_eq!(header(&answer, "content-encoding"), "", "version 1 packs nothing");
    let lie = hub.sent(b"this is not gzip", &[("content-encoding", "gzip")]);
    let answer = get(&lie, V2, "");
    assert_eq!((header(&answer, "content-encoding"), content(&answer)), ("gzip", &b"this is not gzip"[..]));
}

#[test]
fn large_content_travels_as_a_reference_and_its_path_is_not_stored() {
    let hub = Hub::new();
    let answer = hub.answer(&hub.send().blob("blob-1", 5_000_000));
    let id = json(&answer)["message_id"].as_str().unwrap().to_owned();
    let answer = hub.answer(&hub.ask("GET", "X26ABC2", &format!("inbox/{id}")).header("accept", V2));
    let expected =
        Body::Blob { id: "blob-1".to_owned(), len: 5_000_000, path: PathBuf::new(), held: Bytes::new() };
    assert_eq!((answer.status, &answer.body), (200, &expected));
    let row = hub.store.get(Table::Chunks, format!("{id}|00001").as_bytes()).unwrap().unwrap();
    assert!(!String::from_utf8_lossy(&row.value).contains("somewhere"));
}

#[test]
fn message_ids_are_ordered_by_time() {
    let hub = Hub::new();
    let mut ids = Vec::new();
    for _ in 0..20 {
        ids.push(hub.sent(b"x", &[]));
        hub.now_ms.set(hub.now_ms.get() + 1);
    }
    assert!(ids.is_sorted());
    assert_eq!(hub.inbox("X26ABC2"), ids);
}
