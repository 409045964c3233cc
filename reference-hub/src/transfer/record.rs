//! Rows of transfers and their keys.
//!
//! In `Table::Transfers`: `M|message id` -> [`Message`], `B|message id` -> its content, `Q|party key|time received|message id`
//! -> empty (waiting for that party), `C|conversation id` -> [`Conversation`]. In `Table::Timers`: when a waiting message is given
//! up, and when a finished message and a conversation are forgotten. Called by every file of this folder.

use crate::domain::Context;
use crate::message::Body;
use crate::{blob_list, timers};
use bytes::Bytes;
use hub_store::{Check, Delete, Expect, Put, StoreError, Table, Txn, View};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Where a message is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum State {
    /// Its recipient has not taken it.
    Waiting,
    /// Its recipient has it and said so.
    Accepted,
    /// It was given up after its persist duration.
    Undelivered,
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Message {
    /// Its id, a GUID in upper case.
    pub id: String,
    /// Sender's party key.
    pub from: String,
    /// Recipient's party key.
    pub to: String,
    /// Agreement.
    pub cpa_id: String,
    /// ebXML service.
    pub service: String,
    /// ebXML action.
    pub action: String,
    /// Conversation.
    pub conversation_id: String,
    /// Content type as it was sent, with its boundary.
    pub content_type: String,
    /// Bytes of content.
    pub size_bytes: u64,
    /// Id of its acknowledgement.
    pub acknowledgement_id: String,
    /// When it was received, in milliseconds since the Unix epoch.
    pub received_ms: u64,
    /// When it is given up, in milliseconds since the Unix epoch.
    pub due_ms: u64,
    /// Where it is in its life.
    pub state: State,
    /// When that state began, in milliseconds since the Unix epoch.
    pub changed_ms: u64,
}

/// A transfer of a record between two parties: who asked whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Conversation {
    /// Party key of the one who asked.
    pub requester: String,
    /// Party key of the one who was asked.
    pub responder: String,
}

/// A record as its row's value.
fn to_row(record: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(record).unwrap_or_default() // strings, numbers and enums of them always serialise
}

fn key(kind: &str, id: &str) -> Bytes {
    [kind, "|", id].concat().into_bytes().into()
}

/// Key of a message.
pub(super) fn message_key(id: &str) -> Bytes {
    key("M", id)
}

/// Key of a message's content.
pub(super) fn content_key(id: &str) -> Bytes {
    key("B", id)
}

/// Key of a conversation.
pub(super) fn conversation_key(id: &str) -> Bytes {
    key("C", id)
}

/// Prefix of what waits for a party, oldest first: 12 hexadecimal digits of time, a bar and a message id follow.
pub(super) fn queue_prefix(party_key: &str) -> String {
    ["Q|", party_key, "|"].concat()
}

/// How long a message that was taken or given up is remembered, and a conversation since it was opened, in milliseconds.
/// 30 days: as long as MESH keeps what it knows of a message. A copy that comes later is taken for a new message; no
/// sender repeats one beyond its persist duration, and those of a whole record transfer are over within a day.
pub(super) const RETENTION_MS: u64 = 30 * 24 * 3_600 * 1_000;

/// Kind of the timer at which a waiting message is given up.
pub(super) const WAITING: &str = "|transfer|";
/// Kind of the timer at which a finished message is forgotten.
pub(super) const FINISHED: &str = "|transfer-finished|";
/// Kind of the timer at which a conversation is forgotten.
pub(super) const OPENED: &str = "|transfer-opened|";

/// A row to write.
pub(super) fn put(table: Table, key: impl Into<Bytes>, value: impl Into<Bytes>) -> Put {
    Put { table, key: key.into(), value: value.into() }
}

impl Message {
    /// Its row.
    pub(super) fn put(&self) -> Put {
        put(Table::Transfers, message_key(&self.id), to_row(self))
    }

    /// Its place in its recipient's queue.
    pub(super) fn queue_key(&self) -> String {
        format!("{}{:012x}|{}", queue_prefix(&self.to), self.received_ms, self.id)
    }

    /// All rows of a message that begins to wait.
    pub(super) fn waiting_rows(&self, content: &Body) -> Vec<Put> {
        vec![
            self.put(),
            put(Table::Transfers, content_key(&self.id), encode_content(content)),
            put(Table::Transfers, self.queue_key(), Bytes::new()),
            timers::put(self.due_ms, WAITING, &self.id),
        ]
    }

