//! The queue: whose it is, what is in it, and what becomes of what nobody takes.

use super::*;
use serde_json::Value;

fn json(answer: &Answer) -> Value {
    serde_json::from_str(&text(answer)).unwrap()
}

/// Status and Spine error code of a refusal.
fn refusal(answer: &Answer) -> (u16, String) {
    let code = json(answer)["issue"][0]["details"]["coding"][0]["code"].as_str().unwrap_or("").to_owned();
    (answer.status, code)
}

#[test]
fn a_recipient_lists_fetches_and_takes_its_messages() {
    let hub = Hub::new();
    let letter = Letter::new(PATHOLOGY, 0, 1, 7);
    hub.send(&letter);
    let list = hub.queue("GET", &letter.to, "", 1);
    assert_eq!(list.status, 200);
    let told = &json(&list)["messages"][0];
    assert_eq!(told["message_id"], guid(7));
    assert_eq!(told["from"], letter.from.party_key);
    assert_eq!(told["size_bytes"], letter.body.len());
    assert_eq!(told["undelivered_after"], "2025-06-01T12:05:00Z");
    let fetched = hub.queue("GET", &letter.to, &guid(7), 1);
    assert_eq!((fetched.status, text(&fetched)), (200, letter.body.clone()));
    assert!(fetched.headers.contains(&("content-type", letter.content_type.clone().into())));
    assert!(fetched.headers.contains(&("soapaction", format!("\"{}\"", letter.soap_action).into())));
    assert_eq!(hub.queue("DELETE", &letter.to, &guid(7), 1).status, 204);
    assert_eq!(refusal(&hub.queue("DELETE", &letter.to, &guid(7), 1)), (404, "RESOURCE_NOT_FOUND".into()));
    assert_eq!(hub.queue("GET", &letter.to, &guid(7), 1).status, 404);
    assert_eq!(json(&hub.queue("GET", &letter.to, "", 1))["messages"], serde_json::json!([]));
    assert_eq!(hub.rows(Table::Timers), 1, "only that it is to be forgotten");
    assert_eq!(hub.send(&letter).status, 202, "a late copy is acknowledged all the same");
    assert_eq!(json(&hub.queue("GET", &letter.to, "", 1))["messages"], serde_json::json!([]));
}

#[test]
fn nobody_else_lists_fetches_or_takes_another_organisations_messages() {
    let hub = Hub::new();
    let letter = Letter::new(PATHOLOGY, 0, 1, 7);
    hub.send(&letter);
    for (method, rest) in [("GET", String::new()), ("GET", guid(7)), ("DELETE", guid(7))] {
        for caller in [0, 2, 3] {
            let answer = hub.queue(method, &letter.to, &rest, caller);
            assert_eq!(refusal(&answer), (403, "ACCESS_DENIED".into()), "{method} by {caller}");
        }
        // Through one's own queue nobody reaches it either.
        if !rest.is_empty() {
            assert_eq!(hub.queue(method, &letter.from, &rest, 0).status, 404);
        }
    }
    let nobody = Request {
        method: hyper::Method::GET,
        segments: ["reliablemessaging", "queue", &letter.to.party_key].map(str::to_owned).into(),
        query: Vec::new(),
        headers: hyper::HeaderMap::new(),
        body: Body::EMPTY,
    };
    assert_eq!(refusal(&hub.ask(&nobody, None)), (401, "ACCESS_DENIED".into()));
    let peer = Peer { ods: letter.to.ods.clone(), name: "mhs".to_owned() };
    assert_eq!(hub.ask(&nobody, Some(&peer)).status, 200);
    let other = Peer { ods: letter.from.ods.clone(), name: "mhs".to_owned() };
    assert_eq!(hub.ask(&nobody, Some(&other)).status, 403);
    let unknown = EndPoint { party_key: "X26-000001".to_owned(), ..letter.to };
    assert_eq!(hub.queue("GET", &unknown, "", 1).status, 404);
}

