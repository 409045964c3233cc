//! Spine Secure Proxy: a consumer's read of a patient through the Spine from a practice's system (GP Connect, FHIR STU3).
//! The hub is both, the proxy that checks who may ask whom what, and the provider that answers out of the demographic
//! record; it opens no connections of its own, and answers for every practice and every patient.
//!
//! Called by the listener through [`INTERFACE`]. Never shows a patient whose record is restricted.

mod document;
pub mod operations;
#[cfg(test)]
mod tests;

use crate::auth;
use crate::domain::{Context, Decision, Interface};
use crate::fhir::{self, Issue, Severity};
use crate::message::{Answer, Request};
use crate::slices::{self, Member};
use crate::systems::{self, Registered};
use hub_store::{StoreError, Table};
use hyper::Method;
use operations::READ_PATIENT;

/// This interface's row.
pub const INTERFACE: Interface = Interface {
    roots: &["ssp"],
    operations: operations::OPERATIONS,
    routes: operations::ROUTES,
    route,
    decide,
    tend: None,
};

/// Code system of the proxy's and of GP Connect's error codes.
const SPINE_STU3: &str = "https://fhir.nhs.uk/STU3/ValueSet/Spine-ErrorOrWarningCode-1";

/// How the interaction ids of GP Connect begin.
const FAMILY: &str = "urn:nhs:names:services:gpconnect:";

/// A refusal on its way out.
type Refusal = Box<Answer>;

fn refuse(status: u16, kind: &str, code: &str, diagnostics: &str) -> Refusal {
    let (severity, display) = (Severity::Error, code.replace('_', " "));
    let issue =
        Issue { severity, kind, system: SPINE_STU3, code, display: &display, diagnostics, expression: "" };
    Box::new(fhir::outcome(status, &[issue]))
}

fn broken(_: StoreError) -> Refusal {
    Box::new(fhir::internal_error())
}

fn route(request: &Request) -> Result<&'static str, Refusal> {
    let segments: Vec<&str> = request.segments.iter().map(String::as_str).collect();
    if !matches!(segments[..], [_, _, "Patient", _]) {
        return Err(refuse(404, "not-found", "RESOURCE_NOT_FOUND", "No such address of a provider"));
    }
    if request.method != Method::GET {
        let answer = refuse(405, "not-supported", "NOT_IMPLEMENTED", "Method not allowed");
        return Err(Box::new(answer.with("allow", "GET")));
    }
    Ok("ssp-read")
}

fn decide(_operation: &'static str, ctx: &Context<'_>, request: &Request) -> Decision {
    let nhs_number = request.segments.get(3).map_or("", String::as_str);
    match proxy(ctx, request).and_then(|provider| provide(ctx, &provider, nhs_number)) {
        Ok(answer) => Decision::read(answer, nhs_number),
        Err(refusal) => Decision::read(*refusal, nhs_number),
    }
}

/// The proxy's part: may this consumer ask this provider this? Gives the provider's system.
fn proxy(ctx: &Context<'_>, request: &Request) -> Result<Registered, Refusal> {
    let session = auth::require_session(ctx, request)?;
    let header = |name: &str| {
        let value = request.header(name).map(str::trim).filter(|v| !v.is_empty());
        value.ok_or_else(|| {
            refuse(400, "invalid", "BAD_REQUEST", &format!("The header {name} is missing or empty"))
        })
    };
    let trace = header("Ssp-TraceID")?;
    let (from, to) = (header("Ssp-From")?, header("Ssp-To")?);
    let interaction = header("Ssp-InteractionID")?;
    if !is_uuid(trace) {
        return Err(refuse(400, "invalid", "BAD_REQUEST", "The header Ssp-TraceID is not a UUID"));
    }
    if interaction != READ_PATIENT {
        let why = "The header Ssp-InteractionID does not name the interaction of this address";
        return Err(refuse(400, "invalid", "BAD_REQUEST", why));
    }
    if !accepts_fhir(request.header("accept")) {
        return Err(refuse(
            415,
            "not-supported",
            "UNSUPPORTED_MEDIA_TYPE",
            "Only application/fhir+json is offered",
        ));
    }
    let denied = |why| refuse(403, "forbidden", "ACCESS_DENIED", why);
    let sender = systems::by_asid(ctx.view, from).map_err(broken)?;
    let sender = sender.ok_or_else(|| denied("The sender's ASID is not authorised for this interaction"))?;
    if !session.may_act_for(&sender.ods) {
        return Err(denied("The sender's ASID is not that of the session's organisation"));
    }
    let receiver = systems::by_asid(ctx.view, to).map_err(broken)?;
    let receiver = receiver.filter(|r| r.may_serve(interaction, FAMILY));
    let receiver =
        receiver.ok_or_else(|| denied("The receiver's ASID is not authorised for this interaction"))?;
    let provider = request.segments.get(1).map_or("", String::as_str);
    if !provider.eq_ignore_ascii_case(&receiver.ods) {
        let why = "The target address is not that of the receiver's end point in the directory";
        return Err(refuse(400, "invalid", "BAD_REQUEST", why));
    }
    Ok(receiver)
}

/// The provider's part: the patient, if there is one who may be shown.
fn provide(ctx: &Context<'_>, provider: &Registered, nhs_number: &str) -> Result<Answer, Refusal> {
    if population::NhsNumber::parse(nhs_number).is_err() {
        let why = "The NHS number has not ten digits, or its check digit is wrong";
        return Err(refuse(400, "value", "INVALID_NHS_NUMBER", why));
    }
    let row = ctx.view.get(Table::Patients, nhs_number.as_bytes()).map_err(broken)?;
    let members = match &row {
        Some(row) => slices::members(&row.value).ok_or_else(|| Box::new(fhir::internal_error()))?,
        None => Vec::new(),
    };
    if !is_shown(&members, nhs_number) {
        return Err(refuse(404, "not-found", "PATIENT_NOT_FOUND", "No such patient at this practice"));
    }
    Ok(Answer::new(200, fhir::FHIR_JSON, document::patient(&members, nhs_number, provider)))
}

/// Published: a patient marked as sensitive is not found. So is one whose record was made invalid or superseded.
fn is_shown(record: &[Member<'_>], nhs_number: &str) -> bool {
    let is = |raw: &[u8], text: &str| {
        raw.strip_prefix(b"\"").and_then(|r| r.strip_suffix(b"\"")) == Some(text.as_bytes())
    };
    let is_open = |meta: &[u8]| {
        let security = slices::member(meta, "security").and_then(slices::elements);
        let first = security.and_then(|list| list.first().and_then(|s| slices::member(s, "code")));
        first.is_some_and(|code| is(code, "U"))
    };
    let member = |name: &[u8]| record.iter().find(|(n, _)| *n == name).map(|(_, value)| *value);
    member(b"meta").is_some_and(is_open) && member(b"id").is_some_and(|id| is(id, nhs_number))
}

/// 8-4-4-4-12 hexadecimal digits in either case.
fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(i, b)| match i {
            8 | 13 | 18 | 23 => b == b'-',
            _ => b.is_ascii_hexdigit(),
        })
}

/// True when the client takes FHIR JSON; a client that says nothing takes everything.
fn accepts_fhir(accept: Option<&str>) -> bool {
    let takes = |range: &str| {
        let kind = range.split(';').next().unwrap_or("").trim();
        ["*/*", "application/*", "application/fhir+json", "application/json"]
            .iter()
            .any(|k| kind.eq_ignore_ascii_case(k))
    };
    accept.is_none_or(|accept| accept.trim().is_empty() || accept.split(',').any(takes))
}
