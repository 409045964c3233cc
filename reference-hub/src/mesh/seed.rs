//! Rows that a fresh hub starts with: a mailbox for every end point, the messages that wait at time zero, and the
//! published sandbox mailboxes.
//!
//! Called by the hub's seeding. Pure functions of the population; within a table the rows ascend by key.

use super::record::{self, Mailbox, Message, Said, Status};
use crate::message::Body;
use bytes::Bytes;
use hub_store::{Put, Table};
use population::{BacklogMessage, Population, WORKFLOWS};

/// A table, a key and a value.
pub type SeedRow = (Table, Vec<u8>, Vec<u8>);

/// Password of the sandbox mailboxes (published).
pub const SANDBOX_PASSWORD: &str = "password";

/// A restricted workflow of the sandbox, so that clients can meet errors 16 and 17: only X26ABC1 may send it, and only
/// X26ABC2 receives it.
pub const SANDBOX_RESTRICTED_WORKFLOW: &str = "SPINEBENCH_RESTRICTED";

/// A sandbox mailbox: id, name, ODS code, who pays, and the workflows that it receives (published).
type SandboxMailbox = (&'static str, &'static str, &'static str, &'static str, &'static [&'static str]);

const SANDBOX_MAILBOXES: [SandboxMailbox; 3] = [
    ("X26ABC1", "TESTMB1", "X26", "England", &["TEST_WORKFLOW_ACK", "TEST_WORKFLOW2"]),
    ("X26ABC2", "TESTMB2", "X26", "Wales", &["TEST_WORKFLOW", "TEST_WORKFLOW2", SANDBOX_RESTRICTED_WORKFLOW]),
    ("X26ABC3", "TESTMB3", "X27", "England", &["TEST_WORKFLOW_ACK", "TEST_WORKFLOW2"]),
];

fn row(put: Put) -> SeedRow {
    (put.table, put.key.to_vec(), put.value.to_vec())
}

/// All rows of Mailboxes: the mailbox of every end point, then the indexes by organisation and by workflow.
/// Every mailbox is registered for all of the population's workflows, and none of them is restricted.
pub fn mailbox_rows(population: &Population) -> impl Iterator<Item = SeedRow> {
    let population = *population;
    let place = |i| {
        let end_point = population.endpoint(i);
        (end_point.mailbox, end_point.ods, i)
    };
    let mut places: Vec<(String, String, u32)> = (0..population.sizes().endpoints).map(place).collect();
    places.sort_unstable();
    let mailboxes: Vec<u32> = places.iter().map(|(_, _, i)| *i).collect();
    let by_mailbox = places.clone();
    places.sort_unstable_by(|a, b| (&a.1, &a.0).cmp(&(&b.1, &b.0)));
    let rows = mailboxes.into_iter().map(move |i| {
        let mailbox = end_point_mailbox(&population, i);
        row(record::put(Table::Mailboxes, mailbox.id.clone(), record::to_row(&mailbox)))
    });
    let by_ods =
        places.into_iter().map(|(mailbox, ods, _)| index_row(record::ods_prefix(&ods), &mailbox, ""));
    let mut workflows = WORKFLOWS;
    workflows.sort_unstable();
    let by_workflow = workflows.into_iter().flat_map(move |workflow| {
        let prefix = record::workflow_prefix(workflow);
        by_mailbox.clone().into_iter().map(move |(mailbox, ods, _)| {
            let name = mailbox_name(&mailbox, &ods);
            index_row(prefix.clone(), &mailbox, &name)
        })
    });
    rows.chain(by_ods).chain(by_workflow)
}

fn index_row(prefix: String, mailbox: &str, value: &str) -> SeedRow {
    row(record::put(Table::Mailboxes, prefix + mailbox, value.to_owned()))
}

fn mailbox_name(mailbox: &str, ods: &str) -> String {
    format!("{ods} {mailbox}")
}

fn end_point_mailbox(population: &Population, i: u32) -> Mailbox {
    let end_point = population.endpoint(i);
    let organisation = population.organisation(end_point.organisation);
    Mailbox {
        name: mailbox_name(&end_point.mailbox, &end_point.ods),
        id: end_point.mailbox,
        password: end_point.mailbox_password,
        ods: end_point.ods,
        org_name: organisation.name,
        billing_entity: "England".to_owned(),
        sends: Vec::new(),
        receives: WORKFLOWS.iter().map(|&w| w.to_owned()).collect(),
    }
}

