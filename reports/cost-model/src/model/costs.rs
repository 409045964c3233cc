//! Cost lines of a model: what is bought, when, at what price. Types only: read by `costs_read`, priced by `crate::build`.

use crate::expr::Expr;

/// When a cost or benefit falls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Timing {
    /// Years from..=to, counted from 0.
    Span(usize, usize),
    /// In year 0 and then again after every so many years.
    Every(usize),
    /// In these years, counted from 0.
    Years(Vec<usize>),
}

/// Capital or running expenditure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spending {
    /// Capital.
    Capex,
    /// Running.
    Opex,
}

/// One cost line: yearly cost = quantity × unit price in the years of its timing, raised by its optimism bias.
#[derive(Debug, Clone, PartialEq)]
pub struct CostLine {
    /// Name.
    pub id: String,
    /// What a reader calls it.
    pub label: String,
    /// Options that bear it.
    pub options: Vec<String>,
    /// Capital or running.
    pub spending: Spending,
    /// One of [`CATEGORIES`].
    pub category: String,
    /// When it falls.
    pub timing: Timing,
    /// Quantity over assumptions, derived figures and `year`.
    pub quantity: Expr<String>,
    /// Price of one, whose unit times the quantity's gives money (a year's worth).
    pub unit_price: Expr<String>,
    /// Class of [`OptimismBias`]; `None` is no uplift.
    pub ob_class: Option<String>,
    /// What lowers the uplift: factor, share of the bias it contributes, share of that which is mitigated.
    pub ob_mitigation: Vec<(String, f64, f64)>,
    /// Who pays.
    pub bearer: String,
    /// Value-added tax rate in the financial case, as a fraction.
    pub vat: f64,
    /// Why a mandatory category is zero; such a line has the quantity 0.
    pub zero_reason: String,
    /// Remark; may be empty.
    pub comment: String,
    /// Line in the model file.
    pub line: usize,
}

/// Categories of cost lines; every option but none that is the baseline must have a line in each mandatory one.
pub const CATEGORIES: [(&str, bool); 14] = [
    ("hardware", true),
    ("hosting", true),
    ("energy", true),
    ("licence", true),
    ("support", true),
    ("network", true),
    ("people", true),
    ("service-desk", true),
    ("assurance", true),
    ("migration", true),
    ("dual-running", true),
    ("training", true),
    ("exit", true),
    ("other", false),
];
