//! The seal: SHA-256 of the sibling files inside `record.json`, and of `record.json` itself with the seal left empty.
//! Tells an edited record from the one that was written; it is no signature and proves nothing against a forger.

use sha2::{Digest, Sha256};

/// What stands before the seal's 64 hex digits in the text of `record.json`; the field is the last one written.
const BEFORE: &str = "\"seal\": \"";
const HEX_DIGITS: usize = 64;

/// Lower-case hex SHA-256.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Fills the empty seal at the end of a record's text; `None` when it holds none.
pub(crate) fn seal_text(text: &str) -> Option<String> {
    let at = text.rfind(BEFORE)? + BEFORE.len();
    let hex = sha256_hex(text.as_bytes());
    Some(format!("{}{hex}{}", &text[..at], &text[at..]))
}

/// What the seal of a record's text says and what it would have to say: `(sealed, got)`; `None` when it holds none.
pub(crate) fn check_text(text: &str) -> Option<(String, String)> {
    let at = text.rfind(BEFORE)? + BEFORE.len();
    let sealed = text.get(at..at + HEX_DIGITS)?;
    let unsealed = format!("{}{}", &text[..at], &text[at + HEX_DIGITS..]);
    Some((sealed.to_owned(), sha256_hex(unsealed.as_bytes())))
}
