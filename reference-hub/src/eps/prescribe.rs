//! eps-prescribe: a signed prescription order comes in and waits for a dispenser.
//!
//! Called by [`super::message`] with the parsed bundle. Stores the order as received beside a header of its own, and a
//! row in the nominated pharmacy's queue.

use super::line::Line;
use super::record::{Header, Item, VALID_MS, header_key, is_ods, is_uuid, message_key, queue_key};
use super::refusal::{self, Refused};
use super::state::State;
use super::wire::{Bundle, ITEM_NUMBER, NHS_NUMBER, Resource};
use super::{answered, compact, idempotency_key, load, remember};
use crate::domain::{Context, Decision};
use crate::fhir;
use crate::message::{Body, Request};
use bytes::Bytes;
use hub_store::{Check, Expect, Put, Table, Txn};
use population::{NhsNumber, is_valid_short_id};

/// Items a prescription may have (published).
const ITEMS_MAX: usize = 4;
/// Performer site type of a prescription that is not nominated to anybody (published).
const SITE_NOT_NOMINATED: &str = "0004";
const SITE_TYPE: &str = "https://fhir.nhs.uk/StructureDefinition/Extension-DM-PerformerSiteType";

/// Accepts an order, once.
///
/// # Errors
/// The published refusal of what is missing, contradictory or there already.
pub fn prescribe(ctx: &Context<'_>, request: &Request, bundle: &Bundle<'_>) -> Result<Decision, Refused> {
    let items: Vec<&Resource<'_>> = bundle.all("MedicationRequest").collect();
    let id = prescription_id(&items)?;
    let patient = patient_number(bundle)?;
    let lines = order_lines(&items)?;
    let nominated = nominated(bundle, &items)?;
    let sender = sender(bundle)?;
    if !bundle.all("Provenance").any(|p| p.signature.iter().any(|s| !s.data.is_empty())) {
        return Err(refusal::missing_signature());
    }
    let message_id = bundle.message_id();
    let key = idempotency_key("prescribe", message_id, &id);
    if let Some(answer) = answered(ctx, &key)? {
        return Ok(Decision::read(answer, id));
    }
    if load(ctx, &id)?.is_some() {
        return Ok(Decision::read(*refusal::duplicate_prescription(), id));
    }
    let header = Header {
        state: State::ToBeDispensed,
        patient,
        prescriber: sender.to_owned(),
        nominated,
        holder: None,
        holder_name: None,
        bundle_id: if is_uuid(&bundle.id) { bundle.id.to_string() } else { message_id.to_owned() },
        message_id: message_id.to_owned(),
        expires_ms: Some(ctx.now_ms.saturating_add(VALID_MS)),
        items: lines,
        cancel_asked_by: None,
        notifications: 0,
    };
    let mut puts = vec![
        Put { table: Table::Prescriptions, key: header_key(&id), value: header.to_row() },
        Put { table: Table::Prescriptions, key: message_key(&id), value: stored(request) },
    ];
    if let Some(ods) = &header.nominated {
        puts.push(Put { table: Table::PharmacyQueue, key: queue_key(ods, &id), value: Bytes::new() });
    }
    let answer = fhir::informational(200);
    let txn = Txn {
        checks: vec![Check { table: Table::Prescriptions, key: header_key(&id), expect: Expect::Absent }],
        puts,
        idempotency: remember(key, &answer),
        ..Txn::default()
    };
    Ok(Decision::write(answer, txn, id))
}

/// The body as it is stored: as received, without white space between tokens.
pub fn stored(request: &Request) -> Bytes {
    match &request.body {
        Body::Inline(bytes) => compact(bytes),
        Body::Blob { .. } => Bytes::new(), // EPS operations do not stream, so the listener never makes one
    }
}

/// The short id that all items share, upper case, its check character verified.
///
/// # Errors
/// The published refusal of a wrong number of items, different ids, or a wrong check character.
pub fn prescription_id(items: &[&Resource<'_>]) -> Result<String, Refused> {
    if items.is_empty() || items.len() > ITEMS_MAX {
        return Err(refusal::item_count());
    }
    let id = |r: &Resource<'_>| {
        r.group_identifier.as_ref().map_or(String::new(), |g| g.value.to_ascii_uppercase())
    };
    let first = id(items[0]);
    if items.iter().any(|r| id(r) != first) {
        return Err(all_the_same("groupIdentifier", &items.iter().map(|r| id(r)).collect::<Vec<_>>()));
    }
    checked_id(first)
}

/// The id, when its form and check character are right.
///
/// # Errors
/// FAILURE_TO_PROCESS_MESSAGE.
pub fn checked_id(id: String) -> Result<String, Refused> {
    if id.is_empty() {
        return Err(refusal::failure_to_process("prescriptionID is missing"));
    }
    if !is_valid_short_id(&id) {
        return Err(refusal::failure_to_process("prescriptionID has invalid checksum"));
    }
    Ok(id)
}

