//! The directory: one record a system, under two keys, so that both published ways of asking are one short range scan:
//! `O|ODS code|ASID` (organisation and interaction) and `P|party key|ASID` (party key and interaction). A system serves
//! a handful of interactions, which stand in its record; a key for each would make eight rows of every one.
//!
//! Called by the hub's seed; the keys and the record also by `super`. Pure functions of the population.

use crate::seed::{SeedRow, SeedRows};
use hub_store::Table;
use population::{EndPoint, Population};
use serde::{Deserialize, Serialize};

/// A registered system, as `Table::Directory` holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct System {
    /// ODS code of the organisation that runs it.
    pub ods: String,
    /// Accredited system id, 12 digits.
    pub asid: String,
    /// Message handling party key.
    pub party_key: String,
    /// ODS code of its manufacturer.
    pub manufacturer: String,
    /// Interaction ids that it is accredited for.
    pub interactions: Vec<String>,
}

/// ODS codes of the invented manufacturers whose systems the synthetic organisations run.
const MANUFACTURERS: [&str; 5] = ["SBX01", "SBX02", "SBX03", "SBX04", "SBX05"];

impl System {
    fn of(end_point: EndPoint) -> Self {
        System {
            manufacturer: MANUFACTURERS[end_point.index as usize % MANUFACTURERS.len()].to_owned(),
            interactions: end_point.interactions.iter().map(|&i| i.to_owned()).collect(),
            ods: end_point.ods,
            asid: end_point.asid,
            party_key: end_point.party_key,
        }
    }

    /// The record in a row's value, or `None` when it is not one.
    pub(super) fn from_row(value: &[u8]) -> Option<System> {
        serde_json::from_slice(value).ok()
    }

    fn to_row(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default() // strings always serialise
    }
}

/// What the published sandbox knows: the systems of the published examples, under their published identifiers.
pub fn sandbox_rows() -> Vec<SeedRow> {
    // ODS code, ASID, party key, manufacturer, interactions; of the second the published example gives no ASID.
    let published: [(&str, &str, &str, &str, &[&str]); 2] = [
        (
            "A20047",
            "200000000985",
            "A20047-821870",
            "X26",
            &[
                "urn:nhs:names:services:gpconnect:fhir:operation:gpc.getcarerecord",
                "urn:nhs:names:services:gpconnect:fhir:rest:read:location",
                "urn:nhs:names:services:gpconnect:fhir:rest:search:patient",
            ],
        ),
        ("YES", "200000000986", "YES-0000806", "YES", &["urn:nhs:names:services:psis:REPC_IN150016UK05"]),
    ];
    let mut rows: Vec<SeedRow> = Vec::new();
    for (ods, asid, party_key, manufacturer, interactions) in published {
        let system = System {
            ods: ods.to_owned(),
            asid: asid.to_owned(),
            party_key: party_key.to_owned(),
            manufacturer: manufacturer.to_owned(),
            interactions: interactions.iter().map(|&i| i.to_owned()).collect(),
        };
        for key in [format!("O|{ods}|{asid}"), format!("P|{party_key}|{asid}")] {
            rows.push((Table::Directory, key.into_bytes(), system.to_row()));
        }
    }
    rows.sort_unstable();
    rows
}

/// Keys of all systems of an organisation.
pub(super) fn range_of_ods(ods: &str) -> (Vec<u8>, Vec<u8>) {
    range("O|", ods)
}

/// Keys of all systems under a party key.
pub(super) fn range_of_party(party_key: &str) -> (Vec<u8>, Vec<u8>) {
    range("P|", party_key)
}

/// Codes are upper case and hold no `|`; `}` is the character after it.
fn range(kind: &str, code: &str) -> (Vec<u8>, Vec<u8>) {
    let prefix = [kind, &code.to_ascii_uppercase()].concat();
    ([&prefix, "|"].concat().into_bytes(), [&prefix, "}"].concat().into_bytes())
}

/// Rows of `Table::Directory`, ascending by key. Collects keys; records are made one by one.
pub fn directory(population: &Population) -> SeedRows<'_> {
    let mut keys: Vec<(Vec<u8>, u32)> = Vec::with_capacity(population.sizes().endpoints as usize * 2);
    for i in 0..population.sizes().endpoints {
        let EndPoint { ods, asid, party_key, .. } = population.endpoint(i);
        keys.push((["O|", &ods, "|", &asid].concat().into_bytes(), i));
        keys.push((["P|", &party_key, "|", &asid].concat().into_bytes(), i));
    }
    keys.sort_unstable();
    let row = |(key, i)| (Table::Directory, key, System::of(population.endpoint(i)).to_row());
    Box::new(keys.into_iter().map(row))
}
