//! Writes the made-up cost report of the tests, or that of a model without a run, into the folder named on the command line:
//! to look at the page while changing it. `cargo run -p reports --example sample-cost-page -- target/sample [MODEL]`

#[path = "../tests/support/cost/mod.rs"]
mod support;

use std::path::Path;
use std::process::ExitCode;

use reports::cost::{assumptions_csv, costs_csv, focus_csv, json, page, results_csv};

fn main() -> ExitCode {
    let Some(folder) = std::env::args().nth(1) else {
        eprintln!("name the folder to write to");
        return ExitCode::FAILURE;
    };
    let results = match std::env::args()
        .nth(2)
        .map(|path| cost_model::load_model(Some(Path::new(".")), Path::new(&path)))
    {
        None => support::results(),
        Some(Ok(model)) => support::results_of(model, None),
        Some(Err(faults)) => {
            eprintln!("{faults}");
            return ExitCode::FAILURE;
        }
    };
    let files = [
        ("report.html", page(&results)),
        ("costs.csv", costs_csv(&results)),
        ("results.csv", results_csv(&results)),
        ("assumptions.csv", assumptions_csv(&results)),
        ("focus.csv", focus_csv(&results)),
        ("report.json", json(&results)),
    ];
    for (name, text) in files {
        if let Err(e) = std::fs::write(Path::new(&folder).join(name), text) {
            eprintln!("{folder}/{name}: {e}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
