//! The files that come with the product: every scenario loads, every interaction renders valid HTTP and JSON, sizes are near
//! the published ones, and what one interaction leaves another can take.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use population::Population;
use scenarios::{AnswerView, HandOver, Interaction, RenderContext, Scenario, backlog};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn national_peak() -> Scenario {
    scenarios::load(&here("national-peak.toml")).unwrap_or_else(|faults| panic!("{faults}"))
}

/// What the interaction could take: the backlog's, or values made up where a stage has none.
fn taken(interaction: &Interaction, population: &Population, i: u64) -> Option<HandOver> {
    let stage = interaction.takes().first()?;
    interaction.takes().iter().find_map(|s| backlog(s, i, population)).or_else(|| {
        let stage = scenarios::STAGES.iter().find(|s| s.name == *stage)?;
        let value = |name: &str| match name {
            "nhs_number" => population.nhs_number(i).to_string(),
            "etag" => "W/\"1\"".to_owned(),
            _ => "x1".to_owned(),
        };
        Some(stage.hands_over.iter().map(|name| (*name, value(name))).collect())
    })
}

fn rendered(interaction: &Interaction, population: &Population, n: u64) -> Vec<u8> {
    let taken = taken(interaction, population, n);
    let cx = RenderContext {
        population,
        seed: 42,
        seq: n,
        ordinal: n,
        taken: taken.as_ref(),
        given: scenarios::Given::default(),
        now: "2026-11-23T08:09:10Z".parse().unwrap(),
        host: "127.0.0.1:8700",
    };
    let mut out = Vec::new();
    interaction.render(&cx, &mut out);
    let mut wire = scenarios::Wire::default();
    interaction.render_wire(&cx, &mut wire);
    assert!(wire.joined() == out && wire.len() == out.len(), "{}", interaction.name);
    out
}

/// Request line, headers, body; panics when it is not a well-formed request.
fn parsed(request: &[u8]) -> (String, Vec<(String, String)>, Vec<u8>) {
    let end = request.windows(4).position(|w| w == b"\r\n\r\n").expect("an empty line after the head");
    let head = std::str::from_utf8(&request[..end]).expect("a head in UTF-8");
    let body = request[end + 4..].to_vec();
    let mut lines = head.split("\r\n");
    let line = lines.next().unwrap().to_owned();
    let parts: Vec<&str> = line.split(' ').collect();
    assert_eq!(parts.len(), 3, "{line}");
    assert!(parts[1].starts_with('/') && parts[1].bytes().all(|b| b.is_ascii_graphic()), "{line}");
    assert_eq!(parts[2], "HTTP/1.1");
    let headers: Vec<(String, String)> = lines
        .map(|l| l.split_once(": ").unwrap_or_else(|| panic!("header {l:?}")))
        .map(|(n, v)| (n.to_ascii_lowercase(), v.to_owned()))
        .collect();
    for (name, value) in &headers {
        assert!(!value.is_empty() && !value.contains(['\r', '\n']), "{name}");
        assert_eq!(headers.iter().filter(|(n, _)| n == name).count(), 1, "{name} twice");
    }
    let length =
        headers.iter().find(|(n, _)| n == "content-length").map(|(_, v)| v.parse::<usize>().unwrap());
    assert_eq!(length.unwrap_or(0), body.len(), "{line}");
    (line, headers, body)
}

#[test]
fn every_scenario_that_comes_with_the_product_loads() {
    let mut found = 0;
    for entry in std::fs::read_dir(here(".")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if name.ends_with(".toml") && name != "Cargo.toml" {
            scenarios::load(&path).unwrap_or_else(|faults| panic!("{faults}"));
            found += 1;
        }
    }
    assert!(found >= 1);
}

