//! A cost model as its file states it: assumptions with provenance, options, cost lines, benefits, metrics, named
//! scenarios. Read by `read`, judged by `check`, turned into a graph by `crate::build`. Holds no computed figure.

mod benefits;
mod check;
mod costs;
mod costs_read;
mod figures_read;
mod keys;
mod links;
mod read;
mod reader;
mod staff_hours;
mod values;

use std::collections::BTreeMap;

use crate::expr::Expr;
use crate::{Baseline, Deflators, Evidence, OptimismBias, Prices, Schedule, Unit};

pub use benefits::{Benefit, BenefitClass, BenefitKind, StaffTime};
pub use check::{check_model, check_results};
pub use costs::{CATEGORIES, CostLine, Spending, Timing};
pub use keys::KEYS;
pub use read::load_model;
pub use staff_hours::StaffHours;

/// A model, read and found to hold together.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// Where it came from: a path, or `built-in cases/…`.
    pub origin: String,
    /// Short name, for files and machines.
    pub id: String,
    /// Title.
    pub title: String,
    /// What it compares, in a line.
    pub what: String,
    /// Sentences that must be printed with every result: what it must not be used for.
    pub limits: Vec<String>,
    /// The year whose prices results are in, such as `2024` or `2024-25`.
    pub price_base: String,
    /// Currency of every result.
    pub currency: String,
    /// First year; a financial year is named by the year it starts in.
    pub start: u32,
    /// Years appraised.
    pub horizon: usize,
    /// What the first year is discounted by.
    pub discount_from: DiscountFrom,
    /// The discount rates in force.
    pub schedule: Schedule,
    /// The price index.
    pub deflators: Deflators,
    /// Published optimism-bias uplifts by class.
    pub optimism_bias: OptimismBias,
    /// Assumption that holds the yearly rise of prices for the nominal case.
    pub inflation: String,
    /// Seed of the draws.
    pub seed: u64,
    /// Number of draws.
    pub draws: usize,
    /// Name of the option that the others are compared with.
    pub baseline: String,
    /// After this day the model must be reviewed before it is used, `YYYY-MM-DD`.
    pub sunset: String,
    /// Assumptions, in the order of the file.
    pub assumptions: Vec<Assumption>,
    /// Intermediate figures, in the order of the file.
    pub derived: Vec<Derived>,
    /// Options, in the order of the file.
    pub options: Vec<OptionOf>,
    /// Cost lines, in the order of the file.
    pub costs: Vec<CostLine>,
    /// Benefits, in the order of the file.
    pub benefits: Vec<Benefit>,
    /// Further figures for each option, in the order of the file.
    pub metrics: Vec<Metric>,
    /// Named scenarios; the central case is not among them.
    pub scenarios: Vec<Scenario>,
    /// Published claims, shown beside results and never used in them.
    pub claims: BTreeMap<String, Claim>,
    /// What was checked, by whom, with what outcome.
    pub qa_log: Vec<QaEntry>,
    /// The configuration that is priced.
    pub configuration: Option<Configuration>,
    /// Response times of the legacy system by interaction.
    pub baseline_times: Baseline,
    /// Price files.
    pub prices: Vec<Prices>,
    /// Every file that the model was read from, the model itself first.
    pub inputs: Vec<InputFile>,
    /// Lines in the model file by dotted key, such as `cost.servers.quantity`; see [`Model::line`].
    pub lines: BTreeMap<String, usize>,
}

impl Model {
    /// The line of a dotted key in the model file, or of the nearest table around it; 0 when the file has neither.
    pub fn line(&self, what: &str) -> usize {
        line_of(&self.lines, what)
    }
}

fn line_of(lines: &BTreeMap<String, usize>, what: &str) -> usize {
    let around = std::iter::successors(Some(what), |what| what.rsplit_once('.').map(|(around, _)| around));
    around.filter_map(|what| lines.get(what)).copied().next().unwrap_or(0)
}

/// Whether the first year is discounted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiscountFrom {
    /// The first year is year 0 and is not discounted (Green Book convention).
    Year0,
    /// The first year is year 1.
    Year1,
}

/// A file that a result rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputFile {
    /// As it was named.
    pub name: String,
    /// Bytes.
    pub bytes: u64,
    /// SHA-256, lower-case hex.
    pub sha256: String,
}

/// Provenance of a figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Provenance {
    /// Who says so.
    pub source: String,
    /// Where it can be read; may be empty.
    pub url: String,
    /// When it was taken down, `YYYY-MM-DD`; empty is refused by the linter.
    pub accessed: String,
    /// Year whose prices it is in; `n/a` for what is not money.
    pub price_base: String,
    /// Grade of evidence.
    pub evidence: Evidence,
    /// SHA-256 of the run record it was measured in.
    pub run_sha256: Option<String>,
}

