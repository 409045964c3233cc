//! What a prescriber's signature covers: chosen elements of an order in one canonical form, and their digest.
//!
//! Called by eps-prepare, which hands the digest out to be signed, and by the check of signatures. Pure.
//!
//! Canonical form: for each entry's resource of a type in [`SIGNED`] one line `TYPE{ELEMENT:VALUE;ELEMENT:VALUE;}`, ended by
//! a line feed, with those of the elements listed there that it has, in the order listed; the lines in ascending order.
//! Values are JSON without white space and with the members of every object in ascending order of their names; texts with
//! the escapes that JSON demands and no others; whole numbers of 64 bits as digits, others as the shortest decimal of the
//! same double. Orders are those of the bytes of UTF-8. `dispenseRequest` is without the members of [`NOMINATION`], `extension`
//! without the dispensing status that a release adds. So the order of entries and members does not matter, and neither do
//! the ids of bundle and message, the time, the nomination, or the status, which may change after signing. The README says
//! the same to those who sign.

use super::signed_parts::{Bundle, Node, Resource};
use super::status;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::borrow::Cow;

/// Algorithm of the digest, as XML signatures name it.
pub const SHA_256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";

/// Resource types with the elements of them that are signed.
pub const SIGNED: [(&str, &[&str]); 5] = [
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

/// Base64 of the SHA-256 digest of the order's canonical form; `None` when `text` is not a JSON object whose parts have the
/// kinds that a bundle's have, or is out of the bounds of JSON readers (depth of 128, numbers that fit).
pub fn digest(text: &str) -> Option<String> {
    let bundle: Bundle<'_> = serde_json::from_str(text).ok()?;
    let mut lines: Vec<String> = bundle.entry.iter().filter_map(|e| signed(e.resource.as_ref()?)).collect();
    lines.sort_unstable();
    let mut hash = Sha256::new();
    lines.iter().for_each(|line| hash.update(line));
    Some(STANDARD.encode(hash.finalize()))
}

fn signed(resource: &Resource<'_>) -> Option<String> {
    let (kind, elements) = SIGNED.iter().find(|(kind, _)| *kind == resource.kind)?;
    // Items are the largest: about 1.5 KB.
    let mut line = String::with_capacity(2_048);
    line.push_str(kind);
    line.push('{');
    for element in *elements {
        // Of several members of one name the last counts, here and below.
        let Some((_, value)) = resource.elements.iter().rev().find(|(name, _)| name == element) else {
            continue;
        };
        let added = |of: &Node<'_>| *element == "extension" && of.member("url") == Some(status::INFORMATION);
        if let Node::Array(values) = value
            && values.iter().any(added)
        {
            let sent: Vec<&Node<'_>> = values.iter().filter(|v| !added(v)).collect();
            if !sent.is_empty() {
                line.push_str("extension:");
                array(sent.into_iter(), &mut line);
                line.push(';');
            }
            continue;
        }
        line.push_str(element);
        line.push(':');
        value.write(if *element == "dispenseRequest" { &NOMINATION } else { &[] }, &mut line);
        line.push(';');
    }
    line.push_str("}\n");
    Some(line)
}

/// Writes an array of these.
fn array<'n, 'a: 'n>(values: impl Iterator<Item = &'n Node<'a>>, out: &mut String) {
    out.push('[');
    for (i, value) in values.enumerate() {
        if i > 0 {
            out.push(',');
        }
        value.write(&[], out);
    }
    out.push(']');
}

impl Node<'_> {
    /// The text of an object's member.
    fn member(&self, name: &str) -> Option<&str> {
        let Node::Object(members) = self else { return None };
        match members.iter().rev().find(|(known, _)| known == name) {
            Some((_, Node::Text(text))) => Some(text),
            _ => None,
        }
    }

    /// Writes a value, an object but for the members `without`. Depth is bounded by the parser's own limit.
    fn write(&self, without: &[&str], out: &mut String) {
        match self {
            Node::Object(members) => {
                let mut members: Vec<&(Cow<'_, str>, Node<'_>)> = members.iter().collect();
                members.sort_by(|a, b| a.0.cmp(&b.0));
                out.push('{');
                let mut first = true;
                for (i, (name, value)) in members.iter().enumerate() {
                    let again = members.get(i + 1).is_some_and(|(next, _)| next == name);
                    if again || without.contains(&&**name) {
                        continue;
                    }
                    if !first {
                        out.push(',');
                    }
                    first = false;
                    quote(name, matches!(name, Cow::Borrowed(_)), out);
                    out.push(':');
                    value.write(&[], out);
                }
                out.push('}');
            }
            Node::Array(values) => array(values.iter(), out),
            Node::Text(text) => quote(text, matches!(text, Cow::Borrowed(_)), out),
            Node::Other(value) => out.push_str(&value.to_string()),
        }
    }
}

/// Writes a JSON string with the escapes that JSON demands and no others. What the parser borrowed had none and needs none.
fn quote(text: &str, borrowed: bool, out: &mut String) {
    if borrowed {
        out.push('"');
        out.push_str(text);
        out.push('"');
    } else {
        out.push_str(&Value::from(text).to_string());
    }
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

    /// An order with all that the form has to deal with, and its form written by hand.
    const ORDER: &str = r#" { "id" : "x", "entry": [
        {"resource": {"gender": "male", "resourceType": "Patient", "name": [{"given": ["B\u0062\/\"", "É"], "family": "A"}], "address": [], "telecom": 7}},
        {"fullUrl": "y", "resource": {"resourceType": "MedicationRequest", "status": "active", "substitution": {"allowedBoolean": false, "x": null},
            "dispenseRequest": {"performer": {"a": [1]}, "quantity": {"value": 1.50, "b": -2, "aa": {}}, "extension": []}, "intent": "order"}},
        {"resource": {"resourceType": "Provenance", "identifier": 1}}, {} ] } "#;
    const FORM: &str = "MedicationRequest{intent:\"order\";dispenseRequest:{\"quantity\":{\"aa\":{},\"b\":-2,\"value\":1.5}};substitution:{\"allowedBoolean\":false,\"x\":null};}\n\
        Patient{name:[{\"family\":\"A\",\"given\":[\"Bb/\\\"\",\"É\"]}];gender:\"male\";address:[];}\n";

    #[test]
    fn the_digest_is_that_of_the_form_written_by_hand() {
        assert_eq!(digest(ORDER), Some(STANDARD.encode(Sha256::digest(FORM))));
        let twice = ORDER
            .replace("\"b\": -2", "\"b\": 7, \"b\": -2")
            .replace("\"gender\"", "\"gender\": 1, \"gender\"");
        assert_eq!(digest(&twice), digest(ORDER), "of members of one name the last counts");
    }

    #[test]
    fn what_is_out_of_bounds_has_no_digest() {
        for value in ["1e999", "\"\\ud800\"", &format!("{}{}", "[".repeat(200), "]".repeat(200))] {
            assert_eq!(digest(&ORDER.replace("-2", value)), None, "{value}");
        }
    }
}
