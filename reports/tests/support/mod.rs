//! A made-up run of the national peak, for the tests of the reports and for `examples/sample-report.rs`. The shares are the
//! shipped mix's; every time, count and processor figure is drawn from a fixed generator and measured nothing.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use run_record::*;

const SECONDS: u32 = 70;
const WARM_UP_S: u32 = 10;
const RATE_PER_S: f64 = 1_800.0;
/// A short pause of the made-up hub, so that the charts have something to show.
const PAUSE_S: f64 = 41.3;

/// Interaction, stated share, attended, legacy ms, Spine 2 ms, made-up median in µs.
const MIX: [(&str, f64, bool, f64, f64, f64); 23] = [
    ("pds-retrieve", 0.355031, true, 245.0, 27.0, 420.0),
    ("mesh-inbox", 0.120010, false, 136.0, 15.0, 260.0),
    ("pds-trace", 0.085007, true, 382.0, 42.0, 780.0),
    ("eps-dispense", 0.045004, false, 1091.0, 120.0, 2_900.0),
    ("eps-claim", 0.043003, false, 1091.0, 120.0, 2_600.0),
    ("eps-prescribe", 0.040004, false, 1273.0, 140.0, 3_100.0),
    ("cis-validate", 0.040003, false, 109.0, 12.0, 210.0),
    ("sds-lookup", 0.030002, false, 182.0, 20.0, 340.0),
    ("scr-upload", 0.026002, false, 1818.0, 200.0, 4_200.0),
    ("pds-update", 0.022002, true, 1636.0, 180.0, 2_400.0),
    ("eps-release", 0.020002, false, 1000.0, 110.0, 3_300.0),
    ("mesh-send", 0.017001, false, 273.0, 30.0, 2_500.0),
    ("mesh-download", 0.017001, false, 273.0, 30.0, 650.0),
    ("mesh-acknowledge", 0.017001, false, 182.0, 20.0, 2_200.0),
    ("pds-trace-advanced", 0.010001, true, 1091.0, 120.0, 1_900.0),
    ("eps-prescribe-patient-held", 0.005, false, 1273.0, 140.0, 3_100.0),
    ("eps-dispense-partial", 0.005, false, 1091.0, 120.0, 2_900.0),
    ("eps-cancel", 0.0015, true, 1273.0, 140.0, 2_500.0),
    ("scr-list", 0.001, true, 545.0, 60.0, 500.0),
    ("mesh-endpoint-lookup", 0.001, false, 182.0, 20.0, 300.0),
    ("scr-retrieve", 0.0009, true, 818.0, 90.0, 1_100.0),
    ("mesh-handshake", 0.0005, false, 136.0, 15.0, 230.0),
    ("mesh-track", 0.002, false, 182.0, 20.0, 300.0),
];

const NOT_REPLAYED: [(&str, f64); 6] = [
    ("e-RS: e-Referral Service read/search", 0.025002),
    ("CIS: smartcard login + role assertion", 0.020002),
    ("SSP: GP Connect / SSP read via proxy", 0.020002),
    ("SCR: permissions to view", 0.006),
    ("EPS: patient release", 0.005),
    ("GP2GP: continue/fragment", 0.004),
];

/// xorshift: the same numbers on every machine.
struct Draws(u64);

impl Draws {
    fn unit(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Roughly normal: the sum of twelve.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }
}

/// The run, judged.
pub fn peak() -> Measured {
    static RUN: OnceLock<Measured> = OnceLock::new();
    let made = || {
        let mut run = measured();
        reports::complete(&mut run, &budget_lines(), Some(&case()));
        run
    };
    RUN.get_or_init(made).clone()
}

/// The shipped calibration case.
pub fn case() -> cost_model::Model {
    cost_model::load_model(None, std::path::Path::new("cases/spine-2015.toml"))
        .expect("the shipped case loads")
}

