//! `spinebench seed-table`: the figures of the article that started this, and what is behind each here. Finds the run records; the table
//! itself is `reports`.

use crate::exit::{Exit, Failure};
use crate::out::tell;
use crate::runs;
use reports::cost::{measurement, seed_markdown, seed_table, seed_text};
use run_record::{Measured, Verdict};
use std::path::{Path, PathBuf};

/// Arguments of `spinebench seed-table`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  spinebench seed-table\n  spinebench seed-table --runs reports/published --format markdown\n\n\
                        Every answer says whether it is measured, derived under assumptions, or a published input. A figure that no\n\
                        valid run record shows is not claimed; the row names the command that would measure it."
)]
pub struct Args {
    /// Folders with run records; may be given more than once.
    #[arg(long, value_name = "DIR", default_values = [runs::RUNS, "reports/published"])]
    runs: Vec<PathBuf>,
    /// How to print it.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For the terminal.
    Text,
    /// A table for a page.
    Markdown,
    /// For programs.
    Json,
}

/// Runs the command.
pub fn run(args: &Args) -> Result<Exit, Failure> {
    let runs: Vec<(String, Measured)> = args.runs.iter().flat_map(|folder| records(folder)).collect();
    let spine = built("cases/spine-2015.toml", None)?;
    // The priced hub takes the newest run that kept its budgets at the national peak.
    let at_peak = runs.iter().filter(|(_, run)| {
        run.record.verdict == Verdict::Pass && run.record.scenario.path.ends_with("national-peak.toml")
    });
    let newest = at_peak.max_by_key(|(_, run)| run.record.started.clone());
    let measured = newest.and_then(|(origin, run)| measurement(origin, run).ok());
    let hub = built("cases/hub-today.toml", measured.as_ref())?;
    let found: Vec<_> = runs.into_iter().map(|(origin, run)| (origin, run.record)).collect();
    let rows = seed_table(&found, &spine, &hub);
    let text = match args.format {
        Format::Text => seed_text(&rows),
        Format::Markdown => seed_markdown(&rows),
        Format::Json => serde_json::to_string_pretty(&rows).map_err(|e| Failure::new(Exit::Bug, e))? + "\n",
    };
    tell(&text)?;
    Ok(Exit::Ok)
}

/// The run records of a folder that can be read; others are no evidence.
fn records(folder: &Path) -> Vec<(String, Measured)> {
    let names = runs::names(folder).unwrap_or_default();
    let read = |name: String| {
        let path = folder.join(&name);
        run_record::read(&path).ok().map(|run| (path.display().to_string(), run))
    };
    names.into_iter().filter_map(read).collect()
}

fn built(case: &str, measured: Option<&cost_model::Measurement>) -> Result<cost_model::Appraisal, Failure> {
    let model = cost_model::load_model(None, Path::new(case)).map_err(|f| Failure::new(Exit::Bug, f))?;
    cost_model::build(model, measured).map_err(|f| Failure::new(Exit::Bug, f))
}
