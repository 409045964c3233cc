//! The sandbox's administration: reset, reports, events, and mailboxes made and looked at. As the published MESH sandbox
//! offers it, plus the making of mailboxes, which that one reads from a file.
//!
//! Called by `mesh::decide`. Needs no token; outside the sandbox nothing of it exists.

use super::body_fields::Fields;
use super::fault::{self, Fault, Refused};
use super::record::{self, Failure, Mailbox, Said, Status};
use super::version::Version;
use super::{admin_views, lifecycle, outbox, path, report, reset};
use crate::domain::{Context, Decision};
use crate::message::{Answer, Request};
use bytes::Bytes;
use hub_store::{Check, Expect, Put, Table, Txn};
use serde_json::{Value, json};

/// What an administrator's call is answered with: JSON of no version.
fn done(body: &Value) -> Answer {
    Version::V1.json(200, body)
}

/// Decides an operation `mesh-admin-…`.
pub fn decide(operation: &str, ctx: &Context<'_>, request: &Request) -> Result<Decision, Refused> {
    if !ctx.sandbox {
        return Err(Fault::plain(404, "Not Found"));
    }
    let path = path(request);
    match operation {
        "mesh-admin-reset" => reset(ctx, path.get(2).copied()),
        "mesh-admin-report" => create_report(ctx, request),
        "mesh-admin-event" => add_event(ctx, request, path.get(2).copied().unwrap_or("")),
        "mesh-admin-create-mailbox" => create_mailbox(ctx, request),
        "mesh-admin-mailbox" => {
            let mailbox = mailbox(ctx, path.last().copied().unwrap_or(""))?;
            Ok(Decision::read(done(&admin_views::mailbox(&mailbox)), mailbox.id))
        }
        "mesh-admin-message" => {
            let (message, _) = message(ctx, path.get(2).copied().unwrap_or(""))?;
            let party = |id: &str| record::mailbox(ctx.view, id);
            let (sender, recipient) = (party(&message.from)?, party(&message.to)?);
            let view = admin_views::message(&message, sender.as_ref(), recipient.as_ref());
            Ok(Decision::read(done(&view), message.to))
        }
        _ => Err(Fault::plain(404, "Not Found")),
    }
}

fn mailbox(ctx: &Context<'_>, id: &str) -> Result<Mailbox, Refused> {
    record::mailbox(ctx.view, &id.to_ascii_uppercase())?
        .ok_or_else(|| Fault::plain(404, "mailbox does not exist"))
}

fn message(ctx: &Context<'_>, id: &str) -> Result<(record::Message, u64), Refused> {
    record::message(ctx.view, &id.to_ascii_uppercase())?.ok_or_else(|| Fault::new(404, fault::NO_MESSAGE))
}

/// Removes the messages of all mailboxes, or those waiting in one; the mailboxes stay.
fn reset(ctx: &Context<'_>, mailbox_id: Option<&str>) -> Result<Decision, Refused> {
    let (scope, text) = match mailbox_id {
        None => (reset::ALL.to_owned(), "all mailboxes reset".to_owned()),
        Some(id) => {
            let id = mailbox(ctx, id)?.id;
            let text = format!("mailbox {id} reset");
            (id, text)
        }
    };
    // Ids begin with their time: all that are before a fresh one's go, later ones stay.
    let before = outbox::fresh_id(ctx);
    let (mut txn, more) = reset::batch(ctx.view, &scope, &before)?;
    if more {
        txn.puts.push(lifecycle::reset_timer(ctx.now_ms, &scope, &before));
    }
    Ok(Decision::write(done(&json!({"message": text})), txn, scope))
}

/// Puts a report into an inbox.
fn create_report(ctx: &Context<'_>, request: &Request) -> Result<Decision, Refused> {
    let mut fields = Fields::of(request)?;
    let to = fields.required("mailbox_id");
    let (code, text) = (fields.required("code"), fields.required("description"));
    let workflow = fields.required("workflow_id");
    let (subject, local_id) = (fields.optional("subject"), fields.optional("local_id"));
    let (file_name, linked) = (fields.optional("file_name"), fields.optional("linked_message_id"));
    let status = fields.optional("status").unwrap_or_else(|| Status::Undeliverable.word().to_owned());
    if status != Status::Undeliverable.word() && status != Status::Error.word() {
        fields.fault("status", "literal_error", "Input should be 'undeliverable' or 'error'");
    }
    fields.end()?;
    let to = mailbox(ctx, &to)?;
    let event = |event: &str, code: String, text: String| Failure {
        event: event.to_owned(),
        code,
        text,
        at_ms: ctx.now_ms,
        linked,
        intended: None,
    };
    let (failure, said) = if status == Status::Undeliverable.word() {
        // The sandbox as published: a non-delivery says what all of them say, whatever was asked.
        let fault::Code { event: phase, code, text } = fault::UNDELIVERED;
        let subject = subject.map_or_else(|| "NDR".to_owned(), |s| format!("NDR: {s}"));
        let said = Said { subject: Some(subject), local_id, ..Said::default() };
        (event(phase, code.to_owned(), text.to_owned()), said)
    } else {
        (event("TRANSFER", code, text), Said { subject, local_id, file_name, ..Said::default() })
    };
    let report = report::new(outbox::fresh_id(ctx), to.id.clone(), workflow, said, failure, ctx.now_ms);
    let unused = Check { table: Table::Messages, key: report.id.clone().into(), expect: Expect::Absent };
    let puts = vec![report.put(), report.inbox_put(), lifecycle::timer(&report)];
    let answer = done(&json!({"message_id": report.id}));
    Ok(Decision::write(answer, Txn { checks: vec![unused], puts, ..Txn::default() }, to.id))
}

