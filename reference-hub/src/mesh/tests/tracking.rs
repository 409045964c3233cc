//! Tracking in both forms and both shapes, and the directory of mailboxes.

use super::*;

fn track(hub: &Hub, mailbox: &str, path: &str, accept: &str) -> Answer {
    hub.answer(&hub.ask("GET", mailbox, &format!("outbox/tracking{path}")).header("accept", accept))
}

#[test]
fn a_senders_message_is_tracked_through_its_life_in_both_shapes() {
    let hub = Hub::new();
    let id =
        hub.sent(b"one", &[("mex-chunk-range", "1:2"), ("mex-localid", "l|1"), ("mex-filename", "f.dat")]);
    let query = format!("?messageID={}", id.to_lowercase());
    let both = |status: &str| {
        let v2 = json(&track(&hub, "X26ABC1", &query, V2));
        assert_eq!(v2["status"], status);
        let v1 = json(&track(&hub, "X26ABC1", &query, "application/json"));
        assert_eq!(v1["status"].as_str().unwrap().to_lowercase(), status);
        assert!(v1["status"].as_str().unwrap().starts_with(char::is_uppercase));
        (v1, v2)
    };
    let (v1, v2) = both("uploading");
    assert!(v1["expiryTime"].is_null() && v2["expiry_time"].is_null());
    hub.answer(&hub.chunk(&id, 2, "2:2").body(b"two"));
    let (v1, v2) = both("accepted");
    for (name, value) in [
        ("message_id", id.as_str()),
        ("local_id", "l|1"),
        ("workflow_id", "TEST_WORKFLOW"),
        ("filename", "f.dat"),
        ("expiry_time", "2026-03-06T12:00:30.123Z"),
        ("upload_timestamp", "2026-03-01T12:00:30.123Z"),
        ("recipient", "X26ABC2"),
        ("recipient_name", "TESTMB2"),
        ("recipient_ods_code", "X26"),
        ("status_event", "TRANSFER"),
        ("status_code", "00"),
    ] {
        assert_eq!(v2[name], value, "{name}");
    }
    assert_eq!(v2["status_success"], true);
    for (name, value) in [
        ("dtsId", id.as_str()),
        ("messageId", id.as_str()),
        ("expiryTime", "20260306120030"),
        ("uploadTimestamp", "20260301120030"),
        ("sender", "X26ABC1"),
        ("senderName", "TESTMB1"),
        ("recipientSmtp", "x26abc2@dts.nhs.uk"),
        ("messageType", "DATA"),
        ("statusSuccess", "SUCCESS"),
        ("version", "1.0"),
    ] {
        assert_eq!(v1[name], value, "{name}");
    }
    assert_eq!(v1["fileSize"], 6);
    hub.now_ms.set(NOW_MS + 60_000);
    hub.answer(&hub.ask("PUT", "X26ABC2", &format!("inbox/{id}/status/acknowledged")));
    let (v1, v2) = both("acknowledged");
    assert_eq!(
        (&v1["downloadTimestamp"], &v1["uploadTimestamp"]),
        (&"20260301120130".into(), &"20260301120030".into())
    );
    assert_eq!(v2["status_timestamp"], "2026-03-01T12:01:30.123Z");
}

#[test]
fn tracking_by_local_id_finds_one_and_refuses_to_choose_between_two() {
    let hub = Hub::new();
    let id = hub.sent(b"x", &[("mex-localid", "a")]);
    hub.sent(b"x", &[("mex-localid", "a|b")]);
    hub.sent(b"x", &[("mex-localid", "a%7Cb")]);
    for accept in ["application/json", V2] {
        let answer = track(&hub, "X26ABC1", "/a", accept);
        assert_eq!((answer.status, json(&answer)["messageId"].as_str()), (200, Some(id.as_str())));
    }
    assert_eq!(track(&hub, "X26ABC1", "/a|b", V2).status, 200);
    assert_eq!(track(&hub, "X26ABC2", "/a", V2).status, 404, "local ids are each sender's own");
    assert_eq!(track(&hub, "X26ABC1", "/b", V2).status, 404);
    hub.sent(b"x", &[("mex-localid", "a")]);
    assert_eq!(track(&hub, "X26ABC1", "/a", V2).status, 300);
}

#[test]
fn only_the_sender_can_track() {
    let hub = Hub::new();
    let id = hub.sent(b"x", &[]);
    assert_eq!(track(&hub, "X26ABC2", &format!("?messageID={id}"), V2).status, 404);
    assert_eq!(track(&hub, "X26ABC1", "?messageID=unknown", V2).status, 404);
    assert_eq!(track(&hub, "X26ABC1", "", V2).status, 400);
    assert_eq!(track(&hub, "X26ABC1", "?messageID=", V2).status, 400);
}

#[test]
fn the_directory_finds_mailboxes_by_organisation_and_workflow_without_a_token() {
    let hub = Hub::new();
    let get = |path: &str, accept: &str| hub.answer(&Ask::new("GET", path).header("accept", accept));
    let v2 = json(&get("endpointlookup/x26/TEST_WORKFLOW2", V2));
    assert_eq!(v2["results"][1], serde_json::json!({"mailbox_id": "X26ABC2", "mailbox_name": "TESTMB2"}));
    assert_eq!(v2["results"].as_array().unwrap().len(), 2);
    let v1 = json(&get("endpointlookup/X27/TEST_WORKFLOW_ACK", "application/json"));
    let item = serde_json::json!({"address": "X26ABC3", "description": "TESTMB3", "endpoint_type": "MESH"});
    assert_eq!(v1["results"], serde_json::json!([item]));
    assert!(v1["query_id"].is_string());
    assert_eq!(json(&get("endpointlookup/X26/NOTHING", V2)), serde_json::json!({"results": []}));
    for accept in ["application/json", V2] {
        let all = json(&get("workflowsearch/TEST_WORKFLOW2", accept));
        assert_eq!(all["results"].as_array().unwrap().len(), 3);
        assert_eq!(all["results"][2]["mailbox_id"], "X26ABC3");
    }
    for path in ["endpointlookup/ /W", "endpointlookup/X26/ ", "workflowsearch/ "] {
        assert_eq!(get(path, V2).status, 400, "{path}");
    }
}
