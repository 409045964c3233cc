//! The sandbox's administration: reset, report, event, and mailboxes made and looked at.

use super::*;

fn call(hub: &Hub, method: &str, path: &str, body: &str) -> Answer {
    hub.answer(&Ask::new(method, path).body(body.as_bytes()))
}

#[test]
fn outside_the_sandbox_there_is_no_administration() {
    let hub = Hub { sandbox: false, ..Hub::new() };
    for (method, path) in [
        ("DELETE", "admin/reset"),
        ("DELETE", "/admin/reset"),
        ("DELETE", "admin/reset/X26ABC1"),
        ("DELETE", "/admin/reset/X26ABC1"),
        ("POST", "admin/report"),
        ("POST", "admin/mailbox"),
        ("POST", "admin/message/A/event"),
        ("POST", "/admin/message/A/event"),
        ("GET", "admin/mailbox/X26ABC1"),
        ("GET", "/admin/mailbox/X26ABC1"),
        ("GET", "mailbox/X26ABC1"),
        ("GET", "admin/message/A"),
        ("GET", "/admin/message/A"),
    ] {
        assert_eq!(call(&hub, method, path, "{}").status, 404, "{method} {path}");
        assert_eq!(call(&hub, "PATCH", path, "").status, 405, "PATCH {path}");
    }
}

#[test]
fn a_reset_empties_every_mailbox_and_keeps_them_all() {
    for path in ["admin/reset", "/admin/reset"] {
        let hub = Hub::new();
        let id = hub.sent(b"x", &[("mex-localid", "l")]);
        hub.sent(b"x", &[("mex-chunk-range", "1:2")]);
        hub.now_ms.set(hub.now_ms.get() + 1_000);
        let answer = call(&hub, "DELETE", path, "");
        assert_eq!((answer.status, json(&answer)["message"].as_str()), (200, Some("all mailboxes reset")));
        for table in [Table::Messages, Table::Chunks, Table::Inbox, Table::LocalIds] {
            assert_eq!(hub.rows(table), 0, "{}", table.name());
        }
        let tracked = hub.ask("GET", "X26ABC1", &format!("outbox/tracking?messageID={id}"));
        assert_eq!(hub.answer(&tracked).status, 404);
        hub.sent(b"y", &[]);
        assert_eq!(hub.inbox("X26ABC2").len(), 1);
    }
}

#[test]
fn a_reset_of_one_mailbox_leaves_the_others_alone() {
    for path in ["admin/reset/x26abc2", "/admin/reset/X26ABC2"] {
        let hub = Hub::new();
        hub.sent(b"x", &[]);
        let kept = hub.sent(b"x", &[("mex-to", "X26ABC3")]);
        hub.now_ms.set(hub.now_ms.get() + 1_000);
        let answer = call(&hub, "DELETE", path, "");
        assert_eq!((answer.status, json(&answer)["message"].as_str()), (200, Some("mailbox X26ABC2 reset")));
        assert!(hub.inbox("X26ABC2").is_empty());
        assert_eq!(hub.inbox("X26ABC3"), [kept]);
        let unknown = call(&hub, "DELETE", "admin/reset/NOBODY", "");
        assert_eq!(unknown.status, 404);
        assert_eq!(json(&unknown)["errorDescription"], "mailbox does not exist");
    }
}

#[test]
fn a_reset_of_a_large_backlog_goes_on_in_the_background_and_spares_what_comes_after() {
    let hub = Hub::new();
    for _ in 0..1_100 {
        hub.now_ms.set(hub.now_ms.get() + 1);
        hub.sent(b"x", &[]);
    }
    hub.now_ms.set(hub.now_ms.get() + 1);
    assert_eq!(call(&hub, "DELETE", "admin/reset", "").status, 200);
    assert_eq!(hub.rows(Table::Messages), 100);
    hub.now_ms.set(hub.now_ms.get() + 1);
    let kept = hub.sent(b"y", &[]);
    assert_eq!(hub.after(0), ["mesh-reset"]);
    assert_eq!(hub.inbox("X26ABC2"), [kept]);
    assert!(hub.after(0).is_empty());
}

