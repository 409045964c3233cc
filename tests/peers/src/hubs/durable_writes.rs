//! Durable small writes: PDS updates and MESH sends of 1 KB at the hub, beside PostgreSQL doing as much, and beside one
//! bare write and flush after the other. Called by the list of comparisons.

use super::drive::{Answer, Work, drive};
use super::postgres::{Gave, Postgres, SETTINGS, Statement};
use super::requests::{Draws, Mailbox, MeshRequests, PeopleRequests};
use super::seeded::{self, ENDPOINTS, Hub};
use super::{CPU, P50, P99, PER_S, both, measure, median, row, sample, sample_all, warm_s};
use crate::bench::Bench;
use crate::floors::disk::write_and_sync;
use crate::table::{Row, Table, Target};
use std::path::Path;

/// Requests in flight at the hub.
const LINES: usize = 256;
/// Bytes of a message.
const MESSAGE_BYTES: usize = 1_024;
/// Connections to PostgreSQL; the better of the two is what counts.
const CONNECTIONS: [u32; 2] = [16, 64];
/// People and records; and those of a smoke run.
const PEOPLE: u64 = 1_000_000;
/// See [`PEOPLE`].
const PEOPLE_SMOKE: u64 = 4_000;
/// Bytes of one bare write: the smallest that a disk takes at once.
const WRITE_BYTES: usize = 4_096;
/// The targets.
const RATIO_MIN: f64 = 3.0;
/// See [`RATIO_MIN`]; milliseconds.
const P99_MS_MAX: f64 = 15.0;
/// Mean time of one commit; pgbench tells no percentiles.
const MEAN: &str = "mean ms";

/// Updates under the version that each record has, of which nobody else knows.
struct Updates {
    requests: PeopleRequests,
    draws: Draws,
    /// Version of each record, by index.
    versions: Vec<u32>,
    /// Whose record each line changes now.
    under_way: Vec<u64>,
}

impl Work for Updates {
    fn ask(&mut self, line: usize, out: &mut Vec<u8>) {
        // Each line has people of its own, so that no update meets another's.
        let lines = self.under_way.len() as u64;
        let who = line as u64 + lines * self.draws.below(self.versions.len() as u64 / lines);
        self.under_way[line] = who;
        self.requests.update(who, self.versions[who as usize], out);
    }

    fn take(&mut self, line: usize, answer: &Answer<'_>) -> Result<bool, String> {
        answer.expect(200)?;
        let version = &mut self.versions[self.under_way[line] as usize];
        *version += 1;
        if answer.header("etag") != Some(format!("W/\"{version}\"").as_str()) {
            return Err(format!("version {version} was due, got {:?}", answer.header("etag")));
        }
        Ok(true)
    }
}

/// Messages from any mailbox to any other.
struct Sends {
    requests: MeshRequests,
    draws: Draws,
    mailboxes: Vec<Mailbox>,
}

impl Work for Sends {
    fn ask(&mut self, _line: usize, out: &mut Vec<u8>) {
        let mut any = || self.draws.below(self.mailboxes.len() as u64) as usize;
        let (from, to) = (any(), any());
        self.requests.send(&self.mailboxes[from], &self.mailboxes[to].id, out);
    }

    fn take(&mut self, _line: usize, answer: &Answer<'_>) -> Result<bool, String> {
        answer.expect(202).map(|()| true)
    }
}

/// What the comparison has under way.
struct Contest<'a> {
    bench: &'a Bench,
    people: u64,
    updates: Updates,
    sends: Sends,
    rows: Vec<Row>,
}

/// Measures.
///
/// # Errors
/// One sentence: the hub does not run, or answers what was not wanted. Without PostgreSQL its rows are missing.
pub fn run(bench: &Bench) -> Result<Table, String> {
    let people = if bench.smoke { PEOPLE_SMOKE } else { PEOPLE };
    let population = seeded::population(people)?;
    let mailbox = |i| {
        let end_point = population.endpoint(i);
        Mailbox { id: end_point.mailbox, password: end_point.mailbox_password }
    };
    let data = seeded::copy(bench, people, "durable-writes")?;
    let mut contest = Contest {
        bench,
        people,
        updates: Updates {
            requests: PeopleRequests::new(population),
            draws: Draws::of(1),
            versions: vec![1; people as usize],
            under_way: vec![0; LINES],
        },
        sends: Sends {
            requests: MeshRequests::new(population::MESH_SHARED_KEY, MESSAGE_BYTES)?,
            draws: Draws::of(2),
            mailboxes: (0..ENDPOINTS).map(mailbox).collect(),
        },
        rows: Vec::new(),
    };
    let postgres = Postgres::start(bench, &both(bench), people);
    for round in 0..bench.rounds {
        bench.say(&format!("round {} of {}", round + 1, bench.rounds));
        contest.bare_writes()?;
        if let Ok(postgres) = &postgres {
            contest.postgres(postgres);
        }
        contest.hub(&data, "both cores", &both(bench), &both(bench))?;
        contest.hub(&data, "one core", &[bench.server_core], &[bench.client_core])?;
    }
    let table = contest.table(postgres.as_ref().err());
    drop(postgres);
    for left in ["durable-writes", "postgres"] {
        let _ = std::fs::remove_dir_all(bench.scratch.join(left));
    }
    Ok(table)
}

