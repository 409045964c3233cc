//! `spinebench run`: scenario in, run record and verdict out.

use crate::exit::{Exit, Failure};
use crate::live::Progress;
use crate::signals;
use harness::access_token::AccessTokens;
use harness::child::Server;
use harness::run::{RunError, Setting};
use run_record::{ALL, BudgetLine, Measured, Verdict};
use scenarios::{Model, Scenario, Target};
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::AtomicBool;

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
    let tokens = AccessTokens::start(&scenario).map_err(|e| Failure::new(Exit::Unreachable, e))?;
    let place = Place::of(&scenario, args)?;
    if !args.quiet {
        announce(&scenario, place.address);
    }
    let mut measured = measure(&scenario, &place, args, &stop)?;
    let stopped = place.close();
    for sentence in stopped.err().into_iter().chain(tokens.finish()) {
        measured.record.validity.valid = false;
        measured.record.validity.reasons.push(format!("At the end of the run: {sentence}."));
    }
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

fn measure(scenario: &Scenario, place: &Place, args: &Args, stop: &AtomicBool) -> Result<Measured, Failure> {
    let progress = Progress::start(args.quiet);
    let mut live = |l: &harness::engine::Live| progress.tell(l);
    let mut setting = Setting {
        target: place.address,
        hub_pid: place.server.as_ref().map(Server::pid),
        command: std::env::args().collect::<Vec<_>>().join(" "),
        stop,
        live: &mut live,
    };
    let measured = match scenario.load.model {
        Model::Open => harness::run::run_open(scenario, &mut setting),
        Model::Users => journeys::run_users(scenario, &mut setting),
    };
    progress.finish();
    measured.map_err(|e| match e {
        RunError::Unreachable(_) | RunError::Machine(_) => Failure::new(Exit::Unreachable, e),
        RunError::Population(_) => Failure::new(Exit::BadScenario, e),
    })
}

/// Where the load goes: a child of ours with a data folder of its own, or a server that is already there.
struct Place {
    address: SocketAddr,
    server: Option<Server>,
    data: Option<PathBuf>,
}

impl Place {
    fn of(scenario: &Scenario, args: &Args) -> Result<Self, Failure> {
        match &scenario.target {
            Target::Embedded { store } => Self::embedded(scenario, store, args),
            Target::Url { host, port, .. } => {
                let unreachable =
                    |why: String| Failure::new(Exit::Unreachable, format!("{host}:{port}: {why}"));
                let mut found = (host.as_str(), *port)
                    .to_socket_addrs()
                    .map_err(|e| unreachable(format!("not found: {e}")))?;
                let address = found.next().ok_or_else(|| unreachable("has no address".into()))?;
                scenario.target.may_ask(address).map_err(|e| Failure::new(Exit::BadScenario, e))?;
                Ok(Place { address, server: None, data: None })
            }
        }
    }

    fn embedded(scenario: &Scenario, store: &str, args: &Args) -> Result<Self, Failure> {
        let program = std::env::current_exe().map_err(|e| Failure::new(Exit::Bug, e))?;
        let data = args.out.join(format!(".hub-{}", std::process::id()));
        let sizes = scenario.population;
        let mut command = Command::new(program);
        command
            .args(["hub", "--listen", "127.0.0.1:0", "--store", store, "--data"])
            .arg(&data)
            .args(["--seed", &scenario.seed.to_string(), "--patients", &sizes.patients.to_string()])
            .args([
                "--organisations",
                &sizes.organisations.to_string(),
                "--endpoints",
                &sizes.endpoints.to_string(),
            ]);
        if args.quiet {
            command.arg("--quiet");
        }
        let started = Server::start(command);
        match started {
            Ok(server) => Ok(Place { address: server.address, server: Some(server), data: Some(data) }),
            Err(sentence) => {
                let _ = std::fs::remove_dir_all(&data);
                Err(Failure::new(Exit::Unreachable, sentence))
            }
        }
    }

    /// Stops the child and removes its data folder: a fresh hub for every run.
    fn close(self) -> Result<(), String> {
        let stopped = self.server.map_or(Ok(()), Server::stop);
        if let Some(data) = &self.data {
            let _ = std::fs::remove_dir_all(data);
        }
        stopped
    }
}

fn budget_lines(scenario: &Scenario) -> Vec<BudgetLine> {
    let line = |b: &scenarios::Budget| BudgetLine {
        interaction: b.interaction.clone(),
        metric: b.metric.clone(),
        limit: b.limit,
        limit_text: b.text.clone(),
    };
    scenario.budgets.iter().map(line).collect()
}

fn load_case(scenario: &Scenario) -> Result<Option<cost_model::Case>, Failure> {
    let Some(path) = &scenario.cost else { return Ok(None) };
    let folder = scenario.path.parent().unwrap_or(Path::new("."));
    cost_model::load_case(Some(folder), path).map(Some).map_err(|f| Failure::new(Exit::BadScenario, f))
}

fn clock_name(started: &str) -> String {
    let digits: String =
        started.chars().take_while(|c| *c != '.').filter(|c| c.is_ascii_digit() || *c == 'T').collect();
    format!("{digits}Z")
}

fn stem(path: &Path) -> String {
    path.file_stem().map_or_else(|| ALL.to_owned(), |s| s.to_string_lossy().into_owned())
}
