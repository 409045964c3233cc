//! What a built model holds: the graph, where each figure belongs in the workbook, and the numbers (node ids) of the results
//! by option. Made by `crate::build`; read by the Monte Carlo, the workbook, the pages and the tables.

use crate::{BenefitClass, Graph, Measurement, Model, NodeId, Values};

/// A model with its graph and its central result (costs with optimism bias).
#[derive(Debug, Clone, PartialEq)]
pub struct Appraisal {
    /// The model that was built.
    pub model: Model,
    /// What was measured, where a run was given.
    pub measurement: Option<Measurement>,
    /// Every figure.
    pub graph: Graph,
    /// For each figure of the graph, in order: where it belongs.
    pub places: Vec<Place>,
    /// Values of the central case: costs with optimism bias, no scenario.
    pub values: Values,
    /// Switches that a reader may turn.
    pub switches: Switches,
    /// The inputs behind each assumption, in the order of the model.
    pub assumptions: Vec<AssumptionNodes>,
    /// Results by option, in the order of the model; the baseline among them.
    pub options: Vec<OptionNodes>,
    /// Index of the baseline in [`Appraisal::options`].
    pub baseline: usize,
    /// Discount factor of each year, and of the 3.0 % sensitivity.
    pub discount: (NodeId, NodeId),
    /// Price index of each year against the model's price base, for the nominal case.
    pub inflation: NodeId,
    /// Checks: figures that must be 0, with what each proves.
    pub checks: Vec<(NodeId, String)>,
    /// Sentences where the priced configuration is not the measured one; empty when it is, or nothing was measured.
    pub substituted: Vec<String>,
}

/// A sheet of the workbook that holds live figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sheet {
    /// Inputs with their provenance.
    Assumptions,
    /// Derived figures: traffic, sizes, nodes.
    Capacity,
    /// Quantity and price of each cost line, uplifted, in real terms.
    Costs,
    /// Hours by three rules and value of each benefit.
    Benefits,
    /// Totals by year in real terms.
    CashFlowReal,
    /// Totals by year as they will be paid, with value-added tax.
    CashFlowNominal,
    /// Present values and what follows from them.
    Npsv,
    /// Figures that must be 0.
    Checks,
}

/// Where a figure belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Its sheet.
    pub sheet: Sheet,
    /// Heading that it stands under: an option's label, or a group of inputs.
    pub heading: String,
}

/// Inputs that are not assumptions but controls, each a cell to change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Switches {
    /// 0 is the central case, n the n-th named scenario.
    pub scenario: NodeId,
    /// 1 with optimism bias (the deterministic case), 0 without (the Monte Carlo case).
    pub optimism_bias: NodeId,
}

/// An assumption in the graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssumptionNodes {
    /// The input as given (own price base), for draws and for the workbook's input cell.
    pub given: NodeId,
    /// The live figure after scenario and price base, that formulas use; per-option values are in `by_option`.
    pub live: NodeId,
    /// Options with another value: index of the option, its input, its live figure.
    pub by_option: Vec<(usize, NodeId, NodeId)>,
    /// For each named scenario that changes it: number of the scenario (from 1) and the input that holds its value or factor.
    pub by_scenario: Vec<(usize, NodeId)>,
}

/// Results of one option. Yearly figures are real unless they say nominal; present values are at the model's rates.
#[derive(Debug, Clone, PartialEq)]
pub struct OptionNodes {
    /// Its name.
    pub name: String,
    /// What a reader calls it.
    pub label: String,
    /// Cost lines of it.
    pub costs: Vec<CostNodes>,
    /// Benefits of it; one row of an `attended` benefit each.
    pub benefits: Vec<BenefitNodes>,
    /// All costs, yearly, real, with optimism bias as switched.
    pub cost: NodeId,
    /// The same with inflation and value-added tax.
    pub cost_nominal: NodeId,
    /// Value-added tax in it, yearly, nominal.
    pub vat_nominal: NodeId,
    /// Cost of the baseline less cost of this option, yearly, real.
    pub saving: NodeId,
    /// The same nominal, with value-added tax.
    pub saving_nominal: NodeId,
    /// Benefits by class, yearly: cash-releasing, not cash-releasing, to society.
    pub by_class: [NodeId; 3],
    /// Net cash a year: saving + cash-releasing benefits, real.
    pub net_cash: NodeId,
    /// Running sum of discounted net cash.
    pub net_cash_running: NodeId,
    /// Sum of all costs, undiscounted, real.
    pub whole_life_cost: NodeId,
    /// Present value of all costs (NPSC).
    pub npsc: NodeId,
    /// Present value of benefits by class, as in `by_class`.
    pub pv_by_class: [NodeId; 3],
    /// NPSV against the baseline on cash alone: costs saved and cash-releasing benefits.
    pub npsv_cash: NodeId,
    /// NPSV against the baseline with what releases no cash and what falls to society; never a headline.
    pub npsv_all: NodeId,
    /// `npsv_cash` at 3.0 %.
    pub npsv_cash_low_rate: NodeId,
    /// `npsv_all` at 3.0 %.
    pub npsv_all_low_rate: NodeId,
    /// Present value of all benefits over the present value of the extra cost; 0 when there is no extra cost.
    pub bcr: NodeId,
    /// Years in which the running discounted net cash is below 0; the horizon means not paid back.
    pub payback_years: NodeId,
    /// Equivalent annual net cost: NPSC over the annuity factor.
    pub eanc: NodeId,
    /// Staff hours a year by rule, in order of [`crate::Rule::EACH`], before realisation; `None` without staff-time benefits.
    pub hours: Option<[NodeId; 3]>,
    /// Metrics: index in [`Model::metrics`], figure.
    pub metrics: Vec<(usize, NodeId)>,
}

