//! Discount rates by year, a dated data file: appraisal rules change, results must say which vintage they used.

use serde::Deserialize;

use crate::fault::Collector;
use crate::provenance::{check_accessed, check_source};
use crate::{Faults, Found, tables};

/// A vintage of discount rates.
#[derive(Debug, Clone, Default, PartialEq)]
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

const COLUMNS: [&str; 7] = ["vintage", "kind", "from_year", "rate", "source", "url", "accessed"];

#[derive(Deserialize)]
struct Line {
    vintage: String,
    kind: String,
    from_year: u32,
    rate: f64,
    source: String,
    url: String,
    accessed: String,
}

impl Schedule {
    /// Reads a file of discount rates, or tells all its faults: every vintage in it, in order of appearance.
    pub fn parse(file: &Found) -> Result<Vec<Schedule>, Faults> {
        let mut to = Collector::new(&file.name);
        let mut all: Vec<Schedule> = Vec::new();
        for (line, row) in tables::rows::<Line>(&mut to, &file.text, &COLUMNS) {
            check_source(&mut to, line, "source", &row.source);
            check_accessed(&mut to, line, "accessed", &row.accessed);
            if !(row.rate > 0.0 && row.rate < 1.0) {
                to.add(line, "rate", format!("got {}, allowed: a fraction a year between 0 and 1", row.rate));
            }
            let at = all.iter().position(|schedule| schedule.id == row.vintage).unwrap_or_else(|| {
                all.push(Schedule { id: row.vintage.clone(), ..Schedule::default() });
                all.len() - 1
            });
            let schedule = &mut all[at];
            tables::add_source(&mut schedule.source, &row.source, &row.url);
            let bands = match row.kind.as_str() {
                "standard" => &mut schedule.bands,
                "low" => &mut schedule.low,
                other => {
                    to.add(line, "kind", format!("got {other:?}, allowed: standard, low"));
                    continue;
                }
            };
            let allowed = bands.last().map_or(row.from_year == 0, |(from, _)| row.from_year > *from);
            if !allowed {
                let problem = format!("got {}, allowed: 0 first, then later and later years", row.from_year);
                to.add(line, "from_year", problem);
            }
            bands.push((row.from_year, row.rate));
        }
        for schedule in &all {
            for (kind, bands) in [("standard", &schedule.bands), ("low", &schedule.low)] {
                if bands.is_empty() {
                    to.add(
                        0,
                        &schedule.id,
                        format!("no rates of the kind {kind}, allowed: at least one from year 0"),
                    );
                }
            }
        }
        to.end(all)
    }
}
