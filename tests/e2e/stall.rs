//! Claim: when the hub freezes for a second, every caller whose request was due in that second is counted with the time
//! it really waited; service time, which begins when we got round to sending, does not move; no request is lost.

use crate::support::{Hub, assert_exit, run_record, scenario};
use run_record::{ALL, Kind, find_histogram};
use std::time::{Duration, Instant};

const RATE_PER_S: u64 = 1_000;
const RUN_S: u64 = 10;

/// The 99th percentile of response time that the schedule dictates when everything due in a freeze of `freeze_ns`
/// beginning at `at_ns` is answered at its end and everything else at once.
fn dictated_p99_ns(plan: impl Iterator<Item = harness::plan::Arrival>, at_ns: u64, freeze_ns: u64) -> u64 {
    let end_ns = at_ns + freeze_ns;
    let mut waits_ns: Vec<u64> = plan
        .map(|a| if (at_ns..end_ns).contains(&a.planned_ns) { end_ns - a.planned_ns } else { 0 })
        .collect();
    waits_ns.sort_unstable();
    waits_ns[waits_ns.len() * 99 / 100]
}

#[test]
#[allow(clippy::disallowed_methods, reason = "the freeze is timed from outside, by the test's own clock")]
fn stalled_hub_shows_in_response_time() {
    let _alone = crate::support::alone();
    let data = tempfile::tempdir().expect("a folder");
    let hub = Hub::start(data.path(), &["--patients", "2000"]);
    // 50 connections: only 50 of 10,000 requests are on the wire when the hub freezes, so service p99 cannot see them.
    let (_folder, file) = scenario(&format!(
        r#"
        title = "A hub that freezes for a second"
        mix = {{ pds-retrieve = 1 }}
        [target]
        url = "http://{}"
        [population]
        patients = 2000
        organisations = 2000
        endpoints = 2800
        [load]
        arrivals = "constant"
        connections = 50
        connections-max = 50
        [[phase]]
        name = "steady"
        duration = "{RUN_S}s"
        rate = "{RATE_PER_S}/s"
        [validity]
        "send-lag-p99.9" = "10s"
        "#,
        hub.address
    ));
    let frozen_ns = std::thread::scope(|scope| {
        let freezer = scope.spawn(|| {
            std::thread::sleep(Duration::from_secs(4));
            let began = Instant::now();
            hub.freeze();
            std::thread::sleep(Duration::from_secs(1));
            hub.thaw();
            u64::try_from(began.elapsed().as_nanos()).expect("a second fits")
        });
        let (output, measured) = run_record(&file, &[]);
        assert_exit(&output, 0);
        let c = measured.record.counts;
        assert_eq!((c.planned, c.sent, c.dropped), (RATE_PER_S * RUN_S, RATE_PER_S * RUN_S, 0));
        assert_eq!((c.answered, c.failed), (RATE_PER_S * RUN_S, 0));
        (freezer.join().expect("froze and thawed"), measured)
    });
    let (frozen_ns, measured) = frozen_ns;
    let scenario = scenarios::load(&file).expect("loads");
    let expected_ns = dictated_p99_ns(harness::run::plan_of(&scenario), 3_000_000_000, frozen_ns);
    let p99 =
        |kind| find_histogram(&measured.histograms, ALL, kind).expect("recorded").value_at_quantile(0.99);
    let response_ns = p99(Kind::Response);
    let off = response_ns as f64 / expected_ns as f64 - 1.0;
    assert!(off.abs() <= 0.05, "response p99 {response_ns} ns, the schedule dictates {expected_ns} ns");
    let service_ns = p99(Kind::Service);
    assert!(service_ns < frozen_ns / 20, "service p99 moved: {service_ns} ns");
    println!("response p99 {response_ns} ns, dictated {expected_ns} ns, service p99 {service_ns} ns");
}
