//! `spinebench compare`: two run records side by side, for people. A pure function of the two; decides nothing.

use crate::exit::{Exit, Failure};
use crate::{report, runs};
use std::path::{Path, PathBuf};

/// Arguments of `spinebench compare`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Changes are B against A. The two must be of the same scenario, target, store, model and machine class; otherwise every \
                  difference is named, and nothing is computed.\n\n\
                  Intervals know what happened within the two runs, not what differs from run to run: two runs of one build often \
                  differ by more. To decide about a change, measure both builds again in random order with `spinebench ab`.\n\n\
                  Examples:\n  spinebench compare 20260102T101500Z-smoke latest\n  \
                  spinebench compare old/record new/record --format html --out compare.html\n  \
                  spinebench compare A B --format markdown >> comment.md\n\n\
                  Exit codes: 0 compared, 2 not comparable, or a record that cannot be read, 5 the output cannot be written"
)]
pub struct Args {
    /// The run to compare with: its folder, or its name inside --runs; `latest` is the newest.
    #[arg(value_name = "A")]
    a: PathBuf,
    /// The run that is compared.
    #[arg(value_name = "B")]
    b: PathBuf,
    /// How to show it.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Write to this file instead of stdout.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// The folder that names are looked up in.
    #[arg(long, value_name = "DIR", default_value = runs::RUNS)]
    runs: PathBuf,
}

/// How a comparison is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// All requests whole, each interaction in a line, for the terminal.
    Text,
    /// Every interaction and metric in a table, for a merge request.
    Markdown,
    /// One self-contained page with overlaid percentile charts.
    Html,
}

/// Runs the command.
pub fn run(args: &Args) -> Result<Exit, Failure> {
    let usage = |e: &dyn std::fmt::Display| Failure::new(Exit::Usage, e);
    let read = |run: &Path| {
        let folder = report::find(run, &args.runs).map_err(|e| Failure { exit: Exit::Usage, ..e })?;
        run_record::read(&folder).map_err(|e| usage(&e))
    };
    // Both are read before either is refused, so that two faults come at once.
    let (a, b) = match (read(&args.a), read(&args.b)) {
        (Ok(a), Ok(b)) => (a, b),
        (Err(a), Err(b)) => return Err(usage(&format!("{}\n{}", a.message, b.message))),
        (Err(one), Ok(_)) | (Ok(_), Err(one)) => return Err(one),
    };
    let (name_a, name_b) = (args.a.display().to_string(), args.b.display().to_string());
    let comparison = reports::compare((&name_a, &a), (&name_b, &b)).map_err(|e| usage(&e))?;
    let text = match args.format {
        Format::Text => reports::compare_text(&comparison),
        Format::Markdown => reports::compare_markdown(&comparison),
        Format::Html => reports::compare_html(&comparison),
    };
    crate::out::put(&text, args.out.as_deref())?;
    Ok(Exit::Ok)
}