/// Indices of the waiting messages in ascending order of `key`.
fn messages_by<K: Ord>(
    population: &Population,
    key: impl Fn(&BacklogMessage) -> K,
) -> impl Iterator<Item = (u64, BacklogMessage)> {
    let mut all: Vec<(u64, BacklogMessage)> =
        (0..population.backlog().messages).map(|i| (i, population.message(i))).collect();
    all.sort_by_key(|(_, m)| key(m));
    all.into_iter()
}

/// The waiting messages' rows of Messages. They have no timer: their time is the population's and long past, so that a
/// benchmark's backlog would expire at its start.
pub fn message_rows(population: &Population) -> impl Iterator<Item = SeedRow> {
    messages_by(population, |m| m.message_id.clone()).map(|(_, waiting)| {
        let at_ms = id_time_ms(&waiting.message_id);
        let said = Said { content_type: Some("text/plain".to_owned()), ..Said::default() };
        let message = Message {
            id: waiting.message_id,
            from: waiting.from_mailbox,
            to: waiting.to_mailbox,
            workflow: waiting.workflow_id.to_owned(),
            status: Status::Accepted,
            chunks: 1,
            chunks_stored: 1,
            size_bytes: u64::from(waiting.len),
            created_ms: at_ms,
            changed_ms: at_ms,
            accepted_ms: Some(at_ms),
            gzip: false,
            report: false,
            failure: None,
            said,
        };
        row(message.put())
    })
}

/// The waiting messages' content: rows of Chunks.
pub fn chunk_rows(population: &Population) -> impl Iterator<Item = SeedRow> {
    messages_by(population, |m| m.message_id.clone()).map(|(i, waiting)| {
        let body = Body::Inline(content(i, waiting.len as usize));
        let key = record::chunk_key(&waiting.message_id, 1);
        row(record::put(Table::Chunks, key, record::encode_chunk(&body)))
    })
}

/// The waiting messages' rows of Inbox.
pub fn inbox_rows(population: &Population) -> impl Iterator<Item = SeedRow> {
    messages_by(population, |m| record::inbox_key(&m.to_mailbox, &m.message_id)).map(|(_, waiting)| {
        let key = record::inbox_key(&waiting.to_mailbox, &waiting.message_id);
        row(record::put(Table::Inbox, key, waiting.workflow_id))
    })
}

/// Rows of the open sandbox: the published mailboxes and their workflows.
pub fn sandbox_rows() -> impl Iterator<Item = SeedRow> {
    let mut rows: Vec<SeedRow> = Vec::new();
    for (id, name, ods, billing_entity, receives) in SANDBOX_MAILBOXES {
        rows.extend(receives.iter().map(|w| index_row(record::workflow_prefix(w), id, name)));
        rows.push(index_row(record::ods_prefix(ods), id, ""));
        let sends: &[&str] = if id == "X26ABC1" { &[SANDBOX_RESTRICTED_WORKFLOW] } else { &[] };
        let mailbox = Mailbox {
            id: id.to_owned(),
            name: name.to_owned(),
            password: SANDBOX_PASSWORD.to_owned(),
            ods: ods.to_owned(),
            org_name: "Sandbox organisation".to_owned(),
            billing_entity: billing_entity.to_owned(),
            sends: sends.iter().map(|&w| w.to_owned()).collect(),
            receives: receives.iter().map(|&w| w.to_owned()).collect(),
        };
        rows.push(row(record::put(Table::Mailboxes, id, record::to_row(&mailbox))));
    }
    let restricted = record::restricted_key(SANDBOX_RESTRICTED_WORKFLOW);
    rows.push(row(record::put(Table::Mailboxes, restricted, Bytes::new())));
    rows.sort_unstable_by(|a, b| a.1.cmp(&b.1));
    rows.into_iter()
}

/// The time in a message id, in milliseconds since the Unix epoch; 0 when there is none.
fn id_time_ms(id: &str) -> u64 {
    let parse = || {
        let at = jiff::civil::DateTime::strptime("%Y%m%d%H%M%S", id.get(..14)?).ok()?;
        let ms = jiff::tz::TimeZone::UTC.to_timestamp(at).ok()?.as_millisecond();
        Some(u64::try_from(ms).ok()? + id.get(14..17)?.parse::<u64>().ok()?)
    };
    parse().unwrap_or(0)
}

