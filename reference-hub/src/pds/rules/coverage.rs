//! Rules of a Coverage: the data of a European health insurance card, all of which have to be there (published).
//!
//! Called by the update of coverage. Keeps what is published and nothing else of a body; tells all faults at once.

use super::super::record::text;
use super::super::refuse::{self, Faults, Refusal};
use super::super::terms;
use super::date;
use jiff::ToSpan;
use jiff::civil::Date;
use serde_json::{Value, json};

/// Characters of card and personal number (published).
const NUMBER_CHARS_MAX: usize = 25;
/// Characters of an institution's number (published).
const INSTITUTION_CHARS_MAX: usize = 30;
/// How far away an expiry date may lie, in years (published).
const YEARS_MAX: i32 = 150;
/// Code system of countries.
const COUNTRY: &str = "urn:iso:std:iso:3166";

/// Countries that issue the card, with their names (ISO 3166-1 alpha-3): what fills the read-only display.
const COUNTRIES: [(&str, &str); 32] = [
    ("AUT", "Austria"),
    ("BEL", "Belgium"),
    ("BGR", "Bulgaria"),
    ("CHE", "Switzerland"),
    ("CYP", "Cyprus"),
    ("CZE", "Czechia"),
    ("DEU", "Germany"),
    ("DNK", "Denmark"),
    ("ESP", "Spain"),
    ("EST", "Estonia"),
    ("FIN", "Finland"),
    ("FRA", "France"),
    ("GBR", "United Kingdom"),
    ("GRC", "Greece"),
    ("HRV", "Croatia"),
    ("HUN", "Hungary"),
    ("IRL", "Ireland"),
    ("ISL", "Iceland"),
    ("ITA", "Italy"),
    ("LIE", "Liechtenstein"),
    ("LTU", "Lithuania"),
    ("LUX", "Luxembourg"),
    ("LVA", "Latvia"),
    ("MLT", "Malta"),
    ("NLD", "Netherlands"),
    ("NOR", "Norway"),
    ("POL", "Poland"),
    ("PRT", "Portugal"),
    ("ROU", "Romania"),
    ("SVK", "Slovakia"),
    ("SVN", "Slovenia"),
    ("SWE", "Sweden"),
];

/// What is kept of the body: the published elements.
///
/// # Errors
/// One refusal with all faults.
pub(in super::super) fn check(body: &Value, today: Date) -> Result<Value, Refusal> {
    if !body.is_object() {
        return Err(refuse::validation_error("the body is not a Coverage"));
    }
    let mut faults = Faults::default();
    let kind = text(body, "/resourceType");
    if body.get("resourceType").is_some() && kind != "Coverage" {
        faults.add(refuse::invalid_value(kind, "resourceType"));
    }
    faults.note(one_of(body, "/status", &["active"], true));
    faults.note(one_of(body, "/subscriber/identifier/system", &[terms::NHS_NUMBER], false));
    let subscriber = faults.note(required(body, "/subscriber/identifier/value")).unwrap_or("");
    if !subscriber.is_empty() {
        faults.note(super::super::patient_key(subscriber));
    }
    let (card, country) = match faults.note(single(body, "identifier")) {
        Some(()) => {
            let card = faults.note(number(body, "/identifier/0/value", NUMBER_CHARS_MAX));
            let at = "/identifier/0/assigner/identifier";
            faults.note(one_of(body, &format!("{at}/system"), &[COUNTRY], true));
            (card, faults.note(country(body, &format!("{at}/value"))))
        }
        None => (None, None),
    };
    let institution = match faults.note(single(body, "payor")) {
        Some(()) => faults.note(number(body, "/payor/0/identifier/value", INSTITUTION_CHARS_MAX)),
        None => None,
    };
    let person = faults.note(number(body, "/beneficiary/identifier/value", NUMBER_CHARS_MAX));
    let end = faults.note(expiry(body, today));
    faults.finish()?;
    let country = country.unwrap_or_default();
    let mut assigner = json!({"identifier": {"system": COUNTRY, "value": country}});
    if let Some((_, name)) = COUNTRIES.iter().find(|(code, _)| *code == country) {
        assigner["display"] = (*name).into();
    }
    Ok(json!({
        "beneficiary": {"identifier": {"value": person}},
        "identifier": [{"assigner": assigner, "value": card}],
        "payor": [{"identifier": {"value": institution}}],
        "period": {"end": end},
        "resourceType": "Coverage",
        "status": "active",
        "subscriber": {"identifier": {"system": terms::NHS_NUMBER, "value": subscriber}},
    }))
}

/// A list of exactly one object.
fn single(body: &Value, element: &str) -> Result<(), Refusal> {
    match body.get(element) {
        None => Err(refuse::missing_value(element)),
        Some(Value::Array(list)) => match &list[..] {
            [Value::Object(_)] => Ok(()),
            [] => Err(refuse::too_few_values(element)),
            [other] => Err(refuse::invalid_value(&other.to_string(), &format!("{element}/0"))),
            _ => Err(refuse::too_many_values(element)),
        },
        Some(other) => Err(refuse::invalid_value(&other.to_string(), element)),
    }
}

/// The text under a pointer, which has to be there.
fn required<'a>(body: &'a Value, at: &str) -> Result<&'a str, Refusal> {
    let field = at.trim_start_matches('/');
    match body.pointer(at) {
        None => Err(refuse::missing_value(field)),
        Some(Value::String(text)) if text.trim().is_empty() => Err(refuse::missing_value(field)),
        Some(Value::String(text)) => Ok(text.trim()),
        Some(other) => Err(refuse::invalid_value(&other.to_string(), field)),
    }
}

fn one_of(body: &Value, at: &str, allowed: &[&str], needed: bool) -> Result<(), Refusal> {
    if !needed && body.pointer(at).is_none() {
        return Ok(());
    }
    let value = required(body, at)?;
    match allowed.contains(&value) {
        true => Ok(()),
        false => Err(refuse::invalid_value(value, at.trim_start_matches('/'))),
    }
}

/// A number of the published characters: letters, digits and `-,/:'. `.
fn number(body: &Value, at: &str, chars_max: usize) -> Result<String, Refusal> {
    let value = required(body, at)?;
    let known = value.chars().all(|c| c.is_ascii_alphanumeric() || "-,/:'. ".contains(c));
    match known && value.len() <= chars_max {
        true => Ok(value.to_owned()),
        false => Err(refuse::invalid_value(value, at.trim_start_matches('/'))),
    }
}

fn country(body: &Value, at: &str) -> Result<String, Refusal> {
    let value = required(body, at)?;
    match value.len() == 3 && value.bytes().all(|b| b.is_ascii_uppercase()) {
        true => Ok(value.to_owned()),
        false => Err(refuse::invalid_value(value, at.trim_start_matches('/'))),
    }
}

fn expiry(body: &Value, today: Date) -> Result<String, Refusal> {
    let value = required(body, "/period/end")?;
    let within = |day: &Date| {
        let span = YEARS_MAX.years();
        let (least, most) = (today.saturating_sub(span), today.saturating_add(span));
        least < *day && *day < most
    };
    match date(value).filter(within) {
        Some(_) => Ok(value.to_owned()),
        None => Err(refuse::invalid_value(value, "period/end")),
    }
}
