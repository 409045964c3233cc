//! Who can log in when the hub begins, and the client of the tests and benchmarks.
//!
//! Called by the hub's seed. Pure functions of the population, ascending by key. The secret protects nothing: it belongs
//! to a synthetic hub.

use super::record::{Client, User, client_key, sha256_hex, user_key};
use crate::seed::{SeedRow, SeedRows};
use hub_store::Table;
use population::{Population, SESSIONS};
use serde::Serialize;

/// The client id of the client that logs synthetic users in.
pub const TEST_CLIENT_ID: &str = "spinebench-test-client";
/// Its secret.
pub const TEST_CLIENT_SECRET: &str = "spinebench-test-secret";
/// Where its users are sent back to; nobody listens there.
pub const TEST_REDIRECT_URI: &str = "https://spinebench.invalid/callback";

fn row(key: Vec<u8>, row: &impl Serialize) -> SeedRow {
    (Table::Clients, key, serde_json::to_vec(row).unwrap_or_default()) // strings always serialise
}

/// The client that logs synthetic users in.
pub fn test_client() -> SeedRow {
    let client = Client {
        client_id: TEST_CLIENT_ID.to_owned(),
        ods: String::new(),
        keys: Vec::new(),
        secret_sha256: sha256_hex(TEST_CLIENT_SECRET.as_bytes()),
        redirect_uris: vec![TEST_REDIRECT_URI.to_owned()],
        registered: false,
    };
    row(client_key(TEST_CLIENT_ID), &client)
}

/// The test client and the users of all synthetic sessions.
pub fn clients_and_users(population: &Population) -> SeedRows<'_> {
    let users = (0..SESSIONS).map(|i| {
        let session = population.session(i);
        let user = User {
            user_id: session.user_id,
            ods: session.ods,
            role: session.role_code.to_owned(),
            role_profile_id: session.role_profile_id,
        };
        row(user_key(&user.user_id), &user)
    });
    let mut rows: Vec<SeedRow> = users.collect();
    rows.push(test_client());
    rows.sort_unstable();
    Box::new(rows.into_iter())
}
