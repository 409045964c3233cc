//! Made-up gate results, one for each verdict and one that is hostile, for the tests of the output formats here and from outside.
//! Every figure is invented.

use reports::gate::*;
use run_record::{Host, Tool};

/// All of them by name.
pub fn gates() -> Vec<(&'static str, GateResult)> {
    vec![
        ("pass", pass()),
        ("regressed", regressed()),
        ("over-budget", over_budget()),
        ("inconclusive", inconclusive()),
        ("invalid", invalid()),
        ("infrastructure", infrastructure()),
        ("hostile", hostile()),
        ("many", many()),
    ]
}

fn metric(interaction: &str, metric: &str, verdict: MetricVerdict, before: f64, change: f64) -> GateMetric {
    GateMetric {
        interaction: interaction.into(),
        metric: metric.into(),
        unit: if metric == "rate" { "1/s" } else { "ns" }.into(),
        scale: Scale::Relative,
        verdict,
        baseline: Some(before),
        candidate: Some(before * (1.0 + change)),
        estimate: Some(change),
        ci_low: Some(change - 0.0125),
        ci_high: Some(change + 0.0131),
        p_adjusted: Some(if verdict == MetricVerdict::Regressed { 0.000_5 } else { 0.81 }),
        mde: Some(0.024),
        floor: 0.01,
        margin: 0.05,
        rule: Some(Location { file: "ci/budget.toml".into(), line: 9 }),
        note: None,
    }
}

fn budget(name: &str, verdict: BudgetOutcome, trials: &[f64]) -> GateBudget {
    GateBudget {
        interaction: "pds-retrieve".into(),
        metric: name.into(),
        unit: "ns".into(),
        limit: 25e6,
        limit_text: "25ms".into(),
        trials: trials.iter().copied().map(Some).collect(),
        verdict,
        rule: Some(Location { file: "ci/budget.toml".into(), line: 21 }),
        note: None,
    }
}

/// Nothing moved.
pub fn pass() -> GateResult {
    let mut errors = metric("all", "errors", MetricVerdict::Unchanged, 0.001, 0.0);
    errors.unit = "share".into();
    errors.scale = Scale::Difference;
    (errors.candidate, errors.estimate, errors.ci_low, errors.ci_high) =
        (Some(0.0012), Some(0.0002), Some(-0.0001), Some(0.0005));
    (errors.floor, errors.margin, errors.mde) = (0.0, 0.001, Some(0.0006));
    GateResult {
        schema: GATE_RESULT_SCHEMA.into(),
        kind: GateKind::Ab,
        verdict: GateVerdict::Pass,
        reasons: vec!["All 4 metrics are unchanged or better, and all budgets are met.".into()],
        attempt: 1,
        started: Some("2026-01-05T09:30:00Z".into()),
        scenario: GateScenario {
            title: "Smoke: a little of everything".into(),
            sha256: Some("3f".repeat(32)),
        },
        baseline: Some(GateSide {
            what: "target/main/spinebench".into(),
            sha256: Some("a1".repeat(32)),
            version: Some("0.1.0".into()),
            runs: vec![],
        }),
        candidate: GateSide {
            what: "target/release/spinebench".into(),
            sha256: Some("b2".repeat(32)),
            version: Some("0.2.0".into()),
            runs: vec![],
        },
        settings: GateSettings { alpha: 0.01, beta: 0.05, looks: vec![15, 22, 32, 46, 66, 80] },
        blocks_used: 15,
        blocks_dropped: 1,
        seconds: Some(128.4),
        pairing: Some(Pairing::Interleaved),
        coin_flips: "BCCBBCBCCCBCBBC".into(),
        metrics: vec![
            metric("all", "response-p50", MetricVerdict::Unchanged, 0.42e6, 0.004),
            metric("all", "cpu-per-transaction", MetricVerdict::Improved, 61_200.0, -0.031),
            metric("all", "rate", MetricVerdict::Unchanged, 1_800.0, -0.002),
            errors,
        ],
        budgets: vec![budget("response-p50", BudgetOutcome::Met, &[0.43e6, 0.41e6, 0.44e6])],
        fingerprints: Fingerprints {
            tool: Tool { version: "0.2.0".into(), profile: "release".into() },
            machine: Some(Host {
                os: "Debian GNU/Linux 13".into(),
                kernel: "6.12.48".into(),
                cpu: "Example 2-core processor".into(),
                cores: 2,
                memory_bytes: 8 << 30,
            }),
        },
        warnings: vec![],
    }
}

