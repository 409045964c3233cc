//! The single figures of an option in one list, for the forms that machines read. The page words them itself.

use cost_model::appraisal::OptionNodes;
use cost_model::{NodeId, Rule};

use super::CostResults;

/// A figure.
pub(crate) struct Fact {
    /// Name for machines, such as `npsv_cash`.
    pub(crate) name: String,
    /// What it is.
    pub(crate) label: String,
    pub(crate) unit: String,
    pub(crate) value: f64,
}

/// All single figures of an option.
pub(crate) fn facts(results: &CostResults, option: &OptionNodes) -> Vec<Fact> {
    let mut all = Vec::new();
    let mut add = |name: &str, label: &str, unit: &str, value: f64| {
        let (name, label, unit) = (name.to_owned(), label.to_owned(), unit.to_owned());
        all.push(Fact { name, label, unit, value });
    };
    let currency = results.model().currency.as_str();
    let money: [(&str, &str, NodeId); 11] = [
        ("whole_life_cost", "Whole-life cost, undiscounted, real", option.whole_life_cost),
        ("npsc", "Present value of all costs", option.npsc),
        ("eanc", "Equivalent annual net cost", option.eanc),
        ("npsv_cash", "NPSV on cash alone", option.npsv_cash),
        ("npsv_cash_low_rate", "NPSV on cash alone at 3.0 %", option.npsv_cash_low_rate),
        ("pv_cash_releasing", "Present value of cash-releasing benefits", option.pv_by_class[0]),
        ("pv_not_cash_releasing", "Present value of benefits that release no cash", option.pv_by_class[1]),
        ("pv_society", "Present value of benefits to society", option.pv_by_class[2]),
        (
            "npsv_all",
            "NPSV with what releases no cash and what falls to society, never a headline",
            option.npsv_all,
        ),
        ("npsv_all_low_rate", "The same at 3.0 %", option.npsv_all_low_rate),
        ("bcr", "Benefit-cost ratio; 0 where the option costs no more than the baseline", option.bcr),
    ];
    for (name, label, id) in money {
        add(name, label, if name == "bcr" { "ratio" } else { currency }, results.one(id));
    }
    add("paid", "All costs as paid, with VAT", currency, results.total(option.cost_nominal));
    add("paid_vat", "Of these, VAT", currency, results.total(option.vat_nominal));
    let label = "Years that end with cash still behind; the horizon means not paid back";
    add("payback_years", label, "yr", results.one(option.payback_years));
    for (rule, hours) in results.hours_per_year(option).into_iter().flatten() {
        let (word, said) = rule.words();
        let label = format!("Staff hours a year before realisation, mean over the years, {said}");
        add(&format!("hours_per_year_{word}"), &label, "h/yr", hours);
    }
    for (metric, id) in results.metrics(option) {
        add(&format!("metric.{}", metric.id), &metric.label, &metric.unit_text, results.one(id));
    }
    all
}

impl CostResults {
    /// Staff hours a year by the three rules, always together: mean over the years.
    pub(crate) fn hours_per_year(&self, option: &OptionNodes) -> Option<[(Rule, f64); 3]> {
        let hours = option.hours?;
        let mean = |id: NodeId| self.total(id) / self.model().horizon.max(1) as f64;
        Some([0, 1, 2].map(|rule| (Rule::EACH[rule], mean(hours[rule]))))
    }

    /// The metrics that an option has.
    pub(crate) fn metrics<'a>(
        &'a self,
        option: &'a OptionNodes,
    ) -> impl Iterator<Item = (&'a cost_model::model::Metric, NodeId)> {
        option.metrics.iter().filter_map(|(at, id)| Some((self.model().metrics.get(*at)?, *id)))
    }
}
