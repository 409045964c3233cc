//! The edge table of gates, a test a row: those that stored runs can show. Each row's result is kept in every format, with its exit code,
//! in `tests/golden/edges`. Rows that the statistics decide alone are in `reports/gate/tests/acceptance/edge_table.rs`, which lists all.

mod support;

use std::path::Path;

use reports::gate::*;
use run_record::*;

/// Set to rewrite the golden files from what is written now.
const BLESS: &str = "SPINEBENCH_BLESS";
/// Runs a side from which stored runs are judged in pairs.
const RUNS: usize = 15;

type Change = fn(&mut Measured);

fn same(_: &mut Measured) {}

fn rule(interaction: &str, metric: &str) -> GateRule {
    let location = Some(Location { file: "ci/budget.toml".into(), line: 9 });
    let (interaction, metric) = (interaction.to_owned(), metric.to_owned());
    GateRule { interaction, metric, margin: 0.05, floor: 0.01, min_effect_ns: 0.0, location }
}

fn rules(relative: &[(&str, &str)]) -> GateRules {
    let at = |line: BudgetLine| (line, Some(Location { file: "ci/budget.toml".into(), line: 5 }));
    GateRules {
        relative: relative.iter().map(|(interaction, metric)| rule(interaction, metric)).collect(),
        budgets: support::budget_lines().into_iter().map(at).collect(),
        alpha: 0.01,
        beta: 0.05,
        missing: GatePolicy::Fail,
        stored_decides: false,
    }
}

/// So many runs that differ as runs do, in their processor time by up to 1.4 %, and all by `change`.
fn runs(side: &str, count: usize, rules: &GateRules, change: Change) -> Vec<StoredRun> {
    let mut run = support::peak();
    change(&mut run);
    let cpu = run.record.hub.as_ref().map_or(0.0, |hub| hub.cpu_seconds);
    let one = |number: usize| {
        // Steps of seven and of five, so that the two sides are not in step.
        let step = if side == "old" { number * 7 % 15 } else { number * 5 % 13 };
        if let Some(hub) = &mut run.record.hub {
            hub.cpu_seconds = cpu * (1.0 + step as f64 / 1_000.0);
        }
        StoredRun::of(&format!("{side}/{number:02}"), &run, rules)
    };
    (1..=count).map(one).collect()
}

fn judge(candidate: &[StoredRun], baseline: &[StoredRun], rules: &GateRules) -> GateResult {
    gate_stored(candidate, baseline, rules, Tool { version: "0.1.0".into(), profile: "release".into() })
}

/// Fifteen runs of each side, the candidate's changed.
fn fifteen(rules: &GateRules, change: Change) -> GateResult {
    judge(&runs("new", RUNS, rules, change), &runs("old", RUNS, rules, same), rules)
}

/// Holds a row against what was kept of it: its exit code and every format.
#[track_caller]
fn row(name: &str, result: &GateResult, code: u8) {
    let found = gate_exit_code(result.verdict, GatePolicy::Warn, &ExitCodeMap::default());
    let mut text = format!("exit code {found}\n");
    for format in GATE_FORMATS {
        let shown = (format.render)(result);
        assert!(shown.len() < 1 << 20, "{name}: {} is too large", format.file);
        text += &format!("\n=== {}\n{shown}", format.file);
    }
    assert_eq!(found, code, "{name}: {text}");
    assert!(gate_openmetrics(result).ends_with("# EOF\n"));
    for level in ["error", "warning", "notice"] {
        let of_level = |line: &&str| line.starts_with(&format!("::{level} "));
        assert!(gate_github(result).lines().filter(of_level).count() <= 10, "{name}: {level}");
    }
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/edges/{name}.txt"));
    if std::env::var_os(BLESS).is_some() {
        std::fs::create_dir_all(golden.parent().unwrap()).unwrap();
        std::fs::write(&golden, &text).unwrap();
    }
    let wanted = std::fs::read_to_string(&golden).unwrap_or_default();
    assert!(text == wanted, "{name} differs; if that is meant, run again with {BLESS}=1\n{text}");
}

fn verdict(result: &GateResult, metric: &str) -> MetricVerdict {
    let found = result.metrics.iter().find(|m| format!("{} {}", m.interaction, m.metric) == metric);
    found.unwrap_or_else(|| panic!("no {metric}")).verdict
}

fn lose(run: &mut Measured, interaction: &str) {
    run.interactions.retain(|row| row.interaction != interaction);
    run.histograms.retain(|named| named.interaction != interaction);
}

