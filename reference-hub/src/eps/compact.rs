//! JSON without the white space between its tokens: what is stored and given out again is never longer than need be.
//!
//! Called by EPS and SCR on bodies that a parser has accepted. Changes no token, so numbers and escapes stay as sent.

use bytes::Bytes;

/// `json` without insignificant white space; the same memory when there is none.
pub fn compact(json: &Bytes) -> Bytes {
    let Some(first) = next_space(json, 0, false) else {
        return json.clone();
    };
    let mut out = Vec::with_capacity(json.len());
    out.extend_from_slice(&json[..first]);
    let mut in_string = false;
    let mut escaped = false;
    for &b in &json[first..] {
        if in_string {
            out.push(b);
            in_string = escaped || b != b'"';
            escaped = !escaped && b == b'\\';
        } else if !is_space(b) {
            out.push(b);
            in_string = b == b'"';
        }
    }
    Bytes::from(out)
}

fn is_space(b: u8) -> bool {
    matches!(b, b' ' | b'\n' | b'\r' | b'\t')
}

/// The first white space outside strings at or after `from`.
fn next_space(json: &[u8], from: usize, mut in_string: bool) -> Option<usize> {
    let mut escaped = false;
    for (i, &b) in json.iter().enumerate().skip(from) {
        if in_string {
            in_string = escaped || b != b'"';
            escaped = !escaped && b == b'\\';
        } else if is_space(b) {
            return Some(i);
        } else {
            in_string = b == b'"';
        }
    }
    None
}

/// Where the value of the outermost object's member `name` stands in `json`, which a parser has accepted and
/// [`compact`] has treated. The first member of that name; `None` when there is none.
pub fn member(json: &[u8], name: &str) -> Option<std::ops::Range<usize>> {
    let mut depth = 0_u32;
    let mut in_string = false;
    let mut escaped = false;
    let mut string_from = 0;
    let mut is_wanted = false;
    let mut value_from = None;
    for (i, &b) in json.iter().enumerate() {
        if in_string {
            in_string = escaped || b != b'"';
            escaped = !escaped && b == b'\\';
            if !in_string && depth == 1 && json.get(i + 1) == Some(&b':') {
                is_wanted = &json[string_from + 1..i] == name.as_bytes();
            }
            continue;
        }
        match b {
            b'"' => {
                in_string = true;
                string_from = i;
            }
            b':' if depth == 1 && is_wanted && value_from.is_none() => value_from = Some(i + 1),
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                if let (1, Some(from)) = (depth, value_from) {
                    return Some(from..i);
                }
                depth = depth.saturating_sub(1);
            }
            b',' if depth == 1 => {
                if let Some(from) = value_from {
                    return Some(from..i);
                }
            }
            _ => {}
        }
    }
    None
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
