//! What time brings about: undelivered messages and their reports, uploads never finished, deletion, and what the store
//! has left of it all.

use super::*;
use crate::blob_list;
use hub_store::View;

fn tracked(hub: &Hub, id: &str, accept: &str) -> Answer {
    hub.answer(
        &hub.ask("GET", "X26ABC1", &format!("outbox/tracking?messageID={id}")).header("accept", accept),
    )
}

fn acknowledge(hub: &Hub, mailbox: &str, id: &str) -> u16 {
    hub.answer(&hub.ask("PUT", mailbox, &format!("inbox/{id}/status/acknowledged"))).status
}

#[test]
fn a_message_not_collected_in_5_days_is_undeliverable_and_reported_to_its_sender() {
    let hub = Hub::new();
    let id = hub.sent(b"x", &[("mex-localid", "l-1"), ("mex-subject", "a subject")]);
    assert!(hub.after(5 * DAY_MS - 1).is_empty(), "not a millisecond early");
    assert_eq!(hub.inbox("X26ABC2"), std::slice::from_ref(&id));
    assert_eq!(hub.after(1), ["mesh-undelivered"]);
    assert!(hub.inbox("X26ABC2").is_empty());
    let reports = hub.inbox("X26ABC1");
    assert_eq!(reports.len(), 1);
    let report =
        hub.answer(&hub.ask("GET", "X26ABC1", &format!("inbox/{}", reports[0])).header("accept", V2));
    assert_eq!((report.status, content(&report)), (200, &b""[..]));
    let head = hub.answer(&hub.ask("HEAD", "X26ABC1", &format!("inbox/{}", reports[0])));
    for answer in [&report, &head] {
        for (name, value) in [
            ("mex-messagetype", "REPORT"),
            ("mex-statuscode", "14"),
            ("mex-statusevent", "SEND"),
            ("mex-statusdescription", "Message not collected by recipient after 5 days"),
            ("mex-statussuccess", "ERROR"),
            ("mex-statustimestamp", "20260306120030"),
            ("mex-linkedmsgid", id.as_str()),
            ("mex-messageid", reports[0].as_str()),
            ("mex-to", "X26ABC2"),
            ("mex-workflowid", "TEST_WORKFLOW"),
            ("mex-localid", "l-1"),
            ("mex-subject", "a subject"),
            ("mex-from", ""),
        ] {
            assert_eq!(header(answer, name), value, "{name}");
        }
    }
    let v2 = json(&tracked(&hub, &id, V2));
    for (name, value) in [
        ("status", "undeliverable"),
        ("status_code", "14"),
        ("status_event", "SEND"),
        ("status_description", "Message not collected by recipient after 5 days"),
        ("status_timestamp", "2026-03-06T12:00:30.123Z"),
    ] {
        assert_eq!(v2[name], value, "{name}");
    }
    assert_eq!(v2["status_success"], false);
    let v1 = json(&tracked(&hub, &id, "application/json"));
    for (name, value) in [
        ("status", "Undeliverable"),
        ("statusSuccess", "ERROR"),
        ("failureDate", "20260306120030"),
        ("failureDiagnostic", "Message not collected by recipient after 5 days"),
        ("linkedMsgId", reports[0].as_str()),
    ] {
        assert_eq!(v1[name], value, "{name}");
    }
    for (method, status) in [("GET", 410), ("HEAD", 410)] {
        assert_eq!(hub.answer(&hub.ask(method, "X26ABC2", &format!("inbox/{id}"))).status, status);
    }
    assert_eq!(acknowledge(&hub, "X26ABC2", &id), 200, "too late, and harmless");
    assert_eq!(json(&tracked(&hub, &id, V2))["status"], "undeliverable");
    assert_eq!(acknowledge(&hub, "X26ABC1", &reports[0]), 200);
    assert!(hub.inbox("X26ABC1").is_empty());
}

#[test]
fn nobody_is_told_of_a_report_that_is_not_collected() {
    let hub = Hub::new();
    hub.sent(b"x", &[]);
    assert_eq!(hub.after(5 * DAY_MS), ["mesh-undelivered"]);
    assert_eq!(hub.after(5 * DAY_MS), ["mesh-undelivered"]);
    assert!(hub.inbox("X26ABC1").is_empty() && hub.inbox("X26ABC2").is_empty());
    assert_eq!(hub.rows(Table::Messages), 2);
}

#[test]
fn an_acknowledged_message_is_kept_for_30_days_and_then_leaves_nothing_behind() {
    let hub = Hub::new();
    let id = hub.sent(b"x", &[("mex-localid", "l|1")]);
    assert_eq!(acknowledge(&hub, "X26ABC2", &id), 200);
    assert_eq!(hub.after(5 * DAY_MS), ["mesh-timers"], "its timer is moved, and nobody is told");
    assert!(hub.inbox("X26ABC1").is_empty());
    assert!(hub.after(25 * DAY_MS - 1).is_empty());
    assert_eq!(json(&tracked(&hub, &id, V2))["status"], "acknowledged");
    assert_eq!(hub.after(1), ["mesh-deleted"]);
    assert_eq!(tracked(&hub, &id, V2).status, 404);
    for table in [Table::Messages, Table::Chunks, Table::Inbox, Table::LocalIds, Table::Timers] {
        assert_eq!(hub.rows(table), 0, "{}", table.name());
    }
}

