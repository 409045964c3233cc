//! `spinebench cost`: from a cost model, and a run where one is given, to the files that procurement opens. Everything in
//! them is a pure function of these two; nothing here computes a figure. `check` and `diff` look at models alone.

mod check;
mod diff;
mod measured;
mod slow;
mod written;

use crate::exit::{Exit, Failure};
use crate::out::tell;
use crate::runs::RUNS;
use cost_model::appraisal::{Appraisal, Tornado};
use cost_model::{Fault, Faults, Measurement, Model, build};
use reports::cost::CostResults;
pub(crate) use slow::slow;
use std::path::{Path, PathBuf};

/// Below this each model's files go into a folder by its short name.
const OUT: &str = "target/cost";
/// More draws change no printed digit, and memory runs out.
const DRAWS_MAX: i64 = 1_000_000;

/// Arguments of `spinebench cost`.
#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "Examples:\n  spinebench cost reports/cases/hub-today.toml --run latest   on the newest run\n  \
                  spinebench cost my-model.toml --run target/runs/NAME --out DIR\n  \
                  spinebench cost cases/spine-2015.toml                       built in, without a run\n  \
                  spinebench cost check my-model.toml                         what must be mended, all at once\n  \
                  spinebench cost diff old.toml new.toml                      what changed, and what it does\n\n\
                  It writes workbook.xlsx (live formulas; start at its first sheet), report.html (the same to read and \
                  print), costs.csv, results.csv, assumptions.csv, focus.csv and cost.json. A run gives the model its \
                  capacity, processor time, memory, disk and response times; without one the model's own fallbacks stand, \
                  and the report says so. A search by `spinebench limit` may stand in the place of a run: its capacity is \
                  the hub's limit.\n\n\
                  Exit codes: 0 written, 3 the model or the run record is wrong (nothing is written), 4 the run is not \
                  valid, 5 the files cannot be written"
)]
pub struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    report: Report,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Tell everything that must be mended in a model before its results are relied on.
    Check(check::Args),
    /// Explain every line in which two models differ, and what each change alone does to the result.
    Diff(diff::Args),
}

#[derive(Debug, clap::Args)]
struct Report {
    /// The model file, or a built-in one such as cases/spine-2015.toml.
    #[arg(required = true)]
    model: Option<PathBuf>,
    #[command(flatten)]
    run: Run,
    /// Where the files go; target/cost and the model's short name unless given. Files of these names are replaced.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Draws of the Monte Carlo case; the model's own number unless given.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=DRAWS_MAX))]
    draws: Option<u32>,
    /// Another seed of the draws than the model's.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// What to print: a summary for people, or cost.json again for programs.
    #[arg(long, value_name = "NAME", default_value = "summary", value_parser = ["summary", "json"])]
    format: String,
}

/// Which run a model is bound to.
#[derive(Debug, clap::Args)]
struct Run {
    /// The run record, or the folder of a search for the limit: its path, or its name inside --runs; `latest` is the newest.
    #[arg(long = "run", value_name = "RUN")]
    record: Option<PathBuf>,
    /// The folder that names are looked up in.
    #[arg(long, value_name = "DIR", default_value = RUNS)]
    runs: PathBuf,
}

/// Runs the command.
pub fn run(args: &Args) -> Result<Exit, Failure> {
    match (&args.command, &args.report.model) {
        (Some(Command::Check(args)), _) => check::run(args),
        (Some(Command::Diff(args)), _) => diff::run(args),
        (None, Some(model)) => report(model, &args.report),
        (None, None) => Err(Failure::new(Exit::Usage, "no model given, allowed: spinebench cost MODEL")),
    }
}

