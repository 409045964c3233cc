//! `spinebench report`: a pure function of a run record, printed or rendered again.

use crate::exit::{Exit, Failure};
use std::path::PathBuf;

/// Arguments of `spinebench report`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The run record's folder, e.g. target/runs/latest.
    run: PathBuf,
    /// How to render it.
    #[arg(long, value_name = "NAME", default_value = "summary", value_parser = renderer_names())]
    format: String,
    /// Write to this file instead of stdout.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

fn renderer_names() -> clap::builder::PossibleValuesParser {
    clap::builder::PossibleValuesParser::new(reports::RENDERERS.iter().map(|r| r.name))
}

/// Runs the command.
pub fn run(args: &Args) -> Result<Exit, Failure> {
    let measured = run_record::read(&args.run).map_err(|e| Failure::new(Exit::BadScenario, e))?;
    let Some(renderer) = reports::RENDERERS.iter().find(|r| r.name == args.format) else {
        return Err(Failure::new(Exit::Usage, format!("no renderer named {:?}", args.format)));
    };
    let text = (renderer.render)(&measured);
    match &args.out {
        None => println!("{text}"),
        Some(file) => std::fs::write(file, text).map_err(|e| {
            Failure::new(Exit::Unreachable, format!("{}: cannot be written: {e}", file.display()))
        })?,
    }
    Ok(Exit::Ok)
}
