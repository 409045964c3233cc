//! The Electronic Prescription Service, FHIR: prescribing and dispensing as one interface. Orders go in, one dispenser
//! at a time takes them out, gives them back, notifies, withdraws and claims, and a tracker shows where they are; every step is one transaction on the prescription's header row, checked
//! by version, so that no prescription is ever handed to two dispensers.
//!
//! Called by the listener through [`INTERFACE`] and by the seed. Handlers are pure functions of (view, request, time,
//! ids): no sockets, no clock, no writes of their own.

mod cancel;
mod canonical;
mod check;
mod claim;
pub(crate) mod compact;
mod dispense;
mod documented;
mod issue;
mod line;
mod many;
mod metadata;
pub mod operations;
mod order;
mod prescribe;
mod reason;
mod record;
mod refusal;
mod release;
mod released;
mod seed;
mod signature;
mod signed_parts;
mod state;
mod status;
mod task;
mod track;
mod validate;
pub(crate) mod wire;

#[cfg(test)]
mod tests;

pub use compact::compact;
pub use line::{LINES, Line, line_told};
pub use order::{Order, write_order};
pub use reason::CancelReason;
pub use record::{Header, Item, is_ods, is_uuid};
pub use seed::seed_rows;
pub use state::{EVENTS, Event, Refusal, STATES, State, next};

use crate::domain::{Context, Decision, Interface};
use crate::message::{Answer, Request};
use crate::{answer_codec, auth, fhir};
use auth::Session;
use bytes::Bytes;
use hub_store::{Check, Expect, Idempotency, Table};
use hyper::Method;
use record::header_key;
use refusal::Refused;
use wire::Bundle;

/// EPS as the listener sees it.
pub const INTERFACE: Interface = Interface {
    roots: &["fhir-prescribing", "fhir-dispensing", "prescription-tracker"],
    operations: operations::OPERATIONS,
    routes: operations::ROUTES,
    route,
    decide,
    tend: Some(issue::tend),
};

/// The message events of the two `$process-message` endpoints and the operations that answer them.
const EVENT_OPERATIONS: [(&str, &str, &str); 3] = [
    ("fhir-prescribing", "prescription-order", "eps-prescribe"),
    ("fhir-prescribing", "prescription-order-update", "eps-cancel"),
    ("fhir-dispensing", "dispense-notification", "eps-dispense"),
];

/// Names the operation. A message is told from another by its event, which stands near the top of its body; a body
/// without a readable one (or not yet read) goes to the root's first operation, whose handler says what is wrong.
fn route(request: &Request) -> Result<&'static str, Box<Answer>> {
    let segments: Vec<&str> = request.segments.iter().map(String::as_str).collect();
    let (operation, method) = match segments[..] {
        [root @ ("fhir-prescribing" | "fhir-dispensing"), "FHIR", "R4", "$process-message"] => {
            let event = event_code(request.bytes()).unwrap_or_default();
            let mut of_root = EVENT_OPERATIONS.iter().filter(|(r, _, _)| *r == root);
            let first = of_root.clone().next().map(|(_, _, operation)| *operation);
            let named = of_root.find(|(_, code, _)| *code == event).map(|(_, _, operation)| *operation);
            (named.or(first), Method::POST)
        }
        ["fhir-prescribing", "FHIR", "R4", "$prepare"] => (Some("eps-prepare"), Method::POST),
        ["fhir-prescribing" | "fhir-dispensing", "FHIR", "R4", "$validate"] => {
            (Some("eps-validate"), Method::POST)
        }
        ["fhir-prescribing" | "fhir-dispensing", "metadata"]
        | ["fhir-prescribing" | "fhir-dispensing", "FHIR", "R4", "metadata"] => {
            (Some("eps-metadata"), Method::GET)
        }
        ["fhir-dispensing", "FHIR", "R4", "Task", "$release"] => (Some("eps-release"), Method::POST),
        ["fhir-dispensing", "FHIR", "R4", "Task"] => (
            Some(if task::looks_withdrawn(request.bytes()) { "eps-withdraw" } else { "eps-return" }),
            Method::POST,
        ),
        ["fhir-dispensing", "FHIR", "R4", "Claim"] => (Some("eps-claim"), Method::POST),
        ["prescription-tracker", "FHIR", "R4", "Task"] => (Some("eps-track"), Method::GET),
        _ => (None, Method::GET),
    };
    let Some(operation) = operation else {
        if segments[..] == ["fhir-prescribing", "FHIR", "R4", "$convert"] {
            return Err(refusal::not_supported("Conversion to HL7 v3 is not supported."));
        }
        return Err(Box::new(fhir::spine_error(404, "not-found", "NOT_FOUND", "Route not found", "")));
    };
    if request.method != method {
        let answer = fhir::spine_error(405, "not-supported", "METHOD_NOT_ALLOWED", "Method not allowed", "");
        return Err(Box::new(answer.with("allow", method.as_str().to_owned())));
    }
    Ok(operation)
}

