//! Removes sessions, assertions, codes and refresh tokens that have ended. What has ended is refused all the same
//! before it is removed.

use super::record;
use crate::domain::{Context, Tended};
use hub_store::{Delete, Row, Table, Txn};

/// Timers looked at in one scan, and rows removed in one transaction. 256: a transaction of a few tens of kilobytes.
const PAGE: usize = 256;

/// Pages looked through in one call, should other interfaces' timers lie before ours. 16: 4,096 timers.
const PAGES_MAX: usize = 16;

/// What is due, as one transaction.
pub fn tend(ctx: &Context<'_>) -> Vec<Tended> {
    let end = ctx.now_ms.saturating_add(1).to_be_bytes();
    let mut from = Vec::new();
    let mut dels = Vec::new();
    for _ in 0..PAGES_MAX {
        let Ok(page) = ctx.view.scan(Table::Timers, &from, &end, PAGE) else { break };
        dels.extend(page.iter().filter_map(removed).flatten());
        match page.last() {
            Some(last) if page.len() == PAGE && dels.is_empty() => from = [&last.key, &b"\0"[..]].concat(),
            _ => break,
        }
    }
    if dels.is_empty() {
        return Vec::new();
    }
    vec![Tended { what: "oauth-expired", subject: String::new(), txn: Txn { dels, ..Txn::default() } }]
}

/// The timer and what it ends.
fn removed(timer: &Row) -> Option<[Delete; 2]> {
    let (table, key) = record::ended(&timer.key)?;
    let row = Delete { table, key: timer.key.slice_ref(key) };
    Some([row, Delete { table: Table::Timers, key: timer.key.clone() }])
}