#[test]
fn every_interaction_that_comes_with_the_product_is_sound_also_outside_a_mix() {
    let folder = tempfile::tempdir().unwrap();
    let mut weights = String::new();
    for entry in std::fs::read_dir(here("interactions")).unwrap() {
        let path = entry.unwrap().path();
        weights += &format!("{} = 1\n", path.file_stem().unwrap().to_str().unwrap());
    }
    let text = format!(
        "title = \"all\"\n[target]\nhub = \"embedded\"\n[[phase]]\nname = \"p\"\nduration = \"1s\"\nrate = \"1/s\"\n[mix]\n{weights}"
    );
    let path = folder.path().join("all.toml");
    std::fs::write(&path, text).unwrap();
    // Nothing lies beside this scenario: everything comes out of the program itself.
    let scenario = scenarios::load(&path).unwrap_or_else(|faults| panic!("{faults}"));
    assert!(scenario.interactions.iter().all(|i| i.file.starts_with("built-in ")));
    let population = Population::new(42, scenario.population).unwrap();
    for interaction in &scenario.interactions {
        for n in 0..20 {
            let request = rendered(interaction, &population, n);
            let (line, headers, body) = parsed(&request);
            assert!(line.starts_with(interaction.method()));
            assert!(!request.windows(2).any(|w| w == b"{{"), "{}: a variable is left", interaction.name);
            let is = |kind: &str| headers.iter().any(|(n, v)| n == "content-type" && v.contains(kind));
            if is("multipart/") {
                let lines = body.iter().filter(|b| **b == b'\n').count();
                assert!(lines > 10 && body.windows(2).filter(|w| w == b"\r\n").count() == lines);
            }
            if is("json") {
                serde_json::from_slice::<serde_json::Value>(&body)
                    .unwrap_or_else(|e| panic!("{}: {e}", interaction.name));
            }
        }
    }
}

#[test]
fn the_mix_is_whole_and_its_requests_have_about_the_published_sizes() {
    let scenario = national_peak();
    let sum: f64 = scenario.mix.rows.iter().map(|r| r.share).sum();
    assert!((sum - 1.0).abs() < 1e-9, "{sum}");
    let gone: f64 = scenario.mix.not_replayed.iter().map(|r| r.share).sum();
    let stated: f64 = scenario.mix.rows.iter().map(|r| r.share_stated).sum();
    assert!((gone + stated - 1.0).abs() < 1e-9);
    assert_eq!(scenario.mix.not_replayed, [], "every row of the mix is asked");
    let population = Population::new(scenario.seed, scenario.population).unwrap();
    println!("{:<28} {:>8} {:>8} {:>8}", "interaction", "share %", "mix B", "ours B");
    for row in &scenario.mix.rows {
        let interaction = &scenario.interactions[row.interaction];
        let ours = rendered(interaction, &population, 3).len();
        println!(
            "{:<28} {:>8.3} {:>8} {ours:>8}",
            interaction.name,
            row.share * 100.0,
            row.req_bytes.unwrap_or(0)
        );
    }
    // Sizes of the published FHIR examples, compact (facts of the traffic table); HL7 v3 rows of the mix are another wire.
    for (name, published) in
        [("eps-prescribe", 14_234), ("eps-dispense", 19_836), ("eps-claim", 9_805), ("mesh-send", 25_000)]
    {
        let interaction = scenario.interactions.iter().find(|i| i.name == name).expect(name);
        let ours = rendered(interaction, &population, 3).len() as f64;
        let off = (ours / f64::from(published) - 1.0).abs();
        assert!(off < 0.25, "{name}: {ours} bytes, published {published}");
    }
}

#[test]
fn every_order_bears_a_signature_of_its_own() {
    let scenario = national_peak();
    let population = Population::new(scenario.seed, scenario.population).unwrap();
    let orders = scenario.interactions.iter().filter(|i| i.operation == "eps-prescribe");
    let mut seen = std::collections::HashSet::new();
    for interaction in orders {
        for n in 0..20 {
            let (_, _, body) = parsed(&rendered(interaction, &population, n));
            let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
            let entries = body["entry"].as_array().unwrap();
            let provenance = entries.iter().find(|e| e["resource"]["resourceType"] == "Provenance").unwrap();
            let data = provenance["resource"]["signature"][0]["data"].as_str().unwrap();
            let xml = String::from_utf8(STANDARD.decode(data).unwrap()).unwrap();
            let digest = xml.split("<DigestValue>").nth(1).unwrap().split('<').next().unwrap();
            assert_eq!(STANDARD.decode(digest).unwrap().len(), 32);
            assert!(seen.insert(digest.to_owned()), "{} {n}: a digest twice", interaction.name);
        }
    }
    assert_eq!(seen.len(), 40);
}

