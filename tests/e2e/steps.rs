//! Claim: the steps of a journey are about one person, each uses what its own journey's earlier step left and not what another
//! one left, begins its pause after the answer before it, and is the last when it fails; requests come in the mix's shares.

use crate::support::{run_record, scenario};
use peers::known_server::{Behaviour, KnownServer};
use std::collections::HashMap;

/// Where the number of the step stands in a request's number.
const STEP_BIT: u32 = 48;

const INTERACTIONS: [(&str, &str); 4] = [
    (
        "one",
        "path = \"/one/{{seq}}/{{patient.nhs_number}}\"\nleaves = \"free-1\"\n[headers]\nX-Token = \"{{uuid.a}}\"\n\
         [expect]\nstatus = 200\n[capture]\ntoken = \"{{uuid.a}}\"\n",
    ),
    (
        "two",
        "path = \"/two/{{seq}}/{{patient.nhs_number}}\"\ntakes = \"free-1\"\n[headers]\nX-Token = \"{{capture.token}}\"\n\
         [expect]\nstatus = 200\n",
    ),
    (
        "bad",
        "path = \"/bad/{{seq}}/{{patient.nhs_number}}\"\ntakes = \"free-1\"\n[headers]\nX-Token = \"{{capture.token}}\"\n\
         [expect]\nstatus = 201\n",
    ),
    ("three", "path = \"/three/{{seq}}/{{patient.nhs_number}}\"\n[expect]\nstatus = 200\n"),
];

/// A request as the server saw it.
struct Asked {
    name: String,
    seq: u64,
    person: String,
    token: String,
    arrived_ns: u64,
    answered_ns: u64,
}

fn asked(server: KnownServer) -> Vec<Asked> {
    let (log, bytes) = server.finish();
    let one = |(seen, request): (&peers::known_server::Seen, &Vec<u8>)| {
        let text = String::from_utf8_lossy(request);
        let path = text.split(' ').nth(1)?.strip_prefix('/')?;
        let [name, seq, person] = path.split('/').collect::<Vec<_>>()[..] else { return None };
        let token = text.lines().find_map(|l| l.strip_prefix("X-Token: ")).unwrap_or_default();
        Some(Asked {
            name: name.to_owned(),
            seq: seq.parse().ok()?,
            person: person.to_owned(),
            token: token.to_owned(),
            arrived_ns: seen.arrived_ns,
            answered_ns: seen.answered_ns,
        })
    };
    log.iter().zip(&bytes).filter_map(one).collect()
}

#[test]
fn a_step_follows_its_own_journey_and_a_failed_one_is_the_last() {
    let _alone = crate::support::alone();
    let server = KnownServer::start(Behaviour { delay_ns: |_| 0, freeze: None, record: true, spin: false });
    // 200 journeys a second that each pause for 300 ms: some sixty are always between two steps.
    let (folder, file) = scenario(&format!(
        "title = \"Steps\"\n[target]\nurl = \"http://{}\"\n[mix]\none = 4\ntwo = 2\nbad = 1\nthree = 1\n\
         [[journey]]\nname = \"good\"\nsteps = [\"one\", {{ ask = \"two\", after = \"1h\" }}]\n\
         [[journey]]\nname = \"broken\"\nsteps = [\"one\", {{ ask = \"bad\", after = \"1h\" }}, \"three\"]\n\
         [[phase]]\nname = \"p\"\ntime-lapse = \"20h in 6s\"\nrate = \"400/s\"\n[validity]\n\"send-lag-p99.9\" = \"5s\"\n",
        server.address
    ));
    std::fs::create_dir(folder.path().join("interactions")).expect("made");
    for (name, text) in INTERACTIONS {
        let file = folder.path().join(format!("interactions/{name}.toml"));
        std::fs::write(file, format!("method = \"GET\"\n{text}")).expect("written");
    }
    let (_, run) = run_record(&file, &[]);
    let all = asked(server);
    let begun: HashMap<u64, &Asked> = all.iter().filter(|a| a.name == "one").map(|a| (a.seq, a)).collect();
    let later: Vec<&Asked> = all.iter().filter(|a| a.name != "one" && a.seq >> STEP_BIT > 0).collect();
    assert!(later.len() > 500, "{} later steps", later.len());
    let mut pauses_ms = Vec::new();
    for step in &later {
        let first = begun[&(step.seq & ((1 << STEP_BIT) - 1))];
        assert_eq!(step.seq >> STEP_BIT, 1, "no journey went on after its failed step");
        assert_eq!((&step.person, &step.token), (&first.person, &first.token), "{} {}", step.name, step.seq);
        pauses_ms.push((step.arrived_ns - first.answered_ns) / 1_000_000);
    }
    pauses_ms.sort_unstable();
    assert!(pauses_ms[0] >= 299, "an hour of a lapse of 12,000 is 300 ms, got {}", pauses_ms[0]);
    assert!(pauses_ms[pauses_ms.len() / 2] < 350, "{} ms", pauses_ms[pauses_ms.len() / 2]);
    let persons: std::collections::HashSet<&str> = begun.values().map(|a| &*a.person).collect();
    assert!(persons.len() * 10 > begun.len() * 9, "{} people in {} journeys", persons.len(), begun.len());

    let rows = &run.record.observed.journeys;
    let [good, broken] = &rows[..] else { panic!("{rows:?}") };
    assert_eq!((good.failed, broken.completed, broken.ended_early), (0, 0, 0), "{rows:?}");
    assert_eq!(good.begun, good.completed + good.unfinished, "{rows:?}");
    assert_eq!(broken.failed_at, [0, broken.failed, 0], "{rows:?}");
    assert_eq!(broken.begun, broken.failed + broken.unfinished, "{rows:?}");
    assert!(good.completed > 400 && broken.failed > 200, "{rows:?}");
    let of = |name: &str| all.iter().filter(|a| a.name == name).count() as f64;
    // What was begun in the last 300 ms of six seconds had no second step.
    for (name, share) in [("two", 0.5), ("bad", 0.25)] {
        let got = of(name) / of("one");
        assert!((share * 0.88..share * 1.02).contains(&got), "{name}: {got} of one, {share} in the mix");
    }
    assert_eq!(of("three"), 0.0);
}
