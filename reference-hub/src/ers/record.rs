//! Rows of referrals: `ubrn` -> [`Referral`], and behind them the worklist index `~w|ODS|ubrn` -> empty, one for each of
//! the two organisations. Called by every file of this folder and by the hub's seed.

use crate::seed::{SeedRow, SeedRows};
use hub_store::{StoreError, Table, View};
use population::{Population, is_ubrn};
use serde::{Deserialize, Serialize};

/// A referral.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Referral {
    /// Unique booking reference number.
    pub ubrn: String,
    /// Who is referred.
    pub nhs_number: String,
    /// ODS code of the organisation that refers.
    pub referrer_ods: String,
    /// Its name.
    pub referrer_name: String,
    /// ODS code of the organisation that receives.
    pub provider_ods: String,
    /// Its name.
    pub provider_name: String,
    /// User id of the referring clinician.
    pub clinician_id: String,
    /// Version of the resource, from 1.
    pub version: u32,
    /// A number that chooses specialty, priority and dates.
    pub choice: u64,
}

impl Referral {
    /// True when `may_act_for` holds for one of the two organisations.
    pub(super) fn is_party(&self, may_act_for: impl Fn(&str) -> bool) -> bool {
        may_act_for(&self.referrer_ods) || may_act_for(&self.provider_ods)
    }
}

/// The referral, or `None`.
///
/// # Errors
/// The engine's; also when the row is damaged.
pub(super) fn referral(view: &dyn View, ubrn: &str) -> Result<Option<Referral>, StoreError> {
    if !is_ubrn(ubrn) {
        return Ok(None);
    }
    let row = view.get(Table::Referrals, ubrn.as_bytes())?;
    let parse = |row: hub_store::Versioned| {
        serde_json::from_slice(&row.value)
            .map_err(|e| StoreError(format!("referrals: a row cannot be read: {e}")))
    };
    row.map(parse).transpose()
}

/// Referrals to which an organisation is a party, at most `most`.
///
/// # Errors
/// The engine's; also when a row is damaged.
pub(super) fn of_organisation(view: &dyn View, ods: &str, most: usize) -> Result<Vec<Referral>, StoreError> {
    let (from, to) = (format!("~w|{ods}|"), format!("~w|{ods}}}"));
    let rows = view.scan(Table::Referrals, from.as_bytes(), to.as_bytes(), most)?;
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        let ubrn = row.key.rsplit(|&b| b == b'|').next().and_then(|u| std::str::from_utf8(u).ok());
        found.extend(referral(view, ubrn.unwrap_or(""))?);
    }
    Ok(found)
}

/// Rows of `Table::Referrals`, ascending.
pub fn seed_rows(population: &Population) -> SeedRows<'_> {
    let mut places: Vec<(Vec<u8>, Option<u32>)> = Vec::new();
    for i in 0..population.sizes().organisations {
        let referral = population.referral(i);
        for ods in [&referral.referrer_ods, &referral.provider_ods] {
            places.push((format!("~w|{ods}|{}", referral.ubrn).into_bytes(), None));
        }
        places.push((referral.ubrn.into_bytes(), Some(i)));
    }
    places.sort_unstable();
    let row = |(key, index): (Vec<u8>, Option<u32>)| -> SeedRow {
        let value = index.map(|i| {
            let it = population.referral(i);
            let referral = Referral {
                ubrn: it.ubrn,
                nhs_number: population.nhs_number(it.patient_index).to_string(),
                referrer_ods: it.referrer_ods,
                referrer_name: it.referrer_name,
                provider_ods: it.provider_ods,
                provider_name: it.provider_name,
                clinician_id: it.clinician_id,
                version: 1 + (it.choice >> 32) as u32 % 8,
                choice: it.choice,
            };
            serde_json::to_vec(&referral).unwrap_or_default() // strings and numbers always serialise
        });
        (Table::Referrals, key, value.unwrap_or_default())
    };
    Box::new(places.into_iter().map(row))
}

/// The referrals of the open sandbox, under published sandbox references: of the published sandbox patient.
pub fn sandbox_rows() -> Vec<SeedRow> {
    let rows = (70_000..70_004_u64).map(|n| {
        let referral = Referral {
            ubrn: format!("{n:012}"),
            nhs_number: "9000000009".to_owned(),
            referrer_ods: "A20047".to_owned(),
            referrer_name: "SANDBOX SURGERY".to_owned(),
            provider_ods: "R69".to_owned(),
            provider_name: "SANDBOX HOSPITAL".to_owned(),
            clinician_id: "555254240100".to_owned(),
            version: 5,
            choice: n * 257, // another state for each: bits 8 and up count with n
        };
        let row = serde_json::to_vec(&referral).unwrap_or_default(); // strings and numbers always serialise
        (Table::Referrals, referral.ubrn.into_bytes(), row)
    });
    rows.collect()
}
