//! `spinebench run`: scenario in, run record and verdict out.

use crate::events::Events;
use crate::exit::{Exit, Failure};
use crate::live::{HubPid, State, Watching};
use crate::metrics::{self, Endpoint};
use crate::otlp::Collector;
use crate::signals;
use harness::access_token::AccessTokens;
use harness::child::Server;
use harness::client::connector::Connector;
use harness::inject;
use harness::run::{RunError, Setting};
use run_record::{ALL, BudgetLine, Measured, Verdict};
use scenarios::{Action, Model, Scenario, Target};
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// Arguments of `spinebench run`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  spinebench run scenarios/national-peak.toml\n  \
                        spinebench run scenarios/smoke.toml --seed 7 --out /tmp/runs\n  \
                        spinebench run scenarios/smoke.toml --target http://127.0.0.1:8700   a hub that already runs\n  \
                        spinebench run scenarios/national-peak.toml --within 10s --scale 0.5   shorter, and half of it\n\n\
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
    /// The whole scenario in this time when it lasts longer, e.g. 5s: phases, spikes and events in proportion, true rates.
    #[arg(long, value_name = "TIME", value_parser = span)]
    within: Option<Duration>,
    /// All rates times this, e.g. 0.5.
    #[arg(long, value_name = "FACTOR")]
    scale: Option<f64>,
    /// Another number of connections than the scenario's.
    #[arg(long, value_name = "N")]
    connections: Option<u32>,
    /// No progress; only the result.
    #[arg(long, short)]
    quiet: bool,
    /// Print record.json on stdout instead of the summary for people.
    #[arg(long)]
    json: bool,
    /// Answer Prometheus while the run goes on, e.g. 127.0.0.1:9464; a port alone means loopback.
    #[arg(long, value_name = "ADDRESS", value_parser = metrics::address)]
    metrics: Option<SocketAddr>,
    /// After the run, send its phases and events as an OpenTelemetry trace, e.g. http://127.0.0.1:4318.
    #[arg(long, value_name = "URL")]
    otlp: Option<String>,
    /// Who allowed traces to go to a collector on another machine.
    #[arg(long, value_name = "WHO", requires = "otlp")]
    otlp_authorised: Option<String>,
}

fn span(text: &str) -> Result<Duration, String> {
    scenarios::parse_duration(text).ok_or_else(|| "not a duration, e.g. 5s or 1m30s".to_owned())
}

