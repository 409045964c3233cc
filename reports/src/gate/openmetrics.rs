//! The result as OpenMetrics text, for GitLab's metrics report and for Prometheus. Pure. GitLab compares values as text with those
//! of the target branch, so figures have three significant digits, or every merge request would say that they changed.

use std::collections::BTreeMap;

use super::result::{GateResult, GateVerdict};
use super::words;

/// A family: name, unit ("" for none), help.
type Family = (&'static str, &'static str, &'static str);

const RESPONSE: Family =
    ("spinebench_response_seconds", "seconds", "Planned instant to last byte, of the candidate.");
const SERVICE: Family = ("spinebench_service_seconds", "seconds", "Sent to last byte, of the candidate.");
const CPU: Family = (
    "spinebench_cpu_per_transaction_seconds",
    "seconds",
    "Processor time of the candidate for one transaction.",
);
const ERRORS: Family = ("spinebench_errors_ratio", "ratio", "Share of requests that failed.");
const RATE: Family = ("spinebench_achieved_per_second", "", "Answers that passed their checks, a second.");
const MEMORY: Family = ("spinebench_hub_memory_bytes", "bytes", "Highest resident memory of the candidate.");
const OTHER: Family = ("spinebench_metric", "", "Another gated metric of the candidate, in its own unit.");
const PASSED: Family = ("spinebench_gate_passed", "", "1 when the gate passed, 0 when it did not.");
const REGRESSED: Family =
    ("spinebench_gate_regressed", "", "1 when a regression or a broken budget was found.");

/// The text; ends with its end mark.
pub fn gate_openmetrics(result: &GateResult) -> String {
    let result = &result.finite();
    let mut families: BTreeMap<Family, BTreeMap<String, f64>> = BTreeMap::new();
    let mut add = |interaction: &str, metric: &str, unit: &str, value: Option<f64>| {
        let Some(value) = value.filter(|value| value.is_finite()) else { return };
        let (family, quantile) = family(metric);
        let mut labels = format!("interaction=\"{}\"", escape(interaction));
        if let Some(quantile) = quantile {
            labels += &format!(",quantile=\"{quantile}\"");
        }
        if family == OTHER {
            labels += &format!(",metric=\"{}\",unit=\"{}\"", escape(metric), escape(unit));
        }
        let value = if unit == "ns" && family != OTHER { value / 1e9 } else { value };
        // A metric that is gated and budgeted stands once.
        families.entry(family).or_default().entry(labels).or_insert(value);
    };
    for m in &result.metrics {
        add(&m.interaction, &m.metric, &m.unit, m.candidate);
    }
    for budget in &result.budgets {
        add(&budget.interaction, &budget.metric, &budget.unit, words::median(budget));
    }
    let flag = |of: bool| BTreeMap::from([(String::new(), if of { 1.0 } else { 0.0 })]);
    families.insert(PASSED, flag(result.verdict == GateVerdict::Pass));
    let worse = matches!(result.verdict, GateVerdict::Regressed | GateVerdict::OverBudget);
    families.insert(REGRESSED, flag(worse));
    let mut text = String::new();
    for ((name, unit, help), samples) in &families {
        text += &format!("# TYPE {name} gauge\n");
        if !unit.is_empty() {
            text += &format!("# UNIT {name} {unit}\n");
        }
        text += &format!("# HELP {name} {help}\n");
        for (labels, value) in samples {
            let labels = if labels.is_empty() { String::new() } else { format!("{{{labels}}}") };
            text += &format!("{name}{labels} {}\n", three_digits(*value));
        }
    }
    text + "# EOF\n"
}

fn family(metric: &str) -> (Family, Option<String>) {
    let quantile = |word: &str| match word.strip_prefix('p').and_then(|p| p.parse::<f64>().ok()) {
        _ if word == "max" => Some("1".to_owned()),
        Some(percent) => {
            let text = format!("{:.6}", percent / 100.0);
            Some(text.trim_end_matches('0').trim_end_matches('.').to_owned())
        }
        None => None,
    };
    match metric {
        "cpu-per-transaction" => (CPU, None),
        "errors" => (ERRORS, None),
        "rate" => (RATE, None),
        "hub-memory" => (MEMORY, None),
        metric => {
            let (family, word) = match metric.split_once('-') {
                Some(("response", word)) => (RESPONSE, word),
                Some(("service", word)) => (SERVICE, word),
                _ => (OTHER, ""),
            };
            match quantile(word) {
                Some(quantile) => (family, Some(quantile)),
                None => (OTHER, None),
            }
        }
    }
}

/// Three significant digits, without an exponent.
fn three_digits(value: f64) -> String {
    format!("{value:.2e}").parse::<f64>().unwrap_or(value).to_string()
}

fn escape(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() && c != '\n' { ' ' } else { c }).collect();
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_three_digits_and_quantiles_are_exact() {
        assert_eq!(three_digits(0.012_345_6), "0.0123");
        assert_eq!(three_digits(123_456.0), "123000");
        assert_eq!(three_digits(0.0), "0");
        for (metric, quantile) in
            [("response-p99.99", "0.9999"), ("service-p50", "0.5"), ("response-max", "1")]
        {
            assert_eq!(family(metric).1.as_deref(), Some(quantile), "{metric}");
        }
        assert_eq!(family("recovery"), (OTHER, None));
    }
}
