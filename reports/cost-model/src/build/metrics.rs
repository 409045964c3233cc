//! Further figures of an option, as the model's `[[metric]]` blocks ask: formulas over assumptions, derived figures and the
//! option's own results.

use super::inputs::{reference, when};
use super::{At, Builder};
use crate::NodeId;
use crate::appraisal::{OptionNodes, Sheet};
use crate::expr::{Expr, How};
use crate::{Rule, Unit};

/// Results of the option that a metric may name, besides assumptions and derived figures.
pub const RESULT_NAMES: [&str; 13] = [
    "cost",
    "cost_nominal",
    "whole_life_cost",
    "npsc",
    "eanc",
    "npsv_cash",
    "npsv_all",
    "first_3_years_cost",
    "horizon_years",
    "hours_linear",
    "hours_above_1s",
    "hours_tapered",
    "net_cash",
];

/// Years of the TPC pricing rule.
const PRICED_YEARS: f64 = 3.0;

impl Builder<'_> {
    /// All metrics that the option has: index in the model, figure.
    pub(crate) fn metrics(&mut self, option: usize, nodes: &OptionNodes) -> Vec<(usize, NodeId)> {
        let model = self.model;
        if model.metrics.is_empty() {
            return Vec::new();
        }
        let local = self.result_names(option, nodes);
        let local: Vec<(&str, NodeId)> = local.iter().map(|(name, id)| (*name, *id)).collect();
        let of = &model.options[option];
        let mut all = Vec::new();
        for (at, metric) in model.metrics.iter().enumerate() {
            if !metric.options.is_empty() && !metric.options.contains(&of.name) {
                continue;
            }
            let name = format!("{}.metric.{}", of.name, metric.id);
            match self.names.resolve(&metric.formula, Some(option), &local) {
                // Hours that this option has none of leave the metric out.
                Err(_) if nodes.hours.is_none() && names_hours(&metric.formula) => {}
                Err(problem) => self.fault(metric.line, &format!("metric.{}.formula", metric.id), problem),
                Ok(tree) => {
                    let place = At { sheet: Sheet::Npsv, heading: &of.label, line: metric.line };
                    let label = format!("{} ({})", metric.label, of.label);
                    let id = self.formula(place, &name, &label, Some(&metric.unit), tree);
                    all.push((at, id));
                }
            }
        }
        all
    }

    fn result_names(&mut self, option: usize, nodes: &OptionNodes) -> Vec<(&'static str, NodeId)> {
        let of = &self.model.options[option];
        let at = At { sheet: Sheet::Npsv, heading: &of.label, line: of.line };
        let within =
            when(Expr::Year, How::Less, Expr::number(PRICED_YEARS), reference(nodes.cost), Expr::number(0.0));
        let currency = self.currency();
        let label = format!("Costs of the first three years, by year ({})", of.label);
        let name = format!("{}.first_3_years", of.name);
        let yearly = self.formula(at, &name, &label, Some(&currency), within);
        let label = format!("Costs of the first three years ({})", of.label);
        let name = format!("{}.first_3_years_cost", of.name);
        let first_3_years = self.formula(at, &name, &label, Some(&currency), Expr::Sum(yearly));
        let horizon = self.graph.find("horizon_years").unwrap_or_else(|| {
            let at = At { sheet: Sheet::Npsv, heading: "Discounting and prices", line: 0 };
            let years = Unit::symbol("yr");
            self.input(at, "horizon_years", "Years appraised", years, vec![self.model.horizon as f64])
        });
        let mut names = vec![
            ("cost", nodes.cost),
            ("cost_nominal", nodes.cost_nominal),
            ("whole_life_cost", nodes.whole_life_cost),
            ("npsc", nodes.npsc),
            ("eanc", nodes.eanc),
            ("npsv_cash", nodes.npsv_cash),
            ("npsv_all", nodes.npsv_all),
            ("net_cash", nodes.net_cash),
            ("first_3_years_cost", first_3_years),
            ("horizon_years", horizon),
        ];
        if let Some(hours) = nodes.hours {
            let each = ["hours_linear", "hours_above_1s", "hours_tapered"];
            debug_assert_eq!(each.len(), Rule::EACH.len());
            names.extend(each.into_iter().zip(hours));
        }
        names
    }
}

fn names_hours(formula: &Expr<String>) -> bool {
    let mut names = Vec::new();
    formula.references(&mut names);
    names.iter().any(|name| name.starts_with("hours_"))
}
