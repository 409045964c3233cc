//! What a record must look like after an update: the published business rules, element by element.
//!
//! Called by update. Only what an update changed is checked: legacy parts of a record may break rules that came later.

pub(super) mod coverage;
pub(super) mod creation;
mod extension;
mod list;

use super::refuse::{self, Faults, Refusal};
use super::terms;
use super::tree::{Tree, items, text};
use jiff::civil::Date;

/// Checks the changed elements of `after`.
///
/// # Errors
/// One refusal with the first rule broken of every element.
pub(super) fn check<T: Tree>(before: &T, after: &T, today: Date) -> Result<(), Refusal> {
    let mut faults = Faults::default();
    for element in terms::UPDATABLE.into_iter().filter(|e| before.get(e) != after.get(e)) {
        faults.note(check_element(element, before, after, today));
    }
    faults.finish()
}

/// Checks one element that was changed.
pub(super) fn check_element<T: Tree>(
    element: &str,
    before: &T,
    after: &T,
    today: Date,
) -> Result<(), Refusal> {
    match element {
        "gender" => gender(text(after, "/gender")),
        "birthDate" => birth_date(after, today),
        "deceasedDateTime" => deceased(before, after, today),
        "multipleBirthInteger" => birth_order(after),
        "managingOrganization" => match after.get(element) {
            Some(organisation) => {
                keys(organisation, &["identifier", "type"], element)?;
                list::ods(text(organisation, "/identifier/value"), element)
            }
            None => Ok(()),
        },
        "extension" => extension::check(before, after),
        _ => list::check(element, before, after, today),
    }
}

fn gender(gender: &str) -> Result<(), Refusal> {
    match gender {
        "male" | "female" | "unknown" => Ok(()),
        "other" => Err(refuse::unsupported_value(gender, "gender")),
        _ => Err(refuse::invalid_value(gender, "gender")),
    }
}

fn birth_date<T: Tree>(after: &T, today: Date) -> Result<(), Refusal> {
    let value = text(after, "/birthDate");
    let born = date(value).ok_or_else(|| refuse::invalid_value(value, "birthDate"))?;
    if born > today {
        return Err(refuse::invalid_update("birthDate lies in the future"));
    }
    in_order(after)
}

/// A life's dates in order, when both are known.
fn in_order<T: Tree>(patient: &T) -> Result<(), Refusal> {
    let (born, died) = (text(patient, "/birthDate"), text(patient, "/deceasedDateTime"));
    if !died.is_empty() && died.get(..10).is_some_and(|died| died < born) {
        return Err(refuse::invalid_update("deceasedDateTime lies before birthDate"));
    }
    Ok(())
}

fn deceased<T: Tree>(before: &T, after: &T, today: Date) -> Result<(), Refusal> {
    if extension::death_status(before) == Some("2") {
        return Err(refuse::forbidden_update(
            "the date of death of a formal death notification cannot be replaced",
        ));
    }
    let value = text(after, "/deceasedDateTime");
    let fault = || refuse::invalid_value(value, "deceasedDateTime");
    let (day, time) = value.split_at_checked(10).ok_or_else(fault)?;
    let day = date(day).ok_or_else(fault)?;
    let time_of_day = time.strip_prefix('T').map(|t| t.strip_suffix("+00:00").unwrap_or(t));
    let time_is_good = time_of_day.is_none_or(|t| t.len() == 8 && t.parse::<jiff::civil::Time>().is_ok());
    if !time_is_good || (time_of_day.is_none() && !time.is_empty()) {
        return Err(fault());
    }
    if day > today {
        return Err(refuse::invalid_update("deceasedDateTime lies in the future"));
    }
    if extension::death_status(after).is_none() {
        return Err(refuse::invalid_update("a date of death needs a death notification status"));
    }
    in_order(after)
}

fn birth_order<T: Tree>(after: &T) -> Result<(), Refusal> {
    match after.get("multipleBirthInteger") {
        None => Ok(()),
        Some(value) => match value.as_u64() {
            Some(1..=9) => Ok(()),
            _ => Err(refuse::invalid_value(&value.to_string(), "multipleBirthInteger")),
        },
    }
}

/// A date of the form `yyyy-mm-dd`.
fn date(text: &str) -> Option<Date> {
    (text.len() == 10).then(|| text.parse().ok()).flatten()
}

/// Refuses what is no object, and keys that it may not have.
fn keys<T: Tree>(value: &T, allowed: &[&str], field: &str) -> Result<(), Refusal> {
    let keys = value.keys().ok_or_else(|| refuse::invalid_value(&value.to_string(), field))?;
    match keys.iter().find(|k| !allowed.contains(k)) {
        Some(key) => Err(refuse::additional_properties(key)),
        None => Ok(()),
    }
}

/// The list of strings under `key`, at most `most` of them.
fn strings<'a, T: Tree>(item: &'a T, key: &str, most: usize, field: &str) -> Result<Vec<&'a str>, Refusal> {
    if let Some(value) = item.get(key).filter(|v| v.as_list().is_none()) {
        return Err(refuse::invalid_value(&value.to_string(), &format!("{field}/{key}")));
    }
    let list = items(item, key);
    if list.len() > most {
        return Err(refuse::too_many_values(&format!("{field}/{key}")));
    }
    let fault = |v: &T| refuse::invalid_value(&v.to_string(), &format!("{field}/{key}"));
    list.iter().map(|v| v.as_str().ok_or_else(|| fault(v))).collect()
}
