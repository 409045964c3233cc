//! Fills an empty store from a population: the interfaces generate rows on one thread while the engine takes them in on
//! another. The rows are functions of the population alone, so filling again after an interruption gives the same state.
//!
//! Called by start-up, before the port opens. Knows no row's meaning: each interface generates its own.

use crate::clock::Stopwatch;
use crate::stop::StopHandle;
use hub_store::{Store, StoreError, Table};
use population::Population;
use std::cell::RefCell;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

/// A row to load: table, key, value.
pub type SeedRow = (Table, Vec<u8>, Vec<u8>);

/// Rows in any order of tables, keys ascending in runs as long as can be: each run is one load of the engine.
pub type SeedRows<'a> = Box<dyn Iterator<Item = SeedRow> + 'a>;

/// A generator of rows.
pub struct Seed {
    /// What it generates, for the progress line.
    pub what: &'static str,
    /// The rows of a population.
    pub rows: fn(&Population) -> SeedRows<'_>,
}

/// Rows handed over at a time: large enough that the hand-over costs nothing, small enough to stay in the cache (1.5 MB
/// of patient records).
const CHUNK_ROWS: usize = 256;

/// Chunks waiting between the threads: smooths over the engine's flushes.
const CHUNKS_AHEAD: usize = 16;

/// How often progress is told.
const PROGRESS_PERIOD: Duration = Duration::from_secs(1);

/// What came of filling.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Filled {
    /// All rows are durable.
    Whole {
        /// Rows loaded.
        rows: u64,
        /// Time it took, in seconds.
        seconds: f64,
    },
    /// A stop was asked for before the end.
    Stopped,
}

struct Chunk {
    what: &'static str,
    rows: Vec<SeedRow>,
}

/// Loads every row of every generator and makes them durable; tells progress once a second.
///
/// # Errors
/// The engine's.
pub fn fill(
    store: &dyn Store,
    population: &Population,
    seeds: &[Seed],
    stop: &StopHandle,
    progress: &dyn Fn(&str),
) -> Result<Filled, StoreError> {
    let watch = Stopwatch::start();
    std::thread::scope(|scope| {
        let (sender, chunks) = sync_channel(CHUNKS_AHEAD);
        let generator = scope.spawn(move || generate(population, seeds, stop, &sender));
        let source = Source::new(&chunks, watch, progress);
        while let Some(table) = source.begin_run() {
            store.load(table, &mut std::iter::from_fn(|| source.next_of_run()))?;
        }
        if generator.join().is_err() {
            return Err(StoreError("seeding: a generator of rows failed unexpectedly".to_owned()));
        }
        if stop.is_stopped() {
            return Ok(Filled::Stopped);
        }
        store.load_finish()?;
        Ok(Filled::Whole { rows: source.state.borrow().rows_taken, seconds: watch.elapsed_s() })
    })
}

/// Loads a few rows and makes them durable.
///
/// # Errors
/// The engine's.
pub fn load_few(store: &dyn Store, rows: Vec<SeedRow>) -> Result<(), StoreError> {
    let (sender, chunks) = sync_channel(1);
    let _ = sender.send(Chunk { what: "few", rows }); // there is room for one, and the receiver lives
    drop(sender);
    let source = Source::new(&chunks, Stopwatch::start(), &|_| {});
    while let Some(table) = source.begin_run() {
        store.load(table, &mut std::iter::from_fn(|| source.next_of_run()))?;
    }
    store.load_finish()
}

fn generate(population: &Population, seeds: &[Seed], stop: &StopHandle, sender: &SyncSender<Chunk>) {
    for seed in seeds {
        let mut rows = (seed.rows)(population);
        loop {
            let chunk: Vec<SeedRow> = rows.by_ref().take(CHUNK_ROWS).collect();
            // A closed channel means that the engine failed; its error is told on the other side.
            if chunk.is_empty() {
                break;
            }
            if stop.is_stopped() || sender.send(Chunk { what: seed.what, rows: chunk }).is_err() {
                return;
            }
        }
    }
}

