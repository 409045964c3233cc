//! The way in: from the path of a scenario file to a checked scenario. Called by the command line.

use crate::change;
use crate::document::Log;
use crate::fault::Faults;
use crate::library::Library;
use crate::read_scenario;
use crate::scenario::Scenario;
use std::path::Path;
use std::time::Duration;

/// What the command line changes in a scenario. It is checked like the file itself.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Changes {
    /// Another target, a URL.
    pub target: Option<String>,
    /// Another seed.
    pub seed: Option<u64>,
    /// The whole scenario in this time, when it lasts longer: phases, spikes, periods and events in proportion, rates as
    /// they are. At least a second.
    pub within: Option<Duration>,
    /// All rates times this, budgets of rates too; above zero.
    pub scale: Option<f64>,
    /// Another number of connections, within [`CONNECTIONS`](crate::CONNECTIONS).
    pub connections: Option<u32>,
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
    load_watched(path, changes, None)
}

/// Like [`load_with`]; tells how many bytes of how many of a trace were read, which can take minutes.
///
/// # Errors
/// Those of [`load_with`].
pub fn load_watched(
    path: &Path,
    changes: &Changes,
    progress: Option<&(dyn Fn(u64, u64) + Sync)>,
) -> Result<Scenario, Faults> {
    let found = Library::read(path).map_err(|fault| Faults(vec![*fault]))?;
    let library = Library::new(path.parent().unwrap_or(Path::new("")));
    let log = Log::default();
    change::check(changes, &log);
    let scenario = read_scenario::read(path, &found, &library, changes, progress, &log)
        .and_then(|scenario| change::apply(scenario, changes, &log));
    // What requests share is made now, so that the first request of a run does not pay for it.
    crate::prose::prepare();
    scenario.ok_or_else(|| in_order(log, &found.file))
}

/// All faults: the scenario's own come first and in the order of its lines; others follow file by file.
pub(crate) fn in_order(log: Log, scenario: &str) -> Faults {
    let mut faults = log.take();
    let other = |f: &crate::fault::Fault| f.file != scenario;
    faults.sort_by_key(|f| (other(f), if other(f) { 0 } else { f.line }));
    faults.dedup();
    Faults(faults)
}

/// Every key that the readers of the files of this scenario know, found or not, as (file, dotted path of its table, key): for
/// the test that holds the README against the format. Faults do not matter here.
#[doc(hidden)]
pub fn keys_asked(path: &Path) -> Vec<(String, String, &'static str)> {
    let log = Log::default();
    if let Ok(found) = Library::read(path) {
        let library = Library::new(path.parent().unwrap_or(Path::new("")));
        read_scenario::read(path, &found, &library, &Changes::default(), None, &log);
    }
    log.asked().into_iter().collect()
}
