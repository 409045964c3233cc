//! PostgreSQL as a server to be measured: a cluster of its own in the scratch folder, filled with records, asked by its own
//! `pgbench` over its own socket. Called by the comparison of durable writes.
//!
//! Set as a careful operator would set it for many small durable writes; nothing that makes a commit less durable.

use crate::bench::Bench;
use crate::install;
use crate::pinned::{Pinned, look};
use harness::clock::{self, Clock};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

/// Where Debian puts the programs of this version.
const DEBIAN_BIN: &str = "/usr/lib/postgresql/15/bin";
/// The user that its packages make: the server refuses to run as root.
const USER: &str = "postgres";
/// Bytes of a record: as in the published measurements, and less than the hub's own, which is in PostgreSQL's favour.
const RECORD_BYTES: usize = 1_500;
/// How long it may take until it answers.
const START_S: f64 = 20.0;
/// Settings. Commits stay durable; memory is ample, checkpoints and vacuuming lie outside of what is measured.
pub const SETTINGS: [&str; 8] = [
    "synchronous_commit=on",
    "shared_buffers=2GB",
    "wal_buffers=64MB",
    "max_wal_size=16GB",
    "checkpoint_timeout=1h",
    "wal_compression=lz4",
    "autovacuum=off",
    "max_connections=100",
];

/// What a measured statement is.
#[derive(Debug, Clone, Copy)]
pub enum Statement {
    /// A record gets a new version under a condition on the old one, and an audit row is inserted.
    Update,
    /// A message of 1 KB is inserted, and an audit row.
    Message,
}

impl Statement {
    /// The script for `pgbench`.
    pub fn script(self, records: u64) -> String {
        match self {
            Statement::Update => format!(
                "\\set nhs random(1, {records})\n\
                 WITH u AS (UPDATE patient SET version = version + 1, document = :document \
                 WHERE nhs = :nhs AND version >= 1 RETURNING nhs, version) \
                 INSERT INTO audit (nhs, version, who, what) SELECT nhs, version, :who, :what FROM u;\n"
            ),
            Statement::Message => "\\set mailbox random(1, 2800)\n\
                 WITH m AS (INSERT INTO message (mailbox, body) VALUES (:mailbox, :body) RETURNING id) \
                 INSERT INTO audit (nhs, version, who, what) SELECT id, 1, :who, :what FROM m;\n"
                .to_owned(),
        }
    }
}

/// What one run of `pgbench` gave.
#[derive(Debug, Clone, Copy)]
pub struct Gave {
    /// Commits a second.
    pub per_s: f64,
    /// Mean time of one, milliseconds.
    pub mean_ms: f64,
    /// CPU time of the server, microseconds per commit.
    pub server_us: f64,
}

/// A running cluster; killed when dropped.
pub struct Postgres {
    process: Pinned,
    bin: PathBuf,
    folder: PathBuf,
    records: u64,
    /// As it tells it.
    pub version: String,
}

impl Postgres {
    /// Makes a cluster, starts it on these cores and fills it with so many records.
    ///
    /// # Errors
    /// One sentence: it cannot be had, or does not run.
    pub fn start(bench: &Bench, cores: &[usize], records: u64) -> Result<Self, String> {
        let bin = bin(bench)?;
        let folder = bench.scratch.join("postgres");
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        if rustix::process::geteuid().is_root() {
            done(Command::new("chown").arg(USER).arg(&folder))?;
        }
        let data = folder.join("data");
        let mut initdb = unprivileged(&bin.join("initdb"));
        done(
            initdb
                .args(["--no-sync", "--locale=C", "--encoding=UTF8", "--auth=trust", "-U", USER, "-D"])
                .arg(&data),
        )?;
        let cores: Vec<String> = cores.iter().map(usize::to_string).collect();
        let mut server = unprivileged(Path::new("taskset"));
        server
            .args(["-c", &cores.join(",")])
            .arg(bin.join("postgres"))
            .arg("-D")
            .arg(&data)
            .arg("-k")
            .arg(&folder);
        server.args(["-c", "listen_addresses="]);
        for setting in SETTINGS {
            server.args(["-c", setting]);
        }
        let process = Pinned::start(&mut server, bench.server_core)?;
        let version = install::version_of(&bin.join("postgres"), "--version");
        let postgres = Postgres { process, bin, folder, records, version };
        postgres.wait_until_it_answers()?;
        postgres.fill()?;
        Ok(postgres)
    }

    fn wait_until_it_answers(&self) -> Result<(), String> {
        let clock = Clock::start();
        while let Err(sentence) = self.sql("SELECT 1") {
            if clock.now_ns() as f64 / 1e9 > START_S {
                return Err(format!("PostgreSQL does not answer: {sentence}"));
            }
            clock::sleep(Duration::from_millis(100));
        }
        Ok(())
    }

