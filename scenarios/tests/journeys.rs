//! Journeys, kinds of users and events as a scenario writes them: what is read, that the shares of the mix come out, and
//! what is refused.

use scenarios::{Action, Item, Memory, Scenario, What};
use std::time::Duration;

const NAMES: [&str; 5] = ["a", "b", "c", "d", "e"];

fn memory() -> Memory {
    let get = b"method = \"GET\"\npath = \"/\"\n[expect]\nstatus = 200\n".as_slice();
    Memory::new(&NAMES.map(|n| format!("interactions/{n}.toml")).each_ref().map(|p| (p.as_str(), get)))
}

/// A scenario of the five interactions with weights 5, 4, 3, 2, 1, and these lines.
fn scenario(load: &str, phase: &str, more: &str) -> String {
    format!(
        "title = \"t\"\nmix = {{ a = 5, b = 4, c = 3, d = 2, e = 1 }}\ntarget = {{ hub = \"embedded\" }}\nload = {{ {load} }}\n\
         [[phase]]\nname = \"p\"\nduration = \"10s\"\n{phase}\n{more}"
    )
}

fn open(more: &str) -> Result<Scenario, Vec<String>> {
    read(&scenario("", "rate = \"10/s\"", more))
}

fn users(users: &str, more: &str) -> Result<Scenario, Vec<String>> {
    read(&scenario(&format!("model = \"users\", users = {users}"), "", more))
}

fn read(text: &str) -> Result<Scenario, Vec<String>> {
    memory().load(text.as_bytes()).map_err(|faults| faults.iter().map(ToString::to_string).collect())
}

#[track_caller]
fn good(read: Result<Scenario, Vec<String>>) -> Scenario {
    read.unwrap_or_else(|faults| panic!("{faults:#?}"))
}

/// That there is one fault, at this line after the phases, and what it says.
#[track_caller]
fn refused(read: Result<Scenario, Vec<String>>, line: usize, says: &str) {
    let faults = read.expect_err("faults");
    assert_eq!(faults.len(), 1, "{faults:#?}");
    let start = format!("scenario.toml:{}: {says}", line);
    assert!(faults[0].starts_with(&start), "{}\n  should start with\n{start}", faults[0]);
}

/// Line of the first line of `more`, open and users alike.
const MORE: usize = 9;

/// Shares of the interactions as requests, from the items.
fn shares(s: &Scenario) -> Vec<f64> {
    let mut shares = vec![0.0; s.interactions.len()];
    for Item { what, share } in &s.items {
        match what {
            What::Single(id) => shares[*id] += share,
            What::Journey(j) => {
                s.journeys[*j].steps.iter().for_each(|step| shares[step.interaction] += share)
            }
        }
    }
    shares
}

fn mix(s: &Scenario) -> Vec<f64> {
    let of = |id| s.mix.rows.iter().filter(|r| r.interaction == id).map(|r| r.share).sum();
    (0..s.interactions.len()).map(of).collect()
}

#[test]
fn a_journey_is_read_with_its_pauses() {
    let s = good(open(
        "[[journey]]\nname = \"one\"\nsteps = [\"a\", { ask = \"b\", after = \"5s\" }, { ask = \"c\" }, \"a\", { ask = \"d\", after = \"0s\" }]\npause = \"2s\"\nshare = \"50%\"\n\
         [[journey]]\nname = \"two\"\nsteps = [\"b\", \"e\"]\n",
    ));
    assert_eq!(s.journeys.len(), 2);
    let steps: Vec<(usize, u64)> =
        s.journeys[0].steps.iter().map(|s| (s.interaction, s.pause.as_secs())).collect();
    assert_eq!(steps, [(0, 0), (1, 5), (2, 2), (0, 2), (3, 0)]);
    assert_eq!(s.journeys[1].steps[1].pause, Duration::ZERO);
    // The scarcest of the first is d with 2 of 15, of which half; a is asked twice.
    assert!((s.items[5].share - 1.0 / 15.0).abs() < 1e-12);
    assert!((s.items[0].share - 3.0 / 15.0).abs() < 1e-12, "{:?}", s.items);
    assert!((s.items[6].share - 1.0 / 15.0).abs() < 1e-12);
    assert_eq!(s.items[4].share, 0.0, "nothing of e is left, and it has its item");
}

#[test]
fn without_journeys_every_interaction_is_an_item_of_its_own() {
    let s = good(open(""));
    let expected: Vec<What> = (0..5).map(What::Single).collect();
    assert_eq!(s.items.iter().map(|i| i.what).collect::<Vec<_>>(), expected);
    assert!(shares(&s).iter().zip(mix(&s)).all(|(a, b)| (a - b).abs() < 1e-15));
}

