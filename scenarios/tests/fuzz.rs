//! Damaged files of the three kinds that a user writes: scenarios, mixes and traces. Files that come with the product are
//! cut, doubled, spliced and bent by seeded chance; whatever comes out, reading it never panics, never takes long, tells
//! every fault with file and line, and takes nothing that it does not know.
//!
//! `SPINEBENCH_FUZZ` is how many thousand inputs of each kind are read; 3 unless it says otherwise. Two million of each:
//! `SPINEBENCH_FUZZ=2000 cargo test --release -p scenarios --test fuzz -- --nocapture`.

use scenarios::{Faults, Memory, Scenario};
use std::path::Path;
use std::time::{Duration, Instant};
use toml::Value;

/// Thousands of inputs unless the environment says otherwise: a few seconds of a debug build.
const THOUSANDS: u64 = 3;
/// Longest that one input may take: a thousand times what a sound one takes, so that a busy machine does not matter and
/// work that grows with the square of the input does.
const INPUT_MAX: Duration = Duration::from_secs(2);
/// Longest input, bytes: doubled too often, an input says nothing new.
const BYTES_MAX: usize = 16 * 1024;

/// SplitMix64: every input can be made again from its number.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }
}

/// Pieces that break readers elsewhere.
const PIECES: [&str; 40] = [
    "\"",
    "'",
    "\"\"\"",
    "\n",
    "\r\n",
    "\u{0}",
    "\u{feff}",
    "é",
    "🙂",
    ",",
    ";",
    "=",
    "[",
    "]",
    "[[",
    "]]",
    "{",
    "}",
    "#",
    "..",
    "%",
    "/s",
    "ns",
    "x",
    "-1",
    "0",
    "1e308",
    "nan",
    "inf",
    "18446744073709551616",
    "0x7fff_ffff",
    "9999999999999999d",
    "[[journey]]\n",
    "[[event]]\n",
    "[[load.users]]\n",
    "[load]\n",
    "arrivals = \"trace\"\n",
    "colour = 1\n",
    "hub-stop 1s",
    "inject off",
];

/// One of the corpus, with one to four damages.
fn damaged(corpus: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut bytes = corpus[random.below(corpus.len())].clone();
    let most = 1 + random.below(4);
    for _ in 0..=random.below(most) {
        let (a, b) = (random.below(bytes.len() + 1), random.below(bytes.len() + 1));
        let (from, to) = (a.min(b), a.max(b));
        // Most damages are small: a large one alone leaves little that is read at all.
        let near = (from + random.below(24)).min(bytes.len());
        match random.below(10) {
            0 => drop(bytes.drain(from..to)),
            1 | 2 => drop(bytes.drain(from..near)),
            3 => {
                let part = bytes[from..to].to_vec();
                bytes.splice(to..to, part);
            }
            4 => lines(&mut bytes, random),
            5 => {
                let other = &corpus[random.below(corpus.len())];
                let at = random.below(other.len());
                let part = other[at..(at + random.below(200)).min(other.len())].to_vec();
                bytes.splice(from..from, part);
            }
            6 | 7 => {
                let piece = PIECES[random.below(PIECES.len())];
                bytes.splice(from..near, piece.bytes());
            }
            _ if from < bytes.len() => bytes[from] ^= 1 << random.below(8),
            _ => {}
        }
        bytes.truncate(BYTES_MAX);
    }
    bytes
}

/// Drops, doubles or moves a whole line, which keeps more of the file readable than anything else.
fn lines(bytes: &mut Vec<u8>, random: &mut Random) {
    let mut lines: Vec<Vec<u8>> = bytes.split_inclusive(|b| *b == b'\n').map(<[u8]>::to_vec).collect();
    if lines.is_empty() {
        return;
    }
    let (from, to) = (random.below(lines.len()), random.below(lines.len()));
    match random.below(3) {
        0 => drop(lines.remove(from)),
        1 => lines.insert(to, lines[from].clone()),
        _ => lines.swap(from, to),
    }
    *bytes = lines.concat();
}

