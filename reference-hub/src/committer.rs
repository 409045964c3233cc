//! The one writer: a thread that takes all transactions waiting in a bounded queue, commits them with one fsync, and
//! only then lets their answers go. No timer: the fsync in flight is what later transactions wait for, so batches
//! grow with load by themselves.
//!
//! Called by the listener through [`CommitQueue`]. Never acknowledges what may not be durable: when the engine fails, it
//! reports once and commits nothing more.

use crate::audit;
use crate::clock::Stopwatch;
use crate::limits::{
    BATCH_BYTES_MAX, BATCH_TXNS_MAX, Limits, READ_AUDIT_GATHER_TIME, READ_AUDITS_PER_TXN_MAX,
};
use crate::metrics::CommitMeter;
use crate::view::CachedView;
use bytes::Bytes;
use hub_store::{Outcome, Store, StoreError, Txn};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use tokio::sync::oneshot;

/// A bounded queue has no room, or the committer has stopped: the client must come back later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full;

struct Job {
    txn: Txn,
    answer: oneshot::Sender<Outcome>,
}

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Job>,
    read_audits: VecDeque<Bytes>,
    closed: bool,
    /// The committer sleeps and must be woken.
    waiting: bool,
}

struct Shared {
    queue: Mutex<Queue>,
    wake: Condvar,
    jobs_max: usize,
    read_audits_max: usize,
    /// Jobs waiting, readable without the lock.
    jobs_waiting: AtomicUsize,
    meter: CommitMeter,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The way in, shared by all I/O threads.
#[derive(Clone)]
pub struct CommitQueue(Arc<Shared>);

impl CommitQueue {
    /// Puts a transaction in the queue; its outcome comes through the receiver once durable.
    ///
    /// # Errors
    /// [`Full`] when the queue has no room.
    pub fn submit(&self, txn: Txn) -> Result<oneshot::Receiver<Outcome>, Full> {
        let (answer, outcome) = oneshot::channel();
        let mut queue = self.0.lock();
        if queue.closed || queue.jobs.len() >= self.0.jobs_max {
            return Err(Full);
        }
        queue.jobs.push_back(Job { txn, answer });
        self.0.jobs_waiting.store(queue.jobs.len(), Relaxed);
        self.wake(queue);
        Ok(outcome)
    }

    /// Puts a read's audit event in its queue; it becomes durable soon after, the reader does not wait.
    ///
    /// # Errors
    /// [`Full`] when the queue has no room: the read must not be answered.
    pub fn audit_read(&self, line: Bytes) -> Result<(), Full> {
        let mut queue = self.0.lock();
        if queue.closed || queue.read_audits.len() >= self.0.read_audits_max {
            return Err(Full);
        }
        queue.read_audits.push_back(line);
        let n = queue.read_audits.len();
        if n == 1 || n == READ_AUDITS_PER_TXN_MAX {
            self.wake(queue);
        }
        Ok(())
    }

    /// True when a write would be refused now; known without the lock, so that a body need not be read in vain.
    pub fn is_full(&self) -> bool {
        self.0.jobs_waiting.load(Relaxed) >= self.0.jobs_max
    }

    /// Times and sizes of all commits so far.
    pub fn meter(&self) -> &CommitMeter {
        &self.0.meter
    }

    /// Transactions and read-audit events that wait for the committer now.
    pub fn depths(&self) -> (usize, usize) {
        let queue = self.0.lock();
        (queue.jobs.len(), queue.read_audits.len())
    }

    fn wake(&self, mut queue: MutexGuard<'_, Queue>) {
        if std::mem::take(&mut queue.waiting) {
            drop(queue);
            self.0.wake.notify_one();
        }
    }
}

/// Told once when durability is unknown. The hub's own ends the process.
pub type OnFailure = Box<dyn Fn(&StoreError) + Send>;

/// The running committer thread.
pub struct Committer {
    queue: CommitQueue,
    thread: JoinHandle<()>,
}

impl Committer {
    /// Starts the thread.
    ///
    /// # Errors
    /// The system's error when no thread can be made.
    pub fn start(
        store: Arc<dyn Store>,
        view: Arc<CachedView>,
        limits: &Limits,
        on_failure: OnFailure,
    ) -> std::io::Result<Committer> {
        let queue = CommitQueue(Arc::new(Shared {
            queue: Mutex::default(),
            wake: Condvar::new(),
            jobs_max: limits.commit_queue_max,
            read_audits_max: limits.read_audit_queue_max,
            jobs_waiting: AtomicUsize::new(0),
            meter: CommitMeter::default(),
        }));
        let shared = Arc::clone(&queue.0);
        let thread = std::thread::Builder::new().name("committer".to_owned()).spawn(move || {
            let worker = Worker { shared, store, view };
            let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| worker.run()));
            let failure = match ended {
                Ok(Ok(())) => return,
                Ok(Err(error)) => error,
                Err(_) => StoreError("the committer failed unexpectedly".to_owned()),
            };
            worker.shared.lock().closed = true;
            on_failure(&failure);
        })?;
        Ok(Committer { queue, thread })
    }

    /// The way in.
    pub fn queue(&self) -> CommitQueue {
        self.queue.clone()
    }

    /// Commits all that is queued and ends the thread. Later submissions are refused.
    pub fn finish(self) {
        let mut queue = self.queue.0.lock();
        queue.closed = true;
        queue.waiting = false;
        drop(queue);
        self.queue.0.wake.notify_one();
        let _ = self.thread.join(); // a panic was reported by the thread itself
    }
}

