//! The planned curve and its totals, from the straight pieces of the phases, from recorded traffic, or from users that start
//! one after the other. Pure.

use super::draw::Curve;
use crate::scenario::{Model, Scenario, TraceRef};

/// Requests expected in all phases, and the mean rate of the measured ones per second; both 0 in the closed model.
pub(super) fn totals(scenario: &Scenario) -> (f64, f64) {
    if let Some(trace) = &scenario.load.trace {
        let rows = trace.rows as f64;
        return (rows, rate(rows, trace_s(trace)));
    }
    let arrivals = scenario.phases.iter().map(|p| p.requests()).sum();
    let measured = || scenario.phases.iter().filter(|p| p.measured);
    let length_s: f64 = measured().map(|p| p.duration.as_secs_f64()).sum();
    (arrivals, rate(measured().map(|p| p.requests()).sum(), length_s))
}

fn rate(requests: f64, length_s: f64) -> f64 {
    if length_s > 0.0 { requests / length_s } else { 0.0 }
}

/// How long the trace takes as replayed, seconds.
fn trace_s(trace: &TraceRef) -> f64 {
    trace.last_ns as f64 / 1e9 / trace.speed.max(f64::MIN_POSITIVE)
}

/// The curve that is drawn.
pub(super) fn of(scenario: &Scenario) -> Curve {
    let total_s = scenario.length().as_secs_f64();
    if let Some(trace) = &scenario.load.trace {
        let (_, mean) = totals(scenario);
        let points = vec![(0.0, mean), (trace_s(trace), mean)];
        return Curve { unit: "requests a second (mean of the trace)".into(), points };
    }
    if scenario.load.model == Model::Closed {
        let connections = f64::from(scenario.load.connections);
        return Curve {
            unit: "connections".into(),
            points: vec![(0.0, connections), (total_s, connections)],
        };
    }
    if scenario.load.model == Model::Users {
        let users = &scenario.load.users;
        let full_s = |u: &crate::scenario::Users| f64::from(u.count) / u.hatch_per_s.max(f64::MIN_POSITIVE);
        let mut moments: Vec<f64> = users.iter().map(full_s).filter(|s| *s < total_s).collect();
        moments.extend([0.0, total_s]);
        moments.sort_by(f64::total_cmp);
        moments.dedup();
        let started = |s: f64| users.iter().map(|u| (u.hatch_per_s * s).min(f64::from(u.count))).sum();
        return Curve {
            unit: "users".into(),
            points: moments.into_iter().map(|s| (s, started(s))).collect(),
        };
    }
    let mut points: Vec<(f64, f64)> = Vec::new();
    let mut at_s = 0.0;
    for piece in scenario.phases.iter().flat_map(|p| &p.pieces) {
        let next_s = at_s + piece.duration.as_secs_f64();
        points.extend([(at_s, piece.rate.from_per_s), (next_s, piece.rate.to_per_s)]);
        at_s = next_s;
    }
    points.dedup();
    Curve { unit: "requests a second".into(), points }
}
