//! The only place in the harness that reads time. Called by the engine, the watch threads and the child process code;
//! never by the plan, the recorder or the validity rules, which take times as numbers.

use rustix::thread::{clock_nanosleep_absolute, set_current_timer_slack};
use rustix::time::{ClockId, Timespec, clock_gettime};
use std::num::NonZeroU64;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A monotonic clock that counts nanoseconds from its making.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    origin_ns: i128,
}

fn to_ns(t: Timespec) -> i128 {
    i128::from(t.tv_sec) * 1_000_000_000 + i128::from(t.tv_nsec)
}

impl Clock {
    /// A clock that stands at 0 now.
    pub fn start() -> Self {
        Clock { origin_ns: to_ns(clock_gettime(ClockId::Monotonic)) }
    }

    /// The system's monotonic clock at the moment this one was made, nanoseconds: what logs of other processes on this
    /// machine can be set against.
    pub fn origin_ns(&self) -> u64 {
        u64::try_from(self.origin_ns).unwrap_or(0)
    }

    /// Nanoseconds since the clock was made.
    pub fn now_ns(&self) -> u64 {
        u64::try_from(to_ns(clock_gettime(ClockId::Monotonic)) - self.origin_ns).unwrap_or(0)
    }
}

/// CPU time this process has used so far, in seconds, over all its threads.
pub fn process_cpu_s() -> f64 {
    to_ns(clock_gettime(ClockId::ProcessCPUTime)) as f64 / 1e9
}

/// CPU time the calling thread has used so far, in nanoseconds.
pub fn thread_cpu_ns() -> u64 {
    u64::try_from(to_ns(clock_gettime(ClockId::ThreadCPUTime))).unwrap_or(0)
}

/// The wall clock as the C library tells it. Requests carry it (`{{now}}`, MESH tokens); no measurement uses it.
pub fn wall_now() -> jiff::Timestamp {
    jiff::Timestamp::from_nanosecond(wall_ns()).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
}

/// The wall clock for whoever needs it for each request: read again when a millisecond has passed, a thousandth of what any
/// time stamp of a request tells.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wall(Option<(u64, jiff::Timestamp)>);

/// How old a reading may be.
const WALL_NS: u64 = 1_000_000;

impl Wall {
    /// The wall clock's time when a [`Clock`] stands at `now_ns`.
    pub fn at(&mut self, now_ns: u64) -> jiff::Timestamp {
        match self.0.filter(|(read_ns, _)| now_ns.checked_sub(*read_ns).is_some_and(|age| age < WALL_NS)) {
            Some((_, now)) => now,
            None => self.0.insert((now_ns, wall_now())).1,
        }
    }
}

/// The same in nanoseconds since the Unix epoch. It goes by way of the standard library, as every other program's time
/// does, so that whatever moves the time of this process also shows here; what it costs more is tested below.
#[expect(clippy::disallowed_methods, reason = "this is the file where the harness reads clocks")]
fn wall_ns() -> i128 {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => i128::try_from(since.as_nanos()).unwrap_or(i128::MAX),
        Err(before) => -i128::try_from(before.duration().as_nanos()).unwrap_or(i128::MAX),
    }
}

/// What three clocks said at one moment, nanoseconds, each from its own origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The monotonic clock, which measures.
    pub monotonic_ns: i128,
    /// The wall clock.
    pub wall_ns: i128,
    /// The hardware's counter, which nobody corrects.
    pub raw_ns: i128,
    /// How long the reading took: how far apart the three may lie.
    pub took_ns: u64,
}

/// Reads the three clocks.
pub fn moment() -> Moment {
    let before_ns = to_ns(clock_gettime(ClockId::Monotonic));
    let wall_ns = wall_ns();
    let raw_ns = to_ns(clock_gettime(ClockId::MonotonicRaw));
    let after_ns = to_ns(clock_gettime(ClockId::Monotonic));
    Moment {
        monotonic_ns: before_ns + (after_ns - before_ns) / 2,
        wall_ns,
        raw_ns,
        took_ns: u64::try_from(after_ns - before_ns).unwrap_or(u64::MAX),
    }
}

/// Lets the calling thread's timers wake it as soon as the kernel can, not up to 50 us later to save power.
pub fn wake_exactly() {
    let _ = set_current_timer_slack(NonZeroU64::new(1));
}

impl Clock {
    /// Sleeps until the clock stands at `at_ns`, or a signal comes. For threads that measure how late they wake; never
    /// between planned sends.
    pub fn sleep_until(&self, at_ns: u64) {
        let ns = self.origin_ns + i128::from(at_ns);
        let at = Timespec {
            tv_sec: i64::try_from(ns / 1_000_000_000).unwrap_or(i64::MAX),
            tv_nsec: (ns % 1_000_000_000) as _,
        };
        let _ = clock_nanosleep_absolute(ClockId::Monotonic, &at);
    }
}

/// Sleeps; for start-up and shut-down polling only, never between planned sends.
pub fn sleep(d: Duration) {
    std::thread::sleep(d);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Median cost of one call, nanoseconds.
    fn cost_ns(call: impl Fn()) -> u64 {
        let clock = Clock::start();
        let mut costs: Vec<u64> = (0..101)
            .map(|_| {
                let from_ns = clock.now_ns();
                (0..1_000).for_each(|_| call());
                (clock.now_ns() - from_ns) / 1_000
            })
            .collect();
        costs.sort_unstable();
        costs[costs.len() / 2]
    }

    #[test]
    fn the_wall_clock_by_way_of_the_standard_library_costs_nothing_that_matters() {
        let ours = cost_ns(|| {
            let _ = std::hint::black_box(wall_ns());
        });
        let kernels = cost_ns(|| {
            let _ = std::hint::black_box(clock_gettime(ClockId::Realtime));
        });
        println!("{ours} ns by the standard library, {kernels} ns by the kernel's own page");
        assert!(ours < kernels + 1_000, "{ours} ns against {kernels} ns: over a microsecond a request");
    }

    #[test]
    fn the_wall_clock_and_its_kernels_source_say_the_same() {
        let kernels_ns = to_ns(clock_gettime(ClockId::Realtime));
        let apart_ns = (wall_now().as_nanosecond() - kernels_ns).abs();
        assert!(apart_ns < 1_000_000_000, "{apart_ns} ns apart");
    }

    #[test]
    fn a_sleep_ends_no_sooner_than_it_was_asked_to() {
        let clock = Clock::start();
        clock.sleep_until(3_000_000);
        assert!(clock.now_ns() >= 3_000_000);
    }
}
