//! The hub's narrow store contract: what every engine keeps and promises, and nothing more.
//!
//! Called by the hub's committer (writes) and by its interfaces (reads). Engines live in crates of their own
//! (`store-journal`, `store-fjall`) or beside this file (`memory`). This crate must never know HTTP or the NHS.

pub mod blobs;
pub mod clock;
#[cfg(feature = "contract")]
pub mod contract;
mod encoding;
mod link;
pub mod lock;
pub mod mark;
pub mod memory;
pub mod recover;
pub mod stage;
mod table;
mod txn;
pub mod verify;

pub use encoding::{KEY_BYTES_MAX, VERSION_BYTES, decode_versioned, encode_versioned, seq_key, seq_of_key};
pub use link::{Entry, Link, chain_hash};
pub use table::{TABLES, Table};
pub use txn::{Check, Delete, Expect, Idempotency, Outcome, Put, Txn};

use bytes::Bytes;

/// A stored value and the sequence number of the transaction that wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versioned {
    /// Dense commit sequence number (1, 2, 3, …) of the transaction that wrote `value`; 0 for bulk-loaded rows.
    pub version: u64,
    /// The bytes as they were put.
    pub value: Bytes,
}

/// One row of a scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The row's key.
    pub key: Bytes,
    /// The row's value with its version.
    pub value: Versioned,
}

/// Rows on their way back into a store: each may be the error that ended the reading of them.
pub type RestoredRows<'a> = dyn Iterator<Item = Result<Row, StoreError>> + 'a;

/// What reading code may do: look, never touch. Handlers get only this, so they are pure functions of it.
pub trait View {
    /// The committed and durable value under `key`, or `None`.
    ///
    /// # Errors
    /// [`StoreError`] when the engine cannot read.
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Versioned>, StoreError>;

    /// The version alone of what lies under `key`: what a check asks for. Cheaper where the value lies apart.
    ///
    /// # Errors
    /// [`StoreError`] when the engine cannot read.
    fn version(&self, table: Table, key: &[u8]) -> Result<Option<u64>, StoreError> {
        Ok(self.get(table, key)?.map(|found| found.version))
    }

    /// At most `limit` rows with `from <= key < to`, in key order.
    ///
    /// # Errors
    /// [`StoreError`] when the engine cannot read.
    fn scan(&self, table: Table, from: &[u8], to: &[u8], limit: usize) -> Result<Vec<Row>, StoreError>;
}

/// Where the durable log stands: the last dense sequence number and the hash chain's head there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Head {
    /// Sequence number of the last durable transaction; 0 before the first.
    pub seq: u64,
    /// SHA-256 chain head after `seq`; all zero before the first.
    pub hash: [u8; 32],
}

/// An engine that keeps the hub's state.
///
/// Contract (one suite tests every engine): each [`Txn`] is atomic over all tables, checks and writes together;
/// `commit` returns only after the batch is durable; sequence numbers are dense and given in batch order to
/// committed transactions only; a transaction sees the effects of earlier ones in the same batch.
pub trait Store: View + Send + Sync + 'static {
    /// Commits a batch; outcome `i` belongs to `batch[i]`. One caller at a time (the committer).
    ///
    /// # Errors
    /// [`StoreError`] when durability is unknown: the caller must stop acknowledging, never retry.
    fn commit(&self, batch: &[Txn]) -> Result<Vec<Outcome>, StoreError>;

    /// Bulk load before service begins: rows appear with version 0, outside sequence and chain.
    /// Rows must come in ascending key order per table within one call. Durable after [`Store::load_finish`].
    ///
    /// # Errors
    /// [`StoreError`] when the engine cannot write.
    fn load(
        &self,
        table: Table,
        rows: &mut dyn Iterator<Item = (Vec<u8>, Vec<u8>)>,
    ) -> Result<u64, StoreError>;

    /// Makes every loaded row durable.
    ///
    /// # Errors
    /// [`StoreError`] when durability is unknown.
    fn load_finish(&self) -> Result<(), StoreError>;

    /// The durable head of sequence and chain.
    fn head(&self) -> Head;

    /// Housekeeping on the caller's clock (`now_ms`: milliseconds, any fixed origin, never going back): an engine with
    /// a high-water mark writes it here, at most once a second. Call it a few times a second, not from the committer
    /// if that can be helped: it may take an fsync.
    ///
    /// # Errors
    /// [`StoreError`] when the mark cannot be written; the store itself is not harmed.
    fn tick(&self, now_ms: u64) -> Result<(), StoreError> {
        let _ = now_ms;
        Ok(())
    }

    /// The whole committed state at one moment, unmoved by later commits: what a backup of a running hub is made from.
    /// Costs the committer no more than a pause between two batches; space is held for as long as the snapshot lives.
    ///
    /// # Errors
    /// [`StoreError`] when the engine has no snapshots or cannot take one.
    fn snapshot(&self) -> Result<Box<dyn View + Send>, StoreError> {
        Err(StoreError("this engine takes no snapshots".to_owned()))
    }

    /// Puts rows back with the versions they had, into a store that nobody has used: what a restore is made from.
    /// Keys ascending within one call; durable after [`Store::load_finish`]. The store must be opened again before it is
    /// used, with the mark set to the head that the rows hold.
    ///
    /// # Errors
    /// [`StoreError`] when the engine cannot be restored to, cannot write, or `rows` ends in an error.
    fn restore(&self, table: Table, rows: &mut RestoredRows<'_>) -> Result<u64, StoreError> {
        let _ = (table, rows);
        Err(StoreError("this engine cannot be restored to".to_owned()))
    }

    /// Orderly end: what [`Store::tick`] keeps is made to agree with [`Store::head`]. Call after the last commit.
    ///
    /// # Errors
    /// [`StoreError`] when the mark cannot be written.
    fn close(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

/// What went wrong in an engine, in one sentence with the place it happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreError(
    /// The sentence for the operator.
    pub String,
);

impl StoreError {
    /// An input or output error at a place: `where: what: why`.
    pub fn io(place: impl std::fmt::Display, what: &str, error: &std::io::Error) -> Self {
        StoreError(match error.kind() {
            std::io::ErrorKind::StorageFull => {
                format!("{place}: {what}: the disk is full; free space on it and start again")
            }
            std::io::ErrorKind::FileTooLarge => {
                format!("{place}: {what}: the file may not grow further: {error}")
            }
            _ => format!("{place}: {what}: {error}"),
        })
    }
}

impl std::fmt::Display for StoreError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for StoreError {}
