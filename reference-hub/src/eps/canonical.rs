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

use super::status;
use super::tape::{Kind, Node, Tape};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::ops::Range;

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

/// Most elements that are signed in one type.
const ELEMENTS_MAX: usize = SIGNED[0].1.len();

/// Elements of `dispenseRequest` that are not signed: the nomination.
const NOMINATION: [&str; 2] = ["performer", "extension"];

/// Digits of a number that stands as it is; of more it must be seen whether they fit into 64 bits.
const DIGITS_MAX: usize = 18;

/// Base64 of the SHA-256 digest of the order's canonical form; `None` when `order` is not an object whose parts have the
/// kinds that a bundle's have, or is out of the bounds of JSON readers (depth of 128, numbers that fit).
pub fn digest(order: &Tape<'_>) -> Option<String> {
    (order.root().kind() == Kind::Object).then_some(())?;
    let mut form = Form { out: Vec::with_capacity(order.text().len()), members: Vec::new() };
    let mut lines: Vec<Range<usize>> = Vec::new();
    if let Some(entries) = order.root().get("entry") {
        (entries.kind() == Kind::Array).then_some(())?;
        for entry in entries.elements() {
            (entry.kind() == Kind::Object).then_some(())?;
            let start = form.out.len();
            if let Some(resource) = entry.get("resource") {
                form.resource(resource)?;
                lines.push(start..form.out.len());
            }
        }
    }
    lines.sort_unstable_by(|a, b| form.out[a.clone()].cmp(&form.out[b.clone()]));
    let mut hash = Sha256::new();
    lines.into_iter().for_each(|line| hash.update(&form.out[line]));
    Some(STANDARD.encode(hash.finalize()))
}

/// The form in the making.
struct Form<'p, 't> {
    out: Vec<u8>,
    /// Members of the objects that are being written, from the outermost on.
    members: Vec<(Cow<'t, str>, Node<'p, 't>)>,
}

impl<'p, 't> Form<'p, 't> {
    /// Writes the line of a resource, if it is of a type that is signed.
    fn resource(&mut self, resource: Node<'p, 't>) -> Option<()> {
        let Some(kind) = resource.get("resourceType") else { return Some(()) };
        let Some((kind, elements)) = SIGNED.iter().find(|(known, _)| kind.is(known)) else { return Some(()) };
        self.out.extend_from_slice(kind.as_bytes());
        self.out.push(b'{');
        let mut values = [None; ELEMENTS_MAX];
        for (name, value) in resource.members() {
            // Of several members of one name the last counts, here and below.
            if let Some(place) = elements.iter().position(|element| name.is(element)) {
                values[place] = Some(value);
            }
        }
        for (element, value) in elements.iter().zip(values) {
            let Some(value) = value else { continue };
            let start = self.out.len();
            self.out.extend_from_slice(element.as_bytes());
            self.out.push(b':');
            match *element {
                "extension" if value.elements().any(is_added) => {
                    // Nothing but what was added: the order had no extensions.
                    if value.elements().all(is_added) {
                        self.out.truncate(start);
                        continue;
                    }
                    self.array(value.elements().filter(|v| !is_added(*v)))?;
                }
                "dispenseRequest" => self.value(value, &NOMINATION)?,
                _ => self.value(value, &[])?,
            }
            self.out.push(b';');
        }
        self.out.extend_from_slice(b"}\n");
        Some(())
    }

    fn array(&mut self, values: impl Iterator<Item = Node<'p, 't>>) -> Option<()> {
        self.out.push(b'[');
        for (i, value) in values.enumerate() {
            if i > 0 {
                self.out.push(b',');
            }
            self.value(value, &[])?;
        }
        self.out.push(b']');
        Some(())
    }

    /// Writes a value, an object but for the members `without`.
    fn value(&mut self, value: Node<'p, 't>, without: &[&str]) -> Option<()> {
        match value.kind() {
            Kind::Text => self.out.extend_from_slice(value.raw().as_bytes()),
            Kind::Escaped => quote(&value.string()?, &mut self.out)?,
            Kind::Other => number_or_word(value.raw(), &mut self.out)?,
            Kind::Array => {
                value.inner_depth()?;
                self.array(value.elements())?;
            }
            Kind::Object => {
                value.inner_depth()?;
                self.object(value, without)?;
            }
        }
        Some(())
    }

    fn object(&mut self, value: Node<'p, 't>, without: &[&str]) -> Option<()> {
        let first = self.members.len();
        for (name, value) in value.members() {
            self.members.push((name.string()?, value));
        }
        let end = self.members.len();
        // Of one name the last comes first, and is the one that is written.
        self.members[first..]
            .sort_unstable_by(|a, b| a.0.cmp(&b.0).then_with(|| b.1.start().cmp(&a.1.start())));
        let mut before = b'{';
        for i in first..end {
            let (name, value) = self.members[i].clone();
            if without.contains(&&*name) || (i > first && self.members[i - 1].0 == name) {
                continue;
            }
            self.out.push(std::mem::replace(&mut before, b','));
            match &name {
                Cow::Borrowed(plain) => {
                    [b"\"", plain.as_bytes(), b"\":"].iter().for_each(|part| self.out.extend_from_slice(part))
                }
                Cow::Owned(escaped) => {
                    quote(escaped, &mut self.out)?;
                    self.out.push(b':');
                }
            }
            self.value(value, &[])?;
        }
        if before == b'{' {
            self.out.push(b'{');
        }
        self.out.push(b'}');
        self.members.truncate(first);
        Some(())
    }
}

/// True for the dispensing status that a release adds.
fn is_added(extension: Node<'_, '_>) -> bool {
    extension.get("url").is_some_and(|url| url.is(status::INFORMATION))
}

/// Writes a JSON string with the escapes that JSON demands and no others.
fn quote(text: &str, out: &mut Vec<u8>) -> Option<()> {
    serde_json::to_writer(out, text).ok()
}

/// Writes a number in its shortest form, or `true`, `false`, `null`.
fn number_or_word(raw: &str, out: &mut Vec<u8>) -> Option<()> {
    let digits = raw.len() <= DIGITS_MAX && raw.bytes().all(|b| b.is_ascii_digit());
    if digits || matches!(raw, "true" | "false" | "null") {
        out.extend_from_slice(raw.as_bytes());
        return Some(());
    }
    let value: Value = serde_json::from_str(raw).ok()?;
    serde_json::to_writer(out, &value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(order: &str) -> Option<String> {
        super::digest(&Tape::read(order)?)
    }

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
