//! What time brings about: unfinished uploads fail, messages that nobody collects become undeliverable and are reported
//! to their senders, and everything is deleted in the end.
//!
//! Called by `outbox` and `admin` (to start a timer) and by the housekeeping through [`tend`]. A message has one timer:
//! a row of Timers, `due time|mesh|message id`. What is to be done when it comes due is read from the message itself, so
//! that nothing need be done to the timer when a message is acknowledged: it is found not due yet, and moved.
//! Messages of the seed have no timer.

use super::fault::{self, Refused};
use super::record::{self, Failure, Message, Status};
use super::{outbox, purge, report, reset};
use crate::domain::{Context, Tended};
use bytes::Bytes;
use hub_store::{Check, Delete, Expect, Put, Row, Table, Txn, View};

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// How long a message waits in an inbox before it counts as undelivered (published: 5 days). An upload may take as
/// long: nothing is published for it, and who has not finished it by then has lost it.
pub const INBOX_TIME_MS: u64 = 5 * DAY_MS;

/// How long a message is kept at all, from its delivery (published: 30 days).
pub const KEPT_TIME_MS: u64 = 30 * DAY_MS;

/// Kind of a message's timer in its key.
const MESSAGE_KIND: &[u8] = b"|mesh|";

/// Kind of the timer that goes on with a reset.
const RESET_KIND: &[u8] = b"|mesh-reset|";

/// Due timers worked off in one call: as many commits as the committer takes in one batch of a few milliseconds.
const TIMERS_PER_CALL: usize = 128;

/// Timers read at a time, those of other interfaces among them.
const SCAN_ROWS: usize = 256;

/// Reads of timers in one call: what other interfaces have due is skipped, but not without end.
const SCANS_MAX: usize = 16;

/// When something is to be done about `message`, in milliseconds since the Unix epoch.
pub fn due_ms(message: &Message) -> u64 {
    let delivered_ms = message.accepted_ms.unwrap_or(message.created_ms);
    match message.status {
        Status::Uploading => message.created_ms + INBOX_TIME_MS,
        Status::Accepted => delivered_ms + INBOX_TIME_MS,
        Status::Acknowledged | Status::Undeliverable | Status::Error => delivered_ms + KEPT_TIME_MS,
    }
}

/// The timer of a message as it is.
pub fn timer(message: &Message) -> Put {
    record::put(Table::Timers, key(due_ms(message), MESSAGE_KIND, &message.id), Bytes::new())
}

/// The timer of a message that was just begun. All later ones come out of it.
pub fn first_timer(message: &Message) -> Put {
    let due_ms = message.created_ms + INBOX_TIME_MS;
    record::put(Table::Timers, key(due_ms, MESSAGE_KIND, &message.id), Bytes::new())
}

/// The timer that goes on, now, with a reset of `scope` for messages before the id `before`.
pub fn reset_timer(now_ms: u64, scope: &str, before: &str) -> Put {
    record::put(Table::Timers, key(now_ms, RESET_KIND, scope), before.to_owned())
}

fn key(due_ms: u64, kind: &[u8], id: &str) -> Vec<u8> {
    [&due_ms.to_be_bytes(), kind, id.as_bytes()].concat()
}

/// The id in a timer's key, when the timer is of this kind.
fn id_of<'a>(key: &'a [u8], kind: &[u8]) -> Option<&'a str> {
    std::str::from_utf8(key.get(8..)?.strip_prefix(kind)?).ok()
}

/// What is due now; a bounded part of it. A store that cannot read makes nothing due.
pub fn tend(ctx: &Context<'_>) -> Vec<Tended> {
    let mut due = Vec::new();
    let mut moved = Txn::default();
    for row in due_rows(ctx) {
        if let Some(id) = id_of(&row.key, MESSAGE_KIND) {
            let Ok(found) = record::message(ctx.view, id) else { continue };
            match found {
                Some((message, version)) if due_ms(&message) <= ctx.now_ms => {
                    due.extend(act(ctx, &row, message, version).ok());
                }
                Some((message, _)) => {
                    moved.dels.push(timer_del(&row));
                    moved.puts.push(timer(&message));
                }
                None => moved.dels.push(timer_del(&row)),
            }
        } else if let Some(scope) = id_of(&row.key, RESET_KIND) {
            due.extend(go_on_with_reset(ctx.view, &row, scope).ok());
        }
    }
    if !moved.dels.is_empty() {
        // Unchecked: whatever became of a message meanwhile, its timer comes due again and is read anew.
        due.push(Tended { what: "mesh-timers", subject: String::new(), txn: moved });
    }
    due
}

