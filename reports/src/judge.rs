//! Judges a run by its budgets. Pure; called once after a run. Never judges by anything that is not in the record.

use cost_model::Model;
use run_record::{
    ALL, BudgetLine, BudgetVerdict, Counts, InteractionRow, Kind, Measured, Observed, RatePerS, Validity,
    Verdict, find_histogram,
};

/// Fills in what the record still lacks after measuring: budgets, hours (when a cost model is given), and the verdict.
pub fn complete(run: &mut Measured, budgets: &[BudgetLine], model: Option<&Model>) {
    run.record.budgets = judge(run, budgets);
    run.record.hours_per_day = model.and_then(|model| crate::hours_per_day(model, run));
    run.record.verdict = verdict(&run.record.validity, &run.record.budgets);
}

/// One verdict per budget line, in the order given. A limit that is reached exactly is kept. A line without samples, or
/// with a metric that is none, is never met.
pub fn judge(run: &Measured, budgets: &[BudgetLine]) -> Vec<BudgetVerdict> {
    let (counts, rate) = (run.record.counts, run.record.rate_per_s);
    let judged = |line: &BudgetLine| {
        let of_events = of_events(&run.record.observed, line);
        let measured = of_events
            .or_else(|| of_hub(run, line))
            .or_else(|| measure(run, counts, rate, line))
            .filter(|value| value.is_finite());
        BudgetVerdict {
            interaction: line.interaction.clone(),
            metric: line.metric.clone(),
            limit: line.limit,
            limit_text: line.limit_text.clone(),
            measured,
            met: measured.is_some_and(|value| match is_floor(&line.metric) {
                true => value >= line.limit,
                false => value <= line.limit,
            }),
        }
    };
    budgets.iter().map(judged).collect()
}

/// The verdict on a run: an invalid run is invalid whatever its budgets say.
pub fn verdict(validity: &Validity, budgets: &[BudgetVerdict]) -> Verdict {
    match (validity.valid, budgets.iter().all(|budget| budget.met)) {
        (false, _) => Verdict::Invalid,
        (true, true) => Verdict::Pass,
        (true, false) => Verdict::OverBudget,
    }
}

/// Whether the limit is the least allowed rather than the most.
pub(crate) fn is_floor(metric: &str) -> bool {
    matches!(metric, "rate" | "availability")
}

/// What the events of the scenario did to the service. Without events, or where nothing could be looked up, nothing is
/// known, and what is not known keeps no budget.
fn of_events(observed: &Observed, line: &BudgetLine) -> Option<f64> {
    let found = observed.resilience.as_ref()?;
    match line.metric.as_str() {
        "availability" => Some(found.availability),
        "lost-writes" if found.writes_checked > 0 => Some(found.writes_lost as f64),
        "recovery" => {
            let longest_s = observed.events.iter().filter_map(|e| e.recovered_s).fold(0.0, f64::max);
            Some(longest_s * 1e9)
        }
        _ => None,
    }
}

/// What the hub's process used: nothing is known of one that is not ours to watch.
fn of_hub(run: &Measured, line: &BudgetLine) -> Option<f64> {
    let hub = run.record.hub.as_ref().filter(|_| run.record.target.kind == "embedded")?;
    match line.metric.as_str() {
        "cpu-per-transaction" => cpu_ns_per_transaction(run),
        "hub-memory" => Some(hub.rss_bytes_peak as f64),
        _ => None,
    }
}

/// Processor time of the hub over the whole run, nanoseconds; nothing where none was seen.
pub(crate) fn cpu_ns(run: &Measured) -> Option<f64> {
    run.record.hub.as_ref().map(|hub| hub.cpu_seconds * 1e9).filter(|ns| *ns > 0.0)
}

/// The same for one answered request, which is of the whole run too: the hub is watched from its first request.
pub(crate) fn cpu_ns_per_transaction(run: &Measured) -> Option<f64> {
    Some(cpu_ns(run)? / run.record.counts_all.answered as f64).filter(|ns| ns.is_finite())
}

fn measure(run: &Measured, counts: Counts, rate: RatePerS, line: &BudgetLine) -> Option<f64> {
    let rows = &run.interactions;
    let row = |kind: Kind| {
        let named = |row: &&InteractionRow| row.kind == kind && row.interaction == line.interaction;
        rows.iter().find(named).filter(|row| row.count > 0)
    };
    match line.metric.as_str() {
        "errors" if line.interaction == ALL => share(counts.failed, counts.sent),
        "errors" => row(Kind::Response).and_then(|row| share(row.failed, row.count)),
        "rate" if line.interaction == ALL => Some(rate.achieved),
        "rate" => {
            // An interaction's rate is its part of the whole's; both are over the same measured seconds.
            let answered = row(Kind::Response).map(|row| row.count.saturating_sub(row.failed))?;
            Some(rate.achieved * share(answered, counts.answered)?)
        }
        metric => {
            let (kind, quantile) = metric.split_once('-')?;
            let kind = match kind {
                "response" => Kind::Response,
                "service" => Kind::Service,
                _ => return None,
            };
            let row = row(kind)?;
            let ns = match quantile {
                "p50" => row.p50_ns,
                "p90" => row.p90_ns,
                "p95" => find_histogram(&run.histograms, &line.interaction, kind)?.value_at_quantile(0.95),
                "p99" => row.p99_ns,
                "p99.9" => row.p99_9_ns,
                "p99.99" => row.p99_99_ns,
                "max" => row.max_ns,
                _ => return None,
            };
            Some(ns as f64)
        }
    }
}

fn share(part: u64, of: u64) -> Option<f64> {
    (of > 0).then(|| part as f64 / of as f64)
}