/// The one patient's NHS number.
///
/// # Errors
/// FAILURE_TO_PROCESS_MESSAGE when it is missing, wrong, or could be a living person's: this hub takes synthetic ones only.
pub fn patient_number(bundle: &Bundle<'_>) -> Result<String, Refused> {
    let Some(patient) = bundle.all("Patient").next() else {
        return Err(refusal::failure_to_process("Patient is missing"));
    };
    let number = patient.identifier_of(NHS_NUMBER);
    match number.parse::<NhsNumber>() {
        Ok(n) if n.is_synthetic() => Ok(number.to_owned()),
        Ok(_) => Err(refusal::failure_to_process(
            "NHS number is outside the synthetic range 9000000000 to 9999999999",
        )),
        Err(_) => Err(refusal::failure_to_process("NHS number is invalid")),
    }
}

/// ODS code of the organisation that sent the message.
///
/// # Errors
/// `value` when it is missing or cannot be an ODS code.
pub fn sender<'b>(bundle: &'b Bundle<'_>) -> Result<&'b str, Refused> {
    let header = bundle.entry.first().and_then(|e| e.resource.sender.as_ref());
    let ods = header.and_then(|s| s.identifier.first()).map_or("", |i| &i.value);
    if is_ods(ods) {
        Ok(ods)
    } else {
        Err(refusal::value("MessageHeader.sender.identifier must hold an ODS code."))
    }
}

fn all_the_same(field: &str, got: &[String]) -> Refused {
    let got: Vec<String> = got.iter().map(|g| format!("\"{g}\"")).collect();
    refusal::value(&format!(
        "Expected all MedicationRequests to have the same value for {field}. Received [{}].",
        got.join(", ")
    ))
}

fn order_lines(items: &[&Resource<'_>]) -> Result<Vec<Item>, Refused> {
    let mut lines: Vec<Item> = Vec::with_capacity(items.len());
    let therapy = |r: &Resource<'_>| {
        let coding = r.course_of_therapy_type.as_ref().and_then(|c| c.coding.first());
        coding.map_or(String::new(), |c| c.code.to_string())
    };
    let first_therapy = therapy(items[0]);
    for item in items {
        if !matches!(&*item.intent, "order" | "original-order" | "instance-order") {
            return Err(refusal::value(
                "MedicationRequest.intent must be order, original-order or instance-order.",
            ));
        }
        if item.status != "active" {
            return Err(refusal::value("MedicationRequest.status must be active in a prescription order."));
        }
        let own = therapy(item);
        let mixable = |t: &str| matches!(t, "acute" | "continuous");
        if own != first_therapy && !(mixable(&own) && mixable(&first_therapy)) {
            return Err(refusal::therapy_mixed());
        }
        let id = item.identifier_of(ITEM_NUMBER);
        if !is_uuid(id) {
            return Err(refusal::value(
                "MedicationRequest.identifier must hold a prescription-order-item-number, a UUID.",
            ));
        }
        if lines.iter().any(|l| l.id.eq_ignore_ascii_case(id)) {
            return Err(refusal::value(
                "Expected all MedicationRequests to have a different value for identifier.",
            ));
        }
        lines.push(Item { id: id.to_owned(), line: Line::ToBeDispensed });
    }
    Ok(lines)
}

/// ODS code of the nominated dispenser: the items' performer, else the message's destination; none for site type 0004.
fn nominated(bundle: &Bundle<'_>, items: &[&Resource<'_>]) -> Result<Option<String>, Refused> {
    let performer = |r: &Resource<'_>| {
        let performer = r.dispense_request.as_ref().and_then(|d| d.performer.as_ref());
        performer.and_then(|p| p.identifier.first()).map_or(String::new(), |i| i.value.to_ascii_uppercase())
    };
    let first = performer(items[0]);
    if items.iter().any(|r| performer(r) != first) {
        let got: Vec<String> = items.iter().map(|r| performer(r)).collect();
        return Err(all_the_same("dispenseRequest.performer", &got));
    }
    let site =
        items[0].dispense_request.as_ref().and_then(|d| d.extension.iter().find(|e| e.url == SITE_TYPE));
    if site.and_then(|s| s.value_coding.as_ref()).is_some_and(|c| c.code == SITE_NOT_NOMINATED) {
        return Ok(None);
    }
    let ods = if first.is_empty() { destination(bundle) } else { first };
    match &*ods {
        "" => Ok(None),
        ods if is_ods(ods) => Ok(Some(ods.to_owned())),
        _ => Err(refusal::value("The nominated dispenser's identifier must be an ODS code.")),
    }
}

fn destination(bundle: &Bundle<'_>) -> String {
    let header = bundle.entry.first().map(|e| &e.resource);
    let receiver = header.and_then(|h| h.destination.first()).and_then(|d| d.receiver.as_ref());
    receiver.and_then(|r| r.identifier.first()).map_or(String::new(), |i| i.value.to_ascii_uppercase())
}