/// Runs the command.
pub fn run(args: &Args) -> Result<Exit, Failure> {
    let collector = args.otlp.as_ref().map(|url| Collector::at(url, args.otlp_authorised.as_deref()));
    let collector = collector.transpose().map_err(|e| Failure::new(Exit::Usage, e))?;
    let changes = scenarios::Changes {
        target: args.target.clone(),
        seed: args.seed,
        within: args.within,
        scale: args.scale,
        connections: args.connections,
    };
    let checking = crate::opening::checking(args.quiet);
    let scenario = scenarios::load_watched(&args.scenario, &changes, Some(&checking))
        .map_err(|f| Failure::new(Exit::BadScenario, f))?;
    let case = load_case(&scenario)?;
    let stop = signals::stop_flag();
    std::fs::create_dir_all(&args.out).map_err(|e| {
        Failure::new(Exit::Unreachable, format!("{}: cannot be made: {e}", args.out.display()))
    })?;
    let tokens = AccessTokens::start(&scenario).map_err(|e| Failure::new(Exit::Unreachable, e))?;
    let metrics = args.metrics.map(metrics::bind).transpose()?;
    let mut place = Place::of(&scenario, args)?;
    if !args.quiet {
        announce(&scenario, place.address);
    }
    let mut measured = measure(&scenario, &mut place, args, metrics, &stop)?;
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
    if let Some(Err(sentence)) = collector.map(|c| c.send(&measured)) {
        eprintln!("warning: {sentence}");
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
    for change in &scenario.changes {
        eprintln!("  {change}");
    }
    for gone in &scenario.mix.not_replayed {
        eprintln!("  not yet replayed, share {:.2} %: {} ({})", gone.share * 100.0, gone.row, gone.why);
    }
}

fn measure(
    scenario: &Scenario,
    place: &mut Place,
    args: &Args,
    metrics: Option<TcpListener>,
    stop: &AtomicBool,
) -> Result<Measured, Failure> {
    let hub_pid = place.server.as_ref().map(Server::pid_watch).unwrap_or_default();
    let hub = HubPid(Arc::clone(&hub_pid));
    let watching = Watching::start(args.quiet, State::new(&scenario.title, scenario.seed), hub);
    let endpoint = metrics.map(|l| Endpoint::start(l, watching.shared())).transpose()?;
    let teller = watching.teller();
    if let Some(endpoint) = &endpoint {
        teller.say(format!("metrics at {}", endpoint.url()));
    }
    let mut live = |l: &harness::engine::Live| teller.tell(l);
    let mut opening = crate::opening::teller(args.quiet);
    let connector = place.connector.clone();
    let inject = Box::new(move |rules: &str| {
        inject::put(|| connector.open(0), &connector.target().to_string(), rules)
    });
    let told = watching.teller();
    let say = Box::new(move |sentence: String| told.say(sentence));
    let events = Events::start(scenario.events.clone(), place.server.take(), inject, say);
    let mut setting = Setting {
        connector: place.connector.clone(),
        hub_pid,
        command: std::env::args().collect::<Vec<_>>().join(" "),
        stop,
        begin: &mut |clock| events.begin(clock),
        settle: &mut || events.settle(),
        opening: &mut opening,
        live: &mut live,
    };
    let measured = match scenario.load.model {
        Model::Open => harness::run::run_open(scenario, &mut setting),
        Model::Users => journeys::run_users(scenario, &mut setting),
    };
    place.server = events.finish();
    drop(teller);
    watching.finish();
    if let Some(endpoint) = endpoint {
        endpoint.finish();
    }
    measured.map_err(|e| match e {
        RunError::Unreachable(_) | RunError::Machine(_) => Failure::new(Exit::Unreachable, e),
        RunError::Population(_) => Failure::new(Exit::BadScenario, e),
    })
}

/// Where the load goes: a child of ours with a data folder of its own, or a server that is already there.
struct Place {
    address: SocketAddr,
    /// How it is spoken to.
    connector: Connector,
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
                let connector = Connector::of(scenario, address, None).map_err(unusable)?;
                Ok(Place { address, connector, server: None, data: None })
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
        command.args(["--tls", scenario.tls.name(), "--connections", &scenario.load.connections.to_string()]);
        command.args(["--idle-time", &idle_s(scenario).to_string()]);
        if scenario.events.iter().any(|e| matches!(e.action, Action::Inject(_))) {
            command.arg("--admin");
        }
        if args.quiet {
            command.arg("--quiet");
        }
        let gone = |sentence| {
            let _ = std::fs::remove_dir_all(&data);
            Failure::new(Exit::Unreachable, sentence)
        };
        let server = Server::start(command).map_err(gone)?;
        let address = server.address;
        let connector = match Connector::of(scenario, address, Some(&data.join("certs"))) {
            Ok(connector) => connector.watching(Some(server.pid())),
            Err(sentence) => {
                drop(server); // before its folder goes
                return Err(gone(sentence));
            }
        };
        Ok(Place { address, connector, server: Some(server), data: Some(data) })
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

/// Certificates, keys or source addresses that a run cannot begin with.
fn unusable(sentence: String) -> Failure {
    Failure::new(Exit::BadScenario, sentence)
}

/// Seconds for which a hub of our own lets a connection rest: all of the run and [`OPENING_S`] before it, because what a run
/// holds it must not lose.
fn idle_s(scenario: &Scenario) -> u64 {
    scenario.phases.iter().map(|p| p.duration.as_secs()).sum::<u64>() + OPENING_S
}

/// Time in which all connections are open, seconds: 28,000 handshakes at 100 a second.
const OPENING_S: u64 = 280;

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
