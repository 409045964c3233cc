//! The search for the highest arrival rate that keeps a scenario's budgets: which rate to try next, and what was found.
//!
//! Called by `spinebench limit`, which runs each probe and says how it came out. Pure: it runs nothing, reads no clock and
//! knows no scenario; [`probe`] makes a run's scenario and its outcome from a rate.
//!
//! It grows from the lowest rate until one fails, halves the gap (on a scale of ratios) down to the precision, confirms the
//! rate found in several runs, and asks once more whether the rate above it really fails. Machines are noisy, so no single
//! probe decides that a rate fails, and no single probe undoes what two have said.

pub mod probe;

/// Probes at most: growing over five decades takes 17, closing a doubled gap to 1 % takes 7, confirming and asking again
/// about ten; what is left is for three false alarms. At 13 s each that is under a quarter of an hour.
pub const PROBES_MAX: usize = 64;
/// How much faster the next probe is while nothing has failed.
const GROWTH: f64 = 2.0;
/// Probes that must fail before a rate counts as failed, and that must succeed before such a rate counts as carried after all.
const SAME_ANSWERS: usize = 2;
/// How often a rate that counted as failed may be taken back in one search: noise that takes back a third would do so for ever.
const TAKEN_BACK_MAX: usize = 2;
/// Rates closer than this share of each other are the same: probes repeat rates exactly but for rounding.
const SAME_RATE: f64 = 1e-9;

/// How a probe came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Valid, and within every budget.
    Met,
    /// The budgets broke, and it was not the harness that broke them.
    OverBudget,
    /// Invalid because the harness could not send what was planned: it says nothing about the hub.
    GeneratorLate,
    /// Invalid for another reason: the hub ended, counts differ.
    Failed,
}

/// Why a rate is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Nothing has failed yet, so faster.
    Grow,
    /// Between a rate that was carried and one that was not.
    Bisect,
    /// The same rate again, because one failure may be noise.
    Repeat,
    /// The rate found, to confirm it.
    Confirm,
    /// The rate above the one confirmed: does it really fail?
    Ceiling,
}

/// A run to make.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Probe {
    /// At this rate, per second.
    pub rate_per_s: f64,
    /// For this reason.
    pub why: Why,
}

/// What stopped the rate from going higher.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// The budgets broke above it: the hub's limit.
    Budgets,
    /// The generator was late above it: the hub may carry more.
    Generator,
    /// Runs failed above it.
    Failure,
    /// Nothing: it is the highest rate that was allowed.
    Range,
}

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Found {
    /// The highest rate carried, confirmed.
    Capacity {
        /// The rate, per second.
        rate_per_s: f64,
        /// What stopped it from going higher.
        limit: Limit,
        /// Confirmation runs within every budget.
        met: usize,
        /// Confirmation runs in all.
        asked: usize,
    },
    /// Even the lowest rate broke the budgets.
    BelowRange,
    /// No probe was valid.
    NothingValid,
    /// The search was ended, or ran out of probes, before it had an answer.
    Unsettled {
        /// The highest rate that was carried at least once, per second.
        carried_per_s: Option<f64>,
    },
}

/// A rate and what has been said of it since it last changed sides.
#[derive(Debug, Clone)]
struct Failing {
    rate: f64,
    outcomes: Vec<Outcome>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Stage {
    Bracket,
    Confirm { rate: f64, met: usize, missed: usize },
    Ceiling { rate: f64, met: usize, of: (usize, usize) },
    Done { rate: f64, of: (usize, usize) },
}

/// The search.
#[derive(Debug, Clone)]
pub struct Search {
    from: f64,
    to: f64,
    precision: f64,
    confirmations: usize,
    /// Rates that count as carried.
    carried: Vec<f64>,
    /// Rates that count as failed.
    failing: Vec<Failing>,
    /// The rate that has failed once and is to be tried again.
    doubted: Option<Failing>,
    stage: Stage,
    probes: usize,
    taken_back: usize,
    valid: bool,
}

impl Search {
    /// A search between two rates per second; the answer is within `precision` (0.05 is 5 %) of the limit, and more than half
    /// of `confirmations` runs must keep the budgets at it. `from` is at least a thousandth, `to` at least `from`, a precision
    /// at least 0.1 % and there is at least one confirmation, whatever is given.
    pub fn new(from_per_s: f64, to_per_s: f64, precision: f64, confirmations: usize) -> Self {
        let from = from_per_s.max(1e-3);
        Search {
            from,
            to: to_per_s.max(from),
            precision: precision.max(1e-3),
            confirmations: confirmations.max(1),
            carried: Vec::new(),
            failing: Vec::new(),
            doubted: None,
            stage: Stage::Bracket,
            probes: 0,
            taken_back: 0,
            valid: false,
        }
    }

    /// The probe to make now; `None` when there is nothing more to learn. Asking twice gives the same probe.
    pub fn next(&self) -> Option<Probe> {
        if self.probes >= PROBES_MAX {
            return None;
        }
        let probe = |rate_per_s, why| Some(Probe { rate_per_s, why });
        if let Some(doubted) = &self.doubted {
            return probe(doubted.rate, Why::Repeat);
        }
        match self.stage {
            Stage::Done { .. } => None,
            Stage::Confirm { rate, .. } => probe(rate, Why::Confirm),
            Stage::Ceiling { .. } => probe(self.ceiling()?.rate, Why::Ceiling),
            Stage::Bracket => match (self.floor(), self.ceiling()) {
                (None, None) => probe(self.from, Why::Grow),
                // The lowest rate itself failed.
                (None, Some(_)) => None,
                (Some(low), None) => probe((low * GROWTH).min(self.to), Why::Grow),
                (Some(low), Some(high)) => probe((low * high.rate).sqrt(), Why::Bisect),
            },
        }
    }

