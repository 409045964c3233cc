//! The price index, a dated data file.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::fault::Collector;
use crate::provenance::{check_accessed, check_evidence, check_source};
use crate::{Evidence, Faults, Found, tables};

/// GDP deflators at market prices, calendar years.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Deflators {
    /// Its id, such as `hmt-2025-12`.
    pub id: String,
    /// Where it comes from.
    pub source: String,
    /// Index and grade of evidence by calendar year.
    pub years: BTreeMap<u32, (f64, Evidence)>,
}

const COLUMNS: [&str; 7] = ["vintage", "year", "index", "evidence", "source", "url", "accessed"];

#[derive(Deserialize)]
struct Line {
    vintage: String,
    year: u32,
    index: f64,
    evidence: String,
    source: String,
    url: String,
    accessed: String,
}

impl Deflators {
    /// Reads a file of price indices, or tells all its faults: every vintage in it, in order of appearance.
    pub fn parse(file: &Found) -> Result<Vec<Deflators>, Faults> {
        let mut to = Collector::new(&file.name);
        let mut all: Vec<Deflators> = Vec::new();
        for (line, row) in tables::rows::<Line>(&mut to, &file.text, &COLUMNS) {
            check_source(&mut to, line, "source", &row.source);
            check_accessed(&mut to, line, "accessed", &row.accessed);
            let evidence = check_evidence(&mut to, line, "evidence", &row.evidence);
            if !(row.index > 0.0 && row.index.is_finite()) {
                to.add(line, "index", format!("got {}, allowed: a number above 0", row.index));
            }
            let at = all.iter().position(|deflators| deflators.id == row.vintage).unwrap_or_else(|| {
                all.push(Deflators { id: row.vintage.clone(), ..Deflators::default() });
                all.len() - 1
            });
            tables::add_source(&mut all[at].source, &row.source, &row.url);
            if all[at].years.insert(row.year, (row.index, evidence)).is_some() {
                to.add(line, "year", format!("{} stands here twice, allowed: once a vintage", row.year));
            }
        }
        to.end(all)
    }

    /// The index of a price base: of a calendar year such as `2024`, or the mean of the two of a financial year such as
    /// `2024-25`. `None` when a year is not in the file or the text is neither.
    pub fn index(&self, base: &str) -> Option<f64> {
        let of = |year: u32| self.years.get(&year).map(|(index, _)| *index);
        match base.split_once('-') {
            None => of(base.parse().ok()?),
            Some((first, last)) => {
                let first: u32 = first.parse().ok()?;
                let last: u32 = last.parse().ok()?;
                match last == (first + 1) % 100 {
                    true => Some((of(first)? + of(first + 1)?) / 2.0),
                    false => None,
                }
            }
        }
    }
}
