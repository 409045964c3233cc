//! Were response times steady while they were measured, or did they still drift? Judged from the seconds of the run.
//!
//! Called by `run` with the rows of the series. Pure. Compared are only seconds of flat measured phases of one rate: under
//! another load other response times are right. A trend is told by the test of Mann and Kendall (with ties) over the
//! medians of blocks of seconds, as neighbouring seconds depend on each other; it must be both sure and large. From when
//! on they were steady is told by truncating the start where the standard error of what remains is least (MSER-5: K. P.
//! White, "An effective truncation heuristic for bias reduction in simulation output", Simulation 69 (6), 1997).

use run_record::{SecondRow, SteadyFacts};
use scenarios::{Arrivals, Scenario};

/// Seconds in a block at least. What one second leaves behind (queues, caches, a commit) is over in a few: seconds that
/// depend on each other by a half give blocks of five that do by a sixth.
const BLOCK_S: usize = 5;
/// Blocks at most: a longer run gets longer blocks, as what disturbs it (compaction, checkpoints) lasts longer too.
const BLOCKS_MAX: usize = 60;
/// Blocks at least: over seven, no trend at all can be sure enough.
const BLOCKS_MIN: usize = 8;
/// A trend is sure beyond this: by chance one run in a thousand, if blocks do not depend on each other.
pub const Z_MAX: f64 = 3.3;
/// A trend is large beyond this ratio of the last third's median to the first third's, and below its inverse. The
/// middles of those thirds lie two thirds of the time apart, so it means a drift of a quarter over the whole time:
/// 1.25^(2/3).
pub const RATIO_MAX: f64 = 1.16;
/// Two rates are the same within this share.
const SAME_RATE: f64 = 0.01;

/// A measured stretch of one unchanging rate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Flat {
    /// Begin, seconds from the start of the plan.
    pub from_s: f64,
    /// End, seconds from the start of the plan.
    pub to_s: f64,
    /// Requests per second; 0 in the closed model.
    pub rate_per_s: f64,
}

/// The flat measured stretches of a scenario. A trace has none: its rate is what it is.
pub fn flats(scenario: &Scenario) -> Vec<Flat> {
    if scenario.load.arrivals == Arrivals::Trace {
        return Vec::new();
    }
    let mut from_s = 0.0;
    let mut list = Vec::new();
    for phase in &scenario.phases {
        let to_s = from_s + phase.duration.as_secs_f64();
        let rate = phase.pieces.first().map_or(0.0, |p| p.rate.from_per_s);
        let same = |r: f64| (r - rate).abs() <= SAME_RATE * rate;
        if phase.measured && phase.pieces.iter().all(|p| same(p.rate.from_per_s) && same(p.rate.to_per_s)) {
            list.push(Flat { from_s, to_s, rate_per_s: rate });
        }
        from_s = to_s;
    }
    list
}

/// Judges the seconds of those flat stretches whose common rate lasts longest; `None` when no rate lasts long enough to
/// tell (40 s).
pub fn judge(rows: &[SecondRow], flats: &[Flat]) -> Option<SteadyFacts> {
    let like = |a: &Flat, b: &Flat| (a.rate_per_s - b.rate_per_s).abs() <= SAME_RATE * a.rate_per_s;
    let chosen = |one: &Flat| -> Vec<&SecondRow> {
        let of_it: Vec<&Flat> = flats.iter().filter(|f| like(one, f)).collect();
        // Only whole seconds: one that a phase begins or ends in has two rates.
        let within = |r: &&SecondRow| {
            let at_s = f64::from(r.second);
            of_it.iter().any(|f| at_s >= f.from_s && at_s + 1.0 <= f.to_s)
        };
        rows.iter().filter(within).filter(|r| r.response_p50_ns > 0).collect()
    };
    let seconds = flats.iter().map(chosen).max_by_key(Vec::len)?;
    let p50: Vec<f64> = seconds.iter().map(|r| r.response_p50_ns as f64).collect();
    let p99: Vec<f64> = seconds.iter().map(|r| r.response_p99_ns as f64).collect();
    let (middle, tail) = (Trend::of(&p50)?, Trend::of(&p99)?);
    let steady = !middle.drifts() && !tail.drifts();
    let steady_after_s = if steady {
        None
    } else {
        let of = if middle.drifts() { &p50 } else { &p99 };
        truncation(of).and_then(|at| Some(f64::from(seconds.get(at)?.second)))
    };
    Some(SteadyFacts {
        seconds: u32::try_from(seconds.len()).unwrap_or(u32::MAX),
        p50_ratio: middle.ratio,
        trend_z: middle.z,
        p99_ratio: tail.ratio,
        p99_trend_z: tail.z,
        steady,
        steady_after_s,
    })
}

