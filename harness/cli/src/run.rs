//! `spinebench run`: scenario in, run record and verdict out.

use crate::exit::{Exit, Failure};
use crate::live::Progress;
use crate::place::{Place, budget_lines, clock_name, measure, stem};
use crate::signals;
use run_record::Verdict;
use scenarios::Scenario;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// Arguments of `spinebench run`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  spinebench run scenarios/national-peak.toml\n  \
                        spinebench run scenarios/smoke.toml --seed 7 --out /tmp/runs\n  \
                        spinebench run scenarios/smoke.toml --target http://127.0.0.1:8700   a hub that already runs\n\n\
                        The run record is a folder below --out (`latest` points to the newest): record.json, CSVs,\n\
                        latency.hlog and report.html.\n\n\
                        Exit codes: 0 within budget, 1 over budget, 3 bad scenario, 4 run invalid, 5 target unreachable")]
pub struct Args {
    /// The scenario file.
    scenario: PathBuf,
    /// Send to this running server instead of the scenario's own target, e.g. http://127.0.0.1:8700.
    #[arg(long, value_name = "URL")]
    target: Option<String>,
    /// Where run records go.
    #[arg(long, value_name = "DIR", default_value = "target/runs")]
    out: PathBuf,
    /// Another seed than the scenario's: other arrivals, other people.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// No progress; only the result.
    #[arg(long, short)]
    quiet: bool,
    /// Print record.json on stdout instead of the summary for people.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub fn run(args: &Args) -> Result<Exit, Failure> {
    let changes = scenarios::Changes { target: args.target.clone(), seed: args.seed };
    let scenario =
        scenarios::load_with(&args.scenario, &changes).map_err(|f| Failure::new(Exit::BadScenario, f))?;
    let case = load_case(&scenario)?;
    let stop = signals::stop_flag();
    std::fs::create_dir_all(&args.out).map_err(|e| {
        Failure::new(Exit::Unreachable, format!("{}: cannot be made: {e}", args.out.display()))
    })?;
    let place = Place::of(&scenario, &args.out, args.quiet)?;
    if !args.quiet {
        announce(&scenario, place.address);
    }
    let progress = Progress::start(args.quiet);
    let measured = measure(&scenario, place, &stop, &mut |l| progress.tell(l));
    progress.finish();
    let mut measured = measured?;
    reports::complete(&mut measured, &budget_lines(&scenario), case.as_ref());
    let name = format!("{}-{}", clock_name(&measured.record.started), stem(&args.scenario));
    let html = reports::html(&measured);
    let folder = run_record::write(&args.out, &name, &measured, &[("report.html", html.as_bytes())])
        .map_err(|e| Failure::new(Exit::Unreachable, format!("the run record could not be written: {e}")))?;
    // Read back what was written: the record on disk is what everybody else will see.
    let measured = run_record::read(&folder).map_err(|e| Failure::new(Exit::Bug, e))?;
    if args.json {
        println!(
            "{}",
            serde_json::to_string_pretty(&measured.record).map_err(|e| Failure::new(Exit::Bug, e))?
        );
    } else {
        print!("{}", reports::summary_at(&measured, &folder));
    }
    Ok(match measured.record.verdict {
        Verdict::Pass => Exit::Ok,
        Verdict::OverBudget => Exit::OverBudget,
        Verdict::Invalid => Exit::Invalid,
    })
}

fn announce(scenario: &Scenario, address: SocketAddr) {
    let total_s: f64 = scenario.phases.iter().map(|p| p.duration.as_secs_f64()).sum();
    eprintln!("{}: {total_s:.0} s against {address}, seed {}", scenario.title, scenario.seed);
    for gone in &scenario.mix.not_replayed {
        eprintln!("  not yet replayed, share {:.2} %: {} ({})", gone.share * 100.0, gone.row, gone.why);
    }
}

fn load_case(scenario: &Scenario) -> Result<Option<cost_model::Case>, Failure> {
    let Some(path) = &scenario.cost else { return Ok(None) };
    let folder = scenario.path.parent().unwrap_or(Path::new("."));
    cost_model::load_case(Some(folder), path).map(Some).map_err(|f| Failure::new(Exit::BadScenario, f))
}