    /// How the probe at this rate came out.
    pub fn record(&mut self, rate_per_s: f64, outcome: Outcome) {
        self.probes += 1;
        self.valid |= matches!(outcome, Outcome::Met | Outcome::OverBudget);
        let met = outcome == Outcome::Met;
        match self.stage {
            Stage::Done { .. } => {}
            Stage::Bracket if met => {
                self.doubted = None;
                self.carried.push(rate_per_s);
                self.settle();
            }
            Stage::Bracket => {
                let before = self.doubted.take().filter(|d| same(d.rate, rate_per_s));
                let mut outcomes = before.map(|d| d.outcomes).unwrap_or_default();
                outcomes.push(outcome);
                let doubted = Failing { rate: rate_per_s, outcomes };
                match doubted.outcomes.len() >= SAME_ANSWERS {
                    true => self.fail(doubted),
                    false => self.doubted = Some(doubted),
                }
                self.settle();
            }
            Stage::Confirm { rate, met: n, missed } => {
                let (n, missed) = (n + usize::from(met), missed + usize::from(!met));
                self.stage = Stage::Confirm { rate, met: n, missed };
                if missed * 2 >= self.confirmations {
                    // Not the majority: the rate counts as failed, and what lies below it is looked at again.
                    self.carried.retain(|r| *r < rate && !same(*r, rate));
                    self.fail(Failing { rate, outcomes: vec![outcome] });
                    self.stage = Stage::Bracket;
                    self.settle();
                } else if n + missed == self.confirmations {
                    let of = (n, self.confirmations);
                    self.stage = match self.ceiling() {
                        Some(_) if self.taken_back < TAKEN_BACK_MAX => Stage::Ceiling { rate, met: 0, of },
                        _ => Stage::Done { rate, of },
                    };
                }
            }
            Stage::Ceiling { met: n, .. } if met && n + 1 >= SAME_ANSWERS => {
                // What failed before was noise: the search goes on above it.
                let high = self.ceiling().map(|h| h.rate);
                self.failing.retain(|f| Some(f.rate) != high);
                self.carried.extend(high);
                self.taken_back += 1;
                self.stage = Stage::Bracket;
                self.settle();
            }
            Stage::Ceiling { rate, met: n, of } if met => {
                self.stage = Stage::Ceiling { rate, met: n + 1, of };
            }
            Stage::Ceiling { rate, of, .. } => {
                if let Some(high) = self.failing.iter_mut().find(|f| same(f.rate, rate_per_s)) {
                    high.outcomes.push(outcome);
                }
                self.stage = Stage::Done { rate, of };
            }
        }
    }

    /// What was found so far; final when [`Search::next`] gives nothing.
    pub fn result(&self) -> Found {
        if let Stage::Done { rate, of: (met, asked) } = self.stage {
            return Found::Capacity { rate_per_s: rate, limit: self.limit(), met, asked };
        }
        let from_failed = self.failing.iter().find(|f| same(f.rate, self.from));
        match (from_failed, self.floor()) {
            _ if self.probes > 0 && !self.valid && self.next().is_none() => Found::NothingValid,
            (Some(f), None) if f.outcomes.contains(&Outcome::OverBudget) => Found::BelowRange,
            (Some(_), None) => Found::NothingValid,
            (_, carried_per_s) => Found::Unsettled { carried_per_s },
        }
    }

    /// Lowest rate that counts as failed.
    fn ceiling(&self) -> Option<&Failing> {
        self.failing.iter().min_by(|a, b| a.rate.total_cmp(&b.rate))
    }

    /// Highest rate that counts as carried.
    fn floor(&self) -> Option<f64> {
        self.carried.iter().copied().max_by(f64::total_cmp)
    }

    fn fail(&mut self, failing: Failing) {
        // A rate above one that fails was carried by luck.
        self.carried.retain(|r| *r < failing.rate);
        self.failing.push(failing);
    }

    /// Goes over to confirming when the gap is closed.
    fn settle(&mut self) {
        if self.stage != Stage::Bracket || self.doubted.is_some() {
            return;
        }
        let Some(low) = self.floor() else { return };
        let closed = match self.ceiling() {
            None => low >= self.to || same(low, self.to),
            Some(high) => high.rate <= low * (1.0 + self.precision),
        };
        if closed {
            self.stage = Stage::Confirm { rate: low, met: 0, missed: 0 };
        }
    }

    fn limit(&self) -> Limit {
        let Some(high) = self.ceiling() else { return Limit::Range };
        let any = |outcome| high.outcomes.contains(&outcome);
        if any(Outcome::OverBudget) {
            Limit::Budgets
        } else if any(Outcome::GeneratorLate) {
            Limit::Generator
        } else {
            Limit::Failure
        }
    }
}

fn same(a: f64, b: f64) -> bool {
    (a - b).abs() <= SAME_RATE * a.max(b)
}

#[cfg(test)]
mod tests;
