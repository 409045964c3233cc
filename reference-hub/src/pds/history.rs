//! What a record said before: names, postcodes and contact points that updates replaced, for searches of history.
//!
//! Kept beside the index as one row a patient, `H|nhs` -> compact JSON of the shape of a Patient, and found through the
//! index rows `HF|` and `HS|`. Called by update (to write), trace and create (to read). Never shown to a caller.

use super::json::Json;
use super::refuse::Refusal;
use super::tree::{Tree, items, text};
use crate::domain::Context;
use crate::fhir;
use bytes::Bytes;
use hub_store::Table;

/// Former values kept of each kind, the latest. 20: more than a lifetime of names and moves.
const KEPT_MAX: usize = 20;

/// Where a patient's history stands.
pub(super) fn key(nhs_number: &str) -> Vec<u8> {
    ["H|", nhs_number].concat().into_bytes()
}

/// The row of a patient's history; empty when there is none.
///
/// # Errors
/// The 500 answer when the store cannot read.
pub(super) fn row(ctx: &Context<'_>, nhs_number: &str) -> Result<Bytes, Refusal> {
    let row = ctx.view.get(Table::PatientIndex, &key(nhs_number));
    let row = row.map_err(|_| Box::new(fhir::internal_error()))?;
    Ok(row.map_or_else(Bytes::new, |row| row.value))
}

/// The history in a row; `Null` when there is none.
pub(super) fn read(row: &[u8]) -> Json<'_> {
    if row.is_empty() { Json::Null } else { Json::read(row).unwrap_or_default() }
}

/// The history after an update: what was there before, and what `before` says that `after` does not.
pub(super) fn grown<'a>(history: &Json<'a>, before: &Json<'a>, after: &Json<'a>) -> Json<'a> {
    let mut grown = Vec::new();
    for element in ["address", "name", "telecom"] {
        let now: Vec<Json<'_>> = items(after, element).iter().filter_map(|i| essence(element, i)).collect();
        let mut kept: Vec<Json<'_>> = items(history, element).to_vec();
        for gone in items(before, element).iter().filter_map(|i| essence(element, i)) {
            if !now.contains(&gone) && !kept.contains(&gone) {
                kept.push(gone);
            }
        }
        kept.drain(..kept.len().saturating_sub(KEPT_MAX));
        if !kept.is_empty() {
            grown.push((element.into(), Json::List(kept)));
        }
    }
    if grown.is_empty() { Json::Null } else { Json::Object(grown) }
}

/// What a search looks at of an item; `None` when that is nothing.
fn essence<'a>(element: &str, item: &Json<'a>) -> Option<Json<'a>> {
    let (needed, kept): (_, &[&'static str]) = match element {
        "name" => ("/family", &["family", "given"]),
        "address" => ("/postalCode", &["postalCode"]),
        _ => ("/value", &["system", "value"]),
    };
    let member = |key: &&'static str| ((*key).into(), item.get(key).cloned().unwrap_or_default());
    (!text(item, needed).is_empty()).then(|| Json::Object(kept.iter().map(member).collect()))
}