/// The code in the first `eventCoding` of a message, without parsing the message: routing must cost next to nothing.
/// The pattern cannot match inside a JSON string, where its quotes would be escaped.
fn event_code(body: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(body).ok()?;
    let coding = &text[text.find("\"eventCoding\"")?..];
    let coding = &coding[..coding.find('}')?];
    let value = coding[coding.find("\"code\"")? + "\"code\"".len()..].trim_start().strip_prefix(':')?;
    let value = value.trim_start().strip_prefix('"')?;
    Some(&value[..value.find('"')?])
}

fn decide(operation: &'static str, ctx: &Context<'_>, request: &Request) -> Decision {
    let decided = match operation {
        "eps-metadata" => Ok(Decision::read(metadata::statement(root(request)), "")),
        _ => with_session(operation, ctx, request),
    };
    let mut decision = decided.unwrap_or_else(|refused| Decision::read(*refused, ""));
    refusal::stamp(&mut decision.answer, ctx);
    decision
}

/// First path segment.
fn root(request: &Request) -> &str {
    request.segments.first().map_or("", String::as_str)
}

fn with_session(operation: &str, ctx: &Context<'_>, request: &Request) -> Result<Decision, Refused> {
    let session = auth::require_session(ctx, request)?;
    request_id(ctx, request)?;
    role_id(ctx, request)?;
    match operation {
        // Published as open to applications that act on their own.
        "eps-release" | "eps-track" => {}
        _ if !session.application => {}
        _ if root(request) == "fhir-prescribing" => {
            return Err(refusal::users_only(
                "Your app does not have permission to access prescribing functionality.",
            ));
        }
        _ => {
            return Err(refusal::users_only(
                "Dispensing functionality requires user-restricted access unless otherwise stated.",
            ));
        }
    }
    match operation {
        "eps-release" => release::release(ctx, &session, request),
        "eps-claim" => claim::claim(ctx, &session, request),
        "eps-return" | "eps-withdraw" => task::task(ctx, &session, request),
        "eps-track" => track::track(ctx, &session, request),
        "eps-validate" => validate::validate(ctx, request),
        _ => message(operation, ctx, &session, request),
    }
}

/// `$process-message` and `$prepare`: what the event of the parsed message says, which is also what `route` saw.
fn message(
    operation: &str,
    ctx: &Context<'_>,
    session: &Session,
    request: &Request,
) -> Result<Decision, Refused> {
    let text = body_text(request)?;
    let bundle: Bundle<'_> = parsed(text)?;
    match (operation, envelope(root(request), &bundle)?) {
        ("eps-prepare", "prescription-order") => {
            let answer = prescribe::prepare(ctx, session, text, &bundle)?;
            Ok(Decision::read(answer, ""))
        }
        ("eps-prepare", _) => {
            Err(refusal::value("MessageHeader.eventCoding.code must be one of: prescription-order."))
        }
        (_, "prescription-order") => prescribe::prescribe(ctx, session, request, text, &bundle),
        (_, "prescription-order-update") => cancel::cancel(ctx, session, text, &bundle),
        _ => dispense::dispense(ctx, session, request, &bundle),
    }
}

