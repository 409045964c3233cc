//! `spinebench hub`: the reference hub alone, for NHS client software and for a run's child process; and what an operator
//! does with its data folder (`audit`, `backup`).

mod audit;
mod backup;

mod certs;

use crate::exit::{Exit, Failure};
use crate::signals;
use reference_hub::inject::{self, grammar};
use reference_hub::{StopHandle, log};
use rustix::fs::{FileType, fstat};
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Most threads that may be asked for. 256: more than the cores of any machine that this is run on; each takes a socket.
const IO_THREADS_MAX: i64 = 256;

/// Most memory that may be asked for, in MiB: 16 TiB, more than any machine has.
const CACHE_MIB_MAX: u64 = 16 * 1024 * 1024;
/// One MiB in bytes.
const MIB: u64 = 1024 * 1024;

/// Arguments of `spinebench hub`.
#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "The first line of stdout ends with the address. The hub stops cleanly on Ctrl-C, on SIGTERM, and when its\n\
                  stdin is a pipe that closes. What it acknowledged is in the data folder and survives a restart.\n\n\
                  Examples:\n  spinebench hub --sandbox --listen 127.0.0.1:8700 --data /tmp/hub\n  \
                  spinebench hub --tls mutual --data /tmp/hub    with certificates made in /tmp/hub/certs\n  \
                  spinebench hub certs /tmp/hub/certs --endpoints 100    client certificates for a hundred end points\n  \
                  spinebench hub --sandbox --inject \"delay 50ms p=0.1; error 503 p=0.01\"\n  \
                  spinebench hub audit verify /tmp/hub    check the audit chain of a stopped hub\n  \
                  spinebench hub backup --from http://127.0.0.1:8700 --out /tmp/backup    back up a running hub"
)]
pub struct Args {
    #[command(subcommand)]
    action: Option<Action>,
    /// Address to listen on; port 0 takes a free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8700")]
    listen: SocketAddr,
    /// Data folder, made when missing.
    #[arg(long, value_name = "DIR", default_value = "target/hub")]
    data: PathBuf,
    /// Store engine.
    #[arg(long, value_name = "NAME", default_value = reference_hub::STORES[0].name)]
    store: String,
    /// The set-up that NHS clients' examples expect: MESH shared key TestKey, mailboxes X26ABC1 to X26ABC3 with password
    /// `password`, the published PDS sandbox numbers, no session token asked for.
    #[arg(long)]
    sandbox: bool,
    /// Seed of the synthetic population.
    #[arg(long, value_name = "N", default_value_t = 42)]
    seed: u64,
    /// People in the population.
    #[arg(long, value_name = "N", default_value_t = 2_000)]
    patients: u64,
    /// Organisations in the directory.
    #[arg(long, value_name = "N", default_value_t = 2_000)]
    organisations: u32,
    /// End points in the directory.
    #[arg(long, value_name = "N", default_value_t = 2_800)]
    endpoints: u32,
    #[command(flatten)]
    security: certs::SecurityArgs,
    /// Threads that read and answer requests (default: cores less one, at least one).
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=IO_THREADS_MAX))]
    io_threads: Option<u16>,
    /// Memory for the rows that were read or written last, in MiB (default: a quarter of this machine's, at least 384).
    /// 6 KB hold one person.
    #[arg(long, value_name = "MIB", value_parser = clap::value_parser!(u64).range(16..=CACHE_MIB_MAX))]
    cache: Option<u64>,
    /// No progress on stderr.
    #[arg(long, short)]
    quiet: bool,
    /// Answer callers on this machine at `/_admin/backup` and `/_admin/inject`; a sandbox does in any case.
    #[arg(long)]
    admin: bool,
    /// Faults to inject, such as "delay 50ms p=0.1 op=pds-retrieve; error 503 p=0.01; stall 2s every=30s; reset p=0.001;
    /// lose p=0.001; slow-body 10KB/s op=mesh-download".
    #[arg(long, value_name = "RULES", default_value = "")]
    inject: String,
    /// Decides which requests the faults meet.
    #[arg(long, value_name = "N", default_value_t = inject::SEED_DEFAULT)]
    inject_seed: u64,
    /// How lines on stderr look.
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = ["text", "json"])]
    log_format: String,
    /// The least of what is told on stderr.
    #[arg(long, value_name = "LEVEL", default_value = "info", value_parser = ["error", "warn", "info", "debug"])]
    log_level: String,
    /// A JSON line on stderr for every answer, or for one in N.
    #[arg(long, value_name = "N", num_args = 0..=1, default_missing_value = "1", default_value_t = 0)]
    access_log: u64,
    /// Seconds for which a stopping hub says that it is not ready before it stops accepting.
    #[arg(long, value_name = "S", default_value_t = 0, value_parser = clap::value_parser!(u64).range(0..=600))]
    drain_notice: u64,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Check a stopped hub's audit log, or export it as a trace.
    #[command(subcommand)]
    Audit(audit::Action),
    /// Back up a running hub, or a stopped hub's data folder.
    Backup(backup::Args),
    /// Make a new data folder from a backup, verified.
    Restore {
        /// The backup's folder.
        backup: PathBuf,
        /// The new data folder: not there yet, or empty.
        data: PathBuf,
    },
    /// Make a development CA, a server certificate, client certificates of synthetic end points, and an OAuth 2.0
    /// application's key pair.
    Certs(certs::Args),
}

