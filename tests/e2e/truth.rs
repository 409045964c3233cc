//! Claims about the generator itself, held against a server that knows the truth: the reported percentiles are the true
//! ones; arrivals come when the plan says, as random as it says; a frozen server is asked all the same; the same seed
//! sends the same bytes whatever the number of sending threads; memory does not grow.
//!
//! This machine is shared, so the timing claims are judged on the best of a few attempts and print what they measured;
//! `SPINEBENCH_TRUTH=full` runs them at full length with the bounds (see the README).

use crate::support::{assert_exit, run_record, scenario};
use peers::known_server::{Behaviour, KnownServer, Seen};
use run_record::{ALL, Kind, Measured, find_histogram};
use std::collections::HashMap;

/// Attempts at a timing claim before it counts as broken.
const ATTEMPTS: u32 = 4;

fn full() -> bool {
    std::env::var("SPINEBENCH_TRUTH").is_ok_and(|v| v == "full")
}

struct Ask {
    rate: u32,
    seconds: u32,
    arrivals: &'static str,
    more: &'static str,
}

impl Ask {
    fn run(&self, server: &KnownServer) -> (Measured, scenarios::Scenario) {
        let (folder, file) = scenario(&format!(
            "title = \"Known server\"\nmix = {{ number = 1 }}\n[target]\nurl = \"http://{}\"\n[load]\narrivals = \"{}\"\n\
             {}\n[[phase]]\nname = \"steady\"\nduration = \"{}s\"\nrate = \"{}/s\"\n[validity]\n\
             \"send-lag-p99.9\" = \"10s\"\n",
            server.address, self.arrivals, self.more, self.seconds, self.rate
        ));
        std::fs::create_dir(folder.path().join("interactions")).expect("made");
        let interaction = "method = \"GET\"\npath = \"/n/{{seq}}\"\n[expect]\nstatus = 200\n";
        std::fs::write(folder.path().join("interactions/number.toml"), interaction).expect("written");
        let (output, measured) = run_record(&file, &[]);
        assert_exit(&output, 0);
        (measured, scenarios::load(&file).expect("loads"))
    }
}

/// A delay that is lognormal over the numbers: median 5 ms, p99 50 ms (sigma = ln 10 / 2.326).
fn lognormal_ns(number: u64) -> u64 {
    let mut x = number.wrapping_add(0x9e37_79b9_7f4a_7c15).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 31)).wrapping_mul(0x94d0_49bb_1331_11eb);
    let unit = |bits: u64| ((bits >> 11) + 1) as f64 / (1u64 << 53) as f64;
    let (u, v) = (unit(x ^ (x >> 29)), unit(x.rotate_left(32).wrapping_mul(0x9e37_79b9_7f4a_7c15)));
    let normal = (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos();
    (5e6 * (normal * 10f64.ln() / 2.326).exp()).min(480e6) as u64
}

/// The value at a quantile as HdrHistogram counts: the smallest that at least this share of samples does not exceed.
fn quantile(sorted: &[u64], q: f64) -> u64 {
    let rank = (q * sorted.len() as f64).ceil() as usize;
    sorted[rank.clamp(1, sorted.len()) - 1]
}

/// Per number: when it was planned, by the machine's monotonic clock.
fn planned_ns(measured: &Measured, scenario: &scenarios::Scenario) -> Vec<u64> {
    let start_ns = measured.record.harness.plan_start_monotonic_ns.expect("recorded");
    harness::run::plan_of(scenario).map(|a| start_ns + a.planned_ns).collect()
}

fn by_number(log: &[Seen]) -> HashMap<u64, Seen> {
    // What has no number is the question for the server's own status, before and after the run.
    log.iter().filter(|s| s.number != u64::MAX).map(|s| (s.number, *s)).collect()
}

/// Tries a timing claim a few times; the machine may be busy, the claim may not be wrong every time.
fn attempts(mut claim: impl FnMut() -> Result<String, String>) {
    let _alone = crate::support::alone();
    let mut said = Vec::new();
    for _ in 0..ATTEMPTS {
        match claim() {
            Ok(sentence) => return println!("{sentence}"),
            Err(sentence) => {
                println!("not yet: {sentence}");
                said.push(sentence);
            }
        }
    }
    panic!("{}", said.join("\n"));
}

