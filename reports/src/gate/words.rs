//! A gate's result in words and figures, one place for all that people read: terminal, markdown, annotations, JUnit. Pure;
//! never for values that programs read.

use super::result::{BudgetOutcome, GateBudget, GateMetric, GateResult, GateVerdict, MetricVerdict, Scale};
use crate::judge::is_floor;
use crate::units;

/// The verdict as people see it first.
pub(super) fn headline(verdict: GateVerdict) -> &'static str {
    match verdict {
        GateVerdict::Pass => "PASS",
        GateVerdict::Regressed => "REGRESSED",
        GateVerdict::OverBudget => "OVER BUDGET",
        GateVerdict::Inconclusive => "INCONCLUSIVE",
        GateVerdict::Invalid => "INVALID",
        GateVerdict::Infrastructure => "NOT MEASURED",
    }
}

/// What the verdict means, in a sentence, for those who see one for the first time.
pub(super) fn meaning(verdict: GateVerdict) -> &'static str {
    match verdict {
        GateVerdict::Pass => {
            "Nothing that is gated got worse by as much as its margin, and no budget is broken."
        }
        GateVerdict::Regressed => "The candidate is worse than the baseline by more than chance explains.",
        GateVerdict::OverBudget => "A budget is broken.",
        GateVerdict::Inconclusive => {
            "Neither a regression nor its absence could be shown; this is not a pass."
        }
        GateVerdict::Invalid => {
            "There is nothing to judge: the input is wrong or the two are not comparable."
        }
        GateVerdict::Infrastructure => "It could not be measured; nothing is said of the candidate.",
    }
}

/// A figure with its unit.
pub(super) fn figure(unit: &str, value: Option<f64>) -> String {
    let Some(value) = value.filter(|value| value.is_finite()) else { return "-".to_owned() };
    match unit {
        "ns" if value.abs() < 1e6 => format!("{} µs", units::number(value / 1e3, 1)),
        "ns" => format!("{} ms", units::ms_f64(value)),
        "share" => units::percent(value, 3),
        "1/s" => units::per_s(value),
        "bytes" => units::mib(value.max(0.0) as u64),
        unit => format!("{} {unit}", units::plain(value)),
    }
}

/// A change with its sign: per cent of the baseline, or a difference in the metric's unit.
pub(super) fn change(metric: &GateMetric, value: Option<f64>) -> String {
    let Some(value) = value.filter(|value| value.is_finite()) else { return "-".to_owned() };
    let sign = if value > 0.0 { "+" } else { "" };
    match (metric.scale, metric.unit.as_str()) {
        (Scale::Relative, _) => format!("{sign}{} %", units::number(value * 100.0, 2)),
        (Scale::Difference, "share") => format!("{sign}{} points", units::number(value * 100.0, 3)),
        (Scale::Difference, unit) => format!("{sign}{}", figure(unit, Some(value))),
    }
}

/// A change for the worse, for margins and floors: with the sign that is bad for this metric.
pub(super) fn worse(metric: &GateMetric, value: f64) -> String {
    change(metric, Some(if is_floor(&metric.metric) { -value } else { value }))
}

/// The 95 % interval, its unit once.
pub(super) fn interval(metric: &GateMetric) -> String {
    let Some((low, high)) = metric.ci_low.zip(metric.ci_high) else { return "-".to_owned() };
    let (low, high) = (change(metric, Some(low)), change(metric, Some(high)));
    let unit = |text: &str| text.rsplit_once(' ').map(|(_, unit)| unit.to_owned());
    match (unit(&low), unit(&high)) {
        (Some(a), Some(b)) if a == b => format!("{} to {high}", low.trim_end_matches(&a).trim_end()),
        _ => format!("{low} to {high}"),
    }
}

/// A probability.
pub(super) fn probability(p: Option<f64>) -> String {
    match p.filter(|p| p.is_finite()) {
        Some(p) if p < 0.0001 => "< 0.0001".to_owned(),
        Some(p) => format!("{p:.4}"),
        None => "-".to_owned(),
    }
}

/// A metric in one sentence without its end.
pub(super) fn metric_line(m: &GateMetric) -> String {
    let name = format!("{} {}", m.interaction, m.metric);
    let note = m.note.as_ref().map_or(String::new(), |note| format!("; {}", note.trim_end_matches('.')));
    let from_to = format!("{} to {}", figure(&m.unit, m.baseline), figure(&m.unit, m.candidate));
    let moved = format!("{} ({from_to}; 95 % interval {})", change(m, m.estimate), interval(m));
    match m.verdict {
        MetricVerdict::Regressed => {
            let floor = worse(m, m.floor);
            format!("{name}: {moved}, allowed up to {floor}, adjusted p {}{note}", probability(m.p_adjusted))
        }
        MetricVerdict::Unchanged => {
            format!("{name}: not worse by {} or more, {moved}{note}", worse(m, m.margin))
        }
        MetricVerdict::Improved => format!("{name}: better, {moved}{note}"),
        MetricVerdict::InconclusiveNoise
        | MetricVerdict::InconclusiveFewSamples
        | MetricVerdict::InconclusiveBudget
        | MetricVerdict::InconclusiveAdvisory => format!(
            "{name}: {}, {moved}, least change that would be found {}, margin {}{note}",
            m.verdict.words(),
            m.mde.map_or("not known".to_owned(), |mde| worse(m, mde)),
            worse(m, m.margin)
        ),
        MetricVerdict::New => {
            format!("{name}: new, the baseline does not have it; {}{note}", figure(&m.unit, m.candidate))
        }
        MetricVerdict::Missing => format!("{name}: missing, the candidate did not answer it{note}"),
    }
}

