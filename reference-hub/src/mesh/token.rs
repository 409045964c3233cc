//! The NHSMESH authorisation token: read, checked against the mailbox's password and the shared key, used once.
//!
//! Called by `mesh::decide` for every operation on a mailbox. Never logs or echoes a token, and compares its hash in
//! constant time.

use super::fault::{Fault, Refused};
use super::record::{self, Mailbox};
use super::replay::{Admission, ReplayGuard, WINDOW_MINUTES};
use crate::domain::Context;
use crate::message::Request;
use hmac::{Hmac, Mac};
use sha2::Sha256;

/// Shared key of the open sandbox, as its published examples expect.
pub const SANDBOX_SHARED_KEY: &str = "TestKey";

/// Bytes of an HMAC-SHA256.
const HASH_BYTES: usize = 32;

/// The parts of `NHSMESH mailbox:nonce:nonce_count:yyyyMMddHHmm:hash`.
#[derive(Debug, PartialEq, Eq)]
struct Token<'a> {
    mailbox: &'a str,
    nonce: &'a str,
    nonce_count: &'a str,
    timestamp: &'a str,
    hash: [u8; HASH_BYTES],
}

impl<'a> Token<'a> {
    fn parse(header: &'a str) -> Option<Self> {
        let (scheme, rest) = header.trim().split_once(' ')?;
        let mut parts = rest.split(':');
        let token = Token {
            mailbox: parts.next()?,
            nonce: parts.next()?,
            nonce_count: parts.next()?,
            timestamp: parts.next()?,
            hash: hex_hash(parts.next()?)?,
        };
        let counted = !token.nonce_count.is_empty() && token.nonce_count.bytes().all(|b| b.is_ascii_digit());
        let whole = scheme.eq_ignore_ascii_case("NHSMESH") && parts.next().is_none() && counted;
        (whole && !token.mailbox.contains(' ') && !token.nonce.is_empty()).then_some(token)
    }

    /// Minutes since the Unix epoch that the timestamp names.
    fn minute(&self) -> Option<u64> {
        let t = self.timestamp.as_bytes();
        if t.len() != 12 || !t.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let number = |from: usize, to: usize| self.timestamp[from..to].parse::<i16>().ok();
        let byte = |from: usize| number(from, from + 2).and_then(|n| i8::try_from(n).ok());
        let at =
            jiff::civil::DateTime::new(number(0, 4)?, byte(4)?, byte(6)?, byte(8)?, byte(10)?, 0, 0).ok()?;
        let instant = jiff::tz::TimeZone::UTC.to_timestamp(at).ok()?;
        u64::try_from(instant.as_second()).ok().map(|s| s / 60)
    }
}

fn hex_hash(text: &str) -> Option<[u8; HASH_BYTES]> {
    let digits = text.as_bytes();
    if digits.len() != 2 * HASH_BYTES {
        return None;
    }
    let nibble = |b: u8| char::from(b).to_digit(16).and_then(|n| u8::try_from(n).ok());
    let mut hash = [0; HASH_BYTES];
    for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = (nibble(pair[0])? << 4) | nibble(pair[1])?;
    }
    Some(hash)
}

/// The key that all mailboxes of this environment share.
pub fn shared_key(sandbox: bool) -> &'static str {
    if sandbox { SANDBOX_SHARED_KEY } else { population::MESH_SHARED_KEY }
}

/// The mailbox that the request's token opens, when that is the mailbox `id` of its path.
///
/// # Errors
/// 403 for a missing, malformed, foreign, wrong, late or used token; 503 when the guard is full; 500 when the store
/// cannot read.
pub fn authorise(
    guard: &ReplayGuard,
    ctx: &Context<'_>,
    request: &Request,
    id: &str,
) -> Result<Mailbox, Refused> {
    // Taken first, always: the n-th id of a request is the same when its decision is made again. The upper half of the
    // bits depends on the whole nonce, the lower one on half of it.
    let identity = (ctx.ids.bits() >> 64) as u64;
    let denied = |text: &'static str| Err(Fault::plain(403, text));
    let Some(token) = request.header("authorization").and_then(Token::parse) else {
        return denied("Error reading from Authorization header");
    };
    if token.mailbox != id {
        return denied("Mailbox id does not match token");
    }
    let now_minute = ctx.now_ms / 60_000;
    let Some(minute) = token.minute().filter(|m| m.abs_diff(now_minute) <= WINDOW_MINUTES) else {
        return denied("Authorization token is outside the allowed time");
    };
    let Some(mailbox) = record::mailbox(ctx.view, id)? else {
        return denied("No mailbox matched");
    };
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(shared_key(ctx.sandbox).as_bytes()) else {
        return Err(Fault::internal()); // HMAC takes keys of any length
    };
    let signed = [token.mailbox, token.nonce, token.nonce_count, &mailbox.password, token.timestamp];
    for (i, part) in signed.iter().enumerate() {
        if i > 0 {
            mac.update(b":");
        }
        mac.update(part.as_bytes());
    }
    if mac.verify_slice(&token.hash).is_err() {
        return denied("Invalid Authentication Token");
    }
    // With mutual TLS a mailbox opens to its own organisation only, whoever knows its password.
    if ctx.peer.is_some_and(|peer| !peer.ods.eq_ignore_ascii_case(&mailbox.ods)) {
        return denied("Mailbox belongs to another organisation than the client certificate");
    }
    let key = token.hash.iter().take(8).fold(0_u64, |n, b| (n << 8) | u64::from(*b));
    match guard.admit(now_minute, minute, key, identity) {
        Admission::Admitted => Ok(mailbox),
        Admission::Replayed => denied("Error Duplicated Authentication Token"),
        Admission::Full => Err(Fault::plain(503, "Too many authorisation tokens in use")),
    }
}

/// A fresh token, as a client makes it; for tests and the sandbox's own examples.
#[cfg(test)]
pub fn make(
    shared_key: &str,
    mailbox: &str,
    password: &str,
    nonce: &str,
    count: u32,
    timestamp: &str,
) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(shared_key.as_bytes()).unwrap();
    mac.update(format!("{mailbox}:{nonce}:{count}:{password}:{timestamp}").as_bytes());
    let hash: String = mac.finalize().into_bytes().iter().map(|b| format!("{b:02x}")).collect();
    format!("NHSMESH {mailbox}:{nonce}:{count}:{timestamp}:{hash}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_part_by_part() {
        let text = make("k", "X26ABC1", "p", "n-1", 3, "202601312359");
        let token = Token::parse(&text).unwrap();
        assert_eq!((token.mailbox, token.nonce, token.nonce_count), ("X26ABC1", "n-1", "3"));
        assert_eq!(token.minute(), Some(29_498_399));
    }

    #[test]
    fn malformed_tokens_are_not_read() {
        let good = make("k", "X26ABC1", "p", "n", 0, "202601010000");
        assert!(Token::parse(&good).is_some());
        for bad in [
            "",
            "NHSMESH",
            "NHSMESH X26ABC1",
            &good.replace("NHSMESH", "Bearer"),
            &good.replace(":0:", ":x:"),
            &good.replace(":0:", "::"),
            &good.replace(":n:", "::"),
            &format!("{good}:more"),
            &good[..good.len() - 1],
            &good.replace("X26ABC1", "X26 ABC1"),
        ] {
            assert_eq!(Token::parse(bad), None, "{bad}");
        }
        let odd = good.replace("202601010000", "202613010000");
        assert_eq!(Token::parse(&odd).unwrap().minute(), None);
    }
}
