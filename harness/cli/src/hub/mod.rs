//! `spinebench hub`: the reference hub alone, for NHS client software, for a run's child process, for verification.

mod certs;

use crate::exit::{Exit, Failure};
use crate::signals;
use reference_hub::StopHandle;
use rustix::fs::{FileType, fstat};
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// Arguments of `spinebench hub`.
#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "The first line of stdout ends with the address. The hub stops cleanly on Ctrl-C, on SIGTERM, and when its\n\
                  stdin is a pipe that closes. What it acknowledged is in the data folder and survives a restart.\n\n\
                  Examples:\n  spinebench hub --sandbox --listen 127.0.0.1:8700 --data /tmp/hub\n  \
                  spinebench hub --tls mutual --data /tmp/hub    with certificates made in /tmp/hub/certs\n  \
                  spinebench hub certs /tmp/hub/certs --endpoints 100    client certificates for a hundred end points\n  \
                  spinebench hub verify /tmp/hub    check the audit chain of a stopped hub"
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
    #[arg(long, value_name = "NAME", default_value = "fjall")]
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
    #[arg(long, value_name = "N")]
    io_threads: Option<usize>,
    /// No progress on stderr.
    #[arg(long, short)]
    quiet: bool,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Check a stopped hub's data folder: sequence, hash chain and high-water mark.
    Verify {
        /// The data folder.
        data: PathBuf,
    },
    /// Make a development CA, a server certificate, client certificates of synthetic end points, and an OAuth 2.0
    /// application's key pair.
    Certs(certs::Args),
}

/// Runs the command.
pub fn run(args: Args) -> Result<Exit, Failure> {
    match args.action {
        Some(Action::Verify { data }) => return verify(&data),
        Some(Action::Certs(args)) => return certs::run(&args),
        None => {}
    }
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
        data: args.data,
        store,
        population: Some(people),
        sandbox: args.sandbox,
        security,
        io_threads: args.io_threads,
        quiet: args.quiet,
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
        eprintln!("spinebench hub stopped: {total} answers, durable up to transaction {}", summary.head_seq);
    }
    Ok(Exit::Ok)
}

fn verify(data: &Path) -> Result<Exit, Failure> {
    let seen = reference_hub::verify(data).map_err(|e| Failure::new(Exit::Unreachable, e))?;
    println!(
        "{} transactions in {} commits, {} audit events, {} findings",
        seen.head.seq, seen.links, seen.events, seen.findings_total
    );
    for finding in &seen.findings {
        println!("{finding}");
    }
    Ok(if seen.is_whole() { Exit::Ok } else { Exit::Unreachable })
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
