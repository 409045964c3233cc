//! Shapes of load as a scenario file writes them, and what the command line makes of a scenario.

use scenarios::{Arrivals, Changes, Phase, Scenario};
use std::path::PathBuf;
use std::time::Duration;

/// A scenario with these keys of `[load]` and these phases.
fn scenario(load: &str, phases: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.toml");
    let text = format!(
        "title = \"t\"\n[target]\nhub = \"embedded\"\n[load]\n{load}\n{phases}\n[budget]\nall = {{ rate = \"500/s\" }}\n[mix]\npds-retrieve = 1\n"
    );
    std::fs::write(&path, text).unwrap();
    (folder, path)
}

fn changed(load: &str, phases: &str, changes: &Changes) -> Scenario {
    let (_folder, path) = scenario(load, phases);
    scenarios::load_with(&path, changes).unwrap_or_else(|faults| panic!("{faults}"))
}

fn loaded(load: &str, phases: &str) -> Scenario {
    changed(load, phases, &Changes::default())
}

/// The only phase, with these lines.
fn phase(lines: &str) -> Phase {
    loaded("", &format!("[[phase]]\nname = \"p\"\n{lines}")).phases.remove(0)
}

const fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

const WEEK: &str = "profile = \"profiles/week.csv\"\nmonth = \"400M\"";

#[test]
fn every_shape_is_read_and_told_in_words() {
    let steps = phase("duration = \"10s\"\nrate = \"100/s..1000/s\"\nsteps = 10");
    assert_eq!((steps.pieces.len(), steps.rates_per_s()), (10, (100.0, 1000.0, 1000.0)));
    assert_eq!((steps.shape.as_str(), steps.requests()), ("100/s..1000/s in 10 steps", 5_500.0));

    let sine = phase("duration = \"4m\"\nrate = \"300/s..100/s\"\nshape = \"sine\"\nperiod = \"1m\"");
    let (first, last, highest) = sine.rates_per_s();
    assert!((first - 100.0).abs() < 1e-9 && (last - 100.0).abs() < 1e-6 && (highest - 300.0).abs() < 1e-9);
    assert!((sine.requests() - 48_000.0).abs() < 0.01, "{}", sine.requests());
    assert_eq!(sine.shape, "sine 300/s..100/s every 1m");

    let spike = phase(
        "duration = \"60s\"\nrate = \"600/s\"\nspike = { to = \"1800/s\", at = \"20s\", for = \"10s\" }",
    );
    assert_eq!((spike.pieces.len(), spike.rates_per_s()), (3, (600.0, 600.0, 1800.0)));
    assert_eq!(spike.shape, "600/s, spike to 1800/s at 20s for 10s");
    let flanks = "duration = \"60s\"\nrate = \"600/s\"\nspike = { to = \"1800/s\", at = \"0s\", for = \"10s\", ramp = \"1s\" }";
    assert_eq!(phase(flanks).shape, "600/s, spike to 1800/s at 0s for 10s, flanks of 1s");

    let soak = phase("duration = \"30m\"\nrate = \"5000/s\"");
    assert_eq!((soak.pieces.len(), soak.lapse, soak.requests()), (1, 1.0, 9e6));
}

#[test]
fn a_week_in_twenty_minutes_keeps_true_rates() {
    let week = phase(&format!("{WEEK}\ntime-lapse = \"168h in 20m\""));
    assert_eq!((week.duration, week.lapse, week.pieces.len()), (s(1_200), 504.0, 168));
    assert_eq!(week.shape, "profiles/week.csv, 400000000 a month, 7d in 20m");
    assert!((week.rates_per_s().2 - 541.3).abs() < 0.1, "Tuesday from 9 to 10 is the busiest hour");
    let tuesday_9 = &week.pieces[24 + 9];
    assert_eq!(tuesday_9.rate.mean_per_s(), week.rates_per_s().2);
    let expected = 400e6 * 12.0 * 7.0 / 365.0 / 504.0;
    assert!((week.requests() / expected - 1.0).abs() < 1e-6, "{}", week.requests());
}