/// Takes a message to another state, as if the event had happened to it.
fn add_event(ctx: &Context<'_>, request: &Request, id: &str) -> Result<Decision, Refused> {
    let mut fields = Fields::of(request)?;
    let word = fields.required("status");
    let code = fields.optional("code").unwrap_or_default();
    let event = fields.optional("event").unwrap_or_default();
    let text = fields.optional("description").unwrap_or_default();
    let linked = fields.optional("linked_message_id");
    let status = Status::ALL.into_iter().find(|s| s.word() == word);
    if status.is_none() {
        let allowed = Status::ALL.map(Status::word).join(", ");
        fields.fault("status", "literal_error", format!("Input should be one of: {allowed}"));
    }
    fields.end()?;
    let (mut message, version) = message(ctx, id)?;
    let Some(status) = status else { return Err(Fault::internal()) }; // refused above
    if status == Status::Accepted && message.chunks_stored < message.chunks {
        return Err(Fault::field("body", "status", "value_error", "The message still lacks chunks"));
    }
    message.status = status;
    message.changed_ms = ctx.now_ms;
    match status {
        Status::Undeliverable | Status::Error => {
            let failure = Failure { event, code, text, at_ms: ctx.now_ms, linked, intended: None };
            message.failure = Some(Box::new(failure));
        }
        // A report stays what it reports; of any other message a new life forgets the failure.
        Status::Uploading | Status::Accepted | Status::Acknowledged if !message.report => {
            message.failure = None
        }
        Status::Uploading | Status::Accepted | Status::Acknowledged => {}
    }
    let mut txn = Txn {
        checks: vec![Check {
            table: Table::Messages,
            key: message.id.clone().into(),
            expect: Expect::Version(version),
        }],
        ..Txn::default()
    };
    if status == Status::Accepted {
        message.accepted_ms = Some(ctx.now_ms); // its 5 days begin again
        txn.puts.push(message.inbox_put());
    } else {
        txn.dels.push(message.inbox_del());
    }
    txn.puts.extend([message.put(), lifecycle::timer(&message)]);
    Ok(Decision::write(Answer::empty(200), txn, message.to))
}

/// Makes a mailbox, or replaces one; it can be used at once.
fn create_mailbox(ctx: &Context<'_>, request: &Request) -> Result<Decision, Refused> {
    let mut fields = Fields::of(request)?;
    let id = fields.required("mailbox_id").to_ascii_uppercase();
    if !id.is_empty() && !record::is_mailbox_id(&id) {
        fields.fault(
            "mailbox_id",
            "string_pattern_mismatch",
            "1 to 50 letters, digits, hyphens and underscores",
        );
    }
    let name = fields.optional("mailbox_name").unwrap_or_else(|| id.clone());
    let ods = fields.optional("ods_code").unwrap_or_else(|| "X26".to_owned()).to_ascii_uppercase();
    let mailbox = Mailbox {
        name,
        password: fields.optional("password").unwrap_or_else(|| super::seed::SANDBOX_PASSWORD.to_owned()),
        org_name: fields.optional("org_name").unwrap_or_else(|| "Sandbox organisation".to_owned()),
        billing_entity: fields.optional("billing_entity").unwrap_or_else(|| "England".to_owned()),
        sends: fields.list("sends"),
        receives: fields.list("receives"),
        ods,
        id,
    };
    if mailbox.id.is_empty() {
        fields.fault("mailbox_id", "string_too_short", "String should have at least 1 character");
    }
    fields.end()?;
    let mut txn = Txn::default();
    if let Some(before) = record::mailbox(ctx.view, &mailbox.id)? {
        let del = |put: Put| hub_store::Delete { table: put.table, key: put.key };
        txn.dels.extend(index_puts(&before).into_iter().map(del));
    }
    let puts = index_puts(&mailbox);
    txn.dels.retain(|del| puts.iter().all(|put| put.key != del.key));
    txn.puts = puts;
    txn.puts.push(record::put(Table::Mailboxes, mailbox.id.clone(), record::to_row(&mailbox)));
    Ok(Decision::write(done(&admin_views::mailbox(&mailbox)), txn, mailbox.id))
}

/// Rows of the directory by which a mailbox is found.
fn index_puts(mailbox: &Mailbox) -> Vec<Put> {
    let by_ods = record::ods_prefix(&mailbox.ods) + &mailbox.id;
    let mut puts = vec![record::put(Table::Mailboxes, by_ods, Bytes::new())];
    for workflow in &mailbox.receives {
        let key = record::workflow_prefix(workflow) + &mailbox.id;
        puts.push(record::put(Table::Mailboxes, key, mailbox.name.clone()));
    }
    puts
}
