//! e-Referral Service, FHIR STU3: a referral by its booking reference (A005) and the worklists of an organisation (A008),
//! after the `e-referrals-service-api` OpenAPI document of NHS England. Reads alone: booking and triage are not here.
//!
//! Called by the listener through [`INTERFACE`] and by the seed through [`seed_rows`]. A referral opens only for the
//! organisation that refers and the one that receives.

mod document;
pub mod operations;
mod record;
#[cfg(test)]
mod tests;

pub use record::{sandbox_rows, seed_rows};

use crate::auth::{self, Session};
use crate::domain::{Context, Decision, Interface};
use crate::fhir::{self, Issue, Severity};
use crate::message::{Answer, Request};
use hub_store::{StoreError, Table};
use hyper::Method;
use operations::{BUSINESS_FUNCTIONS, WORKLISTS};
use serde_json::Value;

/// This interface's row.
pub const INTERFACE: Interface = Interface {
    roots: &["referrals"],
    operations: operations::OPERATIONS,
    routes: operations::ROUTES,
    route,
    decide,
    tend: None,
};

/// Code system of e-RS's error codes.
const ERROR_CODES: &str = "https://fhir.nhs.uk/STU3/CodeSystem/eRS-APIErrorCode-1";

/// Entries of one worklist. 200: some 120 KB; the published limit of an answer is 10 MB.
const WORKLIST_MAX: usize = 200;

/// A refusal on its way out.
type Refusal = Box<Answer>;

/// A refusal in the published shape of e-RS.
fn refuse(status: u16, kind: &str, code: &str, diagnostics: &str) -> Refusal {
    let issue = Issue {
        severity: Severity::Error,
        kind,
        system: ERROR_CODES,
        code,
        display: "",
        diagnostics,
        expression: "",
    };
    Box::new(fhir::outcome(status, &[issue]))
}

fn broken(_: StoreError) -> Refusal {
    Box::new(fhir::internal_error())
}

fn route(request: &Request) -> Result<&'static str, Refusal> {
    let segments: Vec<&str> = request.segments.iter().map(String::as_str).collect();
    let (operation, method) = match segments[..] {
        [_, "FHIR", "STU3", "ReferralRequest", "$ers.fetchworklist"] => ("ers-worklist", Method::POST),
        [_, "FHIR", "STU3", "ReferralRequest", _] => ("ers-read", Method::GET),
        _ => return Err(refuse(404, "not-found", "NOT_FOUND", "No such address")),
    };
    if request.method == method {
        return Ok(operation);
    }
    let refused = refuse(405, "not-supported", "METHOD_NOT_ALLOWED", "HTTP method not allowed");
    Err(Box::new(refused.with("allow", method.as_str().to_owned())))
}

fn decide(operation: &'static str, ctx: &Context<'_>, request: &Request) -> Decision {
    let decided = caller(ctx, request).and_then(|session| match operation {
        "ers-read" => read(ctx, request, &session),
        _ => worklist(ctx, request, &session),
    });
    let decision = decided.unwrap_or_else(|refusal| Decision::read(*refusal, ""));
    // Published: every answer names its transaction.
    let transaction = format!("{}-1", ctx.ids.uuid());
    Decision { answer: decision.answer.with("x-ers-transaction-id", transaction), ..decision }
}

