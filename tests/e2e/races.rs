//! Claim: of two who want the same thing at once exactly one gets it. Two pharmacies ask for one prescription (both by its
//! id, or one of them by its queue), two updates stand under one ETag, two acknowledgements are of one message, two claims of
//! one prescription; every time one wins, the other is refused or told what is already so, and the audit log of the stopped
//! hub holds exactly one write for each. `SPINEBENCH_RACES` sets the number; the long suite sets 100,000.
//!
//! Both requests of a race are written to two keep-alive connections before either answer is read, in every other one the
//! end of the first after the second; many races run at once.
//! Requests are those of the scenarios, sent in sessions of the organisations that they act for.

use crate::support::{Http, Hub, Reply, said};
use population::{Population, Sizes};
use scenarios::{AnswerView, HandOver, Interaction, RenderContext};
use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Races in the test command.
const RACES: u64 = 3_000;
/// Races at a time: enough that one commit of the hub takes many, and that the two of a pair seldom fall into different ones.
const LANES: u64 = 32;
/// Far more people than races at a time, so that nobody is in two of them at once.
const SIZES: Sizes = Sizes { patients: 20_000, organisations: 4_000, endpoints: 5_600 };
const SEED: u64 = 42;

/// What is raced for, in turn: cheap ones more often.
const TURNS: [Kind; 10] = [
    Kind::Update,
    Kind::Acknowledge,
    Kind::Update,
    Kind::ById,
    Kind::Update,
    Kind::Queue,
    Kind::Acknowledge,
    Kind::Update,
    Kind::Claim,
    Kind::Claim,
];

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// Two updates under one ETag.
    Update,
    /// Two acknowledgements of one message.
    Acknowledge,
    /// Two pharmacies ask for a prescription by its id.
    ById,
    /// The nominated pharmacy asks for what waits for it, another for the same prescription by its id.
    Queue,
    /// Two claims for one prescription.
    Claim,
}

/// What all lanes share.
struct World {
    population: Population,
    interactions: HashMap<String, Interaction>,
    /// Numbers requests, so that each has ids of its own.
    seq: AtomicU64,
}

/// How often which kind was raced, and how often the request that was written second won.
type Tally = BTreeMap<Kind, (u64, u64)>;

impl World {
    fn new() -> World {
        let mix = "pds-retrieve pds-update mesh-send mesh-acknowledge eps-prescribe eps-prescribe-patient-held eps-release \
                   eps-release-patient eps-dispense eps-claim";
        let weights: String = mix.split_whitespace().map(|name| format!("{name} = 1\n")).collect();
        let (_folder, file) = crate::support::scenario(&format!(
            "title = \"races\"\n[target]\nhub = \"embedded\"\n[[phase]]\nname = \"p\"\nduration = \"1s\"\nrate = \"1/s\"\n[mix]\n{weights}"
        ));
        let scenario = scenarios::load(&file).unwrap_or_else(|faults| panic!("{faults}"));
        World {
            population: Population::new(SEED, SIZES).expect("possible sizes"),
            interactions: scenario.interactions.into_iter().map(|i| (i.name.clone(), i)).collect(),
            seq: AtomicU64::new(0),
        }
    }

    fn context<'a>(&'a self, ordinal: u64, taken: Option<&'a HandOver>) -> RenderContext<'a> {
        let seq = self.seq.fetch_add(1, Ordering::Relaxed);
        let now = harness::clock::wall_now();
        RenderContext {
            population: &self.population,
            seed: SEED,
            seq,
            ordinal,
            taken,
            given: scenarios::Given::default(),
            now,
            host: "hub",
        }
    }

    fn rendered(&self, name: &str, cx: &RenderContext<'_>) -> Vec<u8> {
        let mut request = Vec::new();
        self.interactions[name].render(cx, &mut request);
        request
    }

    /// What a good answer hands over; panics when it is not good.
    fn left(&self, name: &str, cx: &RenderContext<'_>, reply: &Reply) -> Vec<HandOver> {
        let mut left = Vec::new();
        let headers: Vec<(&str, &[u8])> =
            reply.headers.iter().map(|(n, v)| (n.as_str(), v.as_bytes())).collect();
        let answer = AnswerView { status: reply.status, headers: &headers, body: &reply.body };
        let checked = self.interactions[name].check(&answer, cx, &mut left);
        checked.unwrap_or_else(|fault| panic!("{name}: {fault}: {}", shown(reply)));
        left
    }
}

/// Two connections on which one race after the other is run.
struct Lane<'a> {
    world: &'a World,
    lines: [Http; 2],
    tally: Tally,
}

