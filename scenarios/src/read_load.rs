//! Reads `[load]`: how load is made, by whom, over how many connections. Called by `read_scenario`.

use crate::document::{Item, Log};
use crate::scenario::{Arrivals, CONNECTIONS, Load, Model};
use crate::trace;
use std::time::Duration;

/// Connections of a scenario that names no number.
const CONNECTIONS_DEFAULT: u32 = 256;
/// How many there may be in all unless the scenario says otherwise: what a stall of a second at 10,000/s asks for.
const CONNECTIONS_MAX_DEFAULT: u32 = 10_000;

/// Reads `[load]`; its users and its trace are read later, when it is known what there is to ask.
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
    let spacings =
        [("poisson", Arrivals::Poisson), ("constant", Arrivals::Constant), ("trace", Arrivals::Trace)];
    if let Some(arrivals) = section.get("arrivals").and_then(|i| i.one_of(&spacings)) {
        load.arrivals = arrivals;
    }
    let range = u64::from(*CONNECTIONS.start())..=u64::from(*CONNECTIONS.end());
    if let Some(n) = section.get("connections").and_then(|i| i.whole(range)) {
        load.connections = n as u32;
        load.connections_max = load.connections_max.max(load.connections);
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
    trace::check_load(&section, load.model, load.arrivals, log);
    section.finish();
    Some(load)
}