/// The rows as runs of one table with ascending keys.
struct Source<'a> {
    chunks: &'a Receiver<Chunk>,
    progress: &'a dyn Fn(&str),
    watch: Stopwatch,
    state: RefCell<SourceState>,
}

#[derive(Default)]
struct SourceState {
    what: &'static str,
    rows: std::vec::IntoIter<SeedRow>,
    /// The row that ended the last run and begins the next.
    ahead: Option<SeedRow>,
    run: Option<(Table, Vec<u8>)>,
    rows_taken: u64,
    told: Duration,
}

impl<'a> Source<'a> {
    fn new(chunks: &'a Receiver<Chunk>, watch: Stopwatch, progress: &'a dyn Fn(&str)) -> Self {
        Source { chunks, progress, watch, state: RefCell::default() }
    }

    /// The table of the next run, or `None` when all rows were taken.
    fn begin_run(&self) -> Option<Table> {
        let mut state = self.state.borrow_mut();
        state.run = None;
        if state.ahead.is_none() {
            state.ahead = self.pull(&mut state);
        }
        state.ahead.as_ref().map(|(table, ..)| *table)
    }

    fn next_of_run(&self) -> Option<(Vec<u8>, Vec<u8>)> {
        let mut state = self.state.borrow_mut();
        let row = match state.ahead.take() {
            Some(row) => Some(row),
            None => self.pull(&mut state),
        };
        let (table, key, value) = row?;
        let continues = state.run.as_ref().is_none_or(|(run, last)| *run == table && *last < key);
        if !continues {
            state.ahead = Some((table, key, value));
            return None;
        }
        match &mut state.run {
            Some((_, last)) => last.clone_from(&key),
            none => *none = Some((table, key.clone())),
        }
        state.rows_taken += 1;
        Some((key, value))
    }

    fn pull(&self, state: &mut SourceState) -> Option<SeedRow> {
        loop {
            if let Some(row) = state.rows.next() {
                return Some(row);
            }
            let elapsed = self.watch.elapsed();
            if elapsed >= state.told + PROGRESS_PERIOD {
                state.told = elapsed;
                let (rows, seconds, what) = (state.rows_taken, elapsed.as_secs(), state.what);
                (self.progress)(&format!("filling the store: {rows} rows after {seconds} s, now {what}"));
            }
            let chunk = self.chunks.recv().ok()?;
            state.what = chunk.what;
            state.rows = chunk.rows.into_iter();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hub_store::View;
    use hub_store::memory::MemoryStore;
    use population::Sizes;

    fn rows(_: &Population) -> SeedRows<'_> {
        let key = |n: u32| n.to_be_bytes().to_vec();
        let first = (0..600).map(move |n| (Table::Patients, key(n), vec![1]));
        let again = (300..310).map(move |n| (Table::Patients, key(n), vec![2]));
        let other = (0..3).map(move |n| (Table::Directory, key(n), vec![3]));
        Box::new(first.chain(again).chain(other))
    }

    const SEEDS: &[Seed] = &[Seed { what: "rows", rows }];

    fn population() -> Population {
        Population::new(42, Sizes { patients: 10, organisations: 10, endpoints: 10 }).unwrap()
    }

    #[test]
    fn rows_of_several_runs_and_tables_all_arrive() {
        let store = MemoryStore::new();
        let filled = fill(&store, &population(), SEEDS, &StopHandle::new(), &|_| {}).unwrap();
        let Filled::Whole { rows, .. } = filled else { panic!("{filled:?}") };
        assert_eq!(rows, 613);
        let at = |n: u32| store.get(Table::Patients, &n.to_be_bytes()).unwrap().unwrap().value;
        assert_eq!(at(299)[0], 1);
        assert_eq!(at(305)[0], 2);
        assert_eq!(at(599)[0], 1);
        assert!(store.get(Table::Directory, &2_u32.to_be_bytes()).unwrap().is_some());
    }

    #[test]
    fn a_stop_ends_filling_early() {
        let stop = StopHandle::new();
        stop.stop();
        let filled = fill(&MemoryStore::new(), &population(), SEEDS, &stop, &|_| {}).unwrap();
        assert_eq!(filled, Filled::Stopped);
    }
}
