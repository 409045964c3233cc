//! National Events Management Service: an organisation tells the Spine of an event (a change of practice, of address), as
//! a FHIR STU3 message. The hub checks it, keeps it and answers 202; there are no subscriptions here, so it is handed on
//! to nobody.
//!
//! Called by the listener through [`INTERFACE`]. An event lies in `Table::Transfers` as `E|ASID|message id`, its bytes
//! as they came: sent again, it is accepted again and kept once. After [`RETENTION_MS`] it goes.

mod event;
pub mod operations;
#[cfg(test)]
mod tests;

use crate::auth;
use crate::domain::{Context, Decision, Interface, Tended};
use crate::fhir::{self, Issue, Severity};
use crate::message::{Answer, Body, Request};
use crate::{systems, timers};
use bytes::Bytes;
use hub_store::{Check, Delete, Expect, Put, StoreError, Table, Txn};
use hyper::Method;

/// This interface's row.
pub const INTERFACE: Interface = Interface {
    roots: &["STU3"],
    operations: operations::OPERATIONS,
    routes: operations::ROUTES,
    route,
    decide,
    tend: Some(tend),
};

/// Code system of the error codes (published for this service).
const SPINE_STU3: &str = "https://fhir.nhs.uk/STU3/CodeSystem/Spine-ErrorOrWarningCode-1";

/// How long an event is kept, in milliseconds. 30 days: as long as MESH, by which subscribers get events, knows of what it
/// delivered. The same event sent later is a new one.
const RETENTION_MS: u64 = 30 * 24 * 3_600 * 1_000;

/// Kind of the timers at which events go; `ASID|message id` follows.
const KIND: &str = "|nems-event|";

/// A refusal on its way out.
type Refusal = Box<Answer>;

fn refuse_all(status: u16, kind: &str, code: &str, faults: &[(&str, &str)]) -> Refusal {
    let display = code.replace('_', " ");
    let issues: Vec<Issue<'_>> = faults
        .iter()
        .map(|(expression, diagnostics)| Issue {
            severity: Severity::Error,
            kind,
            system: SPINE_STU3,
            code,
            display: &display,
            diagnostics,
            expression,
        })
        .collect();
    Box::new(fhir::outcome(status, &issues))
}

fn refuse(status: u16, kind: &str, code: &str, diagnostics: &str) -> Refusal {
    refuse_all(status, kind, code, &[("", diagnostics)])
}

fn broken(_: StoreError) -> Refusal {
    Box::new(fhir::internal_error())
}

fn route(request: &Request) -> Result<&'static str, Refusal> {
    let segments: Vec<&str> = request.segments.iter().map(String::as_str).collect();
    if !matches!(segments[..], [_, "Events", "1", "$process-message"]) {
        return Err(refuse(404, "not-found", "RESOURCE_NOT_FOUND", "No such address"));
    }
    if request.method != Method::POST {
        let answer = refuse(405, "not-supported", "NOT_IMPLEMENTED", "HTTP operation not supported");
        return Err(Box::new(answer.with("allow", "POST")));
    }
    Ok("pds-change-notification")
}

fn decide(_operation: &'static str, ctx: &Context<'_>, request: &Request) -> Decision {
    publish(ctx, request).unwrap_or_else(|refusal| Decision::read(*refusal, ""))
}

fn publish(ctx: &Context<'_>, request: &Request) -> Result<Decision, Refusal> {
    let session = auth::require_session(ctx, request)?;
    let bad = |why: &str| refuse(400, "invalid", "BAD_REQUEST", why);
    let asid = |name: &str| {
        let value = request.header(name).unwrap_or("");
        let formed = value.len() == 12 && value.bytes().all(|b| b.is_ascii_digit());
        if formed { Ok(value) } else { Err(bad(&format!("The header {name} is not an ASID of 12 digits"))) }
    };
    let (from, _) = (asid("fromASID")?, asid("toASID")?);
    let code = request
        .header("InteractionID")
        .and_then(|i| i.strip_prefix("urn:nhs:names:services:events:"))
        .and_then(|i| i.strip_suffix(".Write"))
        .ok_or_else(|| bad("The header InteractionID names no event"))?;
    let media = request.header("content-type").unwrap_or("").split(';').next().unwrap_or("").trim();
    if !["application/fhir+json", "application/json"].iter().any(|m| media.eq_ignore_ascii_case(m)) {
        let why = "Only application/fhir+json is taken";
        return Err(refuse(415, "not-supported", "UNSUPPORTED_MEDIA_TYPE", why));
    }
    let system = systems::by_asid(ctx.view, from).map_err(broken)?;
    if !system.is_some_and(|s| session.may_act_for(&s.ods)) {
        let why = "The system in fromASID is not one of the session's organisation";
        return Err(refuse(403, "forbidden", "ACCESS_DENIED", why));
    }
    let event = event::read(request.bytes(), code)
        .map_err(|faults| refuse_all(400, "invalid", "INVALID_RESOURCE", &faults))?;
    let id = format!("{from}|{}", event.id);
    let key = event_key(&id);
    let accepted = Answer::empty(202);
    if ctx.view.get(Table::Transfers, &key).map_err(broken)?.is_some() {
        return Ok(Decision::read(accepted, event.nhs_number));
    }
    let Body::Inline(content) = &request.body else { return Err(Box::new(fhir::internal_error())) };
    let txn = Txn {
        checks: vec![Check { table: Table::Transfers, key: key.clone(), expect: Expect::Absent }],
        puts: vec![
            Put { table: Table::Transfers, key, value: content.clone() },
            timers::put(ctx.now_ms.saturating_add(RETENTION_MS), KIND, &id),
        ],
        ..Txn::default()
    };
    Ok(Decision::write(accepted, txn, event.nhs_number))
}

fn event_key(id: &str) -> Bytes {
    Bytes::from(format!("E|{id}"))
}

/// The events whose time is up. Nothing changes an event, so nothing needs to be checked.
fn tend(ctx: &Context<'_>) -> Vec<Tended> {
    let due = timers::due(ctx.view, ctx.now_ms, &[KIND]).into_iter();
    let forget = |timer: Bytes| {
        let id = timers::id(&timer, KIND)?.to_owned();
        let event = Delete { table: Table::Transfers, key: event_key(&id) };
        let dels = vec![event, Delete { table: Table::Timers, key: timer }];
        Some(Tended { what: "nems-forgotten", subject: id, txn: Txn { dels, ..Txn::default() } })
    };
    due.filter_map(forget).collect()
}