fn percentiles_are_true(rate: u32, arrivals: &'static str) -> Result<String, String> {
    let seconds = if full() { 30 } else { 6 };
    let freeze = Some((10_000_000_000, 400_000_000));
    let server = KnownServer::start(Behaviour { delay_ns: lognormal_ns, freeze, record: false, spin: false });
    let more = "connections = 512\nconnections-max = 15000";
    let (measured, scenario) = Ask { rate, seconds, arrivals, more }.run(&server);
    let seen = by_number(&server.finish().0);
    let planned = planned_ns(&measured, &scenario);
    assert_eq!(seen.len(), planned.len(), "every planned request reached the server");
    let mut truth: Vec<u64> =
        planned.iter().enumerate().map(|(n, at)| seen[&(n as u64)].answered_ns.saturating_sub(*at)).collect();
    truth.sort_unstable();
    let reported = find_histogram(&measured.histograms, ALL, Kind::Response).expect("recorded");
    let mut line = format!("{arrivals} {rate}/s: quantile, true ms, reported ms:");
    let mut broken = false;
    for q in [0.5, 0.9, 0.99, 0.999] {
        let (t, r) = (quantile(&truth, q), reported.value_at_quantile(q));
        line += &format!("  {q} {:.3} {:.3}", t as f64 / 1e6, r as f64 / 1e6);
        broken |= t.abs_diff(r) > (t / 50).max(50_000);
    }
    if broken { Err(line) } else { Ok(line) }
}

#[test]
fn reported_percentiles_are_the_true_ones_at_the_national_peak() {
    for arrivals in ["poisson", "constant"] {
        attempts(|| percentiles_are_true(1_800, arrivals));
    }
}

#[test]
fn reported_percentiles_are_the_true_ones_at_ten_thousand_a_second() {
    for arrivals in ["poisson", "constant"] {
        attempts(|| percentiles_are_true(10_000, arrivals));
    }
}

#[test]
fn a_frozen_server_is_asked_all_the_same() {
    let _alone = crate::support::alone();
    let freeze = Some((4_000_000_000, 1_000_000_000));
    let server = KnownServer::start(Behaviour { delay_ns: |_| 0, freeze, record: false, spin: false });
    let ask = Ask { rate: 1_800, seconds: 6, arrivals: "poisson", more: "connections = 64" };
    let (measured, scenario) = ask.run(&server);
    let seen = by_number(&server.finish().0);
    // Those whose answers were held back for longest: the freeze, as the server's own log shows it.
    let planned = planned_ns(&measured, &scenario);
    let last = seen.values().max_by_key(|s| s.answered_ns - s.arrived_ns).expect("something was asked");
    let (from_ns, to_ns) = (last.arrived_ns, last.answered_ns);
    assert!(to_ns - from_ns > 900_000_000, "no freeze was met: {} ns", to_ns - from_ns);
    let due: Vec<usize> = (0..planned.len()).filter(|n| (from_ns..to_ns).contains(&planned[*n])).collect();
    let came = due.iter().filter(|n| seen.get(&(**n as u64)).is_some_and(|s| s.arrived_ns < to_ns)).count();
    println!("in a freeze of {} ms: {} due, {came} came", (to_ns - from_ns) / 1_000_000, due.len());
    assert!(due.len() > 1_500 && came * 100 >= due.len() * 99, "{came} of {} came", due.len());
    let connections = measured.record.observed.connections.expect("recorded");
    assert!(connections.peak > 1_000 && connections.opened_before == 64, "{connections:?}");
}

fn arrivals_keep_the_plan() -> Result<String, String> {
    let seconds = if full() { 600 } else { 15 };
    let server = KnownServer::start(Behaviour { delay_ns: |_| 0, freeze: None, record: false, spin: true });
    let ask = Ask { rate: 1_800, seconds, arrivals: "poisson", more: "" };
    let (measured, scenario) = ask.run(&server);
    let log = server.finish().0;
    let seen = by_number(&log);
    let planned = planned_ns(&measured, &scenario);
    let late: Vec<u64> =
        planned.iter().enumerate().map(|(n, at)| seen[&(n as u64)].arrived_ns.saturating_sub(*at)).collect();
    let median_of = |part: &[u64]| {
        let mut part = part.to_vec();
        part.sort_unstable();
        (quantile(&part, 0.5), quantile(&part, 0.99))
    };
    let (p50, p99) = median_of(&late);
    let tenth = late.len() / 10;
    let drift_ns = median_of(&late[late.len() - tenth..]).0.abs_diff(median_of(&late[..tenth]).0);
    let mut line = format!(
        "arrivals at 1,800/s over {seconds} s: late p50 {} us, p99 {} us, drift {} us; harness {:.1} % of a core;",
        p50 / 1_000,
        p99 / 1_000,
        drift_ns / 1_000,
        measured.record.harness.cpu_seconds * 100.0 / f64::from(seconds)
    );
    let lag = find_histogram(&measured.histograms, ALL, Kind::SendLag).expect("recorded");
    line += &format!(
        " send lag p50 {} us, p99 {} us;",
        lag.value_at_quantile(0.5) / 1_000,
        lag.value_at_quantile(0.99) / 1_000
    );
    let mut broken = p99 > if full() { 100_000 } else { 500_000 } || drift_ns > 50_000;
    let start_ns = measured.record.harness.plan_start_monotonic_ns.expect("recorded");
    for window_ns in [10_000_000u64, 100_000_000] {
        let windows = (u64::from(seconds) * 1_000_000_000 / window_ns) as usize;
        let mut counts = vec![0f64; windows];
        for s in &log {
            if let Some(c) = counts.get_mut((s.arrived_ns.saturating_sub(start_ns) / window_ns) as usize) {
                *c += 1.0;
            }
        }
        let mean = counts.iter().sum::<f64>() / windows as f64;
        let dispersion = counts.iter().map(|c| (c - mean).powi(2)).sum::<f64>() / windows as f64 / mean;
        // The standard error of the index itself, from so few windows, is the square root of 2 over their number.
        let allowed = 0.05f64.max(4.0 * (2.0 / windows as f64).sqrt());
        line += &format!(" index of dispersion at {} ms {dispersion:.3}", window_ns / 1_000_000);
        broken |= (dispersion - 1.0).abs() > allowed;
    }
    if broken { Err(line) } else { Ok(line) }
}

