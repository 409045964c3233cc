//! Rules of the list elements with object ids: names, addresses, contact points, emergency contacts, practice.
//!
//! Called by `super::check` for a list that an update changed; checks the changed items and the list as a whole.

use super::super::refuse::{self, Refusal};
use super::super::terms;
use super::super::tree::{Tree, items, text};
use super::{date, keys, strings};
use jiff::civil::Date;

/// Characters of a family or given name (published).
const NAME_CHARS_MAX: usize = 35;
/// Given names of one name, lines of one address (published).
const GIVEN_MAX: usize = 5;
const LINES_MAX: usize = 5;
/// Titles and suffixes of one name. 10: no published limit; a bound.
const TITLES_MAX: usize = 10;
/// Titles whose spelling is fixed (published).
const TITLES: [&str; 8] = ["Mr", "Mrs", "Ms", "Dr", "Rev", "Sir", "Lady", "Lord"];
/// Length of an e-mail address (published: more than 6, less than 90 characters).
const EMAIL_CHARS: std::ops::RangeInclusive<usize> = 7..=89;

/// Checks the changed items of one list and what holds for the list as a whole.
pub(super) fn check<T: Tree>(element: &str, before: &T, after: &T, today: Date) -> Result<(), Refusal> {
    let Some(new) = after.get(element) else { return Ok(()) };
    let new = new.as_list().ok_or_else(|| refuse::invalid_value(&new.to_string(), element))?;
    let old = items(before, element);
    for (i, item) in new.iter().enumerate().filter(|(_, item)| !old.contains(item)) {
        let field = format!("{element}/{i}");
        let was = old.iter().find(|&o| text(o, "/id") == text(item, "/id"));
        match element {
            "name" => name(was, item, &field)?,
            "address" => address(was, item, &field)?,
            "telecom" => telecom(was, item, &field)?,
            "contact" => contact(item, &field)?,
            _ => practice(item, &field)?,
        }
        let at = if element == "generalPractitioner" { "/identifier/period" } else { "/period" };
        period(item.at(at), &field, today)?;
    }
    match element {
        "name" => {
            once(new, &["usual"], || refuse::forbidden_update("multiple usual names cannot be added"))?;
            once(new, &["nickname"], || refuse::forbidden_update("multiple nicknames cannot be added"))?;
            match new.iter().any(|n| text(n, "/use") == "usual") {
                true => Ok(()),
                false => Err(refuse::too_few_values("name")),
            }
        }
        "address" => once(new, &["home", "temp", "billing"], || refuse::too_many_values("address")),
        "generalPractitioner" if new.len() > 1 => Err(refuse::too_many_values(element)),
        "telecom" => {
            let kind = |t: &T| (text(t, "/system").to_owned(), text(t, "/use").to_owned());
            let twice = new.iter().enumerate().any(|(i, t)| new[..i].iter().any(|u| kind(u) == kind(t)));
            if twice && new.len() > old.len() { Err(refuse::too_many_values(element)) } else { Ok(()) }
        }
        _ => Ok(()),
    }
}

/// At most one item of each of these uses.
fn once<T: Tree>(list: &[T], uses: &[&str], refusal: impl Fn() -> Refusal) -> Result<(), Refusal> {
    let many = |kind: &&str| list.iter().filter(|&item| text(item, "/use") == *kind).count() > 1;
    if uses.iter().any(many) { Err(refusal()) } else { Ok(()) }
}

/// A period has a start that is not in the future, and no end before it.
fn period<T: Tree>(period: Option<&T>, field: &str, today: Date) -> Result<(), Refusal> {
    let Some(period) = period else { return Ok(()) };
    keys(period, &["start", "end"], &format!("{field}/period"))?;
    let part = |name: &str| {
        let value = text(period, &format!("/{name}"));
        date(value).ok_or_else(|| refuse::invalid_value(value, &format!("{field}/period/{name}")))
    };
    if period.get("start").is_none() {
        return Err(refuse::missing_value(&format!("{field}/period/start")));
    }
    let start = part("start")?;
    if start > today {
        return Err(refuse::invalid_update("a period starts in the future"));
    }
    if period.get("end").is_some() && part("end")? < start {
        return Err(refuse::invalid_update("a period ends before it starts"));
    }
    Ok(())
}

