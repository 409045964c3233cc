//! The histograms behind every percentile: their bounds, their names, and the rows drawn from them. Filled by the
//! harness; never rounds a value to anything coarser than three significant digits.

use std::collections::BTreeMap;
use std::fmt;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use crate::{ALL, InteractionRow};

/// Smallest time told apart: 1 µs, well under the cost of a request on a loopback connection.
pub const HISTOGRAM_LOWEST_NS: u64 = 1_000;
/// Largest time told: 1 h, beyond any time-out a scenario can set.
pub const HISTOGRAM_HIGHEST_NS: u64 = 3_600_000_000_000;
/// Significant decimal digits kept: three, so that a percentile is exact to 0.1 %.
pub const HISTOGRAM_DIGITS: u8 = 3;

/// The three times of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Planned instant to last byte: what a user waits.
    Response,
    /// Sent to last byte: what the target took.
    Service,
    /// Planned instant to sent: what the harness itself added.
    SendLag,
}

impl Kind {
    /// All kinds, in the order of the files.
    pub const EACH: [Kind; 3] = [Kind::Response, Kind::Service, Kind::SendLag];

    /// The word used in files: `response`, `service`, `send_lag`.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Response => "response",
            Kind::Service => "service",
            Kind::SendLag => "send_lag",
        }
    }

    /// The kind a word means, if any.
    pub fn from_word(word: &str) -> Option<Kind> {
        Kind::EACH.into_iter().find(|kind| kind.word() == word)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// One histogram of `latency.hlog`; values in nanoseconds.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedHistogram {
    /// Interaction name, or `all`.
    pub interaction: String,
    /// Which time it holds.
    pub kind: Kind,
    /// The samples of the measured phases.
    pub histogram: Histogram<u64>,
}

/// An empty histogram with the record's bounds. All histograms of a record have these, so they can be added.
pub fn new_histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(HISTOGRAM_LOWEST_NS, HISTOGRAM_HIGHEST_NS, HISTOGRAM_DIGITS)
        .expect("the constants above are bounds that HdrHistogram allows")
}

/// The histogram of an interaction and kind, if the record holds it.
pub fn find_histogram<'a>(
    histograms: &'a [NamedHistogram],
    interaction: &str,
    kind: Kind,
) -> Option<&'a Histogram<u64>> {
    histograms.iter().find(|h| h.kind == kind && h.interaction == interaction).map(|h| &h.histogram)
}

/// The rows of `interactions.csv`, one per histogram in the same order. `failed` gives failures by interaction;
/// `all` is their sum unless it is given itself.
pub fn interaction_rows(
    histograms: &[NamedHistogram],
    failed: &BTreeMap<String, u64>,
) -> Vec<InteractionRow> {
    let failed_all = failed
        .get(ALL)
        .copied()
        .unwrap_or_else(|| failed.values().fold(0, |sum: u64, n| sum.saturating_add(*n)));
    let row = |named: &NamedHistogram| {
        let h = &named.histogram;
        InteractionRow {
            interaction: named.interaction.clone(),
            kind: named.kind,
            count: h.len(),
            failed: match named.interaction.as_str() {
                ALL => failed_all,
                name => failed.get(name).copied().unwrap_or(0),
            },
            mean_ns: h.mean().round() as u64,
            p50_ns: h.value_at_quantile(0.5),
            p90_ns: h.value_at_quantile(0.9),
            p99_ns: h.value_at_quantile(0.99),
            p99_9_ns: h.value_at_quantile(0.999),
            p99_99_ns: h.value_at_quantile(0.9999),
            max_ns: h.max(),
        }
    };
    histograms.iter().map(row).collect()
}
