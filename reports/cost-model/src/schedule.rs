//! Discount rates by year, a dated data file: appraisal rules change, results must say which vintage they used.

/// A vintage of discount rates.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    /// Its id, such as `greenbook-2026-02`.
    pub id: String,
    /// Where it comes from.
    pub source: String,
    /// Bands: the first year that the rate holds for, and the rate, a fraction a year; ascending, the first from year 0.
    pub bands: Vec<(u32, f64)>,
    /// The same for the 3.0 % sensitivity.
    pub low: Vec<(u32, f64)>,
}
