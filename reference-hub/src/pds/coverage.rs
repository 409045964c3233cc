//! `pds-coverage` and `pds-coverage-update`: GET and POST /Coverage, the European health insurance card of a patient.
//!
//! Called by `super::decide`. A patient has one card or none. Its version is the patient's: reading it gives the version
//! of the record, and replacing it makes a new version of the record, in one transaction that checks the old one.

use super::access::Mode;
use super::record::{self, Security, text};
use super::refuse::{self, Refusal};
use super::{resolve, retry, rules, terms};
use crate::auth::Session;
use crate::domain::{Context, Decision};
use crate::fhir;
use crate::message::{Answer, Request};
use bytes::Bytes;
use hub_store::{Check, Expect, Put, Table, Txn};
use serde_json::{Value, json};

/// The only parameter.
const SUBSCRIBER: &str = "subscriber:identifier";

/// Media types of the body: the published scenarios say the first, the published document the last, FHIR clients the
/// one between.
const MEDIA: [&str; 3] = ["application/json", "application/fhir+json", "application/json-patch+json"];

/// Where a patient's card stands.
pub(super) fn key(nhs_number: &str) -> Vec<u8> {
    [nhs_number, "|EHIC"].concat().into_bytes()
}

/// Whom a request concerns, for the audit of a refusal: the NHS number in the query or the body; empty when there is no
/// valid one.
pub(super) fn subject(request: &Request) -> String {
    let of_body = || {
        let body: Value = serde_json::from_slice(request.bytes()).unwrap_or_default();
        text(&body, "/subscriber/identifier/value").trim().to_owned()
    };
    let id = request.query(SUBSCRIBER).map_or_else(of_body, |id| id.trim().to_owned());
    if super::is_nhs_number(&id) { id } else { String::new() }
}

/// The patient's card in a bundle of one or none.
pub(super) fn read(ctx: &Context<'_>, request: &Request, mode: Mode<'_>) -> Result<Decision, Refusal> {
    const FORMAT: &str =
        "Coverage search request must follow the format /Coverage?subscriber:identifier=NHS_NUMBER";
    let id = match &request.query[..] {
        [(name, id)] if name == SUBSCRIBER => id.trim(),
        _ => {
            mode.check("pds-coverage", "")?;
            return Err(refuse::invalid_search_data(FORMAT));
        }
    };
    mode.check("pds-coverage", id)?;
    if id.is_empty() {
        return Err(refuse::missing_value(SUBSCRIBER));
    }
    let found = resolve::find(ctx, id)?;
    let row = ctx.view.get(Table::Coverages, &key(&found.nhs_number)).map_err(|_| broken())?;
    let coverage = row.and_then(|row| serde_json::from_slice(&row.value).ok());
    // Published: a card without personal or institution id is not shown at all.
    let whole = |c: &Value| {
        ["/beneficiary/identifier/value", "/payor/0/identifier/value"]
            .iter()
            .all(|at| !text(c, at).is_empty())
    };
    let answer = bundle(ctx, 200, &found.nhs_number, found.head.version, coverage.filter(whole));
    Ok(Decision::read(answer, found.nhs_number))
}

/// The patient's card after it was replaced.
pub(super) fn update(ctx: &Context<'_>, request: &Request, session: &Session) -> Result<Decision, Refusal> {
    let mode = Mode::of(session);
    let body: Option<Value> = serde_json::from_slice(request.bytes()).ok();
    let id = body.as_ref().map_or("", |b| text(b, "/subscriber/identifier/value").trim());
    mode.check("pds-coverage-update", id)?;
    super::require_media(request, &MEDIA)?;
    let expected = super::if_match(request)?;
    let body = body.as_ref().ok_or_else(|| refuse::invalid_update("The body is not valid JSON"))?;
    let mut coverage = rules::coverage::check(body, super::today(ctx))?;
    let retry_key = retry::key(request, session, &["coverage|", id].concat());
    if let Some(answer) = retry::answered(ctx, &retry_key)? {
        return Ok(Decision::read(answer, id));
    }
    let found = resolve::find(ctx, id)?;
    if found.head.security == Security::Restricted {
        return Err(refuse::restricted());
    }
    if found.head.version != expected {
        return Err(refuse::version_mismatch());
    }
    let (nhs_number, version) = (found.nhs_number, found.head.version + 1);
    let mut patient = record::parse(&found.row.value)?;
    patient["meta"]["versionId"] = version.to_string().into();
    coverage["subscriber"]["identifier"]["value"] = nhs_number.as_str().into();
    let value = Bytes::from(coverage.to_string());
    let answer = bundle(ctx, 201, &nhs_number, version, Some(coverage));
    let patient_key = Bytes::from(nhs_number.clone());
    let txn = Txn {
        checks: vec![Check {
            table: Table::Patients,
            key: patient_key.clone(),
            expect: Expect::Version(found.row.version),
        }],
        puts: vec![
            Put { table: Table::Patients, key: patient_key, value: patient.to_string().into() },
            Put { table: Table::Coverages, key: key(&nhs_number).into(), value },
        ],
        idempotency: retry::remember(retry_key, &answer),
        ..Txn::default()
    };
    Ok(Decision::write(answer, txn, nhs_number))
}

fn bundle(ctx: &Context<'_>, status: u16, nhs_number: &str, version: u64, coverage: Option<Value>) -> Answer {
    let url = format!("{}Coverage?{SUBSCRIBER}={nhs_number}", terms::BASE_URL);
    let entry: Vec<Value> = coverage.into_iter().map(|c| json!({"fullUrl": url, "resource": c})).collect();
    let body = json!({
        "meta": {"versionId": version.to_string()},
        "resourceType": "Bundle",
        "timestamp": super::timestamp(ctx),
        "total": entry.len(),
        "type": "searchset",
        "entry": entry,
    });
    fhir::resource(status, &body).with("etag", record::etag(version))
}

fn broken() -> Refusal {
    Box::new(fhir::internal_error())
}
