//! The applications registered with this hub: one JSON file each in the data folder's `certs/clients`, read at start.
//!
//! Called by start-up, before the port opens. A file: `{"client_id", "ods", "keys": [JWK with kid], "secret_sha256",
//! "redirect_uris"}`, of which only `client_id` must be there. A file that is taken away takes the application with it.

use super::record::{Client, client_key};
use crate::error::HubError;
use crate::seed::SeedRow;
use hub_store::{Store, Table};
use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::AlgorithmParameters;
use std::collections::BTreeMap;
use std::path::Path;

/// Applications taken. 10,000: above the products that the NHS platform lists.
const CLIENTS_MAX: usize = 10_000;

/// Largest file, in bytes. 64 KiB: a hundred keys.
const FILE_BYTES_MAX: u64 = 64 * 1024;

/// Longest client id. 64: a UUID or an API key of 32 characters, with room.
const ID_BYTES_MAX: usize = 64;

/// Shortest RSA modulus, in bytes. 256: 2,048 bits, as RS512 needs at least (RFC 7518, section 3.3).
const MODULUS_BYTES_MIN: usize = 256;

/// The rows that make the store's registered applications those of `folder`.
///
/// # Errors
/// [`HubError::Security`] with every fault of every file; the engine's.
pub fn rows(store: &dyn Store, folder: &Path) -> Result<Vec<SeedRow>, HubError> {
    let mut rows: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
    for row in store.scan(Table::Clients, b"client|", b"client}", CLIENTS_MAX)? {
        if serde_json::from_slice::<Client>(&row.value.value).is_ok_and(|client| client.registered) {
            rows.insert(row.key.to_vec(), Vec::new()); // an empty row is no application
        }
    }
    let mut faults = Vec::new();
    for path in files(folder)? {
        match read(&path) {
            Ok(client) => {
                let value = serde_json::to_vec(&client).unwrap_or_default(); // it came from JSON
                rows.insert(client_key(&client.client_id), value);
            }
            Err(fault) => faults.push(format!("{}: {fault}", path.display())),
        }
    }
    if !faults.is_empty() {
        return Err(HubError::Security(faults.join("\n")));
    }
    Ok(rows.into_iter().map(|(key, value)| (Table::Clients, key, value)).collect())
}

fn files(folder: &Path) -> Result<Vec<std::path::PathBuf>, HubError> {
    let cannot =
        |error| HubError::Security(format!("{}: the folder cannot be read: {error}", folder.display()));
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(cannot(error)),
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(cannot)?.path();
        if path.extension().is_some_and(|e| e == "json") {
            files.push(path);
        }
    }
    files.sort();
    if files.len() > CLIENTS_MAX {
        let got = files.len();
        let where_ = folder.display();
        return Err(HubError::Security(format!(
            "{where_}: too many applications, got {got}, allowed {CLIENTS_MAX}"
        )));
    }
    Ok(files)
}

fn read(path: &Path) -> Result<Client, String> {
    let cannot = |error: std::io::Error| format!("cannot be read: {error}");
    let bytes = std::fs::metadata(path).map_err(cannot)?.len();
    if bytes > FILE_BYTES_MAX {
        return Err(format!("too large, got {bytes} bytes, allowed {FILE_BYTES_MAX}"));
    }
    let text = std::fs::read(path).map_err(cannot)?;
    let client: Client =
        serde_json::from_slice(&text).map_err(|e| format!("no registered application: {e}"))?;
    let plain = |id: &str| id.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
    if client.client_id.is_empty() || client.client_id.len() > ID_BYTES_MAX || !plain(&client.client_id) {
        return Err(format!("client_id: allowed: 1 to {ID_BYTES_MAX} letters, digits, '.', '_' and '-'"));
    }
    for (i, key) in client.keys.iter().enumerate() {
        if key.common.key_id.as_deref().unwrap_or("").is_empty() {
            return Err(format!("keys[{i}].kid: missing"));
        }
        let AlgorithmParameters::RSA(rsa) = &key.algorithm else {
            return Err(format!("keys[{i}].kty: allowed: RSA"));
        };
        if rsa.n.len() * 3 / 4 < MODULUS_BYTES_MIN || DecodingKey::from_jwk(key).is_err() {
            return Err(format!("keys[{i}]: no RSA key of at least {} bits", MODULUS_BYTES_MIN * 8));
        }
    }
    Ok(Client { registered: true, ..client })
}
