//! A model and what was measured become one graph: every figure of every report is a node of it, and nothing is computed
//! beside it. Pure. Inputs first, then what is derived, then each option's costs, benefits, totals and metrics.

mod benefits;
mod bind;
mod costs;
mod inputs;
mod metrics;
mod names;
mod results;

pub(crate) use benefits::ATTENDED;
pub use benefits::BASELINE_NAME;
pub use bind::bind_run;
pub use metrics::RESULT_NAMES;

use crate::appraisal::{Appraisal, Place, Sheet};
use crate::expr::{Expr, words};
use crate::{Fault, Faults, Graph, Measurement, Model, NodeId, Unit};
use names::Names;

/// Builds the graph of a model and evaluates its central case; tells all faults at once.
///
/// With a measurement, assumptions bound to a run take their values and spread from it; without one they keep the fallback
/// that the model states, and staff time that needs measured waits is left out, which [`Appraisal::substituted`] says.
pub fn build(model: Model, measurement: Option<&Measurement>) -> Result<Appraisal, Faults> {
    let mut faults = Vec::new();
    let model = bind::bound(model, measurement, &mut faults);
    let mut builder = Builder::new(&model, faults);
    let switches = builder.switches();
    let assumptions = builder.assumptions(switches);
    let common = builder.common(switches);
    builder.derived();
    let costs: Vec<_> = (0..model.options.len()).map(|option| builder.costs(option, &common)).collect();
    let benefits: Vec<_> =
        (0..model.options.len()).map(|option| builder.benefits(option, measurement, &common)).collect();
    if !builder.faults.is_empty() {
        return Err(Faults(builder.faults));
    }
    let baseline = model.options.iter().position(|o| o.name == model.baseline).unwrap_or(0);
    let mut checks = Vec::new();
    let mut options = builder.results(baseline, costs, benefits, &common, &mut checks);
    for (at, option) in options.iter_mut().enumerate() {
        option.metrics = builder.metrics(at, option);
    }
    let Builder { graph, places, mut faults, .. } = builder;
    if !faults.is_empty() {
        return Err(Faults(faults));
    }
    let values = graph.evaluate(&[]);
    for number in 0..=model.scenarios.len() {
        let values = graph.evaluate(&[(common.switches.scenario, number as f64)]);
        let bad = values.not_finite().take(NOT_FINITE_MAX);
        faults.extend(bad.map(|id| not_a_number(&model, &graph, id, number)));
        if !faults.is_empty() {
            break;
        }
    }
    if !faults.is_empty() {
        return Err(Faults(faults));
    }
    let substituted = bind::substituted(&model, measurement);
    Ok(Appraisal {
        measurement: measurement.cloned(),
        switches: common.switches,
        discount: (common.discount, common.discount_low),
        inflation: common.inflation,
        model,
        graph,
        places,
        values,
        assumptions,
        options,
        baseline,
        checks,
        substituted,
    })
}

/// Figures without a number that are told: the first explain the rest, which follow from them.
const NOT_FINITE_MAX: usize = 5;

fn not_a_number(model: &Model, graph: &Graph, id: NodeId, scenario: usize) -> Fault {
    let node = graph.node(id);
    let within = match scenario.checked_sub(1).and_then(|at| model.scenarios.get(at)) {
        Some(scenario) => format!(" in scenario {:?}", scenario.name),
        None => String::new(),
    };
    let how = match &node.source {
        crate::Source::Input(_) => "as given".to_owned(),
        crate::Source::Formula(tree) => words::words(tree, &|id: &NodeId| graph.node(*id).label.clone()),
    };
    Fault {
        file: model.origin.clone(),
        line: 0,
        what: node.name.clone(),
        problem: format!(
            "no finite number comes out{within} (a division by zero or an overflow), got it from: {how}"
        ),
    }
}

/// What every part of the model stands on.
pub(crate) struct Common {
    pub(crate) switches: crate::appraisal::Switches,
    pub(crate) discount: NodeId,
    pub(crate) discount_low: NodeId,
    pub(crate) inflation: NodeId,
}

/// The graph as it grows, with where each figure belongs and what went wrong.
pub(crate) struct Builder<'a> {
    pub(crate) model: &'a Model,
    pub(crate) graph: Graph,
    pub(crate) places: Vec<Place>,
    pub(crate) names: Names,
    pub(crate) faults: Vec<Fault>,
}

/// Where a new figure goes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct At<'a> {
    pub(crate) sheet: Sheet,
    pub(crate) heading: &'a str,
    /// Line of the model file that asks for it.
    pub(crate) line: usize,
}

impl<'a> Builder<'a> {
    fn new(model: &'a Model, faults: Vec<Fault>) -> Builder<'a> {
        let names = Names::of(model);
        Builder { model, graph: Graph::new(model.horizon), places: Vec::new(), names, faults }
    }

    pub(crate) fn input(
        &mut self,
        at: At<'_>,
        name: &str,
        label: &str,
        unit: Unit,
        values: Vec<f64>,
    ) -> NodeId {
        self.places.push(Place { sheet: at.sheet, heading: at.heading.to_owned() });
        self.graph.input(name, label, unit, values)
    }

    /// Adds a formula; a fault stands for itself in the list, and an input of nothing in the graph, so that the rest is
    /// checked as well.
    pub(crate) fn formula(
        &mut self,
        at: At<'_>,
        name: &str,
        label: &str,
        unit: Option<&Unit>,
        tree: Expr<NodeId>,
    ) -> NodeId {
        match self.graph.formula(name, label, unit, tree) {
            Ok(id) => {
                self.places.push(Place { sheet: at.sheet, heading: at.heading.to_owned() });
                id
            }
            Err(problem) => {
                self.fault(at.line, name, problem);
                self.input(at, name, label, unit.cloned().unwrap_or_default(), vec![f64::NAN])
            }
        }
    }

    pub(crate) fn fault(&mut self, line: usize, what: &str, problem: String) {
        let file = self.model.origin.clone();
        self.faults.push(Fault { file, line, what: what.to_owned(), problem });
    }

    pub(crate) fn unit(&self, id: NodeId) -> Unit {
        self.graph.node(id).unit.clone()
    }

    /// The figure as money of a year: what is per year is taken for one year.
    pub(crate) fn money(&self, tree: Expr<NodeId>) -> Expr<NodeId> {
        let yearly = Unit::symbol(&self.model.currency).over(&Unit::symbol("yr"));
        match tree.unit(&|id: &NodeId| self.unit(*id)) {
            Ok(unit) if unit == yearly => {
                Expr::binary(crate::expr::Op::Mul, tree, Expr::Number(1.0, Unit::symbol("yr")))
            }
            _ => tree,
        }
    }

    pub(crate) fn currency(&self) -> Unit {
        Unit::symbol(&self.model.currency)
    }
}