/// What a budget was held to.
pub(super) fn limit(budget: &GateBudget) -> String {
    let bound = if is_floor(&budget.metric) { "at least" } else { "at most" };
    format!("{bound} {}", budget.limit_text)
}

/// The median of a budget's trials, of an even count the worse of the two in the middle.
pub(super) fn median(budget: &GateBudget) -> Option<f64> {
    let mut trials: Vec<f64> = budget.trials.iter().flatten().copied().filter(|v| v.is_finite()).collect();
    trials.sort_by(f64::total_cmp);
    let middle = if is_floor(&budget.metric) { trials.len().checked_sub(1)? / 2 } else { trials.len() / 2 };
    trials.get(middle).copied()
}

/// A budget in one sentence without its end.
pub(super) fn budget_line(budget: &GateBudget) -> String {
    let trials = match budget.trials.len() {
        1 => "single trial: run-to-run variance unknown".to_owned(),
        n => format!("median of {n} trials"),
    };
    let note = budget.note.as_ref().map_or(String::new(), |note| format!("; {}", note.trim_end_matches('.')));
    format!(
        "{} {}: {}, {} ({trials}), allowed {}{note}",
        budget.interaction,
        budget.metric,
        budget.verdict.word(),
        figure(&budget.unit, median(budget)),
        limit(budget)
    )
}

/// Blocks, time and pairing, in a line.
pub(super) fn effort(result: &GateResult) -> String {
    // Budgets alone, and too few runs, rest on runs; all else on blocks.
    let of_baseline = result.baseline.as_ref().map_or(0, |side| side.runs.len());
    let mut parts = vec![match result.candidate.runs.len() + of_baseline {
        runs if result.blocks_used == 0 && runs > 0 => units::counted(runs as u64, "run", "runs"),
        _ => units::counted(u64::from(result.blocks_used), "block", "blocks"),
    }];
    if let Some(pairing) = result.pairing {
        parts[0] += &format!(", {}", pairing.word());
    }
    parts.extend(result.seconds.filter(|s| s.is_finite()).map(units::seconds));
    if result.blocks_dropped > 0 {
        parts.push(format!(
            "{} thrown away",
            units::counted(u64::from(result.blocks_dropped), "block", "blocks")
        ));
    }
    if result.attempt > 1 {
        parts.push(format!("attempt {}: each attempt has its own chance of a false alarm", result.attempt));
    }
    parts.join(", ")
}

/// What was judged, in a line.
pub(super) fn sides(result: &GateResult) -> String {
    let side = |side: &super::result::GateSide| {
        let version = side.version.as_ref().map_or(String::new(), |v| format!(" {v}"));
        let hash = side
            .sha256
            .as_ref()
            .map_or(String::new(), |h| format!(" (SHA-256 {})", h.chars().take(12).collect::<String>()));
        format!("{}{version}{hash}", side.what)
    };
    match &result.baseline {
        Some(baseline) => format!("baseline {}, candidate {}", side(baseline), side(&result.candidate)),
        None => format!("candidate {}", side(&result.candidate)),
    }
}

/// Metrics with the gravest first: what is worse by most, what is missing, what is open, what is better, the rest.
pub(super) fn by_gravity(result: &GateResult) -> Vec<&GateMetric> {
    let mut metrics: Vec<&GateMetric> = result.metrics.iter().collect();
    let rank = |m: &GateMetric| match m.verdict {
        MetricVerdict::Regressed => 0,
        MetricVerdict::Missing => 1,
        MetricVerdict::InconclusiveNoise
        | MetricVerdict::InconclusiveFewSamples
        | MetricVerdict::InconclusiveBudget
        | MetricVerdict::InconclusiveAdvisory => 2,
        MetricVerdict::Improved => 3,
        MetricVerdict::New => 4,
        MetricVerdict::Unchanged => 5,
    };
    // How many margins it moved by, so that metrics of different margins stand beside each other.
    let size = |m: &GateMetric| m.estimate.map_or(0.0, |e| (e / m.margin.max(f64::MIN_POSITIVE)).abs());
    metrics.sort_by(|a, b| rank(a).cmp(&rank(b)).then(size(b).total_cmp(&size(a))));
    metrics
}

/// Budgets with the broken ones first.
pub(super) fn budgets_by_gravity(result: &GateResult) -> Vec<&GateBudget> {
    let mut budgets: Vec<&GateBudget> = result.budgets.iter().collect();
    budgets.sort_by_key(|budget| match budget.verdict {
        BudgetOutcome::Broken => 0,
        BudgetOutcome::Borderline => 1,
        BudgetOutcome::Met => 2,
    });
    budgets
}
