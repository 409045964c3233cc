//! The per-second series: what was planned in each second and what became of it, with the heat map's columns.
//!
//! A recorder keeps its open [`Seconds`]; those whose arrivals have all ended are sealed and handed to the one [`Series`]
//! of the run, which adds up what several sending threads did and makes the rows. A second belongs to the arrivals that
//! were due in it, so a stall shows in the seconds whose callers waited. Memory does not grow with the length of a run
//! beyond one row and one column of the heat map a second.

use crate::recorder::Outcome;
use hdrhistogram::Histogram;
use run_record::{HISTOGRAM_HIGHEST_NS, HISTOGRAM_LOWEST_NS, HeatMap, SecondRow};
use std::collections::{BTreeMap, VecDeque};

/// Digits kept within one second: enough for a chart, a tenth of the memory.
const SECOND_DIGITS: u8 = 2;
/// A second.
pub const SECOND_NS: u64 = 1_000_000_000;

/// One second while its arrivals are under way.
#[derive(Debug, Default)]
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

    fn absorb(&mut self, other: Second) {
        if self.planned == 0 {
            self.phase = other.phase;
        }
        self.planned += other.planned;
        self.dropped += other.dropped;
        self.answered += other.answered;
        self.failed += other.failed;
        match (&mut self.times, other.times) {
            (Some(mine), Some(theirs)) => {
                for (a, b) in mine.iter_mut().zip(theirs.iter()) {
                    // Equal bounds by construction, so adding cannot fail.
                    let _ = a.add(b);
                }
            }
            (mine @ None, theirs) => *mine = theirs,
            (Some(_), None) => {}
        }
    }
}

/// The seconds of one sending thread that are still open.
#[derive(Debug, Default)]
pub struct Seconds {
    first_open: u64,
    open: VecDeque<Second>,
}

/// A second of one sending thread in which everything has ended.
#[derive(Debug)]
pub struct Sealed {
    number: u64,
    second: Second,
}

impl Seconds {
    /// The open second that `planned_ns` falls in.
    pub fn at(&mut self, planned_ns: u64, phase: usize) -> &mut Second {
        let number = (planned_ns / SECOND_NS).max(self.first_open);
        let at = (number - self.first_open) as usize;
        while self.open.len() <= at {
            self.open.push_back(Second { phase, ..Second::default() });
        }
        let open = &mut self.open[at];
        if open.planned == 0 {
            open.phase = phase;
        }
        open
    }

    /// Takes out the oldest seconds whose arrivals have all ended and that lie before `now_ns`; those in which nothing
    /// was due belong to `phase`.
    pub fn seal(&mut self, now_ns: u64, phase: usize) -> Vec<Sealed> {
        let mut sealed = Vec::new();
        while self.first_open < now_ns / SECOND_NS {
            match self.open.front() {
                Some(second) if !second.done() => break,
                _ => {}
            }
            let second = self.open.pop_front().unwrap_or(Second { phase, ..Second::default() });
            sealed.push(Sealed { number: self.first_open, second });
            self.first_open += 1;
        }
        sealed
    }

    /// Takes out everything.
    pub fn seal_all(&mut self) -> Vec<Sealed> {
        let first = self.first_open;
        self.first_open += self.open.len() as u64;
        let each = self.open.drain(..).enumerate();
        each.map(|(i, second)| Sealed { number: first + i as u64, second }).collect()
    }
}

/// The series of a run: rows and heat map.
#[derive(Debug)]
pub struct Series {
    phases: Vec<(String, bool)>,
    parts: usize,
    gathering: BTreeMap<u64, (usize, Second)>,
    rows: Vec<SecondRow>,
    heat: HeatMap,
}

impl Series {
    /// An empty series over phases with these names and whether each is measured, fed by `parts` sending threads.
    pub fn new(phases: Vec<(String, bool)>, parts: usize) -> Self {
        Series { phases, parts, gathering: BTreeMap::new(), rows: Vec::new(), heat: HeatMap::new() }
    }

    /// Adds what a sending thread sealed; a second becomes a row when all threads have.
    pub fn add(&mut self, sealed: Vec<Sealed>) {
        for Sealed { number, second } in sealed {
            let (parts, gathered) = self.gathering.entry(number).or_insert_with(|| (0, Second::default()));
            *parts += 1;
            gathered.absorb(second);
        }
        while let Some(entry) = self.gathering.first_entry().filter(|e| e.get().0 >= self.parts) {
            let (number, (_, second)) = entry.remove_entry();
            self.row(number, &second);
        }
    }

    fn row(&mut self, number: u64, second: &Second) {
        let quantile = |i: usize, q: f64| second.times.as_ref().map_or(0, |t| t[i].value_at_quantile(q));
        let (phase, measured) = self.phases.get(second.phase).cloned().unwrap_or_default();
        let name = u32::try_from(number).unwrap_or(u32::MAX);
        self.rows.push(SecondRow {
            second: name,
            phase,
            measured,
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
        for v in second.times.iter().flat_map(|t| t[0].iter_recorded()) {
            self.heat.add(name, v.value_iterated_to(), u32::try_from(v.count_at_value()).unwrap_or(u32::MAX));
        }
    }

    /// The newest whole second, for live progress.
    pub fn latest(&self) -> Option<&SecondRow> {
        self.rows.last()
    }

    /// Makes rows of what is left and hands over rows and heat map.
    pub fn finish(mut self) -> (Vec<SecondRow>, HeatMap) {
        for (number, (_, second)) in std::mem::take(&mut self.gathering) {
            self.row(number, &second);
        }
        (self.rows, self.heat)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_is_a_row_only_when_all_its_arrivals_have_ended_in_all_threads() {
        let mut parts = [Seconds::default(), Seconds::default()];
        let mut series = Series::new(vec![("peak".into(), true)], 2);
        parts[0].at(100_000_000, 0).planned += 1;
        parts[0].at(1_100_000_000, 0).planned += 1;
        parts[1].at(1_200_000_000, 0).planned += 1;
        for part in &mut parts {
            part.at(1_100_000_000, 0).finish(&Outcome::Answered, Some((5_000_000, 4_000_000, 1_000_000)));
            series.add(part.seal(5 * SECOND_NS, 0));
        }
        assert!(series.latest().is_none(), "an arrival of second 0 is still under way");
        parts[0].at(100_000_000, 0).finish(&Outcome::Dropped { reason: "x" }, None);
        series.add(parts[0].seal(5 * SECOND_NS, 0));
        let (rows, heat) = series.finish();
        let counts: Vec<_> = rows.iter().map(|r| (r.second, r.planned, r.answered, r.dropped)).collect();
        assert_eq!(counts[..2], [(0, 1, 0, 1), (1, 2, 2, 0)]);
        assert_eq!(counts.len(), 5, "also seconds in which nothing was due");
        assert_eq!(heat.counts.iter().flatten().sum::<u32>(), 2);
    }
}
