//! `spinebench limit`: the highest arrival rate that keeps a scenario's budgets, found by real runs. Every probe leaves a run
//! record; what was found is written beside them. The search itself is `harness::limit`; nothing here decides a rate.

mod find;
mod written;

use crate::exit::{Exit, Failure};
use crate::out::tell;
use crate::place::{clock_name, stem};
use crate::signals;
use harness::limit::Search;
use run_record::LimitedBy;
use scenarios::{Model, Scenario};
use std::path::PathBuf;
use std::time::Duration;

/// Part of the scenario's own highest rate that the search begins at unless told otherwise: low enough that a machine a
/// few times slower than the author's still starts within the budgets.
const FROM_SHARE: f64 = 0.1;
/// Highest rate tried unless told otherwise: beyond what one machine sends, so that it never ends a search by itself.
const TO_PER_S: f64 = 1e6;
/// Closer than this a single machine does not repeat itself; wider than this is no answer.
const PRECISION: std::ops::RangeInclusive<f64> = 0.005..=0.5;
/// Confirmation runs: more than this many is a soak.
const CONFIRMATIONS: std::ops::RangeInclusive<i64> = 1..=15;
/// Shortest measured phase: a p99 needs some hundreds of requests.
const STEP_MIN: Duration = Duration::from_secs(1);

/// Arguments of `spinebench limit`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  spinebench limit scenarios/ramp-to-limit.toml\n  \
                        spinebench limit scenarios/smoke.toml --step-time 3s --warm-up 1s --precision 10% --confirm 2\n  \
                        spinebench limit scenarios/smoke.toml --target http://127.0.0.1:8700   a hub that already runs\n\n\
                        It leaves a folder below --out: limit.json (capacity_per_s is the number that a price is divided by,\n\
                        limited_by says whether it is the hub's limit), probes.csv, limit.html, and each probe's run record.\n\n\
                        Exit codes: 0 found, 1 even the lowest rate breaks the budgets, 3 bad scenario, 4 no probe was valid or\n\
                        the search was ended, 5 target unreachable")]
pub struct Args {
    /// The scenario file: its mix, load, population and budgets are kept, its phases are not.
    scenario: PathBuf,
    /// Lowest rate, tried first; a tenth of the scenario's own highest rate unless given.
    #[arg(long, value_name = "N/s", value_parser = flat_rate)]
    from: Option<f64>,
    /// Highest rate that may be tried.
    #[arg(long, value_name = "N/s", value_parser = flat_rate)]
    to: Option<f64>,
    /// How long each probe is measured.
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = step_time)]
    step_time: Duration,
    /// How long each probe runs at its rate before it is measured.
    #[arg(long, value_name = "TIME", default_value = "3s", value_parser = time)]
    warm_up: Duration,
    /// How close the answer is to the lowest rate that fails.
    #[arg(long, value_name = "SHARE", default_value = "5%", value_parser = precision)]
    precision: f64,
    /// Runs at the rate found; more than half of them must keep the budgets.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(CONFIRMATIONS))]
    confirm: u32,
    /// Send to this running server instead of the scenario's own target, e.g. http://127.0.0.1:8700.
    #[arg(long, value_name = "URL")]
    target: Option<String>,
    /// Where the folder goes.
    #[arg(long, value_name = "DIR", default_value = "target/runs")]
    out: PathBuf,
    /// Another seed than the scenario's: other arrivals, other people.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// No progress; only the result.
    #[arg(long, short)]
    quiet: bool,
    /// Print limit.json on stdout instead of the summary for people.
    #[arg(long)]
    json: bool,
}

fn flat_rate(text: &str) -> Result<f64, String> {
    let rate = scenarios::parse_rate(text).filter(|r| r.from_per_s == r.to_per_s && r.from_per_s > 0.0);
    rate.map(|r| r.from_per_s)
        .ok_or_else(|| format!("not one rate above zero, got {text:?}, allowed e.g. 500/s"))
}

fn time(text: &str) -> Result<Duration, String> {
    scenarios::parse_duration(text)
        .ok_or_else(|| format!("not a duration, got {text:?}, allowed e.g. 10s, 1m30s"))
}

fn step_time(text: &str) -> Result<Duration, String> {
    time(text).and_then(|t| match t >= STEP_MIN {
        true => Ok(t),
        false => Err(format!("too short to measure, got {text:?}, allowed 1s and more")),
    })
}

fn precision(text: &str) -> Result<f64, String> {
    scenarios::parse_percent(text)
        .filter(|p| PRECISION.contains(p))
        .ok_or_else(|| format!("not a precision, got {text:?}, allowed 0.5% to 50%"))
}

