//! What `spinebench explain` says, for every shape of load: pieces, time-lapse, recorded traffic, users, journeys, events.

use std::path::Path;
use std::time::Duration;

use scenarios::{
    Action, Arrivals, Event, Explanation, Item, Journey, Model, Phase, Piece, Rate, Scenario, Step, TraceRef,
    Users, What, explain,
};

fn here(name: &str) -> Scenario {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    scenarios::load(&path).unwrap_or_else(|faults| panic!("{faults}"))
}

fn phase(name: &str, pieces: &[(f64, f64, f64)], lapse: f64, measured: bool) -> Phase {
    let piece = |(s, from_per_s, to_per_s): &(f64, f64, f64)| Piece {
        duration: Duration::from_secs_f64(*s),
        rate: Rate { from_per_s: *from_per_s, to_per_s: *to_per_s },
    };
    let pieces: Vec<Piece> = pieces.iter().map(piece).collect();
    let duration = pieces.iter().map(|p| p.duration).sum();
    Phase { name: name.into(), duration, pieces, lapse, shape: String::new(), measured }
}

/// The lines of the drawing, from its unit down to the axis of time.
fn drawing(found: &Explanation) -> String {
    let text = found.to_string();
    let from = text.find(&found.curve.unit).expect("the unit stands above the drawing");
    text[from..].split("\n\n").next().expect("a drawing").to_owned()
}

#[test]
fn a_time_lapse_of_a_day_is_drawn_and_totalled_from_its_pieces() {
    let mut s = here("smoke.toml");
    // A day in 24 s: 24 pieces that rise to noon and fall again, 100/s to 1,300/s.
    let rate = |h: u32| 100.0 + 100.0 * f64::from(12 - h.abs_diff(12));
    let pieces: Vec<(f64, f64, f64)> = (0..24).map(|h| (1.0, rate(h), rate(h + 1))).collect();
    s.phases = vec![phase("day", &pieces, 3_600.0, true)];
    let found = explain(&s);
    assert!((found.rate_per_s - 700.0).abs() < 1e-9 && (found.arrivals - 16_800.0).abs() < 1e-6);
    assert!((found.per_day - 700.0 * 86_400.0).abs() < 1e-3);
    assert_eq!((found.curve.end_s(), found.curve.most()), (24.0, 1_300.0));
    let text = found.to_string();
    assert!(text.contains("Time-lapse in day: a second of the run stands for 1 h"), "{text}");
    let drawn = drawing(&found);
    let filled = |line: &str| line.chars().filter(|c| *c == '█').count();
    let full: Vec<usize> = drawn.lines().map(filled).filter(|n| *n > 0).collect();
    assert!(full.windows(2).all(|w| w[0] < w[1]), "a hill, wider row by row: {full:?}\n{drawn}");
}

#[test]
fn a_jump_between_phases_is_two_points_at_one_moment_and_events_are_marked() {
    let mut s = here("smoke.toml");
    s.phases = vec![
        phase("calm", &[(10.0, 100.0, 100.0)], 1.0, false),
        phase("spike", &[(10.0, 300.0, 300.0)], 1.0, true),
    ];
    let at = Duration::from_secs(15);
    s.events = vec![Event { at, action: Action::HubKill, text: "hub-kill".into() }];
    let found = explain(&s);
    assert_eq!(found.curve.points, [(0.0, 100.0), (10.0, 100.0), (10.0, 300.0), (20.0, 300.0)]);
    let drawn = drawing(&found);
    for part in ["~ not measured", "^ 15 s hub-kill", "300 ┤", "75 ┤"] {
        assert!(drawn.contains(part), "{part} is not in\n{drawn}");
    }
    assert!(found.to_string().contains("Events:"));
}

#[test]
fn recorded_traffic_is_totalled_from_its_rows() {
    let mut s = here("smoke.toml");
    let mut counts = vec![0; s.interactions.len()];
    (counts[0], counts[1]) = (3_000, 1_000);
    s.load.arrivals = Arrivals::Trace;
    s.load.trace = Some(TraceRef {
        names: Vec::new(),
        path: "traffic.csv".into(),
        speed: 2.0,
        rows: 4_000,
        last_ns: 80_000_000_000,
        counts,
    });
    s.phases = vec![phase("replay", &[(40.0, 0.0, 0.0)], 1.0, true)];
    let found = explain(&s);
    assert_eq!((found.arrivals, found.rate_per_s, found.curve.end_s()), (4_000.0, 100.0, 40.0));
    assert_eq!((found.interactions[0].share, found.interactions[0].arrivals), (0.75, 3_000.0));
    assert!(found.load.contains("traffic.csv, at 2 times the speed"), "{}", found.load);
}