#[test]
fn shares_come_out_as_the_mix_says_whatever_the_journeys() {
    let memory = memory();
    let mut random = 42_u64;
    let mut next = |n: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % n
    };
    let mut sound = 0;
    for _ in 0..2_000 {
        let mix_line: String = NAMES.map(|n| format!("{n} = {}.{}", 1 + next(1_000), next(1_000))).join(", ");
        let mut text = format!(
            "title = \"t\"\nmix = {{ {mix_line} }}\ntarget = {{ hub = \"embedded\" }}\nphase = [{{ name = \"p\", duration = \"1s\", rate = \"1/s\" }}]\n"
        );
        for j in 0..next(4) {
            let steps: Vec<String> =
                (0..2 + next(7)).map(|_| format!("\"{}\"", NAMES[next(5) as usize])).collect();
            let share = 1 + next(100);
            text += &format!(
                "[[journey]]\nname = \"j{j}\"\nshare = \"{share}%\"\nsteps = [{}]\n",
                steps.join(", ")
            );
        }
        let s = match memory.load(text.as_bytes()) {
            Ok(s) => s,
            Err(faults) => {
                assert!(faults.iter().all(|f| f.problem.starts_with("nothing of ")), "{faults}\n{text}");
                continue;
            }
        };
        sound += 1;
        let requests: f64 = shares(&s).iter().sum();
        assert!((requests - 1.0).abs() < 1e-12, "{requests}\n{text}");
        for (got, wanted) in shares(&s).into_iter().zip(mix(&s)) {
            assert!((got - wanted).abs() < 1e-12, "{got} for {wanted}\n{text}");
        }
        assert!(s.items.iter().all(|i| i.share >= 0.0));
        assert_eq!(s.items.len(), 5 + s.journeys.len());
    }
    assert!(sound > 1_000, "{sound} of 2,000 had something left for each journey");
}

#[test]
fn every_fault_of_a_journey_is_told_with_its_line() {
    let journey = |lines: &str| open(&format!("[[journey]]\n{lines}"));
    let steps = "steps = [\"a\", \"b\"]";
    refused(journey(steps), MORE, "journey.name: is missing");
    refused(journey("name = \"n\""), MORE, "journey.steps: is missing");
    let named = |lines: &str| journey(&format!("name = \"n\"\n{lines}"));
    let third = MORE + 2;
    refused(
        named("steps = [\"a\"]"),
        third,
        "journey.steps: not the steps of a journey, got \"1\", allowed: a list of 2 to 8",
    );
    refused(named("steps = \"a\""), third, "journey.steps: not the steps of a journey, got \"no list\"");
    let nine = ["\"a\""; 9].join(", ");
    refused(
        named(&format!("steps = [{nine}]")),
        third,
        "journey.steps: not the steps of a journey, got \"9\"",
    );
    refused(
        named("steps = [\"a\", \"x\"]"),
        third,
        "journey.steps: not an interaction of the mix, got \"x\", allowed: a, b, c, d, e",
    );
    refused(named("steps = [\"a\", 3]"), third, "journey.steps: not a step, got \"3\"");
    refused(
        named("steps = [\"a\", { ask = \"b\", when = \"1s\" }]"),
        third,
        "journey.steps.when: unknown key",
    );
    refused(named("steps = [\"a\", { after = \"1s\" }]"), third, "journey.steps.ask: is missing");
    refused(
        named("steps = [\"a\", { ask = \"b\", after = \"soon\" }]"),
        third,
        "journey.steps.after: not a pause, got \"soon\"",
    );
    refused(
        named("steps = [{ ask = \"a\", after = \"1s\" }, \"b\"]"),
        third,
        "journey.steps.after: nothing comes before the first step",
    );
    let with = |line: &str| named(&format!("{line}\n{steps}"));
    refused(with("pause = \"1\""), third, "journey.pause: not a pause, got \"1\"");
    refused(with("share = \"0%\""), third, "journey.share: a journey on which nobody sets out");
    refused(with("share = \"101%\""), third, "journey.share: not a percentage");
    refused(with("rate = \"1/s\""), third, "journey.rate: unknown key");
    let named_a = journey(&format!("name = \"a\"\n{steps}"));
    refused(named_a, MORE + 1, "journey.name: an interaction has this name, got \"a\"");
    let twice = named(&format!("share = \"10%\"\n{steps}\n[[journey]]\nname = \"n\"\n{steps}"));
    refused(twice, MORE + 5, "journey.name: two journeys have this name, got \"n\"");
    let late = named(&format!("{steps}\n[[journey]]\nname = \"m\"\nsteps = [\"e\", \"b\"]"));
    refused(late, MORE + 3, "journey: nothing of b is left for it, got \"m\"");
}

