//! How late a thread woke and how the clocks ran against each other: counted from moments that are handed in.
//!
//! Called by the watch thread and by the floor. Pure: reads no clock, keeps constant memory for any length of run.

use crate::clock::Moment;
use hdrhistogram::Histogram;

/// A wake-up that comes later than this was a pause. An idle machine wakes a thread within 0.1 ms and a busy one within a
/// slice or two of its scheduler (3 ms each on Linux); whoever is kept waiting longer is not being run.
pub const PAUSE_NS: u64 = 5_000_000;
/// A jump of the wall clock against the monotonic one that counts as a step, nanoseconds. Both run at the same corrected
/// speed, so without a step they stay together to the microsecond; less than this is told as drift.
pub const STEP_NS: i128 = 50_000_000;
/// A reading of the clocks that took longer was itself interrupted and says nothing exact, nanoseconds.
const READING_NS_MAX: u64 = 1_000_000;
/// Shortest time over which a drift in parts per million is worth telling: two readings lie within microseconds.
const DRIFT_NS_MIN: i128 = 1_000_000_000;

/// How late a thread woke.
#[derive(Debug, Clone)]
pub struct Lateness {
    late: Histogram<u64>,
    /// Wake-ups later than [`PAUSE_NS`].
    pub pauses: u64,
    /// Their lateness in all, nanoseconds.
    pub paused_ns: u64,
    /// The latest, nanoseconds.
    pub longest_ns: u64,
    /// When the latest came, nanoseconds on the watch's clock.
    pub longest_at_ns: u64,
}

impl Default for Lateness {
    fn default() -> Self {
        Lateness {
            late: run_record::new_histogram(),
            pauses: 0,
            paused_ns: 0,
            longest_ns: 0,
            longest_at_ns: 0,
        }
    }
}

impl Lateness {
    /// A thread that was to wake at `due_ns` woke at `now_ns`.
    pub fn woke(&mut self, due_ns: u64, now_ns: u64) {
        let late_ns = now_ns.saturating_sub(due_ns);
        self.late.saturating_record(late_ns);
        if late_ns > PAUSE_NS {
            self.pauses += 1;
            self.paused_ns += late_ns;
        }
        if late_ns > self.longest_ns {
            self.longest_ns = late_ns;
            self.longest_at_ns = now_ns;
        }
    }

    /// Lateness at a quantile, nanoseconds; 0 without a wake-up.
    pub fn at(&self, quantile: f64) -> u64 {
        self.late.value_at_quantile(quantile)
    }

    /// Wake-ups so far.
    pub fn wakes(&self) -> u64 {
        self.late.len()
    }
}

/// How the clocks ran against each other.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct ClockSeen {
    /// Steps of at least [`STEP_NS`].
    pub steps: u64,
    /// The largest, nanoseconds, signed: positive when the wall clock was set ahead.
    pub step_ns: i64,
    /// When it was seen, nanoseconds on the watch's clock.
    pub step_at_ns: u64,
    /// How much faster the wall clock ran than the monotonic one, steps left out, parts per million.
    pub drift_ppm: Option<f64>,
    /// How much faster the monotonic clock ran than the hardware's counter, parts per million.
    pub slew_ppm: Option<f64>,
}

/// Watches the wall clock.
#[derive(Debug, Clone, Default)]
pub struct WallWatch {
    first: Option<Moment>,
    last: Option<Moment>,
    stepped_ns: i128,
    seen: ClockSeen,
}

fn ahead_ns(m: &Moment) -> i128 {
    m.wall_ns - m.monotonic_ns
}

impl WallWatch {
    /// The clocks said this at `at_ns` of the watch's clock.
    pub fn see(&mut self, now: Moment, at_ns: u64) {
        if now.took_ns > READING_NS_MAX {
            return;
        }
        self.first.get_or_insert(now);
        if let Some(last) = self.last.replace(now) {
            let jump_ns = ahead_ns(&now) - ahead_ns(&last);
            if jump_ns.abs() >= STEP_NS {
                self.stepped_ns += jump_ns;
                self.seen.steps += 1;
                if jump_ns.abs() > i128::from(self.seen.step_ns).abs() {
                    self.seen.step_ns =
                        i64::try_from(jump_ns).unwrap_or(if jump_ns < 0 { i64::MIN } else { i64::MAX });
                    self.seen.step_at_ns = at_ns;
                }
            }
        }
    }

