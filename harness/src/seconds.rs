//! The per-second series: what was planned in each second and what became of it, with the heat map's columns.
//!
//! Called by the recorder only. A second belongs to the arrivals that were due in it, so a stall shows in the seconds
//! whose callers waited. Open seconds keep small histograms; a second is sealed into one row when all its arrivals have
//! ended, so memory does not grow with the length of a run beyond one row a second.

use crate::recorder::Outcome;
use hdrhistogram::Histogram;
use run_record::{HISTOGRAM_HIGHEST_NS, HISTOGRAM_LOWEST_NS, HeatMap, SecondRow};
use std::collections::VecDeque;

/// Digits kept within one second: enough for a chart, a tenth of the memory.
const SECOND_DIGITS: u8 = 2;
const SECOND_NS: u64 = 1_000_000_000;

/// One second while its arrivals are under way.
#[derive(Debug)]
pub struct Second {
    phase: usize,
    /// Arrivals due in it.
    pub planned: u64,
    dropped: u64,
    answered: u64,
    failed: u64,
    times: Option<Box<[Histogram<u64>; 3]>>,
}

fn coarse_histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(HISTOGRAM_LOWEST_NS, HISTOGRAM_HIGHEST_NS, SECOND_DIGITS)
        .unwrap_or_else(|_| run_record::new_histogram())
}

impl Second {
    /// Notes an end and, if it counts, its (response, service, send lag) in nanoseconds.
    pub fn finish(&mut self, outcome: &Outcome<'_>, times_ns: Option<(u64, u64, u64)>) {
        match outcome {
            Outcome::Answered => self.answered += 1,
            Outcome::Failed { .. } => self.failed += 1,
            Outcome::Dropped { .. } => self.dropped += 1,
        }
        if let Some((response, service, lag)) = times_ns {
            let [r, s, l] =
                &mut **self.times.get_or_insert_with(|| Box::new([(); 3].map(|()| coarse_histogram())));
            r.saturating_record(response);
            s.saturating_record(service);
            l.saturating_record(lag);
        }
    }

    fn done(&self) -> bool {
        self.planned == self.dropped + self.answered + self.failed
    }
}

/// The series of a run.
#[derive(Debug)]
pub struct Seconds {
    phase_names: Vec<String>,
    measured: Vec<bool>,
    first_open: u64,
    open: VecDeque<Second>,
    rows: Vec<SecondRow>,
    heat: HeatMap,
}

impl Seconds {
    /// An empty series over phases of these names.
    pub fn new(phase_names: Vec<String>, measured: Vec<bool>) -> Self {
        Seconds {
            phase_names,
            measured,
            first_open: 0,
            open: VecDeque::new(),
            rows: Vec::new(),
            heat: HeatMap::new(),
        }
    }

    /// The open second that `planned_ns` falls in.
    pub fn at(&mut self, planned_ns: u64, phase: usize) -> &mut Second {
        let second = (planned_ns / SECOND_NS).max(self.first_open);
        let at = (second - self.first_open) as usize;
        while self.open.len() <= at {
            self.open.push_back(Second {
                phase,
                planned: 0,
                dropped: 0,
                answered: 0,
                failed: 0,
                times: None,
            });
        }
        let open = &mut self.open[at];
        if open.planned == 0 {
            open.phase = phase;
        }
        open
    }

    /// Seals the oldest seconds whose arrivals have all ended and that lie before `now_ns`.
    pub fn seal(&mut self, now_ns: u64) {
        while self.open.front().is_some_and(Second::done) && self.first_open < now_ns / SECOND_NS {
            self.seal_first();
        }
    }

    fn seal_first(&mut self) {
        let Some(second) = self.open.pop_front() else { return };
        let quantile = |i: usize, q: f64| second.times.as_ref().map_or(0, |t| t[i].value_at_quantile(q));
        self.rows.push(SecondRow {
            second: u32::try_from(self.first_open).unwrap_or(u32::MAX),
            phase: self.phase_names[second.phase].clone(),
            measured: self.measured[second.phase],
            planned: second.planned,
            sent: second.answered + second.failed,
            dropped: second.dropped,
            answered: second.answered,
            failed: second.failed,
            response_p50_ns: quantile(0, 0.5),
            response_p99_ns: quantile(0, 0.99),
            response_max_ns: quantile(0, 1.0),
            service_p99_ns: quantile(1, 0.99),
            send_lag_p99_ns: quantile(2, 0.99),
        });
        let name = u32::try_from(self.first_open).unwrap_or(u32::MAX);
        for v in second.times.iter().flat_map(|t| t[0].iter_recorded()) {
            self.heat.add(name, v.value_iterated_to(), u32::try_from(v.count_at_value()).unwrap_or(u32::MAX));
        }
        self.first_open += 1;
    }

    /// The newest sealed second, for live progress.
    pub fn latest(&self) -> Option<&SecondRow> {
        self.rows.last()
    }

    /// Seals everything and hands over rows and heat map.
    pub fn finish(mut self) -> (Vec<SecondRow>, HeatMap) {
        while !self.open.is_empty() {
            self.seal_first();
        }
        (self.rows, self.heat)
    }
}