/// `value` when it is one of the allowed codes.
fn code(value: &str, allowed: &[&str], field: &str) -> Result<(), Refusal> {
    if value.is_empty() {
        Err(refuse::missing_value(field))
    } else if allowed.contains(&value) {
        Ok(())
    } else {
        Err(refuse::invalid_value(value, field))
    }
}

fn name<T: Tree>(was: Option<&T>, name: &T, field: &str) -> Result<(), Refusal> {
    keys(name, &["family", "given", "id", "period", "prefix", "suffix", "use"], field)?;
    let kind = text(name, "/use");
    code(kind, &["usual", "temp", "nickname", "old", "maiden"], &format!("{field}/use"))?;
    if was.is_some_and(|w| text(w, "/use") != kind) {
        return Err(refuse::forbidden_update("the use of a name cannot be changed"));
    }
    let family = text(name, "/family");
    if family.trim().is_empty() {
        return Err(refuse::missing_value(&format!("{field}/family")));
    }
    let mut all = strings(name, "given", GIVEN_MAX, field)?;
    all.push(family);
    if let Some(long) = all.iter().find(|n| n.chars().count() > NAME_CHARS_MAX) {
        return Err(refuse::invalid_value(long, field));
    }
    let suffixes = strings(name, "suffix", TITLES_MAX, field)?;
    all.extend(strings(name, "prefix", TITLES_MAX, field)?);
    all.extend(&suffixes);
    if let Some(odd) = all.iter().find(|n| !n.chars().all(is_name_character)) {
        return Err(refuse::unsupported_characters(odd, field));
    }
    let prefixes = strings(name, "prefix", TITLES_MAX, field)?;
    let misspelt = |p: &&&str| TITLES.iter().any(|t| t.eq_ignore_ascii_case(p) && t != *p);
    if let Some(prefix) = prefixes.iter().find(misspelt) {
        return Err(refuse::invalid_value(prefix, &format!("{field}/prefix")));
    }
    match suffixes.iter().find(|s| !s.starts_with(|c: char| c.is_ascii_uppercase())) {
        Some(suffix) => Err(refuse::invalid_value(suffix, &format!("{field}/suffix"))),
        None => Ok(()),
    }
}

/// The published ranges: letters, digits, apostrophe, hyphen, full stop, space, Latin-1 and Latin Extended-A letters.
fn is_name_character(c: char) -> bool {
    c.is_ascii_alphanumeric()
        || matches!(c, '\'' | '-' | '.' | ' ')
        || matches!(u32::from(c), 192..=214 | 216..=246 | 248..=383)
}

fn address<T: Tree>(was: Option<&T>, address: &T, field: &str) -> Result<(), Refusal> {
    keys(address, &["extension", "id", "line", "period", "postalCode", "text", "use"], field)?;
    let kind = text(address, "/use");
    if kind == "work" {
        return Err(refuse::unsupported_value(kind, &format!("{field}/use"))); // published: a legacy value
    }
    code(kind, &["home", "temp", "billing"], &format!("{field}/use"))?;
    strings(address, "line", LINES_MAX, field)?;
    let postcode = text(address, "/postalCode");
    let is_shape =
        (5..=8).contains(&postcode.len()) && postcode.chars().all(|c| c.is_ascii_alphanumeric() || c == ' ');
    if address.get("postalCode").is_some() && !is_shape {
        return Err(refuse::invalid_value(postcode, &format!("{field}/postalCode")));
    }
    address_keys(address, field)?;
    let endless = |a: &T| a.at("/period/end").is_none();
    // A legacy address without an end may be mended part by part.
    if kind != "home" && endless(address) && was.is_none_or(|w| !endless(w)) {
        return Err(refuse::missing_value(&format!("{field}/period/end")));
    }
    if kind == "temp" {
        code(text(address, "/text"), &terms::TEMPORARY_ADDRESSES, &format!("{field}/text"))?;
    }
    Ok(())
}

