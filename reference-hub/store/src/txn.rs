//! A transaction as data: what must hold, what to write, what to remember.

use crate::Table;
use bytes::Bytes;

/// What a key must look like for the transaction to commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// No value under the key.
    Absent,
    /// The value was written by exactly this sequence number ([`crate::Versioned::version`]).
    Version(u64),
}

/// A condition checked atomically with the writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// The table.
    pub table: Table,
    /// The key.
    pub key: Bytes,
    /// What must hold.
    pub expect: Expect,
}

/// A row to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Put {
    /// The table.
    pub table: Table,
    /// The key.
    pub key: Bytes,
    /// The value.
    pub value: Bytes,
}

/// A row to remove.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delete {
    /// The table.
    pub table: Table,
    /// The key.
    pub key: Bytes,
}

/// What makes a retry harmless: the same key again returns `answer` and writes nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    /// Client and request, e.g. `pds|<client>|<X-Request-ID>`.
    pub key: Bytes,
    /// The encoded answer to give again.
    pub answer: Bytes,
}

/// One atomic transaction.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Txn {
    /// All must hold, else nothing is written.
    pub checks: Vec<Check>,
    /// Rows to write.
    pub puts: Vec<Put>,
    /// Rows to remove.
    pub dels: Vec<Delete>,
    /// The audit event, stored under the transaction's sequence number and covered by the hash chain.
    pub audit: Bytes,
    /// Set when a retry must return the first answer.
    pub idempotency: Option<Idempotency>,
}

/// What became of one transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Durable under this sequence number.
    Committed {
        /// The dense sequence number.
        seq: u64,
    },
    /// A check failed; nothing was written.
    Conflict {
        /// The table of the first failing check.
        table: Table,
        /// Its key.
        key: Bytes,
    },
    /// The idempotency key was seen before; nothing was written.
    Duplicate {
        /// The answer stored the first time.
        answer: Bytes,
    },
}
