//! `spinebench run`: scenario in, run record and verdict out.

use crate::events::Say;
use crate::exit::{Exit, Failure};
use crate::live::{HubPid, State, Watching};
use crate::metrics::{self, Endpoint};
use crate::otlp::Collector;
use crate::place::{HubProgram, Place, Show, budget_lines, clock_name, measure, stem};
use crate::signals;
use run_record::{Measured, Verdict};
use scenarios::Scenario;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
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
    #[command(flatten)]
    hub: HubProgram,
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
    let mut scenario = scenarios::load_watched(&args.scenario, &changes, Some(&checking))
        .map_err(|f| Failure::new(Exit::BadScenario, f))?;
    let model = load_model(&scenario)?;
    scenario.changes.extend(args.hub.changes());
    let stop = signals::stop_flag();
    std::fs::create_dir_all(&args.out).map_err(|e| {
        Failure::new(Exit::Unreachable, format!("{}: cannot be made: {e}", args.out.display()))
    })?;
    let metrics = args.metrics.map(metrics::bind).transpose()?;
    let place = Place::of(&scenario, &args.hub, &args.out, args.quiet)?;
    if !args.quiet {
        announce(&scenario, place.address);
    }
    let mut measured = watched(&scenario, place, args, metrics, &stop)?;
    reports::complete(&mut measured, &budget_lines(&scenario), model.as_ref());
    let name = format!("{}-{}", clock_name(&measured.record.started), stem(&args.scenario));
    let html = reports::html(&measured);
    let folder = run_record::write(&args.out, &name, &measured, &[("report.html", html.as_bytes())])
        .map_err(|e| Failure::new(Exit::Unreachable, format!("the run record could not be written: {e}")))?;
    // Read back what was written: the record on disk is what everybody else will see.
    let measured = run_record::read(&folder).map_err(|e| Failure::new(Exit::Bug, e))?;
    if args.json {
        let text = serde_json::to_string_pretty(&measured.record).map_err(|e| Failure::new(Exit::Bug, e))?;
        crate::out::tell(&format!("{text}\n"))?;
    } else {
        crate::out::tell(&reports::summary_at(&measured, &folder))?;
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
    let total_s = scenario.length().as_secs_f64();
    eprintln!("{}: {total_s:.0} s against {address}, seed {}", scenario.title, scenario.seed);
    for change in &scenario.changes {
        eprintln!("  {change}");
    }
    for gone in &scenario.mix.not_replayed {
        eprintln!("  not yet replayed, share {:.2} %: {} ({})", gone.share * 100.0, gone.row, gone.why);
    }
}

/// Runs the scenario and shows how it goes.
fn watched(
    scenario: &Scenario,
    place: Place,
    args: &Args,
    metrics: Option<TcpListener>,
    stop: &AtomicBool,
) -> Result<Measured, Failure> {
    let watching =
        Watching::start(args.quiet, State::new(&scenario.title, scenario.seed), HubPid(place.hub_pid()));
    let endpoint = metrics.map(|l| Endpoint::start(l, watching.shared())).transpose()?;
    let teller = watching.teller();
    if let Some(endpoint) = &endpoint {
        teller.say(format!("metrics at {}", endpoint.url()));
    }
    let told = watching.teller();
    let say: Say = Box::new(move |sentence: String| told.say(sentence));
    let mut live = |l: &harness::engine::Live| teller.tell(l);
    let mut opening = crate::opening::teller(args.quiet);
    let measured = measure(scenario, place, stop, Show { live: &mut live, opening: &mut opening, say });
    drop(teller);
    watching.finish();
    if let Some(endpoint) = endpoint {
        endpoint.finish();
    }
    measured
}

/// The scenario's cost model, found fit for staff hours before anything is measured.
fn load_model(scenario: &Scenario) -> Result<Option<cost_model::Model>, Failure> {
    let Some(path) = &scenario.cost else { return Ok(None) };
    let folder = scenario.path.parent().unwrap_or(Path::new("."));
    let fit = cost_model::load_model(Some(folder), path).and_then(|model| model.staff_hours().map(|_| model));
    fit.map(Some).map_err(|f| Failure::new(Exit::BadScenario, f))
}
