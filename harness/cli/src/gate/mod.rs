//! `spinebench gate`: stored run records against budgets and against a baseline's, or a table of block differences against the
//! statistics. Thin: it reads records and a budget file; `reports` judges.

mod replay;

use crate::exit::{Exit, Failure};
use crate::gate_rules::{budget_rules, relative_rules};
use crate::{gate_output, report, runs};
use reports::gate::{ExitCodeMap, GateRules, StoredRun, gate_exit_code, gate_stored};
use run_record::Measured;
use scenarios::{Baseline, Budget, BudgetFile};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Arguments of `spinebench gate`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Budgets are judged over all runs given; from seven on by bounds of 95 %, a single one says that the variance from run to \
                  run is unknown. Without --budget, the budgets are those of the scenario as it was run.\n\n\
                  Against stored runs nothing fails but an interaction that was lost: they were measured at other times, when the machine \
                  was another. A budget file with baseline = \"stored\" takes the risk of false alarms. From 15 runs a side they are judged \
                  in pairs, in the order given. To decide about a change, use `spinebench ab`.\n\n\
                  Examples:\n  spinebench gate latest\n  \
                  spinebench gate nightly/*-national-peak --budget budget.toml --out target/gate\n  \
                  spinebench gate new/* --baseline old/* --format markdown\n  \
                  spinebench gate --replay differences.csv.gz             prints `name verdict blocks` for each table\n\n\
                  Exit codes: 0 pass (and inconclusive, unless the budget file says fail), 1 regressed or over budget,\n\
                  2 invalid or not comparable, 3 inconclusive, 4 infrastructure"
)]
pub struct Args {
    /// The candidate's runs: their folders, or their names inside --runs; `latest` is the newest.
    #[arg(value_name = "RUN", required_unless_present = "replay")]
    candidate: Vec<PathBuf>,
    /// The baseline's runs.
    #[arg(long, value_name = "RUN", num_args = 1..)]
    baseline: Vec<PathBuf>,
    /// The budget file: margins, floors, absolute budgets; the scenario's budgets and the usual margins unless given.
    #[arg(long, value_name = "FILE")]
    budget: Option<PathBuf>,
    /// Write the result in every format into this folder.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// What is printed on stdout.
    #[arg(long, value_name = "NAME", default_value = "text", value_parser = gate_output::format_names())]
    format: String,
    /// Other exit codes, e.g. regressed=99,inconclusive=0.
    #[arg(long, value_name = "MAP", value_parser = ExitCodeMap::parse)]
    exit_code_map: Option<ExitCodeMap>,
    /// The folder that names are looked up in.
    #[arg(long, value_name = "DIR", default_value = runs::RUNS)]
    runs: PathBuf,
    /// Judge tables of block differences instead: a line with a name, then a row a block; may be compressed with gzip.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["candidate", "baseline", "budget", "out", "exit_code_map"])]
    replay: Option<PathBuf>,
}

/// Runs the command; the exit code is the gate's.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    if let Some(file) = &args.replay {
        crate::out::tell(&replay::judged(file)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut read =
        Reading { runs: &args.runs, rules: None, budget: args.budget.as_deref(), faults: Vec::new() };
    let candidate: Vec<StoredRun> = args.candidate.iter().filter_map(|run| read.one(run)).collect();
    let baseline: Vec<StoredRun> = args.baseline.iter().filter_map(|run| read.one(run)).collect();
    let (Some((rules, file)), true) = (read.rules, read.faults.is_empty()) else {
        return Err(Failure::new(Exit::Usage, read.faults.join("\n")));
    };
    let result = gate_stored(&candidate, &baseline, &rules, gate_output::tool());
    if let Some(folder) = &args.out {
        gate_output::write(&result, folder)?;
    }
    gate_output::tell(&result, &args.format, args.out.as_deref())?;
    let map = args.exit_code_map.clone().unwrap_or_default();
    let policy = gate_output::policy(file.gate.inconclusive);
    Ok(ExitCode::from(gate_exit_code(result.verdict, policy, &map)))
}

/// Reads runs one after the other and keeps of each what the rules ask for: whole records are large, and there may be hundreds.
struct Reading<'a> {
    runs: &'a Path,
    budget: Option<&'a Path>,
    /// What is asked of all; known from the first run on, because a budget file speaks of its interactions.
    rules: Option<(GateRules, BudgetFile)>,
    /// All of them, a sentence each.
    faults: Vec<String>,
}

impl Reading<'_> {
    fn one(&mut self, run: &Path) -> Option<StoredRun> {
        let found = report::find(run, self.runs)
            .and_then(|folder| run_record::read(&folder).map_err(|e| Failure::new(Exit::Usage, e)));
        let measured = found.map_err(|failure| self.faults.push(failure.message)).ok()?;
        if self.rules.is_none() {
            let file = budget_file(&measured, self.budget);
            let file = file.map_err(|faults| self.faults.push(faults.to_string())).ok()?;
            self.rules = Some((rules(&file), file));
        }
        let (rules, _) = self.rules.as_ref()?;
        Some(StoredRun::of(&run.display().to_string(), &measured, rules))
    }
}

/// The budget file for a stored run, or what holds without one: the budgets that the run was judged by.
fn budget_file(run: &Measured, budget: Option<&Path>) -> Result<BudgetFile, scenarios::Faults> {
    let own = run.record.budgets.iter().map(|b| Budget {
        interaction: b.interaction.clone(),
        metric: b.metric.clone(),
        limit: b.limit,
        text: b.limit_text.clone(),
        line: 0,
    });
    let usual = BudgetFile::usual(Path::new(&run.record.scenario.path), own.collect());
    match budget {
        None => Ok(usual),
        Some(path) => {
            let names: Vec<&str> = run.record.mix.iter().map(|m| m.interaction.as_str()).collect();
            scenarios::load_budget_file_for(path, &names, usual)
        }
    }
}

fn rules(file: &BudgetFile) -> GateRules {
    GateRules {
        relative: relative_rules(file),
        budgets: budget_rules(file),
        alpha: file.gate.alpha,
        beta: file.gate.beta,
        missing: gate_output::policy(file.gate.missing),
        stored_decides: file.gate.baseline == Baseline::Stored,
    }
}
