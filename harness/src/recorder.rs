//! The recorder: counts and times every planned arrival, however it ended.
//!
//! Called by the open-model engine and by the closed-model users with finished samples; merges nothing on the hot path
//! and never reads a clock. Response time is planned -> last byte, service time is sent -> last byte, send lag is
//! planned -> sent, in nanoseconds. Times are recorded of requests that were answered (whether or not the answer passed
//! its checks) or timed out; refused and broken connections are counted only, because a quick failure is not a quick
//! answer. Only measured phases enter the histograms; counts are kept of both.

use crate::gaps::GoodSlots;
use crate::ledger::Ledger;
use crate::seconds::Seconds;
use crate::trips::Trips;
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
    fn absorb(&mut self, other: &Tally) {
        // Equal bounds by construction, so adding cannot fail.
        let _ = self.response.add(&other.response);
        let _ = self.service.add(&other.service);
        let _ = self.send_lag.add(&other.send_lag);
        self.failed += other.failed;
    }

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
    /// The seconds that are still open.
    pub seconds: Seconds,
    /// How the journeys went.
    pub trips: Trips,
    /// Requests sent after one that was due later.
    pub out_of_order: u64,
    latest_sent_ns: u64,
    /// The newest failure, in words.
    pub newest_error: Option<String>,
    /// When requests were answered well.
    pub good: GoodSlots,
    /// What was acknowledged; a ledger of the scenario's where its writes are to be looked up again.
    pub ledger: Ledger,
    errors: BTreeMap<(usize, String, String), (u64, u64)>,
}

impl Recorder {
    /// A recorder for interactions named `names` and phases of which `measured[i]` says whether phase `i` counts.
    pub fn new(names: Vec<String>, measured: Vec<bool>) -> Self {
        Recorder {
            tallies: names.iter().map(|_| None).collect(),
            complete: vec![0; names.len()],
            unknown: vec![0; names.len()],
            last_done_ns: 0,
            seconds: Seconds::default(),
            trips: Trips::default(),
            out_of_order: 0,
            latest_sent_ns: 0,
            newest_error: None,
            good: GoodSlots::default(),
            ledger: Ledger::default(),
            names,
            measured,
            counts: Counts::default(),
            counts_all: Counts::default(),
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
        self.seconds.at(planned_ns, phase).planned += 1;
    }

    /// An arrival was sent that was due at `planned_ns`.
    pub fn sent(&mut self, planned_ns: u64) {
        if planned_ns < self.latest_sent_ns {
            self.out_of_order += 1;
        }
        self.latest_sent_ns = self.latest_sent_ns.max(planned_ns);
    }

    /// Adds what another sending thread recorded; its seconds must have been sealed.
    pub fn absorb(&mut self, other: Recorder) {
        for (mine, theirs) in self.tallies.iter_mut().zip(other.tallies) {
            match (mine, theirs) {
                (Some(mine), Some(theirs)) => mine.absorb(&theirs),
                (mine @ None, theirs) => *mine = theirs,
                (Some(_), None) => {}
            }
        }
        for (mine, theirs) in [(&mut self.counts, other.counts), (&mut self.counts_all, other.counts_all)] {
            mine.planned += theirs.planned;
            mine.sent += theirs.sent;
            mine.dropped += theirs.dropped;
            mine.answered += theirs.answered;
            mine.failed += theirs.failed;
        }
        let sum = |mine: &mut Vec<u64>, theirs: Vec<u64>| {
            mine.iter_mut().zip(theirs).for_each(|(a, b)| *a += b);
        };
        sum(&mut self.complete, other.complete);
        sum(&mut self.unknown, other.unknown);
        self.last_done_ns = self.last_done_ns.max(other.last_done_ns);
        self.out_of_order += other.out_of_order;
        self.trips.absorb(other.trips);
        self.good.merge(&other.good);
        self.ledger.merge(other.ledger);
        for (key, (count, first_ns)) in other.errors {
            let mine = self.errors.entry(key).or_insert((0, first_ns));
            *mine = (mine.0 + count, mine.1.min(first_ns));
        }
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
                self.good.note(sample.done_ns);
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
        self.newest_error = Some(format!("{}: {kind} {detail}", self.names[sample.interaction]));
        let mut key = (sample.interaction, kind.to_owned(), detail.to_owned());
        if self.errors.len() >= ERRORS_MAX && !self.errors.contains_key(&key) {
            key.2 = "and others".to_owned();
        }
        self.errors.entry(key).or_insert((0, sample.planned_ns)).0 += 1;
    }

    /// Send lag of all interactions in the measured phases, nanoseconds.
    pub fn send_lag(&self) -> Histogram<u64> {
        let mut all = run_record::new_histogram();
        for tally in self.tallies.iter().flatten() {
            // Equal bounds by construction, so adding cannot fail.
            let _ = all.add(&tally.send_lag);
        }
        all
    }

    /// The measured phases' histograms for the run record: `all` first, then every interaction that was sent.
    pub fn histograms(&self) -> Vec<NamedHistogram> {
        let mut all = Tally::new();
        for t in self.tallies.iter().flatten() {
            all.absorb(t);
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
mod tests;
