//! JSON without the white space between its tokens: what is stored and given out again is never longer than need be.
//!
//! Called by EPS and SCR on bodies that a parser has accepted. Changes no token, so numbers and escapes stay as sent.

use super::tape::{Compact, Tape};
use bytes::Bytes;

/// `json` without insignificant white space; the same memory when there is none.
pub fn compact(json: &Bytes) -> Bytes {
    read(json).map_or_else(|| json.clone(), |tape| compacted(json, &tape))
}

/// The same of bytes that have been read as `tape`.
pub fn compacted(json: &Bytes, tape: &Tape<'_>) -> Bytes {
    if tape.is_compact() { json.clone() } else { Compact::new(tape, 0).finish() }
}

/// Where the value of the outermost object's member `name` stands in `json`, which a parser has accepted. The first member of
/// that name; `None` when there is none.
pub fn member(json: &[u8], name: &str) -> Option<std::ops::Range<usize>> {
    let tape = read(json)?;
    let (_, value) = tape.root().members().find(|(known, _)| known.is(name))?;
    Some(value.start()..value.end())
}

fn read(json: &[u8]) -> Option<Tape<'_>> {
    Tape::read(std::str::from_utf8(json).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(text: &'static str) -> Bytes {
        Bytes::from_static(text.as_bytes())
    }

    #[test]
    fn space_inside_strings_stays_and_the_rest_goes() {
        let pretty = bytes("{ \"a b\" : [ 1,\n\t2.50 ], \"c\\\" d\" : \"e \\\\\" , \"f\": { } }\r\n");
        assert_eq!(compact(&pretty), bytes("{\"a b\":[1,2.50],\"c\\\" d\":\"e \\\\\",\"f\":{}}"));
        let already = bytes("{\"a\":\"b c\"}");
        assert_eq!(compact(&already).as_ptr(), already.as_ptr(), "nothing is copied");
    }

    #[test]
    fn a_member_is_found_on_the_outermost_level_only() {
        let json = br#"{"x":{"entry":[1]},"entry":[{"entry":"]}"},2],"type":"entry","n":5}"#;
        assert_eq!(&json[member(json, "entry").unwrap()], br#"[{"entry":"]}"},2]"#);
        assert_eq!(&json[member(json, "n").unwrap()], b"5");
        assert_eq!(&json[member(json, "type").unwrap()], br#""entry""#);
        assert_eq!(member(json, "absent"), None);
    }
}
