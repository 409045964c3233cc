//! Introspection against the memory engine.

use super::*;
use crate::auth::Session;
use crate::domain::Ids;
use crate::message::Body;
use hub_store::memory::MemoryStore;
use hub_store::{Store, Table};
use population::{Population, SESSIONS, Sizes};

const NOW_MS: u64 = 1_000_000;

fn ask(change: impl FnOnce(&mut Request)) -> (u16, Value) {
    let session =
        |id: &str, expires_ms| Session { user_id: id.to_owned(), expires_ms, ..Session::sandbox() }.to_row();
    let rows = [
        ("caller", "555000000001", NOW_MS + 1),
        ("ended", "555000000002", NOW_MS),
        ("to+ken", "555000000003", NOW_MS + 5_000),
    ];
    let store = MemoryStore::new();
    let mut rows = rows.map(|(token, id, end)| (token.as_bytes().to_vec(), session(id, end))).into_iter();
    store.load(Table::Sessions, &mut rows).unwrap();
    let mut headers = hyper::HeaderMap::new();
    headers.insert("authorization", "Bearer caller".parse().unwrap());
    headers.insert("content-type", "application/x-www-form-urlencoded".parse().unwrap());
    let mut request = Request {
        method: Method::POST,
        segments: ["oauth2", "introspect"].map(str::to_owned).into(),
        query: Vec::new(),
        headers,
        body: Body::Inline("token_type_hint=access_token&token=to%2bken".into()),
    };
    change(&mut request);
    let answer = match route(&request) {
        Ok(operation) => {
            let ids = Ids::new(1);
            decide(operation, &Context::new(&store, NOW_MS, &ids, false), &request).answer
        }
        Err(answer) => *answer,
    };
    let Body::Inline(body) = &answer.body else { panic!("inline") };
    (answer.status, serde_json::from_slice(body).unwrap())
}

#[test]
fn a_live_token_is_active_and_tells_whose_it_is() {
    let (status, body) = ask(|_| {});
    assert_eq!((status, &body["active"], &body["username"]), (200, &true.into(), &"555000000003".into()));
    assert_eq!(body["exp"], 1_005);
    assert_eq!(body["nhsid_nrbac_roles"][0]["role_code"], "R8000");
}

#[test]
fn an_ended_or_unknown_token_is_inactive_and_nothing_more() {
    for token in ["ended", "unknown"] {
        let answer = ask(|r| r.body = Body::Inline(format!("token={token}").into()));
        assert_eq!(answer, (200, json!({"active": false})), "{token}");
    }
}

#[test]
fn a_caller_without_a_live_session_is_refused() {
    assert_eq!(ask(|r| drop(r.headers.remove("authorization"))).0, 401);
    assert_eq!(ask(|r| drop(r.headers.insert("authorization", "Bearer ended".parse().unwrap()))).0, 401);
}

#[test]
fn malformed_requests_are_refused() {
    for body in ["", "token=", "token=a&token=b", "token=%zz", "token=%2", "other=1", "token=%ff"] {
        let (status, answer) = ask(|r| r.body = Body::Inline(body.into()));
        assert_eq!((status, &answer["error"]), (400, &"invalid_request".into()), "{body}");
    }
    assert_eq!(ask(|r| drop(r.headers.insert("content-type", "application/json".parse().unwrap()))).0, 400);
    assert_eq!(ask(|r| r.method = Method::GET).0, 405);
    assert_eq!(ask(|r| r.segments[1] = "token".to_owned()).0, 404);
}

#[test]
fn a_store_that_cannot_read_is_the_hubs_fault_in_introspection() {
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
    let mut headers = hyper::HeaderMap::new();
    headers.insert("authorization", "Bearer caller".parse().unwrap());
    let segments = ["oauth2", "introspect"].map(str::to_owned).into();
    let request = Request { method: Method::POST, segments, query: Vec::new(), headers, body: Body::EMPTY };
    let ids = Ids::new(1);
    let answer = decide("cis-validate", &Context::new(&Broken, NOW_MS, &ids, false), &request).answer;
    assert_eq!(answer.status, 500);
}

#[test]
fn seeded_sessions_ascend_and_open_the_hub() {
    let population = Population::new(42, Sizes { patients: 10, ..Sizes::default() }).unwrap();
    let rows: Vec<_> = seed::sessions(&population).collect();
    assert_eq!(rows.len(), SESSIONS as usize);
    assert!(rows.windows(2).all(|w| w[0].1 < w[1].1));
    let token = population.session_token(3).into_bytes();
    let row = rows.iter().find(|r| r.1 == token).unwrap();
    assert_eq!(Session::from_row(&row.2).unwrap().user_id, population.session(3).user_id);
}
