//! Reads the `[[journey]]` tables, and puts mix and journeys together into what an arrival can be. Called by
//! `read_scenario`.

use crate::document::{Item as Value, Log};
use crate::mix::{Item, Mix, What};
use crate::scenario::Journey;

/// Reads the `[[journey]]` tables; `names` are the interactions of the mix.
pub(crate) fn read_journeys(item: Option<Value<'_>>, _names: &[&str], _log: &Log) -> Vec<Journey> {
    if let Some(item) = item {
        item.refuse(
            "journeys are not supported yet",
            "interactions of the mix, which hand over through stages",
        );
    }
    Vec::new()
}

/// What an arrival can be, so that the shares of requests come out as the mix says.
pub(crate) fn items(mix: &Mix, _journeys: &[Journey]) -> Vec<Item> {
    mix.rows.iter().map(|r| Item { what: What::Single(r.interaction), share: r.share }).collect()
}