/// Runs the command.
pub fn run(args: &Args) -> Result<Exit, Failure> {
    let changes = scenarios::Changes { target: args.target.clone(), seed: args.seed, ..Default::default() };
    let scenario =
        scenarios::load_with(&args.scenario, &changes).map_err(|f| Failure::new(Exit::BadScenario, f))?;
    let faults = unfit(&scenario);
    if !faults.is_empty() {
        return Err(Failure::new(Exit::BadScenario, faults.join("\n")));
    }
    let to = args.to.unwrap_or(TO_PER_S);
    let highest = scenario.phases.iter().map(|p| p.rates_per_s().2).fold(0.0, f64::max);
    let from = args.from.unwrap_or((highest * FROM_SHARE).max(1.0).min(to));
    if from > to {
        let message = format!("--from: above --to, got {from}/s, allowed up to {to}/s");
        return Err(Failure::new(Exit::Usage, message));
    }
    let started = harness::clock::wall_now().to_string();
    let folder = args.out.join(format!("{}-limit-{}", clock_name(&started), stem(&args.scenario)));
    std::fs::create_dir_all(&folder)
        .map_err(|e| Failure::new(Exit::Unreachable, format!("{}: cannot be made: {e}", folder.display())))?;
    let stop = signals::stop_flag();
    let search = Search::new(from, to, args.precision, args.confirm as usize);
    let steps = find::Steps { warm_up: args.warm_up, step: args.step_time, quiet: args.quiet };
    let searched = find::find(&scenario, search, steps, &folder, &stop)?;
    let asked = written::Asked {
        started,
        from_per_s: from,
        to_per_s: to,
        precision: args.precision,
        warm_up: args.warm_up,
        step: args.step_time,
    };
    let record = written::record(&scenario, &asked, searched);
    let page = reports::limit_html(&record);
    run_record::write_limit(&folder, &record, &[("limit.html", page.as_bytes())])
        .map_err(|e| Failure::new(Exit::Unreachable, format!("the limit could not be written: {e}")))?;
    // Read back what was written: the file on disk is what everybody else will see.
    let record = run_record::read_limit(&folder).map_err(|e| Failure::new(Exit::Bug, e))?;
    let page = folder.join("limit.html");
    let text = match args.json {
        true => serde_json::to_string_pretty(&record).map_err(|e| Failure::new(Exit::Bug, e))? + "\n",
        false => format!("{}\nlimit      {}\n", reports::limit_summary(&record), page.display()),
    };
    tell(&text)?;
    Ok(match record.limited_by {
        _ if record.capacity_per_s.is_some() => Exit::Ok,
        LimitedBy::BelowRange => Exit::OverBudget,
        _ => Exit::Invalid,
    })
}

/// Why a scenario has no limit to be found: all reasons at once.
fn unfit(scenario: &Scenario) -> Vec<String> {
    let file = scenario.path.display();
    let mut faults = Vec::new();
    let closed = match scenario.load.model {
        Model::Open => None,
        Model::Users => Some(("users set their own pace", "users")),
        Model::Closed => Some(("the answers set the pace", "closed")),
    };
    if let Some((why, got)) = closed {
        faults.push(format!(
            "{file}: load.model: {why}, so there is no rate to search, got \"{got}\", allowed \"open\""
        ));
    }
    if scenario.load.trace.is_some() {
        faults.push(format!(
            "{file}: load.arrivals: recorded traffic has its own rate, got \"trace\", allowed \"poisson\", \"constant\", \
             \"bursty\""
        ));
    }
    let timed = |b: &scenarios::Budget| b.metric.starts_with("response-") || b.metric.starts_with("service-");
    if !scenario.budgets.iter().any(timed) {
        faults.push(format!(
            "{file}: budget: no limit on a time, so nothing says when a rate is too high, got {} budgets, allowed e.g. \
             all = {{ response-p99 = \"250ms\" }}",
            scenario.budgets.len()
        ));
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_times_and_precisions_are_checked_with_what_would_be_allowed() {
        assert_eq!(flat_rate("500/s"), Ok(500.0));
        assert_eq!(precision("5%"), Ok(0.05));
        assert_eq!(step_time("10s"), Ok(Duration::from_secs(10)));
        for fault in [
            flat_rate("1/s..2/s").err(),
            flat_rate("0/s").err(),
            precision("0.1%").err(),
            precision("60%").err(),
        ] {
            assert!(fault.as_ref().is_some_and(|f| f.contains("got") && f.contains("allowed")), "{fault:?}");
        }
        assert!(step_time("10ms").is_err() && step_time("ten").is_err() && time("0s").is_ok());
    }

    #[test]
    fn scenarios_without_a_rate_or_a_time_budget_are_refused_with_every_reason() {
        let here = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
        let load = |name: &str| scenarios::load(&here.join(name)).unwrap_or_else(|f| panic!("{f}"));
        assert_eq!(unfit(&load("smoke.toml")), Vec::<String>::new());
        let mut users = load("users.toml");
        users.budgets.retain(|b| b.metric == "errors");
        let faults = unfit(&users);
        assert_eq!(faults.len(), 2, "{faults:?}");
        assert!(faults[0].contains("load.model") && faults[1].contains("budget"));
    }
}
