//! The result in the metric format of Bencher: benchmark, measure, value and bounds. Pure. Times stay in nanoseconds, the unit that
//! Bencher takes for them.

use serde_json::{Map, Value, json};

use super::result::{GateMetric, GateResult, Scale};
use super::words;

/// Longest name of a benchmark that Bencher takes, characters.
const NAME_MAX: usize = 1_024;
/// Longest name of a measure, characters.
const MEASURE_MAX: usize = 64;

/// The JSON; the candidate's figures, with the 95 % interval of the change laid about the baseline as bounds.
pub fn gate_bencher(result: &GateResult) -> String {
    let result = &result.finite();
    let mut benchmarks = Map::new();
    let mut add = |interaction: &str, metric: &str, value: f64, bounds: Option<(f64, f64)>| {
        let name = cut(&format!("{} / {interaction}", result.scenario.title), NAME_MAX);
        let measures = benchmarks.entry(name).or_insert_with(|| json!({}));
        let mut figures = json!({ "value": value });
        if let Some((low, high)) = bounds {
            // Bounds hold the value, also where median and estimate do not agree.
            figures["lower_value"] = json!(low.min(value));
            figures["upper_value"] = json!(high.max(value));
        }
        if let Value::Object(measures) = measures {
            measures.entry(cut(metric, MEASURE_MAX)).or_insert(figures);
        }
    };
    for m in &result.metrics {
        if let Some(value) = m.candidate {
            add(&m.interaction, &m.metric, value, bounds(m));
        }
    }
    for budget in &result.budgets {
        let trials = || budget.trials.iter().flatten().copied();
        let ends = trials().reduce(f64::min).zip(trials().reduce(f64::max));
        if let Some(value) = words::median(budget) {
            add(&budget.interaction, &budget.metric, value, ends.filter(|_| budget.trials.len() > 1));
        }
    }
    serde_json::to_string_pretty(&Value::Object(benchmarks)).unwrap_or_default() + "\n"
}

fn bounds(m: &GateMetric) -> Option<(f64, f64)> {
    let (baseline, low, high) = (m.baseline?, m.ci_low?, m.ci_high?);
    Some(match m.scale {
        Scale::Relative => (baseline * (1.0 + low), baseline * (1.0 + high)),
        Scale::Difference => (baseline + low, baseline + high),
    })
}

fn cut(text: &str, characters: usize) -> String {
    text.chars().take(characters).collect()
}
