//! The command line: words to calls, outcomes to exit codes. One file a subcommand; nothing here measures or judges.

mod ab;
mod compare;
mod cost;
mod events;
mod exit;
mod explain;
mod gate;
mod gate_output;
mod gate_rules;
mod hub;
mod limit;
mod live;
mod metrics;
mod opening;
mod otlp;
mod out;
mod place;
mod report;
mod run;
mod runs;
mod seed_table;
mod signals;
mod trend;

pub use exit::Exit;

use clap::{Parser, Subcommand};
use exit::Failure;
use std::process::ExitCode;

/// Measures what a national health messaging hub carries, and brings a reference hub to measure.
#[derive(Debug, Parser)]
#[command(
    name = "spinebench",
    version,
    about,
    after_help = "Start here:\n  spinebench explain scenarios/national-peak.toml   what would be sent, before anything runs\n  \
                  spinebench run scenarios/national-peak.toml       send it, measure it, judge it\n  \
                  spinebench limit scenarios/ramp-to-limit.toml     how much is too much\n  \
                  spinebench runs                                   what has been run so far\n  \
                  spinebench report latest                          read a run record again\n  \
                  spinebench cost reports/cases/hub-today.toml --run latest   what it costs and saves, as a workbook\n  \
                  spinebench compare A B                            two run records side by side\n  \
                  spinebench ab --baseline ../main --candidate . scenarios/gate.toml\n  \
                                                                    is this build slower than that one? for CI\n  \
                  spinebench gate latest                            a run record against its budgets, for CI\n  \
                  spinebench trend                                  many of them over time\n  \
                  spinebench hub --sandbox                          a hub to point NHS client software at\n\n\
                  Exit codes: 0 ok, 1 over budget, 2 usage, 3 bad scenario, 4 run invalid, 5 target unreachable, 70 bug;\n\
                  of ab and gate: 0 pass, 1 regressed or over budget, 2 invalid or not comparable, 3 inconclusive, 4 infrastructure"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run a scenario, write its run record with an HTML report, and exit with the verdict.
    Run(run::Args),
    /// Run the reference hub alone, on a port and a data folder that survive a restart.
    Hub(Box<hub::Args>),
    /// Say what a scenario would send, before anything runs.
    Explain(explain::Args),
    /// Find the highest rate that keeps a scenario's budgets, and confirm it.
    Limit(limit::Args),
    /// Set a candidate against its baseline in blocks of fresh trials, until it is known whether it is worse.
    Ab(Box<ab::Args>),
    /// Judge stored run records by budgets, and set them against a baseline's; or judge a table of block differences.
    Gate(gate::Args),
    /// Read a run record and print or render it again.
    Report(report::Args),
    /// List the run records of a folder, the newest last.
    Runs(runs::Args),
    /// Price a model, bound to a run: a workbook with live formulas, a report, tables.
    Cost(cost::Args),
    /// The figures of the 2015 article beside what comes out here: measured, derived, or published input.
    SeedTable(seed_table::Args),
    /// Set two run records side by side: what moved, and by how much.
    Compare(compare::Args),
    /// Follow the run records of a folder over time, and mark where a metric changed.
    Trend(trend::Args),
}

/// Runs the program with the process's own arguments.
pub fn run_cli() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(e) => {
            let _ = e.print();
            return if e.use_stderr() { Exit::Usage.into() } else { Exit::Ok.into() };
        }
    };
    let outcome = match cli.command {
        Command::Run(args) => run::run(&args),
        Command::Hub(args) => hub::run(*args),
        Command::Explain(args) => explain::run(&args),
        Command::Limit(args) => limit::run(&args),
        Command::Ab(args) => return of_gate(ab::run(&args)),
        Command::Gate(args) => return of_gate(gate::run(&args)),
        Command::Report(args) => report::run(&args),
        Command::Runs(args) => runs::run(&args),
        Command::Cost(args) => cost::run(&args),
        Command::SeedTable(args) => seed_table::run(&args),
        Command::Compare(args) => compare::run(&args),
        Command::Trend(args) => trend::run(&args),
    };
    match outcome {
        Ok(exit) => exit.into(),
        Err(Failure { exit, message }) => {
            eprintln!("{message}");
            exit.into()
        }
    }
}

/// A gate's own exit code, or what a failure is in its terms.
fn of_gate(outcome: Result<ExitCode, Failure>) -> ExitCode {
    outcome.unwrap_or_else(|failure| {
        eprintln!("{}", failure.message);
        failure.gate_code().into()
    })
}

/// The record that the project publishes, for tests that need a real one.
#[cfg(test)]
fn published_record() -> std::path::PathBuf {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../reports/published");
    let records = std::fs::read_dir(folder).expect("reports/published is there").flatten();
    let mut records: Vec<_> = records.map(|e| e.path()).filter(|p| p.join("record.json").exists()).collect();
    records.sort();
    records.pop().expect("a record is published")
}
