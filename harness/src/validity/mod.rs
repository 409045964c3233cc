//! When a run must not be believed, and what else its reader should know: pure rules from numbers to sentences.
//!
//! Called by `run` once everything is counted. A file for each family of rules; each limit is a constant there, with its
//! reason. Never measures anything itself.

mod counts;
mod drift;
mod generator;
mod hub;
mod machine;
mod schedule;

use crate::noise::NoiseSeen;
use crate::schedule::ScheduleSeen;
use crate::status::HubStatus;
use run_record::{Counts, Floor, SteadyFacts};

/// The numbers the rules look at.
#[derive(Debug, Clone)]
pub struct Evidence<'a> {
    /// Counts of the measured phases.
    pub counts: Counts,
    /// Counts of all phases.
    pub counts_all: Counts,
    /// 99.9th percentile of the send lag in the measured phases, nanoseconds.
    pub send_lag_p99_9_ns: u64,
    /// Its limit.
    pub send_lag_limit_ns: u64,
    /// Allowed share of dropped arrivals.
    pub dropped_share_limit: f64,
    /// Share of one core that the sending thread used while measuring.
    pub cpu_share: f64,
    /// Its limit.
    pub cpu_share_limit: f64,
    /// The hub's own counts against ours, per operation: (name, least we account for, most, the hub's).
    pub operations: &'a [(String, u64, u64, u64)],
    /// The tool was built without optimisation.
    pub debug_build: bool,
    /// The run was cut short.
    pub interrupted: bool,
    /// The hub's process ended during the run.
    pub hub_died: bool,
    /// The model is open: arrivals are planned ahead.
    pub open_model: bool,
    /// What the hub said of itself before the run; `None` when it does not know the question.
    pub hub_before: Option<&'a HubStatus>,
    /// What it said after the run.
    pub hub_after: Option<&'a HubStatus>,
    /// The scenario itself starts the hub again in mid-run.
    pub restarts_planned: bool,
    /// What the watch thread saw; `None` when there was none.
    pub noise: Option<&'a NoiseSeen>,
    /// The null client's floor before the run.
    pub floor_before: Option<Floor>,
    /// The same after it.
    pub floor_after: Option<Floor>,
    /// What the check of the schedule found; `None` in the closed model, which has none.
    pub schedule: Option<&'a ScheduleSeen>,
    /// Names of the phases, for sentences.
    pub phases: &'a [String],
    /// Whether response times were steady; `None` when there was too little to judge.
    pub steady: Option<&'a SteadyFacts>,
    /// A measured phase has one unchanging rate, so that steadiness could be judged if it lasts long enough.
    pub flat: bool,
}

/// The reasons why the run is not valid; empty when it is.
pub fn reasons(e: &Evidence<'_>) -> Vec<String> {
    let families = [counts::reasons, generator::reasons, machine::reasons, schedule::reasons, hub::reasons];
    families.iter().flat_map(|reasons| reasons(e)).collect()
}

/// What a reader should know of the run though it stands.
pub fn warnings(e: &Evidence<'_>) -> Vec<String> {
    let families = [generator::warnings, machine::warnings, drift::warnings, hub::warnings];
    families.iter().flat_map(|warnings| warnings(e)).collect()
}

#[cfg(test)]
fn good() -> Evidence<'static> {
    let counts = Counts { planned: 100, sent: 100, dropped: 0, answered: 99, failed: 1 };
    static PLAIN: std::sync::LazyLock<HubStatus> = std::sync::LazyLock::new(HubStatus::default);
    Evidence {
        counts,
        counts_all: counts,
        send_lag_p99_9_ns: 90_000,
        send_lag_limit_ns: 10_000_000,
        dropped_share_limit: 0.0,
        cpu_share: 0.2,
        cpu_share_limit: 0.9,
        operations: &[],
        debug_build: false,
        interrupted: false,
        hub_died: false,
        open_model: true,
        hub_before: Some(&PLAIN),
        hub_after: Some(&PLAIN),
        restarts_planned: false,
        noise: None,
        floor_before: None,
        floor_after: None,
        schedule: None,
        phases: &[],
        steady: None,
        flat: true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_good_run_has_no_reasons_against_it_and_nothing_to_be_known() {
        let floor = |ns| Some(Floor { count: 2_000, service_p50_ns: ns, service_p99_ns: ns });
        let noise = NoiseSeen { elapsed_ns: 10_000_000_000, ..NoiseSeen::default() };
        let schedule = ScheduleSeen {
            arrivals: 100,
            windows: 100,
            dispersion: Some(1.0),
            dispersion_allowed: (0.5, 1.5),
            ..ScheduleSeen::default()
        };
        let steady = SteadyFacts { seconds: 60, p50_ratio: 1.0, steady: true, ..SteadyFacts::default() };
        let seen = Evidence {
            noise: Some(&noise),
            schedule: Some(&schedule),
            steady: Some(&steady),
            floor_before: floor(20_000),
            floor_after: floor(21_000),
            ..good()
        };
        for e in [good(), seen] {
            assert_eq!((reasons(&e), warnings(&e)), (Vec::new(), Vec::new()));
        }
    }
}
