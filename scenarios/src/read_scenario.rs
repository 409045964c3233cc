//! Reads a scenario file: as typed, then checked. Called by `load`. It reports every fault of the file, of its mix and of
//! the interactions in it, and returns a scenario only when there is none.

use crate::certificates::{self, Certificates, Tls};
use crate::credentials::Credentials;
use crate::document::{Item, Log, Section, Source};
use crate::fault::Fault;
use crate::library::{Found, Library};
use crate::load::Changes;
use crate::mix::{self, Mix};
use crate::nhs_guard;
use crate::read_budgets::{read_budgets, read_limits};
use crate::read_credentials::{self, has_user};
use crate::read_events::read_events;
use crate::read_interaction;
use crate::read_journeys::{self, read_journeys};
use crate::read_load::read_load;
use crate::read_phases::read_phases;
use crate::read_users::{Work, read_users};
use crate::scenario::{Arrivals, Scenario};
use crate::target::{Target, scheme_of};
use crate::trace::{self, Around, Named, Progress};
use population::Population;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Seed of a scenario that names none.
const SEED_DEFAULT: u64 = 42;
/// The store engine of an embedded hub when the scenario names none.
const STORE_DEFAULT: &str = "journal";

/// Reads the scenario in `found`; `None` when something is wrong, which the log then says.
pub(crate) fn read(
    path: &Path,
    found: &Found,
    library: &Library,
    changes: &Changes,
    progress: Option<Progress<'_>>,
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
    let reader = read_credentials::Reader { folder: path.parent().unwrap_or(Path::new("")), log };
    let target_item = root.need("target", "a table with hub or url");
    let authorised = authorised(target_item.as_ref());
    let target = read_target(target_item, changes, reader.folder, log);
    let ca = target.as_ref().and_then(|(_, _, certificates)| certificates.ca.as_deref());
    let credentials = reader.credentials(root.get("credentials"), authorised, ca);
    let population = read_population(root.get("population"));
    let mut load = read_load(root.get("load"), log);
    if let (Some((_, tls, certificates)), Some(load)) = (&target, &load) {
        let organisations = population.organisations;
        certificates::enough_lines(&root, (*tls, certificates), load, organisations, log);
    }
    let replay = load.as_ref().is_some_and(|l| l.arrivals == Arrivals::Trace);
    let phases = if replay { root.get("phase") } else { root.need("phase", "[[phase]] tables") };
    let mut phases = read_phases(phases, load.as_ref(), library, log);
    let limits = read_limits(root.get("validity"));
    let (mut mix, mut interactions) = read_mix(&root, replay, library, found, &credentials, log);
    let in_load = |key| root.get("load").and_then(|i| i.section()).and_then(|s| s.get(key));
    if let Some(item) = in_load("trace").filter(|_| replay) {
        let around = Around {
            library,
            credentials: &credentials,
            population: Population::new(seed, population).ok(),
            progress,
            log,
        };
        let trace = trace::read(&item, &mut mix, &mut interactions, &around);
        if let (Some(trace), Some(load)) = (trace, &mut load) {
            let late = trace::fit_phases(&mut phases, &trace);
            if let (Some(late), Some(phase)) = (late, root.get("phase")) {
                let problem = "a phase that begins when the trace has ended";
                log.push(phase.fault(problem).got(late).allowed("phases within the trace"));
            }
            load.trace = Some(trace);
        }
    }
    let names: Vec<&str> = interactions.iter().map(|(n, _)| n.as_str()).collect();
    let budgets = root.get("budget").map(|i| read_budgets(&i, &names, log)).unwrap_or_default();
    if let Some(item) = root.get("journey").filter(|_| replay) {
        let problem = "a trace says itself what follows what";
        log.push(item.fault(problem).allowed("[[journey]] with other arrivals"));
    }
    // Without a mix every step would be unknown, which says nothing.
    let written = root.get("journey").filter(|_| !names.is_empty());
    let journeys = read_journeys(written, &names, log);
    let items = read_journeys::items(&mix, &names, &journeys, log);
    if let (Some(load), Some(item)) = (&mut load, in_load("users")) {
        let journeys = journeys.iter().map(|read| &read.journey).collect();
        load.users = read_users(&item, &Work { names: &names, journeys, items: &items }, log);
    }
    let total = (log.count() == 0).then(|| phases.iter().map(|p| p.duration).sum());
    let events = read_events(root.get("event"), target.as_ref().map(|(t, ..)| t), total, log);
    root.finish();

    if log.count() > 0 {
        return None;
    }
    let (target, tls, certificates) = target?;
    Some(Scenario {
        title: title?.to_owned(),
        path: path.to_owned(),
        text: found.text.to_string(),
        sha256: library.sha256(&found.text),
        changes: Vec::new(),
        seed,
        population,
        target,
        tls,
        certificates,
        credentials,
        load: load?,
        phases,
        mix,
        interactions: interactions.into_iter().map(|(_, i)| i).collect::<Option<Vec<_>>>()?,
        journeys: journeys.into_iter().map(|read| read.journey).collect(),
        items,
        events,
        budgets,
        cost,
        limits,
    })
}

