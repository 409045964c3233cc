//! HTTP/1.1 answers out of bytes: a parser without input or output of its own, shared by the open-model engine and the
//! closed-model users. Knows nothing of sockets, time or interactions.

use smallvec::SmallVec;
use std::mem::MaybeUninit;

/// More header lines than any published NHS answer carries; one with more is refused, not truncated.
pub const HEADERS_MAX: usize = 64;
/// The largest answer taken: above the 100 MB that MESH allows a request to carry, and bounded so that a broken
/// target cannot eat the machine.
pub const ANSWER_BYTES_MAX: usize = 128 * 1024 * 1024;

/// Header lines that are kept without allocating: those of the published answers, and the few that a proxy adds.
const HEADERS_KEPT: usize = 16;

/// Header names (as received) and values.
pub type Headers<'b> = SmallVec<[(&'b str, &'b [u8]); HEADERS_KEPT]>;

/// A complete answer at the front of a buffer.
#[derive(Debug)]
pub struct Parsed<'b> {
    /// HTTP status code.
    pub status: u16,
    /// Header lines in order.
    pub headers: Headers<'b>,
    /// The body, with chunking undone.
    pub body: std::borrow::Cow<'b, [u8]>,
    /// Bytes of the buffer that the answer took.
    pub consumed: usize,
    /// False when the connection must not be used again.
    pub keep_alive: bool,
}

/// What the bytes so far amount to.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "it lives on the stack for as long as an answer is looked at, and never in a list"
)]
pub enum Progress<'b> {
    /// Not all there yet; ask again once at least this many bytes are in the buffer.
    NeedAtLeast(usize),
    /// A whole answer.
    Complete(Parsed<'b>),
}

fn header<'b>(headers: &[(&'b str, &'b [u8])], name: &str) -> Option<&'b [u8]> {
    headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| *v)
}

fn has_token(value: &[u8], token: &str) -> bool {
    value.split(|b| *b == b',').any(|part| part.trim_ascii().eq_ignore_ascii_case(token.as_bytes()))
}

/// Reads one answer from the front of `buffer`. `closed` says the peer will send no more, `head` that the request's
/// method was HEAD.
///
/// # Errors
/// One sentence when the bytes are not an HTTP/1.1 answer or break off.
pub fn parse(buffer: &[u8], head: bool, closed: bool) -> Result<Progress<'_>, String> {
    let mut space = [const { MaybeUninit::uninit() }; HEADERS_MAX];
    let mut response = httparse::Response::new(&mut []);
    let parser = httparse::ParserConfig::default();
    let head_len = match parser.parse_response_with_uninit_headers(&mut response, buffer, &mut space) {
        Ok(httparse::Status::Complete(n)) => n,
        Ok(httparse::Status::Partial) if closed => {
            return Err("the connection closed inside the header".into());
        }
        Ok(httparse::Status::Partial) => return Ok(Progress::NeedAtLeast(buffer.len() + 1)),
        Err(e) => return Err(format!("not an HTTP/1.1 answer: {e}")),
    };
    let status = response.code.unwrap_or(0);
    let http_1_1 = response.version == Some(1);
    let headers: Headers<'_> = response.headers.iter().map(|h| (h.name, h.value)).collect();
    let connection = header(&headers, "connection");
    let keep_alive = connection
        .map_or(http_1_1, |v| if http_1_1 { !has_token(v, "close") } else { has_token(v, "keep-alive") });
    let rest = &buffer[head_len..];
    if (100..200).contains(&status) {
        // An interim answer: the real one follows.
        return match parse(rest, head, closed)? {
            Progress::NeedAtLeast(n) => Ok(Progress::NeedAtLeast(n + head_len)),
            Progress::Complete(p) => Ok(Progress::Complete(Parsed { consumed: p.consumed + head_len, ..p })),
        };
    }
    let bodiless = head || status == 204 || status == 304;
    let (body, taken, keep_alive) = if bodiless {
        (std::borrow::Cow::Borrowed(&rest[..0]), 0, keep_alive)
    } else if header(&headers, "transfer-encoding").is_some_and(|v| has_token(v, "chunked")) {
        match chunked(rest)? {
            Some((body, taken)) => (std::borrow::Cow::Owned(body), taken, keep_alive),
            None if closed => return Err("the connection closed inside a chunked body".into()),
            None => return Ok(Progress::NeedAtLeast(buffer.len() + 1)),
        }
    } else if let Some(value) = header(&headers, "content-length") {
        let text = std::str::from_utf8(value).unwrap_or("");
        let len: usize =
            text.trim().parse().map_err(|_| format!("content-length is not a number, got {text:?}"))?;
        if len > ANSWER_BYTES_MAX {
            return Err(format!("answer too large, got {len} bytes, allowed {ANSWER_BYTES_MAX}"));
        }
        if rest.len() < len {
            if closed {
                return Err(format!("the connection closed after {} of {len} body bytes", rest.len()));
            }
            return Ok(Progress::NeedAtLeast(head_len + len));
        }
        (std::borrow::Cow::Borrowed(&rest[..len]), len, keep_alive)
    } else if closed {
        (std::borrow::Cow::Borrowed(rest), rest.len(), false)
    } else {
        if rest.len() > ANSWER_BYTES_MAX {
            return Err(format!("answer too large, allowed {ANSWER_BYTES_MAX} bytes"));
        }
        return Ok(Progress::NeedAtLeast(buffer.len() + 1));
    };
    Ok(Progress::Complete(Parsed { status, headers, body, consumed: head_len + taken, keep_alive }))
}

