//! Changes of a checked scenario: shortened, scaled, with other connections. Each leaves a sentence in the scenario. Called by
//! `load` for the command line, and by whoever searches for the highest rate that holds. It reads no file.

use crate::document::Log;
use crate::fault::Fault;
use crate::load::Changes;
use crate::scenario::{Arrivals, CONNECTIONS, Model, PORTS_PER_SOURCE, Scenario};
use crate::shape::squeeze;
use crate::units::{RATE_MAX_PER_S, duration_text, number_text};
use std::time::Duration;

/// Shortest time that a scenario is shortened to: a record has one row a second.
const WITHIN_MIN: Duration = Duration::from_secs(1);

/// A fault of an option of the command line.
fn fault(option: &str, problem: &str) -> Fault {
    Fault::new("command line", 1, option, problem)
}

/// Reports what is wrong with the changes whatever the scenario is.
pub(crate) fn check(changes: &Changes, log: &Log) {
    if let Some(within) = changes.within.filter(|w| *w < WITHIN_MIN) {
        let allowed = format!("{} or more", duration_text(WITHIN_MIN));
        log.push(fault("--within", "too short a time").got(duration_text(within)).allowed(allowed));
    }
    if let Some(scale) = changes.scale.filter(|s| !s.is_finite() || *s <= 0.0) {
        log.push(fault("--scale", "not a number above zero").got(scale).allowed("e.g. 0.5"));
    }
    if let Some(n) = changes.connections.filter(|n| !CONNECTIONS.contains(n)) {
        let allowed = format!("{} to {}", CONNECTIONS.start(), CONNECTIONS.end());
        log.push(fault("--connections", "not a number in range").got(n).allowed(allowed));
    }
}

/// Changes a scenario; `None` when that is not possible, which the log then says. [`check`] has found nothing wrong.
pub(crate) fn apply(mut scenario: Scenario, changes: &Changes, log: &Log) -> Option<Scenario> {
    let before = log.count();
    if let Some(url) = &changes.target {
        scenario.changes.push(format!("asked of {url} instead of its own target (--target {url})"));
    }
    if let Some(seed) = changes.seed {
        scenario.changes.push(format!("with seed {seed} (--seed {seed})"));
    }
    if let Some(n) = changes.connections {
        connect(&mut scenario, n, log);
    }
    if let Some(scale) = changes.scale {
        let highest = scenario.phases.iter().map(|p| p.rates_per_s().2).fold(0.0, f64::max) * scale;
        if scenario.load.model != Model::Open {
            let problem = match scenario.load.model {
                Model::Users => "users set their own pace: the closed model has no rates",
                _ => "the answers set the pace: the closed model has no rates",
            };
            log.push(fault("--scale", problem).got(scale).allowed("scenarios of the open model"));
        } else if scenario.load.arrivals == Arrivals::Trace {
            let problem = "recorded traffic has no rates";
            log.push(fault("--scale", problem).got(scale).allowed("the speed of the trace"));
        } else if highest > RATE_MAX_PER_S {
            let got = format!("{}/s", number_text(highest));
            let allowed = format!("up to {RATE_MAX_PER_S}/s");
            log.push(fault("--scale", "too high a rate").got(got).allowed(allowed));
        } else {
            scale_rates(&mut scenario, scale);
            let times = number_text(scale);
            scenario.changes.push(format!("all rates times {times} (--scale {times})"));
        }
    }
    if let Some(within) = changes.within {
        shorten(&mut scenario, within);
    }
    (log.count() == before).then_some(scenario)
}

fn connect(scenario: &mut Scenario, connections: u32, log: &Log) {
    let ports = scenario.load.sources * PORTS_PER_SOURCE;
    if connections > ports {
        let problem = format!("a source address has ports for {PORTS_PER_SOURCE} connections");
        let allowed =
            format!("up to {ports}, or sources = {} in the scenario", connections.div_ceil(PORTS_PER_SOURCE));
        log.push(fault("--connections", &problem).got(connections).allowed(allowed));
        return;
    }
    let was = scenario.load.connections;
    scenario.load.connections = connections;
    scenario.load.connections_max = scenario.load.connections_max.max(connections);
    let sentence = format!("{connections} connections instead of {was} (--connections {connections})");
    scenario.changes.push(sentence);
}

