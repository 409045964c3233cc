//! What waits for a party: list it, fetch it, say that it has arrived. The Spine pushes messages to the recipient's
//! handler; this hub opens no connections, so recipients come for them here. An operation of this hub's own.
//!
//! Called by `super::decide`. A queue opens only for the organisation that runs the party's system.

use super::record::{self, Message, State};
use super::refuse;
use crate::domain::{Context, Decision};
use crate::fhir;
use crate::message::{Answer, Request};
use crate::systems;
use hub_store::{StoreError, Table};
use serde_json::{Value, json};

/// Messages in one list, at most. 100: some 30 KB.
pub(super) const RESULTS_MAX: usize = 100;
/// Messages in one list when the caller does not say.
pub(super) const RESULTS_DEFAULT: usize = 50;

/// A refusal on its way out.
type Refusal = Box<Answer>;

fn broken(_: StoreError) -> Refusal {
    Box::new(fhir::internal_error())
}

/// Decides the queue's operations.
pub(super) fn decide(operation: &str, ctx: &Context<'_>, request: &Request) -> Decision {
    let party_key = request.segments.get(2).map_or("", String::as_str);
    let id = request.segments.get(3).map_or("", String::as_str);
    let decided = open(ctx, request, party_key).and_then(|()| match operation {
        "transfer-collect" => list(ctx, request, party_key),
        "transfer-fetch" => fetch(ctx, party_key, id),
        _ => accept(ctx, party_key, id),
    });
    decided.unwrap_or_else(|refusal| Decision::read(*refusal, ""))
}

/// The queue must be the caller's own.
fn open(ctx: &Context<'_>, request: &Request, party_key: &str) -> Result<(), Refusal> {
    let caller = systems::caller(ctx, request)?;
    let system = systems::by_party_key(ctx.view, party_key).map_err(broken)?;
    let system = system.ok_or_else(|| Box::new(refuse::not_found("The directory has no such party")))?;
    if caller.may_act_for(&system.ods) { Ok(()) } else { Err(Box::new(refuse::foreign())) }
}

fn list(ctx: &Context<'_>, request: &Request, party_key: &str) -> Result<Decision, Refusal> {
    let most = match request.query("max_results") {
        None => RESULTS_DEFAULT,
        Some(text) => {
            let most = text.parse().ok().filter(|n| (1..=RESULTS_MAX).contains(n));
            most.ok_or_else(|| Box::new(refuse::invalid("max_results: allowed: 1 to 100")))?
        }
    };
    let prefix = record::queue_prefix(party_key);
    let from = match request.query("continue_from") {
        None => prefix.clone(),
        Some(id) => {
            let seen = record::message(ctx.view, id).map_err(broken)?.map(|(m, _)| m);
            let seen = seen.filter(|m| m.to == party_key);
            let seen =
                seen.ok_or_else(|| Box::new(refuse::invalid("continue_from: no message of this queue")))?;
            seen.queue_key() + "|" // directly after it
        }
    };
    let to = [party_end(&prefix).as_str()].concat();
    let rows = ctx.view.scan(Table::Transfers, from.as_bytes(), to.as_bytes(), most + 1).map_err(broken)?;
    let mut messages = Vec::new();
    for row in rows.iter().take(most) {
        let id = row.key.rsplit(|&b| b == b'|').next().and_then(|id| std::str::from_utf8(id).ok());
        // A message taken since the scan is left out.
        if let Some((message, _)) = record::message(ctx.view, id.unwrap_or("")).map_err(broken)? {
            messages.push(message);
        }
    }
    let path = format!("/reliablemessaging/queue/{party_key}");
    let mut links = json!({"self": path});
    if rows.len() > most
        && let Some(last) = messages.last()
    {
        links["next"] = format!("{path}?max_results={most}&continue_from={}", last.id).into();
    }
    let body = json!({"messages": messages.iter().map(told).collect::<Vec<_>>(), "links": links});
    Ok(Decision::read(Answer::new(200, "application/json", body.to_string()), party_key))
}

/// The end of a range of keys that begin with `prefix`, which ends in a bar.
fn party_end(prefix: &str) -> String {
    [prefix.trim_end_matches('|'), "}"].concat()
}

fn told(message: &Message) -> Value {
    json!({
        "message_id": message.id,
        "from": message.from,
        "service": message.service,
        "action": message.action,
        "conversation_id": message.conversation_id,
        "received": refuse::utc(message.received_ms),
        "undelivered_after": refuse::utc(message.due_ms),
        "size_bytes": message.size_bytes,
    })
}

/// The message with its row's version, when it waits in this queue.
fn waiting(ctx: &Context<'_>, party_key: &str, id: &str) -> Result<(Message, u64), Refusal> {
    let found = record::message(ctx.view, id).map_err(broken)?;
    let found = found.filter(|(m, _)| m.to == party_key && m.state == State::Waiting);
    found.ok_or_else(|| Box::new(refuse::not_found("No such message waits in this queue")))
}

fn fetch(ctx: &Context<'_>, party_key: &str, id: &str) -> Result<Decision, Refusal> {
    let (message, _) = waiting(ctx, party_key, id)?;
    let row = ctx.view.get(Table::Transfers, &record::content_key(id)).map_err(broken)?;
    let body = row.and_then(|row| record::decode_content(&row.value));
    let body = body.ok_or_else(|| Box::new(fhir::internal_error()))?;
    let answer = Answer { status: 200, headers: Vec::new(), body }
        .with("content-type", message.content_type.clone())
        .with("soapaction", format!("\"{}/{}\"", message.service, message.action));
    Ok(Decision::read(answer, id))
}

/// The recipient has the message: it leaves the queue. Of two who say so at a time, one is told that nothing waits.
fn accept(ctx: &Context<'_>, party_key: &str, id: &str) -> Result<Decision, Refusal> {
    let (message, version) = waiting(ctx, party_key, id)?;
    let txn = message.finish(ctx, version, State::Accepted).map_err(broken)?;
    Ok(Decision::write(Answer::empty(204), txn, id))
}