#[test]
fn a_part_of_a_week_may_run_in_real_time() {
    let month = ["month = 400e6", "month = 400_000_000", "month = \"0.4bn\"", "month = \"400M\""];
    for month in month {
        let lines = "profile = \"profiles/week.csv\"\nfrom = \"tuesday 09:00\"\nduration = \"1h\"";
        let hour = phase(&format!("{lines}\n{month}"));
        assert_eq!((hour.duration, hour.lapse, hour.pieces.len()), (s(3_600), 1.0, 1));
        assert!((hour.requests() / 3_600.0 - 541.3).abs() < 0.1, "{month}");
    }
    let lines = format!("{WEEK}\nfrom = \"tuesday 08:30\"\ntime-lapse = \"1h in 1m\"\nsmooth = true");
    let smooth = phase(&lines);
    assert_eq!(smooth.shape, "profiles/week.csv, 400000000 a month, from tuesday 08:30, smooth, 1h in 1m");
    assert_eq!(smooth.pieces.len(), 1, "from the middle of an hour to that of the next");
    assert!((smooth.rates_per_s().1 - 541.3).abs() < 0.1);
}

#[test]
fn a_profile_beside_the_scenario_is_read_and_is_part_of_the_hash() {
    let (folder, path) = scenario(
        "",
        "[[phase]]\nname = \"p\"\nprofile = \"day.csv\"\nmonth = \"1M\"\nfrom = \"08:00\"\nduration = \"2h\"",
    );
    let day = |busy: f64| {
        let rest = (1.0 - busy) / 23.0;
        let share = |h| if h == 9 { busy } else { rest };
        let rows: String = (0..24).map(|h| format!("hour,{h:02},{},mine\n", share(h))).collect();
        std::fs::write(folder.path().join("day.csv"), format!("kind,name,share,source\n{rows}")).unwrap();
        scenarios::load(&path).unwrap_or_else(|faults| panic!("{faults}"))
    };
    let (one, two) = (day(0.54), day(0.31));
    let a_day = 1e6 * 12.0 / 365.0;
    assert!((one.phases[0].requests() - a_day * 0.56).abs() < 0.01, "{}", one.phases[0].requests());
    assert!((two.phases[0].requests() - a_day * 0.34).abs() < 0.01, "{}", two.phases[0].requests());
    assert_ne!(one.sha256, two.sha256);
}

#[test]
fn a_time_lapse_goes_with_any_shape_and_shortens_its_times() {
    let lines =
        "rate = \"600/s\"\nspike = { to = \"1800/s\", at = \"2h\", for = \"1h\" }\ntime-lapse = \"6h in 1m\"";
    let spike = phase(lines);
    let lengths: Vec<Duration> = spike.pieces.iter().map(|p| p.duration).collect();
    assert_eq!((lengths, spike.lapse), (vec![s(20), s(10), s(30)], 360.0));
    let users = "model = \"users\"\nusers = { count = 1, think = \"10s\" }";
    let shift = &loaded(users, "[[phase]]\nname = \"p\"\ntime-lapse = \"8h in 10m\"").phases[0];
    assert_eq!((shift.duration, shift.lapse, shift.shape.as_str()), (s(600), 48.0, "8h in 10m"));
    assert_eq!((shift.pieces.len(), shift.requests()), (1, 0.0));
}

const SIMPLE: &str = "[[phase]]\nname = \"p\"\nduration = \"1s\"\nrate = \"10/s\"";

#[test]
fn the_keys_of_connections_and_bursts_are_read() {
    let load = loaded("arrivals = \"bursty\"\ndispersion = 4\nworkers = 2", SIMPLE).load;
    assert_eq!((load.arrivals, load.workers), (Arrivals::Bursty { dispersion: 4.0 }, 2));
    assert_eq!((load.connections, load.connections_max, load.sources), (256, 10_000, 1));
    let load = loaded("connections = 28_000\nconnections-max = 30_000\nsources = 2", SIMPLE).load;
    assert_eq!((load.connections, load.connections_max, load.sources), (28_000, 30_000, 2));
    let load = loaded("connections = 20_000", SIMPLE).load;
    assert_eq!((load.connections, load.connections_max), (20_000, 20_000));
    let load = loaded("connections-max = 300", SIMPLE).load;
    assert_eq!((load.connections, load.connections_max), (256, 300));
}

const LONG: &str = "[[phase]]\nname = \"warm-up\"\nduration = \"10s\"\nrate = \"0/s..600/s\"\nmeasured = false\n\
                    [[phase]]\nname = \"spike\"\nduration = \"60s\"\nrate = \"600/s\"\nspike = { to = \"1800/s\", at = \"20s\", for = \"10s\" }";

