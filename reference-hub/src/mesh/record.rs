//! Rows of this interface: mailboxes, messages, chunks, inbox and local ids; their keys and their bytes.
//!
//! Called by every file of this interface and by its seeds. The tables: Mailboxes (`MAILBOX` -> [`Mailbox`],
//! `MAILBOX|seen` -> last handshake, and behind all ids the indexes `~o|ODS|MAILBOX`, `~r|WORKFLOW` of restricted
//! workflows, and `~w|WORKFLOW|MAILBOX` -> mailbox name), Messages
//! (`id` -> [`Message`]), Chunks (`id|00001` -> [`encode_chunk`]), Inbox (`MAILBOX|id` -> workflow id), LocalIds
//! (`MAILBOX|local id|id` -> empty).

use super::fault::{Fault, Refused};
use crate::message::Body;
use bytes::Bytes;
use hub_store::{Delete, Put, Table, Versioned, View};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Longest mailbox id that is looked up. Real ones have 9 to 11 characters.
const MAILBOX_ID_BYTES_MAX: usize = 50;

/// Longest message id that is looked up. Ours have 27 characters.
const MESSAGE_ID_BYTES_MAX: usize = 64;

/// Digits of a chunk number in its key.
const CHUNK_DIGITS: usize = 5;

/// Chunks a message may have: what `CHUNK_DIGITS` can count. At 75 MiB each that is 70 times the published 100 GB.
pub const CHUNKS_MAX: u32 = 99_999;

/// A mailbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mailbox {
    /// Its id, upper case.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The password that its tokens are made with.
    pub password: String,
    /// ODS code of its organisation.
    pub ods: String,
    /// Name of its organisation.
    pub org_name: String,
    /// Who pays: a home nation.
    pub billing_entity: String,
    /// Restricted workflows that it may send.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sends: Vec<String>,
    /// Workflows that it is registered to receive.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub receives: Vec<String>,
}

/// Where a message is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Chunks are missing: the recipient does not see it.
    Uploading,
    /// In the recipient's inbox.
    Accepted,
    /// The recipient has it and said so.
    Acknowledged,
    /// Not collected in time: out of the inbox, and its sender was told.
    Undeliverable,
    /// Failed otherwise: an upload that was never finished, or what the sandbox's administrator said.
    Error,
}

impl Status {
    /// Every state, for look-ups by word.
    pub const ALL: [Status; 5] =
        [Status::Uploading, Status::Accepted, Status::Acknowledged, Status::Undeliverable, Status::Error];

    /// As v2 writes it; v1 writes the first letter upper case.
    pub fn word(self) -> &'static str {
        match self {
            Status::Uploading => "uploading",
            Status::Accepted => "accepted",
            Status::Acknowledged => "acknowledged",
            Status::Undeliverable => "undeliverable",
            Status::Error => "error",
        }
    }
}

/// Why a message failed; of a REPORT message, what it reports.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Failure {
    /// Phase: SEND, COLLECT, TRANSFER, RECEIVE.
    pub event: String,
    /// The published code.
    pub code: String,
    /// One sentence for a person.
    pub text: String,
    /// When, in milliseconds since the Unix epoch.
    pub at_ms: u64,
    /// The other message: of a report the one that failed, of that one the report.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub linked: Option<String>,
    /// Of a report: whom the failed message was for, when that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub intended: Option<String>,
}

/// What is known about a message besides its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Its id: 20 digits of time, underscore, 6 hex digits.
    pub id: String,
    /// Sending mailbox.
    pub from: String,
    /// Receiving mailbox.
    pub to: String,
    /// Workflow id.
    pub workflow: String,
    /// Where it is in its life.
    pub status: Status,
    /// Chunks announced by the first one.
    pub chunks: u32,
    /// Chunks stored so far.
    pub chunks_stored: u32,
    /// Bytes stored so far, as they were sent.
    pub size_bytes: u64,
    /// When the first chunk came, in milliseconds since the Unix epoch.
    pub created_ms: u64,
    /// When the last state began, in milliseconds since the Unix epoch.
    pub changed_ms: u64,
    /// When it went into the inbox, in milliseconds since the Unix epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted_ms: Option<u64>,
    /// All chunks are gzip-encoded.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub gzip: bool,
    /// A REPORT, without content, instead of DATA.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub report: bool,
    /// Why it failed, or what it reports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Box<Failure>>,
    /// What the sender said about it.
    #[serde(default)]
    pub said: Said,
}

/// The optional headers that travel with a message unchanged.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Said {
    /// Mex-Content-Type, else Content-Type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// Mex-FileName.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_name: Option<String>,
    /// Mex-LocalID.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub local_id: Option<String>,
    /// Mex-PartnerID.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partner_id: Option<String>,
    /// Mex-Subject.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Mex-Content-Checksum.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checksum: Option<String>,
    /// Mex-Content-Encrypted.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub encrypted: bool,
    /// Mex-Content-Compressed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub compressed: bool,
}

impl Message {
    /// The file name that the recipient sees: the sender's, else one made of the id.
    pub fn file_name(&self) -> String {
        self.said.file_name.clone().unwrap_or_else(|| format!("{}.dat", self.id))
    }

