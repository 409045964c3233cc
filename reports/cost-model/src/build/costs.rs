//! Cost lines of one option: quantity × unit price in the years of the timing, raised by what optimism bias remains, then
//! discounted, and paid in the prices of the year with value-added tax.

use super::inputs::{reference, when};
use super::{At, Builder, Common};
use crate::appraisal::{CostNodes, Sheet};
use crate::expr::{Expr, How, Op};
use crate::model::{CostLine, Spending, Timing};
use crate::{NodeId, Unit};

impl Timing {
    /// 1 in the years in which it falls, else 0.
    pub fn flags(&self, horizon: usize) -> Vec<f64> {
        let falls = |year: usize| match self {
            Timing::Span(from, to) => (*from..=*to).contains(&year),
            Timing::Every(years) => year.is_multiple_of(*years),
            Timing::Years(years) => years.contains(&year),
        };
        (0..horizon).map(|year| f64::from(u8::from(falls(year)))).collect()
    }
}

impl Builder<'_> {
    /// All cost lines of an option.
    pub(crate) fn costs(&mut self, option: usize, common: &Common) -> Vec<CostNodes> {
        let model = self.model;
        let name = &model.options[option].name;
        let lines = model.costs.iter().enumerate().filter(|(_, line)| line.options.contains(name));
        lines.filter_map(|(at, line)| self.cost(option, at, line, common)).collect()
    }

    fn cost(&mut self, option: usize, line_at: usize, line: &CostLine, common: &Common) -> Option<CostNodes> {
        let model = self.model;
        let of = &model.options[option];
        let at = At { sheet: Sheet::Costs, heading: &of.label, line: line.line };
        let name = |part: &str| format!("{}.cost.{}{part}", of.name, line.id);
        let label = |part: &str| format!("{} ({}){part}", line.label, of.label);
        let what = |part: &str| format!("cost.{}.{part}", line.id);
        let mut tree = |part: &str, formula: &Expr<String>| {
            self.names
                .resolve(formula, Some(option), &[])
                .map_err(|e| self.fault(line.line, &what(part), e))
                .ok()
        };
        let quantity = tree("quantity", &line.quantity);
        let unit_price = tree("unit_price", &line.unit_price);
        let (quantity, unit_price) = (quantity?, unit_price?);
        let quantity = self.formula(at, &name(".quantity"), &label(": quantity"), None, quantity);
        let unit_price = self.formula(at, &name(".unit_price"), &label(": price of one"), None, unit_price);
        let uplift = self.uplift(option, line, common);
        let timing = self.timing(&format!("cost.{}", line.id), &line.label, Sheet::Costs, &line.timing);
        let money = self.money(Expr::binary(Op::Mul, reference(quantity), reference(unit_price)));
        let bias = Expr::binary(
            Op::Add,
            Expr::number(1.0),
            Expr::binary(Op::Mul, reference(common.switches.optimism_bias), reference(uplift)),
        );
        let currency = self.currency();
        let cost = Expr::product_of([reference(timing), money, bias]);
        let cost = self.formula(at, &name(""), &label(""), Some(&currency), cost);
        let at = At { sheet: Sheet::Npsv, ..at };
        let discounted = Expr::binary(Op::Mul, reference(cost), reference(common.discount));
        let discounted =
            self.formula(at, &name(".discounted"), &label(", discounted"), Some(&currency), discounted);
        let present = self.formula(
            at,
            &name(".present"),
            &label(", present value"),
            Some(&currency),
            Expr::Sum(discounted),
        );
        let at = At { sheet: Sheet::CashFlowNominal, ..at };
        let vat = self.vat(line);
        let with_vat = Expr::binary(Op::Add, Expr::number(1.0), reference(vat));
        let nominal = Expr::product_of([reference(cost), reference(common.inflation), with_vat]);
        let nominal =
            self.formula(at, &name(".nominal"), &label(", as paid with VAT"), Some(&currency), nominal);
        Some(CostNodes { line: line_at, quantity, unit_price, uplift, cost, present, nominal })
    }

    /// Years in which something falls, as an input row of ones and zeros; one for all options.
    pub(crate) fn timing(&mut self, name: &str, label: &str, sheet: Sheet, timing: &Timing) -> NodeId {
        let name = format!("{name}.timing");
        if let Some(known) = self.graph.find(&name) {
            return known;
        }
        let at = At { sheet, heading: "Timing", line: 0 };
        let label = format!("{label}: years in which it falls");
        let flags = timing.flags(self.model.horizon);
        self.input(at, &name, &label, Unit::one(), flags)
    }

    /// The rate of value-added tax of a line, for all options.
    pub(crate) fn vat(&mut self, line: &CostLine) -> NodeId {
        let name = format!("cost.{}.vat", line.id);
        self.graph.find(&name).unwrap_or_else(|| {
            let at = At { sheet: Sheet::CashFlowNominal, heading: "Value-added tax", line: line.line };
            self.input(at, &name, &format!("{}: VAT rate", line.label), Unit::one(), vec![line.vat])
        })
    }

    /// Uplift = upper × (1 − Σ contribution × mitigation), never under the lower bound; in a scenario at the upper bound,
    /// unmitigated (Mott MacDonald 2002; HM Treasury supplementary guidance on optimism bias).
    fn uplift(&mut self, option: usize, line: &CostLine, common: &Common) -> NodeId {
        let model = self.model;
        let of = &model.options[option];
        let name = format!("{}.cost.{}.uplift", of.name, line.id);
        let label = format!("{} ({}): optimism bias", line.label, of.label);
        let at = At { sheet: Sheet::Costs, heading: &of.label, line: line.line };
        let class = line.ob_class.as_ref().and_then(|class| model.optimism_bias.classes.get_key_value(class));
        let Some((class, bias)) = class else {
            return self.formula(at, &name, &label, Some(&Unit::one()), Expr::number(0.0));
        };
        let (spending, upper, lower) = match line.spending {
            Spending::Capex => ("capex", bias.capex_upper, bias.capex_lower),
            Spending::Opex => ("opex", bias.opex_upper, bias.opex_lower),
        };
        let shared = At { sheet: Sheet::Costs, heading: "Optimism bias", line: line.line };
        let mut bound = |which: &str, value: f64| {
            let name = format!("optimism_bias.{class}.{spending}.{which}");
            let label = format!("Optimism bias, {} {spending}, {which}", class.replace('_', " "));
            self.graph
                .find(&name)
                .unwrap_or_else(|| self.input(shared, &name, &label, Unit::one(), vec![value]))
        };
        let (upper, lower) = (bound("upper", upper), bound("lower", lower));
        let own = format!("cost.{}.mitigated", line.id);
        let mitigated = self.graph.find(&own).unwrap_or_else(|| {
            let mitigated =
                line.ob_mitigation.iter().map(|(_, contribution, share)| contribution * share).sum();
            let label = format!("{}: share of optimism bias that is mitigated", line.label);
            self.input(shared, &own, &label, Unit::one(), vec![mitigated])
        });
        let left = Expr::binary(Op::Sub, Expr::number(1.0), reference(mitigated));
        let usual = Expr::Max(vec![reference(lower), Expr::binary(Op::Mul, reference(upper), left)]);
        let upper_in = model.scenarios.iter().enumerate().filter(|(_, scenario)| scenario.ob_upper);
        let tree = upper_in.fold(usual, |usual, (at, _)| {
            let scenario = reference(common.switches.scenario);
            when(scenario, How::Equal, Expr::number((at + 1) as f64), reference(upper), usual)
        });
        self.formula(at, &name, &label, Some(&Unit::one()), tree)
    }
}
