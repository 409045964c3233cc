//! The rows that remove a message: itself, its chunks, its places in the indexes, and its blobs' places on the list of
//! what is to be swept.
//!
//! Called by `lifecycle` and `reset`. Reads the view and gives rows; bounded.

use super::fault::Refused;
use super::record::{self, Message};
use crate::blob_list;
use crate::message::Body;
use hub_store::{Delete, Put, Table, View};

/// Chunks removed in one transaction. 64: they are read to learn which are blobs, at most 256 KiB each, so 16 MiB.
const CHUNKS_PER_TXN: usize = 64;

/// Rows that remove a message or a part of it.
pub struct Purge {
    /// Rows to remove.
    pub dels: Vec<Delete>,
    /// Blobs to list.
    pub puts: Vec<Put>,
    /// Nothing of it is left; else only chunks went, and it is to be asked again.
    pub whole: bool,
}

/// What removes `message`, or its next chunks when it has many.
///
/// # Errors
/// 500 when the store cannot read.
pub fn rows(view: &dyn View, message: &Message) -> Result<Purge, Refused> {
    let prefix = record::chunk_prefix(&message.id);
    let chunks =
        view.scan(Table::Chunks, prefix.as_bytes(), &record::prefix_end(&prefix), CHUNKS_PER_TXN + 1)?;
    let mut out = Purge { dels: Vec::new(), puts: Vec::new(), whole: chunks.len() <= CHUNKS_PER_TXN };
    for row in chunks.into_iter().take(CHUNKS_PER_TXN) {
        if let Some(Body::Blob { id, .. }) = record::decode_chunk(&row.value.value) {
            out.puts.push(blob_list::put(&id));
        }
        out.dels.push(Delete { table: Table::Chunks, key: row.key });
    }
    if out.whole {
        out.dels.push(Delete { table: Table::Messages, key: message.id.clone().into() });
        out.dels.push(message.inbox_del());
        if let Some(local_id) = &message.said.local_id {
            let key = record::local_id_prefix(&message.from, local_id) + &message.id;
            out.dels.push(Delete { table: Table::LocalIds, key: key.into() });
        }
    }
    Ok(out)
}