struct Worker {
    shared: Arc<Shared>,
    store: Arc<dyn Store>,
    view: Arc<CachedView>,
}

impl Worker {
    fn run(&self) -> Result<(), StoreError> {
        let mut batch: Vec<Txn> = Vec::new();
        let mut answers: Vec<oneshot::Sender<Outcome>> = Vec::new();
        loop {
            let closed = self.take(&mut batch, &mut answers);
            if !batch.is_empty() {
                self.commit(&mut batch, &mut answers)?;
            } else if closed {
                return Ok(());
            }
        }
    }

    /// Waits for work and takes all there is, up to the cap. True when the queue is closed.
    fn take(&self, batch: &mut Vec<Txn>, answers: &mut Vec<oneshot::Sender<Outcome>>) -> bool {
        let mut queue = self.shared.lock();
        while queue.jobs.is_empty() && queue.read_audits.len() < READ_AUDITS_PER_TXN_MAX && !queue.closed {
            queue.waiting = true;
            if queue.read_audits.is_empty() {
                queue = self.shared.wake.wait(queue).unwrap_or_else(PoisonError::into_inner);
            } else {
                let waited = self.shared.wake.wait_timeout(queue, READ_AUDIT_GATHER_TIME);
                let (woken, time) = waited.unwrap_or_else(PoisonError::into_inner);
                queue = woken;
                if time.timed_out() {
                    break;
                }
            }
        }
        queue.waiting = false;
        let mut bytes = 0;
        while batch.len() < BATCH_TXNS_MAX && bytes < BATCH_BYTES_MAX {
            let Some(job) = queue.jobs.pop_front() else { break };
            bytes += txn_bytes(&job.txn);
            batch.push(job.txn);
            answers.push(job.answer);
        }
        self.shared.jobs_waiting.store(queue.jobs.len(), Relaxed);
        let mut lines: Vec<Bytes> = Vec::new();
        let audits = queue.read_audits.len().min(BATCH_TXNS_MAX * READ_AUDITS_PER_TXN_MAX);
        lines.extend(queue.read_audits.drain(..audits));
        let closed = queue.closed;
        drop(queue);
        batch.extend(lines.chunks(READ_AUDITS_PER_TXN_MAX).map(audit::reads));
        closed
    }

    fn commit(
        &self,
        batch: &mut Vec<Txn>,
        answers: &mut Vec<oneshot::Sender<Outcome>>,
    ) -> Result<(), StoreError> {
        let watch = Stopwatch::start();
        let outcomes = self.store.commit(batch)?;
        self.shared.meter.record(watch.elapsed_ns(), batch.len() as u64);
        if outcomes.len() != batch.len() {
            let (got, want) = (outcomes.len(), batch.len());
            return Err(StoreError(format!("the engine gave {got} outcomes for {want} transactions")));
        }
        for (txn, outcome) in batch.iter().zip(&outcomes) {
            if let Outcome::Committed { seq } = outcome {
                self.view.committed(txn, *seq);
            }
        }
        // The audit-only transactions at the end of the batch have nobody waiting.
        for (answer, outcome) in answers.drain(..).zip(outcomes) {
            let _ = answer.send(outcome); // the client may have gone; its transaction stands all the same
        }
        batch.clear();
        Ok(())
    }
}

