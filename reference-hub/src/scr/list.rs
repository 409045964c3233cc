//! scr-list: which summary is the patient's latest, and may it be looked at. Who opted out of sharing is listed with `No`; who
//! does not consent to have a summary is refused.
//!
//! Called by [`super::decide`]. A read: it writes nothing.

use super::permission::PERMISSION;
use super::record::{Consent, latest};
use super::refusal::{self, Refused};
use super::{BASE, NHS_NUMBER, SUMMARY_CODE, parameter, patient_of};
use crate::domain::{Context, Decision};
use crate::fhir;
use crate::message::Request;
use serde_json::{Value, json};

/// The searchset of the patient's latest summary; empty when there is none.
///
/// # Errors
/// The published refusal of a parameter.
pub fn list(ctx: &Context<'_>, request: &Request) -> Result<Decision, Refused> {
    let patient = patient_of(request, "patient")?;
    only(request, "type", &format!("http://snomed.info/sct|{SUMMARY_CODE}"))?;
    only(request, "_sort", "date")?;
    only(request, "_count", "1")?;
    let (consent, _) = Consent::of(ctx, patient)?;
    if !consent.stores {
        return Ok(Decision::read(*refusal::no_consent(), patient.to_string()));
    }
    let mut bundle = json!({
        "resourceType": "Bundle", "id": ctx.ids.uuid(), "type": "searchset", "total": 0,
    });
    if let Some((latest, _)) = latest(ctx, patient)? {
        let patient_id = ctx.ids.uuid();
        bundle["total"] = 1.into();
        bundle["entry"] = json!([
            document_reference(&latest.id, &patient.to_string(), &patient_id, consent.permission.code()),
            {
                "fullUrl": format!("{BASE}/Patient/{patient_id}"),
                "resource": {
                    "resourceType": "Patient",
                    "id": patient_id,
                    "identifier": [{"system": NHS_NUMBER, "value": patient.to_string()}],
                },
            },
        ]);
    }
    Ok(Decision::read(fhir::resource(200, &bundle), patient.to_string()))
}

/// Refuses any value of an optional parameter but the one that is published.
fn only(request: &Request, name: &str, allowed: &str) -> Result<(), Refused> {
    match parameter(request, name)? {
        Some(value) if value != allowed => Err(refusal::invalid(&format!(
            "Parameter {name}: not supported, got {}, allowed: {allowed}",
            refusal::quoted(value)
        ))),
        _ => Ok(()),
    }
}

fn document_reference(id: &str, patient: &str, patient_id: &str, permission: &str) -> Value {
    let summary = json!([{"system": "http://snomed.info/sct", "code": SUMMARY_CODE, "display": "General Practice Summary"}]);
    json!({
        "fullUrl": format!("{BASE}/DocumentReference/{id}"),
        "resource": {
            "resourceType": "DocumentReference",
            "id": id,
            "masterIdentifier": {"system": "https://fhir.nhs.uk/Id/nhsSCRUUID", "value": id},
            "status": "current",
            "type": {"coding": summary},
            "subject": {"reference": format!("Patient/{patient_id}")},
            "securityLabel": [{
                "coding": [{"system": PERMISSION, "code": permission}],
            }],
            // Relative, so that a client that follows it stays with this hub and never asks the national service.
            "content": [{"attachment": {"url": format!(
                "/summary-care-record/FHIR/R4/Bundle?composition.identifier={id}&composition.subject:Patient.identifier={NHS_NUMBER}|{patient}"
            )}}],
            "context": {"event": [{"coding": summary}]},
        },
        "search": {"mode": "match"},
    })
}
