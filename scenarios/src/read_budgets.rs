//! Reads `[budget]` and `[validity]`: what a run is held to, and what it must hold to be believed. Called by `read_scenario`.

use crate::document::{Item, Log};
use crate::fault::list;
use crate::scenario::{Budget, RunLimits};
use crate::units::{BYTES_FORM, parse_bytes};
use std::time::Duration;

/// Metrics of a budget that are durations.
pub(crate) const BUDGET_TIMES: [&str; 14] = [
    "response-p50",
    "response-p90",
    "response-p95",
    "response-p99",
    "response-p99.9",
    "response-p99.99",
    "response-max",
    "service-p50",
    "service-p90",
    "service-p95",
    "service-p99",
    "service-p99.9",
    "service-p99.99",
    "service-max",
];
/// Metrics of a budget that are of the whole run, and only of one in which something was done to the system under test.
const BUDGET_EVENTS: [&str; 3] = ["availability", "lost-writes", "recovery"];
/// Processor time of the hub for each transaction: of the whole run, as only the whole process is watched.
pub(crate) const CPU_PER_TRANSACTION: &str = "cpu-per-transaction";
/// Most resident memory of the hub.
const HUB_MEMORY: &str = "hub-memory";
/// Most lost writes that a budget may allow: more than any run acknowledges.
const LOST_WRITES_MAX: u64 = 1_000_000_000;

/// Reads `[validity]`.
pub(crate) fn read_limits(item: Option<Item<'_>>) -> RunLimits {
    let mut limits =
        RunLimits { send_lag_p99_9: Duration::from_millis(10), dropped_share: 0.0, harness_cpu_share: 0.9 };
    let Some(section) = item.and_then(|i| i.section()) else { return limits };
    if let Some(lag) = section.get("send-lag-p99.9").and_then(|i| i.span()) {
        limits.send_lag_p99_9 = lag;
    }
    if let Some(share) = section.get("dropped").and_then(|i| i.percent()) {
        limits.dropped_share = share;
    }
    if let Some(share) = section.get("harness-cpu").and_then(|i| i.percent()) {
        limits.harness_cpu_share = share;
    }
    section.finish();
    limits
}

/// Reads `[budget]`; `names` are the interactions of the mix.
pub(crate) fn read_budgets(item: &Item<'_>, names: &[&str], log: &Log) -> Vec<Budget> {
    let mut budgets = Vec::new();
    let Some(section) = item.section() else { return budgets };
    for (interaction, item) in section.entries() {
        if interaction != "all" && !names.contains(&interaction) {
            let allowed = list(["all"].iter().chain(names));
            log.push(item.fault("not an interaction of the mix").got(interaction).allowed(allowed));
        }
        let Some(metrics) = item.section() else { continue };
        for (metric, item) in metrics.entries() {
            let whole =
                BUDGET_EVENTS.contains(&metric) || [CPU_PER_TRANSACTION, HUB_MEMORY].contains(&metric);
            if whole && interaction != "all" {
                log.push(item.fault("is a metric of the whole run").got(interaction).allowed("all"));
            }
            let limit = match metric {
                "availability" => item.percent(),
                "recovery" => item.span().map(|d| d.as_nanos() as f64),
                "lost-writes" => lost_writes(&item),
                CPU_PER_TRANSACTION => item.span().map(|d| d.as_nanos() as f64),
                HUB_MEMORY => item.parsed(parse_bytes, "not an amount of memory", BYTES_FORM),
                "errors" => item.percent(),
                "rate" => item.rate().map(|r| r.from_per_s),
                time if BUDGET_TIMES.contains(&time) => item.span().map(|d| d.as_nanos() as f64),
                _ => {
                    let others = ["errors", "rate", CPU_PER_TRANSACTION, HUB_MEMORY];
                    let allowed = list(BUDGET_TIMES.iter().chain(&others).chain(&BUDGET_EVENTS));
                    log.push(item.fault("unknown metric").got(metric).allowed(allowed));
                    None
                }
            };
            if item.value().is_table() {
                log.push(
                    item.fault("a key with a dot in it needs quotes").allowed("\"response-p99.9\" = \"1s\""),
                );
            }
            if let (Some(limit), Some(text)) = (limit, item.value().as_str()) {
                budgets.push(Budget {
                    interaction: interaction.to_owned(),
                    metric: metric.to_owned(),
                    limit,
                    text: text.to_owned(),
                    line: item.line(),
                });
            }
        }
    }
    budgets
}

/// A count, written as a text like all limits.
fn lost_writes(item: &Item<'_>) -> Option<f64> {
    let count = item.value().as_str().and_then(|s| s.parse::<u64>().ok());
    let count = count.filter(|n| *n <= LOST_WRITES_MAX);
    if count.is_none() {
        item.refuse("not a count", format!("a whole number in quotes, \"0\" to \"{LOST_WRITES_MAX}\""));
    }
    count.map(|n| n as f64)
}