/// At most one key of each kind: PAF of eight digits, UPRN of up to twelve (published).
fn address_keys<T: Tree>(address: &T, field: &str) -> Result<(), Refusal> {
    let field = format!("{field}/extension");
    let keys = items(address, "extension");
    let mut kinds: Vec<&str> = Vec::new();
    for key in keys {
        let url = text(key, "/url");
        if url != terms::ADDRESS_KEY {
            return Err(refuse::invalid_value(url, &format!("{field}/url")));
        }
        let part = |name: &str, at: &str| {
            items(key, "extension").iter().find(|&e| text(e, "/url") == name).map_or("", |e| text(e, at))
        };
        let (kind, value) = (part("type", "/valueCoding/code"), part("value", "/valueString"));
        let digits = value.bytes().all(|b| b.is_ascii_digit());
        match kind {
            "PAF" if digits && value.len() == 8 => {}
            "UPRN" if digits && (1..=12).contains(&value.len()) => {}
            "PAF" | "UPRN" => return Err(refuse::invalid_value(value, &format!("{field}/value"))),
            "" => return Err(refuse::missing_value(&format!("{field}/type"))),
            _ => return Err(refuse::invalid_value(kind, &format!("{field}/type"))),
        }
        if kinds.contains(&kind) {
            return Err(refuse::too_many_values(&field));
        }
        kinds.push(kind);
    }
    Ok(())
}

fn telecom<T: Tree>(was: Option<&T>, telecom: &T, field: &str) -> Result<(), Refusal> {
    keys(telecom, &["extension", "id", "period", "system", "use", "value"], field)?;
    contact_point(telecom, &["phone", "fax", "email", "other"], field)?;
    if items(telecom, "extension").len() > 1 {
        return Err(refuse::too_many_values(&format!("{field}/extension")));
    }
    let kind = text(telecom, "/use");
    if telecom.get("use").is_some() {
        code(kind, &["home", "work", "temp", "mobile"], &format!("{field}/use"))?;
    }
    let changed = |w: &T| text(w, "/system") != text(telecom, "/system") || text(w, "/use") != kind;
    if was.is_some_and(changed) {
        return Err(refuse::invalid_update("system and use of a telecom cannot be replaced"));
    }
    Ok(())
}

/// System and value of a contact point.
fn contact_point<T: Tree>(point: &T, systems: &[&str], field: &str) -> Result<(), Refusal> {
    let (system, value) = (text(point, "/system"), text(point, "/value"));
    code(system, systems, &format!("{field}/system"))?;
    if value.is_empty() {
        return Err(refuse::missing_value(&format!("{field}/value")));
    }
    let is_email = EMAIL_CHARS.contains(&value.chars().count())
        && value.split_once('@').is_some_and(|(user, host)| {
            !user.is_empty()
                && host.contains('.')
                && !host.contains('@')
                && !value.contains(char::is_whitespace)
        });
    if system == "email" && !is_email {
        return Err(refuse::invalid_value(value, &format!("{field}/value")));
    }
    Ok(())
}

fn contact<T: Tree>(contact: &T, field: &str) -> Result<(), Refusal> {
    keys(contact, &["id", "period", "relationship", "telecom"], field)?;
    match contact.get("relationship").and_then(T::as_list).map(<[T]>::len) {
        Some(0) => return Err(refuse::too_few_values(&format!("{field}/relationship"))),
        Some(1) | None => {}
        Some(_) => return Err(refuse::too_many_values(&format!("{field}/relationship"))),
    }
    code(text(contact, "/relationship/0/coding/0/code"), &["C"], &format!("{field}/relationship"))?;
    let telecoms = items(contact, "telecom");
    if telecoms.is_empty() {
        return Err(refuse::too_few_values(&format!("{field}/telecom")));
    }
    for (i, point) in telecoms.iter().enumerate() {
        let field = format!("{field}/telecom/{i}");
        keys(point, &["id", "system", "value"], &field)?;
        contact_point(point, &["phone", "email", "other"], &field)?;
    }
    Ok(())
}

fn practice<T: Tree>(practice: &T, field: &str) -> Result<(), Refusal> {
    keys(practice, &["id", "identifier", "type"], field)?;
    if practice.at("/identifier/period/end").is_some() {
        return Err(refuse::invalid_update("the period of a general practice has no end"));
    }
    ods(text(practice, "/identifier/value"), field)
}

/// An ODS code of the published pattern.
pub(super) fn ods(value: &str, field: &str) -> Result<(), Refusal> {
    let field = format!("{field}/identifier/value");
    if value.is_empty() {
        return Err(refuse::missing_value(&field));
    }
    let good = (3..=10).contains(&value.len())
        && value.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    if good { Ok(()) } else { Err(refuse::invalid_value(value, &field)) }
}
