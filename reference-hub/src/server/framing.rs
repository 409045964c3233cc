//! Where one request ends and the next begins, seen before the HTTP parser sees it: what two parsers might read in two
//! ways (request smuggling, RFC 9112, sections 2.2, 6.1, 6.3 and 7.1) is spoilt, so that the parser refuses it with 400
//! and the connection ends. The parser alone takes bare line feeds, and forgets a Content-Length beside chunks.
//!
//! Called by the guarded stream for all bytes that a client sends. Keeps no more than the beginning of one line; never
//! mends anything.

use memchr::memchr;

/// Bytes kept of a header line: enough for the two headers that frame a body, with their values.
const LINE_KEPT: usize = 96;

/// What a byte that breaks the rules is replaced by: no part of HTTP's grammar allows it, outside of a body.
const SPOILT: u8 = 0;

/// Where in the stream of requests the next byte stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// In a request line, header line, or the line that ends them.
    Head,
    /// In a body of declared length, with so many bytes to come.
    Body(u64),
    /// In a chunk's size line: the size so far, its digits, and whether they are over.
    Size { size: u64, digits: u32, over: bool },
    /// In a chunk, with so many bytes to come.
    Chunk(u64),
    /// Before the line end that follows a chunk.
    ChunkEnd,
    /// In the trailer lines after the last chunk.
    Trailer,
    /// After a fault: nothing more is believed.
    Lost,
}

/// Follows one connection.
#[derive(Debug)]
pub struct Framing {
    place: Place,
    line: [u8; LINE_KEPT],
    /// Length of the line so far, which may be more than is kept.
    line_len: usize,
    /// The byte before.
    last: u8,
    /// The request line has been seen.
    begun: bool,
    length: Option<u64>,
    chunked: bool,
}

impl Default for Framing {
    fn default() -> Self {
        Framing {
            place: Place::Head,
            line: [0; LINE_KEPT],
            line_len: 0,
            last: 0,
            begun: false,
            length: None,
            chunked: false,
        }
    }
}

/// The bytes cannot be framed in one way only.
struct Ambiguous;

impl Framing {
    /// Follows the next bytes of the connection; spoils the first faulty one and all after it.
    pub fn follow(&mut self, bytes: &mut [u8]) {
        let mut at = 0;
        while at < bytes.len() {
            match self.step(&bytes[at..]) {
                Ok(taken) => at += taken,
                Err((taken, Ambiguous)) => {
                    let (from, in_) = (at + taken, std::mem::replace(&mut self.place, Place::Lost));
                    let first = bytes[from];
                    bytes[from..].fill(SPOILT);
                    match in_ {
                        // In a chunk's extension the parser takes anything but a line feed alone, and in a trailer
                        // anything but a carriage return alone.
                        Place::Size { .. } if first == b'\n' => bytes[from] = first,
                        Place::Trailer => bytes[from] = b'\r',
                        _ => {}
                    }
                    return;
                }
            }
        }
    }

    /// Takes at least one byte; a fault comes with the place of the byte to spoil.
    fn step(&mut self, bytes: &[u8]) -> Result<usize, (usize, Ambiguous)> {
        match self.place {
            Place::Head | Place::Trailer => self.line(bytes),
            Place::Body(left) => {
                let taken = count(left, bytes);
                let left = left - taken as u64;
                self.place = if left == 0 { Place::Head } else { Place::Body(left) };
                Ok(taken)
            }
            Place::Size { size, digits, over } => self.size(bytes[0], size, digits, over),
            Place::Chunk(left) => {
                let taken = count(left, bytes);
                let left = left - taken as u64;
                self.place = if left == 0 { Place::ChunkEnd } else { Place::Chunk(left) };
                self.last = 0;
                Ok(taken)
            }
            Place::ChunkEnd => match (self.last, bytes[0]) {
                (0, b'\r') => {
                    self.last = b'\r';
                    Ok(1)
                }
                (b'\r', b'\n') => {
                    (self.place, self.last) = (Place::Size { size: 0, digits: 0, over: false }, 0);
                    Ok(1)
                }
                _ => Err((0, Ambiguous)),
            },
            Place::Lost => Err((0, Ambiguous)),
        }
    }