#[test]
fn a_report_of_an_error_says_what_it_was_told_with_every_published_code() {
    let hub = Hub::new();
    for code in
        ["02", "06", "07", "08", "09", "11", "12", "14", "15", "16", "17", "18", "19", "20", "EPL-150"]
    {
        let body = format!(
            r#"{{"mailbox_id": "x26abc1", "status": "error", "workflow_id": "W", "code": "{code}",
                "description": "my error", "subject": "my subject", "local_id": "my id",
                "file_name": "my file", "linked_message_id": "LINKED"}}"#
        );
        let answer = call(&hub, "POST", "admin/report", &body);
        let id = json(&answer)["message_id"].as_str().unwrap().to_owned();
        assert_eq!(hub.inbox("X26ABC1"), std::slice::from_ref(&id));
        let report = hub.answer(&hub.ask("GET", "X26ABC1", &format!("inbox/{id}")));
        assert_eq!((report.status, content(&report)), (200, &b""[..]));
        for (name, value) in [
            ("mex-to", "X26ABC1"),
            ("mex-workflowid", "W"),
            ("mex-messagetype", "REPORT"),
            ("mex-statuscode", code),
            ("mex-statusevent", "TRANSFER"),
            ("mex-statusdescription", "my error"),
            ("mex-statussuccess", "ERROR"),
            ("mex-filename", "my file"),
            ("mex-subject", "my subject"),
            ("mex-localid", "my id"),
            ("mex-linkedmsgid", "LINKED"),
        ] {
            assert_eq!(header(&report, name), value, "{name}");
        }
        let path = format!("inbox/{id}/status/acknowledged");
        assert_eq!(hub.answer(&hub.ask("PUT", "X26ABC1", &path)).status, 200);
    }
}

#[test]
fn a_report_of_a_non_delivery_says_what_all_of_them_say() {
    let hub = Hub::new();
    let body =
        r#"{"mailbox_id": "X26ABC1", "workflow_id": "W", "code": "21", "description": "d", "subject": "s"}"#;
    let id = json(&call(&hub, "POST", "admin/report", body))["message_id"].as_str().unwrap().to_owned();
    let report = hub.answer(&hub.ask("HEAD", "X26ABC1", &format!("inbox/{id}")));
    let got = ["mex-statuscode", "mex-statusevent", "mex-subject"].map(|name| header(&report, name));
    assert_eq!(got, ["14", "SEND", "NDR: s"]);
}

