//! `spinebench trend`: the run records of a folder over time, with change points. For triage; its exit code never speaks of a change.

use crate::exit::{Exit, Failure};
use crate::runs;
use std::path::PathBuf;

/// Seed of the shuffles that change points are tested with: the product's usual one.
const SEED: u64 = 42;

/// Arguments of `spinebench trend`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Runs of one scenario on one class of machine are a group; each metric of a group is looked at by itself. A change is called \
                  where the runs before and after differ more than nearly all shuffles of them do (E-divisive, Matteson and James 2014), \
                  with at least five runs on either side: what happened in the newest four cannot be seen yet.\n\n\
                  For triage, never as a gate: some changes that are called are none. To catch slow creep, gate every night against \
                  the last release with `spinebench ab`.\n\n\
                  Examples:\n  spinebench trend\n  spinebench trend nightly/ --format html --out trend.html\n  \
                  spinebench trend nightly/ --format json | jq '.groups[].series[] | select(.changes != [])'\n\n\
                  Exit codes: 0 shown, whatever changed, 5 the folder cannot be read or the output not be written"
)]
pub struct Args {
    /// The folder that holds the run records.
    #[arg(value_name = "DIR", default_value = runs::RUNS)]
    folder: PathBuf,
    /// How to show it.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Write to this file instead of stdout.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// How a trend is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// What changed, and the range of each metric, for the terminal.
    Text,
    /// One self-contained page with a chart for each metric.
    Html,
    /// Every point and change, for programs.
    Json,
}

/// Runs the command.
pub fn run(args: &Args) -> Result<Exit, Failure> {
    let mut names = runs::names(&args.folder).map_err(|e| {
        Failure::new(Exit::Unreachable, format!("{}: cannot be read: {e}", args.folder.display()))
    })?;
    names.sort();
    let (mut found, mut left_out) = (Vec::new(), Vec::new());
    for name in names {
        // One record at a time: only its figures are kept.
        match run_record::read(&args.folder.join(&name)) {
            Ok(run) => found.push(reports::trend_run(&name, &run)),
            Err(e) => left_out.push(format!("{name}: left out, {e}.")),
        }
    }
    let trend = reports::trend(found, left_out, SEED);
    let text = match args.format {
        Format::Text => reports::trend_text(&trend),
        Format::Html => reports::trend_html(&trend),
        Format::Json => reports::trend_json(&trend),
    };
    crate::out::put(&text, args.out.as_deref())?;
    Ok(Exit::Ok)
}
