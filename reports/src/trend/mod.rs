//! Many runs over time: each metric of what is comparable, with the runs at which it changed. Pure; called by `spinebench trend`. It is
//! for triage, never a gate: it needs runs after a change to see it, and calls some changes that are none.

mod divisive;
mod series;
mod text;

use std::collections::BTreeMap;

use run_record::{Measured, RunRecord};
use serde::Serialize;

use crate::compare::what_must_agree;
use crate::units;

pub use series::{TrendChange, TrendPoint, TrendSeries};
pub use text::trend_text;
pub(crate) use text::{change_words, figure};

/// Name and version of the JSON.
pub const TREND_SCHEMA: &str = "spinebench.trend/v1";
/// Most runs of a group that are looked at, the newest; the work grows with their square, and older ones are another time.
const RUNS_MAX: usize = 300;

/// What goes with every trend.
pub(crate) const CAVEAT: &str = "For triage, never as a gate: a change is seen only when several runs lie behind it, and neighbouring runs on one machine \
                                 are alike enough for changes to be called that are none. What is called here is to be looked at; `spinebench ab` decides.";

/// All groups of comparable runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Trend {
    /// [`TREND_SCHEMA`].
    pub schema: &'static str,
    /// Groups of runs that are comparable with each other, the one with the newest run first.
    pub groups: Vec<TrendGroup>,
    /// Runs that are in none, in a sentence each.
    pub left_out: Vec<String>,
}

/// Runs of one scenario on one class of machine.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TrendGroup {
    /// The scenario's title.
    pub title: String,
    /// What all runs of it agree in: name and value.
    pub agree: Vec<(&'static str, String)>,
    /// Names of the runs in the order of time.
    pub runs: Vec<String>,
    /// Each metric over the runs, `all` first.
    pub series: Vec<TrendSeries>,
}

impl TrendGroup {
    /// The value of what all runs agree in, by its name.
    pub fn agreed(&self, what: &str) -> &str {
        self.agree.iter().find(|(name, _)| *name == what).map_or("", |(_, value)| value)
    }
}

/// One run as a trend needs it: a whole record is some hundred times as large, and there may be thousands.
#[derive(Debug, Clone, PartialEq)]
pub struct TrendRun {
    name: String,
    started: String,
    title: String,
    agree: Vec<(&'static str, String)>,
    fault: Option<String>,
    figures: Vec<series::Figure>,
}

/// What a trend needs of a run.
pub fn trend_run(name: &str, run: &Measured) -> TrendRun {
    let record = &run.record;
    TrendRun {
        name: name.to_owned(),
        started: record.started.clone(),
        title: record.scenario.title.clone(),
        agree: what_must_agree(record),
        fault: unfit(record).map(|why| format!("{name}: left out, {why}")),
        figures: series::figures(run),
    }
}

fn unfit(record: &RunRecord) -> Option<String> {
    // The first reason is enough here; the run's own report has them all.
    let first = || record.validity.reasons.first().map_or("", String::as_str);
    match (record.validity.valid, record.interrupted) {
        (false, _) => Some(format!("the run is invalid: {}", first())),
        (true, true) => Some("it was stopped before its plan ended.".to_owned()),
        (true, false) => None,
    }
}

/// Groups runs, sorts them by time and finds where each metric changed. `left_out` are sentences on what could not be read.
pub fn trend(runs: Vec<TrendRun>, left_out: Vec<String>, seed: u64) -> Trend {
    let mut left_out = left_out;
    let mut groups: BTreeMap<Vec<(&'static str, String)>, Vec<TrendRun>> = BTreeMap::new();
    for run in runs {
        match run.fault {
            Some(fault) => left_out.push(fault),
            None => groups.entry(run.agree.clone()).or_default().push(run),
        }
    }
    let mut drawn: Vec<(String, TrendGroup)> = Vec::new();
    for (agree, mut runs) in groups {
        runs.sort_by(|a, b| (&a.started, &a.name).cmp(&(&b.started, &b.name)));
        if let Some(older) = runs.len().checked_sub(RUNS_MAX).filter(|older| *older > 0) {
            let title = &runs[0].title;
            let older = units::counted(older as u64, "older run is", "older runs are");
            left_out.push(format!("{title}: {older} left out, allowed the newest {RUNS_MAX}."));
            runs.drain(..runs.len() - RUNS_MAX);
        }
        let Some(last) = runs.last() else { continue };
        let group = TrendGroup {
            title: last.title.clone(),
            agree,
            runs: runs.iter().map(|run| run.name.clone()).collect(),
            series: series::series(&runs, seed),
        };
        drawn.push((last.started.clone(), group));
    }
    drawn.sort_by(|a, b| b.0.cmp(&a.0));
    Trend { schema: TREND_SCHEMA, groups: drawn.into_iter().map(|(_, group)| group).collect(), left_out }
}

/// The trend as JSON, for programs.
pub fn trend_json(trend: &Trend) -> String {
    // Figures that are not finite never come into a series.
    serde_json::to_string_pretty(trend).unwrap_or_default() + "\n"
}