/// The national peak's budgets.
pub fn budget_lines() -> Vec<BudgetLine> {
    let line = |interaction: &str, metric: &str, limit: f64, text: &str| BudgetLine {
        interaction: interaction.into(),
        metric: metric.into(),
        limit,
        limit_text: text.into(),
    };
    vec![
        line("all", "response-p99", 250e6, "250ms"),
        line("all", "errors", 0.001, "0.1%"),
        line("pds-retrieve", "response-p50", 25e6, "25ms"),
        line("pds-retrieve", "response-p99", 100e6, "100ms"),
    ]
}

fn measured() -> Measured {
    let mut draws = Draws(0x9e37_79b9_7f4a_7c15);
    let mut histograms: Vec<NamedHistogram> = std::iter::once(ALL)
        .chain(MIX.iter().map(|row| row.0))
        .flat_map(|name| Kind::EACH.map(|kind| (name, kind)))
        .map(|(name, kind)| NamedHistogram { interaction: name.into(), kind, histogram: new_histogram() })
        .collect();
    let total: f64 = MIX.iter().map(|row| row.1).sum();
    let mut series = Vec::new();
    let mut heat_map = HeatMap::new();
    let (mut counts, mut counts_all) = (Counts::default(), Counts::default());
    for second in 0..SECONDS {
        let measured = second >= WARM_UP_S;
        let rate =
            if measured { RATE_PER_S } else { RATE_PER_S * (f64::from(second) + 0.5) / f64::from(WARM_UP_S) };
        let planned = (rate + draws.normal() * rate.sqrt()).round() as u64;
        let (mut times, mut service_times, mut lags) = (new_histogram(), new_histogram(), new_histogram());
        for _ in 0..planned {
            let at_s = f64::from(second) + draws.unit();
            let mut pick = draws.unit() * total;
            let row = MIX
                .iter()
                .position(|row| {
                    pick -= row.1;
                    pick <= 0.0
                })
                .unwrap_or(0);
            let mut service_ns = MIX[row].5 * 1e3 * (0.35 * draws.normal()).exp();
            if draws.unit() < 0.004 {
                service_ns += 9e6 * draws.unit();
            }
            let lag_ns = 22e3 * (0.5 * draws.normal()).exp();
            // Whoever is planned within the pause waits for its end.
            let paused_ns =
                if (PAUSE_S..PAUSE_S + 0.06).contains(&at_s) { (PAUSE_S + 0.06 - at_s) * 1e9 } else { 0.0 };
            let response_ns = (service_ns + lag_ns + paused_ns) as u64;
            heat_map.add(second, response_ns, 1);
            times.saturating_record(response_ns);
            service_times.saturating_record((service_ns + paused_ns) as u64);
            lags.saturating_record(lag_ns as u64);
            if measured {
                let values = [response_ns, (service_ns + paused_ns) as u64, lag_ns as u64];
                for (kind, ns) in values.into_iter().enumerate() {
                    histograms[kind].histogram.saturating_record(ns);
                    histograms[3 * (row + 1) + kind].histogram.saturating_record(ns);
                }
            }
        }
        for counts in [Some(&mut counts_all), measured.then_some(&mut counts)].into_iter().flatten() {
            counts.planned += planned;
            counts.sent += planned;
            counts.answered += planned;
        }
        series.push(SecondRow {
            second,
            phase: if measured { "peak" } else { "warm-up" }.into(),
            measured,
            planned,
            sent: planned,
            dropped: 0,
            answered: planned,
            failed: 0,
            response_p50_ns: times.value_at_quantile(0.5),
            response_p99_ns: times.value_at_quantile(0.99),
            response_max_ns: times.max(),
            service_p99_ns: service_times.value_at_quantile(0.99),
            send_lag_p99_ns: lags.value_at_quantile(0.99),
        });
    }
    let resources = (0..SECONDS).flat_map(|second| {
        let load = (f64::from(second + 1) / f64::from(WARM_UP_S)).min(1.0);
        let mut row = |who, cpu: f64, rss: f64| ResourceRow {
            second,
            who,
            cpu_share: load * cpu * (1.0 + 0.03 * draws.normal()),
            rss_bytes: (rss + 4e5 * f64::from(second)) as u64,
        };
        [row(Who::Hub, 0.31, 412e6), row(Who::Harness, 0.12, 58e6)]
    });
    let resources: Vec<ResourceRow> = resources.collect();
    let record = record(counts, counts_all, total);
    let interactions = interaction_rows(&histograms, &BTreeMap::new());
    Measured { record, interactions, series, resources, errors: Vec::new(), heat_map, histograms }
}

