//! The only place in the harness that reads time. Called by the engine and the child process code; never by the
//! plan, the recorder or the validity rules, which take times as numbers.

use rustix::time::{ClockId, Timespec, clock_gettime};
use std::time::Duration;

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

/// The wall clock. Requests carry it (`{{now}}`, MESH tokens); no measurement uses it.
pub fn wall_now() -> jiff::Timestamp {
    let t = clock_gettime(ClockId::Realtime);
    let nanoseconds = i32::try_from(t.tv_nsec).unwrap_or(0);
    jiff::Timestamp::new(t.tv_sec, nanoseconds).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
}

/// Sleeps; for start-up and shut-down polling only, never between planned sends.
pub fn sleep(d: Duration) {
    std::thread::sleep(d);
}
