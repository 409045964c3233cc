//! A bad day on purpose: delays, stalls, errors, lost answers and slow bodies, so that users can test their own clients.
//!
//! Called by the service, once for every routed request; when nothing is injected that is one load of a flag. The plan
//! comes from [`grammar`], the answers from [`shape`], what happens to bodies from [`body`]. Which requests are met is a
//! function of the seed and of how many requests a rule has seen: the n-th that a rule looks at is met, or not, in every
//! run alike. Never touches the store: a request that is refused here was not decided.

pub mod body;
pub mod grammar;
pub mod shape;

use crate::clock::Stopwatch;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

/// The seed unless another is given: the one of every run.
pub const SEED_DEFAULT: u64 = 42;

/// Something bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The request waits for a time between these before it is decided.
    Delay(Duration, Duration),
    /// The request is answered with this status and not decided.
    Error(u16),
    /// Every so often (second) all requests wait until a time (first) is over.
    Stall(Duration, Duration),
    /// The connection is closed without an answer; the request is not decided.
    Reset,
    /// The request is decided and committed; the connection is closed without an answer.
    Lose,
    /// The answer's body comes at this many bytes a second.
    SlowBody(u64),
    /// The request costs so much processor time more.
    Work(Duration),
}

/// Words of the faults, in the order of [`Fault::index`].
pub const FAULTS: &[&str] = &["delay", "error", "stall", "reset", "lose", "slow-body", "work"];

impl Fault {
    /// Its place in [`FAULTS`].
    pub fn index(self) -> usize {
        match self {
            Fault::Delay(..) => 0,
            Fault::Error(_) => 1,
            Fault::Stall(..) => 2,
            Fault::Reset => 3,
            Fault::Lose => 4,
            Fault::SlowBody(_) => 5,
            Fault::Work(_) => 6,
        }
    }
}

/// A fault and whom it meets.
#[derive(Debug)]
pub struct Rule {
    /// What happens.
    pub fault: Fault,
    /// How likely it is, as a share of `u64::MAX`.
    pub odds: u64,
    /// Operation names, or beginnings of them that end with `*`; empty means all.
    pub operations: Vec<String>,
    /// Requests looked at so far.
    seen: AtomicU64,
}

impl Rule {
    /// A rule that has seen nothing yet.
    pub fn new(fault: Fault, odds: u64, operations: Vec<String>) -> Self {
        Rule { fault, odds, operations, seen: AtomicU64::new(0) }
    }

    fn is_for(&self, operation: &str) -> bool {
        let matches = |pattern: &String| match pattern.strip_suffix('*') {
            Some(start) => operation.starts_with(start),
            None => operation == pattern,
        };
        self.operations.is_empty() || self.operations.iter().any(matches)
    }

    /// What this rule does to the next request of `operation`, `elapsed` after the plan began.
    fn meets(&self, operation: &str, elapsed: Duration, (seed, nth_rule): (u64, u64)) -> Option<Met> {
        if !self.is_for(operation) {
            return None;
        }
        let n = self.seen.fetch_add(1, Relaxed);
        if draw(seed, nth_rule * 2, n) > self.odds {
            return None;
        }
        Some(match self.fault {
            Fault::Delay(least, most) => {
                let share = draw(seed, nth_rule * 2 + 1, n) as f64 / u64::MAX as f64;
                Met::Wait(least + most.saturating_sub(least).mul_f64(share))
            }
            Fault::Stall(length, every) => {
                let into = elapsed.as_nanos() % every.as_nanos().max(1);
                let into = Duration::from_nanos(u64::try_from(into).unwrap_or(u64::MAX));
                // The first stall comes when the first period is over.
                if elapsed < every || into >= length {
                    return None;
                }
                Met::Wait(length - into)
            }
            Fault::Error(status) => Met::Fate(Fate::Error(status)),
            Fault::Reset => Met::Fate(Fate::Reset),
            Fault::Lose => Met::Fate(Fate::Lose),
            Fault::SlowBody(rate) => Met::Slow(rate),
            Fault::Work(time) => Met::Work(time),
        })
    }
}

enum Met {
    Wait(Duration),
    Fate(Fate),
    Slow(u64),
    Work(Duration),
}

/// How a request ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fate {
    /// As the hub decides.
    #[default]
    Decided,
    /// With this status, undecided.
    Error(u16),
    /// Without an answer, undecided.
    Reset,
    /// Decided, without an answer.
    Lose,
}

/// What is done to one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Bad {
    /// It waits so long first; several delays add up.
    pub wait: Duration,
    /// It costs so much processor time more; several add up.
    pub work: Duration,
    /// How it ends: the first rule that says so wins.
    pub fate: Fate,
    /// Its answer's body comes at this many bytes a second; the slowest rule wins.
    pub bytes_per_s: Option<u64>,
}

/// Rules, in order.
#[derive(Debug, Default)]
pub struct Plan {
    /// As it was written.
    pub text: String,
    /// The rules.
    pub rules: Vec<Rule>,
}

impl Plan {
    /// What is done to the next request of `operation`, `elapsed` after the plan began; `None` when nothing is.
    /// Every fault that met it is told to `count`.
    pub fn meets(&self, operation: &str, elapsed: Duration, seed: u64, count: impl Fn(Fault)) -> Option<Bad> {
        let mut bad: Option<Bad> = None;
        for (nth, rule) in (0..).zip(&self.rules) {
            let Some(met) = rule.meets(operation, elapsed, (seed, nth)) else { continue };
            let bad = bad.get_or_insert_default();
            match met {
                Met::Wait(wait) => bad.wait += wait,
                Met::Work(time) => bad.work += time,
                Met::Slow(rate) => bad.bytes_per_s = Some(bad.bytes_per_s.map_or(rate, |r| r.min(rate))),
                Met::Fate(fate) if bad.fate == Fate::Decided => bad.fate = fate,
                Met::Fate(_) => continue,
            }
            count(rule.fault);
        }
        bad
    }
}

