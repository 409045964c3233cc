//! Bad shapes of load, bad profiles, bad changes from the command line: each is refused where it stands.

use scenarios::Changes;
use std::time::Duration;

/// The faults of a scenario with these lines of `[load]` (line 5 on), and these phases.
fn faults_with(load: &str, phases: &str, changes: &Changes) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.toml");
    let text = format!(
        "title = \"t\"\n[target]\nhub = \"embedded\"\n[load]\n{load}\n{phases}\n[mix]\npds-retrieve = 1\n"
    );
    std::fs::write(&path, text).unwrap();
    let bad = "kind,name,share\nhour,00,1\nhour,24,2\n";
    std::fs::write(folder.path().join("bad.csv"), bad).unwrap();
    let named = |f: &scenarios::Fault| f.to_string().replace(&format!("{}/", folder.path().display()), "");
    scenarios::load_with(&path, changes)
        .map_or_else(|faults| faults.iter().map(named).collect(), |_| Vec::new())
}

/// The faults of a phase with these lines, of which the first is line 8.
fn phase(lines: &str) -> Vec<String> {
    faults_with("", &format!("[[phase]]\nname = \"p\"\n{lines}"), &Changes::default())
}

/// Asserts one fault and how it begins.
fn only(found: Vec<String>, start: &str) {
    assert!(
        found.len() == 1 && found[0].starts_with(start),
        "{found:#?}\n  should be one that starts with\n{start}"
    );
}

#[test]
fn a_phase_says_once_how_long_it_lasts() {
    let form = "allowed: e.g. 60s, or time-lapse = \"168h in 20m\"";
    only(phase("rate = \"1/s\""), &format!("s.toml:6: phase.duration: is missing, {form}"));
    only(
        phase("duration = \"1s\"\nrate = \"1/s\"\ntime-lapse = \"1h in 1s\""),
        "s.toml:8: phase.duration: a time-lapse says already how long the phase lasts, allowed: duration or time-lapse",
    );
    for lapse in ["1h", "1s in 1h", "1h in 0s", "1h in soon"] {
        let start = format!(
            "s.toml:9: phase.time-lapse: not a time-lapse, got \"{lapse}\", allowed: the longer time"
        );
        only(phase(&format!("rate = \"1/s\"\ntime-lapse = \"{lapse}\"")), &start);
    }
}

#[test]
fn a_phase_has_one_shape() {
    let rate = |lines: &str| phase(&format!("duration = \"60s\"\n{lines}"));
    only(
        rate("measured = true"),
        "s.toml:6: phase.rate: is missing, allowed: e.g. 1800/s or 0/s..1800/s, or profile = ",
    );
    let both = rate("rate = \"1/s\"\nprofile = \"profiles/week.csv\"\nmonth = \"1M\"");
    only(both, "s.toml:10: phase.profile: two shapes of load, allowed: rate or profile");
    let two = "rate = \"1/s..2/s\"\nsteps = 2\nshape = \"sine\"\nperiod = \"1s\"";
    only(rate(two), "s.toml:11: phase.shape: two shapes at once, allowed: one of steps, shape and spike");
    only(
        rate("rate = \"1/s\"\nmonth = \"1M\""),
        "s.toml:10: phase.month: belongs to a profile, allowed: profile = ",
    );
    only(rate("rate = \"1/s\"\nfrom = \"monday 08:00\""), "s.toml:10: phase.from: belongs to a profile");
    only(rate("rate = \"1/s\"\nsmooth = true"), "s.toml:10: phase.smooth: belongs to a profile");
    let profile = "profile = \"profiles/week.csv\"\nmonth = \"1M\"";
    only(
        rate(&format!("{profile}\nsteps = 2")),
        "s.toml:11: phase.steps: belongs to a rate, allowed: rate = ",
    );
}

