//! The parameters of a directory look-up: `organization`, `identifier` (service interaction, party key) and, for
//! devices, `manufacturing-organization`; each value preceded by its FHIR identifier system, as published.
//!
//! Called by `super`. Decides which range of the directory is read.

use super::refusal;
use super::seed::{System, range_of_ods, range_of_party};
use crate::message::Answer;

const ODS: &str = "https://fhir.nhs.uk/Id/ods-organization-code";
const INTERACTION: &str = "https://fhir.nhs.uk/Id/nhsServiceInteractionId";
const PARTY_KEY: &str = "https://fhir.nhs.uk/Id/nhsMhsPartyKey";

/// A checked look-up: at least an organisation, or a party key with an interaction.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Query {
    ods: Option<String>,
    party_key: Option<String>,
    manufacturer: Option<String>,
    /// The interaction looked for; `None` means all.
    pub interaction: Option<String>,
}

/// Reads and checks the parameters.
///
/// # Errors
/// The published 400.
pub(super) fn parse(pairs: &[(String, String)], is_device: bool) -> Result<Query, Box<Answer>> {
    let mut query = Query::default();
    for (name, value) in pairs {
        let (system, code) = value.split_once('|').unwrap_or((value, ""));
        let place = match (name.as_str(), system) {
            ("organization", ODS) => &mut query.ods,
            ("identifier", INTERACTION) => &mut query.interaction,
            ("identifier", PARTY_KEY) => &mut query.party_key,
            ("manufacturing-organization", ODS) if is_device => &mut query.manufacturer,
            ("organization" | "identifier", _) => {
                return Err(bad(&format!("Invalid value of parameter '{name}'")));
            }
            ("manufacturing-organization", _) if is_device => {
                return Err(bad("Invalid value of parameter 'manufacturing-organization'"));
            }
            _ => return Err(bad("Unrecognised query parameter")),
        };
        if code.is_empty() || place.is_some() {
            return Err(bad(&format!("Parameter '{name}' is empty or stands twice")));
        }
        *place = Some(code.to_owned());
    }
    let (ods, party, interaction) =
        (query.ods.is_some(), query.party_key.is_some(), query.interaction.is_some());
    let enough = if is_device {
        ods && interaction
    } else {
        [ods, party, interaction].iter().filter(|p| **p).count() >= 2
    };
    if enough {
        return Ok(query);
    }
    Err(bad(if is_device {
        "A look-up needs organization and identifier (nhsServiceInteractionId)"
    } else {
        "A look-up needs two of organization, nhsServiceInteractionId and nhsMhsPartyKey"
    }))
}

fn bad(why: &str) -> Box<Answer> {
    let why = format!("Missing or invalid query parameters. {why}");
    refusal(400, "required", "BAD_REQUEST", &why)
}

impl Query {
    /// The range of directory keys that holds every match.
    pub(super) fn range(&self) -> (Vec<u8>, Vec<u8>) {
        match (&self.party_key, &self.ods) {
            (Some(party_key), _) => range_of_party(party_key), // the narrower of the two
            (None, ods) => range_of_ods(ods.as_deref().unwrap_or("")),
        }
    }

    /// True when the system is one that was looked for.
    pub(super) fn selects(&self, system: &System) -> bool {
        let same =
            |wanted: &Option<String>, got: &str| wanted.as_ref().is_none_or(|w| w.eq_ignore_ascii_case(got));
        same(&self.ods, &system.ods)
            && same(&self.party_key, &system.party_key)
            && same(&self.manufacturer, &system.manufacturer)
            && self.interaction.as_ref().is_none_or(|i| system.interactions.contains(i))
    }

    /// What the audit event names: the organisation, else the party key.
    pub(super) fn subject(&self) -> String {
        self.ods.clone().or_else(|| self.party_key.clone()).unwrap_or_default()
    }
}
