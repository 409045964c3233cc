//! Reading a stored FHIR Patient document: its version and security without parsing it, its parts once parsed.
//!
//! Called by retrieve, trace and update. Never trusts that a document is complete: legacy records lack parts.

use super::refuse::Refusal;
use super::terms;
use crate::fhir;
use serde_json::{Map, Value};

/// How much of a record may be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Security {
    /// `U`: all of it.
    Unrestricted,
    /// `R` or `V`: nothing that tells where the patient is.
    Restricted,
    /// `REDACTED`: the record is invalid and is not shown.
    Redacted,
}

impl Security {
    fn of(code: &str) -> Self {
        match code {
            "R" | "V" => Security::Restricted,
            "REDACTED" => Security::Redacted,
            _ => Security::Unrestricted,
        }
    }
}

/// What must be known of a document before it is handed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    /// `meta.versionId`.
    pub version: u64,
    /// `meta.security[0].code`.
    pub security: Security,
}

/// The beginning of `meta` as this hub writes it (keys in alphabetical order). Quotes inside JSON strings are escaped,
/// so no name or address can look like it.
const META: &[u8] = br#""meta":{"security":[{"code":""#;
const VERSION: &[u8] = br#""versionId":""#;

/// Version and security of a document; `None` when it is not a Patient with a version.
pub(super) fn head(document: &[u8]) -> Option<Head> {
    quick_head(document).or_else(|| head_of(&serde_json::from_slice(document).ok()?))
}

fn quick_head(document: &[u8]) -> Option<Head> {
    // From the end: only names and telecoms come after `meta`.
    let at = document.windows(META.len()).rposition(|w| w[1] == b'm' && w == META)? + META.len();
    let code = quoted(&document[at..])?;
    let at = at
        + document[at..].windows(VERSION.len()).position(|w| w[1] == b'v' && w == VERSION)?
        + VERSION.len();
    let version = quoted(&document[at..])?;
    Some(Head { version: version.parse().ok()?, security: Security::of(code) })
}

/// The text up to the closing quote.
fn quoted(text: &[u8]) -> Option<&str> {
    let end = text.iter().position(|&b| b == b'"')?;
    std::str::from_utf8(&text[..end]).ok()
}

/// Version and security of a parsed document.
pub(super) fn head_of(patient: &Value) -> Option<Head> {
    let version = text(patient, "/meta/versionId").parse().ok()?;
    Some(Head { version, security: Security::of(text(patient, "/meta/security/0/code")) })
}

/// The document as a tree.
///
/// # Errors
/// The 500 answer when the stored bytes are not JSON.
pub(super) fn parse(document: &[u8]) -> Result<Value, Refusal> {
    serde_json::from_slice(document).map_err(|_| Box::new(fhir::internal_error()))
}

/// The ETag of a version, weak as published.
pub(super) fn etag(version: u64) -> String {
    format!("W/\"{version}\"")
}

/// The version in an If-Match header of the published form `W/"n"`.
pub(super) fn version_of_etag(etag: &str) -> Option<u64> {
    let digits = etag.trim().strip_prefix("W/\"")?.strip_suffix('"')?;
    if digits.bytes().all(|b| b.is_ascii_digit()) { digits.parse().ok() } else { None }
}

/// The text under a JSON pointer; empty when there is none.
pub(super) fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or("")
}

/// The items of a list element; none when it is absent.
pub(super) fn items<'a>(patient: &'a Value, element: &str) -> &'a [Value] {
    patient.get(element).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Removes what tells where a restricted patient is: addresses, contact points, practice, pharmacies, place of birth.
pub(super) fn hide_location(patient: &mut Value) {
    let Some(patient) = patient.as_object_mut() else { return };
    for element in ["address", "telecom", "contact", "generalPractitioner"] {
        patient.remove(element);
    }
    keep(patient, "extension", |e| !terms::LOCATION_EXTENSIONS.contains(&text(e, "/url")));
}

/// Keeps the items of a list that pass; an empty list goes, as FHIR has none.
fn keep(patient: &mut Map<String, Value>, element: &str, pass: impl Fn(&Value) -> bool) {
    if let Some(Value::Array(list)) = patient.get_mut(element) {
        list.retain(pass);
        if list.is_empty() {
            patient.remove(element);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_and_security_are_found_with_and_without_parsing() {
        let quick = br#"{"id":"1","meta":{"security":[{"code":"R","display":"restricted"}],"versionId":"17"},"name":[]}"#;
        let other = br#"{"meta" : {"versionId":"17", "security":[{"code":"R"}]}}"#;
        let want = Head { version: 17, security: Security::Restricted };
        assert_eq!(quick_head(quick), Some(want));
        assert_eq!(quick_head(other), None);
        assert_eq!((head(quick), head(other)), (Some(want), Some(want)));
        assert_eq!(head(b"{}"), None);
        assert_eq!(head(b"nonsense"), None);
    }

    #[test]
    fn a_name_that_spells_meta_is_not_taken_for_it() {
        let family = r#""meta":{"security":[{"code":"U"}],"versionId":"9"}"#;
        let document = serde_json::json!({"meta": {"security": [{"code": "R"}], "versionId": "2"}, "name": [{"family": family}]});
        let want = Head { version: 2, security: Security::Restricted };
        assert_eq!(head(document.to_string().as_bytes()), Some(want));
    }

    #[test]
    fn only_weak_numeric_etags_are_versions() {
        assert_eq!(version_of_etag("W/\"12\""), Some(12));
        for etag in ["\"12\"", "W/12", "W/\"x\"", "W/\"\"", "", "W/\"+1\"", "W/\"99999999999999999999999\""] {
            assert_eq!(version_of_etag(etag), None, "{etag}");
        }
    }
}