#[test]
fn without_a_mix_the_steps_of_journeys_are_not_called_unknown() {
    let text = scenario("", "rate = \"1/s\"", "[[journey]]\nname = \"n\"\nsteps = [\"a\", \"b\"]");
    let text = text.replace("mix = { a = 5, b = 4, c = 3, d = 2, e = 1 }", "mix = \"nowhere.csv\"");
    refused(read(&text), 2, "mix: file not found, got \"nowhere.csv\"");
}

#[test]
fn kinds_of_users_are_read_with_what_they_do() {
    let journey = "[[journey]]\nname = \"visit\"\nshare = \"50%\"\nsteps = [\"c\", \"d\"]\n";
    let one = good(users("{ count = 3, think = \"1s\" }", journey));
    let kind = &one.load.users[0];
    assert_eq!((kind.name.as_str(), kind.count, kind.session, kind.begins.len()), ("users", 3, None, 0));
    let weights: f64 = kind.does.iter().map(|d| d.1).sum();
    assert!((weights - 1.0).abs() < 1e-12);
    assert_eq!(kind.does.len(), 6, "five interactions and the journey");
    let two = good(users(
        "[{ name = \"clinician\", count = 2, hatch = \"1/s\", think = \"1s..3s\", mix = { visit = 3, e = 1 }, begins = [\"a\", \"b\"], session = \"30m\" }, { count = 1, think = \"5s\", mix = { d = 1 } }]",
        journey,
    ));
    let [clinician, other] = &two.load.users[..] else { panic!("two kinds") };
    assert_eq!((clinician.name.as_str(), other.name.as_str()), ("clinician", "users"));
    assert_eq!(
        clinician.does,
        [(4, 0.25), (5, 0.75)].map(|(i, w)| (i, w)).iter().rev().copied().collect::<Vec<_>>()
    );
    assert_eq!(two.items[5].what, What::Journey(0));
    assert_eq!(clinician.begins, [0, 1]);
    assert_eq!(clinician.session, Some(Duration::from_secs(1_800)));
    assert_eq!((clinician.hatch_per_s, other.hatch_per_s), (1.0, 1.0));
    assert_eq!((clinician.think_min, clinician.think_max), (Duration::from_secs(1), Duration::from_secs(3)));
    assert_eq!(other.does, [(3, 1.0)]);
    // The same as an array of tables.
    let text = scenario("model = \"users\"", "", "").replace("load = { model = \"users\" }", "[load]\nmodel = \"users\"\n[[load.users]]\ncount = 1\nthink = \"1s\"\n[[load.users]]\nname = \"m\"\ncount = 2\nthink = \"1s\"");
    assert_eq!(good(read(&text)).load.users.len(), 2);
}

#[test]
fn every_fault_of_users_is_told_with_its_line() {
    let kind = |keys: &str| users(&format!("{{ {keys} }}"), "");
    let line = 4;
    refused(kind("think = \"1s\""), line, "load.users.count: is missing");
    refused(kind("count = 1"), line, "load.users.think: is missing");
    refused(
        kind("count = 0, think = \"1s\""),
        line,
        "load.users.count: not a number in range, got \"0\", allowed: 1 to 28000",
    );
    let with = |keys: &str| kind(&format!("count = 1, think = \"1s\", {keys}"));
    refused(
        with("hatch = \"1/s..2/s\""),
        line,
        "load.users.hatch: not one rate above zero, got \"1/s..2/s\"",
    );
    refused(with("hatch = \"1\""), line, "load.users.hatch: not a rate, got \"1\"");
    refused(
        with("mix = { x = 1 }"),
        line,
        "load.users.mix.x: neither an interaction of the mix nor a journey, got \"x\", allowed: a, b, c, d, e",
    );
    refused(with("mix = { a = -1 }"), line, "load.users.mix.a: not a number above zero");
    refused(
        with("mix = { a = 1e16 }"),
        line,
        "load.users.mix.a: not a number above zero, got \"1e16\", allowed: a number above zero, 1e15 at most",
    );
    refused(with("mix = {}"), line, "load.users.mix: users who do nothing");
    refused(with("mix = \"a\""), line, "load.users.mix: not a table");
    refused(with("begins = \"a\""), line, "load.users.begins: not a list of interactions");
    refused(with("begins = []"), line, "load.users.begins: not a list of interactions");
    refused(with("begins = [\"x\"]"), line, "load.users.begins: not an interaction of the mix, got \"x\"");
    refused(with("session = \"0s\""), line, "load.users.session: not a duration above zero");
    refused(with("name = \"\""), line, "load.users.name: not a text");
    refused(
        with("age = 3"),
        line,
        "load.users.age: unknown key, got \"age\", allowed: name, count, hatch, think, mix, begins, session",
    );
    let two = |a: &str, b: &str| users(&format!("[{{ {a} }}, {{ {b} }}]"), "");
    let one = "count = 1, think = \"1s\"";
    refused(two(one, one), line, "load.users: two kinds of users have this name, got \"users\"");
    let named = format!("name = \"n\", {one}");
    refused(two(&named, &named), line, "load.users.name: two kinds of users have this name, got \"n\"");
    let many = "count = 20000, think = \"1s\"";
    refused(
        two(many, &format!("name = \"n\", {many}")),
        line,
        "load.users: too many users in all, got \"40000\"",
    );
}

