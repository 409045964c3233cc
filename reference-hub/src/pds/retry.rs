//! X-Request-ID as the key under which a repeated request gets the answer it got the first time.
//!
//! Called by every operation that writes: `answered` before anything else is looked at, `remember` with what is written.

use super::refuse::Refusal;
use crate::answer_codec;
use crate::auth::Session;
use crate::domain::Context;
use crate::fhir;
use crate::message::{Answer, Request};
use hub_store::{Idempotency, Table};
use sha2::{Digest, Sha256};

/// Bytes of the digest in a key. 16: nobody finds two bodies that share them by accident.
const DIGEST_BYTES: usize = 16;

/// Under what a retry is recognised: user, what is written (a patient's number, `create`, …), X-Request-ID, and a digest of
/// If-Match and body. All of these, as a client may wrongly use one id for everything, like one who copies the id of the
/// published examples: it never gets one patient's record as the other's, nor a success for what was not done.
pub(super) fn key(request: &Request, session: &Session, what: &str) -> Vec<u8> {
    let request_id = request.header("x-request-id").unwrap_or("").to_ascii_lowercase();
    let mut key = ["pds|", &session.user_id, "|", what, "|", &request_id, "|"].concat().into_bytes();
    let version = request.header("if-match").unwrap_or("");
    let digest =
        Sha256::new().chain_update(version).chain_update([0]).chain_update(request.bytes()).finalize();
    key.extend_from_slice(&digest[..DIGEST_BYTES]);
    key
}

/// The answer of the first request under this key, if there was one.
pub(super) fn answered(ctx: &Context<'_>, key: &[u8]) -> Result<Option<Answer>, Refusal> {
    let broken = || Box::new(fhir::internal_error());
    match ctx.view.get(Table::Idempotency, key).map_err(|_| broken())? {
        Some(row) => answer_codec::decode(&row.value).map(Some).ok_or_else(broken),
        None => Ok(None),
    }
}

/// What makes the next request under this key get `answer`.
pub(super) fn remember(key: Vec<u8>, answer: &Answer) -> Option<Idempotency> {
    Some(Idempotency { key: key.into(), answer: answer_codec::encode(answer) })
}