/// Reads as many inputs as are asked for and holds each to what all must hold.
fn fuzz(
    kind: &str,
    seed: u64,
    corpus: &[Vec<u8>],
    mut read: impl FnMut(&[u8]) -> Result<Scenario, Faults>,
    mut sound: impl FnMut(&[u8], &Scenario),
) {
    let thousands = std::env::var("SPINEBENCH_FUZZ").ok().and_then(|n| n.parse().ok()).unwrap_or(THOUSANDS);
    let (mut loaded, mut longest, began) = (0_u64, Duration::ZERO, Instant::now());
    for original in corpus {
        read(original).unwrap_or_else(|faults| panic!("{kind}: the corpus itself is sound\n{faults}"));
    }
    for n in 0..thousands * 1_000 {
        let mut random = Random(seed.wrapping_add(n.wrapping_mul(0xd134_2543_de82_ef95)));
        let input = damaged(corpus, &mut random);
        let start = Instant::now();
        // A panic fails the test with its own message; this says which input it was.
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| read(&input)));
        let took = start.elapsed();
        let shown = || format!("{kind}, input {n}:\n{}", String::from_utf8_lossy(&input));
        let Ok(outcome) = outcome else { panic!("panicked: {}", shown()) };
        assert!(took < INPUT_MAX, "took {took:?}: {}", shown());
        longest = longest.max(took);
        match outcome {
            Ok(scenario) => {
                loaded += 1;
                let checked =
                    std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| sound(&input, &scenario)));
                assert!(checked.is_ok(), "{}", shown());
            }
            Err(faults) => {
                assert!(!faults.is_empty(), "refused without a word: {}", shown());
                for fault in faults.iter() {
                    let text = fault.to_string();
                    let place = format!("{}:{}: ", fault.file, fault.line);
                    assert!(
                        !fault.file.is_empty() && fault.line > 0 && text.starts_with(&place),
                        "{text}\n{}",
                        shown()
                    );
                    assert!(text.len() > place.len(), "{text}\n{}", shown());
                }
            }
        }
    }
    let (all, secs) = (thousands * 1_000, began.elapsed().as_secs_f64());
    println!(
        "{kind}: {all} inputs in {secs:.1} s, {:.0}/s; {loaded} were sound; the longest took {longest:?}",
        all as f64 / secs
    );
    assert!(loaded > 0 && loaded < all, "{loaded} of {all} were sound: the damage is too large or too small");
}

/// What every scenario that loads must hold, whatever its text.
fn holds(s: &Scenario) {
    let requests = |item: &scenarios::Item| match item.what {
        scenarios::What::Single(id) => {
            assert!(id < s.interactions.len());
            1
        }
        scenarios::What::Journey(j) => s.journeys[j].steps.len(),
    };
    let sum: f64 = s.items.iter().map(|i| i.share * requests(i) as f64).sum();
    assert!((sum - 1.0).abs() < 1e-9, "shares of items sum to {sum}");
    let sum: f64 = s.mix.rows.iter().map(|r| r.share).sum();
    assert!((sum - 1.0).abs() < 1e-9, "shares of the mix sum to {sum}");
    assert!(s.items.iter().all(|i| i.share.is_finite() && i.share >= 0.0));
    assert!(s.phases.iter().any(|p| p.measured));
    assert!(s.phases.iter().all(|p| p.requests().is_finite() && !p.duration.is_zero()));
    assert!(s.journeys.iter().all(|j| (2..=scenarios::STEPS_MAX).contains(&j.steps.len())));
    for kind in &s.load.users {
        let sum: f64 = kind.does.iter().map(|(_, weight)| weight).sum();
        assert!((sum - 1.0).abs() < 1e-9 && kind.count > 0, "weights of {} sum to {sum}", kind.name);
    }
    assert!(s.load.users.is_empty() == (s.load.model == scenarios::Model::Open));
    assert!(s.load.trace.is_some() == (s.load.arrivals == scenarios::Arrivals::Trace));
    assert_eq!(s.sha256.len(), 64);
}