    /// Up to and with the next line feed.
    fn line(&mut self, bytes: &[u8]) -> Result<usize, (usize, Ambiguous)> {
        let end = memchr(b'\n', bytes);
        let piece = &bytes[..end.unwrap_or(bytes.len())];
        let kept = self.line_len.min(LINE_KEPT);
        let more = piece.len().min(LINE_KEPT - kept);
        self.line[kept..kept + more].copy_from_slice(&piece[..more]);
        self.line_len += piece.len();
        if let Some(last) = piece.last() {
            self.last = *last;
        }
        let Some(end) = end else { return Ok(bytes.len()) };
        if self.last != b'\r' || self.line_len == 0 {
            return Err((end, Ambiguous)); // a line feed alone
        }
        let len = std::mem::take(&mut self.line_len) - 1;
        self.last = 0;
        let done = match self.place {
            Place::Trailer if len == 0 => {
                self.begin();
                Ok(())
            }
            Place::Trailer => Ok(()),
            _ if len == 0 && !self.begun => Ok(()), // an empty line before a request is allowed
            _ if len == 0 => self.end_of_head(),
            _ if !self.begun => {
                self.begun = true;
                Ok(())
            }
            _ => self.header(len),
        };
        done.map(|()| end + 1).map_err(|fault| (end, fault))
    }

    /// A header line of `len` bytes, of which the first are kept.
    fn header(&mut self, len: usize) -> Result<(), Ambiguous> {
        let line = &self.line[..len.min(LINE_KEPT)];
        if matches!(line[0], b' ' | b'\t') {
            return Err(Ambiguous); // a folded line
        }
        if !matches!(line[0] | 0x20, b'c' | b't') {
            return Ok(());
        }
        let Some(colon) = memchr(b':', line) else { return Ok(()) };
        let (name, value) = (line[..colon].trim_ascii(), line[colon + 1..].trim_ascii());
        if name.eq_ignore_ascii_case(b"content-length") {
            let digits = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
            let length = std::str::from_utf8(value).ok().and_then(|v| v.parse().ok());
            match (length, self.length) {
                (Some(length), None) if digits && len <= LINE_KEPT => self.length = Some(length),
                _ => return Err(Ambiguous),
            }
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            if self.chunked || len > LINE_KEPT || !value.eq_ignore_ascii_case(b"chunked") {
                return Err(Ambiguous);
            }
            self.chunked = true;
        }
        Ok(())
    }

    fn end_of_head(&mut self) -> Result<(), Ambiguous> {
        let (length, chunked) = (self.length, self.chunked);
        self.begin();
        self.place = match (length, chunked) {
            (Some(_), true) => return Err(Ambiguous),
            (None, true) => Place::Size { size: 0, digits: 0, over: false },
            (None | Some(0), false) => Place::Head,
            (Some(length), false) => Place::Body(length),
        };
        Ok(())
    }

    /// The next byte begins a request.
    fn begin(&mut self) {
        (self.place, self.begun, self.length, self.chunked) = (Place::Head, false, None, false);
        (self.line_len, self.last) = (0, 0);
    }

    /// One byte of a chunk's size line.
    fn size(&mut self, byte: u8, size: u64, digits: u32, over: bool) -> Result<usize, (usize, Ambiguous)> {
        let digit = char::from(byte).to_digit(16);
        self.place = match (digit, byte) {
            // Sixteen digits fill 64 bits; one more would overflow in somebody's parser.
            (Some(digit), _) if !over && digits < 16 => {
                Place::Size { size: size << 4 | u64::from(digit), digits: digits + 1, over }
            }
            (_, b'\n') if self.last == b'\r' && digits > 0 => {
                self.last = 0;
                self.place = if size == 0 { Place::Trailer } else { Place::Chunk(size) };
                return Ok(1);
            }
            _ if self.last == b'\r' || byte == b'\n' || digits == 0 => return Err((0, Ambiguous)),
            (_, b'\r' | b';' | b' ' | b'\t') => Place::Size { size, digits, over: true },
            _ if over => Place::Size { size, digits, over },
            _ => return Err((0, Ambiguous)),
        };
        self.last = byte;
        Ok(1)
    }
}