impl Lane<'_> {
    fn new(world: &World, address: SocketAddr) -> Lane<'_> {
        let connect = || Http::connect(address).expect("the hub listens");
        Lane { world, lines: [connect(), connect()], tally: Tally::new() }
    }

    /// Asks alone, and gives what the answer hands over.
    fn ask(&mut self, name: &str, ordinal: u64, taken: Option<&HandOver>) -> Vec<HandOver> {
        let cx = self.world.context(ordinal, taken);
        self.lines[0].send(&self.world.rendered(name, &cx)).expect("sent");
        let reply = self.lines[0].receive(false).expect("answered");
        self.world.left(name, &cx, &reply)
    }

    /// Asks both at once: in every other race the first request's last byte comes up to 2 ms after the whole of the second,
    /// so that either may be first, and the second is still in its commit when the first comes.
    fn race(&mut self, n: u64, requests: [Vec<u8>; 2]) -> [Reply; 2] {
        let [first, second] = &requests;
        let held_back = usize::from(n / 10 % 2 == 1);
        let (begin, end) = first.split_at(first.len() - held_back);
        self.lines[0].send(begin).expect("sent");
        self.lines[1].send(second).expect("sent");
        if held_back > 0 {
            std::thread::sleep(Duration::from_micros(n * 37 % 2_000));
            self.lines[0].send(end).expect("sent");
        }
        self.lines.each_mut().map(|line| line.receive(false).expect("answered"))
    }

    /// The `n`-th race of all.
    fn run(&mut self, n: u64) {
        let kind = TURNS[n as usize % TURNS.len()];
        let winners = match kind {
            Kind::Update => self.update(n),
            Kind::Acknowledge => self.acknowledge(n),
            Kind::ById => self.by_id(n),
            Kind::Queue => self.queue(n),
            Kind::Claim => self.claim(n),
        };
        let (raced, second) = self.tally.entry(kind).or_default();
        *raced += 1;
        match winners {
            [true, false] => {}
            [false, true] => *second += 1,
            [true, true] => panic!("race {n}: both won: {kind:?}"),
            [false, false] => panic!("race {n}: nobody won: {kind:?}"),
        }
    }

    fn update(&mut self, n: u64) -> [bool; 2] {
        let read = self.ask("pds-retrieve", n, None).remove(0);
        let requests = [n, n + 1].map(|o| {
            let cx = self.world.context(o, Some(&read));
            self.world.rendered("pds-update", &cx)
        });
        let replies = self.race(n, requests);
        for loser in replies.iter().filter(|r| r.status != 200) {
            assert_eq!(loser.status, 409, "{}", shown(loser));
        }
        let winners = replies.each_ref().map(|r| r.status == 200);
        let version =
            |etag: &str| etag.trim_matches(|c: char| !c.is_ascii_digit()).parse::<u64>().expect("a version");
        let after = self.ask("pds-retrieve", n, None).remove(0);
        let [before, after] = [&read, &after].map(|h| version(h.get("etag").expect("an ETag")));
        assert_eq!(after, before + 1, "race {n}: the record went on by one version");
        winners
    }

    fn acknowledge(&mut self, n: u64) -> [bool; 2] {
        let sent = self.ask("mesh-send", n, None).remove(0);
        let requests = [0; 2].map(|_| {
            let cx = self.world.context(n, Some(&sent));
            self.world.rendered("mesh-acknowledge", &cx)
        });
        let replies = self.race(n, requests);
        // Saying it twice is allowed; that only one of them wrote, the audit log shows.
        for reply in &replies {
            assert_eq!(reply.status, 200, "{}", shown(reply));
        }
        [true, false]
    }

    /// A release by id, of another pharmacy than `not`; with the pharmacy that asks.
    fn release(&self, held: &HandOver, not: &str) -> (Vec<u8>, String) {
        loop {
            let cx = self.world.context(0, Some(held));
            let request = self.world.rendered("eps-release-patient", &cx);
            let pharmacy = value_after(&request, "ods-organization-code\",\"value\":\"");
            if pharmacy != not {
                return (request, pharmacy);
            }
        }
    }

    fn by_id(&mut self, n: u64) -> [bool; 2] {
        let held = self.ask("eps-prescribe-patient-held", n, None).remove(0);
        let (first, pharmacy) = self.release(&held, "");
        let (second, _) = self.release(&held, &pharmacy);
        let replies = self.race(n, [first, second]);
        replies.each_ref().map(|reply| given(reply, &held))
    }

    fn queue(&mut self, n: u64) -> [bool; 2] {
        // Prescriptions go to pharmacies in pairs, beginning where the backlog ends; releases come one for each pharmacy.
        let cx = self.world.context(2 * n, None);
        let order = self.world.rendered("eps-prescribe", &cx);
        self.lines[0].send(&order).expect("sent");
        let reply = self.lines[0].receive(false).expect("answered");
        self.world.left("eps-prescribe", &cx, &reply);
        let id = value_after(&order, "prescription-order-number\",\"value\":\"");
        let held = HandOver::from_iter([("prescription_id", id)]);
        let turn = self.world.population.backlog().nominated / 2 + n;
        let own = self.world.rendered("eps-release", &self.world.context(turn, None));
        let nominated = value_after(&own, "ods-organization-code\",\"value\":\"");
        assert!(String::from_utf8_lossy(&order).contains(&nominated), "the pharmacy of the prescription");
        let (other, _) = self.release(&held, &nominated);
        // The nominated pharmacy comes first in one half of the races.
        let swap = n / 20 % 2 == 1;
        let replies = self.race(n, if swap { [other, own] } else { [own, other] });
        replies.each_ref().map(|reply| given(reply, &held))
    }

    fn claim(&mut self, n: u64) -> [bool; 2] {
        let held = self.ask("eps-prescribe-patient-held", n, None).remove(0);
        let released = self.ask("eps-release-patient", n, Some(&held)).remove(0);
        let dispensed = self.ask("eps-dispense", n, Some(&released)).remove(0);
        let requests = [0; 2].map(|_| {
            let cx = self.world.context(n, Some(&dispensed));
            self.world.rendered("eps-claim", &cx)
        });
        let replies = self.race(n, requests);
        for reply in &replies {
            assert!(reply.status == 200 || (400..500).contains(&reply.status), "{}", shown(reply));
        }
        replies.each_ref().map(|reply| reply.status == 200)
    }
}

