//! Whose mailbox opens to whom: a table of caller, resource and verb; client certificates; and names that would lead
//! elsewhere if they were ever taken for paths.

use super::*;
use hub_store::View;

fn peer(ods: &str) -> Option<Peer> {
    Some(Peer { ods: ods.to_owned(), name: format!("server1.{ods}.api.mesh-client.nhs.uk") })
}

/// Every verb on a message of X26ABC1 to X26ABC2, by its sender, its recipient, and a mailbox of another organisation.
#[test]
fn a_message_opens_to_its_sender_and_its_recipient_each_for_what_is_theirs() {
    type Row = (&'static str, &'static str, [u16; 3]);
    let table: &[Row] = &[
        // verb, path, answers to X26ABC1 (sender), X26ABC2 (recipient), X26ABC3 (neither)
        ("GET", "inbox/{id}", [403, 206, 403]),
        ("GET", "inbox/{id}/1", [403, 206, 403]),
        ("GET", "inbox/{id}/2", [403, 200, 403]),
        ("HEAD", "inbox/{id}", [200, 200, 404]),
        ("GET", "outbox/tracking?messageID={id}", [200, 404, 404]),
        ("GET", "outbox/tracking/local", [200, 404, 404]),
        ("POST", "outbox/{id}/2", [423, 403, 403]),
        ("PUT", "inbox/{id}/status/acknowledged", [403, 200, 403]),
    ];
    for (i, caller) in ["X26ABC1", "X26ABC2", "X26ABC3"].into_iter().enumerate() {
        let hub = Hub::new();
        let id = hub.sent(b"one", &[("mex-chunk-range", "1:2"), ("mex-localid", "local")]);
        assert_eq!(hub.answer(&hub.chunk(&id, 2, "2:2").body(b"two")).status, 202);
        let listed = hub.inbox(caller);
        assert_eq!(listed.contains(&id), caller == "X26ABC2", "{caller} lists");
        let counted = hub.answer(&hub.ask("GET", caller, "count").header("accept", V2));
        assert_eq!(json(&counted)["count"], u8::from(caller == "X26ABC2"), "{caller} counts");
        for (verb, path, statuses) in table {
            let ask = hub.ask(verb, caller, &path.replace("{id}", &id)).header("mex-chunk-range", "2:2");
            let answer = hub.answer(&ask.body(b"x"));
            assert_eq!(answer.status, statuses[i], "{caller} {verb} {path}");
            if statuses[i] >= 400 {
                let told = format!("{:?}{}", answer.headers, text(&answer));
                assert!(!told.contains("TEST_WORKFLOW") && !told.contains("local"), "{told}");
            }
        }
        let acknowledged = hub.inbox("X26ABC2").is_empty();
        assert_eq!(acknowledged, caller == "X26ABC2", "only its recipient takes it out of the inbox");
    }
}

/// Every mailbox operation on X26ABC2 with the token of another mailbox.
#[test]
fn a_token_opens_its_own_mailbox_only_for_every_verb() {
    let hub = Hub::new();
    let id = hub.sent(b"x", &[]);
    let (one, acknowledge) = (format!("inbox/{id}"), format!("inbox/{id}/status/acknowledged"));
    let (chunk, track) = (format!("outbox/{id}/1"), format!("outbox/tracking?messageID={id}"));
    for (verb, path) in [
        ("POST", ""),
        ("GET", ""),
        ("GET", "inbox"),
        ("GET", "count"),
        ("GET", one.as_str()),
        ("HEAD", &one),
        ("PUT", &acknowledge),
        ("POST", "outbox"),
        ("POST", &chunk),
        ("GET", &track),
        ("GET", "outbox/tracking/local"),
    ] {
        let own = hub.ask(verb, "X26ABC3", path);
        let token = own.0.header("authorization").unwrap().to_owned();
        let path = if path.is_empty() { "X26ABC2".to_owned() } else { format!("X26ABC2/{path}") };
        let answer = hub.answer(&Ask::new(verb, &path).header("authorization", &token).body(b"x"));
        assert_eq!(answer.status, 403, "{verb} {path}");
    }
    assert_eq!(hub.inbox("X26ABC2"), [id]);
}

/// With mutual TLS the certificate's organisation must own the mailbox, whatever the token says.
#[test]
fn with_a_client_certificate_a_mailbox_opens_to_its_own_organisation_only() {
    for (ods, mailbox, status) in [
        ("X26", "X26ABC1", 200),
        ("x26", "X26ABC2", 200),
        ("X26", "X26ABC3", 403),
        ("X27", "X26ABC3", 200),
        ("X27", "X26ABC1", 403),
        ("", "X26ABC1", 403),
    ] {
        let hub = Hub { peer: peer(ods), ..Hub::new() };
        for path in ["inbox", "count"] {
            let answer = hub.answer(&hub.ask("GET", mailbox, path).header("accept", V2));
            assert_eq!(answer.status, status, "{ods} {mailbox}/{path}");
        }
        let sent =
            hub.ask("POST", mailbox, "outbox").header("mex-to", "X26ABC2").header("mex-workflowid", "W");
        assert_eq!(
            hub.answer(&sent.body(b"x")).status,
            if status == 200 { 202 } else { 403 },
            "{ods} {mailbox}"
        );
        assert_eq!(hub.answer(&Ask::new("GET", "endpointlookup/X26/W")).status, 200, "the directory is open");
    }
}

