//! From an NHS number to the record it stands for, through the numbers that superseded it.
//!
//! Called by every operation that names a patient, and by the search for rows it finds. A superseded number's row is
//! not a Patient but `{"became":"NHS number","was":{…}}`: the number that took its place, and what is kept of the old
//! record (may be empty). Records as such never begin with `became`, so telling the two apart reads ten bytes.

use super::json::Json;
use super::record::{self, Head, Security};
use super::refuse::{self, Refusal};
use super::tree::Tree;
use crate::domain::Context;
use crate::fhir;
use hub_store::{Table, Versioned};
use serde_json::{Value, json};

/// Numbers that supersede one another before the hub gives up. 8: two in a row are rare; a ring must not hang a request.
const HOPS_MAX: usize = 8;

/// How a superseded number's row begins.
const MARK: &[u8] = br#"{"became":""#;

/// A record that may be shown.
pub(super) struct Found {
    /// The number it stands under, which may differ from the one asked for.
    pub nhs_number: String,
    /// The row.
    pub row: Versioned,
    /// Its version and security; never redacted.
    pub head: Head,
}

/// A superseded number's row.
pub(super) fn superseded_row(became: &str, was: &Value) -> Vec<u8> {
    json!({"became": became, "was": was}).to_string().into_bytes()
}

/// The number that superseded the one of this row, and what is kept of the old record; `None` for a record.
pub(super) fn superseded(row: &[u8]) -> Option<(String, Json<'_>)> {
    if !row.starts_with(MARK) {
        return None;
    }
    let row = Json::read(row).ok()?;
    let became = row.get("became")?.as_str()?.to_owned();
    Some((became, row.get("was").cloned().unwrap_or_default()))
}

/// The record under `id`, or the one that superseded it.
///
/// # Errors
/// The published INVALID_RESOURCE_ID, RESOURCE_NOT_FOUND and INVALIDATED_RESOURCE.
pub(super) fn find(ctx: &Context<'_>, id: &str) -> Result<Found, Refusal> {
    let broken = || Box::new(fhir::internal_error());
    let mut nhs_number = std::str::from_utf8(super::patient_key(id)?).unwrap_or(id).to_owned();
    for hop in 0..HOPS_MAX {
        let row = ctx.view.get(Table::Patients, nhs_number.as_bytes()).map_err(|_| broken())?;
        let row = match row {
            Some(row) => row,
            None if hop == 0 => return Err(refuse::not_found()),
            None => return Err(refuse::invalidated()), // what took its place is gone
        };
        match superseded(&row.value) {
            Some((became, _)) => nhs_number = became,
            None => {
                let head = record::head(&row.value).ok_or_else(broken)?;
                return match head.security {
                    Security::Redacted => Err(refuse::invalidated()),
                    _ => Ok(Found { nhs_number, row, head }),
                };
            }
        }
    }
    Err(refuse::invalidated())
}
