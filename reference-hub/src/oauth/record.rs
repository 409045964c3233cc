//! The rows of `Table::Clients`: registered applications, users who can log in, and what is used once (assertions,
//! codes, refresh tokens); and the timers that remove what has ended.
//!
//! Called by this interface and, for the key of a client, by the rate limit. Keys are bounded whatever a caller sends.

use crate::domain::Context;
use bytes::Bytes;
use hub_store::{Check, Delete, Expect, Put, StoreError, Table, Versioned};
use jsonwebtoken::jwk::Jwk;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A registered application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    /// Its client id, which is its API key too.
    pub client_id: String,
    /// The organisation it acts for on its own; empty when it only acts for users who log in.
    #[serde(default)]
    pub ods: String,
    /// The public keys its JWTs are signed for (RFC 7517), each with a `kid`.
    #[serde(default)]
    pub keys: Vec<Jwk>,
    /// SHA-256 of its secret, in lower-case hexadecimal; empty when it has none.
    #[serde(default)]
    pub secret_sha256: String,
    /// Where its users are sent back to.
    #[serde(default)]
    pub redirect_uris: Vec<String>,
    /// It comes from the data folder and goes when it is no longer there.
    #[serde(default)]
    pub registered: bool,
}

/// Whom a smartcard belongs to, and in which role they act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The user's unique identifier, 12 digits.
    pub user_id: String,
    /// ODS code of the organisation.
    pub ods: String,
    /// National role-based access code.
    pub role: String,
    /// Role profile in use, 12 digits; empty when unknown.
    #[serde(default)]
    pub role_profile_id: String,
}

/// A login that waits for its client to fetch the token, or to prolong it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Login {
    /// Who logged in.
    pub user: User,
    /// The client it was for.
    pub client_id: String,
    /// Where the code was sent; empty in a refresh token's row.
    pub redirect_uri: String,
    /// When the code or refresh token ends, in milliseconds since the Unix epoch.
    pub until_ms: u64,
    /// Times the token was refreshed.
    pub refreshed: u32,
}

/// What is used once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Once {
    /// A code of a login.
    Code,
    /// A refresh token.
    Refresh,
}

/// Lower-case hexadecimal SHA-256.
pub fn sha256_hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}"); // writing to a String cannot fail
        hex
    })
}

/// The key of a client's row.
pub fn client_key(client_id: &str) -> Vec<u8> {
    key("client", client_id)
}

/// The key of a user's row.
pub fn user_key(user_id: &str) -> Vec<u8> {
    key("user", user_id)
}

/// The key under which an assertion is remembered as used: hashed, as the client chooses its length.
pub fn assertion_key(client_id: &str, jti: &str) -> Vec<u8> {
    key("jti", &sha256_hex(format!("{client_id}|{jti}").as_bytes()))
}

/// The key of a code or refresh token: hashed, so that a copy of the data folder logs nobody in.
pub fn once_key(kind: Once, secret: &str) -> Vec<u8> {
    let kind = match kind {
        Once::Code => "code",
        Once::Refresh => "refresh",
    };
    key(kind, &sha256_hex(secret.as_bytes()))
}

/// Longest id looked up. 128: twice the longest that can be registered; a longer one is nobody's.
const ID_BYTES_MAX: usize = 128;

fn key(kind: &str, id: &str) -> Vec<u8> {
    let id = if id.len() <= ID_BYTES_MAX { id } else { "" };
    format!("{kind}|{id}").into_bytes()
}

/// The row under `key` with its version; `None` when there is none, or an emptied one.
///
/// # Errors
/// The engine's.
pub fn read<T: DeserializeOwned>(ctx: &Context<'_>, key: &[u8]) -> Result<Option<(T, u64)>, StoreError> {
    let row = ctx.view.get(Table::Clients, key)?;
    Ok(row.and_then(|Versioned { version, value }| Some((serde_json::from_slice(&value).ok()?, version))))
}

/// A write of such a row.
pub fn put(key: Vec<u8>, row: &impl Serialize) -> Put {
    let value = serde_json::to_vec(row).unwrap_or_default(); // strings, numbers and keys always serialise
    Put { table: Table::Clients, key: key.into(), value: value.into() }
}

/// The row must not be there.
pub fn absent(key: Vec<u8>) -> Check {
    Check { table: Table::Clients, key: key.into(), expect: Expect::Absent }
}

/// The row must be as it was read, and goes.
pub fn used_up(key: Vec<u8>, version: u64) -> (Check, Delete) {
    let key = Bytes::from(key);
    let check = Check { table: Table::Clients, key: key.clone(), expect: Expect::Version(version) };
    (check, Delete { table: Table::Clients, key })
}

/// The kind of this interface's timers.
pub const TIMER_KIND: &[u8] = b"|oauth|";

/// The timer that removes a row of `Clients` or `Sessions` when it has ended.
pub fn ends(at_ms: u64, table: Table, key: &[u8]) -> Put {
    let kind: &[u8] = if table == Table::Sessions { b"session|" } else { b"client|" };
    let timer = [&at_ms.to_be_bytes(), TIMER_KIND, kind, key].concat();
    Put { table: Table::Timers, key: timer.into(), value: Bytes::new() }
}

/// What a timer's key says is to be removed; `None` when the timer is another interface's.
pub fn ended(timer: &[u8]) -> Option<(Table, &[u8])> {
    let rest = timer.get(8..)?.strip_prefix(TIMER_KIND)?;
    match rest.strip_prefix(b"session|") {
        Some(key) => Some((Table::Sessions, key)),
        None => Some((Table::Clients, rest.strip_prefix(b"client|")?)),
    }
}