/// A certificate that is refused burns no token.
#[test]
fn a_token_shown_with_a_foreign_certificate_still_works_with_the_right_one() {
    let hub = Hub { peer: peer("X27"), ..Hub::new() };
    let ask = hub.ask("GET", "X26ABC1", "inbox");
    assert_eq!(hub.answer(&ask).status, 403);
    let hub = Hub { peer: peer("X26"), ..hub };
    assert_eq!(hub.answer(&ask).status, 200);
    assert_eq!(hub.answer(&ask).status, 403);
}

/// Names that lead elsewhere as paths, or into other rows as keys.
fn hostile() -> Vec<String> {
    let mut names = [
        "..",
        ".",
        "../X26ABC2",
        "a/b",
        "a\\b",
        "X26ABC1\0",
        "\0",
        "|",
        "~o|X26|X26ABC1",
        "%2e%2e",
        "X26ABC1|seen",
    ]
    .map(str::to_owned)
    .to_vec();
    names.push("A".repeat(51));
    names.push("A".repeat(30_000));
    names.push("/etc/passwd".to_owned());
    names.push("\u{202e}X26ABC1".to_owned());
    names
}

#[test]
fn a_hostile_mailbox_id_reaches_no_row_and_no_file_name() {
    let hub = Hub::new();
    let before = hub.rows(Table::Mailboxes);
    for name in hostile() {
        for (verb, rest) in [("GET", &["inbox"][..]), ("POST", &["outbox"]), ("POST", &[])] {
            let token = token::make("TestKey", &name.to_ascii_uppercase(), "password", "n", 1, NOW_TOKEN);
            let mut ask = Ask::new(verb, "x").body(b"x");
            if let Ok(token) = hyper::header::HeaderValue::from_bytes(token.as_bytes()) {
                ask.0.headers.insert("authorization", token);
            }
            // The listener decodes escapes after splitting, so that a segment may hold anything.
            ask.0.segments = vec!["messageexchange".to_owned(), name.clone()];
            ask.0.segments.extend(rest.iter().map(|&s| s.to_owned()));
            assert_eq!(hub.answer(&ask).status, 403, "{verb} {name:.40}");
        }
        if hyper::header::HeaderValue::from_str(&name).is_ok() && name.is_ascii() && name.len() < 100 {
            let answer = hub.answer(&hub.send().header("mex-to", &name).body(b"x"));
            assert_eq!((answer.status, &json(&answer)["detail"][0]["code"]), (417, &"12".into()), "{name}");
        }
        let made = serde_json::json!({"mailbox_id": name}).to_string();
        let answer = hub.answer(&Ask::new("POST", "admin/mailbox").body(made.as_bytes()));
        assert_eq!(answer.status, 400, "{name:.40}");
        let mut reset = Ask::new("DELETE", "admin/reset/x");
        reset.0.segments[3] = name.clone();
        assert_eq!(hub.answer(&reset).status, 404, "{name:.40}");
    }
    assert_eq!((hub.rows(Table::Mailboxes), hub.rows(Table::Messages)), (before, 0));
}

#[test]
fn a_hostile_message_or_local_id_finds_nothing() {
    let hub = Hub::new();
    let id = hub.sent(b"x", &[("mex-localid", "local")]);
    for name in hostile() {
        for (verb, at, path, status) in [
            ("GET", 3, "inbox/x", 404),
            ("HEAD", 3, "inbox/x", 404),
            ("GET", 3, "inbox/x/1", 404),
            ("PUT", 3, "inbox/x/status/acknowledged", 404),
            ("POST", 3, "outbox/x/2", 404),
            ("GET", 4, "outbox/tracking/x", 404),
        ] {
            let mut ask = hub.ask(verb, "X26ABC2", path).header("mex-chunk-range", "2:2").body(b"x");
            ask.0.segments[at] = name.clone();
            assert_eq!(hub.answer(&ask).status, status, "{verb} {path} {name:.40}");
        }
        let mut ask = hub.ask("GET", "X26ABC2", "outbox/tracking");
        ask.0.query.push(("messageID".to_owned(), name.clone()));
        assert_eq!(hub.answer(&ask).status, 404, "{name:.40}");
        for (at, path) in [(2, "endpointlookup/x/W"), (3, "endpointlookup/X26/x"), (2, "workflowsearch/x")] {
            let mut ask = Ask::new("GET", path).header("accept", V2);
            ask.0.segments[at] = name.clone();
            let answer = hub.answer(&ask);
            let nothing = answer.status == 400 || json(&answer)["results"].as_array().unwrap().is_empty();
            assert!(nothing, "{path} {name:.40}");
        }
    }
    assert_eq!(hub.inbox("X26ABC2"), std::slice::from_ref(&id));
    assert!(hub.store.get(Table::Messages, id.as_bytes()).unwrap().is_some());
}
