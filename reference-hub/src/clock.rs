//! The hub's only reader of clocks. Called by the listener, the committer and start-up; decisions get the time as an
//! input and must never come here.

#![expect(clippy::disallowed_methods, reason = "this is the file where the hub reads clocks")]

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Now, in milliseconds since the Unix epoch.
pub fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// The clock that decisions see: the system's, and what it was moved ahead by. Only a sandbox's administrator moves it,
/// so that life cycles of days can be tested in seconds; it never goes back.
#[derive(Debug, Default)]
pub struct HubClock {
    ahead_ms: AtomicU64,
}

impl HubClock {
    /// Now, in milliseconds since the Unix epoch.
    pub fn now_ms(&self) -> u64 {
        now_ms().saturating_add(self.ahead_ms.load(Relaxed))
    }

    /// Moves the clock ahead by so many milliseconds more; returns how far ahead of the system's it is now.
    pub fn advance(&self, ms: u64) -> u64 {
        self.ahead_ms.fetch_add(ms, Relaxed) + ms
    }

    /// How far ahead of the system's clock it is, in milliseconds.
    pub fn ahead_ms(&self) -> u64 {
        self.ahead_ms.load(Relaxed)
    }
}

/// Uses up so much processor time of this thread, however often it is interrupted.
pub fn burn(time: Duration) {
    let used = || {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
        Duration::new(u64::try_from(now.tv_sec).unwrap_or(0), u32::try_from(now.tv_nsec).unwrap_or(0))
    };
    let end = used() + time;
    while used() < end {
        std::hint::spin_loop();
    }
}

/// Measures how long something takes, on the monotonic clock.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts now.
    pub fn start() -> Self {
        Stopwatch(Instant::now())
    }

    /// Time since the start.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    /// Time since the start, in nanoseconds.
    pub fn elapsed_ns(&self) -> u64 {
        u64::try_from(self.0.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    /// Seconds since the start.
    pub fn elapsed_s(&self) -> f64 {
        self.0.elapsed().as_secs_f64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn burning_uses_up_processor_time_and_not_only_time() {
        let used = || rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
        let before = used();
        burn(Duration::from_millis(5));
        let after = used();
        let spent_ns = (after.tv_sec - before.tv_sec) * 1_000_000_000 + (after.tv_nsec - before.tv_nsec);
        assert!(spent_ns >= 5_000_000, "{spent_ns}");
    }
}
