//! The recorder: counts and times every planned arrival, however it ended.
//!
//! Called by the open-model engine and by the closed-model users with finished samples; merges nothing on the hot path
//! and never reads a clock. Response time is planned -> last byte, service time is sent -> last byte, send lag is
//! planned -> sent, in nanoseconds. Times are recorded of requests that were answered (whether or not the answer passed
//! its checks) or timed out; refused and broken connections are counted only, because a quick failure is not a quick
//! answer. Only measured phases enter the histograms; counts are kept of both.

use crate::seconds::Seconds;
use hdrhistogram::Histogram;
use run_record::{ALL, Counts, ErrorRow, Kind, NamedHistogram};
use std::collections::BTreeMap;

/// Different errors told apart; what comes after is counted under one name, so that a broken target cannot fill memory.
pub const ERRORS_MAX: usize = 200;

/// What became of a planned arrival.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome<'a> {
    /// Answered, and every check passed.
    Answered,
    /// Sent, but not answered as expected.
    Failed {
        /// Class of the failure: `status`, `header`, `json`, `capture`, `timeout`, `connection`, `protocol`.
        kind: &'a str,
        /// A short sentence that groups.
        detail: &'a str,
        /// True when a whole answer came (so the hub counted it).
        complete: bool,
        /// True when its times belong in the histograms (an answer or a time-out).
        timed: bool,
    },
    /// Never sent.
    Dropped {
        /// Why not.
        reason: &'a str,
    },
}

/// A finished arrival: the only thing the recorder takes. Times are nanoseconds since the run's start.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    /// Index of the interaction.
    pub interaction: usize,
    /// Index of the phase it was planned in.
    pub phase: usize,
    /// When it was due.
    pub planned_ns: u64,
    /// When its first byte was handed to the kernel (the drop time for dropped ones).
    pub sent_ns: u64,
    /// When its last byte was read, or when it was given up.
    pub done_ns: u64,
}

/// Times and failures of one interaction in the measured phases.
#[derive(Debug, Clone)]
pub struct Tally {
    /// planned -> last byte.
    pub response: Histogram<u64>,
    /// sent -> last byte.
    pub service: Histogram<u64>,
    /// planned -> sent.
    pub send_lag: Histogram<u64>,
    /// Requests that failed.
    pub failed: u64,
}

impl Tally {
    /// Nothing recorded yet.
    pub fn new() -> Self {
        let h = run_record::new_histogram;
        Tally { response: h(), service: h(), send_lag: h(), failed: 0 }
    }
}

impl Default for Tally {
    fn default() -> Self {
        Self::new()
    }
}

/// Everything recorded in a run.
#[derive(Debug)]
pub struct Recorder {
    names: Vec<String>,
    measured: Vec<bool>,
    tallies: Vec<Option<Box<Tally>>>,
    /// Counts of the measured phases.
    pub counts: Counts,
    /// Counts of all phases.
    pub counts_all: Counts,
    /// Whole answers received in all phases, per interaction: what the hub must have counted.
    pub complete: Vec<u64>,
    /// Requests in all phases whose fate at the hub is unknown (broken or timed out), per interaction.
    pub unknown: Vec<u64>,
    /// When the last answer to a measured arrival was whole, nanoseconds since the run's start.
    pub last_done_ns: u64,
    /// The per-second series.
    pub seconds: Seconds,
    /// The check of the schedule, when there is one.
    pub schedule: Option<crate::schedule::ScheduleCheck>,
    errors: BTreeMap<(usize, String, String), (u64, u64)>,
}

impl Recorder {
    /// A recorder for interactions named `names` and phases of which `measured[i]` says whether phase `i` counts.
    pub fn new(names: Vec<String>, measured: Vec<bool>, phase_names: Vec<String>) -> Self {
        Recorder {
            tallies: names.iter().map(|_| None).collect(),
            complete: vec![0; names.len()],
            unknown: vec![0; names.len()],
            last_done_ns: 0,
            seconds: Seconds::new(phase_names, measured.clone()),
            names,
            measured,
            counts: Counts::default(),
            counts_all: Counts::default(),
            schedule: None,
            errors: BTreeMap::new(),
        }
    }

    fn each_count(&mut self, phase: usize, change: impl Fn(&mut Counts)) {
        change(&mut self.counts_all);
        if self.measured[phase] {
            change(&mut self.counts);
        }
    }

