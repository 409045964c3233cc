//! Damaged files of the three kinds that a user writes: scenarios, mixes and traces. Files that come with the product are
//! cut, doubled, spliced and bent by seeded chance; whatever comes out, reading it never panics, never takes long, tells
//! every fault with file and line, and takes nothing that it does not know.
//!
//! `SPINEBENCH_FUZZ` is how many thousand inputs of each kind are read; 3 unless it says otherwise. Two million of each:
//! `SPINEBENCH_FUZZ=2000 cargo test --release -p scenarios --test fuzz -- --nocapture`.

mod corpus;
mod damage;
mod keys;

use corpus::{MIXES, PARTS, REPLAY, TRACES, USERS};
use damage::{Random, damaged};
use keys::Keys;
use scenarios::{Faults, Memory, Scenario};
use std::path::Path;
use std::time::{Duration, Instant};

/// Thousands of inputs unless the environment says otherwise: a few seconds of a debug build.
const THOUSANDS: u64 = 3;
/// Longest that one input may take: a thousand times what a sound one takes, so that a busy machine does not matter and
/// work that grows with the square of the input does.
const INPUT_MAX: Duration = Duration::from_secs(2);
/// Reads as many inputs as are asked for and holds each to what all must hold.
#[allow(clippy::disallowed_methods, reason = "each input is timed, by the test's own clock")]
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

/// A file beside this crate.
fn file(path: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

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
    let (memory, keys) = (memory(), Keys::of_readme());
    let by_path = PARTS.replace("[mix]\none = 3\ntwo = 2\nthree = 1\n", "mix = \"m.csv\"\n");
    let mut corpus: Vec<Vec<u8>> =
        [PARTS, USERS, REPLAY, &by_path].iter().map(|text| text.as_bytes().to_vec()).collect();
    corpus.extend(["example-all-keys.toml", "journeys.toml"].map(file));
    let sound = |input: &[u8], s: &Scenario| {
        holds(s);
        keys.check(std::str::from_utf8(input).expect("a scenario is text"));
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
