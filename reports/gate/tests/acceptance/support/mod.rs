//! What the simulations are made of.

pub mod machine;
pub mod random;
pub mod trials;

use gate::{GateResult, Verdict};

/// How many of a simulation: all in an optimised build, one in fifty otherwise, so that debug tests end too.
pub fn size(full: usize) -> usize {
    if cfg!(debug_assertions) { full.div_ceil(50) } else { full }
}

/// What a number of gates came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Tally {
    pub gates: usize,
    pub regressed: usize,
    pub unchanged: usize,
    pub inconclusive: usize,
    pub blocks_mean: f64,
    pub blocks_most: usize,
}

impl Tally {
    pub fn of(results: &[GateResult]) -> Tally {
        let count = |verdict| results.iter().filter(|r| r.verdict == verdict).count();
        Tally {
            gates: results.len(),
            regressed: count(Verdict::Regressed),
            unchanged: count(Verdict::Unchanged),
            inconclusive: count(Verdict::Inconclusive),
            blocks_mean: results.iter().map(|r| r.blocks as f64).sum::<f64>() / results.len() as f64,
            blocks_most: results.iter().map(|r| r.blocks).max().unwrap_or(0),
        }
    }

    /// A bound on a hundred gates as a bound on these: nothing for the small sizes of debug builds, where it cannot be judged.
    pub fn holds(&self, what: &str, full: bool) {
        assert!(full || cfg!(debug_assertions), "{what}: {self:?}");
    }
}

/// The results of `count` simulations, each by its number, on two threads.
pub fn run<T: Send>(count: usize, one: impl Fn(u64) -> T + Sync) -> Vec<T> {
    let half = count / 2;
    std::thread::scope(|scope| {
        let second = scope.spawn(|| (half..count).map(|i| one(i as u64)).collect::<Vec<T>>());
        let mut all: Vec<T> = (0..half).map(|i| one(i as u64)).collect();
        all.extend(second.join().expect("a simulation"));
        all
    })
}
