//! The sessions that are live when the hub begins.
//!
//! Called by the hub's seed. A pure function of the population, ascending by key.

use crate::auth::{SEEDED_EXPIRY_MS, Session};
use crate::seed::{SeedRow, SeedRows};
use hub_store::Table;
use population::Population;

/// Rows of `Table::Sessions`, ascending by token.
pub fn sessions(population: &Population) -> SeedRows<'_> {
    let mut rows: Vec<SeedRow> = (0..population.sessions())
        .map(|i| {
            let session = population.session(i);
            let row = Session {
                user_id: session.user_id,
                ods: session.ods,
                role: session.role_code.to_owned(),
                role_profile_id: session.role_profile_id,
                expires_ms: SEEDED_EXPIRY_MS,
                application: false,
                anywhere: false,
            };
            (Table::Sessions, session.token.into_bytes(), row.to_row())
        })
        .collect();
    rows.sort_unstable();
    Box::new(rows.into_iter())
}
