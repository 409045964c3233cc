//! What is settled before an interaction's rules choose: by a hand-over, by a journey, by a row of a trace. Rendered through
//! interactions that show all their inputs in the path, and through the four journeys that come with the product.

use population::{OrgKind, Population};
use scenarios::{AnswerView, Given, HandOver, Interaction, Memory, RenderContext, Scenario, Step};

const SHOWS: &str = "method = \"GET\"\npath = \"/{{patient.nhs_number}}/{{practice.ods}}/{{pharmacy.ods}}/{{organisation.ods}}/{{endpoint.mailbox}}/{{recipient.asid}}/{{session.ods}}\"\n[expect]\nstatus = 200\n";

fn scenario(inputs: &str) -> Scenario {
    let interaction = format!("{inputs}{SHOWS}");
    let text = "title = \"t\"\nmix = { mine = 1 }\ntarget = { hub = \"embedded\" }\nphase = [{ name = \"p\", duration = \"1s\", rate = \"1/s\" }]\n";
    let memory = Memory::new(&[("interactions/mine.toml", interaction.as_bytes())]);
    memory.load(text.as_bytes()).unwrap_or_else(|f| panic!("{f}"))
}

fn context<'a>(population: &'a Population, seq: u64) -> RenderContext<'a> {
    RenderContext {
        population,
        seed: 42,
        seq,
        ordinal: seq,
        taken: None,
        given: Given::default(),
        now: jiff::Timestamp::UNIX_EPOCH,
        host: "h",
    }
}

fn path(interaction: &Interaction, cx: &RenderContext<'_>) -> Vec<String> {
    let mut out = Vec::new();
    interaction.render(cx, &mut out);
    let text = String::from_utf8_lossy(&out).into_owned();
    text.split(' ').nth(1).unwrap().split('/').skip(1).map(str::to_owned).collect()
}

const PATIENT: usize = 0;
const PRACTICE: usize = 1;
const PHARMACY: usize = 2;
const ORGANISATION: usize = 3;
const MAILBOX: usize = 4;
const RECIPIENT: usize = 5;
const SESSION: usize = 6;

fn population() -> Population {
    Population::new(42, population::Sizes::default()).unwrap()
}

#[test]
fn a_given_patient_comes_before_each_and_random_and_brings_practice_and_pharmacy_along() {
    let p = population();
    let patient = 1_234;
    for rule in ["each", "random"] {
        let inputs = "practice = \"random\"\npharmacy = \"ahead\"\n";
        let s = scenario(&format!("inputs = {{ patient = \"{rule}\", {} }}\n", inline(inputs)));
        let cx =
            RenderContext { given: Given { patient: Some(patient), ..Given::default() }, ..context(&p, 5) };
        let shown = path(&s.interactions[0], &cx);
        assert_eq!(shown[PATIENT], p.nhs_number(patient).to_string());
        assert_eq!(shown[PRACTICE], p.ods_of(OrgKind::GpPractice, p.practice_rank(patient)));
        assert_eq!(shown[PHARMACY], p.ods_of(OrgKind::Pharmacy, p.nominated_pharmacy_rank(patient)));
        let free = path(&s.interactions[0], &context(&p, 5));
        for place in [PATIENT, PRACTICE, PHARMACY] {
            assert_ne!(free[place], shown[place], "the rule without anything given");
        }
    }
}

fn inline(lines: &str) -> String {
    lines.trim().replace('\n', ", ")
}

#[test]
fn a_hand_over_that_names_the_patient_comes_before_a_given_one() {
    let p = population();
    let handed = HandOver::from_iter([("nhs_number", p.nhs_number(7).to_string())]);
    let given = Given { patient: Some(8), ..Given::default() };
    let cx = RenderContext { taken: Some(&handed), given, ..context(&p, 1) };
    let shown = |head: &str| path(&scenario(head).interactions[0], &cx)[PATIENT].clone();
    let number = |index| p.nhs_number(index).to_string();
    assert_eq!(shown("takes = \"free-1\"\ninputs = { patient = \"capture\" }\n"), number(7));
    assert_eq!(shown(""), number(7), "one that takes nothing follows its journey");
    assert_eq!(shown("takes = \"free-1\"\ninputs = { patient = \"each\" }\n"), number(8));
    // Whoever takes a person names somebody else with `each`, as pds-update does with the address that is moved to.
    let other = shown("takes = \"summary\"\ninputs = { patient = \"each\" }\n");
    assert!(other != number(7) && other != number(8));
    // A stranger of another server is nobody here: the given one holds.
    let stranger = HandOver::from_iter([("nhs_number", "9000000009")]);
    let cx = RenderContext { taken: Some(&stranger), ..cx };
    let s = scenario("takes = \"free-1\"\ninputs = { patient = \"capture\" }\n");
    assert_eq!(path(&s.interactions[0], &cx)[PATIENT], number(8));
}

