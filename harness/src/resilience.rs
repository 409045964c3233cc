//! What the events of a scenario did to the service: availability, outages, and how long after each event requests were
//! answered as before. Pure; called by `run` once everything is counted. Its resolution is one second, but for the longest
//! outage, which is told in steps of [`SLOT_NS`].

use crate::gaps::{GoodSlots, SLOT_NS};
use run_record::{Counts, EventRow, Resilience, SecondRow};

/// Share of the requests due in a second that must be answered well for the second to count as good.
pub const GOOD_SHARE: f64 = 0.99;
/// Seconds before an event that say how requests were answered before it.
const BEFORE_S: usize = 10;
/// A second is as before when its p99 response is at most twice that of the seconds before ...
const SLOWER_RATIO: f64 = 2.0;
/// ... or above it by no more than this: twice a fast answer is still a fast answer.
const SLOWER_NS: f64 = 50e6;
/// A gap between good answers is an outage when something due in it failed, was dropped, or waited at least this part of
/// it; else nothing was due.
const WAITED_SHARE: f64 = 0.5;
const SECOND_NS: u64 = 1_000_000_000;

/// What the run's seconds say. `seconds` are all of the run in order, `counts` those of the measured phases, `good` the
/// slots with good answers where they were noted. Fills in the recovery of each event.
pub fn judge(
    seconds: &[SecondRow],
    counts: Counts,
    good: Option<&GoodSlots>,
    events: &mut [EventRow],
) -> Resilience {
    let mut found = Resilience {
        availability: counts.answered as f64 / (counts.planned as f64).max(1.0),
        seconds_good: good_share(seconds),
        longest_outage_s: longest_outage_s(seconds, good),
        ..Resilience::default()
    };
    found.basis.push(format!(
        "Recovery is told by whole seconds: the first after an event in which {:.0} % of the requests due were answered \
         well, with a p99 response of at most twice that of the {BEFORE_S} s before, or 50 ms above it.",
        GOOD_SHARE * 100.0
    ));
    for event in events {
        if let Recovery::NotYet(s) = recovery(seconds, event) {
            found.basis.push(format!(
                "After \"{}\" at {:.1} s requests were not answered as before to the end of the run: its recovery of {s:.1} \
                 s is how long that was.",
                event.text, event.at_s
            ));
        }
    }
    found
}

fn answered_well(row: &SecondRow) -> bool {
    row.answered as f64 >= GOOD_SHARE * row.planned as f64
}

fn good_share(seconds: &[SecondRow]) -> f64 {
    let due: Vec<&SecondRow> = seconds.iter().filter(|r| r.measured && r.planned > 0).collect();
    let good = due.iter().filter(|r| answered_well(r)).count();
    good as f64 / due.len().max(1) as f64
}

fn longest_outage_s(seconds: &[SecondRow], good: Option<&GoodSlots>) -> f64 {
    let measured = || seconds.iter().filter(|r| r.measured);
    let Some(good) = good else {
        // Whole seconds alone: those that follow each other and have no good answer.
        let (mut longest, mut current, mut last) = (0u32, 0u32, None);
        for row in measured() {
            let follows = last.is_some_and(|l: u32| l + 1 == row.second);
            current = match (row.planned > 0 && row.answered == 0, follows) {
                (true, true) => current + 1,
                (true, false) => 1,
                (false, _) => 0,
            };
            last = Some(row.second);
            longest = longest.max(current);
        }
        return f64::from(longest);
    };
    let start = |row: &SecondRow| u64::from(row.second) * SECOND_NS;
    let (Some(first), Some(last)) = (measured().next(), measured().next_back()) else { return 0.0 };
    let gaps = good.gaps(start(first), start(last) + SECOND_NS);
    let felt = |(from, to): (u64, u64)| {
        let waited = (to - from) as f64 * WAITED_SHARE;
        measured()
            .filter(|row| start(row) < to && start(row) + SECOND_NS > from)
            .any(|row| row.answered < row.planned || row.response_max_ns as f64 >= waited)
    };
    // A single slot without an answer is chance, not an outage.
    let longest = gaps.into_iter().filter(|g| g.1 - g.0 > SLOT_NS && felt(*g)).map(|g| g.1 - g.0).max();
    longest.unwrap_or(0) as f64 / 1e9
}

enum Recovery {
    Settled,
    NotYet(f64),
}

