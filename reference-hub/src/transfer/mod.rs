//! Forward-reliable messaging: one message handler's ebXML message to another, by way of the hub: records between
//! practices (GP2GP), pathology results, and whatever else is forwarded (`/reliablemessaging/forwardreliable`).
//!
//! Called by the listener through [`INTERFACE`] and by the seed through [`seed`]. The hub checks, stores, acknowledges
//! and keeps a message until its recipient has it or its time is up; it never reads what a payload says.

mod expire;
mod header;
mod interaction;
mod multipart;
pub mod operations;
mod queue;
mod receive;
mod record;
mod refuse;
pub mod seed;
#[cfg(test)]
mod tests;
mod xml;

use crate::domain::{Context, Decision, Interface};
use crate::fhir;
use crate::message::{Answer, Request};
use hyper::Method;

/// This interface's row.
pub const INTERFACE: Interface = Interface {
    roots: &["reliablemessaging"],
    operations: operations::OPERATIONS,
    routes: operations::ROUTES,
    route,
    decide,
    tend: Some(expire::tend),
};

fn route(request: &Request) -> Result<&'static str, Box<Answer>> {
    let segments: Vec<&str> = request.segments.iter().map(String::as_str).collect();
    match (&segments[..], &request.method) {
        ([_, "forwardreliable"], &Method::POST) => {
            let named = interaction::of_soap_action(request.header("soapaction").unwrap_or(""));
            Ok(named.map_or(interaction::OTHER, |i| i.operation)) // an unknown one is refused once it was read
        }
        ([_, "queue", _], &Method::GET) => Ok("transfer-collect"),
        ([_, "queue", _, _], &Method::GET) => Ok("transfer-fetch"),
        ([_, "queue", _, _], &Method::DELETE) => Ok("transfer-accept"),
        ([_, "forwardreliable"], _) => Err(not_allowed("POST")),
        ([_, "queue", _], _) => Err(not_allowed("GET")),
        ([_, "queue", _, _], _) => Err(not_allowed("GET, DELETE")),
        _ => Err(Box::new(refuse::not_found("No such service of the message handler"))),
    }
}

fn not_allowed(allow: &str) -> Box<Answer> {
    let display = "HTTP operation not supported";
    Box::new(
        fhir::spine_error(405, "not-supported", "NOT_IMPLEMENTED", display, "")
            .with("allow", allow.to_owned()),
    )
}

fn decide(operation: &'static str, ctx: &Context<'_>, request: &Request) -> Decision {
    match operation {
        "transfer-collect" | "transfer-fetch" | "transfer-accept" => queue::decide(operation, ctx, request),
        _ => receive::decide(ctx, request),
    }
}
