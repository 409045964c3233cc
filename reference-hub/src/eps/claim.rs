//! eps-claim: the dispenser claims payment for a prescription that is dispensed. Once; a claim may take the place of the
//! one before within the claim period.
//!
//! Called by [`super::decide`]. The claim is stored as received under its own id.

use super::issue::{Repeat, load_issue, repeat};
use super::line::Line;
use super::prescribe::stored;
use super::record::{Header, is_ods, is_uuid};
use super::refusal::{self, Refused};
use super::state::{Event, Refusal, may_amend_claim, next};
use super::wire::{Concept, Extension, Identifier, Many, ODS_CODE, REPLACEMENT, Reference, Resource};
use super::{answered, body_text, check, idempotency_key, parsed, remember};
use crate::auth::Session;
use crate::domain::{Context, Decision};
use crate::message::Request;
use bytes::Bytes;
use hub_store::{Check, Expect, Put, Table, Txn};
use serde::Deserialize;
use std::borrow::Cow;

const GROUP: &str = "https://fhir.nhs.uk/StructureDefinition/Extension-DM-GroupIdentifier";
const ITEM_REFERENCE: &str =
    "https://fhir.nhs.uk/StructureDefinition/Extension-ClaimMedicationRequestReference";
const ITEM_STATUS: &str = "https://fhir.nhs.uk/CodeSystem/medicationdispense-type";
const ENDORSEMENT: &str = "https://fhir.nhs.uk/CodeSystem/medicationdispense-endorsement";

/// A Claim resource: what the hub asks of it.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Claim<'a> {
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
    extension: Many<Extension<'a>>,
    #[serde(borrow)]
    detail: Many<Detail<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Detail<'a> {
    #[serde(borrow)]
    extension: Many<Extension<'a>>,
    #[serde(borrow)]
    modifier: Many<Concept<'a>>,
    #[serde(borrow)]
    program_code: Many<Concept<'a>>,
}

/// What a claim says.
pub struct Claimed<'c> {
    /// Its own id.
    claim_id: &'c str,
    /// ODS code of whom to pay.
    ods: String,
    /// Short id of the prescription.
    id: String,
    /// The items, each with the status it is claimed to have, if one is given.
    items: Vec<(&'c str, Option<Line>)>,
    repeat: Option<Repeat>,
    /// The claim that this one takes the place of.
    replaces: Option<&'c str>,
}

/// Reads a claim.
///
/// # Errors
/// The published refusal of what is missing or wrong.
pub fn claimed<'c>(claim: &'c Claim<'_>) -> Result<Claimed<'c>, Refused> {
    if claim.resource_type != "Claim" {
        return Err(refusal::value("Incorrect FHIR resource type. Expected Claim."));
    }
    let claim_id = claim.identifier.first().map_or("", |i| &i.value);
    if !is_uuid(claim_id) {
        return Err(refusal::value("Claim.identifier.value must be a UUID."));
    }
    for role in claim.contained.iter().filter(|c| c.resource_type == "PractitionerRole") {
        check::named_by_identifier(role, "practitionerRole")?;
    }
    let replaces = match claim.extension.iter().find(|e| e.url == REPLACEMENT) {
        None => None,
        Some(extension) => match extension.value_identifier.as_ref().filter(|i| is_uuid(&i.value)) {
            Some(id) => Some(&*id.value),
            None => {
                return Err(refusal::value("Claim.extension:replacementOf must hold the id of a claim."));
            }
        },
    };
    Ok(Claimed {
        claim_id,
        ods: claimant(claim)?,
        id: prescription_id(claim)?,
        items: claimed_items(claim)?,
        repeat: claim.item.first().and_then(|item| repeat(&item.extension)),
        replaces,
    })
}