/// How many of the bytes belong to what still is to come.
fn count(left: u64, bytes: &[u8]) -> usize {
    usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bytes after they were followed in pieces of each length; all must agree.
    fn followed(text: &str) -> String {
        let whole = in_pieces(text, usize::MAX);
        for piece in [1, 2, 3, 7, 50] {
            assert_eq!(in_pieces(text, piece), whole, "in pieces of {piece}: {text:?}");
        }
        String::from_utf8(whole).unwrap()
    }

    fn in_pieces(text: &str, piece: usize) -> Vec<u8> {
        let mut framing = Framing::default();
        let mut bytes = text.as_bytes().to_vec();
        let piece = piece.min(bytes.len());
        bytes.chunks_mut(piece).for_each(|p| framing.follow(p));
        bytes
    }

    #[test]
    fn requests_framed_in_one_way_pass_unchanged() {
        for text in [
            "GET / HTTP/1.1\r\nhost: a\r\n\r\nGET / HTTP/1.1\r\n\r\n",
            "\r\nGET / HTTP/1.1\r\ncookie: \r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\n\n\n\0\nGET / HTTP/1.1\r\n\r\n",
            "POST / HTTP/1.1\r\ncontent-length:0\r\n\r\nGET / HTTP/1.1\r\n\r\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\nA;x=y\r\n0123\n\n\n\n89\r\n0\r\nt: v\r\n\r\nGET / HTTP/1.1\r\n\r\n",
        ] {
            assert_eq!(followed(text), text);
        }
    }

    #[test]
    fn what_can_be_framed_in_two_ways_is_spoilt_from_there_on() {
        for (clean, rest) in [
            ("GET / HTTP/1.1", "\nhost: a\r\n\r\n"),
            ("GET / HTTP/1.1\r\nhost: a\r\n", "\nGET /b HTTP/1.1\r\n\r\n"),
            ("", "\nGET / HTTP/1.1\r\n\r\n"),
            ("P / HTTP/1.1\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r", "\n0\r\n\r\n"),
            ("P / HTTP/1.1\r\ntransfer-encoding: chunked\r\ncontent-length: 1\r\n\r", "\n0\r\n\r\n"),
            ("P / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r", "\n\r\nab"),
            ("P / HTTP/1.1\r\ncontent-length: +1\r", "\n\r\na"),
            ("P / HTTP/1.1\r\ncontent-length: 1, 1\r", "\n\r\na"),
            ("P / HTTP/1.1\r\ncontent-length: 99999999999999999999\r", "\n\r\na"),
            ("P / HTTP/1.1\r\ntransfer-encoding: xchunked\r", "\n\r\n"),
            ("P / HTTP/1.1\r\ntransfer-encoding : gzip, chunked\r", "\n\r\n"),
            ("P / HTTP/1.1\r\nx: y\r\n chunked\r", "\n\r\n"),
            ("P / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n1\n", "a\r\n0\r\n\r\n"),
            ("P / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n1;x\n", "a\r\n0\r\n\r\n"),
            ("P / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n", "\r\n0\r\n\r\n"),
            ("P / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n1\r\na", "b0\r\n\r\n"),
            ("P / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n0000000000000000", "0\r\n\r\n"),
            ("P / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n", "-1\r\n\r\n"),
            ("P / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n", "0x1\r\n\r\n".trim_start_matches('0')),
        ] {
            let text = [clean, rest].concat();
            assert_eq!(followed(&text), [clean, &"\0".repeat(rest.len())].concat(), "{text:?}");
        }
        let trailer = "P / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n0\r\nt: v";
        assert_eq!(followed(&format!("{trailer}\n\r\n")), format!("{trailer}\r\0\0"));
    }
}
