//! From a finished search to what `limit.json` says: the answer, the medians at it, and the sentences it rests on. Pure.

use super::find::Searched;
use crate::place::budget_lines;
use harness::limit::{Found, Limit};
use run_record::{AtCapacity, LIMIT_FORMAT_VERSION, LimitRecord, LimitedBy, ProbeRow, ProbeVerdict};
use scenarios::{Scenario, Target};
use std::time::Duration;

/// Share of the machine's processor that hub and harness take together when neither has room left.
const FULL_SHARE: f64 = 0.9;

/// What was asked for.
pub struct Asked {
    /// When it began.
    pub started: String,
    /// Lowest rate.
    pub from_per_s: f64,
    /// Highest rate.
    pub to_per_s: f64,
    /// As a share.
    pub precision: f64,
    /// Of each probe.
    pub warm_up: Duration,
    /// Of each probe.
    pub step: Duration,
}

/// The record of the search.
pub fn record(scenario: &Scenario, asked: &Asked, searched: Searched) -> LimitRecord {
    let Searched { found, rows, last } = searched;
    let (capacity_per_s, limited_by, confirmed, confirmations) = match found {
        Found::Capacity { rate_per_s, limit, met, asked } => {
            let by = match limit {
                Limit::Budgets => LimitedBy::Budgets,
                Limit::Generator => LimitedBy::Generator,
                Limit::Failure => LimitedBy::Failure,
                Limit::Range => LimitedBy::Range,
            };
            (Some(rate_per_s), by, met, asked)
        }
        Found::BelowRange => (None, LimitedBy::BelowRange, 0, 0),
        Found::NothingValid => (None, LimitedBy::NothingValid, 0, 0),
        Found::Unsettled { .. } => (None, LimitedBy::Unsettled, 0, 0),
    };
    let mut budgets = budget_lines(scenario);
    budgets.retain(|b| b.metric != "rate");
    let mut record = LimitRecord {
        format_version: LIMIT_FORMAT_VERSION,
        tool: last.tool,
        command: last.command,
        started: asked.started.clone(),
        scenario: last.scenario,
        seed: last.seed,
        target: last.target,
        host: last.host,
        store: last.hub.and_then(|h| h.store),
        capacity_per_s,
        at_least: capacity_per_s.is_some() && limited_by != LimitedBy::Budgets,
        limited_by,
        precision: asked.precision,
        confirmed,
        confirmations,
        from_per_s: asked.from_per_s,
        to_per_s: asked.to_per_s,
        warm_up_s: asked.warm_up.as_secs_f64(),
        step_s: asked.step.as_secs_f64(),
        budgets,
        at_capacity: capacity_per_s.and_then(|rate| at_capacity(&rows, rate)),
        probes: rows,
        basis: Vec::new(),
    };
    record.basis = basis(scenario, &record);
    record
}

fn at_capacity(rows: &[ProbeRow], rate: f64) -> Option<AtCapacity> {
    let runs: Vec<&ProbeRow> = rows
        .iter()
        .filter(|r| r.why == "confirm" && r.rate_per_s == rate && r.verdict == ProbeVerdict::Met)
        .collect();
    let median = |of: fn(&ProbeRow) -> f64| -> Option<f64> {
        let mut values: Vec<f64> = runs.iter().map(|r| of(r)).filter(|v| v.is_finite()).collect();
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied()
    };
    Some(AtCapacity {
        achieved_per_s: median(|r| r.achieved_per_s)?,
        response_p50_ns: median(|r| r.response_p50_ns as f64)? as u64,
        response_p99_ns: median(|r| r.response_p99_ns as f64)? as u64,
        response_p99_9_ns: median(|r| r.response_p99_9_ns as f64)? as u64,
        hub_cores: median(|r| r.hub_cores.unwrap_or(f64::NAN)),
        harness_cores: median(|r| r.harness_cores.unwrap_or(f64::NAN)),
    })
}

