//! How the forms of the report look figures up and name them: options, years, money, formulas in words. One place, so that
//! no two forms say the same thing differently. Reads the central case; computes nothing but sums of what is shown.

use cost_model::appraisal::{AssumptionNodes, BenefitNodes, CostNodes, OptionNodes};
use cost_model::expr::words;
use cost_model::model::{Assumption, CATEGORIES, CostLine, Distribution, Spending};
use cost_model::{BenefitClass, Model, NodeId, Source};

use super::CostResults;
use crate::units;

/// A check may be off by less than a penny: sums of many rounded figures are, and nothing that matters is smaller.
const CHECKED_WITHIN: f64 = 0.01;
/// Days that hours a year are spread over where a report says a day.
pub(crate) const DAYS_PER_YEAR: f64 = 365.0;

impl CostResults {
    pub(crate) fn model(&self) -> &Model {
        &self.appraisal.model
    }

    /// The central value of a figure; of a yearly one its first year.
    pub(crate) fn one(&self, id: NodeId) -> f64 {
        self.appraisal.values.one(id)
    }

    /// The central values of a figure, one for each year; a single one stands in every year.
    pub(crate) fn yearly(&self, id: NodeId) -> Vec<f64> {
        let values = self.appraisal.values.years(id);
        let last = values.last().copied().unwrap_or(f64::NAN);
        (0..self.model().horizon.max(1)).map(|year| values.get(year).copied().unwrap_or(last)).collect()
    }

    /// The sum over the years.
    pub(crate) fn total(&self, id: NodeId) -> f64 {
        self.yearly(id).iter().sum()
    }

    pub(crate) fn options(&self) -> &[OptionNodes] {
        &self.appraisal.options
    }

    pub(crate) fn baseline(&self) -> &OptionNodes {
        &self.appraisal.options[self.appraisal.baseline]
    }

    /// The options that are compared with the baseline, with their index.
    pub(crate) fn others(&self) -> impl Iterator<Item = (usize, &OptionNodes)> {
        self.options().iter().enumerate().filter(|(at, _)| *at != self.appraisal.baseline)
    }

    pub(crate) fn option_label(&self, at: usize) -> &str {
        self.options().get(at).map_or("", |option| &option.label)
    }

    /// A year as it is called: a financial year, `2026-27`.
    pub(crate) fn year(&self, at: usize) -> String {
        let year = self.model().start as usize + at;
        format!("{year}-{:02}", (year + 1) % 100)
    }

    pub(crate) fn years(&self) -> Vec<String> {
        (0..self.model().horizon.max(1)).map(|at| self.year(at)).collect()
    }

    /// Money in short, with the currency.
    pub(crate) fn money(&self, value: f64) -> String {
        units::money(&self.model().currency, value)
    }

    /// What prices the real figures are in.
    pub(crate) fn prices(&self) -> String {
        format!("prices of {}", self.model().price_base)
    }

    pub(crate) fn cost_line(&self, nodes: &CostNodes) -> &CostLine {
        &self.model().costs[nodes.line]
    }

    /// Whole-life cost of an option by category, in the order of the categories; those without a line are left out.
    pub(crate) fn by_category(&self, option: &OptionNodes) -> Vec<(&'static str, f64)> {
        let of = |category: &str| {
            let lines = option.costs.iter().filter(|nodes| self.cost_line(nodes).category == category);
            lines.map(|nodes| self.total(nodes.cost)).reduce(|sum, cost| sum + cost)
        };
        CATEGORIES.iter().filter_map(|(category, _)| Some((*category, of(category)?))).collect()
    }

    /// Name and label of a row of a benefit.
    pub(crate) fn benefit_name(&self, nodes: &BenefitNodes) -> (String, String) {
        let benefit = &self.model().benefits[nodes.benefit];
        match nodes.interaction.as_str() {
            "" => (benefit.id.clone(), benefit.label.clone()),
            row => (format!("{}.{row}", benefit.id), format!("{}, {row}", benefit.label)),
        }
    }

    pub(crate) fn label(&self, id: NodeId) -> &str {
        &self.appraisal.graph.node(id).label
    }

    /// How a figure comes about: its formula over the labels of others, or that it is given.
    pub(crate) fn words(&self, id: NodeId) -> String {
        let node = self.appraisal.graph.node(id);
        match &node.source {
            Source::Formula(tree) => words::words(tree, &|id: &NodeId| self.label(*id).to_owned()),
            Source::Input(values) if values.len() == 1 => {
                format!("{} {}", units::significant(values[0]), node.unit)
            }
            Source::Input(_) => "given for each year".to_owned(),
        }
    }

