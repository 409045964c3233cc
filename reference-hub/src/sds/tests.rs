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

/// Issue code, error code and display of a refusal.
fn coding(answer: &Answer) -> (Value, Value, Value) {
    let issue = &body(answer)["issue"][0];
    let coding = &issue["details"]["coding"][0];
    assert_eq!(coding["system"], "https://fhir.nhs.uk/STU3/ValueSet/Spine-ErrorOrWarningCode-1");
    (issue["code"].clone(), coding["code"].clone(), coding["display"].clone())
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
        assert_eq!(coding(&answer), ("required".into(), "BAD_REQUEST".into(), "Bad request".into()));
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
    assert_eq!(coding(&ask(&no_key)).1, "ACCESS_DENIED");
    assert_eq!(
        coding(&ask(&xml)),
        ("not-supported".into(), "UNSUPPORTED_MEDIA_TYPE".into(), "Unsupported media type".into())
    );
    let not_implemented = |kind: &str| (kind.into(), "NOT_IMPLEMENTED".into(), "Not implemented".into());
    assert_eq!(coding(&ask(&post)), not_implemented("not-supported"));
    assert!(ask(&post).headers.contains(&("allow", "GET".into())));
    assert_eq!(coding(&ask(&elsewhere)), not_implemented("not-found"));
    let mut refused = good.clone();
    refused.headers.insert("accept", "application/fhir+json;q=0, text/html".parse().unwrap());
    assert_eq!(status(&refused), 406);
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

#[test]
fn a_correlation_id_must_be_a_uuid() {
    let e = end_point();
    let query = [("organization", ODS, e.ods.as_str()), ("identifier", INTERACTION, e.interactions[0])];
    for (id, status) in [
        ("6d3d3674-7ce5-11ec-90d6-0242ac120003", 200),
        ("6D3D3674-7CE5-11EC-90D6-0242AC120003", 200),
        ("7", 400),
        ("", 400),
    ] {
        let mut request = request("Device", &query);
        request.headers.insert("X-Correlation-Id", id.parse().unwrap());
        assert_eq!(ask(&request).status, status, "{id}");
    }
}

#[test]
fn a_device_may_be_narrowed_by_party_key_and_manufacturer() {
    let e = end_point();
    let (ods, interaction, party) = (
        ("organization", ODS, e.ods.as_str()),
        ("identifier", INTERACTION, e.interactions[0]),
        ("identifier", PARTY_KEY, e.party_key.as_str()),
    );
    let total = |query: &[(&str, &str, &str)]| body(&ask(&request("Device", query)))["total"].clone();
    assert_eq!(total(&[ods, interaction, party]), 1);
    let own = body(&ask(&request("Device", &[ods, interaction, party])));
    let maker = &own["entry"][0]["resource"]["extension"][0]["valueReference"]["identifier"]["value"];
    let maker = ("manufacturing-organization", ODS, maker.as_str().unwrap());
    assert_eq!(total(&[ods, interaction, party, maker]), 1);
    assert_eq!(total(&[ods, interaction, party, ("manufacturing-organization", ODS, "NOBODY")]), 0);
    let endpoint = request("Endpoint", &[ods, interaction, maker]);
    assert_eq!(ask(&endpoint).status, 400, "manufacturing-organization is a Device's");
    let wrong = [ods, interaction, ("manufacturing-organization", "x", "y")];
    assert_eq!(ask(&request("Device", &wrong)).status, 400);
}

#[test]
fn the_sandbox_knows_the_published_systems_and_asks_for_no_key() {
    let store = MemoryStore::new();
    let rows = super::seed::sandbox_rows();
    assert!(rows.windows(2).all(|w| w[0].1 < w[1].1));
    store.load(Table::Directory, &mut rows.into_iter().map(|(_, key, value)| (key, value))).unwrap();
    let psis = ("identifier", INTERACTION, "urn:nhs:names:services:psis:REPC_IN150016UK05");
    let patients = ("identifier", INTERACTION, "urn:nhs:names:services:gpconnect:fhir:rest:search:patient");
    for (kind, query) in [
        ("Endpoint", vec![("organization", ODS, "YES"), psis, ("identifier", PARTY_KEY, "YES-0000806")]),
        (
            "Device",
            vec![
                ("organization", ODS, "A20047"),
                patients,
                ("identifier", PARTY_KEY, "A20047-821870"),
                ("manufacturing-organization", ODS, "X26"),
            ],
        ),
    ] {
        let mut request = request(kind, &query);
        request.headers.remove("apikey");
        let ids = Ids::new(1);
        let answer = decide(route(&request).unwrap(), &Context::new(&store, 0, &ids, true), &request).answer;
        assert_eq!((answer.status, &body(&answer)["total"]), (200, &1.into()), "{kind}");
    }
}

/// A store that counts what is asked of it.
struct Counting<'a> {
    store: &'a MemoryStore,
    asked: std::cell::RefCell<Vec<(Table, usize, usize)>>,
}

