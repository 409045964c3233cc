//! eps-claim: the dispenser claims payment for a prescription that is dispensed. Once.
//!
//! Called by [`super::decide`]. The claim is stored as received under its own id.

use super::prescribe::{checked_id, stored};
use super::record::{header_key, is_ods, is_uuid};
use super::refusal::{self, Refused};
use super::state::{Event, next};
use super::wire::{Concept, Extension, Identifier, Many, ODS_CODE, REPLACEMENT, Reference, Resource};
use super::{answered, body_text, idempotency_key, load, parsed, remember, request_id, unchanged};
use crate::domain::{Context, Decision};
use crate::fhir;
use crate::message::Request;
use bytes::Bytes;
use hub_store::{Check, Expect, Put, Table, Txn};
use serde::Deserialize;
use std::borrow::Cow;

const GROUP: &str = "https://fhir.nhs.uk/StructureDefinition/Extension-DM-GroupIdentifier";
const ITEM_REFERENCE: &str =
    "https://fhir.nhs.uk/StructureDefinition/Extension-ClaimMedicationRequestReference";
const ENDORSEMENT: &str = "https://fhir.nhs.uk/CodeSystem/medicationdispense-endorsement";

/// A Claim resource: what the hub asks of it.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Claim<'a> {
    #[serde(borrow)]
    resource_type: Cow<'a, str>,
    #[serde(borrow)]
    identifier: Many<Identifier<'a>>,
    #[serde(borrow)]
    extension: Many<Extension<'a>>,
    #[serde(borrow)]
    contained: Many<Resource<'a>>,
    #[serde(borrow)]
    payee: Payee<'a>,
    #[serde(borrow)]
    patient: Reference<'a>,
    #[serde(borrow)]
    prescription: Prescription<'a>,
    #[serde(borrow)]
    item: Many<ClaimItem<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Payee<'a> {
    #[serde(borrow)]
    party: Reference<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Prescription<'a> {
    #[serde(borrow)]
    extension: Many<Extension<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ClaimItem<'a> {
    #[serde(borrow)]
    detail: Many<Detail<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Detail<'a> {
    #[serde(borrow)]
    extension: Many<Extension<'a>>,
    #[serde(borrow)]
    program_code: Many<Concept<'a>>,
}

/// Takes a claim, once, for a dispensed prescription.
///
/// # Errors
/// The published refusal.
pub fn claim(ctx: &Context<'_>, request: &Request) -> Result<Decision, Refused> {
    request_id(ctx, request)?;
    let claim: Claim<'_> = parsed(body_text(request)?)?;
    if claim.resource_type != "Claim" {
        return Err(refusal::value("Incorrect FHIR resource type. Expected Claim."));
    }
    if claim.extension.iter().any(|e| e.url == REPLACEMENT) {
        return Err(refusal::not_supported("Amending a claim is not supported."));
    }
    let claim_id = claim.identifier.first().map_or("", |i| &i.value);
    if !is_uuid(claim_id) {
        return Err(refusal::value("Claim.identifier.value must be a UUID."));
    }
    let ods = claimant(&claim)?;
    let id = prescription_id(&claim)?;
    let items = claimed_items(&claim)?;
    let key = idempotency_key("claim", claim_id, &id);
    if let Some(answer) = answered(ctx, &key)? {
        return Ok(Decision::read(answer, id));
    }
    let Some((mut header, version)) = load(ctx, &id)? else {
        return Ok(Decision::read(*refusal::prescription_not_found(), id));
    };
    if let Some(holder) = header.holder.as_deref().filter(|h| *h != ods) {
        let name = header.holder_name.as_deref().unwrap_or_default();
        let answer = *refusal::with_another_dispenser(&ctx.ids.uuid(), holder, name);
        return Ok(Decision::read(answer, id));
    }
    let patient = claim.patient.identifier.first().map_or("", |i| &i.value);
    if header.patient != patient {
        let what = "Mismatch between prescription and claim NHSNumber";
        return Ok(Decision::read(*refusal::failure_to_process(what), id));
    }
    header.state = match next(header.state, Event::Claim) {
        Ok(state) => state,
        Err(refused) => return Ok(Decision::read(*refusal::transition(refused), id)),
    };
    if items.iter().any(|item| header.item_mut(item).is_none()) {
        return Ok(Decision::read(*refusal::item_not_found(), id));
    }
    let answer = fhir::informational(200);
    let claim_key = Bytes::from(claim_id.to_ascii_lowercase());
    let absent = Check { table: Table::Claims, key: claim_key.clone(), expect: Expect::Absent };
    if ctx.view.get(Table::Claims, &claim_key).map_err(super::store_failed)?.is_some() {
        // The same claim id for another prescription: refused here, or the check below would fail for ever.
        return Ok(Decision::read(*refusal::invalid("Claim.identifier has been used by another claim."), id));
    }
    let txn = Txn {
        checks: vec![unchanged(&id, version), absent],
        puts: vec![
            Put { table: Table::Prescriptions, key: header_key(&id), value: header.to_row() },
            Put { table: Table::Claims, key: claim_key, value: stored(request) },
        ],
        idempotency: remember(key, &answer),
        ..Txn::default()
    };
    Ok(Decision::write(answer, txn, id))
}

/// ODS code of the organisation to be paid: the contained one that `payee.party` refers to.
fn claimant(claim: &Claim<'_>) -> Result<String, Refused> {
    let party = &claim.payee.party;
    let contained = party
        .reference
        .strip_prefix('#')
        .and_then(|id| claim.contained.iter().find(|c| c.resource_type == "Organization" && c.id == id));
    let ods = match contained {
        Some(organization) => organization.identifier_of(ODS_CODE),
        None => party.identifier.iter().find(|i| i.system == ODS_CODE).map_or("", |i| &i.value),
    };
    if is_ods(ods) {
        Ok(ods.to_ascii_uppercase())
    } else {
        Err(refusal::value("Claim.payee.party must refer to a contained Organization with an ODS code."))
    }
}

fn prescription_id(claim: &Claim<'_>) -> Result<String, Refused> {
    let group = claim.prescription.extension.iter().find(|e| e.url == GROUP);
    let short = group.and_then(|g| g.extension.iter().find(|e| e.url == "shortForm"));
    let id = short.and_then(|e| e.value_identifier.as_ref()).map_or("", |i| &i.value);
    checked_id(id.to_ascii_uppercase())
}

/// The ids of the prescription's items that are claimed for; each must carry an endorsement.
fn claimed_items<'c>(claim: &'c Claim<'_>) -> Result<Vec<&'c str>, Refused> {
    let mut items = Vec::new();
    for detail in claim.item.iter().flat_map(|i| i.detail.iter()) {
        if !detail.program_code.iter().any(|p| p.coding.iter().any(|c| c.system == ENDORSEMENT)) {
            return Err(refusal::invalid("The claim is missing the required endorsement code."));
        }
        let item = detail.extension.iter().find(|e| e.url == ITEM_REFERENCE);
        let reference = item.and_then(|e| e.value_reference.as_ref());
        items.push(reference.and_then(|r| r.identifier.first()).map_or("", |i| &i.value));
    }
    if items.is_empty() {
        return Err(refusal::value("Claim.item must have at least one detail."));
    }
    Ok(items)
}
