//! `spinebench seed-table`: the figures of the article that started this product, and what comes out here. Reads run records
//! and the built-in models; what it says of them `reports::cost` decides.

use crate::exit::{Exit, Failure};
use crate::out::tell;
use crate::runs::{RUNS, names};
use cost_model::load_model;
use reports::cost::{NamedRun, seed_markdown, seed_table, seed_text};
use std::path::{Path, PathBuf};

/// Where the project publishes its own records: what stands in for runs that were not made here.
const PUBLISHED: &str = "reports/published";

/// Arguments of `spinebench seed-table`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  spinebench seed-table\n  spinebench seed-table --format markdown > table.md\n\n\
                        Each figure stands as measured, derived under assumptions, published input, or not measured yet with the \
                        command that would measure it. The newest valid run of each scenario counts, one that was run as it is \
                        written before one that was changed."
)]
pub struct Args {
    /// The folder with the run records; those in reports/published count too where that folder is.
    #[arg(long, value_name = "DIR", default_value = RUNS)]
    runs: PathBuf,
    /// How to print it.
    #[arg(long, value_name = "NAME", default_value = "text", value_parser = ["text", "markdown", "json"])]
    format: String,
}

/// Runs the command.
pub fn run(args: &Args) -> Result<Exit, Failure> {
    let bad = |faults: cost_model::Faults| Failure::new(Exit::BadScenario, faults);
    let runs = crate::cost::slow("reading the run records", || {
        let mut runs = records(Path::new(PUBLISHED))?;
        runs.extend(records(&args.runs)?);
        Ok(runs)
    })?;
    let built_in = |path: &str| load_model(None, Path::new(path)).map_err(bad);
    let (spine_2015, hub_today) = (built_in("cases/spine-2015.toml")?, built_in("cases/hub-today.toml")?);
    let rows = seed_table(&runs, &spine_2015, &hub_today).map_err(bad)?;
    let text = match args.format.as_str() {
        "markdown" => seed_markdown(&rows),
        "json" => serde_json::to_string_pretty(&rows).map_err(|e| Failure::new(Exit::Bug, e))? + "\n",
        _ => seed_text(&rows),
    };
    tell(&text)?;
    Ok(Exit::Ok)
}

/// The whole records of a folder; none where there is no such folder yet. A broken record is passed over: `spinebench runs`
/// tells of it.
fn records(folder: &Path) -> Result<Vec<NamedRun>, Failure> {
    let names = match names(folder) {
        Ok(names) => names,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => {
            return Err(Failure::new(
                Exit::Unreachable,
                format!("{}: cannot be read: {e}", folder.display()),
            ));
        }
    };
    let named = |name: String| {
        let folder = folder.join(name);
        let run = run_record::read(&folder).ok()?;
        Some(NamedRun { name: folder.display().to_string(), run })
    };
    Ok(names.into_iter().filter_map(named).collect())
}
