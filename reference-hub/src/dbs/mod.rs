//! Demographics Batch Service: many people traced at once. The real one takes files; here a small batch is sent and
//! answered at once, in CSV: this hub's own form.
//!
//! Called by the listener through [`INTERFACE`]. Asks the demographics interface for every line as a client would, with
//! the caller's own session, so that a batch never tells more than single requests do.

mod line;
pub mod operations;
#[cfg(test)]
mod tests;

use crate::auth;
use crate::domain::{Context, Decision, Interface};
use crate::fhir;
use crate::message::{Answer, Request};
use hyper::Method;

/// This interface's row.
pub const INTERFACE: Interface = Interface {
    roots: &["dbs"],
    operations: operations::OPERATIONS,
    routes: operations::ROUTES,
    route,
    decide,
    tend: None,
};

/// Lines of one batch. 50: as many people as one trace may show; the real service's files have thousands and take hours.
const LINES_MAX: usize = 50;

/// The first line of a request.
const COLUMNS: &str = "unique_reference,nhs_number,family_name,given_name,gender,date_of_birth,postcode";
/// The first line of an answer.
const ANSWER_COLUMNS: &str = "unique_reference,requested_nhs_number,matched_nhs_number,match";

/// A refusal on its way out.
type Refusal = Box<Answer>;

fn route(request: &Request) -> Result<&'static str, Refusal> {
    if !matches!(request.segments.as_slice(), [_, batch] if batch == "batch") {
        let answer = fhir::spine_error(
            404,
            "not-found",
            "RESOURCE_NOT_FOUND",
            "Resource not found",
            "No such address",
        );
        return Err(Box::new(answer));
    }
    if request.method != Method::POST {
        let display = "HTTP operation not supported";
        let answer = fhir::spine_error(405, "not-supported", "NOT_IMPLEMENTED", display, "");
        return Err(Box::new(answer.with("allow", "POST")));
    }
    Ok("dbs-batch-trace")
}

fn decide(_operation: &'static str, ctx: &Context<'_>, request: &Request) -> Decision {
    trace(ctx, request).unwrap_or_else(|refusal| Decision::read(*refusal, ""))
}

fn invalid(why: &str) -> Refusal {
    Box::new(fhir::spine_error(400, "value", "INVALID_VALUE", "Provided value is invalid", why))
}

fn trace(ctx: &Context<'_>, request: &Request) -> Result<Decision, Refusal> {
    auth::require_session(ctx, request)?;
    let media = request.header("content-type").unwrap_or("").split(';').next().unwrap_or("").trim();
    if !media.eq_ignore_ascii_case("text/csv") {
        let (code, display) = ("UNSUPPORTED_MEDIA_TYPE", "Unsupported media type");
        let answer = fhir::spine_error(415, "not-supported", code, display, "Only text/csv is taken");
        return Err(Box::new(answer));
    }
    let text = std::str::from_utf8(request.bytes()).map_err(|_| invalid("the file is not UTF-8"))?;
    let mut lines = text.lines().map(str::trim_end).filter(|l| !l.is_empty());
    if lines.next() != Some(COLUMNS) {
        return Err(invalid(&format!(
            "line 1: the column names are not as they must be, allowed: {COLUMNS}"
        )));
    }
    let lines: Vec<&str> = lines.collect();
    if lines.is_empty() || lines.len() > LINES_MAX {
        return Err(invalid(&format!("the file has {} people, allowed: 1 to {LINES_MAX}", lines.len())));
    }
    let mut answer = String::from(ANSWER_COLUMNS);
    let mut subjects: Vec<String> = Vec::new();
    for line in lines {
        let traced = line::trace(ctx, request, line)?;
        answer.push('\n');
        answer.push_str(&traced.to_csv());
        if !traced.matched.is_empty() && !subjects.contains(&traced.matched) {
            subjects.push(traced.matched);
        }
    }
    answer.push('\n');
    Ok(Decision::read(Answer::new(200, "text/csv", answer), subjects.join(" ")))
}
