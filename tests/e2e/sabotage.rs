//! Claim: a run that was tampered with knows it. A harness starved to a tenth of a core, a wall clock stepped and a hub
//! exchanged in mid-run each end in code 4 with the sentence that names it; the honest run beside them is valid.

use crate::support::{Hub, alone, assert_exit, binary, said, scenario};
use rustix::process::{Pid, Signal, kill_process};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

const RUN_S: u64 = 8;
/// When the sabotage begins, after the start of the process: the null client and the timers are measured first, in a
/// second or so.
const SABOTAGE_AFTER: Duration = Duration::from_secs(4);
const SIZES: [&str; 6] = ["--patients", "2000", "--organisations", "2000", "--endpoints", "2800"];

fn text(target: SocketAddr) -> String {
    format!(
        r#"
        title = "A run that is tampered with"
        mix = {{ pds-retrieve = 1 }}
        [target]
        url = "http://{target}"
        [population]
        patients = 2000
        organisations = 2000
        endpoints = 2800
        [load]
        connections = 20
        [[phase]]
        name = "steady"
        duration = "{RUN_S}s"
        rate = "300/s"
        "#
    )
}

fn pause(d: Duration) {
    std::thread::sleep(d);
}

/// Runs the scenario in a process with these variables, does `deed` to it in mid-run, and gives what it said and recorded.
fn tampered(
    target: SocketAddr,
    variables: &[(&str, &Path)],
    deed: impl FnOnce(Pid),
) -> (Output, run_record::Measured) {
    let (folder, file) = scenario(&text(target));
    let out = folder.path().join("runs");
    let child = Command::new(binary())
        .arg("run")
        .arg(&file)
        .arg("--quiet")
        .arg("--out")
        .arg(&out)
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("spinebench runs");
    let pid = Pid::from_child(&child);
    pause(SABOTAGE_AFTER);
    deed(pid);
    let output = child.wait_with_output().expect("ends");
    let measured = run_record::read(&out.join("latest")).unwrap_or_else(|e| panic!("{e}\n{}", said(&output)));
    (output, measured)
}

/// The run is invalid, and one reason holds all of these words.
fn assert_reason(output: &Output, measured: &run_record::Measured, words: &[&str]) {
    assert_exit(output, 4);
    let reasons = &measured.record.validity.reasons;
    assert!(
        reasons.iter().any(|r| words.iter().all(|w| r.contains(w))),
        "no reason says {words:?}: {reasons:#?}"
    );
    println!("{reasons:#?}");
}

#[test]
fn a_harness_starved_to_a_tenth_of_a_core_says_that_it_was_starved() {
    let _alone = alone();
    let data = tempfile::tempdir().expect("a folder");
    let hub = Hub::start(data.path(), &SIZES);
    let (output, measured) = tampered(hub.address, &[], |pid| {
        for _ in 0..40 {
            kill_process(pid, Signal::STOP).expect("the run is there to be stopped");
            pause(Duration::from_millis(90));
            kill_process(pid, Signal::CONT).expect("the run is there to go on");
            pause(Duration::from_millis(10));
        }
    });
    assert_reason(&output, &measured, &["starved", "stopped", "% of the time"]);
    let noise = measured.record.observed.noise.expect("noise");
    assert!(noise.longest_pause_ns > 50_000_000, "{noise:?}");
    hub.stop();
}

#[test]
fn a_wall_clock_that_was_stepped_in_mid_run_is_named_with_its_step() {
    let _alone = alone();
    let library = faketime();
    let data = tempfile::tempdir().expect("a folder");
    let hub = Hub::start(data.path(), &SIZES);
    let folder = tempfile::tempdir().expect("a folder");
    let offset = folder.path().join("offset");
    std::fs::write(&offset, "+0\n").expect("written");
    let yes = Path::new("1");
    let variables = [
        ("LD_PRELOAD", library.as_path()),
        ("FAKETIME_TIMESTAMP_FILE", offset.as_path()),
        ("FAKETIME_NO_CACHE", yes),
        ("DONT_FAKE_MONOTONIC", yes),
        ("FAKETIME_DONT_FAKE_MONOTONIC", yes),
    ];
    let (output, measured) = tampered(hub.address, &variables, |_| {
        let next = folder.path().join("next");
        std::fs::write(&next, "+2\n").expect("written");
        std::fs::rename(&next, &offset).expect("put in its place at once");
    });
    assert_reason(&output, &measured, &["wall clock was stepped by +2.0"]);
    let step_ns = measured.record.observed.noise.expect("noise").clock_step_ns;
    assert!(step_ns.abs_diff(2_000_000_000) < 50_000_000, "{step_ns} ns");
    hub.stop();
}

