//! Each figure of the article as a row: what a run or a model says of it, in one sentence. Called by `seed_table`.

use cost_model::{Appraisal, Measurement, Model};
use run_record::{ALL, Kind, RunRecord, Verdict, find_histogram};

use super::{NamedRun, SeedRow, Standing, metric};
use crate::units;

/// Connections that the article's figure asks for.
const END_POINTS: u64 = 28_000;
/// Hours of the week that the time-lapse plays.
const HOURS_PER_WEEK: f64 = 168.0;
/// Seconds of a mean month: a twelfth of 365 days.
const SECONDS_PER_MONTH: f64 = 365.0 * 86_400.0 / 12.0;
const MS_PER_S: f64 = 1e3;

fn row(figure: &str, here: String, standing: Standing, rests_on: String) -> SeedRow {
    SeedRow { figure: figure.to_owned(), here, standing, rests_on }
}

fn missing(figure: &str, scenario: &str) -> SeedRow {
    let command = format!("spinebench run scenarios/{scenario}.toml");
    row(figure, "nothing yet".to_owned(), Standing::NotMeasured, format!("would be measured by: {command}"))
}

/// The run, and what the command line changed in its scenario.
fn of_run(named: &NamedRun) -> String {
    let changes = &named.run.record.scenario.changes;
    let changed = if changes.is_empty() { String::new() } else { format!(", {}", changes.join(", ")) };
    format!("run {}{changed}", named.name)
}

fn budgets(record: &RunRecord) -> &'static str {
    match record.verdict {
        Verdict::Pass if record.budgets.is_empty() => "without a budget",
        Verdict::Pass => "every budget kept",
        Verdict::OverBudget => "a budget broken",
        Verdict::Invalid => "invalid",
    }
}

pub(super) fn peak_rate(run: Option<&NamedRun>) -> SeedRow {
    const FIGURE: &str = "1,800 transactions per second";
    let Some(named) = run else { return missing(FIGURE, "national-peak") };
    let record = &named.run.record;
    let arrivals = match record.arrivals.as_str() {
        "poisson" => "Poisson",
        other => other,
    };
    let p99 = find_histogram(&named.run.histograms, ALL, Kind::Response).map(|h| h.value_at_quantile(0.99));
    let here = format!(
        "{} over {}, {} arrivals: {} of {} answered, {} dropped, {}; response p99 {} ms",
        units::per_s(record.rate_per_s.achieved),
        units::seconds(record.measured_s),
        arrivals,
        units::whole(record.counts.answered),
        units::whole(record.counts.planned),
        units::whole(record.counts.dropped),
        budgets(record),
        p99.map_or("-".to_owned(), units::ms)
    );
    row(FIGURE, here, Standing::Measured, of_run(named))
}

pub(super) fn month(run: Option<&NamedRun>) -> SeedRow {
    const FIGURE: &str = "some 400 million messages a month";
    let Some(named) = run else { return missing(FIGURE, "working-week") };
    let record = &named.run.record;
    let mean = record.rate_per_s.achieved;
    let planned: Vec<f64> = named
        .run
        .series
        .iter()
        .filter(|second| second.measured)
        .map(|second| second.planned as f64)
        .collect();
    // An hour of the week is so many seconds of the time-lapse.
    let hour = ((planned.len() as f64 / HOURS_PER_WEEK).round() as usize).max(1);
    let busiest = planned.windows(hour).map(|w| w.iter().sum::<f64>() / hour as f64).fold(0.0, f64::max);
    let here = format!(
        "{} on average, at which a month is {} million messages, and {} in the busiest hour, {}; a week's shape in {}",
        units::per_s(mean),
        units::number(mean * SECONDS_PER_MONTH / 1e6, 0),
        units::per_s(busiest),
        budgets(record),
        units::duration((record.measured_s * 1e9) as u64)
    );
    let rests_on = format!("{}; the rates are kept, the month itself is not waited for", of_run(named));
    row(FIGURE, here, Standing::Measured, rests_on)
}

pub(super) fn end_points(run: Option<&NamedRun>) -> SeedRow {
    const FIGURE: &str = "20,000 organisations, 28,000 end points";
    let seen = run.and_then(|named| Some((named, named.run.record.observed.connections.as_ref()?)));
    let Some((named, seen)) = seen else { return missing(FIGURE, "all-endpoints") };
    let here = format!(
        "{} of 28,000 connections open at once under mutual TLS, {} identities, {} failed, {} across them",
        units::whole(seen.peak),
        units::whole(seen.identities),
        units::whole(seen.failed),
        units::per_s(named.run.record.rate_per_s.achieved)
    );
    let rest = match seen.peak >= END_POINTS {
        true => String::new(),
        false => "; the whole by: spinebench run scenarios/all-endpoints.toml".to_owned(),
    };
    let rests_on = format!("{}; organisations and end points are a synthetic directory{rest}", of_run(named));
    row(FIGURE, here, Standing::Measured, rests_on)
}

