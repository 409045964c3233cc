//! Says on stderr how many connections are open while many are opened before a run.

use harness::clock::Clock;

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
