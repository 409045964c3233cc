//! The linter: what a model must hold before anybody relies on its results, though a graph could be built without it. Pure;
//! called by `cost check` and by `cost` before a report is written. Never stops a run.

use std::collections::BTreeSet;

use super::{Benefit, BenefitClass, BenefitKind, CATEGORIES, CostLine, Model, Provenance, StaffTime};
use crate::appraisal::{Appraisal, OptionNodes, Tornado};
use crate::build::ATTENDED;
use crate::expr::Expr;
use crate::provenance::NO_PRICE_BASE;
use crate::{Evidence, Fault, NodeId};

/// Share of an option's NPSV that an estimate may carry without standing in the tornado.
const NPSV_SHARE: f64 = 0.1;
/// How far an estimate without a distribution is moved to see what it carries: as far as estimates have been wrong.
const ESTIMATE_MOVE: f64 = 0.5;

/// Everything in a model that must be mended before its results are relied on and that can be told without them; `today` is
/// `YYYY-MM-DD`.
pub fn check_model(model: &Model, today: &str) -> Vec<Fault> {
    let mut check = Check { model, faults: Vec::new() };
    if today > model.sunset.as_str() {
        let problem = format!(
            "past since {today}, got {:?}, allowed: review the model and set a later day",
            model.sunset
        );
        check.fault("model.sunset", problem);
    }
    check.base("model.price_base", &model.price_base);
    for assumption in &model.assumptions {
        let path = format!("assumption.{}", assumption.name);
        let money = assumption.unit.is_money();
        check.provenance(&path, &assumption.provenance, money);
        let base = &assumption.provenance.price_base;
        if !base.is_empty() && base != NO_PRICE_BASE {
            match money {
                true => check.base(&format!("{path}.price_base"), base),
                false => {
                    let problem = format!(
                        "not money, so no price rises with it, got {base:?}, allowed: {NO_PRICE_BASE}"
                    );
                    check.fault(&format!("{path}.price_base"), problem);
                }
            }
        }
        if assumption.provenance.evidence == Evidence::Measured && assumption.provenance.run_sha256.is_none()
        {
            let problem =
                "measured without its run, allowed: the seal of the run record, or another grade of evidence";
            check.fault(&format!("{path}.run_sha256"), problem);
        }
        if !assumption.sunset.is_empty() && today > assumption.sunset.as_str() {
            let problem =
                format!("past since {today}, got {:?}, allowed: look at it again", assumption.sunset);
            check.fault(&format!("{path}.sunset"), problem);
        }
    }
    for (name, claim) in &model.claims {
        let money = crate::Unit::parse(&claim.unit).is_ok_and(|unit| unit.is_money());
        check.provenance(&format!("claim.{name}"), &claim.provenance, money);
    }
    check.categories();
    model.costs.iter().for_each(|cost| check.cost(cost));
    model.benefits.iter().for_each(|benefit| check.benefit(benefit));
    check.ended()
}

/// What only the results show: estimates that carry much and are not in the tornado, and cost lines that come to nothing
/// without a reason.
pub fn check_results(appraisal: &Appraisal, tornado: &[Tornado]) -> Vec<Fault> {
    let model = &appraisal.model;
    let mut check = Check { model, faults: Vec::new() };
    for (at, assumption) in model.assumptions.iter().enumerate() {
        let drawn = tornado.iter().any(|t| t.bars.iter().any(|bar| bar.assumption == at));
        let certain = assumption.distribution.is_none() && !drawn;
        if assumption.provenance.evidence == Evidence::Estimate && certain && carries(appraisal, at) {
            let problem = format!(
                "an estimate that carries over {:.0} % of an NPSV and is not in the tornado, allowed: one with a distribution",
                NPSV_SHARE * 100.0
            );
            check.fault(&format!("assumption.{}.dist", assumption.name), problem);
        }
    }
    for (at, cost) in model.costs.iter().enumerate() {
        let nodes =
            appraisal.options.iter().flat_map(|option| &option.costs).filter(|nodes| nodes.line == at);
        let nothing = |id: NodeId| appraisal.values.years(id).iter().all(|cost| *cost == 0.0);
        if nodes.clone().count() > 0 && nodes.clone().all(|n| nothing(n.cost)) && cost.zero_reason.is_empty()
        {
            check.fault(&format!("cost.{}.zero_reason", cost.id), ZERO_WITHOUT_REASON.to_owned());
        }
    }
    check.ended()
}

const ZERO_WITHOUT_REASON: &str = "costs nothing in any year and does not say why, allowed: a reason";

/// Whether moving an assumption moves an option's NPSV, on cash alone or of all classes, by more than the share allowed.
fn carries(appraisal: &Appraisal, assumption: usize) -> bool {
    let nodes = &appraisal.assumptions[assumption];
    let inputs = std::iter::once(nodes.given).chain(nodes.by_option.iter().map(|(_, given, _)| *given));
    let inputs: Vec<(NodeId, f64)> = inputs.map(|id| (id, appraisal.values.one(id))).collect();
    let results = |option: &OptionNodes| [option.npsv_cash, option.npsv_all];
    [1.0 - ESTIMATE_MOVE, 1.0 + ESTIMATE_MOVE].into_iter().any(|factor| {
        let moved: Vec<(NodeId, f64)> = inputs.iter().map(|(id, value)| (*id, value * factor)).collect();
        let values = appraisal.graph.evaluate(&moved);
        appraisal.options.iter().flat_map(results).any(|id| {
            let central = appraisal.values.one(id);
            let by = (values.one(id) - central).abs();
            // What is no number any more has moved as far as anything can.
            by.is_nan() || by > NPSV_SHARE * central.abs()
        })
    })
}

