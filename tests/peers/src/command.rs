//! The command line of `spinebench-peers`: words to a [`Bench`], comparisons one after the other, each result written at
//! once. Called by `main`; measures nothing itself.

use crate::bench::Bench;
use crate::comparisons::{COMPARISONS, Comparison, chosen};
use crate::host::{self, Busy, Host, commit};
use crate::table::Table;
use clap::Parser;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Measures the product side by side with other load generators, other servers and this machine's floors.
#[derive(Debug, Parser)]
#[command(name = "spinebench-peers", version, about)]
struct Cli {
    /// Only these comparisons; see --list
    #[arg(long, num_args = 1.., value_name = "NAME")]
    only: Vec<String>,
    /// Rounds; in each, everybody is measured once, in turn
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=100))]
    rounds: u16,
    /// Length of one measurement, seconds
    #[arg(long, default_value_t = 5.0, value_parser = seconds)]
    seconds: f64,
    /// Where the tables go; default: reports/published/DATE-MACHINE
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Where other people's programs are installed and stay, and where scratch data lies
    #[arg(long, value_name = "DIR", default_value = "target/peers")]
    tools: PathBuf,
    /// The product's program; default: the one beside this
    #[arg(long, value_name = "FILE")]
    spinebench: Option<PathBuf>,
    /// One short round with what is installed: tells whether everything works, not how fast
    #[arg(long)]
    smoke: bool,
    /// Tell the comparisons and end
    #[arg(long)]
    list: bool,
    #[command(subcommand)]
    program: Option<crate::programs::Program>,
}

/// Length of a measurement in a smoke run, seconds.
const SMOKE_SECONDS: f64 = 1.0;

fn seconds(text: &str) -> Result<f64, String> {
    let seconds: f64 = text.parse().map_err(|_| format!("not a number: {text:?}"))?;
    // A shorter one is mostly start-up; a longer one is a mistake.
    if (1.0..=600.0).contains(&seconds) {
        Ok(seconds)
    } else {
        Err(format!("got {seconds}, allowed 1 to 600"))
    }
}

/// The program: 0 when every comparison gave a table, 1 when one did not, 2 for a wrong command line, 5 when what it needs
/// cannot be had. Targets that do not hold are told, not judged.
pub fn run_cli() -> ExitCode {
    let cli = Cli::parse();
    if let Some(program) = cli.program {
        return match program.run() {
            Ok(()) => ExitCode::SUCCESS,
            Err(sentence) => fail(5, &sentence),
        };
    }
    if cli.list {
        for c in COMPARISONS {
            println!("{:<16} {}", c.name, c.about);
        }
        return ExitCode::SUCCESS;
    }
    let comparisons = match chosen(&cli.only) {
        Ok(c) => c,
        Err(sentence) => return fail(2, &sentence),
    };
    match bench_of(&cli) {
        Ok(bench) => compare(&bench, &comparisons),
        Err(sentence) => fail(5, &sentence),
    }
}

fn fail(code: u8, sentence: &str) -> ExitCode {
    eprintln!("spinebench-peers: {sentence}");
    ExitCode::from(code)
}

