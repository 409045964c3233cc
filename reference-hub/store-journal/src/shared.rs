//! What committer, readers and the housekeeping thread share: the layers, the next segment, and whether all is well.
//!
//! Called from all of them. Layers are replaced whole: first in the manifest, then in memory. A failure is final: after one
//! nothing more is written.

use crate::file::DataFile;
use crate::layers::Layers;
use crate::log::seed;
use crate::manifest::Manifest;
use crate::writer::RunWriter;
use crate::{Limits, held};
use hub_store::StoreError;
use hub_store::mark::sync_folder;
use rustix::fs::{FallocateFlags, fallocate};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError, RwLock};

/// The shared state.
pub(crate) struct Shared {
    /// The engine's folder.
    pub(crate) store: PathBuf,
    pub(crate) limits: Limits,
    pub(crate) salt: u64,
    next_id: AtomicU64,
    layers: RwLock<Arc<Layers>>,
    /// Held while layers are replaced, so that the manifest follows one order.
    replacing: Mutex<()>,
    /// An empty segment, ready to be written.
    prepared: Mutex<Option<Arc<DataFile>>>,
    stopping: AtomicBool,
    /// Why nothing more may be written.
    failure: Mutex<Option<StoreError>>,
    /// Told when a segment was frozen, written out, or something failed.
    changed: Condvar,
    /// What [`Shared::changed`] is about: counts the changes.
    changes: Mutex<u64>,
}

impl Shared {
    pub(crate) fn new(store: &Path, limits: Limits, salt: u64, next_id: u64, layers: Layers) -> Shared {
        Shared {
            store: store.to_path_buf(),
            limits,
            salt,
            next_id: AtomicU64::new(next_id),
            layers: RwLock::new(Arc::new(layers)),
            replacing: Mutex::default(),
            prepared: Mutex::default(),
            stopping: AtomicBool::new(false),
            failure: Mutex::default(),
            changed: Condvar::new(),
            changes: Mutex::default(),
        }
    }

    /// The layers as they stand.
    pub(crate) fn layers(&self) -> Arc<Layers> {
        self.layers.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes the layers in memory alone: for what the manifest need not know.
    pub(crate) fn change(&self, change: &dyn Fn(&mut Layers)) {
        let mut now = self.layers.write().unwrap_or_else(PoisonError::into_inner);
        let mut next = (**now).clone();
        change(&mut next);
        *now = Arc::new(next);
        drop(now);
        self.tell();
    }

    /// Changes which runs there are and where the log begins: in the manifest, then in memory.
    ///
    /// # Errors
    /// [`StoreError`] when the manifest cannot be written; nothing changes then.
    pub(crate) fn replace(&self, change: &dyn Fn(&mut Layers)) -> Result<(), StoreError> {
        let _one = held(&self.replacing);
        let mut next = (*self.layers()).clone();
        change(&mut next);
        Manifest::of(&next, self.salt, self.next_id.load(Ordering::Acquire)).write(&self.store)?;
        self.change(change);
        Ok(())
    }

    fn take_id(&self) -> u64 {
        self.next_id.fetch_add(1, Ordering::AcqRel)
    }

    /// Begins a run.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be made.
    pub(crate) fn new_run<'a>(
        &self,
        between: &'a dyn Fn() -> Result<(), StoreError>,
    ) -> Result<RunWriter<'a>, StoreError> {
        let id = self.take_id();
        RunWriter::create(&run_path(&self.store, id), id, seed(self.salt, id), between)
    }

    /// Makes the next segment before it is needed.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be made.
    pub(crate) fn prepare(&self) -> Result<(), StoreError> {
        let mut prepared = held(&self.prepared);
        if prepared.is_none() {
            *prepared = Some(self.new_segment()?);
        }
        Ok(())
    }

    /// The next segment, empty.
    ///
    /// # Errors
    /// [`StoreError`] when it is not there yet and cannot be made.
    pub(crate) fn take_segment(&self) -> Result<Arc<DataFile>, StoreError> {
        match held(&self.prepared).take() {
            Some(segment) => Ok(segment),
            None => self.new_segment(),
        }
    }

    /// Its room is taken beforehand, so that a commit's sync has no sizes to write.
    fn new_segment(&self) -> Result<Arc<DataFile>, StoreError> {
        let id = self.take_id();
        let path = log_path(&self.store, id);
        let make = || -> std::io::Result<File> {
            let file = File::options().create_new(true).read(true).write(true).open(&path)?;
            fallocate(&file, FallocateFlags::empty(), 0, self.limits.segment_bytes)?;
            file.sync_all()?;
            sync_folder(&self.store)?;
            Ok(file)
        };
        let file = make().map_err(|e| StoreError::io(path.display(), "cannot make a segment", &e))?;
        Ok(Arc::new(DataFile::new(id, &path, file)))
    }

    /// Ends everything: nothing more may be written by this process.
    pub(crate) fn fail(&self, error: StoreError) {
        held(&self.failure).get_or_insert(error);
        self.tell();
    }

    /// # Errors
    /// The first failure, when there was one.
    pub(crate) fn well(&self) -> Result<(), StoreError> {
        held(&self.failure).clone().map_or(Ok(()), Err)
    }

    /// Tells the housekeeping thread to end.
    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
        self.tell();
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    fn tell(&self) {
        *held(&self.changes) += 1;
        self.changed.notify_all();
    }

    /// How many changes there were, for [`Shared::wait`].
    pub(crate) fn changes(&self) -> u64 {
        *held(&self.changes)
    }

    /// Waits until there was a change after `seen`.
    pub(crate) fn wait(&self, seen: u64) {
        let changes = held(&self.changes);
        let waited = self.changed.wait_while(changes, |changes| *changes == seen);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }
}

/// Where segment `id` lies.
pub(crate) fn log_path(store: &Path, id: u64) -> PathBuf {
    store.join(format!("log-{id:08}"))
}

/// Where run `id` lies.
pub(crate) fn run_path(store: &Path, id: u64) -> PathBuf {
    store.join(format!("run-{id:08}"))
}
