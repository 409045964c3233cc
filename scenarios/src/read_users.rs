//! Reads `[load.users]`: the kinds of users of the closed model. Called by `read_scenario` once it is known what there is to
//! be done.

use crate::document::{Item as Value, Log, Section};
use crate::fault::list;
use crate::mix::{Item, What};
use crate::read_journeys::known;
use crate::scenario::{Journey, Users};
use crate::units::parse_duration;
use std::time::Duration;

/// Most users of the closed model, of all kinds together: each is a task with a connection of its own.
const USERS_MAX: u64 = 28_000;
/// Name of the only kind of users.
const NAME_DEFAULT: &str = "users";

/// What a scenario has for users to do.
pub(crate) struct Work<'a> {
    /// The interactions, in the order of their ids.
    pub names: &'a [&'a str],
    /// The journeys.
    pub journeys: Vec<&'a Journey>,
    /// What an arrival can be.
    pub items: &'a [Item],
}

impl Work<'_> {
    /// Index of the item of this name.
    fn item(&self, name: &str) -> Option<usize> {
        let is_it = |item: &Item| match item.what {
            What::Single(id) => self.names.get(id) == Some(&name),
            What::Journey(index) => self.journeys.get(index).is_some_and(|j| j.name == name),
        };
        self.items.iter().position(is_it)
    }

    /// Everything, as often as the mix says.
    fn all(&self) -> Vec<(usize, f64)> {
        let of = |(index, item): (usize, &Item)| (item.share > 0.0).then_some((index, item.share));
        self.items.iter().enumerate().filter_map(of).collect()
    }

    fn allowed(&self) -> String {
        list(self.names.iter().copied().chain(self.journeys.iter().map(|j| j.name.as_str())))
    }
}

/// Reads the kinds of users: a table, or an array of them.
pub(crate) fn read_users(item: &Value<'_>, work: &Work<'_>, log: &Log) -> Vec<Users> {
    let mut kinds: Vec<Users> = Vec::new();
    for element in item.elements() {
        let Some(section) = element.section() else { continue };
        let name = section.get("name").map(|i| (i.text(), i));
        let kind = read_kind(&section, work, log);
        let written = name.as_ref().map_or(Some(NAME_DEFAULT), |(name, _)| *name);
        let (Some(written), Some(mut kind)) = (written, kind) else { continue };
        if kinds.iter().any(|k| k.name == written) {
            let at = name.as_ref().map_or(&element, |(_, item)| item);
            log.push(
                at.fault("two kinds of users have this name")
                    .got(written)
                    .allowed("a name of its own for each kind"),
            );
        }
        kind.name = written.to_owned();
        kinds.push(kind);
    }
    let all: u64 = kinds.iter().map(|k| u64::from(k.count)).sum();
    if all > USERS_MAX {
        log.push(
            item.fault("too many users in all")
                .got(all)
                .allowed(format!("{USERS_MAX} of all kinds together")),
        );
    }
    kinds
}

fn read_kind(section: &Section<'_>, work: &Work<'_>, log: &Log) -> Option<Users> {
    let count = section.need("count", "how many").and_then(|i| i.whole(1..=USERS_MAX));
    let hatch = section.get("hatch").map(|i| {
        let rate = i.rate().filter(|r| r.from_per_s == r.to_per_s && r.from_per_s > 0.0);
        if rate.is_none() && i.value().as_str().is_some_and(|t| crate::units::parse_rate(t).is_some()) {
            i.refuse("not one rate above zero", "e.g. 25/s");
        }
        rate.map(|r| r.from_per_s)
    });
    let think = section.need("think", "a pause, e.g. 1s, or a range, e.g. 200ms..1s").and_then(|i| {
        let text = i.text()?;
        let (from, to) = text.split_once("..").unwrap_or((text, text));
        let span = parse_duration(from).zip(parse_duration(to)).filter(|(from, to)| from <= to);
        if span.is_none() {
            i.refuse("not a pause", "a duration, e.g. 1s, or a range, e.g. 200ms..1s");
        }
        span
    });
    let does = section.get("mix").map_or(Some(work.all()), |i| read_weights(&i, work, log));
    let begins = section.get("begins").map(|item| {
        if !item.value().is_array() || item.elements().is_empty() {
            item.refuse("not a list of interactions", "e.g. [\"cis-login\", \"cis-token\"]");
            return Vec::new();
        }
        item.elements().iter().filter_map(|i| known(i, work.names)).collect()
    });
    let session = section.get("session").map(|i| i.span());
    section.finish();
    let (think_min, think_max): (Duration, Duration) = think?;
    let count = count? as u32;
    let mut does = does?;
    let sum: f64 = does.iter().map(|(_, weight)| weight).sum();
    for (_, weight) in &mut does {
        *weight /= sum;
    }
    Some(Users {
        name: NAME_DEFAULT.into(),
        does,
        begins: begins.unwrap_or_default(),
        session: session.flatten(),
        count,
        // Without a rate all users start within the first second.
        hatch_per_s: hatch.unwrap_or(Some(f64::from(count)))?,
        think_min,
        think_max,
    })
}

fn read_weights(item: &Value<'_>, work: &Work<'_>, log: &Log) -> Option<Vec<(usize, f64)>> {
    let section = item.section()?;
    let mut does = Vec::new();
    for (name, item) in section.entries() {
        let weight = item.positive();
        match work.item(name) {
            Some(index) => does.extend(weight.map(|w| (index, w))),
            None => log.push(
                item.fault("neither an interaction of the mix nor a journey")
                    .got(name)
                    .allowed(work.allowed()),
            ),
        }
    }
    if section.entries().is_empty() {
        log.push(section.fault("", "users who do nothing").allowed("lines like pds-retrieve = 60"));
    }
    Some(does)
}
