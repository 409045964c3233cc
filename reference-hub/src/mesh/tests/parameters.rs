//! Each published parameter of each operation: what is done with it, and what is refused.

use super::*;
use crate::mesh::operations::ROUTES;
use crate::operation::Place;

/// The published parameters, operation by operation (`authorization` is each route's credentials).
const PUBLISHED: &[(&str, &[&str])] = &[
    (
        "mesh-handshake",
        &["mailbox_id", "user-agent", "mex-clientversion", "mex-osname", "mex-osversion", "accept"],
    ),
    ("mesh-inbox", &["mailbox_id", "max_results", "continue_from", "workflow_filter", "accept"]),
    ("mesh-download", &["mailbox_id", "message_id", "accept-encoding"]),
    ("mesh-head", &["mailbox_id", "message_id"]),
    ("mesh-acknowledge", &["mailbox_id", "message_id", "accept"]),
    ("mesh-download-chunk", &["chunk_number", "mailbox_id", "message_id", "accept-encoding"]),
    ("mesh-count", &["mailbox_id"]),
    (
        "mesh-send",
        &[
            "mailbox_id",
            "mex-to",
            "mex-workflowid",
            "mex-chunk-range",
            "mex-subject",
            "mex-localid",
            "mex-filename",
            "mex-content-checksum",
            "content-type",
            "content-encoding",
            "accept",
        ],
    ),
    (
        "mesh-send-chunk",
        &["chunk_number", "mailbox_id", "message_id", "mex-chunk-range", "content-encoding", "accept"],
    ),
    ("mesh-track", &["mailbox_id", "messageID", "accept"]),
    ("mesh-track-local-id", &["local_id", "mailbox_id"]),
    ("mesh-endpoint-lookup", &["ods_code", "workflow_id", "accept"]),
    ("mesh-workflow-search", &["workflow_id", "accept"]),
];

#[test]
fn every_published_parameter_is_documented_with_its_route() {
    for (id, names) in PUBLISHED {
        let route = ROUTES.iter().find(|r| r.id == *id).unwrap_or_else(|| panic!("no route {id}"));
        let documented: Vec<&str> =
            route.parameters.iter().flat_map(|list| list.iter()).map(|p| p.name).collect();
        for name in *names {
            assert!(documented.contains(name), "{id}: {name} is not documented");
        }
    }
}

/// What each parameter in a path names must be there, and be the caller's.
#[test]
fn every_path_parameter_is_read_and_refused_when_it_names_nothing() {
    let hub = Hub::new();
    let id = hub.sent(b"x", &[("mex-localid", "l")]);
    for (name, verb, good, bad, statuses) in [
        ("message_id", "GET", format!("inbox/{id}"), "inbox/NO_SUCH".to_owned(), (200, 404)),
        ("message_id", "HEAD", format!("inbox/{id}"), "inbox/NO_SUCH".to_owned(), (200, 404)),
        ("chunk_number", "GET", format!("inbox/{id}/1"), format!("inbox/{id}/9"), (200, 404)),
        ("chunk_number", "GET", format!("inbox/{id}/1"), format!("inbox/{id}/zero"), (200, 400)),
        (
            "message_id",
            "PUT",
            format!("inbox/{id}/status/acknowledged"),
            "inbox/NO_SUCH/status/acknowledged".to_owned(),
            (200, 404),
        ),
    ] {
        let status = |path: &str| hub.answer(&hub.ask(verb, "X26ABC2", path)).status;
        assert_eq!((status(&good), status(&bad)), statuses, "{name} {verb}");
    }
    for (name, path, found) in [
        ("ods_code", "endpointlookup/x26/TEST_WORKFLOW", 1),
        ("ods_code", "endpointlookup/X99/TEST_WORKFLOW", 0),
        ("workflow_id", "endpointlookup/X26/NO_SUCH", 0),
        ("workflow_id", "workflowsearch/TEST_WORKFLOW", 1),
        ("workflow_id", "workflowsearch/NO_SUCH", 0),
    ] {
        let answer = hub.answer(&Ask::new("GET", path).header("accept", V2));
        let results = json(&answer)["results"].as_array().unwrap().len();
        assert_eq!((answer.status, results), (200, found), "{name} {path}");
    }
    for path in
        [format!("endpointlookup/{}/W", "X".repeat(301)), format!("workflowsearch/{}", "W".repeat(301))]
    {
        assert_eq!(hub.answer(&Ask::new("GET", &path)).status, 400);
    }
    let local = |local_id: &str| {
        hub.answer(&hub.ask("GET", "X26ABC1", &format!("outbox/tracking/{local_id}"))).status
    };
    assert_eq!((local("l"), local("m")), (200, 404), "local_id");
    let by = |mailbox_id: &str| hub.answer(&hub.ask("GET", mailbox_id, "inbox")).status;
    assert_eq!((by("X26ABC1"), by("NOBODY")), (200, 403), "mailbox_id");
}