/// The keys of a scenario, by table; `*` is a name that the user chooses. Written from the README, not from the readers.
fn known(table: &str) -> Option<&'static [&'static str]> {
    Some(match table {
        "" => &[
            "title",
            "seed",
            "mix",
            "cost",
            "target",
            "population",
            "load",
            "phase",
            "journey",
            "event",
            "budget",
            "validity",
        ],
        "target" => &["hub", "store", "url", "authorised", "tls", "ca", "cert", "key", "mailbox-key"],
        "population" => &["patients", "organisations", "endpoints"],
        "load" => &[
            "model",
            "arrivals",
            "connections",
            "connections-max",
            "sources",
            "workers",
            "timeout",
            "users",
            "trace",
            "dispersion",
        ],
        "load.users" => &["name", "count", "hatch", "think", "mix", "begins", "session"],
        "load.trace" => &["file", "speed"],
        "journey" => &["name", "steps", "share", "pause"],
        "journey.steps" => &["ask", "after"],
        "event" => &["at", "do"],
        "validity" => &["send-lag-p99.9", "dropped", "harness-cpu"],
        _ => return None,
    })
}

/// Tables whose keys other tests hold: names of interactions, and the shapes of phases.
const FREE: [&str; 4] = ["mix", "load.users.mix", "budget", "phase"];

