//! `spinebench ab`: a candidate against its baseline in blocks of fresh trials, order by a coin, until the answer is known. Thin: the
//! trials are `spinebench run`, the statistics and the outputs are `reports`.

mod blocks;
mod folder;
mod side;
mod told;
mod trial;

use crate::exit::{Exit, Failure};
use crate::gate_output;
use crate::gate_rules::{budget_rules, relative_rules};
use crate::place::{clock_name, stem};
use crate::signals;
use blocks::{Blocks, Ended};
use folder::{Folder, Plan};
use reports::gate::{ExitCodeMap, GateVerdict, Pairing};
use side::Side;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// Arguments of `spinebench ab`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "A side is a spinebench program (its hub is measured), a folder with one, or the URL of a server that runs.\n\n\
                        Examples:\n  spinebench ab --baseline ../main --candidate . scenarios/gate.toml\n  \
                        spinebench ab --baseline . --candidate . --candidate-hub-arg=--inject \\\n      \
                        --candidate-hub-arg='work 25us' scenarios/gate.toml     a slower build on purpose\n  \
                        spinebench ab --resume target/gates/20261126T101500Z-gate\n\n\
                        A block is one trial of each side; which is first, a coin decides. It stops as soon as it knows, and always\n\
                        says what change it would have found. Results are below --out: gate.json, gate.md, gate-junit.xml and more.\n\n\
                        Exit codes: 0 pass (and inconclusive, unless the budget file says fail), 1 regressed or over budget,\n\
                        2 invalid or not comparable, 3 inconclusive, 4 infrastructure"
)]
pub struct Args {
    /// The scenario file; short phases serve best: 2 to 4 measured seconds.
    #[arg(required_unless_present = "resume")]
    scenario: Option<PathBuf>,
    /// What it was before: a program, a folder with one, or a URL.
    #[arg(long, value_name = "BIN|DIR|URL", required_unless_present = "resume")]
    baseline: Option<String>,
    /// What is judged.
    #[arg(long, value_name = "BIN|DIR|URL", required_unless_present = "resume")]
    candidate: Option<String>,
    /// An argument more for the baseline's hub.
    #[arg(long, value_name = "ARG", allow_hyphen_values = true)]
    baseline_hub_arg: Vec<String>,
    /// An argument more for the candidate's hub.
    #[arg(long, value_name = "ARG", allow_hyphen_values = true)]
    candidate_hub_arg: Vec<String>,
    /// The budget file: margins, floors, absolute budgets; the scenario's budgets and the usual margins unless given.
    #[arg(long, value_name = "FILE")]
    budget: Option<PathBuf>,
    /// How the two trials of a block are paired: side by side is quieter, one after the other needs less of the machine.
    #[arg(long, value_enum, default_value_t = PairingArg::Auto)]
    pairing: PairingArg,
    /// Where the folder goes.
    #[arg(long, value_name = "DIR", default_value = "target/gates")]
    out: PathBuf,
    /// Go on with a gate that was stopped: its folder.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["scenario", "baseline", "candidate", "budget"])]
    resume: Option<PathBuf>,
    /// Other exit codes, e.g. regressed=99,inconclusive=0.
    #[arg(long, value_name = "MAP", value_parser = ExitCodeMap::parse)]
    exit_code_map: Option<ExitCodeMap>,
    /// No progress; only the result.
    #[arg(long, short)]
    quiet: bool,
    /// What is printed on stdout; files in every format lie in the gate's folder.
    #[arg(long, value_name = "NAME", default_value = "text", value_parser = gate_output::format_names())]
    format: String,
    /// The same as --format json.
    #[arg(long, conflicts_with = "format")]
    json: bool,
}

/// How the trials of a block are paired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum PairingArg {
    /// Side by side where the machine has room for both, else one after the other.
    Auto,
    /// Side by side.
    Duet,
    /// One after the other.
    Interleaved,
}

/// Runs the command; the exit code is the gate's.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    let stop = signals::stop_flag();
    let folder = match &args.resume {
        Some(folder) => Folder::open(folder)?,
        None => begin(args)?,
    };
    let scenario = scenarios::load(&folder.plan.scenario).map_err(|f| Failure::new(Exit::BadScenario, f))?;
    let file = folder.plan.budget_file(&scenario)?;
    let pairing = match args.pairing {
        PairingArg::Auto => None,
        PairingArg::Duet => Some(Pairing::Duet),
        PairingArg::Interleaved => Some(Pairing::Interleaved),
    };
    let rules = relative_rules(&file);
    let budgets = budget_rules(&file);
    let mut blocks = Blocks::new(&folder, rules, budgets, &file.gate, pairing, args.quiet)?;
    let ended = blocks.measure(&stop)?;
    let result = told::result(&folder, &file, &scenario, &blocks, &ended);
    gate_output::write(&result, &folder.path)?;
    gate_output::tell(&result, if args.json { "json" } else { &args.format }, Some(&folder.path))?;
    if let Ended::Stopped = ended {
        eprintln!("stopped; go on with: spinebench ab --resume {}", folder.path.display());
    }
    let map = args.exit_code_map.clone().unwrap_or_default();
    let policy = gate_output::policy(file.gate.inconclusive);
    let code = match (&result.verdict, &ended) {
        // Ended by hand before it knew: nothing was decided, whatever the file says of an open answer.
        (GateVerdict::Inconclusive, Ended::Stopped) => 3,
        _ => reports::gate::gate_exit_code(result.verdict, policy, &map),
    };
    Ok(ExitCode::from(code))
}

/// Checks everything that can be checked before the first trial, and makes the gate's folder.
fn begin(args: &Args) -> Result<Folder, Failure> {
    let usage = |message: String| Failure::new(Exit::Usage, message);
    let (Some(scenario), Some(baseline), Some(candidate)) = (&args.scenario, &args.baseline, &args.candidate)
    else {
        return Err(usage("a scenario, --baseline and --candidate are needed, or --resume".to_owned()));
    };
    let sides = [
        Side::parse("baseline", baseline, &args.baseline_hub_arg),
        Side::parse("candidate", candidate, &args.candidate_hub_arg),
    ];
    let [Ok(baseline), Ok(candidate)] = sides else {
        let faults: Vec<String> = sides.into_iter().filter_map(Result::err).collect();
        return Err(usage(faults.join("\n")));
    };
    let started = harness::clock::wall_now().to_string();
    let path = args.out.join(format!("{}-{}", clock_name(&started), stem(scenario)));
    let plan = Plan {
        scenario: scenario.clone(),
        budget: args.budget.clone(),
        baseline,
        candidate,
        started,
        attempt: folder::attempts(&args.out, scenario) + 1,
    };
    // Faults of scenario and budget file are told before a folder is made.
    let loaded = scenarios::load(scenario).map_err(|f| Failure::new(Exit::BadScenario, f))?;
    plan.budget_file(&loaded)?;
    Folder::make(path, plan)
}

/// Seconds of a duration.
fn seconds(duration: Duration) -> f64 {
    duration.as_secs_f64()
}