#[test]
fn an_upload_not_finished_in_5_days_fails_and_takes_no_more_chunks() {
    let hub = Hub::new();
    let id = hub.sent(b"1", &[("mex-chunk-range", "1:2")]);
    assert_eq!(hub.after(5 * DAY_MS), ["mesh-upload-expired"]);
    assert_eq!(hub.answer(&hub.chunk(&id, 2, "2:2").body(b"2")).status, 423);
    let v2 = json(&tracked(&hub, &id, V2));
    assert_eq!((&v2["status"], &v2["status_code"]), (&Value::from("error"), &Value::from("02")));
    assert!(hub.inbox("X26ABC1").is_empty() && hub.inbox("X26ABC2").is_empty());
    assert_eq!(hub.after(25 * DAY_MS), ["mesh-deleted"]);
    assert_eq!((hub.rows(Table::Messages), hub.rows(Table::Chunks), hub.rows(Table::Timers)), (0, 0, 0));
}

#[test]
fn an_upload_finished_late_has_its_5_days_from_its_delivery() {
    let hub = Hub::new();
    let id = hub.sent(b"1", &[("mex-chunk-range", "1:2")]);
    assert!(hub.after(4 * DAY_MS).is_empty());
    assert_eq!(hub.answer(&hub.chunk(&id, 2, "2:2").body(b"2")).status, 202);
    assert_eq!(hub.after(DAY_MS), ["mesh-timers"]);
    assert_eq!(hub.inbox("X26ABC2"), [id]);
    assert_eq!(hub.after(4 * DAY_MS), ["mesh-undelivered"]);
}

#[test]
fn blobs_of_deleted_and_of_replaced_chunks_are_listed_for_the_sweep() {
    let hub = Hub::new();
    let listed = || {
        let (from, to) = blob_list::range();
        let rows = hub.store.scan(Table::Timers, from, to, 100).unwrap();
        rows.iter().map(|r| blob_list::id(&r.key).unwrap().to_owned()).collect::<Vec<_>>()
    };
    let ask = hub.send().header("mex-chunk-range", "1:2").blob("blob-1", 300_000);
    let id = json(&hub.answer(&ask))["message_id"].as_str().unwrap().to_owned();
    assert_eq!(hub.answer(&hub.chunk(&id, 1, "1:2").blob("blob-2", 300_000)).status, 202);
    assert_eq!(listed(), ["blob-1"], "the chunk came again");
    assert_eq!(hub.answer(&hub.chunk(&id, 2, "2:2").blob("blob-3", 300_000)).status, 202);
    hub.after(30 * DAY_MS);
    hub.after(0);
    assert_eq!(listed(), ["blob-1", "blob-2", "blob-3"]);
    assert_eq!(hub.rows(Table::Chunks), 0);
}

#[test]
fn a_message_of_many_chunks_is_deleted_in_bounded_steps() {
    let hub = Hub::new();
    let id = hub.sent(b"1", &[("mex-chunk-range", "1:150")]);
    for number in 2..=150 {
        let range = format!("{number}:150");
        assert_eq!(hub.answer(&hub.chunk(&id, number, &range).body(b"x")).status, 202);
    }
    assert_eq!(acknowledge(&hub, "X26ABC2", &id), 200);
    let done = hub.after(30 * DAY_MS);
    assert_eq!(done.iter().filter(|w| **w == "mesh-deleted").count(), 3, "{done:?}");
    assert_eq!((hub.rows(Table::Messages), hub.rows(Table::Chunks), hub.rows(Table::Timers)), (0, 0, 0));
}

#[test]
fn a_backlog_of_due_messages_is_worked_off_in_bounded_batches() {
    let hub = Hub::new();
    for _ in 0..300 {
        hub.sent(b"x", &[]);
    }
    hub.now_ms.set(hub.now_ms.get() + 5 * DAY_MS);
    let ids = Ids::new(5 << 64);
    let first = super::super::lifecycle::tend(&Context::new(&hub.store, hub.now_ms.get(), &ids, true));
    assert_eq!(first.len(), 128);
    assert_eq!(hub.after(0).len(), 300);
    assert_eq!((hub.inbox("X26ABC2").len(), hub.inbox("X26ABC1").len()), (0, 300));
}

#[test]
fn an_acknowledgement_in_the_last_moment_and_the_expiry_exclude_each_other() {
    let hub = Hub::new();
    let id = hub.sent(b"x", &[]);
    hub.now_ms.set(hub.now_ms.get() + 5 * DAY_MS);
    let ids = Ids::new(1 << 64);
    let due = super::super::lifecycle::tend(&Context::new(&hub.store, hub.now_ms.get(), &ids, true));
    assert_eq!(acknowledge(&hub, "X26ABC2", &id), 200);
    let outcome = hub.store.commit(&[due.into_iter().next().unwrap().txn]).unwrap().remove(0);
    assert!(matches!(outcome, Outcome::Conflict { .. }), "{outcome:?}");
    assert_eq!(json(&tracked(&hub, &id, V2))["status"], "acknowledged");
    assert!(hub.inbox("X26ABC1").is_empty());
}

#[test]
fn timers_of_other_interfaces_are_left_alone_and_stand_in_nobodys_way() {
    let hub = Hub::new();
    let foreign = |n: u64| (n.to_be_bytes().iter().copied().chain(*b"|eps|x").collect(), Vec::new());
    hub.store.load(Table::Timers, &mut (0..600).map(foreign)).unwrap();
    hub.sent(b"x", &[]);
    assert_eq!(hub.after(5 * DAY_MS), ["mesh-undelivered"]);
    assert!(hub.rows(Table::Timers) >= 600);
}

#[test]
fn seeded_messages_never_expire() {
    let p = population::Population::new(
        42,
        population::Sizes { patients: 2_000, organisations: 40, endpoints: 60 },
    )
    .unwrap();
    let tables: std::collections::BTreeSet<&str> = seed::message_rows(&p)
        .chain(seed::inbox_rows(&p))
        .chain(seed::chunk_rows(&p))
        .map(|(table, ..)| table.name())
        .collect();
    assert!(!tables.contains(Table::Timers.name()));
}