    /// What was seen so far.
    pub fn seen(&self) -> ClockSeen {
        let (Some(first), Some(last)) = (self.first, self.last) else { return self.seen };
        let monotonic_ns = last.monotonic_ns - first.monotonic_ns;
        let raw_ns = last.raw_ns - first.raw_ns;
        let long_enough = monotonic_ns >= DRIFT_NS_MIN && raw_ns > 0;
        let ppm = |apart_ns: i128, of_ns: i128| long_enough.then(|| apart_ns as f64 * 1e6 / of_ns as f64);
        let drifted_ns = ahead_ns(&last) - ahead_ns(&first) - self.stepped_ns;
        ClockSeen {
            drift_ppm: ppm(drifted_ns, monotonic_ns),
            slew_ppm: ppm(monotonic_ns - raw_ns, raw_ns),
            ..self.seen
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: i128 = 1_000_000;

    /// Moments each 5 ms for ten seconds; `wall` says how far the wall clock is ahead at a time in milliseconds.
    fn watched(wall: impl Fn(i128) -> i128, raw: impl Fn(i128) -> i128) -> ClockSeen {
        let mut watch = WallWatch::default();
        for ms in (0..10_000).step_by(5) {
            let ns = ms * MS;
            let m = Moment { monotonic_ns: ns, wall_ns: ns + wall(ms), raw_ns: raw(ns), took_ns: 100 };
            watch.see(m, ns as u64);
        }
        watch.seen()
    }

    #[test]
    fn a_step_of_the_wall_clock_is_seen_with_its_size_its_sign_and_its_time() {
        let ahead = watched(|ms| if ms >= 4_000 { 2_000 * MS } else { 0 }, |ns| ns);
        assert_eq!((ahead.steps, ahead.step_ns, ahead.step_at_ns), (1, 2_000_000_000, 4_000_000_000));
        assert_eq!(ahead.drift_ppm, Some(0.0));
        let back = watched(|ms| if ms >= 7_000 { -60 * MS } else { 0 }, |ns| ns);
        assert_eq!((back.steps, back.step_ns, back.step_at_ns), (1, -60_000_000, 7_000_000_000));
    }

    #[test]
    fn a_step_there_and_back_again_is_two_steps() {
        let seen = watched(|ms| if (3_000..5_000).contains(&ms) { 100 * MS } else { 0 }, |ns| ns);
        assert_eq!((seen.steps, seen.step_ns), (2, 100_000_000));
    }

    #[test]
    fn a_slow_drift_is_no_step_but_is_told_in_parts_per_million() {
        let wall = watched(|ms| ms * MS / 1_000, |ns| ns);
        assert_eq!(wall.steps, 0);
        assert!((wall.drift_ppm.expect("long enough") - 1_000.0).abs() < 5.0, "{wall:?}");
        let slewed = watched(|_| 0, |ns| ns - ns / 1_000);
        assert!((slewed.slew_ppm.expect("long enough") - 1_000.0).abs() < 5.0, "{slewed:?}");
    }

    #[test]
    fn a_reading_that_was_interrupted_between_two_clocks_is_no_step() {
        let mut watch = WallWatch::default();
        for (ms, ahead_ms, took_ns) in [(0, 0, 100), (100, 90, 90_000_000), (105, 0, 100)] {
            let m = Moment { monotonic_ns: ms * MS, wall_ns: (ms + ahead_ms) * MS, raw_ns: ms * MS, took_ns };
            watch.see(m, (ms * MS) as u64);
        }
        assert_eq!(watch.seen(), ClockSeen::default());
    }

    #[test]
    fn only_wake_ups_that_come_much_too_late_are_pauses() {
        let mut late = Lateness::default();
        for i in 0..100u64 {
            late.woke(i * 5_000_000, i * 5_000_000 + 50_000);
        }
        late.woke(500_000_000, 590_000_000);
        late.woke(600_000_000, 606_000_000);
        late.woke(610_000_000, 600_000_000); // a signal woke it before its time
        assert_eq!((late.wakes(), late.pauses, late.paused_ns), (103, 2, 96_000_000));
        assert_eq!((late.longest_ns, late.longest_at_ns), (90_000_000, 590_000_000));
        assert!(late.at(0.5).abs_diff(50_000) < 1_000);
    }
}
