//! Shapes of load, laid out as straight pieces: a line, a staircase, a sine, a spike, a profile. Pure; called by
//! `read_phases`, which has checked what it is given. Positions and periods are in the scenario's own time; a time-lapse
//! shortens the pieces and leaves their rates.

use crate::profile::Profile;
use crate::scenario::{Piece, Rate};
use crate::units::nanoseconds;
use std::f64::consts::TAU;
use std::time::Duration;

/// Straight pieces that a scenario may have: enough for every hour of a year. The plan looks one up for each arrival.
pub(crate) const PIECES_MAX: u64 = 10_000;
/// Pieces of a period of a sine.
const SINE_PIECES: u64 = 64;
/// By how much these pieces miss the sine at most, as a share of the way between its ends: a chord over 1/64 of a circle
/// is 0.06 % of the circle's diameter away from it.
#[cfg(test)]
const SINE_ERROR_MAX: f64 = 0.000_61;
const HOUR_NS: u64 = 3_600_000_000_000;

/// A shape of load.
#[derive(Debug, Clone)]
pub(crate) enum Shape<'a> {
    /// One rate, or a ramp.
    Line(Rate),
    /// Equal treads from the first rate to the last, both included; two at least.
    Steps { rate: Rate, steps: u64 },
    /// A swing between two rates, beginning at the lower.
    Sine { low_per_s: f64, high_per_s: f64, period: Duration },
    /// A flat rate and for a time a higher one.
    Spike { flat_per_s: f64, to_per_s: f64, at: Duration, length: Duration, ramp: Duration },
    /// Part of a profile's weeks, beginning so many minutes after a Monday's midnight.
    Profile { profile: &'a Profile, month: f64, from_minutes: u64, smooth: bool },
}

impl Shape<'_> {
    /// An upper bound of the number of pieces that it takes over this time, without laying them out.
    pub(crate) fn pieces_max(&self, own: Duration) -> u64 {
        let grid = |step_ns: u128| u64::try_from(own.as_nanos() / step_ns.max(1)).map_or(u64::MAX, |n| n + 2);
        match self {
            Shape::Line(_) => 1,
            Shape::Steps { steps, .. } => *steps,
            Shape::Sine { period, .. } => grid(period.as_nanos() / u128::from(SINE_PIECES)),
            Shape::Spike { .. } => 5,
            Shape::Profile { .. } => grid(u128::from(HOUR_NS)),
        }
    }

    /// Its pieces over `own` time that passes in `run` time. They last exactly `run`.
    pub(crate) fn pieces(&self, own: Duration, run: Duration) -> Vec<Piece> {
        let (own_ns, run_ns) = (nanoseconds(own), nanoseconds(run));
        // Ends of pieces in the scenario's own time.
        let mut ends: Vec<(u64, Rate)> = Vec::new();
        match *self {
            Shape::Line(rate) => ends.push((own_ns, rate)),
            Shape::Steps { rate, steps } => {
                let rise = (rate.to_per_s - rate.from_per_s) / (steps - 1) as f64;
                for n in 0..steps {
                    let end = part(own_ns, n + 1, steps);
                    ends.push((end, flat(rate.from_per_s + rise * n as f64)));
                }
            }
            Shape::Sine { low_per_s, high_per_s, period } => {
                let period_ns = nanoseconds(period);
                let at = |t: u64| {
                    let turn = TAU * (t % period_ns) as f64 / period_ns as f64;
                    low_per_s + (high_per_s - low_per_s) * (1.0 - turn.cos()) / 2.0
                };
                let grid = (1..).map(|n| part(period_ns, n, SINE_PIECES));
                along(own_ns, grid, |from, to| {
                    ends.push((to, Rate { from_per_s: at(from), to_per_s: at(to) }))
                });
            }
            Shape::Spike { flat_per_s, to_per_s, at, length, ramp } => {
                let (at, length, ramp) = (nanoseconds(at), nanoseconds(length), nanoseconds(ramp));
                let flank = Rate { from_per_s: flat_per_s, to_per_s };
                ends.push((at, flat(flat_per_s)));
                ends.push((at + ramp, flank));
                ends.push((at + length - ramp, flat(to_per_s)));
                ends.push((at + length, Rate { from_per_s: to_per_s, to_per_s: flat_per_s }));
                ends.push((own_ns, flat(flat_per_s)));
            }
            Shape::Profile { profile, month, from_minutes, smooth: false } => {
                let from = from_minutes * (HOUR_NS / 60);
                let grid = (from / HOUR_NS + 1..).map(|hour| hour * HOUR_NS - from);
                along(own_ns, grid, |start, to| {
                    ends.push((to, flat(profile.rate_per_s((start + from) / HOUR_NS, month))));
                });
            }
            Shape::Profile { profile, month, from_minutes, smooth: true } => {
                let from = from_minutes * (HOUR_NS / 60);
                // Between the middles of two hours in a straight line; a week earlier there is an hour before the first.
                let at = |t: u64| {
                    let since = t + from + crate::profile::HOURS_PER_WEEK * HOUR_NS - HOUR_NS / 2;
                    let (hour, rest) = (since / HOUR_NS, (since % HOUR_NS) as f64 / HOUR_NS as f64);
                    let (before, after) =
                        (profile.rate_per_s(hour, month), profile.rate_per_s(hour + 1, month));
                    before + (after - before) * rest
                };
                let first = (from + HOUR_NS / 2) / HOUR_NS;
                let grid = (first..).map(|hour| hour * HOUR_NS + HOUR_NS / 2 - from);
                along(own_ns, grid, |start, to| {
                    ends.push((to, Rate { from_per_s: at(start), to_per_s: at(to) }));
                });
            }
        }
        lay(&ends, own_ns, run_ns)
    }
}

