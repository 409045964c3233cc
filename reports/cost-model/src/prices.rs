//! Priced and rated figures for costings, each with price base, grade of evidence and source. Loaded by the model; only
//! checked here.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::fault::Collector;
use crate::provenance::{check_accessed, check_evidence, check_price_base, check_range, check_source};
use crate::{Evidence, Faults, Found, tables};

/// One priced figure.
#[derive(Debug, Clone, PartialEq)]
pub struct PriceRow {
    /// Name that a cost line refers to.
    pub name: String,
    /// Value in `unit`.
    pub value: f64,
    /// Unit, such as `GBP/kWh`.
    pub unit: String,
    /// Lowest plausible value.
    pub low: Option<f64>,
    /// Highest plausible value.
    pub high: Option<f64>,
    /// Year whose prices it is in; `n/a` for what is not money.
    pub price_base: String,
    /// Grade of evidence.
    pub evidence: Evidence,
    /// Who says so.
    pub source: String,
    /// Where it can be read; may be empty.
    pub url: String,
    /// When it was taken down, `YYYY-MM-DD`.
    pub accessed: String,
}

/// A price file.
#[derive(Debug, Clone, PartialEq)]
pub struct Prices {
    /// Where it came from.
    pub origin: String,
    /// Its rows by name.
    pub rows: BTreeMap<String, PriceRow>,
}

const COLUMNS: [&str; 10] =
    ["name", "value", "unit", "low", "high", "price_base", "evidence", "source", "url", "accessed"];

#[derive(Deserialize)]
struct Line {
    name: String,
    value: f64,
    unit: String,
    low: Option<f64>,
    high: Option<f64>,
    price_base: String,
    evidence: String,
    source: String,
    url: String,
    accessed: String,
}

impl Prices {
    /// Reads a price file, or tells all its faults.
    pub fn parse(file: &Found) -> Result<Prices, Faults> {
        let mut to = Collector::new(&file.name);
        let mut rows = BTreeMap::new();
        for (line, row) in tables::rows::<Line>(&mut to, &file.text, &COLUMNS) {
            check_range(&mut to, line, &format!("{}.value", row.name), row.value, row.low, row.high);
            check_source(&mut to, line, &format!("{}.source", row.name), &row.source);
            check_accessed(&mut to, line, &format!("{}.accessed", row.name), &row.accessed);
            check_price_base(&mut to, line, &format!("{}.price_base", row.name), &row.price_base, &row.unit);
            if row.unit.is_empty() {
                to.add(line, format!("{}.unit", row.name), "a figure without a unit");
            }
            let evidence = check_evidence(&mut to, line, &format!("{}.evidence", row.name), &row.evidence);
            let checked = PriceRow {
                name: row.name.clone(),
                value: row.value,
                unit: row.unit,
                low: row.low,
                high: row.high,
                price_base: row.price_base,
                evidence,
                source: row.source,
                url: row.url,
                accessed: row.accessed,
            };
            if rows.insert(row.name.clone(), checked).is_some() {
                to.add(line, "name", format!("{:?} stands here twice, allowed: once", row.name));
            }
        }
        let origin = file.name.clone();
        to.end(Prices { origin, rows })
    }
}
