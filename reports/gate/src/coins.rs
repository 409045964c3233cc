//! Whether a run of coins looks drawn: the bound on false alarms rests on it. Called with the coins that a gate recorded.

use statrs::function::erf::erfc;

/// The probability that truly drawn coins look as unlike it as these: too many of one side, or too few or too many changes
/// between them (Wald and Wolfowitz), whichever is worse, doubled for asking twice. 1 for fewer than two coins.
pub fn p_drawn(coins: &[bool]) -> f64 {
    let n = coins.len() as f64;
    if n < 2.0 {
        return 1.0;
    }
    let heads = coins.iter().filter(|c| **c).count() as f64;
    let balance = two_sided((2.0 * heads - n) / n.sqrt());
    let runs = 1.0 + coins.windows(2).filter(|pair| pair[0] != pair[1]).count() as f64;
    let mean = 2.0 * heads * (n - heads) / n + 1.0;
    let variance = (mean - 1.0) * (mean - 2.0) / (n - 1.0);
    let changes = if variance > 0.0 { two_sided((runs - mean) / variance.sqrt()) } else { 1.0 };
    (2.0 * balance.min(changes)).min(1.0)
}

fn two_sided(z: f64) -> f64 {
    erfc(z.abs() / std::f64::consts::SQRT_2)
}