#[test]
fn staircases_and_sines_lie_between_two_rates() {
    let rate = |lines: &str| phase(&format!("duration = \"60s\"\n{lines}"));
    only(
        rate("rate = \"5/s\"\nsteps = 3"),
        "s.toml:9: phase.rate: steps lie between two rates, got \"5/s\", allowed: e.g. ",
    );
    only(
        rate("rate = \"0/s..5/s\"\nsteps = 1"),
        "s.toml:10: phase.steps: not a number in range, got \"1\", allowed: 2 to 10000",
    );
    let sine = "shape = \"sine\"\nperiod = \"1s\"";
    only(
        rate(&format!("rate = \"5/s\"\n{sine}")),
        "s.toml:9: phase.rate: a sine swings between two rates, got \"5/s\"",
    );
    only(
        rate("rate = \"1/s..5/s\"\nshape = \"sine\""),
        "s.toml:6: phase.period: is missing, allowed: how long a swing takes, e.g. 60s",
    );
    only(
        rate("rate = \"1/s..5/s\"\nperiod = \"1s\""),
        "s.toml:10: phase.period: belongs to a sine, allowed: shape = ",
    );
    let square = rate("rate = \"1/s..5/s\"\nshape = \"square\"\nperiod = \"1s\"");
    only(square, "s.toml:10: phase.shape: unknown value, got \"square\", allowed: sine");
}

#[test]
fn a_spike_stands_within_its_phase_and_above_its_rate() {
    let on = |rate: &str, keys: &str| {
        phase(&format!("duration = \"60s\"\nrate = \"{rate}\"\nspike = {{ {keys} }}"))
    };
    assert_eq!(on("600/s", "to = \"1800/s\", at = \"50s\", for = \"10s\", ramp = \"5s\""), [""; 0]);
    let late = on("600/s", "to = \"1800/s\", at = \"50s\", for = \"11s\"");
    let within = "got \"50s + 11s\", allowed: at and for within the phase's 1m";
    only(late, &format!("s.toml:9: phase.rate: the spike ends after the phase, {within}"));
    let wide = on("600/s", "to = \"1800/s\", at = \"20s\", for = \"10s\", ramp = \"6s\"");
    only(
        wide,
        "s.toml:10: phase.spike.ramp: the flanks are longer than the spike, got \"6s\", allowed: up to half of for",
    );
    let low = on("600/s", "to = \"600/s\", at = \"20s\", for = \"10s\"");
    only(
        low,
        "s.toml:10: phase.spike.to: not above the rate that the spike stands on, got \"600/s\", allowed: one rate above 600/s",
    );
    let ramp = on("600/s", "to = \"600/s..1800/s\", at = \"20s\", for = \"10s\"");
    only(ramp, "s.toml:10: phase.spike.to: not one rate, got \"600/s..1800/s\"");
    let slope = on("0/s..600/s", "to = \"1800/s\", at = \"20s\", for = \"10s\"");
    only(slope, "s.toml:9: phase.rate: a spike stands on one rate, got \"0/s..600/s\", allowed: e.g. 600/s");
    let unknown = on("600/s", "to = \"1800/s\", at = \"20s\", for = \"10s\", until = \"30s\"");
    only(unknown, "s.toml:10: phase.spike.until: unknown key, got \"until\", allowed: to, at, for, ramp");
    let missing = on("600/s", "ramp = \"1s\"");
    assert_eq!(missing.len(), 3, "{missing:#?}");
    assert!(missing.iter().all(|f| f.contains("is missing, allowed: a ")), "{missing:#?}");
}