/// True when the answer hands out that prescription.
fn given(reply: &Reply, held: &HandOver) -> bool {
    assert!(reply.status < 500, "{}", shown(reply));
    let id = held.get("prescription_id").expect("an id");
    let number = format!("prescription-order-number\",\"value\":\"{id}\"");
    reply.status == 200 && String::from_utf8_lossy(&reply.body).contains(&number)
}

/// What stands in a request's body from a beginning to the next quotation mark.
fn value_after(request: &[u8], beginning: &str) -> String {
    let text = String::from_utf8_lossy(request);
    let at = text.find(beginning).expect("the body names it") + beginning.len();
    text[at..].split('"').next().expect("a value").to_owned()
}

fn shown(reply: &Reply) -> String {
    format!("{} {:.400}", reply.status, String::from_utf8_lossy(&reply.body))
}

/// Writes of each operation in the audit log of a stopped hub.
fn writes(data: &std::path::Path) -> BTreeMap<String, u64> {
    let store = (reference_hub::STORES[0].open)(data).expect("the stopped hub's folder opens");
    let (mut counted, mut from) = (BTreeMap::new(), Vec::new());
    loop {
        let rows = store.scan(hub_store::Table::Audit, &from, &[0xff; 9], 1_000).expect("readable");
        for line in rows.iter().flat_map(|row| row.value.value.split(|b| *b == b'\n')) {
            let event: serde_json::Value = serde_json::from_slice(line).unwrap_or_default();
            if event["kind"] == "write" {
                *counted.entry(event["operation"].as_str().unwrap_or_default().to_owned()).or_default() += 1;
            }
        }
        let Some(last) = rows.last() else { return counted };
        from = last.key.to_vec();
        from.push(0);
    }
}

#[test]
fn of_two_at_once_exactly_one_wins() {
    let _alone = crate::support::alone();
    let races = std::env::var("SPINEBENCH_RACES").ok().and_then(|n| n.parse().ok()).unwrap_or(RACES);
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let [patients, organisations, endpoints] =
        [SIZES.patients, SIZES.organisations.into(), SIZES.endpoints.into()].map(|n: u64| n.to_string());
    let sizes = ["--patients", &patients, "--organisations", &organisations, "--endpoints", &endpoints];
    let hub = Hub::start(&data, &sizes);
    let (world, next, address) = (World::new(), AtomicU64::new(0), hub.address);
    let clock = harness::clock::Clock::start();
    let tallies: Vec<Tally> = std::thread::scope(|scope| {
        let lanes: Vec<_> = (0..LANES)
            .map(|_| {
                scope.spawn(|| {
                    let mut lane = Lane::new(&world, address);
                    loop {
                        let n = next.fetch_add(1, Ordering::Relaxed);
                        if n >= races {
                            return lane.tally;
                        }
                        lane.run(n);
                    }
                })
            })
            .collect();
        lanes.into_iter().map(|lane| lane.join().expect("every race has one winner")).collect()
    });
    let seconds = clock.now_ns() as f64 / 1e9;
    let stopped = hub.stop();
    assert!(stopped.status.success(), "{}", said(&stopped));
    let mut all = Tally::new();
    for (kind, (raced, second)) in tallies.into_iter().flatten() {
        let (r, s) = all.entry(kind).or_default();
        (*r, *s) = (*r + raced, *s + second);
    }
    let raced = |kind: Kind| all.get(&kind).map_or(0, |(raced, _)| *raced);
    assert_eq!(all.values().map(|(raced, _)| raced).sum::<u64>(), races);
    let writes = writes(&data);
    for (operation, kind) in
        [("pds-update", Kind::Update), ("mesh-acknowledge", Kind::Acknowledge), ("eps-claim", Kind::Claim)]
    {
        let written = writes.get(operation).copied().unwrap_or(0);
        assert_eq!(written, raced(kind), "{operation}: one write for each race, {writes:?}");
    }
    println!("{races} races in {seconds:.1} s: {all:?} (raced, won by the request written second)");
}
