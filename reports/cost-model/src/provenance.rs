//! Where a figure comes from. No figure enters the model without a source, a price base and a grade of evidence.

use std::fmt;

use crate::fault::Collector;
use crate::unit::CURRENCIES;

/// Grade of evidence, strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Evidence {
    /// Measured by a run that can be shown.
    Measured,
    /// Published by somebody else.
    Published,
    /// A dated offer.
    Quoted,
    /// Computed from other rows.
    Derived,
    /// Somebody's estimate.
    Estimate,
}

impl Evidence {
    /// All grades, strongest first.
    pub const EACH: [Evidence; 5] =
        [Evidence::Measured, Evidence::Published, Evidence::Quoted, Evidence::Derived, Evidence::Estimate];

    /// The word used in files.
    pub fn word(self) -> &'static str {
        match self {
            Evidence::Measured => "measured",
            Evidence::Published => "published",
            Evidence::Quoted => "quoted",
            Evidence::Derived => "derived",
            Evidence::Estimate => "estimate",
        }
    }

    /// The grade a word means.
    pub fn from_word(word: &str) -> Option<Evidence> {
        Evidence::EACH.into_iter().find(|grade| grade.word() == word)
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// What a figure in money needs in its price base; anything else may say `n/a`.
pub(crate) const NO_PRICE_BASE: &str = "n/a";

/// Checks a grade of evidence.
pub(crate) fn check_evidence(to: &mut Collector<'_>, line: usize, what: &str, word: &str) -> Evidence {
    Evidence::from_word(word).unwrap_or_else(|| {
        let words: Vec<&str> = Evidence::EACH.iter().map(|grade| grade.word()).collect();
        to.add(line, what, format!("unknown grade of evidence, got {word:?}, allowed: {}", words.join(", ")));
        Evidence::Estimate
    })
}

/// Checks that a source is named.
pub(crate) fn check_source(to: &mut Collector<'_>, line: usize, what: &str, source: &str) {
    if source.trim().is_empty() {
        to.add(line, what, "a figure without a source, allowed: who says so, where and when");
    }
}

/// Checks that a price base is stated, and that money has a real one.
pub(crate) fn check_price_base(to: &mut Collector<'_>, line: usize, what: &str, base: &str, unit: &str) {
    let money = CURRENCIES.iter().any(|currency| unit.starts_with(currency));
    let exchange_rate = unit.starts_with("USD/GBP") || unit.starts_with("EUR/GBP");
    if base.trim().is_empty() {
        to.add(
            line,
            what,
            "a figure without a price base, allowed: a year such as 2024-25, or n/a for what is not money",
        );
    } else if money && !exchange_rate && base.trim() == NO_PRICE_BASE {
        to.add(
            line,
            what,
            format!("money without a price base, got {base:?} for {unit}, allowed: a year such as 2024-25"),
        );
    }
}

/// Checks that `low <= value <= high` and that all are finite.
pub(crate) fn check_range(
    to: &mut Collector<'_>,
    line: usize,
    what: &str,
    value: f64,
    low: Option<f64>,
    high: Option<f64>,
) {
    let all_finite = [Some(value), low, high].into_iter().flatten().all(f64::is_finite);
    if !all_finite {
        to.add(line, what, format!("not a finite number, got {value} ({low:?} to {high:?})"));
    } else if low.is_some_and(|low| low > value) || high.is_some_and(|high| high < value) {
        to.add(line, what, format!("outside its own range, got {value}, allowed {low:?} to {high:?}"));
    }
}

/// Whether a text is a day `YYYY-MM-DD`; such texts sort by time.
pub(crate) fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let number = |at: usize, digits: usize| {
        let part =
            parts.get(at).filter(|part| part.len() == digits && part.bytes().all(|b| b.is_ascii_digit()));
        part.and_then(|part| part.parse::<u32>().ok())
    };
    let (year, month, day) = (number(0, 4), number(1, 2), number(2, 2));
    parts.len() == 3
        && year.is_some()
        && month.is_some_and(|month| (1..=12).contains(&month))
        && day.is_some_and(|day| (1..=31).contains(&day))
}

/// Checks that it is stated when a figure was taken down.
pub(crate) fn check_accessed(to: &mut Collector<'_>, line: usize, what: &str, accessed: &str) {
    if !is_date(accessed) {
        let problem = format!(
            "a figure without the day it was taken down, got {accessed:?}, allowed: such as 2026-09-01"
        );
        to.add(line, what, problem);
    }
}
