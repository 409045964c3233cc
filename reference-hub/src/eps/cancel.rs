//! eps-cancel: a prescriber cancels one item of a prescription, which is possible until a dispenser takes it.
//!
//! Called by [`super::message`] with the body and its parsed bundle. A success is written into the stored order message
//! too, so that a dispenser who takes the rest sees the item as cancelled. The answer is the published response bundle.

use super::line::Line;
use super::reason::CancelReason;
use super::record::{Header, header_key, message_key, queue_key};
use super::refusal::{self, Refused, STATUS_HISTORY};
use super::state::{Event, Refusal, next};
use super::wire::{Bundle, ITEM_NUMBER, ODS_CODE, RFC_4122, Resource};
use super::{
    answered, fhir_time, idempotency_key, load, parsed, prescribe, remember, store_failed, unchanged,
};
use crate::domain::{Context, Decision};
use crate::fhir;
use bytes::Bytes;
use hub_store::{Delete, Put, Table, Txn};
use serde_json::{Value, json};

const HISTORY: &str = "https://fhir.nhs.uk/StructureDefinition/Extension-DM-PrescriptionStatusHistory";
/// ODS code under which Spine answers (published examples).
const SPINE_ODS: &str = "X2601";

/// Cancels an item, or says by the published reason why not.
///
/// # Errors
/// The published refusal of a malformed message.
pub fn cancel(ctx: &Context<'_>, text: &str, bundle: &Bundle<'_>) -> Result<Decision, Refused> {
    let items: Vec<&Resource<'_>> = bundle.all("MedicationRequest").collect();
    let [item] = items[..] else {
        return Err(refusal::value(
            "The Bundle must contain exactly one MedicationRequest if MessageHeader.eventCoding.code is 'prescription-order-update'.",
        ));
    };
    if item.status != "cancelled" {
        return Err(refusal::value(
            "MedicationRequest.status must be cancelled in a prescription order update.",
        ));
    }
    if !item.status_reason.iter().any(|r| r.coding.iter().any(|c| !c.code.is_empty())) {
        return Err(refusal::value("Expected MedicationRequest to have a value for statusReason."));
    }
    let id = prescribe::prescription_id(&items)?;
    let patient = prescribe::patient_number(bundle)?;
    let sender = prescribe::sender(bundle)?;
    let item_id = item.identifier_of(ITEM_NUMBER);
    let key = idempotency_key("cancel", bundle.message_id(), &format!("{id}|{item_id}"));
    if let Some(answer) = answered(ctx, &key)? {
        return Ok(Decision::read(answer, id));
    }
    let Some((mut header, version)) = load(ctx, &id)? else {
        return Ok(Decision::read(*refusal::cancellation(CancelReason::NotFound), id));
    };
    if header.patient != patient {
        return Ok(Decision::read(*refusal::cancellation(CancelReason::Mismatch), id));
    }
    let Some(line) = header.item_mut(item_id).map(|i| i.line) else {
        return Ok(Decision::read(*refusal::cancellation(CancelReason::NotFound), id));
    };
    let request: Value = parsed(text)?;
    let decided = decide(&mut header, line, sender);
    let mut txn = Txn { checks: vec![unchanged(&id, version)], ..Txn::default() };
    let (status, reason, writes) = match decided {
        Decided::Cancelled => {
            cancel_item(&mut header, item_id);
            let stored = ctx.view.get(Table::Prescriptions, &message_key(&id)).map_err(store_failed)?;
            if let Some(value) = stored.and_then(|row| amended(&row.value, item_id, &request, ctx)) {
                txn.puts.push(Put { table: Table::Prescriptions, key: message_key(&id), value });
            }
            if header.items.iter().all(|i| i.line == Line::Cancelled)
                && let Some(ods) = &header.nominated
            {
                txn.dels.push(Delete { table: Table::PharmacyQueue, key: queue_key(ods, &id) });
            }
            (200, CancelReason::Cancelled, true)
        }
        Decided::Marked(reason) => (400, reason, true),
        Decided::Refused(reason) => (400, reason, false),
    };
    let answer = fhir::resource(status, &response(ctx, &request, &header, reason));
    if !writes {
        return Ok(Decision::read(answer, id));
    }
    txn.puts.push(Put { table: Table::Prescriptions, key: header_key(&id), value: header.to_row() });
    txn.idempotency = remember(key, &answer);
    Ok(Decision::write(answer, txn, id))
}

/// What becomes of a cancellation.
enum Decided {
    /// The item is cancelled.
    Cancelled,
    /// Not now, but the wish is kept with the prescription.
    Marked(CancelReason),
    /// Not possible.
    Refused(CancelReason),
}

/// Decides by the prescription's state; marks the wish in `header` where a dispenser has it.
fn decide(header: &mut Header, line: Line, sender: &str) -> Decided {
    let reason = match next(header.state, Event::Cancel) {
        Ok(_) if line == Line::Cancelled => return Decided::Refused(CancelReason::AlreadyCancelled),
        Ok(_) => return Decided::Cancelled,
        Err(Refusal::NotCancelled(reason)) => reason,
        Err(_) => return Decided::Refused(CancelReason::NotFound),
    };
    if !matches!(reason, CancelReason::WithDispenser | CancelReason::WithDispenserActive) {
        return Decided::Refused(reason);
    }
    match &header.cancel_asked_by {
        Some(ods) if ods != sender => Decided::Refused(CancelReason::AnotherPrescriber),
        Some(_) => Decided::Refused(reason),
        None => {
            header.cancel_asked_by = Some(sender.to_owned());
            Decided::Marked(reason)
        }
    }
}

