//! What the hub keeps of a patient's summaries, and under which keys.
//!
//! Called by the SCR handlers and the seed. Bytes and types only, besides the two look-ups that all handlers share.

use super::refusal::{self, Refused};
use crate::domain::Context;
use crate::eps::compact::member;
use bytes::Bytes;
use hub_store::Table;
use population::NhsNumber;
use serde::{Deserialize, Serialize};

/// A patient's latest summary: the row under the bare NHS number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Latest {
    /// Composition id, upper case.
    pub id: String,
    /// Value of the bundle's identifier.
    pub document_id: String,
    /// The bundle's timestamp as sent.
    pub timestamp: String,
    /// Where the bundle's `entry` array begins in the stored bytes.
    pub entries_from: usize,
    /// Where it ends.
    pub entries_to: usize,
    /// How many entries it has.
    pub entries: usize,
}

impl Latest {
    /// The row for a compact document whose ids and number of entries are known; `None` when it has no `entry`.
    pub fn of(
        document: &[u8],
        id: &str,
        document_id: &str,
        timestamp: &str,
        entries: usize,
    ) -> Option<Latest> {
        let span = member(document, "entry")?;
        Some(Latest {
            id: id.to_ascii_uppercase(),
            document_id: document_id.to_owned(),
            timestamp: timestamp.to_owned(),
            entries_from: span.start,
            entries_to: span.end,
            entries,
        })
    }

    /// The row's value.
    pub fn to_row(&self) -> Bytes {
        Bytes::from(serde_json::to_vec(self).unwrap_or_default()) // strings and numbers always serialise
    }
}

/// Key of the row that names a patient's latest summary.
pub fn latest_key(patient: NhsNumber) -> Bytes {
    Bytes::from(patient.to_string())
}

/// Key of a summary.
pub fn document_key(patient: NhsNumber, composition_id: &str) -> Bytes {
    Bytes::from(format!("{patient}|{}", composition_id.to_ascii_uppercase()))
}

/// Key in SummaryEvents of a patient's permission to share.
pub fn permission_key(patient: NhsNumber) -> Bytes {
    Bytes::from(format!("{patient}|permission"))
}

/// A patient's latest summary with its row version.
///
/// # Errors
/// 500 when the store cannot read or the row is damaged.
pub fn latest(ctx: &Context<'_>, patient: NhsNumber) -> Result<Option<(Latest, u64)>, Refused> {
    let row = ctx.view.get(Table::Summaries, &latest_key(patient)).map_err(|_| refusal::internal())?;
    let Some(row) = row else { return Ok(None) };
    let latest = serde_json::from_slice(&row.value).map_err(|_| refusal::internal())?;
    Ok(Some((latest, row.version)))
}

/// The patient's permission to share, as published: `Yes`, `No` (opted out) or `Ask`, which it is until set otherwise.
///
/// # Errors
/// 500 when the store cannot read.
pub fn permission(ctx: &Context<'_>, patient: NhsNumber) -> Result<&'static str, Refused> {
    let row =
        ctx.view.get(Table::SummaryEvents, &permission_key(patient)).map_err(|_| refusal::internal())?;
    Ok(match row.as_ref().map(|r| &r.value[..]) {
        Some(b"Yes") => "Yes",
        Some(b"No") => "No",
        _ => "Ask",
    })
}
