//! What time does to messages: one that its recipient did not take within its persist duration is given up, and its
//! sender finds an ebXML error list with DeliveryFailure in its own queue (ebXML Message Service 2.0, section 6.5.7).
//! What was taken or given up is forgotten after [`record::RETENTION_MS`], a conversation that long after it was opened;
//! the conversations that the hub began with belong to its population and stay.
//!
//! Called by the hub's housekeeping through `super::INTERFACE`.

use super::record::{self, FINISHED, Message, OPENED, State, WAITING};
use super::refuse::{self, DELIVERY_FAILURE, EbError, Refers, SPINE_PARTY, XML};
use crate::domain::{Context, Tended};
use crate::message::Body;
use crate::timers;
use bytes::Bytes;
use hub_store::{Check, Delete, Expect, Table, Txn};

/// How long a sender's error list waits. 7 days: a practice that was closed over a holiday still finds it.
const REPORT_MS: u64 = 7 * 24 * 3_600 * 1_000;

/// Service of messages that message handlers exchange among themselves (ebXML Message Service 2.0, section 3.1.4).
const HANDLER_SERVICE: &str = "urn:oasis:names:tc:ebxml-msg:service";
/// Action of an error list (section 4.2.3).
const MESSAGE_ERROR: &str = "MessageError";

/// The messages and conversations whose time is up. What the store cannot read now, the next round does.
pub(super) fn tend(ctx: &Context<'_>) -> Vec<Tended> {
    let due = timers::due(ctx.view, ctx.now_ms, &[WAITING, FINISHED, OPENED]);
    due.iter().filter_map(|timer| end(ctx, timer)).collect()
}

fn end(ctx: &Context<'_>, timer: &Bytes) -> Option<Tended> {
    let tended = |what, id: &str, txn| Some(Tended { what, subject: id.to_owned(), txn });
    if let Some(id) = timers::id(timer, WAITING) {
        return tended("transfer-undelivered", id, give_up(ctx, timer, id)?);
    }
    if let Some(id) = timers::id(timer, FINISHED) {
        let found = record::message(ctx.view, id).ok()?;
        let finished = found.filter(|(m, _)| m.state != State::Waiting).map(|(_, version)| version);
        return tended("transfer-forgotten", id, forget(timer, record::message_key(id), finished));
    }
    let id = timers::id(timer, OPENED)?;
    let found = ctx.view.get(Table::Transfers, &record::conversation_key(id)).ok()?;
    tended("transfer-closed", id, forget(timer, record::conversation_key(id), found.map(|row| row.version)))
}

/// Removes a timer and the row that it is about, if that is still the one that was read.
fn forget(timer: &Bytes, key: Bytes, version: Option<u64>) -> Txn {
    let mut txn = Txn { dels: vec![Delete { table: Table::Timers, key: timer.clone() }], ..Txn::default() };
    if let Some(version) = version {
        let expect = Expect::Version(version);
        txn.checks.push(Check { table: Table::Transfers, key: key.clone(), expect });
        txn.dels.push(Delete { table: Table::Transfers, key });
    }
    txn
}

fn give_up(ctx: &Context<'_>, timer: &Bytes, id: &str) -> Option<Txn> {
    let found = record::message(ctx.view, id).ok()?;
    let Some((message, version)) = found.filter(|(m, _)| m.state == State::Waiting) else {
        return Some(forget(timer, record::message_key(id), None));
    };
    let told = (message.service != HANDLER_SERVICE).then(|| report(ctx, &message));
    let mut txn = message.finish(ctx, version, State::Undelivered).ok()?;
    if let Some((report, content)) = told {
        txn.puts.extend(report.waiting_rows(&content)); // nobody is told of an error list that was not fetched
    }
    Some(txn)
}

/// The error list for the sender.
fn report(ctx: &Context<'_>, lost: &Message) -> (Message, Body) {
    let id = ctx.ids.uuid().to_ascii_uppercase();
    let refers = Refers {
        to: &lost.from,
        cpa_id: &lost.cpa_id,
        conversation_id: &lost.conversation_id,
        message_id: &lost.id,
    };
    let text = format!("The recipient did not take the message before {}", refuse::utc(lost.due_ms));
    let error = EbError { code: DELIVERY_FAILURE, location: "eb:MessageData/eb:MessageId", text };
    let content = refuse::error_message(&refers, &id, ctx.now_ms, &[error]);
    let report = Message {
        id,
        from: SPINE_PARTY.to_owned(),
        to: lost.from.clone(),
        cpa_id: lost.cpa_id.clone(),
        service: HANDLER_SERVICE.to_owned(),
        action: MESSAGE_ERROR.to_owned(),
        conversation_id: lost.conversation_id.clone(),
        content_type: XML.to_owned(),
        size_bytes: content.len() as u64,
        acknowledgement_id: String::new(),
        received_ms: ctx.now_ms,
        due_ms: ctx.now_ms.saturating_add(REPORT_MS),
        state: State::Waiting,
        changed_ms: ctx.now_ms,
    };
    (report, Body::Inline(content.into()))
}
