//! The parts of a JSON document as slices of its bytes, found without building a tree.
//!
//! Called by trace, which shows half of every record it finds and reads a tenth of it: parsing all of it would cost ten
//! times as much. Takes valid JSON (the hub stores nothing else); of anything else it says `None` or gives odd slices,
//! but never panics.

/// The members of an object: raw key (without quotes) and raw value.
pub(super) fn members(json: &[u8]) -> Option<Vec<(&[u8], &[u8])>> {
    let mut found = Vec::with_capacity(16);
    let mut at = open(json, b'{')?;
    while *json.get(at)? != b'}' {
        let key_end = string_end(json, at)?;
        let key = json.get(at + 1..key_end - 1)?;
        at = space(json, key_end);
        if *json.get(at)? != b':' {
            return None;
        }
        let start = space(json, at + 1);
        let end = value_end(json, start)?;
        found.push((key, json.get(start..end)?));
        at = next(json, end, b'}')?;
    }
    Some(found)
}

/// The items of an array, raw.
pub(super) fn elements(json: &[u8]) -> Option<Vec<&[u8]>> {
    let mut found = Vec::with_capacity(8);
    let mut at = open(json, b'[')?;
    while *json.get(at)? != b']' {
        let end = value_end(json, at)?;
        found.push(json.get(at..end)?);
        at = next(json, end, b']')?;
    }
    Some(found)
}

/// The raw value of one member of an object.
pub(super) fn member<'a>(json: &'a [u8], key: &str) -> Option<&'a [u8]> {
    members(json)?.into_iter().find(|(k, _)| *k == key.as_bytes()).map(|(_, value)| value)
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
fn string_end(json: &[u8], at: usize) -> Option<usize> {
    if *json.get(at)? != b'"' {
        return None;
    }
    let mut at = at + 1;
    loop {
        at += json.get(at..)?.iter().position(|&b| matches!(b, b'"' | b'\\'))?;
        match json[at] {
            b'"' => return Some(at + 1),
            _ => at += 2, // an escaped character
        }
    }
}

/// The byte after the value that begins at `at`.
fn value_end(json: &[u8], mut at: usize) -> Option<usize> {
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
            b',' | b':' => at += 1,
            _ => {
                let stops = |b: &u8| {
                    matches!(b, b',' | b':' | b'}' | b']' | b'"' | b'{' | b'[') || b.is_ascii_whitespace()
                };
                let rest = json.get(at..)?;
                at = space(json, at + rest.iter().position(stops).unwrap_or(rest.len()).max(1));
            }
        }
        if depth == 0 {
            return Some(at);
        }
    }
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
            assert!(elements(b"[]").unwrap().is_empty() && members(b"{}").unwrap().is_empty());
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
        }
    }
}
