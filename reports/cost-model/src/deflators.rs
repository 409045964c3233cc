//! The price index, a dated data file.

use std::collections::BTreeMap;

use crate::Evidence;

/// GDP deflators at market prices, calendar years.
#[derive(Debug, Clone, PartialEq)]
pub struct Deflators {
    /// Its id, such as `hmt-2025-12`.
    pub id: String,
    /// Where it comes from.
    pub source: String,
    /// Index and grade of evidence by calendar year.
    pub years: BTreeMap<u32, (f64, Evidence)>,
}

impl Deflators {
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