#[test]
fn events_are_read_in_the_order_of_time() {
    let event = |at: &str, what: &str| format!("[[event]]\nat = \"{at}\"\ndo = \"{what}\"\n");
    let text = [
        event("9s", "inject off"),
        event("1s", "hub-kill"),
        event("2s", "hub-restart"),
        event("2s", "hub-stop 500ms"),
        event("0s", "inject  delay 50ms p=0.1 op=a; error 503 p=0.01"),
    ]
    .concat();
    let s = good(open(&text));
    let read: Vec<(u64, &Action)> = s.events.iter().map(|e| (e.at.as_secs(), &e.action)).collect();
    let rules = Action::Inject("delay 50ms p=0.1 op=a; error 503 p=0.01".into());
    assert_eq!(
        read,
        [
            (0, &rules),
            (1, &Action::HubKill),
            (2, &Action::HubRestart),
            (2, &Action::HubStop(Duration::from_millis(500))),
            (9, &Action::Inject("off".into())),
        ]
    );
    assert_eq!(s.events[3].text, "hub-stop 500ms");
    // The closed model has a time too.
    assert_eq!(good(users("{ count = 1, think = \"1s\" }", &event("5s", "hub-kill"))).events.len(), 1);
}

#[test]
fn every_fault_of_an_event_is_told_with_its_line() {
    let event = |lines: &str| open(&format!("[[event]]\n{lines}\n"));
    refused(
        event("at = \"1s\""),
        MORE,
        "event.do: is missing, allowed: hub-kill, hub-restart, hub-stop DURATION, inject RULES, inject off",
    );
    refused(event("do = \"hub-kill\""), MORE, "event.at: is missing");
    refused(
        event("at = \"10s\"\ndo = \"hub-kill\""),
        MORE + 1,
        "event.at: after the last phase has ended, got \"10s\", allowed: before 10s",
    );
    refused(event("at = 3\ndo = \"hub-kill\""), MORE + 1, "event.at: not a time from the start, got \"3\"");
    refused(event("at = \"1s\"\ndo = \"hub-kill\"\nwhy = \"x\""), MORE + 3, "event.why: unknown key");
    let act = |what: &str| event(&format!("at = \"1s\"\ndo = \"{what}\""));
    for (what, says) in [
        ("reboot", "event.do: unknown action, got \"reboot\""),
        ("hub-kill now", "event.do: unknown action, got \"hub-kill now\""),
        ("hub-restart 1s", "event.do: unknown action"),
        (
            "hub-stop",
            "event.do: not how long the hub is frozen, got \"hub-stop\", allowed: hub-stop and a duration above zero, 10m at most",
        ),
        ("hub-stop 0s", "event.do: not how long the hub is frozen"),
        ("hub-stop 11m", "event.do: not how long the hub is frozen"),
        ("inject", "event.do: no rules"),
        ("inject ;;", "event.do: no rules"),
        ("inject 50ms", "event.do: not a rule, got \"50ms\""),
        ("inject delay é", "event.do: not a rule"),
        ("inject off; delay 1s", "event.do: off ends all rules, so it stands alone"),
    ] {
        refused(act(what), MORE + 2, says);
    }
    let long = format!("inject delay {}", "x".repeat(17_000));
    refused(act(&long), MORE + 2, "event.do: rules too long, got \"17006\", allowed: 16384 bytes");
    let text = scenario("", "rate = \"1/s\"", "[[event]]\nat = \"1s\"\ndo = \"hub-kill\"\n")
        .replace("hub = \"embedded\"", "url = \"http://127.0.0.1:1\"");
    refused(
        read(&text),
        MORE,
        "event: a hub that runs already is not ours to disturb: events need one of the run's own, got \"http://127.0.0.1:1\", allowed: hub = \"embedded\" in [target]",
    );
}
