//! Says on stderr what goes on before a run where that takes long: a large trace that is checked, many connections that are
//! opened.

use harness::clock::Clock;
use std::sync::atomic::{AtomicU64, Ordering};

/// Fewer than these are open before anybody could read of it.
const WORTH_SAYING: usize = 2_000;
/// Nanoseconds between two lines.
const EVERY_NS: u64 = 2_000_000_000;

/// What is told while connections are opened; says nothing when `quiet`.
pub fn teller(quiet: bool) -> impl FnMut(usize, usize) {
    let clock = Clock::start();
    let mut next_ns = EVERY_NS / 2;
    move |open, wanted| {
        if quiet || wanted < WORTH_SAYING || (clock.now_ns() < next_ns && open < wanted) {
            return;
        }
        next_ns = clock.now_ns() + EVERY_NS;
        let per_s = open as f64 / (clock.now_ns() as f64 / 1e9).max(1e-9);
        eprintln!("connections: {open} of {wanted} open, {per_s:.0} a second");
    }
}

/// What is told while a trace is checked, bytes done of all; says nothing when `quiet`.
pub fn checking(quiet: bool) -> impl Fn(u64, u64) + Sync {
    let (clock, next_ns) = (Clock::start(), AtomicU64::new(EVERY_NS));
    move |done, total| {
        let now_ns = clock.now_ns();
        if quiet || now_ns < next_ns.load(Ordering::Relaxed) {
            return;
        }
        next_ns.store(now_ns + EVERY_NS, Ordering::Relaxed);
        eprintln!("trace: {:.0} % checked", done as f64 * 100.0 / total.max(1) as f64);
    }
}
