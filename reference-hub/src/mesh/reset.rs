//! The sandbox's reset: messages go, mailboxes stay. One transaction takes a bounded number; housekeeping takes the rest.
//!
//! Called by `admin` and `lifecycle`. Only messages from before the reset go, whenever their turn comes.

use super::fault::Refused;
use super::purge;
use super::record::{self, Failure, Status};
use hub_store::{Delete, Table, Txn, View};

/// The scope of a reset of all mailboxes.
pub const ALL: &str = "*";

/// Messages removed in one transaction. 1,000: a sandbox that was used by hand or by a test suite is empty at once, and
/// a seeded population's backlog goes in steps of some ten milliseconds.
const MESSAGES_PER_TXN: usize = 1_000;

/// Rows that remove the messages in `scope` ([`ALL`] or a mailbox) whose ids are before `before`, and whether there are
/// more. Unchecked: a message that changes meanwhile is removed all the same.
///
/// # Errors
/// 500 when the store cannot read.
pub fn batch(view: &dyn View, scope: &str, before: &str) -> Result<(Txn, bool), Refused> {
    let mut txn = Txn::default();
    let prefix = if scope == ALL { String::new() } else { format!("{scope}|") };
    let table = if scope == ALL { Table::Messages } else { Table::Inbox };
    let end = format!("{prefix}{before}");
    let rows = view.scan(table, prefix.as_bytes(), end.as_bytes(), MESSAGES_PER_TXN + 1)?;
    let mut more = rows.len() > MESSAGES_PER_TXN;
    for row in rows.iter().take(MESSAGES_PER_TXN) {
        let id = String::from_utf8_lossy(row.key.get(prefix.len()..).unwrap_or_default()).into_owned();
        let Some((mut message, _)) = record::message(view, &id)? else {
            txn.dels.push(Delete { table, key: row.key.clone() });
            continue;
        };
        let gone = purge::rows(view, &message)?;
        txn.dels.extend(gone.dels);
        txn.puts.extend(gone.puts);
        if !gone.whole {
            // Its many chunks take several transactions; nobody shall see it with a hole meanwhile.
            more |= scope == ALL;
            message.status = Status::Error;
            message.failure.get_or_insert_with(|| Box::new(Failure::default()));
            txn.dels.push(message.inbox_del());
            txn.puts.push(message.put());
        }
    }
    if scope != ALL {
        let sent = view.scan(
            Table::LocalIds,
            prefix.as_bytes(),
            &record::prefix_end(&prefix),
            MESSAGES_PER_TXN + 1,
        )?;
        let older = |row: &&hub_store::Row| {
            let id = row.key.rsplit(|b| *b == b'|').next().unwrap_or_default();
            id < before.as_bytes()
        };
        let del = |row: &hub_store::Row| Delete { table: Table::LocalIds, key: row.key.clone() };
        let known = txn.dels.len();
        txn.dels.extend(sent.iter().take(MESSAGES_PER_TXN).filter(older).map(del));
        // A page without anything to remove is the end: what was sent since stays.
        more |= sent.len() > MESSAGES_PER_TXN && txn.dels.len() > known;
    }
    Ok((txn, more))
}