/// How a row of numbers changed.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Trend {
    z: f64,
    ratio: f64,
}

impl Trend {
    /// `None` for fewer than [`BLOCKS_MIN`] blocks.
    fn of(values: &[f64]) -> Option<Self> {
        let block = BLOCK_S.max(values.len().div_ceil(BLOCKS_MAX));
        let blocks: Vec<f64> = values.chunks_exact(block).map(median).collect();
        if blocks.len() < BLOCKS_MIN {
            return None;
        }
        let third = values.len() / 3;
        let ratio = median(&values[values.len() - third..]) / median(&values[..third]).max(1.0);
        Some(Trend { z: mann_kendall_z(&blocks), ratio })
    }

    fn drifts(&self) -> bool {
        drifts(self.z, self.ratio)
    }
}

/// Whether a trend is both sure and large.
pub fn drifts(z: f64, ratio: f64) -> bool {
    z.abs() > Z_MAX && !(1.0 / RATIO_MAX..=RATIO_MAX).contains(&ratio)
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => 0.0,
        n if n % 2 == 1 => sorted[n / 2],
        n => (sorted[n / 2 - 1] + sorted[n / 2]) / 2.0,
    }
}

/// Mann-Kendall's statistic in standard deviations, with the correction for ties and for continuity; 0 without a trend.
fn mann_kendall_z(values: &[f64]) -> f64 {
    let mut s = 0i64;
    for (i, earlier) in values.iter().enumerate() {
        for later in &values[i + 1..] {
            s += match later.total_cmp(earlier) {
                std::cmp::Ordering::Greater => 1,
                std::cmp::Ordering::Equal => 0,
                std::cmp::Ordering::Less => -1,
            };
        }
    }
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let weight = |n: usize| {
        let n = n as f64;
        n * (n - 1.0) * (2.0 * n + 5.0)
    };
    let ties: f64 = sorted.chunk_by(|a, b| a == b).map(|group| weight(group.len())).sum();
    let variance = (weight(values.len()) - ties) / 18.0;
    if s == 0 || variance <= 0.0 {
        return 0.0;
    }
    (s - s.signum()) as f64 / variance.sqrt()
}

