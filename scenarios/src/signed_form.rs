//! The canonical form of a prescription order, and its digest: what `{{prescription.signature}}` signs.
//!
//! Called by `signature` for each order, so it builds no tree: it copies what is signed and puts members in order in place.
//! Written from the documented form (reference-hub/README.md, "What a signature covers") and never from the hub's code: a
//! fault of one must not hide behind the same fault of the other.

use sha2::{Digest, Sha256};

/// Resource types with the elements of them that are signed, in the order of the form.
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
            DISPENSE_REQUEST,
            "substitution",
        ],
    ),
    ("Patient", &["identifier", "name", "gender", "birthDate", "address"]),
    ("PractitionerRole", &["identifier", "code", "telecom"]),
    ("Practitioner", &["identifier", "name"]),
    ("Organization", &["identifier", "name", "address", "telecom"]),
];
/// The element of which [`NOMINATION`] is left out.
const DISPENSE_REQUEST: &str = "dispenseRequest";
/// Members that say who dispenses: they may change after signing.
const NOMINATION: [&[u8]; 2] = [b"performer", b"extension"];
/// Depth of nesting: what JSON readers take, so that no body can exhaust the stack.
const DEPTH_MAX: usize = 128;
/// Digits of a number that stands as it is; longer ones may not fit into 64 bits.
const DIGITS_MAX: usize = 18;

/// SHA-256 of the canonical form of an order; `None` when the text is not a JSON object.
pub(crate) fn digest(order: &[u8]) -> Option<[u8; 32]> {
    let mut reader = Reader {
        text: order,
        at: 0,
        out: Vec::with_capacity(order.len()),
        lines: Vec::new(),
        found: Vec::new(),
        members: Vec::new(),
        spare: Vec::new(),
    };
    reader.object(|reader, name| if name == b"entry" { reader.entries() } else { reader.skip() })?;
    if reader.peek().is_some() {
        return None;
    }
    let Reader { out, mut lines, .. } = reader;
    lines.sort_unstable_by(|a, b| out[a.0..a.1].cmp(&out[b.0..b.1]));
    let mut hash = Sha256::new();
    for (from, to) in lines {
        hash.update(&out[from..to]);
    }
    Some(hash.finalize().into())
}

