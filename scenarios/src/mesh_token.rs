//! The `NHSMESH` authorisation header of MESH, one for each request: mailbox, a fresh nonce, the time, and an HMAC-SHA256 of
//! them with the mailbox's password under the environment's shared key (mesh-api.yaml, "MESH Authorization header").

use crate::time::Moment;
use hmac::{Hmac, Mac};
use population::MESH_SHARED_KEY;
use sha2::Sha256;
use std::sync::LazyLock;

/// The shared key, already absorbed: saves two of the five hash blocks of each token.
static KEYED: LazyLock<Option<Hmac<Sha256>>> =
    LazyLock::new(|| Hmac::<Sha256>::new_from_slice(MESH_SHARED_KEY.as_bytes()).ok());

/// The shared key of the synthetic environment, ready to be used.
pub(crate) fn synthetic() -> Option<&'static Hmac<Sha256>> {
    KEYED.as_ref()
}

/// How often the nonce was used before: never, each request has its own.
const NONCE_COUNT: &[u8] = b"0";

/// Appends the header's value under the shared key in `keyed`. `nonce` writes the same UUID each time it is called.
pub(crate) fn write(
    out: &mut Vec<u8>,
    keyed: Option<&Hmac<Sha256>>,
    mailbox: &str,
    password: &str,
    nonce: impl Fn(&mut Vec<u8>),
    now: Moment,
) {
    out.extend_from_slice(b"NHSMESH ");
    let start = out.len();
    for part in [mailbox.as_bytes(), b":"] {
        out.extend_from_slice(part);
    }
    nonce(out);
    out.push(b':');
    out.extend_from_slice(NONCE_COUNT);
    out.push(b':');
    let before_time = out.len();
    now.mesh(out);
    // HMAC takes keys of any length, so the key is always there.
    let Some(mut mac) = keyed.cloned() else { return };
    mac.update(&out[start..before_time]);
    mac.update(password.as_bytes());
    mac.update(b":");
    mac.update(&out[before_time..]);
    out.push(b':');
    for b in mac.finalize().into_bytes() {
        for digit in [b >> 4, b & 15] {
            out.push(b"0123456789abcdef"[usize::from(digit)]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_mailbox_nonce_count_time_and_their_keyed_hash() {
        let nonce = "11111111-2222-4333-8444-555555555555";
        let now = Moment::of("2026-11-23T08:09:10Z".parse().unwrap());
        let mut out = Vec::new();
        let nonce_of = |out: &mut Vec<u8>| out.extend_from_slice(nonce.as_bytes());
        write(&mut out, synthetic(), "A20047OT001", "secret", nonce_of, now);
        let text = String::from_utf8(out).unwrap();
        let (public, hash) = text.rsplit_once(':').unwrap();
        assert_eq!(public, format!("NHSMESH A20047OT001:{nonce}:0:202611230809"));
        let mut mac = Hmac::<Sha256>::new_from_slice(MESH_SHARED_KEY.as_bytes()).unwrap();
        mac.update(format!("A20047OT001:{nonce}:0:secret:202611230809").as_bytes());
        let expected: String = mac.finalize().into_bytes().iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(hash, expected);
    }
}