#[test]
fn arrivals_reach_the_server_when_the_plan_says_and_as_random_as_it_says() {
    attempts(arrivals_keep_the_plan);
}

#[test]
fn the_same_seed_sends_the_same_bytes_whatever_the_number_of_sending_threads() {
    let _alone = crate::support::alone();
    let mut sent: Vec<Vec<Vec<u8>>> = Vec::new();
    let mut port = None;
    for workers in [1, 3] {
        let server =
            KnownServer::start(Behaviour { delay_ns: |_| 0, freeze: None, record: true, spin: false });
        let (folder, file) = scenario(&format!(
            "title = \"Bytes\"\nmix = {{ say = 3, tell = 1 }}\n[target]\nurl = \"http://{}\"\n[load]\nworkers = {workers}\n\
             [[phase]]\nname = \"steady\"\nduration = \"2s\"\nrate = \"500/s\"\n",
            server.address
        ));
        std::fs::create_dir(folder.path().join("interactions")).expect("made");
        let say = "method = \"GET\"\npath = \"/Patient/{{patient.nhs_number}}?q={{hex.6}}\"\n[headers]\nX-Id = \"{{uuid.a}}\"\n\
                   Authorization = \"Bearer {{session.token}}\"\n[expect]\nstatus = 200\n";
        let tell = "method = \"POST\"\npath = \"/tell/{{seq}}\"\nbody-text = \"{\\\"who\\\":\\\"{{patient.family}}\\\",\
                    \\\"org\\\":\\\"{{organisation.name}}\\\",\\\"text\\\":\\\"{{text.300}}\\\"}\"\n[headers]\n\
                    Content-Type = \"application/json\"\n[expect]\nstatus = 200\n";
        std::fs::write(folder.path().join("interactions/say.toml"), say).expect("written");
        std::fs::write(folder.path().join("interactions/tell.toml"), tell).expect("written");
        let (output, measured) = run_record(&file, &[]);
        assert_exit(&output, 0);
        assert_eq!(measured.record.harness.workers, workers);
        let address = server.address.to_string();
        let mut bytes = server.finish().1;
        bytes.retain(|request| !request.starts_with(b"GET /_status "));
        // The address is the only thing that differs between two servers.
        let first = port.get_or_insert_with(|| address.clone()).clone();
        for request in &mut bytes {
            *request = String::from_utf8_lossy(request).replace(&address, &first).into_bytes();
        }
        bytes.sort();
        sent.push(bytes);
    }
    assert_eq!(sent[0].len(), 1_000);
    assert!(sent[0] == sent[1], "the bytes differ between one sending thread and three");
}

#[test]
fn memory_does_not_grow_with_the_length_of_a_run() {
    let _alone = crate::support::alone();
    let seconds = if full() { 1_800 } else { 20 };
    let rate = if full() { 5_000 } else { 2_000 };
    let server =
        KnownServer::start(Behaviour { delay_ns: |_| 1_000_000, freeze: None, record: false, spin: false });
    let (measured, _) = Ask { rate, seconds, arrivals: "poisson", more: "" }.run(&server);
    drop(server.finish());
    let harness: Vec<u64> = measured
        .resources
        .iter()
        .filter(|r| r.who == run_record::Who::Harness)
        .map(|r| r.rss_bytes)
        .collect();
    // Warm after a tenth: every histogram and buffer has been asked for.
    let warm = harness[harness.len() / 10];
    let last = *harness.iter().rev().take(5).min().expect("samples");
    println!(
        "{rate}/s for {seconds} s: harness {} KiB after a tenth, {} KiB at the end",
        warm / 1024,
        last / 1024
    );
    assert!(last.saturating_sub(warm) < 5_000_000, "grew by {} bytes", last.saturating_sub(warm));
}
