//! Care Identity Service: is this session alive, and whose is it? Token introspection after RFC 7662.
//!
//! Called by the listener through [`INTERFACE`] and by the seed through [`seed`]. Never says why a token is not active
//! (RFC 7662, section 2.2), never logs or echoes one.

pub mod operations;
pub mod seed;
#[cfg(test)]
mod tests;

use crate::auth;
use crate::domain::{Context, Decision, Interface};
use crate::message::{Answer, Request};
use hyper::Method;
use serde_json::{Value, json};

/// This interface's row.
pub const INTERFACE: Interface = Interface {
    roots: &["oauth2"],
    operations: operations::OPERATIONS,
    routes: operations::ROUTES,
    route,
    decide,
    tend: None,
};

fn route(request: &Request) -> Result<&'static str, Box<Answer>> {
    let segments: Vec<&str> = request.segments.iter().map(String::as_str).collect();
    match (&segments[..], &request.method) {
        (["oauth2", "introspect"], &Method::POST) => Ok("cis-validate"),
        (["oauth2", "introspect"], _) => Err(Box::new(error(405, "invalid_request").with("allow", "POST"))),
        _ => Err(Box::new(error(404, "invalid_request"))),
    }
}

fn decide(_operation: &'static str, ctx: &Context<'_>, request: &Request) -> Decision {
    let caller = match auth::require_session(ctx, request) {
        Ok(session) => session,
        Err(answer) => return Decision::read(answer.with("www-authenticate", "Bearer"), ""),
    };
    let Some(token) = token(request) else {
        return Decision::read(error(400, "invalid_request"), caller.user_id);
    };
    let session = match auth::look_up(ctx, &token) {
        Ok(session) => session,
        Err(answer) => return Decision::read(*answer, caller.user_id),
    };
    let Some(session) = session else {
        return Decision::read(json_answer(200, &json!({"active": false})), "");
    };
    let body = json!({
        "active": true,
        "token_type": "Bearer",
        "scope": "openid nationalrbacaccess",
        "sub": session.user_id,
        "username": session.user_id,
        "exp": session.expires_ms / 1000,
        "iss": "https://spinebench.invalid/cis",
        "nhsid_useruid": session.user_id,
        "nhsid_nrbac_roles": [{"org_code": session.ods, "role_code": session.role}],
    });
    Decision::read(json_answer(200, &body), session.user_id)
}

/// An OAuth 2.0 error body (RFC 6749, section 5.2).
fn error(status: u16, code: &str) -> Answer {
    json_answer(status, &json!({"error": code}))
}

fn json_answer(status: u16, body: &Value) -> Answer {
    Answer::new(status, "application/json", body.to_string()).with("cache-control", "no-store")
}

/// The `token` of a form body; `None` when the body is no form, or has none or more than one.
fn token(request: &Request) -> Option<String> {
    let media_type = request.header("content-type")?.split(';').next()?.trim();
    if !media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return None;
    }
    let body = std::str::from_utf8(request.bytes()).ok()?;
    let mut tokens = body.split('&').filter_map(|pair| pair.strip_prefix("token="));
    let token = tokens.next().filter(|t| !t.is_empty())?;
    if tokens.next().is_some() { None } else { decode(token) }
}

/// Undoes form encoding; `None` when an escape is broken or the bytes are not text.
fn decode(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [bytes.next()?, bytes.next()?].map(|b| char::from(b).to_digit(16));
                u8::try_from(digits[0]? * 16 + digits[1]?).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(out).ok()
}
