//! How the engine is set up: every limit by name, with its reason, and what each table is made for.
//!
//! Called when a folder is opened. Table settings are fixed when the table is first made; the rest may change.

use fjall::config::CompressionPolicy;
use fjall::{CompressionType, Config, Database, KeyspaceCreateOptions, KvSeparationOptions};
use hub_store::Table;
use std::path::Path;

const MIB: u64 = 1024 * 1024;

/// Blocks and values kept in memory. Small, because the hub caches whole documents in front and the system caches pages.
const CACHE_BYTES: u64 = 64 * MIB;

/// Write buffer of a table with large values: a second of peak traffic, so that a flush writes one sizeable file.
const BIG_BUFFER_BYTES: u64 = 32 * MIB;

/// Write buffer of an index table: small rows, so this is already a hundred thousand of them.
const SMALL_BUFFER_BYTES: u64 = 16 * MIB;

/// Journals kept at most: bounds what is replayed at start (about a second) and the disk they hold.
const JOURNALS_BYTES: u64 = 256 * MIB;

/// Two: one keeps flushing while the other compacts. With one, a long compaction stops flushes and then writes.
const WORKER_THREADS: usize = 2;

/// Values from this size on lie apart from their keys, so that compaction moves keys only.
const SEPARATE_FROM_BYTES: u32 = 1_024;

/// The engine's settings for the folder `store`.
pub(crate) fn config(store: &Path) -> Config {
    Database::builder(store)
        .cache_size(CACHE_BYTES)
        .max_journaling_size(JOURNALS_BYTES)
        .worker_threads(WORKER_THREADS)
        // The journal lives for seconds: compressing costs the committer more than writing does.
        .journal_compression(CompressionType::None)
        // One fsync a batch, asked for by the commit itself; nothing else touches the journal.
        .manual_journal_persist(true)
        .into_config()
}

/// The settings `table` is made with.
pub(crate) fn table(table: Table) -> KeyspaceCreateOptions {
    let options = KeyspaceCreateOptions::default().manual_journal_persist(true);
    if !has_large_values(table) {
        return options.max_memtable_size(SMALL_BUFFER_BYTES);
    }
    let apart = KvSeparationOptions::default()
        .separation_threshold(SEPARATE_FROM_BYTES)
        .compression(CompressionType::Lz4);
    options
        .max_memtable_size(BIG_BUFFER_BYTES)
        .data_block_compression_policy(CompressionPolicy::disabled())
        .with_kv_separation(Some(apart))
}

/// True for tables whose values are documents, bodies or long lists; false for indexes and small records.
fn has_large_values(table: Table) -> bool {
    match table {
        Table::Patients
        | Table::Prescriptions
        | Table::Claims
        | Table::Summaries
        | Table::Chunks
        | Table::Idempotency
        | Table::Transfers
        | Table::Referrals
        | Table::Chain => true,
        Table::PatientIndex
        | Table::PharmacyQueue
        | Table::SummaryEvents
        | Table::Mailboxes
        | Table::Messages
        | Table::Inbox
        | Table::LocalIds
        | Table::Directory
        | Table::Sessions
        | Table::Audit
        | Table::Timers
        | Table::RelatedPersons
        | Table::Coverages
        | Table::Permissions
        | Table::Clients
        | Table::Meta => false,
    }
}
