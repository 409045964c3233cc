//! A scenario whose files are in memory: for tests that read millions of them. Interactions are compiled once. Called by
//! `tests/fuzz.rs` and by nothing in the program.

use crate::document::Log;
use crate::fault::Faults;
use crate::library::Library;
use crate::load::{Changes, in_order};
use crate::read_scenario;
use crate::scenario::Scenario;
use std::path::Path;

/// Name of the scenario's file in faults.
const SCENARIO: &str = "scenario.toml";

/// The files beside a scenario, by path from it; the built-in ones are found too.
#[derive(Debug)]
pub struct Memory(Library);

impl Memory {
    /// These files.
    pub fn new(files: &[(&str, &[u8])]) -> Self {
        let mut memory = Memory(Library::in_memory());
        for (path, bytes) in files {
            memory.put(path, bytes);
        }
        memory
    }

    /// Adds or replaces a file. An interaction that was used once stays as it was.
    pub fn put(&mut self, path: &str, bytes: &[u8]) {
        self.0.put(path, bytes);
    }

    /// Reads a scenario.
    ///
    /// # Errors
    /// Every fault of all its files, as for one on disk.
    pub fn load(&self, scenario: &[u8]) -> Result<Scenario, Faults> {
        let found = Library::text(SCENARIO.into(), scenario.to_vec());
        let found = found.map_err(|fault| Faults(vec![*fault]))?;
        let log = Log::default();
        let path = Path::new(SCENARIO);
        let read = read_scenario::read(path, &found, &self.0, &Changes::default(), None, &log);
        read.ok_or_else(|| in_order(log, SCENARIO))
    }
}
