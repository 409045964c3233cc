//! What a gate shows: its versioned result, every format that CI systems and people read, and its exit codes. All pure functions of
//! the result; the statistics and the measuring are elsewhere. A new format is one file and one row in [`GATE_FORMATS`].

mod ab;
mod answer;
mod believed;
mod bencher;
mod exit;
mod github;
mod json;
mod junit;
mod markdown;
mod openmetrics;
mod result;
mod stored;
mod terminal;
mod trials;
mod words;

pub use ab::{BudgetTrial, GateBlocks, GatePlan, judge_budgets};
pub use answer::{GateAnswer, gate_answer};
pub use believed::{AT_THE_END, own_fault};
pub use bencher::gate_bencher;
pub use exit::{ExitCodeMap, GatePolicy, gate_exit_code};
pub use github::{gate_github, gate_github_output};
pub use json::{gate_json, read_gate_json};
pub use junit::gate_junit;
pub(crate) use markdown::escape as escape_markdown;
pub use markdown::{gate_github_summary, gate_markdown};
pub use openmetrics::gate_openmetrics;
pub use result::{
    BudgetOutcome, Fingerprints, GATE_RESULT_SCHEMA, GateBudget, GateKind, GateMetric, GateResult,
    GateScenario, GateSettings, GateSide, GateVerdict, Location, MetricVerdict, Pairing, Scale,
};
pub use stored::{GateRules, StoredRun, gate_stored};
pub use terminal::gate_text;
pub use trials::{GateRule, GateTrial};

/// A way to show a gate's result.
#[derive(Debug, Clone, Copy)]
pub struct GateFormat {
    /// Name on the command line.
    pub name: &'static str,
    /// What it is for, in a line of help.
    pub help: &'static str,
    /// File it is written to when a folder is asked for.
    pub file: &'static str,
    /// The text.
    pub render: fn(&GateResult) -> String,
}

/// All formats, the default first.
pub const GATE_FORMATS: &[GateFormat] = &[
    GateFormat { name: "text", help: "plain text for the terminal", file: "gate.txt", render: gate_text },
    GateFormat {
        name: "json",
        help: "the whole result, versioned (reports/schemas/gate-result-v1.json)",
        file: "gate.json",
        render: gate_json,
    },
    GateFormat {
        name: "markdown",
        help: "a comment for a merge request",
        file: "gate.md",
        render: gate_markdown,
    },
    GateFormat {
        name: "junit",
        help: "JUnit XML: a case a metric and a budget; for Jenkins, GitLab and most others",
        file: "gate-junit.xml",
        render: gate_junit,
    },
    GateFormat {
        name: "github",
        help: "GitHub annotations at the line of the rule, at most ten of a type; print them in a step",
        file: "gate-annotations.txt",
        render: gate_github,
    },
    GateFormat {
        name: "github-summary",
        help: "markdown to append to $GITHUB_STEP_SUMMARY, under the size that GitHub uploads",
        file: "gate-summary.md",
        render: gate_github_summary,
    },
    GateFormat {
        name: "github-output",
        help: "lines to append to $GITHUB_OUTPUT: verdict, counts",
        file: "gate-output.txt",
        render: gate_github_output,
    },
    GateFormat {
        name: "openmetrics",
        help: "OpenMetrics text for GitLab's metrics report and for Prometheus, three significant digits",
        file: "gate-metrics.txt",
        render: gate_openmetrics,
    },
    GateFormat {
        name: "bencher",
        help: "Bencher metric format, times in nanoseconds",
        file: "gate-bencher.json",
        render: gate_bencher,
    },
];