/// What a client says of itself is remembered with the handshake.
#[test]
fn every_header_of_a_handshake_is_taken() {
    use hub_store::View;
    let hub = Hub::new();
    let ask = hub
        .ask("POST", "X26ABC1", "")
        .header("user-agent", "agent;1")
        .header("mex-clientversion", "client==1")
        .header("mex-osname", "Linux")
        .header("mex-osversion", "6.1")
        .header("mex-osarchitecture", "x86_64")
        .header("mex-javaversion", "N/A")
        .header("accept", V2);
    let answer = hub.answer(&ask);
    assert_eq!((answer.status, text(&answer).as_str()), (200, ""));
    let seen = hub.store.get(Table::Mailboxes, b"X26ABC1|seen").unwrap().unwrap();
    let seen: Value = serde_json::from_slice(&seen.value).unwrap();
    for (name, value) in [
        ("user-agent", "agent;1"),
        ("mex-clientversion", "client==1"),
        ("mex-osname", "Linux"),
        ("mex-osversion", "6.1"),
        ("mex-osarchitecture", "x86_64"),
        ("mex-javaversion", "N/A"),
    ] {
        assert_eq!(seen[name], value, "{name}");
    }
}

/// Longest values, and one character more.
#[test]
fn every_header_of_a_message_is_held_to_its_published_length() {
    let hub = Hub::new();
    for (name, chars) in [
        ("mex-to", 100),
        ("mex-workflowid", 300),
        ("mex-chunk-range", 20),
        ("mex-subject", 500),
        ("mex-localid", 300),
        ("mex-partnerid", 500),
        ("mex-filename", 300),
        ("mex-content-encrypted", 20),
        ("mex-content-compressed", 20),
        ("mex-content-checksum", 100),
        ("mex-content-type", 100),
    ] {
        let fits = hub.answer(&hub.send().header(name, &"1".repeat(chars)).body(b"x"));
        let expected = if matches!(name, "mex-to" | "mex-chunk-range") { 417 } else { 202 };
        assert_eq!(fits.status, expected, "{name}: {}", text(&fits));
        let over = hub.answer(&hub.send().header(name, &"1".repeat(chars + 1)).body(b"x"));
        assert_eq!((over.status, &json(&over)["detail"][0]["loc"][1]), (400, &name.into()));
        assert_eq!(json(&over)["detail"][0]["type"], "string_too_long");
    }
}

#[test]
fn no_route_documents_a_status_twice_in_vain_or_a_parameter_twice() {
    for route in ROUTES {
        let mut names: Vec<(u8, &str)> = Vec::new();
        for parameter in route.parameters.iter().flat_map(|list| list.iter()) {
            let place = match parameter.place {
                Place::Path => 0,
                Place::Query => 1,
                Place::Header => 2,
            };
            assert!(!names.contains(&(place, parameter.name)), "{}: {} twice", route.id, parameter.name);
            names.push((place, parameter.name));
        }
        assert!(route.answers.iter().any(|a| a.status < 300), "{} succeeds", route.id);
    }
}
