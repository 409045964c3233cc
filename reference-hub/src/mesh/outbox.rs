//! Sending: a whole message, or the first chunk of one, and the chunks after it.
//!
//! Called by `mesh::decide`. A message goes into the recipient's inbox in the same transaction that stores its last
//! missing chunk, in whatever order they come: nobody ever sees a message with a hole.

use super::fault::{self, Fault, Refused};
use super::mex_headers::MexHeaders;
use super::record::{self, Mailbox, Message, Status};
use super::version::Version;
use super::{Call, chunk_range, lifecycle, recipient};
use crate::blob_list;
use crate::domain::{Context, Decision};
use crate::message::{Answer, Body, Request};
use bytes::Bytes;
use hub_store::{Check, Expect, Put, Table, Txn};
use serde_json::json;

/// A fresh message id: time to the microsecond (20 digits), underscore, 6 hex digits. The clock gives milliseconds;
/// the other digits are fresh bits, so that ids are ordered by the millisecond and unique beyond it.
pub fn fresh_id(ctx: &Context<'_>) -> String {
    let bits = (ctx.ids.bits() >> 64) as u64; // the half that depends on the whole nonce
    let now = ctx.now();
    let (millis, micros) = (now.subsec_millisecond(), (bits >> 32) % 1_000);
    format!("{}{millis:03}{micros:03}_{:06X}", now.strftime("%Y%m%d%H%M%S"), bits & 0xff_ffff)
}

/// True for gzip, false for none.
fn gzip_encoded(request: &Request) -> Option<bool> {
    match request.header("content-encoding").map(str::trim).unwrap_or("") {
        "" => Some(false),
        e if e.eq_ignore_ascii_case("gzip") => Some(true),
        e if e.eq_ignore_ascii_case("identity") => Some(false),
        _ => None,
    }
}

/// Takes a message, or the first chunk of one.
pub fn send(call: &Call<'_>) -> Result<Decision, Refused> {
    let (ctx, request) = (call.ctx, call.request);
    let headers = MexHeaders::read(request, &call.mailbox.id)?;
    let gzip = gzip_encoded(request).ok_or_else(|| Fault::new(422, fault::ENCODING))?;
    let (_, chunks) = chunk_range::parse(request.header("mex-chunk-range").unwrap_or(""), 1)
        .ok_or_else(|| Fault::new(417, fault::CHUNK_RANGE))?;
    let recipient = recipient::find(ctx.view, &headers.to, &headers.workflow)?;
    check_restricted(ctx, &headers.workflow, &call.mailbox, &recipient)?;
    if request.body.is_empty() {
        return Err(Fault::new(417, fault::NO_DATA));
    }
    let mut message = Message {
        id: fresh_id(ctx),
        from: call.mailbox.id.clone(),
        to: recipient.id,
        workflow: headers.workflow,
        status: Status::Uploading,
        chunks,
        chunks_stored: 0,
        size_bytes: 0,
        created_ms: ctx.now_ms,
        changed_ms: ctx.now_ms,
        accepted_ms: None,
        gzip,
        report: false,
        failure: None,
        said: headers.said,
    };
    let mut puts = store_chunk(&mut message, 1, call);
    puts.push(lifecycle::first_timer(&message));
    if let Some(local_id) = &message.said.local_id {
        let key = record::local_id_prefix(&message.from, local_id) + &message.id;
        puts.push(record::put(Table::LocalIds, key, Bytes::new()));
    }
    let unused = Check { table: Table::Messages, key: message.id.clone().into(), expect: Expect::Absent };
    let answer = match call.version {
        Version::V1 => call.version.json(202, &json!({"messageID": message.id})),
        Version::V2 => call.version.json(202, &json!({"message_id": message.id})),
    };
    Ok(call.write(answer, Txn { checks: vec![unused], puts, ..Txn::default() }))
}