/// Who allowed load beyond this machine; `read_target` reports what is wrong with it.
fn authorised<'a>(target: Option<&Item<'a>>) -> Option<&'a str> {
    target?.value().as_table()?.get("authorised")?.get_ref().as_str()
}

type Asked = (Target, Tls, Certificates);

fn read_target(item: Option<Item<'_>>, changes: &Changes, folder: &Path, log: &Log) -> Option<Asked> {
    let section = item.as_ref()?.section()?;
    let hub = section.get("hub").and_then(|i| Some((i.one_of(&[("embedded", ())])?, i)));
    let store = section.get("store").and_then(|i| Some((i.text()?.to_owned(), i)));
    let url = section.get("url").and_then(|i| Some((i.text()?, i)));
    let authorised = section.get("authorised").and_then(|i| i.text());
    let asked = changes.target.as_deref().or(url.as_ref().map(|(url, _)| *url));
    let (tls, certificates) = certificates::read(&section, folder, asked.map(scheme_of), log);
    section.finish();
    let target = which_target(&section, (hub, store, url), authorised, changes, log)?;
    Some((target, tls, certificates))
}

type Typed<'a, T> = Option<(T, Item<'a>)>;

fn which_target<'a>(
    section: &Section<'a>,
    (hub, store, url): (Typed<'a, ()>, Typed<'a, String>, Typed<'a, &'a str>),
    authorised: Option<&str>,
    changes: &Changes,
    log: &Log,
) -> Option<Target> {
    const USER: &str = "a URL with a user or a password in it";
    if let Some(url) = &changes.target {
        if has_user(url) {
            log.push(Fault::new("command line", 1, "--target", USER));
            return None;
        }
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
            if has_user(url) {
                log.push(item.fault(USER));
                return None;
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

fn read_mix(
    root: &Section<'_>,
    replay: bool,
    library: &Library,
    found: &Found,
    credentials: &Credentials,
    log: &Log,
) -> (Mix, Vec<Named>) {
    let form = "a path like mixes/spine-2015.csv, or a table of weights";
    // A trace says itself what is asked.
    let item = if replay { root.get("mix") } else { root.need("mix", form) };
    let Some(item) = item else { return Default::default() };
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
        interactions.push((name.clone(), read_interaction::read(&name, &file, library, credentials, log)));
        ids.insert(name, Some(interactions.len() - 1));
        Some(interactions.len() - 1)
    });
    if log.count() == 0 && mix.rows.is_empty() {
        log.push(item.fault("no row of the mix is replayed").allowed("rows with an interaction and a share"));
    }
    (mix, interactions)
}