/// Checks session and headers.
fn caller(ctx: &Context<'_>, request: &Request) -> Result<Session, Refusal> {
    let session = auth::require_session(ctx, request).map_err(|answer| match answer.status {
        401 => refuse(401, "login", "NO_ACCESS", "There is no live session; authenticate again"),
        _ => answer,
    })?;
    if let Some(ods) = request.header("nhsd-end-user-organisation-ods")
        && !session.may_act_for(ods)
    {
        let why = "The organisation in NHSD-End-User-Organisation-ODS is not the session's";
        return Err(refuse(403, "forbidden", "NO_ACCESS", why));
    }
    let bad = |why| refuse(400, "value", "BAD_REQUEST", why);
    if let Some(function) = request.header("nhsd-ers-business-function")
        && !BUSINESS_FUNCTIONS.contains(&function)
    {
        return Err(bad("NHSD-eRS-Business-Function is not a business function"));
    }
    if let Some(user) = request.header("nhsd-ers-on-behalf-of-user-id")
        && (user.len() != 12 || !user.bytes().all(|b| b.is_ascii_digit()))
    {
        return Err(bad("NHSD-eRS-On-Behalf-Of-User-ID is not a user id of 12 digits"));
    }
    if !accepts_fhir(request.header("accept")) {
        return Err(refuse(406, "not-supported", "NOT_ACCEPTABLE", "Only application/fhir+json is offered"));
    }
    Ok(session)
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

fn read(ctx: &Context<'_>, request: &Request, session: &Session) -> Result<Decision, Refusal> {
    let ubrn = request.segments.get(4).map_or("", String::as_str);
    let referral = record::referral(ctx.view, ubrn).map_err(broken)?;
    let referral = referral.ok_or_else(|| refuse(404, "not-found", "NOT_FOUND", "No such referral"))?;
    if !referral.is_party(|ods| session.may_act_for(ods)) {
        let why = "The organisation has no legitimate relationship with the referral";
        return Err(refuse(422, "forbidden", "NO_RELATIONSHIP", why));
    }
    if ctx.view.get(Table::Patients, referral.nhs_number.as_bytes()).map_err(broken)?.is_none() {
        let why = "The referral's patient cannot be retrieved; do not attempt again";
        return Err(refuse(422, "not-found", "PATIENT_ERROR", why));
    }
    let answer = Answer::new(200, fhir::FHIR_JSON, document::referral_request(&referral))
        .with("etag", document::etag(&referral));
    Ok(Decision::read(answer, referral.nhs_number))
}

fn worklist(ctx: &Context<'_>, request: &Request, session: &Session) -> Result<Decision, Refusal> {
    let media = request.header("content-type").unwrap_or("").split(';').next().unwrap_or("").trim();
    if !["application/fhir+json", "application/json"].iter().any(|m| media.eq_ignore_ascii_case(m)) {
        return Err(refuse(
            415,
            "not-supported",
            "UNSUPPORTED_MEDIA_TYPE",
            "Only application/fhir+json is taken",
        ));
    }
    let kind = list_type(request.bytes())?;
    let state = match kind {
        "AWAITING_BOOKING" => "NOT_BOOKED",
        "REFERRALS_FOR_REVIEW" => "BOOKED",
        "APPOINTMENT_SLOT_ISSUES" => "DEFERRED_TO_PROVIDER",
        _ => "", // nothing is rejected, returned or without its letter here
    };
    let mut found = record::of_organisation(ctx.view, &session.ods, WORKLIST_MAX).map_err(broken)?;
    found.retain(|referral| document::state(referral) == state);
    let at = ctx.now().strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string();
    let list = document::worklist(&ctx.ids.uuid(), kind, &at, &found);
    Ok(Decision::read(fhir::resource(200, &list), session.ods.clone()))
}

/// The worklist that a Parameters resource asks for.
fn list_type(body: &[u8]) -> Result<&'static str, Refusal> {
    let unprocessable = |code, why| refuse(422, "invalid", code, why);
    let body: Value = serde_json::from_slice(body)
        .map_err(|_| unprocessable("INVALID_FHIR_STRUCTURE", "The body is not JSON"))?;
    let parameters = body.get("parameter").and_then(Value::as_array);
    let (Some("Parameters"), Some(parameters)) =
        (body.get("resourceType").and_then(Value::as_str), parameters)
    else {
        return Err(unprocessable(
            "INVALID_FHIR_STRUCTURE",
            "The body is not a Parameters resource with parameters",
        ));
    };
    let mut kind = None;
    for parameter in parameters {
        match parameter.get("name").and_then(Value::as_str) {
            Some("listType") => {
                let code = parameter.pointer("/valueCodeableConcept/coding/0/code").and_then(Value::as_str);
                kind = Some(code.ok_or_else(|| unprocessable("MISSING_VALUE", "listType has no code"))?);
            }
            // Filters narrow a list; none is applied.
            Some("specialty" | "service" | "clinician" | "location" | "priority") => {}
            _ => return Err(unprocessable("UNEXPECTED_FIELD", "A parameter is not one of this operation")),
        }
    }
    let kind = kind.ok_or_else(|| unprocessable("MISSING_VALUE", "The parameter listType is absent"))?;
    let known = WORKLISTS.iter().find(|w| **w == kind);
    known.copied().ok_or_else(|| unprocessable("INVALID_CODE", "listType is not a worklist"))
}