/// Undoes chunked transfer coding: `None` while chunks are missing, else the body and the bytes taken.
fn chunked(mut rest: &[u8]) -> Result<Option<(Vec<u8>, usize)>, String> {
    let whole = rest.len();
    let mut body = Vec::new();
    loop {
        match httparse::parse_chunk_size(rest) {
            Ok(httparse::Status::Complete((at, size))) => {
                let size = usize::try_from(size).unwrap_or(usize::MAX);
                if size > ANSWER_BYTES_MAX || body.len() > ANSWER_BYTES_MAX - size {
                    return Err(format!("answer too large, allowed {ANSWER_BYTES_MAX} bytes"));
                }
                rest = &rest[at..];
                if size == 0 {
                    return Ok(trailer_end(rest).map(|end| (body, whole - rest.len() + end)));
                }
                if rest.len() < size + 2 {
                    return Ok(None);
                }
                body.extend_from_slice(&rest[..size]);
                rest = &rest[size + 2..];
            }
            Ok(httparse::Status::Partial) => return Ok(None),
            Err(_) => return Err("a chunk's size is not a hexadecimal number".into()),
        }
    }
}

/// Length of the trailer section including the empty line that ends it.
fn trailer_end(rest: &[u8]) -> Option<usize> {
    if rest.starts_with(b"\r\n") {
        return Some(2);
    }
    memchr::memmem::find(rest, b"\r\n\r\n").map(|at| at + 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(bytes: &[u8]) -> Parsed<'_> {
        match parse(bytes, false, false) {
            Ok(Progress::Complete(p)) => p,
            other => panic!("not complete: {other:?}"),
        }
    }

    #[test]
    fn an_answer_is_complete_only_with_its_last_byte() {
        let bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nETag: W/\"2\"\r\n\r\nhello";
        for cut in 0..bytes.len() {
            assert!(
                matches!(parse(&bytes[..cut], false, false), Ok(Progress::NeedAtLeast(n)) if n > cut),
                "{cut}"
            );
            assert!(parse(&bytes[..cut], false, true).is_err(), "closed at {cut}");
        }
        let p = whole(bytes);
        assert_eq!((p.status, &*p.body, p.consumed, p.keep_alive), (200, &b"hello"[..], bytes.len(), true));
    }

    #[test]
    fn chunks_are_joined_at_every_cut() {
        let bytes = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nT: 1\r\n\r\n";
        for cut in 0..bytes.len() {
            assert!(matches!(parse(&bytes[..cut], false, false), Ok(Progress::NeedAtLeast(_))), "{cut}");
        }
        let p = whole(bytes);
        assert_eq!((&*p.body, p.consumed), (&b"hello world"[..], bytes.len()));
    }

    #[test]
    fn bodies_may_be_absent_or_end_with_the_connection() {
        assert_eq!(whole(b"HTTP/1.1 204 No Content\r\n\r\n").body.len(), 0);
        assert!(matches!(
            parse(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", true, false),
            Ok(Progress::Complete(_))
        ));
        let until_close = b"HTTP/1.0 200 OK\r\n\r\nabc";
        assert!(matches!(parse(until_close, false, false), Ok(Progress::NeedAtLeast(_))));
        match parse(until_close, false, true) {
            Ok(Progress::Complete(p)) => assert_eq!((&*p.body, p.keep_alive), (&b"abc"[..], false)),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn interim_answers_are_stepped_over() {
        let bytes = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n";
        let p = whole(bytes);
        assert_eq!((p.status, p.consumed), (202, bytes.len()));
    }

    #[test]
    fn nonsense_and_giants_are_refused_in_a_sentence() {
        assert!(parse(b"SSH-2.0-OpenSSH\r\n\r\n", false, false).is_err());
        let giant = b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n";
        assert!(parse(giant, false, false).unwrap_err().contains("too large"));
        assert!(
            parse(b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", false, false)
                .unwrap_err()
                .contains("got \"x\"")
        );
    }

    #[test]
    fn a_connection_is_kept_unless_either_side_says_close() {
        assert!(!whole(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n").keep_alive);
        assert!(!whole(b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n").keep_alive);
        assert!(whole(b"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 0\r\n\r\n").keep_alive);
    }
}