fn txn_bytes(txn: &Txn) -> usize {
    let puts: usize = txn.puts.iter().map(|p| p.key.len() + p.value.len()).sum();
    puts + txn.audit.len() + txn.idempotency.as_ref().map_or(0, |i| i.key.len() + i.answer.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use hub_store::memory::MemoryStore;
    use hub_store::{Head, Put, Row, Table, Versioned, View};
    use std::sync::mpsc::{Receiver, Sender, channel};

    /// A memory store whose commits wait for a permit, tell their size, and fail on demand.
    struct Gated {
        inner: MemoryStore,
        permits: Mutex<Receiver<Result<(), StoreError>>>,
        sizes: Sender<usize>,
    }

    impl View for Gated {
        fn get(&self, table: Table, key: &[u8]) -> Result<Option<Versioned>, StoreError> {
            self.inner.get(table, key)
        }
        fn scan(&self, table: Table, from: &[u8], to: &[u8], limit: usize) -> Result<Vec<Row>, StoreError> {
            self.inner.scan(table, from, to, limit)
        }
    }

    impl Store for Gated {
        fn commit(&self, batch: &[Txn]) -> Result<Vec<Outcome>, StoreError> {
            self.sizes.send(batch.len()).unwrap();
            self.permits.lock().unwrap().recv().unwrap()?;
            self.inner.commit(batch)
        }
        fn load(
            &self,
            table: Table,
            rows: &mut dyn Iterator<Item = (Vec<u8>, Vec<u8>)>,
        ) -> Result<u64, StoreError> {
            self.inner.load(table, rows)
        }
        fn load_finish(&self) -> Result<(), StoreError> {
            Ok(())
        }
        fn head(&self) -> Head {
            self.inner.head()
        }
    }

    struct Bench {
        committer: Committer,
        view: Arc<CachedView>,
        permits: Sender<Result<(), StoreError>>,
        sizes: Receiver<usize>,
        failures: Receiver<String>,
    }

    fn start(limits: &Limits) -> Bench {
        let (permits, permits_in) = channel();
        let (sizes_out, sizes) = channel();
        let (failed, failures) = channel();
        let permits_in = Mutex::new(permits_in);
        let store = Arc::new(Gated { inner: MemoryStore::new(), permits: permits_in, sizes: sizes_out });
        let view = Arc::new(CachedView::new(Arc::clone(&store) as Arc<dyn Store>, 1 << 20));
        let on_failure: OnFailure = Box::new(move |error| failed.send(error.to_string()).unwrap());
        let committer = Committer::start(store, Arc::clone(&view), limits, on_failure).unwrap();
        Bench { committer, view, permits, sizes, failures }
    }

    fn put(key: &str) -> Txn {
        let (key, value) = (Bytes::from(key.to_owned()), Bytes::from_static(b"v"));
        Txn { puts: vec![Put { table: Table::Patients, key, value }], ..Txn::default() }
    }

    #[test]
    fn what_waits_while_one_commit_runs_goes_in_the_next_together() {
        let bench = start(&Limits { commit_queue_max: 5, ..Limits::default() });
        let queue = bench.committer.queue();
        let first = queue.submit(put("0")).unwrap();
        assert_eq!(bench.sizes.recv().unwrap(), 1);
        let later: Vec<_> = (1..=5).map(|n| queue.submit(put(&n.to_string())).unwrap()).collect();
        assert!(queue.is_full() && queue.submit(put("6")).is_err());
        (0..300).for_each(|_| queue.audit_read(Bytes::from_static(b"{}")).unwrap());
        assert!(bench.view.get(Table::Patients, b"0").unwrap().is_none(), "not durable, so not seen");
        bench.permits.send(Ok(())).unwrap();
        assert_eq!(first.blocking_recv().unwrap(), Outcome::Committed { seq: 1 });
        assert_eq!(bench.view.get(Table::Patients, b"0").unwrap().unwrap().version, 1);
        assert_eq!(bench.sizes.recv().unwrap(), 5 + 2, "five writes and 300 read events in two rows");
        bench.permits.send(Ok(())).unwrap();
        for (answer, seq) in later.into_iter().zip(2..) {
            assert_eq!(answer.blocking_recv().unwrap(), Outcome::Committed { seq });
        }
        bench.committer.finish();
    }

    #[test]
    fn after_a_failed_commit_nothing_is_acknowledged() {
        let bench = start(&Limits::default());
        let queue = bench.committer.queue();
        let first = queue.submit(put("0")).unwrap();
        bench.sizes.recv().unwrap();
        let second = queue.submit(put("1")).unwrap();
        bench.permits.send(Err(StoreError("the disk went away".to_owned()))).unwrap();
        assert_eq!(bench.failures.recv().unwrap(), "the disk went away");
        assert!(first.blocking_recv().is_err());
        assert!(queue.submit(put("2")).is_err());
        bench.committer.finish();
        drop(queue);
        assert!(second.blocking_recv().is_err());
    }

    #[test]
    fn a_stop_commits_all_that_is_queued() {
        let bench = start(&Limits::default());
        let queue = bench.committer.queue();
        (0..3).for_each(|_| bench.permits.send(Ok(())).unwrap());
        let answers: Vec<_> = (0..3).map(|n| queue.submit(put(&n.to_string())).unwrap()).collect();
        queue.audit_read(Bytes::from_static(b"{}")).unwrap();
        bench.permits.send(Ok(())).unwrap();
        bench.committer.finish();
        assert!(answers.into_iter().all(|a| matches!(a.blocking_recv(), Ok(Outcome::Committed { .. }))));
        assert!(queue.submit(put("late")).is_err());
    }
}
