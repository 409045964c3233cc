//! `spinebench cost diff`: every line in which two models differ, and what each change alone does to the result.

use super::{Run, bad, load, measured};
use crate::exit::{Exit, Failure};
use crate::out::tell;
use std::path::PathBuf;

/// Arguments of `spinebench cost diff`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  spinebench cost diff last-year.toml this-year.toml\n  \
                        spinebench cost diff reports/cases/hub-today.toml my-model.toml --run latest\n  \
                        spinebench cost diff a.toml b.toml --json | jq '.changes[] | {name, alone}'\n\n\
                        Each change is tried alone on the first model: what it moves by itself stands beside it. What acts on one \
                        another shows in the total alone. Exit codes: 0 compared, 3 a model is wrong, 4 the run is not valid")]
pub struct Args {
    /// The model before.
    before: PathBuf,
    /// The model after.
    after: PathBuf,
    #[command(flatten)]
    run: Run,
    /// Print JSON for programs.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub fn run(args: &Args) -> Result<Exit, Failure> {
    let (before, after) = (load(&args.before).map_err(bad)?, load(&args.after).map_err(bad)?);
    let (before, measurement) = measured::bound(before, &args.run)?;
    let (after, _) = measured::bound(after, &args.run)?;
    let compare = || reports::cost::diff(&before, &after, measurement.as_ref());
    let diff = super::slow("trying each change by itself", compare).map_err(bad)?;
    let text = match args.json {
        true => serde_json::to_string_pretty(&diff).map_err(|e| Failure::new(Exit::Bug, e))? + "\n",
        false => diff.text(),
    };
    tell(&text)?;
    Ok(Exit::Ok)
}
