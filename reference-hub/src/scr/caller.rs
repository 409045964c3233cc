//! Who asks, and whether it was asked before: session, NHSD-Session-URID and X-Request-ID of a request.
//!
//! Called by [`super::decide`] before any handler. X-Correlation-ID is free text that the listener mirrors; NHSD-ASID is set
//! by the national gateway behind the published interface, so a client's own is ignored. Never echoes a token.

use super::refusal::{self, Faults, Refused};
use crate::answer_codec;
use crate::auth::{self, Session};
use crate::domain::Context;
use crate::eps::is_uuid;
use crate::message::{Answer, Request};
use bytes::Bytes;
use hub_store::{Idempotency, Table};

/// Operations that an application may call without a user (published); the others are for users only.
const FOR_APPLICATIONS: [&str; 3] = ["scr-upload", "scr-retrieve", "scr-list"];

/// Operation without NHSD-Session-URID among its published headers.
const WITHOUT_ROLE: &str = "scr-retrieve";

/// Who asks.
pub struct Caller {
    /// The live session.
    pub session: Session,
    request_id: Option<String>,
}

/// Checks what every request carries.
///
/// # Errors
/// 401 without a live session, or without a user where one must be present; 400 with every faulty header; 500.
pub fn caller(ctx: &Context<'_>, request: &Request, operation: &str) -> Result<Caller, Refused> {
    let session = auth::require_session(ctx, request).map_err(|answer| match answer.status {
        401 => refusal::token(),
        500 => refusal::internal(),
        _ => answer,
    })?;
    if session.application && !FOR_APPLICATIONS.contains(&operation) {
        return Err(refusal::no_user());
    }
    let mut faults = Faults::default();
    let request_id = sent(request, "x-request-id");
    faults.must(request_id.is_none_or(is_uuid), "The header X-Request-ID must be a UUID");
    if operation != WITHOUT_ROLE
        && let Some(role) = sent(request, "nhsd-session-urid")
    {
        let digits = !role.is_empty() && role.bytes().all(|b| b.is_ascii_digit());
        faults.must(digits, "The header NHSD-Session-URID must be digits only");
        // An application has no role, and of a session without a known role nothing can be said.
        let of_user = session.application
            || session.role_profile_id.is_empty()
            || session.role_profile_id == role
            || !digits;
        faults.must(of_user, "The header NHSD-Session-URID is not a role of the logged-in user");
    }
    faults.into_result()?;
    let request_id = request_id.map(str::to_ascii_lowercase);
    Ok(Caller { session, request_id })
}

/// A header's value; "" when it is not visible ASCII, `None` when it was not sent.
fn sent<'r>(request: &'r Request, name: &str) -> Option<&'r str> {
    request.headers.get(name).map(|value| value.to_str().unwrap_or(""))
}

/// What is known of a request that may be a repetition.
pub enum Seen {
    /// The same request was answered before, with this.
    Before(Box<Answer>),
    /// It is new; its answer is to be kept under this key, if it has an X-Request-ID.
    New(Option<String>),
}

impl Caller {
    /// Whether this caller sent the same X-Request-ID with the same content (named by `what`) before.
    ///
    /// # Errors
    /// 500 when the store cannot read.
    pub fn seen(&self, ctx: &Context<'_>, what: &str) -> Result<Seen, Refused> {
        let Some(id) = &self.request_id else { return Ok(Seen::New(None)) };
        let key = format!("scr|{}|{id}|{what}", self.session.user_id);
        let row = ctx.view.get(Table::Idempotency, key.as_bytes()).map_err(|_| refusal::internal())?;
        Ok(match row.and_then(|row| answer_codec::decode(&row.value)) {
            Some(answer) => Seen::Before(Box::new(answer)),
            None => Seen::New(Some(key)),
        })
    }
}

/// What a transaction remembers of its request.
pub fn remembered(key: Option<String>, answer: &Answer) -> Option<Idempotency> {
    key.map(|key| Idempotency { key: Bytes::from(key), answer: answer_codec::encode(answer) })
}