/// Takes a claim, once, for a dispensed prescription; or one in place of an earlier claim, within the claim period.
///
/// # Errors
/// The published refusal.
pub fn claim(ctx: &Context<'_>, session: &Session, request: &Request) -> Result<Decision, Refused> {
    let (claim, tape): (Claim<'_>, _) = parsed(body_text(request)?)?;
    let claimed = claimed(&claim)?;
    if !session.may_act_for(&claimed.ods) {
        return Err(refusal::forbidden());
    }
    let id = claimed.id.clone();
    let key = idempotency_key("claim", &claimed.ods, claimed.claim_id, &id);
    if let Some(answer) = answered(ctx, &key)? {
        return Ok(Decision::read(answer, id));
    }
    let Some(mut loaded) = load_issue(ctx, &id, claimed.repeat)? else {
        return Ok(Decision::read(*refusal::prescription_not_found(), id));
    };
    let patient = claim.patient.identifier.first().map_or("", |i| &i.value);
    if let Err(refused) = apply(ctx, &mut loaded.header, &claimed, patient) {
        return Ok(Decision::read(*refused, id));
    }
    let answer = refusal::done(ctx);
    let claim_key = Bytes::from(claimed.claim_id.to_ascii_lowercase());
    let absent = Check { table: Table::Claims, key: claim_key.clone(), expect: Expect::Absent };
    if ctx.view.get(Table::Claims, &claim_key).map_err(super::store_failed)?.is_some() {
        // The same claim id for another prescription: refused here, or the check below would fail for ever.
        return Ok(Decision::read(*refusal::invalid("Claim.identifier has been used by another claim."), id));
    }
    let txn = Txn {
        checks: vec![loaded.unchanged(), absent],
        puts: vec![loaded.put(), Put { table: Table::Claims, key: claim_key, value: stored(request, &tape) }],
        idempotency: remember(key, &answer),
        ..Txn::default()
    };
    Ok(Decision::write(answer, txn, id))
}

fn apply(
    ctx: &Context<'_>,
    header: &mut Header,
    claimed: &Claimed<'_>,
    patient: &str,
) -> Result<(), Refused> {
    if let Some(holder) = header.holder.as_deref().filter(|h| *h != claimed.ods) {
        let name = header.holder_name.as_deref().unwrap_or_default();
        return Err(refusal::with_another_dispenser(&ctx.ids.uuid(), holder, name));
    }
    if header.patient != patient {
        return Err(refusal::failure_to_process("Mismatch between prescription and claim NHSNumber"));
    }
    match claimed.replaces {
        None => {
            header.state = next(header.state, Event::Claim).map_err(refusal::transition)?;
            header.claimed_ms = Some(ctx.now_ms);
        }
        Some(replaced) => {
            may_amend_claim(header.state).map_err(refusal::transition)?;
            if header.claim_id.as_deref().is_none_or(|known| !known.eq_ignore_ascii_case(replaced)) {
                return Err(refusal::amend_mismatch());
            }
            if ctx.now_ms >= amendable_until_ms(header.claimed_ms.unwrap_or(0)) {
                return Err(refusal::claim_period());
            }
        }
    }
    for (item, line) in &claimed.items {
        let known = header.item_mut(item).ok_or_else(refusal::item_not_found)?.line;
        if line.is_some_and(|line| line != known) {
            return Err(refusal::transition(Refusal::InvalidLineTransition));
        }
    }
    header.claim_id = Some(claimed.claim_id.to_owned());
    Ok(())
}

/// End of the period in which a claim of `claimed_ms` may be amended, both in milliseconds since the Unix epoch: midnight
/// UTC after the fifth of the next month, by which a month's claims are handed in for payment.
fn amendable_until_ms(claimed_ms: u64) -> u64 {
    let end = || {
        let claimed = jiff::Timestamp::from_millisecond(i64::try_from(claimed_ms).ok()?).ok()?;
        let month = claimed.to_zoned(jiff::tz::TimeZone::UTC).date().first_of_month();
        let sixth = month.checked_add(jiff::Span::new().months(1).days(5)).ok()?;
        let end = sixth.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
        u64::try_from(end.timestamp().as_millisecond()).ok()
    };
    end().unwrap_or(0)
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
    check::checked_id(id.to_ascii_uppercase())
}

/// The ids of the prescription's items that are claimed for; each must carry an endorsement.
fn claimed_items<'c>(claim: &'c Claim<'_>) -> Result<Vec<(&'c str, Option<Line>)>, Refused> {
    let mut items = Vec::new();
    for detail in claim.item.iter().flat_map(|i| i.detail.iter()) {
        if !detail.program_code.iter().any(|p| p.coding.iter().any(|c| c.system == ENDORSEMENT)) {
            return Err(refusal::invalid("The claim is missing the required endorsement code."));
        }
        let item = detail.extension.iter().find(|e| e.url == ITEM_REFERENCE);
        let reference = item.and_then(|e| e.value_reference.as_ref());
        let id = reference.and_then(|r| r.identifier.first()).map_or("", |i| &*i.value);
        let mut modifiers = detail.modifier.iter().flat_map(|m| m.coding.iter());
        let line = modifiers.find(|c| c.system == ITEM_STATUS).and_then(|c| Line::from_code(&c.code));
        items.push((id, line));
    }
    if items.is_empty() {
        return Err(refusal::value("Claim.item must have at least one detail."));
    }
    Ok(items)
}
