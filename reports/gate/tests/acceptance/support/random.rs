//! Seeded random numbers for the simulations: uniform, normal, exponential, coins.

use rand_core::{RngCore, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use std::sync::OnceLock;

/// Equally likely normal numbers: the quantiles at the middles of 65,536 equal parts. Drawing one costs a quarter of a random
/// number and a look-up; its tails end at 4.3 standard deviations, which no p99 notices.
static NORMAL: OnceLock<Vec<f32>> = OnceLock::new();
const PARTS: usize = 1 << 16;

/// The table of [`NORMAL`], with Acklam's approximation of the quantile (relative error 1e-9).
fn normal_table() -> &'static [f32] {
    NORMAL.get_or_init(|| (0..PARTS).map(|i| acklam((i as f64 + 0.5) / PARTS as f64) as f32).collect())
}

/// A generator.
pub struct Random {
    bits: Xoshiro256PlusPlus,
    normal: &'static [f32],
}

impl Random {
    pub fn new(seed: u64) -> Random {
        Random { bits: Xoshiro256PlusPlus::seed_from_u64(seed), normal: normal_table() }
    }

    /// Between 0 and 1.
    pub fn uniform(&mut self) -> f64 {
        ((self.bits.next_u64() >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }

    pub fn coin(&mut self) -> bool {
        self.bits.next_u64() >> 63 == 1
    }

    /// A standard normal number.
    pub fn normal(&mut self) -> f64 {
        acklam(self.uniform())
    }

    /// Fills `out` with standard normal numbers from the table.
    pub fn normals(&mut self, out: &mut [f32]) {
        for four in out.chunks_mut(4) {
            let bits = self.bits.next_u64();
            for (i, z) in four.iter_mut().enumerate() {
                *z = self.normal[(bits >> (16 * i)) as u16 as usize];
            }
        }
    }

    /// Exponential with this mean.
    pub fn exponential(&mut self, mean: f64) -> f64 {
        -mean * self.uniform().ln()
    }

    /// Student's t with two degrees of freedom: so heavy-tailed that it has no variance.
    pub fn t2(&mut self) -> f64 {
        let z = self.normal();
        z / self.exponential(1.0).sqrt()
    }
}

fn acklam(p: f64) -> f64 {
    const A: [f64; 6] = [
        -3.969683028665376e1,
        2.209460984245205e2,
        -2.759285104469687e2,
        1.38357751867269e2,
        -3.066479806614716e1,
        2.506628277459239,
    ];
    const B: [f64; 5] = [
        -5.447609879822406e1,
        1.615858368580409e2,
        -1.556989798598866e2,
        6.680131188771972e1,
        -1.328068155288572e1,
    ];
    const C: [f64; 6] = [
        -7.784894002430293e-3,
        -3.223964580411365e-1,
        -2.400758277161838,
        -2.549732539343734,
        4.374664141464968,
        2.938163982698783,
    ];
    const D: [f64; 4] = [7.784695709041462e-3, 3.224671290700398e-1, 2.445134137142996, 3.754408661907416];
    let fold = |c: &[f64], x: f64| c.iter().fold(0.0, |sum, c| sum * x + c);
    let tail = |p: f64| {
        let q = (-2.0 * p.ln()).sqrt();
        fold(&C, q) / (fold(&D, q) * q + 1.0)
    };
    match p {
        low if low < 0.02425 => tail(low),
        high if high > 1.0 - 0.02425 => -tail(1.0 - high),
        _ => {
            let q = p - 0.5;
            let r = q * q;
            fold(&A, r) * q / (fold(&B, r) * r + 1.0)
        }
    }
}
