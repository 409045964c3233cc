//! Reads the `[[event]]` tables: what is done to the system under test while the load goes on. Called by `read_scenario`.

use crate::document::{Item, Log};
use crate::scenario::Event;

/// Reads the `[[event]]` tables.
pub(crate) fn read_events(item: Option<Item<'_>>, _log: &Log) -> Vec<Event> {
    if let Some(item) = item {
        item.refuse("events are not supported yet", "none");
    }
    Vec::new()
}