/// What every message must have around its content; answers its event, which is one of the root's.
fn envelope(root: &str, bundle: &Bundle<'_>) -> Result<&'static str, Refused> {
    if bundle.resource_type != "Bundle" {
        return Err(refusal::value("Incorrect FHIR resource type. Expected Bundle."));
    }
    if bundle.entry.is_empty() {
        return Err(refusal::missing_entry());
    }
    if bundle.kind.0 != "message" {
        return Err(refusal::value("Bundle.type must be message."));
    }
    if !is_uuid(bundle.message_id()) {
        return Err(refusal::value("Bundle.identifier.value must be a UUID: the id of the message."));
    }
    let header = bundle.entry.first().map(|e| &e.resource).filter(|r| r.resource_type == "MessageHeader");
    let Some(header) = header else {
        return Err(refusal::value("The first entry of a message must be its MessageHeader."));
    };
    let event = header.event_coding.as_ref().map_or("", |c| &c.code);
    let of_root = EVENT_OPERATIONS.iter().filter(|(r, _, _)| *r == root).map(|(_, code, _)| *code);
    of_root.clone().find(|code| *code == event).ok_or_else(|| {
        let allowed: Vec<&str> = of_root.collect();
        let allowed = allowed.join(", ");
        refusal::value(&format!("MessageHeader.eventCoding.code must be one of: {allowed}."))
    })
}

/// NHSD-Session-URID holds digits, where it is sent.
fn role_id(ctx: &Context<'_>, request: &Request) -> Result<(), Refused> {
    match request.header("nhsd-session-urid") {
        Some(id) if !ctx.sandbox && (id.is_empty() || !id.bytes().all(|b| b.is_ascii_digit())) => Err(
            refusal::header_value("INVALID_VALUE", "value", "The header NHSD-Session-URID must be digits."),
        ),
        _ => Ok(()),
    }
}

/// The request's X-Request-ID: mandatory and a UUID, except in the sandbox.
fn request_id<'r>(ctx: &Context<'_>, request: &'r Request) -> Result<Option<&'r str>, Refused> {
    match request.header("x-request-id") {
        Some(id) if is_uuid(id) => Ok(Some(id)),
        Some(_) if !ctx.sandbox => {
            Err(refusal::header_value("INVALID_VALUE", "value", "The header X-Request-ID must be a UUID."))
        }
        None if !ctx.sandbox => {
            Err(refusal::header_value("MISSING_VALUE", "required", "The header X-Request-ID is missing."))
        }
        _ => Ok(None),
    }
}

/// The body as text; all of it is checked, as parts that no handler looks at are stored and given out again.
fn body_text(request: &Request) -> Result<&str, Refused> {
    std::str::from_utf8(request.bytes())
        .map_err(|e| refusal::invalid_message(&format!("The body is not UTF-8 at byte {}.", e.valid_up_to())))
}

fn parsed<'t, T: serde::Deserialize<'t>>(text: &'t str) -> Result<T, Refused> {
    serde_json::from_str(text).map_err(|e| {
        // Line and column only: the parser's own words may quote the patient's data.
        refusal::invalid_message(&format!(
            "The body is not the expected JSON at line {}, column {}.",
            e.line(),
            e.column()
        ))
    })
}

/// The header of a prescription with its row version, aged to now; `None` when there is none.
fn load(ctx: &Context<'_>, id: &str) -> Result<Option<(Header, u64)>, Refused> {
    let Some(row) = ctx.view.get(Table::Prescriptions, id.as_bytes()).map_err(store_failed)? else {
        return Ok(None);
    };
    let Some(mut header) = Header::from_row(&row.value) else {
        return Err(Box::new(fhir::internal_error()));
    };
    header.age(ctx.now_ms);
    Ok(Some((header, row.version)))
}

/// The check that a prescription's header is still the one that was read.
fn unchanged(id: &str, version: u64) -> Check {
    Check { table: Table::Prescriptions, key: header_key(id), expect: Expect::Version(version) }
}

fn store_failed(_: hub_store::StoreError) -> Refused {
    Box::new(fhir::internal_error())
}

/// Key under which the answer to a message is remembered: its sender's ODS code, its id and what it is about, so that a
/// message id used twice for different things (against the rules), or by two senders, is never answered with the other's
/// success.
fn idempotency_key(operation: &str, sender: &str, message_id: &str, about: &str) -> Bytes {
    let (sender, message_id) = (sender.to_ascii_uppercase(), message_id.to_ascii_lowercase());
    Bytes::from(format!("eps|{operation}|{sender}|{message_id}|{about}"))
}

/// The answer this message was given before, if it is a retransmission.
fn answered(ctx: &Context<'_>, key: &[u8]) -> Result<Option<Answer>, Refused> {
    let row = ctx.view.get(Table::Idempotency, key).map_err(store_failed)?;
    Ok(row.and_then(|row| answer_codec::decode(&row.value)))
}

fn remember(key: Bytes, answer: &Answer) -> Option<Idempotency> {
    Some(Idempotency { key, answer: answer_codec::encode(answer) })
}

/// The published time format, whole seconds with an offset.
fn fhir_time(ctx: &Context<'_>) -> String {
    ctx.now().strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string()
}
