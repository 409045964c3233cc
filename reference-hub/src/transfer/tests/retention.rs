//! How long what was sent is kept: a large content until it is taken or given up, what is known of it for a while longer.

use super::*;
use crate::blob_list;

/// A message whose content is a file: sent, with the folder that holds the file.
fn large(hub: &Hub, letter: &Letter) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("b-1");
    std::fs::write(&path, &letter.body).unwrap();
    let body =
        Body::Blob { id: "b-1".to_owned(), len: letter.body.len() as u64, path, held: bytes::Bytes::new() };
    let answer = hub.ask(&Request { body, ..letter.request() }, None);
    assert_eq!(answer.status, 202, "{}", text(&answer));
    folder
}

/// Blobs on the list of what is to be removed.
fn listed(hub: &Hub) -> Vec<String> {
    let (from, to) = blob_list::range();
    let rows = hub.store.scan(Table::Timers, from, to, 10).unwrap();
    rows.iter().map(|row| blob_list::id(&row.key).unwrap().to_owned()).collect()
}

#[test]
fn the_file_of_a_large_message_is_removed_once_it_was_taken() {
    let hub = Hub::new();
    let letter = Letter::new(PATHOLOGY, 0, 1, 7);
    let _folder = large(&hub, &letter);
    let fetched = hub.queue("GET", &letter.to, &guid(7), 1);
    assert!(matches!(&fetched.body, Body::Blob { id, .. } if id == "b-1"));
    assert_eq!(listed(&hub), [""; 0]);
    assert_eq!(hub.queue("DELETE", &letter.to, &guid(7), 1).status, 204);
    assert_eq!(listed(&hub), ["b-1"]);
}

#[test]
fn the_file_of_a_large_message_is_removed_once_it_was_given_up() {
    let hub = Hub::new();
    let letter = Letter::new(PATHOLOGY, 0, 1, 7);
    let _folder = large(&hub, &letter);
    assert_eq!(hub.tend(NOW_MS + 5 * MINUTE_MS), 1);
    assert_eq!(listed(&hub), ["b-1"]);
    // The report of it is no file.
    hub.tend(NOW_MS + 8 * DAY_MS);
    assert_eq!(listed(&hub), ["b-1"]);
}

#[test]
fn messages_and_conversations_are_forgotten_after_their_retention() {
    assert_eq!(super::super::record::RETENTION_MS, 30 * DAY_MS);
    let hub = Hub::new();
    let seeded = hub.rows(Table::Transfers);
    let letter = Letter::new(REQUEST, 0, 1, 7);
    assert_eq!(hub.send(&letter).status, 202);
    assert_eq!(hub.queue("DELETE", &letter.to, &guid(7), 1).status, 204);
    assert_eq!(hub.rows(Table::Transfers), seeded + 2, "the message and the conversation are known");
    assert_eq!(hub.tend(NOW_MS + 30 * DAY_MS - 1), 0);
    assert_eq!(hub.tend(NOW_MS + 30 * DAY_MS), 2);
    assert_eq!((hub.rows(Table::Transfers), hub.rows(Table::Timers)), (seeded, 0));
    assert_eq!(hub.send(&letter).status, 202, "a copy after that is a new message");
    assert_eq!(hub.rows(Table::Transfers), seeded + 4);
}

#[test]
fn more_messages_than_one_round_takes_are_all_forgotten() {
    let hub = Hub::new();
    let seeded = hub.rows(Table::Transfers);
    for id in 0..300 {
        assert_eq!(hub.send(&Letter::new(ACKNOWLEDGE, 0, 1, id)).status, 202);
    }
    assert_eq!(hub.tend(NOW_MS + DAY_MS), 300);
    hub.tend(NOW_MS + 90 * DAY_MS); // their reports are given up
    hub.tend(NOW_MS + 180 * DAY_MS);
    assert_eq!((hub.rows(Table::Transfers), hub.rows(Table::Timers)), (seeded, 0));
}
