//! Audit events: one compact JSON line for every transaction, without an NHS number in clear.
//!
//! Called by the listener. Writes carry their line in the same [`hub_store::Txn`]; the lines of reads go through the
//! committer's bounded queue and are stored several to a row, divided by line feeds. Subjects are hashed with a salt
//! of the data folder: events about one person can be joined inside a folder, never across folders. [`trace`] reads the
//! events back.

pub mod trace;

use crate::message::Request;
use bytes::Bytes;
use hub_store::Txn;
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// Bytes of salt: as long as half the hash, beyond guessing.
pub const SALT_BYTES: usize = 16;

/// Longest organisation code or request id that is copied into an event; longer ones are cut. 64 holds a UUID (36)
/// and every ODS code and mailbox id, and keeps a hostile header from filling the log.
const TEXT_BYTES_MAX: usize = 64;

/// What one event says besides what is in the request.
#[derive(Debug, Clone, Copy)]
pub struct Event<'a> {
    /// The hub's clock, in milliseconds since the Unix epoch.
    pub at_ms: u64,
    /// Stable operation name.
    pub operation: &'a str,
    /// ODS code or mailbox of the caller; empty when unknown.
    pub organisation: &'a str,
    /// Whom it concerned, in clear; stored hashed; may be empty.
    pub subject: &'a str,
    /// HTTP status of the answer.
    pub status: u16,
    /// What kind of transaction it was.
    pub kind: Kind,
    /// A fault was injected into it: it tells nothing of the hub's own conduct.
    pub injected: bool,
}

/// What kind of transaction an event tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A client read, or was refused.
    Read,
    /// A client wrote.
    Write,
    /// Time itself brought it about; nobody asked. A trace leaves it out.
    Tended,
}

impl Kind {
    /// The word in the event.
    pub const fn word(self) -> &'static str {
        match self {
            Kind::Read => "read",
            Kind::Write => "write",
            Kind::Tended => "tended",
        }
    }
}

/// Writes events with one folder's salt.
#[derive(Clone)]
pub struct Auditor {
    salted: Sha256,
}

impl std::fmt::Debug for Auditor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Auditor(salt hidden)")
    }
}

impl Auditor {
    /// An auditor with the folder's salt.
    pub fn new(salt: [u8; SALT_BYTES]) -> Self {
        Auditor { salted: Sha256::new_with_prefix(salt) }
    }

    /// The first 16 hex digits of SHA-256 over salt and subject: 64 bits tell the 80 million people of a nation apart.
    pub fn hashed(&self, subject: &str) -> String {
        let mut out = String::with_capacity(16);
        self.hash_into(subject, &mut out);
        out
    }

    fn hash_into(&self, subject: &str, out: &mut String) {
        let mut hash = self.salted.clone();
        hash.update(subject.as_bytes());
        let digest = hash.finalize();
        let first = digest[..8].iter().fold(0_u64, |n, b| (n << 8) | u64::from(*b));
        let _ = write!(out, "{first:016x}"); // writing to a String cannot fail
    }

    /// The event as one line of JSON without a line feed.
    pub fn line(&self, event: &Event<'_>, request: &Request) -> Bytes {
        let mut out = String::with_capacity(192);
        let _ = write!(
            out,
            "{{\"at_ms\":{},\"operation\":\"{}\",\"organisation\":\"",
            event.at_ms, event.operation
        );
        push_plain(&mut out, event.organisation);
        out.push_str("\",\"subject\":\"");
        if !event.subject.is_empty() {
            self.hash_into(event.subject, &mut out);
        }
        let kind = event.kind.word();
        let _ = write!(out, "\",\"status\":{},\"kind\":\"{kind}\",\"request\":\"", event.status);
        push_plain(&mut out, request.header("x-request-id").unwrap_or(""));
        out.push_str(if event.injected { "\",\"injected\":true}" } else { "\"}" });
        out.into()
    }
}

/// Copies text that needs no escape in JSON; any other character becomes `?`.
fn push_plain(out: &mut String, text: &str) {
    for c in text.bytes().take(TEXT_BYTES_MAX) {
        let plain = c.is_ascii_graphic() && c != b'"' && c != b'\\';
        out.push(if plain { char::from(c) } else { '?' });
    }
}

