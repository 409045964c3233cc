//! Rules of `Patient.extension`: pharmacies, death notification, communication, contact preference, place of birth.
//!
//! Called by `super::check` when an update changed the list. At most one of each URL, as published.

use super::super::refuse::{self, Refusal};
use super::super::terms::{
    APPLIANCE_SUPPLIER, BIRTH_PLACE, COMMUNICATION, CONTACT_PREFERENCE, DEATH_NOTIFICATION,
    DISPENSING_DOCTOR, NOMINATED_PHARMACY, REMOVAL,
};
use super::super::tree::{Tree, items, text};
use super::{keys, list};

/// Characters of a preferred contact time (published).
const CONTACT_TIME_CHARS_MAX: usize = 40;

/// Checks the changed extensions and that none stands twice.
pub(super) fn check<T: Tree>(before: &T, after: &T) -> Result<(), Refusal> {
    let (old, new) = (items(before, "extension"), items(after, "extension"));
    for (i, extension) in new.iter().enumerate() {
        let url = text(extension, "/url");
        let field = format!("extension/{i}");
        if new[..i].iter().any(|e| text(e, "/url") == url) {
            return Err(refuse::too_many_values(&field));
        }
        if old.contains(extension) {
            continue;
        }
        check_one(before, after, extension, &field)?;
    }
    Ok(())
}

/// Checks one extension of `after`.
pub(super) fn check_one<T: Tree>(before: &T, after: &T, extension: &T, field: &str) -> Result<(), Refusal> {
    match text(extension, "/url") {
        NOMINATED_PHARMACY | DISPENSING_DOCTOR | APPLIANCE_SUPPLIER => {
            keys(extension, &["url", "valueReference"], field)?;
            let ods = text(extension, "/valueReference/identifier/value");
            list::ods(ods, &format!("{field}/valueReference"))
        }
        DEATH_NOTIFICATION => death(before, after),
        COMMUNICATION => communication(extension, field),
        CONTACT_PREFERENCE => contact_preference(extension, field),
        BIRTH_PLACE => birth_place(extension, field),
        REMOVAL => Err(refuse::forbidden_update("removal from registration is read only")),
        "" => Err(refuse::missing_value(&format!("{field}/url"))),
        url => Err(refuse::invalid_value(url, &format!("{field}/url"))),
    }
}

/// The sub-extension of that URL.
fn part<'a, T: Tree>(extension: &'a T, url: &str) -> Option<&'a T> {
    items(extension, "extension").iter().find(|&e| text(e, "/url") == url)
}

/// The code of a sub-extension; empty when there is none.
fn coded<'a, T: Tree>(extension: &'a T, url: &str) -> &'a str {
    part(extension, url).map_or("", |e| text(e, "/valueCodeableConcept/coding/0/code"))
}

/// The death notification status of a record: `1` informal, `2` formal, `U` removed.
pub(super) fn death_status<T: Tree>(patient: &T) -> Option<&str> {
    let extension = items(patient, "extension").iter().find(|&e| text(e, "/url") == DEATH_NOTIFICATION)?;
    Some(coded(extension, "deathNotificationStatus"))
}

fn death<T: Tree>(before: &T, after: &T) -> Result<(), Refusal> {
    if death_status(before) == Some("2") {
        return Err(refuse::forbidden_update("a formal death notification cannot be replaced"));
    }
    let field = "extension/deathNotificationStatus";
    match death_status(after).unwrap_or("") {
        "1" if text(after, "/deceasedDateTime").is_empty() => {
            Err(refuse::invalid_update("a death notification status needs a date of death"))
        }
        "1" => Ok(()),
        "2" => Err(refuse::forbidden_update("a formal death notification is set by the registrar alone")),
        "U" => Err(refuse::unsupported_value("U", field)),
        "" => Err(refuse::missing_value(field)),
        other => Err(refuse::invalid_value(other, field)),
    }
}

fn communication<T: Tree>(extension: &T, field: &str) -> Result<(), Refusal> {
    keys(extension, &["extension", "url"], field)?;
    match coded(extension, "language") {
        "" => Err(refuse::missing_value(&format!("{field}/language"))),
        "en" => Err(refuse::unsupported_value("en", &format!("{field}/language"))), // published: never English
        "q1" | "q2" | "q3" | "q4" | "q5" => Ok(()), // Braille, sign languages, Makaton
        code if code.len() == 2 && code.bytes().all(|b| b.is_ascii_lowercase()) => Ok(()),
        code => Err(refuse::invalid_value(code, &format!("{field}/language"))),
    }
}

fn contact_preference<T: Tree>(extension: &T, field: &str) -> Result<(), Refusal> {
    keys(extension, &["extension", "url"], field)?;
    if items(extension, "extension").len() > 3 {
        return Err(refuse::too_many_values(field));
    }
    let (method, format) =
        (coded(extension, "PreferredContactMethod"), coded(extension, "PreferredWrittenCommunicationFormat"));
    if !method.is_empty() && !matches!(method, "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8") {
        return Err(refuse::invalid_value(method, &format!("{field}/PreferredContactMethod")));
    }
    if !format.is_empty() && !matches!(format, "11" | "12" | "13") {
        return Err(refuse::invalid_value(format, &format!("{field}/PreferredWrittenCommunicationFormat")));
    }
    let time = part(extension, "PreferredContactTimes").map_or("", |e| text(e, "/valueString"));
    if time.chars().count() > CONTACT_TIME_CHARS_MAX {
        return Err(refuse::invalid_value(time, &format!("{field}/PreferredContactTimes")));
    }
    if !time.is_empty() && method.is_empty() {
        return Err(refuse::invalid_update("a preferred contact time needs a preferred contact method"));
    }
    Ok(())
}

fn birth_place<T: Tree>(extension: &T, field: &str) -> Result<(), Refusal> {
    keys(extension, &["url", "valueAddress"], field)?;
    let field = format!("{field}/valueAddress");
    let place = extension.get("valueAddress").ok_or_else(|| refuse::missing_value(&field))?;
    keys(place, &["city", "country", "district"], &field)?;
    if place.keys().is_none_or(|keys| keys.is_empty()) {
        return Err(refuse::too_few_values(&field));
    }
    // ISO 3166-1 alpha-3, and the UK's own codes of its parts (published).
    let country = text(place, "/country");
    let iso = country.len() == 3 && country.bytes().all(|b| b.is_ascii_uppercase());
    if place.get("country").is_some() && !iso && !matches!(country, "1" | "2" | "3" | "4" | "7" | "9" | "10")
    {
        return Err(refuse::invalid_value(country, &format!("{field}/country")));
    }
    Ok(())
}
