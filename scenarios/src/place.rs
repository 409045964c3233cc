//! Where in a request a value stands, and what has to be escaped there, so that no value can break out of its place.
//! Called by `template` while it renders. Most values need nothing and cost one scan.

/// A place in a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// In the path or query of the request line, and in form bodies: percent-encoded.
    Url,
    /// In a header's value: control characters become blanks.
    Header,
    /// Inside a JSON string.
    Json,
    /// In XML text or attributes.
    Xml,
    /// Anywhere else: as it is.
    Plain,
}

impl Place {
    /// The place that a body of this content type is.
    pub(crate) fn of_body(content_type: &str) -> Place {
        let kind = content_type.to_ascii_lowercase();
        if kind.contains("json") {
            Place::Json
        } else if kind.contains("x-www-form-urlencoded") {
            Place::Url
        } else if kind.contains("xml") {
            Place::Xml
        } else {
            Place::Plain
        }
    }

    fn is_plain(self, b: u8) -> bool {
        match self {
            Place::Url => b.is_ascii_alphanumeric() || b"-._~".contains(&b),
            Place::Header => b >= b' ' && b != 0x7f,
            Place::Json => b >= b' ' && b != b'"' && b != b'\\',
            Place::Xml => !b"<>&\"'".contains(&b) && (b >= b' ' || b"\t\r\n".contains(&b)),
            Place::Plain => true,
        }
    }

    /// Escapes what was appended to `out` from `start` on.
    pub(crate) fn escape(self, out: &mut Vec<u8>, start: usize) {
        let Some(first) = out[start..].iter().position(|b| !self.is_plain(*b)) else { return };
        let raw = out.split_off(start + first);
        for b in raw {
            if self.is_plain(b) {
                out.push(b);
                continue;
            }
            match (self, b) {
                (Place::Url, _) => percent(out, b),
                (Place::Json, b'"' | b'\\') => out.extend_from_slice(&[b'\\', b]),
                (Place::Json, _) => {
                    out.extend_from_slice(b"\\u00");
                    out.extend_from_slice(&hex(b, b"0123456789abcdef"));
                }
                (Place::Xml, b'<') => out.extend_from_slice(b"&lt;"),
                (Place::Xml, b'>') => out.extend_from_slice(b"&gt;"),
                (Place::Xml, b'&') => out.extend_from_slice(b"&amp;"),
                (Place::Xml, b'"') => out.extend_from_slice(b"&quot;"),
                (Place::Xml, b'\'') => out.extend_from_slice(b"&apos;"),
                (Place::Header | Place::Xml | Place::Plain, _) => out.push(b' '),
            }
        }
    }
}

fn hex(b: u8, digits: &[u8; 16]) -> [u8; 2] {
    [digits[usize::from(b >> 4)], digits[usize::from(b & 15)]]
}

fn percent(out: &mut Vec<u8>, b: u8) {
    out.push(b'%');
    out.extend_from_slice(&hex(b, b"0123456789ABCDEF"));
}

/// The text that a user wrote in a path, with what may not stand in a request line (blanks, `|`, letters beyond ASCII)
/// percent-encoded. What already is, stays.
pub(crate) fn path_literal(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    for b in text.bytes() {
        if b.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&b) {
            out.push(b);
        } else {
            percent(&mut out, b);
        }
    }
    out.into_iter().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn escaped(place: Place, text: &str) -> String {
        let mut out = b"x".to_vec();
        out.extend_from_slice(text.as_bytes());
        place.escape(&mut out, 1);
        String::from_utf8(out).unwrap()[1..].to_owned()
    }

    #[test]
    fn a_value_cannot_break_out_of_its_place() {
        assert_eq!(escaped(Place::Url, "a b&c=d/é"), "a%20b%26c%3Dd%2F%C3%A9");
        assert_eq!(escaped(Place::Header, "a\r\nX: y"), "a  X: y");
        assert_eq!(escaped(Place::Json, "say \"hi\"\\\n"), "say \\\"hi\\\"\\\\\\u000a");
        assert_eq!(escaped(Place::Xml, "<a b='c'>&"), "&lt;a b=&apos;c&apos;&gt;&amp;");
        assert_eq!(escaped(Place::Plain, "a\"<\n"), "a\"<\n");
        assert_eq!(escaped(Place::Json, "plain é"), "plain é");
    }

    #[test]
    fn paths_may_be_written_as_the_specifications_print_them() {
        assert_eq!(path_literal("/a?b=https://c|d e%20f"), "/a?b=https://c%7Cd%20e%20f");
    }
}
