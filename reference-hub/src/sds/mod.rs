//! Spine Directory Service, FHIR R4: which system of an organisation serves an interaction, and where to send messages
//! for it (`spine-directory-service` OpenAPI document of NHS England).
//!
//! Called by the listener through [`INTERFACE`] and by the seed through [`seed`]. Reads one short range of
//! `Table::Directory` a request; never writes.

pub mod operations;
mod query;
mod resource;
pub mod seed;
#[cfg(test)]
mod tests;

use crate::domain::{Context, Decision, Interface};
use crate::eps::is_uuid;
use crate::fhir::{self, Issue, Severity};
use crate::message::{Answer, Request};
use hub_store::Table;
use hyper::Method;
use seed::System;
use serde_json::{Value, json};

/// This interface's row.
pub const INTERFACE: Interface = Interface {
    roots: &["spine-directory"],
    operations: operations::OPERATIONS,
    routes: operations::ROUTES,
    route,
    decide,
    tend: None,
};

/// Systems that one look-up reads. 1,000: above the systems of the largest organisation of any population that a run
/// would use (200,000 end points on 1,000 organisations).
const SYSTEMS_MAX: usize = 1_000;

/// Code system of SDS's error codes: it still answers with the STU3 value set.
const SPINE_STU3: &str = "https://fhir.nhs.uk/STU3/ValueSet/Spine-ErrorOrWarningCode-1";

fn route(request: &Request) -> Result<&'static str, Box<Answer>> {
    let segments: Vec<&str> = request.segments.iter().map(String::as_str).collect();
    let operation = match segments[..] {
        [_, "FHIR", "R4", "Device"] => "sds-device",
        [_, "FHIR", "R4", "Endpoint"] => "sds-endpoint",
        _ => return Err(refusal(404, "not-found", "NOT_IMPLEMENTED", "HTTP endpoint not found")),
    };
    if request.method != Method::GET {
        let answer = refusal(405, "not-supported", "NOT_IMPLEMENTED", "HTTP operation not supported");
        return Err(Box::new(answer.with("allow", "GET")));
    }
    Ok(operation)
}

/// A refusal in the published shape of SDS.
fn refusal(status: u16, kind: &str, code: &str, diagnostics: &str) -> Box<Answer> {
    let severity = Severity::Error;
    let display = display(code);
    let issue =
        Issue { severity, kind, system: SPINE_STU3, code, display: &display, diagnostics, expression: "" };
    Box::new(fhir::outcome(status, &[issue]))
}

/// The published display of a code: its words in lower case, the first letter a capital: `Bad request`.
fn display(code: &str) -> String {
    let words = code.replace('_', " ").to_ascii_lowercase();
    let (first, rest) = words.split_at_checked(1).unwrap_or(("", &words));
    format!("{}{rest}", first.to_ascii_uppercase())
}

/// 500 in the published shape: the store cannot read, or a row is damaged.
fn internal() -> Box<Answer> {
    refusal(500, "exception", "INTERNAL_SERVER_ERROR", "The hub could not complete the request")
}

fn decide(operation: &'static str, ctx: &Context<'_>, request: &Request) -> Decision {
    match look_up(operation, ctx, request) {
        Ok((answer, subject)) => Decision::read(answer, subject),
        Err(answer) => Decision::read(*answer, ""),
    }
}

fn look_up(operation: &str, ctx: &Context<'_>, request: &Request) -> Result<(Answer, String), Box<Answer>> {
    if !ctx.sandbox && request.header("apikey").is_none_or(|key| key.trim().is_empty()) {
        return Err(refusal(401, "login", "ACCESS_DENIED", "The apikey header is missing or empty"));
    }
    if !accepts_fhir(request.header("accept")) {
        return Err(refusal(
            406,
            "not-supported",
            "UNSUPPORTED_MEDIA_TYPE",
            "Only application/fhir+json is offered",
        ));
    }
    if request.headers.get("x-correlation-id").is_some_and(|id| !id.to_str().is_ok_and(is_uuid)) {
        return Err(refusal(400, "required", "BAD_REQUEST", "The header X-Correlation-Id must be a UUID"));
    }
    let is_device = operation == "sds-device";
    let query = query::parse(&request.query, is_device)?;
    let (from, to) = query.range();
    let rows = ctx.view.scan(Table::Directory, &from, &to, SYSTEMS_MAX);
    let rows = rows.map_err(|_| internal())?;
    let mut found = Vec::new();
    for row in rows {
        let system = System::from_row(&row.value.value).ok_or_else(internal)?;
        if query.selects(&system) {
            found.extend(if is_device {
                vec![resource::device(&system)]
            } else {
                resource::endpoints(&system, &query)
            });
        }
    }
    let subject = query.subject();
    Ok((searchset(ctx, is_device, request, &found), subject))
}

/// True when the client takes FHIR JSON; a client that says nothing takes everything.
fn accepts_fhir(accept: Option<&str>) -> bool {
    let takes = |range: &str| {
        let mut parts = range.split(';').map(str::trim);
        let kind = parts.next().unwrap_or("");
        // A quality of nought means: anything but this.
        let refused = parts.any(|p| {
            let quality = p.strip_prefix("q=").or_else(|| p.strip_prefix("Q="));
            quality.is_some_and(|q| q.starts_with('0') && q.bytes().all(|b| matches!(b, b'0' | b'.')))
        });
        !refused
            && ["*/*", "application/*", "application/fhir+json", "application/json"]
                .iter()
                .any(|k| kind.eq_ignore_ascii_case(k))
    };
    accept.is_none_or(|accept| accept.trim().is_empty() || accept.split(',').any(takes))
}

/// The published Bundle, indented as the published examples are: 1.5 KB a Device, 2.7 KB an Endpoint.
fn searchset(ctx: &Context<'_>, is_device: bool, request: &Request, found: &[Value]) -> Answer {
    let kind = if is_device { "Device" } else { "Endpoint" };
    let base = format!("https://api.service.nhs.uk/spine-directory/FHIR/R4/{kind}");
    let parameters: Vec<String> =
        request.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let entries: Vec<Value> = found
        .iter()
        .map(|resource| {
            let id = resource.get("id").and_then(Value::as_str).unwrap_or("");
            json!({"fullUrl": format!("{base}/{id}"), "resource": resource, "search": {"mode": "match"}})
        })
        .collect();
    let bundle = json!({
        "resourceType": "Bundle",
        "id": ctx.ids.uuid().to_ascii_uppercase(),
        "type": "searchset",
        "total": entries.len(),
        "link": [{"relation": "self", "url": format!("{base}?{}", parameters.join("&"))}],
        "entry": entries,
    });
    let body = serde_json::to_string_pretty(&bundle).unwrap_or_default(); // a tree of strings and numbers serialises
    Answer::new(200, fhir::FHIR_JSON, body)
}
