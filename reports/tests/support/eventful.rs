//! The made-up run with every part that a run may observe, though no single scenario has them all; for the tests of the reports
//! and for `examples/sample-report.rs`. Measured nothing.

use run_record::*;

use crate::support::peak;

/// The same with every part that a run may observe, though no single scenario has them all.
pub fn eventful() -> Measured {
    let mut run = peak();
    run.record.observed = observed();
    for row in &mut run.series {
        // The made-up hub was killed at 41.3 s and answered again within a second and a half.
        row.failed = if row.second == 41 {
            row.planned * 6 / 10
        } else if row.second == 42 {
            row.planned / 4
        } else {
            0
        };
        row.answered = row.planned - row.failed;
    }
    run
}

fn observed() -> Observed {
    let event = |text: &str, at_s: f64, took_s: f64, recovered_s: Option<f64>, lost: u64| EventRow {
        text: text.into(),
        at_s,
        began_s: at_s + 0.002,
        took_s,
        recovered_s,
        lost_requests: lost,
        fault: None,
    };
    let journey = |name: &str, steps: &[&str], begun: u64, failed_at: &[u64], p50_ns: u64| JourneyRow {
        journey: name.into(),
        steps: steps.iter().map(|s| (*s).into()).collect(),
        begun,
        completed: begun - failed_at.iter().sum::<u64>() - 7,
        failed: failed_at.iter().sum(),
        ended_early: 5,
        unfinished: 2,
        failed_at: failed_at.to_vec(),
        duration_p50_ns: p50_ns,
        duration_p99_ns: p50_ns * 3,
    };
    let users = |name: &str, count: u32, think_mean_s: f64| UsersRow {
        name: name.into(),
        count,
        requests: u64::from(count) * 14,
        failed: 3,
        sessions: u64::from(count) + 4,
        think_mean_s,
    };
    Observed {
        connections: Some(ConnectionFacts {
            transport: "mutual-tls".into(),
            opened_before: 28_000,
            opened: 28_310,
            peak: 28_040,
            sources: 4,
            identities: 28_000,
            opening_s: 12.4,
            handshakes_per_s: 2_258.0,
            handshake_p50_ns: 3_100_000,
            handshake_p99_ns: 9_800_000,
            failed: 2,
            harness_bytes_each: Some(21_500.0),
            hub_bytes_each: Some(34_800.0),
        }),
        journeys: vec![
            journey("pds-update", &["pds-trace", "pds-retrieve", "pds-update"], 2_644, &[0, 1, 11], 5_200_000),
            journey("prescription", &["eps-prescribe", "eps-release", "eps-dispense", "eps-claim"], 2_430, &[0; 4], 41_000_000_000),
        ],
        users: vec![users("clinician", 400, 12.1), users("receptionist", 250, 4.9)],
        trace: Some(TraceFacts {
            path: "trace.csv".into(),
            rows: 120_000,
            sent: 119_996,
            speed: 2.0,
            out_of_order: 0,
            late_p50_ns: 52_000,
            late_p99_ns: 910_000,
            late_max_ns: 4_100_000,
        }),
        events: vec![
            event("inject delay 50ms p=0.1", 20.0, 0.01, None, 0),
            event("hub-kill", 41.3, 1.2, Some(1.45), 1_540),
            EventRow { fault: Some("the hub was still starting".into()), ..event("hub-stop 1s", 42.0, 1.0, Some(1.1), 210) },
        ],
        resilience: Some(Resilience {
            availability: 0.985_741,
            seconds_good: 0.966_666,
            longest_outage_s: 1.21,
            writes_acknowledged: 24_512,
            writes_checked: 24_400,
            writes_lost: 0,
            duplicated: 0,
            basis: vec![
                "Every acknowledged prescription and message was asked for again through the published interfaces.".into(),
                "Uploads to SCR were not looked up.".into(),
            ],
        }),
        noise: Some(NoiseFacts {
            steal_share: Some(0.004),
            others_share: Some(0.031),
            throttled_share: Some(0.0),
            longest_pause_ns: 2_300_000,
            clock_step_ns: -1_200,
            floor_ratio: Some(1.03),
        }),
        steady: Some(SteadyFacts { seconds: 60, p50_ratio: 1.01, trend_z: 0.7, p99_ratio: 1.05, p99_trend_z: 1.1, steady: true, steady_after_s: None }),
    }
}
