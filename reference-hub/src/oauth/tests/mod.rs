//! Tokens against the memory engine: `application` holds the tests of signed JWTs, `login` those of users.

mod application;
mod login;

use super::record::{Client, User};
use super::*;
use crate::auth::{self, Session};
use crate::domain::{Ids, Peer};
use crate::message::Body;
use hub_store::memory::MemoryStore;
use hub_store::{Outcome, Store, Table};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey};
use rcgen::{KeyPair, PKCS_RSA_SHA512, RsaKeySize};
use std::cell::Cell;
use std::sync::LazyLock;

const NOW_MS: u64 = 1_800_000_000_000;
const CLIENT: &str = "app-1";
const USER: &str = "555000000001";

fn rsa() -> EncodingKey {
    let pair = KeyPair::generate_rsa_for(&PKCS_RSA_SHA512, RsaKeySize::_2048).unwrap();
    EncodingKey::from_rsa_pem(pair.serialize_pem().as_bytes()).unwrap()
}

static KEY: LazyLock<EncodingKey> = LazyLock::new(rsa);
static OTHER_KEY: LazyLock<EncodingKey> = LazyLock::new(rsa);

struct Hub {
    store: MemoryStore,
    now_ms: Cell<u64>,
    sandbox: bool,
    peer: Option<Peer>,
    asked: Cell<u128>,
}

impl Hub {
    fn new() -> Hub {
        let mut jwk = Jwk::from_encoding_key(&KEY, Algorithm::RS512).unwrap();
        jwk.common.key_id = Some("test-1".to_owned());
        let app = Client {
            client_id: CLIENT.to_owned(),
            ods: "A20047".to_owned(),
            keys: vec![jwk],
            secret_sha256: String::new(),
            redirect_uris: Vec::new(),
            registered: true,
        };
        let bare = Client { client_id: "bare".to_owned(), keys: Vec::new(), ..app.clone() };
        let user = User {
            user_id: USER.to_owned(),
            ods: "A20047".to_owned(),
            role: "R8000".to_owned(),
            role_profile_id: String::new(),
        };
        let row = |key: Vec<u8>, value: Vec<u8>| (key, value);
        let mut rows = vec![
            row(record::client_key(CLIENT), serde_json::to_vec(&app).unwrap()),
            row(record::client_key("bare"), serde_json::to_vec(&bare).unwrap()),
            row(record::client_key("gone"), Vec::new()),
            row(record::user_key(USER), serde_json::to_vec(&user).unwrap()),
        ];
        let (_, key, value) = seed::test_client();
        rows.push((key, value));
        rows.sort();
        let store = MemoryStore::new();
        store.load(Table::Clients, &mut rows.into_iter()).unwrap();
        Hub { store, now_ms: Cell::new(NOW_MS), sandbox: false, peer: None, asked: Cell::new(0) }
    }

    fn decide(&self, request: &Request) -> Decision {
        self.asked.set(self.asked.get() + 1);
        let ids = Ids::new(self.asked.get());
        let context = Context::new(&self.store, self.now_ms.get(), &ids, self.sandbox);
        let context = Context { peer: self.peer.as_ref(), ..context };
        match route(request) {
            Ok(operation) => decide(operation, &context, request),
            Err(answer) => Decision::read(*answer, ""),
        }
    }

    /// Commits what was decided; false when a check failed.
    fn commit(&self, decision: &Decision) -> bool {
        let Some(txn) = decision.txn.clone() else { return true };
        matches!(self.store.commit(&[txn]).unwrap()[..], [Outcome::Committed { .. }])
    }

    fn ask(&self, request: &Request) -> Answer {
        let decision = self.decide(request);
        assert!(self.commit(&decision), "nobody raced");
        decision.answer
    }

    fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.ask(&form(path, fields))
    }

    /// The live session under a token.
    fn session(&self, token: &str) -> Option<Session> {
        let ids = Ids::new(0);
        auth::look_up(&Context::new(&self.store, self.now_ms.get(), &ids, false), token).unwrap()
    }
}

fn form(path: &str, fields: &[(&str, &str)]) -> Request {
    let escaped = |text: &str| -> String {
        text.bytes()
            .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
            .collect()
    };
    let body: Vec<String> = fields.iter().map(|(n, v)| format!("{n}={}", escaped(v))).collect();
    let mut headers = hyper::HeaderMap::new();
    headers.insert("content-type", "application/x-www-form-urlencoded".parse().unwrap());
    headers.insert("host", "hub.test:8700".parse().unwrap());
    Request {
        method: Method::POST,
        segments: path.split('/').map(str::to_owned).collect(),
        query: Vec::new(),
        headers,
        body: Body::Inline(body.join("&").into()),
    }
}

