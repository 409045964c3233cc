//! What the hub keeps of a patient's summaries, consent and alerts, and under which keys.
//!
//! Called by the SCR handlers and the seed. Bytes and types only, besides the look-ups that all handlers share.

use super::refusal::{self, Refused};
use crate::domain::Context;
use crate::eps::compact::member;
use bytes::Bytes;
use hub_store::{Expect, Table};
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

/// Key in Permissions of a patient's consent.
pub fn consent_key(patient: NhsNumber) -> Bytes {
    Bytes::from(patient.to_string())
}

/// Key in SummaryEvents of a new event: the patient, the time in 14 digits so that events stand in order, a fresh id.
pub fn event_key(ctx: &Context<'_>, patient: NhsNumber) -> Bytes {
    Bytes::from(format!("{patient}|{:014}|{}", ctx.now_ms, ctx.ids.uuid()))
}

/// A permission as published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Permission {
    /// The summary may be viewed. A legacy code, to be treated as [`Permission::Ask`].
    Yes,
    /// The patient has opted out.
    No,
    /// The patient is to be asked.
    Ask,
}

impl Permission {
    /// The published code.
    pub fn code(self) -> &'static str {
        match self {
            Permission::Yes => "Yes",
            Permission::No => "No",
            Permission::Ask => "Ask",
        }
    }

    /// The permission of that code.
    pub fn of_code(code: &str) -> Option<Permission> {
        [Permission::Yes, Permission::No, Permission::Ask].into_iter().find(|p| p.code() == code)
    }
}

/// What a patient consents to: the row of [`Table::Permissions`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// Who may view the summary.
    pub permission: Permission,
    /// The patient consents to have a summary at all. Nothing in the published interface takes it away; a seed may.
    pub stores: bool,
}

impl Consent {
    /// A patient's consent and the version to expect of its row; to be asked until something else was set.
    ///
    /// # Errors
    /// 500 when the store cannot read or the row is damaged.
    pub fn of(ctx: &Context<'_>, patient: NhsNumber) -> Result<(Consent, Expect), Refused> {
        let row = ctx.view.get(Table::Permissions, &consent_key(patient)).map_err(|_| refusal::internal())?;
        let Some(row) = row else {
            return Ok((Consent { permission: Permission::Ask, stores: true }, Expect::Absent));
        };
        let consent = serde_json::from_slice(&row.value).map_err(|_| refusal::internal())?;
        Ok((consent, Expect::Version(row.version)))
    }

    /// True when a new summary may be stored.
    pub fn may_store(&self) -> bool {
        self.stores && self.permission != Permission::No
    }

    /// The row's value.
    pub fn to_row(&self) -> Bytes {
        Bytes::from(serde_json::to_vec(self).unwrap_or_default()) // a code and a flag always serialise
    }
}

/// What happened to a patient's summary besides uploads: a row of [`Table::SummaryEvents`], never changed.
#[derive(Debug, Serialize)]
pub struct Event<'a> {
    /// `permission` or `alert`.
    pub kind: &'static str,
    /// When the hub took it, in milliseconds since the Unix epoch.
    pub at_ms: u64,
    /// ODS code of the session's organisation.
    pub ods: &'a str,
    /// The session's user.
    pub user_id: &'a str,
    /// The permission's code, or the alert as received.
    pub content: serde_json::Value,
}

impl Event<'_> {
    /// The row's value.
    pub fn to_row(&self) -> Bytes {
        Bytes::from(serde_json::to_vec(self).unwrap_or_default()) // text, a number and JSON always serialise
    }
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
