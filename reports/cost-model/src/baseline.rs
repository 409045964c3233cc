//! Response times to compare with, one row per interaction, each with its source and grade of evidence.
//! Loaded by the model; knows nothing of what was measured.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::fault::Collector;
use crate::provenance::{check_evidence, check_source};
use crate::{Evidence, Faults, Found, tables};

/// The baseline of one interaction.
#[derive(Debug, Clone, PartialEq)]
pub struct BaselineRow {
    /// Interaction name.
    pub interaction: String,
    /// The published interaction it stands for.
    pub published_interaction: String,
    /// Mean response time of the legacy system, milliseconds.
    pub legacy_ms: f64,
    /// Grade of that figure.
    pub legacy_evidence: Evidence,
    /// Source of that figure.
    pub legacy_source: String,
    /// Mean response time of Spine 2, milliseconds.
    pub spine2_ms: f64,
    /// Grade of that figure.
    pub spine2_evidence: Evidence,
    /// Source of that figure.
    pub spine2_source: String,
}

/// A baseline file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Baseline {
    /// Where it came from.
    pub origin: String,
    /// Its rows by interaction name.
    pub rows: BTreeMap<String, BaselineRow>,
}

const COLUMNS: [&str; 8] = [
    "interaction",
    "published_interaction",
    "legacy_ms",
    "legacy_evidence",
    "legacy_source",
    "spine2_ms",
    "spine2_evidence",
    "spine2_source",
];

/// Longest response time that is believed, milliseconds: 10 minutes; anything above is a mistaken unit.
const MS_MAX: f64 = 600_000.0;

#[derive(Deserialize)]
struct Line {
    interaction: String,
    published_interaction: String,
    legacy_ms: f64,
    legacy_evidence: String,
    legacy_source: String,
    spine2_ms: f64,
    spine2_evidence: String,
    spine2_source: String,
}

impl Baseline {
    /// The row of an interaction.
    pub fn row(&self, interaction: &str) -> Option<&BaselineRow> {
        self.rows.get(interaction)
    }

    /// Reads a baseline file, or tells all its faults.
    pub fn parse(file: &Found) -> Result<Baseline, Faults> {
        let mut to = Collector::new(&file.name);
        let mut rows = BTreeMap::new();
        for (line, row) in tables::rows::<Line>(&mut to, &file.text, &COLUMNS) {
            for (column, ms) in [("legacy_ms", row.legacy_ms), ("spine2_ms", row.spine2_ms)] {
                if !(ms > 0.0 && ms <= MS_MAX) {
                    to.add(
                        line,
                        column,
                        format!("got {ms}, allowed: above 0 and up to {MS_MAX} milliseconds"),
                    );
                }
            }
            check_source(&mut to, line, "legacy_source", &row.legacy_source);
            check_source(&mut to, line, "spine2_source", &row.spine2_source);
            let checked = BaselineRow {
                legacy_evidence: check_evidence(&mut to, line, "legacy_evidence", &row.legacy_evidence),
                spine2_evidence: check_evidence(&mut to, line, "spine2_evidence", &row.spine2_evidence),
                interaction: row.interaction.clone(),
                published_interaction: row.published_interaction,
                legacy_ms: row.legacy_ms,
                legacy_source: row.legacy_source,
                spine2_ms: row.spine2_ms,
                spine2_source: row.spine2_source,
            };
            if rows.insert(row.interaction.clone(), checked).is_some() {
                to.add(
                    line,
                    "interaction",
                    format!("{:?} stands here twice, allowed: once", row.interaction),
                );
            }
        }
        let origin = file.name.clone();
        to.end(Baseline { origin, rows })
    }
}
