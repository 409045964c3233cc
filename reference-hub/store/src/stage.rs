//! Decides a batch: which transactions commit, under which sequence numbers, and which rows that writes.
//!
//! Called by every embedded engine's `commit`, so that all agree. Pure: it reads through a [`View`], never writes and
//! never reads a clock. Rows of the log itself (audit, chain, idempotency, head) come from here alone.

use crate::link::{audit_check, writes_digest};
use crate::{
    Entry, Expect, Head, KEY_BYTES_MAX, Link, Outcome, StoreError, Table, Txn, View, chain_hash, seq_key,
};
use bytes::Bytes;
use std::collections::HashMap;

/// Key of the durable head (sequence and hash) in [`Table::Meta`]: a second witness beside the last chain link.
pub const HEAD_KEY: &[u8] = b"head";

/// A row to write, or to remove when `value` is `None`. A staged batch holds each (table, key) once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowWrite {
    /// The table.
    pub table: Table,
    /// The key.
    pub key: Bytes,
    /// Sequence number of the writing transaction.
    pub version: u64,
    /// The value without its version prefix ([`crate::encode_versioned`]); `None` removes the row.
    pub value: Option<Bytes>,
}

/// A decided batch, to be written in one atomic step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Staged {
    /// One for each transaction of the batch, in order.
    pub outcomes: Vec<Outcome>,
    /// Every row to write: state, audit events, idempotency rows, the chain link and the head. Empty when nothing
    /// commits.
    pub writes: Vec<RowWrite>,
    /// The head after the batch.
    pub head: Head,
}

/// The head as stored under [`HEAD_KEY`].
pub fn encode_head(head: &Head) -> Bytes {
    let mut out = Vec::with_capacity(40);
    out.extend_from_slice(&head.seq.to_be_bytes());
    out.extend_from_slice(&head.hash);
    Bytes::from(out)
}

/// The inverse of [`encode_head`].
pub fn decode_head(bytes: &[u8]) -> Option<Head> {
    let (seq, hash) = bytes.split_at_checked(8)?;
    Some(Head { seq: u64::from_be_bytes(seq.try_into().ok()?), hash: hash.try_into().ok()? })
}

/// The writes of the batch so far, over the committed state.
struct Overlay<'a> {
    view: &'a dyn View,
    writes: Vec<RowWrite>,
    place: HashMap<(Table, Bytes), usize>,
}

impl Overlay<'_> {
    fn version(&self, table: Table, key: &Bytes) -> Result<Option<u64>, StoreError> {
        match self.place.get(&(table, key.clone())) {
            Some(&i) => Ok(self.writes[i].value.as_ref().map(|_| self.writes[i].version)),
            None => self.view.version(table, key),
        }
    }

    fn value(&self, table: Table, key: &Bytes) -> Result<Option<Bytes>, StoreError> {
        match self.place.get(&(table, key.clone())) {
            Some(&i) => Ok(self.writes[i].value.clone()),
            None => Ok(self.view.get(table, key)?.map(|v| v.value)),
        }
    }

    fn write(&mut self, table: Table, key: Bytes, version: u64, value: Option<Bytes>) {
        let row = RowWrite { table, key: key.clone(), version, value };
        match self.place.entry((table, key)) {
            std::collections::hash_map::Entry::Occupied(at) => self.writes[*at.get()] = row,
            std::collections::hash_map::Entry::Vacant(at) => {
                at.insert(self.writes.len());
                self.writes.push(row);
            }
        }
    }
}