/// MSER-5: how many values to leave out at the start, so that the standard error of the mean of the rest is least. Looked
/// for in the first half only, as a handful of batches at the end can agree by chance; `None` when it is least at the end
/// of that half, as then it still falls and nothing says that the rest is steady.
fn truncation(values: &[f64]) -> Option<usize> {
    const BATCH: usize = 5;
    let batches: Vec<f64> =
        values.chunks_exact(BATCH).map(|b| b.iter().sum::<f64>() / BATCH as f64).collect();
    let error = |from: usize| {
        let rest = &batches[from..];
        let n = rest.len().max(1) as f64;
        let mean = rest.iter().sum::<f64>() / n;
        rest.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n * n)
    };
    let half = batches.len() / 2;
    let best = (0..=half).min_by(|a, b| error(*a).total_cmp(&error(*b)))?;
    (best < half).then_some(best * BATCH)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_core::{RngCore, SeedableRng};
    use rand_xoshiro::Xoshiro256PlusPlus;

    fn normal(rng: &mut Xoshiro256PlusPlus) -> f64 {
        let mut unit = || ((rng.next_u64() >> 11) + 1) as f64 / (1u64 << 53) as f64;
        let (u, v) = (unit(), unit());
        (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
    }

    /// Seconds of medians around 1 ms that depend on the one before by `phi`, with a spread of `spread`, times a shape.
    fn series(
        seed: u64,
        seconds: u32,
        (phi, spread): (f64, f64),
        shape: impl Fn(f64) -> f64,
    ) -> Vec<SecondRow> {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        let (mut p50, mut p99) = (normal(&mut rng), normal(&mut rng));
        let fresh = (1.0 - phi * phi).sqrt();
        (0..seconds)
            .map(|second| {
                p50 = phi * p50 + fresh * normal(&mut rng);
                p99 = phi * p99 + fresh * normal(&mut rng);
                let shape = shape(f64::from(second) / f64::from(seconds));
                SecondRow {
                    second,
                    measured: true,
                    response_p50_ns: (1e6 * shape * (spread * p50).exp()) as u64,
                    response_p99_ns: (5e6 * shape * (2.0 * spread * p99).exp()) as u64,
                    ..SecondRow::default()
                }
            })
            .collect()
    }

    fn whole(seconds: u32) -> [Flat; 1] {
        [Flat { from_s: 0.0, to_s: f64::from(seconds), rate_per_s: 1_800.0 }]
    }

    fn alarms(seconds: u32, kind: (f64, f64), shape: impl Fn(f64) -> f64 + Copy) -> usize {
        let alarm = |seed: &u64| {
            let judged = judge(&series(*seed, seconds, kind, shape), &whole(seconds));
            !judged.expect("long enough").steady
        };
        (0..1_000).filter(alarm).count()
    }

    #[test]
    fn a_thousand_steady_runs_raise_fewer_than_ten_alarms_whether_or_not_seconds_depend_on_each_other() {
        for seconds in [40, 60, 300] {
            for kind in [(0.0, 0.05), (0.0, 0.3), (0.5, 0.05), (0.5, 0.3)] {
                let n = alarms(seconds, kind, |_| 1.0);
                println!("{seconds} s, {kind:?}: {n} of 1000");
                assert!(n < 10, "{seconds} s, {kind:?}: {n} of 1000");
            }
        }
    }

    #[test]
    fn a_drift_of_thirty_percent_over_a_minute_is_seen_in_more_than_95_of_100_runs() {
        for (up, kind) in [(true, (0.0, 0.03)), (false, (0.0, 0.03)), (true, (0.5, 0.02))] {
            let n = alarms(60, kind, |t| if up { 1.0 + 0.3 * t } else { 1.3 - 0.3 * t });
            println!("rising {up}, {kind:?}: {n} of 1000");
            assert!(n > 950, "rising {up}, {kind:?}: {n} of 1000");
        }
    }

    #[test]
    fn a_warm_up_that_was_measured_is_cut_off_where_it_ended_and_an_endless_drift_nowhere() {
        let warm = series(1, 120, (0.0, 0.02), |t| 1.0 + 1.5 * (1.0 - 4.0 * t).max(0.0));
        let facts = judge(&warm, &whole(120)).expect("long enough");
        assert!(!facts.steady && facts.trend_z < -Z_MAX && facts.p50_ratio < 0.8, "{facts:?}");
        let after_s = facts.steady_after_s.expect("it came to rest");
        assert!((20.0..=40.0).contains(&after_s), "{facts:?}");
        let endless = judge(&series(1, 120, (0.0, 0.02), |t| 1.0 + t), &whole(120)).expect("long enough");
        assert!(!endless.steady && endless.steady_after_s.is_none(), "{endless:?}");
    }

    #[test]
    fn only_whole_seconds_of_one_rate_are_compared_and_too_few_are_not_judged() {
        let mut rows = series(1, 100, (0.0, 0.02), |_| 1.0);
        rows[50..].iter_mut().for_each(|r| r.response_p50_ns *= 3);
        let steps = [
            Flat { from_s: 0.0, to_s: 50.0, rate_per_s: 100.0 },
            Flat { from_s: 50.0, to_s: 95.5, rate_per_s: 200.0 },
        ];
        let facts = judge(&rows, &steps).expect("long enough");
        assert_eq!((facts.seconds, facts.steady), (50, true));
        assert_eq!(judge(&rows, &steps[1..]).expect("long enough").seconds, 45);
        assert_eq!(judge(&rows[..39], &whole(39)), None);
        assert_eq!(judge(&rows, &[]), None);
    }

    #[test]
    fn equal_values_have_no_trend_and_known_ones_have_the_known_statistic() {
        assert_eq!(mann_kendall_z(&[1.0; 20]), 0.0);
        // All 45 pairs rise: (45 - 1) / sqrt(10 * 9 * 25 / 18).
        let rising: Vec<f64> = (0..10).map(f64::from).collect();
        assert!((mann_kendall_z(&rising) - 44.0 / 125f64.sqrt()).abs() < 1e-12);
        // Two ties of two: the variance shrinks by 2 * 2 * 1 * 9 / 18.
        let tied = [1.0, 1.0, 2.0, 2.0, 3.0];
        assert!((mann_kendall_z(&tied) - 7.0 / (300.0 / 18.0 - 2.0f64).sqrt()).abs() < 1e-12);
    }
}