fn basis(scenario: &Scenario, record: &LimitRecord) -> Vec<String> {
    let hub = match &scenario.target {
        Target::Embedded { .. } => "a hub that was freshly filled for it",
        Target::Url { .. } => "the running target, which keeps what earlier probes left in it",
    };
    let mut basis = vec![format!(
        "Each probe was a run of its own against {hub}: the scenario's mix, load, population and seed, at one rate; its run \
         record lies in probes."
    )];
    basis.push(match record.capacity_per_s {
        Some(_) => format!(
            "A rate counts as failed when two probes in a row failed at it, as confirmed when more than half of {} further runs \
             kept every budget; the rate above was then asked once more.",
            record.confirmations
        ),
        None => "A rate counts as failed when two probes in a row failed at it.".to_owned(),
    });
    basis.push(format!(
        "The number is for this machine ({} cores, hub and harness sharing them, loopback without a network) and for probes of \
         {:.0} s; what builds up over hours is shown only by a soak at that rate.",
        record.host.cores, record.step_s
    ));
    match record.limited_by {
        LimitedBy::Generator => basis.push(late(record)),
        LimitedBy::Failure => basis.push("Above it runs failed; their records say why.".to_owned()),
        LimitedBy::Range => basis.push("No rate above it was allowed, so the hub may carry more.".to_owned()),
        _ => {}
    }
    if scenario.budgets.len() > record.budgets.len() {
        basis.push(
            "The scenario's budget on the rate itself was left out: the search sets the rate.".to_owned(),
        );
    }
    if !scenario.events.is_empty() {
        basis.push("The scenario's events were left out: they belong to its own phases.".to_owned());
    }
    basis
}

/// Who kept the generator from sending: itself, or a machine that had nothing left.
fn late(record: &LimitRecord) -> String {
    let above = |p: &&ProbeRow| p.rate_per_s > record.capacity_per_s.unwrap_or(0.0);
    let late = record.probes.iter().filter(above).filter(|p| p.verdict == ProbeVerdict::GeneratorLate);
    let Some(probe) = late.min_by(|a, b| a.rate_per_s.total_cmp(&b.rate_per_s)) else { return String::new() };
    let (hub, harness) = (probe.hub_cores.unwrap_or(0.0), probe.harness_cores.unwrap_or(0.0));
    let cores = f64::from(record.host.cores);
    let used = format!(
        "at {:.0}/s the hub used {hub:.2} and the harness {harness:.2} of {cores:.0} cores",
        probe.rate_per_s
    );
    match hub + harness >= FULL_SHARE * cores {
        true => format!(
            "Above it the harness could not send on time because the machine had no processor left: {used}. The hub may carry \
             more on a machine that it does not share with the harness."
        ),
        false => format!("Above it the harness could not send on time: {used}. The hub may carry more."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn probe(why: &str, rate_per_s: f64, verdict: ProbeVerdict, p99_ms: u64) -> ProbeRow {
        ProbeRow {
            number: 1,
            why: why.into(),
            rate_per_s,
            verdict,
            planned: 1_000,
            failed: 0,
            dropped: 0,
            achieved_per_s: rate_per_s,
            response_p50_ns: 400_000,
            response_p99_ns: p99_ms * 1_000_000,
            response_p99_9_ns: 2 * p99_ms * 1_000_000,
            service_p99_ns: 1,
            send_lag_p99_9_ns: 1,
            hub_cores: Some(1.4),
            harness_cores: Some(0.5),
            trouble: String::new(),
            folder: "probes/x".into(),
        }
    }

    #[test]
    fn figures_at_the_capacity_are_medians_of_the_confirmation_runs_that_kept_the_budgets() {
        let met = ProbeVerdict::Met;
        let rows = [
            probe("bisect", 500.0, met, 900),
            probe("confirm", 400.0, met, 800),
            probe("confirm", 500.0, met, 10),
            probe("confirm", 500.0, ProbeVerdict::OverBudget, 700),
            probe("confirm", 500.0, met, 30),
            probe("confirm", 500.0, met, 20),
        ];
        let at = at_capacity(&rows, 500.0).expect("there are confirmation runs");
        assert_eq!((at.response_p99_ns, at.response_p99_9_ns), (20_000_000, 40_000_000));
        assert_eq!(at.hub_cores, Some(1.4));
        assert_eq!(at_capacity(&rows, 450.0), None);
    }

    #[test]
    fn a_late_generator_on_a_full_machine_is_told_from_one_that_is_late_by_itself() {
        let here = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios/smoke.toml");
        let scenario = scenarios::load(&here).unwrap_or_else(|f| panic!("{f}"));
        let late = |hub: f64| {
            let golden = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("../../reports/run-record/tests/golden");
            let mut record = run_record::read_limit(&golden).unwrap_or_else(|e| panic!("{e}"));
            record.probes = vec![probe("grow", 2_000.0, ProbeVerdict::GeneratorLate, 5)];
            record.probes[0].hub_cores = Some(hub);
            record.limited_by = LimitedBy::Generator;
            basis(&scenario, &record).join(" ")
        };
        assert!(late(1.4).contains("no processor left"), "{}", late(1.4));
        assert!(!late(0.3).contains("no processor left") && late(0.3).contains("could not send on time"));
    }
}