#[test]
fn the_journeys_of_the_mix_stay_in_balance() {
    let scenario = national_peak();
    let share = |name: &str| -> f64 {
        let of_name = |row: &&scenarios::MixRow| scenario.interactions[row.interaction].name == name;
        scenario.mix.rows.iter().filter(of_name).map(|r| r.share_stated).sum()
    };
    let mut waiting: HashMap<&str, f64> = HashMap::new();
    for interaction in &scenario.interactions {
        if let Some(stage) = interaction.leaves() {
            let left = match interaction.name.as_str() {
                // Two prescriptions lie ready at each pharmacy whose turn it is, as long as so many are prescribed.
                "eps-release" => (2.0 * share("eps-release")).min(share("eps-prescribe")),
                name => share(name),
            };
            *waiting.entry(stage).or_default() += left;
        }
    }
    // Those that can take from one stage only come before those that can choose.
    let mut takers: Vec<&Interaction> = scenario.interactions.iter().filter(|i| !i.keeps_taken()).collect();
    takers.sort_by_key(|i| i.takes().len());
    for interaction in takers {
        let mut wanted = share(&interaction.name);
        for (n, stage) in interaction.takes().iter().enumerate() {
            let there = waiting.entry(stage).or_default();
            let is_last = n + 1 == interaction.takes().len();
            let taken = if is_last { wanted } else { wanted.min(*there) };
            *there -= taken;
            wanted -= taken;
        }
    }
    for (stage, rest) in waiting {
        assert!(rest > -1e-6, "{stage}: {rest:.6} of all arrivals find nothing once the backlog is used up");
    }
}

#[test]
fn the_same_inputs_give_the_same_bytes_and_other_inputs_give_others() {
    let scenario = national_peak();
    let population = Population::new(scenario.seed, scenario.population).unwrap();
    for interaction in &scenario.interactions {
        let first = rendered(interaction, &population, 5);
        assert_eq!(first, rendered(interaction, &population, 5), "{}", interaction.name);
        assert_ne!(first, rendered(interaction, &population, 6), "{}", interaction.name);
    }
}

#[test]
fn retrieving_leaves_what_updating_takes() {
    let scenario = national_peak();
    let population = Population::new(scenario.seed, scenario.population).unwrap();
    let by_name = |name: &str| scenario.interactions.iter().find(|i| i.name == name).expect(name);
    let (retrieve, update) = (by_name("pds-retrieve"), by_name("pds-update"));
    let cx = RenderContext {
        population: &population,
        seed: scenario.seed,
        seq: 9,
        ordinal: 4,
        taken: None,
        given: scenarios::Given::default(),
        now: jiff::Timestamp::UNIX_EPOCH,
        host: "h",
    };
    let mut request = Vec::new();
    retrieve.render(&cx, &mut request);
    let (line, _, _) = parsed(&request);
    let number = line.split(' ').nth(1).unwrap().rsplit('/').next().unwrap().to_owned();
    let body = format!(
        r#"{{"resourceType":"Patient","id":"{number}","address":[{{"id":"a1","line":["x"]}}],"meta":{{"versionId":"3"}}}}"#
    );
    let headers: [(&str, &[u8]); 1] = [("etag", b"W/\"3\"")];
    let mut left = Vec::new();
    let good = AnswerView { status: 200, headers: &headers, body: body.as_bytes() };
    retrieve.check(&good, &cx, &mut left).unwrap();
    assert_eq!(left[0].get("nhs_number"), Some(number.as_str()));
    assert_eq!(left[0].get("etag"), Some("W/\"3\""));

    let next = RenderContext { taken: Some(&left[0]), seq: 10, ..cx };
    request.clear();
    update.render(&next, &mut request);
    let (line, headers, body) = parsed(&request);
    assert!(line.contains(&number));
    assert!(headers.contains(&("if-match".to_owned(), "W/\"3\"".to_owned())));
    assert!(String::from_utf8(body).unwrap().contains("a1"));

    let other = body_of_another(&number);
    let wrong = AnswerView { status: 200, headers: good.headers, body: other.as_bytes() };
    let fault = retrieve.check(&wrong, &cx, &mut left).unwrap_err();
    assert_eq!(fault.to_string(), "json: /id is not {{patient.nhs_number}}");
    let fault = retrieve.check(&AnswerView { headers: &[], ..good }, &cx, &mut left).unwrap_err();
    assert_eq!(fault.to_string(), "header: ETag is missing");
    let error = br#"{"resourceType":"OperationOutcome","issue":[{"details":{"coding":[{"code":"RESOURCE_NOT_FOUND"}]}}]}"#;
    let fault =
        retrieve.check(&AnswerView { status: 404, headers: &[], body: error }, &cx, &mut left).unwrap_err();
    assert_eq!(fault.to_string(), "status: 404 RESOURCE_NOT_FOUND");
    let fault = retrieve.check(&AnswerView { body: b"<html>", ..good }, &cx, &mut left).unwrap_err();
    assert_eq!(fault.to_string(), "json: the body is not JSON");
    assert_eq!(left.len(), 1, "a bad answer leaves nothing");
}

fn body_of_another(number: &str) -> String {
    format!(r#"{{"resourceType":"Patient","id":"not {number}","address":[{{"id":"a1"}}]}}"#)
}
