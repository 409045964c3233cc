//! Reads a scenario file: as typed, then checked. Called by `load`. It reports every fault of the file, of its mix and of
//! the interactions in it, and returns a scenario only when there is none.

use crate::document::{Item, Log, Section, Source};
use crate::fault::{Fault, list};
use crate::interaction::Interaction;
use crate::library::{Found, Library};
use crate::load::Changes;
use crate::mix::{self, Mix};
use crate::nhs_guard;
use crate::read_interaction;
use crate::scenario::{Arrivals, Budget, CONNECTIONS, Load, Model, Phase, Rate, RunLimits, Scenario, Users};
use crate::target::Target;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Seed of a scenario that names none.
const SEED_DEFAULT: u64 = 42;
/// Most users of the closed model: each is a task with a connection of its own.
const USERS_MAX: u64 = 28_000;
/// Metrics of a budget that are durations.
const BUDGET_TIMES: [&str; 12] = [
    "response-p50",
    "response-p90",
    "response-p99",
    "response-p99.9",
    "response-p99.99",
    "response-max",
    "service-p50",
    "service-p90",
    "service-p99",
    "service-p99.9",
    "service-p99.99",
    "service-max",
];
/// The store engine of an embedded hub when the scenario names none.
const STORE_DEFAULT: &str = "fjall";

/// Reads the scenario in `found`; `None` when something is wrong, which the log then says.
pub(crate) fn read(
    path: &Path,
    found: &Found,
    library: &Library,
    changes: &Changes,
    log: &Log,
) -> Option<Scenario> {
    let source = Source { file: &found.file, text: &found.text, log };
    nhs_guard::scan(source);
    let table = source.parse()?;
    let root = Section::root(source, &table);

    let title = root.need("title", "a text in quotes").and_then(|i| i.text());
    let seed_typed = root.get("seed").and_then(|i| i.whole(0..=i64::MAX as u64));
    let seed = changes.seed.or(seed_typed).unwrap_or(SEED_DEFAULT);
    let cost = root.get("cost").and_then(|i| i.text()).map(PathBuf::from);
    let target = read_target(root.need("target", "a table with hub or url"), changes, log);
    let population = read_population(root.get("population"));
    let load = read_load(root.get("load"), log);
    let open = load.as_ref().is_none_or(|l| l.model == Model::Open);
    let phases = read_phases(root.need("phase", "[[phase]] tables"), open, log);
    let limits = read_limits(root.get("validity"));
    let (mix, interactions) = read_mix(&root, library, found, log);
    let names: Vec<&str> = interactions.iter().map(|(n, _)| n.as_str()).collect();
    let budgets = root.get("budget").map(|i| read_budgets(&i, &names, log)).unwrap_or_default();
    root.finish();

    if log.count() > 0 {
        return None;
    }
    Some(Scenario {
        title: title?.to_owned(),
        path: path.to_owned(),
        text: found.text.to_string(),
        sha256: library.sha256(&found.text),
        seed,
        population,
        target: target?,
        load: load?,
        phases,
        mix,
        interactions: interactions.into_iter().map(|(_, i)| i).collect::<Option<Vec<_>>>()?,
        budgets,
        cost,
        limits,
    })
}

fn read_target(item: Option<Item<'_>>, changes: &Changes, log: &Log) -> Option<Target> {
    let section = item.as_ref()?.section()?;
    let hub = section.get("hub").and_then(|i| Some((i.one_of(&[("embedded", ())])?, i)));
    let store = section.get("store").and_then(|i| Some((i.text()?.to_owned(), i)));
    let url = section.get("url").and_then(|i| Some((i.text()?, i)));
    let authorised = section.get("authorised").and_then(|i| i.text());
    if let Some(item) = section.get("tls")
        && let Some("server" | "mutual") =
            item.one_of(&[("off", "off"), ("server", "server"), ("mutual", "mutual")])
    {
        item.refuse("TLS is not supported yet: requests go in plain HTTP only", "off");
    }
    section.finish();
    if let Some(url) = &changes.target {
        return Target::from_url(url, authorised)
            .map_err(|(problem, allowed)| {
                log.push(Fault::new("command line", 1, "--target", problem).got(url).allowed(allowed));
            })
            .ok();
    }
    match (hub, url) {
        (Some(_), None) => {
            Some(Target::Embedded { store: store.map_or(STORE_DEFAULT.into(), |(store, _)| store) })
        }
        (None, Some((url, item))) => {
            if let Some((_, item)) = store {
                log.push(
                    item.fault("a running hub has its store already")
                        .allowed("store beside hub = \"embedded\""),
                );
            }
            Target::from_url(url, authorised)
                .map_err(|(problem, allowed)| item.refuse(&problem, allowed))
                .ok()
        }
        (Some(_), Some((_, item))) => {
            log.push(item.fault("two targets").allowed("hub or url"));
            None
        }
        (None, None) => {
            if !["hub", "url"].iter().any(|k| section.get(k).is_some()) {
                log.push(
                    section
                        .fault("", "names no target")
                        .allowed("hub = \"embedded\" or url = \"http://...\""),
                );
            }
            None
        }
    }
}

