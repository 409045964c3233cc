//! The parts of a JSON document as slices of its bytes, found without building a tree.
//!
//! Called by the interfaces that show or change a part of a record and hand the rest on as it stands: parsing all of it
//! would cost ten times as much. Takes valid JSON (the hub stores nothing else); of anything else it says `None` or gives odd slices,
//! but never panics.

/// A member of an object: raw name (without quotes) and raw value.
pub(crate) type Member<'a> = (&'a [u8], &'a [u8]);

/// The members of an object.
pub(crate) fn members(json: &[u8]) -> Option<Vec<Member<'_>>> {
    members_until(json, |_| false).map(|(found, _)| found)
}

/// The members of an object that stand before the first one whose name `is_after`, and the text from there to its end:
/// the name's opening quote, or the closing bracket.
pub(crate) fn members_until(
    json: &[u8],
    is_after: impl Fn(&[u8]) -> bool,
) -> Option<(Vec<Member<'_>>, &[u8])> {
    let mut found = Vec::with_capacity(16);
    let mut at = open(json, b'{')?;
    while *json.get(at)? != b'}' {
        let name_end = string_end(json, at)?;
        let name = json.get(at + 1..name_end - 1)?;
        if is_after(name) {
            break;
        }
        let colon = space(json, name_end);
        if *json.get(colon)? != b':' {
            return None;
        }
        let start = space(json, colon + 1);
        let end = value_end(json, start)?;
        found.push((name, json.get(start..end)?));
        at = next(json, end, b'}')?;
    }
    Some((found, &json[at..]))
}

/// The items of an array, raw.
pub(crate) fn elements(json: &[u8]) -> Option<Vec<&[u8]>> {
    let mut found = Vec::with_capacity(8);
    let mut at = open(json, b'[')?;
    while *json.get(at)? != b']' {
        let end = value_end(json, at)?;
        found.push(json.get(at..end)?);
        at = next(json, end, b']')?;
    }
    Some(found)
}

/// The items of an array, each raw and as its members; an item that is no object has none.
pub(crate) fn objects(json: &[u8]) -> Option<Vec<(&[u8], Vec<Member<'_>>)>> {
    let mut found = Vec::with_capacity(8);
    let mut at = open(json, b'[')?;
    while *json.get(at)? != b']' {
        let (members, end) = match json[at] {
            b'{' => {
                let (members, bracket) = members_until(&json[at..], |_| false)?;
                (members, json.len() - bracket.len() + 1)
            }
            _ => (Vec::new(), value_end(json, at)?),
        };
        found.push((json.get(at..end)?, members));
        at = next(json, end, b']')?;
    }
    Some(found)
}

/// The raw value of one member of an object.
pub(crate) fn member<'a>(json: &'a [u8], key: &str) -> Option<&'a [u8]> {
    members(json)?.into_iter().find(|(k, _)| *k == key.as_bytes()).map(|(_, value)| value)
}

/// The raw value under these names, one within the other.
pub(crate) fn within<'a>(json: &'a [u8], names: &[&str]) -> Option<&'a [u8]> {
    names.iter().try_fold(json, |value, name| member(value, name))
}

/// Appends compact JSON as `serde_json` indents it, as a value that stands `depth` levels deep.
pub(crate) fn indent(out: &mut Vec<u8>, json: &[u8], mut depth: usize) {
    let mut at = 0;
    while let Some(&byte) = json.get(at) {
        at += 1;
        match byte {
            b'"' => {
                let end = string_end(json, at - 1).unwrap_or(json.len());
                out.extend_from_slice(json.get(at - 1..end).unwrap_or_default());
                at = end;
            }
            b'{' | b'[' => {
                out.push(byte);
                match json.get(at) {
                    Some(&close @ (b'}' | b']')) => {
                        out.push(close);
                        at += 1;
                    }
                    _ => {
                        depth += 1;
                        new_line(out, depth);
                    }
                }
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                new_line(out, depth);
                out.push(byte);
            }
            b',' => {
                out.push(byte);
                new_line(out, depth);
            }
            b':' => out.extend_from_slice(b": "),
            _ => out.push(byte),
        }
    }
}

/// Begins a line of indented JSON.
pub(crate) fn new_line(out: &mut Vec<u8>, depth: usize) {
    out.push(b'\n');
    out.resize(out.len() + 2 * depth, b' ');
}

/// Where the first part of an object or array begins (or its closing bracket is).
fn open(json: &[u8], bracket: u8) -> Option<usize> {
    let at = space(json, 0);
    (*json.get(at)? == bracket).then(|| space(json, at + 1))
}

/// Where the next part begins, or the closing bracket is.
fn next(json: &[u8], end: usize, close: u8) -> Option<usize> {
    let at = space(json, end);
    match *json.get(at)? {
        b',' => Some(space(json, at + 1)),
        b if b == close => Some(at),
        _ => None,
    }
}

fn space(json: &[u8], mut at: usize) -> usize {
    while json.get(at).is_some_and(u8::is_ascii_whitespace) {
        at += 1;
    }
    at
}

