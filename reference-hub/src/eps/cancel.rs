//! eps-cancel: a prescriber cancels one item of a prescription, which is possible until a dispenser takes it.
//!
//! Called by [`super::message`] with the body and its parsed bundle. A success is written into the stored order message
//! too, so that a dispenser who takes the rest sees the item as cancelled. The answer is the published response bundle.

use super::line::Line;
use super::reason::CancelReason;
use super::record::{Header, header_key, is_uuid, message_key, queue_key};
use super::refusal::{self, Refused, STATUS_HISTORY};
use super::state::{Event, Refusal, next};
use super::wire::{Bundle, ITEM_NUMBER, ODS_CODE, RFC_4122, Resource};
use super::{
    answered, check, fhir_time, idempotency_key, load, parsed, remember, status, store_failed, unchanged,
};
use crate::auth::Session;
use crate::domain::{Context, Decision};
use crate::fhir;
use bytes::Bytes;
use hub_store::{Delete, Put, Table, Txn};
use serde_json::{Value, json};

const HISTORY: &str = "https://fhir.nhs.uk/StructureDefinition/Extension-DM-PrescriptionStatusHistory";
const STATUS_REASON: &str = "https://fhir.nhs.uk/CodeSystem/medicationrequest-status-reason";
/// Published codes and displays of the reasons for a cancellation.
const REASONS: [(&str, &str); 9] = [
    ("0001", "Prescribing Error"),
    ("0002", "Clinical contra-indication"),
    ("0003", "Change to medication treatment regime"),
    ("0004", "Clinical grounds"),
    ("0005", "At the Patient's request"),
    ("0006", "At the Pharmacist's request"),
    ("0007", "Notification of Death"),
    ("0008", "Patient deducted - other reason"),
    ("0009", "Patient deducted - registered with new practice"),
];
/// ODS code under which Spine answers (published examples).
const SPINE_ODS: &str = "X2601";

/// Cancels an item, or says by the published reason why not.
///
/// # Errors
/// The published refusal of a malformed message.
pub fn cancel(
    ctx: &Context<'_>,
    session: &Session,
    text: &str,
    bundle: &Bundle<'_>,
) -> Result<Decision, Refused> {
    let asked = asked(bundle)?;
    if !session.may_act_for(asked.sender) {
        return Err(refusal::forbidden());
    }
    let Asked { id, item_id, .. } = &asked;
    let key = idempotency_key("cancel", asked.sender, bundle.message_id(), &format!("{id}|{item_id}"));
    if let Some(answer) = answered(ctx, &key)? {
        return Ok(Decision::read(answer, id));
    }
    let Some((mut header, version)) = load(ctx, id)? else {
        return Ok(Decision::read(*refusal::cancellation(CancelReason::NotFound), id));
    };
    if !session.may_act_for(&header.prescriber) {
        return Ok(Decision::read(*refusal::forbidden(), id));
    }
    if header.patient != asked.patient {
        return Ok(Decision::read(*refusal::cancellation(CancelReason::Mismatch), id));
    }
    let Some(line) = header.item_mut(item_id).map(|i| i.line) else {
        return Ok(Decision::read(*refusal::cancellation(CancelReason::NotFound), id));
    };
    let (request, _): (Value, _) = parsed(text)?;
    let decided = decide(&mut header, line, &asked);
    let mut txn = Txn { checks: vec![unchanged(id, version)], ..Txn::default() };
    let (status, reason, writes) = match decided {
        Decided::Cancelled => {
            cancel_items(ctx, id, &mut header, &[(item_id.to_string(), asked.reason.to_owned())], &mut txn)?;
            (200, CancelReason::Cancelled, true)
        }
        Decided::Marked(reason) => (400, reason, true),
        Decided::Refused(reason) => (400, reason, false),
    };
    let answer = fhir::resource(status, &response(ctx, &request, &header, reason));
    if !writes {
        return Ok(Decision::read(answer, id));
    }
    txn.puts.push(Put { table: Table::Prescriptions, key: header_key(id), value: header.to_row() });
    txn.idempotency = remember(key, &answer);
    Ok(Decision::write(answer, txn, id))
}

/// What a cancellation asks for.
pub struct Asked<'b> {
    /// ODS code of the prescriber.
    sender: &'b str,
    /// Who asks: the organisation and the person's identifier.
    prescriber: String,
    /// Short id of the prescription.
    id: String,
    patient: String,
    item_id: &'b str,
    /// Code of the published reason.
    reason: &'b str,
}

