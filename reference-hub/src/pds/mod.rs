//! Personal Demographics Service, FHIR R4: retrieve by NHS number, trace (search) and update, as published
//! (`personal-demographics` OpenAPI document of NHS England).
//!
//! Called by the listener through [`INTERFACE`] and by the seed through [`seed`]. Pure: everything a decision depends
//! on comes in through the context; nothing here knows a socket, a clock or an engine.

mod document;
mod index;
pub mod operations;
mod patch;
mod query;
mod record;
mod refuse;
mod retrieve;
mod rules;
mod sandbox;
mod score;
pub mod seed;
mod slices;
mod terms;
#[cfg(test)]
mod tests;
mod trace;
mod update;

pub use document::patient_document;
pub use sandbox::sandbox_rows;

use crate::auth::{self, Session};
use crate::domain::{Context, Decision, Interface};
use crate::message::{Answer, Request};
use hyper::Method;
use refuse::Refusal;

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
    let named = match segments[..] {
        [_, "FHIR", "R4", "Patient"] => false,
        [_, "FHIR", "R4", "Patient", _] => true,
        _ => return Err(Box::new(Answer { status: 404, ..*refuse::unsupported_service() })),
    };
    match (&request.method, named) {
        (&Method::GET, false) => Ok("pds-trace"),
        (&Method::GET, true) => Ok("pds-retrieve"),
        (&Method::PATCH, true) => Ok("pds-update"),
        (&Method::PATCH, false) => Err(refuse::unsupported_service()), // published: no NHS number
        _ => {
            let allow = if named { "GET, PATCH" } else { "GET" };
            Err(Box::new(Answer { status: 405, ..*refuse::unsupported_service() }.with("allow", allow)))
        }
    }
}

fn decide(operation: &'static str, ctx: &Context<'_>, request: &Request) -> Decision {
    let subject = request.segments.get(4).cloned().unwrap_or_default();
    let decided = caller(ctx, request).and_then(|session| match operation {
        "pds-retrieve" => retrieve::decide(ctx, &subject).map(|answer| Decision::read(answer, &subject)),
        "pds-update" => update::decide(ctx, request, &session, &subject),
        _ => trace::decide(ctx, request),
    });
    decided.unwrap_or_else(|refusal| Decision::read(*refusal, subject))
}

/// Checks what every PDS request must carry: a session, X-Request-ID, and a numeric role id if one is sent.
fn caller(ctx: &Context<'_>, request: &Request) -> Result<Session, Refusal> {
    let session = auth::require_session(ctx, request)?;
    match request.header("x-request-id") {
        None | Some("") => return Err(refuse::missing_value("X-Request-ID")),
        Some(id) if !is_uuid(id) => return Err(refuse::invalid_header(id, "X-Request-ID")),
        Some(_) => {}
    }
    match request.header("nhsd-session-urid") {
        Some(role) if role.is_empty() || !role.bytes().all(|b| b.is_ascii_digit()) => {
            Err(refuse::invalid_header(role, "NHSD-Session-URID"))
        }
        _ => Ok(session),
    }
}

/// The published pattern: 8-4-4-4-12 hexadecimal digits in either case.
fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(i, b)| match i {
            8 | 13 | 18 | 23 => b == b'-',
            _ => b.is_ascii_hexdigit(),
        })
}

/// The key of a patient's row, or the published refusal when `id` is no NHS number (ten digits, mod 11).
fn patient_key(id: &str) -> Result<&[u8], Refusal> {
    let valid = id.len() == 10 && population::NhsNumber::parse(id).is_ok();
    if valid { Ok(id.as_bytes()) } else { Err(refuse::invalid_resource_id()) }
}