/// A cost line of one option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CostNodes {
    /// Index in [`Model::costs`].
    pub line: usize,
    /// Quantity, single or yearly.
    pub quantity: NodeId,
    /// Unit price, single or yearly.
    pub unit_price: NodeId,
    /// Uplift for optimism bias, a fraction, after mitigation and before the switch.
    pub uplift: NodeId,
    /// Yearly cost, real, uplifted as switched.
    pub cost: NodeId,
    /// Present value of it.
    pub present: NodeId,
    /// Yearly cost as it will be paid, with value-added tax.
    pub nominal: NodeId,
}

/// A benefit of one option.
#[derive(Debug, Clone, PartialEq)]
pub struct BenefitNodes {
    /// Index in [`Model::benefits`].
    pub benefit: usize,
    /// Interaction of the row, where it is staff time; else empty.
    pub interaction: String,
    /// Class.
    pub class: BenefitClass,
    /// Yearly value, real, realised and ramped.
    pub value: NodeId,
    /// Present value of it.
    pub present: NodeId,
    /// Hours a year by rule before realisation, for staff time.
    pub hours: Option<[NodeId; 3]>,
    /// Yearly value at full unit cost, the high sensitivity.
    pub value_full: Option<NodeId>,
}

/// What the draws gave.
#[derive(Debug, Clone, PartialEq)]
pub struct MonteCarlo {
    /// Seed.
    pub seed: u64,
    /// Draws.
    pub draws: usize,
    /// By option that is not the baseline.
    pub options: Vec<DrawnOption>,
}

/// Draws of one option; costs without optimism bias.
#[derive(Debug, Clone, PartialEq)]
pub struct DrawnOption {
    /// Index in [`Appraisal::options`].
    pub option: usize,
    /// NPSV on cash alone.
    pub npsv_cash: Spread,
    /// NPSV with what releases no cash and what falls to society.
    pub npsv_all: Spread,
    /// Whole-life cost.
    pub whole_life_cost: Spread,
    /// Staff hours a day by the linear rule, over 365 days; `None` without staff time.
    pub hours_per_day: Option<Spread>,
    /// Running sum of discounted net cash at the end of each year.
    pub net_cash_running: Vec<Spread>,
    /// Spearman rank correlation of each uncertain assumption with `npsv_cash`: index in [`Model::assumptions`], correlation.
    pub rank_correlation: Vec<(usize, f64)>,
}

/// Spread of one result over the draws.
#[derive(Debug, Clone, PartialEq)]
pub struct Spread {
    /// Mean.
    pub mean: f64,
    /// 10th percentile.
    pub p10: f64,
    /// Median.
    pub p50: f64,
    /// 90th percentile.
    pub p90: f64,
    /// Share of draws above 0.
    pub above_zero: f64,
    /// Values at 0 %, 1 %, … 100 %.
    pub quantiles: Vec<f64>,
}

/// How far each assumption alone moves the NPSV of an option, the widest first.
#[derive(Debug, Clone, PartialEq)]
pub struct Tornado {
    /// Index in [`Appraisal::options`].
    pub option: usize,
    /// Central NPSV on cash alone, costs with optimism bias.
    pub central: f64,
    /// A bar an uncertain assumption that moves it.
    pub bars: Vec<Bar>,
}

/// One bar of a tornado.
#[derive(Debug, Clone, PartialEq)]
pub struct Bar {
    /// Index in [`Model::assumptions`].
    pub assumption: usize,
    /// Its 10th and 90th percentile, in its unit.
    pub inputs: (f64, f64),
    /// NPSV on cash alone at these two.
    pub npsv_cash: (f64, f64),
    /// NPSV with all classes at these two.
    pub npsv_all: (f64, f64),
}

/// The value of one assumption at which the NPSV on cash alone is 0, all else central.
#[derive(Debug, Clone, PartialEq)]
pub struct Switching {
    /// Index in [`Appraisal::options`].
    pub option: usize,
    /// Index in [`Model::assumptions`].
    pub assumption: usize,
    /// Central value.
    pub central: f64,
    /// The switching value; `None` when none lies between a hundredth and a hundred times the central value.
    pub value: Option<f64>,
}

/// Results of a named scenario.
#[derive(Debug, Clone, PartialEq)]
pub struct ScenarioResult {
    /// Name; `central` for the central case.
    pub name: String,
    /// What a reader calls it.
    pub label: String,
    /// By option, in order: NPSC, NPSV on cash alone, NPSV with all classes.
    pub options: Vec<(f64, f64, f64)>,
}