/// Who calls: the organisation of its session, else the mailbox of its NHSMESH authorisation, else the organisation of
/// its client certificate. The end-user organisation header is only a claim, and counts when there is none of these.
/// Empty when there is no header either.
pub fn organisation<'a>(request: &'a Request, session: Option<&'a str>, peer: Option<&'a str>) -> &'a str {
    let mailbox = || {
        let token = request.header("authorization")?.strip_prefix("NHSMESH ")?;
        token.trim_start().split(':').next().filter(|mailbox| !mailbox.is_empty())
    };
    let header = || request.header("nhsd-end-user-organisation-ods");
    session.or_else(mailbox).or(peer).or_else(header).unwrap_or("")
}

/// Several read events as one transaction that only the audit log sees.
pub fn reads(lines: &[Bytes]) -> Txn {
    let mut all = Vec::with_capacity(lines.iter().map(|l| l.len() + 1).sum());
    for (i, line) in lines.iter().enumerate() {
        if i > 0 {
            all.push(b'\n');
        }
        all.extend_from_slice(line);
    }
    Txn { audit: all.into(), ..Txn::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Body;

    fn request(headers: &[(&'static str, &str)]) -> Request {
        let mut map = hyper::HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        Request {
            method: hyper::Method::GET,
            segments: Vec::new(),
            query: Vec::new(),
            headers: map,
            body: Body::EMPTY,
        }
    }

    #[test]
    fn an_event_is_json_and_never_shows_the_nhs_number() {
        let auditor = Auditor::new([7; SALT_BYTES]);
        let request = request(&[("x-request-id", "id-\"1\\"), ("nhsd-end-user-organisation-ods", "A20047")]);
        let event = Event {
            at_ms: 5,
            operation: "pds-retrieve",
            organisation: organisation(&request, None, None),
            subject: "9000000009",
            status: 200,
            kind: Kind::Read,
            injected: false,
        };
        let line = auditor.line(&event, &request);
        let json: serde_json::Value = serde_json::from_slice(&line).unwrap();
        assert_eq!(json["organisation"], "A20047");
        assert_eq!(json["request"], "id-?1?");
        assert_eq!(json["subject"].as_str().unwrap().len(), 16);
        assert!(!String::from_utf8_lossy(&line).contains("9000000009"));
    }

    #[test]
    fn housekeeping_and_injected_faults_are_marked() {
        let line = |kind, injected| {
            let event = Event {
                at_ms: 5,
                operation: "mesh-undelivered",
                organisation: "",
                subject: "",
                status: 200,
                kind,
                injected,
            };
            let line = Auditor::new([7; SALT_BYTES]).line(&event, &request(&[]));
            serde_json::from_slice::<serde_json::Value>(&line).unwrap()
        };
        assert_eq!(line(Kind::Tended, false)["kind"], "tended");
        assert_eq!(line(Kind::Write, false).get("injected"), None);
        assert_eq!(line(Kind::Read, true)["injected"], true);
    }

    #[test]
    fn another_folder_hashes_the_same_person_differently() {
        let here = Auditor::new([1; SALT_BYTES]).hashed("9000000009");
        assert_eq!(here, Auditor::new([1; SALT_BYTES]).hashed("9000000009"));
        assert_ne!(here, Auditor::new([2; SALT_BYTES]).hashed("9000000009"));
    }

    #[test]
    fn a_mesh_callers_organisation_is_its_mailbox() {
        let request = request(&[("authorization", "NHSMESH X26ABC1:nonce:1:202601010101:hash")]);
        assert_eq!(organisation(&request, None, Some("X26")), "X26ABC1");
    }

    #[test]
    fn whom_a_caller_has_shown_to_be_comes_before_whom_it_claims_to_be() {
        let request = request(&[("nhsd-end-user-organisation-ods", "CLAIM")]);
        assert_eq!(organisation(&request, Some("A20047"), Some("B1")), "A20047");
        assert_eq!(organisation(&request, None, Some("B1")), "B1");
        assert_eq!(organisation(&request, None, None), "CLAIM");
    }
}
