//! The directory against the memory engine: both ways of asking, shapes, sizes, refusals.

use super::seed::directory;
use super::*;
use crate::domain::Ids;
use crate::message::Body;
use hub_store::Store;
use hub_store::memory::MemoryStore;
use population::{EndPoint, Population, Sizes};

const ODS: &str = "https://fhir.nhs.uk/Id/ods-organization-code";
const INTERACTION: &str = "https://fhir.nhs.uk/Id/nhsServiceInteractionId";
const PARTY_KEY: &str = "https://fhir.nhs.uk/Id/nhsMhsPartyKey";

fn population() -> Population {
    Population::new(42, Sizes { patients: 10, organisations: 100, endpoints: 140 }).unwrap()
}

fn store() -> MemoryStore {
    let store = MemoryStore::new();
    let population = population();
    let rows = directory(&population).map(|(_, key, value)| (key, value));
    assert_eq!(store.load(Table::Directory, &mut rows.into_iter()).unwrap(), 280);
    store
}

fn request(kind: &str, query: &[(&str, &str, &str)]) -> Request {
    let pair = |(name, system, code): &(&str, &str, &str)| ((*name).to_owned(), format!("{system}|{code}"));
    let mut headers = hyper::HeaderMap::new();
    headers.insert("apikey", "key".parse().unwrap());
    Request {
        method: Method::GET,
        segments: ["spine-directory", "FHIR", "R4", kind].map(str::to_owned).into(),
        query: query.iter().map(pair).collect(),
        headers,
        body: Body::EMPTY,
    }
}

fn ask(request: &Request) -> Answer {
    let operation = match route(request) {
        Ok(operation) => operation,
        Err(answer) => return *answer,
    };
    let (store, ids) = (store(), Ids::new(1));
    decide(operation, &Context::new(&store, 0, &ids, false), request).answer
}

fn body(answer: &Answer) -> Value {
    let Body::Inline(body) = &answer.body else { panic!("inline") };
    serde_json::from_slice(body).unwrap()
}

fn end_point() -> EndPoint {
    population().endpoint(7)
}

#[test]
fn a_device_is_found_by_organisation_and_interaction() {
    let e = end_point();
    let answer = ask(&request(
        "Device",
        &[("organization", ODS, &e.ods), ("identifier", INTERACTION, e.interactions[0])],
    ));
    let bundle = body(&answer);
    assert_eq!(
        (answer.status, &bundle["resourceType"], &bundle["type"]),
        (200, &"Bundle".into(), &"searchset".into())
    );
    let entries = bundle["entry"].as_array().unwrap();
    assert_eq!(bundle["total"], entries.len());
    let found =
        entries.iter().find(|e2| e2["resource"]["identifier"][0]["value"] == e.asid.as_str()).unwrap();
    assert_eq!(found["resource"]["resourceType"], "Device");
    assert_eq!(found["resource"]["identifier"][1]["value"], e.party_key.as_str());
    assert_eq!(found["resource"]["owner"]["identifier"]["value"], e.ods.as_str());
    assert_eq!(found["search"]["mode"], "match");
}

#[test]
fn an_endpoint_is_found_by_every_published_combination() {
    let e = end_point();
    let (ods, interaction, party) = (
        ("organization", ODS, e.ods.as_str()),
        ("identifier", INTERACTION, e.interactions[1]),
        ("identifier", PARTY_KEY, e.party_key.as_str()),
    );
    for (query, total) in [
        (&[ods, interaction, party][..], 1),
        (&[interaction, party], 1),
        (&[ods, party], e.interactions.len()),
    ] {
        let bundle = body(&ask(&request("Endpoint", query)));
        assert_eq!(bundle["total"], total, "{query:?}");
        let keys = &bundle["entry"][0]["resource"]["identifier"];
        assert_eq!(keys[1]["value"], e.party_key.as_str());
    }
    let both = body(&ask(&request("Endpoint", &[ods, interaction])));
    assert!(both["total"].as_u64().unwrap() >= 1);
}

#[test]
fn sizes_are_near_the_published_ones() {
    let e = end_point();
    let query = [
        ("organization", ODS, e.ods.as_str()),
        ("identifier", INTERACTION, e.interactions[0]),
        ("identifier", PARTY_KEY, &e.party_key),
    ];
    let (device, endpoint) =
        (ask(&request("Device", &query)).body.len(), ask(&request("Endpoint", &query)).body.len());
    // Published: Device 1,549 and Endpoint 2,679 bytes, the Bundle around it some 700 to 900.
    assert!((2_000..=4_000).contains(&device), "{device}");
    assert!((2_900..=4_400).contains(&endpoint), "{endpoint}");
}

#[test]
fn nothing_found_is_an_empty_searchset() {
    let query = [("organization", ODS, "NOBODY"), ("identifier", INTERACTION, end_point().interactions[0])];
    let bundle = body(&ask(&request("Device", &query)));
    assert_eq!((&bundle["total"], &bundle["entry"]), (&0.into(), &json!([])));
    let e = end_point();
    let other = [("organization", ODS, "NOBODY"), ("identifier", PARTY_KEY, e.party_key.as_str())];
    assert_eq!(body(&ask(&request("Endpoint", &other)))["total"], 0);
}

#[test]
fn published_refusals_of_a_look_up() {
    let e = end_point();
    let ods = ("organization", ODS, e.ods.as_str());
    let interaction = ("identifier", INTERACTION, e.interactions[0]);
    let status = |request: &Request| ask(request).status;
    for query in [
        &[][..],
        &[ods],
        &[interaction],
        &[("organization", "https://example.org", "A"), interaction],
        &[ods, ("identifier", INTERACTION, "")],
        &[ods, ods, interaction],
        &[ods, interaction, ("extra", ODS, "X")],
    ] {
        let answer = ask(&request("Device", query));
        assert_eq!(answer.status, 400, "{query:?}");
        assert_eq!(body(&answer)["issue"][0]["code"], "required");
    }
    let good = request("Device", &[ods, interaction]);
    let mut no_key = good.clone();
    no_key.headers.remove("apikey");
    let mut xml = good.clone();
    xml.headers.insert("accept", "application/fhir+xml".parse().unwrap());
    let mut post = good.clone();
    post.method = Method::POST;
    let elsewhere = request("Practitioner", &[ods]);
    assert_eq!([&no_key, &xml, &post, &elsewhere].map(status), [401, 406, 405, 404]);
    let mut json = good;
    json.headers.insert("accept", "text/html, application/fhir+json;q=0.9".parse().unwrap());
    assert_eq!(status(&json), 200);
}

#[test]
fn a_resource_keeps_its_id() {
    let e = end_point();
    let query = [("organization", ODS, e.ods.as_str()), ("identifier", INTERACTION, e.interactions[0])];
    let id =
        || body(&ask(&request("Device", &query)))["entry"][0]["resource"]["id"].as_str().unwrap().to_owned();
    assert_eq!(id(), id());
    assert_eq!((id().len(), &id()[14..15]), (36, "4"));
}

#[test]
fn directory_rows_ascend() {
    let population = population();
    let keys: Vec<_> = directory(&population).map(|(_, key, _)| key).collect();
    assert!(keys.windows(2).all(|w| w[0] < w[1]));
}
