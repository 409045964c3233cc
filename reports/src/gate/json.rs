//! A gate's result as JSON and back: finite numbers only, stable order, one sentence for what cannot be read. Pure.

use super::result::{GATE_RESULT_SCHEMA, GateMetric, GateResult};

impl GateResult {
    /// The same with every figure that is no finite number as null and a note that says so, the others rounded to what is kept.
    pub fn finite(&self) -> GateResult {
        let mut result = self.clone();
        result.seconds = result.seconds.and_then(tidy);
        result.metrics.iter_mut().for_each(finite_metric);
        for budget in &mut result.budgets {
            let before = budget.trials.iter().flatten().count();
            budget.trials.iter_mut().for_each(|trial| *trial = trial.and_then(tidy));
            let lost = before - budget.trials.iter().flatten().count();
            if lost > 0 && budget.note.is_none() {
                budget.note = Some(format!("{lost} of the trials gave no finite number."));
            }
        }
        result
    }
}

/// The result as JSON, to be kept and for programs: stable order, finite numbers, one line feed at its end.
pub fn gate_json(result: &GateResult) -> String {
    // The types have no value that JSON lacks once they are finite.
    let mut result = result.finite();
    for m in &mut result.metrics {
        let absent: Vec<&str> =
            figures(m).into_iter().filter(|(_, figure)| figure.is_none()).map(|(name, _)| name).collect();
        if m.note.is_none() && !absent.is_empty() {
            m.note = Some(format!("Not known: {}.", absent.join(", ")));
        }
    }
    serde_json::to_string_pretty(&result).unwrap_or_default() + "\n"
}

/// Reads a result back.
///
/// # Errors
/// One sentence: not JSON, cut short, of another schema, or not as the schema says.
pub fn read_gate_json(text: &str) -> Result<GateResult, String> {
    let value: serde_json::Value = serde_json::from_str(text).map_err(|e| match e.is_eof() {
        true => "cut short, it ends in mid-sentence".to_owned(),
        false => format!("not a gate result: {e}"),
    })?;
    match value["schema"].as_str() {
        Some(GATE_RESULT_SCHEMA) => {
            serde_json::from_value(value).map_err(|e| format!("not a gate result: {e}"))
        }
        Some(other) => Err(format!("schema: not understood, got {other:?}, allowed {GATE_RESULT_SCHEMA:?}")),
        None => Err(format!("schema: missing, so this is no gate result, allowed {GATE_RESULT_SCHEMA:?}")),
    }
}

fn finite_metric(m: &mut GateMetric) {
    let mut dropped = Vec::new();
    for (name, figure) in figures(m) {
        if let Some(value) = figure.filter(|value| !value.is_finite()) {
            dropped.push(format!("{name} is {value}"));
        }
        *figure = figure.and_then(tidy);
    }
    if !dropped.is_empty() {
        let sentence = format!("No finite number: {}.", dropped.join(", "));
        m.note = Some(m.note.take().map_or(sentence.clone(), |note| format!("{note} {sentence}")));
    }
}

fn figures(m: &mut GateMetric) -> [(&'static str, &mut Option<f64>); 7] {
    [
        ("baseline", &mut m.baseline),
        ("candidate", &mut m.candidate),
        ("estimate", &mut m.estimate),
        ("ci_low", &mut m.ci_low),
        ("ci_high", &mut m.ci_high),
        ("p_adjusted", &mut m.p_adjusted),
        ("mde", &mut m.mde),
    ]
}

/// Twelve significant digits: more than anything here is known to, and few enough to read back and write again as they were.
fn tidy(value: f64) -> Option<f64> {
    format!("{value:.11e}").parse().ok().filter(|value: &f64| value.is_finite())
}
