//! The cost report in its forms, each a pure function of one appraisal and what was drawn from it: page, tables, ledger,
//! JSON, workbook. Called by the command line; never computes a figure of its own, never reads or writes a file.

mod charts;
mod diff;
mod facts;
mod focus;
mod json;
mod measure;
mod page;
mod seed_table;
mod summary;
mod tables;
mod view;
mod workbook;

pub use diff::{Alone, Change, Compared, How, KeyChange, ModelDiff, Npsv, Part, diff};
pub use focus::focus_csv;
pub use json::json;
pub use measure::{confirming, limit_measurement, measurement};
pub use page::page;
pub use seed_table::{NamedRun, SEED_SOURCE, SeedRow, Standing, seed_markdown, seed_table, seed_text};
pub use summary::summary;
pub use tables::{assumptions_csv, costs_csv, results_csv};
pub use workbook::workbook;

use cost_model::appraisal::{Appraisal, MonteCarlo, ScenarioResult, Switching, Tornado};

/// All that a cost report is made from.
#[derive(Debug, Clone, PartialEq)]
pub struct CostResults {
    /// The model, its figures and its central case.
    pub appraisal: Appraisal,
    /// What the draws gave.
    pub monte_carlo: MonteCarlo,
    /// How far each assumption alone moves the result, an option each.
    pub tornados: Vec<Tornado>,
    /// Values of single assumptions at which the result changes its sign.
    pub switching: Vec<Switching>,
    /// Named scenarios, the central case first.
    pub scenarios: Vec<ScenarioResult>,
    /// Version of the tool.
    pub tool_version: String,
    /// The command that made the report.
    pub command: String,
    /// When it was made: RFC 3339, UTC.
    pub made: String,
}
