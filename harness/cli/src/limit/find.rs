//! Drives the search: each probe a fresh hub (or the running target), a run, a run record, a row and a line of progress.

use crate::exit::{Exit, Failure};
use crate::place::{HubProgram, Place, Show, budget_lines, measure};
use harness::engine::Live;
use harness::limit::probe::{at_rate, cores, outcome};
use harness::limit::{Found, Outcome, Probe, Search, Why};
use run_record::{ALL, InteractionRow, Kind, Measured, ProbeRow, ProbeVerdict, RunRecord, Who};
use scenarios::Scenario;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The folder of the probes' run records, in the limit's own.
const PROBES: &str = "probes";

/// How each probe runs.
#[derive(Debug, Clone, Copy)]
pub struct Steps {
    /// Unmeasured time at the rate.
    pub warm_up: Duration,
    /// Measured time.
    pub step: Duration,
    /// No progress.
    pub quiet: bool,
}

/// What the search found and saw.
pub struct Searched {
    /// The answer.
    pub found: Found,
    /// Every probe.
    pub rows: Vec<ProbeRow>,
    /// The record of the last probe, for what all have in common.
    pub last: RunRecord,
}

/// Searches until there is an answer or `stop` is set.
///
/// # Errors
/// The target or the machine refused, a record could not be written, or it was stopped before the first probe.
pub fn find(
    scenario: &Scenario,
    mut search: Search,
    steps: Steps,
    folder: &Path,
    stop: &AtomicBool,
) -> Result<Searched, Failure> {
    let mut rows = Vec::new();
    let mut last = None;
    while let Some(probe) = search.next() {
        let (row, record) = make(scenario, probe, rows.len() as u32 + 1, steps, folder, stop)?;
        // A probe that was cut short says nothing, so it decides nothing.
        if record.interrupted || stop.load(Ordering::Relaxed) {
            break;
        }
        if !steps.quiet {
            eprintln!("{}", reports::probe_line(&row));
        }
        search.record(probe.rate_per_s, of_verdict(row.verdict));
        rows.push(row);
        last = Some(record);
    }
    let stopped = || Failure::new(Exit::Invalid, "the search was ended before its first probe was over");
    Ok(Searched { found: search.result(), rows, last: last.ok_or_else(stopped)? })
}

fn make(
    scenario: &Scenario,
    probe: Probe,
    number: u32,
    steps: Steps,
    folder: &Path,
    stop: &AtomicBool,
) -> Result<(ProbeRow, RunRecord), Failure> {
    let scenario = at_rate(scenario, probe.rate_per_s, steps.warm_up, steps.step);
    let place = Place::of(&scenario, &HubProgram::default(), folder, true)?;
    let mut waited = false;
    let mut live = |l: &Live| waited |= l.waiting > 0;
    let show = Show { live: &mut live, opening: &mut |_, _| {}, say: Box::new(|_| {}) };
    let mut measured = measure(&scenario, place, stop, show)?;
    reports::complete(&mut measured, &budget_lines(&scenario), None);
    let held_all = match &measured.record.observed.connections {
        Some(seen) => seen.peak >= u64::from(scenario.load.connections_max),
        None => waited,
    };
    let verdict = to_verdict(outcome(&scenario, &measured, held_all));
    let name = format!("{number:02}-{:.1}-per-s", probe.rate_per_s);
    let html = reports::html(&measured);
    let parent = folder.join(PROBES);
    let written =
        run_record::write(&parent, &name, &measured, &[("report.html", html.as_bytes())]).map_err(|e| {
            Failure::new(Exit::Unreachable, format!("the probe's record could not be written: {e}"))
        })?;
    // The link to the newest record is for people who look for a run; a probe is found through its search.
    let _ = std::fs::remove_file(parent.join("latest"));
    let folder = format!("{PROBES}/{}", written.file_name().map_or(name.into(), |n| n.to_string_lossy()));
    Ok((row(&measured, probe, number, verdict, folder), measured.record))
}

fn row(run: &Measured, probe: Probe, number: u32, verdict: ProbeVerdict, folder: String) -> ProbeRow {
    let of = |kind: Kind, value: fn(&InteractionRow) -> u64| {
        let all = run.interactions.iter().find(|r| r.interaction == ALL && r.kind == kind);
        all.map_or(0, value)
    };
    let (counts, rate) = (run.record.counts, run.record.rate_per_s);
    ProbeRow {
        number,
        why: match probe.why {
            Why::Grow => "grow",
            Why::Bisect => "bisect",
            Why::Repeat => "repeat",
            Why::Confirm => "confirm",
            Why::Ceiling => "ceiling",
        }
        .to_owned(),
        rate_per_s: probe.rate_per_s,
        verdict,
        planned: counts.planned,
        failed: counts.failed,
        dropped: counts.dropped,
        achieved_per_s: rate.achieved,
        response_p50_ns: of(Kind::Response, |r| r.p50_ns),
        response_p99_ns: of(Kind::Response, |r| r.p99_ns),
        response_p99_9_ns: of(Kind::Response, |r| r.p99_9_ns),
        service_p99_ns: of(Kind::Service, |r| r.p99_ns),
        send_lag_p99_9_ns: of(Kind::SendLag, |r| r.p99_9_ns),
        hub_cores: cores(run, Who::Hub),
        harness_cores: cores(run, Who::Harness),
        trouble: reports::trouble(run),
        folder,
    }
}

fn to_verdict(outcome: Outcome) -> ProbeVerdict {
    match outcome {
        Outcome::Met => ProbeVerdict::Met,
        Outcome::OverBudget => ProbeVerdict::OverBudget,
        Outcome::GeneratorLate => ProbeVerdict::GeneratorLate,
        Outcome::Failed => ProbeVerdict::Failed,
    }
}

fn of_verdict(verdict: ProbeVerdict) -> Outcome {
    match verdict {
        ProbeVerdict::Met => Outcome::Met,
        ProbeVerdict::OverBudget => Outcome::OverBudget,
        ProbeVerdict::GeneratorLate => Outcome::GeneratorLate,
        ProbeVerdict::Failed => Outcome::Failed,
    }
}