#[test]
fn profiles_need_a_month_and_a_moment() {
    let profile =
        |lines: &str| phase(&format!("duration = \"60s\"\nprofile = \"profiles/week.csv\"\n{lines}"));
    only(profile(""), "s.toml:6: phase.month: is missing, allowed: messages a month, a number above zero");
    for month in ["0", "-1", "\"many\"", "\"400m\"", "inf"] {
        let start = "s.toml:10: phase.month: not a number of messages, got ";
        only(profile(&format!("month = {month}")), start);
    }
    let moment = profile("month = \"1M\"\nfrom = \"mon 8:00\"");
    only(
        moment,
        "s.toml:11: phase.from: not a moment of a week, got \"mon 8:00\", allowed: a day and a time, e.g. monday 08:00",
    );
    let no_day = profile("month = \"1M\"\nfrom = \"08:00\"");
    only(
        no_day,
        "s.toml:11: phase.from: the days of this profile differ, got \"08:00\", allowed: a day and a time",
    );
    only(profile("month = \"1M\"\nsmooth = 1"), "s.toml:11: phase.smooth: not true or false");
    only(profile("month = 1e20"), "s.toml:9: phase.profile: too high a rate, got \"");
    let gone = phase("duration = \"60s\"\nprofile = \"gone.csv\"\nmonth = \"1M\"");
    only(
        gone,
        "s.toml:9: phase.profile: file not found, got \"gone.csv\", allowed: a path like profiles/week.csv",
    );
}

#[test]
fn the_faults_of_a_profile_are_told_once_however_many_phases_use_it() {
    let one = |name| {
        format!("[[phase]]\nname = \"{name}\"\nduration = \"1s\"\nprofile = \"bad.csv\"\nmonth = \"1M\"\n")
    };
    let found = faults_with("", &(one("a") + &one("b")), &Changes::default());
    assert_eq!(
        found,
        [
            "bad.csv:3: share: not a number in range, got \"2\", allowed: 0 to 1".to_owned(),
            format!(
                "bad.csv:3: name: unknown value, got \"24\", allowed: {}",
                (0..24).map(|h| format!("{h:02}")).collect::<Vec<_>>().join(", ")
            ),
        ]
    );
}

#[test]
fn a_scenario_has_no_more_pieces_than_its_plan_can_hold() {
    let sine = |name: &str, period: &str| {
        format!(
            "[[phase]]\nname = \"{name}\"\nduration = \"1h\"\nrate = \"1/s..2/s\"\nshape = \"sine\"\nperiod = \"{period}\"\n"
        )
    };
    let found = |phases: String| faults_with("", &phases, &Changes::default());
    assert_eq!(found(sine("a", "30s")), [""; 0]);
    let problem = "the phases so far have too many straight pieces, got \"";
    only(
        found(sine("a", "20s")),
        &format!("s.toml:9: phase.rate: {problem}11522\", allowed: 10000 in all phases"),
    );
    only(found(sine("a", "1ns")), &format!("s.toml:9: phase.rate: {problem}"));
    let two = found(sine("a", "30s") + &sine("b", "50s"));
    only(two, &format!("s.toml:15: phase.rate: {problem}"));
}

#[test]
fn users_have_neither_rates_nor_shapes() {
    let users = "model = \"users\"\nusers = { count = 2, think = \"1s\" }";
    let shape = "[[phase]]\nname = \"p\"\nduration = \"60s\"\n";
    for (line, key) in [
        ("rate = \"1/s\"", "rate"),
        ("steps = 2", "steps"),
        ("shape = \"sine\"", "shape"),
        ("period = \"1s\"", "period"),
        ("spike = { to = \"1/s\", at = \"1s\", for = \"1s\" }", "spike"),
        ("profile = \"profiles/week.csv\"", "profile"),
        ("month = \"1M\"", "month"),
        ("from = \"monday 08:00\"", "from"),
        ("smooth = true", "smooth"),
    ] {
        let found = faults_with(users, &format!("{shape}{line}"), &Changes::default());
        only(
            found,
            &format!(
                "s.toml:10: phase.{key}: users set their own pace: a phase of the closed model has no rate"
            ),
        );
    }
}

const STEADY: &str = "[[phase]]\nname = \"p\"\nduration = \"60s\"\nrate = \"600/s\"";

