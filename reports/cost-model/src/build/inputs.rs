//! The inputs: switches, discount rates, price index, assumptions with their scenarios and options, and what is derived.

use super::{At, Builder, Common};
use crate::appraisal::{AssumptionNodes, Sheet, Switches};
use crate::expr::{Compare, Expr, How, Op};
use crate::model::{Assumption, DiscountFrom};
use crate::{NodeId, Unit};

const CONTROLS: &str = "Controls";
const DISCOUNTING: &str = "Discounting and prices";
const ASSUMPTIONS: &str = "Assumptions";

type Tree = Expr<NodeId>;

pub(crate) fn reference(id: NodeId) -> Tree {
    Expr::Ref(id)
}

pub(crate) fn when(left: Tree, how: How, right: Tree, yes: Tree, no: Tree) -> Tree {
    Expr::If(Box::new(Compare { how, left, right }), Box::new(yes), Box::new(no))
}

impl Builder<'_> {
    /// The switches that a reader may turn.
    pub(crate) fn switches(&mut self) -> Switches {
        let at = At { sheet: Sheet::Assumptions, heading: CONTROLS, line: 0 };
        let scenario = self.input(at, "scenario", "Scenario (0 is the central case)", Unit::one(), vec![0.0]);
        let optimism_bias = self.input(
            at,
            "optimism_bias",
            "Optimism bias (1 in the deterministic case, 0 in the Monte Carlo case)",
            Unit::one(),
            vec![1.0],
        );
        Switches { scenario, optimism_bias }
    }

    /// Discount factors and price level, which every option's totals stand on.
    pub(crate) fn common(&mut self, switches: Switches) -> Common {
        let first = f64::from(u8::from(self.model.discount_from == DiscountFrom::Year1));
        let at = At { sheet: Sheet::Assumptions, heading: DISCOUNTING, line: 0 };
        let first = self.input(
            at,
            "first_discount_year",
            "Number of the first year for discounting",
            Unit::one(),
            vec![first],
        );
        let (bands, low) = (self.model.schedule.bands.clone(), self.model.schedule.low.clone());
        let discount = self.discount("discount", "", &bands, first);
        let discount_low = self.discount("discount_low", " (3.0 % sensitivity)", &low, first);
        let inflation = self.inflation();
        Common { switches, discount, discount_low, inflation }
    }

    /// Discount factors over the years from rates by band.
    fn discount(&mut self, name: &str, suffix: &str, bands: &[(u32, f64)], first: NodeId) -> NodeId {
        let at = At { sheet: Sheet::Assumptions, heading: DISCOUNTING, line: 0 };
        let rates: Vec<(u32, NodeId)> = bands
            .iter()
            .map(|(from, rate)| {
                let label = format!("Discount rate from year {from}{suffix}");
                (*from, self.input(at, &format!("{name}_rate_{from}"), &label, Unit::one(), vec![*rate]))
            })
            .collect();
        let number = || Expr::binary(Op::Add, Expr::Year, reference(first));
        let mut rate = Expr::number(0.0);
        for (from, id) in rates {
            rate = when(number(), How::GreaterOrEqual, Expr::number(f64::from(from)), reference(id), rate);
        }
        let at = At { sheet: Sheet::Npsv, heading: DISCOUNTING, line: 0 };
        let rate = self.formula(at, &format!("{name}_rate"), &format!("Discount rate{suffix}"), None, rate);
        let next = Expr::binary(
            Op::Div,
            Expr::number(1.0),
            Expr::binary(Op::Add, Expr::number(1.0), reference(rate)),
        );
        // Year 0 is today: it is not discounted.
        let step = when(number(), How::Equal, Expr::number(0.0), Expr::number(1.0), next);
        let label = format!("Discount step{suffix}");
        let step = self.formula(at, &format!("{name}_step"), &label, None, step);
        let label = format!("Discount factor{suffix}");
        self.formula(at, &format!("{name}_factor"), &label, None, Expr::Product(step))
    }

    /// Price level of each year against that of the model's price base.
    fn inflation(&mut self) -> NodeId {
        let at = At { sheet: Sheet::CashFlowNominal, heading: "Price level", line: 0 };
        let model = self.model;
        let base_year: f64 = model.price_base.split('-').next().and_then(|y| y.parse().ok()).unwrap_or(0.0);
        let inputs = At { sheet: Sheet::Assumptions, heading: DISCOUNTING, line: 0 };
        let ahead = self.input(
            inputs,
            "years_from_price_base",
            "Years from the price base to the first year",
            Unit::one(),
            vec![f64::from(model.start) - base_year],
        );
        let Some(rate) = self.names.get(&model.inflation, None) else {
            let problem =
                format!("unknown assumption, got {:?}, allowed: the rise of prices a year", model.inflation);
            self.fault(0, "model.inflation", problem);
            return ahead;
        };
        let index = Expr::binary(
            Op::Pow,
            Expr::binary(Op::Add, Expr::number(1.0), reference(rate)),
            Expr::binary(Op::Add, Expr::Year, reference(ahead)),
        );
        self.formula(at, "price_level", "Price level of the year against the price base", None, index)
    }

    /// Assumptions: as given, changed by the scenario, brought to the model's price base.
    pub(crate) fn assumptions(&mut self, switches: Switches) -> Vec<AssumptionNodes> {
        let model = self.model;
        let each = model.assumptions.iter().map(|assumption| {
            let to_base = self.price_factor(assumption);
            let (given, live, by_scenario) =
                self.assumption(assumption, None, assumption.value, to_base, switches);
            self.names.give(&assumption.name, None, live);
            let mut by_option = Vec::new();
            for (at, option) in model.options.iter().enumerate() {
                let Some((_, value)) = option.set.iter().find(|(name, _)| *name == assumption.name) else {
                    continue;
                };
                let (given, live, _) = self.assumption(assumption, Some(at), *value, to_base, switches);
                self.names.give(&assumption.name, Some(at), live);
                by_option.push((at, given, live));
            }
            AssumptionNodes { given, live, by_option, by_scenario }
        });
        each.collect()
    }

    /// The factor that brings a figure to the model's price base; `None` where it is there already or is not money.
    fn price_factor(&mut self, assumption: &Assumption) -> Option<NodeId> {
        let model = self.model;
        let base = assumption.provenance.price_base.trim();
        if base == self.model.price_base || base == "n/a" || base.is_empty() {
            return None;
        }
        let deflators = &self.model.deflators;
        let (Some(from), Some(to)) = (deflators.index(base), deflators.index(&self.model.price_base)) else {
            let years: Vec<u32> = deflators.years.keys().copied().collect();
            let (first, last) =
                (years.first().copied().unwrap_or_default(), years.last().copied().unwrap_or_default());
            let problem = format!(
                "no deflator between price base {base:?} and {:?}, allowed: years from {first} to {last}, such as 2014 or 2014-15",
                self.model.price_base
            );
            self.fault(assumption.line, &format!("assumption.{}.price_base", assumption.name), problem);
            return None;
        };
        let at = At { sheet: Sheet::Assumptions, heading: DISCOUNTING, line: assumption.line };
        let mut index = |base: &str, value: f64| {
            let name = format!("price_index_{}", base.replace('-', "_"));
            let label = format!("GDP deflator {base}");
            self.graph.find(&name).unwrap_or_else(|| self.input(at, &name, &label, Unit::one(), vec![value]))
        };
        let model_base = &model.price_base;
        let (from, to) = (index(base, from), index(model_base, to));
        let name = format!("from_{}", base.replace('-', "_"));
        if let Some(known) = self.graph.find(&name) {
            return Some(known);
        }
        let label = format!("Prices of {base} to prices of {}", self.model.price_base);
        Some(self.formula(at, &name, &label, None, Expr::binary(Op::Div, reference(to), reference(from))))
    }

    fn assumption(
        &mut self,
        assumption: &Assumption,
        option: Option<usize>,
        value: f64,
        to_base: Option<NodeId>,
        switches: Switches,
    ) -> (NodeId, NodeId, Vec<(usize, NodeId)>) {
        let model = self.model;
        let at = At { sheet: Sheet::Assumptions, heading: ASSUMPTIONS, line: assumption.line };
        let (name, label) = match option {
            None => (assumption.name.clone(), assumption.label.clone()),
            Some(option) => (
                format!("{}.{}", model.options[option].name, assumption.name),
                format!("{} ({})", assumption.label, model.options[option].label),
            ),
        };
        let changes: Vec<(usize, bool, f64)> = model
            .scenarios
            .iter()
            .enumerate()
            .flat_map(|(at, scenario)| {
                let of = |list: &[(String, f64)]| {
                    list.iter().find(|(name, _)| *name == assumption.name).map(|(_, value)| *value)
                };
                let set = of(&scenario.set).map(|value| (at + 1, false, value));
                let scale = of(&scenario.scale).map(|factor| (at + 1, true, factor));
                [set, scale].into_iter().flatten().take(1)
            })
            .collect();
        if changes.is_empty() && to_base.is_none() {
            let only = self.input(at, &name, &label, assumption.unit.clone(), vec![value]);
            return (only, only, Vec::new());
        }
        let given_label = format!("{label}, as given");
        let given =
            self.input(at, &format!("{name}.given"), &given_label, assumption.unit.clone(), vec![value]);
        let mut live = reference(given);
        let mut by_scenario = Vec::new();
        for (number, scaled, value) in changes {
            let scenario = &model.scenarios[number - 1];
            // One input a scenario serves the assumption in all options.
            let cell = format!("{}.{}", scenario.name, assumption.name);
            let what = if scaled { "factor in" } else { "in" };
            let unit = if scaled { Unit::one() } else { assumption.unit.clone() };
            let cell_label = format!("{} ({what} scenario {:?})", assumption.label, scenario.label);
            let input = match self.graph.find(&cell) {
                Some(known) => known,
                None => self.input(at, &cell, &cell_label, unit, vec![value]),
            };
            by_scenario.push((number, input));
            let changed = match scaled {
                true => Expr::binary(Op::Mul, reference(given), reference(input)),
                false => reference(input),
            };
            let chosen = (reference(switches.scenario), Expr::number(number as f64));
            live = when(chosen.0, How::Equal, chosen.1, changed, live);
        }
        if let Some(factor) = to_base {
            live = Expr::binary(Op::Mul, live, reference(factor));
        }
        let live = self.formula(at, &name, &label, Some(&assumption.unit), live);
        (given, live, by_scenario)
    }

    /// Derived figures in an order in which each comes after those it rests on; per option where they differ.
    pub(crate) fn derived(&mut self) {
        let model = self.model;
        let mut waiting: Vec<usize> = (0..model.derived.len()).collect();
        while !waiting.is_empty() {
            let before = waiting.len();
            waiting.retain(|at| !self.one_derived(*at));
            if waiting.len() == before {
                // The reader refuses cycles and unknown names, so nothing is left; were it, it would be told here.
                for at in std::mem::take(&mut waiting) {
                    let derived = &model.derived[at];
                    let problem = "rests on itself or on a name that is not known".to_owned();
                    self.fault(derived.line, &format!("derived.{}", derived.name), problem);
                }
            }
        }
    }

    /// Whether the figure could be built: all that it rests on is there.
    fn one_derived(&mut self, at: usize) -> bool {
        let model = self.model;
        let derived = &model.derived[at];
        let options: Vec<Option<usize>> = match self.names.differs(&derived.name) {
            false => vec![None],
            true => (0..model.options.len()).map(Some).collect(),
        };
        let trees: Result<Vec<Tree>, String> =
            options.iter().map(|option| self.names.resolve(&derived.formula, *option, &[])).collect();
        let Ok(trees) = trees else { return false };
        for (option, tree) in options.into_iter().zip(trees) {
            let (name, label, heading) = match option {
                None => (derived.name.clone(), derived.label.clone(), "All options".to_owned()),
                Some(option) => {
                    let option = &model.options[option];
                    let name = format!("{}.{}", option.name, derived.name);
                    (name, format!("{} ({})", derived.label, option.label), option.label.clone())
                }
            };
            let place = At { sheet: Sheet::Capacity, heading: &heading, line: derived.line };
            let id = self.formula(place, &name, &label, Some(&derived.unit), tree);
            self.names.give(&derived.name, option, id);
        }
        true
    }
}
