//! Reads `[load]`: how load is made, by whom, over how many connections. Called by `read_scenario`.

use crate::document::{Item, Log, Section};
use crate::scenario::{Arrivals, CONNECTIONS, Load, Model, Users};
use std::time::Duration;

/// Most users of the closed model: each is a task with a connection of its own.
const USERS_MAX: u64 = 28_000;
/// Loopback source addresses: 127.0.0.1 to 127.0.0.250.
const SOURCES: std::ops::RangeInclusive<u64> = 1..=250;
/// Connections of a scenario that names no number.
const CONNECTIONS_DEFAULT: u32 = 256;
/// How many there may be in all unless the scenario says otherwise: what a stall of a second at 10,000/s asks for.
const CONNECTIONS_MAX_DEFAULT: u32 = 10_000;

/// Reads `[load]`.
pub(crate) fn read_load(item: Option<Item<'_>>, log: &Log) -> Option<Load> {
    let mut load = Load {
        model: Model::Open,
        arrivals: Arrivals::Poisson,
        connections: CONNECTIONS_DEFAULT,
        connections_max: CONNECTIONS_MAX_DEFAULT,
        sources: 1,
        workers: 1,
        timeout: Duration::from_secs(30),
        users: Vec::new(),
        trace: None,
    };
    let Some(item) = item else { return Some(load) };
    let section = item.section()?;
    let models = [("open", Model::Open), ("users", Model::Users)];
    load.model = section.get("model").map_or(Some(Model::Open), |i| i.one_of(&models))?;
    let spacings = [("poisson", Arrivals::Poisson), ("constant", Arrivals::Constant)];
    if let Some(arrivals) = section.get("arrivals").and_then(|i| i.one_of(&spacings)) {
        load.arrivals = arrivals;
    }
    let range = u64::from(*CONNECTIONS.start())..=u64::from(*CONNECTIONS.end());
    if let Some(n) = section.get("connections").and_then(|i| i.whole(range)) {
        load.connections = n as u32;
        load.connections_max = load.connections_max.max(load.connections);
    }
    if let Some(n) = section.get("sources").and_then(|i| i.whole(SOURCES)) {
        load.sources = n as u32;
    }
    if let Some(timeout) = section.get("timeout").and_then(|i| i.span()) {
        load.timeout = timeout;
    }
    let users = section.get("users");
    match (load.model, &users) {
        (Model::Users, None) => {
            let form = "users = { count = 50, hatch = \"25/s\", think = \"200ms..1s\" }";
            log.push(section.fault("users", "is missing").allowed(form));
        }
        (Model::Open, Some(users)) => {
            log.push(users.fault("users belong to the closed model").allowed("model = \"users\""));
        }
        _ => {}
    }
    load.users = users.and_then(|i| i.section()).and_then(|s| read_users(&s)).into_iter().collect();
    section.finish();
    Some(load)
}

fn read_users(section: &Section<'_>) -> Option<Users> {
    let count = section.need("count", "how many").and_then(|i| i.whole(1..=USERS_MAX));
    let hatch = section.get("hatch").map(|i| {
        let rate = i.rate().filter(|r| r.from_per_s == r.to_per_s && r.from_per_s > 0.0);
        if rate.is_none() && i.rate().is_some() {
            i.refuse("not one rate above zero", "e.g. 25/s");
        }
        rate.map(|r| r.from_per_s)
    });
    let think = section.need("think", "a pause, e.g. 1s, or a range, e.g. 200ms..1s").and_then(|i| {
        let text = i.text()?;
        let (from, to) = text.split_once("..").unwrap_or((text, text));
        let span = crate::units::parse_duration(from).zip(crate::units::parse_duration(to));
        let span = span.filter(|(from, to)| from <= to);
        if span.is_none() {
            i.refuse("not a pause", "a duration, e.g. 1s, or a range, e.g. 200ms..1s");
        }
        span
    });
    section.finish();
    let (think_min, think_max) = think?;
    let count = count? as u32;
    // Without a rate all users start within the first second.
    Some(Users {
        name: "users".into(),
        does: Vec::new(),
        begins: Vec::new(),
        session: None,
        count,
        hatch_per_s: hatch.unwrap_or(Some(f64::from(count)))?,
        think_min,
        think_max,
    })
}
