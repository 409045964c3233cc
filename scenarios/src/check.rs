//! What a good answer is, and what of it goes to the next step of a journey. Compiled when an interaction is read; called
//! for every answer. Details of faults name no value that differs from request to request, so that they can be counted.

use crate::inputs::{Inputs, RenderContext, Rules};
use crate::masking::Secrets;
use crate::pointer::{Found, Pointers, elements, scalar};
use crate::stage::HandOver;
use crate::template::Template;
use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;

/// What a check needs to know about the request: the same as what rendered it. Its time is not used.
pub type CheckContext<'a> = RenderContext<'a>;

/// An answer as it came.
#[derive(Debug, Clone, Copy)]
pub struct AnswerView<'a> {
    /// HTTP status.
    pub status: u16,
    /// Headers in order; names in any case.
    pub headers: &'a [(&'a str, &'a [u8])],
    /// The whole body, decoded from chunks.
    pub body: &'a [u8],
}

impl<'a> AnswerView<'a> {
    fn header(&self, name: &str) -> Option<&'a [u8]> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| *v)
    }
}

/// Which part of an answer was wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CheckKind {
    /// The status is not among those expected.
    Status,
    /// A header is missing or has another value.
    Header,
    /// The body is not JSON, or a pointer's value is missing or another.
    Json,
    /// Something for the next step of the journey is missing.
    Capture,
}

impl CheckKind {
    /// Its name in `errors.csv`.
    pub fn name(self) -> &'static str {
        match self {
            CheckKind::Status => "status",
            CheckKind::Header => "header",
            CheckKind::Json => "json",
            CheckKind::Capture => "capture",
        }
    }
}

/// Why an answer is not good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckFault {
    /// Which part.
    pub kind: CheckKind,
    /// A few words, the same for all answers that are wrong in the same way.
    pub detail: String,
}

impl fmt::Display for CheckFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.name(), self.detail)
    }
}

impl std::error::Error for CheckFault {}

/// A value to compare with.
#[derive(Debug, Clone)]
pub(crate) enum Expected {
    /// Equal to the text, or beginning with it. The empty beginning means: present.
    Text { template: Template, prefix: bool },
    /// With a number in it that is at least the one in the text: `W/"12"` is 12.
    AtLeast(Template),
    /// A JSON number.
    Number(f64),
    /// A JSON boolean.
    Boolean(bool),
}

/// Where a captured value comes from.
#[derive(Debug, Clone)]
pub(crate) enum Source {
    /// A header of the answer.
    Header(String),
    /// A parameter of the query of a URL in a header of the answer.
    HeaderQuery { header: String, parameter: String },
    /// A JSON pointer: into the answer, or into each element when there is an `each`.
    Pointer { slot: usize, text: String },
    /// A template of the request's own values.
    Template(Template),
}

/// All that is checked and captured.
#[derive(Debug, Clone, Default)]
pub(crate) struct Checks {
    pub status: Vec<u16>,
    pub headers: Vec<(String, Expected)>,
    pub json: Vec<(String, usize, Expected)>,
    /// Into the answer.
    pub pointers: Pointers,
    /// Slot of the array to go through, if captures are taken from each of its elements.
    pub each: Option<usize>,
    /// Into each element.
    pub each_pointers: Pointers,
    pub captures: Vec<(Arc<str>, Source)>,
    /// What must not be shown of an answer.
    pub secrets: Secrets,
}

