//! Reads `[load]`: how load is made, by whom, over how many connections. Called by `read_scenario`.

use crate::document::{Item, Log, Section};
use crate::scenario::{Arrivals, CONNECTIONS, Load, Model, PORTS_PER_SOURCE};
use crate::trace;
use std::ops::RangeInclusive;
use std::time::Duration;

/// Connections of a scenario that names no number.
const CONNECTIONS_DEFAULT: u32 = 256;
/// How many there may be in all unless the scenario says otherwise: what a stall of a second at 10,000/s asks for.
const CONNECTIONS_MAX_DEFAULT: u32 = 10_000;
/// Source addresses: 127.0.0.1 to 127.0.0.250, which stand ready on every Linux machine.
const SOURCES: RangeInclusive<u64> = 1..=250;
/// Threads that send: one a core, and no machine that this was made for has more cores.
const WORKERS: RangeInclusive<u64> = 1..=64;
/// Highest index of dispersion: batches of 500 on average, half a second of 1,000/s at one instant.
const DISPERSION_MAX: f64 = 1_000.0;

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
    let models = [("open", Model::Open), ("users", Model::Users), ("closed", Model::Closed)];
    load.model = section.get("model").map_or(Some(Model::Open), |i| i.one_of(&models))?;
    if let Some(arrivals) = read_arrivals(&section, log) {
        load.arrivals = arrivals;
    }
    read_connections(&section, &mut load, log);
    if let Some(n) = section.get("workers").and_then(|i| i.whole(WORKERS)) {
        load.workers = n as u32;
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
        (Model::Open | Model::Closed, Some(users)) => {
            log.push(users.fault("users belong to a model of their own").allowed("model = \"users\""));
        }
        _ => {}
    }
    trace::check_load(&section, load.model, load.arrivals, log);
    section.finish();
    Some(load)
}

fn read_arrivals(section: &Section<'_>, log: &Log) -> Option<Arrivals> {
    // The index of dispersion is read below.
    let bursty = Arrivals::Bursty { dispersion: 0.0 };
    let spacings = [
        ("poisson", Arrivals::Poisson),
        ("constant", Arrivals::Constant),
        ("bursty", bursty),
        ("trace", Arrivals::Trace),
    ];
    let arrivals = section.get("arrivals").map(|i| i.one_of(&spacings));
    let form = format!("a number above 1, up to {DISPERSION_MAX}");
    match (section.get("dispersion"), arrivals) {
        (Some(item), Some(Some(Arrivals::Bursty { .. }))) => {
            let found = item.number().filter(|d| *d > 1.0 && *d <= DISPERSION_MAX);
            if found.is_none() {
                item.refuse("not an index of dispersion", form);
            }
            found.map(|dispersion| Arrivals::Bursty { dispersion })
        }
        (None, Some(Some(Arrivals::Bursty { .. }))) => {
            log.push(section.fault("dispersion", "is missing").allowed(form));
            None
        }
        (Some(item), None | Some(Some(_))) => {
            log.push(item.fault("belongs to bursty arrivals").allowed("arrivals = \"bursty\""));
            None
        }
        (_, arrivals) => arrivals?,
    }
}

/// How many connections, how many at most, from how many addresses.
fn read_connections(section: &Section<'_>, load: &mut Load, log: &Log) {
    let range = u64::from(*CONNECTIONS.start())..=u64::from(*CONNECTIONS.end());
    if let Some(n) = section.get("sources").and_then(|i| i.whole(SOURCES)) {
        load.sources = n as u32;
    }
    let ports = load.sources * PORTS_PER_SOURCE;
    let whole = |key| {
        let item = section.get(key)?;
        let n = item.whole(range.clone())? as u32;
        if n > ports {
            let allowed = format!("up to {ports} here, or sources = {}", n.div_ceil(PORTS_PER_SOURCE));
            item.refuse(&format!("a source address has ports for {PORTS_PER_SOURCE} connections"), allowed);
            return None;
        }
        Some((n, item))
    };
    let (connections, most) = (whole("connections"), whole("connections-max"));
    if let Some((n, _)) = connections {
        load.connections = n;
    }
    load.connections_max = load.connections_max.max(load.connections);
    if let Some((n, item)) = most {
        if n < load.connections {
            let allowed = format!("{} or more, as many as connections", load.connections);
            log.push(item.fault("fewer than are opened before the run").got(n).allowed(allowed));
        }
        load.connections_max = n;
    }
}