/// A workflow with a row `~r|WORKFLOW` is restricted: only registered mailboxes send it, and only to registered ones.
fn check_restricted(ctx: &Context<'_>, workflow: &str, from: &Mailbox, to: &Mailbox) -> Result<(), Refused> {
    if ctx.view.get(Table::Mailboxes, record::restricted_key(workflow).as_bytes())?.is_none() {
        return Ok(());
    }
    if !from.sends.iter().any(|w| w == workflow) {
        return Err(Fault::new(417, fault::SENDER_NOT_ALLOWED));
    }
    if !to.receives.iter().any(|w| w == workflow) {
        return Err(Fault::new(417, fault::WORKFLOW));
    }
    Ok(())
}

/// The rows of the request's body as a new chunk `number`, of the message that now counts it, and of the inbox when
/// it was the last one missing.
fn store_chunk(message: &mut Message, number: u32, call: &Call<'_>) -> Vec<Put> {
    let body = &call.request.body;
    message.chunks_stored += 1;
    message.size_bytes += body.len();
    let mut puts =
        vec![record::put(Table::Chunks, record::chunk_key(&message.id, number), record::encode_chunk(body))];
    if message.chunks_stored == message.chunks {
        message.status = Status::Accepted;
        message.changed_ms = call.ctx.now_ms;
        message.accepted_ms = Some(call.ctx.now_ms);
        puts.push(message.inbox_put());
    }
    puts.push(message.put());
    puts
}

/// Takes a later chunk. Sending one again before the message is complete is harmless.
pub fn send_chunk(call: &Call<'_>) -> Result<Decision, Refused> {
    let (ctx, request, id) = (call.ctx, call.request, call.message_id());
    let number: u32 = call.segment(4).parse().map_err(|_| {
        Fault::field("path", "chunk_number", "int_parsing", "Input should be a valid integer above 0")
    })?;
    let bad_range = || Fault::about(417, fault::CHUNK_RANGE, &id);
    let header = request.header("mex-chunk-range").map(str::trim).unwrap_or("");
    if header.is_empty() {
        return Err(bad_range());
    }
    let (_, chunks) = chunk_range::parse(header, number).ok_or_else(bad_range)?;
    let (mut message, version) =
        record::message(ctx.view, &id)?.ok_or_else(|| Fault::new(404, fault::NO_MESSAGE))?;
    if message.from != call.mailbox.id {
        return Err(Fault::new(403, fault::FOREIGN));
    }
    if message.status != Status::Uploading {
        return Err(Fault::about(423, fault::LOCKED, &id));
    }
    if number > message.chunks {
        return Err(Fault::about(406, fault::TOO_MANY_CHUNKS, &id));
    }
    if chunks != message.chunks {
        return Err(bad_range());
    }
    if gzip_encoded(request) != Some(message.gzip) {
        return Err(Fault::about(417, fault::ENCODING_CHANGED, &id));
    }
    if request.body.is_empty() {
        return Err(Fault::about(417, fault::NO_DATA, &id));
    }
    let answer = accepted_chunk(call.version, &id, number);
    // Counting is guarded by the message's version: of two chunks at a time one is decided again.
    let unchanged =
        Check { table: Table::Messages, key: id.clone().into(), expect: Expect::Version(version) };
    let mut replaced = None;
    if let Some(row) = ctx.view.get(Table::Chunks, &record::chunk_key(&id, number))? {
        let before = record::decode_chunk(&row.value).ok_or_else(Fault::internal)?;
        message.chunks_stored -= 1;
        message.size_bytes -= before.len().min(message.size_bytes);
        if let Body::Blob { id, .. } = before {
            replaced = Some(blob_list::put(&id));
        }
    }
    let mut puts = store_chunk(&mut message, number, call);
    puts.extend(replaced);
    Ok(call.write(answer, Txn { checks: vec![unchanged], puts, ..Txn::default() }))
}

fn accepted_chunk(version: Version, id: &str, number: u32) -> Answer {
    match version {
        Version::V1 => version.json(202, &json!({"messageID": id, "blockID": number})),
        Version::V2 => version.json(202, &json!({"message_id": id})),
    }
}
