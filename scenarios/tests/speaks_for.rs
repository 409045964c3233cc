//! In whose name each interaction of the national mix comes, compared with what the rendered request shows: the session's or
//! system's token, the mailbox, the user.

use population::{Population, Sizes};
use scenarios::{Given, HandOver, RenderContext, backlog, load};
use std::collections::HashMap;
use std::path::Path;

/// Requests rendered of each interaction: enough to meet every kind of organisation.
const EACH: u64 = 40;

fn people() -> Population {
    Population::new(42, Sizes { patients: 5_000, organisations: 100, endpoints: 140 }).unwrap()
}

/// Which organisation each secret that a request can show belongs to.
fn owners(people: &Population) -> HashMap<String, (u32, Option<u32>)> {
    let mut owners = HashMap::new();
    for i in 0..people.sessions() {
        let session = people.session(i);
        owners.insert(format!("Bearer {}", session.token), (session.organisation, None));
        owners.insert(format!("username={}", session.user_id), (session.organisation, None));
    }
    for i in 0..people.sizes().endpoints {
        let e = people.endpoint(i);
        owners.insert(format!("Bearer {}", people.endpoint_token(i)), (e.organisation, Some(i)));
        owners.insert(e.mailbox, (e.organisation, Some(i)));
    }
    for i in 0..people.backlog().logins {
        let login = people.login(i);
        owners.insert(format!("code={}", login.code), (people.session(login.session).organisation, None));
    }
    owners
}

/// The secret that a request shows.
fn shown(request: &str) -> Option<String> {
    let (head, body) = request.split_once("\r\n\r\n")?;
    if let Some(value) = head.lines().find_map(|l| l.strip_prefix("Authorization: ")) {
        return match value.strip_prefix("NHSMESH ") {
            Some(token) => token.split(':').next().map(str::to_owned),
            None => Some(value.to_owned()),
        };
    }
    body.split('&').find(|f| f.starts_with("username=") || f.starts_with("code=")).map(str::to_owned)
}

#[test]
fn every_request_of_the_national_mix_comes_in_the_name_of_whose_secret_it_shows() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("national-peak.toml");
    let (scenario, people) = (load(&file).unwrap(), people());
    let owners = owners(&people);
    let mut nobody = Vec::new();
    for interaction in &scenario.interactions {
        for n in 0..EACH {
            let of_stage = |stage: &&str| backlog(stage, n, &people);
            let mut taken: Option<HandOver> = interaction.takes().iter().find_map(of_stage);
            if taken.is_none() && !interaction.takes().is_empty() {
                let number = people.nhs_number(n).to_string();
                taken = Some(HandOver::from_iter([
                    ("nhs_number", number.as_str()),
                    ("pharmacy", &people.ods_of(population::OrgKind::Pharmacy, 1)),
                ]));
            }
            let cx = RenderContext {
                population: &people,
                seed: 42,
                seq: n * 31,
                ordinal: n,
                taken: taken.as_ref(),
                given: Given::default(),
                now: jiff::Timestamp::UNIX_EPOCH,
                host: "127.0.0.1:1",
            };
            let mut request = Vec::new();
            interaction.render(&cx, &mut request);
            let shown = shown(&String::from_utf8_lossy(&request));
            let expected =
                shown.map(|s| *owners.get(&s).unwrap_or_else(|| panic!("{}: {s}", interaction.name)));
            let speaks_for = interaction.speaks_for(&cx);
            let known = speaks_for.map(|s| s.organisation) == expected.map(|(organisation, _)| organisation);
            assert!(known, "{} {n}: {speaks_for:?}, expected {expected:?}", interaction.name);
            // A captured token's owner is known by its organisation alone.
            let system = speaks_for.and_then(|s| s.end_point).or(expected.and_then(|(_, system)| system));
            assert_eq!(system, expected.and_then(|(_, system)| system), "{} {n}", interaction.name);
            if expected.is_none() && n == 0 {
                nobody.push(interaction.name.as_str());
            }
        }
    }
    nobody.sort_unstable();
    assert_eq!(nobody, ["mesh-endpoint-lookup", "sds-lookup"], "look-ups that everybody may make");
}
