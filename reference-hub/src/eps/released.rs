//! The published answer to a release: what is handed out as order messages in a searchset, and beside it what cannot be,
//! each with the reason.
//!
//! Called by [`super::release`]. A function of what was given and of the stored orders, so that a repeated request gets the
//! same answer. Stored bytes are copied in whole, never parsed, save for the few of which more is to be said.

use super::line::Line;
use super::record::message_key;
use super::refusal::{self, Refused};
use super::release::{Failed, Gift, Given, Issue};
use super::state::Refusal;
use super::wire::RFC_4122;
use super::{issue, status, store_failed};
use crate::domain::Context;
use crate::fhir;
use crate::message::Answer;
use bytes::Bytes;
use hub_store::Table;
use serde_json::{Value, json};

/// Extension by which a failure names the prescription that it is about.
const ABOUT: &str = "https://fhir.nhs.uk/StructureDefinition/Extension-Spine-supportingInfo-prescription";

/// Bytes of an entry around its message, and of the answer around its entries.
const ENTRY_BYTES: usize = 160;
const ANSWER_BYTES: usize = 2_048;

/// The answer.
///
/// # Errors
/// 500 when a stored order cannot be read.
pub fn answer(ctx: &Context<'_>, given: &Given) -> Result<Answer, Refused> {
    let mut messages = Vec::with_capacity(given.gifts.len());
    for Gift { id, bundle_id, issue } in &given.gifts {
        let stored = stored(ctx, id)?;
        let message = match issue {
            None => stored,
            Some(which) => of_issue(&stored, which).ok_or_else(broken)?,
        };
        messages.push((bundle_id, message));
    }
    let failed = failed(ctx, given)?;
    let room: usize = messages.iter().map(|(_, m)| m.len() + ENTRY_BYTES).sum();
    let mut out = Vec::with_capacity(room + failed.len() + ANSWER_BYTES);
    let Given { id, failed_id, at, .. } = given;
    let bundle = |id: &str, total: usize| {
        format!(
            r#"{{"resourceType":"Bundle","id":"{id}","meta":{{"lastUpdated":"{at}"}},"identifier":{{"system":"{RFC_4122}","value":"{id}"}},"type":"searchset","link":[{{"relation":"self","url":"Task/$release"}}],"total":{total}"#
        )
    };
    let passed = bundle(id, messages.len());
    let head = format!(
        r#"{{"resourceType":"Parameters","id":"{id}","parameter":[{{"name":"passedPrescriptions","resource":{passed},"entry":["#
    );
    out.extend_from_slice(head.as_bytes());
    for (i, (bundle_id, message)) in messages.iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        // A bundle id is a UUID that prescribe checked, so it needs no escapes.
        let entry = format!(r#"{{"fullUrl":"urn:uuid:{bundle_id}","search":{{"mode":"match"}},"resource":"#);
        out.extend_from_slice(entry.as_bytes());
        out.extend_from_slice(message);
        out.push(b'}');
    }
    // Counted are both resources of each failure, as published.
    let refused = bundle(failed_id, 2 * given.failed.len());
    let tail = format!(r#"]}}}},{{"name":"failedPrescriptions","resource":{refused}{failed}}}}}]}}"#);
    out.extend_from_slice(tail.as_bytes());
    Ok(Answer::new(200, fhir::FHIR_JSON, out))
}

/// The entries of what could not be given: a reason and the order that it is about, one after the other and not wrapped,
/// as published. Nothing at all when there is none.
fn failed(ctx: &Context<'_>, given: &Given) -> Result<String, Refused> {
    let mut entries = Vec::with_capacity(2 * given.failed.len());
    for Failed { id, message_id } in &given.failed {
        entries.push(json!({
            "resourceType": "OperationOutcome",
            "meta": {"lastUpdated": given.at},
            "extension": [{
                "url": ABOUT,
                "valueReference": {"identifier": {"system": RFC_4122, "value": message_id}},
            }],
            "issue": refusal::issues(&refusal::transition(Refusal::Expired)),
        }));
        let mut message: Value = serde_json::from_slice(&stored(ctx, id)?).map_err(|_| broken())?;
        for item in items(&mut message).filter(|item| item["status"] != "cancelled") {
            status::tell(item, Line::Expired);
        }
        entries.push(message);
    }
    Ok(if entries.is_empty() { String::new() } else { format!(r#","entry":{}"#, Value::from(entries)) })
}

fn broken() -> Refused {
    Box::new(fhir::internal_error())
}

fn stored(ctx: &Context<'_>, id: &str) -> Result<Bytes, Refused> {
    let row = ctx.view.get(Table::Prescriptions, &message_key(id)).map_err(store_failed)?;
    row.map(|row| row.value).ok_or_else(broken)
}

fn items(message: &mut Value) -> impl Iterator<Item = &mut Value> {
    let entries = message["entry"].as_array_mut().into_iter().flatten();
    entries.map(|e| &mut e["resource"]).filter(|r| r["resourceType"] == "MedicationRequest")
}

/// The order message as one of its issues: each item is a reflex order based on the one that was prescribed.
fn of_issue(stored: &[u8], which: &Issue) -> Option<Bytes> {
    let mut message: Value = serde_json::from_slice(stored).ok()?;
    for item in items(&mut message) {
        item["intent"] = "reflex-order".into();
        item["basedOn"] = json!([{
            "extension": [{
                "url": issue::REPEAT,
                "extension": [
                    {"url": "numberOfRepeatsAllowed", "valueInteger": which.issues.saturating_sub(1)},
                    {"url": "numberOfRepeatsIssued", "valueInteger": which.issue.saturating_sub(1)},
                ],
            }],
            "identifier": item["identifier"][0],
        }]);
        if let Some(date) = &which.last_dispensed {
            status::tell_last_dispensed(item, date);
        }
    }
    Some(Bytes::from(message.to_string()))
}
