//! Claim: rendering and recording a request allocates nothing in the steady state. A test binary of its own, because the
//! counter takes the place of the allocator.

use allocation_counter::measure;
use harness::recorder::{Outcome, Recorder, Sample};
use harness::run::{plan_of, population_of, recorder_of};
use scenarios::{Given, Memory, RenderContext, Scenario, Wire};

/// Requests until everything has grown to its size: more than any buffer needs.
const BEFORE: u64 = 1_000;
/// Requests that are counted.
const COUNTED: u64 = 1_000;
/// Time between two requests: all that are counted lie within one second, as a second's own histograms are made once in it.
const APART_NS: u64 = 400_000;

fn scenario(mix: &str) -> Scenario {
    let text = format!(
        "title = \"t\"\nmix = {{ {mix} }}\ntarget = {{ hub = \"embedded\" }}\n\
         phase = [{{ name = \"p\", duration = \"1s\", rate = \"2500/s\" }}]\n"
    );
    Memory::new(&[]).load(text.as_bytes()).unwrap_or_else(|faults| panic!("{faults}"))
}

fn recorded(recorder: &mut Recorder, n: u64) {
    let planned_ns = n * APART_NS;
    recorder.planned(0, planned_ns);
    recorder.sent(planned_ns);
    let (sent_ns, done_ns) = (planned_ns + 20_000, planned_ns + 700_000 + n % 97 * 1_000);
    let sample = Sample { interaction: 0, phase: 0, planned_ns, sent_ns, done_ns };
    recorder.finished(&sample, &Outcome::Answered);
}

#[test]
fn drawing_rendering_and_recording_a_request_allocates_nothing() {
    for name in ["pds-retrieve", "mesh-send", "mesh-inbox"] {
        let scenario = scenario(&format!("{name} = 1"));
        let population = population_of(&scenario).expect("a possible population");
        let mut recorder = recorder_of(&scenario);
        let mut plan = plan_of(&scenario);
        let (mut wire, mut bytes) = (Wire::default(), 0);
        let mut request = |n: u64| {
            let ordinal = plan.next().map_or(n, |arrival| arrival.ordinal());
            let cx = RenderContext {
                population: &population,
                seed: scenario.seed,
                seq: n,
                ordinal,
                taken: None,
                given: Given::default(),
                now: jiff::Timestamp::UNIX_EPOCH,
                host: "127.0.0.1:8700",
            };
            scenario.interactions[0].render_wire(&cx, &mut wire);
            bytes += wire.len();
            recorded(&mut recorder, n);
        };
        (0..BEFORE).for_each(&mut request);
        let seen = measure(|| (BEFORE..BEFORE + COUNTED).for_each(&mut request));
        assert_eq!((seen.count_total, seen.bytes_total), (0, 0), "{name}");
        assert!(bytes as u64 > 100 * (BEFORE + COUNTED), "{name}: {bytes} bytes rendered");
    }
}