fn timer_del(row: &Row) -> Delete {
    Delete { table: Table::Timers, key: row.key.clone() }
}

/// Due timers of this interface, the oldest first.
fn due_rows(ctx: &Context<'_>) -> Vec<Row> {
    let mut ours = Vec::new();
    let mut from = Vec::new();
    let to = (ctx.now_ms + 1).to_be_bytes();
    for _ in 0..SCANS_MAX {
        let Ok(rows) = ctx.view.scan(Table::Timers, &from, &to, SCAN_ROWS) else { break };
        let last = rows.len() < SCAN_ROWS;
        if let Some(row) = rows.last() {
            from = [row.key.as_ref(), &[0]].concat();
        }
        let mine =
            |row: &Row| id_of(&row.key, MESSAGE_KIND).is_some() || id_of(&row.key, RESET_KIND).is_some();
        ours.extend(rows.into_iter().filter(mine));
        if last || ours.len() >= TIMERS_PER_CALL {
            break;
        }
    }
    ours.truncate(TIMERS_PER_CALL);
    ours
}

/// What becomes of a message whose time has come.
fn act(ctx: &Context<'_>, row: &Row, mut message: Message, version: u64) -> Result<Tended, Refused> {
    let unchanged =
        Check { table: Table::Messages, key: message.id.clone().into(), expect: Expect::Version(version) };
    let mut txn = Txn { checks: vec![unchanged], ..Txn::default() };
    let what = match message.status {
        Status::Uploading => {
            message.failure = Some(Box::new(failure(fault::UPLOAD_EXPIRED, ctx.now_ms)));
            retire(&mut message, Status::Error, ctx.now_ms, row, &mut txn);
            "mesh-upload-expired"
        }
        Status::Accepted => {
            let mut why = failure(fault::UNDELIVERED, ctx.now_ms);
            if !message.report {
                let report = report::of_undelivered(&message, &why, outbox::fresh_id(ctx), ctx.now_ms);
                txn.checks.push(Check {
                    table: Table::Messages,
                    key: report.id.clone().into(),
                    expect: Expect::Absent,
                });
                txn.puts.extend([report.put(), report.inbox_put(), timer(&report)]);
                why.linked = Some(report.id);
                message.failure = Some(Box::new(why));
            }
            txn.dels.push(message.inbox_del());
            retire(&mut message, Status::Undeliverable, ctx.now_ms, row, &mut txn);
            "mesh-undelivered"
        }
        Status::Acknowledged | Status::Undeliverable | Status::Error => {
            let gone = purge::rows(ctx.view, &message)?;
            if gone.whole {
                txn.dels.push(timer_del(row)); // else the next call goes on with the rest
            }
            txn.dels.extend(gone.dels);
            txn.puts.extend(gone.puts);
            "mesh-deleted"
        }
    };
    Ok(Tended { what, subject: message.to, txn })
}

/// Takes a message to its last state, and its timer to the day it is deleted.
fn retire(message: &mut Message, status: Status, now_ms: u64, row: &Row, txn: &mut Txn) {
    message.status = status;
    message.changed_ms = now_ms;
    txn.dels.push(timer_del(row));
    txn.puts.extend([message.put(), timer(message)]);
}

fn failure(code: fault::Code, at_ms: u64) -> Failure {
    Failure {
        event: code.event.to_owned(),
        code: code.code.to_owned(),
        text: code.text.to_owned(),
        at_ms,
        linked: None,
        intended: None,
    }
}

fn go_on_with_reset(view: &dyn View, row: &Row, scope: &str) -> Result<Tended, Refused> {
    let before = String::from_utf8_lossy(&row.value.value).into_owned();
    let (mut txn, more) = reset::batch(view, scope, &before)?;
    if !more {
        txn.dels.push(timer_del(row));
    }
    Ok(Tended { what: "mesh-reset", subject: scope.to_owned(), txn })
}
