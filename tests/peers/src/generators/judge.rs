//! Holds a generator against the server's log: how well it kept its schedule, what it sent in a freeze, what its users would
//! really have waited. Pure; times by CLOCK_MONOTONIC, nanoseconds, unless a name says otherwise.
//!
//! A generator of steady rate does not tell when it meant to send, so its schedule is taken to be the evenly spaced one of
//! the rate that it really kept and that fits its arrivals best: any rate error and any constant delay are forgiven. The
//! product sends numbered requests of a known plan and is held against that plan itself, so nothing is forgiven.

use crate::known_server::Seen;
use std::collections::HashMap;

/// How late requests reached the server, microseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Deviation {
    /// Median.
    pub p50_us: f64,
    /// 99th percentile.
    pub p99_us: f64,
    /// Largest.
    pub max_us: f64,
}

/// How a freeze was met.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Met {
    /// 99th percentile of the response times from the intended send times, milliseconds.
    pub true_p99_ms: f64,
    /// Of the requests intended for the freeze, the share that reached the server in it, 0 to 1 or a little more.
    pub sent: f64,
    /// Requests of the plan that never came.
    pub never_sent: u64,
}

/// The value at a quantile: the smallest that at least this share of samples does not exceed; 0 of none.
pub fn quantile(sorted: &[f64], q: f64) -> f64 {
    let rank = (q * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.clamp(1, sorted.len().max(1)) - 1).copied().unwrap_or(0.0)
}

fn deviation(mut late_us: Vec<f64>) -> Option<Deviation> {
    late_us.sort_by(f64::total_cmp);
    let max_us = *late_us.last()?;
    Some(Deviation { p50_us: quantile(&late_us, 0.5), p99_us: quantile(&late_us, 0.99), max_us })
}

/// Requests with a number, or all when none has one (only the product numbers them).
pub fn requests(seen: &[Seen]) -> Vec<Seen> {
    let numbered: Vec<Seen> = seen.iter().filter(|s| s.number != u64::MAX).copied().collect();
    if numbered.is_empty() { seen.to_vec() } else { numbered }
}

/// Against the plan of numbered requests; `None` when none came.
pub fn against_plan(planned_ns: &[u64], seen: &[Seen]) -> Option<Deviation> {
    let late = seen.iter().filter_map(|s| {
        let planned_ns = planned_ns.get(usize::try_from(s.number).ok()?)?;
        Some(s.arrived_ns.saturating_sub(*planned_ns) as f64 / 1e3)
    });
    deviation(late.collect())
}

/// Against the evenly spaced schedule that fits best; `None` for fewer than a hundred arrivals.
pub fn against_even(seen: &[Seen]) -> Option<Deviation> {
    let first_ns = seen.first().filter(|_| seen.len() >= 100)?.arrived_ns;
    let at: Vec<f64> = seen.iter().map(|s| (s.arrived_ns - first_ns) as f64 / 1e3).collect();
    // Least squares of arrival over its number.
    let n = at.len() as f64;
    let (mean_i, mean_t) = ((n - 1.0) / 2.0, at.iter().sum::<f64>() / n);
    let covariance: f64 = at.iter().enumerate().map(|(i, t)| (i as f64 - mean_i) * (t - mean_t)).sum();
    let slope = covariance / (n * (n * n - 1.0) / 12.0);
    let residual: Vec<f64> =
        at.iter().enumerate().map(|(i, t)| t - mean_t - slope * (i as f64 - mean_i)).collect();
    let mut sorted = residual.clone();
    sorted.sort_by(f64::total_cmp);
    // The line goes through the middle; how far from it, to either side, is the deviation.
    let middle = quantile(&sorted, 0.5);
    deviation(residual.iter().map(|r| (r - middle).abs()).collect())
}

/// The freeze of a server (period and length, freezes at the end of each period) that lies wholly between two moments.
pub fn freeze_between(
    origin_ns: u64,
    (period_s, length_s): (u32, u32),
    from_ns: u64,
    to_ns: u64,
) -> Option<(u64, u64)> {
    let ns = |s: u32| u64::from(s) * 1_000_000_000;
    let ends = (1u64..).map(|k| origin_ns + k * ns(period_s)).take_while(|end| *end <= to_ns);
    ends.map(|end| (end - ns(length_s), end)).find(|(begin, _)| *begin >= from_ns)
}

/// Of numbered requests with a plan: response times as they were, from when each was planned to when it was answered.
pub fn met_with_plan(planned_ns: &[u64], seen: &[Seen], freeze: (u64, u64)) -> Met {
    let by: HashMap<u64, &Seen> = seen.iter().map(|s| (s.number, s)).collect();
    let (mut waited_ms, mut due, mut came, mut never_sent) = (Vec::new(), 0u64, 0u64, 0u64);
    for (number, planned_ns) in planned_ns.iter().enumerate() {
        let found = by.get(&(number as u64));
        if let Some(s) = found {
            waited_ms.push(s.answered_ns.saturating_sub(*planned_ns) as f64 / 1e6);
        } else {
            never_sent += 1;
        }
        if (freeze.0..freeze.1).contains(planned_ns) {
            due += 1;
            came += u64::from(found.is_some_and(|s| s.arrived_ns < freeze.1));
        }
    }
    waited_ms.sort_by(f64::total_cmp);
    Met { true_p99_ms: quantile(&waited_ms, 0.99), sent: came as f64 / due.max(1) as f64, never_sent }
}

