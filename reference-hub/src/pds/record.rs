//! Reading a stored FHIR Patient document: its version and security without parsing it, its parts once parsed.
//!
//! Called by retrieve, trace and update. Never trusts that a document is complete: legacy records lack parts.

use super::json::Json;
use super::refuse::Refusal;
use super::terms;
use super::tree::Tree;
use crate::fhir;
use memchr::memmem::Finder;
use serde_json::{Map, Value};
use std::sync::LazyLock;

pub(super) use super::tree::{items, text};

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
static META: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new(br#""meta":{"security":[{"code":""#));
static VERSION: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new(br#""versionId":""#));

/// Version and security of a document; `None` when it is not a Patient with a version.
pub(super) fn head(document: &[u8]) -> Option<Head> {
    quick_head(document).or_else(|| head_of(&Json::read(document).ok()?))
}

fn quick_head(document: &[u8]) -> Option<Head> {
    let (code, version) = places(document)?;
    let version = quoted(&document[version..])?;
    Some(Head { version: version.parse().ok()?, security: Security::of(quoted(&document[code..])?) })
}

/// Where the texts of security and version begin.
fn places(document: &[u8]) -> Option<(usize, usize)> {
    let mut found = META.find_iter(document);
    let code = found.next()? + META.needle().len();
    if found.next().is_some() {
        return None; // an extension may hold whatever a caller sent: which one is the record's needs parsing
    }
    Some((code, code + VERSION.find(&document[code..])? + VERSION.needle().len()))
}

/// Gives a document that has a version another one.
pub(super) fn set_version(document: &mut Vec<u8>, version: u64) {
    let version = version.to_string();
    let place = places(document).and_then(|(_, at)| Some(at..at + quoted(&document[at..])?.len()));
    if let Some(place) = place {
        document.splice(place, version.bytes());
    } else if let Ok(mut patient) = serde_json::from_slice::<Value>(document) {
        patient["meta"]["versionId"] = version.into();
        *document = patient.to_string().into_bytes();
    }
}

/// The text up to the closing quote.
fn quoted(text: &[u8]) -> Option<&str> {
    let end = text.iter().position(|&b| b == b'"')?;
    std::str::from_utf8(&text[..end]).ok()
}

/// Version and security of a parsed document.
pub(super) fn head_of<T: Tree>(patient: &T) -> Option<Head> {
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
    fn an_extension_that_holds_a_meta_is_not_taken_for_it() {
        let meta = |code: &str, version: &str| serde_json::json!({"security": [{"code": code}], "versionId": version});
        let extension = serde_json::json!([{"meta": meta("U", "9"), "url": "x"}]);
        for element in ["extension", "telecom"] {
            let mut document = serde_json::json!({"meta": meta("R", "2")});
            document[element] = extension.clone();
            let want = Head { version: 2, security: Security::Restricted };
            assert_eq!(head(document.to_string().as_bytes()), Some(want), "{element}");
            let mut renumbered = document.to_string().into_bytes();
            set_version(&mut renumbered, 10);
            document["meta"]["versionId"] = "10".into();
            assert_eq!(String::from_utf8(renumbered).unwrap(), document.to_string());
        }
    }

    #[test]
    fn only_weak_numeric_etags_are_versions() {
        assert_eq!(version_of_etag("W/\"12\""), Some(12));
        for etag in ["\"12\"", "W/12", "W/\"x\"", "W/\"\"", "", "W/\"+1\"", "W/\"99999999999999999999999\""] {
            assert_eq!(version_of_etag(etag), None, "{etag}");
        }
    }
}