#[test]
fn a_given_organisation_is_the_one_that_acts_and_whose_session_it_is() {
    let p = population();
    let [practice, pharmacy, trust] = OrgKind::ALL.map(|kind| p.organisation_index(kind, 11));
    let ods = |index: u32| p.organisation(index).ods;
    let with = |session: &str, given: u32| {
        let s = scenario(&format!("inputs = {{ session = \"{session}\" }}\n"));
        let given = Given { organisation: Some(given), ..Given::default() };
        path(&s.interactions[0], &RenderContext { given, ..context(&p, 3) })
    };
    for (session, place, given) in [
        ("practice", PRACTICE, practice),
        ("pharmacy", PHARMACY, pharmacy),
        ("organisation", ORGANISATION, trust),
        ("random", PRACTICE, practice),
        ("each", PHARMACY, pharmacy),
        ("random", ORGANISATION, trust),
    ] {
        let shown = with(session, given);
        assert_eq!((&shown[place], &shown[SESSION]), (&ods(given), &ods(given)), "{session}");
    }
    // Of the wrong kind it cannot act, and the rule chooses somebody whose session then fits.
    let shown = with("practice", pharmacy);
    assert_eq!(shown[PRACTICE], shown[SESSION]);
    assert!(shown[PRACTICE] != ods(pharmacy) && shown[PHARMACY] != ods(pharmacy));
}

#[test]
fn a_given_end_point_is_used_and_an_organisation_speaks_through_one_of_its_own() {
    let p = population();
    let s = scenario("inputs = { session = \"endpoint\" }\n");
    let shown = |given: Given| path(&s.interactions[0], &RenderContext { given, ..context(&p, 3) });
    let found = shown(Given { endpoint: Some(99), ..Given::default() });
    assert_eq!((&found[MAILBOX], &found[SESSION]), (&p.endpoint(99).mailbox, &p.endpoint(99).ods));
    let mut seen = std::collections::HashSet::new();
    for seq in 0..30 {
        let given = Given { organisation: Some(5), ..Given::default() };
        let found = path(&s.interactions[0], &RenderContext { given, ..context(&p, seq) });
        assert_eq!(p.endpoint_with_mailbox(&found[MAILBOX]).unwrap() % p.sizes().organisations, 5);
        assert_eq!(found[SESSION], p.organisation(5).ods);
        seen.insert(found[MAILBOX].clone());
    }
    assert_eq!(seen.len(), 2, "20,000 organisations have 28,000 end points: this one has two");
    let handed =
        HandOver::from_iter([("requester_asid", p.endpoint(3).asid), ("responder_asid", p.endpoint(4).asid)]);
    let cx = RenderContext { taken: Some(&handed), ..context(&p, 1) };
    let found = path(&s.interactions[0], &cx);
    assert_eq!((&found[MAILBOX], &found[RECIPIENT]), (&p.endpoint(3).mailbox, &p.endpoint(4).asid));
}

fn journeys() -> (Scenario, Population) {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("journeys.toml");
    let s = scenarios::load(&file).unwrap_or_else(|f| panic!("{f}"));
    let p = Population::new(s.seed, s.population).unwrap();
    (s, p)
}

/// Asks the steps of a journey one after the other, with answers as a hub would give them, and gives back every request.
fn walked(s: &Scenario, p: &Population, name: &str, given: Given) -> Vec<(String, String)> {
    let journey = s.journeys.iter().find(|j| j.name == name).unwrap();
    let mut handed: Option<HandOver> = None;
    let mut asked = Vec::new();
    for (nth, Step { interaction, .. }) in journey.steps.iter().enumerate() {
        let interaction = &s.interactions[*interaction];
        let nth = nth as u64;
        let cx = RenderContext { taken: handed.as_ref(), given, ..context(p, 100 + nth) };
        let mut out = Vec::new();
        interaction.render(&cx, &mut out);
        let request = String::from_utf8(out).unwrap();
        let patient = p.nhs_number(given.patient.unwrap()).to_string();
        let body = answer_to(&interaction.name, &patient);
        let id = handed.as_ref().and_then(|h| h.get("message_id")).unwrap_or_default().to_owned();
        let headers: [(&str, &[u8]); 2] = [("ETag", b"W/\"4\""), ("Mex-MessageID", id.as_bytes())];
        let status = interaction.statuses()[0];
        let answer = AnswerView { status, headers: &headers, body: body.as_bytes() };
        let mut left = Vec::new();
        interaction.check(&answer, &cx, &mut left).unwrap_or_else(|f| panic!("{}: {f}", interaction.name));
        handed = left.into_iter().next().or(handed);
        asked.push((interaction.name.clone(), request));
    }
    asked
}

