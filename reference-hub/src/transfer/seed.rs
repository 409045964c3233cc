//! The conversations that are open when the hub begins, so that extracts and fragments have one to belong to.
//!
//! Called by the hub's seed. A pure function of the population.

use super::record::{Conversation, conversation_key};
use crate::seed::{SeedRow, SeedRows};
use hub_store::Table;
use population::Population;

/// Rows of `Table::Transfers`, ascending.
pub fn conversations(population: &Population) -> SeedRows<'_> {
    let mut rows: Vec<SeedRow> = (0..population.record_transfers())
        .map(|i| {
            let transfer = population.record_transfer(i);
            let conversation = Conversation {
                requester: population.endpoint(transfer.requester).party_key,
                responder: population.endpoint(transfer.responder).party_key,
            };
            let row = conversation.put(&transfer.conversation_id);
            (Table::Transfers, conversation_key(&transfer.conversation_id).to_vec(), row.value.to_vec())
        })
        .collect();
    rows.sort_unstable();
    Box::new(rows.into_iter())
}
