//! What a prescriber's signature covers: chosen elements of an order in one canonical form, and their digest.
//!
//! Called by eps-prepare, which hands the digest out to be signed, and by the check of signatures. Pure.
//!
//! Canonical form: of each resource in [`SIGNED`] the elements listed there, as JSON without white space and with the
//! members of every object in ascending order (numbers and texts as sent); these lines in ascending order, each ended by a
//! line feed. So the order of entries and members does not matter, and neither do the ids of bundle and message, the
//! time, the nomination, or the dispensing status that a release adds, which may change after signing.

use super::status;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// Algorithm of the digest, as XML signatures name it.
pub const SHA_256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";

/// Resource types with the elements of them that are signed.
const SIGNED: [(&str, &[&str]); 5] = [
    (
        "MedicationRequest",
        &[
            "identifier",
            "extension",
            "intent",
            "medicationCodeableConcept",
            "medicationReference",
            "groupIdentifier",
            "courseOfTherapyType",
            "note",
            "dosageInstruction",
            "dispenseRequest",
            "substitution",
        ],
    ),
    ("Patient", &["identifier", "name", "gender", "birthDate", "address"]),
    ("PractitionerRole", &["identifier", "code", "telecom"]),
    ("Practitioner", &["identifier", "name"]),
    ("Organization", &["identifier", "name", "address", "telecom"]),
];

/// Elements of `dispenseRequest` that are not signed: the nomination.
const NOMINATION: [&str; 2] = ["performer", "extension"];

/// Base64 of the SHA-256 digest of the order's canonical form; `None` when `text` is not a JSON object.
pub fn digest(text: &str) -> Option<String> {
    let bundle: Value = serde_json::from_str(text).ok()?;
    Some(STANDARD.encode(Sha256::digest(canonical(&bundle))))
}

fn canonical(bundle: &Value) -> String {
    let entries = bundle["entry"].as_array().map_or(&[][..], Vec::as_slice);
    let mut lines: Vec<String> = entries.iter().filter_map(|e| signed(&e["resource"])).collect();
    lines.sort_unstable();
    lines.concat()
}

fn signed(resource: &Value) -> Option<String> {
    let kind = resource["resourceType"].as_str()?;
    let (_, elements) = SIGNED.iter().find(|(k, _)| *k == kind)?;
    let mut line = format!("{kind}{{");
    for element in *elements {
        let Some(value) = resource.get(*element) else { continue };
        line.push_str(element);
        line.push(':');
        let without_status;
        let value = match value.as_array() {
            Some(extensions) if *element == "extension" => {
                let signed = extensions.iter().filter(|e| e["url"] != status::INFORMATION);
                without_status = Value::Array(signed.cloned().collect());
                &without_status
            }
            _ => value,
        };
        let skip = if *element == "dispenseRequest" { &NOMINATION[..] } else { &[] };
        write(value, skip, &mut line);
        line.push(';');
    }
    line.push_str("}\n");
    Some(line)
}

/// Depth is bounded by the parser's own limit.
fn write(value: &Value, skip: &[&str], out: &mut String) {
    match value {
        Value::Object(members) => {
            out.push('{');
            for (i, (name, value)) in sorted(members, skip).into_iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                out.push_str(&Value::from(name.as_str()).to_string());
                out.push(':');
                write(value, &[], out);
            }
            out.push('}');
        }
        Value::Array(values) => {
            out.push('[');
            for (i, value) in values.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write(value, &[], out);
            }
            out.push(']');
        }
        scalar => out.push_str(&scalar.to_string()),
    }
}

fn sorted<'v>(members: &'v Map<String, Value>, skip: &[&str]) -> Vec<(&'v String, &'v Value)> {
    let mut all: Vec<_> = members.iter().filter(|(name, _)| !skip.contains(&name.as_str())).collect();
    all.sort_unstable_by_key(|(name, _)| name.as_str());
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_does_not_depend_on_the_order_of_things_nor_on_the_nomination() {
        let one = r#"{"id":"1","entry":[{"resource":{"resourceType":"Patient","gender":"male","name":[{"family":"A","given":["B"]}]}},
            {"resource":{"resourceType":"MedicationRequest","intent":"order","dispenseRequest":{"performer":{"x":1},"quantity":{"value":28}}}}]}"#;
        let other = r#"{"entry":[{"resource":{"dispenseRequest":{"quantity":{"value":28}},"intent":"order","resourceType":"MedicationRequest"}},
            {"resource":{"name":[{"given":["B"],"family":"A"}],"resourceType":"Patient","gender":"male"}}],"id":"2","timestamp":"now"}"#;
        assert_eq!(digest(one), digest(other));
        assert_eq!(digest(one).unwrap().len(), 44, "SHA-256 in base64");
        assert_ne!(digest(one), digest(&one.replace("28", "29")));
        assert_eq!(digest("["), None);
    }
}
