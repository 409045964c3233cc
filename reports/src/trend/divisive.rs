//! Change points by E-divisive (Matteson and James, Journal of the American Statistical Association 109, 2014): where the energy
//! distance between what comes before and after is largest, kept when shuffling seldom does as well, then again in each part. Pure and
//! seeded. It knows no distribution, but takes the values of one part to be exchangeable, which runs on a busy machine are not quite.

/// Fewest values on either side of a change point: with five on each side there are 252 ways to shuffle, enough for the level below.
pub const SIDE_MIN: usize = 5;
/// A change point is kept when at most this part of the shuffles does as well. Lower than the usual 5 %, because dozens of series are
/// looked at together; still, for triage only.
pub const LEVEL: f64 = 0.01;
/// Shuffles a test, so that the least p that can be had is a quarter of the level.
const SHUFFLES: u64 = 399;

/// A change point: the value at `at` is the first of what is new.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChangePoint {
    /// Index of the first new value.
    pub at: usize,
    /// Part of the shuffles that did as well.
    pub p: f64,
}

/// The change points of a series in the order of time.
pub fn change_points(values: &[f64], seed: u64) -> Vec<ChangePoint> {
    let mut random = SplitMix64(seed);
    let mut found: Vec<ChangePoint> = Vec::new();
    // Each part is tested once: whether it has a change point does not depend on the other parts.
    let mut parts = vec![(0, values.len())];
    while let Some((start, end)) = parts.pop() {
        let Some((at, p)) = split(&values[start..end], &mut random) else { continue };
        let at = start + at;
        found.push(ChangePoint { at, p });
        parts.push((start, at));
        parts.push((at, end));
    }
    found.sort_by_key(|point| point.at);
    found
}

/// Where a part is to be split and the p of it, or `None`.
fn split(values: &[f64], random: &mut SplitMix64) -> Option<(usize, f64)> {
    let (at, wanted) = best(values)?;
    let mut shuffled = values.to_vec();
    let mut as_good = 1u64;
    for _ in 0..SHUFFLES {
        random.shuffle(&mut shuffled);
        // The last digits differ with the order of the sums; what is equal counts as as good.
        as_good += u64::from(best(&shuffled).is_some_and(|(_, q)| q >= wanted * (1.0 - 1e-9)));
        if as_good as f64 > LEVEL * (SHUFFLES + 1) as f64 {
            return None;
        }
    }
    Some((at, as_good as f64 / (SHUFFLES + 1) as f64))
}

/// The split with the largest statistic, and the statistic; `None` when the part is too short or all values are equal. The second
/// sample may end before the part does, as in the paper, so that a change that goes away again is not hidden by what follows it.
fn best(values: &[f64]) -> Option<(usize, f64)> {
    let n = values.len();
    if n < 2 * SIDE_MIN {
        return None;
    }
    let sums = Sums::of(values);
    let mut best: Option<(usize, f64)> = None;
    for at in SIDE_MIN..=n - SIDE_MIN {
        for end in at + SIDE_MIN..=n {
            let q = sums.statistic(at, end);
            if q > best.map_or(0.0, |(_, most)| most) {
                best = Some((at, q));
            }
        }
    }
    best
}

/// Distances of all pairs, summed so that any rectangle of them is four look-ups.
struct Sums {
    width: usize,
    sums: Vec<f64>,
}

impl Sums {
    fn of(values: &[f64]) -> Sums {
        let width = values.len() + 1;
        let mut sums = vec![0.0; width * width];
        for (i, a) in values.iter().enumerate() {
            let mut row = 0.0;
            for (j, b) in values.iter().enumerate() {
                row += (a - b).abs();
                sums[(i + 1) * width + j + 1] = sums[i * width + j + 1] + row;
            }
        }
        Sums { width, sums }
    }

    /// The sum of distances between values `0..to` and `from..end`.
    fn between(&self, to: usize, from: usize, end: usize) -> f64 {
        self.sums[to * self.width + end] - self.sums[to * self.width + from]
    }

    /// Equation 6 of the paper with exponent 1 for the samples `0..at` and `at..end`.
    fn statistic(&self, at: usize, end: usize) -> f64 {
        let (n, m) = (at as f64, (end - at) as f64);
        let across = 2.0 * self.between(at, at, end) / (n * m);
        let first = self.between(at, 0, at) / (n * (n - 1.0));
        let second = (self.between(end, at, end) - self.between(at, at, end)) / (m * (m - 1.0));
        (across - first - second) * n * m / (n + m)
    }
}

/// The generator by Steele, Lea and Flood (2014): small, and the same on every machine.
struct SplitMix64(u64);

impl SplitMix64 {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn shuffle(&mut self, values: &mut [f64]) {
        for i in (1..values.len()).rev() {
            // The part of 2^64 that does not divide evenly is some 1e-17 here.
            values.swap(i, (self.next() % (i as u64 + 1)) as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(n: usize, seed: u64) -> Vec<f64> {
        let mut random = SplitMix64(seed);
        let mut unit = || (random.next() >> 11) as f64 / (1u64 << 53) as f64;
        (0..n).map(|_| 100.0 + (0..12).map(|_| unit()).sum::<f64>() - 6.0).collect()
    }

    #[test]
    fn the_statistic_is_as_its_definition_says() {
        let values = [1.0, 4.0, 2.0, 8.0, 5.0, 7.0];
        let (x, y) = (&values[..2], &values[2..5]);
        let mean =
            |a: &[f64], b: &[f64]| a.iter().flat_map(|a| b.iter().map(move |b| (a - b).abs())).sum::<f64>();
        let wanted = (2.0 * mean(x, y) / 6.0 - mean(x, x) / 2.0 - mean(y, y) / 6.0) * 6.0 / 5.0;
        assert!((Sums::of(&values).statistic(2, 5) - wanted).abs() < 1e-12);
    }

    #[test]
    fn a_step_is_found_where_it_is_and_a_second_one_too() {
        let mut values = noise(45, 1);
        values[15..30].iter_mut().for_each(|v| *v += 6.0);
        let found = change_points(&values, 42);
        assert_eq!(found.iter().map(|c| c.at).collect::<Vec<_>>(), [15, 30], "{found:?}");
        assert!(found.iter().all(|c| c.p <= LEVEL));
        assert_eq!(found, change_points(&values, 42), "the same seed finds the same");
    }

    #[test]
    fn a_larger_spread_is_a_change_though_the_mean_stays() {
        let mut values = noise(80, 2);
        values[40..].iter_mut().for_each(|v| *v = 100.0 + (*v - 100.0) * 12.0);
        let found = change_points(&values, 42);
        assert!(found.len() == 1 && found[0].at.abs_diff(40) <= 3, "{found:?}");
    }

    #[test]
    fn noise_alone_has_change_points_about_as_seldom_as_the_level_says() {
        let red = (0..200).filter(|seed| !change_points(&noise(20, 1_000 + seed), *seed).is_empty()).count();
        assert!(red <= 8, "{red} of 200 at a level of {LEVEL}");
    }

    #[test]
    fn too_few_values_and_equal_ones_have_none() {
        assert!(change_points(&[], 1).is_empty());
        assert!(change_points(&noise(9, 1), 1).is_empty());
        assert!(change_points(&[3.0; 40], 1).is_empty());
    }
}