/// Calls `piece` with start and end of each stretch between the marks of a rising grid, from 0 to `end`.
fn along(end: u64, grid: impl Iterator<Item = u64>, mut piece: impl FnMut(u64, u64)) {
    let mut start = 0;
    for mark in grid {
        let to = mark.min(end);
        if to > start {
            piece(start, to);
            start = to;
        }
        if mark >= end {
            return;
        }
    }
}

/// Pieces with these ends in the scenario's own time, in the time of the run; what is shorter than a nanosecond goes.
fn lay(ends: &[(u64, Rate)], own_ns: u64, run_ns: u64) -> Vec<Piece> {
    let mut pieces = Vec::with_capacity(ends.len());
    let mut start = 0;
    for (end, rate) in ends {
        let end = part(run_ns, *end, own_ns);
        if end > start {
            pieces.push(Piece { duration: Duration::from_nanos(end - start), rate: *rate });
            start = end;
        }
    }
    pieces
}

/// These pieces, so that together they last `run`.
pub(crate) fn squeeze(pieces: &[Piece], run: Duration) -> Vec<Piece> {
    let mut end = 0;
    let ends: Vec<(u64, Rate)> = pieces
        .iter()
        .map(|p| {
            end += nanoseconds(p.duration);
            (end, p.rate)
        })
        .collect();
    lay(&ends, end, nanoseconds(run))
}

fn flat(per_s: f64) -> Rate {
    Rate { from_per_s: per_s, to_per_s: per_s }
}

