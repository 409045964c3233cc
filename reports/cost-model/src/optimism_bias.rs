//! Published optimism-bias uplifts by class of project, a data file.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::fault::Collector;
use crate::provenance::{check_accessed, check_source};
use crate::{Faults, Found, tables};

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

const COLUMNS: [&str; 8] =
    ["class", "capex_upper", "capex_lower", "opex_upper", "opex_lower", "source", "url", "accessed"];

/// Largest uplift that is believed: the recorded average of the worst class is 2.14.
const UPLIFT_MAX: f64 = 10.0;

#[derive(Deserialize)]
struct Line {
    class: String,
    capex_upper: f64,
    capex_lower: f64,
    opex_upper: f64,
    opex_lower: f64,
    source: String,
    url: String,
    accessed: String,
}

impl OptimismBias {
    /// Reads a file of uplifts, or tells all its faults.
    pub fn parse(file: &Found) -> Result<OptimismBias, Faults> {
        let mut to = Collector::new(&file.name);
        let mut classes = BTreeMap::new();
        for (line, row) in tables::rows::<Line>(&mut to, &file.text, &COLUMNS) {
            check_source(&mut to, line, "source", &row.source);
            check_accessed(&mut to, line, "accessed", &row.accessed);
            for (what, lower, upper) in
                [("capex", row.capex_lower, row.capex_upper), ("opex", row.opex_lower, row.opex_upper)]
            {
                if !(0.0 <= lower && lower <= upper && upper <= UPLIFT_MAX) {
                    let problem =
                        format!("got {lower} to {upper}, allowed: 0 <= lower <= upper <= {UPLIFT_MAX}");
                    to.add(line, what, problem);
                }
            }
            let mut source = String::new();
            tables::add_source(&mut source, &row.source, &row.url);
            let class = BiasClass {
                capex_upper: row.capex_upper,
                capex_lower: row.capex_lower,
                opex_upper: row.opex_upper,
                opex_lower: row.opex_lower,
                source,
            };
            if classes.insert(row.class.clone(), class).is_some() {
                to.add(line, "class", format!("{:?} stands here twice, allowed: once", row.class));
            }
        }
        to.end(OptimismBias { classes })
    }
}