#[test]
fn a_malformed_body_is_400_and_names_every_fault() {
    let hub = Hub::new();
    let names = |path: &str, body: &str| {
        let answer = call(&hub, "POST", path, body);
        assert_eq!(answer.status, 400, "{body}");
        let detail = json(&answer)["detail"].as_array().unwrap().clone();
        detail.iter().map(|d| d["loc"][1].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names("admin/report", "{}"), ["mailbox_id", "code", "description", "workflow_id"]);
    let bad =
        r#"{"mailbox_id": 1, "code": "a\u0000", "description": "d", "workflow_id": "w", "status": "lost"}"#;
    assert_eq!(names("admin/report", bad), ["mailbox_id", "code", "status"]);
    assert_eq!(names("admin/report", "["), [""]);
    assert_eq!(names("admin/message/A/event", r#"{"status": "lost"}"#), ["status"]);
    let long = format!(r#"{{"status": "error", "description": "{}"}}"#, "x".repeat(501));
    assert_eq!(names("admin/message/A/event", &long), ["description"]);
    for id in ["..", "a/b", "a b", "a|b", "~o"] {
        let body = serde_json::json!({"mailbox_id": id, "receives": ["", 1]}).to_string();
        assert_eq!(names("admin/mailbox", &body), ["mailbox_id", "receives"], "{id}");
    }
    assert_eq!(names("admin/mailbox", "{}"), ["mailbox_id", "mailbox_id"]);
    let nobody = r#"{"mailbox_id": "NOBODY", "code": "1", "description": "d", "workflow_id": "w"}"#;
    assert_eq!(call(&hub, "POST", "admin/report", nobody).status, 404);
    assert_eq!(call(&hub, "POST", "admin/message/A/event", r#"{"status": "error"}"#).status, 404);
}

#[test]
fn an_event_takes_a_message_to_any_state_and_back_into_the_inbox() {
    let hub = Hub::new();
    let id = hub.sent(b"x", &[]);
    let event = |path: &str, body: &str| {
        let answer = call(&hub, "POST", path, body);
        assert_eq!((answer.status, answer.body.is_empty()), (200, true), "{body}");
        json(&hub.answer(
            &hub.ask("GET", "X26ABC1", &format!("outbox/tracking?messageID={id}")).header("accept", V2),
        ))
    };
    let (path, root) =
        (format!("admin/message/{}/event", id.to_lowercase()), format!("/admin/message/{id}/event"));
    for word in ["acknowledged", "uploading", "undeliverable", "error"] {
        let tracked = event(
            &path,
            &format!(r#"{{"status": "{word}", "code": "15", "event": "SEND", "description": "d"}}"#),
        );
        assert_eq!(tracked["status"], word);
        assert!(hub.inbox("X26ABC2").is_empty());
    }
    let failed = event(
        &root,
        r#"{"status": "error", "code": "18", "event": "SEND", "description": "no", "linked_message_id": "L"}"#,
    );
    assert_eq!(
        (&failed["status_code"], &failed["status_success"]),
        (&Value::from("18"), &Value::from(false))
    );
    hub.now_ms.set(hub.now_ms.get() + 3 * DAY_MS);
    let again = event(&root, r#"{"status": "accepted"}"#);
    assert_eq!((&again["status"], &again["status_success"]), (&Value::from("accepted"), &Value::from(true)));
    assert_eq!(hub.inbox("X26ABC2"), std::slice::from_ref(&id));
    assert!(!hub.after(2 * DAY_MS).contains(&"mesh-undelivered"), "its 5 days began again");
    assert!(hub.after(3 * DAY_MS).contains(&"mesh-undelivered"));
    let part = hub.sent(b"1", &[("mex-chunk-range", "1:2")]);
    let refused = call(&hub, "POST", &format!("admin/message/{part}/event"), r#"{"status": "accepted"}"#);
    assert_eq!(refused.status, 400, "a message with a hole is never delivered");
}

#[test]
fn a_mailbox_that_was_made_is_used_at_once() {
    let hub = Hub::new();
    let body = r#"{"mailbox_id": "new01", "mailbox_name": "A new one", "ods_code": "a20047", "receives": ["W1", "W2"]}"#;
    let made = call(&hub, "POST", "admin/mailbox", body);
    let expected = serde_json::json!({
        "mailbox_id": "NEW01", "mailbox_name": "A new one", "billing_entity": "England", "ods_code": "A20047",
        "org_code": "A20047", "org_name": "Sandbox organisation", "active": true,
    });
    assert_eq!((made.status, json(&made)), (200, expected.clone()));
    for path in ["admin/mailbox/new01", "/admin/mailbox/NEW01", "mailbox/NEW01"] {
        assert_eq!(json(&call(&hub, "GET", path, "")), expected, "{path}");
        assert_eq!(call(&hub, "GET", &path.replace("01", "02"), "").status, 404);
    }
    let id = hub.sent(b"x", &[("mex-to", "NEW01")]);
    assert_eq!(hub.inbox("NEW01"), [id]);
    let found =
        |path: &str| json(&hub.answer(&Ask::new("GET", path).header("accept", V2)))["results"].clone();
    let item = serde_json::json!([{"mailbox_id": "NEW01", "mailbox_name": "A new one"}]);
    assert_eq!((found("endpointlookup/A20047/W1"), found("workflowsearch/W2")), (item.clone(), item));
    call(&hub, "POST", "admin/mailbox", r#"{"mailbox_id": "NEW01", "ods_code": "X27", "receives": ["W2"]}"#);
    assert_eq!(
        (found("endpointlookup/A20047/W1"), found("workflowsearch/W1")),
        (Value::from(vec![0; 0]), Value::from(vec![0; 0]))
    );
    assert_eq!(found("endpointlookup/X27/W2")[0]["mailbox_id"], "NEW01");
}

#[test]
fn the_administrator_sees_a_message_and_its_state() {
    let hub = Hub::new();
    let id = hub.sent(b"hello", &[("mex-filename", "f.txt"), ("mex-localid", "l"), ("mex-subject", "s")]);
    for path in [format!("admin/message/{}", id.to_lowercase()), format!("/admin/message/{id}")] {
        let view = json(&call(&hub, "GET", &path, ""));
        for (name, value) in [
            ("message_id", id.as_str()),
            ("message_type", "Data"),
            ("status", "Accepted"),
            ("status_success", "SUCCESS"),
            ("filename", "f.txt"),
            ("local_id", "l"),
            ("subject", "s"),
            ("sender", "X26ABC1"),
            ("sender_name", "TESTMB1"),
            ("recipient", "X26ABC2"),
            ("recipient_ods_code", "X26"),
            ("workflow_id", "TEST_WORKFLOW"),
            ("upload_timestamp", "2026-03-01T12:00:30.123Z"),
            ("expiry_time", "2026-03-06T12:00:30.123Z"),
        ] {
            assert_eq!(view[name], value, "{name}");
        }
        assert_eq!((&view["file_size"], &view["chunk_count"]), (&Value::from(5), &Value::from(1)));
    }
    let body = r#"{"mailbox_id": "X26ABC1", "status": "error", "workflow_id": "W", "code": "19", "description": "d"}"#;
    let report = json(&call(&hub, "POST", "admin/report", body))["message_id"].as_str().unwrap().to_owned();
    let view = json(&call(&hub, "GET", &format!("admin/message/{report}"), ""));
    assert_eq!((&view["message_type"], &view["status_code"]), (&Value::from("Report"), &Value::from("19")));
    assert_eq!(view["sender_name"], "Central System Mailbox");
    assert_eq!(call(&hub, "GET", "admin/message/UNKNOWN", "").status, 404);
}