fn bench_of(cli: &Cli) -> Result<Bench, String> {
    let beside = || Some(std::env::current_exe().ok()?.with_file_name("spinebench"));
    let spinebench = cli.spinebench.clone().or_else(beside).unwrap_or_default();
    let spinebench = spinebench.canonicalize().map_err(|e| {
        format!("{}: {e}; build it: cargo build --release -p spinebench -p peers", spinebench.display())
    })?;
    let folder = |path: &Path| {
        std::fs::create_dir_all(path).map_err(|e| format!("{}: {e}", path.display()))?;
        path.canonicalize().map_err(|e| format!("{}: {e}", path.display()))
    };
    let named = || {
        let date = harness::clock::wall_now().strftime("%Y-%m-%d").to_string();
        Path::new("reports/published").join(format!("{date}-{}", Host::here().slug()))
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    Ok(Bench {
        out: folder(&cli.out.clone().unwrap_or_else(named))?,
        tools: folder(&cli.tools.join("tools"))?,
        scratch: folder(&cli.tools.join("scratch"))?,
        spinebench,
        rounds: if cli.smoke { 1 } else { usize::from(cli.rounds) },
        seconds: if cli.smoke { SMOKE_SECONDS } else { cli.seconds },
        server_core: 0,
        client_core: cores.saturating_sub(1).min(1),
        smoke: cli.smoke,
    })
}

fn compare(bench: &Bench, comparisons: &[Comparison]) -> ExitCode {
    let first = host::Priority::first();
    let before = Busy::now();
    let mut tables = Vec::new();
    let mut failed = Vec::new();
    for c in comparisons {
        eprintln!("{}: {}", c.name, c.about);
        match (c.run)(bench).and_then(|table| write_table(&bench.out, &table).map(|()| table)) {
            Ok(table) => {
                println!("{}", table.markdown());
                tables.push(table);
            }
            Err(sentence) => {
                eprintln!("{}: failed: {sentence}", c.name);
                failed.push(format!("{}: {sentence}", c.name));
            }
        }
    }
    let page = page(bench, &tables, &failed, (before, Busy::now()), first.granted());
    match std::fs::write(bench.out.join("README.md"), page) {
        Err(e) => fail(5, &format!("{}: {e}", bench.out.display())),
        Ok(()) if failed.is_empty() => ExitCode::SUCCESS,
        Ok(()) => ExitCode::from(1),
    }
}

fn write_table(out: &Path, table: &Table) -> Result<(), String> {
    let json = serde_json::to_string_pretty(table).map_err(|e| format!("{}: {e}", table.name))?;
    for (ending, text) in [("json", json), ("md", table.markdown())] {
        let path = out.join(format!("{}.{ending}", table.name));
        std::fs::write(&path, text).map_err(|e| format!("{}: {e}", path.display()))?;
    }
    Ok(())
}

/// The page that joins the tables.
fn page(bench: &Bench, tables: &[Table], failed: &[String], busy: (Busy, Busy), first: bool) -> String {
    let host = Host::here();
    let (before, after) = busy;
    let mut out = String::from("# Spinebench side by side\n\n");
    let command: Vec<String> = std::env::args().skip(1).collect();
    let _ = writeln!(out, "- date: {}", harness::clock::wall_now().strftime("%Y-%m-%d %H:%M UTC"));
    let _ = writeln!(out, "- command: `spinebench-peers {}`", command.join(" "));
    let _ = writeln!(out, "- product: commit {}", commit(&bench.spinebench));
    let (cpu, cores, memory) = (&host.cpu, host.cores, host.memory_mib);
    let _ = writeln!(
        out,
        "- machine: {cpu}, {cores} cores, {memory} MiB; {}, kernel {}",
        host.system, host.kernel
    );
    let _ = writeln!(
        out,
        "- load average {:.2} before and {:.2} after; a hypervisor gave {:.1} % of the time to others",
        before.load,
        after.load,
        100.0 * after.steal_since(&before)
    );
    if first {
        out.push_str(
            "- everything measured ran before all else on its core (niceness -5, of the session -20)\n",
        );
    }
    let _ = writeln!(
        out,
        "- servers on core {}, clients on core {}; medians of {} rounds of {} s each, everybody in turn in each round; \
         (N x) is the ratio to the row that all are measured against\n",
        bench.server_core, bench.client_core, bench.rounds, bench.seconds
    );
    for sentence in failed {
        let _ = writeln!(out, "- not measured: {sentence}");
    }
    for table in tables {
        out.push_str(&table.markdown());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed_and_a_length_out_of_bounds_is_refused() {
        Cli::command().debug_assert();
        assert!(seconds("0.5").is_err_and(|e| e.contains("allowed 1 to 600")));
        assert_eq!(seconds("2"), Ok(2.0));
    }
}
