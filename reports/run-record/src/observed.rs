//! What a run observed besides counts and times: journeys, faults and recovery, noise of the machine, steady state,
//! handshakes, connections, how truly a trace was kept. Filled by the harness; a part that a scenario had no use for is
//! absent. Never computes anything itself.

use serde::{Deserialize, Serialize};

/// All of it; times in nanoseconds unless the name says seconds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Observed {
    /// Connections and handshakes.
    pub connections: Option<ConnectionFacts>,
    /// One row for each journey of the scenario.
    pub journeys: Vec<JourneyRow>,
    /// One row for each kind of users of the closed model.
    pub users: Vec<UsersRow>,
    /// How truly a trace was kept.
    pub trace: Option<TraceFacts>,
    /// The events of the scenario as they happened.
    pub events: Vec<EventRow>,
    /// What the events did to the service; there when the scenario has events.
    pub resilience: Option<Resilience>,
    /// The machine's noise.
    pub noise: Option<NoiseFacts>,
    /// Whether response times were steady over the measured phases.
    pub steady: Option<SteadyFacts>,
}

/// Connections and handshakes of a run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ConnectionFacts {
    /// Transport: `plain`, `tls`, `mutual-tls`.
    pub transport: String,
    /// Opened before the first arrival.
    pub opened_before: u64,
    /// Opened in all.
    pub opened: u64,
    /// Most there were at one time.
    pub peak: u64,
    /// Source addresses they were spread over.
    pub sources: u32,
    /// Different client identities presented.
    pub identities: u64,
    /// How long opening them all before the first arrival took, seconds.
    pub opening_s: f64,
    /// Handshakes a second while they were opened.
    pub handshakes_per_s: f64,
    /// Median time of a handshake with its connect, nanoseconds.
    pub handshake_p50_ns: u64,
    /// 99th percentile of the same.
    pub handshake_p99_ns: u64,
    /// Attempts that failed.
    pub failed: u64,
    /// Resident memory of the harness for each connection, bytes.
    pub harness_bytes_each: Option<f64>,
    /// Resident memory of the hub for each connection, bytes.
    pub hub_bytes_each: Option<f64>,
}

/// How the journeys of one kind went.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct JourneyRow {
    /// The journey's name.
    pub journey: String,
    /// Its interactions in order.
    pub steps: Vec<String>,
    /// Journeys begun in measured phases.
    pub begun: u64,
    /// Of those, came to the end of their last step.
    pub completed: u64,
    /// Of those, ended by a step that failed.
    pub failed: u64,
    /// Of those, ended because a step had nothing to take (an empty inbox, a search that found nobody).
    pub ended_early: u64,
    /// Of those, still under way when the run ended.
    pub unfinished: u64,
    /// Of the failed ones, how many ended at each step.
    pub failed_at: Vec<u64>,
    /// Median time from the planned begin of the first step to the end of the last, pauses included, nanoseconds.
    pub duration_p50_ns: u64,
    /// 99th percentile of the same.
    pub duration_p99_ns: u64,
}

/// What one kind of users of the closed model did in the measured phases.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct UsersRow {
    /// What they are.
    pub name: String,
    /// How many.
    pub count: u32,
    /// Requests they sent.
    pub requests: u64,
    /// Of those, failed.
    pub failed: u64,
    /// Sessions begun.
    pub sessions: u64,
    /// Mean pause between an answer and the next request, seconds.
    pub think_mean_s: f64,
}

/// How truly a trace was kept.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TraceFacts {
    /// The file.
    pub path: String,
    /// Rows in it.
    pub rows: u64,
    /// Rows that were sent.
    pub sent: u64,
    /// How many times faster than recorded.
    pub speed: f64,
    /// Requests sent after one that stands behind them in the trace.
    pub out_of_order: u64,
    /// Median of how much later than its offset a row was sent, nanoseconds.
    pub late_p50_ns: u64,
    /// 99th percentile of the same.
    pub late_p99_ns: u64,
    /// The latest.
    pub late_max_ns: u64,
}

/// An event as it happened.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct EventRow {
    /// As the scenario writes it, such as `hub-stop 1s`.
    pub text: String,
    /// When it was due, seconds from the start of the plan.
    pub at_s: f64,
    /// When it was begun, seconds from the start of the plan.
    pub began_s: f64,
    /// How long it took until the hub was there again, or the rules were in force, seconds.
    pub took_s: f64,
    /// From its begin until requests were answered again as before it, seconds; `None` when they never failed or slowed.
    pub recovered_s: Option<f64>,
    /// Requests due between its begin and the recovery that failed or were dropped.
    pub lost_requests: u64,
    /// What went wrong with the event itself, if anything.
    pub fault: Option<String>,
}

/// What the events did to the service.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Resilience {
    /// Requests answered well of those planned in measured phases, 0 to 1.
    pub availability: f64,
    /// Seconds of the measured phases in which at least 99 % of the requests due were answered well, of all, 0 to 1.
    pub seconds_good: f64,
    /// Longest time for which no request was answered well, seconds.
    pub longest_outage_s: f64,
    /// Writes that were acknowledged, in all phases.
    pub writes_acknowledged: u64,
    /// Of those, looked up again at the end through the published interfaces.
    pub writes_checked: u64,
    /// Of those, not found.
    pub writes_lost: u64,
    /// Of those, found more than once.
    pub duplicated: u64,
    /// How it was checked, and what was not, in sentences.
    pub basis: Vec<String>,
}

/// The machine's noise while the run went on.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct NoiseFacts {
    /// Share of processor time that the hypervisor gave to others, 0 to 1; `None` where the kernel does not say.
    pub steal_share: Option<f64>,
    /// Share of processor time that processes other than hub and harness used, 0 to 1 of all cores.
    pub others_share: Option<f64>,
    /// Share of the run in which a limit of the control group held the harness back, 0 to 1.
    pub throttled_share: Option<f64>,
    /// Longest time for which a thread that should have woken every few milliseconds did not, nanoseconds.
    pub longest_pause_ns: u64,
    /// Largest jump of the wall clock against the monotonic one, nanoseconds, signed.
    pub clock_step_ns: i64,
    /// Median service time of the null client after the run over that before it.
    pub floor_ratio: Option<f64>,
}

/// Whether response times were steady.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SteadyFacts {
    /// Seconds of the measured phases that were compared.
    pub seconds: u32,
    /// Median of the seconds' median response times in the last third over that in the first third.
    pub p50_ratio: f64,
    /// The trend's test statistic: Mann-Kendall's z, positive when response times rose.
    pub trend_z: f64,
    /// As `p50_ratio`, of the seconds' 99th percentiles.
    pub p99_ratio: f64,
    /// As `trend_z`, of the seconds' 99th percentiles.
    pub p99_trend_z: f64,
    /// Whether they count as steady.
    pub steady: bool,
    /// Seconds after which they were, when they were not from the start.
    pub steady_after_s: Option<f64>,
}
