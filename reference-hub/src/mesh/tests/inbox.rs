//! The inbox: its two shapes, pages, filters, counts; download and acknowledgement by the right mailbox only.

use super::*;

fn list(hub: &Hub, query: &str, accept: &str) -> Answer {
    hub.answer(&hub.ask("GET", "X26ABC2", &format!("inbox{query}")).header("accept", accept))
}

/// Sends `n` messages, one a millisecond.
fn fill(hub: &Hub, n: usize, workflow: &str) -> Vec<String> {
    (0..n)
        .map(|_| {
            hub.now_ms.set(hub.now_ms.get() + 1);
            hub.sent(b"x", &[("mex-workflowid", workflow)])
        })
        .collect()
}

/// The query of a link, as the listener would decode it.
fn query_of(link: &Value) -> String {
    let query = link.as_str().unwrap().strip_prefix("/messageexchange/X26ABC2/inbox").unwrap();
    query.replace("%21", "!").replace("%2A", "*")
}

#[test]
fn an_empty_inbox_has_both_shapes() {
    let hub = Hub::new();
    let v1 = list(&hub, "", "application/json");
    assert_eq!((v1.status, text(&v1).as_str()), (200, r#"{"messages":[]}"#));
    let v2 = list(&hub, "", V2);
    assert_eq!(header(&v2, "content-type"), V2);
    assert_eq!(
        json(&v2),
        serde_json::json!({"messages": [], "links": {"self": "/messageexchange/X26ABC2/inbox"}, "approx_inbox_count": 0})
    );
}

#[test]
fn pages_follow_their_links_to_the_end_in_order() {
    let hub = Hub::new();
    let sent = fill(&hub, 25, "TEST_WORKFLOW");
    let (mut seen, mut query, mut pages) = (Vec::new(), "?max_results=10".to_owned(), 0);
    loop {
        let page = json(&list(&hub, &query, V2));
        assert_eq!(page["approx_inbox_count"], 25);
        seen.extend(page["messages"].as_array().unwrap().iter().map(|v| v.as_str().unwrap().to_owned()));
        pages += 1;
        if page["links"]["next"].is_null() {
            break;
        }
        query = query_of(&page["links"]["next"]);
    }
    assert_eq!((seen, pages), (sent.clone(), 3));
    let v1 = json(&list(&hub, &format!("?max_results=10&continue_from={}", sent[9]), "application/json"));
    assert_eq!(v1["messages"][0], sent[10].as_str());
    assert!(v1["links"].is_null());
}

#[test]
fn a_page_that_ends_exactly_has_no_next_link() {
    let hub = Hub::new();
    fill(&hub, 10, "TEST_WORKFLOW");
    assert!(json(&list(&hub, "?max_results=10", V2))["links"]["next"].is_null());
}

#[test]
fn filters_choose_by_workflow_and_stay_in_the_links() {
    let hub = Hub::new();
    let letters = fill(&hub, 12, "LETTER");
    let acks = fill(&hub, 12, "LETTER_ACK");
    let ids = |query: &str| {
        let page = json(&list(&hub, query, V2));
        page["messages"]
            .as_array()
            .unwrap()
            .iter()
            .map(|v| v.as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(ids("?workflow_filter=LETTER"), letters);
    assert_eq!(ids("?workflow_filter=!LETTER"), acks);
    assert_eq!(ids("?workflow_filter=LET*").len(), 24);
    assert_eq!(ids("?workflow_filter=*_ACK*"), acks);
    let page = json(&list(&hub, "?max_results=10&workflow_filter=!*_ACK*", V2));
    assert_eq!(page["messages"].as_array().unwrap().len(), 10);
    let next = json(&list(&hub, &query_of(&page["links"]["next"]), V2));
    assert_eq!(next["messages"].as_array().unwrap().len(), 2);
    assert_eq!(page["approx_inbox_count"], 24, "the count is the inbox's, not the filter's");
}

#[test]
fn bad_queries_are_400_and_name_the_parameter() {
    let hub = Hub::new();
    for (query, name) in [
        ("?max_results=9", "max_results"),
        ("?max_results=5001", "max_results"),
        ("?max_results=ten", "max_results"),
        ("?continue_from=short", "continue_from"),
        ("?continue_from=!!!!!!!!!!!!!!!!!!!!!!!!!!!!", "continue_from"),
        ("?workflow_filter=x", "workflow_filter"),
    ] {
        let answer = list(&hub, query, V2);
        let loc = serde_json::json!(["query", name]);
        assert_eq!((answer.status, &json(&answer)["detail"][0]["loc"]), (400, &loc), "{query}");
    }
}

#[test]
fn the_deprecated_count_has_both_shapes() {
    let hub = Hub::new();
    fill(&hub, 3, "TEST_WORKFLOW");
    let v1 = json(&hub.answer(&hub.ask("GET", "X26ABC2", "count")));
    assert_eq!((&v1["count"], &v1["allResultsIncluded"]), (&Value::from(3), &Value::from(true)));
    assert!(v1["internalID"].is_string());
    let v2 = hub.answer(&hub.ask("GET", "X26ABC2", "count").header("accept", V2));
    assert_eq!(text(&v2), r#"{"count":3}"#);
}

#[test]
fn acknowledging_takes_a_message_out_once_and_says_yes_again() {
    let hub = Hub::new();
    let id = hub.sent(b"x", &[]);
    let path = format!("inbox/{}/status/acknowledged", id.to_lowercase());
    let first = hub.answer(&hub.ask("PUT", "X26ABC2", &path));
    assert_eq!(text(&first), format!(r#"{{"messageId":"{id}"}}"#));
    assert!(hub.inbox("X26ABC2").is_empty());
    let again = hub.decide(&hub.ask("PUT", "X26ABC2", &path).header("accept", V2)).unwrap();
    assert_eq!((again.answer.status, text(&again.answer).as_str(), again.txn), (200, "", None));
    for (method, status) in [("GET", 410), ("HEAD", 410)] {
        let answer = hub.answer(&hub.ask(method, "X26ABC2", &format!("inbox/{id}")));
        assert_eq!((answer.status, answer.body.is_empty()), (status, method == "HEAD"));
        assert!(method == "HEAD" || text(&answer).contains("Message already accepted"));
    }
    assert_eq!(
        hub.answer(&hub.ask("HEAD", "X26ABC1", &format!("inbox/{id}"))).status,
        200,
        "its sender may look"
    );
}

#[test]
fn of_two_acknowledgements_at_a_time_one_is_decided_again() {
    let hub = Hub::new();
    let id = hub.sent(b"x", &[]);
    let path = format!("inbox/{id}/status/acknowledged");
    let first = hub.decide(&hub.ask("PUT", "X26ABC2", &path)).unwrap();
    let second = hub.decide(&hub.ask("PUT", "X26ABC2", &path)).unwrap();
    assert!(matches!(hub.commit(&first), Some(Outcome::Committed { .. })));
    assert!(matches!(hub.commit(&second), Some(Outcome::Conflict { .. })));
    assert_eq!(hub.answer(&hub.ask("PUT", "X26ABC2", &path)).status, 200);
}

#[test]
fn messages_of_others_and_of_nobody_stay_closed() {
    let hub = Hub::new();
    let id = hub.sent(b"x", &[]);
    for (method, mailbox, path, status) in [
        ("GET", "X26ABC3", format!("inbox/{id}"), 403),
        ("GET", "X26ABC3", format!("inbox/{id}/1"), 403),
        ("PUT", "X26ABC3", format!("inbox/{id}/status/acknowledged"), 403),
        ("HEAD", "X26ABC3", format!("inbox/{id}"), 404),
        ("GET", "X26ABC1", format!("inbox/{id}"), 403),
        ("GET", "X26ABC2", "inbox/20260101000000000000_ABCDEF".to_owned(), 404),
        ("HEAD", "X26ABC2", "inbox/20260101000000000000_ABCDEF".to_owned(), 404),
        ("PUT", "X26ABC2", "inbox/20260101000000000000_ABCDEF/status/acknowledged".to_owned(), 404),
        ("GET", "X26ABC2", format!("inbox/{id}/0"), 400),
        ("GET", "X26ABC2", format!("inbox/{id}/x"), 400),
        ("GET", "X26ABC2", format!("inbox/{id}/2"), 404),
        ("GET", "X26ABC2", format!("inbox/{id}/1"), 200),
    ] {
        assert_eq!(hub.answer(&hub.ask(method, mailbox, &path)).status, status, "{method} {mailbox} {path}");
    }
    assert_eq!(hub.inbox("X26ABC2"), [id]);
}
