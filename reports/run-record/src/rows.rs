//! The rows of the record's CSV files. The field order is the column order; changing either changes the format.

use serde::{Deserialize, Serialize};

use crate::Kind;

/// A row of `interactions.csv`; times in nanoseconds. A failed request is a sample too: its time runs until it was
/// given up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InteractionRow {
    /// Interaction name, or `all`.
    pub interaction: String,
    /// Which time this row tells.
    pub kind: Kind,
    /// Samples.
    pub count: u64,
    /// Requests of this interaction that failed; the same figure in each of its rows.
    pub failed: u64,
    /// Mean.
    pub mean_ns: u64,
    /// Median.
    pub p50_ns: u64,
    /// 90th percentile.
    pub p90_ns: u64,
    /// 99th percentile.
    pub p99_ns: u64,
    /// 99.9th percentile.
    pub p99_9_ns: u64,
    /// 99.99th percentile.
    pub p99_99_ns: u64,
    /// Largest sample.
    pub max_ns: u64,
}

/// A row of `series.csv`: what was planned for this second and what became of it. A sample belongs to the second it
/// was planned for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecondRow {
    /// Seconds since the first planned instant.
    pub second: u32,
    /// Name of the phase.
    pub phase: String,
    /// Whether the phase is measured.
    pub measured: bool,
    /// Arrivals planned.
    pub planned: u64,
    /// Of those, sent.
    pub sent: u64,
    /// Of those, not sent.
    pub dropped: u64,
    /// Of those, answered and passed.
    pub answered: u64,
    /// Of those, failed.
    pub failed: u64,
    /// Median response time, nanoseconds; 0 without samples.
    pub response_p50_ns: u64,
    /// 99th percentile of response time, nanoseconds.
    pub response_p99_ns: u64,
    /// Largest response time, nanoseconds.
    pub response_max_ns: u64,
    /// 99th percentile of service time, nanoseconds.
    pub service_p99_ns: u64,
    /// 99th percentile of send lag, nanoseconds.
    pub send_lag_p99_ns: u64,
}

/// Whose resources a row tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Who {
    /// The system under test.
    Hub,
    /// The measuring process.
    Harness,
}

/// A row of `resources.csv`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ResourceRow {
    /// Seconds since the first planned instant.
    pub second: u32,
    /// Whose.
    pub who: Who,
    /// Processor time used in this second, as a share of one core (1.5 = one and a half cores).
    pub cpu_share: f64,
    /// Resident memory, bytes.
    pub rss_bytes: u64,
}

/// A row of `errors.csv`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ErrorRow {
    /// Interaction name.
    pub interaction: String,
    /// What kind of failure, such as `status`, `timeout`, `connection`, `json`, `dropped`.
    pub kind: String,
    /// What was seen, short enough to group by.
    pub detail: String,
    /// How often.
    pub count: u64,
    /// First seen, seconds since the first planned instant.
    pub first_at_s: f64,
}
