//! The Summary Care Record, FHIR: a practice uploads a patient's summary, others ask which one is the latest and fetch it.
//!
//! Called by the listener through [`INTERFACE`] and by the seed. Handlers are pure functions of (view, request, time, ids).
//! Rows of the Summaries table: `NHS number` names the patient's latest summary, `NHS number|COMPOSITION ID` is a summary
//! as received (compact). Older ones stay stored and are, as published, no longer given out.

mod document;
mod list;
pub mod operations;
mod record;
mod refusal;
mod retrieve;
mod seed;
#[cfg(test)]
mod tests;
mod upload;

pub use document::{Document, write_document};
pub use seed::{sandbox_rows, seed_rows};

use crate::auth;
use crate::domain::{Context, Decision, Interface};
use crate::eps::wire::{NHS_NUMBER, RFC_4122};
use crate::message::{Answer, Request};
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
        _ => Err(refusal::no_route()),
    }
}

fn decide(operation: &'static str, ctx: &Context<'_>, request: &Request) -> Decision {
    let decided = auth::require_session(ctx, request).and_then(|_| match operation {
        "scr-upload" => upload::upload(ctx, request),
        "scr-list" => list::list(ctx, request),
        _ => retrieve::retrieve(ctx, request),
    });
    decided.unwrap_or_else(|refused| Decision::read(*refused, ""))
}

/// The NHS number of a query parameter, which must be written `SYSTEM|NUMBER`.
fn patient_of(request: &Request, parameter: &str) -> Result<NhsNumber, Refused> {
    let Some(value) = request.query(parameter) else {
        return Err(refusal::invalid(&format!("Missing mandatory parameter: {parameter}")));
    };
    let number = value.strip_prefix(NHS_NUMBER).and_then(|rest| rest.strip_prefix('|')).unwrap_or_default();
    nhs_number(number).map_err(|why| {
        refusal::invalid(&format!("Parameter {parameter}: {why}; expected {NHS_NUMBER}|NHS number"))
    })
}

/// A valid and synthetic NHS number; this hub takes no other, so that no living person's summary can end up in it.
fn nhs_number(text: &str) -> Result<NhsNumber, String> {
    match text.parse::<NhsNumber>() {
        Ok(number) if number.is_synthetic() => Ok(number),
        Ok(_) => Err("the NHS number is outside the synthetic range 9000000000 to 9999999999".to_owned()),
        Err(e) => Err(e.to_string()),
    }
}
