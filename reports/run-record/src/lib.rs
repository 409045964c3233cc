//! The run record: the hand-over format between measuring and judging.
//!
//! The harness fills a [`Measured`] and writes it as a folder; everything after that (summary, report, gate,
//! cost model) is a pure function of what [`read`] gives back. This crate never measures, judges or draws, and
//! it imports no other crate of the project.
//!
//! A record folder holds:
//!
//! | file | content |
//! |---|---|
//! | `record.json` | [`RunRecord`]: scenario text, seed, machine, counts, validity, verdicts; SHA-256 of the files below |
//! | `interactions.csv` | [`InteractionRow`]: one row per interaction and kind, `all` first |
//! | `series.csv` | [`SecondRow`]: one row per second of the run |
//! | `resources.csv` | [`ResourceRow`]: processor and memory of hub and harness apart |
//! | `errors.csv` | [`ErrorRow`]: failures grouped by interaction, kind and detail |
//! | `heatmap.csv` | [`HeatMap`]: response times per second in logarithmic buckets |
//! | `latency.hlog` | [`NamedHistogram`]s as HdrHistogram interval log V2, tag = `INTERACTION.KIND` |
//!
//! Further files (`report.html`) may lie beside them; they are derived and not sealed.

mod error;
mod heat_map;
mod histograms;
mod hlog;
mod limit;
mod limit_files;
mod observed;
mod read;
mod record;
mod rows;
mod seal;
mod write;

pub use error::RecordError;
pub use heat_map::HeatMap;
pub use histograms::{
    HISTOGRAM_DIGITS, HISTOGRAM_HIGHEST_NS, HISTOGRAM_LOWEST_NS, Kind, NamedHistogram, find_histogram,
    interaction_rows, new_histogram,
};
pub use hlog::{read_hlog, write_hlog};
pub use limit::{
    AtCapacity, LIMIT_FILE, LIMIT_FORMAT_VERSION, LimitRecord, LimitedBy, PROBES_FILE, ProbeRow, ProbeVerdict,
};
pub use limit_files::{limit_sha256, read_limit, write_limit};
pub use observed::{
    ConnectionFacts, EventRow, JourneyRow, NoiseFacts, Observed, Resilience, SteadyFacts, TraceFacts,
    UsersRow,
};
pub use read::read;
pub use record::{
    BudgetLine, BudgetVerdict, Counts, FileSeal, Floor, HarnessFacts, Host, Hours, HoursLine, HubFacts,
    MixRef, NotReplayedRef, PhaseRef, RatePerS, RunRecord, ScenarioRef, TargetRef, Tool, Validity, Verdict,
};
pub use rows::{ErrorRow, InteractionRow, ResourceRow, SecondRow, Who};
pub use write::write;

/// Version of the folder's format. A reader refuses newer ones by name; raise it with every change that an older
/// reader would misunderstand.
pub const FORMAT_VERSION: u32 = 1;

/// The name under which the whole of the measured traffic stands beside the single interactions.
pub const ALL: &str = "all";

/// Everything a record folder holds, in memory.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// `record.json`.
    pub record: RunRecord,
    /// `interactions.csv`: measured phases only; see [`interaction_rows`].
    pub interactions: Vec<InteractionRow>,
    /// `series.csv`: every second of the run, warm-up included.
    pub series: Vec<SecondRow>,
    /// `resources.csv`.
    pub resources: Vec<ResourceRow>,
    /// `errors.csv`: measured phases and warm-up.
    pub errors: Vec<ErrorRow>,
    /// `heatmap.csv`: every second of the run, warm-up included.
    pub heat_map: HeatMap,
    /// `latency.hlog`: measured phases only.
    pub histograms: Vec<NamedHistogram>,
}