/// Of evenly spaced requests at a rate for some seconds from the first arrival on: what users would have waited who ask at
/// that rate whether or not the server answers.
pub fn met_even(seen: &[Seen], freeze: (u64, u64), rate: u32, seconds: u32) -> Met {
    let first_ns = seen.first().map_or(freeze.0, |s| s.arrived_ns);
    let planned = u64::from(rate) * u64::from(seconds);
    let gap_ns = 1e9 / f64::from(rate.max(1));
    let mut waited_ms: Vec<f64> = (0..planned)
        .map(|i| first_ns + (i as f64 * gap_ns) as u64)
        .map(|at| if (freeze.0..freeze.1).contains(&at) { (freeze.1 - at) as f64 / 1e6 } else { 0.0 })
        .collect();
    waited_ms.sort_by(f64::total_cmp);
    let came = seen.iter().filter(|s| (freeze.0..freeze.1).contains(&s.arrived_ns)).count();
    let due = (freeze.1 - freeze.0) as f64 / gap_ns;
    Met {
        true_p99_ms: quantile(&waited_ms, 0.99),
        sent: came as f64 / due,
        never_sent: planned.saturating_sub(seen.len() as u64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(number: u64, arrived_ns: u64, answered_ns: u64) -> Seen {
        Seen { number, arrived_ns, answered_ns }
    }

    #[test]
    fn an_even_schedule_has_no_deviation_whatever_its_rate_and_offset_and_lumps_have_theirs() {
        let even: Vec<Seen> = (0..1_000).map(|i| seen(u64::MAX, 77 + i * 555_000, 0)).collect();
        let kept = against_even(&even).expect("enough");
        assert!(kept.max_us < 0.01, "{kept:?}");
        // Ten at once every 10 ms: up to 4.5 ms from an even spacing, to either side.
        let lumps: Vec<Seen> = (0..1_000).map(|i| seen(u64::MAX, i / 10 * 10_000_000, 0)).collect();
        let kept = against_even(&lumps).expect("enough");
        assert!(kept.p50_us > 2_000.0 && kept.p99_us < 6_000.0 && kept.p99_us > 4_000.0, "{kept:?}");
        assert_eq!(against_even(&even[..99]), None);
    }

    #[test]
    fn numbered_requests_are_held_against_their_own_plan() {
        let log = [seen(1, 2_030_000, 0), seen(0, 1_010_000, 0), seen(u64::MAX, 9, 0)];
        let kept = against_plan(&[1_000_000, 2_000_000], &requests(&log)).expect("came");
        assert_eq!((kept.p50_us, kept.max_us), (10.0, 30.0));
    }

    #[test]
    fn the_freeze_that_counts_lies_wholly_in_the_run() {
        let s = |s: u64| s * 1_000_000_000;
        assert_eq!(freeze_between(s(100), (10, 1), s(102), s(113)), Some((s(109), s(110))));
        assert_eq!(freeze_between(s(100), (10, 1), s(109) + 1, s(113)), None);
        assert_eq!(freeze_between(s(100), (10, 1), s(102), s(110) - 1), None);
    }

    #[test]
    fn who_stops_sending_in_a_freeze_is_seen_and_the_truth_is_what_users_would_have_waited() {
        let ms = 1_000_000;
        // 100/s for 10 s; the sixth second frozen, in which nothing is sent.
        let freeze = (5_000 * ms, 6_000 * ms);
        let log: Vec<Seen> = (0..1_000u64)
            .map(|i| i * 10 * ms)
            .filter(|at| !(freeze.0..freeze.1).contains(at))
            .map(|at| seen(u64::MAX, at, at))
            .collect();
        let met = met_even(&log, freeze, 100, 10);
        assert_eq!((met.sent, met.never_sent), (0.0, 100));
        assert!((met.true_p99_ms - 910.0).abs() < 11.0, "{met:?}");
    }

    #[test]
    fn who_sends_all_in_a_freeze_is_seen_by_number() {
        let planned: Vec<u64> = (0..100).map(|i| i * 10).collect();
        let log: Vec<Seen> =
            (0..100).map(|i| seen(i, i * 10 + 1, if i < 90 { i * 10 + 2 } else { 1_000_002 })).collect();
        let met = met_with_plan(&planned, &log[..99], (900, 1_000));
        assert_eq!((met.sent, met.never_sent), (0.9, 1));
        assert!((met.true_p99_ms - 1.0).abs() < 0.01, "{met:?}");
    }
}
