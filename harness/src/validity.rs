//! When a run must not be believed: pure rules from numbers to sentences. Called by `run` once everything is counted.

use run_record::Counts;

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
}

/// The reasons why the run is not valid; empty when it is.
pub fn reasons(e: &Evidence<'_>) -> Vec<String> {
    let mut why = Vec::new();
    let c = e.counts_all;
    if e.interrupted {
        why.push(
            "The run was interrupted before its measured phases were over; the record is partial.".to_owned(),
        );
    }
    if e.hub_died {
        why.push("The hub's process ended during the run.".to_owned());
    }
    if e.counts.planned == 0 {
        why.push("Nothing was planned in a measured phase, so there is nothing to judge.".to_owned());
    }
    if c.planned != c.sent + c.dropped {
        why.push(format!(
            "Arrivals were lost: planned {} is not sent {} + dropped {}.",
            c.planned, c.sent, c.dropped
        ));
    }
    if c.sent != c.answered + c.failed {
        why.push(format!(
            "Requests were lost: sent {} is not answered {} + failed {}.",
            c.sent, c.answered, c.failed
        ));
    }
    let dropped_share = e.counts.dropped as f64 / e.counts.planned.max(1) as f64;
    if dropped_share > e.dropped_share_limit {
        why.push(format!(
            "{} of {} planned arrivals were dropped ({:.3} %), allowed {:.3} %: the load was not the planned one.",
            e.counts.dropped,
            e.counts.planned,
            dropped_share * 100.0,
            e.dropped_share_limit * 100.0
        ));
    }
    if e.open_model && e.send_lag_p99_9_ns > e.send_lag_limit_ns {
        why.push(format!(
            "The generator was late: send lag p99.9 was {:.3} ms, allowed {:.3} ms (too few connections, or a busy machine).",
            e.send_lag_p99_9_ns as f64 / 1e6,
            e.send_lag_limit_ns as f64 / 1e6
        ));
    }
    if e.cpu_share > e.cpu_share_limit {
        why.push(format!(
            "The generator was saturated: its sending thread used {:.0} % of a core, allowed {:.0} %.",
            e.cpu_share * 100.0,
            e.cpu_share_limit * 100.0
        ));
    }
    for (name, least, most, hubs) in e.operations {
        if hubs < least || hubs > most {
            let ours = if least == most { least.to_string() } else { format!("{least} to {most}") };
            why.push(format!("The hub counted {hubs} answers to {name}, we {ours}: one of us is wrong."));
        }
    }
    if e.debug_build {
        why.push("This is a debug build; only release builds measure.".to_owned());
    }
    why
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> Evidence<'static> {
        let counts = Counts { planned: 100, sent: 100, dropped: 0, answered: 99, failed: 1 };
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
        }
    }

    #[test]
    fn a_good_run_has_no_reasons_against_it() {
        assert_eq!(reasons(&good()), Vec::<String>::new());
    }

    #[test]
    fn each_fault_gives_its_own_sentence() {
        let dropped = Counts { planned: 101, dropped: 1, ..good().counts };
        let broken = [
            (Evidence { interrupted: true, ..good() }, "interrupted"),
            (Evidence { hub_died: true, ..good() }, "process ended"),
            (Evidence { counts: Counts::default(), ..good() }, "Nothing was planned"),
            (Evidence { counts_all: Counts { sent: 98, ..good().counts }, ..good() }, "Arrivals were lost"),
            (Evidence { counts_all: Counts { failed: 0, ..good().counts }, ..good() }, "Requests were lost"),
            (Evidence { counts: dropped, ..good() }, "were dropped"),
            (Evidence { send_lag_p99_9_ns: 10_000_001, ..good() }, "generator was late"),
            (Evidence { cpu_share: 0.95, ..good() }, "saturated"),
            (Evidence { debug_build: true, ..good() }, "debug build"),
        ];
        for (evidence, word) in broken {
            let why = reasons(&evidence);
            assert!(why.iter().any(|s| s.contains(word)), "{word}: {why:?}");
        }
    }

    #[test]
    fn the_hubs_count_must_lie_between_what_was_answered_and_what_may_have_reached_it() {
        let count = |hubs| {
            let operations = [("pds-retrieve".to_owned(), 10, 12, hubs)];
            reasons(&Evidence { operations: &operations, ..good() }).len()
        };
        assert_eq!([9, 10, 12, 13].map(count), [1, 0, 0, 1]);
    }
}