/// The library that moves a process's wall clock, from Debian's package `faketime`.
fn faketime() -> PathBuf {
    let found = || {
        let folders = std::fs::read_dir("/usr/lib").into_iter().flatten().flatten();
        folders.map(|f| f.path().join("faketime/libfaketimeMT.so.1")).find(|p| p.exists())
    };
    found().unwrap_or_else(|| {
        // Tests may install what they need.
        let _ = Command::new("apt-get").args(["update", "-q"]).output();
        let _ = Command::new("apt-get").args(["install", "-y", "-q", "faketime"]).output();
        found().expect("libfaketime is there; install the package faketime")
    })
}

#[test]
fn a_hub_that_was_exchanged_in_mid_run_is_noticed_though_it_answers_as_before() {
    let _alone = alone();
    let (first, second) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    // Filled before, so that the other one is there at once.
    Hub::start(second.path(), &SIZES).stop();
    let hub = Hub::start(first.path(), &SIZES);
    let address = hub.address;
    let mut other = None;
    let (output, measured) = tampered(address, &[], |_| {
        hub.kill();
        other =
            Some(Hub::try_start_at(&address.to_string(), second.path(), &SIZES).expect("the port is free"));
    });
    assert_reason(
        &output,
        &measured,
        &["hub that answered at the end is not the one that answered at the start", "restarted or replaced"],
    );
    other.expect("started").stop();
}

/// Honest runs that neighbours on the test machine may spoil before the test fails.
const ATTEMPTS: usize = 3;

#[test]
fn the_honest_run_beside_them_is_valid_and_its_watch_costs_under_half_a_percent_of_a_core() {
    let _alone = alone();
    let data = tempfile::tempdir().expect("a folder");
    let hub = Hub::start(data.path(), &SIZES);
    let watched_s = 3;
    let mut attempts = (1..=ATTEMPTS).map(|_| {
        let mut watch_ns = (0, 0);
        let (output, measured) = tampered(hub.address, &[], |pid| {
            watch_ns.0 = watch_cpu_ns(pid);
            pause(Duration::from_secs(watched_s));
            watch_ns.1 = watch_cpu_ns(pid);
        });
        println!("{:#?}", measured.record.validity);
        // A machine that is busy with something else may spoil an honest run, and in no other way than this.
        for reason in &measured.record.validity.reasons {
            assert!(reason.contains("generator was late") || reason.contains("starved"), "{reason}");
        }
        (output, measured, watch_ns)
    });
    let valid = attempts.find(|(_, measured, _)| measured.record.validity.valid);
    let (output, measured, watch_ns) = valid.expect("one honest run is valid");
    assert_exit(&output, 0);
    let record = &measured.record;
    println!("{:?} {:?}", record.observed.noise, record.harness);
    let noise = record.observed.noise.as_ref().expect("noise");
    assert_eq!(noise.clock_step_ns, 0);
    assert!(noise.longest_pause_ns > 0 && noise.floor_ratio.is_some_and(|r| r > 0.0), "{noise:?}");
    let h = &record.harness;
    assert!(h.clock_read_ns.is_some() && h.wake_late_ns_p50 <= h.wake_late_ns_p99, "{h:?}");
    let share = (watch_ns.1 - watch_ns.0) as f64 / (watched_s as f64 * 1e9);
    println!("the watch used {:.3} % of a core", share * 100.0);
    assert!(share > 0.0 && share < 0.005, "the watch used {:.3} % of a core", share * 100.0);
    hub.stop();
}

/// Processor time that the run's watch thread used so far, nanoseconds.
fn watch_cpu_ns(pid: Pid) -> u64 {
    let tasks = std::fs::read_dir(format!("/proc/{}/task", pid.as_raw_nonzero())).expect("the run's threads");
    let named =
        |t: &PathBuf| std::fs::read_to_string(t.join("comm")).is_ok_and(|name| name.trim() == "noise");
    let watch = tasks.flatten().map(|t| t.path()).find(named).expect("a thread named noise");
    let stat = std::fs::read_to_string(watch.join("schedstat")).expect("schedstat");
    stat.split_whitespace().next().and_then(|ns| ns.parse().ok()).expect("nanoseconds")
}