/// Reads JSON from front to back and writes the form. `None` from any function: it is not JSON.
struct Reader<'a> {
    text: &'a [u8],
    at: usize,
    out: Vec<u8>,
    /// Where in `out` each resource's line stands.
    lines: Vec<(usize, usize)>,
    /// Members of the resource being read, with where their values begin in `text`.
    found: Vec<(&'a [u8], usize)>,
    /// Members of the objects being written: name, and where in `out` each stands.
    members: Vec<(&'a [u8], usize, usize)>,
    spare: Vec<u8>,
}

impl<'a> Reader<'a> {
    /// The next byte that is not white space, which stays.
    fn peek(&mut self) -> Option<u8> {
        while let Some(b) = self.text.get(self.at) {
            if !matches!(b, b' ' | b'\t' | b'\r' | b'\n') {
                return Some(*b);
            }
            self.at += 1;
        }
        None
    }

    /// The next byte that is not white space.
    fn next(&mut self) -> Option<u8> {
        let b = self.peek()?;
        self.at += 1;
        Some(b)
    }

    /// A string as it stands between its quotes, and whether it has escapes.
    fn string(&mut self) -> Option<(&'a [u8], bool)> {
        (self.next()? == b'"').then_some(())?;
        let (start, mut escapes) = (self.at, false);
        loop {
            let rest = &self.text[self.at..];
            let stop = memchr::memchr2(b'"', b'\\', rest)?;
            self.at += stop + 1;
            if rest[stop] == b'"' {
                return Some((&self.text[start..self.at - 1], escapes));
            }
            escapes = true;
            // What follows a backslash is never the end; `at` stays within the text.
            self.text.get(self.at)?;
            self.at += 1;
        }
    }

    /// A number, or one of the three words.
    fn scalar(&mut self) -> Option<&'a [u8]> {
        self.peek()?;
        let rest = &self.text[self.at..];
        let length = rest
            .iter()
            .position(|b| !b.is_ascii_alphanumeric() && !matches!(b, b'-' | b'+' | b'.'))
            .unwrap_or(rest.len());
        self.at += length;
        (length > 0).then_some(&rest[..length])
    }

    /// An object: `each` reads the value of every member. Names with escapes are not those of any resource.
    fn object(&mut self, mut each: impl FnMut(&mut Self, &'a [u8]) -> Option<()>) -> Option<()> {
        (self.next()? == b'{').then_some(())?;
        if self.peek()? == b'}' {
            self.at += 1;
            return Some(());
        }
        loop {
            let (name, false) = self.string()? else { return None };
            (self.next()? == b':').then_some(())?;
            each(self, name)?;
            match self.next()? {
                b',' => {}
                b'}' => return Some(()),
                _ => return None,
            }
        }
    }

    /// An array: `each` reads every element.
    fn array(&mut self, mut each: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        (self.next()? == b'[').then_some(())?;
        if self.peek()? == b']' {
            self.at += 1;
            return Some(());
        }
        loop {
            each(self)?;
            match self.next()? {
                b',' => {}
                b']' => return Some(()),
                _ => return None,
            }
        }
    }

    /// Passes over a value.
    fn skip(&mut self) -> Option<()> {
        let mut depth = 0_usize;
        loop {
            match self.peek()? {
                b'"' => drop(self.string()?),
                b'{' | b'[' => (depth, self.at) = (depth + 1, self.at + 1),
                b'}' | b']' => (depth, self.at) = (depth.checked_sub(1)?, self.at + 1),
                b',' | b':' => self.at += 1,
                _ => drop(self.scalar()?),
            }
            if depth == 0 {
                return Some(());
            }
        }
    }

    fn entries(&mut self) -> Option<()> {
        self.lines.clear(); // of several members of one name the last counts
        if self.peek()? != b'[' {
            return self.skip();
        }
        self.array(|reader| {
            if reader.peek()? != b'{' {
                return reader.skip();
            }
            reader.object(|reader, name| if name == b"resource" { reader.resource() } else { reader.skip() })
        })
    }

    /// Writes the line of a resource, if it is of a type that is signed. Its members are passed over first, as the form has
    /// an order of its own.
    fn resource(&mut self) -> Option<()> {
        if self.peek()? != b'{' {
            return self.skip();
        }
        self.found.clear();
        let mut kind: &[u8] = b"";
        self.object(|reader, name| {
            if name == b"resourceType" && reader.peek()? == b'"' {
                kind = reader.string()?.0;
                return Some(());
            }
            reader.found.push((name, reader.at));
            reader.skip()
        })?;
        let Some((kind, elements)) = SIGNED.iter().find(|(k, _)| k.as_bytes() == kind) else {
            return Some(());
        };
        let (end, start) = (self.at, self.out.len());
        self.out.extend_from_slice(kind.as_bytes());
        self.out.push(b'{');
        for element in *elements {
            let Some((_, at)) = self.found.iter().rev().find(|(name, _)| *name == element.as_bytes()) else {
                continue;
            };
            self.at = *at;
            self.out.extend_from_slice(element.as_bytes());
            self.out.push(b':');
            let without = if *element == DISPENSE_REQUEST { &NOMINATION[..] } else { &[] };
            self.value(without, DEPTH_MAX)?;
            self.out.push(b';');
        }
        self.out.extend_from_slice(b"}\n");
        self.lines.push((start, self.out.len()));
        self.at = end;
        Some(())
    }

    /// Writes a value in canonical form, an object but for the members `without`.
    fn value(&mut self, without: &[&[u8]], depth: usize) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        match self.peek()? {
            b'{' => {
                self.out.push(b'{');
                let (first, start) = (self.members.len(), self.out.len());
                self.object(|reader, name| {
                    if without.contains(&name) {
                        return reader.skip();
                    }
                    let start = reader.out.len();
                    for part in [b"\"", name, b"\":"] {
                        reader.out.extend_from_slice(part);
                    }
                    reader.value(&[], depth)?;
                    reader.members.push((name, start, reader.out.len()));
                    Some(())
                })?;
                self.put_in_order(first, start);
                self.out.push(b'}');
            }
            b'[' => {
                let mut between: &[u8] = b"[";
                self.array(|reader| {
                    reader.out.extend_from_slice(between);
                    between = b",";
                    reader.value(&[], depth)
                })?;
                self.out.extend_from_slice(if between == b"[" { b"[]" } else { b"]" });
            }
            b'"' => {
                let start = self.at;
                if self.string()?.1 {
                    let text: String = serde_json::from_slice(&self.text[start..self.at]).ok()?;
                    serde_json::to_writer(&mut self.out, &text).ok()?;
                } else {
                    self.out.extend_from_slice(&self.text[start..self.at]);
                }
            }
            _ => {
                let word = self.scalar()?;
                let whole = word.len() <= DIGITS_MAX && word.iter().all(u8::is_ascii_digit);
                if whole || matches!(word, b"true" | b"false" | b"null") {
                    self.out.extend_from_slice(word);
                } else {
                    let number: serde_json::Number = serde_json::from_slice(word).ok()?;
                    self.out.extend_from_slice(number.to_string().as_bytes());
                }
            }
        }
        Some(())
    }

    /// Puts the members from `first` on, which stand in `out` from `start` to its end, in ascending order, with commas.
    fn put_in_order(&mut self, first: usize, start: usize) {
        let members = &mut self.members[first..];
        members.sort_by_key(|(name, _, _)| *name);
        self.spare.clear();
        for (i, (name, from, to)) in members.iter().enumerate() {
            if members.get(i + 1).is_some_and(|next| next.0 == *name) {
                continue; // of several of one name the last counts
            }
            if !self.spare.is_empty() {
                self.spare.push(b',');
            }
            self.spare.extend_from_slice(&self.out[*from..*to]);
        }
        self.out.truncate(start);
        self.out.extend_from_slice(&self.spare);
        self.members.truncate(first);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An order with all that the form has to deal with, and its form written by hand.
    const ORDER: &str = r#" { "id" : "x", "entry": [
        {"resource": {"gender": "male", "resourceType": "Patient", "name": [{"given": ["B\u0062\/\"", "É"], "family": "A"}], "address": [], "telecom": 7}},
        {"fullUrl": "y", "resource": {"resourceType": "MedicationRequest", "status": "active", "substitution": {"allowedBoolean": false, "x": null},
            "dispenseRequest": {"performer": {"a": [1]}, "quantity": {"value": 1.50, "b": -2, "aa": {}}, "extension": []}, "intent": "order"}},
        {"resource": {"resourceType": "Provenance", "identifier": 1}}, {"resource": 7}, 7 ] } "#;
    const FORM: &str = "MedicationRequest{intent:\"order\";dispenseRequest:{\"quantity\":{\"aa\":{},\"b\":-2,\"value\":1.5}};substitution:{\"allowedBoolean\":false,\"x\":null};}\n\
        Patient{name:[{\"family\":\"A\",\"given\":[\"Bb/\\\"\",\"É\"]}];gender:\"male\";address:[];}\n";

    #[test]
    fn the_digest_is_that_of_the_form_written_by_hand() {
        let by_hand: [u8; 32] = Sha256::digest(FORM).into();
        assert_eq!(digest(ORDER.as_bytes()), Some(by_hand));
        assert_ne!(digest(ORDER.replace("-2", "-3").as_bytes()), Some(by_hand));
        assert_eq!(digest(ORDER.replace("[1]", "[2]").as_bytes()), Some(by_hand), "the nomination");
        assert_eq!(digest(b"{}"), Some(Sha256::digest("").into()));
    }

    #[test]
    fn of_members_of_one_name_the_last_counts() {
        let twice = ORDER
            .replace("\"b\": -2", "\"b\": 7, \"b\": -2")
            .replace("\"gender\"", "\"gender\": 1, \"gender\"");
        assert_eq!(digest(twice.as_bytes()), digest(ORDER.as_bytes()));
    }

    #[test]
    fn what_is_no_json_object_has_no_digest_and_is_no_danger() {
        for end in 0..ORDER.len() - 2 {
            assert_eq!(digest(&ORDER.as_bytes()[..end]), None, "{end}");
        }
        let deep = ORDER.replace("[1]", &"[".repeat(100_000));
        assert_eq!(digest(deep.as_bytes()), None);
        let deep = ORDER.replace("-2", &format!("{}{}", "[".repeat(200), "]".repeat(200)));
        assert_eq!(digest(deep.as_bytes()), None, "deeper than readers of JSON take");
        for bad in ["[]", "", "{\"a\" 1}", "{\"a\":1}{", "{\"a\":1]"] {
            assert_eq!(digest(bad.as_bytes()), None, "{bad}");
        }
    }
}