#[test]
fn a_long_queue_is_listed_in_pages_oldest_first() {
    let hub = Hub::new();
    for id in 0..5 {
        let letter = Letter::new(PATHOLOGY, 0, 1, 20 - id);
        let decision = hub.decide_at(NOW_MS + u64::from(id), &letter.request(), None);
        hub.commit(decision.txn.unwrap());
    }
    let to = population().endpoint(1);
    let (mut ids, mut query) = (Vec::new(), "?max_results=2".to_owned());
    loop {
        let page = json(&hub.queue("GET", &to, &query, 1));
        ids.extend(page["messages"].as_array().unwrap().iter().map(|m| m["message_id"].clone()));
        let Some(next) = page["links"]["next"].as_str() else { break };
        query = format!("?{}", next.split_once('?').unwrap().1);
        assert!(query.contains("continue_from"), "{query}");
    }
    assert_eq!(ids, [20, 19, 18, 17, 16].map(guid));
    for query in ["?max_results=0", "?max_results=101", "?max_results=x", "?continue_from=x"] {
        assert_eq!(refusal(&hub.queue("GET", &to, query, 1)), (400, "INVALID_VALUE".into()), "{query}");
    }
}

#[test]
fn of_two_who_take_a_message_at_a_time_exactly_one_does() {
    let hub = Hub::new();
    let letter = Letter::new(PATHOLOGY, 0, 1, 7);
    hub.send(&letter);
    let mut headers = hyper::HeaderMap::new();
    headers.insert("authorization", format!("Bearer {}", population().endpoint_token(1)).parse().unwrap());
    let segments = ["reliablemessaging", "queue", &letter.to.party_key, &guid(7)].map(str::to_owned);
    let take = Request {
        method: hyper::Method::DELETE,
        segments: segments.into(),
        query: Vec::new(),
        headers,
        body: Body::EMPTY,
    };
    let (one, other) = (hub.decide_at(NOW_MS, &take, None), hub.decide_at(NOW_MS, &take, None));
    assert!(matches!(hub.commit(one.txn.unwrap()), Outcome::Committed { .. }));
    assert!(matches!(hub.commit(other.txn.unwrap()), Outcome::Conflict { .. }));
    assert_eq!(hub.ask(&take, None).status, 404);
}

#[test]
fn a_message_not_taken_within_its_persist_duration_is_reported_to_its_sender() {
    for (interaction, minutes) in [(REQUEST, 250), (ACKNOWLEDGE, 4), (PATHOLOGY, 5)] {
        let hub = Hub::new();
        let letter = Letter::new(interaction, 0, 1, 7);
        hub.send(&letter);
        assert_eq!(hub.tend(NOW_MS + minutes * MINUTE_MS - 1), 0);
        assert_eq!(hub.tend(NOW_MS + minutes * MINUTE_MS), 1);
        assert_eq!(hub.queue("GET", &letter.to, &guid(7), 1).status, 404);
        let list = json(&hub.queue("GET", &letter.from, "", 0));
        assert_eq!(list["messages"][0]["action"], "MessageError");
        let id = list["messages"][0]["message_id"].as_str().unwrap().to_owned();
        let report = hub.queue("GET", &letter.from, &id, 0);
        assert!(report.headers.contains(&("content-type", "text/xml".into())));
        assert_eq!(codes(&report), ["DeliveryFailure"]);
        assert!(text(&report).contains(&format!("<eb:RefToMessageId>{}<", guid(7))));
        // The report itself is given up without another, and in the end nothing is left to do.
        assert_eq!(hub.tend(NOW_MS + 8 * DAY_MS), 1);
        hub.tend(NOW_MS + 40 * DAY_MS);
        assert_eq!(hub.rows(Table::Timers), 0);
    }
}

#[test]
fn a_time_to_live_ends_waiting_before_the_persist_duration_does() {
    let hub = Hub::new();
    let letter = Letter::new(REQUEST, 0, 1, 7)
        .with("</e:MessageData>", "<e:TimeToLive>2025-06-01T12:01:00Z</e:TimeToLive></e:MessageData>");
    assert_eq!(hub.send(&letter).status, 202);
    assert_eq!(hub.tend(NOW_MS + MINUTE_MS - 1), 0);
    assert_eq!(hub.tend(NOW_MS + MINUTE_MS), 1);
}

#[test]
fn timers_of_other_interfaces_are_left_alone() {
    let hub = Hub::new();
    let mut timers = [([&[0; 8][..], b"|mesh|x"].concat(), Vec::new())].into_iter();
    hub.store.load(Table::Timers, &mut timers).unwrap();
    assert_eq!(hub.tend(NOW_MS), 0);
    assert_eq!(hub.rows(Table::Timers), 1);
}