struct Check<'m> {
    model: &'m Model,
    faults: Vec<Fault>,
}

impl Check<'_> {
    fn fault(&mut self, what: &str, problem: impl Into<String>) {
        let (file, line) = (self.model.origin.clone(), self.model.line(what));
        self.faults.push(Fault { file, line, what: what.to_owned(), problem: problem.into() });
    }

    /// The faults in the order of the file.
    fn ended(mut self) -> Vec<Fault> {
        self.faults.sort_by_key(|fault| fault.line);
        self.faults
    }

    fn base(&mut self, what: &str, base: &str) {
        if self.model.deflators.index(base).is_none() {
            let years: Vec<u32> = self.model.deflators.years.keys().copied().collect();
            let (first, last) = (years.first().copied().unwrap_or(0), years.last().copied().unwrap_or(0));
            let id = &self.model.deflators.id;
            let problem = format!(
                "no deflator for this price base, got {base:?}, allowed: years of {id} from {first} to {last}, such as 2024 or 2024-25"
            );
            self.fault(what, problem);
        }
    }

    fn provenance(&mut self, path: &str, of: &Provenance, money: bool) {
        if of.source.trim().is_empty() {
            self.fault(&format!("{path}.source"), "a figure without a source, allowed: who says so");
        }
        if of.accessed.is_empty() {
            self.fault(
                &format!("{path}.accessed"),
                "a figure without the day it was taken down, allowed: such as 2026-09-01",
            );
        }
        match of.price_base.as_str() {
            "" => self.fault(
                &format!("{path}.price_base"),
                "a figure without a price base, allowed: a year such as 2024-25, or n/a for what is not money",
            ),
            NO_PRICE_BASE if money => self.fault(
                &format!("{path}.price_base"),
                "money without a price base, got \"n/a\", allowed: a year such as 2024-25",
            ),
            _ => {}
        }
    }

    /// Every option but the baseline says something on every mandatory category.
    fn categories(&mut self) {
        let model = self.model;
        for option in model.options.iter().filter(|option| option.name != model.baseline) {
            let lines = model.costs.iter().filter(|cost| cost.options.contains(&option.name));
            let covered: BTreeSet<&str> = lines.map(|cost| cost.category.as_str()).collect();
            let missing = CATEGORIES.iter().filter(|(name, mandatory)| *mandatory && !covered.contains(name));
            let missing: Vec<&str> = missing.map(|(name, _)| *name).collect();
            if !missing.is_empty() {
                let problem = format!(
                    "no cost line in {}, allowed: a line in each, if need be with quantity 0 and a zero_reason",
                    missing.join(", ")
                );
                self.fault(&format!("option.{}", option.name), problem);
            }
        }
    }

    fn cost(&mut self, cost: &CostLine) {
        let zero = matches!(cost.quantity, Expr::Number(value, _) if value == 0.0);
        let what = format!("cost.{}.zero_reason", cost.id);
        match (zero, cost.zero_reason.trim().is_empty()) {
            (true, true) => self.fault(&what, ZERO_WITHOUT_REASON),
            (false, false) => {
                self.fault(&what, "a reason for zero beside a quantity that is not 0, allowed: either")
            }
            _ => {}
        }
    }

    fn benefit(&mut self, benefit: &Benefit) {
        let BenefitKind::StaffTime(staff) = &benefit.kind else { return };
        let what = |key: &str| format!("benefit.{}.{key}", benefit.id);
        if benefit.class == BenefitClass::Crb && benefit.cash_evidence.trim().is_empty() {
            let problem =
                "staff time as cash-releasing without evidence, allowed: the evidence, or the class nCRB";
            self.fault(&what("cash_evidence"), problem);
        }
        let shares = [("attended", Some(&staff.attended)), ("blocking", Some(&staff.blocking))];
        let seconds = [("before", staff.before.as_ref()), ("now", staff.now.as_ref())];
        for (key, formula) in shares.into_iter().chain(seconds) {
            if formula.is_some_and(names_nothing) {
                let problem = "a figure without a source, allowed: the name of an assumption, which has one";
                self.fault(&what(key), problem);
            }
        }
        if !self.has_baseline(staff) {
            let problem = format!(
                "hours without a baseline, got no row for {:?} in {:?}, allowed: seconds before, or such a row",
                staff.interaction, self.model.baseline_times.origin
            );
            self.fault(&what("before"), problem);
        }
    }

    fn has_baseline(&self, staff: &StaffTime) -> bool {
        let rows = &self.model.baseline_times.rows;
        match (&staff.before, staff.interaction.as_str()) {
            (Some(_), _) => true,
            (None, ATTENDED) => !rows.is_empty(),
            (None, interaction) => rows.contains_key(interaction),
        }
    }
}

/// Whether a formula names nothing, so that its figure has no source.
fn names_nothing(formula: &Expr<String>) -> bool {
    let mut names = Vec::new();
    formula.references(&mut names);
    names.is_empty()
}