    /// DATA or REPORT, as published.
    pub fn kind(&self) -> &'static str {
        if self.report { "REPORT" } else { "DATA" }
    }

    /// Its row.
    pub fn put(&self) -> Put {
        put(Table::Messages, self.id.clone(), to_row(self))
    }

    /// Its row in its recipient's inbox.
    pub fn inbox_put(&self) -> Put {
        put(Table::Inbox, inbox_key(&self.to, &self.id), self.workflow.clone())
    }

    /// What takes it out of its recipient's inbox.
    pub fn inbox_del(&self) -> Delete {
        Delete { table: Table::Inbox, key: inbox_key(&self.to, &self.id).into() }
    }
}

/// A row to write.
pub fn put(table: Table, key: impl Into<Vec<u8>>, value: impl Into<Bytes>) -> Put {
    Put { table, key: Bytes::from(key.into()), value: value.into() }
}

/// A record as its row's value.
pub fn to_row(record: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(record).unwrap_or_default() // strings, numbers and lists of them always serialise
}

/// True when `id` can be a mailbox id, so that no look-up reaches another kind of row.
pub fn is_mailbox_id(id: &str) -> bool {
    let known = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
    (1..=MAILBOX_ID_BYTES_MAX).contains(&id.len()) && id.bytes().all(known)
}

/// The mailbox `id`, or `None` when there is none.
///
/// # Errors
/// 500 when the store or the row cannot be read.
pub fn mailbox(view: &dyn View, id: &str) -> Result<Option<Mailbox>, Refused> {
    if !is_mailbox_id(id) {
        return Ok(None);
    }
    let Some(row) = view.get(Table::Mailboxes, id.as_bytes())? else { return Ok(None) };
    serde_json::from_slice(&row.value).map(Some).map_err(|_| Fault::internal())
}

/// True when `id` can be a message id: what a hub makes, and nothing that means something in a key or a file name.
pub fn is_message_id(id: &str) -> bool {
    let known = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
    (1..=MESSAGE_ID_BYTES_MAX).contains(&id.len()) && id.bytes().all(known)
}

/// The message `id` and its row's version, or `None` when there is none.
///
/// # Errors
/// 500 when the store or the row cannot be read.
pub fn message(view: &dyn View, id: &str) -> Result<Option<(Message, u64)>, Refused> {
    if !is_message_id(id) {
        return Ok(None);
    }
    let Some(Versioned { version, value }) = view.get(Table::Messages, id.as_bytes())? else {
        return Ok(None);
    };
    let message = serde_json::from_slice(&value).map_err(|_| Fault::internal())?;
    Ok(Some((message, version)))
}

/// Key of a message's chunk; numbers count from 1.
pub fn chunk_key(message_id: &str, number: u32) -> Vec<u8> {
    format!("{message_id}|{number:0CHUNK_DIGITS$}").into_bytes()
}

/// Prefix of all chunks of a message.
pub fn chunk_prefix(message_id: &str) -> String {
    format!("{message_id}|")
}

/// Key of a message in an inbox.
pub fn inbox_key(mailbox: &str, message_id: &str) -> Vec<u8> {
    format!("{mailbox}|{message_id}").into_bytes()
}

/// Text that others chose, as part of a key: bars are escaped, so that no text is another's prefix.
fn key_part(text: &str) -> String {
    text.replace('%', "%25").replace('|', "%7C")
}

/// Prefix of all rows of a local id; a message id follows.
pub fn local_id_prefix(mailbox: &str, local_id: &str) -> String {
    format!("{mailbox}|{}|", key_part(local_id))
}

/// Prefix of the mailboxes of an organisation; a mailbox id follows.
pub fn ods_prefix(ods: &str) -> String {
    format!("~o|{}|", key_part(ods))
}

/// Key of the row that makes a workflow restricted.
pub fn restricted_key(workflow: &str) -> String {
    format!("~r|{}", key_part(workflow))
}

/// Prefix of the mailboxes registered for a workflow; a mailbox id follows.
pub fn workflow_prefix(workflow: &str) -> String {
    format!("~w|{}|", key_part(workflow))
}

/// The key after all keys that begin with `prefix`, which ends in a bar.
pub fn prefix_end(prefix: &str) -> Vec<u8> {
    let mut end = prefix.as_bytes().to_vec();
    if let Some(last) = end.last_mut() {
        *last += 1; // '|' becomes '}'
    }
    end
}

const INLINE: u8 = 0;
const BLOB: u8 = 1;

/// A chunk row: 0 and the bytes, or 1, the length (8 bytes, little endian) and the blob's id.
pub fn encode_chunk(body: &Body) -> Bytes {
    let mut row;
    match body {
        Body::Inline(bytes) => {
            row = Vec::with_capacity(1 + bytes.len());
            row.push(INLINE);
            row.extend_from_slice(bytes);
        }
        Body::Blob { id, len, .. } => {
            row = Vec::with_capacity(9 + id.len());
            row.push(BLOB);
            row.extend_from_slice(&len.to_le_bytes());
            row.extend_from_slice(id.as_bytes());
        }
    }
    row.into()
}

/// The body in a chunk row, without copying; `None` when it is not one. The listener finds a blob by its id.
pub fn decode_chunk(row: &Bytes) -> Option<Body> {
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