impl hub_store::View for Counting<'_> {
    fn get(&self, _: Table, _: &[u8]) -> Result<Option<hub_store::Versioned>, hub_store::StoreError> {
        panic!("a look-up reads a range, no single rows")
    }
    fn scan(
        &self,
        table: Table,
        from: &[u8],
        to: &[u8],
        limit: usize,
    ) -> Result<Vec<hub_store::Row>, hub_store::StoreError> {
        let rows = self.store.scan(table, from, to, limit)?;
        self.asked.borrow_mut().push((table, limit, rows.len()));
        Ok(rows)
    }
}

#[test]
fn among_28000_endpoints_each_look_up_is_one_bounded_range_of_few_rows() {
    let sizes = Sizes { patients: 10, organisations: 20_000, endpoints: 28_000 };
    let population = Population::new(42, sizes).unwrap();
    let store = MemoryStore::new();
    let rows = directory(&population).map(|(_, key, value)| (key, value));
    assert_eq!(store.load(Table::Directory, &mut rows.into_iter()).unwrap(), 2 * 28_000);
    let view = Counting { store: &store, asked: std::cell::RefCell::default() };
    for i in (0..28_000).step_by(97) {
        let e = population.endpoint(i);
        let (ods, interaction, party) = (
            ("organization", ODS, e.ods.as_str()),
            ("identifier", INTERACTION, e.interactions[i as usize % e.interactions.len()]),
            ("identifier", PARTY_KEY, e.party_key.as_str()),
        );
        for (kind, query) in [
            ("Device", &[ods, interaction][..]),
            ("Device", &[ods, interaction, party]),
            ("Endpoint", &[ods, interaction]),
            ("Endpoint", &[ods, party]),
            ("Endpoint", &[interaction, party]),
            ("Endpoint", &[ods, interaction, party]),
        ] {
            let request = request(kind, query);
            let ids = Ids::new(1);
            let context = Context::new(&view, 0, &ids, false);
            let answer = decide(route(&request).unwrap(), &context, &request).answer;
            let bundle = body(&answer);
            let asid = |entry: &Value| {
                let identifiers = entry["resource"]["identifier"].as_array().unwrap();
                identifiers.iter().any(|i| i["value"] == e.asid.as_str())
            };
            assert!(bundle["entry"].as_array().unwrap().iter().any(asid), "{kind} {query:?}");
            let asked = view.asked.take();
            assert_eq!(asked.len(), 1, "{kind} {query:?}");
            let (table, limit, rows) = asked[0];
            assert_eq!((table, limit), (Table::Directory, SYSTEMS_MAX));
            assert!(
                (1..=2).contains(&rows),
                "{rows} rows of 56,000, as many as the organisation has systems"
            );
        }
    }
}

#[test]
fn a_directory_that_cannot_be_read_is_the_hubs_fault() {
    struct Broken;
    impl hub_store::View for Broken {
        fn get(&self, _: Table, _: &[u8]) -> Result<Option<hub_store::Versioned>, hub_store::StoreError> {
            Err(hub_store::StoreError("broken".to_owned()))
        }
        fn scan(
            &self,
            _: Table,
            _: &[u8],
            _: &[u8],
            _: usize,
        ) -> Result<Vec<hub_store::Row>, hub_store::StoreError> {
            Err(hub_store::StoreError("broken".to_owned()))
        }
    }
    let e = end_point();
    let query = [("organization", ODS, e.ods.as_str()), ("identifier", INTERACTION, e.interactions[0])];
    let (request, ids) = (request("Device", &query), Ids::new(1));
    let answer = decide("sds-device", &Context::new(&Broken, 0, &ids, false), &request).answer;
    assert_eq!(answer.status, 500);
    assert_eq!(coding(&answer).1, "INTERNAL_SERVER_ERROR");
}

#[test]
fn every_published_status_is_documented() {
    for route in INTERFACE.routes {
        // 502 and 504 come by injection alone: no directory stands behind this one.
        for status in [200, 400, 401, 404, 405, 406, 500, 502, 504] {
            assert!(route.answers.iter().any(|a| a.status == status), "{} {status}", route.id);
        }
    }
}