/// Runs the command.
pub fn run(args: Args) -> Result<Exit, Failure> {
    match args.action {
        Some(Action::Audit(action)) => return audit::run(action),
        Some(Action::Backup(args)) => return backup::run(&args),
        Some(Action::Restore { backup, data }) => return backup::restore(&backup, &data),
        Some(Action::Certs(args)) => return certs::run(&args),
        None => {}
    }
    let plan = grammar::parse("--inject", &args.inject)
        .map_err(|faults| Failure::new(Exit::Usage, faults.join("\n")))?;
    log::set(worded(log::FORMATS, &args.log_format), worded(log::LEVELS, &args.log_level));
    let sizes = population::Sizes {
        patients: args.patients,
        organisations: args.organisations,
        endpoints: args.endpoints,
    };
    let people = population::Population::new(args.seed, sizes)
        .map_err(|faults| Failure::new(Exit::Usage, faults.join("\n")))?;
    let stop = StopHandle::new();
    signals::on_stop({
        let stop = stop.clone();
        move || stop.stop()
    });
    stop_with_stdin(stop.clone());
    let store = reference_hub::store_kind(&args.store).ok_or_else(|| {
        let names: Vec<&str> = reference_hub::STORES.iter().map(|s| s.name).collect();
        Failure::new(
            Exit::Usage,
            format!("--store: no such engine, got {:?}, allowed: {}", args.store, names.join(", ")),
        )
    })?;
    let security = args.security.decided(&args.data, &people)?;
    let scheme = if security.tls.is_some() { "https" } else { "http" };
    let config = reference_hub::HubConfig {
        listen: args.listen,
        store,
        population: Some(people),
        sandbox: args.sandbox,
        security,
        io_threads: args.io_threads.map(usize::from),
        cache_bytes: Some(args.cache.map_or_else(cache_bytes, |mib| mib * MIB)),
        quiet: args.quiet,
        admin: args.admin,
        access_log_every: args.access_log,
        inject: Arc::new(plan),
        inject_seed: args.inject_seed,
        drain_notice: Duration::from_secs(args.drain_notice),
        ..reference_hub::HubConfig::new(args.data)
    };
    let ready = |address: SocketAddr| {
        let mut out = std::io::stdout().lock();
        let _ = writeln!(out, "spinebench hub listens on {scheme}://{address}");
        let _ = out.flush();
    };
    let summary =
        reference_hub::run(&config, ready, &stop).map_err(|e| Failure::new(Exit::Unreachable, e))?;
    if !args.quiet {
        let total = summary.answered.total;
        let told = format!("stopped: {total} answers, durable up to transaction {}", summary.head_seq);
        log::info("stopped", &told);
    }
    Ok(Exit::Ok)
}

/// A quarter of this machine's memory: the rest is for the disk's pages and for whoever else is there.
fn cache_bytes() -> u64 {
    let memory = rustix::system::sysinfo();
    let bytes = memory.totalram.saturating_mul(u64::from(memory.mem_unit));
    (bytes / 4).max(reference_hub::limits::READ_CACHE_BYTES_MAX)
}

/// What the word on the command line stands for; the first when it is none (the parser lets no other through).
fn worded<T: Copy>(all: &[(&str, T)], word: &str) -> T {
    all.iter().find(|(known, _)| *known == word).unwrap_or(&all[0]).1
}

/// A hub whose stdin is a pipe belongs to whoever holds the other end, and goes when they go. A terminal or
/// `/dev/null` means nothing.
fn stop_with_stdin(stop: StopHandle) {
    let is_pipe = fstat(std::io::stdin())
        .is_ok_and(|s| matches!(FileType::from_raw_mode(s.st_mode), FileType::Fifo | FileType::Socket));
    if !is_pipe {
        return;
    }
    std::thread::spawn(move || {
        let mut buffer = [0u8; 256];
        while matches!(std::io::stdin().lock().read(&mut buffer), Ok(n) if n > 0) {}
        stop.stop();
    });
}
