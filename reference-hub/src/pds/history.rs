//! What a record said before: names, postcodes and contact points that updates replaced, for searches of history.
//!
//! Kept beside the index as one row a patient, `H|nhs` -> compact JSON of the shape of a Patient, and found through the
//! index rows `HF|` and `HS|`. Called by update (to write), trace and create (to read). Never shown to a caller.

use super::record::{items, text};
use super::refuse::Refusal;
use crate::domain::Context;
use crate::fhir;
use hub_store::Table;
use serde_json::{Map, Value, json};

/// Former values kept of each kind, the latest. 20: more than a lifetime of names and moves.
const KEPT_MAX: usize = 20;

/// Where a patient's history stands.
pub(super) fn key(nhs_number: &str) -> Vec<u8> {
    ["H|", nhs_number].concat().into_bytes()
}

/// The history of a patient; `Null` when there is none.
pub(super) fn of(ctx: &Context<'_>, nhs_number: &str) -> Result<Value, Refusal> {
    let row = ctx.view.get(Table::PatientIndex, &key(nhs_number));
    let row = row.map_err(|_| Box::new(fhir::internal_error()))?;
    Ok(row.and_then(|r| serde_json::from_slice(&r.value).ok()).unwrap_or_default())
}

/// The history after an update: what was there before, and what `before` says that `after` does not.
pub(super) fn grown(history: &Value, before: &Value, after: &Value) -> Value {
    let mut grown = Map::new();
    for element in ["address", "name", "telecom"] {
        let now: Vec<Value> = items(after, element).iter().filter_map(|i| essence(element, i)).collect();
        let mut kept: Vec<Value> = items(history, element).to_vec();
        for gone in items(before, element).iter().filter_map(|i| essence(element, i)) {
            if !now.contains(&gone) && !kept.contains(&gone) {
                kept.push(gone);
            }
        }
        kept.drain(..kept.len().saturating_sub(KEPT_MAX));
        if !kept.is_empty() {
            grown.insert(element.to_owned(), kept.into());
        }
    }
    if grown.is_empty() { Value::Null } else { Value::Object(grown) }
}

/// What a search looks at of an item; `None` when that is nothing.
fn essence(element: &str, item: &Value) -> Option<Value> {
    let has = |key: &str| !text(item, &format!("/{key}")).is_empty();
    match element {
        "name" => has("family").then(|| json!({"family": item["family"], "given": item.get("given")})),
        "address" => has("postalCode").then(|| json!({"postalCode": item["postalCode"]})),
        _ => has("value").then(|| json!({"system": item["system"], "value": item["value"]})),
    }
}
