//! Reads the `[[event]]` tables: what is done to the system under test while the load goes on. Called by `read_scenario`.

use crate::document::{Item, Log};
use crate::scenario::{Action, Event};
use crate::units::parse_duration;

/// What an event may do, for messages.
const ACTIONS: &str = "hub-kill, hub-restart, hub-stop TIME, inject RULES, inject off";

/// Reads the `[[event]]` tables.
pub(crate) fn read_events(item: Option<Item<'_>>, _log: &Log) -> Vec<Event> {
    let mut events = Vec::new();
    for element in item.iter().flat_map(Item::elements) {
        let Some(section) = element.section() else { continue };
        let at = section.need("at", "e.g. 30s").and_then(|i| i.span());
        let done = section.need("do", ACTIONS);
        section.finish();
        let Some((at, done)) = at.zip(done) else { continue };
        let text = done.text().unwrap_or_default();
        let action = match text.split_once(' ').unwrap_or((text, "")) {
            ("hub-kill", "") => Some(Action::HubKill),
            ("hub-restart", "") => Some(Action::HubRestart),
            ("hub-stop", time) => parse_duration(time).map(Action::HubStop),
            ("inject", rules) if !rules.is_empty() => Some(Action::Inject(rules.to_owned())),
            _ => None,
        };
        match action {
            Some(action) => events.push(Event { at, action, text: text.to_owned() }),
            None => done.refuse("unknown action", ACTIONS),
        }
    }
    events.sort_by_key(|e| e.at);
    events
}
