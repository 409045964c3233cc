//! eps-dispense: the dispenser who holds a prescription says what was handed out: a part, all, or nothing. A notification
//! may take the place of the latest one, until the prescription is claimed.
//!
//! Called by [`super::message`] with the parsed bundle. The notification is stored as received beside the prescription.

use super::issue::{Repeat, load_issue, repeat, write_back};
use super::line::{Line, line_told};
use super::prescribe::stored;
use super::record::{Header, is_uuid, notification_key};
use super::refusal::{self, Refused};
use super::state::{Event, may_amend_dispense, next};
use super::tape::Tape;
use super::wire::{Bundle, ITEM_NUMBER, REPLACEMENT, Resource};
use super::{answered, check, idempotency_key, remember};
use crate::auth::Session;
use crate::domain::{Context, Decision};
use crate::message::Request;
use hub_store::{Put, Table, Txn};

const BUSINESS_STATUS: &str = "https://fhir.nhs.uk/StructureDefinition/Extension-EPS-TaskBusinessStatus";
const REASON: &str = "https://fhir.nhs.uk/StructureDefinition/Extension-DM-PrescriptionNonDispensingReason";
const RELATIONSHIPS: &str = "https://fhir.nhs.uk/StructureDefinition/Extension-ODS-OrganisationRelationships";

/// Notifications that can count for one issue. A hundred: more than any pharmacy sends, and it bounds the header row.
const NOTIFICATIONS_MAX: usize = 100;

/// What one notification says.
pub struct Told<'b> {
    event: Event,
    id: String,
    items: Vec<(&'b str, Line)>,
    repeat: Option<Repeat>,
    replaces: Option<&'b str>,
}

/// Takes a dispense notification, once: a new one, or one in place of the latest.
///
/// # Errors
/// The published refusal.
pub fn dispense(
    ctx: &Context<'_>,
    session: &Session,
    request: &Request,
    tape: &Tape<'_>,
    bundle: &Bundle<'_>,
) -> Result<Decision, Refused> {
    let (told, sender) = told(bundle)?;
    if !session.may_act_for(&sender) {
        return Err(refusal::forbidden());
    }
    let key = idempotency_key("dispense", &sender, bundle.message_id(), &told.id);
    if let Some(answer) = answered(ctx, &key)? {
        return Ok(Decision::read(answer, told.id));
    }
    let Some(mut loaded) = load_issue(ctx, &told.id, told.repeat)? else {
        return Ok(Decision::read(*refusal::prescription_not_found(), told.id));
    };
    if let Err(refused) = apply(ctx, &mut loaded.header, &told, bundle.message_id(), &sender) {
        return Ok(Decision::read(*refused, told.id));
    }
    let answer = refusal::done(ctx);
    let notification = notification_key(&told.id, loaded.header.issue, loaded.header.notifications);
    let mut txn = Txn {
        puts: vec![Put { table: Table::Prescriptions, key: notification, value: stored(request, tape) }],
        idempotency: remember(key, &answer),
        ..Txn::default()
    };
    write_back(ctx, &told.id, &loaded, &mut txn);
    Ok(Decision::write(answer, txn, told.id))
}

/// Brings the header to where the notification says it is.
fn apply(
    ctx: &Context<'_>,
    header: &mut Header,
    told: &Told<'_>,
    message_id: &str,
    sender: &str,
) -> Result<(), Refused> {
    if let Some(holder) = header.holder.as_deref().filter(|h| *h != sender) {
        let name = header.holder_name.as_deref().unwrap_or_default();
        return Err(refusal::with_another_dispenser(&ctx.ids.uuid(), holder, name));
    }
    if let Some(replaced) = told.replaces {
        may_amend_dispense(header.state).map_err(refusal::transition)?;
        if !header.withdraw(replaced) {
            return Err(refusal::amend_mismatch());
        }
    }
    let state = next(header.state, told.event).map_err(refusal::transition)?;
    if header.before.len() == NOTIFICATIONS_MAX {
        return Err(refusal::failure_to_process("too many dispense notifications for one prescription"));
    }
    header.remember(message_id);
    header.state = state;
    for (item_id, line) in &told.items {
        let item = header.item_mut(item_id).ok_or_else(refusal::item_not_found)?;
        // Nothing handed out: published notifications of this kind leave the items' own types as they happen to be.
        let line = if told.event == Event::DispenseNone { Line::NotDispensed } else { *line };
        match line_told(item.line, line) {
            Ok(line) => item.line = line,
            Err(_) if told.event == Event::DispenseNone && item.line.is_settled() => {}
            Err(refused) => return Err(refusal::transition(refused)),
        }
    }
    if told.event == Event::DispenseAll && header.items.iter().any(|i| !i.line.is_settled()) {
        return Err(refusal::transition(super::state::Refusal::InvalidLineTransition));
    }
    if told.event != Event::DispenseNone {
        header.dispensed_ms = Some(ctx.now_ms);
    }
    header.notifications += 1;
    Ok(())
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

/// Reads a notification, with the ODS code of its sender.
///
/// # Errors
/// The published refusal of what is missing or contradictory.
pub fn told<'b>(bundle: &'b Bundle<'_>) -> Result<(Told<'b>, String), Refused> {
    let sender = check::sender(bundle)?.to_ascii_uppercase();
    reimbursement_authority(bundle)?;
    let mut reasons = bundle.all("MedicationDispense").map(non_dispensing_reason);
    let reason = reasons.next();
    if reasons.any(|r| Some(r) != reason) {
        return Err(refusal::non_dispensing_reasons());
    }
    let mut told: Option<Told<'b>> = None;
    for dispense in bundle.all("MedicationDispense") {
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
            None => {
                let id = check::checked_id(id)?;
                let repeat = repeat(&dispense.extension);
                told = Some(Told { event, id, items: vec![item], repeat, replaces: replaces(bundle)? });
            }
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
            Some(told) if told.repeat != repeat(&dispense.extension) => return Err(refusal::repeat_counts()),
            Some(told) => told.items.push(item),
        }
    }
    let told = told.ok_or_else(|| {
        refusal::value("A dispense notification must contain at least one MedicationDispense.")
    })?;
    Ok((told, sender))
}

/// Code of the reason why a prescription was not dispensed, or "".
fn non_dispensing_reason<'b>(dispense: &'b Resource<'_>) -> &'b str {
    dispense.extension_of(REASON).and_then(|e| e.value_coding.as_ref()).map_or("", |c| &c.code)
}

/// The message id of the notification that this one takes the place of.
fn replaces<'b>(bundle: &'b Bundle<'_>) -> Result<Option<&'b str>, Refused> {
    let extension = bundle.entry.first().and_then(|e| e.resource.extension_of(REPLACEMENT));
    let Some(extension) = extension else { return Ok(None) };
    match extension.value_identifier.as_ref().map(|i| &*i.value).filter(|id| is_uuid(id)) {
        Some(id) => Ok(Some(id)),
        None => {
            Err(refusal::value("MessageHeader.extension:replacementOf must hold the id of a notification."))
        }
    }
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
