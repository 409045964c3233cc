//! Words that several sheets use: units, formulas, distributions, classes. No sheet says the same thing in another way.

use cost_model::appraisal::Appraisal;
use cost_model::expr::words;
use cost_model::model::Distribution;
use cost_model::{BenefitClass, NodeId, Source, Unit};

use crate::units;

/// The unit as a reader sees it.
pub(super) fn unit(unit: &Unit) -> String {
    if unit.is_one() { "–".to_owned() } else { unit.to_string() }
}

/// The label, without the option's name where the heading says it already.
pub(super) fn label(label: &str, heading: &str) -> String {
    label.replacen(&format!(" ({heading})"), "", 1)
}

/// How a figure comes about.
pub(super) fn how(appraisal: &Appraisal, id: NodeId, heading: &str) -> String {
    match &appraisal.graph.node(id).source {
        Source::Input(_) => "given".to_owned(),
        Source::Formula(tree) => {
            words::words(tree, &|id: &NodeId| label(&appraisal.graph.node(*id).label, heading))
        }
    }
}

/// A year as it is called: a financial year, `2026-27`.
pub(super) fn year(start: u32, number: usize) -> String {
    let year = start as usize + number;
    format!("{year}-{:02}", (year + 1) % 100)
}

/// `10 years`, `1 year`.
pub(super) fn years(number: usize) -> String {
    format!("{number} {}", if number == 1 { "year" } else { "years" })
}

/// A number with thousands separators and at least four significant digits, without needless zeros.
pub(super) fn number(value: f64) -> String {
    let size = value.abs();
    if size != 0.0 && !(1e-4..1e15).contains(&size) {
        return format!("{value:e}");
    }
    let decimals = if size >= 1e3 { 0 } else { (3 - size.max(1e-4).log10().floor() as i32).max(0) as usize };
    let text = units::number(value, decimals);
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

/// How an assumption may vary.
pub(super) fn distribution(of: Option<&Distribution>) -> String {
    let n = number;
    match of {
        None => "certain".to_owned(),
        Some(Distribution::Pert(low, mode, high)) => {
            format!("{} to {}, most likely {} (PERT)", n(*low), n(*high), n(*mode))
        }
        Some(Distribution::Triangular(low, mode, high)) => {
            format!("{} to {}, most likely {} (triangular)", n(*low), n(*high), n(*mode))
        }
        Some(Distribution::Uniform(low, high)) => {
            format!("{} to {}, each alike (uniform)", n(*low), n(*high))
        }
        Some(Distribution::Normal(mean, deviation)) => {
            format!("mean {}, standard deviation {} (normal)", n(*mean), n(*deviation))
        }
        Some(Distribution::Lognormal(median, p90)) => {
            format!("median {}, 90th percentile {} (lognormal)", n(*median), n(*p90))
        }
        Some(Distribution::Seen(values)) => {
            let low = values.iter().copied().fold(f64::INFINITY, f64::min);
            let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            format!("{} to {}, as seen in {} parts of the run", n(low), n(high), values.len())
        }
    }
}

/// The letters and the words of a class of benefits.
pub(super) fn class(of: BenefitClass) -> (&'static str, &'static str) {
    match of {
        BenefitClass::Crb => ("CRB", "Cash-releasing: a budget can be cut by it"),
        BenefitClass::Ncrb => {
            ("nCRB", "Valued in money, but releases no cash: time or capacity that staff use for other work")
        }
        BenefitClass::Sb => ("SB", "To society: falls to patients or the public, not to the buyer"),
        BenefitClass::Ub => ("UB", "Not valued in money: words only"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_sentences_have_separators_and_no_needless_zeros() {
        let said = [1800.0, 0.26, 152.207, 4.8e9, 0.0, -12.5, 1e-6].map(number);
        assert_eq!(said, ["1,800", "0.26", "152.2", "4,800,000,000", "0", "-12.5", "1e-6"]);
    }
}
