//! Application-restricted access: the signed JWT, every published fault in it, and its single use.

use super::*;
use jsonwebtoken::{Header, encode};

const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

fn claims() -> Value {
    json!({
        "iss": CLIENT, "sub": CLIENT, "aud": "https://hub.test:8700/oauth2/token",
        "exp": NOW_MS / 1000 + 300, "jti": "5f6c2b6a-52f0-4a7e-9d3f-0d1c2b3a4f5e",
    })
}

fn jwt(claims: &Value) -> String {
    let header = Header { kid: Some("test-1".to_owned()), ..Header::new(Algorithm::RS512) };
    encode(&header, claims, &KEY).unwrap()
}

fn ask(hub: &Hub, jwt: &str) -> Answer {
    hub.post("oauth2/token", &fields(jwt))
}

fn fields(jwt: &str) -> [(&'static str, &str); 3] {
    [("grant_type", "client_credentials"), ("client_assertion_type", JWT_BEARER), ("client_assertion", jwt)]
}

#[test]
fn a_signed_jwt_gives_an_application_a_token_for_ten_minutes() {
    let hub = Hub::new();
    let answer = ask(&hub, &jwt(&claims()));
    assert_eq!((answer.status, header(&answer, "cache-control")), (200, Some("no-store")));
    let body = json_of(&answer);
    assert_eq!((&body["expires_in"], &body["token_type"]), (&"599".into(), &"Bearer".into()));
    assert_eq!(body["issued_at"], NOW_MS.to_string());
    let token = body["access_token"].as_str().unwrap();
    assert_eq!(token.len(), 43);
    let session = hub.session(token).unwrap();
    assert_eq!((session.ods.as_str(), session.application), ("A20047", true));
    hub.now_ms.set(NOW_MS + TOKEN_MS);
    assert_eq!(hub.session(token), None, "it has ended");
}

#[test]
fn a_jwt_that_was_used_is_refused_also_when_two_requests_race() {
    let hub = Hub::new();
    let jwt = jwt(&claims());
    let request = form("oauth2/token", &fields(&jwt));
    let (first, second) = (hub.decide(&request), hub.decide(&request));
    assert_eq!((first.answer.status, second.answer.status), (200, 200), "neither has seen the other");
    assert!(hub.commit(&first));
    assert!(!hub.commit(&second), "exactly one wins");
    let published = "Non-unique 'jti' claim in client_assertion JWT";
    assert_eq!(fault(&ask(&hub, &jwt)), is(400, "invalid_request", published));
}

#[test]
fn every_published_fault_of_an_assertion_is_named() {
    let hub = Hub::new();
    let with = |name: &str, value: Value| {
        let mut claims = claims();
        match value {
            Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
            value => claims[name] = value,
        }
        fault(&ask(&hub, &jwt(&claims)))
    };
    let now_s = NOW_MS / 1000;
    let two = "Missing or non-matching 'iss'/'sub' claims in client_assertion JWT";
    let exp = |what: &str| format!("Invalid 'exp' claim in client_assertion JWT - {what}");
    for (name, value, status, description) in [
        ("iss", Value::Null, 400, two.to_owned()),
        ("sub", Value::Null, 400, two.to_owned()),
        ("sub", "another".into(), 400, two.to_owned()),
        ("jti", Value::Null, 400, "Missing 'jti' claim in client_assertion JWT".to_owned()),
        (
            "jti",
            12.into(),
            400,
            "Invalid 'jti' claim in client_assertion JWT - must be a unique string value such as a GUID"
                .to_owned(),
        ),
        ("aud", Value::Null, 401, "Missing or invalid 'aud' claim in client_assertion JWT".to_owned()),
        (
            "aud",
            "https://other.test/oauth2/token".into(),
            401,
            "Missing or invalid 'aud' claim in client_assertion JWT".to_owned(),
        ),
        ("exp", Value::Null, 400, "Missing 'exp' claim in client_assertion JWT".to_owned()),
        ("exp", "soon".into(), 400, exp("must be an integer")),
        ("exp", now_s.into(), 400, exp("JWT has expired")),
        ("exp", (now_s + 311).into(), 400, exp("more than 5 minutes in future")),
        ("exp", u64::MAX.into(), 400, exp("more than 5 minutes in future")),
        (
            "nbf",
            (now_s + 60).into(),
            400,
            "Invalid 'nbf' claim in client_assertion JWT - JWT is not yet valid".to_owned(),
        ),
    ] {
        assert_eq!(with(name, value.clone()), is(status, "invalid_request", &description), "{name}: {value}");
    }
}

#[test]
fn every_published_fault_of_a_header_is_named() {
    let hub = Hub::new();
    let jwt = |header: Value| {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.AAAA", part(&header), part(&claims()))
    };
    let in_jwt = "in client_assertion JWT";
    for (header, status, description) in [
        (json!({"typ": "JWT", "kid": "test-1"}), 400, format!("Missing 'alg' header {in_jwt}")),
        (
            json!({"typ": "JWT", "kid": "test-1", "alg": "none"}),
            400,
            format!("Invalid 'alg' header {in_jwt} - unsupported JWT algorithm - must be 'RS512'"),
        ),
        (
            json!({"typ": "JWT", "kid": "test-1", "alg": "HS512"}),
            400,
            format!("Invalid 'alg' header {in_jwt} - unsupported JWT algorithm - must be 'RS512'"),
        ),
        (json!({"typ": "JWT", "alg": "RS512"}), 400, format!("Missing 'kid' header {in_jwt}")),
        (
            json!({"typ": "JWE", "kid": "test-1", "alg": "RS512"}),
            400,
            format!("Invalid 'typ' header {in_jwt} - must be 'JWT'"),
        ),
        (
            json!({"typ": "JWT", "kid": "other", "alg": "RS512"}),
            401,
            format!("Invalid 'kid' header {in_jwt} - no matching public key"),
        ),
        (
            json!({"typ": "JWT", "kid": "test-1", "alg": "RS512", "crit": ["x"]}),
            400,
            "Malformed JWT in client_assertion".to_owned(),
        ),
    ] {
        let answer = ask(&hub, &jwt(header.clone()));
        assert_eq!(fault(&answer), is(status, "invalid_request", &description), "{header}");
    }
    for malformed in ["x", "a.b", "a.b.c", "a.b.c.d", "..", "e30.e30."] {
        let (status, error, _) = fault(&ask(&hub, malformed));
        assert_eq!((status, error.as_str()), (400, "invalid_request"), "{malformed}");
    }
}

#[test]
fn a_jwt_signed_with_another_key_or_changed_after_signing_is_refused() {
    let hub = Hub::new();
    let header = Header { kid: Some("test-1".to_owned()), ..Header::new(Algorithm::RS512) };
    let other = encode(&header, &claims(), &OTHER_KEY).unwrap();
    let good = jwt(&claims());
    let mut longer = claims();
    longer["jti"] = "another".into();
    let changed = good.split('.').collect::<Vec<_>>();
    let changed = format!("{}.{}.{}", changed[0], URL_SAFE_NO_PAD.encode(longer.to_string()), changed[2]);
    for jwt in [other, changed] {
        let published = "JWT signature verification failed";
        assert_eq!(fault(&ask(&hub, &jwt)), is(401, "public_key error", published));
    }
    assert_eq!(ask(&hub, &good).status, 200, "what failed has not used it up");
}

#[test]
fn an_unknown_client_and_one_without_a_key_are_refused() {
    let hub = Hub::new();
    let of = |client: &str| {
        let mut claims = claims();
        (claims["iss"], claims["sub"]) = (client.into(), client.into());
        fault(&ask(&hub, &jwt(&claims)))
    };
    let published = "Invalid 'iss'/'sub' claims in client_assertion JWT";
    assert_eq!(of("unknown"), is(401, "invalid_request", published));
    assert_eq!(of("gone"), is(401, "invalid_request", published), "it was removed");
    let (status, error, _) = of("bare");
    assert_eq!((status, error.as_str()), (403, "public_key error"));
}

#[test]
fn the_assertion_and_its_type_must_be_there() {
    let hub = Hub::new();
    let grant = ("grant_type", "client_credentials");
    let published = format!("Missing or invalid client_assertion_type - must be '{JWT_BEARER}'");
    let answer = hub.post("oauth2/token", &[grant, ("client_assertion", "x")]);
    assert_eq!(fault(&answer), is(400, "invalid_request", &published));
    let answer = hub.post("oauth2/token", &[grant, ("client_assertion_type", JWT_BEARER)]);
    assert_eq!(fault(&answer), is(400, "invalid_request", "Missing client_assertion"));
}

#[test]
fn a_client_certificate_of_another_organisation_gets_no_token() {
    let mut hub = Hub::new();
    let peer = |ods: &str| Some(Peer { ods: ods.to_owned(), name: "1".to_owned() });
    hub.peer = peer("B20047");
    let (status, error, _) = fault(&ask(&hub, &jwt(&claims())));
    assert_eq!((status, error.as_str()), (401, "invalid_client"));
    hub.peer = peer("A20047");
    assert_eq!(ask(&hub, &jwt(&claims())).status, 200);
}

#[test]
fn what_has_ended_is_removed_in_time() {
    let hub = Hub::new();
    let answer = ask(&hub, &jwt(&claims()));
    let token = json_of(&answer)["access_token"].as_str().unwrap().to_owned();
    let tended = |now_ms: u64| {
        let ids = Ids::new(9);
        let due = expiry::tend(&Context::new(&hub.store, now_ms, &ids, false));
        due.into_iter().map(|d| assert!(matches!(hub.store.commit(&[d.txn]).unwrap()[..], [_]))).count()
    };
    let rows = |table| hub_store::View::scan(&hub.store, table, b"", b"~", 100).unwrap().len();
    let clients = rows(Table::Clients);
    assert_eq!(tended(NOW_MS + 299_999), 0);
    assert_eq!((tended(NOW_MS + 300_000), rows(Table::Clients)), (1, clients - 1), "the assertion");
    assert!(hub.session(&token).is_some());
    assert_eq!((tended(NOW_MS + TOKEN_MS), rows(Table::Sessions)), (1, 0), "the session");
    assert_eq!((tended(NOW_MS + TOKEN_MS), rows(Table::Timers)), (0, 0));
}
