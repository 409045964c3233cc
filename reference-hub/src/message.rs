//! Requests and answers as plain data, between the listener and the interfaces. Knows no sockets.

use bytes::Bytes;
use std::borrow::Cow;
use std::path::PathBuf;

/// A request's or an answer's body: small ones in memory, large ones as a durable file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// The bytes themselves (at most `limits::INLINE_BYTES_MAX` for request bodies of routes that stream).
    Inline(Bytes),
    /// A blob file, already fsynced, of `len` bytes.
    Blob {
        /// The blob's id: its file name below the data folder's `blobs/`.
        id: String,
        /// Its length in bytes.
        len: u64,
        /// Where the file lies (filled by the listener on reading; not stored).
        path: PathBuf,
        /// The bytes once more, when the listener still has them in memory (not stored); else empty.
        held: Bytes,
    },
}

impl Body {
    /// No bytes at all.
    pub const EMPTY: Body = Body::Inline(Bytes::new());

    /// Length in bytes.
    pub fn len(&self) -> u64 {
        match self {
            Body::Inline(b) => b.len() as u64,
            Body::Blob { len, .. } => *len,
        }
    }

    /// True when there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A request after the listener has read it whole.
#[derive(Debug, Clone)]
pub struct Request {
    /// Upper-case method, e.g. `GET`.
    pub method: hyper::Method,
    /// Percent-decoded path segments, e.g. `["personal-demographics","FHIR","R4","Patient","9000000009"]`.
    pub segments: Vec<String>,
    /// Percent-decoded query pairs in order of appearance.
    pub query: Vec<(String, String)>,
    /// Headers as received (names lower-case).
    pub headers: hyper::HeaderMap,
    /// The body.
    pub body: Body,
}

impl Request {
    /// The header's value as text, or `None` when it is absent or not visible ASCII.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|v| v.to_str().ok())
    }

    /// The first query value of that name.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(k, _)| k == name).map(|(_, v)| v.as_str())
    }

    /// The inline body's bytes; empty for blobs.
    pub fn bytes(&self) -> &[u8] {
        match &self.body {
            Body::Inline(b) => b,
            Body::Blob { .. } => &[],
        }
    }
}

/// An answer before it becomes HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status code.
    pub status: u16,
    /// Headers besides Content-Length and Date, names lower-case.
    pub headers: Vec<(&'static str, Cow<'static, str>)>,
    /// The body.
    pub body: Body,
}

impl Answer {
    /// An answer with a body of one content type.
    pub fn new(status: u16, content_type: impl Into<Cow<'static, str>>, body: impl Into<Bytes>) -> Self {
        Answer {
            status,
            headers: vec![("content-type", content_type.into())],
            body: Body::Inline(body.into()),
        }
    }

    /// An answer without a body.
    pub fn empty(status: u16) -> Self {
        Answer { status, headers: Vec::new(), body: Body::EMPTY }
    }

    /// The same answer with one more header.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Cow<'static, str>>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}
