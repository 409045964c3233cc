//! How the sandbox's administrator sees a mailbox and a message.
//!
//! Called by `admin`. Builds JSON only. Never shows a password or content.

use super::download::time;
use super::lifecycle::INBOX_TIME_MS;
use super::record::{Mailbox, Message, Status};
use super::tracking::without_nulls;
use serde_json::{Value, json};

/// A mailbox.
pub fn mailbox(mailbox: &Mailbox) -> Value {
    json!({
        "mailbox_id": mailbox.id,
        "mailbox_name": mailbox.name,
        "billing_entity": mailbox.billing_entity,
        "ods_code": mailbox.ods,
        "org_code": mailbox.ods,
        "org_name": mailbox.org_name,
        "active": true,
    })
}

/// A message, with the parties as far as they are mailboxes.
pub fn message(message: &Message, sender: Option<&Mailbox>, recipient: Option<&Mailbox>) -> Value {
    let iso = |at_ms| time(at_ms, "%Y-%m-%dT%H:%M:%S.%3fZ");
    let said = &message.said;
    let mut status = message.status.word().to_owned();
    status[..1].make_ascii_uppercase();
    let failure = message.failure.as_deref();
    let of_data = failure.filter(|_| !message.report);
    let of_report = failure.filter(|_| message.report);
    without_nulls(json!({
        "checksum": said.checksum.as_deref().unwrap_or(""),
        "chunk_count": message.chunks,
        "content_encoding": if message.gzip { "gzip" } else { "" },
        "download_timestamp": (message.status == Status::Acknowledged).then(|| iso(message.changed_ms)),
        "expiry_time": iso(message.accepted_ms.unwrap_or(message.created_ms) + INBOX_TIME_MS),
        "failure_date": of_data.map(|f| iso(f.at_ms)),
        "failure_diagnostic": of_data.map(|f| &f.text),
        "filename": message.file_name(),
        "file_size": message.size_bytes,
        "is_compressed": said.compressed,
        "is_encrypted": said.encrypted,
        "linked_msg_id": failure.and_then(|f| f.linked.as_ref()),
        "local_id": said.local_id,
        "message_id": message.id,
        "message_type": if message.report { "Report" } else { "Data" },
        "recipient": message.to,
        "recipient_name": recipient.map(|m| &m.name),
        "recipient_ods_code": recipient.map(|m| &m.ods),
        "recipient_org_code": recipient.map(|m| &m.ods),
        "recipient_org_name": recipient.map(|m| &m.org_name),
        "sender": message.from,
        "sender_name": sender.map_or("Central System Mailbox", |m| &m.name),
        "sender_ods_code": sender.map_or("X26", |m| &m.ods),
        "sender_org_code": sender.map_or("X26", |m| &m.ods),
        "sender_org_name": sender.map_or("NHS England", |m| &m.org_name),
        "status": status,
        "status_code": of_report.map(|f| &f.code),
        "status_description": of_report.map(|f| &f.text),
        "status_event": of_report.map(|f| &f.event),
        "status_success": if failure.is_none() && !message.report { "SUCCESS" } else { "ERROR" },
        "status_timestamp": of_report.map(|f| iso(f.at_ms)),
        "subject": said.subject,
        "upload_timestamp": iso(message.created_ms),
        "workflow_id": message.workflow,
    }))
}