    /// An arrival came due. Every one ends in exactly one [`Recorder::finished`].
    pub fn planned(&mut self, phase: usize, planned_ns: u64) {
        self.each_count(phase, |c| c.planned += 1);
        if let Some(check) = &mut self.schedule {
            check.planned(planned_ns, phase);
        }
        self.seconds.at(planned_ns, phase).planned += 1;
    }

    /// An arrival ended.
    pub fn finished(&mut self, sample: &Sample, outcome: &Outcome<'_>) {
        let timed = match outcome {
            Outcome::Answered => {
                self.each_count(sample.phase, |c| {
                    c.sent += 1;
                    c.answered += 1;
                });
                self.complete[sample.interaction] += 1;
                true
            }
            Outcome::Failed { kind, detail, complete, timed } => {
                self.each_count(sample.phase, |c| {
                    c.sent += 1;
                    c.failed += 1;
                });
                if *complete {
                    self.complete[sample.interaction] += 1;
                } else {
                    self.unknown[sample.interaction] += 1;
                }
                self.error(sample, kind, detail);
                *timed
            }
            Outcome::Dropped { reason } => {
                self.each_count(sample.phase, |c| c.dropped += 1);
                self.error(sample, "dropped", reason);
                false
            }
        };
        let response_ns = sample.done_ns.saturating_sub(sample.planned_ns);
        let service_ns = sample.done_ns.saturating_sub(sample.sent_ns);
        let lag_ns = sample.sent_ns.saturating_sub(sample.planned_ns);
        self.seconds
            .at(sample.planned_ns, sample.phase)
            .finish(outcome, timed.then_some((response_ns, service_ns, lag_ns)));
        if !self.measured[sample.phase] {
            return;
        }
        self.last_done_ns = self.last_done_ns.max(sample.done_ns);
        let failed = matches!(outcome, Outcome::Failed { .. });
        if !timed && !failed {
            return;
        }
        let tally = self.tallies[sample.interaction].get_or_insert_with(|| Box::new(Tally::new()));
        tally.failed += u64::from(failed);
        if timed {
            tally.response.saturating_record(response_ns);
            tally.service.saturating_record(service_ns);
            tally.send_lag.saturating_record(lag_ns);
        }
    }

    fn error(&mut self, sample: &Sample, kind: &str, detail: &str) {
        let mut key = (sample.interaction, kind.to_owned(), detail.to_owned());
        if self.errors.len() >= ERRORS_MAX && !self.errors.contains_key(&key) {
            key.2 = "and others".to_owned();
        }
        self.errors.entry(key).or_insert((0, sample.planned_ns)).0 += 1;
    }

    /// The measured phases' histograms for the run record: `all` first, then every interaction that was sent.
    pub fn histograms(&self) -> Vec<NamedHistogram> {
        let mut all = Tally::new();
        for t in self.tallies.iter().flatten() {
            // Equal bounds by construction, so adding cannot fail.
            let _ = all.response.add(&t.response);
            let _ = all.service.add(&t.service);
            let _ = all.send_lag.add(&t.send_lag);
        }
        let each =
            self.names.iter().zip(&self.tallies).filter_map(|(n, t)| Some((n.as_str(), t.as_deref()?)));
        let mut named = Vec::new();
        for (interaction, t) in std::iter::once((ALL, &all)).chain(each) {
            for (kind, h) in
                [(Kind::Response, &t.response), (Kind::Service, &t.service), (Kind::SendLag, &t.send_lag)]
            {
                named.push(NamedHistogram {
                    interaction: interaction.to_owned(),
                    kind,
                    histogram: h.clone(),
                });
            }
        }
        named
    }

    /// Failed requests of the measured phases by interaction.
    pub fn failed(&self) -> BTreeMap<String, u64> {
        let each = self.names.iter().zip(&self.tallies);
        each.filter_map(|(n, t)| Some((n.clone(), t.as_ref()?.failed))).collect()
    }