/// 64 bits that depend on all three: two rounds of the SplitMix64 finaliser.
fn draw(seed: u64, stream: u64, n: u64) -> u64 {
    let mix = |mut x: u64| {
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    };
    let start = mix(seed.wrapping_add(stream.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
    mix(start.wrapping_add((n + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)))
}

/// The plan in force, and what it did.
#[derive(Debug)]
pub struct Injector {
    on: AtomicBool,
    seed: u64,
    plan: RwLock<(Arc<Plan>, Stopwatch)>,
    /// By [`Fault::index`].
    injected: [AtomicU64; FAULTS.len()],
}

impl Injector {
    /// An injector with a plan, which may be empty.
    pub fn new(plan: Arc<Plan>, seed: u64) -> Self {
        let on = AtomicBool::new(!plan.rules.is_empty());
        let injected = std::array::from_fn(|_| AtomicU64::new(0));
        Injector { on, seed, plan: RwLock::new((plan, Stopwatch::start())), injected }
    }

    /// Puts another plan in force; time and counts of its rules begin anew.
    pub fn set(&self, plan: Plan) {
        let on = !plan.rules.is_empty();
        let now = (Arc::new(plan), Stopwatch::start());
        *self.plan.write().unwrap_or_else(PoisonError::into_inner) = now;
        self.on.store(on, Relaxed);
    }

    /// The plan in force, as it was written.
    pub fn text(&self) -> String {
        self.plan.read().unwrap_or_else(PoisonError::into_inner).0.text.clone()
    }

    /// What is done to the next request of `operation`.
    #[inline]
    pub fn meets(&self, operation: &str) -> Option<Bad> {
        if !self.on.load(Relaxed) {
            return None;
        }
        let (plan, watch) = {
            let held = self.plan.read().unwrap_or_else(PoisonError::into_inner);
            (Arc::clone(&held.0), held.1)
        };
        plan.meets(operation, watch.elapsed(), self.seed, |fault| {
            self.injected[fault.index()].fetch_add(1, Relaxed);
        })
    }

    /// Faults injected so far, by word.
    pub fn totals(&self) -> Vec<(&'static str, u64)> {
        FAULTS.iter().zip(&self.injected).map(|(word, n)| (*word, n.load(Relaxed))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::grammar::parse;
    use super::*;

    fn met(text: &str, n: usize, seed: u64) -> Vec<bool> {
        let plan = parse("test", text).unwrap();
        (0..n).map(|_| plan.meets("pds-retrieve", Duration::ZERO, seed, |_| ()).is_some()).collect()
    }

    #[test]
    fn the_same_seed_meets_the_same_requests_and_the_share_is_the_one_asked_for() {
        let first = met("error 503 p=0.1", 10_000, 42);
        assert_eq!(first, met("error 503 p=0.1", 10_000, 42));
        assert_ne!(first, met("error 503 p=0.1", 10_000, 43));
        let hits = first.iter().filter(|m| **m).count();
        assert!((900..1_100).contains(&hits), "{hits}");
        assert!(met("reset", 1_000, 7).iter().all(|m| *m), "without p every request is met");
    }

    #[test]
    fn rules_meet_their_operations_only_and_delays_add_up() {
        let plan =
            parse("test", "delay 50ms op=pds-*; delay 10ms op=pds-retrieve; error 503 op=mesh-send").unwrap();
        let of = |operation| plan.meets(operation, Duration::ZERO, 42, |_| ());
        assert_eq!(of("pds-retrieve").unwrap().wait, Duration::from_millis(60));
        assert_eq!(of("pds-trace").unwrap().wait, Duration::from_millis(50));
        assert_eq!(of("mesh-send").unwrap().fate, Fate::Error(503));
        assert_eq!(of("scr-list"), None);
    }

    #[test]
    fn a_stall_holds_requests_until_it_is_over_and_comes_again() {
        let plan = parse("test", "stall 2s every=30s").unwrap();
        let at = |ms| plan.meets("x", Duration::from_millis(ms), 42, |_| ()).map(|bad| bad.wait.as_millis());
        assert_eq!(at(500), None, "the first period begins in peace");
        assert_eq!(at(30_000), Some(2_000));
        assert_eq!(at(31_500), Some(500));
        assert_eq!(at(32_000), None);
        assert_eq!(at(90_100), Some(1_900));
    }

    #[test]
    fn a_delay_between_two_times_stays_between_them() {
        let plan = parse("test", "delay 10ms..20ms").unwrap();
        let waits: Vec<u128> =
            (0..100).map(|_| plan.meets("x", Duration::ZERO, 42, |_| ()).unwrap().wait.as_micros()).collect();
        assert!(waits.iter().all(|w| (10_000..=20_000).contains(w)));
        assert!(waits.iter().max().unwrap() - waits.iter().min().unwrap() > 5_000);
    }

    #[test]
    fn the_first_end_wins_and_what_met_a_request_is_counted() {
        let injector = Injector::new(Arc::new(parse("test", "reset; error 500; delay 1ms").unwrap()), 42);
        assert_eq!(injector.meets("x").unwrap().fate, Fate::Reset);
        let met: Vec<_> = injector.totals().into_iter().filter(|(_, n)| *n > 0).collect();
        assert_eq!(met, [("delay", 1), ("reset", 1)]);
        injector.set(Plan::default());
        assert_eq!(injector.meets("x"), None);
    }
}