    /// The same where all is said of one option, whose name labels then need not carry.
    pub(crate) fn words_in(&self, option: &OptionNodes, id: NodeId) -> String {
        self.words(id).replace(&format!(" ({})", option.label), "")
    }

    /// Assumptions with their figures.
    pub(crate) fn assumptions(&self) -> impl Iterator<Item = (&Assumption, &AssumptionNodes)> {
        self.model().assumptions.iter().zip(&self.appraisal.assumptions)
    }

    /// How far an assumption alone moves the cash result of any option: the widest of its bars.
    pub(crate) fn width(&self, assumption: usize) -> f64 {
        let bars = self.tornados.iter().flat_map(|t| &t.bars).filter(|bar| bar.assumption == assumption);
        bars.map(|bar| (bar.npsv_cash.1 - bar.npsv_cash.0).abs()).fold(0.0, f64::max)
    }

    /// Whether the option costs more than the baseline, so that a benefit-cost ratio says something.
    pub(crate) fn costs_more(&self, option: &OptionNodes) -> bool {
        self.one(option.npsc) > self.one(self.baseline().npsc)
    }

    /// The year by whose end the option has paid back, or that it has not.
    pub(crate) fn payback(&self, option: &OptionNodes) -> String {
        let (years, horizon) = (self.one(option.payback_years), self.model().horizon);
        match years {
            years if years >= horizon as f64 => format!("not within {}", self.horizon()),
            0.0 => "from the first year".to_owned(),
            years => format!("after {}", units::counted(years as u64, "year", "years")),
        }
    }

    /// The value of a check that is farthest from 0.
    pub(crate) fn farthest(&self, check: NodeId) -> f64 {
        let values = self.yearly(check);
        values.into_iter().fold(0.0, |worst: f64, v| if v.abs() <= worst.abs() { worst } else { v })
    }

    /// Whether a check is 0 but for rounding.
    pub(crate) fn holds(&self, check: NodeId) -> bool {
        self.farthest(check).abs() < CHECKED_WITHIN
    }

    /// `10 years`.
    pub(crate) fn horizon(&self) -> String {
        units::counted(self.model().horizon as u64, "year", "years")
    }

    /// Whether a published claim or a figure of this grade was made up by somebody.
    pub(crate) fn estimates(&self) -> Vec<(usize, &Assumption)> {
        let all = self.model().assumptions.iter().enumerate();
        let mut all: Vec<_> =
            all.filter(|(_, a)| a.provenance.evidence == cost_model::Evidence::Estimate).collect();
        // What moves the result most stands first; the rest keeps the order of the model.
        all.sort_by(|a, b| self.width(b.0).total_cmp(&self.width(a.0)));
        all
    }
}

/// A figure with its unit; what has no dimension stands bare.
pub(crate) fn with_unit(value: f64, unit: &str) -> String {
    match unit {
        "" | "1" | "fraction" | "ratio" | "share" | "factor" | "uplift" => units::significant(value),
        unit => format!("{} {unit}", units::significant(value)),
    }
}

/// A distribution in words.
pub(crate) fn distribution(of: Option<&Distribution>) -> String {
    let s = units::significant;
    match of {
        None => "certain".to_owned(),
        Some(Distribution::Pert(low, mode, high)) => {
            format!("{} to {}, most likely {} (PERT)", s(*low), s(*high), s(*mode))
        }
        Some(Distribution::Triangular(low, mode, high)) => {
            format!("{} to {}, most likely {} (triangular)", s(*low), s(*high), s(*mode))
        }
        Some(Distribution::Uniform(low, high)) => {
            format!("{} to {}, each alike (uniform)", s(*low), s(*high))
        }
        Some(Distribution::Normal(mean, deviation)) => {
            format!("mean {}, standard deviation {} (normal)", s(*mean), s(*deviation))
        }
        Some(Distribution::Lognormal(median, p90)) => {
            format!("median {}, 90th percentile {} (lognormal)", s(*median), s(*p90))
        }
        Some(Distribution::Seen(values)) => {
            let low = values.iter().copied().fold(f64::INFINITY, f64::min);
            let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            format!("{} to {}, as seen in {} parts of the run", s(low), s(high), values.len())
        }
    }
}

/// A class of benefits in words, with the letters that the appraisal model of the DHSC has for it.
pub(crate) fn class(of: BenefitClass) -> &'static str {
    match of {
        BenefitClass::Crb => "cash-releasing (CRB)",
        BenefitClass::Ncrb => "releases no cash (nCRB)",
        BenefitClass::Sb => "to society (SB)",
        BenefitClass::Ub => "not monetised (UB)",
    }
}

/// `capital` or `running`.
pub(crate) fn spending(of: Spending) -> &'static str {
    match of {
        Spending::Capex => "capital",
        Spending::Opex => "running",
    }
}
