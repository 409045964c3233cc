//! Published optimism-bias uplifts by class of project, a data file.

use std::collections::BTreeMap;

/// Uplifts by class.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct OptimismBias {
    /// Classes by name, such as `equipment_development`.
    pub classes: BTreeMap<String, BiasClass>,
}

/// Uplifts of one class, fractions of the cost before uplift.
#[derive(Debug, Clone, PartialEq)]
pub struct BiasClass {
    /// On capital expenditure, where nothing is mitigated.
    pub capex_upper: f64,
    /// On capital expenditure, where all is mitigated.
    pub capex_lower: f64,
    /// On running expenditure, where nothing is mitigated.
    pub opex_upper: f64,
    /// On running expenditure, where all is mitigated.
    pub opex_lower: f64,
    /// Where they come from.
    pub source: String,
}