    /// The errors of all phases as rows for the run record.
    pub fn error_rows(&self) -> Vec<ErrorRow> {
        self.errors
            .iter()
            .map(|((i, kind, detail), (count, first_ns))| ErrorRow {
                interaction: self.names[*i].clone(),
                kind: kind.clone(),
                detail: detail.clone(),
                count: *count,
                first_at_s: *first_ns as f64 / 1e9,
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    fn recorder() -> Recorder {
        Recorder::new(vec!["a".into(), "b".into()], vec![false, true], vec!["warm-up".into(), "peak".into()])
    }

    fn sample(phase: usize, planned_ms: u64, sent_ms: u64, done_ms: u64) -> Sample {
        Sample {
            interaction: 0,
            phase,
            planned_ns: planned_ms * MS,
            sent_ns: sent_ms * MS,
            done_ns: done_ms * MS,
        }
    }

    fn failed(kind: &'static str, timed: bool) -> Outcome<'static> {
        Outcome::Failed { kind, detail: "x", complete: timed, timed }
    }

    #[test]
    fn response_service_and_send_lag_are_told_apart() {
        let mut r = recorder();
        r.planned(1, 0);
        r.finished(&sample(1, 0, 300, 500), &Outcome::Answered);
        let histograms = r.histograms();
        for (kind, ms) in [(Kind::Response, 500), (Kind::Service, 200), (Kind::SendLag, 300)] {
            for name in ["a", ALL] {
                let h = run_record::find_histogram(&histograms, name, kind).expect("recorded");
                assert_eq!(h.len(), 1);
                assert!(h.max().abs_diff(ms * MS) <= ms * MS / 1000, "{name} {kind}: {}", h.max());
            }
        }
    }

    #[test]
    fn warm_up_is_counted_but_never_timed() {
        let mut r = recorder();
        r.planned(0, 0);
        r.finished(&sample(0, 0, 1, 2), &Outcome::Answered);
        assert_eq!((r.counts.planned, r.counts_all.answered), (0, 1));
        assert!(r.histograms().iter().all(|h| h.histogram.is_empty()));
    }

    #[test]
    fn every_way_to_end_keeps_the_two_equations() {
        let mut r = recorder();
        let ends = [
            Outcome::Answered,
            failed("status", true),
            failed("connection", false),
            Outcome::Dropped { reason: "nothing waits" },
        ];
        for (i, end) in ends.iter().enumerate() {
            r.planned(1, i as u64 * 400 * MS);
            r.finished(&sample(1, i as u64 * 400, i as u64 * 400, i as u64 * 400 + 5), end);
        }
        let c = r.counts;
        assert_eq!((c.planned, c.sent, c.dropped, c.answered, c.failed), (4, 3, 1, 1, 2));
        assert_eq!((r.complete[0], r.unknown[0]), (2, 1));
        let histograms = r.histograms();
        let h = run_record::find_histogram(&histograms, ALL, Kind::Response).expect("recorded");
        assert_eq!(h.len(), 2, "a broken connection is no answer and has no time");
        let (series, heat) = r.seconds.finish();
        assert_eq!(series.iter().map(|s| s.planned).sum::<u64>(), 4);
        assert!(series.iter().all(|s| s.planned == s.sent + s.dropped && s.sent == s.answered + s.failed));
        assert_eq!(heat.counts.iter().flatten().sum::<u32>(), 2);
    }

    #[test]
    fn a_broken_target_cannot_fill_memory_with_different_errors() {
        let mut r = recorder();
        for i in 0..1_000u64 {
            r.planned(1, 0);
            let detail = format!("reason {i}");
            let outcome = Outcome::Failed { kind: "status", detail: &detail, complete: true, timed: true };
            r.finished(&sample(1, 0, 0, 1), &outcome);
        }
        let rows = r.error_rows();
        assert_eq!(rows.len(), ERRORS_MAX + 1);
        assert_eq!(rows.iter().map(|e| e.count).sum::<u64>(), 1_000);
    }

    #[test]
    fn a_second_is_sealed_only_when_all_its_arrivals_have_ended() {
        let mut r = recorder();
        r.planned(1, 100 * MS);
        r.planned(1, 1_100 * MS);
        r.finished(&sample(1, 1_100, 1_100, 1_101), &Outcome::Answered);
        r.seconds.seal(5_000 * MS);
        assert!(r.seconds.latest().is_none());
        r.finished(&sample(1, 100, 100, 4_000), &Outcome::Answered);
        r.seconds.seal(5_000 * MS);
        assert_eq!(r.seconds.latest().map(|s| s.second), Some(1));
    }
}