#[test]
fn a_shortened_scenario_keeps_its_shape_and_its_rates() {
    let changes = |within| Changes { within: Some(within), ..Default::default() };
    let short = changed("", LONG, &changes(s(7)));
    assert_eq!(short.phases.iter().map(|p| p.duration).collect::<Vec<_>>(), [s(1), s(6)]);
    let lengths: Vec<Duration> = short.phases[1].pieces.iter().map(|p| p.duration).collect();
    assert_eq!(lengths, [s(2), s(1), s(3)]);
    assert_eq!(short.phases[1].rates_per_s(), (600.0, 600.0, 1800.0));
    assert!(
        short.phases.iter().all(|p| (p.lapse - 10.0).abs() < 1e-9),
        "its own time goes ten times as fast"
    );
    assert_eq!(short.phases[1].shape, "600/s, spike to 1800/s at 20s for 10s, shortened from 1m to 6s");
    assert_eq!(short.changes, ["shortened from 1m10s to 7s (--within 7s)"]);
    let (whole, same) = (loaded("", LONG), changed("", LONG, &changes(s(71))));
    assert_eq!((&same.phases, same.changes.len()), (&whole.phases, 0), "it is never made longer");
    assert_eq!((&short.sha256, &short.text), (&whole.sha256, &whole.text));

    let week = format!("[[phase]]\nname = \"p\"\n{WEEK}\ntime-lapse = \"168h in 20m\"");
    let week = changed("", &week, &changes(s(5))).phases.remove(0);
    assert_eq!((week.duration, week.pieces.len()), (s(5), 168));
    assert!((week.lapse - 168.0 * 720.0).abs() < 1e-6 && (week.rates_per_s().2 - 541.3).abs() < 0.1);
}

#[test]
fn users_in_real_time_stay_in_real_time_when_shortened() {
    let users = "model = \"users\"\nusers = { count = 1, think = \"10s\" }";
    let within = Changes { within: Some(s(5)), ..Default::default() };
    let real = changed(users, "[[phase]]\nname = \"p\"\nduration = \"10s\"", &within).phases.remove(0);
    assert_eq!((real.duration, real.lapse), (s(5), 1.0));
    let lapsed = "[[phase]]\nname = \"p\"\ntime-lapse = \"8h in 10m\"";
    let lapsed = changed(users, lapsed, &within).phases.remove(0);
    assert_eq!((lapsed.duration, lapsed.lapse), (s(5), 8.0 * 720.0));
}

#[test]
fn a_scaled_scenario_asks_as_much_more_and_holds_its_budgets_of_rates_to_it() {
    let half = changed("", LONG, &Changes { scale: Some(0.5), connections: Some(64), ..Default::default() });
    assert_eq!(half.phases[1].rates_per_s(), (300.0, 300.0, 900.0));
    assert_eq!(half.phases[0].rates_per_s(), (0.0, 300.0, 300.0));
    assert_eq!((half.budgets[0].limit, half.budgets[0].text.as_str()), (250.0, "250/s"));
    assert_eq!((half.load.connections, half.load.connections_max), (64, 10_000));
    assert_eq!(
        half.changes,
        ["64 connections instead of 256 (--connections 64)", "all rates times 0.5 (--scale 0.5)"]
    );
}

#[test]
fn a_scenario_can_be_put_at_a_peak() {
    let whole = loaded("", LONG);
    assert_eq!(whole.peak_per_s(), 1800.0);
    let high = whole.at_peak(3600.0);
    assert_eq!((high.peak_per_s(), high.phases[0].rates_per_s().1), (3600.0, 1200.0));
    assert_eq!(high.changes, ["all rates times 2, so that the highest is 3600/s"]);
    assert_eq!(high.budgets[0].limit, 1000.0);
    for nothing in [1800.0, 0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert_eq!((whole.at_peak(nothing).phases, &whole.changes), (whole.phases.clone(), &vec![]));
    }
    let users = "model = \"users\"\nusers = { count = 1, think = \"10s\" }";
    let users = loaded(users, "[[phase]]\nname = \"p\"\nduration = \"10s\"");
    assert_eq!((users.peak_per_s(), users.at_peak(5.0).changes.len()), (0.0, 0));
}
