//! The bytes of a stored answer, so that a retried request gets the answer it got the first time.
//!
//! Called by interfaces (to fill `Txn.idempotency.answer`) and by the listener (on `Outcome::Duplicate`). The layout,
//! little endian: format byte, status u16, header count u16, per header name and value each with a u32 length, body
//! kind byte, then the inline bytes or a blob's id (u32 length) and length u64.

use crate::message::{Answer, Body};
use bytes::Bytes;
use std::path::PathBuf;
use std::sync::Mutex;

/// The first byte of every stored answer; a later layout takes the next number.
const FORMAT: u8 = 1;
const KIND_INLINE: u8 = 0;
const KIND_BLOB: u8 = 1;

/// Distinct header names that decoding may remember. All come from string constants of this program (about 40), so
/// the bound is only there to make a damaged row harmless.
const NAMES_MAX: usize = 256;

/// The answer as bytes to store.
pub fn encode(answer: &Answer) -> Bytes {
    let mut out = Vec::with_capacity(64 + answer.headers.len() * 48 + body_capacity(&answer.body));
    out.push(FORMAT);
    out.extend_from_slice(&answer.status.to_le_bytes());
    out.extend_from_slice(&(answer.headers.len() as u16).to_le_bytes());
    for (name, value) in &answer.headers {
        put(&mut out, name.as_bytes());
        put(&mut out, value.as_bytes());
    }
    match &answer.body {
        Body::Inline(bytes) => {
            out.push(KIND_INLINE);
            out.extend_from_slice(bytes);
        }
        Body::Blob { id, len, .. } => {
            out.push(KIND_BLOB);
            put(&mut out, id.as_bytes());
            out.extend_from_slice(&len.to_le_bytes());
        }
    }
    out.into()
}

/// The answer in stored bytes, or `None` when they are not one. A blob's `path` comes back empty: the listener
/// finds the file by its id.
pub fn decode(bytes: &[u8]) -> Option<Answer> {
    let mut rest = bytes;
    if take::<1>(&mut rest)? != [FORMAT] {
        return None;
    }
    let status = u16::from_le_bytes(take(&mut rest)?);
    let count = u16::from_le_bytes(take(&mut rest)?);
    let mut headers = Vec::with_capacity(usize::from(count).min(64));
    for _ in 0..count {
        let name = interned(text(&mut rest)?)?;
        headers.push((name, text(&mut rest)?.to_owned().into()));
    }
    let body = match take::<1>(&mut rest)? {
        [KIND_INLINE] => Body::Inline(Bytes::copy_from_slice(rest)),
        [KIND_BLOB] => {
            let id = text(&mut rest)?.to_owned();
            Body::Blob {
                id,
                len: u64::from_le_bytes(take(&mut rest)?),
                path: PathBuf::new(),
                held: Bytes::new(),
            }
        }
        _ => return None,
    };
    Some(Answer { status, headers, body })
}

fn body_capacity(body: &Body) -> usize {
    match body {
        Body::Inline(bytes) => bytes.len(),
        Body::Blob { id, .. } => id.len() + 16,
    }
}

fn put(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
    out.extend_from_slice(bytes);
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (head, tail) = rest.split_first_chunk::<N>()?;
    *rest = tail;
    Some(*head)
}

fn text<'a>(rest: &mut &'a [u8]) -> Option<&'a str> {
    let len = u32::from_le_bytes(take(rest)?) as usize;
    let (head, tail) = rest.split_at_checked(len)?;
    *rest = tail;
    std::str::from_utf8(head).ok()
}

/// The one `'static` copy of a header name. Names live for the whole process anyway (answers carry constants), so
/// the few that are read back from disk are kept for good.
fn interned(name: &str) -> Option<&'static str> {
    static NAMES: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());
    let mut names = NAMES.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(known) = names.iter().find(|n| **n == name) {
        return Some(known);
    }
    let valid = hyper::header::HeaderName::from_lowercase(name.as_bytes()).is_ok();
    if !valid || names.len() >= NAMES_MAX {
        return None;
    }
    let kept: &'static str = Box::leak(name.to_owned().into_boxed_str());
    names.push(kept);
    Some(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_survives_storing() {
        let inline = Answer::new(200, "application/fhir+json", "{\"a\":1}").with("etag", "W/\"2\"");
        let blob = Answer {
            status: 206,
            headers: vec![("mex-chunk-range", "1:3".into())],
            body: Body::Blob { id: "b-1".to_owned(), len: 77, path: PathBuf::new(), held: Bytes::new() },
        };
        for answer in [inline, blob, Answer::empty(202)] {
            assert_eq!(decode(&encode(&answer)), Some(answer));
        }
    }

    #[test]
    fn damaged_bytes_are_no_answer_and_no_panic() {
        let whole = encode(&Answer::new(200, "text/plain", "x").with("etag", "1"));
        for len in 0..whole.len() - 1 {
            assert_eq!(decode(&whole[..len]), None, "cut at {len}");
        }
        assert_eq!(decode(&[9, 1, 1]), None);
    }
}
