//! The engine against the contract suite.

use hub_store::contract::contract;
use store_journal::JournalStore;

#[test]
fn the_engine_keeps_the_contract() {
    contract(&|folder| Box::new(JournalStore::open(folder).unwrap_or_else(|e| panic!("{e}")).0));
}
