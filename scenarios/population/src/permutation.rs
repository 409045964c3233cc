//! A pseudo-random order of `0..n` without repeats and without a table, and its inverse. The NHS numbers, the codes and
//! "every patient once" all stand on it; it never allocates.
//!
//! How: `i` is written as a pair (left, right) in a rectangle `a x b` just larger than `n`; a Feistel network with modular
//! addition shuffles the rectangle; a result outside `0..n` is shuffled again until it falls inside (cycle walking). As
//! `a * b - n < a`, that happens about once in `sqrt(n)` calls.

use crate::draw::mix;

/// Eight rounds: four are enough for independent-looking outputs (Luby and Rackoff), eight cost some 20 ns and leave no
/// visible pattern in small ranges either.
const ROUNDS: u64 = 8;

/// A keyed order of `0..n`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Permutation {
    key: u64,
    n: u64,
    a: u64,
    b: u64,
}

impl Permutation {
    /// The order of `0..n` that belongs to `key`; `n` below 2^62, and 0 counts as 1.
    pub(crate) fn new(key: u64, n: u64) -> Self {
        let n = n.max(1);
        let mut a = (n as f64).sqrt() as u64;
        while a.saturating_mul(a) < n {
            a += 1;
        }
        Permutation { key, n, a, b: n.div_ceil(a) }
    }

    /// The place of `i` in the order; `i` is taken modulo n.
    pub(crate) fn apply(&self, i: u64) -> u64 {
        let mut x = i % self.n;
        loop {
            let (mut left, mut right) = (x / self.b, x % self.b);
            for round in 0..ROUNDS {
                if round % 2 == 0 {
                    left = add(left, self.shift(round, right, self.a), self.a);
                } else {
                    right = add(right, self.shift(round, left, self.b), self.b);
                }
            }
            x = left * self.b + right;
            if x < self.n {
                return x;
            }
        }
    }

    /// The `i` with `apply(i) == place`; `None` when `place` is not below n.
    pub(crate) fn invert(&self, place: u64) -> Option<u64> {
        if place >= self.n {
            return None;
        }
        let mut x = place;
        loop {
            let (mut left, mut right) = (x / self.b, x % self.b);
            for round in (0..ROUNDS).rev() {
                if round % 2 == 0 {
                    left = subtract(left, self.shift(round, right, self.a), self.a);
                } else {
                    right = subtract(right, self.shift(round, left, self.b), self.b);
                }
            }
            x = left * self.b + right;
            if x < self.n {
                return Some(x);
            }
        }
    }

    /// How far a round moves one half, given the other: a number below `modulus`.
    fn shift(&self, round: u64, other: u64, modulus: u64) -> u64 {
        let bits = mix(self.key ^ other.wrapping_mul(0xd6e8_feb8_6659_fd93).wrapping_add(round << 56));
        ((u128::from(bits) * u128::from(modulus)) >> 64) as u64
    }
}

fn add(x: u64, by: u64, modulus: u64) -> u64 {
    let sum = x + by;
    if sum >= modulus { sum - modulus } else { sum }
}

fn subtract(x: u64, by: u64, modulus: u64) -> u64 {
    if x >= by { x - by } else { x + modulus - by }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_small_range_is_permuted_without_repeats_and_inverted() {
        for n in 1..=300 {
            let order = Permutation::new(n * 7 + 1, n);
            let mut seen = vec![false; n as usize];
            for i in 0..n {
                let place = order.apply(i);
                assert!(!seen[place as usize], "n {n}: {place} comes twice");
                seen[place as usize] = true;
                assert_eq!(order.invert(place), Some(i));
            }
            assert_eq!(order.invert(n), None);
        }
    }

    #[test]
    fn a_large_range_is_inverted_at_its_ends_and_inside() {
        let n = 899_999_999_983;
        let order = Permutation::new(99, n);
        for i in (0..1000).chain(n - 1000..n).chain((0..1000).map(|k| k * 899_999_999)) {
            assert_eq!(order.invert(order.apply(i)), Some(i));
        }
    }

    #[test]
    fn neighbours_are_scattered_over_the_range() {
        let order = Permutation::new(5, 1_000_000);
        let mut tenths = [0_u32; 10];
        for i in 0..10_000 {
            tenths[(order.apply(i) / 100_000) as usize] += 1;
        }
        assert!(tenths.iter().all(|&c| (800..1200).contains(&c)), "{tenths:?}");
    }
}