/// Lines of a letter, of about the length and variety of letters between practices and hospitals.
const LINES: [&str; 12] = [
    "Thank you for seeing this person, who attended with a cough of three weeks.",
    "Blood pressure was 128 over 76, the pulse regular at 72 beats a minute.",
    "The chest was clear on both sides and there was no swelling of the ankles.",
    "Full blood count, renal function and thyroid function were within their ranges.",
    "The current medicines were reviewed and no change was made today.",
    "An appointment in the clinic has been offered in six weeks.",
    "Please repeat the blood tests in two weeks and forward the results.",
    "The plan was talked through and understood, and a leaflet was given.",
    "No known allergies are recorded.",
    "The wound is healing well and the stitches may come out after ten days.",
    "Physiotherapy has begun and goes on at home with the exercise sheet.",
    "If symptoms return, advice can be had by telephone at any hour.",
];

/// `len` bytes of plain text: numbered lines, different for each `serial`.
pub fn content(serial: u64, len: usize) -> Bytes {
    let mut text = String::with_capacity(len + 128);
    let mut n = 0_u64;
    while text.len() < len {
        // A multiplicative step (2^64 / golden ratio), so that letters differ from their first line on.
        let pick = serial
            .wrapping_add(1)
            .wrapping_mul(1_000_003)
            .wrapping_add(n)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            >> 32;
        text.push_str(&format!("{n:04} {serial:06} {}\n", LINES[(pick % LINES.len() as u64) as usize]));
        n += 1;
    }
    text.truncate(len); // ASCII only: every byte is a character boundary
    text.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use population::Sizes;
    use std::collections::HashSet;

    fn population() -> Population {
        Population::new(42, Sizes { patients: 2_000, organisations: 40, endpoints: 60 }).unwrap()
    }

    fn assert_ascends(rows: &[SeedRow], what: &str) {
        assert!(rows.windows(2).all(|w| w[0].0 == w[1].0 && w[0].1 < w[1].1), "{what}");
    }

    #[test]
    fn every_table_ascends_and_every_end_point_has_its_mailbox() {
        let p = population();
        let mailboxes: Vec<SeedRow> = mailbox_rows(&p).collect();
        assert_ascends(&mailboxes, "mailboxes");
        assert_eq!(mailboxes.len(), 60 * (1 + 1 + WORKFLOWS.len()));
        let keys: HashSet<&[u8]> = mailboxes.iter().map(|r| r.1.as_slice()).collect();
        for i in 0..60 {
            let end_point = p.endpoint(i);
            assert!(keys.contains(end_point.mailbox.as_bytes()));
            assert!(record::is_mailbox_id(&end_point.mailbox));
            assert!(keys.contains((record::ods_prefix(&end_point.ods) + &end_point.mailbox).as_bytes()));
        }
        let messages: Vec<SeedRow> = message_rows(&p).collect();
        let chunks: Vec<SeedRow> = chunk_rows(&p).collect();
        let inbox: Vec<SeedRow> = inbox_rows(&p).collect();
        let sandbox: Vec<SeedRow> = sandbox_rows().collect();
        for (rows, what) in
            [(&messages, "messages"), (&chunks, "chunks"), (&inbox, "inbox"), (&sandbox, "sandbox")]
        {
            assert_ascends(rows, what);
        }
        let waiting = p.backlog().messages as usize;
        assert_eq!((messages.len(), chunks.len(), inbox.len()), (waiting, waiting, waiting));
    }

    #[test]
    fn waiting_content_has_its_stated_length_and_differs_between_messages() {
        assert_eq!(content(1, 25_000).len(), 25_000);
        assert_ne!(content(1, 100), content(2, 100));
        assert_eq!(content(7, 10), content(7, 10));
        assert!(content(3, 0).is_empty());
    }

    #[test]
    fn a_message_ids_time_is_read_back() {
        assert_eq!(id_time_ms("20250101000001043201_0A0B0C"), 1_735_689_601_043);
        assert_eq!(id_time_ms("x"), 0);
    }
}
