//! eps-dispense: the dispenser who holds a prescription says what was handed out: a part, all, or nothing.
//!
//! Called by [`super::message`] with the parsed bundle. The notification is stored as received beside the prescription.

use super::line::{Line, line_told};
use super::prescribe::{checked_id, sender, stored};
use super::record::{header_key, notification_key};
use super::refusal::{self, Refused};
use super::state::{Event, next};
use super::wire::{Bundle, ITEM_NUMBER, REPLACEMENT, Resource};
use super::{answered, idempotency_key, load, remember, unchanged};
use crate::domain::{Context, Decision};
use crate::fhir;
use crate::message::Request;
use hub_store::{Put, Table, Txn};

const BUSINESS_STATUS: &str = "https://fhir.nhs.uk/StructureDefinition/Extension-EPS-TaskBusinessStatus";
const RELATIONSHIPS: &str = "https://fhir.nhs.uk/StructureDefinition/Extension-ODS-OrganisationRelationships";

/// What one notification says.
struct Told<'b> {
    event: Event,
    id: String,
    items: Vec<(&'b str, Line)>,
}

/// Takes a dispense notification, once.
///
/// # Errors
/// The published refusal.
pub fn dispense(ctx: &Context<'_>, request: &Request, bundle: &Bundle<'_>) -> Result<Decision, Refused> {
    if bundle.entry.first().is_some_and(|e| e.resource.extension_of(REPLACEMENT).is_some()) {
        return Err(refusal::not_supported("Amending a dispense notification is not supported."));
    }
    let sender = sender(bundle)?.to_ascii_uppercase();
    reimbursement_authority(bundle)?;
    let told = told(bundle)?;
    let key = idempotency_key("dispense", bundle.message_id(), &told.id);
    if let Some(answer) = answered(ctx, &key)? {
        return Ok(Decision::read(answer, told.id));
    }
    let Some((mut header, version)) = load(ctx, &told.id)? else {
        return Ok(Decision::read(*refusal::prescription_not_found(), told.id));
    };
    if let Some(holder) = header.holder.as_deref().filter(|h| *h != sender) {
        let name = header.holder_name.as_deref().unwrap_or_default();
        let answer = *refusal::with_another_dispenser(&ctx.ids.uuid(), holder, name);
        return Ok(Decision::read(answer, told.id));
    }
    header.state = match next(header.state, told.event) {
        Ok(state) => state,
        Err(refused) => return Ok(Decision::read(*refusal::transition(refused), told.id)),
    };
    for (item_id, line) in &told.items {
        let Some(item) = header.item_mut(item_id) else {
            return Ok(Decision::read(*refusal::item_not_found(), told.id));
        };
        // Nothing handed out: published notifications of this kind leave the items' own types as they happen to be.
        let line = if told.event == Event::DispenseNone { Line::NotDispensed } else { *line };
        match line_told(item.line, line) {
            Ok(line) => item.line = line,
            Err(_) if told.event == Event::DispenseNone && item.line.is_settled() => {}
            Err(refused) => return Ok(Decision::read(*refusal::transition(refused), told.id)),
        }
    }
    if told.event == Event::DispenseAll && header.items.iter().any(|i| !i.line.is_settled()) {
        let refused = refusal::transition(super::state::Refusal::InvalidLineTransition);
        return Ok(Decision::read(*refused, told.id));
    }
    header.notifications += 1;
    let answer = fhir::informational(200);
    let notification = notification_key(&told.id, header.notifications);
    let txn = Txn {
        checks: vec![unchanged(&told.id, version)],
        puts: vec![
            Put { table: Table::Prescriptions, key: header_key(&told.id), value: header.to_row() },
            Put { table: Table::Prescriptions, key: notification, value: stored(request) },
        ],
        idempotency: remember(key, &answer),
        ..Txn::default()
    };
    Ok(Decision::write(answer, txn, told.id))
}

/// The published demand that somebody is named who pays.
fn reimbursement_authority(bundle: &Bundle<'_>) -> Result<(), Refused> {
    let relationships = bundle.all("Organization").find_map(|o| o.extension_of(RELATIONSHIPS));
    let authority =
        relationships.and_then(|r| r.extension.iter().find(|e| e.url == "reimbursementAuthority"));
    let Some(authority) = authority else {
        return Err(refusal::invalid(
            "The dispense notification is missing the reimbursement authority and it should be provided.",
        ));
    };
    if authority.value_identifier.as_ref().is_none_or(|i| i.value.is_empty()) {
        return Err(refusal::invalid(
            "The dispense notification is missing the ODS code for the reimbursement authority and it should be provided.",
        ));
    }
    Ok(())
}

fn told<'b>(bundle: &'b Bundle<'_>) -> Result<Told<'b>, Refused> {
    let mut dispenses = bundle.all("MedicationDispense").peekable();
    if dispenses.peek().is_none() {
        return Err(refusal::value("A dispense notification must contain at least one MedicationDispense."));
    }
    let mut told: Option<Told<'b>> = None;
    for dispense in dispenses {
        let prescription = authorizing(dispense).ok_or_else(|| {
            refusal::value(
                "MedicationDispense.authorizingPrescription must refer to a contained MedicationRequest.",
            )
        })?;
        let id = prescription.group_identifier.as_ref().map_or("", |g| &g.value).to_ascii_uppercase();
        let event = event(dispense)?;
        let line =
            dispense.kind.first().and_then(|t| t.coding.first()).and_then(|c| Line::from_code(&c.code));
        let line = line.ok_or_else(|| {
            refusal::value(
                "MedicationDispense.type must be one of: 0001, 0002, 0003, 0004, 0005, 0006, 0007, 0008.",
            )
        })?;
        let item = (prescription.identifier_of(ITEM_NUMBER), line);
        match &mut told {
            None => told = Some(Told { event, id: checked_id(id)?, items: vec![item] }),
            Some(told) if told.id != id => {
                return Err(refusal::value(
                    "Expected all MedicationDispenses to have the same value for authorizingPrescription.groupIdentifier.",
                ));
            }
            Some(told) if told.event != event => {
                return Err(refusal::value(
                    "Expected all MedicationDispenses to have the same value for MedicationDispense.extension:taskBusinessStatus.",
                ));
            }
            Some(told) => told.items.push(item),
        }
    }
    told.ok_or_else(refusal::item_not_found)
}

/// The contained MedicationRequest that a dispense refers to by `#id`.
fn authorizing<'b, 'a>(dispense: &'b Resource<'a>) -> Option<&'b Resource<'a>> {
    let reference = dispense.authorizing_prescription.first()?.reference.strip_prefix('#')?;
    dispense.contained.iter().find(|c| c.resource_type == "MedicationRequest" && c.id == reference)
}

fn event(dispense: &Resource<'_>) -> Result<Event, Refused> {
    let status = dispense.extension_of(BUSINESS_STATUS).and_then(|e| e.value_coding.as_ref());
    match status.map_or("", |c| &c.code) {
        "0003" => Ok(Event::DispensePart),
        "0006" => Ok(Event::DispenseAll),
        "0007" => Ok(Event::DispenseNone),
        _ => Err(refusal::value(
            "MedicationDispense.extension:taskBusinessStatus must be one of: 0003, 0006, 0007.",
        )),
    }
}