fn report(path: &Path, args: &Report) -> Result<Exit, Failure> {
    let mut model = load(path).map_err(bad)?;
    model.draws = args.draws.map_or(model.draws, |draws| draws as usize);
    model.seed = args.seed.unwrap_or(model.seed);
    let (model, measurement) = measured::bound(model, &args.run)?;
    let (appraisal, tornados) = judged(model, measurement.as_ref()).map_err(bad)?;
    let results = results(appraisal, tornados)?;
    let out =
        args.out.clone().unwrap_or_else(|| Path::new(OUT).join(folder_name(&results.appraisal.model.id)));
    let files = slow("writing the workbook and the report", || written::files(&results))?;
    written::write(&out, &files)?;
    match args.format.as_str() {
        "json" => tell(&format!("{}\n", reports::cost::json(&results)))?,
        _ => tell(&format!("{}\n{}", reports::cost::summary(&results), written::listed(&out)))?,
    }
    Ok(Exit::Ok)
}

/// Loads a model by its path, or a built-in one.
fn load(path: &Path) -> Result<Model, Faults> {
    slow("reading the model", || cost_model::load_model(Some(Path::new("")), path))
}

fn bad(faults: Faults) -> Failure {
    Failure::new(Exit::BadScenario, faults)
}

/// Today, `YYYY-MM-DD`, in UTC.
fn today() -> String {
    harness::clock::wall_now().strftime("%Y-%m-%d").to_string()
}

/// The model built and found fit to be relied on, with the tornado that this takes, or all that is wrong with it.
fn judged(model: Model, measurement: Option<&Measurement>) -> Result<(Appraisal, Vec<Tornado>), Faults> {
    let today = today();
    let appraisal = match build(model.clone(), measurement) {
        Ok(appraisal) => appraisal,
        Err(faults) => {
            let mut all = cost_model::check_model(&model, &today);
            all.extend(faults.0);
            return Err(Faults(all));
        }
    };
    let tornados: Vec<Tornado> = slow("trying each assumption by itself", || {
        others(&appraisal).map(|option| cost_model::tornado(&appraisal, option)).collect()
    });
    let mut faults: Vec<Fault> = cost_model::check_model(&appraisal.model, &today);
    faults.extend(cost_model::check_results(&appraisal, &tornados));
    match faults.is_empty() {
        true => Ok((appraisal, tornados)),
        false => {
            faults.sort_by_key(|fault| fault.line);
            faults.dedup();
            Err(Faults(faults))
        }
    }
}

/// The options that are compared with the baseline.
fn others(appraisal: &Appraisal) -> impl Iterator<Item = usize> {
    let baseline = appraisal.baseline;
    (0..appraisal.options.len()).filter(move |option| *option != baseline)
}

fn results(appraisal: Appraisal, tornados: Vec<Tornado>) -> Result<CostResults, Failure> {
    let (seed, draws) = (appraisal.model.seed, appraisal.model.draws);
    let monte_carlo = slow(&format!("drawing {} times", reports::units::whole(draws as u64)), || {
        cost_model::monte_carlo(&appraisal, seed, draws)
    });
    let monte_carlo = monte_carlo.map_err(|sentence| {
        Failure::new(Exit::BadScenario, format!("{}: {sentence}", appraisal.model.origin))
    })?;
    let switching = slow("seeking switching values", || {
        others(&appraisal).flat_map(|option| cost_model::switching(&appraisal, option)).collect()
    });
    Ok(CostResults {
        monte_carlo,
        tornados,
        switching,
        scenarios: cost_model::scenario_results(&appraisal),
        appraisal,
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        command: std::env::args().collect::<Vec<_>>().join(" "),
        made: harness::clock::wall_now().to_string(),
    })
}

/// A short name as a folder's: whatever could lead elsewhere is a hyphen.
fn folder_name(id: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '_' || c == '-' { c } else { '-' };
    id.chars().map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_models_name_cannot_lead_out_of_the_folder() {
        assert_eq!(folder_name("hub-today"), "hub-today");
        assert_eq!(folder_name("../../etc/x"), "------etc-x");
    }
}