/// `whole * n / of`, to the nearest.
fn part(whole: u64, n: u64, of: u64) -> u64 {
    let of = u128::from(of.max(1));
    ((u128::from(whole) * u128::from(n) + of / 2) / of) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::tests::published;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn lasting(pieces: &[Piece]) -> Duration {
        pieces.iter().map(|p| p.duration).sum()
    }

    fn total(pieces: &[Piece]) -> f64 {
        pieces.iter().map(|p| p.duration.as_secs_f64() * p.rate.mean_per_s()).sum()
    }

    /// The rate at a moment.
    fn rate_at(pieces: &[Piece], at_s: f64) -> f64 {
        let mut left = at_s;
        for p in pieces {
            let length = p.duration.as_secs_f64();
            if left <= length {
                return p.rate.from_per_s + (p.rate.to_per_s - p.rate.from_per_s) * left / length;
            }
            left -= length;
        }
        panic!("{at_s} s is beyond the end");
    }

    #[test]
    fn a_staircase_has_equal_treads_and_both_ends() {
        let rate = Rate { from_per_s: 100.0, to_per_s: 1000.0 };
        let pieces = Shape::Steps { rate, steps: 10 }.pieces(s(7), s(7));
        let treads: Vec<f64> = pieces.iter().map(|p| p.rate.from_per_s).collect();
        assert_eq!(treads, [100., 200., 300., 400., 500., 600., 700., 800., 900., 1000.]);
        assert!(pieces.iter().all(|p| p.rate.from_per_s == p.rate.to_per_s && p.duration == s(7) / 10));
    }

    #[test]
    fn pieces_last_exactly_as_long_as_the_phase() {
        let rate = Rate { from_per_s: 1.0, to_per_s: 2.0 };
        for steps in [2, 3, 7, 997] {
            for run in [s(1), Duration::from_nanos(999_999_937), s(86_400)] {
                assert_eq!(lasting(&Shape::Steps { rate, steps }.pieces(s(86_400), run)), run, "{steps}");
            }
        }
        let sine = Shape::Sine { low_per_s: 1.0, high_per_s: 2.0, period: Duration::from_nanos(1_234_567) };
        assert_eq!(lasting(&sine.pieces(s(1), s(1))), s(1));
        assert!(sine.pieces(s(1), s(1)).len() as u64 <= sine.pieces_max(s(1)));
    }

    #[test]
    fn a_sine_in_pieces_is_a_sine_within_its_stated_error() {
        let period = s(60);
        let sine = Shape::Sine { low_per_s: 100.0, high_per_s: 300.0, period };
        let pieces = sine.pieces(s(150), s(150));
        let mut worst = 0.0_f64;
        for n in 0..=15_000 {
            let t = f64::from(n) / 100.0;
            let truth = 200.0 - 100.0 * (TAU * t / 60.0).cos();
            worst = worst.max((rate_at(&pieces, t) - truth).abs() / 200.0);
        }
        assert!(worst <= SINE_ERROR_MAX, "{worst}");
        assert!(worst > SINE_ERROR_MAX / 2.0, "the stated error is far from the real one: {worst}");
        assert!(
            (rate_at(&pieces, 0.0) - 100.0).abs() < 1e-9 && (rate_at(&pieces, 30.0) - 300.0).abs() < 1e-6
        );
        assert!((total(&sine.pieces(s(120), s(120))) - 24_000.0).abs() < 1e-3, "two whole periods");
    }

    #[test]
    fn a_spike_stands_where_it_is_put() {
        let (at, length) = (s(20), s(10));
        let spike = |ramp| Shape::Spike { flat_per_s: 600.0, to_per_s: 1800.0, at, length, ramp };
        let pieces = spike(s(0)).pieces(s(60), s(60));
        assert_eq!(pieces.len(), 3);
        for (t, rate) in [(19.9, 600.0), (20.1, 1800.0), (29.9, 1800.0), (30.1, 600.0), (60.0, 600.0)] {
            assert!((rate_at(&pieces, t) - rate).abs() < 1e-9, "{t}");
        }
        assert!((total(&pieces) - 48_000.0).abs() < 1e-6);
        let pieces = spike(s(2)).pieces(s(60), s(60));
        assert_eq!((pieces.len(), lasting(&pieces)), (5, s(60)));
        for (t, rate) in [(20.0, 600.0), (21.0, 1200.0), (22.5, 1800.0), (29.0, 1200.0), (30.5, 600.0)] {
            assert!((rate_at(&pieces, t) - rate).abs() < 1e-9, "{t}");
        }
        let pieces = Shape::Spike { flat_per_s: 1.0, to_per_s: 2.0, at: s(0), length: s(5), ramp: s(0) };
        assert_eq!(pieces.pieces(s(5), s(5)).len(), 1, "a spike may fill the phase");
    }

    #[test]
    fn a_week_in_twenty_minutes_has_the_true_rates_of_every_hour() {
        let profile = published();
        let week =
            |smooth, from_minutes| Shape::Profile { profile: &profile, month: 400e6, from_minutes, smooth };
        let own = s(168 * 3_600);
        let pieces = week(false, 0).pieces(own, s(1_200));
        assert_eq!((pieces.len(), lasting(&pieces)), (168, s(1_200)));
        for hour in 0..168 {
            let t = (hour as f64 + 0.5) * 1_200.0 / 168.0;
            assert_eq!(rate_at(&pieces, t), profile.rate_per_s(hour, 400e6), "hour {hour}");
        }
        let expected = 400e6 * 12.0 * 7.0 / 365.0;
        assert!((total(&week(false, 0).pieces(own, own)) - expected).abs() < 1.0);
        assert!(
            (total(&week(true, 0).pieces(own, own)) - expected).abs() < 1.0,
            "smoothing moves no message out"
        );
        assert!((total(&pieces) * 504.0 - expected).abs() < 100.0);
    }

    #[test]
    fn a_phase_may_begin_within_an_hour_and_run_into_the_next_week() {
        let profile = published();
        let from_minutes = (6 * 24 + 22) * 60 + 30;
        let part = |smooth| {
            let shape = Shape::Profile { profile: &profile, month: 400e6, from_minutes, smooth };
            let own = s(3 * 3_600);
            assert!(shape.pieces(own, own).len() as u64 <= shape.pieces_max(own));
            shape.pieces(own, own)
        };
        let rate = |hour| profile.rate_per_s(hour, 400e6);
        let pieces = part(false);
        let lengths: Vec<u64> = pieces.iter().map(|p| p.duration.as_secs()).collect();
        assert_eq!(lengths, [1_800, 3_600, 3_600, 1_800]);
        let rates: Vec<f64> = pieces.iter().map(|p| p.rate.from_per_s).collect();
        assert_eq!(rates, [rate(166), rate(167), rate(0), rate(1)]);
        let pieces = part(true);
        assert_eq!((pieces.len(), lasting(&pieces)), (3, s(10_800)));
        for (n, hour) in [(0, 166), (1, 167), (2, 168)] {
            assert!((pieces[n].rate.from_per_s - rate(hour)).abs() < 1e-9);
            assert!((pieces[n].rate.to_per_s - rate(hour + 1)).abs() < 1e-9);
        }
    }

    #[test]
    fn squeezed_pieces_keep_their_rates_and_their_proportions() {
        let spike = Shape::Spike { flat_per_s: 1.0, to_per_s: 3.0, at: s(20), length: s(10), ramp: s(1) };
        let pieces = squeeze(&spike.pieces(s(60), s(60)), s(6));
        assert_eq!(lasting(&pieces), s(6));
        let lengths: Vec<u128> = pieces.iter().map(|p| p.duration.as_millis()).collect();
        assert_eq!(lengths, [2_000, 100, 800, 100, 3_000]);
        assert_eq!((pieces[2].rate.from_per_s, pieces[2].rate.to_per_s), (3.0, 3.0));
        assert_eq!(lasting(&squeeze(&pieces, Duration::from_nanos(1))), Duration::from_nanos(1));
    }
}
