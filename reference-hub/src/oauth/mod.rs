//! OAuth 2.0 as the NHS API platform publishes it: access tokens for applications that sign a JWT (application-restricted
//! access), and for users who log in with a smartcard (user-restricted access, with a simulated login).
//!
//! Called by the listener through [`INTERFACE`], by the seed through [`seed`] and by start-up through [`register`]. It
//! shares its root with `cis`, to which it passes on what is not its own. Never logs a token, a code, a secret or an
//! assertion, and never says which of client and secret was wrong.

mod assertion;
mod authorize;
mod expiry;
mod form;
pub mod operations;
pub mod record;
pub mod register;
pub mod seed;
#[cfg(test)]
mod tests;
mod token;

use crate::cis;
use crate::domain::{Context, Decision, Interface};
use crate::message::{Answer, Request};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hyper::Method;
use serde_json::{Value, json};

/// This interface's row. It stands before that of `cis`, whose root is the same.
pub const INTERFACE: Interface = Interface {
    roots: &["oauth2"],
    operations: operations::OPERATIONS,
    routes: operations::ROUTES,
    route,
    decide,
    tend: Some(expiry::tend),
};

/// How long an access token lives, in milliseconds. 600 s, as published.
pub const TOKEN_MS: u64 = 600_000;

/// How long an authorisation code waits to be exchanged, in milliseconds. 10 min, the most that RFC 6749 recommends.
pub const CODE_MS: u64 = 600_000;

/// How long a login can be prolonged by refresh tokens, in milliseconds. 12 h, as published for smartcard logins.
pub const LOGIN_MS: u64 = 12 * 3_600_000;

fn route(request: &Request) -> Result<&'static str, Box<Answer>> {
    let segments: Vec<&str> = request.segments.iter().map(String::as_str).collect();
    match (&segments[..], &request.method) {
        (["oauth2", "authorize"], &Method::GET) => Ok("cis-login-page"),
        (["oauth2", "authorize"], &Method::POST) => Ok("cis-login"),
        (["oauth2", "authorize"], _) => Err(not_allowed("GET, POST")),
        (["oauth2", "token"], &Method::POST) => Ok("cis-token"),
        (["oauth2", "token"], _) => Err(not_allowed("POST")),
        _ => (cis::INTERFACE.route)(request),
    }
}

fn not_allowed(methods: &str) -> Refused {
    let description = format!("the method must be one of: {methods}");
    Box::new(refusal(405, "invalid_request", &description).with("allow", methods.to_owned()))
}

fn decide(operation: &'static str, ctx: &Context<'_>, request: &Request) -> Decision {
    let decided = match operation {
        "cis-login-page" => authorize::page(ctx, request),
        "cis-login" => authorize::decide(ctx, request),
        "cis-token" => token::decide(ctx, request),
        _ => return (cis::INTERFACE.decide)(operation, ctx, request),
    };
    decided.unwrap_or_else(|answer| Decision::read(*answer, ""))
}

/// What a step comes to when it is refused.
type Refused = Box<Answer>;

/// An OAuth 2.0 error body (RFC 6749, section 5.2) with the published description.
fn refusal(status: u16, error: &str, description: &str) -> Answer {
    answer(status, &json!({"error": error, "error_description": description}))
}

fn refused(status: u16, error: &str, description: &str) -> Refused {
    Box::new(refusal(status, error, description))
}

/// An answer that no cache may keep.
fn answer(status: u16, body: &Value) -> Answer {
    Answer::new(status, "application/json", body.to_string())
        .with("cache-control", "no-store")
        .with("pragma", "no-cache")
}

/// The answer to a store that cannot read.
fn store_failed<E>(_: E) -> Refused {
    refused(500, "server_error", "the request could not be completed")
}

/// 256 fresh bits in 43 characters: what an access token, a code and a refresh token look like.
fn secret(ctx: &Context<'_>) -> String {
    let halves = [ctx.ids.bits().to_be_bytes(), ctx.ids.bits().to_be_bytes()];
    URL_SAFE_NO_PAD.encode(halves.concat())
}