thread_local! {
    /// Rendered expectations; kept, so that comparing allocates nothing in steady state.
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Characters of an unexpected value that a detail shows: enough for a code, too few for a document.
const SHOWN_MAX: usize = 40;
/// Where the published interfaces put the code of an error: FHIR OperationOutcome, MESH v2, MESH v1.
const ERROR_CODES: [&str; 4] =
    ["/issue/0/details/coding/0/code", "/detail/0/code", "/detail/code", "/errorCode"];

fn fault(kind: CheckKind, detail: String) -> CheckFault {
    CheckFault { kind, detail }
}

impl Checks {
    /// Checks an answer and appends what it leaves; appends nothing when it is not good.
    pub(crate) fn run(
        &self,
        answer: &AnswerView<'_>,
        cx: &CheckContext<'_>,
        rules: &Rules,
        left: &mut Vec<HandOver>,
    ) -> Result<(), CheckFault> {
        if !self.status.contains(&answer.status) {
            let code =
                error_code(answer.body, &self.secrets).map_or(String::new(), |code| format!(" {code}"));
            return Err(fault(CheckKind::Status, format!("{}{code}", answer.status)));
        }
        let mut inputs = Inputs::new(cx, rules);
        for (name, expected) in &self.headers {
            let Some(got) = answer.header(name) else {
                return Err(fault(CheckKind::Header, format!("{name} is missing")));
            };
            let text = String::from_utf8_lossy(got);
            if !expected.fits_text(&text, &mut inputs) {
                return Err(fault(
                    CheckKind::Header,
                    format!("{name} {}", expected.complaint(&text, &self.secrets)),
                ));
            }
        }
        let mut found: Found<'_> = [None; crate::pointer::POINTERS_MAX];
        if !self.pointers.is_empty() {
            let not_json = || fault(CheckKind::Json, "the body is not JSON".into());
            let body = std::str::from_utf8(answer.body).map_err(|_| not_json())?;
            found = self.pointers.find(body).map_err(|_| not_json())?;
        }
        for (pointer, slot, expected) in &self.json {
            let Some(raw) = found[*slot] else {
                return Err(fault(CheckKind::Json, format!("{pointer} is missing")));
            };
            if !expected.fits_json(raw, &mut inputs) {
                return Err(fault(
                    CheckKind::Json,
                    format!("{pointer} {}", expected.complaint(raw, &self.secrets)),
                ));
            }
        }
        if self.captures.is_empty() {
            return Ok(());
        }
        let Some(each) = self.each else {
            left.push(self.capture(answer, &found, &mut inputs)?);
            return Ok(());
        };
        // No array: this answer leaves nothing, which is not wrong (a pharmacy for which nothing waits).
        let before = left.len();
        for element in found[each].and_then(elements).unwrap_or_default() {
            let captured = self
                .each_pointers
                .find(element)
                .map_err(|_| fault(CheckKind::Json, "the body is not JSON".into()))
                .and_then(|found| self.capture(answer, &found, &mut inputs));
            match captured {
                Ok(hand_over) => left.push(hand_over),
                Err(missing) => {
                    left.truncate(before);
                    return Err(missing);
                }
            }
        }
        Ok(())
    }

    fn capture(
        &self,
        answer: &AnswerView<'_>,
        found: &Found<'_>,
        inputs: &mut Inputs<'_>,
    ) -> Result<HandOver, CheckFault> {
        let missing = |what: &str| fault(CheckKind::Capture, format!("{what} is missing"));
        let mut values: Vec<(Arc<str>, Box<str>)> = Vec::with_capacity(self.captures.len());
        for (name, source) in &self.captures {
            let value: Box<str> = match source {
                Source::Header(header) => {
                    let got = answer.header(header).ok_or_else(|| missing(header))?;
                    String::from_utf8_lossy(got).into()
                }
                Source::HeaderQuery { header, parameter } => {
                    let got = answer.header(header).ok_or_else(|| missing(header))?;
                    let what = || missing(&format!("{header}?{parameter}"));
                    query_value(&String::from_utf8_lossy(got), parameter).ok_or_else(what)?.into()
                }
                Source::Pointer { slot, text } => {
                    found[*slot].and_then(scalar).ok_or_else(|| missing(text))?.into()
                }
                Source::Template(template) => with_text(template, inputs, |text| text.into()),
            };
            values.push((Arc::clone(name), value));
        }
        Ok(HandOver::new(values))
    }
}

impl Expected {
    fn fits_text(&self, got: &str, inputs: &mut Inputs<'_>) -> bool {
        match self {
            Expected::Text { template, prefix } => {
                with_text(template, inputs, |text| if *prefix { got.starts_with(text) } else { got == text })
            }
            Expected::AtLeast(template) => {
                let least = with_text(template, inputs, number_in);
                least.is_some() && number_in(got) >= least
            }
            Expected::Number(number) => got.parse() == Ok(*number),
            Expected::Boolean(boolean) => got.parse() == Ok(*boolean),
        }
    }

    fn fits_json(&self, raw: &str, inputs: &mut Inputs<'_>) -> bool {
        let is_string = raw.starts_with('"');
        match self {
            // Present is enough, whatever it is.
            Expected::Text { template, prefix: true } if template.text().is_empty() => true,
            Expected::AtLeast(_) => scalar(raw).is_some_and(|text| self.fits_text(&text, inputs)),
            Expected::Text { .. } => {
                is_string && scalar(raw).is_some_and(|text| self.fits_text(&text, inputs))
            }
            Expected::Number(_) | Expected::Boolean(_) => !is_string && self.fits_text(raw, inputs),
        }
    }

    /// What to say about a value that does not fit: the value itself only where all requests expect the same.
    fn complaint(&self, got: &str, secrets: &Secrets) -> String {
        match self {
            Expected::Text { template, .. } if !template.is_constant() => {
                format!("is not {}", template.text())
            }
            Expected::AtLeast(template) => {
                format!("is below {}", template.text())
            }
            _ => format!("is {}", secrets.shown(got, SHOWN_MAX)),
        }
    }
}

fn with_text<T>(template: &Template, inputs: &mut Inputs<'_>, then: impl FnOnce(&str) -> T) -> T {
    SCRATCH.with_borrow_mut(|scratch| {
        scratch.clear();
        template.write(inputs, scratch);
        then(&String::from_utf8_lossy(scratch))
    })
}

/// The first whole number that stands in a text.
fn number_in(text: &str) -> Option<u64> {
    let digits = text.trim_start_matches(|c: char| !c.is_ascii_digit());
    digits.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// The value of a parameter in a URL's query, with its percent-escapes undone; `None` when it is not there or not text.
fn query_value(url: &str, parameter: &str) -> Option<String> {
    let (_, query) = url.split_once('?')?;
    let query = query.split('#').next()?;
    let (_, value) = query.split('&').filter_map(|p| p.split_once('=')).find(|(n, _)| *n == parameter)?;
    let mut out = Vec::with_capacity(value.len());
    let mut bytes = value.bytes();
    while let Some(b) = bytes.next() {
        out.push(match b {
            b'+' => b' ',
            b'%' => {
                let digits = [bytes.next()?, bytes.next()?].map(|b| char::from(b).to_digit(16));
                u8::try_from(digits[0]? * 16 + digits[1]?).ok()?
            }
            b => b,
        });
    }
    String::from_utf8(out).ok()
}

/// The code that a published error body carries.
fn error_code(body: &[u8], secrets: &Secrets) -> Option<String> {
    let body = std::str::from_utf8(body).ok()?;
    let mut pointers = Pointers::default();
    for pointer in ERROR_CODES {
        pointers.add(pointer).ok()?;
    }
    let found = pointers.find(body).ok()?;
    let code = scalar(found.iter().flatten().next()?)?;
    let clean = |c: &char| c.is_ascii_alphanumeric() || "-_".contains(*c);
    // Masked before it is cleaned: without its special characters a secret would not be known any more.
    Some(secrets.mask(&code).chars().filter(clean).take(SHOWN_MAX).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_of_a_location_is_found_whole_and_decoded() {
        let url = "https://client.example.org/cb?state=a%20b&code=x%2By-_z#code=no";
        assert_eq!(query_value(url, "code").as_deref(), Some("x+y-_z"));
        assert_eq!(query_value(url, "state").as_deref(), Some("a b"));
        for (url, name) in [
            (url, "cod"),
            ("/cb", "code"),
            ("/cb?code", "code"),
            ("/cb?code=%4", "code"),
            ("/cb?code=%ff", "code"),
        ] {
            assert_eq!(query_value(url, name), None, "{url} {name}");
        }
    }
}