fn keys_are_known(path: &str, value: &Value) {
    match value {
        Value::Table(table) => {
            let keys = known(path).unwrap_or_else(|| panic!("an unknown table {path:?} was taken"));
            for (key, value) in table {
                assert!(keys.contains(&key.as_str()), "an unknown key {key:?} of {path:?} was taken");
                let inner = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                if !FREE.contains(&inner.as_str()) {
                    keys_are_known(&inner, value);
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|v| keys_are_known(path, v)),
        _ => {}
    }
}

/// A file beside this crate.
fn file(path: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// A scenario in which every part that this crate reads is used, small enough to be read fast.
const PARTS: &str = r#"title = "parts"
seed = 7
[mix]
one = 3
two = 2
three = 1
[target]
hub = "embedded"
[population]
patients = 100
[load]
model = "open"
arrivals = "constant"
connections = 4
timeout = "1s"
[[phase]]
name = "p"
duration = "5s"
rate = "1/s..9/s"
[[phase]]
name = "q"
duration = "1m30s"
rate = "1/s"
measured = false
[[journey]]
name = "j"
share = "50%"
pause = "1s"
steps = ["one", "two", { ask = "one", after = "2s" }]
[[journey]]
name = "k"
steps = ["three", "one"]
[[event]]
at = "3s"
do = "hub-stop 1s"
[[event]]
at = "1s"
do = "inject delay 50ms p=0.1; error 503"
[budget]
all = { response-p99 = "1s", errors = "1%", "service-p99.9" = "2s" }
[validity]
dropped = "1%"
"#;

const USERS: &str = r#"title = "users"
mix = { one = 3, two = 2, three = 1 }
target = { hub = "embedded", store = "memory" }
[load]
model = "users"
[[load.users]]
name = "clinician"
count = 3
hatch = "2/s"
think = "1s..2s"
mix = { one = 1, j = 2 }
begins = ["two", "three"]
session = "30m"
[[load.users]]
count = 1
think = "5s"
[[phase]]
name = "p"
duration = "5s"
[[journey]]
name = "j"
steps = ["one", "two"]
"#;

const REPLAY: &str = "title = \"replay\"\ntarget = { hub = \"embedded\" }\n[load]\narrivals = \"trace\"\n[load.trace]\nfile = \"t.csv\"\nspeed = \"2x\"\n";

const TRACES: [&str; 3] = [
    "offset_ns,interaction,organisation,status\n0,one,A20047,200\n2000000,two,X26ABC1,202\n2000000,counted,,0\n9000000,one,FK1A1,404\n",
    "offset_ms,patient,interaction\n0,,three\n1.5,,two\n1.500001,,\"one\"\n7,,three\n",
    "interaction,endpoint,offset_s\none,200000000985,0\ntwo,,0.25\nthree,100000000000,3600\n",
];

const MIXES: [&str; 2] = [
    "interaction,share\none,0.5\ntwo,0.25\nthree,0.25\n",
    "row,service,published_interaction,kind,interaction,share,req_bytes,resp_bytes,legacy_ms,spine2_ms,attended,grade,source\n1,A,Ask,sync,one,0.5,100,200,10,1.5,yes,estimate,\"some, where\"\n2,A,Tell,async,two,0.3,100,200,,,no,published,elsewhere\n3,B,Not yet,sync,,0.2,1,2,3,4,no,estimate,nowhere\n",
];

/// Small interactions, compiled once.
fn memory() -> Memory {
    let get = |more: &str| {
        format!("method = \"GET\"\npath = \"/{{{{patient.nhs_number}}}}\"\n{more}[expect]\nstatus = 200\n")
    };
    let (one, two, three) = (get(""), get("operation = \"counted\"\n"), get("title = \"t\"\n"));
    Memory::new(&[
        ("interactions/one.toml", one.as_bytes()),
        ("interactions/two.toml", two.as_bytes()),
        ("interactions/three.toml", three.as_bytes()),
        ("m.csv", MIXES[0].as_bytes()),
        ("t.csv", TRACES[0].as_bytes()),
    ])
}

#[test]
fn damaged_scenarios_are_refused_with_file_and_line_or_hold_what_all_hold() {
    let memory = memory();
    let by_path = PARTS.replace("[mix]\none = 3\ntwo = 2\nthree = 1\n", "mix = \"m.csv\"\n");
    let mut corpus: Vec<Vec<u8>> =
        [PARTS, USERS, REPLAY, &by_path].iter().map(|text| text.as_bytes().to_vec()).collect();
    corpus.extend(["example-all-keys.toml", "journeys.toml"].map(file));
    let sound = |input: &[u8], s: &Scenario| {
        holds(s);
        let text = std::str::from_utf8(input).expect("a scenario is text");
        let table: toml::Table = text.parse().expect("a scenario is TOML");
        keys_are_known("", &Value::Table(table));
    };
    fuzz("scenarios", 1, &corpus, |input| memory.load(input), sound);
}

#[test]
fn damaged_mixes_are_refused_with_file_and_line_or_hold_what_all_hold() {
    let scenario = "title = \"t\"\nmix = \"m.csv\"\ntarget = { hub = \"embedded\" }\nphase = [{ name = \"p\", duration = \"1s\", rate = \"1/s\" }]\n";
    let mut memory = memory();
    let mut corpus: Vec<Vec<u8>> = MIXES.iter().map(|text| text.as_bytes().to_vec()).collect();
    // The published mix, its interactions renamed to those that are compiled in no time.
    let published = String::from_utf8(file("mixes/spine-2015.csv")).unwrap();
    let renamed: Vec<String> = published
        .lines()
        .enumerate()
        .map(|(n, line)| {
            let name = line.split(",sync,").nth(1).or(line.split(",async,").nth(1));
            let name = name.and_then(|rest| rest.split(',').next());
            name.map_or(line.to_owned(), |name| {
                line.replace(&format!("sync,{name},"), &format!("sync,{},", ["one", "two", "three"][n % 3]))
            })
        })
        .collect();
    corpus.push(renamed.join("\n").into_bytes());
    let read = |input: &[u8]| {
        memory.put("m.csv", input);
        memory.load(scenario.as_bytes())
    };
    fuzz("mixes", 2, &corpus, read, |_, s| {
        holds(s);
        assert!(s.mix.rows.iter().all(|r| (0.0..=1.0).contains(&r.share) && r.share_stated > 0.0));
    });
}

#[test]
fn damaged_traces_are_refused_with_file_and_line_or_hold_what_all_hold() {
    let mut memory = memory();
    let mut corpus: Vec<Vec<u8>> = TRACES.iter().map(|text| text.as_bytes().to_vec()).collect();
    let many: String = (0..100).map(|n| format!("{},{},,200\n", n * 1_000, ["one", "two"][n % 2])).collect();
    corpus.push(format!("offset_us,interaction,organisation,status\n{many}").into_bytes());
    let read = |input: &[u8]| {
        memory.put("t.csv", input);
        memory.load(REPLAY.as_bytes())
    };
    fuzz("traces", 3, &corpus, read, |input, s| {
        holds(s);
        let trace = s.load.trace.as_ref().expect("a trace");
        assert_eq!(trace.counts.iter().sum::<u64>(), trace.rows);
        assert!(trace.counts.iter().all(|n| *n > 0) && trace.counts.len() == s.interactions.len());
        assert!(trace.rows < input.len() as u64);
        let (lasts, replayed) = (s.phases[0].duration.as_nanos() as f64, trace.last_ns as f64 / trace.speed);
        assert!(lasts > replayed, "the last row lies within: {lasts} after {replayed}");
    });
}
