//! The statistics of gates: whether a candidate is worse than its baseline, and whether trials keep a budget. Called by the
//! report and by the command line with numbers; it never measures, reads no file and no clock, and knows no run record.
//! Everything is a pure function of what is handed in: the same blocks give the same bytes on any number of threads.
//!
//! # The unit is the run, not the request
//! Two processes of one build do differ, so a test on pooled requests finds a "difference" between identical builds in most
//! runs. The unit here is a *block*: one trial of each build, fresh processes, in an order (or in places) drawn by a coin. A
//! block gives one difference a metric, `ln(candidate) − ln(baseline)`, turned so that positive is worse.
//!
//! # How it decides
//! 1. [`plan`]: the looks, at which the blocks so far are judged, are fixed before the first block.
//! 2. [`ranks`]: differences less a shift become normalised signed ranks. One wild block weighs no more than its rank.
//! 3. [`Sequential`]: if both builds are the same, the coin could have fallen the other way in any block, and all its
//!    differences would have the other sign. The sums under 8,000 redrawn coins are the yardstick; the largest over all metrics
//!    counts, so that many metrics do not mean many false alarms; each look spends a part of α. *Regressed* means: worse
//!    than nothing at α = 1 %, and worse than the floor at 5 %, at the same look.
//! 4. [`unchanged`]: every metric is shown to lie below its margin. Neither one nor the other is *inconclusive*, and says why.
//! 5. [`noise`]: the smallest change that could have been seen is always given; a gate that cannot end stops early.
//!
//! [`Gate`] does that block by block and says whether to go on. It holds no state that the blocks do not give: to resume, feed
//! the stored blocks again. [`budget`] and [`share`] judge a candidate's trials against fixed limits.
//!
//! # What is exact and what is not
//! The bound on false alarms follows from the coins alone, whatever the noise, its drift, its dependence between blocks or
//! between metrics. It needs that the order is truly drawn. The redrawn coins are the same in every gate, so that a verdict
//! can be repeated; the bound holds on average over such sets of coins. The bound on passing a regression (β) rests on the
//! normal approximation of a signed-rank sum; power is a matter of the noise, and simulated.
//!
//! # Sources
//! * Randomisation test: Fisher, *The Design of Experiments* (1935), ch. 3; with drawn instead of all signs: Dwass (1957);
//!   Phipson and Smyth, "Permutation p-values should never be zero" (2010) for counting the observed one.
//! * Signed ranks: Wilcoxon, "Individual comparisons by ranking methods" (1945).
//! * The largest over the metrics: Westfall and Young, *Resampling-Based Multiple Testing* (1993).
//! * Spending α over looks: Lan and DeMets, "Discrete sequential boundaries for clinical trials" (1983); the power family
//!   `α·t^ρ`: Kim and DeMets (1987), here with ρ = 1.5.
//! * *Unchanged* by intersection and union: Berger (1982); as equivalence: Schuirmann (1987).
//! * Estimate and interval from Walsh averages: Hodges and Lehmann (1963); Hollander and Wolfe, *Nonparametric Statistical
//!   Methods*, section 3.
//! * Shares: Clopper and Pearson (1934); design effect: Kish, *Survey Sampling* (1965).
//! * Runs as the unit, and where to repeat: Kalibera and Jones, "Rigorous benchmarking in reasonable time" (2013); Abedi and
//!   Brecht on randomised interleaved trials (2017); Bulej and others on duets (2020).
//! * Coins: Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014); their check: Wald and Wolfowitz,
//!   runs test (1940).

pub mod budget;
pub mod coins;
mod design;
mod direction;
pub mod estimate;
mod fault;
mod flips;
mod judge;
mod metric;
pub mod noise;
mod normal;
pub mod plan;
pub mod quantile;
pub mod ranks;
mod reading;
pub mod replay;
mod result;
mod sequential;
pub mod share;
pub mod unchanged;
pub mod warm_up;

pub use design::{ALPHA_BEYOND_FLOOR, Design, FLIPS};
pub use fault::Faults;
pub use flips::{Flips, Maxima};
pub use judge::{Gate, Step};
pub use metric::{Metric, Scale, Worse};
pub use reading::{Cell, Reading};
pub use result::{GateResult, MetricResult, MetricVerdict, Reason, Verdict};
pub use sequential::{Sequential, alpha_spent};