    fn fill(&self) -> Result<(), String> {
        self.sql(
            "CREATE TABLE patient (nhs bigint PRIMARY KEY, version int NOT NULL, document text NOT NULL) \
             WITH (fillfactor = 70)",
        )?;
        self.sql(
            "CREATE TABLE audit (seq bigserial PRIMARY KEY, at timestamptz NOT NULL DEFAULT now(), \
             nhs bigint NOT NULL, version int NOT NULL, who text NOT NULL, what text NOT NULL)",
        )?;
        self.sql(
            "CREATE TABLE message (id bigserial PRIMARY KEY, mailbox int NOT NULL, body text NOT NULL)",
        )?;
        // Rows of this size stay in the table as they are: no compression, no table beside.
        self.sql(&format!(
            "INSERT INTO patient SELECT n, 1, '{}' FROM generate_series(1, {}) n",
            text(RECORD_BYTES),
            self.records
        ))?;
        self.sql("VACUUM ANALYZE patient")?;
        self.sql("CHECKPOINT")
    }

    fn sql(&self, statement: &str) -> Result<(), String> {
        let mut psql = Command::new(self.bin.join("psql"));
        psql.args(["-X", "-q", "-U", USER, "-d", "postgres", "-h"]).arg(&self.folder).args(["-c", statement]);
        done(&mut psql).map(drop)
    }

    /// The command line of a measurement, as a reader would type it.
    pub fn command_line(statement: Statement, connections: u32) -> String {
        let file = match statement {
            Statement::Update => "update.sql",
            Statement::Message => "message.sql",
        };
        format!(
            "pgbench -n -M prepared -j 2 -c {connections} -f {file} -D document=… -D body=… -D who=… -D what=…"
        )
    }

    /// Runs a statement on so many connections for so many seconds, the client on these cores.
    ///
    /// # Errors
    /// One sentence with what `pgbench` said.
    pub fn measure(
        &self,
        statement: Statement,
        connections: u32,
        seconds: f64,
        cores: &[usize],
    ) -> Result<Gave, String> {
        let script = self.folder.join("script.sql");
        std::fs::write(&script, statement.script(self.records))
            .map_err(|e| format!("{}: {e}", script.display()))?;
        let cores: Vec<String> = cores.iter().map(usize::to_string).collect();
        let mut pgbench = Command::new("taskset");
        pgbench.args(["-c", &cores.join(",")]).arg(self.bin.join("pgbench"));
        pgbench.args(["-n", "-M", "prepared", "-j", "2", "-U", USER, "-h"]).arg(&self.folder);
        pgbench
            .args(["-c", &connections.to_string(), "-T", &(seconds.ceil() as u64).to_string(), "-f"])
            .arg(&script);
        for (name, bytes) in [("document", RECORD_BYTES), ("body", 1_024), ("who", 60), ("what", 160)] {
            pgbench.arg("-D").arg(format!("{name}={}", text(bytes)));
        }
        pgbench.arg("postgres");
        let cpu_s = || look(self.process.pid()).map_or(0.0, |l| l.cpu_s);
        let before = cpu_s();
        let output = done(&mut pgbench)?;
        let took_s = cpu_s() - before;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let number = |what: &str| {
            let rest = &said[said.find(what)? + what.len()..];
            rest.split_whitespace().next()?.split('/').next()?.parse::<f64>().ok()
        };
        let strange = || format!("pgbench says what is not understood: {said}");
        let commits = number("actually processed: ").ok_or_else(strange)?;
        Ok(Gave {
            per_s: number("tps = ").ok_or_else(strange)?,
            mean_ms: number("average = ").ok_or_else(strange)?,
            server_us: took_s * 1e6 / commits.max(1.0),
        })
    }
}

/// The folder of the programs.
fn bin(bench: &Bench) -> Result<PathBuf, String> {
    let folder = PathBuf::from(DEBIAN_BIN);
    if !folder.is_dir() {
        install::debian(bench, "pg_ctlcluster", "postgresql-15")?;
    }
    if folder.is_dir() { Ok(folder) } else { Err(format!("PostgreSQL 15 is not at {DEBIAN_BIN}")) }
}

/// A command as a user who is not root.
fn unprivileged(program: &Path) -> Command {
    if !rustix::process::geteuid().is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid", USER, "--regid", USER, "--init-groups"]).arg(program);
    command
}

/// Text of so many bytes that does not repeat early: what stands for a record's content.
fn text(bytes: usize) -> String {
    (0..)
        .flat_map(|n: u32| format!("{:x}", n.wrapping_mul(2_654_435_761)).into_bytes())
        .take(bytes)
        .map(char::from)
        .collect()
}

/// Runs a command to its end.
fn done(command: &mut Command) -> Result<Output, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    // Not the scratch folder's business, and maybe not readable for the other user.
    let output =
        command.current_dir("/").stdin(Stdio::null()).output().map_err(|e| format!("{name}: {e}"))?;
    if output.status.success() {
        return Ok(output);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let last = said.lines().rev().find(|l| !l.trim().is_empty()).unwrap_or("no word why");
    Err(format!("{name} failed: {last}"))
}