fn record(counts: Counts, counts_all: Counts, total: f64) -> RunRecord {
    let left_out = NOT_REPLAYED.iter().map(|(row, share)| NotReplayedRef {
        row: (*row).into(),
        share: *share,
        why: "the hub does not answer it yet".into(),
    });
    RunRecord {
        format_version: FORMAT_VERSION,
        tool: Tool { version: "0.1.0".into(), profile: "release".into() },
        command: "spinebench run scenarios/national-peak.toml".into(),
        started: "2026-01-05T09:30:00Z".into(),
        scenario: ScenarioRef {
            title: "National peak: 1,800 transactions per second".into(),
            path: "scenarios/national-peak.toml".into(),
            text: "title = \"National peak: 1,800 transactions per second\"\nseed  = 42\nmix   = \"mixes/spine-2015.csv\"\n".into(),
            sha256: "3f".repeat(32),
            changes: Vec::new(),
        },
        seed: 42,
        model: "open".into(),
        arrivals: "poisson".into(),
        connections: 256,
        target: TargetRef { kind: "embedded".into(), url: "http://127.0.0.1:41873".into(), authorised: None },
        counts,
        counts_all,
        rate_per_s: RatePerS { planned: counts.planned as f64 / 60.0, achieved: counts.answered as f64 / 60.0 },
        measured_s: f64::from(SECONDS - WARM_UP_S),
        phases: vec![
            PhaseRef { name: "warm-up".into(), start_s: 0.0, duration_s: 10.0, from_per_s: 0.0, to_per_s: 1_800.0, measured: false, shape: String::new() },
            PhaseRef { name: "peak".into(), start_s: 10.0, duration_s: 60.0, from_per_s: 1_800.0, to_per_s: 1_800.0, measured: true, shape: String::new() },
        ],
        mix: MIX
            .iter()
            .map(|(name, share, attended, legacy, spine2, _)| MixRef {
                interaction: (*name).into(),
                share: share / total,
                share_stated: *share,
                attended: *attended,
                legacy_ms: Some(*legacy),
                spine2_ms: Some(*spine2),
                source: "share ESTIMATE; sizes MEASURED; ms ESTIMATE".into(),
            })
            .collect(),
        not_replayed: left_out.collect(),
        validity: Validity { valid: true, reasons: vec![], warnings: vec!["Hub and harness shared 2 cores of this machine.".into()] },
        budgets: Vec::new(),
        verdict: Verdict::Pass,
        host: Host {
            os: "Debian GNU/Linux 13".into(),
            kernel: "6.12.48".into(),
            cpu: "Example 2-core processor".into(),
            cores: 2,
            memory_bytes: 8 << 30,
        },
        hub: Some(HubFacts {
            counts: BTreeMap::from([("all of them".into(), counts_all.answered)]),
            total: counts_all.answered,
            cpu_seconds: 18.6,
            rss_bytes_peak: 440_000_000,
            store: Some("fjall".into()),
            fsync_ns_p50: Some(94_000),
            seed_s: Some(8.2),
            data_bytes_before: Some(100_000_000),
            data_bytes: Some(568_000_000),
        }),
        harness: HarnessFacts {
            cpu_seconds: 7.2,
            rss_bytes_peak: 86_000_000,
            workers: 1,
            clock_read_ns: Some(27),
            wake_late_ns_p50: Some(11_000),
            wake_late_ns_p99: Some(48_000),
            floor: Some(Floor { count: 20_000, service_p50_ns: 31_000, service_p99_ns: 74_000 }),
            plan_start_monotonic_ns: None,
        },
        hours_per_day: None,
        observed: Default::default(),
        interrupted: false,
        files: BTreeMap::new(),
        seal: String::new(),
    }
}