#[test]
fn keys_of_connections_and_bursts_are_checked() {
    let load = |lines: &str| faults_with(lines, STEADY, &Changes::default());
    only(
        load("arrivals = \"bursty\""),
        "s.toml:4: load.dispersion: is missing, allowed: a number above 1, up to 1000",
    );
    for (dispersion, got) in [("1", "1"), ("1000.5", "1000.5"), ("\"4\"", "4"), ("nan", "nan")] {
        let found = load(&format!("arrivals = \"bursty\"\ndispersion = {dispersion}"));
        only(
            found,
            &format!(
                "s.toml:6: load.dispersion: not an index of dispersion, got \"{got}\", allowed: a number "
            ),
        );
    }
    let stray = "load.dispersion: belongs to bursty arrivals, allowed: arrivals = \"bursty\"";
    only(load("dispersion = 4.0"), &format!("s.toml:5: {stray}"));
    only(load("arrivals = \"constant\"\ndispersion = 4.0"), &format!("s.toml:6: {stray}"));
    only(
        load("arrivals = \"regular\"\ndispersion = 4.0"),
        "s.toml:5: load.arrivals: unknown value, got \"regular\", allowed: poisson, constant, bursty",
    );
    only(
        load("sources = 251"),
        "s.toml:5: load.sources: not a number in range, got \"251\", allowed: 1 to 250",
    );
    only(load("workers = 0"), "s.toml:5: load.workers: not a number in range, got \"0\", allowed: 1 to 64");
    let ports = "a source address has ports for 28000 connections";
    only(
        load("connections = 60_000\nsources = 2"),
        &format!(
            "s.toml:5: load.connections: {ports}, got \"60_000\", allowed: up to 56000 here, or sources = 3"
        ),
    );
    only(
        load("connections-max = 28_001"),
        &format!(
            "s.toml:5: load.connections-max: {ports}, got \"28_001\", allowed: up to 28000 here, or sources = 2"
        ),
    );
    only(
        load("connections = 300\nconnections-max = 200"),
        "s.toml:6: load.connections-max: fewer than are opened before the run, got \"200\", allowed: 300 or more",
    );
    only(
        load("connections-max = 200"),
        "s.toml:5: load.connections-max: fewer than are opened before the run, got \"200\", allowed: 256 or more",
    );
}

#[test]
fn changes_from_the_command_line_are_checked_like_the_file() {
    let change = |changes: Changes| faults_with("", STEADY, &changes);
    let none = Changes::default;
    let short = change(Changes { within: Some(Duration::from_millis(999)), ..none() });
    only(short, "command line:1: --within: too short a time, got \"999ms\", allowed: 1s or more");
    for scale in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let found = change(Changes { scale: Some(scale), ..none() });
        only(
            found,
            &format!("command line:1: --scale: not a number above zero, got \"{scale}\", allowed: e.g. 0.5"),
        );
    }
    let high = change(Changes { scale: Some(1e6), ..none() });
    only(high, "command line:1: --scale: too high a rate, got \"600000000/s\", allowed: up to 10000000/s");
    let none_open = change(Changes { connections: Some(0), ..none() });
    only(none_open, "command line:1: --connections: not a number in range, got \"0\", allowed: 1 to 200000");
    let many = change(Changes { connections: Some(28_001), ..none() });
    only(
        many,
        "command line:1: --connections: a source address has ports for 28000 connections, got \"28001\", allowed: up to 28000, or sources = 2 in the scenario",
    );
    let users = "model = \"users\"\nusers = { count = 2, think = \"1s\" }";
    let phase = "[[phase]]\nname = \"p\"\nduration = \"60s\"";
    let scaled = faults_with(users, phase, &Changes { scale: Some(2.0), ..none() });
    only(
        scaled,
        "command line:1: --scale: users set their own pace: the closed model has no rates, got \"2\"",
    );
    let all = faults_with("workers = 0", STEADY, &Changes { scale: Some(0.0), ..none() });
    assert_eq!(all.len(), 2, "faults of the file and of the command line come together: {all:#?}");
}