pub(super) fn response_cut(measurement: Option<&Measurement>, model: &Model) -> SeedRow {
    const FIGURE: &str = "response times cut by almost 90 %";
    let Some(measurement) = measurement else { return missing(FIGURE, "national-peak") };
    let pairs: Vec<(f64, f64)> = measurement
        .waits
        .iter()
        .filter_map(|wait| {
            let stated = model.baseline_times.row(&wait.interaction).map(|row| row.legacy_ms / MS_PER_S);
            let before = stated.or(wait.before_s.map(|by_rule| by_rule[0]))?;
            Some((wait.share * before, wait.share * wait.now_s[0]))
        })
        .collect();
    let (before, now) = pairs.iter().fold((0.0, 0.0), |(b, n), pair| (b + pair.0, n + pair.1));
    let here = match before > 0.0 {
        true => format!(
            "{} for the hub alone, over {} attended interactions weighted by their shares",
            units::percent(1.0 - now / before, 1),
            pairs.len()
        ),
        false => "no attended interaction with a baseline was measured".to_owned(),
    };
    let rests_on = format!(
        "run {} against {}: the legacy times are estimates, and loopback has no network, which both systems' users wait \
         for",
        measurement.origin, model.baseline_times.origin
    );
    row(FIGURE, here, Standing::DerivedUnderAssumptions, rests_on)
}

pub(super) fn hours(calibration: &Appraisal, run: Option<&NamedRun>) -> SeedRow {
    const FIGURE: &str = "750 staff hours a day";
    let of = |id: &str| metric(calibration, "spine2", id).unwrap_or(f64::NAN);
    let circle = format!(
        "the calibration case {} gives {} because it was put in; what the claim implies is attended share x seconds saved = \
         {} s",
        calibration.model.origin,
        units::number(of("hours_per_day"), 1),
        units::number(of("isoquant"), 4)
    );
    let measured = run.and_then(|named| Some((named, crate::hours_per_day(&calibration.model, &named.run)?)));
    match measured {
        Some((named, hours)) => {
            let here = format!(
                "{} every second alike, {} only above one second, {} tapered",
                units::number(hours.linear, 1),
                units::number(hours.above_1s, 1),
                units::number(hours.tapered, 1)
            );
            let rests_on = format!(
                "{} and estimated legacy times, every attended message a wait; no confirmation: {circle}",
                of_run(named)
            );
            row(FIGURE, here, Standing::DerivedUnderAssumptions, rests_on)
        }
        None => {
            let none = missing(FIGURE, "national-peak");
            SeedRow { rests_on: format!("{}; {circle}", none.rests_on), ..none }
        }
    }
}

pub(super) fn saving(calibration: &Appraisal) -> SeedRow {
    let of = |id: &str| metric(calibration, "spine2", id).unwrap_or(f64::NAN) / 1e6;
    let here = format!(
        "£{}m a year in the prices of 2014-15, £{}m in those of {}: reproduced under assumptions, not confirmed",
        units::number(of("saving_published_prices"), 1),
        units::number(of("saving_model_prices"), 2),
        calibration.model.price_base
    );
    let rests_on = format!(
        "{}: the difference of the running costs was published, neither cost was; the GDP deflator",
        calibration.model.origin
    );
    row("£21 million saved in the first year", here, Standing::PublishedInput, rests_on)
}

pub(super) fn availability(restart: Option<&NamedRun>, crash: Option<&NamedRun>) -> SeedRow {
    const FIGURE: &str = "available around the clock";
    let said = |named: &NamedRun, what: &str| {
        let found = named.run.record.observed.resilience.as_ref()?;
        Some(format!(
            "{what}: {} of the requests answered, {} of {} writes looked up lost, longest outage {} s",
            units::share_floor(found.availability),
            units::whole(found.writes_lost),
            units::whole(found.writes_checked),
            units::number(found.longest_outage_s, 2)
        ))
    };
    let parts = [(restart, "restarted in turn", "rolling-restart"), (crash, "killed under load", "crash")];
    let (mut here, mut rests_on) = (Vec::new(), Vec::new());
    for (run, what, scenario) in parts {
        match run.and_then(|named| Some((named, said(named, what)?))) {
            Some((named, sentence)) => {
                here.push(sentence);
                rests_on.push(of_run(named));
            }
            None => rests_on.push(missing(FIGURE, scenario).rests_on),
        }
    }
    if here.is_empty() {
        return row(FIGURE, "nothing yet".to_owned(), Standing::NotMeasured, rests_on.join("; "));
    }
    rests_on.push("one node, watched for as long as these runs took and no longer".to_owned());
    row(FIGURE, here.join("; "), Standing::Measured, rests_on.join("; "))
}

pub(super) fn price(hub: Option<&Appraisal>) -> SeedRow {
    const FIGURE: &str = "commodity hardware, open source";
    /// The option that is priced as a service would be run: two sites of own machines.
    const OPTION: &str = "hub_ha";
    let Some(hub) = hub else { return missing(FIGURE, "national-peak") };
    let figures = metric(hub, OPTION, "machines_per_tps").zip(metric(hub, OPTION, "cost_per_million"));
    let here = figures.map_or("the model has no such figures".to_owned(), |(capacity, demand)| {
        format!(
            "machines of three years £{} for each message a second of capacity; all costs £{} for each million messages at \
             demand",
            units::number(capacity, 0),
            units::number(demand, 0)
        )
    });
    let substituted = match hub.substituted.len() {
        0 => "priced as measured".to_owned(),
        n => {
            let count = units::counted(n as u64, "reservation", "reservations");
            format!("{count} on where what is priced was not measured")
        }
    };
    let rests_on = format!(
        "{} with the run {}; prices are estimates and list prices; {substituted}",
        hub.model.origin,
        hub.measurement.as_ref().map_or("", |of| of.origin.as_str())
    );
    row(FIGURE, here, Standing::DerivedUnderAssumptions, rests_on)
}