fn json_of(answer: &Answer) -> Value {
    let Body::Inline(body) = &answer.body else { panic!("inline") };
    serde_json::from_slice(body).unwrap()
}

/// Status, error and description of a refusal.
fn fault(answer: &Answer) -> (u16, String, String) {
    let body = json_of(answer);
    let text = |name: &str| body[name].as_str().unwrap_or_else(|| panic!("no {name}: {body}")).to_owned();
    (answer.status, text("error"), text("error_description"))
}

fn is(status: u16, error: &str, description: &str) -> (u16, String, String) {
    (status, error.to_owned(), description.to_owned())
}

fn header<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    answer.headers.iter().find(|(n, _)| *n == name).map(|(_, v)| &**v)
}

#[test]
fn other_methods_are_refused_and_what_is_not_oauths_is_passed_on() {
    let hub = Hub::new();
    for (path, allow) in [("oauth2/token", "POST"), ("oauth2/authorize", "GET, POST")] {
        let answer = hub.ask(&Request { method: Method::PUT, ..form(path, &[]) });
        assert_eq!((answer.status, header(&answer, "allow")), (405, Some(allow)), "{path}");
    }
    assert_eq!(hub.post("oauth2/introspect", &[("token", "x")]).status, 401, "the caller has no session");
    assert_eq!(hub.post("oauth2/nothing", &[]).status, 404);
}

#[test]
fn what_is_no_form_or_repeats_a_field_is_refused() {
    let hub = Hub::new();
    for path in ["oauth2/token", "oauth2/authorize"] {
        let mut request = form(path, &[("grant_type", "client_credentials")]);
        request.headers.insert("content-type", "application/json".parse().unwrap());
        let published = "Content-Type header must be application/x-www-urlencoded";
        assert_eq!(fault(&hub.ask(&request)), is(415, "invalid_request", published));
        let twice = hub.post(path, &[("grant_type", "a"), ("grant_type", "b")]);
        assert_eq!(fault(&twice), is(400, "invalid_request", "a field of the form is repeated"));
        let broken = Request { body: Body::Inline("grant_type=%zz".into()), ..form(path, &[]) };
        assert_eq!(hub.ask(&broken).status, 400);
    }
}

#[test]
fn a_store_that_cannot_read_is_a_fault_of_the_hub() {
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
    let ids = Ids::new(1);
    let context = Context::new(&Broken, NOW_MS, &ids, false);
    let code = [("grant_type", "refresh_token"), ("refresh_token", "x")];
    let client = [("client_id", "x"), ("client_secret", "x")];
    for path in ["oauth2/token", "oauth2/authorize"] {
        let request = form(path, &[code, client].concat());
        let answer = decide(route(&request).unwrap(), &context, &request).answer;
        assert_eq!(fault(&answer), is(500, "server_error", "the request could not be completed"));
    }
    assert!(expiry::tend(&context).is_empty());
}

#[test]
fn grant_type_is_one_of_three() {
    let hub = Hub::new();
    let ask = |fields: &[(&str, &str)]| fault(&hub.post("oauth2/token", fields));
    assert_eq!(ask(&[]), is(400, "invalid_request", "grant_type is missing"));
    let unknown = ask(&[("grant_type", "password")]);
    assert_eq!(unknown, is(400, "unsupported_grant_type", "grant_type is invalid"));
}

#[test]
fn the_clients_of_the_folder_are_the_registered_ones_and_a_removed_file_takes_its_client_away() {
    let place = tempfile::tempdir().unwrap();
    let folder = crate::certs::Folder::of_data(place.path());
    let sizes = population::Sizes { patients: 10, organisations: 10, endpoints: 10 };
    let people = population::Population::new(42, sizes).unwrap();
    folder.fill(&people, 1).unwrap();
    let clients = folder.path().join("clients");
    let store = MemoryStore::new();
    let load = |store: &MemoryStore| {
        let rows = register::rows(store, &clients).unwrap();
        crate::seed::load_few(store, rows).unwrap();
        let key = record::client_key(crate::certs::APPLICATION_ID);
        let row = hub_store::View::get(store, Table::Clients, &key).unwrap().unwrap();
        serde_json::from_slice::<Client>(&row.value).ok()
    };
    assert_eq!(load(&store).unwrap().keys[0].common.key_id.as_deref(), Some("test-1"));
    let file = clients.join(format!("{}.json", crate::certs::APPLICATION_ID));
    std::fs::remove_file(&file).unwrap();
    assert_eq!(load(&store), None);
    std::fs::write(&file, r#"{"client_id": "a b"}"#).unwrap();
    std::fs::write(clients.join("z.json"), "{").unwrap();
    let faults = register::rows(&store, &clients).unwrap_err().to_string();
    assert!(faults.contains("client_id: allowed") && faults.contains("z.json: no registered"), "{faults}");
}
