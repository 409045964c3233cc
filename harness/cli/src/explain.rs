//! `spinebench explain`: what a scenario would send, before anything runs.

use crate::exit::{Exit, Failure};
use std::path::PathBuf;

/// Arguments of `spinebench explain`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The scenario file.
    scenario: PathBuf,
}

/// Runs the command.
pub fn run(args: &Args) -> Result<Exit, Failure> {
    let scenario = scenarios::load(&args.scenario).map_err(|f| Failure::new(Exit::BadScenario, f))?;
    print!("{}", scenarios::explain(&scenario));
    Ok(Exit::Ok)
}