fn regressed() -> GateResult {
    let mut result = pass();
    result.verdict = GateVerdict::Regressed;
    result.attempt = 2;
    result.reasons = vec!["pds-retrieve response-p99 is worse by 12.4 %, allowed up to 1 %.".into()];
    result.metrics.push(metric("pds-retrieve", "response-p99", MetricVerdict::Regressed, 9.8e6, 0.124));
    result.metrics.push(metric("all", "rate", MetricVerdict::Regressed, 1_800.0, -0.08));
    let mut missing = metric("mesh-send", "response-p50", MetricVerdict::Missing, 2.5e6, 0.0);
    (missing.candidate, missing.estimate, missing.ci_low, missing.ci_high) = (None, None, None, None);
    (missing.p_adjusted, missing.mde) = (None, None);
    result.metrics.push(missing);
    let mut new = metric("eps-cancel", "response-p50", MetricVerdict::New, 0.0, 0.0);
    (new.baseline, new.candidate, new.estimate, new.ci_low, new.ci_high) =
        (None, Some(3e6), None, None, None);
    (new.p_adjusted, new.mde) = (None, None);
    result.metrics.push(new);
    result
}

fn over_budget() -> GateResult {
    let mut result = pass();
    result.kind = GateKind::Absolute;
    result.verdict = GateVerdict::OverBudget;
    result.baseline = None;
    result.pairing = None;
    result.coin_flips = String::new();
    result.metrics.clear();
    result.reasons = vec!["1 of 3 budgets is broken.".into()];
    result.budgets = vec![
        budget("response-p50", BudgetOutcome::Met, &[0.43e6]),
        budget("response-p99", BudgetOutcome::Broken, &[31e6, 29e6, 34e6, 28e6, 33e6, 36e6, 30e6]),
        budget(
            "response-p90",
            BudgetOutcome::Borderline,
            &[24e6, 26e6, 25e6, 25.5e6, 24.6e6, 25.1e6, 24.2e6],
        ),
    ];
    result
}

fn inconclusive() -> GateResult {
    let mut result = pass();
    result.verdict = GateVerdict::Inconclusive;
    result.blocks_used = 80;
    result.reasons = vec!["1 of 5 metrics is still open after 80 blocks: all response-p99.9.".into()];
    let mut open = metric("all", "response-p99.9", MetricVerdict::InconclusiveFewSamples, 18e6, 0.09);
    (open.ci_low, open.ci_high, open.mde) = (Some(-0.2), Some(0.41), Some(0.55));
    open.note = Some("1,200 requests a trial, 10,000 needed: 28 s a trial.".into());
    result.metrics.push(open);
    result.metrics.push(metric("all", "service-p99", MetricVerdict::InconclusiveNoise, 8e6, 0.03));
    result.warnings =
        vec!["Response times were still falling in 9 of 15 trials: the warm-up is short.".into()];
    result
}

fn invalid() -> GateResult {
    let mut result = pass();
    result.kind = GateKind::Stored;
    result.verdict = GateVerdict::Invalid;
    result.reasons =
        vec!["Not comparable: scenario got \"3f3f\" and \"4e4e\", allowed the same in both.".into()];
    (result.metrics, result.budgets, result.started, result.seconds) = (vec![], vec![], None, None);
    (result.blocks_used, result.blocks_dropped) = (0, 0);
    result
}

fn infrastructure() -> GateResult {
    let mut result = invalid();
    result.kind = GateKind::Replay;
    result.verdict = GateVerdict::Infrastructure;
    result.fingerprints.machine = None;
    result.scenario.sha256 = None;
    result.reasons = vec!["127.0.0.1:9: no answer: connection refused.".into()];
    result
}

/// Text that would break a format that lets it through, and figures that are none.
fn hostile() -> GateResult {
    let evil = "a,b:c%d|e`f\\g\"h'i<script>&amp;\u{0}\u{7}\u{fffe}\r\n::error::x ]]> # EOF {x=\"y\"} \u{1f600} @all [l](u)";
    let mut result = regressed();
    result.scenario.title = evil.into();
    result.reasons = vec![evil.into()];
    result.warnings = vec![evil.into()];
    result.candidate.what = evil.into();
    for m in &mut result.metrics {
        m.interaction = evil.into();
        m.metric += evil;
        m.note = Some(evil.into());
        m.rule = Some(Location { file: evil.into(), line: 1 });
    }
    result.metrics[0].estimate = Some(f64::NAN);
    result.metrics[0].ci_high = Some(f64::INFINITY);
    result.metrics[1].candidate = Some(f64::INFINITY);
    result.metrics[1].note = None;
    result.seconds = Some(f64::NAN);
    for b in &mut result.budgets {
        b.interaction = evil.into();
        b.limit_text = evil.into();
        b.verdict = BudgetOutcome::Broken;
        b.trials = vec![Some(1.0), Some(f64::NAN), None];
    }
    result
}

/// More than any page or step shows: 12,000 regressions.
fn many() -> GateResult {
    let mut result = regressed();
    let one = |i: u32| {
        let change = 0.02 + f64::from(i) / 100_000.0;
        metric(&format!("interaction-{i}"), "response-p99", MetricVerdict::Regressed, 9e6, change)
    };
    result.metrics.extend((0..12_000).map(one));
    result
}
