//! The cost of a read, of opening, of memory and of disk as the number of people grows. Called by the list of comparisons.

use super::drive::drive;
use super::pds_retrieve::{LINES, Retrieves};
use super::requests::PeopleRequests;
use super::seeded::{self, Hub};
use super::{CPU, measure, median, row, sample, sample_all, warm_s};
use crate::bench::Bench;
use crate::table::{Row, Table, Target};

/// The populations; a setting of the environment, [`MORE`], adds one.
const PEOPLE: [u64; 2] = [100_000, 1_000_000];
/// Those of a smoke run.
const PEOPLE_SMOKE: [u64; 2] = [1_000, 4_000];
/// Environment variable with one larger population more, e.g. 10000000: it takes some 30 GB of disk and ten minutes.
const MORE: &str = "SPINEBENCH_PEOPLE";
/// The targets.
const RATIO_MAX: f64 = 1.3;
/// See [`RATIO_MAX`]; seconds.
const OPEN_S_MAX: f64 = 5.0;
/// From start to the line that tells the address.
const OPEN: &str = "open s";

fn populations(bench: &Bench) -> Result<Vec<u64>, String> {
    if bench.smoke {
        return Ok(PEOPLE_SMOKE.to_vec());
    }
    let mut all = PEOPLE.to_vec();
    if let Ok(text) = std::env::var(MORE) {
        let more: u64 = text.parse().map_err(|_| format!("{MORE}: not a number, got {text:?}"))?;
        if !population::PATIENTS.contains(&more) {
            let (least, most) = population::PATIENTS.into_inner();
            return Err(format!("{MORE}: out of range, got {more}, allowed: {least} to {most}"));
        }
        all.push(more);
    }
    all.sort_unstable();
    all.dedup();
    Ok(all)
}

/// Measures.
///
/// # Errors
/// One sentence: a population cannot be made, or the hub does not run.
pub fn run(bench: &Bench) -> Result<Table, String> {
    let populations = populations(bench)?;
    let version = crate::install::version_of(&bench.spinebench, "--version");
    let mut rows = Vec::new();
    for people in &populations {
        let folder = seeded::folder(bench, *people)?;
        let mut r = row(&format!("{people} people"), &version, seeded::command_line(*people, &[]));
        sample(&mut r, "disk bytes/person", seeded::bytes_on_disk(&folder) as f64 / *people as f64);
        rows.push(r);
    }
    for round in 0..bench.rounds {
        bench.say(&format!("round {} of {}", round + 1, bench.rounds));
        for (people, row) in populations.iter().zip(&mut rows) {
            measure_one(bench, *people, row)?;
        }
    }
    let (first, last) = (&rows[0], &rows[rows.len() - 1]);
    let ratio = median(last, CPU) / median(first, CPU);
    let open_s = rows.iter().map(|r| median(r, OPEN)).fold(0.0, f64::max);
    let targets = vec![
        Target {
            what: format!("CPU per read of {} at most {RATIO_MAX} x that of {}", last.who, first.who),
            measured: format!("{ratio:.2} x"),
            held: ratio <= RATIO_MAX,
        },
        Target {
            what: format!("A filled folder opens in less than {OPEN_S_MAX} s"),
            measured: format!("{open_s:.2} s at the worst"),
            held: open_s < OPEN_S_MAX,
        },
    ];
    Ok(Table {
        name: "people".to_owned(),
        title: "The cost of a read as the population grows".to_owned(),
        method: format!(
            "A fresh process each time on a folder that is filled and closed in order; GET Patient of people drawn alike \
             out of all, {LINES} connections, hub on core {}, client on core {}. \"Open\" is from the start of the process \
             to the line that says where it listens; the files are in the kernel's cache. Memory is the resident set after \
             the reads, with the kernel's pages of mapped files.",
            bench.server_core, bench.client_core
        ),
        against: first.who.clone(),
        rows,
        targets,
    })
}

fn measure_one(bench: &Bench, people: u64, row: &mut Row) -> Result<(), String> {
    let folder = seeded::folder(bench, people)?;
    let hub = Hub::start(bench, people, &folder, &[bench.server_core], &[])?;
    sample(row, OPEN, hub.open_s);
    let mut work = Retrieves::new(PeopleRequests::new(seeded::population(people)?), people);
    let client = [bench.client_core];
    drive(hub.address, LINES, warm_s(bench), &client, &mut work)?;
    sample_all(row, &measure(hub.server(), LINES, bench.seconds, &client, &mut work)?);
    let rss = hub.look().map_or(0.0, |l| l.rss_bytes as f64 / f64::from(1 << 20));
    sample(row, "RSS MiB", rss);
    hub.stop()
}