#[test]
fn nothing_differs() {
    let rules = rules(&[("all", "response-p50"), ("all", "cpu-per-transaction"), ("all", "errors")]);
    let result = fifteen(&rules, same);
    assert_eq!(verdict(&result, "all response-p50"), MetricVerdict::Unchanged);
    row("nothing-differs", &result, 0);
}

#[test]
fn too_few_samples_for_a_percentile() {
    let result = fifteen(&rules(&[("mesh-handshake", "response-p99")]), same);
    assert_eq!(verdict(&result, "mesh-handshake response-p99"), MetricVerdict::InconclusiveFewSamples);
    assert!(gate_text(&result).contains("allowed 1000 or more"), "{}", gate_text(&result));
    row("too-few-samples", &result, 0);
}

#[test]
fn a_percentile_among_failed_requests() {
    let mut rules = rules(&[("pds-retrieve", "response-p99")]);
    rules.stored_decides = true;
    let failing = |run: &mut Measured| {
        let of = |row: &&mut InteractionRow| row.interaction == "pds-retrieve" && row.kind == Kind::Response;
        let row = run.interactions.iter_mut().find(of).unwrap();
        row.failed = row.count / 50;
    };
    let result = fifteen(&rules, failing);
    assert_eq!(verdict(&result, "pds-retrieve response-p99"), MetricVerdict::Regressed);
    assert_eq!(result.metrics[0].estimate, None);
    row("among-failed-requests", &result, 1);
}

#[test]
fn an_interaction_only_in_the_baseline() {
    let mut rules = rules(&[("mesh-send", "response-p50"), ("all", "response-p50")]);
    rules.budgets.clear();
    let lost: Change = |run| lose(run, "mesh-send");
    let result = fifteen(&rules, lost);
    assert_eq!(verdict(&result, "mesh-send response-p50"), MetricVerdict::Missing);
    row("only-in-the-baseline", &result, 1);
    let few = judge(&runs("new", 1, &rules, lost), &runs("old", 1, &rules, same), &rules);
    assert_eq!(few.verdict, GateVerdict::Regressed, "it needs no statistics");
    rules.missing = GatePolicy::Warn;
    let warned = fifteen(&rules, lost);
    assert_eq!(warned.verdict, GateVerdict::Pass);
    assert!(warned.warnings.iter().any(|w| w.contains("mesh-send response-p50 is missing")));
    rules.missing = GatePolicy::Pass;
    assert!(!fifteen(&rules, lost).warnings.iter().any(|w| w.contains("missing")));
}

#[test]
fn an_interaction_only_in_the_candidate() {
    let rules = rules(&[("mesh-send", "response-p50"), ("all", "response-p50")]);
    let (new, old) =
        (runs("new", RUNS, &rules, same), runs("old", RUNS, &rules, |run| lose(run, "mesh-send")));
    let result = judge(&new, &old, &rules);
    assert_eq!(verdict(&result, "mesh-send response-p50"), MetricVerdict::New);
    row("only-in-the-candidate", &result, 0);
}

#[test]
fn a_budget_on_what_was_never_asked() {
    let lost: Change = |run| lose(run, "pds-retrieve");
    let rules = rules(&[]);
    let result = judge(&runs("new", 1, &rules, lost), &[], &rules);
    let broken = result.budgets.iter().filter(|b| b.verdict == BudgetOutcome::Broken).count();
    assert_eq!(broken, 2, "what is not known keeps no budget");
    row("a-budget-without-samples", &result, 1);
}

#[test]
fn another_scenario_store_or_model() {
    let rules = rules(&[("all", "response-p50")]);
    let other: Change = |run| {
        run.record.scenario.sha256 = "4e".repeat(32);
        run.record.hub.as_mut().unwrap().store = Some("memory".into());
        run.record.model = "users".into();
    };
    let result = judge(&runs("new", 1, &rules, same), &runs("old", 2, &rules, other), &rules);
    assert_eq!(result.reasons.len(), 3, "both runs in one sentence each: {:?}", result.reasons);
    assert!(result.reasons[0].contains("3f3f") && result.reasons[0].contains("4e4e"), "{:?}", result.reasons);
    assert!(result.budgets.is_empty());
    row("another-scenario", &result, 2);
}