    /// What a waiting message whose row has `version` becomes when it is taken or given up: its place in the queue, its
    /// timer and its content go, and what is known of it stays for [`RETENTION_MS`].
    ///
    /// # Errors
    /// The engine's.
    pub(super) fn finish(self, ctx: &Context<'_>, version: u64, state: State) -> Result<Txn, StoreError> {
        let content_key = content_key(&self.id);
        let dels = vec![
            Delete { table: Table::Transfers, key: self.queue_key().into() },
            Delete { table: Table::Timers, key: timers::key(self.due_ms, WAITING, &self.id) },
            Delete { table: Table::Transfers, key: content_key.clone() },
        ];
        let mut puts = vec![timers::put(ctx.now_ms.saturating_add(RETENTION_MS), FINISHED, &self.id)];
        let content = ctx.view.get(Table::Transfers, &content_key)?;
        if let Some(Body::Blob { id, .. }) = content.and_then(|row| decode_content(&row.value)) {
            puts.push(blob_list::put(&id));
        }
        let key = message_key(&self.id);
        let unchanged = Check { table: Table::Transfers, key, expect: Expect::Version(version) };
        puts.push(Message { state, changed_ms: ctx.now_ms, ..self }.put());
        Ok(Txn { checks: vec![unchanged], puts, dels, ..Txn::default() })
    }
}

impl Conversation {
    /// Its row.
    pub(super) fn put(&self, id: &str) -> Put {
        put(Table::Transfers, conversation_key(id), to_row(self))
    }

    /// All rows of a conversation that is opened at `now_ms`.
    pub(super) fn opening_rows(&self, id: &str, now_ms: u64) -> [Put; 2] {
        [self.put(id), timers::put(now_ms.saturating_add(RETENTION_MS), OPENED, id)]
    }
}

/// The message `id` and its row's version, or `None`.
///
/// # Errors
/// The engine's; also when the row is damaged.
pub(super) fn message(view: &dyn View, id: &str) -> Result<Option<(Message, u64)>, StoreError> {
    let Some(row) = view.get(Table::Transfers, &message_key(id))? else { return Ok(None) };
    Ok(Some((parse(&row.value)?, row.version)))
}

/// The conversation `id`, or `None`.
///
/// # Errors
/// The engine's; also when the row is damaged.
pub(super) fn conversation(view: &dyn View, id: &str) -> Result<Option<Conversation>, StoreError> {
    let row = view.get(Table::Transfers, &conversation_key(id))?;
    row.map(|row| parse(&row.value)).transpose()
}

fn parse<'a, T: Deserialize<'a>>(row: &'a [u8]) -> Result<T, StoreError> {
    serde_json::from_slice(row).map_err(|e| StoreError(format!("transfers: a row cannot be read: {e}")))
}

const INLINE: u8 = 0;
const BLOB: u8 = 1;

/// A content row: 0 and the bytes, or 1, the length (8 bytes, little endian) and the blob's id.
fn encode_content(body: &Body) -> Bytes {
    match body {
        Body::Inline(bytes) => [&[INLINE], bytes.as_ref()].concat().into(),
        Body::Blob { id, len, .. } => [&[BLOB], &len.to_le_bytes()[..], id.as_bytes()].concat().into(),
    }
}

/// The body in a content row, without copying; `None` when it is not one. The listener finds a blob by its id.
pub(super) fn decode_content(row: &Bytes) -> Option<Body> {
    match *row.first()? {
        INLINE => Some(Body::Inline(row.slice(1..))),
        BLOB => {
            let len = u64::from_le_bytes(row.get(1..9)?.try_into().ok()?);
            let id = std::str::from_utf8(row.get(9..)?).ok()?.to_owned();
            Some(Body::Blob { id, len, path: PathBuf::new(), held: Bytes::new() })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents_survive_as_bytes_and_as_blobs() {
        for body in [
            Body::Inline(Bytes::from_static(b"abc")),
            Body::EMPTY,
            Body::Blob { id: "x-1".to_owned(), len: 600_000, path: PathBuf::new(), held: Bytes::new() },
        ] {
            assert_eq!(decode_content(&encode_content(&body)), Some(body));
        }
        assert_eq!(decode_content(&Bytes::new()), None);
        assert_eq!(decode_content(&Bytes::from_static(&[1, 2])), None);
    }
}