/// Reads a cancellation.
///
/// # Errors
/// The published refusal of what is missing or wrong.
pub fn asked<'b>(bundle: &'b Bundle<'_>) -> Result<Asked<'b>, Refused> {
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
    let reasons = item.status_reason.iter().flat_map(|r| r.coding.iter());
    let Some(reason) = reasons.map(|c| &*c.code).find(|c| !c.is_empty()) else {
        return Err(refusal::value("Expected MedicationRequest to have a value for statusReason."));
    };
    let id = check::prescription_id(&items)?;
    let patient = check::patient_number(bundle)?;
    let sender = check::sender(bundle)?;
    let item_id = item.identifier_of(ITEM_NUMBER);
    if !is_uuid(item_id) || REASONS.iter().all(|(code, _)| *code != reason) {
        return Err(refusal::cancellation(CancelReason::InvalidMessage));
    }
    let person = bundle.all("Practitioner").find_map(|p| p.identifier.first()).map_or("", |i| &i.value);
    Ok(Asked { sender, prescriber: format!("{sender}|{person}"), id, patient, item_id, reason })
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
fn decide(header: &mut Header, line: Line, asked: &Asked<'_>) -> Decided {
    let reason = match next(header.state, Event::Cancel) {
        Ok(_) if line == Line::Cancelled => return Decided::Refused(CancelReason::AlreadyCancelled),
        Ok(_) => return Decided::Cancelled,
        Err(Refusal::NotCancelled(reason)) => reason,
        Err(_) => return Decided::Refused(CancelReason::NotFound),
    };
    if !matches!(reason, CancelReason::WithDispenser | CancelReason::WithDispenserActive) {
        return Decided::Refused(reason);
    }
    if header.cancel_asked_by.as_ref().is_some_and(|by| *by != asked.prescriber) {
        return Decided::Refused(CancelReason::AnotherPrescriber);
    }
    if header.cancel_on_return.iter().any(|(item, _)| item.eq_ignore_ascii_case(asked.item_id)) {
        return Decided::Refused(reason);
    }
    header.cancel_asked_by = Some(asked.prescriber.clone());
    header.cancel_on_return.push((asked.item_id.to_owned(), asked.reason.to_owned()));
    Decided::Marked(reason)
}

/// Cancels these items (each with the code of its reason) in header and stored message, and the prescription with its last
/// open item, which then leaves the queue. The caller writes the header.
///
/// # Errors
/// 500 when the store cannot read.
pub fn cancel_items(
    ctx: &Context<'_>,
    id: &str,
    header: &mut Header,
    items: &[(String, String)],
    txn: &mut Txn,
) -> Result<(), Refused> {
    for (item_id, _) in items {
        if let Some(item) = header.item_mut(item_id) {
            item.line = Line::Cancelled;
        }
    }
    if header.items.iter().all(|i| i.line == Line::Cancelled) {
        if let Ok(state) = next(header.state, Event::Cancel) {
            header.state = state;
        }
        if let Some(ods) = &header.nominated {
            txn.dels.push(Delete { table: Table::PharmacyQueue, key: queue_key(ods, id) });
        }
    }
    let stored = ctx.view.get(Table::Prescriptions, &message_key(id)).map_err(store_failed)?;
    if let Some(value) = stored.and_then(|row| amended(&row.value, items, ctx)) {
        txn.puts.push(Put { table: Table::Prescriptions, key: message_key(id), value });
    }
    Ok(())
}

fn is_item(resource: &Value, item_id: &str) -> bool {
    let is = |i: &Value| {
        i["system"] == ITEM_NUMBER && i["value"].as_str().is_some_and(|v| v.eq_ignore_ascii_case(item_id))
    };
    resource["resourceType"] == "MedicationRequest"
        && resource["identifier"].as_array().is_some_and(|a| a.iter().any(is))
}

/// The stored order message with the items marked as cancelled, for the reasons given.
fn amended(stored: &[u8], items: &[(String, String)], ctx: &Context<'_>) -> Option<Bytes> {
    let mut message: Value = serde_json::from_slice(stored).ok()?;
    let entries = message["entry"].as_array_mut()?;
    for (item_id, reason) in items {
        let item = entries.iter_mut().map(|e| &mut e["resource"]).find(|r| is_item(r, item_id))?;
        item["status"] = "cancelled".into();
        let display = REASONS.iter().find(|(code, _)| code == reason).map_or("", |(_, display)| display);
        let coding = json!({"system": STATUS_REASON, "code": reason, "display": display});
        item["statusReason"] = json!({"coding": [coding]});
        add_history(item, CancelReason::Cancelled, &fhir_time(ctx));
        status::tell(item, Line::Cancelled);
    }
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
