//! What time does to messages: one that its recipient did not take within its persist duration is given up, and its
//! sender finds an ebXML error list with DeliveryFailure in its own queue (ebXML Message Service 2.0, section 6.5.7).
//!
//! Called by the hub's housekeeping through `super::INTERFACE`.

use super::record::{self, Message, State};
use super::refuse::{self, DELIVERY_FAILURE, EbError, Refers, SPINE_PARTY, XML};
use crate::domain::{Context, Tended};
use crate::message::Body;
use hub_store::{Check, Delete, Expect, Table, Txn};

/// Timers looked at in one round. 256: some milliseconds of work, and the round is repeated while there is any.
const TIMERS_MAX: usize = 256;

/// How long a sender's error list waits. 7 days: a practice that was closed over a holiday still finds it.
const REPORT_MS: u64 = 7 * 24 * 3_600 * 1_000;

/// Service of messages that message handlers exchange among themselves (ebXML Message Service 2.0, section 3.1.4).
const HANDLER_SERVICE: &str = "urn:oasis:names:tc:ebxml-msg:service";
/// Action of an error list (section 4.2.3).
const MESSAGE_ERROR: &str = "MessageError";

/// The messages whose time is up.
pub(super) fn tend(ctx: &Context<'_>) -> Vec<Tended> {
    let now = ctx.now_ms.saturating_add(1).to_be_bytes();
    // Should the store not read, the next round does.
    let Ok(due) = ctx.view.scan(Table::Timers, &[0; 8], &now, TIMERS_MAX) else { return Vec::new() };
    due.iter().filter_map(|row| give_up(ctx, &row.key)).collect()
}

fn give_up(ctx: &Context<'_>, timer: &bytes::Bytes) -> Option<Tended> {
    let id = record::timer_id(timer)?;
    let what = "transfer-undelivered";
    let found = record::message(ctx.view, id).ok()?;
    let Some((message, version)) = found.filter(|(m, _)| m.state == State::Waiting) else {
        let dels = vec![Delete { table: Table::Timers, key: timer.clone() }];
        return Some(Tended { what, subject: id.to_owned(), txn: Txn { dels, ..Txn::default() } });
    };
    let unchanged =
        Check { table: Table::Transfers, key: record::message_key(id), expect: Expect::Version(version) };
    let dels = message.dels();
    let mut puts = Vec::new();
    if message.service != HANDLER_SERVICE {
        let (report, content) = report(ctx, &message);
        puts.extend(report.waiting_rows(&content)); // nobody is told of an error list that was not fetched
    }
    puts.push(Message { state: State::Undelivered, changed_ms: ctx.now_ms, ..message }.put());
    let txn = Txn { checks: vec![unchanged], puts, dels, ..Txn::default() };
    Some(Tended { what, subject: id.to_owned(), txn })
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
