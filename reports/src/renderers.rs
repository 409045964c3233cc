//! The list of reports. `spinebench report` offers each by its name; a new one is a row here and a file beside.

use run_record::Measured;

/// A way to show a run record.
#[derive(Debug, Clone, Copy)]
pub struct Renderer {
    /// Name on the command line.
    pub name: &'static str,
    /// What it is for, in a line of help.
    pub help: &'static str,
    /// File it is written to inside the record folder.
    pub file: &'static str,
    /// The report's text.
    pub render: fn(&Measured) -> String,
}

/// All reports, the default first.
pub const RENDERERS: &[Renderer] = &[
    Renderer {
        name: "summary",
        help: "plain text for the terminal: verdict, counts, times, budgets, hours",
        file: "summary.txt",
        render: crate::summary,
    },
    Renderer {
        name: "html",
        help: "one self-contained page with charts, for reading and printing",
        file: "report.html",
        render: crate::html,
    },
    Renderer { name: "json", help: "record.json again, for programs", file: "record.json", render: json },
    Renderer {
        name: "csv",
        help: "every figure of the record as a row of part, name, metric, unit, value, for programs",
        file: "facts.csv",
        render: crate::facts_csv::facts_csv,
    },
];

fn json(run: &Measured) -> String {
    // The record came out of JSON or is about to become it: its types have no value that JSON lacks.
    serde_json::to_string_pretty(&run.record).unwrap_or_default()
}