/// Decides `batch` on top of `view`, whose log stands at `head`.
///
/// Order inside a transaction: the idempotency key first (a retry of a committed request must not look like a
/// conflict), then the checks, then deletes, then puts; so a key both deleted and put is put.
///
/// # Errors
/// [`StoreError`] when the view cannot read, or when a transaction is malformed (writes a table the log owns, or a key
/// no engine can hold); nothing is staged then.
pub fn stage(view: &dyn View, head: Head, batch: &[Txn]) -> Result<Staged, StoreError> {
    for txn in batch {
        well_formed(txn)?;
    }
    let rows = batch.iter().map(|t| t.puts.len() + t.dels.len() + 2).sum::<usize>() + 2;
    let mut overlay = Overlay { view, writes: Vec::with_capacity(rows), place: HashMap::with_capacity(rows) };
    let mut outcomes = Vec::with_capacity(batch.len());
    let mut committed: Vec<(u64, &Txn, Entry)> = Vec::with_capacity(batch.len());
    let mut seq = head.seq;
    for txn in batch {
        if let Some(refusal) = refusal(&overlay, txn)? {
            outcomes.push(refusal);
            continue;
        }
        seq += 1;
        for del in &txn.dels {
            overlay.write(del.table, del.key.clone(), seq, None);
        }
        for put in &txn.puts {
            overlay.write(put.table, put.key.clone(), seq, Some(put.value.clone()));
        }
        if let Some(idempotency) = &txn.idempotency {
            let (key, answer) = (idempotency.key.clone(), idempotency.answer.clone());
            overlay.write(Table::Idempotency, key, seq, Some(answer));
        }
        let entry = Entry { writes: writes_digest(txn), audit_check: audit_check(&txn.audit) };
        committed.push((seq, txn, entry));
        outcomes.push(Outcome::Committed { seq });
    }
    let mut writes = overlay.writes;
    if committed.is_empty() {
        return Ok(Staged { outcomes, writes, head });
    }
    for (seq, txn, _) in &committed {
        writes.push(log_row(Table::Audit, &seq_key(*seq), *seq, txn.audit.clone()));
    }
    let events = committed.iter().map(|(seq, txn, entry)| (*seq, &txn.audit[..], &entry.writes));
    let link = Link {
        first_seq: head.seq + 1,
        last_seq: seq,
        prev_hash: head.hash,
        hash: chain_hash(&head.hash, events),
        entries: committed.iter().map(|(_, _, entry)| *entry).collect(),
    };
    let head = link.head();
    writes.push(log_row(Table::Chain, &seq_key(seq), seq, Bytes::from(link.encode())));
    writes.push(log_row(Table::Meta, HEAD_KEY, seq, encode_head(&head)));
    Ok(Staged { outcomes, writes, head })
}

fn log_row(table: Table, key: &[u8], version: u64, value: Bytes) -> RowWrite {
    RowWrite { table, key: Bytes::copy_from_slice(key), version, value: Some(value) }
}

/// Why `txn` must not commit, if so.
fn refusal(overlay: &Overlay<'_>, txn: &Txn) -> Result<Option<Outcome>, StoreError> {
    if let Some(idempotency) = &txn.idempotency
        && let Some(answer) = overlay.value(Table::Idempotency, &idempotency.key)?
    {
        return Ok(Some(Outcome::Duplicate { answer }));
    }
    for check in &txn.checks {
        let holds = match (check.expect, overlay.version(check.table, &check.key)?) {
            (Expect::Absent, found) => found.is_none(),
            (Expect::Version(wanted), found) => found == Some(wanted),
        };
        if !holds {
            return Ok(Some(Outcome::Conflict { table: check.table, key: check.key.clone() }));
        }
    }
    Ok(None)
}

fn well_formed(txn: &Txn) -> Result<(), StoreError> {
    let written =
        txn.puts.iter().map(|p| (p.table, &p.key)).chain(txn.dels.iter().map(|d| (d.table, &d.key)));
    let idempotency = txn.idempotency.iter().map(|i| (Table::Idempotency, &i.key));
    for (table, key) in written.clone() {
        let owned = matches!(table, Table::Audit | Table::Chain | Table::Idempotency)
            || (table == Table::Meta && key == HEAD_KEY);
        if owned {
            let name = table.name();
            return Err(StoreError(format!(
                "a transaction writes table {name}: that row belongs to the log alone"
            )));
        }
    }
    for (table, key) in written.chain(idempotency) {
        check_key(table, key)?;
    }
    Ok(())
}

/// Refuses a key that an engine cannot hold.
///
/// # Errors
/// [`StoreError`] naming table, got and allowed.
pub fn check_key(table: Table, key: &[u8]) -> Result<(), StoreError> {
    if key.is_empty() || key.len() > KEY_BYTES_MAX {
        return Err(StoreError(format!(
            "table {}: a key has {} bytes, allowed: 1 to {KEY_BYTES_MAX}",
            table.name(),
            key.len()
        )));
    }
    Ok(())
}
