//! The write path: stage a batch, write its frame, sync it, show its rows.
//!
//! Called by one committer at a time. A failed write or sync is never tried again: what is durable is then unknown.

use crate::frame::{Numbers, encode};
use crate::layers::Layers;
use crate::log::seed;
use crate::mem::Mem;
use crate::shared::Shared;
use hub_store::stage::{RowWrite, stage};
use hub_store::{Head, Outcome, StoreError, Txn};
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;

/// The end of the log.
pub(crate) struct Log {
    /// The segment that takes frames, and its rows.
    pub(crate) mem: Arc<Mem>,
    /// Where its next frame goes.
    pub(crate) offset: u64,
    /// Number of the next frame.
    pub(crate) frame: u64,
    /// The frame being written; kept for its room.
    pub(crate) buffer: Vec<u8>,
    /// Set when a commit failed: nothing more may be committed by this process.
    pub(crate) failed: bool,
}

/// Most of a buffer that is kept after a large batch.
const BUFFER_KEPT_BYTES: usize = 8 << 20;

impl Log {
    /// Commits `batch` on top of `head`; the head after it.
    ///
    /// # Errors
    /// [`StoreError`] when the batch is malformed (nothing happened), or durability is unknown.
    pub(crate) fn commit(
        &mut self,
        shared: &Shared,
        head: Head,
        batch: &[Txn],
    ) -> Result<(Vec<Outcome>, Head), StoreError> {
        let store = shared.store.display();
        if self.failed {
            return Err(StoreError(format!("{store}: an earlier commit failed; start the hub again")));
        }
        let mut staged = stage(&*shared.layers(), head, batch)?;
        if staged.writes.is_empty() {
            return Ok((staged.outcomes, head));
        }
        staged.writes.sort_by_key(|row| row.table);
        let numbers = Numbers { frame: self.frame, first_seq: head.seq + 1, last_seq: staged.head.seq };
        if let Err(error) = shared.well().and_then(|()| self.write(shared, &staged.writes, numbers)) {
            self.failed = true;
            shared.fail(error.clone());
            return Err(StoreError(format!("{store}: a batch was not committed: {error}")));
        }
        Ok((staged.outcomes, staged.head))
    }

    /// Writes one frame and makes it durable, then visible.
    fn write(&mut self, shared: &Shared, rows: &[RowWrite], numbers: Numbers) -> Result<(), StoreError> {
        let len: usize =
            rows.iter().map(|r| 20 + r.key.len() + r.value.as_ref().map_or(0, |v| v.len())).sum();
        if self.offset > 0 && self.offset + len as u64 + 64 > shared.limits.segment_bytes {
            self.next_segment(shared)?;
        }
        let file = &self.mem.file;
        let slots = encode(&mut self.buffer, rows, numbers, (self.offset, seed(shared.salt, file.id)))?;
        let written = file.file.write_all_at(&self.buffer, self.offset).and_then(|()| file.file.sync_data());
        written.map_err(|e| StoreError::io(file.path.display(), "cannot write", &e))?;
        self.offset += self.buffer.len() as u64;
        self.frame += 1;
        self.buffer.truncate(0);
        self.buffer.shrink_to(BUFFER_KEPT_BYTES);
        let mut slots = slots.into_iter();
        for of_table in rows.chunk_by(|a, b| a.table == b.table) {
            self.mem
                .apply(of_table[0].table.index(), of_table.iter().map(|row| &row.key[..]).zip(&mut slots));
        }
        Ok(())
    }

    /// Ends the segment and begins the next; waits when too many are not written out yet.
    fn next_segment(&mut self, shared: &Shared) -> Result<(), StoreError> {
        loop {
            let seen = shared.changes();
            shared.well()?;
            if shared.layers().mems.len() <= shared.limits.segments_max {
                break;
            }
            shared.wait(seen);
        }
        let segment = shared.take_segment()?;
        let mem = Arc::new(Mem::new(segment, self.frame, shared.limits.segment_bytes));
        shared.change(&|layers| layers.mems.insert(0, mem.clone()));
        self.mem = mem;
        self.offset = 0;
        Ok(())
    }

    /// The layers without the segment that goes on growing: they never change.
    ///
    /// # Errors
    /// [`StoreError`] when the next segment cannot be made.
    pub(crate) fn freeze(&mut self, shared: &Shared) -> Result<Layers, StoreError> {
        if self.offset > 0 {
            self.next_segment(shared)?;
        }
        let mut layers = (*shared.layers()).clone();
        layers.mems.remove(0);
        Ok(layers)
    }
}
