//! The parameters of a trace: read, checked as published, and turned into a [`Query`].
//!
//! Called by trace. Knows nothing of records or tables.

use super::index::normal;
use super::refuse::{self, Faults, Refusal};
use jiff::civil::Date;

/// Matches a healthcare worker may see at most, and the default (published).
pub(super) const RESULTS_MAX: usize = 50;
/// Characters of a name parameter (published).
const NAME_CHARS_MAX: usize = 35;

/// A name or postcode to look for, normalised; `*` stands for any characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern(String);

impl Pattern {
    /// The text, if it has no wildcard.
    pub(super) fn plain(&self) -> Option<&str> {
        (!self.0.contains('*')).then_some(self.0.as_str())
    }

    /// What comes before the first wildcard.
    pub(super) fn prefix(&self) -> &str {
        self.0.split('*').next().unwrap_or("")
    }

    /// True when the whole of `text` (normalised) fits.
    pub(super) fn fits(&self, text: &str) -> bool {
        let Some((first, rest)) = self.0.split_once('*') else { return self.0 == text };
        let Some(mut left) = text.strip_prefix(first) else { return false };
        let Some((middle, last)) = rest.rsplit_once('*') else { return left.ends_with(rest) };
        for part in middle.split('*') {
            match left.find(part) {
                Some(at) => left = &left[at + part.len()..],
                None => return false,
            }
        }
        left.ends_with(last)
    }
}

/// Dates `from..=to`, as text that sorts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Dates {
    /// First day, `yyyy-mm-dd`.
    pub from: String,
    /// Last day, `yyyy-mm-dd`.
    pub to: String,
    /// Days from first to last; `None` when an end is open.
    pub days: Option<i32>,
}

impl Dates {
    /// True when the date (or date and time) lies within.
    pub(super) fn hold(&self, date: &str) -> bool {
        let day = date.get(..10).unwrap_or(date);
        !day.is_empty() && *self.from <= *day && *day <= *self.to
    }
}

/// A checked search.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Query {
    /// Homophones, transposed names and history count as matches.
    pub fuzzy: bool,
    /// Only matches of score 1.
    pub exact: bool,
    /// Former names count as matches.
    pub history: bool,
    /// The day on which a period has ended or not, `yyyy-mm-dd`.
    pub today: String,
    /// Matches to return at most.
    pub results_max: usize,
    /// Family name.
    pub family: Option<Pattern>,
    /// Given names in order.
    pub given: Vec<Pattern>,
    /// `female`, `male`, `other` or `unknown`.
    pub gender: Option<&'static str>,
    /// Birth dates.
    pub birth: Option<Dates>,
    /// Dates of death.
    pub death: Option<Dates>,
    /// Postcode, without spaces.
    pub postcode: Option<Pattern>,
    /// ODS code of the practice, upper case.
    pub practice: Option<String>,
    /// ODS code of the managing organisation, upper case.
    pub managing: Option<String>,
    /// E-mail address, lower case.
    pub email: Option<String>,
    /// Telephone number as [`phone`] makes it.
    pub phone: Option<String>,
}

impl Query {
    /// True when an answer would tell where the patient is: no restricted record matches (published).
    pub(super) fn asks_where(&self) -> bool {
        self.postcode.is_some() || self.practice.is_some()
    }
}

/// A telephone number as it is compared: digits alone, with 0 for the country code 44.
pub(super) fn phone(number: &str) -> String {
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    match digits
        .strip_prefix("0044")
        .or_else(|| digits.strip_prefix("44").filter(|_| number.starts_with('+')))
    {
        Some(rest) => ["0", rest].concat(),
        None => digits,
    }
}

/// Reads and checks the parameters. `single`: application-restricted access, which gets one match and no more.
///
/// # Errors
/// One refusal with all faulty parameters, or the published one of their combination.
pub(super) fn parse(pairs: &[(String, String)], single: bool) -> Result<Query, Refusal> {
    if pairs.is_empty() {
        return Err(refuse::unsupported_service());
    }
    let results_max = if single { 1 } else { RESULTS_MAX };
    let mut query = Query { results_max, ..Query::default() };
    let (mut births, mut deaths) = (Vec::new(), Vec::new());
    let mut seen: Vec<&str> = Vec::new();
    let mut faults = Faults::default();
    for (name, value) in pairs {
        let name = name.as_str();
        let repeatable = matches!(name, "given" | "birthdate" | "death-date");
        let twice = seen.contains(&name) && !repeatable;
        seen.push(name);
        faults.note(match name {
            _ if twice => Err(refuse::invalid_value(value, name)),
            "birthdate" => {
                births.push(value.as_str());
                Ok(())
            }
            "death-date" => {
                deaths.push(value.as_str());
                Ok(())
            }
            _ => take(&mut query, name, value, single),
        });
    }
    query.birth = faults.note(dates("birthdate", &births)).flatten();
    query.death = faults.note(dates("death-date", &deaths)).flatten();
    faults.finish()?;
    check_combination(&query)?;
    Ok(query)
}

