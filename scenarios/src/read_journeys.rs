//! Reads the `[[journey]]` tables, and puts mix and journeys together into what an arrival can be. Called by
//! `read_scenario`.

use crate::document::{Item as Value, Log, Section};
use crate::fault::list;
use crate::mix::{Item, Mix, What};
use crate::scenario::{Journey, STEPS_MAX, Step};
use crate::units::{DURATION_FORM, parse_duration};
use std::time::Duration;

/// A journey as read: with its share, and where it stands, for faults found later.
#[derive(Debug)]
pub(crate) struct JourneyRead<'a> {
    pub journey: Journey,
    /// Of what its scarcest interaction still has in the mix, how much flows through it; above 0, 1 at most.
    share: f64,
    item: Value<'a>,
}

/// What a step looks like, for messages.
const STEP_FORM: &str = "the name of an interaction, or { ask = \"NAME\", after = \"5s\" }";
/// Shares of requests below this are what rounding left of nothing: a request in 32,000 years at 1,000 a second.
const SHARE_MIN: f64 = 1e-15;

/// Reads the `[[journey]]` tables; `names` are the interactions of the mix, in the order of their ids.
pub(crate) fn read_journeys<'a>(item: Option<Value<'a>>, names: &[&str], log: &Log) -> Vec<JourneyRead<'a>> {
    let mut read: Vec<JourneyRead<'a>> = Vec::new();
    let Some(item) = item else { return read };
    for element in item.elements() {
        let Some(section) = element.section() else { continue };
        let name = section.need("name", "a text in quotes").and_then(|i| Some((i.text()?, i)));
        let share = match section.get("share") {
            None => Some(1.0),
            Some(item) => item.percent().filter(|share| {
                if *share == 0.0 {
                    item.refuse("a journey on which nobody sets out", "above 0%, 100% at most");
                }
                *share > 0.0
            }),
        };
        let pause = section.get("pause").map_or(Some(Duration::ZERO), |i| pause(&i));
        let steps = section.need("steps", "a list of interactions, e.g. [\"pds-trace\", \"pds-retrieve\"]");
        let steps = steps.map(|i| read_steps(&i, pause.unwrap_or_default(), names, log)).unwrap_or_default();
        section.finish();
        let Some((name, item)) = name else { continue };
        if names.contains(&name) {
            item.refuse("an interaction has this name", "a name of its own for each journey");
        }
        if read.iter().any(|r| r.journey.name == name) {
            item.refuse("two journeys have this name", "a name of its own for each journey");
        }
        let journey = Journey { name: name.to_owned(), steps };
        read.push(JourneyRead { journey, share: share.unwrap_or(1.0), item: element });
    }
    read
}

fn read_steps(item: &Value<'_>, pause: Duration, names: &[&str], log: &Log) -> Vec<Step> {
    let written = item.elements();
    if !item.value().is_array() || !(2..=STEPS_MAX).contains(&written.len()) {
        let got = if item.value().is_array() { written.len().to_string() } else { "no list".into() };
        let form = format!("a list of 2 to {STEPS_MAX} interactions; one alone needs no journey");
        log.push(item.fault("not the steps of a journey").got(got).allowed(form));
    }
    let step = |(nth, item): (usize, &Value<'_>)| {
        if item.value().as_str().is_some() {
            let after = if nth == 0 { Duration::ZERO } else { pause };
            return Some(Step { interaction: known(item, names)?, pause: after });
        }
        if !item.value().is_table() {
            item.refuse("not a step", STEP_FORM);
            return None;
        }
        read_step(&item.section()?, nth, pause, names)
    };
    written.iter().enumerate().filter_map(step).collect()
}

fn read_step(section: &Section<'_>, nth: usize, default: Duration, names: &[&str]) -> Option<Step> {
    let interaction = section.need("ask", "the name of an interaction").and_then(|i| known(&i, names));
    let after = section.get("after");
    if let (0, Some(item)) = (nth, &after) {
        item.refuse("nothing comes before the first step", "a pause after any other");
    }
    let after = after.map_or(Some(if nth == 0 { Duration::ZERO } else { default }), |i| pause(&i));
    section.finish();
    Some(Step { interaction: interaction?, pause: after? })
}

/// A duration, also none at all.
fn pause(item: &Value<'_>) -> Option<Duration> {
    let found = item.value().as_str().and_then(parse_duration);
    if found.is_none() {
        item.refuse("not a pause", DURATION_FORM);
    }
    found
}

/// The interaction of the mix that is named.
pub(crate) fn known(item: &Value<'_>, names: &[&str]) -> Option<usize> {
    let name = item.text()?;
    let found = names.iter().position(|n| *n == name);
    if found.is_none() {
        item.refuse("not an interaction of the mix", list(names));
    }
    found
}

/// What an arrival can be, so that the shares of requests come out as the mix says: first every interaction on its own, by
/// its id, then every journey, by its index. Journeys are served in order of declaration; what they leave of an interaction
/// is asked on its own, which may be nothing.
pub(crate) fn items(mix: &Mix, names: &[&str], journeys: &[JourneyRead<'_>], log: &Log) -> Vec<Item> {
    let mut left = vec![0.0; names.len()];
    for row in &mix.rows {
        left[row.interaction] += row.share;
    }
    let mut served = Vec::new();
    for (index, read) in journeys.iter().enumerate() {
        let mut times = vec![0.0; names.len()];
        for step in &read.journey.steps {
            times[step.interaction] += 1.0;
        }
        let asked = |id: &usize| times[*id] > 0.0;
        let reach = |id: usize| (left[id] / times[id], id);
        let scarcest = (0..names.len()).filter(asked).map(reach).min_by(|a, b| a.0.total_cmp(&b.0));
        let Some((most, scarcest)) = scarcest else { continue };
        let share = read.share * most;
        if share < SHARE_MIN {
            let problem = format!("nothing of {} is left for it", names[scarcest]);
            let allowed = "a larger share in the mix, or a smaller one of the journeys before";
            log.push(read.item.fault(&problem).got(&read.journey.name).allowed(allowed));
        }
        for id in (0..names.len()).filter(asked) {
            left[id] -= share * times[id];
            if left[id] < SHARE_MIN {
                left[id] = 0.0;
            }
        }
        served.push(Item { what: What::Journey(index), share });
    }
    let single = |(id, share): (usize, f64)| Item { what: What::Single(id), share };
    left.into_iter().enumerate().map(single).chain(served).collect()
}
