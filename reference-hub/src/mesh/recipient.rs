//! Whom a message is for: the mailbox that Mex-To names, or the mailbox of the practice where a person is registered
//! (`GPPROVIDER_<NHS number>_<ddMMyyyy>_<surname>`, the published automated routing).
//!
//! Called by `outbox::send`. Reads the directory of mailboxes and the people's records.

use super::fault::{self, Fault, Refused};
use super::record::{self, Mailbox};
use hub_store::{Table, View};
use population::NhsNumber;
use serde_json::Value;

/// How an address by person begins.
const BY_PERSON: &str = "GPPROVIDER_";

/// Mailboxes of one practice that are looked at: real ones have a handful.
const MAILBOXES_MAX: usize = 100;

/// The recipient that `to` (upper case) names for this workflow.
///
/// # Errors
/// 417 with the published code: 12 for an unknown mailbox; EPL-152 to EPL-154 when the person cannot be found, EPL-150
/// and EPL-151 when the practice has several mailboxes for this workflow, or none. 500 when the store cannot read.
pub fn find(view: &dyn View, to: &str, workflow: &str) -> Result<Mailbox, Refused> {
    match to.strip_prefix(BY_PERSON) {
        Some(person) => by_person(view, person, workflow),
        None => record::mailbox(view, to)?.ok_or_else(|| Fault::new(417, fault::UNREGISTERED)),
    }
}

fn by_person(view: &dyn View, person: &str, workflow: &str) -> Result<Mailbox, Refused> {
    let refuse = |code| Err(Fault::new(417, code));
    let mut parts = person.splitn(3, '_');
    let (number, born, surname) =
        (parts.next().unwrap_or(""), parts.next().unwrap_or(""), parts.next().unwrap_or(""));
    let Ok(number) = number.parse::<NhsNumber>() else { return refuse(fault::INVALID_NHS_NUMBER) };
    let Some(row) = view.get(Table::Patients, number.to_string().as_bytes())? else {
        return refuse(fault::NHS_NUMBER_NOT_FOUND);
    };
    let patient: Value = serde_json::from_slice(&row.value).map_err(|_| Fault::internal())?;
    if !is_born(&patient, born) || !is_named(&patient, surname) {
        return refuse(fault::NO_DEMOGRAPHICS_MATCH);
    }
    // Where a person with a restricted record is registered must not show.
    let restricted = patient.pointer("/meta/security/0/code").and_then(Value::as_str) != Some("U");
    let practice = patient.pointer("/generalPractitioner/0/identifier/value").and_then(Value::as_str);
    let Some(practice) = practice.filter(|_| !restricted) else { return refuse(fault::NO_MAILBOX) };
    let prefix = record::ods_prefix(&practice.to_ascii_uppercase());
    let rows = view.scan(Table::Mailboxes, prefix.as_bytes(), &record::prefix_end(&prefix), MAILBOXES_MAX)?;
    let mut found = None;
    for row in rows {
        let id = String::from_utf8_lossy(&row.key[prefix.len()..]).into_owned();
        let Some(mailbox) = record::mailbox(view, &id)? else { continue };
        if mailbox.receives.iter().any(|w| w == workflow) && found.replace(mailbox).is_some() {
            return refuse(fault::MANY_MAILBOXES);
        }
    }
    found.ok_or_else(|| Fault::new(417, fault::NO_MAILBOX))
}

/// True when the record's day of birth is `ddMMyyyy`.
fn is_born(patient: &Value, day: &str) -> bool {
    let recorded = patient["birthDate"].as_str().unwrap_or("");
    match (recorded.get(..4), recorded.get(5..7), recorded.get(8..10)) {
        (Some(y), Some(m), Some(d)) => day == format!("{d}{m}{y}"),
        _ => false,
    }
}

/// True when one of the record's names has this surname, in whatever case.
fn is_named(patient: &Value, surname: &str) -> bool {
    let names = patient["name"].as_array().map_or(&[][..], Vec::as_slice);
    names.iter().any(|n| n["family"].as_str().is_some_and(|f| f.to_uppercase() == surname.to_uppercase()))
}
