//! The standard normal distribution's quantile, in one place. Used by boundaries and by the plan of blocks.

use statrs::function::erf::erfc_inv;

/// The value below which a standard normal number lies with probability `p`; infinite at 0 and 1.
pub(crate) fn quantile(p: f64) -> f64 {
    -std::f64::consts::SQRT_2 * erfc_inv(2.0 * p)
}

#[cfg(test)]
mod tests {
    use super::quantile;

    #[test]
    fn quantiles_are_those_of_the_tables() {
        for (p, z) in [(0.5, 0.0), (0.95, 1.644_853_627), (0.975, 1.959_963_985), (0.999, 3.090_232_306)] {
            assert!((quantile(p) - z).abs() < 1e-8, "{p}: {}", quantile(p));
            assert!((quantile(1.0 - p) + z).abs() < 1e-8, "{p}: {}", quantile(1.0 - p));
        }
    }
}