impl Contest<'_> {
    fn row(&mut self, who: &str, version: &str, command: impl FnOnce() -> String) -> &mut Row {
        let at = self.rows.iter().position(|r| r.who == who).unwrap_or_else(|| {
            self.rows.push(row(who, version, command()));
            self.rows.len() - 1
        });
        &mut self.rows[at]
    }

    /// One write of a block and one flush after the other.
    fn bare_writes(&mut self) -> Result<(), String> {
        let synced = write_and_sync(&self.bench.scratch, WRITE_BYTES, self.bench.seconds)?;
        let command = || format!("write of {WRITE_BYTES} bytes and fdatasync, one after the other");
        let row = self.row("bare write + fdatasync", "-", command);
        sample(row, P50, synced.p50_us / 1e3);
        sample(row, P99, synced.p99_us / 1e3);
        Ok(())
    }

    fn postgres(&mut self, postgres: &Postgres) {
        for (statement, what) in
            [(Statement::Update, "record update"), (Statement::Message, "message of 1 KB")]
        {
            for connections in CONNECTIONS {
                let cores = both(self.bench);
                let gave = postgres.measure(statement, connections, self.bench.seconds, &cores);
                let Gave { per_s, mean_ms, server_us } = match gave {
                    Ok(gave) => gave,
                    // A round without a figure is a round less, not the end.
                    Err(sentence) => {
                        self.bench.say(&format!("not measured: {sentence}"));
                        continue;
                    }
                };
                let who = format!("PostgreSQL, {what}, {connections} connections");
                let row =
                    self.row(&who, &postgres.version, || Postgres::command_line(statement, connections));
                for (column, value) in [(CPU, server_us), (PER_S, per_s), (MEAN, mean_ms)] {
                    sample(row, column, value);
                }
            }
        }
    }

    fn hub(&mut self, data: &Path, place: &str, cores: &[usize], client: &[usize]) -> Result<(), String> {
        let bench = self.bench;
        let version = crate::install::version_of(&bench.spinebench, "--version");
        let hub = Hub::start(bench, self.people, data, cores, &[])?;
        for what in ["PDS update", "MESH send of 1 KB"] {
            let work: &mut dyn Work = if what == "PDS update" { &mut self.updates } else { &mut self.sends };
            drive(hub.address, LINES, warm_s(bench), client, work)?;
            let measured = measure(hub.server(), LINES, bench.seconds, client, work)?;
            let people = self.people;
            let row =
                self.row(&format!("hub on {place}, {what}"), &version, || seeded::command_line(people, &[]));
            sample(row, MEAN, measured.0.mean_ms());
            sample_all(row, &measured);
        }
        hub.stop()
    }

    fn table(self, without_postgres: Option<&String>) -> Table {
        let found =
            |start: &str| -> Vec<&Row> { self.rows.iter().filter(|r| r.who.starts_with(start)).collect() };
        let best = |start: &str| found(start).iter().map(|r| median(r, PER_S)).fold(f64::NAN, f64::max);
        let mut targets = Vec::new();
        for (ours, theirs) in [
            ("hub on both cores, PDS update", "PostgreSQL, record update"),
            ("hub on both cores, MESH send of 1 KB", "PostgreSQL, message of 1 KB"),
        ] {
            let ratio = best(ours) / best(theirs);
            targets.push(Target {
                what: format!("{ours}: at least {RATIO_MIN} x the better row of {theirs}"),
                measured: format!("{ratio:.2} x"),
                held: ratio >= RATIO_MIN,
            });
            let p99 = found(ours).iter().map(|r| median(r, P99)).fold(0.0, f64::max);
            targets.push(Target {
                what: format!("{ours}: p99 under {P99_MS_MAX} ms with {LINES} in flight"),
                measured: format!("{p99:.1} ms"),
                held: p99 < P99_MS_MAX,
            });
        }
        let missing = without_postgres.map_or(String::new(), |e| format!(" PostgreSQL is missing: {e}."));
        let mut against = found("PostgreSQL, record update");
        against.sort_by(|a, b| median(b, PER_S).total_cmp(&median(a, PER_S)));
        Table {
            name: "durable-writes".to_owned(),
            title: "Durable small writes".to_owned(),
            method: format!(
                "Each answer means that the write is on the disk. Hub: {LINES} requests in flight, {} people; an update \
                 (JSON Patch of one element under If-Match) writes the new record, its index entry and its audit row, a \
                 send writes a message of 1 KB and its audit row. PostgreSQL ({}): one prepared statement that does a \
                 record's update under a condition on its version, or a message's insert, and the insert of an audit row; \
                 {} records; pgbench over a Unix socket, without HTTP, checks or JSON. Servers and clients share both \
                 cores, but where the hub is on one core: there the client has the other.{missing}",
                self.people,
                SETTINGS.join(", "),
                self.people
            ),
            against: against.first().map_or(String::new(), |r| r.who.clone()),
            targets,
            rows: self.rows,
        }
    }
}
