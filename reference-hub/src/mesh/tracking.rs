//! Tracking: what became of a message, for its sender; by message id, and by the sender's own id.
//!
//! Called by `mesh::decide`. A message of somebody else does not exist here, as published.

use super::Call;
use super::download::{compact_time, time};
use super::fault::{self, Fault, Refused};
use super::lifecycle::INBOX_TIME_MS;
use super::record::{self, Mailbox, Message, Status};
use super::version::Version;
use crate::domain::Decision;
use hub_store::Table;
use serde_json::{Value, json};

/// Longest local id that is looked up: no longer one can be sent.
const LOCAL_ID_BYTES_MAX: usize = 300;

/// Answers where a message is.
pub fn track(call: &Call<'_>) -> Result<Decision, Refused> {
    let not_found = || Fault::new(404, fault::NO_MESSAGE);
    let local_id = call.segment(4);
    if local_id.len() > LOCAL_ID_BYTES_MAX {
        return Err(not_found());
    }
    let (id, version) = if local_id.is_empty() {
        let id = call.request.query("messageID").filter(|id| !id.is_empty());
        let id = id.ok_or_else(|| Fault::field("query", "messageID", "missing", "Field required"))?;
        (id.to_ascii_uppercase(), call.version)
    } else {
        // Deprecated as published: answered in the shape of version 1 only.
        (by_local_id(call, local_id)?.ok_or_else(not_found)?, Version::V1)
    };
    let (message, _) = record::message(call.ctx.view, &id)?.ok_or_else(not_found)?;
    if message.from != call.mailbox.id {
        return Err(not_found());
    }
    let recipient = record::mailbox(call.ctx.view, &message.to)?.ok_or_else(Fault::internal)?;
    let body = match version {
        Version::V1 => v1(&message, &call.mailbox, &recipient),
        Version::V2 => v2(&message, &recipient),
    };
    Ok(call.read(version.json(200, &body)))
}

fn by_local_id(call: &Call<'_>, local_id: &str) -> Result<Option<String>, Refused> {
    let prefix = record::local_id_prefix(&call.mailbox.id, local_id);
    let rows = call.ctx.view.scan(Table::LocalIds, prefix.as_bytes(), &record::prefix_end(&prefix), 2)?;
    match rows.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some(String::from_utf8_lossy(&one.key[prefix.len()..]).into_owned())),
        _ => Err(Fault::plain(300, "Multiple Choices, the local id is not unique")),
    }
}

/// Event, description and code of the last state; nothing before the message is complete.
fn outcome(message: &Message) -> (Option<&str>, Option<&str>, Option<&str>) {
    match (&message.failure, message.status) {
        (Some(failure), _) => (Some(&failure.event), Some(&failure.text), Some(&failure.code)),
        (None, Status::Accepted | Status::Acknowledged) => (Some("TRANSFER"), Some("Success"), Some("00")),
        (None, Status::Uploading | Status::Undeliverable | Status::Error) => (None, None, None),
    }
}

fn v2(message: &Message, recipient: &Mailbox) -> Value {
    let iso = |at_ms| time(at_ms, "%Y-%m-%dT%H:%M:%S.%3fZ");
    let (event, description, code) = outcome(message);
    without_nulls(json!({
        "message_id": message.id,
        "local_id": message.said.local_id,
        "workflow_id": message.workflow,
        "filename": message.file_name(),
        "expiry_time": message.accepted_ms.map(|at| iso(at + INBOX_TIME_MS)),
        "upload_timestamp": iso(message.created_ms),
        "recipient": recipient.id,
        "recipient_name": recipient.name,
        "recipient_ods_code": recipient.ods,
        "recipient_org_code": recipient.ods,
        "recipient_org_name": recipient.org_name,
        "status_success": message.failure.is_none(),
        "status": message.status.word(),
        "status_event": event,
        "status_timestamp": iso(message.changed_ms),
        "status_description": description,
        "status_code": code,
    }))
}

fn v1(message: &Message, sender: &Mailbox, recipient: &Mailbox) -> Value {
    let said = &message.said;
    let yes = |is: bool| if is { "Y" } else { "" };
    let address = |mailbox: &str| format!("{}@dts.nhs.uk", mailbox.to_ascii_lowercase());
    let mut status = message.status.word().to_owned();
    status[..1].make_ascii_uppercase();
    let (event, description, code) = outcome(message);
    let mut body = without_nulls(json!({
        "addressType": "ALL",
        "checksum": said.checksum,
        "chunkCount": message.chunks,
        "compressFlag": yes(said.compressed),
        "contentEncoding": if message.gzip { "gzip" } else { "" },
        "contentsBase64": false,
        "downloadTimestamp": (message.status == Status::Acknowledged).then(|| compact_time(message.changed_ms)),
        "dtsId": message.id,
        "encryptedFlag": yes(said.encrypted),
        "expiryTime": message.accepted_ms.map(|at| compact_time(at + INBOX_TIME_MS)),
        "fileName": message.file_name(),
        "fileSize": message.size_bytes,
        "isCompressed": yes(said.compressed),
        "localId": said.local_id,
        "meshRecipientOdsCode": recipient.ods,
        "messageId": message.id,
        "messageType": message.kind(),
        "partnerId": said.partner_id,
        "recipient": recipient.id,
        "recipientBillingEntity": recipient.billing_entity,
        "recipientName": recipient.name,
        "recipientOrgCode": recipient.ods,
        "recipientOrgName": recipient.org_name,
        "recipientSmtp": address(&recipient.id),
        "sender": sender.id,
        "senderBillingEntity": sender.billing_entity,
        "senderName": sender.name,
        "senderOdsCode": sender.ods,
        "senderOrgCode": sender.ods,
        "senderOrgName": sender.org_name,
        "senderSmtp": address(&sender.id),
        "status": status,
        "statusCode": code,
        "statusDescription": description,
        "statusEvent": event,
        "statusSuccess": if message.failure.is_none() { "SUCCESS" } else { "ERROR" },
        "statusTimestamp": compact_time(message.changed_ms),
        "subject": said.subject,
        "uploadTimestamp": compact_time(message.created_ms),
        "version": "1.0",
        "workflowId": message.workflow,
    }));
    if let Some(failure) = &message.failure {
        body["failureDate"] = json!(compact_time(failure.at_ms));
        body["failureDiagnostic"] = json!(failure.text);
        if let Some(linked) = &failure.linked {
            body["linkedMsgId"] = json!(linked);
        }
    }
    body
}

/// The object without its null members: what is not known is left out.
pub fn without_nulls(mut value: Value) -> Value {
    if let Value::Object(map) = &mut value {
        map.retain(|_, v| !v.is_null());
    }
    value
}
