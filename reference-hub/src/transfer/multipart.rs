//! `multipart/related` (RFC 2387) as message handlers send it: a parser over bytes already read, bounded in parts and in
//! header size, that copies nothing.
//!
//! Called by `super::receive`. Own code, as the crates for this read form uploads as streams or whole e-mails; this is
//! a hundred lines over one slice. Takes CR LF and bare LF, as senders' templates differ.

use memchr::memmem;

/// Parts in one message. 128: a record transfer carries at most 100 attachments beside header and payload.
const PARTS_MAX: usize = 128;
/// Bytes of headers of one part. 4 KiB: ten times what real ones have.
const PART_HEADER_BYTES_MAX: usize = 4 * 1024;
/// Longest boundary (RFC 2046, section 5.1.1).
const BOUNDARY_BYTES_MAX: usize = 70;

/// One part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part<'a> {
    /// `Content-Id` without its angle brackets; empty when absent.
    pub id: &'a str,
    /// `Content-Type` with its parameters; empty when absent.
    pub content_type: &'a str,
    /// The content.
    pub body: &'a [u8],
}

impl Part<'_> {
    /// True when the content is XML.
    pub(super) fn is_xml(&self) -> bool {
        let kind = self.content_type.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
        matches!(kind.as_str(), "text/xml" | "application/xml") || kind.ends_with("+xml")
    }
}

/// A value of a structured header, e.g. `multipart/related; boundary="x"`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MediaType {
    /// Type and subtype, lower case.
    pub kind: String,
    parameters: Vec<(String, String)>,
}