/// Fills in an event's recovery.
fn recovery(seconds: &[SecondRow], event: &mut EventRow) -> Recovery {
    let began = event.began_s.max(0.0).floor() as u32;
    let before: Vec<&SecondRow> =
        seconds.iter().filter(|r| r.second < began && r.planned > 0 && answered_well(r)).collect();
    let mut p99s: Vec<u64> = before.iter().rev().take(BEFORE_S).map(|r| r.response_p99_ns).collect();
    p99s.sort_unstable();
    let usual = p99s.get(p99s.len() / 2).copied().unwrap_or(0) as f64;
    let limit_ns = (usual * SLOWER_RATIO).max(usual + SLOWER_NS);
    let as_before = |row: &SecondRow| answered_well(row) && row.response_p99_ns as f64 <= limit_ns;

    let after: Vec<&SecondRow> = seconds.iter().filter(|r| r.second >= began && r.planned > 0).collect();
    event.recovered_s = None;
    event.lost_requests = 0;
    // What begins at the end of a second may show in the next one first.
    if after.iter().filter(|r| r.second <= began + 1).all(|r| as_before(r)) {
        return Recovery::Settled;
    }
    let first_bad = after.iter().position(|r| !as_before(r)).unwrap_or(0);
    let back = after.iter().skip(first_bad).find(|r| as_before(r)).map(|r| r.second);
    let end = back.or_else(|| after.last().map(|r| r.second + 1)).unwrap_or(began);
    let lost = |r: &&&SecondRow| r.second < end;
    event.lost_requests = after.iter().filter(lost).map(|r| r.failed + r.dropped).sum();
    let took_s = (f64::from(end) - event.began_s).max(0.0);
    event.recovered_s = Some(took_s);
    if back.is_some() { Recovery::Settled } else { Recovery::NotYet(took_s) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 300 requests due in every second; (failed, p99 in milliseconds) of each.
    fn run(rows: &[(u64, u64)]) -> Vec<SecondRow> {
        let row = |(second, (failed, p99_ms)): (u32, &(u64, u64))| SecondRow {
            second,
            measured: second >= 2,
            planned: 300,
            sent: 300,
            answered: 300 - failed,
            failed: *failed,
            response_p99_ns: p99_ms * 1_000_000,
            response_max_ns: p99_ms * 1_000_000,
            ..SecondRow::default()
        };
        (0..).zip(rows).map(row).collect()
    }

    fn counts(rows: &[SecondRow]) -> Counts {
        let of = |f: fn(&SecondRow) -> u64| rows.iter().filter(|r| r.measured).map(f).sum();
        Counts {
            planned: of(|r| r.planned),
            sent: of(|r| r.sent),
            answered: of(|r| r.answered),
            failed: of(|r| r.failed),
            ..Counts::default()
        }
    }

    fn at(began_s: f64) -> EventRow {
        EventRow { text: "hub-kill".into(), at_s: began_s, began_s, ..EventRow::default() }
    }

    #[test]
    fn a_restart_takes_until_the_first_second_that_is_as_before_and_its_failures_are_counted() {
        let rows =
            run(&[(0, 5), (0, 5), (0, 5), (0, 5), (100, 9), (300, 0), (20, 400), (0, 300), (0, 20), (0, 5)]);
        let mut events = [at(4.7)];
        let found = judge(&rows, counts(&rows), None, &mut events);
        assert!((events[0].recovered_s.expect("felt") - 3.3).abs() < 1e-9, "{events:?}");
        assert_eq!(events[0].lost_requests, 420);
        assert!((found.availability - (2400.0 - 420.0) / 2400.0).abs() < 1e-12);
        assert!((found.seconds_good - 5.0 / 8.0).abs() < 1e-12, "{found:?}");
        assert!((found.longest_outage_s - 1.0).abs() < 1e-12);
        assert_eq!(found.basis.len(), 1, "{:?}", found.basis);
    }

    #[test]
    fn an_event_that_nobody_felt_has_no_recovery() {
        let rows = run(&[(0, 5); 10]);
        let mut events = [at(4.0), at(6.99)];
        judge(&rows, counts(&rows), None, &mut events);
        assert!(events.iter().all(|e| e.recovered_s.is_none() && e.lost_requests == 0), "{events:?}");
    }

    #[test]
    fn what_begins_late_in_a_second_shows_in_the_next() {
        let rows = run(&[(0, 5), (0, 5), (0, 5), (0, 5), (0, 5), (200, 5), (0, 5), (0, 5)]);
        let mut events = [at(4.999)];
        judge(&rows, counts(&rows), None, &mut events);
        assert!((events[0].recovered_s.expect("felt") - 1.001).abs() < 1e-9, "{events:?}");
    }

    #[test]
    fn slowness_alone_counts_and_what_never_ends_is_said() {
        let mut seconds = vec![(0, 5); 5];
        seconds.extend([(0, 56); 5]);
        let rows = run(&seconds);
        let mut events = [at(5.0)];
        let found = judge(&rows, counts(&rows), None, &mut events);
        assert_eq!(events[0].recovered_s, Some(5.0));
        assert!(found.basis[1].contains("not answered as before to the end"), "{:?}", found.basis);
        seconds.truncate(5);
        seconds.extend([(0, 55); 5]);
        let rows = run(&seconds);
        judge(&rows, counts(&rows), None, &mut events);
        assert_eq!(events[0].recovered_s, None, "50 ms above 5 ms is allowed");
    }

    #[test]
    fn a_short_outage_is_told_by_the_slots_and_idle_time_is_none() {
        let rows = run(&[(0, 5), (0, 5), (0, 5), (90, 5), (0, 5), (0, 700)]);
        let mut good = GoodSlots::default();
        for slot in 0..600u64 {
            let outage = (340..370).contains(&slot);
            let idle = (410..490).contains(&slot);
            let frozen = (530..550).contains(&slot);
            if !outage && !idle && !frozen {
                good.note(slot * SLOT_NS);
            }
        }
        let found = judge(&rows, counts(&rows), Some(&good), &mut []);
        assert!((found.longest_outage_s - 0.3).abs() < 1e-9, "{}", found.longest_outage_s);
    }

    #[test]
    fn nothing_planned_gives_no_share_of_anything_and_no_panic() {
        let found = judge(&[], Counts::default(), Some(&GoodSlots::default()), &mut [at(1.0)]);
        assert_eq!((found.availability, found.seconds_good, found.longest_outage_s), (0.0, 0.0, 0.0));
    }
}