/// Cancels the item, and the prescription with its last open item.
fn cancel_item(header: &mut Header, item_id: &str) {
    if let Some(item) = header.item_mut(item_id) {
        item.line = Line::Cancelled;
    }
    if header.items.iter().all(|i| i.line == Line::Cancelled)
        && let Ok(state) = next(header.state, Event::Cancel)
    {
        header.state = state;
    }
}

fn is_item(resource: &Value, item_id: &str) -> bool {
    let is = |i: &Value| {
        i["system"] == ITEM_NUMBER && i["value"].as_str().is_some_and(|v| v.eq_ignore_ascii_case(item_id))
    };
    resource["resourceType"] == "MedicationRequest"
        && resource["identifier"].as_array().is_some_and(|a| a.iter().any(is))
}

fn the_request(bundle: &Value) -> Option<&Value> {
    bundle["entry"]
        .as_array()?
        .iter()
        .map(|e| &e["resource"])
        .find(|r| r["resourceType"] == "MedicationRequest")
}

/// The stored order message with the item marked as cancelled, for the reason given.
fn amended(stored: &[u8], item_id: &str, request: &Value, ctx: &Context<'_>) -> Option<Bytes> {
    let mut message: Value = serde_json::from_slice(stored).ok()?;
    let reason = the_request(request)?["statusReason"].clone();
    let entries = message["entry"].as_array_mut()?;
    let item = entries.iter_mut().map(|e| &mut e["resource"]).find(|r| is_item(r, item_id))?;
    item["status"] = "cancelled".into();
    item["statusReason"] = reason;
    add_history(item, CancelReason::Cancelled, &fhir_time(ctx));
    Some(Bytes::from(message.to_string()))
}

fn add_history(item: &mut Value, reason: CancelReason, at: &str) {
    let (code, display) = reason.coding();
    let history = json!({
        "url": HISTORY,
        "extension": [
            {"url": "status", "valueCoding": {"system": STATUS_HISTORY, "code": code, "display": display}},
            {"url": "statusDate", "valueDateTime": at},
        ],
    });
    match item["extension"].as_array_mut() {
        Some(extensions) => extensions.push(history),
        None => item["extension"] = json!([history]),
    }
}

/// The published response: a message that shows the item with its new status, and the people it came with.
fn response(ctx: &Context<'_>, request: &Value, header: &Header, reason: CancelReason) -> Value {
    let (message_id, header_id) = (ctx.ids.uuid(), ctx.ids.uuid());
    let at = fhir_time(ctx);
    let mut entries = Vec::new();
    let mut focus = Vec::new();
    for entry in request["entry"].as_array().into_iter().flatten() {
        let kind = entry["resource"]["resourceType"].as_str().unwrap_or_default();
        let mut entry = entry.clone();
        match kind {
            "MessageHeader" => continue,
            "MedicationRequest" => {
                let item = &mut entry["resource"];
                add_history(item, reason, &at);
                if reason != CancelReason::Cancelled && reason != CancelReason::AlreadyCancelled {
                    item["status"] = "active".into();
                    if let Some(item) = item.as_object_mut() {
                        item.remove("statusReason");
                    }
                }
                if let Some(holder) = &header.holder {
                    let performer = json!({
                        "identifier": {"system": ODS_CODE, "value": holder},
                    });
                    item["dispenseRequest"]["performer"] = performer;
                }
                focus.push(json!({"reference": entry["fullUrl"]}));
            }
            "Patient" => focus.push(json!({"reference": entry["fullUrl"]})),
            _ => {}
        }
        entries.push(entry);
    }
    let prescriber = &header.prescriber;
    let message_header = json!({
        "fullUrl": format!("urn:uuid:{header_id}"),
        "resource": {
            "resourceType": "MessageHeader",
            "id": header_id,
            "extension": [{
                "url": "https://fhir.nhs.uk/StructureDefinition/Extension-MessageHeader-messageId",
                "valueIdentifier": {"system": RFC_4122, "value": message_id},
            }],
            "eventCoding": {
                "system": "https://fhir.nhs.uk/CodeSystem/message-event",
                "code": "prescription-order-response",
                "display": "Prescription Order Response",
            },
            "destination": [{
                "endpoint": format!("urn:nhs-uk:addressing:ods:{prescriber}"),
                "receiver": {
                    "identifier": {"system": ODS_CODE, "value": prescriber},
                },
            }],
            "sender": {
                "identifier": {"system": ODS_CODE, "value": SPINE_ODS},
                "display": "NHS Digital Spine",
            },
            "source": {"name": "NHS Spine", "endpoint": format!("urn:nhs-uk:addressing:ods:{SPINE_ODS}")},
            "response": {"identifier": request["identifier"]["value"], "code": "ok"},
            "focus": focus,
        },
    });
    entries.insert(0, message_header);
    json!({
        "resourceType": "Bundle",
        "id": message_id,
        "identifier": {"system": RFC_4122, "value": message_id},
        "type": "message",
        "timestamp": at,
        "entry": entries,
    })
}