/// All rates times `factor`, budgets of rates too: what is asked for less often cannot be answered more often.
fn scale_rates(scenario: &mut Scenario, factor: f64) {
    for phase in &mut scenario.phases {
        for piece in &mut phase.pieces {
            piece.rate.from_per_s *= factor;
            piece.rate.to_per_s *= factor;
        }
        phase.shape.push_str(&format!(", times {}", number_text(factor)));
    }
    for budget in scenario.budgets.iter_mut().filter(|b| b.metric == "rate") {
        budget.limit *= factor;
        budget.text = format!("{}/s", number_text(budget.limit));
    }
}

/// Shortens phases and events in proportion so that the whole takes `within`; a scenario that is not longer stays as it is.
/// Rates stay true. The scenario's own time goes faster by as much, so that journeys that took an hour of a day still take
/// the same part of it; only users without a time-lapse go on in real time, or else the same users would ask more.
fn shorten(scenario: &mut Scenario, within: Duration) {
    let total = scenario.length();
    if total <= within {
        return;
    }
    let scaled = |d: Duration| {
        let ns = d.as_nanos() * within.as_nanos() / total.as_nanos();
        Duration::from_nanos(u64::try_from(ns).unwrap_or(u64::MAX))
    };
    let real_time = scenario.load.model == Model::Users;
    for phase in &mut scenario.phases {
        // A phase of no length would be none.
        let shorter = scaled(phase.duration).max(Duration::from_nanos(1));
        if !(real_time && phase.lapse == 1.0) {
            phase.lapse *= phase.duration.as_secs_f64() / shorter.as_secs_f64();
        }
        phase.pieces = squeeze(&phase.pieces, shorter);
        let words = format!("shortened from {} to {}", duration_text(phase.duration), short_text(shorter));
        phase.shape = if phase.shape.is_empty() { words } else { format!("{}, {words}", phase.shape) };
        phase.duration = shorter;
    }
    for event in &mut scenario.events {
        event.at = scaled(event.at);
    }
    let (from, to) = (duration_text(total), duration_text(within));
    scenario.changes.push(format!("shortened from {from} to {to} (--within {to})"));
}

/// To the millisecond, which is enough for people.
fn short_text(duration: Duration) -> String {
    let ms = Duration::from_millis(duration.as_millis() as u64);
    duration_text(if ms.is_zero() { duration } else { ms })
}

impl Scenario {
    /// The highest rate of its measured phases, per second; 0 in the closed model and for a trace.
    pub fn peak_per_s(&self) -> f64 {
        self.phases.iter().filter(|p| p.measured).map(|p| p.rates_per_s().2).fold(0.0, f64::max)
    }

    /// The same scenario with all rates scaled, so that the highest of its measured phases is `rate_per_s`; budgets of rates
    /// too. It stays as it is when no measured phase has a rate, and when `rate_per_s` is not a number above zero.
    pub fn at_peak(&self, rate_per_s: f64) -> Scenario {
        let (mut scenario, peak) = (self.clone(), self.peak_per_s());
        if peak > 0.0 && rate_per_s.is_finite() && rate_per_s > 0.0 && rate_per_s != peak {
            let factor = rate_per_s / peak;
            scale_rates(&mut scenario, factor);
            scenario.changes.push(format!(
                "all rates times {}, so that the highest is {}/s",
                number_text(factor),
                number_text(rate_per_s)
            ));
        }
        scenario
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Action, Event};

    #[test]
    fn events_move_with_their_phases_and_last_as_long_as_before() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("national-peak.toml");
        let mut scenario = crate::load(&path).unwrap_or_else(|faults| panic!("{faults}"));
        let action = Action::HubStop(Duration::from_secs(1));
        let at = Duration::from_secs(35);
        scenario.events.push(Event { at, action: action.clone(), text: "hub-stop 1s".into() });
        let changes = Changes { within: Some(Duration::from_secs(14)), ..Default::default() };
        let short = apply(scenario, &changes, &Log::default()).unwrap();
        assert_eq!((short.events[0].at, &short.events[0].action), (Duration::from_secs(7), &action));
        assert_eq!(short.phases[1].duration, Duration::from_secs(12));
    }

    #[test]
    fn a_phase_that_would_have_no_length_keeps_a_nanosecond() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("national-peak.toml");
        let mut scenario = crate::load(&path).unwrap_or_else(|faults| panic!("{faults}"));
        scenario.phases[0].duration = Duration::from_nanos(3);
        scenario.phases[0].pieces = squeeze(&scenario.phases[0].pieces, Duration::from_nanos(3));
        shorten(&mut scenario, Duration::from_secs(1));
        let first = &scenario.phases[0];
        assert_eq!((first.duration, first.pieces.len()), (Duration::from_nanos(1), 1));
        assert!((first.lapse - 3.0).abs() < 1e-9);
    }
}
