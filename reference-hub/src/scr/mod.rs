//! The Summary Care Record, FHIR: a practice uploads a patient's summary, others ask which one is the latest and fetch it; a
//! patient's permission is set, and who looks without it raises an alert.
//!
//! Called by the listener through [`INTERFACE`] and by the seed. Handlers are pure functions of (view, request, time, ids).
//! Rows of the Summaries table: `NHS number` names the patient's latest summary, `NHS number|COMPOSITION ID` is a summary
//! as received (compact). Older ones stay stored and are, as published, no longer given out.

mod alert;
mod body;
mod caller;
mod document;
mod list;
pub mod operations;
mod permission;
mod record;
mod refusal;
mod retrieve;
mod seed;
mod summary;
#[cfg(test)]
mod tests;
mod upload;
mod wire;

pub use document::{Document, write_document};
pub use refusal::failed;
pub use seed::{sandbox_rows, seed_rows};

use crate::domain::{Context, Decision, Interface};
use crate::eps::wire::{NHS_NUMBER, RFC_4122};
use crate::message::{Answer, Request};
use hub_store::{Check, Expect, Table};
use hyper::Method;
use population::NhsNumber;
use refusal::Refused;

/// SCR as the listener sees it.
pub const INTERFACE: Interface = Interface {
    roots: &["summary-care-record"],
    operations: operations::OPERATIONS,
    routes: operations::ROUTES,
    route,
    decide,
    tend: None,
};

/// SNOMED CT code of a General Practice Summary, the only type there is.
const SUMMARY_CODE: &str = "196981000000101";

/// Base of the resources' full URLs (published).
const BASE: &str = "https://api.service.nhs.uk/summary-care-record/FHIR/R4";

fn route(request: &Request) -> Result<&'static str, Box<Answer>> {
    let segments: Vec<&str> = request.segments.iter().map(String::as_str).collect();
    match segments[..] {
        [_, "FHIR", "R4", "Bundle"] => match request.method {
            Method::POST => Ok("scr-upload"),
            Method::GET => Ok("scr-retrieve"),
            _ => Err(refusal::method_not_allowed("GET, POST")),
        },
        [_, "FHIR", "R4", "DocumentReference"] => match request.method {
            Method::GET => Ok("scr-list"),
            _ => Err(refusal::method_not_allowed("GET")),
        },
        [_, "FHIR", "R4", "$setPermission"] => match request.method {
            Method::POST => Ok("scr-set-permission"),
            _ => Err(refusal::method_not_allowed("POST")),
        },
        [_, "FHIR", "R4", "AuditEvent"] => match request.method {
            Method::POST => Ok("scr-audit"),
            _ => Err(refusal::method_not_allowed("POST")),
        },
        _ => Err(refusal::no_route()),
    }
}

fn decide(operation: &'static str, ctx: &Context<'_>, request: &Request) -> Decision {
    let decided = caller::caller(ctx, request, operation).and_then(|caller| match operation {
        "scr-upload" => upload::upload(ctx, request, &caller),
        "scr-list" => list::list(ctx, request),
        "scr-set-permission" => permission::set(ctx, request, &caller),
        "scr-audit" => alert::alert(ctx, request, &caller),
        _ => retrieve::retrieve(ctx, request),
    });
    decided.unwrap_or_else(|refused| Decision::read(*refused, ""))
}

/// A query parameter that stands once at most.
fn parameter<'r>(request: &'r Request, name: &str) -> Result<Option<&'r str>, Refused> {
    let mut values = request.query.iter().filter(|(k, _)| k == name).map(|(_, v)| v.as_str());
    let first = values.next();
    match values.next() {
        None => Ok(first),
        Some(_) => Err(refusal::invalid(&format!("Parameter {name}: must stand once, got it several times"))),
    }
}

/// A query parameter that must stand.
fn mandatory<'r>(request: &'r Request, name: &str) -> Result<&'r str, Refused> {
    parameter(request, name)?.ok_or_else(|| refusal::invalid(&format!("Missing mandatory parameter: {name}")))
}

/// The NHS number of a query parameter, which must be written `SYSTEM|NUMBER`.
fn patient_of(request: &Request, name: &str) -> Result<NhsNumber, Refused> {
    let value = mandatory(request, name)?;
    let number = value.strip_prefix(NHS_NUMBER).and_then(|rest| rest.strip_prefix('|')).unwrap_or_default();
    nhs_number(number).map_err(|why| {
        refusal::invalid(&format!("Parameter {name}: {why}; expected {NHS_NUMBER}|NHS number"))
    })
}

/// That the patient's consent is still what a decision saw.
fn consent_check(patient: NhsNumber, expect: Expect) -> Check {
    Check { table: Table::Permissions, key: record::consent_key(patient), expect }
}

/// A valid and synthetic NHS number; this hub takes no other, so that no living person's summary can end up in it.
fn nhs_number(text: &str) -> Result<NhsNumber, String> {
    match text.parse::<NhsNumber>() {
        Ok(number) if number.is_synthetic() => Ok(number),
        Ok(_) => Err("the NHS number is outside the synthetic range 9000000000 to 9999999999".to_owned()),
        Err(e) => Err(e.to_string()),
    }
}