fn answer_to(interaction: &str, patient: &str) -> String {
    match interaction {
        "pds-trace" => r#"{"resourceType":"Bundle","type":"searchset"}"#.into(),
        "pds-retrieve" | "pds-update" => {
            format!(r#"{{"resourceType":"Patient","id":"{patient}","address":[{{"id":"a1"}}]}}"#)
        }
        "mesh-send" => r#"{"message_id":"20261123080910000001_ABCDEF"}"#.into(),
        "eps-release" => {
            let id = |value: &str| {
                format!(
                    r#"{{"resource":{{"identifier":[{{"value":"{value}"}}],"groupIdentifier":{{"value":"short","extension":[{{"valueIdentifier":{{"value":"long"}}}}]}}}}}}"#
                )
            };
            let entries = ["head", "i1", "i2", "i3", "i4", patient].map(id).join(",");
            format!(
                r#"{{"resourceType":"Parameters","parameter":[{{"resource":{{"entry":[{{"resource":{{"identifier":{{"value":"m"}},"entry":[{entries}]}}}}]}}}}]}}"#
            )
        }
        "eps-prescribe" | "eps-dispense" | "eps-claim" => r#"{"resourceType":"OperationOutcome"}"#.into(),
        _ => String::new(),
    }
}

#[test]
fn the_same_patient_flows_through_a_change_of_address() {
    let (s, p) = journeys();
    let given = Given { patient: Some(55), ..Given::default() };
    let asked = walked(&s, &p, "change-of-address", given);
    let (person, number) = (p.patient(55), p.nhs_number(55).to_string());
    assert!(asked[0].1.contains(&format!("birthdate=eq{}", person.birth_date)), "{}", asked[0].1);
    assert!(asked[1].1.contains(&format!("/Patient/{number} ")) && asked[2].1.contains(&number));
    assert!(asked[2].1.contains("If-Match: W/\"4\"\r\n"));
    assert!(!asked[2].1.contains(&person.postcode), "the address is another's");
}

#[test]
fn the_same_prescription_flows_from_the_practice_through_the_patients_pharmacy() {
    let (s, p) = journeys();
    for patient in [1, 2, 3_000] {
        let given = Given { patient: Some(patient), ..Given::default() };
        let asked = walked(&s, &p, "prescription", given);
        let pharmacy = p.ods_of(OrgKind::Pharmacy, p.nominated_pharmacy_rank(patient));
        for (name, request) in &asked {
            assert!(request.contains(&pharmacy), "{name} names the nominated pharmacy {pharmacy}");
        }
        let number = p.nhs_number(patient).to_string();
        assert!(asked[0].1.contains(&number) && asked[2].1.contains(&number));
        assert_eq!(asked.last().unwrap().0, "eps-claim");
    }
}

#[test]
fn the_mailbox_that_was_sent_to_is_the_one_that_is_looked_into_fetched_from_and_acknowledged() {
    let (s, p) = journeys();
    let asked = walked(&s, &p, "message", Given { patient: Some(1), ..Given::default() });
    let to = asked[0].1.split("Mex-To: ").nth(1).unwrap().split("\r\n").next().unwrap();
    for (name, request) in &asked[1..] {
        assert!(request.contains(&format!(" /messageexchange/{to}/inbox")), "{name}");
        assert!(request.contains(&format!("Authorization: NHSMESH {to}:")), "{name}");
    }
}

#[test]
fn a_record_is_asked_for_sent_and_acknowledged_between_the_same_two_systems() {
    let (s, p) = journeys();
    let given = Given { patient: Some(9), ..Given::default() };
    let asked = walked(&s, &p, "new-patient", given);
    let number = p.nhs_number(9).to_string();
    let between = |request: &str| -> Vec<String> {
        let ids = request.split("PartyId eb:type").skip(1);
        ids.map(|s| s.split('>').nth(1).unwrap().split('<').next().unwrap().to_owned()).collect()
    };
    let [request, extract, acknowledge] = [3, 4, 5].map(|n: usize| between(&asked[n].1));
    assert_eq!(request.len(), 2);
    assert_eq!(extract, [request[1].clone(), request[0].clone()], "the other way");
    assert_eq!(acknowledge, request);
    assert!(asked[3].1.contains(&number) && asked[4].1.contains(&number));
}
