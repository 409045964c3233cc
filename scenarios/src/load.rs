//! The way in: from the path of a scenario file to a checked scenario. Called by the command line.

use crate::document::Log;
use crate::fault::Faults;
use crate::library::Library;
use crate::read_scenario;
use crate::scenario::Scenario;
use std::path::Path;

/// What the command line changes in a scenario. It is checked like the file itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Another target, a URL.
    pub target: Option<String>,
    /// Another seed.
    pub seed: Option<u64>,
}

/// Reads a scenario with its mix, interactions and bodies.
///
/// # Errors
/// Every fault of all these files at once, in the order in which they are read.
pub fn load(path: &Path) -> Result<Scenario, Faults> {
    load_with(path, &Changes::default())
}

/// Like [`load`], with changes from the command line.
///
/// # Errors
/// Those of [`load`]; faults of the changes have `command line` for a file.
pub fn load_with(path: &Path, changes: &Changes) -> Result<Scenario, Faults> {
    let found = Library::read(path).map_err(|fault| Faults(vec![*fault]))?;
    let library = Library::new(path.parent().unwrap_or(Path::new("")));
    let log = Log::default();
    let scenario = read_scenario::read(path, &found, &library, changes, &log);
    // What requests share is made now, so that the first request of a run does not pay for it.
    crate::prose::prepare();
    scenario.ok_or_else(|| {
        let mut faults = log.take();
        // The scenario's own faults come first and in the order of its lines; others follow file by file.
        let own = |f: &crate::fault::Fault| f.file != found.file;
        faults.sort_by(|a, b| {
            (own(a), if own(a) { 0 } else { a.line }).cmp(&(own(b), if own(b) { 0 } else { b.line }))
        });
        faults.dedup();
        Faults(faults)
    })
}
