//! Personal Demographics Service, FHIR R4: retrieve by NHS number, trace (search), create and update, related people and
//! coverage, as published (`personal-demographics` OpenAPI document of NHS England).
//!
//! Called by the listener through [`INTERFACE`] and by the seed through [`seed`]. Pure: everything a decision depends
//! on comes in through the context; nothing here knows a socket, a clock or an engine.

mod access;
mod bodies;
mod coverage;
mod create;
mod document;
mod history;
mod index;
mod json;
pub mod operations;
mod patch;
mod people;
mod query;
mod record;
mod refuse;
mod related;
mod resolve;
mod retrieve;
mod retry;
mod rules;
mod sandbox;
mod score;
pub mod seed;
mod terms;
#[cfg(test)]
mod tests;
mod trace;
mod tree;
mod update;

pub use access::PATIENT_ROLE;
pub use document::patient_document;
pub use sandbox::sandbox_rows;

use crate::auth::{self, Session};
use crate::domain::{Context, Decision, Interface};
use crate::message::{Answer, Request};
use access::Mode;
use hyper::Method;
use jiff::civil::Date;
use refuse::Refusal;
use std::borrow::Cow;

/// This interface's row.
pub const INTERFACE: Interface = Interface {
    roots: &["personal-demographics"],
    operations: operations::OPERATIONS,
    routes: operations::ROUTES,
    route,
    decide,
    tend: None,
};

fn route(request: &Request) -> Result<&'static str, Box<Answer>> {
    let segments: Vec<&str> = request.segments.iter().map(String::as_str).filter(|s| !s.is_empty()).collect();
    let methods: &[(Method, &'static str)] = match segments[..] {
        [_, "FHIR", "R4", "Patient"] => &[(Method::GET, "pds-trace"), (Method::POST, "pds-create")],
        [_, "FHIR", "R4", "Patient", _] => &[(Method::GET, "pds-retrieve"), (Method::PATCH, "pds-update")],
        [_, "FHIR", "R4", "Patient", _, "RelatedPerson"] => &[(Method::GET, "pds-related")],
        [_, "FHIR", "R4", "Coverage"] => {
            &[(Method::GET, "pds-coverage"), (Method::POST, "pds-coverage-update")]
        }
        _ => return Err(Box::new(Answer { status: 404, ..*refuse::unsupported_service() })),
    };
    if let Some((_, operation)) = methods.iter().find(|(method, _)| *method == request.method) {
        return Ok(operation);
    }
    if request.method == Method::PATCH && segments.len() == 4 && segments[3] == "Patient" {
        return Err(refuse::unsupported_service()); // published: no NHS number
    }
    let allow: Vec<&str> = methods.iter().map(|(method, _)| method.as_str()).collect();
    Err(Box::new(Answer { status: 405, ..*refuse::unsupported_service() }.with("allow", allow.join(", "))))
}

fn decide(operation: &'static str, ctx: &Context<'_>, request: &Request) -> Decision {
    let subject = match request.segments.get(4) {
        Some(id) => Cow::Borrowed(id.as_str()),
        None if operation.starts_with("pds-coverage") => coverage::subject(request).into(),
        None => Cow::Borrowed(""),
    };
    let decided = caller(ctx, request).and_then(|session| {
        let mode = Mode::of(&session);
        match operation {
            // The subject of these two is in the query or the body; they ask `mode` when they have read it.
            "pds-coverage" => return coverage::read(ctx, request, mode),
            "pds-coverage-update" => return coverage::update(ctx, request, &session),
            _ => mode.check(operation, &subject)?,
        }
        match operation {
            "pds-retrieve" => retrieve::decide(ctx, &subject),
            "pds-update" => update::decide(ctx, request, &session, &subject),
            "pds-create" => create::decide(ctx, request, &session),
            "pds-related" => related::decide(ctx, &subject),
            _ => trace::decide(ctx, request, mode),
        }
    });
    decided.unwrap_or_else(|refusal| Decision::read(*refusal, subject.as_ref()))
}

/// Checks what every PDS request must carry: a session, X-Request-ID, and what it says of the caller.
fn caller(ctx: &Context<'_>, request: &Request) -> Result<Session, Refusal> {
    let session = auth::require_session(ctx, request)?;
    match request.header("x-request-id") {
        None | Some("") => return Err(refuse::missing_header("X-Request-ID")),
        Some(id) if !is_uuid(id) => return Err(refuse::invalid_header(id, "X-Request-ID")),
        Some(_) => {}
    }
    Mode::of(&session).check_headers(&session, request)?;
    Ok(session)
}

/// The version in If-Match, or the published refusal when it is missing or not of the form `W/"n"`.
fn if_match(request: &Request) -> Result<u64, Refusal> {
    let version = request.header("if-match").and_then(record::version_of_etag);
    version.ok_or_else(refuse::precondition_failed)
}

/// Refuses a body of another media type than these; parameters (`charset`) do not matter.
fn require_media(request: &Request, allowed: &[&str]) -> Result<(), Refusal> {
    let media = request.header("content-type").and_then(|t| t.split(';').next()).unwrap_or("").trim();
    match allowed.iter().any(|a| a.eq_ignore_ascii_case(media)) {
        true => Ok(()),
        false => Err(refuse::unsupported_service()),
    }
}

/// The day on the hub's clock, in UTC.
fn today(ctx: &Context<'_>) -> Date {
    ctx.now().to_zoned(jiff::tz::TimeZone::UTC).date()
}

/// The time on the hub's clock as a Bundle says it.
fn timestamp(ctx: &Context<'_>) -> String {
    ctx.now().strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string()
}

/// The published pattern: 8-4-4-4-12 hexadecimal digits in either case.
fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(i, b)| match i {
            8 | 13 | 18 | 23 => b == b'-',
            _ => b.is_ascii_hexdigit(),
        })
}

/// True for ten digits of which the last checks the others (mod 11).
fn is_nhs_number(id: &str) -> bool {
    id.len() == 10 && population::NhsNumber::parse(id).is_ok()
}

/// The key of a patient's row, or the published refusal when `id` is no NHS number (ten digits, mod 11).
fn patient_key(id: &str) -> Result<&[u8], Refusal> {
    if is_nhs_number(id) { Ok(id.as_bytes()) } else { Err(refuse::invalid_resource_id()) }
}
