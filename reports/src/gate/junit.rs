//! The result as JUnit XML, for CI systems that show tests: one case a metric and one a budget. Pure. Elements and attributes
//! are those of the schema that Jenkins publishes; the verdict stands in the text of a failure too, because GitLab shows only that.

use super::result::{BudgetOutcome, GateResult, GateVerdict, MetricVerdict};
use super::words;

/// What becomes of a case.
enum Outcome {
    Passed,
    Failed(&'static str, String),
    Skipped(String),
    Error(String),
}

struct Case {
    class: String,
    name: String,
    outcome: Outcome,
    out: String,
}

/// The XML document.
pub fn gate_junit(result: &GateResult) -> String {
    let result = &result.finite();
    let cases = cases(result);
    let count = |of: fn(&Outcome) -> bool| cases.iter().filter(|case| of(&case.outcome)).count();
    let failures = count(|o| matches!(o, Outcome::Failed(..)));
    let errors = count(|o| matches!(o, Outcome::Error(_)));
    let skipped = count(|o| matches!(o, Outcome::Skipped(_)));
    let time = format!("{:.3}", result.seconds.unwrap_or(0.0).max(0.0));
    let started =
        result.started.as_deref().map_or(String::new(), |at| format!(" timestamp=\"{}\"", escape(at)));
    let sums = format!("tests=\"{}\" failures=\"{failures}\" errors=\"{errors}\"", cases.len());
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"spinebench gate\" {sums} time=\"{time}\">\n\
         <testsuite name=\"{}\" {sums} skipped=\"{skipped}\" time=\"{time}\"{started}>\n<properties>\n",
        escape(&result.scenario.title)
    );
    for (name, value) in properties(result) {
        xml += &format!("<property name=\"{}\" value=\"{}\"/>\n", escape(&name), escape(&value));
    }
    xml += "</properties>\n";
    for case in &cases {
        xml += &format!(
            "<testcase classname=\"{}\" name=\"{}\" time=\"0\">\n",
            escape(&case.class),
            escape(&case.name)
        );
        xml += &match &case.outcome {
            Outcome::Passed => String::new(),
            Outcome::Failed(kind, why) => {
                format!("<failure message=\"{}\" type=\"{kind}\">{}</failure>\n", escape(why), escape(why))
            }
            Outcome::Skipped(why) => format!("<skipped message=\"{}\"/>\n", escape(why)),
            Outcome::Error(why) => {
                format!(
                    "<error message=\"{}\" type=\"infrastructure\">{}</error>\n",
                    escape(why),
                    escape(why)
                )
            }
        };
        xml += &format!("<system-out>{}</system-out>\n</testcase>\n", escape(&case.out));
    }
    xml + "</testsuite>\n</testsuites>\n"
}

fn cases(result: &GateResult) -> Vec<Case> {
    let class = |interaction: &str| format!("{}.{interaction}", result.scenario.title);
    let metrics = result.metrics.iter().map(|m| {
        let line = words::metric_line(m);
        Case {
            class: class(&m.interaction),
            name: format!("{} {} against the baseline", m.metric, words::worse(m, m.margin)),
            outcome: match m.verdict {
                MetricVerdict::Regressed => Outcome::Failed("regressed", line.clone()),
                // Whether a lost interaction fails the gate is the budget file's say; the verdict shows it.
                MetricVerdict::Missing if result.verdict == GateVerdict::Regressed => {
                    Outcome::Failed("missing", line.clone())
                }
                MetricVerdict::Unchanged | MetricVerdict::Improved => Outcome::Passed,
                MetricVerdict::Missing
                | MetricVerdict::New
                | MetricVerdict::InconclusiveNoise
                | MetricVerdict::InconclusiveFewSamples
                | MetricVerdict::InconclusiveBudget
                | MetricVerdict::InconclusiveAdvisory => Outcome::Skipped(line.clone()),
            },
            out: line,
        }
    });
    let budgets = result.budgets.iter().map(|budget| {
        let line = words::budget_line(budget);
        Case {
            class: class(&budget.interaction),
            name: format!("{} {}", budget.metric, words::limit(budget)),
            outcome: match budget.verdict {
                BudgetOutcome::Broken => Outcome::Failed("over-budget", line.clone()),
                BudgetOutcome::Met | BudgetOutcome::Borderline => Outcome::Passed,
            },
            out: line,
        }
    });
    let mut cases: Vec<Case> = metrics.chain(budgets).collect();
    // What is not about one metric is a case of its own, and so is a gate without any: no case at all would read as a pass.
    let reasons = match result.reasons.is_empty() {
        true => words::meaning(result.verdict).to_owned(),
        false => result.reasons.join(" "),
    };
    let failed = cases.iter().any(|case| matches!(case.outcome, Outcome::Failed(..)));
    let outcome = match result.verdict {
        GateVerdict::Pass => Outcome::Passed,
        GateVerdict::Inconclusive => Outcome::Skipped(reasons.clone()),
        GateVerdict::Invalid | GateVerdict::Infrastructure => Outcome::Error(reasons.clone()),
        GateVerdict::Regressed | GateVerdict::OverBudget if failed => Outcome::Passed,
        GateVerdict::Regressed | GateVerdict::OverBudget => {
            Outcome::Failed(result.verdict.word(), reasons.clone())
        }
    };
    let out = format!("{}: {reasons}", words::headline(result.verdict));
    cases.push(Case {
        class: result.scenario.title.clone(),
        name: "gate could be judged".to_owned(),
        outcome,
        out,
    });
    cases
}

fn properties(result: &GateResult) -> Vec<(String, String)> {
    let mut properties = vec![
        ("verdict".to_owned(), result.verdict.word().to_owned()),
        ("judged".to_owned(), words::sides(result)),
        ("effort".to_owned(), words::effort(result)),
        ("alpha".to_owned(), result.settings.alpha.to_string()),
        ("beta".to_owned(), result.settings.beta.to_string()),
        ("spinebench".to_owned(), result.fingerprints.tool.version.clone()),
    ];
    properties.extend(
        result
            .fingerprints
            .machine
            .as_ref()
            .map(|machine| ("machine".to_owned(), crate::compare::machine_class(machine))),
    );
    properties.extend(result.warnings.iter().map(|warning| ("warning".to_owned(), warning.clone())));
    properties
}

/// Text for XML 1.0 and its attributes: what no document may hold, even escaped, becomes a space.
fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\n' => safe.push_str("&#10;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => safe.push(' '),
            c => safe.push(c),
        }
    }
    safe
}
