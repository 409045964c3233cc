//! Who can log in when the hub begins, and the client of the tests and benchmarks.
//!
//! Called by the hub's seed. Pure functions of the population, ascending by key. The secret protects nothing: it belongs
//! to a synthetic hub.

use super::record::{Client, Login, Once, User, client_key, once_key, sha256_hex, user_key};
use crate::auth::SEEDED_EXPIRY_MS;
use crate::seed::{SeedRow, SeedRows};
use hub_store::Table;
use population::Population;
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

/// The user of the `i`-th synthetic session.
fn user(population: &Population, i: u32) -> User {
    let session = population.session(i);
    User {
        user_id: session.user_id,
        ods: session.ods,
        role: session.role_code.to_owned(),
        role_profile_id: session.role_profile_id,
    }
}

/// The test client, the users of all synthetic sessions, and the log-ins whose tokens are not fetched yet.
pub fn clients_and_users(population: &Population) -> SeedRows<'_> {
    let users =
        (0..population.sessions()).map(|i| user(population, i)).map(|u| row(user_key(&u.user_id), &u));
    let logins = (0..population.backlog().logins).map(|i| population.login(i)).map(|login| {
        let waiting = Login {
            user: user(population, login.session),
            client_id: TEST_CLIENT_ID.to_owned(),
            redirect_uri: TEST_REDIRECT_URI.to_owned(),
            until_ms: SEEDED_EXPIRY_MS,
            refreshed: 0,
        };
        row(once_key(Once::Code, &login.code), &waiting)
    });
    let mut rows: Vec<SeedRow> = users.chain(logins).collect();
    rows.push(test_client());
    rows.sort_unstable();
    Box::new(rows.into_iter())
}