#[test]
fn another_machine_or_program() {
    let rules = rules(&[("all", "response-p50")]);
    let other: Change = |run| {
        run.record.host.cores = 64;
        run.record.tool.version = "0.0.9".into();
    };
    let result = judge(&runs("new", 1, &rules, same), &runs("old", 1, &rules, other), &rules);
    assert!(result.metrics.is_empty() && result.budgets.len() == 4, "budgets are judged all the same");
    assert!(result.reasons.iter().any(|r| r.contains("2 cores") && r.contains("64 cores")));
    row("another-machine", &result, 2);
    let mut mixed = runs("new", 1, &rules, same);
    mixed.extend(runs("elsewhere", 1, &rules, other));
    let result = judge(&mixed, &[], &rules);
    assert_eq!(result.verdict, GateVerdict::Pass);
    assert!(result.warnings.iter().any(|w| w.contains("64 cores")), "{:?}", result.warnings);
}

#[test]
fn a_seed_and_a_build_of_the_hub_are_what_runs_may_differ_in() {
    let rules = rules(&[("all", "response-p50")]);
    let other: Change = |run| {
        run.record.scenario.changes =
            vec!["with seed 7 (--seed 7)".into(), "the hub is ../old/spinebench".into()];
        run.record.seed = 7;
    };
    let result = judge(&runs("new", 1, &rules, same), &runs("old", 1, &rules, other), &rules);
    assert_eq!(result.verdict, GateVerdict::Inconclusive, "{:?}", result.reasons);
}

#[test]
fn only_stored_runs_for_a_baseline() {
    let mut rules = rules(&[("all", "cpu-per-transaction"), ("all", "response-p50")]);
    let slower: Change = |run| run.record.hub.as_mut().unwrap().cpu_seconds *= 1.2;
    let result = fifteen(&rules, slower);
    assert_eq!(verdict(&result, "all cpu-per-transaction"), MetricVerdict::InconclusiveAdvisory);
    assert!(!gate_junit(&result).contains("<failure"), "advice turns nothing red");
    row("only-stored-runs", &result, 0);
    let few = judge(&runs("new", 14, &rules, slower), &runs("old", 20, &rules, same), &rules);
    assert_eq!(few.verdict, GateVerdict::Inconclusive);
    assert!(few.reasons[0].contains("14 runs against 20") && few.reasons[0].contains("15 of each"));
    rules.stored_decides = true;
    row("stored-runs-that-decide", &fifteen(&rules, slower), 1);
}

#[test]
fn runs_that_cannot_be_believed() {
    let rules = rules(&[]);
    let late: Change = |run| {
        run.record.validity.valid = false;
        run.record.validity.reasons = vec!["The generator was late: send lag p99.9 was 1 s.".into()];
    };
    let mut most = runs("new", 9, &rules, same);
    most.extend(runs("late", 1, &rules, late));
    let result = judge(&most, &[], &rules);
    assert_eq!((result.verdict, result.budgets[0].trials.len()), (GateVerdict::Pass, 9));
    assert!(result.warnings[0].contains("late/01 is an invalid run and was left out"));
    row("some-invalid-runs", &result, 0);
    row("only-invalid-runs", &judge(&runs("new", 1, &rules, late), &[], &rules), 4);
}

#[test]
fn a_candidate_that_ended_in_the_middle() {
    let rules = rules(&[("all", "response-p50")]);
    let ended: Change = |run| {
        run.record.validity.valid = false;
        run.record.validity.reasons =
            vec!["The generator was late.".into(), "The hub's process ended during the run.".into()];
    };
    let (good, bad) = (runs("good", 1, &rules, same), runs("bad", 1, &rules, ended));
    row("a-candidate-that-ended", &judge(&bad, &good, &rules), 1);
    row("a-baseline-that-ended", &judge(&good, &bad, &rules), 4);
}

#[test]
fn the_warm_up_is_not_over() {
    let result = fifteen(&rules(&[("all", "response-p50")]), |run| {
        for (second, row) in run.series.iter_mut().enumerate() {
            row.response_p50_ns = 2_000_000 - 10_000 * second as u64;
        }
    });
    assert!(result.warnings.iter().any(|w| w.starts_with("The candidate's response times rose or fell")));
    assert!(!result.warnings.iter().any(|w| w.starts_with("The baseline's")));
    row("still-warming-up", &result, 0);
}

#[test]
fn there_is_nothing_to_judge() {
    let mut rules = rules(&[("all", "response-p50")]);
    rules.budgets.clear();
    row("nothing-to-judge", &judge(&runs("new", 1, &rules, same), &[], &rules), 2);
}