/// Takes in one parameter that is no date.
fn take(query: &mut Query, name: &str, value: &str, single: bool) -> Result<(), Refusal> {
    match name {
        "_fuzzy-match" => query.fuzzy = flag(name, value)?,
        "_exact-match" => query.exact = flag(name, value)?,
        "_history" => query.history = flag(name, value)?,
        "_max-results" => {
            let max = value.parse().ok().filter(|n| (1..=RESULTS_MAX).contains(n));
            let max = max.ok_or_else(|| refuse::invalid_value(value, name))?;
            if single && max > 1 {
                return Err(refuse::one_result_only());
            }
            query.results_max = max;
        }
        "family" => query.family = Some(name_pattern(name, value)?),
        "given" => query.given.push(name_pattern(name, value)?),
        "gender" => {
            let known = ["female", "male", "other", "unknown"].into_iter().find(|g| *g == value);
            query.gender = Some(known.ok_or_else(|| refuse::invalid_value(value, name))?);
        }
        "address-postalcode" | "address-postcode" if query.postcode.is_some() => {
            return Err(refuse::invalid_search_data(
                "address-postcode and address-postalcode exclude each other",
            ));
        }
        "address-postalcode" | "address-postcode" => query.postcode = Some(postcode_pattern(name, value)?),
        "general-practitioner" => query.practice = Some(filled(name, value)?.to_ascii_uppercase()),
        "managing-organization" => query.managing = Some(filled(name, value)?.to_ascii_uppercase()),
        "email" => query.email = Some(filled(name, value)?.to_lowercase()),
        "phone" => query.phone = Some(phone(filled(name, value)?)),
        _ => return Err(refuse::additional_properties(name)),
    }
    Ok(())
}

/// The published least combinations of parameters.
fn check_combination(query: &Query) -> Result<(), Refusal> {
    const TOO_LITTLE: &str =
        "No searches were performed as the search criteria did not meet the minimum requirements";
    if query.birth.is_none() {
        return Err(refuse::missing_value("birth_date/birth_date_range_start/birth_date_range_end"));
    }
    if !query.fuzzy {
        return if query.family.is_some() { Ok(()) } else { Err(refuse::invalid_search_data(TOO_LITTLE)) };
    }
    let patterns = query.family.iter().chain(&query.given).chain(&query.postcode);
    if patterns.into_iter().any(|p| p.plain().is_none()) {
        return Err(refuse::invalid_search_data("Wildcards are not allowed in a fuzzy search"));
    }
    let (family, given) = (query.family.is_some(), !query.given.is_empty());
    let place = query.gender.is_some() && query.postcode.is_some();
    if (family && given) || ((family || given) && place) {
        Ok(())
    } else {
        Err(refuse::invalid_search_data(TOO_LITTLE))
    }
}

fn flag(name: &str, value: &str) -> Result<bool, Refusal> {
    match value.to_ascii_lowercase().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(refuse::invalid_value(value, name)),
    }
}

fn filled<'a>(name: &str, value: &'a str) -> Result<&'a str, Refusal> {
    let value = value.trim();
    if value.is_empty() { Err(refuse::invalid_value(value, name)) } else { Ok(value) }
}

fn name_pattern(name: &str, value: &str) -> Result<Pattern, Refusal> {
    let text = normal(filled(name, value)?);
    if value.chars().count() > NAME_CHARS_MAX || text.is_empty() {
        return Err(refuse::invalid_value(value, name));
    }
    wild(text)
}

fn postcode_pattern(name: &str, value: &str) -> Result<Pattern, Refusal> {
    let text: String = filled(name, value)?.chars().filter(|c| !c.is_whitespace()).collect();
    wild(text.to_ascii_uppercase())
}

/// A wildcard may not stand among the first two characters (published).
fn wild(text: String) -> Result<Pattern, Refusal> {
    if text.chars().take(2).any(|c| c == '*') {
        return Err(refuse::invalid_search_data("A wildcard needs at least two characters before it"));
    }
    Ok(Pattern(text))
}

/// One date with `eq`, `ge`, `le` or no prefix, or a `ge` and an `le`.
fn dates(name: &str, values: &[&str]) -> Result<Option<Dates>, Refusal> {
    let mut bounds: Vec<(&str, Date)> = Vec::new();
    for value in values {
        let (prefix, date) = match value.get(..2) {
            Some(prefix @ ("eq" | "ge" | "le")) => (prefix, &value[2..]),
            _ => ("eq", *value),
        };
        let date = Some(date).filter(|d| d.len() == 10).and_then(|d| d.parse().ok());
        bounds.push((prefix, date.ok_or_else(|| refuse::invalid_value(value, name))?));
    }
    bounds.sort_unstable();
    let span = |from: Date, to: Date| Dates {
        from: from.to_string(),
        to: to.to_string(),
        days: (to - from).get_days().into(),
    };
    match bounds[..] {
        [] => Ok(None),
        [("eq", day)] => Ok(Some(span(day, day))),
        [("ge", from)] => Ok(Some(Dates { days: None, ..span(from, jiff::civil::date(9999, 12, 31)) })),
        [("le", to)] => Ok(Some(Dates { days: None, ..span(jiff::civil::date(0, 1, 1), to) })),
        [("ge", from), ("le", to)] if from <= to => Ok(Some(span(from, to))),
        _ => Err(refuse::invalid_search_data(&format!("{name} takes one date, or one ge and one later le"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_stand_for_any_characters() {
        for (pattern, fits, not) in [
            ("SM*T*", &["SMITH", "SMYTHE", "SMT"][..], &["SMIH", "SITH"][..]),
            ("SM*", &["SM", "SMITH"], &["SIMM"]),
            ("AB*AB", &["ABAB", "ABCAB"], &["AB", "ABC"]),
            ("SMITH", &["SMITH"], &["SMITHY", "SMIT"]),
        ] {
            let pattern = Pattern(pattern.to_owned());
            assert!(
                fits.iter().all(|t| pattern.fits(t)) && !not.iter().any(|t| pattern.fits(t)),
                "{pattern:?}"
            );
        }
    }

    #[test]
    fn a_telephone_number_is_compared_by_its_digits() {
        assert_eq!(phone("+44 1632 960587"), "01632960587");
        assert_eq!(phone("0044-1632-960587"), "01632960587");
        assert_eq!(phone("01632 960587"), "01632960587");
    }
}
