//! `pds-update`: PATCH /Patient/{NHS number} with a JSON Patch in the published wrapper.
//!
//! Called by `super::decide`. The record, its index rows, its history and the answer to give a retry all go into one
//! transaction that checks the version it was decided on: two updates with the same ETag cannot both win.

use super::access::Mode;
use super::record::{self, Security};
use super::refuse::{self, Refusal};
use super::{history, index, patch, resolve, retry, rules};
use crate::auth::Session;
use crate::domain::{Context, Decision};
use crate::fhir;
use crate::message::{Answer, Request};
use bytes::Bytes;
use hub_store::{Check, Delete, Expect, Put, Table, Txn};

/// The updated record, or the published refusal.
pub(super) fn decide(
    ctx: &Context<'_>,
    request: &Request,
    session: &Session,
    id: &str,
) -> Result<Decision, Refusal> {
    super::patient_key(id)?;
    super::require_media(request, &["application/json-patch+json"])?;
    let expected = super::if_match(request)?;
    let retry_key = retry::key(request, session, id);
    // A retry of an update that was done carries the version from before it: look for its answer first.
    if let Some(answer) = retry::answered(ctx, &retry_key)? {
        return Ok(Decision::read(answer, id));
    }
    let found = resolve::find(ctx, id)?;
    if found.head.security == Security::Restricted {
        return Err(refuse::restricted());
    }
    let before = record::parse(&found.row.value)?;
    let operations = patch::parse(request.bytes())?;
    if found.head.version != expected {
        return Err(refuse::version_mismatch());
    }
    let today = super::today(ctx);
    let mut after = patch::apply(&before, &operations)?;
    patch::complete(&before, &mut after, today, ctx.ids);
    if matches!(Mode::of(session), Mode::Patient(_)) {
        patch::check_patient_access(&before, &after, &operations)?;
    }
    rules::check(&before, &after, today)?;
    let version = found.head.version + 1;
    after["meta"]["versionId"] = version.to_string().into();

    let document = Bytes::from(after.to_string());
    let answer = Answer::new(200, fhir::FHIR_JSON, document.clone()).with("etag", record::etag(version));
    let past = history::of(ctx, &found.nhs_number)?;
    let past_after = history::grown(&past, &before, &after);
    let (mut old, mut new) = (index::keys_of(&before), index::keys_of(&after));
    old.extend(index::history_keys(&past, &before));
    new.extend(index::history_keys(&past_after, &after));
    let row = |key: &Vec<u8>| (Table::PatientIndex, Bytes::from(key.clone()));
    let key = Bytes::from(found.nhs_number.clone());
    let mut puts = vec![Put { table: Table::Patients, key: key.clone(), value: document }];
    puts.extend(new.difference(&old).map(row).map(|(table, key)| Put { table, key, value: Bytes::new() }));
    if past_after != past {
        let (key, value) = (history::key(&found.nhs_number).into(), past_after.to_string().into());
        puts.push(Put { table: Table::PatientIndex, key, value });
    }
    let txn = Txn {
        checks: vec![Check { table: Table::Patients, key, expect: Expect::Version(found.row.version) }],
        puts,
        dels: old.difference(&new).map(row).map(|(table, key)| Delete { table, key }).collect(),
        idempotency: retry::remember(retry_key, &answer),
        ..Txn::default()
    };
    Ok(Decision::write(answer, txn, found.nhs_number))
}
