//! The summary for the terminal.

use crate::{built_in, support};
use cost_model::{build, monte_carlo, scenario_results, switching, tornado};
use reports::cost::{CostResults, measurement, summary};

#[test]
fn the_terminal_keeps_cash_apart_and_says_limits_run_spread_and_what_moves_the_result() {
    let run = measurement("runs/peak", &support::peak()).unwrap();
    let appraisal = build(built_in("cases/hub-today.toml"), Some(&run)).unwrap_or_else(|f| panic!("{f}"));
    let others: Vec<usize> = (0..appraisal.options.len()).filter(|at| *at != appraisal.baseline).collect();
    let text = summary(&CostResults {
        monte_carlo: monte_carlo(&appraisal, 1, 200).unwrap(),
        tornados: others.iter().map(|at| tornado(&appraisal, *at)).collect(),
        switching: others.iter().flat_map(|at| switching(&appraisal, *at)).collect(),
        scenarios: scenario_results(&appraisal),
        appraisal,
        tool_version: "0.1.0".into(),
        command: "spinebench cost".into(),
        made: "2026-09-03T10:11:12Z".into(),
    });
    for part in [
        "Run: runs/peak (2026-01-05)",
        "Substituted configuration: the processor",
        "(baseline)",
        "net present value (NPSV) on cash alone",
        "P10 / P50 / P90 of 200 draws, no optimism bias",
        "benefits that release no cash, present value",
        "every second alike",
        "only above one second",
        "payback on cash, discounted",
        "What moves the NPSV on cash most",
        "Before this is used",
        "Assumed, not known",
        "checks hold",
    ] {
        assert!(text.contains(part), "{part}:\n{text}");
    }
    assert!(text.lines().skip(1).all(|line| line.chars().count() <= 120), "{text}");
}
