//! Figures and small words as the tables of the page show them.

use cost_model::Evidence;

use crate::html::escape;
use crate::units;

/// Whole units of money or anything else, with a true minus.
pub(super) fn whole(value: f64) -> String {
    units::number(value, 0).replace('-', if value.is_finite() { "\u{2212}" } else { "-" })
}

/// Hours and the like: a decimal where they are few.
pub(super) fn few(value: f64) -> String {
    let decimals = if value.abs() < 100.0 { 1 } else { 0 };
    units::number(value, decimals).replace('-', if value.is_finite() { "\u{2212}" } else { "-" })
}

/// A grade of evidence; estimates stand out.
pub(super) fn grade(evidence: Evidence) -> String {
    match evidence {
        Evidence::Estimate => "<span class=\"estimate\">estimate</span>".to_owned(),
        other => other.word().to_owned(),
    }
}

/// A small line below what stands in a cell; nothing for an empty text.
pub(super) fn small(text: &str) -> String {
    match text.is_empty() {
        true => String::new(),
        false => format!("<small>{}</small>", escape(text)),
    }
}

/// How a figure comes about, below what it is called.
pub(super) fn how(text: &str) -> String {
    format!("<small class=\"how\">{}</small>", escape(text))
}

/// A heading, escaped, of the third level.
pub(super) fn heading(text: &str) -> String {
    crate::html::parts::tag("h3", text)
}

/// A fraction in per cent, without a needless decimal.
pub(super) fn percent(fraction: f64) -> String {
    units::percent(fraction, if (fraction * 100.0).fract().abs() < 1e-9 { 0 } else { 1 })
        .replace('-', "\u{2212}")
}
