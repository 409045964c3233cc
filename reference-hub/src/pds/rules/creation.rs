//! Rules of a creation's body: the published elements, which of them have to be there, and who allocates the number.
//!
//! Called by create, before and after it completed the record. What an element must look like is the same as in an
//! update; only what is a creation's own stands here. Tells all faults at once, in the codes that creation publishes.

use super::super::record::{items, text};
use super::super::refuse::{self, Faults, Refusal};
use super::super::terms;
use super::{check_element, extension, keys};
use jiff::civil::Date;
use serde_json::{Value, json};

/// The elements of a creation (published).
const ELEMENTS: [&str; 7] =
    ["address", "birthDate", "extension", "gender", "name", "resourceType", "telecom"];
/// Those that have to be there (published).
const REQUIRED: [&str; 5] = ["name", "gender", "birthDate", "address", "extension"];
/// Code system of kinds of registering authority.
const AUTHORITY_TYPE: &str = "https://fhir.nhs.uk/CodeSystem/UKCore-RegisteringAuthorityType";
/// Characters of a registering authority's code (published).
const AUTHORITY_CHARS: std::ops::RangeInclusive<usize> = 2..=15;

/// Checks a body. `record` is the record made of it, completed, with the extensions that are kept.
///
/// # Errors
/// One refusal with all faults.
pub(in super::super) fn check(body: &Value, record: &Value, today: Date) -> Result<(), Refusal> {
    let Some(object) = body.as_object() else {
        return Err(refuse::validation_error("the body is not a Patient"));
    };
    let mut faults = Faults::default();
    for name in object.keys().filter(|k| !ELEMENTS.contains(&k.as_str())) {
        faults.add(refuse::additional_properties(name));
    }
    let kind = text(body, "/resourceType");
    if body.get("resourceType").is_some() && kind != "Patient" {
        faults.add(refuse::invalid_value(kind, "resourceType"));
    }
    for element in REQUIRED {
        match body.get(element) {
            None | Some(Value::Null) => faults.add(refuse::missing_value(element)),
            Some(Value::Array(list)) if list.is_empty() => faults.add(refuse::too_few_values(element)),
            Some(Value::Array(list)) if element == "name" && list.len() > 1 => {
                faults.add(refuse::too_many_values(element))
            }
            Some(_) if element == "extension" => {
                faults.note(extensions(body));
            }
            Some(value) => {
                let checked = if is_list(element) && !value.is_array() {
                    Err(refuse::invalid_value(&value.to_string(), element))
                } else {
                    check_element(element, &json!({}), record, today).map_err(refuse::of_create)
                };
                faults.note(checked);
            }
        }
    }
    if body.get("telecom").is_some() {
        faults.note(check_element("telecom", &json!({}), record, today).map_err(refuse::of_create));
    }
    faults.finish()
}

fn is_list(element: &str) -> bool {
    terms::LISTS.contains(&element)
}

/// True for an extension that becomes part of the record.
pub(in super::super) fn is_kept(extension: &Value) -> bool {
    [terms::COMMUNICATION, terms::CONTACT_PREFERENCE].contains(&text(extension, "/url"))
}

fn extensions(body: &Value) -> Result<(), Refusal> {
    if !body["extension"].is_array() {
        return Err(refuse::invalid_value(&body["extension"].to_string(), "extension"));
    }
    let list = items(body, "extension");
    let mut faults = Faults::default();
    for (i, one) in list.iter().enumerate() {
        let (url, field) = (text(one, "/url"), format!("extension/{i}"));
        if list[..i].iter().any(|e| text(e, "/url") == url) {
            faults.add(refuse::too_many_values(&field));
        } else if url == terms::REGISTERING_AUTHORITY {
            faults.note(authority(one, &field));
        } else if is_kept(one) {
            faults.note(extension::check_one(&json!({}), body, one, &field).map_err(refuse::of_create));
        } else if url.is_empty() {
            faults.add(refuse::missing_value(&format!("{field}/url")));
        } else if !terms::NOT_PERSISTED.contains(&url) {
            faults.add(refuse::invalid_value(url, &format!("{field}/url")));
        }
    }
    if !list.iter().any(|e| text(e, "/url") == terms::REGISTERING_AUTHORITY) {
        faults.add(refuse::missing_value("extension/registeringAuthority"));
    }
    faults.finish()
}

/// Exactly a type and an organisation (published).
fn authority(authority: &Value, field: &str) -> Result<(), Refusal> {
    keys(authority, &["extension", "id", "url"], field)?;
    let parts = items(authority, "extension");
    match parts.len() {
        0 | 1 => return Err(refuse::too_few_values(&format!("{field}/extension"))),
        2 => {}
        _ => return Err(refuse::too_many_values(&format!("{field}/extension"))),
    }
    let part = |url: &str| {
        let found = parts.iter().find(|&p| text(p, "/url") == url);
        found.ok_or_else(|| refuse::missing_value(&format!("{field}/{url}")))
    };
    let kind = part("registeringAuthorityType")?;
    let field = |name: &str| format!("{field}/{name}");
    let codings = kind.pointer("/valueCodeableConcept/coding").and_then(Value::as_array);
    match codings.map_or(0, Vec::len) {
        0 => return Err(refuse::too_few_values(&field("registeringAuthorityType"))),
        1 => {}
        _ => return Err(refuse::too_many_values(&field("registeringAuthorityType"))),
    }
    let system = text(kind, "/valueCodeableConcept/coding/0/system");
    if system != AUTHORITY_TYPE {
        return Err(refuse::invalid_value(system, &field("registeringAuthorityType/system")));
    }
    let code = text(kind, "/valueCodeableConcept/coding/0/code");
    if !matches!(code.as_bytes(), [b'a'..=b'x' | b'1']) {
        return Err(refuse::invalid_value(code, &field("registeringAuthorityType/code")));
    }
    let organisation = text(part("organisationIdentifier")?, "/valueString");
    match AUTHORITY_CHARS.contains(&organisation.chars().count()) {
        true => Ok(()),
        false => Err(refuse::invalid_value(organisation, &field("organisationIdentifier"))),
    }
}