#[test]
fn users_are_drawn_as_they_start_and_described_with_what_they_do() {
    let mut s = here("users.toml");
    let kind = |name: &str, count, hatch_per_s| Users {
        name: name.into(),
        does: vec![(0, 1.0)],
        begins: vec![1],
        session: Some(Duration::from_secs(1_800)),
        count,
        hatch_per_s,
        think_min: Duration::from_secs(1),
        think_max: Duration::from_secs(5),
    };
    s.load.model = Model::Users;
    s.load.users = vec![kind("clinicians", 10, 5.0), kind("pharmacists", 30, 3.0)];
    s.phases = vec![phase("day", &[(20.0, 0.0, 0.0)], 1.0, true)];
    let found = explain(&s);
    assert_eq!(found.curve.points, [(0.0, 0.0), (2.0, 16.0), (10.0, 40.0), (20.0, 40.0)]);
    assert_eq!((found.rate_per_s, found.machine.connections), (0.0, 40));
    let text = found.to_string();
    let first = &s.interactions[1].name;
    for part in ["10 clinicians, 5 more a second, 1 s to 5 s to think, sessions of 30 min", first.as_str()] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
}

#[test]
fn journeys_are_told_with_their_steps_pauses_and_share() {
    let mut s = here("smoke.toml");
    let pause = Duration::from_secs(7_200);
    let steps = vec![Step { interaction: 0, pause: Duration::ZERO }, Step { interaction: 1, pause }];
    s.journeys = vec![Journey { name: "check-up".into(), steps }];
    s.items = vec![Item { what: What::Journey(0), share: 0.1 }, Item { what: What::Single(2), share: 0.8 }];
    let found = explain(&s);
    let journey = &found.journeys[0];
    assert!((journey.share - 0.2).abs() < 1e-12 && (journey.begun - found.arrivals * 0.1).abs() < 1e-9);
    let (first, second) = (&s.interactions[0].name, &s.interactions[1].name);
    let told = format!("check-up: {first} -> (2 h later) {second}, ");
    assert!(found.to_string().contains(&told), "{told} is not in\n{found}");
}

#[test]
fn the_needs_count_connections_memory_and_disk_and_the_answers_are_sized_where_the_mix_knows() {
    let found = explain(&here("national-peak.toml"));
    let needs = &found.machine;
    assert_eq!((needs.running_s, needs.connections, needs.connections_max), (70.0, 256, 10_000));
    // Measured in reports/published: 714 MB for the hub, 183 MB for the harness.
    let hub = needs.hub_memory_bytes.expect("an embedded hub");
    assert!((600e6..900e6).contains(&hub), "{hub}");
    assert!((150e6..230e6).contains(&needs.harness_memory_bytes), "{}", needs.harness_memory_bytes);
    assert!(needs.disk_bytes.is_some_and(|d| (500e6..2e9).contains(&d)), "{:?}", needs.disk_bytes);
    assert!(found.answered_share_known > 0.5 && found.answered_bytes_per_s.is_some_and(|b| b > 0.0));
}

#[test]
fn the_staircase_to_the_limit_climbs_and_is_small_enough_to_fill_at_once() {
    let s = here("ramp-to-limit.toml");
    let rates: Vec<f64> = s.phases.iter().map(|p| p.rates_per_s().2).collect();
    assert!(rates.windows(2).all(|w| w[0] <= w[1]) && rates.last() >= Some(&10_000.0), "{rates:?}");
    assert!(s.population.patients <= 20_000);
    let peak = here("national-peak.toml");
    let told = |s: &Scenario| -> Vec<_> {
        s.budgets.iter().map(|b| (b.interaction.clone(), b.metric.clone(), b.text.clone())).collect()
    };
    assert_eq!(told(&s), told(&peak), "the budgets of the national peak");
}
