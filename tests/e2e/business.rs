//! Claim: the journeys that come with the product are whole pieces of business. One person walks each of them, step by step,
//! against a real hub: every answer is good, and what one step leaves is what the next one takes. Then the hub's own audit
//! log, exported as a trace, loads as a scenario and tells the same interactions in the same order, to the millisecond.

use crate::support::{Http, Hub, assert_exit, root, spinebench};
use population::Population;
use scenarios::{AnswerView, Given, HandOver, RenderContext, Scenario, TraceReader};

/// How many people walk each journey.
const PEOPLE: u64 = 12;

/// Walks a journey to its end; gives back the operations that were asked.
fn walk(
    scenario: &Scenario,
    population: &Population,
    http: &mut Http,
    (journey, patient): (usize, u64),
    seq: &mut u64,
) -> Vec<String> {
    let journey = &scenario.journeys[journey];
    let number = population.nhs_number(patient).to_string();
    let mut handed: Option<HandOver> = None;
    let mut asked = Vec::new();
    for step in &journey.steps {
        let interaction = &scenario.interactions[step.interaction];
        let cx = RenderContext {
            population,
            seed: scenario.seed,
            seq: *seq,
            ordinal: *seq,
            taken: handed.as_ref(),
            given: Given { patient: Some(patient), ..Given::default() },
            now: harness::clock::wall_now(),
            host: "127.0.0.1",
        };
        *seq += 1;
        let mut raw = Vec::new();
        interaction.render(&cx, &mut raw);
        http.send(&raw).expect("sent");
        let reply = http.receive(false).expect("answered");
        let headers: Vec<(&str, &[u8])> =
            reply.headers.iter().map(|(n, v)| (n.as_str(), v.as_bytes())).collect();
        let answer = AnswerView { status: reply.status, headers: &headers, body: &reply.body };
        let mut left = Vec::new();
        interaction.check(&answer, &cx, &mut left).unwrap_or_else(|fault| {
            let body = String::from_utf8_lossy(&reply.body[..reply.body.len().min(800)]).into_owned();
            panic!("{}, {}: {fault}\n{body}", journey.name, interaction.name)
        });
        // Of several that wait at a pharmacy, the patient's own.
        let own = left.iter().position(|h| h.get("nhs_number") == Some(number.as_str()));
        if interaction.name == "eps-release" {
            assert!(own.is_some(), "what was prescribed waits at the nominated pharmacy: {left:?}");
        }
        if !left.is_empty() {
            handed = Some(left.swap_remove(own.unwrap_or(0)));
        }
        asked.push(interaction.operation.clone());
    }
    asked
}

#[test]
fn every_journey_that_comes_with_the_product_is_a_whole_piece_of_business() {
    let _alone = crate::support::alone();
    let scenario =
        scenarios::load(&root().join("scenarios/journeys.toml")).unwrap_or_else(|faults| panic!("{faults}"));
    let population = Population::new(scenario.seed, scenario.population).expect("sizes in range");
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let numbers = [
        ("--seed", scenario.seed),
        ("--patients", scenario.population.patients),
        ("--organisations", scenario.population.organisations.into()),
        ("--endpoints", scenario.population.endpoints.into()),
    ];
    let args: Vec<String> = numbers.iter().flat_map(|(n, v)| [(*n).to_owned(), v.to_string()]).collect();
    let hub = Hub::start(&data, &args.iter().map(String::as_str).collect::<Vec<_>>());
    let mut http = Http::connect(hub.address).expect("connected");
    let (mut seq, mut asked) = (0, Vec::new());
    for person in 0..PEOPLE {
        for journey in 0..scenario.journeys.len() {
            let patient = population.permuted_patient(person, 7);
            asked.extend(walk(&scenario, &population, &mut http, (journey, patient), &mut seq));
        }
    }
    assert!(scenario.journeys.len() == 4 && asked.len() as u64 == PEOPLE * (6 + 3 + 4 + 4));
    drop(http);
    assert!(hub.stop().status.success());

    let trace = folder.path().join("day.csv");
    let [data, file] = [&data, &trace].map(|p| p.to_str().expect("a UTF-8 path"));
    assert_exit(&spinebench(&["hub", "audit", "trace", data, "--out", file]), 0);
    let sizes = scenario.population;
    let text = format!(
        "title = \"as it was\"\nseed = {}\ntarget = {{ hub = \"embedded\" }}\n\
         population = {{ patients = {}, organisations = {}, endpoints = {} }}\n\
         [load]\narrivals = \"trace\"\ntrace = {{ file = \"day.csv\", speed = \"2x\" }}\n",
        scenario.seed, sizes.patients, sizes.organisations, sizes.endpoints
    );
    let path = folder.path().join("again.toml");
    std::fs::write(&path, text).expect("written");
    let again = scenarios::load(&path).unwrap_or_else(|faults| panic!("{faults}"));
    let mut reader = TraceReader::open(&again, &population).expect("opened");
    let rows: Vec<_> = reader.by_ref().collect();
    assert_eq!(reader.fault(), None);
    let told: Vec<String> =
        rows.iter().map(|r| again.interactions[r.interaction].operation.clone()).collect();
    assert_eq!(told.len(), asked.len());
    // Events carry milliseconds: what was asked within one may stand in any order, and nothing else may.
    let mut from = 0;
    for together in rows.chunk_by(|a, b| a.offset_ns == b.offset_ns) {
        let to = from + together.len();
        let [mut told, mut asked] = [told[from..to].to_vec(), asked[from..to].to_vec()];
        told.sort();
        asked.sort();
        assert_eq!(told, asked, "rows {from} to {to} of {}", rows.len());
        from = to;
    }
    assert!(
        rows.iter().filter(|r| r.given.organisation.is_some()).count() * 2 > rows.len(),
        "who acted is told"
    );
}