fn read_population(item: Option<Item<'_>>) -> population::Sizes {
    let mut sizes = population::Sizes::default();
    let Some(section) = item.and_then(|i| i.section()) else { return sizes };
    let small = |range: std::ops::RangeInclusive<u32>| u64::from(*range.start())..=u64::from(*range.end());
    if let Some(n) = section.get("patients").and_then(|i| i.whole(population::PATIENTS)) {
        sizes.patients = n;
    }
    if let Some(n) = section.get("organisations").and_then(|i| i.whole(small(population::ORGANISATIONS))) {
        sizes.organisations = n as u32;
    }
    if let Some(n) = section.get("endpoints").and_then(|i| i.whole(small(population::ENDPOINTS))) {
        sizes.endpoints = n as u32;
    }
    section.finish();
    sizes
}

fn read_load(item: Option<Item<'_>>, log: &Log) -> Option<Load> {
    let mut load = Load {
        model: Model::Open,
        arrivals: Arrivals::Poisson,
        connections: 256,
        timeout: Duration::from_secs(30),
        users: None,
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
    load.users = users.and_then(|i| i.section()).and_then(|s| read_users(&s));
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
    Some(Users { count, hatch_per_s: hatch.unwrap_or(Some(f64::from(count)))?, think_min, think_max })
}

fn read_phases(item: Option<Item<'_>>, open: bool, log: &Log) -> Vec<Phase> {
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
            phases.push(Phase { name: name.to_owned(), duration, rate, measured });
        }
    }
    if sound && !phases.iter().any(|p| p.measured) {
        log.push(item.fault("no phase is measured").allowed("at least one phase without measured = false"));
    }
    phases
}

fn read_limits(item: Option<Item<'_>>) -> RunLimits {
    let mut limits =
        RunLimits { send_lag_p99_9: Duration::from_millis(10), dropped_share: 0.0, harness_cpu_share: 0.9 };
    let Some(section) = item.and_then(|i| i.section()) else { return limits };
    if let Some(lag) = section.get("send-lag-p99.9").and_then(|i| i.span()) {
        limits.send_lag_p99_9 = lag;
    }
    if let Some(share) = section.get("dropped").and_then(|i| i.percent()) {
        limits.dropped_share = share;
    }
    if let Some(share) = section.get("harness-cpu").and_then(|i| i.percent()) {
        limits.harness_cpu_share = share;
    }
    section.finish();
    limits
}

type Named = (String, Option<Interaction>);

fn read_mix(root: &Section<'_>, library: &Library, found: &Found, log: &Log) -> (Mix, Vec<Named>) {
    let form = "a path like mixes/spine-2015.csv, or a table of weights";
    let Some(item) = root.need("mix", form) else { return Default::default() };
    let rows = if item.value().is_table() {
        item.section().map(|s| mix::read_weights(&s, &found.file, log)).unwrap_or_default()
    } else {
        let Some(path) = item.text() else { return Default::default() };
        let Some(file) = library.find(path, log) else {
            item.refuse("file not found", form);
            return Default::default();
        };
        nhs_guard::scan(Source { file: &file.file, text: &file.text, log });
        mix::read_csv(&file, log)
    };
    let mut interactions: Vec<Named> = Vec::new();
    let mut ids: HashMap<String, Option<usize>> = HashMap::new();
    let mix = mix::assemble(rows, |row| {
        let name = row.name.clone().unwrap_or_default();
        if let Some(known) = ids.get(&name).filter(|id| id.is_some()) {
            return *known;
        }
        let in_folder = crate::variable::word(&name).map(|n| format!("interactions/{n}.toml"));
        let Some(file) = in_folder.and_then(|path| library.find(&path, log)) else {
            log.push(mix::unknown(row, &name, library));
            return None;
        };
        interactions.push((name.clone(), read_interaction::read(&name, &file, library, log)));
        ids.insert(name, Some(interactions.len() - 1));
        Some(interactions.len() - 1)
    });
    if log.count() == 0 && mix.rows.is_empty() {
        log.push(item.fault("no row of the mix is replayed").allowed("rows with an interaction and a share"));
    }
    (mix, interactions)
}

fn read_budgets(item: &Item<'_>, names: &[&str], log: &Log) -> Vec<Budget> {
    let mut budgets = Vec::new();
    let Some(section) = item.section() else { return budgets };
    for (interaction, item) in section.entries() {
        if interaction != "all" && !names.contains(&interaction) {
            let allowed = list(["all"].iter().chain(names));
            log.push(item.fault("not an interaction of the mix").got(interaction).allowed(allowed));
        }
        let Some(metrics) = item.section() else { continue };
        for (metric, item) in metrics.entries() {
            let limit = match metric {
                "errors" => item.percent(),
                "rate" => item.rate().map(|r| r.from_per_s),
                time if BUDGET_TIMES.contains(&time) => item.span().map(|d| d.as_nanos() as f64),
                _ => {
                    let allowed = list(BUDGET_TIMES.iter().chain(&["errors", "rate"]));
                    log.push(item.fault("unknown metric").got(metric).allowed(allowed));
                    None
                }
            };
            if item.value().is_table() {
                log.push(
                    item.fault("a key with a dot in it needs quotes").allowed("\"response-p99.9\" = \"1s\""),
                );
            }
            if let (Some(limit), Some(text)) = (limit, item.value().as_str()) {
                budgets.push(Budget {
                    interaction: interaction.to_owned(),
                    metric: metric.to_owned(),
                    limit,
                    text: text.to_owned(),
                    line: item.line(),
                });
            }
        }
    }
    budgets
}