impl MediaType {
    /// Reads a `Content-Type`; `None` when it is malformed.
    pub(super) fn parse(text: &str) -> Option<MediaType> {
        let (kind, mut rest) = text.split_once(';').unwrap_or((text, ""));
        let mut parameters = Vec::new();
        loop {
            rest = rest.trim_start_matches([' ', '\t', ';']);
            if rest.is_empty() {
                break;
            }
            let (name, after) = rest.split_once('=')?;
            let value;
            if let Some(quoted) = after.strip_prefix('"') {
                let (inner, behind) = quoted.split_once('"')?; // no published value holds an escaped quote
                (value, rest) = (inner, behind);
            } else {
                (value, rest) = after.split_once(';').unwrap_or((after, ""));
            }
            parameters.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
        Some(MediaType { kind: kind.trim().to_ascii_lowercase(), parameters })
    }

    /// A parameter's value.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}

/// The parts of a body, or what is wrong with it in one sentence.
pub(super) fn parts<'a>(body: &'a [u8], boundary: &str) -> Result<Vec<Part<'a>>, &'static str> {
    if boundary.is_empty() || boundary.len() > BOUNDARY_BYTES_MAX {
        return Err("The boundary parameter is missing, empty or longer than 70 characters");
    }
    let delimiter = ["--", boundary].concat();
    let mut parts = Vec::new();
    let mut begin = None;
    for at in memmem::find_iter(body, delimiter.as_bytes()) {
        let Some(line) = Delimiter::at(body, at, delimiter.len()) else { continue };
        if let Some(begin) = begin {
            if parts.len() == PARTS_MAX {
                return Err("There are too many parts; at most 128 are taken");
            }
            parts.push(part(body.get(begin..line.content_end).unwrap_or_default())?);
        }
        if line.closes {
            return if parts.is_empty() { Err("There is no part") } else { Ok(parts) };
        }
        begin = Some(line.next);
    }
    Err("The closing boundary is missing")
}

/// A delimiter line.
struct Delimiter {
    /// Where the content before it ends.
    content_end: usize,
    /// Where what follows it begins.
    next: usize,
    closes: bool,
}

impl Delimiter {
    /// Reads the line at `at`; `None` when these bytes are content that only looks like one.
    fn at(body: &[u8], at: usize, len: usize) -> Option<Delimiter> {
        let content_end = match &body[..at] {
            [] => 0,
            [.., b'\r', b'\n'] => at - 2,
            [.., b'\n'] => at - 1,
            _ => return None,
        };
        let after = &body[at + len..];
        if after.starts_with(b"--") {
            return Some(Delimiter { content_end, next: body.len(), closes: true });
        }
        let blank = after.iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
        let line_end = match &after[blank..] {
            [b'\r', b'\n', ..] => 2,
            [b'\n', ..] => 1,
            _ => return None,
        };
        Some(Delimiter { content_end, next: at + len + blank + line_end, closes: false })
    }
}

/// A part's headers and content.
fn part(bytes: &[u8]) -> Result<Part<'_>, &'static str> {
    let mut part = Part { id: "", content_type: "", body: &[] };
    let mut at = 0;
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        let end = memchr::memchr(b'\n', rest).ok_or("A part has no blank line after its headers")?;
        if at + end > PART_HEADER_BYTES_MAX {
            return Err("A part's headers are too long; at most 4096 bytes are taken");
        }
        let line = rest[..end].strip_suffix(b"\r").unwrap_or(&rest[..end]);
        at += end + 1;
        if line.is_empty() {
            part.body = bytes.get(at..).unwrap_or_default();
            return Ok(part);
        }
        let line = std::str::from_utf8(line).map_err(|_| "A part's header is not text")?;
        let Some((name, value)) = line.split_once(':') else {
            if line.starts_with([' ', '\t']) {
                continue; // a folded line: none of the values that are read here is folded
            }
            return Err("A part's header line has no colon");
        };
        match name.trim().to_ascii_lowercase().as_str() {
            "content-id" => part.id = value.trim().trim_start_matches('<').trim_end_matches('>'),
            "content-type" => part.content_type = value.trim(),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_found_with_either_line_ending_and_look_alikes_stay_content() {
        for end in ["\n", "\r\n"] {
            let text = "preamble\n--B \nContent-Id: <a@b>\nContent-Type: text/xml; charset=UTF-8\n\n<x/>\n--Bogus\nx--B\n--B\n\nsecond\n\n--B--\n";
            let text = text.replace('\n', end);
            let parts = parts(text.as_bytes(), "B").unwrap();
            assert_eq!(parts.len(), 2);
            assert_eq!((parts[0].id, parts[0].content_type), ("a@b", "text/xml; charset=UTF-8"));
            assert_eq!(parts[0].body, ["<x/>", "--Bogus", "x--B"].join(end).as_bytes());
            assert!(parts[0].is_xml() && !parts[1].is_xml());
            assert_eq!(parts[1].body, ["second", ""].join(end).as_bytes());
        }
    }

    #[test]
    fn broken_multipart_is_refused() {
        let many = format!("{}--B--", "--B\n\nx\n".repeat(PARTS_MAX + 1));
        let long = format!("--B\nA: {}\n\nx\n--B--", "y".repeat(PART_HEADER_BYTES_MAX));
        for body in [
            "",
            "--B--",
            "--B\n\nx\n",
            "--B\n\nx\n--C--",
            "--B\nno colon\n\nx\n--B--",
            "--B\nA: b\n--B--",
            &many,
            &long,
        ] {
            assert!(parts(body.as_bytes(), "B").is_err(), "{}", &body[..body.len().min(40)]);
        }
        assert!(parts(b"--B\n\nx\n--B--", "").is_err());
        assert!(parts(b"--B\n\nx\n--B--", &"b".repeat(71)).is_err());
    }

    #[test]
    fn a_content_types_parameters_are_read_quoted_or_not() {
        let parsed = MediaType::parse(
            "Multipart/Related; boundary=\"--=_MIME-Boundary\"; type=text/xml; start=\"<ebXMLHeader@spine.nhs.uk>\"",
        )
        .unwrap();
        assert_eq!(parsed.kind, "multipart/related");
        assert_eq!(parsed.parameter("boundary"), Some("--=_MIME-Boundary"));
        assert_eq!(parsed.parameter("type"), Some("text/xml"));
        assert_eq!(parsed.parameter("start"), Some("<ebXMLHeader@spine.nhs.uk>"));
        assert_eq!(MediaType::parse("multipart/related; boundary=\"x"), None);
        assert_eq!(MediaType::parse("multipart/related; boundary"), None);
    }
}