/// One figure that everything else rests on.
#[derive(Debug, Clone, PartialEq)]
pub struct Assumption {
    /// Name in formulas.
    pub name: String,
    /// What a reader calls it.
    pub label: String,
    /// Central value, in `unit`, in its own price base.
    pub value: f64,
    /// Unit.
    pub unit: Unit,
    /// The unit as written, for readers.
    pub unit_text: String,
    /// How it may vary; `None` is certain.
    pub distribution: Option<Distribution>,
    /// Where it comes from.
    pub provenance: Provenance,
    /// Which metric of a run it is bound to.
    pub from: Option<From>,
    /// Who answers for it; may be empty.
    pub owner: String,
    /// Who signed it off; may be empty.
    pub signed_off: String,
    /// `red`, `amber`, `green`, or empty.
    pub rag: String,
    /// Remark; may be empty.
    pub comment: String,
    /// After this day it must be looked at again; may be empty.
    pub sunset: String,
    /// Line in the model file.
    pub line: usize,
}

/// Binding of an assumption to a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct From {
    /// Metric of [`crate::Measurement`], such as `capacity_per_s`.
    pub metric: String,
    /// Run record or limit folder; `None` takes the one named on the command line.
    pub run: Option<String>,
}

/// How an assumption may vary. Parameters are in the assumption's unit.
#[derive(Debug, Clone, PartialEq)]
pub enum Distribution {
    /// Lowest, most likely, highest; a beta with shape 4.
    Pert(f64, f64, f64),
    /// Lowest, most likely, highest.
    Triangular(f64, f64, f64),
    /// Lowest, highest.
    Uniform(f64, f64),
    /// Mean, standard deviation.
    Normal(f64, f64),
    /// Median, 90th percentile.
    Lognormal(f64, f64),
    /// Values seen, each equally likely, straight lines between.
    Seen(Vec<f64>),
}

/// An intermediate figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Derived {
    /// Name in formulas.
    pub name: String,
    /// What a reader calls it.
    pub label: String,
    /// Unit that the formula must give.
    pub unit: Unit,
    /// Its formula over assumptions, derived figures and `year`.
    pub formula: Expr<String>,
    /// Line in the model file.
    pub line: usize,
}

/// An option of the appraisal.
#[derive(Debug, Clone, PartialEq)]
pub struct OptionOf {
    /// Name: letters, digits, underscores.
    pub name: String,
    /// What a reader calls it.
    pub label: String,
    /// Such as `business-as-usual`, `do-minimum`, `preferred`.
    pub kind: String,
    /// What it is, in a sentence or two.
    pub what: String,
    /// Assumptions that have another value in this option, with the reason in the assumption's comment.
    pub set: Vec<(String, f64)>,
    /// Line in the model file.
    pub line: usize,
}

/// A further figure for each option, such as kWh per million messages.
#[derive(Debug, Clone, PartialEq)]
pub struct Metric {
    /// Name.
    pub id: String,
    /// What a reader calls it.
    pub label: String,
    /// Unit that the formula must give.
    pub unit: Unit,
    /// The unit as written, for readers.
    pub unit_text: String,
    /// Over assumptions, derived figures and the option's own results (see `crate::build`).
    pub formula: Expr<String>,
    /// Options that have it; empty is all.
    pub options: Vec<String>,
    /// Remark; may be empty.
    pub comment: String,
    /// Line in the model file.
    pub line: usize,
}

/// A named scenario: other values for some assumptions.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// Name.
    pub name: String,
    /// What a reader calls it.
    pub label: String,
    /// Assumptions with their values in it.
    pub set: Vec<(String, f64)>,
    /// Assumptions multiplied in it.
    pub scale: Vec<(String, f64)>,
    /// Whether optimism bias stands at its published upper bound, unmitigated.
    pub ob_upper: bool,
    /// Line in the model file.
    pub line: usize,
}

/// A published claim.
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    /// Value in `unit`.
    pub value: f64,
    /// Lowest published.
    pub low: Option<f64>,
    /// Highest published.
    pub high: Option<f64>,
    /// Unit in words.
    pub unit: String,
    /// Where it comes from.
    pub provenance: Provenance,
}

/// One row of the quality-assurance log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QaEntry {
    /// When, `YYYY-MM-DD`.
    pub date: String,
    /// Who.
    pub who: String,
    /// What was checked.
    pub what: String,
    /// With what outcome.
    pub outcome: String,
}

/// The configuration that is priced; compared with the measured one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Configuration {
    /// Processor model, or a part of its name.
    pub cpu: String,
    /// Cores of one node.
    pub cores: u32,
    /// Store engine.
    pub store: String,
    /// Nodes behind one address.
    pub nodes: u32,
}
