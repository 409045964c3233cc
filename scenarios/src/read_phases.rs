//! Reads the `[[phase]]` tables: shapes of load, as straight pieces. Called by `read_scenario`.

use crate::document::{Item, Log};
use crate::scenario::{Phase, Piece, Rate};

/// Reads the `[[phase]]` tables; `open` says that they need rates.
pub(crate) fn read_phases(item: Option<Item<'_>>, open: bool, log: &Log) -> Vec<Phase> {
    let mut phases: Vec<Phase> = Vec::new();
    let Some(item) = item else { return phases };
    let mut sound = true;
    for element in item.elements() {
        let Some(section) = element.section() else { continue };
        let before = log.count();
        let name = section.need("name", "a text in quotes").and_then(|i| Some((i.text()?, i)));
        let duration = section.need("duration", "e.g. 60s").and_then(|i| i.span());
        let rate = if open {
            section.need("rate", "e.g. 1800/s or 0/s..1800/s").and_then(|i| Some((i.rate()?, i)))
        } else {
            if let Some(item) = section.get("rate") {
                let problem = "users set their own pace: a phase of the closed model has no rate";
                log.push(item.fault(problem).allowed("model = \"open\" for rates"));
            }
            None
        };
        let measured = section.get("measured").and_then(|i| i.boolean()).unwrap_or(true);
        section.finish();
        if let Some((_, item)) = rate.as_ref().filter(|(r, _)| r.mean_per_s() == 0.0) {
            item.refuse("a phase in which nothing arrives", "a rate above zero");
        }
        if let Some((_, item)) = name.as_ref().filter(|(n, _)| phases.iter().any(|p| p.name == *n)) {
            item.refuse("two phases have this name", "a name of its own for each phase");
        }
        sound &= log.count() == before;
        if let (Some((name, _)), Some(duration)) = (name, duration) {
            let rate = rate.map_or(Rate { from_per_s: 0.0, to_per_s: 0.0 }, |(rate, _)| rate);
            let shape = section.get("rate").and_then(|i| i.text()).unwrap_or_default().to_owned();
            let pieces = vec![Piece { duration, rate }];
            phases.push(Phase { name: name.to_owned(), duration, pieces, lapse: 1.0, shape, measured });
        }
    }
    if sound && !phases.iter().any(|p| p.measured) {
        log.push(item.fault("no phase is measured").allowed("at least one phase without measured = false"));
    }
    phases
}
