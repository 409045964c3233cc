//! scr-retrieve: the patient's latest summary, by its id. An id that is no longer the latest gives, as published, an
//! empty searchset; who opted out of sharing keeps theirs closed.
//!
//! Called by [`super::decide`]. A read; the stored document's entries are copied into the answer without parsing them.

use super::record::{Consent, Permission, document_key, latest};
use super::refusal::{self, Refused};
use super::{RFC_4122, mandatory, patient_of};
use crate::domain::{Context, Decision};
use crate::eps::is_uuid;
use crate::fhir;
use crate::message::{Answer, Request};
use hub_store::Table;
use serde_json::json;

/// The searchset of a summary's resources.
///
/// # Errors
/// The published refusal of a parameter.
pub fn retrieve(ctx: &Context<'_>, request: &Request) -> Result<Decision, Refused> {
    let id = mandatory(request, "composition.identifier")?;
    if !is_uuid(id) {
        return Err(refusal::invalid("Parameter composition.identifier: must be a UUID"));
    }
    let patient = patient_of(request, "composition.subject:Patient.identifier")?;
    let subject = patient.to_string();
    let (consent, _) = Consent::of(ctx, patient)?;
    if !consent.stores {
        return Ok(Decision::read(*refusal::no_consent(), subject));
    }
    if consent.permission == Permission::No {
        return Ok(Decision::read(*refusal::access_control(), subject));
    }
    let found = latest(ctx, patient)?.filter(|(latest, _)| latest.id.eq_ignore_ascii_case(id));
    let bundle_id = ctx.ids.uuid().to_ascii_uppercase();
    let Some((latest, _)) = found else {
        let empty = json!({
            "resourceType": "Bundle", "id": bundle_id, "type": "searchset", "total": 0,
            "identifier": {"system": RFC_4122, "value": bundle_id},
            "timestamp": ctx.now().strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string(),
        });
        return Ok(Decision::read(fhir::resource(200, &empty), subject));
    };
    let row = ctx
        .view
        .get(Table::Summaries, &document_key(patient, &latest.id))
        .map_err(|_| refusal::internal())?;
    let entries = row.as_ref().and_then(|row| row.value.get(latest.entries_from..latest.entries_to));
    let entries = entries.ok_or_else(refusal::internal)?;
    let head = json!({
        "resourceType": "Bundle",
        "id": bundle_id,
        "identifier": {"system": RFC_4122, "value": latest.document_id},
        "type": "searchset",
        "timestamp": latest.timestamp,
        "total": latest.entries,
    })
    .to_string();
    let mut body = Vec::with_capacity(head.len() + entries.len() + 16);
    body.extend_from_slice(&head.as_bytes()[..head.len() - 1]);
    body.extend_from_slice(b",\"entry\":");
    body.extend_from_slice(entries);
    body.push(b'}');
    Ok(Decision::read(Answer::new(200, fhir::FHIR_JSON, body), subject))
}
