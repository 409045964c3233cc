//! What a run or a search for the limit gives a model: figures by metric, waiting times by interaction, and what it was
//! measured on. Filled by `reports` from a run record; this crate never reads one.

use std::collections::BTreeMap;

/// All that is taken from what was measured.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Measurement {
    /// The record's folder, as it was named.
    pub origin: String,
    /// SHA-256 seal of `record.json` (or `limit.json`).
    pub sha256: String,
    /// When it was measured, `YYYY-MM-DD`.
    pub date: String,
    /// Title of the scenario.
    pub scenario: String,
    /// Whether the run was valid; an invalid one is refused.
    pub valid: bool,
    /// Metrics by name; see [`METRICS`].
    pub metrics: BTreeMap<String, Metric>,
    /// Attended interactions of the mix with samples, in the order of the mix.
    pub waits: Vec<Wait>,
    /// Processor model.
    pub cpu: String,
    /// Cores of the machine.
    pub cores: u32,
    /// Store engine of the hub; empty when it does not say.
    pub store: String,
    /// Hub nodes that were measured.
    pub nodes: u32,
    /// What a reader must know of it: warnings of the run, what was substituted.
    pub warnings: Vec<String>,
}

/// One measured figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Metric {
    /// Value.
    pub value: f64,
    /// Unit, as [`crate::Unit::parse`] reads it.
    pub unit: String,
    /// The same over parts of the run, from which the assumption's distribution is made; empty when there is no spread.
    pub seen: Vec<f64>,
    /// How it was got, in a sentence.
    pub how: String,
}

/// Waiting times of one attended interaction, counted by the three rules, in order of [`crate::Rule::EACH`].
#[derive(Debug, Clone, PartialEq)]
pub struct Wait {
    /// Interaction.
    pub interaction: String,
    /// Its share of all messages, as the mix states it.
    pub share: f64,
    /// E[g(T)] of the measured response times, `s/message`.
    pub now_s: [f64; 3],
    /// E[g(T)] of the baseline that the mix states, `s/message`; `None` when it states none.
    pub before_s: Option<[f64; 3]>,
}

/// Metrics that an assumption may be bound to: name, unit, meaning.
pub const METRICS: [(&str, &str, &str); 6] = [
    (
        "capacity_per_s",
        "message/s/node",
        "highest rate at which every budget is kept; of a plain run, what it carried",
    ),
    ("hub_cpu_s_per_message", "s/message", "processor time of the hub for each message"),
    ("hub_cores_used", "core", "mean processor use of the hub, cores"),
    ("hub_memory_bytes", "byte/node", "most resident memory of the hub"),
    ("disk_bytes_per_message", "byte/message", "what the hub's data folder grew by for each message"),
    ("response_mean_s", "s/message", "mean response time over all messages"),
];
