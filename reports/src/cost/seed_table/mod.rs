//! The figures of the article that started this product, beside what it gets for each, and whether that is measured, derived
//! under assumptions, or published input. A figure without a run says the command that would measure it; nothing is claimed
//! that is only assumed. Called by `spinebench seed-table`. Pure.

mod rows;
mod text;

pub use text::{seed_markdown, seed_text};

use cost_model::{Faults, Model, NodeId, build};
use run_record::{Measured, RunRecord};
use serde::Serialize;

/// A run record with the name of its folder.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedRun {
    /// The folder, as a person would type it.
    pub name: String,
    /// What it holds.
    pub run: Measured,
}

/// One figure of the article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SeedRow {
    /// The figure as it was published.
    pub figure: String,
    /// What this product gets.
    pub here: String,
    /// What kind of figure that is.
    pub standing: Standing,
    /// The runs and models that it rests on, what must be assumed, or the command that would measure it.
    pub rests_on: String,
}

/// What kind of figure a row has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// Counted or timed in a run.
    Measured,
    /// Computed from what was measured or published, with assumptions between.
    DerivedUnderAssumptions,
    /// Put in as it was published; that it comes out again proves nothing.
    PublishedInput,
    /// Nothing here says anything about it yet.
    NotMeasured,
}

impl Standing {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Standing::Measured => "measured",
            Standing::DerivedUnderAssumptions => "derived under assumptions",
            Standing::PublishedInput => "published input",
            Standing::NotMeasured => "not measured yet",
        }
    }
}

/// Where the figures of the article come from.
pub const SEED_SOURCE: &str =
    "Computer Weekly on HSCIC, September 2015; press claims, of which no audit was found";

/// The table, from the runs that there are and the two models that come with the product: the calibration of 2015 and the
/// hub at today's prices.
///
/// # Errors
/// A model cannot be built: all its faults.
pub fn seed_table(runs: &[NamedRun], spine_2015: &Model, hub_today: &Model) -> Result<Vec<SeedRow>, Faults> {
    let peak = newest(runs, "national-peak");
    // Only a valid run is chosen, so it can be taken.
    let measurement = peak.and_then(|named| super::measurement(&named.name, &named.run).ok());
    let calibration = build(spine_2015.clone(), None)?;
    let hub = measurement.as_ref().map(|of| build(hub_today.clone(), Some(of))).transpose()?;
    Ok(vec![
        rows::peak_rate(peak),
        rows::month(newest(runs, "working-week")),
        rows::end_points(most_connections(runs)),
        rows::response_cut(measurement.as_ref(), spine_2015),
        rows::hours(&calibration, peak),
        rows::saving(&calibration),
        rows::availability(newest(runs, "rolling-restart"), newest(runs, "crash")),
        rows::price(hub.as_ref()),
    ])
}

/// The newest valid run of a shipped scenario, as it is written if there is one, else with what was changed in it.
fn newest<'a>(runs: &'a [NamedRun], scenario: &str) -> Option<&'a NamedRun> {
    let of_scenario = |record: &RunRecord| {
        let file = std::path::Path::new(&record.scenario.path).file_stem();
        record.validity.valid && file.is_some_and(|stem| stem == scenario)
    };
    let fitting = runs.iter().filter(|named| of_scenario(&named.run.record));
    fitting.max_by_key(|named| {
        let record = &named.run.record;
        (record.scenario.changes.is_empty(), record.started.clone())
    })
}

/// The valid run with the most connections under mutual TLS, the newest of these.
fn most_connections(runs: &[NamedRun]) -> Option<&NamedRun> {
    let mutual = runs.iter().filter(|named| {
        let connections = named.run.record.observed.connections.as_ref();
        named.run.record.validity.valid && connections.is_some_and(|c| c.transport == "mutual-tls")
    });
    mutual.max_by_key(|named| {
        let record = &named.run.record;
        (record.observed.connections.as_ref().map(|c| c.peak), record.started.clone())
    })
}

/// A metric of an option by its name in the model file.
fn metric(of: &cost_model::Appraisal, option: &str, id: &str) -> Option<f64> {
    let option = of.options.iter().find(|o| o.name == option)?;
    let at = of.model.metrics.iter().position(|metric| metric.id == id)?;
    let node: NodeId = option.metrics.iter().find(|(metric, _)| *metric == at).map(|(_, node)| *node)?;
    Some(of.values.one(node)).filter(|value| value.is_finite())
}
