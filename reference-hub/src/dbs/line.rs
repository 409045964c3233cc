//! One line of a batch: read, asked of the demographics interface, and answered.
//!
//! Called by `super`. First by number and birth date (a cross-check), else by name, birth date and what else is given
//! (an alphanumeric trace), as the batch service does.

use crate::domain::Context;
use crate::fhir;
use crate::message::{Answer, Body, Request};
use crate::pds;
use crate::slices;
use bytes::Bytes;
use hyper::{HeaderMap, Method};

/// Bytes of one line. 400: four times a usual one.
const LINE_BYTES_MAX: usize = 400;

/// What came of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Match {
    /// Number and birth date belong together.
    Verified,
    /// Exactly one person fits the demographics.
    Traced,
    /// Several do.
    Multiple,
    /// Nobody does.
    Nobody,
    /// The line cannot be read, or says too little.
    Invalid,
}

impl Match {
    /// As the answer writes it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Match::Verified => "VERIFIED",
            Match::Traced => "TRACED",
            Match::Multiple => "MULTIPLE",
            Match::Nobody => "NO_MATCH",
            Match::Invalid => "INVALID",
        }
    }
}

/// A line's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Traced {
    reference: String,
    requested: String,
    /// NHS number of the one who matches; empty when nobody or several do.
    pub matched: String,
    outcome: Match,
}

impl Traced {
    /// The line of the answer.
    pub(super) fn to_csv(&self) -> String {
        [&self.reference, &self.requested, &self.matched, self.outcome.word()].join(",")
    }
}

/// Traces the person of a line.
///
/// # Errors
/// The hub's own faults, and refusals of the caller, as the demographics interface gives them.
pub(super) fn trace(ctx: &Context<'_>, caller: &Request, line: &str) -> Result<Traced, Box<Answer>> {
    let fields: Vec<&str> = line.split(',').map(str::trim).collect();
    let formed = line.len() <= LINE_BYTES_MAX && !line.contains(['"', '\0']);
    let [reference, number, family, given, gender, born, postcode] = fields[..] else {
        return Ok(unread(fields.first().copied().unwrap_or("")));
    };
    let Some(born) = date(born).filter(|_| formed) else { return Ok(unread(reference)) };
    let mut traced =
        Traced { reference: reference.to_owned(), requested: number.to_owned(), ..unread(reference) };
    if !number.is_empty()
        && let Some(record) = ask(ctx, caller, Some(number), Vec::new())?
        && text(&record, &["birthDate"]) == born
    {
        traced.matched = text(&record, &["id"]).to_owned(); // another than asked for when that was superseded
        traced.outcome = Match::Verified;
        return Ok(traced);
    }
    if family.is_empty() {
        traced.outcome = if number.is_empty() { Match::Invalid } else { Match::Nobody };
        return Ok(traced);
    }
    let mut query = vec![("family", family.to_owned()), ("birthdate", format!("eq{born}"))];
    let others = [("given", given), ("gender", gender), ("address-postalcode", postcode)];
    query.extend(others.iter().filter(|(_, v)| !v.is_empty()).map(|(n, v)| (*n, (*v).to_owned())));
    let found = ask(ctx, caller, None, query)?;
    traced.outcome = match &found {
        None => Match::Invalid,
        Some(found) if text(found, &["resourceType"]) != "Bundle" => Match::Multiple, // too many matches
        Some(found) => match slices::member(found, "total") {
            Some(b"1") => {
                let entries = slices::member(found, "entry").and_then(slices::elements);
                let first = entries.and_then(|list| list.first().copied());
                traced.matched = first.map_or("", |entry| text(entry, &["resource", "id"])).to_owned();
                Match::Traced
            }
            Some(b"0") | None => Match::Nobody,
            Some(_) => Match::Multiple,
        },
    };
    Ok(traced)
}

fn unread(reference: &str) -> Traced {
    let reference = reference.chars().filter(|c| !matches!(c, '"' | ',')).take(LINE_BYTES_MAX).collect();
    Traced { reference, requested: String::new(), matched: String::new(), outcome: Match::Invalid }
}

/// The text under these names; empty when there is none. What is asked for here, JSON does not escape.
fn text<'a>(json: &'a [u8], names: &[&str]) -> &'a str {
    let raw = slices::within(json, names).and_then(|raw| raw.strip_prefix(b"\"")?.strip_suffix(b"\""));
    raw.and_then(|raw| std::str::from_utf8(raw).ok()).unwrap_or("")
}

/// `yyyy-mm-dd` of that or of `yyyymmdd`.
fn date(text: &str) -> Option<String> {
    let digits = text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit());
    let text = match digits {
        true => format!("{}-{}-{}", &text[..4], &text[4..6], &text[6..]),
        false => text.to_owned(),
    };
    let parsed: jiff::civil::Date = text.parse().ok()?;
    (parsed.to_string() == text).then_some(text)
}

/// What the demographics interface answers the caller: a resource, or `None` when it refuses the question.
fn ask(
    ctx: &Context<'_>,
    caller: &Request,
    number: Option<&str>,
    query: Vec<(&str, String)>,
) -> Result<Option<Bytes>, Box<Answer>> {
    let mut headers = HeaderMap::new();
    if let Some(authorization) = caller.headers.get("authorization") {
        headers.insert("authorization", authorization.clone());
    }
    let id = ctx.ids.uuid();
    headers.insert("x-request-id", id.parse().map_err(|_| Box::new(fhir::internal_error()))?);
    let path = ["personal-demographics", "FHIR", "R4", "Patient"];
    let request = Request {
        method: Method::GET,
        segments: path.into_iter().chain(number).map(str::to_owned).collect(),
        query: query.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        headers,
        body: Body::EMPTY,
    };
    let operation = (pds::INTERFACE.route)(&request)?;
    let answer = (pds::INTERFACE.decide)(operation, ctx, &request).answer;
    match answer.status {
        200 => {}
        401 | 500.. => return Err(Box::new(answer)),
        _ => return Ok(None),
    }
    match answer.body {
        Body::Inline(body) => Ok(Some(body)),
        Body::Blob { .. } => Err(Box::new(fhir::internal_error())),
    }
}
