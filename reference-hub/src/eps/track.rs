//! eps-track: where a prescription is, as a searchset of Tasks, one for each issue up to the current one.
//!
//! Called by [`super::with_session`]. Reads only; shows a prescription to its prescriber, to the dispenser it is nominated
//! to, and to the one who holds it.

use super::record::{Header, past_key};
use super::refusal::{self, Refused};
use super::state::State;
use super::wire::{ITEM_NUMBER, NHS_NUMBER, ODS_CODE, RFC_4122};
use super::{check, fhir_time, issue, load, status as item_status, store_failed};
use crate::auth::Session;
use crate::domain::{Context, Decision};
use crate::fhir;
use crate::message::Request;
use hub_store::Table;
use serde_json::{Value, json};

/// Name space of short prescription ids.
const ORDER_NUMBER: &str = "https://fhir.nhs.uk/Id/prescription-order-number";
const BUSINESS_STATUS: &str = "https://fhir.nhs.uk/CodeSystem/EPS-task-business-status";

/// Answers with the prescription's Tasks.
///
/// # Errors
/// 400 without the parameter or with a malformed id, 403 to a stranger, 404 when there is no such prescription.
pub fn track(ctx: &Context<'_>, session: &Session, request: &Request) -> Result<Decision, Refused> {
    let Some(asked) = request.query("focus:identifier").or_else(|| request.query("identifier")) else {
        return Err(refusal::invalid("Query parameter must be one of: identifier, focus:identifier."));
    };
    // `system|value`, as FHIR writes a token, or the value alone.
    let id = asked.rsplit('|').next().unwrap_or_default().to_ascii_uppercase();
    let id = check::checked_id(id)?;
    let Some((current, _)) = load(ctx, &id)? else {
        return Ok(Decision::read(*refusal::not_tracked(), id));
    };
    let may_see = [Some(&current.prescriber), current.nominated.as_ref(), current.holder.as_ref()];
    if !may_see.into_iter().flatten().any(|ods| session.may_act_for(ods)) {
        return Ok(Decision::read(*refusal::forbidden(), id));
    }
    let mut entries = Vec::new();
    for n in 1..current.issue {
        let row = ctx.view.get(Table::Prescriptions, &past_key(&id, n)).map_err(store_failed)?;
        if let Some(mut past) = row.and_then(|row| Header::from_row(&row.value)) {
            past.age(ctx.now_ms);
            entries.push(entry(ctx, &id, &past));
        }
    }
    entries.push(entry(ctx, &id, &current));
    let bundle_id = ctx.ids.uuid();
    let body = json!({
        "resourceType": "Bundle",
        "id": bundle_id,
        "meta": {"lastUpdated": fhir_time(ctx)},
        "identifier": {"system": RFC_4122, "value": bundle_id},
        "type": "searchset",
        "total": entries.len(),
        "entry": entries,
    });
    Ok(Decision::read(fhir::resource(200, &body), id))
}

fn entry(ctx: &Context<'_>, id: &str, header: &Header) -> Value {
    let task_id = ctx.ids.uuid();
    json!({
        "fullUrl": format!("urn:uuid:{task_id}"),
        "resource": task(&task_id, id, header),
        "search": {"mode": "match"},
    })
}

/// One issue as a Task.
fn task(task_id: &str, id: &str, header: &Header) -> Value {
    let therapy = if header.therapy.is_empty() { "acute" } else { &header.therapy };
    let mut extensions = vec![json!({
        "url": "https://fhir.nhs.uk/StructureDefinition/Extension-EPS-Prescription",
        "extension": [{
            "url": "courseOfTherapyType",
            "valueCoding": {
                "system": "https://fhir.nhs.uk/CodeSystem/medicationrequest-course-of-therapy",
                "code": therapy,
            },
        }],
    })];
    if header.issues > 1 {
        extensions.push(json!({
            "url": issue::REPEAT,
            "extension": [
                {"url": "numberOfRepeatsAllowed", "valueUnsignedInt": header.issues - 1},
                {"url": "numberOfRepeatsIssued", "valueUnsignedInt": header.issue - 1},
            ],
        }));
    }
    let mut task = json!({
        "resourceType": "Task",
        "id": task_id,
        "extension": extensions,
        "identifier": [{"system": RFC_4122, "value": header.message_id}],
        "status": status(header.state),
        "businessStatus": {"coding": [coding(BUSINESS_STATUS, header.state.code(), header.state.display())]},
        "intent": "order",
        "code": {"coding": [coding(
            "https://fhir.nhs.uk/CodeSystem/message-event", "prescription-order", "Prescription Order",
        )]},
        "groupIdentifier": {"system": ORDER_NUMBER, "value": id},
        "focus": {"identifier": {"system": ORDER_NUMBER, "value": id}},
        "for": {"identifier": {"system": NHS_NUMBER, "value": header.patient}},
        "authoredOn": time(header.ordered_ms),
        "requester": {"identifier": {"system": ODS_CODE, "value": header.prescriber}},
        "input": items(header),
    });
    if let Some(ods) = header.holder.as_ref().or(header.nominated.as_ref()) {
        task["owner"] = json!({"identifier": {"system": ODS_CODE, "value": ods}});
        if let Some(name) = &header.holder_name {
            task["owner"]["display"] = name.as_str().into();
        }
    }
    let released = header.release_id.iter().map(|id| output(id, "Release of the prescription"));
    let told = header.before.iter().map(|b| output(&b.message_id, "Dispensing medication"));
    let outputs: Vec<Value> = released.chain(told).collect();
    if !outputs.is_empty() {
        task["output"] = outputs.into();
    }
    task
}

/// Each item with its own status.
fn items(header: &Header) -> Vec<Value> {
    let item = |item: &super::Item| {
        let mut parts = vec![json!({
            "url": "dispenseStatus",
            "valueCoding": coding(
                item_status::DISPENSE_TYPE, item.line.code(), item.line.display(),
            ),
        })];
        if let Some(at) = header.dispensed_ms {
            parts.push(json!({"url": "dateLastDispensed", "valueDateTime": time(at)}));
        }
        json!({
            "extension": [{
                "url": item_status::INFORMATION,
                "extension": parts,
            }],
            "type": {"coding": [coding("http://snomed.info/sct", "16076005", "Prescription")]},
            "valueReference": {"identifier": {"system": ITEM_NUMBER, "value": item.id}},
        })
    };
    header.items.iter().map(item).collect()
}

/// A message that concerns the prescription.
fn output(message_id: &str, what: &str) -> Value {
    json!({
        "type": {
            "coding": [coding("http://snomed.info/sct", "373784005", "Dispensing medication")],
            "text": what,
        },
        "valueReference": {"identifier": {"system": RFC_4122, "value": message_id}},
    })
}

fn coding(system: &str, code: &str, display: &str) -> Value {
    json!({"system": system, "code": code, "display": display})
}

/// Milliseconds since the Unix epoch as FHIR writes a time.
fn time(ms: u64) -> String {
    let at = jiff::Timestamp::from_millisecond(i64::try_from(ms).unwrap_or(i64::MAX));
    at.unwrap_or(jiff::Timestamp::MAX).strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string()
}

/// FHIR's own word for a status.
fn status(state: State) -> &'static str {
    match state {
        State::AwaitingReleaseReady | State::ToBeDispensed => "requested",
        State::RepeatFuture | State::Future => "on-hold",
        State::WithDispenser | State::WithDispenserActive => "in-progress",
        State::Cancelled | State::CancelledFuture => "cancelled",
        State::Expired | State::NotDispensed => "failed",
        State::Dispensed | State::Claimed | State::NoClaimed => "completed",
    }
}
