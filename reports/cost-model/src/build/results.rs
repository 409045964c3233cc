//! Totals, present values and what follows from them, by option against the baseline. Cash-releasing and other benefits stay
//! apart all the way.

use super::inputs::{reference, when};
use super::{At, Builder, Common};
use crate::appraisal::{BenefitNodes, CostNodes, OptionNodes, Sheet};
use crate::expr::{Expr, How, Op};
use crate::{BenefitClass, NodeId, Unit};

type Tree = Expr<NodeId>;

/// What an option costs, before it is compared.
struct Totals {
    cost: NodeId,
    cost_nominal: NodeId,
    vat_nominal: NodeId,
    whole_life_cost: NodeId,
    npsc: NodeId,
    npsc_low: NodeId,
    eanc: NodeId,
}

fn plus(terms: impl IntoIterator<Item = NodeId>) -> Tree {
    Expr::sum_of(terms.into_iter().map(reference))
}

fn minus(left: NodeId, right: NodeId) -> Tree {
    Expr::binary(Op::Sub, reference(left), reference(right))
}

fn times(left: NodeId, right: NodeId) -> Tree {
    Expr::binary(Op::Mul, reference(left), reference(right))
}

impl Builder<'_> {
    /// A figure of an option in the currency.
    fn of(&mut self, option: usize, sheet: Sheet, name: &str, label: &str, tree: Tree) -> NodeId {
        let of = &self.model.options[option];
        let (name, label) = (format!("{}.{name}", of.name), format!("{label} ({})", of.label));
        let currency = self.currency();
        let at = At { sheet, heading: &of.label, line: of.line };
        self.formula(at, &name, &label, Some(&currency), tree)
    }

    /// A figure of an option without a unit.
    fn plain(&mut self, option: usize, name: &str, label: &str, tree: Tree) -> NodeId {
        let of = &self.model.options[option];
        let (name, label) = (format!("{}.{name}", of.name), format!("{label} ({})", of.label));
        self.formula(At { sheet: Sheet::Npsv, heading: &of.label, line: of.line }, &name, &label, None, tree)
    }

    /// A yearly figure that is zero in every year when nothing is added.
    fn yearly_sum(&mut self, terms: Vec<NodeId>) -> Tree {
        match terms.is_empty() {
            true => Expr::binary(Op::Mul, Expr::Year, Expr::Number(0.0, self.currency())),
            false => plus(terms),
        }
    }

    fn totals(&mut self, option: usize, costs: &[CostNodes], common: &Common) -> Totals {
        let tree = self.yearly_sum(costs.iter().map(|line| line.cost).collect());
        let cost = self.of(option, Sheet::CashFlowReal, "cost", "All costs", tree);
        let tree = self.yearly_sum(costs.iter().map(|line| line.nominal).collect());
        let cost_nominal =
            self.of(option, Sheet::CashFlowNominal, "cost_nominal", "All costs as paid, with VAT", tree);
        let tree = times(cost, common.inflation);
        let without_vat = self.of(
            option,
            Sheet::CashFlowNominal,
            "cost_without_vat",
            "All costs as paid, without VAT",
            tree,
        );
        let tree = minus(cost_nominal, without_vat);
        let vat_nominal = self.of(option, Sheet::CashFlowNominal, "vat", "Of these, VAT", tree);
        let whole_life_cost =
            self.of(option, Sheet::Npsv, "whole_life_cost", "Whole-life cost, undiscounted", Expr::Sum(cost));
        let mut present = |name: &str, label: &str, factor: NodeId| {
            let yearly = format!("{name}_yearly");
            let discounted =
                self.of(option, Sheet::Npsv, &yearly, &format!("{label}, by year"), times(cost, factor));
            self.of(option, Sheet::Npsv, name, label, Expr::Sum(discounted))
        };
        let npsc = present("npsc", "Net present social cost", common.discount);
        let npsc_low = present("npsc_low_rate", "Net present social cost at 3.0 %", common.discount_low);
        let tree = Expr::binary(Op::Div, reference(npsc), Expr::Sum(common.discount));
        let eanc = self.of(option, Sheet::Npsv, "eanc", "Equivalent annual net cost", tree);
        Totals { cost, cost_nominal, vat_nominal, whole_life_cost, npsc, npsc_low, eanc }
    }

    /// Everything that follows from the lines.
    pub(crate) fn results(
        &mut self,
        baseline: usize,
        costs: Vec<Vec<CostNodes>>,
        benefits: Vec<Vec<BenefitNodes>>,
        common: &Common,
        checks: &mut Vec<(NodeId, String)>,
    ) -> Vec<OptionNodes> {
        let totals: Vec<Totals> =
            costs.iter().enumerate().map(|(option, lines)| self.totals(option, lines, common)).collect();
        let all = costs.into_iter().zip(benefits).enumerate();
        all.map(|(option, (costs, benefits))| {
            let parts = (&totals[option], &totals[baseline]);
            let nodes = self.option(option, parts, costs, benefits, common);
            self.checks(option, baseline, &nodes, checks);
            nodes
        })
        .collect()
    }

    fn option(
        &mut self,
        option: usize,
        (own, base): (&Totals, &Totals),
        costs: Vec<CostNodes>,
        benefits: Vec<BenefitNodes>,
        common: &Common,
    ) -> OptionNodes {
        let real = Sheet::CashFlowReal;
        let saving =
            self.of(option, real, "saving", "Costs saved against the baseline", minus(base.cost, own.cost));
        let saving_nominal = self.of(
            option,
            Sheet::CashFlowNominal,
            "saving_nominal",
            "Costs saved against the baseline, as paid, with VAT",
            minus(base.cost_nominal, own.cost_nominal),
        );
        let classes = [
            (BenefitClass::Crb, "crb", "Cash-releasing benefits"),
            (BenefitClass::Ncrb, "ncrb", "Benefits that release no cash"),
            (BenefitClass::Sb, "sb", "Benefits to society"),
        ];
        let by_class = classes.map(|(class, name, label)| {
            let values = benefits.iter().filter(|b| b.class == class).map(|b| b.value).collect();
            let tree = self.yearly_sum(values);
            self.of(option, real, name, label, tree)
        });
        let net_cash = self.of(
            option,
            real,
            "net_cash",
            "Net cash: costs saved and cash released",
            plus([saving, by_class[0]]),
        );
        let discounted = self.of(
            option,
            Sheet::Npsv,
            "net_cash_discounted",
            "Net cash, discounted",
            times(net_cash, common.discount),
        );
        let net_cash_running = self.of(
            option,
            Sheet::Npsv,
            "net_cash_running",
            "Net cash, discounted, running sum",
            Expr::Running(discounted),
        );
        let mut at_rate = |suffix: &str, said: &str, factor: NodeId| {
            [0, 1, 2].map(|class| {
                let (_, name, label) = classes[class];
                let yearly = self.of(
                    option,
                    Sheet::Npsv,
                    &format!("{name}_discounted{suffix}"),
                    &format!("{label}, discounted{said}"),
                    times(by_class[class], factor),
                );
                let name = format!("pv_{name}{suffix}");
                self.of(
                    option,
                    Sheet::Npsv,
                    &name,
                    &format!("{label}, present value{said}"),
                    Expr::Sum(yearly),
                )
            })
        };
        let pv_by_class = at_rate("", "", common.discount);
        let pv_low = at_rate("_low_rate", " at 3.0 %", common.discount_low);
        let mut npsv = |suffix: &str, said: &str, base: NodeId, own: NodeId, pv: [NodeId; 3]| {
            let cash = Expr::binary(Op::Add, minus(base, own), reference(pv[0]));
            let label = format!("NPSV on cash alone{said}");
            let cash = self.of(option, Sheet::Npsv, &format!("npsv_cash{suffix}"), &label, cash);
            let label = format!("NPSV with what releases no cash and what falls to society{said}");
            let all = self.of(
                option,
                Sheet::Npsv,
                &format!("npsv_all{suffix}"),
                &label,
                plus([cash, pv[1], pv[2]]),
            );
            (cash, all)
        };
        let (npsv_cash, npsv_all) = npsv("", "", base.npsc, own.npsc, pv_by_class);
        let (npsv_cash_low_rate, npsv_all_low_rate) =
            npsv("_low_rate", " at 3.0 %", base.npsc_low, own.npsc_low, pv_low);
        let extra = minus(own.npsc, base.npsc);
        let ratio = Expr::binary(Op::Div, plus(pv_by_class), extra.clone());
        let tree = when(extra, How::Greater, Expr::number(0.0), ratio, Expr::number(0.0));
        let bcr = self.plain(
            option,
            "bcr",
            "Benefit-cost ratio (0 where the option costs no more than the baseline)",
            tree,
        );
        let behind = when(
            reference(net_cash_running),
            How::Less,
            Expr::number(0.0),
            Expr::number(1.0),
            Expr::number(0.0),
        );
        let behind = self.plain(option, "behind", "1 in years that end with cash still behind", behind);
        let label = "Discounted payback: years that end with cash still behind";
        let payback_years = self.plain(option, "payback_years", label, Expr::Sum(behind));
        let hours = self.hours(option, &benefits);
        let name = self.model.options[option].name.clone();
        let label = self.model.options[option].label.clone();
        OptionNodes {
            name,
            label,
            costs,
            benefits,
            cost: own.cost,
            cost_nominal: own.cost_nominal,
            vat_nominal: own.vat_nominal,
            saving,
            saving_nominal,
            by_class,
            net_cash,
            net_cash_running,
            whole_life_cost: own.whole_life_cost,
            npsc: own.npsc,
            pv_by_class,
            npsv_cash,
            npsv_all,
            npsv_cash_low_rate,
            npsv_all_low_rate,
            bcr,
            payback_years,
            eanc: own.eanc,
            hours,
            metrics: Vec::new(),
        }
    }

    /// Hours a year over all staff-time rows, by rule.
    fn hours(&mut self, option: usize, benefits: &[BenefitNodes]) -> Option<[NodeId; 3]> {
        let rows: Vec<[NodeId; 3]> = benefits.iter().filter_map(|b| b.hours).collect();
        if rows.is_empty() {
            return None;
        }
        let of = &self.model.options[option];
        let a_year = Unit::symbol("h").over(&Unit::symbol("yr"));
        Some([0, 1, 2].map(|rule| {
            let (word, said) = crate::Rule::EACH[rule].words();
            let name = format!("{}.hours_{word}", of.name);
            let label = format!("Staff hours a year, {said}, before realisation ({})", of.label);
            let at = At { sheet: Sheet::Benefits, heading: &of.label, line: of.line };
            self.formula(at, &name, &label, Some(&a_year), plus(rows.iter().map(|row| row[rule])))
        }))
    }

    /// Figures that must be 0, whatever the inputs are.
    fn checks(
        &mut self,
        option: usize,
        baseline: usize,
        nodes: &OptionNodes,
        checks: &mut Vec<(NodeId, String)>,
    ) {
        let presents = self.yearly_or_zero(nodes.costs.iter().map(|line| line.present).collect());
        let lines = Expr::binary(Op::Sub, reference(nodes.npsc), presents);
        let mut add = |builder: &mut Self, name: &str, what: &str, tree: Tree| {
            let id = builder.of(option, Sheet::Checks, &format!("check.{name}"), what, tree);
            checks.push((id, what.to_owned()));
        };
        add(self, "lines", "Present values of the cost lines add up to the NPSC", lines);
        let benefits = self.yearly_or_zero(nodes.benefits.iter().map(|b| b.present).collect());
        let classes = Expr::binary(Op::Sub, plus(nodes.pv_by_class), benefits);
        add(self, "classes", "Present values of the benefits add up to those of their classes", classes);
        let all = Expr::binary(
            Op::Sub,
            minus(nodes.npsv_all, nodes.npsv_cash),
            plus([nodes.pv_by_class[1], nodes.pv_by_class[2]]),
        );
        add(self, "apart", "The two NPSVs differ by the benefits that release no cash", all);
        let find = |builder: &Self, name: &str| builder.graph.find(&format!("{}.{name}", nodes.name));
        if let Some(discounted) = find(self, "net_cash_discounted") {
            let tree = Expr::binary(Op::Sub, Expr::Sum(discounted), reference(nodes.npsv_cash));
            add(self, "cash", "Discounted net cash adds up to the NPSV on cash alone", tree);
        }
        if option == baseline {
            let against_itself = minus(nodes.npsv_cash, nodes.pv_by_class[0]);
            add(self, "baseline", "The baseline saves nothing against itself", against_itself);
        }
    }

    fn yearly_or_zero(&mut self, presents: Vec<NodeId>) -> Tree {
        match presents.is_empty() {
            true => Expr::number(0.0),
            false => plus(presents),
        }
    }
}
