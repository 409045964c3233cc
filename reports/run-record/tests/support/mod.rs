//! A small made-up run for the record's tests: two interactions, three seconds, one failure. Holds no real figures.

use std::collections::BTreeMap;

use run_record::*;

/// The run.
pub fn run() -> Measured {
    let histograms = histograms();
    let failed = BTreeMap::from([("mesh-send".to_owned(), 1)]);
    Measured {
        interactions: interaction_rows(&histograms, &failed),
        series: (0..3).map(second).collect(),
        resources: (0..3).flat_map(|s| [resources(s, Who::Hub), resources(s, Who::Harness)]).collect(),
        errors: vec![ErrorRow {
            interaction: "mesh-send".into(),
            kind: "status".into(),
            detail: "got 503, \"allowed\" 202".into(),
            count: 1,
            first_at_s: 1.25,
        }],
        heat_map: heat_map(),
        histograms,
        record: record(),
    }
}

fn histograms() -> Vec<NamedHistogram> {
    let mut made = Vec::new();
    for (interaction, count) in [(ALL, 3_000u64), ("pds-retrieve", 2_000), ("mesh-send", 1_000)] {
        for (kind, base_ns) in [(Kind::Response, 900_000), (Kind::Service, 850_000), (Kind::SendLag, 40_000)]
        {
            let mut histogram = new_histogram();
            for i in 0..count {
                // A long, smooth tail: the last samples are a hundred times the first.
                histogram.saturating_record(base_ns * (100 * i * i / (count * count) + 1));
            }
            made.push(NamedHistogram { interaction: interaction.into(), kind, histogram });
        }
    }
    made
}

fn second(second: u32) -> SecondRow {
    SecondRow {
        second,
        phase: if second == 0 { "warm-up" } else { "peak, \"measured\"" }.into(),
        measured: second > 0,
        planned: 1_500,
        sent: 1_500,
        dropped: 0,
        answered: 1_499,
        failed: 1,
        response_p50_ns: 900_000,
        response_p99_ns: 70_000_000,
        response_max_ns: 90_900_000,
        service_p99_ns: 65_000_000,
        send_lag_p99_ns: 4_000_000,
    }
}

fn resources(second: u32, who: Who) -> ResourceRow {
    ResourceRow { second, who, cpu_share: 0.25, rss_bytes: 150_000_000 + u64::from(second) }
}

fn heat_map() -> HeatMap {
    let mut map = HeatMap::new();
    map.add(2, 1_000_000, 7);
    map.add(0, 1, 5);
    map.add(0, u64::MAX, 1);
    map
}

fn record() -> RunRecord {
    RunRecord {
        format_version: FORMAT_VERSION,
        tool: Tool { version: "0.1.0".into(), profile: "release".into() },
        command: "spinebench run scenarios/small.toml".into(),
        started: "2026-01-05T09:30:00Z".into(),
        scenario: ScenarioRef {
            title: "Small".into(),
            path: "scenarios/small.toml".into(),
            text: "title = \"Small\"\nseed = 42\n".into(),
            sha256: "00".repeat(32),
            changes: Vec::new(),
        },
        seed: 42,
        model: "open".into(),
        arrivals: "poisson".into(),
        connections: 16,
        target: TargetRef { kind: "embedded".into(), url: "http://127.0.0.1:40000".into(), authorised: None },
        counts: Counts { planned: 3_000, sent: 3_000, dropped: 0, answered: 2_999, failed: 1 },
        counts_all: Counts { planned: 4_500, sent: 4_500, dropped: 0, answered: 4_499, failed: 1 },
        rate_per_s: RatePerS { planned: 1_500.0, achieved: 1_499.5 },
        measured_s: 2.0,
        phases: vec![phase("warm-up", 0.0, 1.0, false), phase("peak, \"measured\"", 1.0, 2.0, true)],
        mix: vec![mix("pds-retrieve", 0.6, 0.5, Some(245.0)), mix("mesh-send", 0.4, 0.3, None)],
        not_replayed: vec![NotReplayedRef {
            row: "GP2GP extract".into(),
            share: 0.2,
            why: "no interaction yet".into(),
        }],
        validity: Validity { valid: true, reasons: vec![], warnings: vec!["One core was shared.".into()] },
        budgets: vec![BudgetVerdict {
            interaction: "all".into(),
            metric: "response-p99".into(),
            limit: 250e6,
            limit_text: "250ms".into(),
            measured: Some(88_000_000.0),
            met: true,
        }],
        verdict: Verdict::Pass,
        host: Host {
            os: "Debian GNU/Linux 13".into(),
            kernel: "6.12.0".into(),
            cpu: "Example CPU".into(),
            cores: 2,
            memory_bytes: 8 << 30,
        },
        hub: Some(HubFacts {
            counts: BTreeMap::from([("mesh-send".into(), 1_500), ("pds-retrieve".into(), 3_000)]),
            total: 4_500,
            cpu_seconds: 0.75,
            rss_bytes_peak: 150_000_002,
            store: Some("fjall".into()),
            fsync_ns_p50: Some(94_000),
            seed_s: Some(6.5),
            data_bytes_before: Some(9_000_000),
            data_bytes: Some(18_000_000),
        }),
        harness: HarnessFacts {
            cpu_seconds: 0.5,
            rss_bytes_peak: 50_000_000,
            workers: 1,
            clock_read_ns: Some(25),
            wake_late_ns_p50: Some(12_000),
            wake_late_ns_p99: None,
            floor: None,
            plan_start_monotonic_ns: None,
        },
        hours_per_day: None,
        observed: Default::default(),
        interrupted: false,
        files: BTreeMap::new(),
        seal: String::new(),
    }
}

fn phase(name: &str, start_s: f64, duration_s: f64, measured: bool) -> PhaseRef {
    PhaseRef {
        name: name.into(),
        start_s,
        duration_s,
        from_per_s: 1_500.0,
        to_per_s: 1_500.0,
        measured,
        shape: String::new(),
    }
}

fn mix(interaction: &str, share: f64, share_stated: f64, legacy_ms: Option<f64>) -> MixRef {
    MixRef {
        interaction: interaction.into(),
        share,
        share_stated,
        attended: legacy_ms.is_some(),
        legacy_ms,
        spine2_ms: None,
        source: "made up for a test".into(),
    }
}