/// The byte after the closing quote of the string that opens at `at`.
pub(crate) fn string_end(json: &[u8], at: usize) -> Option<usize> {
    if *json.get(at)? != b'"' {
        return None;
    }
    let mut at = at + 1;
    loop {
        at = quote_or_escape(json, at)?;
        match json[at] {
            b'"' => return Some(at + 1),
            _ => at += 2, // an escaped character
        }
    }
}

/// Where the next quote or backslash is. Looks at eight bytes at a time, as most texts are too short to pay for a vector
/// search, and leaves long ones to that.
#[inline]
fn quote_or_escape(json: &[u8], mut at: usize) -> Option<usize> {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const SHORT_WORDS: usize = 3;
    // Sets the top bit of the first byte that is zero, and perhaps of later ones.
    let zero = |word: u64| word.wrapping_sub(ONES) & !word & (ONES << 7);
    for _ in 0..SHORT_WORDS {
        let Some(eight) = json.get(at..).and_then(|rest| rest.first_chunk::<8>()) else { break };
        let word = u64::from_le_bytes(*eight);
        let hit = zero(word ^ (ONES * b'"' as u64)) | zero(word ^ (ONES * b'\\' as u64));
        if hit != 0 {
            return Some(at + hit.trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    memchr::memchr2(b'"', b'\\', json.get(at..)?).map(|more| at + more)
}

/// The byte after the value that begins at `at`.
pub(crate) fn value_end(json: &[u8], mut at: usize) -> Option<usize> {
    let mut depth = 0_usize;
    loop {
        match *json.get(at)? {
            b'"' => at = string_end(json, at)?,
            b'{' | b'[' => {
                depth += 1;
                at += 1;
            }
            b'}' | b']' => {
                depth = depth.checked_sub(1)?;
                at += 1;
            }
            // Between two parts of a value; of the value's own level they are its end.
            b',' | b':' if depth == 0 => return None,
            b',' | b':' => {
                at += 1;
                continue;
            }
            _ => at = atom_end(json, at),
        }
        if depth == 0 {
            return Some(at);
        }
    }
}

/// The byte after the number, word or white space that begins at `at`, and after white space that follows.
fn atom_end(json: &[u8], at: usize) -> usize {
    let stops =
        |b: &u8| matches!(b, b',' | b':' | b'}' | b']' | b'"' | b'{' | b'[') || b.is_ascii_whitespace();
    let rest = &json[at..];
    space(json, at + rest.iter().position(stops).unwrap_or(rest.len()).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn slices_hold_what_a_parser_finds() {
        let tree = json!({
            "a": [1, -2.5e3, "x\"]}", {"b": []}, null, true],
            "empty": {},
            "text": "\\",
            "z": {"k": "v", "n": [[["deep"], 3]]},
        });
        for text in [tree.to_string(), serde_json::to_string_pretty(&tree).unwrap()] {
            let found = members(text.as_bytes()).unwrap();
            assert_eq!(found.len(), 4);
            for (key, raw) in found {
                let value: Value = serde_json::from_slice(raw).unwrap();
                assert_eq!(value, tree[std::str::from_utf8(key).unwrap()]);
            }
            let list = elements(member(text.as_bytes(), "a").unwrap()).unwrap();
            let list: Vec<Value> = list.iter().map(|raw| serde_json::from_slice(raw).unwrap()).collect();
            assert_eq!(Value::from(list), tree["a"]);
            let objects = objects(member(text.as_bytes(), "a").unwrap()).unwrap();
            let raw: Vec<Value> =
                objects.iter().map(|(raw, _)| serde_json::from_slice(raw).unwrap()).collect();
            assert_eq!(Value::from(raw), tree["a"]);
            assert_eq!(objects[3].1, [(&b"b"[..], &b"[]"[..])]);
            assert!(elements(b"[]").unwrap().is_empty() && members(b"{}").unwrap().is_empty());
        }
    }

    #[test]
    fn indented_is_what_the_serialiser_indents() {
        let tree = json!({"a": [1, "x\"{", {"b": [], "c": {}}], "d": {"e": null}, "f": "é,:"});
        let (mut out, nested) = (Vec::new(), json!({"a": [1, "x\"{", {"b": [], "c": {}}]}));
        indent(&mut out, tree.to_string().as_bytes(), 0);
        assert_eq!(String::from_utf8(out).unwrap(), serde_json::to_string_pretty(&tree).unwrap());
        let mut out = b"{\n  \"n\": ".to_vec();
        indent(&mut out, nested.to_string().as_bytes(), 1);
        out.extend_from_slice(b"\n}");
        let nested = json!({ "n": nested });
        assert_eq!(String::from_utf8(out).unwrap(), serde_json::to_string_pretty(&nested).unwrap());
        for broken in ["\"", "}}", "[\"\\", ""] {
            indent(&mut Vec::new(), broken.as_bytes(), 0);
        }
    }

    #[test]
    fn what_is_no_json_is_told_and_never_panics() {
        for text in [
            "",
            "{",
            "[",
            "{\"a\"",
            "{\"a\":",
            "{\"a\":1",
            "[1",
            "[1,",
            "{\"a\\",
            "nonsense",
            "[\"\\",
            "{\"a\" 1}",
            "{]",
        ] {
            assert!(members(text.as_bytes()).is_none() && elements(text.as_bytes()).is_none(), "{text}");
            assert!(objects(text.as_bytes()).is_none(), "{text}");
        }
    }
}
