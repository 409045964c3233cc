//! `pds-update`: PATCH /Patient/{NHS number} with a JSON Patch in the published wrapper.
//!
//! Called by `super::decide`. The record, its index rows and the answer to give a retry all go into one transaction
//! that checks the version it was decided on: two updates with the same ETag cannot both win.

use super::record::{self, Security};
use super::refuse::{self, Refusal};
use super::{index, patch, rules};
use crate::answer_codec;
use crate::auth::Session;
use crate::domain::{Context, Decision};
use crate::fhir;
use crate::message::{Answer, Request};
use bytes::Bytes;
use hub_store::{Check, Delete, Expect, Idempotency, Put, Table, Txn};
use jiff::civil::Date;

/// The updated record, or the published refusal.
pub(super) fn decide(
    ctx: &Context<'_>,
    request: &Request,
    session: &Session,
    id: &str,
) -> Result<Decision, Refusal> {
    let key = super::patient_key(id)?;
    let media_type = request.header("content-type").and_then(|t| t.split(';').next()).unwrap_or("");
    if !media_type.trim().eq_ignore_ascii_case("application/json-patch+json") {
        return Err(refuse::unsupported_service());
    }
    let expected = request.header("if-match").and_then(record::version_of_etag);
    let expected = expected.ok_or_else(refuse::precondition_failed)?;
    let retry_key = retry_key(request, session, id);
    // A retry of an update that was done carries the version from before it: look for its answer first.
    if let Some(row) = ctx.view.get(Table::Idempotency, &retry_key).map_err(|_| broken())? {
        let answer = answer_codec::decode(&row.value).ok_or_else(broken)?;
        return Ok(Decision::read(answer, id));
    }
    let stored = ctx.view.get(Table::Patients, key).map_err(|_| broken())?.ok_or_else(refuse::not_found)?;
    let before = record::parse(&stored.value)?;
    let head = record::head_of(&before).ok_or_else(broken)?;
    match head.security {
        Security::Redacted => return Err(refuse::invalidated()),
        Security::Restricted => {
            return Err(refuse::forbidden_update(
                "a restricted patient can only be updated by the National Back Office",
            ));
        }
        Security::Unrestricted => {}
    }
    let operations = patch::parse(request.bytes())?;
    if head.version != expected {
        return Err(refuse::version_mismatch());
    }
    let today = today(ctx);
    let mut after = patch::apply(&before, &operations)?;
    patch::complete(&before, &mut after, today, ctx.ids);
    rules::check(&before, &after, today)?;
    let version = head.version + 1;
    after["meta"]["versionId"] = version.to_string().into();

    let document = Bytes::from(after.to_string());
    let answer = Answer::new(200, fhir::FHIR_JSON, document.clone()).with("etag", record::etag(version));
    let key = Bytes::copy_from_slice(key);
    let (old, new) = (index::keys_of(&before), index::keys_of(&after));
    let row = |key: &Vec<u8>| (Table::PatientIndex, Bytes::from(key.clone()));
    let mut puts = vec![Put { table: Table::Patients, key: key.clone(), value: document }];
    puts.extend(new.difference(&old).map(row).map(|(table, key)| Put { table, key, value: Bytes::new() }));
    let txn = Txn {
        checks: vec![Check { table: Table::Patients, key, expect: Expect::Version(stored.version) }],
        puts,
        dels: old.difference(&new).map(row).map(|(table, key)| Delete { table, key }).collect(),
        idempotency: Some(Idempotency { key: retry_key.into(), answer: answer_codec::encode(&answer) }),
        ..Txn::default()
    };
    Ok(Decision::write(answer, txn, id))
}

fn broken() -> Refusal {
    Box::new(fhir::internal_error())
}

/// Under what a retry is recognised: user, patient and X-Request-ID. The patient is part of it so that a client that
/// wrongly uses one id for two patients never gets one's record as the other's.
fn retry_key(request: &Request, session: &Session, id: &str) -> Vec<u8> {
    let request_id = request.header("x-request-id").unwrap_or("").to_ascii_lowercase();
    ["pds|", &session.user_id, "|", id, "|", &request_id].concat().into_bytes()
}

fn today(ctx: &Context<'_>) -> Date {
    ctx.now().to_zoned(jiff::tz::TimeZone::UTC).date()
}
